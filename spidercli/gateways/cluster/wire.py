"""Requests to the Kubernetes API and its answers, as values: what is sent can be looked at without sending it."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Protocol
from urllib.parse import quote

from spidercli import jsontext, kinds
from spidercli.errors import ClusterUnreachable
from spidercli.model import Manifest
from spidercli.planning.plan import Verb, Write

Query = tuple[tuple[str, str], ...]

JSON = "application/json"
APPLY_PATCH = "application/apply-patch+yaml"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"

_OWNER: Query = (("fieldManager", kinds.FIELD_MANAGER),)
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')  # RFC 7234, 5.5: code, agent, quoted text


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request, still without host and credentials."""

    method: str
    path: str
    purpose: str  # what it does, as messages say it: "apply SpiderIPPool worker-eth1"
    query: Query = ()
    body: Manifest | None = None
    content_type: str = JSON
    resend_on_conflict: bool = False  # a 409 of the server's own making goes away when the same request comes again
    timeout: float | None = None  # seconds that it may take, if that is less than the connection's own


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, whatever the status."""

    status: int
    body: bytes
    warnings: tuple[str, ...] = ()  # texts of the Warning headers
    retry_after: float | None = None  # seconds
    date: str | None = None  # the Date header: when the server made the answer, by its own clock
    in_doubt: bool = False  # an earlier attempt got no answer, and may have been carried out

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004

    def document(self) -> dict[str, Any]:
        """The body as JSON.

        Raises:
            ClusterUnreachable: the body is something else, so that this was not a Kubernetes API server.
        """
        try:
            document = jsontext.loads(self.body)
        except (ValueError, RecursionError):  # the latter from brackets in brackets in brackets
            document = None
        if not isinstance(document, dict):
            raise ClusterUnreachable(
                f"an answer with status {self.status} is not from a Kubernetes API server",
                hint="a proxy or a login page may be in between; check the kubeconfig's server and proxy-url",
                in_doubt=True,
            )
        return document


class Wire(Protocol):
    """Something that carries a request to an API server and its answer back."""

    host: str

    def send(self, request: Request) -> Answer:
        """Send once.

        Raises:
            ClusterError: there is no answer.
        """
        ...


def warnings(headers: list[str]) -> tuple[str, ...]:
    """The texts of Warning headers; one header may carry several."""
    found = [text for header in headers for text in _WARNING.findall(header)]
    return tuple(re.sub(r"\\(.)", r"\1", text) for text in found)


def read(kind: kinds.Kind, name: str, namespace: str | None) -> Request:
    """Read one object."""
    return Request(method="GET", path=_object(kind, name, namespace), purpose=f"read {kind.kind} {name}")


def page(kind: kinds.Kind, namespace: str | None, *, limit: int | None, continue_from: object) -> Request:
    """Read a page of a listing: the first one, or the one that a continue token stands for."""
    query = {"limit": limit, "continue": continue_from}
    return Request(
        method="GET",
        path=_collection(kind, namespace),
        purpose=f"list {kind.kind} objects",
        query=tuple((key, str(value)) for key, value in query.items() if value),
    )


def version() -> Request:
    """Read the server's version, which every authenticated user may."""
    return Request(method="GET", path="/version", purpose="read the version")


def create(kind: kinds.Kind, body: Manifest) -> Request:
    """Create an object that must not exist yet."""
    name, namespace = kinds.name(body), kinds.namespace(body)
    return Request(
        method="POST", path=_collection(kind, namespace), purpose=f"create {kind.kind} {name}", query=_OWNER, body=body
    )


def replace(kind: kinds.Kind, body: Manifest) -> Request:
    """Replace an object; with a resourceVersion in the body only if it still is the one that was read."""
    name, namespace = kinds.name(body), kinds.namespace(body)
    return Request(
        method="PUT",
        path=_object(kind, name, namespace),
        purpose=f"replace {kind.kind} {name}",
        query=_OWNER,
        body=body,
    )


def of_write(write: Write) -> Request:
    """The request that carries out a write."""
    how = _MANNERS[write.verb]
    return Request(
        method=how.method,
        path=_object(write.kind, write.name, write.namespace),
        purpose=f"{how.word} {write.target}",
        query=how.query,
        body=_only_if(write) if write.verb is Verb.DELETE else write.body,
        content_type=how.content_type,
        resend_on_conflict=how.method == "PATCH" and not _versioned(write.body),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Manner:
    """How a verb of a plan is said in HTTP."""

    method: str
    word: str
    content_type: str = JSON
    query: Query = _OWNER


_MANNERS = {
    Verb.APPLY: _Manner(method="PATCH", word="apply", content_type=APPLY_PATCH, query=(*_OWNER, ("force", "true"))),
    Verb.REPLACE: _Manner(method="PUT", word="replace"),
    Verb.STRATEGIC_PATCH: _Manner(method="PATCH", word="patch", content_type=STRATEGIC_PATCH),
    Verb.DELETE: _Manner(method="DELETE", word="delete", query=()),
}


def _versioned(body: Manifest | None) -> bool:
    return "resourceVersion" in kinds.metadata(body or {})


def _only_if(write: Write) -> Manifest:
    """DeleteOptions that spare an object which is not the one that was read."""
    preconditions = {"uid": write.uid, "resourceVersion": write.resource_version}
    given = {key: value for key, value in preconditions.items() if value is not None}
    return {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": given}


def _object(kind: kinds.Kind, name: str, namespace: str | None) -> str:
    return kind.path(quote(name, safe=""), namespace and quote(namespace, safe=""))


def _collection(kind: kinds.Kind, namespace: str | None) -> str:
    if namespace is None:
        return kind.collection
    return _object(kind, "", namespace).removesuffix("/")

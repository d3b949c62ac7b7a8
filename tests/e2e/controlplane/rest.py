"""Plain requests to an API server, for those who must not use the code under test."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import pathlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import requests

from tests.e2e.controlplane.polling import eventually

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_TIMEOUT = 60


class Refused(Exception):
    """The API server said no to something that should have worked."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """A status and a parsed body."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether it was a yes."""
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def message(self) -> str:
        """What a Status object says; the body itself if it is none."""
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else str(self.body)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """Where an API server is, and who we are there."""

    url: str
    authority: pathlib.Path  # a file with the CA's certificate
    token: str = ""
    certificate: tuple[pathlib.Path, pathlib.Path] | None = None  # files with a client's certificate and its key
    user: str = ""  # our name there, where a test needs it

    def kubeconfig(self) -> str:
        """A kubeconfig in JSON, which is YAML too."""
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        user = {"token": self.token} if self.token else {}
        if self.certificate:
            user |= {"client-certificate": str(self.certificate[0]), "client-key": str(self.certificate[1])}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "e2e", "cluster": cluster}],
            "users": [{"name": "e2e", "user": user}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "e2e"}}],
            "current-context": "e2e",
        }
        return json.dumps(document, indent=2)


def answers(url: str, *, authority: pathlib.Path | None = None) -> bool:
    """Whether a server says yes to a GET."""
    session = requests.Session()
    session.trust_env = False
    session.verify = True if authority is None else str(authority)
    with session, contextlib.suppress(requests.ConnectionError):
        return session.get(url, timeout=_TIMEOUT).ok
    return False


class Rest:
    """One user's connection to an API server. Nothing is retried, unless a method says so."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(access.authority)
        if access.token:
            self._session.headers["Authorization"] = f"Bearer {access.token}"
        if access.certificate:
            self._session.cert = (str(access.certificate[0]), str(access.certificate[1]))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(
        self, method: str, path: str, body: object = None, *, content_type: str = JSON, query: Mapping[str, str] = {}
    ) -> Answer:
        """Send one request; every status is an answer.

        Raises:
            requests.RequestException: there was no answer.
        """
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type, "Accept": JSON}
        answer = self._session.request(
            method, f"{self.access.url}{path}", params=dict(query), data=data, headers=headers, timeout=_TIMEOUT
        )
        is_json = answer.headers.get("Content-Type", "").startswith(JSON)
        return Answer(status=answer.status_code, body=answer.json() if is_json else answer.text)

    def must(
        self, method: str, path: str, body: object = None, *, content_type: str = JSON, query: Mapping[str, str] = {}
    ) -> Any:
        """The body of a yes.

        Raises:
            Refused: it was a no.
        """
        answer = self.ask(method, path, body, content_type=content_type, query=query)
        if not answer.ok:
            raise Refused(f"{method} {path}: {answer.status} {answer.message}")
        return answer.body

    def read(self, path: str) -> Answer:
        """The answer to a GET, once the server has loaded the kind: after its start it asks for patience."""

        def attempt() -> Answer | None:
            answer = self.ask("GET", path)
            return None if answer.status == HTTPStatus.TOO_MANY_REQUESTS else answer

        return eventually(attempt, f"{path} can be read")

    def items(self, collection: str) -> list[Any]:
        """All objects of a collection.

        Raises:
            Refused: there is no such collection, or it can't be read.
        """
        answer = self.read(collection)
        if not answer.ok:
            raise Refused(f"GET {collection}: {answer.status} {answer.message}")
        return list(answer.body["items"])

    def collection(self, manifest: Mapping[str, Any]) -> str:
        """The path of the collection that an object belongs to, by what the server says of its kind."""
        resource = self._resources(manifest["apiVersion"])[manifest["kind"]]
        namespace = manifest["metadata"].get("namespace", "default")
        middle = f"/namespaces/{namespace}" if resource["namespaced"] else ""
        return f"{_root(manifest['apiVersion'])}{middle}/{resource['name']}"

    def path(self, manifest: Mapping[str, Any]) -> str:
        """The path of an object."""
        return f"{self.collection(manifest)}/{manifest['metadata']['name']}"

    @functools.cache  # noqa: B019 (as long-lived as the test run)
    def _resources(self, api_version: str) -> dict[str, Any]:
        listed = self.must("GET", _root(api_version))["resources"]
        return {resource["kind"]: resource for resource in listed if "/" not in resource["name"]}


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"

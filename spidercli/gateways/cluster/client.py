"""The Kubernetes API behind the `Cluster` port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus

from spidercli import kinds
from spidercli.errors import ClusterError
from spidercli.gateways.cluster import errors, shapes, wire
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.wire import Answer, Request
from spidercli.model import Manifest
from spidercli.planning import ownership
from spidercli.planning.plan import Verb, Write

_PAGE = 500


class _Expired(Exception):
    """The state of the cluster that a continue token stands for is no longer kept."""


class KubernetesCluster:
    """Readings and writes over one connection; safe to use from several threads."""

    def __init__(self, api: Api, on_page: Callable[[str, int, int | None], None] = lambda *_: None) -> None:
        """Prepare; nothing is sent yet.

        Args:
            api: the server.
            on_page: told of every page of a listing: what it has, how many of them, and how many there are in all
                pages, where the server says so.
        """
        self._api = api
        self._on_page = on_page

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warned about so far, each text once."""
        return self._api.warnings

    def list(self, kind: kinds.Kind, *, namespace: str | None = None) -> list[Manifest]:
        """Every object of a kind, from one state of the cluster.

        A continue token keeps the pages consistent for some minutes. When it has expired the listing starts anew,
        in one page, which needs no token.

        Raises:
            KindMissing: the cluster has no such kind.
            ClusterError: there was no answer, or a refusal.
        """
        try:
            return [*self._pages(kind, namespace, limit=_PAGE)]
        except _Expired:
            return [*self._pages(kind, namespace, limit=None)]

    def get(self, kind: kinds.Kind, name: str, namespace: str | None = None) -> Manifest | None:
        """One object, None when it does not exist.

        Raises:
            KindMissing: the cluster has no such kind.
            ClusterError: there was no answer, or a refusal.
        """
        request = wire.read(kind, name, namespace)
        answer = self._api.ask(request)
        if answer.status == HTTPStatus.NOT_FOUND and not errors.names_no_object(answer):
            return None
        return shapes.checked(self._accepted(answer, request, kind), kind)

    def send(self, write: Write) -> Manifest | None:
        """Carry out one write; the object as the server stored it, or None for a delete.

        Raises:
            WriteRefused: validation or a webhook said no.
            WriteConflict: the object is not what it was when it was read.
            ClusterError: there was no answer, or another refusal.
        """
        request = wire.of_write(write)
        answer = self._api.ask(request)
        if write.verb is Verb.DELETE:
            if not self._is_gone(write, answer):
                self._accepted(answer, request, write.kind)
            return None
        arrived = self._arrived(write) if _is_refused_replace(write, answer) else None
        return arrived or self._accepted(answer, request, write.kind)

    def version(self) -> str:
        """The server's gitVersion.

        Raises:
            ClusterError: there was no answer, or a refusal.
        """
        return str(self._api.call(wire.version()).get("gitVersion", "unknown"))

    def _pages(self, kind: kinds.Kind, namespace: str | None, *, limit: int | None) -> Iterator[Manifest]:
        """The objects of all pages.

        Raises:
            _Expired: the continue token did, on the way.
        """
        token, seen = "", {""}
        read = 0
        while True:
            request = wire.page(kind, namespace, limit=limit, continue_from=token or None)
            answer = self._api.ask(request)
            if answer.status == HTTPStatus.GONE and token:
                raise _Expired
            document = self._accepted(answer, request, kind)
            items, token, more = shapes.page(document, request.purpose)
            for item in items:
                yield shapes.checked(item, kind)
            read += len(items)
            self._on_page(f"{kind.kind} objects", len(items), read + more)
            if not token:
                return
            if token in seen:
                raise ClusterError(f"can't {request.purpose}: the API server gives the same page again and again")
            seen.add(token)

    def _accepted(self, answer: Answer, request: Request, kind: kinds.Kind) -> Manifest:
        if answer.status == HTTPStatus.NOT_FOUND and errors.names_no_object(answer):
            raise errors.kind_missing(kind)
        return self._api.accepted(answer, request)

    def _is_gone(self, write: Write, answer: Answer) -> bool:
        """Whether a refused delete has nothing left to do.

        A conflict is checked against the object: when an earlier attempt arrived and its answer did not, the object
        is being deleted already, or is gone.
        """
        if answer.status == HTTPStatus.NOT_FOUND:
            return True
        if answer.status != HTTPStatus.CONFLICT:
            return False
        live = self.get(write.kind, write.name, write.namespace)
        if live is None:
            return True
        meta = kinds.metadata(live)
        return meta.get("uid") == write.uid and "deletionTimestamp" in meta

    def _arrived(self, write: Write) -> Manifest | None:
        """The object, if it is what a replace was to make of it: an earlier attempt arrived and its answer did not."""
        live = self.get(write.kind, write.name, write.namespace)
        sent = write.body or {}
        same = live is not None and kinds.metadata(live).get("uid") == kinds.metadata(sent).get("uid")
        return live if live and same and not ownership.differences(_content(sent), _content(live)) else None


def _is_refused_replace(write: Write, answer: Answer) -> bool:
    return write.verb is Verb.REPLACE and answer.status == HTTPStatus.CONFLICT


def _content(manifest: Manifest) -> Manifest:
    """An object without what the server alone writes."""
    content = {key: value for key, value in manifest.items() if key not in ("metadata", "status")}
    return {**content, "metadata": {"labels": kinds.labels(manifest), "annotations": kinds.annotations(manifest)}}

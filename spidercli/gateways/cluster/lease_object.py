"""The Lease as an object on the server: how it is read, and what is written to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from http import HTTPStatus

from spidercli import kinds
from spidercli.gateways.cluster import claims, wire
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.clock import ServerClock
from spidercli.gateways.cluster.wire import Answer, Request
from spidercli.model import Manifest

CHANGED = (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND)
"""What the server answers to a write if somebody else changed or deleted the object since it was read."""
_NAME = "spidercli"


class LeaseObject:
    """What can be asked about the one Lease. Every answer sets the clock by which its times are written."""

    def __init__(self, api: Api, namespace: str, clock: ServerClock, *, seconds: float) -> None:
        """Prepare; nothing is sent yet.

        Args:
            api: the cluster.
            namespace: Spiderpool's.
            clock: the server's.
            seconds: that the answer to a request may take that is sent once.
        """
        self._api = api
        self._namespace = namespace
        self._clock = clock
        self._seconds = seconds

    @property
    def name(self) -> str:
        """The Lease as messages name it."""
        return f"Lease {self._namespace}/{_NAME}"

    def read(self, *, once: bool = False) -> Manifest | None:
        """The object as it is now, None if there is none.

        Raises:
            ClusterError: there was no answer, or a refusal.
        """
        request = wire.read(kinds.LEASE, _NAME, self._namespace)
        answer = self.ask(request, once=once)
        return None if answer.status == HTTPStatus.NOT_FOUND else self.accepted(answer, request)

    def ask(self, request: Request, *, once: bool = False) -> Answer:
        """Send a request, again where that helps unless it is to be sent once, and return the answer, or a refusal.

        Raises:
            ClusterError: there was no answer.
        """
        if once:
            answer = self._api.ask_once(dataclasses.replace(request, timeout=self._seconds))
        else:
            answer = self._api.ask(request)
        self._clock.hear(answer.date)
        return answer

    def accepted(self, answer: Answer, request: Request) -> Manifest:
        """An answer's object.

        Raises:
            ClusterError: the answer is a refusal.
        """
        return self._api.accepted(answer, request)

    def call(self, request: Request) -> Manifest:
        """Send a request and return the object that it gives.

        Raises:
            ClusterError: there was no answer, or a refusal.
        """
        return self.accepted(self.ask(request), request)

    def taking(self, live: Manifest | None, holder: str, duration: int) -> Request:
        """A write that makes somebody its holder, for so many seconds; None is no object yet."""
        time = claims.written(self._clock.now())
        changes = {
            "holderIdentity": holder,
            "leaseDurationSeconds": duration,
            "acquireTime": time,
            "renewTime": time,
        }
        if live is not None:
            return wire.replace(kinds.LEASE, _with_spec(live, changes))
        labels = {kinds.MANAGED_BY: kinds.FIELD_MANAGER}
        blank: Manifest = {
            "apiVersion": kinds.LEASE.api_version,
            "kind": kinds.LEASE.kind,
            "metadata": {"name": _NAME, "namespace": self._namespace, "labels": labels},
        }
        return wire.create(kinds.LEASE, _with_spec(blank, changes))

    def renewing(self, held: Manifest) -> Request:
        """A write that says that its holder is still there."""
        return wire.replace(kinds.LEASE, _with_spec(held, {"renewTime": claims.written(self._clock.now())}))

    def freeing(self, held: Manifest) -> Request:
        """A write that leaves it without a holder."""
        changes = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": claims.written(self._clock.now())}
        return wire.replace(kinds.LEASE, _with_spec(held, changes))


def _with_spec(manifest: Manifest, changes: Mapping[str, object]) -> Manifest:
    """The object as it was read, resourceVersion included, with some fields of its spec changed."""
    return {**manifest, "spec": {**kinds.spec(manifest), **changes}}

"""Requests with patience, refusals as errors, and warnings kept once each: what every user of the API shares."""

from __future__ import annotations

import threading
from typing import Any

from spidercli.gateways.cluster import errors
from spidercli.gateways.cluster.retrying import Patience
from spidercli.gateways.cluster.wire import Answer, Request, Wire

# Spiderpool's own webhook causes this on every pool; users can do nothing about it.
_IGNORED_WARNING = "prefer a domain-qualified finalizer name"

_IN_CLUSTER = "this pod's cluster"  # where no kubeconfig gives it a name


class Api:
    """An API server as the gateway's modules use it; safe to use from several threads."""

    def __init__(self, wire: Wire, patience: Patience, *, context: str | None = None) -> None:
        """Speak over a wire; `context` is the kubeconfig's name for where it leads, None in a pod of the cluster."""
        self.context = context or _IN_CLUSTER
        self._wire = wire
        self._patience = patience
        self._warnings: dict[str, None] = {}  # an ordered set
        self._lock = threading.Lock()

    @property
    def host(self) -> str:
        """The server as messages name it: HOST[:PORT]."""
        return self._wire.host

    @property
    def place(self) -> str:
        """The cluster as somebody knows it who is asked about it: CONTEXT (HOST[:PORT])."""
        return f"{self.context} ({self.host})"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warned about so far, each text once, in order."""
        with self._lock:
            return tuple(self._warnings)

    def ask(self, request: Request) -> Answer:
        """Send a request, again where that helps, and return the answer, refusals included.

        Raises:
            ClusterError: there was no answer.
        """
        answer = self._patience.ask(self._wire.send, request)
        self._patience.trace(f"{request.method} {request.path} {answer.status}")
        self._remember(answer.warnings)
        return answer

    def ask_once(self, request: Request) -> Answer:
        """Send a request without trying again.

        Raises:
            ClusterError: there was no answer.
        """
        return self._wire.send(request)

    def accepted(self, answer: Answer, request: Request) -> dict[str, Any]:
        """An answer's document.

        Raises:
            ClusterError: the answer is a refusal.
        """
        if not answer.ok:
            raise errors.refusal(answer, request, self._wire.host)
        return answer.document()

    def call(self, request: Request) -> dict[str, Any]:
        """Send a request and return what it gives.

        Raises:
            ClusterError: there was no answer, or a refusal.
        """
        return self.accepted(self.ask(request), request)

    def _remember(self, warnings: tuple[str, ...]) -> None:
        if warnings:
            with self._lock:
                self._warnings.update((text, None) for text in warnings if _IGNORED_WARNING not in text)

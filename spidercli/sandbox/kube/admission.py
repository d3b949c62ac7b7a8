"""Admission webhooks: they change and refuse writes between decoding and storing."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Protocol

from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.kube import errors, refusals
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.spiderpool import POOLS
from spidercli.sandbox.kube.values import Object

_WRITES = ("create", "update", "patch")
_REFUSAL = "the sandbox was told to refuse this"


class Operation(enum.StrEnum):
    """What a webhook is asked about."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Webhook(Protocol):
    """The rules of one resource."""

    name: str
    resource: str  # PLURAL.GROUP

    def mutate(self, manifest: Object) -> None:
        """Change an object that is created or updated, in place, or refuse what can't be read, by an ApiError."""
        ...

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse a write by raising an ApiError; `manifest` is the object to delete for a DELETE."""
        ...


class Admission:
    """The webhooks by resource. Writes to subresources do not come here."""

    def __init__(self, webhooks: Iterable[Webhook], namespace: str) -> None:
        self._webhooks = {webhook.resource: webhook for webhook in webhooks}
        self._namespace = namespace  # of the Service that the webhooks are behind
        self._fault: Fault | None = None

    def calls_out(self, resource: Resource, verb: str) -> bool:
        """Whether a webhook, rather than a built-in plugin, is asked about such a request: its name has dots."""
        webhook = self._webhooks.get(resource.qualified)
        if webhook is None or "." not in webhook.name:
            return False
        return verb in _WRITES or (verb == "delete" and resource.qualified == POOLS)

    @contextlib.contextmanager
    def struck(self, fault: Fault | None) -> Iterator[None]:
        """Let the webhooks have a fault until the end of the block."""
        self._fault = fault
        try:
            yield
        finally:
            self._fault = None

    def mutate(self, resource: Resource, manifest: Object) -> None:
        """Let the resource's webhook change an object.

        Raises:
            ApiError: as for `review`.
        """
        if webhook := self._webhooks.get(resource.qualified):
            self._check_reachable(webhook, "mutate")
            with _introduced(webhook):
                webhook.mutate(manifest)

    def review(self, resource: Resource, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Let the resource's webhook refuse a write.

        Raises:
            ApiError: the webhook's own refusal, introduced with the webhook's name as the API server does it.
        """
        if webhook := self._webhooks.get(resource.qualified):
            self._check_reachable(webhook, "validate")
            with _introduced(webhook):
                if self._fault and self._fault.kind is Kind.WEBHOOK_REFUSES:
                    raise refusals.of_status(HTTPStatus.FORBIDDEN, message=_REFUSAL)
                webhook.review(operation, manifest, live)

    def _check_reachable(self, webhook: Webhook, phase: str) -> None:
        error = self._fault and refusals.of_webhook(self._fault.kind, webhook.name, phase, self._namespace)
        if error:
            raise error


@contextlib.contextmanager
def _introduced(webhook: Webhook) -> Iterator[None]:
    try:
        yield
    except errors.ApiError as refusal:
        refusal.message = f'admission webhook "{webhook.name}" denied the request: {refusal.message}'
        raise

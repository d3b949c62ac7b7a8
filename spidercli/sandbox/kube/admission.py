"""Admission webhooks: they change and refuse writes between decoding and storing."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterable, Iterator
from typing import Protocol

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object


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

    def __init__(self, webhooks: Iterable[Webhook]) -> None:
        self._webhooks = {webhook.resource: webhook for webhook in webhooks}

    def mutate(self, resource: Resource, manifest: Object) -> None:
        """Let the resource's webhook change an object.

        Raises:
            ApiError: as for `review`.
        """
        if webhook := self._webhooks.get(resource.qualified):
            with _introduced(webhook):
                webhook.mutate(manifest)

    def review(self, resource: Resource, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Let the resource's webhook refuse a write.

        Raises:
            ApiError: the webhook's own refusal, introduced with the webhook's name as the API server does it.
        """
        if webhook := self._webhooks.get(resource.qualified):
            with _introduced(webhook):
                webhook.review(operation, manifest, live)


@contextlib.contextmanager
def _introduced(webhook: Webhook) -> Iterator[None]:
    try:
        yield
    except errors.ApiError as refusal:
        refusal.message = f'admission webhook "{webhook.name}" denied the request: {refusal.message}'
        raise

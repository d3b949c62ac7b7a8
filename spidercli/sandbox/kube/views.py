"""The forms in which objects and lists are answered: as they are, as a table, or as metadata alone."""

from __future__ import annotations

import dataclasses
import enum

from spidercli.sandbox.kube import errors, printers, tables
from spidercli.sandbox.kube.reading import Page
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Clock, Object

_NOT_ACCEPTABLE = 406
_READABLE = ("application/json", "application/*", "*/*")


class Form(enum.StrEnum):
    """What the client asked for with `as=` in its Accept header."""

    OBJECT = ""
    TABLE = "Table"
    PARTIAL = "PartialObjectMetadata"
    PARTIAL_LIST = "PartialObjectMetadataList"


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """How a request wants to see a resource."""

    resource: Resource
    form: Form
    part: str  # what table rows carry: the query's includeObject
    clock: Clock

    @classmethod
    def of(cls, request: Request, resource: Resource, clock: Clock) -> View:
        """The first form in the request's Accept header that the server has.

        Raises:
            ApiError: 406 if there is none, for example for protobuf alone.
        """
        part = request.query.get("includeObject") or "Metadata"
        return cls(resource=resource, form=_form(request.accept), part=part, clock=clock)

    def object(self, manifest: Object) -> Object:
        """One object."""
        if self.form is Form.TABLE:
            metadata = {"resourceVersion": manifest["metadata"].get("resourceVersion", "")}
            return self._table([manifest], metadata)
        return manifest if self.form is Form.OBJECT else tables.partial(manifest)

    def page(self, page: Page) -> Object:
        """A list."""
        if self.form is Form.TABLE:
            return self._table(page.items, page.metadata)
        if self.form is Form.OBJECT:
            # Only lists of custom resources say that they are complete.
            metadata = {"continue": "", **page.metadata} if self.resource.custom else page.metadata
            return self._list(self.resource.api_version, f"{self.resource.kind}List", page.items, metadata)
        partial = [tables.partial(each) for each in page.items]
        return self._list("meta.k8s.io/v1", Form.PARTIAL_LIST.value, partial, page.metadata)

    def _list(self, api_version: str, kind: str, items: list[Object], metadata: Object) -> Object:
        return {"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items}

    def _table(self, items: list[Object], metadata: Object) -> Object:
        return tables.table(printers.columns(self.resource), items, metadata, self.clock(), self.part)


def _form(accept: str) -> Form:
    for offer in accept.split(",") if accept else ("*/*",):
        media, _, parameters = offer.strip().partition(";")
        if media in _READABLE:
            asked = next((each[3:] for each in parameters.split(";") if each.startswith("as=")), "")
            if asked in set(Form):
                return Form(asked)
    message = "only the following media types are accepted: application/json"
    raise errors.ApiError(_NOT_ACCEPTABLE, "NotAcceptable", message)

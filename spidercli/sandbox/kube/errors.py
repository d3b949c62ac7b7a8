"""Refusals of the API server, in the words and codes of the real one (k8s.io/apimachinery, pkg/api/errors)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object


@dataclasses.dataclass(frozen=True)
class Cause:
    """One of the fields that a refusal is about."""

    field: str
    reason: str  # FieldValueInvalid, FieldValueRequired ...
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"

    @classmethod
    def invalid(cls, field: str, shown: str, detail: str) -> Cause:
        """A value that breaks a rule; `shown` is the value as Go's %#v prints it."""
        return cls(field, "FieldValueInvalid", f"Invalid value: {shown}: {detail}")

    @classmethod
    def required(cls, field: str, detail: str = "") -> Cause:
        """A value that is missing."""
        return cls(field, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")

    @classmethod
    def forbidden(cls, field: str, detail: str) -> Cause:
        """A value that may not be there, or not change."""
        return cls(field, "FieldValueForbidden", f"Forbidden: {detail}")

    @classmethod
    def duplicate(cls, field: str, shown: str, detail: str) -> Cause:
        """A value that is there already."""
        return cls(field, "FieldValueDuplicate", f"Duplicate value: {shown}: {detail}")

    @classmethod
    def unsupported(cls, field: str, shown: str, supported: Iterable[object]) -> Cause:
        """A value outside of an enumeration."""
        known = ", ".join(f'"{value}"' for value in supported)
        return cls(field, "FieldValueNotSupported", f"Unsupported value: {shown}: supported values: {known}")

    def as_json(self) -> Object:
        """The cause as a Status lists it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class ApiError(Exception):
    """A request that is answered with a Status of kind Failure."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = None if details is None else dict(details)
        self.metadata = dict(metadata or {})
        if retry_after is not None:
            self.details = {**(self.details or {}), "retryAfterSeconds": retry_after}
        self.retry_after = retry_after

    def status(self) -> Object:
        """The Status object that the client receives."""
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            "code": int(self.code),
        }
        return (
            status
            | ({"reason": self.reason} if self.reason else {})
            | ({} if self.details is None else {"details": self.details})
        )


class PageNotFound(ApiError):
    """A path outside of what is built in: the answer is plain text, because no API handler is responsible for it."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "NotFound", "404 page not found\n")


class Undecodable(Exception):
    """An object whose fields have other types than Go's structs; the message is that of Go's decoder."""


def no_such_path() -> ApiError:
    """The answer for a path in a built-in group that nothing serves."""
    message = "the server could not find the requested resource"
    return ApiError(HTTPStatus.NOT_FOUND, "NotFound", message, details={})


def method_not_allowed() -> ApiError:
    """The path exists, but not for this method."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message, details={})


def unsupported_method(resource: Resource) -> ApiError:
    """The same for a custom resource, whose handler has words of its own."""
    message = f' is not supported on resources of kind "{resource.qualified}"'
    details = {"group": resource.group, "kind": resource.plural}
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message, details=details)


def not_found(resource: Resource, name: str) -> ApiError:
    """The object does not exist."""
    return ApiError(
        HTTPStatus.NOT_FOUND, "NotFound", f'{resource.qualified} "{name}" not found', details=_about(resource, name)
    )


def already_exists(resource: Resource, metadata: Object) -> ApiError:
    """Create met an object of that name; `metadata` is that object's."""
    name = metadata["name"]
    why = "object is being deleted: " if metadata.get("deletionTimestamp") else ""
    message = f'{why}{resource.qualified} "{name}" already exists'
    return ApiError(HTTPStatus.CONFLICT, "AlreadyExists", message, details=_about(resource, name))


def conflict(resource: Resource, name: str, why: str) -> ApiError:
    """The object is not what the client thinks it is."""
    return ApiError(
        HTTPStatus.CONFLICT,
        "Conflict",
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}',
        details=_about(resource, name),
    )


def modified(resource: Resource, name: str) -> ApiError:
    """A stale resourceVersion."""
    return conflict(
        resource,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )


def invalid(resource: Resource, name: str, causes: Iterable[Cause]) -> ApiError:
    """The object breaks rules; all of them are told at once."""
    return invalid_kind(resource.group, resource.kind, name, causes)


def invalid_kind(group: str, kind: str, name: str, causes: Iterable[Cause]) -> ApiError:
    """The same for a kind that needs no resource, such as the options of a request."""
    found = list(causes)
    told = list(dict.fromkeys(map(str, found)))  # what was found twice is told once, but stays two causes
    about = {key: value for key, value in (("name", name), ("group", group), ("kind", kind)) if value}
    return ApiError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Invalid",
        f'{kind}{f".{group}" if group else ""} "{name}" is invalid: '
        + (told[0] if len(told) == 1 else f"[{', '.join(told)}]"),
        details={**about, "causes": [cause.as_json() for cause in found]},
    )


def bad_request(message: str) -> ApiError:
    """The request can't be understood."""
    return ApiError(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def undecodable(resource: Resource, problem: object) -> ApiError:
    """The object does not fit its Go type."""
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {problem}'
    )


def expired(message: str, *, continue_token: str | None = None) -> ApiError:
    """The resourceVersion that was asked for is forgotten."""
    return ApiError(
        HTTPStatus.GONE, "Expired", message, metadata={"continue": continue_token} if continue_token else None
    )


def unsupported_media_type(accepted: Iterable[str], why: str = "") -> ApiError:
    """The body has a type that this resource does not take."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", f"{message} ({why})" if why else message)


def _about(resource: Resource, name: str) -> Object:
    return {"name": name, "kind": resource.plural} | ({"group": resource.group} if resource.group else {})

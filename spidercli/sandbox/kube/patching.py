"""The three patch types that are functions of the live object. (The fourth, apply, also looks at ownership.)"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from spidercli.sandbox.kube import decoding, errors, gotypes, jsonpatches, strategic
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object, clone

Transform = Callable[[Object], Object]


def transform(resource: Resource, content_type: str, patch: Any) -> Transform:
    """What a patch does to an object; the function leaves its argument alone.

    Raises:
        ApiError: 400 for a patch of the wrong shape; the function itself 422 for a JSON patch that does not fit.
    """
    if content_type == decoding.JSON_PATCH:
        return _json_patch(patch)
    if patch is None:
        raise errors.bad_request("Invalid JSON Patch")
    if not isinstance(patch, dict):
        raise _mistyped(patch, "value of type map[string]interface {}")
    if content_type == decoding.MERGE:
        return lambda live: clone(merged(live, patch))
    return lambda live: clone(strategic.merge_object(live, patch, resource.schema))


def _json_patch(operations: Any) -> Transform:
    _check_operations(operations)

    def apply(live: Object) -> Object:
        try:
            result = jsonpatches.apply(live, operations or [])
        except jsonpatches.Misfit as error:
            raise _rejected() from error
        if not isinstance(result, dict):
            raise _rejected()
        return result

    return apply


def _check_operations(operations: Any) -> None:
    """Refuse what is no list of operations; whether they make sense is seen when they are carried out."""
    if not isinstance(operations, list | None):
        raise _mistyped(operations, "value of type []handlers.jsonPatchOp")
    for operation in operations or ():
        if not isinstance(operation, dict | None):
            raise _mistyped(operation, "value of type handlers.jsonPatchOp")
        for field in ("op", "path", "from"):
            if operation and not isinstance(operation.get(field) or "", str):
                raise _mistyped(operation[field], f"struct field jsonPatchOp.{field} of type string")


def _mistyped(value: Any, target: str) -> errors.ApiError:
    return errors.bad_request(f"error decoding patch: {gotypes.mismatch(value, target)}")


def _rejected() -> errors.ApiError:
    message = "the server rejected our request due to an error in our request"
    return errors.ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", message, details={})


def merged(live: Any, patch: Any) -> Any:
    """A value after a merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result

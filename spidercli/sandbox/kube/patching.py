"""The three patch types that are functions of the live object. (The fourth, apply, also looks at ownership.)"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import jsonpatch

from spidercli.sandbox.kube import decoding, errors, strategic
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
    if not isinstance(patch, dict):
        raise errors.bad_request("error decoding patch: the body is not an object")
    if content_type == decoding.MERGE:
        return lambda live: clone(merged(live, patch))
    return lambda live: clone(strategic.merge_object(live, patch, resource.schema))


def _json_patch(operations: Any) -> Transform:
    try:
        patch = jsonpatch.JsonPatch(operations)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
        raise errors.bad_request(f"error decoding patch: {error}") from error

    def apply(live: Object) -> Object:
        try:
            result: Object = patch.apply(live)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise errors.ApiError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "Invalid",
                "the server rejected our request due to an error in our request",
            ) from error
        return result

    return apply


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

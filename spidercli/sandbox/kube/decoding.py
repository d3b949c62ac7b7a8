"""Request bodies: JSON, or YAML where the content type says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object

JSON = "application/json"
YAML = "application/yaml"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

OBJECTS = (JSON, YAML)
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE_KEY = "tag:yaml.org,2002:merge"


class _Loader(yaml.CSafeLoader):
    """YAML without timestamps, which JSON does not have."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _StrictLoader(_Loader):
    """The same, but a key may not come twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != _MERGE_KEY and key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f'line {line}: key "{key.value}" already set in map')
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def accepted_patches(resource: Resource) -> tuple[str, ...]:
    """The patch types that a resource takes; strategic merges need Go structs, which custom resources are not."""
    if resource.custom:
        return (JSON_PATCH, MERGE, APPLY)
    return (JSON_PATCH, MERGE, STRATEGIC, APPLY)


def body_type(header: str, accepted: Sequence[str]) -> str:
    """The content type of a body.

    Raises:
        ApiError: 415 for one that is not accepted, for example protobuf.
    """
    found = header.partition(";")[0].strip() or JSON
    if found not in accepted:
        raise errors.unsupported_media_type(accepted)
    return found


def decode(body: bytes, content_type: str, *, strict: bool = False) -> Any:
    """The value of a body.

    Raises:
        ApiError: 400 for malformed text, and for repeated YAML keys if `strict`.
    """
    try:
        return json.loads(body)
    except ValueError as error:
        if not content_type.endswith("yaml"):
            raise errors.bad_request(f"error decoding request body: {error}") from error
    try:
        return yaml.load(body, Loader=_StrictLoader if strict else _Loader)  # noqa: S506 (both are safe loaders)
    except yaml.YAMLError as error:
        raise errors.bad_request(f"error strict decoding YAML: {error}") from error


def decode_object(body: bytes, content_type: str, *, strict: bool = False) -> Object:
    """The object of a body.

    Raises:
        ApiError: 400 for malformed text and for anything but an object.
    """
    value = decode(body, content_type, strict=strict)
    if not isinstance(value, dict):
        raise errors.bad_request("couldn't get version/kind; json parse error: the body is not an object")
    return value

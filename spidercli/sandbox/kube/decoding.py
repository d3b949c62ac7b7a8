"""Request bodies: JSON, or YAML or protobuf where the content type says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from spidercli.sandbox.kube import errors, gotypes, malformed, protobuf
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object, dig

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

OBJECTS = (JSON, YAML, PROTOBUF)
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
        ApiError: 415 for one that is not accepted.
    """
    found = header.partition(";")[0].strip() or JSON
    if found not in accepted:
        raise errors.unsupported_media_type(accepted)
    return found


def decode_patch(body: bytes) -> Any:
    """The value of a merge, strategic merge or JSON patch.

    Raises:
        ApiError: 400 for malformed JSON.
    """
    try:
        return _from_json(body)
    except _Malformed as problem:
        raise errors.bad_request(f"error decoding patch: {problem}") from problem


def decode_options(body: bytes, content_type: str = JSON) -> Object:
    """An object that is part of a request and not stored, such as DeleteOptions; it may be YAML.

    Raises:
        ApiError: 400 for malformed text and for anything but an object, 415 for protobuf that can't be read.
    """
    try:
        return _object(_from_protobuf(body) if content_type == PROTOBUF else _from_any(body))
    except _Malformed as problem:
        raise errors.bad_request(f"couldn't get version/kind; json parse error: {problem}") from problem


def decode_object(body: bytes, content_type: str, resource: Resource, *, strict: bool = False) -> Object:
    """An object of a resource, to be created or to replace another one.

    A built-in kind's objects may leave out apiVersion and kind, which are then those of the resource.

    Raises:
        ApiError: 400 for malformed text, anything but an object, and another version; 422 for another kind of a
            custom resource, 400 for one of a built-in resource; 415 for protobuf that can't be read.
    """
    try:
        manifest = _object(_decoded(body, content_type, strict=strict))
    except _Malformed as problem:
        task = "" if isinstance(problem, _MalformedOther) else "couldn't get version/kind; json parse error: "
        raise _unrecognized(resource, f"{task}{problem} ({_excerpt(body)})") from problem
    _check_version_and_kind(resource, manifest, body)
    return manifest


def decode_configuration(body: bytes, resource: Resource, *, strict: bool = False) -> Object:
    """What somebody applies, in YAML.

    Raises:
        ApiError: 400 for malformed text, repeated keys if `strict`, anything but an object, and another kind.
    """
    try:
        value = _from_any(body, strict=strict)
    except _Malformed as problem:
        what = f"error {'strict ' if strict else ''}decoding YAML: error converting YAML to JSON"
        raise errors.bad_request(f"{what}: {problem}") from problem
    if not isinstance(value, dict | None):
        mismatch = gotypes.mismatch(value, "value of type map[string]interface {}")
        raise errors.bad_request(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {mismatch}")
    config = value or {}
    api_version, kind = config.get("apiVersion") or "", config.get("kind") or ""
    if (api_version, kind) != (resource.api_version, resource.kind):
        written = api_version if "/" in str(api_version) else f"/{api_version}"
        raise errors.bad_request(f"invalid object type: {written}, Kind={kind}")
    return config


class _Malformed(Exception):
    """A text that is no JSON or YAML, or not of the shape that is needed; the message is Go's where that is short."""


class _MalformedOther(_Malformed):
    """A body that is no YAML or no protobuf."""


_VERSION_AND_KIND = (
    r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
)
_EXCERPT = 30
_IN_PROTOBUF = (
    "the sandbox knows {} in protobuf: write JSON or YAML instead, "
    "for example with kubectl create ... --dry-run=client -o yaml | kubectl create -f -"
)


def _decoded(body: bytes, content_type: str, *, strict: bool) -> Any:
    if content_type == JSON:
        return _from_json(body)
    return _from_protobuf(body) if content_type == PROTOBUF else _from_any(body, strict=strict)


def _from_protobuf(body: bytes) -> Object:
    try:
        return protobuf.decode(body)
    except protobuf.Malformed as problem:
        raise _MalformedOther(str(problem)) from problem
    except protobuf.Unknown as problem:
        raise errors.unsupported_media_type((JSON, YAML), _IN_PROTOBUF.format(problem)) from problem


def _from_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        raise _Malformed(malformed.json_problem(error)) from error
    except ValueError as error:
        raise _Malformed(str(error)) from error


def _from_any(body: bytes, *, strict: bool = False) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        pass
    try:
        value = yaml.load(body, Loader=_StrictLoader if strict else _Loader)  # noqa: S506 (both are safe loaders)
        _check_anchors(body)
    except yaml.YAMLError as error:
        raise _MalformedOther(f"yaml: {malformed.yaml_problem(error, body)}") from error
    return value


def _check_anchors(body: bytes) -> None:
    """Refuse a value that is a part of itself, which the loader makes, but JSON has no words for.

    Raises:
        yaml.YAMLError: there is one.
    """
    anchors: list[str | None] = []  # of the lists and maps that are not complete yet
    for event in yaml.parse(body, Loader=_Loader) if b"*" in body else ():
        if isinstance(event, yaml.CollectionStartEvent):
            anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchors.pop()
        elif isinstance(event, yaml.AliasEvent) and event.anchor in anchors:
            raise yaml.YAMLError(f"anchor '{event.anchor}' value contains itself")


def _object(value: Any) -> Object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Malformed(gotypes.mismatch(value, f"value of type {_VERSION_AND_KIND}"))
    return value


def _excerpt(body: bytes) -> str:
    """As much of a body as messages show; what does not look like an object is shown in hexadecimal digits."""
    text = body.decode(errors="replace") if body.startswith(b"{") else body.hex()
    return f"{text[:_EXCERPT]} ..." if len(text) > _EXCERPT else text or "<empty>"


def _unrecognized(resource: Resource, why: str) -> errors.ApiError:
    return errors.bad_request(f"the object provided is unrecognized (must be of type {resource.kind}): {why}")


def _check_version_and_kind(resource: Resource, manifest: Object, body: bytes) -> None:
    for field in ("apiVersion", "kind"):
        if not isinstance(manifest.get(field) or "", str):
            problem = gotypes.mismatch(manifest[field], f"struct field .{field} of type string")
            why = f"couldn't get version/kind; json parse error: {problem} ({_excerpt(body)})"
            raise _unrecognized(resource, why)
    try:
        complete(resource, manifest, body.decode(errors="replace"))
    except errors.Undecodable as problem:
        if resource.custom:
            raise _unrecognized(resource, f"{problem} ({_excerpt(body)})") from problem
        raise errors.bad_request(str(problem)) from problem
    if resource.custom:
        _check_version(resource, manifest)
        check_custom_kind(resource, manifest)


def _check_version(resource: Resource, manifest: Object) -> None:
    version = manifest["apiVersion"]
    if version != resource.api_version:
        raise errors.bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})"
        )


def complete(resource: Resource, manifest: Object, text: str) -> None:
    """Give an object that is sent the apiVersion and kind that it may leave out.

    Raises:
        Undecodable: a custom resource needs its kind; a built-in one must not have another; `text` is the object.
    """
    if resource.custom:
        manifest["apiVersion"] = manifest.get("apiVersion") or ""
        if not manifest.get("kind"):
            raise errors.Undecodable(f"Object 'Kind' is missing in '{text}'")
        return
    version = manifest["apiVersion"] = manifest.get("apiVersion") or resource.api_version
    kind = manifest["kind"] = manifest.get("kind") or resource.kind
    if (version, kind) != (resource.api_version, resource.kind):
        raise errors.Undecodable(
            f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {resource.kind}: '
            f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        )


def check_custom_kind(resource: Resource, manifest: Object) -> None:
    """Refuse an object that says to be of another version or kind than its resource.

    Raises:
        ApiError: 422.
    """
    group, _, _ = manifest["apiVersion"].rpartition("/")
    for field, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        if manifest[field] != wanted:
            cause = errors.Cause.invalid(field, f'"{manifest[field]}"', f"must be {wanted}")
            raise errors.invalid_kind(group, manifest["kind"], dig(manifest, "metadata", "name") or "", [cause])

"""Field sets: which fields an object has, and their serial form, FieldsV1.

A path is a tuple of FieldsV1 path elements: "f:spec" for a field, 'k:{"name":"a"}' for an element of a list that is a
map, 'v:"a"' for one of a set. (Kubernetes documentation, "Server-Side Apply"; sigs.k8s.io/structured-merge-diff.)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from spidercli.sandbox.kube import structural
from spidercli.sandbox.kube.values import Object

Path = tuple[str, ...]

PRESENT = object()
"""The value of a map or list element that is owned as such, whatever is inside."""

_TEXT: Object = {"type": "string"}
_NUMBER: Object = {"type": "integer"}
_FLAG: Object = {"type": "boolean"}
_TEXTS: Object = {"type": "object", "additionalProperties": _TEXT}

METADATA: Object = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("generateName", "name", "namespace", "resourceVersion", "selfLink", "uid"), _TEXT),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TEXT),
        **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), _NUMBER),
        **dict.fromkeys(("annotations", "labels"), _TEXTS),
        "managedFields": {"type": "array", "items": {"type": "object", structural.OPEN: True}},
        "finalizers": {
            "type": "array",
            "items": _TEXT,
            "x-kubernetes-list-type": "set",
            "x-kubernetes-patch-strategy": "merge",
        },
        "ownerReferences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _TEXT),
                    **dict.fromkeys(("blockOwnerDeletion", "controller"), _FLAG),
                },
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"],
            "x-kubernetes-patch-merge-key": "uid",
        },
    },
}
OWNED_METADATA = ("annotations", "finalizers", "generateName", "labels", "ownerReferences")
# Go structs that are always there, so that nobody comes to own them; only built-in kinds are Go structs.
_ALWAYS_THERE = frozenset({"metadata", "spec", "status", "template"})


def with_metadata(schema: Object) -> Object:
    """A kind's schema with what all kinds have in common."""
    head = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": METADATA}
    return {**schema, "properties": {**(schema.get("properties") or {}), **head}}


def field_set(manifest: Object, schema: Object, *, containers: bool) -> dict[Path, Any]:
    """The paths of an object that can be owned, with their values.

    Args:
        manifest: The object, or the part of it that an applier sent.
        schema: The kind's schema.
        containers: Whether maps count beside what they contain: for what an update wrote, not for what was applied.
    """
    found: dict[Path, Any] = {}
    walker = _Walker(found, containers=containers, go_structs=bool(schema.get(structural.GO_STRUCT)))
    for key, value in manifest.items():
        if key == "metadata":
            owned = {inner: value[inner] for inner in OWNED_METADATA if inner in value}
            walker.fields(owned, METADATA, ("f:metadata",))
        elif key not in ("apiVersion", "kind"):
            walker.entry(key, value, structural.child(schema, key), ())
    return found


class _Walker:
    """Collects the paths below a value."""

    def __init__(self, found: dict[Path, Any], *, containers: bool, go_structs: bool) -> None:
        self._found = found
        self._containers = containers
        self._go_structs = go_structs

    def entry(self, key: str, value: Any, schema: Object, parent: Path) -> None:
        """One entry of a map."""
        path = (*parent, f"f:{key}")
        if isinstance(value, dict) and not is_atomic_map(schema):
            always_there = self._containers and self._go_structs and key in _ALWAYS_THERE
            if not always_there and (self._containers or not value):
                self._found[path] = PRESENT
            self.fields(value, schema, path)
        elif isinstance(value, list) and list_type(schema) != "atomic":
            if self._containers:
                self._found[path] = PRESENT
            self._elements(value, schema, path)
        else:
            self._found[path] = value

    def fields(self, value: Object, schema: Object, path: Path) -> None:
        """All entries of a map."""
        for key, inner in value.items():
            self.entry(key, inner, structural.child(schema, key), path)

    def _elements(self, value: list[Any], schema: Object, path: Path) -> None:
        inner = structural.items(schema)
        for element in value:
            where = (*path, element_of(element, schema))
            self._found[where] = PRESENT if isinstance(element, dict) else element
            if isinstance(element, dict) and not is_atomic_map(inner):
                self.fields(element, inner, where)


def is_atomic_map(schema: Object) -> bool:
    """Whether a map is owned as a whole."""
    return schema.get("x-kubernetes-map-type") == "atomic"


def list_type(schema: Object) -> str:
    """How a list is merged: atomic, set or map."""
    return str(schema.get("x-kubernetes-list-type", "atomic"))


def element_of(element: Any, schema: Object) -> str:
    """The path element of a list's element: its keys if the list is a map, else its value."""
    if list_type(schema) != "map" or not isinstance(element, dict):
        return f"v:{json.dumps(element, separators=(',', ':'))}"
    declared = structural.items(schema).get("properties") or {}
    keys = {key: element.get(key, declared.get(key, {}).get("default")) for key in schema["x-kubernetes-list-map-keys"]}
    known = {key: value for key, value in keys.items() if value is not None}
    return f"k:{json.dumps(known, separators=(',', ':'), sort_keys=True)}"


def nested(paths: Collection[Path]) -> Object:
    """Paths as FieldsV1."""
    root: Object = {}
    for path in sorted(paths):
        node = root
        for element in path:
            node = node.setdefault(element, {})
    _mark_containers(root, (), paths)
    return root


def _mark_containers(node: Object, path: Path, members: Collection[Path]) -> None:
    for element, inner in list(node.items()):
        if inner:
            where = (*path, element)
            _mark_containers(inner, where, members)
            if where in members:
                node[element] = {".": {}, **inner}


def flattened(fields: Object, parent: Path = ()) -> Iterator[Path]:
    """FieldsV1 as paths."""
    for element, inner in fields.items():
        if element == ".":
            yield parent
        elif inner and isinstance(inner, dict):
            yield from flattened(inner, (*parent, element))
        else:
            yield (*parent, element)


def shown(path: Path) -> str:
    """A path as messages write it: .spec.containers[name="app"].image."""
    return "".join(map(_shown_element, path))


def _shown_element(element: str) -> str:
    kind, _, rest = element.partition(":")
    if kind == "f":
        return f".{rest}"
    if kind == "v":
        return f"[={rest}]"
    return "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items()) + "]"

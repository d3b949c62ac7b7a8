"""Strategic merge patches, for built-in kinds.

The directives are those of the Kubernetes API conventions ("Strategic Merge Patch"): `$patch`, `$retainKeys`,
`$setElementOrder/LIST` and `$deleteFromPrimitiveList/LIST`.
"""

from __future__ import annotations

from typing import Any

from spidercli.sandbox.kube import fieldsets, structural
from spidercli.sandbox.kube.values import Object, clone

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE_VALUES = "$deleteFromPrimitiveList/"


def merge_object(live: Object, patch: Object, schema: Object) -> Object:
    """An object after a patch."""
    whole = {**schema, "properties": {**(schema.get("properties") or {}), "metadata": fieldsets.METADATA}}
    return _merge_map(live, patch, whole)


def _merge_map(live: Object, patch: Object, schema: Object) -> Object:
    if patch.get(_PATCH) == "replace":
        return {key: _plain(value) for key, value in patch.items() if key != _PATCH and value is not None}
    merged = dict(live)
    if _RETAIN in patch:
        merged = {key: value for key, value in live.items() if key in patch[_RETAIN]}
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_entry(merged, key, value, structural.child(schema, key))
    for key, value in patch.items():
        if key.startswith((_ORDER, _DELETE_VALUES)):
            directive, _, name = key.partition("/")
            _arrange(merged, name, value, f"{directive}/", structural.child(schema, name))
    return merged


def _merge_entry(merged: Object, key: str, value: Any, schema: Object) -> None:
    if value is None or (isinstance(value, dict) and value.get(_PATCH) == "delete"):
        merged.pop(key, None)
    elif isinstance(value, dict) and isinstance(merged.get(key), dict):
        merged[key] = _merge_map(merged[key], value, schema)
    elif isinstance(value, list) and isinstance(merged.get(key), list):
        merged[key] = _merge_list(merged[key], value, schema)
    else:
        merged[key] = _plain(value)


def _merge_list(live: list[Any], patch: list[Any], schema: Object) -> list[Any]:
    if (merge_key := schema.get("x-kubernetes-patch-merge-key")) is not None:
        return _merge_elements(live, patch, merge_key, structural.items(schema))
    if schema.get("x-kubernetes-patch-strategy") == "merge":
        return live + [clone(value) for value in patch if value not in live]
    return [_plain(value) for value in patch]


def _merge_elements(live: list[Any], patch: list[Any], merge_key: str, schema: Object) -> list[Any]:
    if any(element.get(_PATCH) == "replace" for element in patch):
        return [_plain(element) for element in patch if element.get(_PATCH) != "replace"]
    merged = {element.get(merge_key): element for element in live}
    for element in patch:
        key = element.get(merge_key)
        if element.get(_PATCH) == "delete":
            merged.pop(key, None)
        else:
            merged[key] = _merge_map(merged[key], element, schema) if key in merged else _plain(element)
    return list(merged.values())


def _arrange(merged: Object, name: str, wanted: list[Any], directive: str, schema: Object) -> None:
    current = merged.get(name)
    if not isinstance(current, list):
        return
    if directive == _DELETE_VALUES:
        merged[name] = [value for value in current if value not in wanted]
        return
    merge_key = schema.get("x-kubernetes-patch-merge-key")
    order = [_identity(element, merge_key) for element in wanted]
    known = [element for element in current if _identity(element, merge_key) in order]
    known.sort(key=lambda element: order.index(_identity(element, merge_key)))
    merged[name] = known + [element for element in current if _identity(element, merge_key) not in order]


def _identity(element: Any, merge_key: str | None) -> Any:
    return element.get(merge_key) if isinstance(element, dict) and merge_key else element


def _plain(value: Any) -> Any:
    """A value that is taken over as it is, without nulls and directives."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None and not key.startswith("$")}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value

"""Strategic merge patches, for built-in kinds.

The directives are those of the Kubernetes API conventions ("Strategic Merge Patch"): `$patch`, `$retainKeys`,
`$setElementOrder/LIST` and `$deleteFromPrimitiveList/LIST`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from spidercli.sandbox.kube import errors, fieldsets, structural
from spidercli.sandbox.kube.typedpatches import go_value
from spidercli.sandbox.kube.values import Object, clone

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE_VALUES = "$deleteFromPrimitiveList/"


def merge_object(live: Object, patch: Object, schema: Object) -> Object:
    """An object after a patch.

    Raises:
        ApiError: a directive makes no sense; 500 for some of them, as on the real server.
    """
    if patch.get(_PATCH) == "delete":
        return {}
    return _merge_map(live, patch, fieldsets.with_metadata(schema))


def _merge_map(live: Object, patch: Object, schema: Object) -> Object:
    _check_directives(patch)
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
            stood = live.get(name)
            before = stood if isinstance(stood, list) else []
            _arrange(merged, name, value, before, f"{directive}/", structural.child(schema, name))
    return merged


def _check_directives(patch: Object) -> None:
    if (directive := patch.get(_PATCH, "merge")) not in ("delete", "merge", "replace"):
        raise _nonsense(f"unknown patch type: {directive} in map: map[$patch:{directive}]")
    kept = patch.get(_RETAIN)
    if _RETAIN in patch and not (isinstance(kept, list) and all(key in kept for key in patch if key[0] != "$")):
        raise errors.bad_request("invalid patch format of retainKeys")
    for key, value in patch.items():
        if key.startswith(_ORDER) and not isinstance(value, list):
            raise _nonsense(f"expected a []interface {{}}, but received {value!r}")


def _nonsense(message: str) -> errors.ApiError:
    return errors.ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "", message)


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
        values = live + [value for value in patch if value not in live]
        return _in_order(clone(values), patch, live, None)
    return [_plain(value) for value in patch]


def _merge_elements(live: list[Any], patch: list[Any], merge_key: str, schema: Object) -> list[Any]:
    if not all(isinstance(element, dict) for element in patch):
        raise _nonsense(f"list element types are not identical: [{go_value(live)} {go_value(patch)}]")
    if any(element.get(_PATCH) == "replace" for element in patch):
        return [_plain(element) for element in patch if element.get(_PATCH) != "replace"]
    merged = {element.get(merge_key): element for element in live}
    for element in patch:
        if merge_key not in element:
            raise _nonsense(f"map: {go_value(element)} does not contain declared merge key: {merge_key}")
        key = element[merge_key]
        if element.get(_PATCH) == "delete":
            merged.pop(key, None)
        else:
            merged[key] = _merge_map(merged[key], element, schema) if key in merged else _plain(element)
    order = [element.get(merge_key) for element in patch]
    return _in_order(list(merged.values()), order, [element.get(merge_key) for element in live], merge_key)


def _in_order(elements: list[Any], wanted: list[Any], before: list[Any], merge_key: str | None) -> list[Any]:
    """Put elements into the wanted order; the others come as soon as they stood before the next wanted one."""
    named = {identity: element for element in elements if (identity := _identity(element, merge_key)) in wanted}
    asked = [named[identity] for identity in dict.fromkeys(wanted) if identity in named]
    others = [element for element in elements if _identity(element, merge_key) not in wanted]
    ordered: list[Any] = []
    while asked and others:
        first, other = (_identity(each[0], merge_key) for each in (asked, others))
        stood_before = first in before and other in before and before.index(other) < before.index(first)
        ordered.append((others if stood_before else asked).pop(0))
    return ordered + asked + others


def _arrange(merged: Object, name: str, wanted: list[Any], before: list[Any], directive: str, schema: Object) -> None:
    current = merged.get(name)
    if not isinstance(current, list):
        return
    if not isinstance(wanted, list):
        return
    if directive == _DELETE_VALUES:
        merged[name] = [value for value in current if value not in wanted]
        return
    merge_key = schema.get("x-kubernetes-patch-merge-key")
    order, stood = ([_identity(element, merge_key) for element in each] for each in (wanted, before))
    merged[name] = _in_order(current, order, stood, merge_key)


def _identity(element: Any, merge_key: str | None) -> Any:
    return element.get(merge_key) if isinstance(element, dict) and merge_key else element


def _plain(value: Any) -> Any:
    """A value that is taken over as it is, without nulls and directives."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None and not key.startswith("$")}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value

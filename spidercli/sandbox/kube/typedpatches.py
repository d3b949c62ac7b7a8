"""What server-side apply refuses before it merges anything: a configuration that does not fit the kind's types.

The rules and words are those of sigs.k8s.io/structured-merge-diff, package typed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from spidercli.sandbox.kube import fieldsets, structural
from spidercli.sandbox.kube.values import Object

_CONTAINERS = {"object": dict, "array": list}


def problem(config: Object, schema: Object) -> str | None:
    """All that is wrong with a configuration as one text, one problem a line if there are several; None if nothing."""
    found = list(problems(config, fieldsets.with_metadata(schema)))
    if len(found) > 1:
        return "errors:" + "".join(f"\n  {each}" for each in found)
    return found[0] if found else None


def problems(value: Any, schema: Object, path: str = "") -> Iterator[str]:
    """Values of another JSON type, and fields that are not declared, by path; fields go by their names."""
    if value is None:
        return
    if mistyped := _mistyped(value, schema):
        yield f"{path}: {mistyped}"
    elif isinstance(value, list):
        yield from _list(value, schema, path)
    elif isinstance(value, dict):
        yield from _map(value, schema, path)


def _map(value: Object, schema: Object, path: str) -> Iterator[str]:
    for key, inner in sorted(value.items()):
        where = f"{path}.{key}"
        if schema and not structural.declares(schema, key):
            yield f"{where}: field not declared in schema"
            return  # the real one gives up on this map, too, but goes through it in random order
        yield from problems(inner, structural.child(schema, key), where)


def _list(value: list[Any], schema: Object, path: str) -> Iterator[str]:
    if fieldsets.list_type(schema) == "atomic":
        for index, element in enumerate(value):
            yield from problems(element, structural.items(schema), f"{path}[{index}]")
        return
    unfit = list(_unfit_elements(value, schema))
    yield from (f"{path}: {each}" for each in unfit)
    if not unfit:
        yield from _elements(value, schema, path)


def _unfit_elements(value: list[Any], schema: Object) -> Iterator[str]:
    """Elements that can't be told apart from others, by their keys or by themselves."""
    keyed = fieldsets.list_type(schema) == "map"
    for index, element in enumerate(value):
        if element is None and not keyed:
            yield f"element {index}: associative list without keys has an element that's an explicit null"
        elif element is None or (keyed and not isinstance(element, dict)):
            kind = "a null element" if element is None else "non-map elements"
            yield f"element {index}: associative list with keys may not have {kind}"


def _elements(value: list[Any], schema: Object, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for element in value:
        identity = fieldsets.element_of(element, schema)
        shown = fieldsets.shown((identity,))
        if identity in seen:
            yield f"{path}: duplicate entries for key {shown}"
        seen.add(identity)
        yield from problems(element, structural.items(schema), f"{path}{shown}")


def _mistyped(value: Any, schema: Object) -> str | None:
    expected = schema.get("type")
    if expected is None or schema.get("x-kubernetes-int-or-string") or _fits(value, expected):
        return None
    name, form = _GO_TYPES[expected]
    return f"expected {name}, got {form(value)}"


def _fits(value: Any, expected: str) -> bool:
    if expected in _CONTAINERS:
        return isinstance(value, _CONTAINERS[expected])
    if expected == "string":
        return isinstance(value, str)
    if expected == "boolean":
        return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_pointer(value: Any) -> str:
    return f"&{{{go_value(value)}}}"


def _as_struct(value: Any) -> str:
    return f"&value.valueUnstructured{{Value:{_go_syntax(value)}}}"


# What Go calls the types, and how it shows a value that is of another one.
_GO_TYPES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "object": ("map", _as_pointer),
    "array": ("list", _as_pointer),
    "boolean": ("boolean", _as_pointer),
    "string": ("string", _as_struct),
    "integer": ("numeric", _as_struct),
    "number": ("numeric", _as_struct),
}


def go_value(value: Any) -> str:
    """A value as Go's %v prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_value(inner)}' for key, inner in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_value, value))}]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _go_syntax(value: Any) -> str:
    """A value as Go's %#v prints it."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}:{_go_syntax(each)}" for key, each in sorted(value.items()))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_go_syntax, value))}}}"
    return json.dumps(value)

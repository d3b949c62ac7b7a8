"""What a structural schema does to an object: prune, default, find what it does not declare.

The rules are those of CustomResourceDefinitions (Kubernetes documentation, "Extend the Kubernetes API with
CustomResourceDefinitions", sections Pruning, Defaulting and Nullable). Every function works in place.
"""

from __future__ import annotations

from typing import Any

from spidercli.sandbox.kube.values import Object, clone

OPEN = "x-kubernetes-preserve-unknown-fields"
GO_STRUCT = "x-go-struct"  # marks the schemas of built-in kinds
_SERVER_OWNED = ("apiVersion", "kind", "metadata")


def child(schema: Object, key: str) -> Object:
    """The schema of a map's or struct's entry; {} where nothing is said of it."""
    declared: Object | None = (schema.get("properties") or {}).get(key)
    if declared is not None:
        return declared
    extra = schema.get("additionalProperties")
    return extra if isinstance(extra, dict) else {}


def is_map(schema: Object) -> bool:
    """Whether a schema is that of a map with keys of the user's choice."""
    return isinstance(schema.get("additionalProperties"), dict)


def items(schema: Object) -> Object:
    """The schema of a list's elements."""
    return schema.get("items") or {}


def declares(schema: Object, key: str) -> bool:
    """Whether a struct may have the field."""
    if key in (schema.get("properties") or {}) or schema.get(OPEN):
        return True
    return bool(schema.get("additionalProperties"))


def prune(value: Any, schema: Object) -> list[str]:
    """Drop every field that the schema does not declare, and name them by their paths."""
    dropped: list[str] = []
    _prune(value, schema, "", dropped)
    return dropped


def _prune(value: Any, schema: Object, path: str, dropped: list[str]) -> None:
    if isinstance(value, list):
        for index, element in enumerate(value):
            _prune(element, items(schema), f"{path}[{index}]", dropped)
    elif isinstance(value, dict) and schema:
        for key in list(value):
            if not path and key in _SERVER_OWNED:
                continue
            where = f"{path}.{key}" if path else key
            if declares(schema, key):
                _prune(value[key], child(schema, key), where, dropped)
            else:
                dropped.append(where)
                del value[key]


def fill_defaults(value: Any, schema: Object, *, keeps_nulls: bool = False) -> None:
    """Drop nulls that the schema does not allow, then set the defaults of missing fields.

    Args:
        value: The object, or a part of it.
        schema: What is said of it.
        keeps_nulls: Drop only those nulls that have a default, as an apply does.
    """
    if isinstance(value, list):
        inner = items(schema)
        for element in value:
            fill_defaults(element, inner, keeps_nulls=keeps_nulls)
    elif isinstance(value, dict):
        _drop_nulls(value, schema, keeps_nulls=keeps_nulls)
        for key, declared in (schema.get("properties") or {}).items():
            if "default" in declared and key not in value:
                value[key] = clone(declared["default"])
        for key, inner_value in value.items():
            if isinstance(inner_value, dict | list) and (inner_schema := child(schema, key)):
                fill_defaults(inner_value, inner_schema, keeps_nulls=keeps_nulls)


def _drop_nulls(value: Object, schema: Object, *, keeps_nulls: bool) -> None:
    for key in [key for key, inner in value.items() if inner is None]:
        declared = child(schema, key)
        if declared and not declared.get("nullable") and ("default" in declared or not keeps_nulls):
            del value[key]


def to_json_schema(schema: Object) -> Object:
    """The same rules as a JSON schema: `nullable` and int-or-string are OpenAPI's own."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    found = {key: value for key, value in schema.items() if not key.startswith("x-") and key != "default"}
    if "properties" in found:
        found["properties"] = {key: to_json_schema(value) for key, value in found["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = to_json_schema(found[key])
    if found.pop("nullable", False):
        return {"anyOf": [found, {"type": "null"}]}
    return found


def opened(schema: Object) -> Object:
    """A schema that says something of a few fields only, and lets all others be."""
    found = dict(schema)
    if "properties" in found:
        found["properties"] = {key: opened(value) for key, value in found["properties"].items()}
    if "items" in found:
        found["items"] = opened(found["items"])
    # `additionalProperties: false` marks a struct whose fields are all declared.
    if found.get("type", "object") == "object" and "additionalProperties" not in found:
        found[OPEN] = True
    return found

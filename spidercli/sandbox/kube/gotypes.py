"""What Go refuses while it decodes JSON into its structs, before anything is validated.

Every object has Go's ObjectMeta; a custom resource is free apart from that. (encoding/json, UnmarshalTypeError.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jsonschema_rs

from spidercli.sandbox.kube import fieldsets, gotimes, noderules, structural
from spidercli.sandbox.kube.errors import Undecodable
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object

_LISTS = {"finalizers": "string", "managedFields": "v1.ManagedFieldsEntry", "ownerReferences": "v1.OwnerReference"}
_MAPS = ("annotations", "labels")
_NUMBERS = ("deletionGracePeriodSeconds", "generation")
_TEXTS = ("generateName", "name", "namespace", "resourceVersion", "selfLink", "uid")
_INNER_TEXTS = ("apiVersion", "fieldsType", "kind", "manager", "name", "operation", "subresource")
_TIMES = ("creationTimestamp", "deletionTimestamp")
_LEASE_TIMES = ("acquireTime", "renewTime")
_MAP_ENTRY = 2  # steps: the map and the key


def settle(resource: Resource, manifest: Object) -> None:
    """Bring an object into the form in which Go holds it: nulls are what they stand for, times are in UTC.

    Raises:
        Undecodable: a field has another type.
    """
    _settle_metadata(resource, manifest)
    if not resource.custom:
        _fill_nulls(manifest, resource.schema)
        for error in resource.validator.iter_errors(manifest):
            if error.kind.name == "type" and error.instance is not None:
                raise _mistyped_field(resource, error)
    if resource.kind == "Node":
        noderules.settle(manifest.get("spec") or {})
    if resource.kind == "Lease":
        _settle_times(manifest.get("spec") or {}, _LEASE_TIMES, gotimes.MICROSECONDS, gotimes.in_utc)


def _settle_metadata(resource: Resource, manifest: Object) -> None:
    if manifest.get("metadata") is None:
        manifest["metadata"] = {}
    metadata = manifest["metadata"]
    if not isinstance(metadata, dict):
        place = "value" if resource.custom else f"struct field {resource.kind}.metadata"
        raise _mistyped(metadata, place, "v1.ObjectMeta")
    for field in [field for field, value in metadata.items() if value is None]:
        del metadata[field]
    _fill_nulls(metadata, fieldsets.METADATA)
    _check_metadata(metadata, "ObjectMeta" if resource.custom else "ObjectMeta.metadata")
    _settle_times(metadata, _TIMES, gotimes.SECONDS, str)


def _fill_nulls(value: Any, schema: Object) -> None:
    """A null in a map or list is the zero value of its type: Go has no nulls there."""
    entries: Iterable[tuple[Any, Object]] = ()
    if isinstance(value, list):
        entries = [(index, structural.items(schema)) for index in range(len(value))]
    elif isinstance(value, dict):
        entries = [(key, structural.child(schema, key)) for key in value]
    for key, inner in entries:
        if value[key] is not None:
            _fill_nulls(value[key], inner)
        elif isinstance(value, list) or structural.is_map(schema):
            value[key] = {"string": "", "object": {}}.get(inner.get("type", ""))


def _check_metadata(metadata: Object, struct: str) -> None:
    for field, value in metadata.items():
        place = f"struct field {struct}.{field}"
        if field in _TEXTS:
            _expect(value, str, place, "string")
        elif field in _NUMBERS:
            _expect(value, int, place, "int64")
        elif field in _MAPS:
            _expect(value, dict, place, "map[string]string")
            _expect_all(value.values(), str, place, "string")
        elif field in _LISTS:
            _expect(value, list, place, _list_of(_LISTS[field]))
            _expect_all(value, str if field == "finalizers" else dict, place, _LISTS[field])
            for element in value if field != "finalizers" else ():
                _check_element(element, f"{_LISTS[field][3:]}{struct[len('ObjectMeta') :]}.{field}")


def _check_element(element: Object, struct: str) -> None:
    for field, value in element.items():
        place = f"struct field {struct}.{field}"
        if value is not None and field in _INNER_TEXTS:
            _expect(value, str, place, "string")
        elif value is not None and field == "uid":
            _expect(value, str, place, "types.UID")
        elif value is not None and field in ("blockOwnerDeletion", "controller"):
            _expect(value, bool, place, "bool")


def _list_of(kind: str) -> str:
    return f"[]{kind}"


def _expect_all(values: Any, kind: type, place: str, go_type: str) -> None:
    for value in values:
        if value is not None:
            _expect(value, kind, place, go_type)


def _expect(value: Any, kind: type, place: str, go_type: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _mistyped(value, place, go_type)


def _settle_times(node: Object, fields: tuple[str, ...], layout: gotimes.Layout, form: Callable[[str], str]) -> None:
    for field in fields:
        value = node.get(field)
        if value is not None:
            if problem := gotimes.problem(str(value), layout):
                raise Undecodable(problem)
            node[field] = form(value)


def _mistyped_field(resource: Resource, error: jsonschema_rs.ValidationError) -> Undecodable:
    """What Go calls the struct, the field and its type; an entry of a map goes by the map's name."""
    steps = [str(step) for step in error.instance_path]
    go_type = _go_type(resource, steps, error)
    if len(steps) == _MAP_ENTRY and structural.is_map(structural.child(resource.schema, steps[0])):
        steps.pop()
    struct = resource.kind if len(steps) == 1 else f"{resource.kind}{steps[0].capitalize()}"
    return _mistyped(error.instance, f"struct field {struct}.{'.'.join(steps)}", go_type)


def _go_type(resource: Resource, steps: list[str], error: jsonschema_rs.ValidationError) -> str:
    wanted = str((error.kind.as_dict().get("types") or ["string"])[0])
    if wanted == "object":
        is_map = len(steps) == 1 and structural.is_map(structural.child(resource.schema, steps[0]))
        return "map[string]string" if is_map else f"v1.{resource.kind}{steps[0].capitalize()}"
    return {"integer": "int32", "boolean": "bool"}.get(wanted, wanted)


def _mistyped(value: Any, place: str, go_type: str) -> Undecodable:
    return Undecodable(mismatch(value, f"{place} of type {go_type}"))


def mismatch(value: Any, target: str) -> str:
    """What Go's decoder says of a JSON value that does not fit its target."""
    kinds = {bool: "bool", int: "number", float: "number", list: "array", dict: "object", str: "string"}
    kind = kinds.get(type(value), "null")
    if isinstance(value, float) and target.endswith(("int32", "int64")):
        kind = f"number {value}"
    return f"json: cannot unmarshal {kind} into Go {target}"

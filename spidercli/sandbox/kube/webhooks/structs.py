"""What Go makes of an object that a webhook of Spiderpool decodes into structs and answers with.

A field of another JSON type can't be decoded. An empty list of an optional field is left out, and a missing required
field comes back with its zero value, before anything is validated.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from spidercli.sandbox.kube import errors, gotypes, resources, structural
from spidercli.sandbox.kube.values import Object

_SPECS = {
    "SpiderIPPool": "v2beta1.IPPoolSpec",
    "SpiderMultusConfig": "v2beta1.MultusCNIConfigSpec",
    "SpiderCoordinator": "v2beta1.CoordinatorSpec",
    "SpiderReservedIP": "v2beta1.ReservedIPSpec",
}
# Fields to the types of their structs (pkg/k8s/apis/spiderpool.spidernet.io/v2beta1).
_STRUCTS = {
    "bond": "v2beta1.BondConfig",
    "coordinator": "v2beta1.CoordinatorSpec",
    "ibsriov": "v2beta1.SpiderIBSriovCniConfig",
    "ipoib": "v2beta1.SpiderIpoibCniConfig",
    "ippools": "v2beta1.SpiderpoolPools",
    "ipvlan": "v2beta1.SpiderIPvlanCniConfig",
    "macvlan": "v2beta1.SpiderMacvlanCniConfig",
    "matchExpressions": "v1.LabelSelectorRequirement",
    "namespaceAffinity": "v1.LabelSelector",
    "nodeAffinity": "v1.LabelSelector",
    "ovs": "v2beta1.SpiderOvsCniConfig",
    "podAffinity": "v1.LabelSelector",
    "policyRoutes": "v2beta1.Route",
    "routes": "v2beta1.Route",
    "sriov": "v2beta1.SpiderSRIOVCniConfig",
    "trunk": "v2beta1.Trunk",
    "vlan": "v2beta1.SpiderVlanCniConfig",
}
_ZERO: dict[str, object] = {"string": "", "integer": 0, "boolean": False}


def decode(manifest: Object) -> Object:
    """Bring an object's spec into the form that Go would write, in place, and return it.

    Raises:
        ApiError: 400 for a value of a type that Go can't decode.
    """
    kind, schema = manifest["kind"], _schemas()[manifest["kind"]]
    if manifest.get("spec") is None:
        manifest["spec"] = {}
    for problem in _Types(_SPECS[kind]).problems(manifest["spec"], schema, kind, "spec"):
        raise errors.ApiError(HTTPStatus.BAD_REQUEST, "", problem)
    spec: Object = manifest["spec"]
    _encode(spec, schema)
    return spec


@functools.cache
def _schemas() -> dict[str, Object]:
    """The schemas of the kinds' specs: those of Spiderpool's own definitions, whatever a cluster's are."""
    definitions = (crd["spec"] for crd in resources.spiderpool_definitions())
    return {
        spec["names"]["kind"]: structural.child(spec["versions"][0]["schema"]["openAPIV3Schema"], "spec")
        for spec in definitions
    }


class _Types:
    """The Go types of a kind's fields."""

    def __init__(self, spec: str) -> None:
        self._spec = spec

    def problems(self, value: Any, schema: Object, struct: str, path: str) -> Iterator[str]:
        """Values of wrong types below a field, in the order in which Go meets them; structs go by their fields."""
        field = path.rpartition(".")[2]
        if value is None or "type" not in schema:
            return
        if not _fits(value, schema["type"]):
            yield gotypes.mismatch(value, f"struct field {struct}.{path} of type {self._named(schema, field)}")
        elif isinstance(value, list):
            for element in value:
                yield from self.problems(element, structural.items(schema), struct, path)
        elif isinstance(value, dict):
            yield from self._fields(value, schema, struct, path)

    def _fields(self, value: Object, schema: Object, struct: str, path: str) -> Iterator[str]:
        if "additionalProperties" in schema:
            for key in sorted(value):
                yield from self.problems(value[key], structural.child(schema, key), struct, path)
            return
        inner = self._named(schema, path.rpartition(".")[2]).rpartition(".")[2]
        for key in sorted(value):
            yield from self.problems(value[key], structural.child(schema, key), inner, f"{path}.{key}")

    def _named(self, schema: Object, field: str) -> str:
        match schema["type"]:
            case "array":
                return f"[]{self._named(structural.items(schema), field)}"
            case "object" if "additionalProperties" in schema:
                return "map[string]string"
            case "object":
                return self._spec if field == "spec" else _STRUCTS[field]
            case "integer":
                return str(schema.get("format", "int"))
            case other:
                return "bool" if other == "boolean" else str(other)


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    wanted = {"array": list, "object": dict, "string": str, "integer": int}.get(kind)
    return wanted is not None and isinstance(value, wanted)


def _encode(value: Any, schema: Object) -> None:
    if isinstance(value, list):
        inner = structural.items(schema)
        if inner["type"] == "string":
            value[:] = ["" if element is None else element for element in value]
        for element in value:
            _encode(element, inner)
    elif isinstance(value, dict) and "properties" in schema:
        for key, declared in schema["properties"].items():
            _encode_field(value, key, declared, required=key in schema.get("required", ()))


def _encode_field(value: Object, key: str, declared: Object, *, required: bool) -> None:
    if value.get(key) is None:
        value.pop(key, None)
        if required and declared["type"] in _ZERO:
            value[key] = _ZERO[declared["type"]]
        elif required and declared["type"] == "array":
            value[key] = None  # which the schema refuses
    elif not required and _is_empty(value[key], declared):
        del value[key]
    else:
        _encode(value[key], declared)


def _is_empty(value: Any, declared: Object) -> bool:
    """Whether it is an empty list or map; an optional struct or text is there, even if nothing is in it."""
    return value == [] or (value == {} and "additionalProperties" in declared)

"""What an object must satisfy to be stored, apart from Spiderpool's own rules (those are webhooks)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from spidercli.sandbox.kube import errors, naming
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object, dig

_PROVIDER_ID_RULE = 'node updates may not change providerID except from "" to valid'
_MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)")


def check(resource: Resource, live: Object | None, manifest: Object) -> None:
    """Refuse an object that may not be stored.

    Raises:
        ApiError: 422 Invalid with every cause, or 400 for a built-in kind whose fields have wrong types.
    """
    _check_decoding(resource, manifest)
    found = [
        *naming.problems(resource, live, manifest["metadata"]),
        *_by_schema(resource, manifest),
        *_by_kind(resource, live, manifest),
    ]
    if found:
        raise errors.invalid(resource, manifest["metadata"].get("name", ""), found)


def _check_decoding(resource: Resource, manifest: Object) -> None:
    """Wrong types that Go refuses while decoding, before anything is validated."""
    metadata = manifest["metadata"]
    for field in ("annotations", "labels"):
        for value in (metadata.get(field) or {}).values():
            if not isinstance(value, str):
                raise _undecodable(resource, _mistype(value, f"ObjectMeta.metadata.{field}"))
    if not resource.custom:
        for error in resource.validator.iter_errors(manifest):
            raise _undecodable(resource, _mistype(error.instance, f"{resource.kind}.{_path(error.instance_path)}"))
    if resource.kind == "Lease":
        _check_micro_times(resource, manifest.get("spec") or {})


def _mistype(value: Any, field: str) -> str:
    kinds = {bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
    kind = kinds.get(type(value), "string")
    return f"json: cannot unmarshal {kind} into Go struct field {field} of type string"


def _check_micro_times(resource: Resource, spec: Object) -> None:
    for field in ("acquireTime", "renewTime"):
        value = spec.get(field)
        if value is not None and not _MICRO_TIME.fullmatch(str(value)):
            layout = "2006-01-02T15:04:05.000000Z07:00"
            raise _undecodable(resource, f'parsing time "{value}" as "{layout}": cannot parse "{value}"')


def _undecodable(resource: Resource, problem: str) -> errors.ApiError:
    return errors.bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {problem}'
    )


def _by_schema(resource: Resource, manifest: Object) -> Iterator[Cause]:
    if resource.custom:
        body = {key: value for key, value in manifest.items() if key != "metadata"}
        for error in resource.validator.iter_errors(body):
            yield _schema_cause(error)


def _schema_cause(error: jsonschema_rs.ValidationError) -> Cause:
    field, facts = _path(error.instance_path), error.kind.as_dict()
    match error.kind.name:
        case "required":
            return Cause.required(f"{field}.{facts['property']}".lstrip("."))
        case "enum":
            return Cause.unsupported(field, _go_syntax(error.instance), facts["options"])
        case "type":
            kind = _json_type(error.instance)
            wanted = "/".join(facts["types"])
            detail = f'{field} in body must be of type {wanted}: "{kind}"'
            return Cause(field, "FieldValueTypeInvalid", f'Invalid value: "{kind}": {detail}')
        case "minimum" | "maximum" as bound:
            relation = "greater than or equal to" if bound == "minimum" else "less than or equal to"
            shown = _go_syntax(error.instance)
            return Cause.invalid(field, shown, f"{field} in body should be {relation} {facts['limit']}")
        case _:
            return Cause.invalid(field, _go_syntax(error.instance), error.message)


def _path(steps: Iterable[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _go_syntax(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _json_type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _by_kind(resource: Resource, live: Object | None, manifest: Object) -> Iterator[Cause]:
    if resource.kind == "Node" and live is not None:
        yield from _provider_id(dig(live, "spec", "providerID"), dig(manifest, "spec", "providerID"))


def _provider_id(before: str | None, after: str | None) -> Iterator[Cause]:
    if before and before != after:
        yield Cause.forbidden("spec.providerID", _PROVIDER_ID_RULE)

"""What an object must satisfy to be stored, apart from Spiderpool's own rules (those are webhooks)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from spidercli.sandbox.kube import errors, kindrules, naming
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object


def check(resource: Resource, live: Object | None, manifest: Object) -> None:
    """Refuse an object that may not be stored.

    Raises:
        ApiError: 422 Invalid with every cause.
    """
    found = [
        *naming.problems(resource, live, manifest["metadata"]),
        *dict.fromkeys(_by_schema(resource, manifest)),
        *kindrules.problems(resource, live, manifest),
    ]
    if found:
        raise errors.invalid(resource, manifest["metadata"].get("name", ""), found)


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

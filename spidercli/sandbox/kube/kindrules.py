"""The rules of built-in kinds that clients meet: what their strategies validate beside the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spidercli.sandbox.kube import noderules
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object

_KEY = "[-._a-zA-Z0-9]+"
_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    f"or 'key-name', regex used for validation is '{_KEY}')"
)
_LONGEST_KEY = 253
_MAPS = {"ConfigMap": ("data", "binaryData"), "Secret": ("data",)}


def problems(resource: Resource, live: Object | None, manifest: Object) -> Iterator[Cause]:
    """What is wrong with an object of a built-in kind."""
    if resource.custom:
        return
    if resource.kind == "Node":
        yield from noderules.problems(live, manifest)
    if resource.kind == "Lease":
        yield from _lease(manifest.get("spec") or {})
    for field in _MAPS.get(resource.kind, ()):
        yield from _keys(field, manifest.get(field) or {})
    if resource.kind == "ConfigMap":
        yield from _duplicates(manifest)


def _lease(spec: Object) -> Iterator[Cause]:
    duration, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if duration is not None and duration <= 0:
        yield Cause.invalid("spec.leaseDurationSeconds", str(duration), "must be greater than 0")
    if transitions is not None and transitions < 0:
        yield Cause.invalid("spec.leaseTransitions", str(transitions), "must be greater than or equal to 0")


def _keys(field: str, entries: Object) -> Iterator[Cause]:
    for key in sorted(entries):
        for problem in _key(key):
            yield Cause.invalid(f"{field}[{key}]", f'"{key}"', problem)


def _key(key: str) -> Iterator[str]:
    if len(key) > _LONGEST_KEY:
        yield f"must be no more than {_LONGEST_KEY} bytes"
    if not re.fullmatch(_KEY, key):
        yield _KEY_RULE
    if key in (".", ".."):
        yield f"must not be '{key}'"
    elif key.startswith(".."):
        yield "must not start with '..'"


def _duplicates(manifest: Object) -> Iterator[Cause]:
    for key in sorted((manifest.get("data") or {}).keys() & (manifest.get("binaryData") or {}).keys()):
        yield Cause.invalid(f"data[{key}]", f'"{key}"', "duplicate of key present in binaryData")

"""The rules of metadata: names, labels, annotations and finalizers (k8s.io/apimachinery, pkg/api/validation)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object, dig

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LONGEST_SUBDOMAIN = 253
_LONGEST_LABEL = 63
_LARGEST_ANNOTATIONS = 256 * 1024

_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{_SUBDOMAIN}')"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    f"with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
    f"is '{_VALUE}')"
)
_QUALIFIED_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)
_KEY_RULE = (
    f"a valid label key {_QUALIFIED_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)
_FINALIZER_ADVICE = (
    "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other "
    "finalizer writers"
)
_IMMUTABLE = ("name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds")
_LAYERS = 2
_OWNERS = "metadata.ownerReferences"
_STANDARD_FINALIZERS = frozenset({"foregroundDeletion", "kubernetes", "orphan"})


def finalizer_warnings(resource: Resource, live: Object | None, manifest: Object) -> list[str]:
    """The advice that the server gives for each new finalizer of a custom resource."""
    before = dig(live, "metadata", "finalizers") or ()
    return [
        f'metadata.finalizers: "{finalizer}": {_FINALIZER_ADVICE}'
        for finalizer in sorted(manifest["metadata"].get("finalizers") or ())
        if resource.custom and finalizer not in before and _is_plain(finalizer)
    ]


def _is_plain(finalizer: str) -> bool:
    return "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS


def problems(resource: Resource, live: Object | None, metadata: Object) -> Iterator[Cause]:
    """What is wrong with an object's metadata."""
    if live is None:
        yield from _name(resource, metadata)
        yield from _common(metadata)
        yield from _finalizers(metadata)
        return
    # An update is checked by several layers of the server, and each one's findings are listed.
    yield from [*_immutable(live["metadata"], metadata)] * _LAYERS
    yield from [*_common(metadata)] * (_LAYERS + (1 if resource.custom else 2))
    yield from [*_finalizers(metadata)] * (1 if resource.custom else 2)


def _common(metadata: Object) -> Iterator[Cause]:
    yield from _labels(metadata.get("labels") or {})
    yield from _annotations(metadata.get("annotations") or {})
    yield from _owners(metadata.get("ownerReferences") or ())


def _finalizers(metadata: Object) -> Iterator[Cause]:
    for finalizer in metadata.get("finalizers") or ():
        yield from qualified_key("metadata.finalizers", finalizer)


def _name(resource: Resource, metadata: Object) -> Iterator[Cause]:
    rule = _name_rule(resource)
    name, prefix = metadata.get("name", ""), metadata.get("generateName", "")
    if prefix and (problem := rule(prefix.rstrip("-"))):
        yield Cause.invalid("metadata.generateName", f'"{prefix}"', problem)
    if not name:
        yield Cause.required("metadata.name", "name or generateName is required")
    elif problem := rule(name):
        yield Cause.invalid("metadata.name", f'"{name}"', problem)


def _name_rule(resource: Resource) -> Callable[[str], str | None]:
    if resource.group == "rbac.authorization.k8s.io":
        return _path_segment
    return _label_name if resource.kind in ("Namespace", "Service") else _subdomain


def _path_segment(name: str) -> str | None:
    if name in (".", ".."):
        return f"may not be '{name}'"
    return next((f"may not contain '{sign}'" for sign in "/%" if sign in name), None)


def _subdomain(name: str) -> str | None:
    if len(name) > _LONGEST_SUBDOMAIN:
        return f"must be no more than {_LONGEST_SUBDOMAIN} bytes"
    return None if re.fullmatch(_SUBDOMAIN, name) else _SUBDOMAIN_RULE


def _label_name(name: str) -> str | None:
    if len(name) > _LONGEST_LABEL:
        return f"must be no more than {_LONGEST_LABEL} bytes"
    return None if re.fullmatch(_LABEL, name) else _LABEL_RULE


def _immutable(live: Object, metadata: Object) -> Iterator[Cause]:
    for field in _IMMUTABLE:
        if metadata.get(field) != live.get(field):
            yield Cause.invalid(f"metadata.{field}", f'"{metadata.get(field)}"', "field is immutable")
    added = [each for each in metadata.get("finalizers") or () if each not in (live.get("finalizers") or ())]
    if added and live.get("deletionTimestamp"):
        listed = ", ".join(f'"{finalizer}"' for finalizer in added)
        yield Cause.forbidden(
            "metadata.finalizers",
            f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}",
        )


def _labels(labels: Object) -> Iterator[Cause]:
    for key, value in labels.items():
        yield from qualified_key("metadata.labels", key)
        yield from label_value("metadata.labels", value)


def label_value(field: str, value: str) -> Iterator[Cause]:
    """What is wrong with the value of a label or a taint."""
    if len(value) > _LONGEST_LABEL:
        yield Cause.invalid(field, f'"{value}"', f"must be no more than {_LONGEST_LABEL} bytes")
    if not re.fullmatch(_VALUE, value):
        yield Cause.invalid(field, f'"{value}"', _VALUE_RULE)


def _annotations(annotations: Object) -> Iterator[Cause]:
    for key in annotations:
        yield from qualified_key("metadata.annotations", key.lower())
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _LARGEST_ANNOTATIONS:
        detail = f"Too long: may not be more than {_LARGEST_ANNOTATIONS} bytes"
        yield Cause("metadata.annotations", "FieldValueTooLong", detail)


def _owners(references: Sequence[Object]) -> Iterator[Cause]:
    controllers: list[str] = []
    for reference in references:
        yield from _owner(reference)
        if reference.get("controller"):
            controllers.append(f"{reference.get('kind', '')}/{reference.get('name', '')}")
    for other in controllers[1:]:
        detail = (
            'Only one reference can have Controller set to true. Found "true" in references for '
            f"{controllers[0]} and {other}"
        )
        yield Cause.invalid(_OWNERS, _shown(references), detail)


def _owner(reference: Object) -> Iterator[Cause]:
    version, kind = reference.get("apiVersion", ""), reference.get("kind", "")
    if not version or version.count("/") > 1:
        yield Cause.invalid(f"{_OWNERS}.apiVersion", f'"{version}"', "version must not be empty")
    for field in ("kind", "name", "uid"):
        if not reference.get(field):
            yield Cause.invalid(f"{_OWNERS}.{field}", '""', "must not be empty")
    if (version, kind) == ("v1", "Event"):
        yield Cause.invalid(_OWNERS, _shown(reference), "/v1, Kind=Event is disallowed from being an owner")


def _shown(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def qualified_key(field: str, key: str) -> Iterator[Cause]:
    """What is wrong with the key of a label, an annotation or a taint."""
    prefix, slash, name = key.partition("/")
    if "/" in name:
        yield Cause.invalid(field, f'"{key}"', _KEY_RULE)
        return
    if slash and (problem := _prefix(prefix)):
        yield Cause.invalid(field, f'"{key}"', f"prefix part {problem}")
    for problem in _name_part(name if slash else key):
        yield Cause.invalid(field, f'"{key}"', f"name part {problem}")


def _prefix(prefix: str) -> str | None:
    return _subdomain(prefix) if prefix else "must be non-empty"


def _name_part(name: str) -> Iterator[str]:
    if not name:
        yield "must be non-empty"
    if len(name) > _LONGEST_LABEL:
        yield f"must be no more than {_LONGEST_LABEL} bytes"
    if not re.fullmatch(_QUALIFIED, name):
        yield _QUALIFIED_RULE

"""Label and field selectors of list, watch and deletecollection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object, dig

Predicate = Callable[[Object], bool]
Labels = dict[str, str]

_SET_BASED = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s*\((?P<values>[^)]*)\)$")
_EQUALITY = re.compile(r"(?P<key>[^\s=!]+)\s*(?P<operator>==?|!=)\s*(?P<value>[^\s=!]*)$")
_EXISTENCE = re.compile(r"(?P<absent>!?)\s*(?P<key>[^\s=!,()]+)$")
_REQUIREMENTS = re.compile(r",(?![^(]*\))")

# What each kind's strategy lets a field selector name, beside metadata.name and metadata.namespace.
_FIELDS: dict[str, frozenset[str]] = {
    "pods": frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        }
    ),
    "nodes": frozenset({"spec.unschedulable"}),
    "namespaces": frozenset({"status.phase"}),
    "secrets": frozenset({"type"}),
    "services": frozenset({"spec.clusterIP", "spec.type"}),
    "jobs.batch": frozenset({"status.successful"}),
    "events": frozenset(
        {
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        }
    ),
}
_EVERYWHERE = frozenset({"metadata.name", "metadata.namespace"})


def matcher(resource: Resource, labels: str, fields: str) -> Predicate | None:
    """Whether an object is selected; None when both selectors are empty.

    Raises:
        ApiError: 400 for a selector that can't be parsed, or a field that the kind does not index.
    """
    tests = [*_label_tests(labels), *_field_tests(resource, fields)]
    return (lambda manifest: all(test(manifest) for test in tests)) if tests else None


def _label_tests(selector: str) -> Iterable[Predicate]:
    for requirement in filter(None, map(str.strip, _REQUIREMENTS.split(selector))):
        yield _on_labels(_label_test(requirement))


def _on_labels(test: Callable[[Labels], bool]) -> Predicate:
    return lambda manifest: test(manifest["metadata"].get("labels") or {})


def _label_test(requirement: str) -> Callable[[Labels], bool]:
    if found := _SET_BASED.match(requirement):
        return _set_test(found["key"], found["operator"], found["values"])
    if found := _EQUALITY.match(requirement):
        key, value = found["key"], found["value"]
        if found["operator"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _EXISTENCE.match(requirement):
        key, wanted = found["key"], not found["absent"]
        return lambda labels: (key in labels) is wanted
    raise errors.bad_request(f"unable to parse requirement: {requirement!r}")


def _set_test(key: str, operator: str, values: str) -> Callable[[Labels], bool]:
    wanted = {value.strip() for value in values.split(",")}
    if operator == "in":
        return lambda labels: labels.get(key) in wanted
    return lambda labels: labels.get(key) not in wanted


def _field_tests(resource: Resource, selector: str) -> Iterable[Predicate]:
    for requirement in filter(None, selector.split(",")):
        found = _EQUALITY.match(requirement)
        if not found:
            raise errors.bad_request(f"invalid field selector: {requirement!r}")
        if found["key"] not in _EVERYWHERE | _FIELDS.get(resource.qualified, frozenset()):
            raise errors.bad_request(f"field label not supported: {found['key']}")
        yield _field_test(found["key"], found["value"], equal=found["operator"] != "!=")


def _field_test(field: str, value: str, *, equal: bool) -> Predicate:
    path = field.split(".")
    return lambda manifest: (_text(dig(manifest, *path)) == value) is equal


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)

"""Tables, the form in which kubectl asks for what it prints."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from spidercli.sandbox.kube import durations
from spidercli.sandbox.kube.resources import Column, Resource
from spidercli.sandbox.kube.values import Object, dig

_STEP = re.compile(r"\.(?P<field>[A-Za-z0-9_-]+)|\['(?P<quoted>(?:\\.|[^'])*)'\]|\[(?P<index>\d+)\]")


@dataclasses.dataclass(frozen=True)
class Cell:
    """A column of a table, with the function that fills it."""

    name: str
    show: Callable[[Object, dt.datetime], Any]
    type: str = "string"
    wide: bool = False

    def definition(self) -> Object:
        """The column as a Table declares it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" else "",
            "description": "",
            "priority": int(self.wide),
        }


def name(manifest: Object, _now: dt.datetime) -> Any:
    """The object's name."""
    return manifest["metadata"]["name"]


def created(manifest: Object, now: dt.datetime) -> Any:
    """The object's age."""
    return durations.age(manifest["metadata"].get("creationTimestamp"), now)


NAME = Cell("Name", name)
AGE = Cell("Age", created)


def custom_columns(resource: Resource) -> tuple[Cell, ...]:
    """The columns that a CustomResourceDefinition declares; name and age if it declares none."""
    if not resource.columns:
        return (NAME, AGE)
    return (NAME, *(Cell(each.name, _filler(each), each.type, each.priority > 0) for each in resource.columns))


def table(columns: Iterable[Cell], objects: Iterable[Object], metadata: Object, now: dt.datetime, part: str) -> Object:
    """A Table.

    Args:
        columns: What to show.
        objects: The rows.
        metadata: The list's metadata, with resourceVersion and continue.
        now: The time that ages are counted to.
        part: What each row carries beside its cells: Metadata, Object or None (the API's `includeObject`).
    """
    columns = tuple(columns)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in columns],
        "rows": [_row(columns, each, now, part) for each in objects],
    }


def partial(manifest: Object) -> Object:
    """An object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": manifest["metadata"]}


def _row(columns: tuple[Cell, ...], manifest: Object, now: dt.datetime, part: str) -> Object:
    row: Object = {"cells": [column.show(manifest, now) for column in columns]}
    if part != "None":
        row["object"] = manifest if part == "Object" else partial(manifest)
    return row


def _filler(column: Column) -> Callable[[Object, dt.datetime], Any]:
    steps = _steps(column.path)
    show = _SHOWN.get(column.type, _plain)
    return lambda manifest, now: show(_walk(manifest, steps), now)


def _steps(path: str) -> tuple[str | int, ...]:
    found: list[str | int] = []
    for step in _STEP.finditer(path):
        if step["index"]:
            found.append(int(step["index"]))
        else:
            found.append(step["field"] or re.sub(r"\\(.)", r"\1", step["quoted"]))
    return tuple(found)


def _walk(value: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = dig(value, step)
    return value


def _text(value: Any, _now: dt.datetime) -> Any:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _date(value: Any, now: dt.datetime) -> Any:
    return None if value is None else durations.age(value, now)


def _plain(value: Any, _now: dt.datetime) -> Any:
    return value


_SHOWN = {"string": _text, "date": _date}

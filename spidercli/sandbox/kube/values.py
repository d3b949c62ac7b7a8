"""Parsed JSON as the sandbox holds it.

An object that is stored is never changed any more: whoever wants another one clones it first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar, cast

Object = dict[str, Any]
"""A Kubernetes object, or a part of one."""

Key = tuple[str, str]
"""An object's namespace ("" for a cluster-scoped one) and name."""

_T = TypeVar("_T")

Clock = Callable[[], dt.datetime]


def clone(value: _T) -> _T:
    """A copy of parsed JSON that shares nothing that can change."""
    return cast("_T", _clone(value))


def _clone(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clone(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clone(inner) for inner in value]
    return value


def dig(value: Any, *path: str) -> Any:
    """The value at a path of keys; None where the path ends early."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def key_of(manifest: Object) -> Key:
    """Where an object is stored."""
    metadata = manifest["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def utc_now() -> dt.datetime:
    """The real time."""
    return dt.datetime.now(dt.UTC)


def timestamp(moment: dt.datetime) -> str:
    """A moment as Kubernetes writes it: whole seconds, in UTC."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""The writes to SpiderIPPools, each in its turn."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import cast

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.planning.live import LivePool, network
from spidercli.planning.plan import Phase, Verb, Write
from spidercli.planning.targets import not_default
from spidercli.planning.turns import group


def applied(phase: Phase, body: Manifest) -> Write:
    """A server-side apply."""
    return Write(phase=phase, verb=Verb.APPLY, kind=kinds.IP_POOL, name=kinds.name(body), namespace=None, body=body)


def deleted(pool: LivePool) -> Write:
    """A delete that holds only for the pool as it was read: an allocation in the meantime changes its version."""
    meta = kinds.metadata(pool.manifest)
    return Write(
        phase=Phase.SHRINK,
        verb=Verb.DELETE,
        kind=kinds.IP_POOL,
        name=pool.name,
        namespace=None,
        body=None,
        uid=str(meta.get("uid")),
        resource_version=str(meta.get("resourceVersion")),
    )


def deleted_after_closing(pool: LivePool) -> Write:
    """A delete that waits until no pool of the family is default but those that go."""
    return dataclasses.replace(deleted(pool), needs=group(pool.subnet.version))


def closing(body: Manifest) -> Write:
    """A pool of a family that leaves ceases to be default, before others of it go."""
    return _not_default(applied(Phase.CLOSE, body))


def in_turn(writes: Sequence[Write]) -> Iterator[Write]:
    """Writes that end with a default pool of a family that comes: it is none before others of the family exist."""
    for write in writes:
        yield write if write.body is None else _not_default(write)
    yield opening(writes[-1])


def opening(write: Write) -> Write:
    """The write that makes a pool default, once all of its family exist."""
    return dataclasses.replace(write, phase=Phase.OPEN, needs=_group_of(write))


def _not_default(write: Write) -> Write:
    return dataclasses.replace(write, body=not_default(cast("Manifest", write.body)), part_of=_group_of(write))


def _group_of(write: Write) -> str:
    return group(network(str(kinds.spec(cast("Manifest", write.body))["subnet"])).version)

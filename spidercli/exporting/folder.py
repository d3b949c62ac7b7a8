"""A folder of manifests: what an export writes there, what it removes, and what it leaves because it knows too little.

Whatever applies such a folder may take an object away once its file is gone: a file goes only if its object would.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from spidercli import kinds, yamltext
from spidercli.errors import GuardTripped
from spidercli.exporting.manifests import PATCH, File, header
from spidercli.gateways import files as disk
from spidercli.planning import guards

Scope = Callable[[], Container[str] | None]
"""Gives the nodes that the facts are about; None is all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Revision:
    """What an export makes of a folder.

    Attributes:
        root: the folder.
        files: what is written.
        going: files of earlier exports of the same parts that nothing asks for any more.
        left: such files about nodes that this export is not about.
        pools: all files of pools that earlier exports wrote.
        pools_going: those of them that go.
    """

    root: pathlib.Path
    files: Sequence[File]
    going: Sequence[str]
    left: Sequence[str]
    pools: int
    pools_going: int

    def check(self, limit: str) -> None:
        """Refuse to remove more files of pools than `limit`, as `guards.check_losses` has it.

        Raises:
            GuardTripped: with what would go and what may.
        """
        allowed = guards.pools_allowed(self.pools, limit)
        if self.pools_going > allowed:
            raise GuardTripped(
                f"{self.pools_going:,} of {self.pools:,} files of pools would be removed from {self.root}, "
                f"--max-delete {limit} allows {allowed:,}; nothing was written",
                hint="check the inventory and the configuration first; if they are right, raise --max-delete",
            )

    def write(self) -> None:
        """Make the folder so.

        Raises:
            ConfigInvalid: something can't be written or removed there.
        """
        for file in self.files:
            disk.write(self.root / file.path, file.content, secret=file.secret)
        for path in self.going:
            disk.remove(self.root / path)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Old:
    """A file that an earlier export wrote."""

    part: str
    path: str  # in the folder
    root: pathlib.Path

    def is_unwanted(self, scope: Scope) -> bool:
        """Whether facts about such nodes are enough to know that nothing asks for it any more, if they do not."""
        if self.part == "ccm":
            return True
        nodes = scope()
        return nodes is None or any(name in nodes for name in self.nodes())

    def is_elsewhere(self, scope: Scope) -> bool:
        """Whether it is for nodes alone that the facts are not about."""
        nodes, own = scope(), self.nodes()
        return nodes is not None and bool(own) and not any(name in nodes for name in own)

    def nodes(self) -> Sequence[str]:
        """The nodes that it is for; none where it does not say, or where any node may need it."""
        if self.part == "provider-id":
            return [pathlib.PurePath(self.path).name.removesuffix(PATCH)]
        return list(_nodes_of(self.text())) if self.part == "pools" else []

    def text(self) -> str:
        return disk.read(self.root / self.path)


def compare(folder: str, found: Sequence[File], scope: Scope) -> Revision:
    """What has to change so that a folder holds these files, and no others that earlier exports of the parts left.

    Raises:
        UsageProblem: this is no name of a folder.
        DocumentInvalid: a file of an earlier export can't be read.
        GuardTripped: one has the name of a pool's file, and is about a node that the facts are not about.
    """
    root, known = disk.named(folder, "--out"), functools.cache(scope)
    old = {each.path: each for each in _exported(root, dict.fromkeys(file.part for file in found))}
    _refuse_taken(found, old, known)
    stale = sorted(old.keys() - {file.path for file in found})
    going = [path for path in stale if old[path].is_unwanted(known)]
    return Revision(
        root=root,
        files=found,
        going=going,
        left=sorted(set(stale) - set(going)),
        pools=sum(1 for each in old.values() if each.part == "pools"),
        pools_going=sum(1 for path in going if old[path].part == "pools"),
    )


def _refuse_taken(found: Iterable[File], old: Mapping[str, _Old], scope: Scope) -> None:
    pairs = [(file, old[file.path]) for file in found if file.part == "pools" and file.path in old]
    if not pairs or scope() is None:
        return
    for file, other in pairs:
        if other.text() != file.content and other.is_elsewhere(scope):
            raise GuardTripped(
                f"{other.root / other.path} is the pool of {', '.join(other.nodes())}, which this export is not about; "
                "nothing was written",
                hint="let pools.name tell the pools of all nodes apart, for example {node}-{nic}",
            )


def _exported(root: pathlib.Path, parts: Iterable[str]) -> Iterator[_Old]:
    """Files that earlier exports of some parts wrote: other files in the folder are somebody's own."""
    for path in root.glob("*/*") if os.path.isdir(root) else ():  # noqa: PTH112 - pathlib's raises for a long name
        part = next((part for part in parts if disk.starts_with(path, header(part))), None) if path.is_file() else None
        if part is not None:
            yield _Old(part=part, path=path.relative_to(root).as_posix(), root=root)


def _nodes_of(text: str) -> Iterator[str]:
    """The nodes of the pools in a file, as far as it can be read: somebody may have changed it by hand."""
    with contextlib.suppress(yamltext.YamlInvalid, AttributeError, TypeError):
        for manifest in yamltext.load_all(text):
            yield from map(str, kinds.spec(manifest).get("nodeName") or ())

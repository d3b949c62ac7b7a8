"""Writes that only make sense together: some wait until all others of their group were made."""

from __future__ import annotations

from typing import Any

from spidercli.errors import WriteRefused
from spidercli.planning.plan import Action, Phase, Plan


def grown(writing: Any, changing: Any, name: str, number: int) -> Any:
    """A pool that is created as part of a group, and written again when the group is complete."""
    first = writing(Phase.GROW, name, [number], part_of="IPv6")
    return changing(first, writing(Phase.OPEN, name, [number], needs="IPv6"), action=Action.CREATE)


def test_a_complete_group_goes_on(bench: Any, cluster_of: Any, writing: Any, changing: Any) -> None:
    """The second write of each follows the first write of all."""
    cluster = cluster_of({})
    report = bench.apply(Plan(changes=tuple(grown(writing, changing, f"p{at}", at) for at in (1, 2))), cluster)

    assert report.ok
    assert [Phase.GROW, Phase.GROW, Phase.OPEN, Phase.OPEN] == [write.phase for write in cluster.sent]


def test_an_incomplete_group_waits(bench: Any, cluster_of: Any, writing: Any, changing: Any) -> None:
    """After one refusal nothing that needs the group is sent; what is in no group, or in another, goes on."""
    cluster = cluster_of({})
    cluster.failing["p1"] = WriteRefused("no")
    others = changing(writing(Phase.OPEN, "q", [3], needs="IPv4")), changing(writing(Phase.OPEN, "r", [4]))
    changes = (grown(writing, changing, "p1", 1), grown(writing, changing, "p2", 2), *others)
    report = bench.apply(Plan(changes=changes), cluster)

    assert {("p2", Phase.GROW), ("q", Phase.OPEN), ("r", Phase.OPEN)} == {
        (write.name, write.phase) for write in cluster.sent if write.name != "p1"
    }
    assert [
        result.reason for result in report.results if (result.write.name, result.write.phase) == ("p2", Phase.OPEN)
    ] == ["it waits for other IPv6 pools, which were not written"]


def test_what_needs_a_group_does_not_wait_for_its_own_kind(
    bench: Any, cluster_of: Any, writing: Any, changing: Any
) -> None:
    """The more of them are made the better, even if one is refused."""
    cluster = cluster_of({"a": {1}, "b": {2}})
    cluster.failing["a"] = WriteRefused("no")
    changes = [changing(writing(Phase.OPEN, name, [at], needs="IPv6")) for at, name in enumerate("ab", 1)]
    bench.apply(Plan(changes=tuple(changes)), cluster)

    assert "b" in {write.name for write in cluster.sent}

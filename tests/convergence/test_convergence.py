"""Whatever the cloud and the cluster look like, and wherever a run is cut off: the runs that follow settle it."""

from __future__ import annotations

import dataclasses
import enum
import ipaddress
from collections.abc import Callable, Iterator, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import kinds
from spidercli.gateways.cluster.retrying import ConnectionLost
from spidercli.model import Manifest
from spidercli.planning.plan import Action
from tests.convergence.clouds import HOSTS, LAYOUTS, NICS, Cloud, clouds
from tests.convergence.clusters import (
    ClusterInMemory,
    Killed,
    excluded_in,
    finish_pods,
    held_in,
    listed_in,
    start_pod,
    sync,
    written_in,
)

_POOLS = [f"{node}-{nic}" for node, nic in NICS]
_ADDRESSES = [f"10.0.{net}.{host}" for net in (0, 1) for host in HOSTS]
_COLLECTION = kinds.IP_POOL.collection
_ROUNDS = 3  # runs that may write until nothing is left to write


class Cut(enum.Enum):
    """How a run is interrupted."""

    BEFORE = enum.auto()  # killed before the cluster sees its write
    AFTER = enum.auto()  # killed before it sees the cluster's answer
    LOST = enum.auto()  # the answer does not arrive, and it goes on

    def at(self, number: int, cluster: ClusterInMemory) -> None:
        """Let it happen at the write of this number."""

        def strike(now: int) -> None:
            if now == number:
                raise ConnectionLost("the answer got lost", in_doubt=True) if self is Cut.LOST else Killed

        if self is Cut.BEFORE:
            cluster.before = strike
        else:
            cluster.after = strike


@dataclasses.dataclass(frozen=True, kw_only=True)
class Story:
    """What happens, in the order of the fields."""

    first: Cloud
    others: tuple[Callable[[ClusterInMemory], object], ...]
    pods: frozenset[str]
    deleted: frozenset[str]
    second: Cloud
    cuts: tuple[tuple[Cut, int], ...]
    prune: bool
    adopt: bool
    threads: int


def _edit(pool: str, **spec: object) -> Callable[[ClusterInMemory], object]:
    return lambda cluster: cluster.ask("PATCH", f"{_COLLECTION}/{pool}", {"spec": spec})


def _made(name: str, subnet: str, ips: list[str], *, ours: bool) -> Callable[[ClusterInMemory], object]:
    labels = {kinds.MANAGED_BY: kinds.FIELD_MANAGER} if ours else {}
    body: Manifest = {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": kinds.IP_POOL.kind,
        "metadata": {"name": name, "labels": labels},
        "spec": {"subnet": subnet, "ips": ips, "nodeName": ["a"]},
    }
    return lambda cluster: cluster.ask("POST", _COLLECTION, body)


_SOME = st.lists(st.sampled_from(_ADDRESSES), max_size=3, unique=True)
_DEEDS = st.one_of(
    st.builds(lambda name, ips: _edit(name, ips=ips), st.sampled_from(_POOLS), _SOME),
    st.builds(lambda name, ips: _edit(name, excludeIPs=ips), st.sampled_from(_POOLS), _SOME),
    st.builds(lambda name, where: _edit(name, nodeName=[where]), st.sampled_from(_POOLS), st.sampled_from("abc")),
    st.builds(
        _made,
        st.sampled_from([*_POOLS, "stranger"]),
        st.sampled_from([subnet for layout in LAYOUTS for subnet in layout]),
        _SOME,
        ours=st.booleans(),
    ),
)
"""What others do to the pools; the webhook refuses what makes no sense."""

stories = st.builds(
    Story,
    first=clouds(),
    others=st.lists(_DEEDS, max_size=3).map(tuple),
    pods=st.frozensets(st.sampled_from(_ADDRESSES), max_size=4),
    deleted=st.frozensets(st.sampled_from([*_POOLS, "stranger"]), max_size=2),
    second=clouds(),
    cuts=st.lists(st.tuples(st.sampled_from(Cut), st.integers(1, 6)), max_size=2).map(tuple),
    prune=st.booleans(),
    adopt=st.booleans(),
    threads=st.sampled_from([1, 3]),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(story=stories)
def test_runs_converge_wherever_they_are_cut_off(story: Story) -> None:
    """No write is refused, nothing in use goes, what is not ours stays, and the end is what the cloud says."""
    cluster = ClusterInMemory()
    _prepare(cluster, story)
    strangers = _strangers(cluster, story)

    for cut, number in story.cuts:
        cut.at(number, cluster)
        _run(cluster, story)
        cluster.revive()
    _settle(cluster, story)
    _check_end(cluster, story)

    finish_pods(cluster.kube)
    _settle(cluster, story)
    _check_end(cluster, story)
    assert strangers.items() <= cluster.pools().items()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(story=stories, address=st.sampled_from(_ADDRESSES), number=st.integers(1, 5))
def test_a_pod_that_starts_in_the_middle_keeps_its_address(story: Story, address: str, number: int) -> None:
    """An address that is given out between the plan and a write stays where it is; the next runs settle the rest."""
    cluster = ClusterInMemory()
    _prepare(cluster, story)

    cluster.before = lambda now: start_pod(cluster.kube, address) if now == number else None
    sync(cluster, story.second, prune=story.prune, adopt=story.adopt, threads=1)
    assert all(_is_about_pods(text) for text in cluster.refused), cluster.refused
    cluster.revive()

    _settle(cluster, story)
    _check_end(cluster, story)


def _is_about_pods(refusal: str) -> bool:
    """Whether a write was refused because a pod has taken an address since the pool was read."""
    return "that is being used by Pod" in refusal


def _prepare(cluster: ClusterInMemory, story: Story) -> None:
    sync(cluster, story.first, prune=True, adopt=True, threads=1)
    for deed in story.others:
        deed(cluster)
    for address in sorted(story.pods):
        start_pod(cluster.kube, address)
    for name in story.deleted & cluster.pools().keys():
        cluster.kube.remove(kinds.IP_POOL.api_version, kinds.IP_POOL.plural, name)
    cluster.revive()


def _strangers(cluster: ClusterInMemory, story: Story) -> dict[str, Manifest]:
    """The pools that are nobody's business; their status and their end are their own affair."""
    wanted = story.second.pools() if story.adopt else {}
    return {
        name: pool
        for name, pool in cluster.pools().items()
        if not kinds.is_ours(pool) and name not in wanted and not held_in(pool)
    }


def _run(cluster: ClusterInMemory, story: Story) -> int:
    """One run, which may be cut off; how many writes it made."""
    before = cluster.writes
    try:
        plan, report = sync(cluster, story.second, prune=story.prune, adopt=story.adopt, threads=story.threads)
    except Killed:
        return cluster.writes - before
    assert not cluster.refused
    assert report is None or report.ok, list(report.lines())
    assert bool(plan.of(Action.BLOCKED, Action.CONFLICT)) or report or _as_wished(cluster, story)
    return cluster.writes - before


def _settle(cluster: ClusterInMemory, story: Story) -> None:
    """Run until there is nothing left to write."""
    for _ in range(_ROUNDS):
        if not _run(cluster, story):
            return
    raise AssertionError("it does not come to an end")


def _as_wished(cluster: ClusterInMemory, story: Story) -> bool:
    """Whether our pools are those that the cloud asks for, apart from some that are on their way out."""
    staying = [pool for name, pool in cluster.pools().items() if kinds.is_ours(pool) and not _is_leaving(pool)]
    listed = {kinds.name(pool): written_in(pool) for pool in staying}
    return {name: ips for name, ips in listed.items() if ips or name not in story.second.idle()} == story.second.pools()


def _check_end(cluster: ClusterInMemory, story: Story) -> None:
    """Whatever is not as the cloud says has a reason."""
    live, wanted = cluster.pools(), story.second.pools()
    for name, there in wanted.items():
        for address in there - _ips(live.get(name)):
            assert any(_in_the_way(live, story, name, address)), f"{name} lacks {address} for no reason"
    for name, pool in live.items():
        for address in listed_in(pool) - wanted.get(name, frozenset()):
            assert any(_reasons_to_keep(live, story, pool, address)), f"{name} keeps {address} for no reason"


def _in_the_way(live: Mapping[str, Manifest], story: Story, name: str, address: str) -> Iterator[bool]:
    """What may keep an address from its pool."""
    if name in live:
        yield not kinds.is_ours(live[name])
        yield address in excluded_in(live[name])
        yield _is_stuck(live[name], live, story)
    for other in (pool for pool in live.values() if kinds.name(pool) != name):
        if address in listed_in(other):
            yield not kinds.is_ours(other) or address in held_in(other) or _is_stuck(other, live, story)
        if _overlap(_subnet(other), story.second.subnet(name)):
            yield _stays(other, live, story)


def _reasons_to_keep(live: Mapping[str, Manifest], story: Story, pool: Manifest, address: str) -> Iterator[bool]:
    """Why a pool may list an address that the cloud does not give it."""
    name = kinds.name(pool)
    yield not kinds.is_ours(pool)
    yield address in held_in(pool)
    yield _is_stuck(pool, live, story)
    yield name not in story.second.pools().keys() | story.second.idle() and not story.prune


def _is_stuck(pool: Manifest, live: Mapping[str, Manifest], story: Story) -> bool:
    """Whether a pool that is wanted otherwise has to stay as it is for now."""
    name = kinds.name(pool)
    there = story.second.pools().get(name)
    if there is None:
        return _is_leaving(pool) and bool(held_in(pool))
    if _is_leaving(pool) or _subnet(pool) != story.second.subnet(name):
        return _can_not_be_made_anew(pool, live, story)
    return kinds.spec(pool).get("nodeName") != [name.partition("-")[0]] and not held_in(pool) <= there


def _can_not_be_made_anew(pool: Manifest, live: Mapping[str, Manifest], story: Story) -> bool:
    name = kinds.name(pool)
    others = {key: other for key, other in live.items() if key != name}
    overlapping = (other for other in others.values() if _overlap(_subnet(other), story.second.subnet(name)))
    taken = frozenset[str]().union(*map(written_in, others.values()))
    return bool(
        held_in(pool)
        or excluded_in(pool)  # somebody wants pods to keep off them
        or story.second.pools()[name] <= taken
        or any(_stays(other, others, story) for other in overlapping)
    )


def _stays(pool: Manifest, live: Mapping[str, Manifest], story: Story) -> bool:
    """Whether a pool does not go away by itself, whatever its addresses."""
    unwanted = kinds.name(pool) not in story.second.pools()
    if not kinds.is_ours(pool) or held_in(pool):
        return True
    return not story.prune if unwanted else _is_stuck(pool, live, story)


def _is_leaving(pool: Manifest) -> bool:
    return "deletionTimestamp" in kinds.metadata(pool)


def _subnet(pool: Manifest) -> str:
    return str(kinds.spec(pool)["subnet"])


def _overlap(one: str, other: str) -> bool:
    return one != other and ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))


def _ips(pool: Manifest | None) -> frozenset[str]:
    return listed_in(pool) if pool else frozenset()

"""Wherever runs are cut off while IPv6 comes, goes or changes, they cost no pod its start, and the next ones settle it.

Spiderpool fails a pod whose NIC has no pool of a family that any default pool has.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import threading
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import addresses, kinds
from spidercli.errors import FamilyGap
from spidercli.model import AddressBlock, Inventory, Manifest, MatchedBy, NamedBy, Nic, Node, Source
from spidercli.sandbox.scenarios import cluster as scenery
from tests.convergence.clouds import NICS, NicName
from tests.convergence.clusters import ClusterInMemory, Killed, start_pod, sync

_SUBNETS = {4: "10.0.{}.0/24", 6: "2408:4005:0:{}::/64"}
_ADDRESSES = [f"2408:4005:0:{net}::{host:x}" for net in (0, 1) for host in (0x10, 0x11, 0x20, 0x21)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DualCloud:
    """How many addresses of each family every NIC has that exists."""

    ipv4: dict[NicName, int]
    ipv6: dict[NicName, int]

    def inventory(self) -> Inventory:
        """The same as facts."""
        nodes = tuple(self._node(name) for name in sorted({node for node, _ in self.ipv4}))
        return Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=nodes)

    def _node(self, name: str) -> Node:
        return Node(
            name=name, uid="", provider_id="", instance_id=f"i-{name}", instance_type="", region_id="cn-hangzhou",
            zone_id="cn-hangzhou-i", vpc_id="vpc-1", matched_by=MatchedBy.CLOUD,
            nics=tuple(self._nic(nic) for nic in sorted(self.ipv4) if nic[0] == name),
        )  # fmt: skip

    def _nic(self, nic: NicName) -> Nic:
        return Nic(
            name=nic[1], named_by=NamedBy.CONFIG, eni_id=f"eni-{'-'.join(nic)}", mac="", vswitch_id=f"vsw-{nic[1]}",
            primary=nic[1] == "eth0", primary_ip=None, free_addresses=None,
            blocks=(_block(nic, 4, self.ipv4[nic]), _block(nic, 6, self.ipv6.get(nic, 0))),
        )  # fmt: skip


def _block(nic: NicName, version: int, count: int) -> AddressBlock:
    subnet = ipaddress.ip_network(_SUBNETS[version].format(nic[1][-1]))
    first = 16 if nic[0] == "a" else 32
    return AddressBlock(
        subnet=subnet, gateway=None, addresses=addresses.gathered(subnet[first + at] for at in range(count))
    )


def clouds(nics: AbstractSet[NicName]) -> st.SearchStrategy[DualCloud]:
    """IPv4 on some NICs, IPv6 on all of these or on none."""
    counts = st.fixed_dictionaries(dict.fromkeys(sorted(nics), st.integers(1, 3)))
    return st.builds(DualCloud, ipv4=counts, ipv6=st.one_of(counts, st.just({})))


def _nics(pools: Mapping[str, Manifest], version: int, *, default: bool, filled: bool = False) -> AbstractSet[str]:
    """The NICs that have a pool of a version: a default one, if asked for, and one with addresses."""
    specs = {name.removesuffix("-v6"): kinds.spec(pool) for name, pool in pools.items() if _version(pool) == version}
    return {
        name for name, spec in specs.items() if (spec["default"] or not default) and (spec.get("ips") or not filled)
    }


def _version(pool: Manifest) -> object:
    return kinds.spec(pool)["ipVersion"]


class Watch:
    """Looks at the IPv6 pools after each write: the first one may be default only when none is missing."""

    def __init__(self, cluster: ClusterInMemory) -> None:
        self.cluster = cluster
        self._lock = threading.Lock()  # several threads write, and each look is compared with the one before it
        self._default: AbstractSet[str] = frozenset()
        self._used: AbstractSet[str] = frozenset()

    def begin(self) -> None:
        """Take the pools as they are for what was there before."""
        pools = self.cluster.pools()
        self._default, self._used = _nics(pools, 6, default=True), _nics(pools, 4, default=True)

    def look(self, _: int) -> None:
        """Compare the pools with what they were before the last write."""
        with self._lock:
            pools = self.cluster.pools()
            now = _nics(pools, 6, default=True)
            if now and not self._default:
                lacking = (self._used & _nics(pools, 4, default=True)) - _nics(pools, 6, default=False)
                assert not lacking, "IPv6 came too soon"
            self._default = now

    @property
    def gaps(self) -> AbstractSet[str]:
        """The NICs on which pods can't start."""
        pools = self.cluster.pools()
        if not _nics(pools, 6, default=True):
            return frozenset()
        return _nics(pools, 4, default=True, filled=True) - _nics(pools, 6, default=True, filled=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Story:
    """What happens, in the order of the fields."""

    first: DualCloud
    pods: AbstractSet[str]
    second: DualCloud
    cuts: tuple[tuple[bool, int], ...]  # whether the process dies before the cluster sees the write of this number
    prune: bool
    threads: int


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Some NICs stay, and there may be others."""
    some = st.frozensets(st.sampled_from(NICS), max_size=2)
    nics = draw(st.frozensets(st.sampled_from(NICS), min_size=2))
    return Story(
        first=draw(clouds(nics)),
        pods=draw(st.frozensets(st.sampled_from(_ADDRESSES), max_size=3)),
        second=draw(clouds(draw(st.sampled_from([nics, nics, nics | draw(some), nics - draw(some) or nics])))),
        cuts=tuple(draw(st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=2))),
        prune=draw(st.booleans()),
        threads=draw(st.sampled_from([1, 3])),
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(story=stories())
def test_ipv6_comes_and_goes_with_all_its_pools(story: Story) -> None:
    """No default IPv6 pool appears before the last one exists, and in the end no NIC lacks what another has."""
    cluster = ClusterInMemory()
    for at, node in enumerate("ab", 1):
        cluster.kube.seed(scenery.node(node, IPv4Address(f"10.0.0.{at}")))
    watch = Watch(cluster)
    for _ in _runs(cluster, watch, dataclasses.replace(story, second=story.first, cuts=())):
        assert not watch.gaps
    for address in sorted(story.pods):
        start_pod(cluster.kube, address)

    for writes in _runs(cluster, watch, story):
        assert writes <= 30
    wanted = {"-".join(nic) for nic in story.second.ipv4}
    assert not watch.gaps & wanted


def _runs(cluster: ClusterInMemory, watch: Watch, story: Story) -> Iterator[int]:
    """Runs that are cut off, and then as many as there is something to write; the number of writes of each."""
    for before, number in story.cuts:
        _arm(cluster, watch, _death(number), before=before)
        _run(cluster, story)
        yield cluster.writes
    for _ in range(4):
        _arm(cluster, watch, lambda _: None, before=False)
        _run(cluster, story)
        yield cluster.writes
        if not cluster.writes:
            return
    raise AssertionError("it does not come to an end")


def _death(number: int) -> Callable[[int], None]:
    def strike(now: int) -> None:
        if now == number:
            raise Killed

    return strike


def _arm(cluster: ClusterInMemory, watch: Watch, strike: Callable[[int], None], *, before: bool) -> None:
    cluster.revive()
    watch.begin()

    def after(now: int) -> None:
        watch.look(now)
        if not before:
            strike(now)

    cluster.before = strike if before else lambda _: None
    cluster.after = after


def _run(cluster: ClusterInMemory, story: Story) -> None:
    try:
        sync(cluster, story.second, prune=story.prune, adopt=False, threads=story.threads)
    except Killed:
        return
    except FamilyGap:
        assert not cluster.writes
    assert not cluster.refused


def test_a_gap_is_refused_before_anything_is_written() -> None:
    """The check is that of the product."""
    cluster = ClusterInMemory()
    for at, node in enumerate("ab", 1):
        cluster.kube.seed(scenery.node(node, IPv4Address(f"10.0.0.{at}")))
    nic = {("a", "eth0"): 1}
    sync(cluster, DualCloud(ipv4=nic, ipv6=nic), prune=False, adopt=False, threads=1)
    cluster.revive()

    with pytest.raises(FamilyGap, match="nothing was written"):
        sync(cluster, DualCloud(ipv4={("b", "eth0"): 1}, ipv6={}), prune=False, adopt=False, threads=1)
    assert not cluster.writes

"""A plan is refused if it would leave a NIC without a family that others have, and warns of what is so already."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import pytest

from spidercli import kinds
from spidercli.errors import FamilyGap
from spidercli.model import EniInTransit, Manifest, Transit
from spidercli.planning import families
from spidercli.planning.families import Gaps
from spidercli.planning.gathering import gather
from spidercli.planning.networks import Networks
from spidercli.planning.nics import Nics
from spidercli.planning.pools import plan_of
from tests.unit.planning.inventories import nic, on_node

Builder = Callable[..., Manifest]
NICS = ("a-eth0", "b-eth0")
BEGIN = "default pools of an IP family are for every NIC or for none, else pods can't start: "


def known(*names: str, moving: Iterable[str] = ()) -> Nics:
    """An inventory that has the ENIs of some NICs, of "" one without an id, and others that are being attached."""
    nics = (nic("eth0", name and f"eni-{name}") for name in names)
    return on_node(nics, (EniInTransit(eni_id=f"eni-{name}", transit=Transit.ATTACHING) for name in moving))


def found(
    desired: Iterable[Manifest],
    live: Iterable[Manifest],
    *,
    nodes: Iterable[str] | None = None,
    prune: bool = False,
    adopt: bool = False,
    nics: Nics | None = None,
    networks: Networks | None = None,
    gone: Iterable[str] = (),
) -> Gaps:
    """The gaps of a plan in a cluster of the nodes a, b and c."""
    facts = gather(
        desired,
        live,
        prune=prune,
        adopt=adopt,
        nodes=None if nodes is None else frozenset(nodes),
        nics=nics,
        networks=networks,
        cluster=frozenset("abc"),
        gone=frozenset(gone),
    )
    return families.gaps(facts, plan_of(facts))


def refused(gaps: Gaps) -> FamilyGap:
    with pytest.raises(FamilyGap) as caught:
        gaps.check()
    assert caught.value.message.startswith(BEGIN)
    assert caught.value.message.endswith("; nothing was written")
    return caught.value


def fine(gaps: Gaps) -> bool:
    return gaps == Gaps()


@dataclasses.dataclass(frozen=True)
class World:
    """Two nodes with a NIC each."""

    nic_pool: Builder
    live: Builder

    def pools(self, *versions: int, names: Iterable[str] = NICS) -> list[Manifest]:
        return [self.nic_pool(name, version) for version in versions for name in names]

    def there(self, *versions: int, names: Iterable[str] = NICS) -> list[Manifest]:
        return [self.live(pool) for pool in self.pools(*versions, names=names)]

    def foreign(self, name: str, version: int, **fields: object) -> Manifest:
        pool = self.nic_pool(name, version, **fields)
        return {**pool, "metadata": {"name": kinds.name(pool), "uid": "u", "resourceVersion": "1"}}


@pytest.fixture(name="world")
def two_nodes(nic_pool: Builder, live: Builder) -> World:
    return World(nic_pool, live)


def test_both_families_everywhere_are_no_gap(world: World) -> None:
    """Nor is IPv4 alone, the change from one to the other, or the way back."""
    assert fine(found(world.pools(4, 6), world.there(4, 6)))
    assert fine(found(world.pools(4), world.there(4)))
    assert fine(found(world.pools(4, 6), world.there(4)))
    assert fine(found(world.pools(4), world.there(4, 6), prune=True))
    assert fine(found(world.pools(4), world.there(4, 6), nics=known(*NICS)))


def test_ipv6_for_the_selected_nodes_alone(world: World) -> None:
    """The pods of nodes that a run is not about would fail."""
    error = refused(found(world.pools(4, 6, names=["a-eth0"]), world.there(4), nodes=["a"]))

    assert "ipvlan-eth0 of b would have no IPv6 pool: this run is not about that node" in error.message
    assert "let one run be about all nodes" in str(error.hint)


def test_nodes_that_are_gone_have_no_pods(world: World) -> None:
    """What is left of a node that the cluster does not have any more keeps nothing back."""
    live = world.there(4, names=["a-eth0", "d-eth0"])

    assert fine(found(world.pools(4, 6, names=["a-eth0"]), live, nodes=["a"]))
    assert fine(found(world.pools(4, 6, names=["a-eth0"]), live))


def test_nodes_whose_instance_is_gone_start_no_pods(world: World) -> None:
    """Though the Node is still there, and no run is about it."""
    desired, live = world.pools(4, 6, names=["a-eth0"]), world.there(4)

    assert fine(found(desired, live, nodes=["a"], gone=["b"]))
    assert "delete Nodes whose machines are gone" in str(refused(found(desired, live, nodes=["a"])).hint)


def test_what_is_left_of_a_node_whose_instance_is_gone_asks_for_ipv6(world: World) -> None:
    """Spiderpool looks at its default pools before it looks at nodes; without the Node, --prune takes them away."""
    desired, live = world.pools(4, names=["a-eth0"]), world.there(4, 6)
    error = refused(found(desired, live, nodes=["a"], prune=True, gone=["b"]))

    assert "of a would have no IPv6 pool: nothing asks for one, but SpiderIPPool b-eth0-v6 is default" in error.message
    assert error.hint == (
        "give these NICs IPv6 addresses for pods, or delete the Node b, whose instance does not exist, and run again"
    )
    assert fine(found(desired, live, prune=True))


def test_nics_that_are_gone_have_no_pods(world: World) -> None:
    """The pool of an ENI that was detached invites nobody; that of one that is still there does."""
    live = world.there(4)

    assert fine(found(world.pools(4, 6, names=["a-eth0"]), live, nics=known("a-eth0")))
    error = refused(found(world.pools(4, 6, names=["a-eth0"]), live, nics=known(*NICS)))
    assert (
        error.hint == "--prune deletes SpiderIPPool b-eth0, which nothing asks for (--max-delete may have to allow it)"
    )
    assert fine(found(world.pools(4, 6, names=["a-eth0"]), live, nics=known(*NICS), prune=True))


def test_a_nic_without_an_id_is_not_that_of_every_pool_without_one(world: World) -> None:
    """What a hand-written inventory does not tell invites nobody."""
    old = world.nic_pool("b-eth0")
    nameless = world.live({**old, "metadata": {**kinds.metadata(old), "annotations": {}}})

    assert fine(
        found(world.pools(4, 6, names=["a-eth0"]), [*world.there(4, names=["a-eth0"]), nameless], nics=known(""))
    )


def test_ipv6_waits_for_an_eni_on_its_way(world: World) -> None:
    """Its IPv4 pool stays as it is, and would be without an IPv6 one."""
    nics = known("a-eth0", moving=["b-eth0"])
    error = refused(found(world.pools(4, 6, names=["a-eth0"]), world.there(4), nics=nics))

    assert (
        "ipvlan-eth0 of b would have no IPv6 pool: its ENI eni-b-eth0 is being attached to node; nothing"
        in error.message
    )
    assert error.hint == "run again once that is done"
    assert fine(found(world.pools(4, 6, names=["a-eth0"]), world.there(4, 6), nics=nics))


def test_ipv6_does_not_leave_before_an_eni_on_its_way(world: World) -> None:
    """Its IPv6 pool stays, and goes on asking for what was deleted elsewhere."""
    nics = known("a-eth0", moving=["b-eth0"])
    error = refused(found(world.pools(4, names=["a-eth0"]), world.there(4, 6), nics=nics, prune=True))

    assert "of a would have no IPv6 pool: nothing asks for one, but SpiderIPPool b-eth0-v6 is default" in error.message
    assert error.hint == (
        "give these NICs IPv6 addresses for pods, or run again later, for eni-b-eth0 is being attached to node"
    )


def test_a_node_without_ipv6_beside_pools_that_nothing_asks_for(world: World) -> None:
    """`families: ipv4` alone leaves the default IPv6 pools: a new node needs --prune."""
    live, desired = world.there(4, 6), world.pools(4, names=[*NICS, "c-eth0"])
    error = refused(found(desired, live))

    assert (
        "ipvlan-eth0 of c would have no IPv6 pool: nothing asks for one, "
        "but SpiderIPPools a-eth0-v6, b-eth0-v6 are default"
    ) in error.message
    assert "--prune takes away IPv6 pools" in str(error.hint)
    assert fine(found(desired, live, prune=True))


def test_pools_in_use_do_not_keep_ipv6_there(world: World) -> None:
    """With --prune they are not default any more."""
    held = world.live(world.nic_pool("a-eth0", 6), held=["2408:4005:0:0::10"])
    live = [*world.there(4), held, *world.there(6, names=["b-eth0"])]

    assert fine(found(world.pools(4, names=[*NICS, "c-eth0"]), live, prune=True))


def test_prune_for_some_nodes_alone(world: World) -> None:
    """The IPv6 pools of other nodes would go on asking for what was deleted here."""
    error = refused(found(world.pools(4, names=["a-eth0"]), world.there(4, 6), nodes=["a"], prune=True))

    assert "of a would have no IPv6 pool: nothing asks for one, but SpiderIPPool b-eth0-v6 is default" in error.message
    assert "let one run be about all nodes" in str(error.hint)


def test_a_name_that_somebody_else_has(world: World) -> None:
    """A conflict over one pool keeps all of its family back; taken over, it does not."""
    live = [*world.there(4), world.foreign("b-eth0", 6, default=False, nodeName=[], ips=[])]
    error = refused(found(world.pools(4, 6), live))

    assert "of b would have no IPv6 pool: SpiderIPPool b-eth0-v6 is not managed by spidercli" in error.message
    assert "--adopt takes it over" in str(error.hint)
    assert fine(found(world.pools(4, 6), live, adopt=True))


def test_a_pool_of_somebody_else_serves_as_well_as_ours(world: World) -> None:
    """Who made the pool is nothing to a pod."""
    live = [*world.there(4), world.foreign("b-eth0", 6)]

    assert fine(found(world.pools(4, 6), live))
    assert found(world.pools(4, 6), [*world.there(4), world.foreign("b-eth0", 6, namespaceName=["x"])]).warnings


def test_a_name_that_a_node_elsewhere_has(world: World) -> None:
    """It is told apart from a pool that is not ours."""
    taken = world.live(world.nic_pool("b-eth0", 6, nodeName=["c"], default=False))
    error = refused(found(world.pools(4, 6), [*world.there(4), taken], nodes=["a", "b"]))

    assert "of b would have no IPv6 pool: its name is taken by the pool of c" in error.message
    assert "pools.nameIPv6" in str(error.hint)


def test_a_pool_that_can_not_be_made_yet(world: World) -> None:
    """What blocks it is told, and comes first."""
    names = ["a-eth0", "b-eth1"]
    stray = world.foreign("z-eth1", 6, default=False, subnet="2408:4005:0:1::/80", ips=[])
    error = refused(found(world.pools(4, 6, names=names), [*world.there(4, names=names), stray]))

    assert "ipvlan-eth1 of b would have no IPv6 pool: subnet 2408:4005:0:1::/64 overlaps" in error.message
    assert error.hint == "settle that first"


def test_a_pool_that_has_to_wait_for_all_its_addresses(world: World) -> None:
    """A new pool whose only address a pod holds elsewhere is not made."""
    moved = ["2408:4005::10"]
    former = world.nic_pool("c-eth1", 6, subnet="2408:4005::/64", ips=moved, default=False)
    desired = [*world.pools(4), world.nic_pool("a-eth0", 6, ips=moved), world.nic_pool("b-eth0", 6)]

    assert (
        "2408:4005::10 can't join" in refused(found(desired, [*world.there(4), world.live(former, held=moved)])).message
    )


@pytest.mark.parametrize("fields", [{"disable": True}, {"default": False}])
def test_a_gap_that_is_there_already_is_told(world: World, fields: dict[str, object]) -> None:
    """It refuses nothing: addresses that left have to leave, whatever else is wrong."""
    odd = world.live(world.nic_pool("b-eth0", 6, nodeName=["b"], **fields))
    live = [*world.there(4), *world.there(6, names=["a-eth0"]), odd]
    gaps = found(world.pools(4, names=["a-eth0"]), live, nodes=["a"], nics=known(*NICS))
    default = (
        "SpiderIPPools a-eth0-v6, b-eth0-v6 are default" if "disable" in fields else "SpiderIPPool a-eth0-v6 is default"
    )

    assert gaps.refusal is None
    assert gaps.warnings == (
        "pods that use default pools can't start on ipvlan-eth0 of b: no IPv6 pool is for them there, but " + default,
    )


def test_a_gap_that_the_plan_mends_is_not_told(world: World) -> None:
    """There is nothing to say about what will be well."""
    assert fine(found(world.pools(4, 6), [*world.there(4), *world.there(6, names=["a-eth0"])]))


def test_pools_of_somebody_else_refuse_nothing(world: World) -> None:
    """A default IPv6 pool that we did not make is told of, and IPv4 goes on as ever."""
    gaps = found(world.pools(4), [*world.there(4, names=["a-eth0"]), world.foreign("z-eth0", 6)])

    assert gaps.refusal is None
    assert "on ipvlan-eth0 of a, ipvlan-eth0 of b: " in gaps.warnings[0]
    assert gaps.warnings[0].endswith("but SpiderIPPool z-eth0-v6 (not managed by spidercli) is default")


def test_nics_of_somebody_else_refuse_nothing(world: World) -> None:
    """A NIC that only a pool of somebody else's is for does not keep our IPv6 back."""
    gaps = found(world.pools(4, 6), [*world.there(4), world.foreign("c-eth0", 4)])

    assert gaps.refusal is None
    assert "on ipvlan-eth0 of c: no IPv6 pool is for them there" in gaps.warnings[0]


def test_pools_for_any_node_serve_every_node(world: World) -> None:
    """Such as those that Spiderpool's installation can make."""
    anywhere = world.foreign("z-eth0", 6, nodeName=[], multusName=[])

    assert fine(found(world.pools(4), [*world.there(4), anywhere]))


def test_a_network_without_its_namespace_is_the_same(world: World) -> None:
    """A multusName may leave out Spiderpool's namespace."""
    theirs = [world.foreign(name, 6, multusName=["ipvlan-eth0"]) for name in NICS]

    assert fine(found(world.pools(4), [*world.there(4), *theirs]))


def test_a_pool_whose_network_is_missing(world: World) -> None:
    """The reason is that of its blocked line."""
    names = ["a-eth0", "b-eth1"]
    there = Networks(names=frozenset({"kube-system/ipvlan-eth0"}), namespace="kube-system", ours=frozenset())
    error = refused(found(world.pools(4, 6, names=names), world.there(4, names=names), networks=there))

    assert (
        "ipvlan-eth1 of b would have no IPv6 pool: SpiderMultusConfig kube-system/ipvlan-eth1 does not ex"
        in error.message
    )


def test_missing_ipv4_is_a_gap_too(world: World) -> None:
    """The rule is the same for both families."""
    error = refused(found(world.pools(6, names=[*NICS, "c-eth0"]), world.there(4, 6)))

    assert "ipvlan-eth0 of c would have no IPv4 pool" in error.message


def test_a_family_that_is_on_its_way_out_but_empty(world: World) -> None:
    """Emptied pools serve nobody while one that nothing asks for goes on asking for IPv6."""
    nics = known(*NICS)
    nics.__dict__["idle"] = frozenset({("eni-a-eth0", 6)})

    assert "of a would have no IPv6" in refused(found(world.pools(4), world.there(4, 6), nics=nics)).message

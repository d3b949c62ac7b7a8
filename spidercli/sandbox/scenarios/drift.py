"""A cloud and pools that disagree in every way that a plan knows: each node is a case of its own, and named for it.

eth1 carries the cases; node number N has its addresses in 10.1.N.0. eth2, where a node has it, is in a subnet that a
pool of somebody else overlaps; eth3 has no SpiderMultusConfig yet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox.cloud.resources import VSwitch
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import cluster
from spidercli.sandbox.scenarios.scenario import Scenario
from spidercli.sandbox.scenarios.site import REGION, Interface, Site, instance_id

NAME = "drift"
VPC = f"vpc-{NAME}"

CONFIG_TEXT = f"""\
region: {REGION}
vpc: {VPC}
"""

_NETWORK = IPv4Network("10.0.0.0/8")
_SUBNETS = {1: ("10.1.0.0/16", "10.1.255.253"), 2: ("10.2.0.0/17", "10.2.127.253"), 3: ("10.3.0.0/16", "10.3.255.253")}
_PRIMARY = 10  # the last octet of a node's own addresses
_USUAL = range(11, 16)  # the last octets of its pods'
_FORMER = {"subnet": "10.9.0.0/16", "gateway": "10.9.255.253"}  # of a vSwitch that the ENI was in before
_NAMES = {kinds.ANNOTATION_ENI: "eni-{}-{}", kinds.ANNOTATION_VSWITCH: f"vsw-{NAME}-eth{{1}}"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Case:
    """A node, what the cloud has for its NIC, and what its pool has."""

    node: str
    cloud: range = _USUAL
    joined: tuple[str, ...] = ()  # addresses of other cases' ranges that the ENI has too
    pool: range | None = _USUAL
    differs: Mapping[str, object] = dataclasses.field(default_factory=dict)  # fields of the pool's spec
    without: str = ""  # a field that the pool lacks
    not_owned: str = ""  # a field that somebody else applied
    used: tuple[int, ...] = ()  # last octets that pods hold
    nic: int = 1
    ours: bool = True
    deleted: bool = False


_CASES = (
    _Case(node="unchanged"),
    _Case(node="new", pool=None),
    _Case(node="grows", pool=range(11, 14)),
    _Case(node="shrinks", cloud=range(11, 14)),
    _Case(node="shrinks-in-use", cloud=range(11, 14), used=(15,)),
    _Case(node="other-gateway", differs={"gateway": "10.1.0.1"}),
    _Case(node="other-node-name", differs={"nodeName": ["former-name"]}),
    _Case(node="extra-field", differs={"excludeIPs": ["10.1.8.15"]}),
    _Case(node="missing-field", without="multusName"),
    _Case(node="not-owned-field", not_owned="default"),
    _Case(node="foreign", ours=False),
    _Case(node="gives", cloud=range(11, 15)),
    _Case(node="takes", joined=("10.1.12.15",)),
    _Case(node="gives-in-use", cloud=range(11, 15), used=(15,)),
    _Case(node="takes-in-use", joined=("10.1.14.15",)),
    _Case(node="listed-by-another", pool=range(11, 15)),
    _Case(node="other-subnet", differs=_FORMER),
    _Case(node="other-subnet-in-use", differs=_FORMER, used=(11,)),
    _Case(node="being-deleted", used=(11,), deleted=True),
    _Case(node="overlapped", pool=None, nic=2),
    _Case(node="other-subnet-overlapped", differs=_FORMER, nic=2),
    _Case(node="without-network", pool=None, nic=3),
    _Case(node="other-network", cloud=range(11, 14), differs={"multusName": [f"{cluster.SYSTEM}/ipvlan-eth1"]}, nic=3),
)
_PROVIDER_IDS = {"unchanged": "cn-hangzhou.i-unchanged", "grows": "alicloud://cn-hangzhou.i-grows"}


def build() -> Scenario:
    """The cloud and cluster."""
    world = _world()
    return Scenario(name=NAME, world=world, manifests=tuple(_manifests(world)), config_text=CONFIG_TEXT)


def _world() -> World:
    site = Site(NAME, _NETWORK)
    lengths = enumerate((16, 16, 17, 16))
    vswitches = [site.add_vswitch(f"{NAME}-eth{nic}", IPv4Network(f"10.{nic}.0.0/{size}")) for nic, size in lengths]
    for number, case in enumerate(_CASES, start=1):
        own = [_interface(number, case, nic, vswitches[nic]) for nic in range(case.nic + 1)]
        site.add_node(case.node, *own)
    return site.world


def _interface(number: int, case: _Case, nic: int, vswitch: VSwitch) -> Interface:
    subnet = f"10.{nic}.{number}"
    listed = [f"{subnet}.{last}" for last in case.cloud] + list(case.joined) if nic == case.nic else []
    return Interface(
        vswitch=vswitch, primary=IPv4Address(f"{subnet}.{_PRIMARY}"), secondary=tuple(map(IPv4Address, listed))
    )


def _manifests(world: World) -> Iterator[Manifest]:
    yield cluster.namespace("default")
    yield cluster.namespace(cluster.SYSTEM)
    yield from cluster.nodes(world, _PROVIDER_IDS)
    yield cluster.kubeadm_config()
    yield from cluster.spiderpool("ipvlan-eth0", nodes=len(_CASES))
    yield _foreign(cluster.multus_config("ipvlan-eth1", "eth1"))
    yield cluster.multus_config("ipvlan-eth2", "eth2")
    yield cluster.multus_config("ipvlan-eth9", "eth9")
    for number, case in enumerate(_CASES, start=1):
        yield from _case(number, case)
    yield from _nobodys()
    yield from _released()


def _case(number: int, case: _Case) -> Iterator[Manifest]:
    second = 9 if case.differs is _FORMER else case.nic
    base = f"10.{second}.{number}"
    if case.pool is not None:
        yield _pool_of(case, base)
    if not case.deleted:
        yield from (_pod(case.node, f"{base}.{last}") for last in case.used)


def _pool_of(case: _Case, base: str) -> Manifest:
    assert case.pool is not None
    spec = _spec(case.node, f"{base}.{case.pool[0]}-{base}.{case.pool[-1]}", case.nic) | dict(case.differs)
    spec.pop(case.without, None)
    annotations = {kinds.ANNOTATION_INSTANCE: instance_id(case.node)}
    annotations |= {name: pattern.format(case.node, case.nic) for name, pattern in _NAMES.items()}
    pool = cluster.ip_pool(f"{case.node}-eth{case.nic}", spec, annotations, owned=spec.keys() - {case.not_owned})
    if case.deleted:
        return _being_deleted(pool, f"{base}.{case.used[0]}")
    return pool if case.ours else _foreign(pool)


def _spec(node: str, ips: str, nic: int) -> Manifest:
    subnet, gateway = _SUBNETS[nic]
    return {
        "default": True,
        "ipVersion": 4,
        "ips": [ips],
        "subnet": subnet,
        "gateway": gateway,
        "nodeName": [node],
        "multusName": [f"{cluster.SYSTEM}/ipvlan-eth{nic}"],
    }


def _foreign(manifest: Manifest) -> Manifest:
    """The same object as somebody else would have made it."""
    left_out = ("labels", "annotations", "managedFields")
    return {
        **manifest,
        "metadata": {key: value for key, value in kinds.metadata(manifest).items() if key not in left_out},
    }


def _being_deleted(pool: Manifest, address: str) -> Manifest:
    """A pool that goes once its last pod has, which is not there any more to give the address back."""
    holder = f'{{"{address}":{{"pod":"default/being-deleted-app","podUid":"5e1d5bd8-5a3c-4f5e-9f0b-3c1f6d1f8a11"}}}}'
    return {
        **pool,
        "metadata": {**kinds.metadata(pool), "deletionTimestamp": "2023-07-18T10:00:00Z"},
        "status": {"allocatedIPs": holder, "allocatedIPCount": 1, "totalIPCount": len(_USUAL)},
    }


def _nobodys() -> Iterator[Manifest]:
    """Pools of no case: of nodes that are gone, and of somebody else."""
    for name, ips in (("gone", "10.1.200.11-10.1.200.12"), ("gone-in-use", "10.1.201.11-10.1.201.12")):
        yield cluster.ip_pool(f"{name}-eth1", _spec(name, ips, 1), {})
    moved = {**_spec("gone-moved", "", 1), "ips": ["10.1.3.15", "10.1.202.11"]}
    yield cluster.ip_pool("gone-moved-eth1", moved, {})
    yield _pod("gone-in-use", "10.1.201.11")
    yield _foreign(cluster.ip_pool("by-hand", _spec("listed-by-another", "10.1.16.15", 1), {}))
    yield _foreign(cluster.ip_pool("legacy", _spec("overlapped", "10.2.0.200", 2) | {"subnet": "10.2.0.0/24"}, {}))


def _released() -> Iterator[Manifest]:
    """A node that outlived its instance, and its pool: no plan is about them."""
    instance = instance_id("released")
    yield cluster.node("released", IPv4Address("10.0.203.10"), provider_id=f"{REGION}.{instance}", ready=False)
    yield cluster.ip_pool("released-eth1", _spec("released", "10.1.203.11-10.1.203.15", 1), {})


def _pod(node: str, address: str) -> Manifest:
    network = f"{cluster.SYSTEM}/ipvlan-eth1"
    return cluster.pod(f"{node}-app", app="app", image="busybox", node_name=node, address=address, network=network)

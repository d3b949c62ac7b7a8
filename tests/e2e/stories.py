"""Stories for the sandbox and the real control plane: the rules of Spiderpool, and how Kubernetes treats them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from spidercli.kinds import CONFIG_MAP, IP_POOL, LEASE, MULTUS_CONFIG, NODE
from tests.e2e.controlplane.rest import JSON_PATCH, STRATEGIC_PATCH
from tests.e2e.storytelling import COORDINATOR, NAD, RESERVED, Storyteller

Story = Callable[[Storyteller], None]
STORIES: dict[str, Story] = {}

SUBNET = "10.1.0.0/24"
SUBNET_6 = "fd00:1::/120"
IPVLAN = {"cniType": "ipvlan", "enableCoordinator": True, "ipvlan": {"master": ["eth0"]}}

POOLS: dict[str, dict[str, Any]] = {
    "subnet only": {"subnet": SUBNET},
    "IPv4 written as IPv6": {"subnet": SUBNET, "ips": ["::ffff:10.1.0.5"], "gateway": "::ffff:10.1.0.1"},
    "IPv4 ranges written as IPv6": {"subnet": SUBNET, "ips": ["10.1.0.9", "10.1.0.1-::ffff:10.1.0.4"]},
    "IPv4 excluded as IPv6": {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9"], "excludeIPs": ["::ffff:10.1.0.5"]},
    "IPv4 as IPv6 in an IPv6 pool": {"subnet": SUBNET_6, "ips": ["::ffff:10.1.0.5"]},
    "unmerged ranges": {"subnet": SUBNET, "ips": ["10.1.0.21-10.1.0.40", "10.1.0.1-10.1.0.20", "10.1.0.50"]},
    "one range of one address": {"subnet": SUBNET, "ips": ["10.1.0.5-10.1.0.5"]},
    "two ranges of one address": {"subnet": SUBNET, "ips": ["10.1.0.5-10.1.0.5", "10.1.0.9-10.1.0.9"]},
    "no addresses": {"subnet": SUBNET, "ips": []},
    "null addresses": {"subnet": SUBNET, "ips": None},
    "IPv6": {"subnet": SUBNET_6, "ips": ["fd00:1::1-fd00:1::9"], "gateway": "fd00:1::fd"},
    "IPv6 written long": {"subnet": SUBNET_6, "ips": ["fd00:0001:0::5", "fd00:1::6"]},
    "IPv6 subnet written long": {"subnet": "fd00:1:0::/120"},
    "all fields": {
        "subnet": SUBNET,
        "ipVersion": 4,
        "ips": ["10.1.0.1-10.1.0.9"],
        "excludeIPs": ["10.1.0.2", "10.1.0.3"],
        "gateway": "10.1.0.253",
        "nodeName": ["master"],
        "multusName": ["kube-system/ipvlan-eth0"],
        "namespaceName": ["default"],
        "default": True,
        "disable": True,
        "podAffinity": {"matchLabels": {"app": "one"}},
        "routes": [{"dst": "10.9.0.0/16", "gw": "10.1.0.254"}],
    },
    "gateway among excluded addresses": {
        "subnet": SUBNET,
        "ips": ["10.1.0.1-10.1.0.9"],
        "excludeIPs": ["10.1.0.5"],
        "gateway": "10.1.0.5",
    },
    "range backwards": {"subnet": SUBNET, "ips": ["10.1.0.9-10.1.0.1"]},
    "two ranges backwards": {"subnet": SUBNET, "ips": ["10.1.0.9-10.1.0.1", "10.1.0.20"]},
    "range that repeats": {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9", "10.1.0.5-10.1.0.12"]},
    "address twice": {"subnet": SUBNET, "ips": ["10.1.0.1", "10.1.0.1"]},
    "host bits in the subnet": {"subnet": "10.1.0.5/24"},
    "bad subnet": {"subnet": "10.1.0.0"},
    "empty subnet": {"subnet": ""},
    "no subnet": {"ips": ["10.1.0.1"]},
    "IPv4 subnet written as IPv6": {"subnet": "0::ffff:10.9.0.0/112"},
    "IPv4 subnet written as IPv6 said to be IPv6": {"subnet": "0::ffff:10.9.0.0/112", "ipVersion": 6},
    "IPv4 subnet that is all of IPv6": {"subnet": "0::ffff:10.9.0.0/8"},
    "IPv4 subnet that is no label": {"subnet": "::ffff:10.9.0.0/112", "ipVersion": 4},
    "wrong ipVersion": {"subnet": SUBNET, "ipVersion": 6},
    "unknown ipVersion": {"subnet": SUBNET, "ipVersion": 5},
    "address outside": {"subnet": SUBNET, "ips": ["10.2.0.1"]},
    "addresses outside": {"subnet": SUBNET, "ips": ["10.2.0.1", "10.1.0.1"]},
    "range that leaves the subnet": {"subnet": SUBNET, "ips": ["10.1.0.250-10.1.1.5"]},
    "address with a mask": {"subnet": SUBNET, "ips": ["10.1.0.1/32"]},
    "CIDR": {"subnet": SUBNET, "ips": ["10.1.0.0/28"]},
    "no address at all": {"subnet": SUBNET, "ips": ["ten"]},
    "spaces": {"subnet": SUBNET, "ips": ["10.1.0.1 - 10.1.0.5"]},
    "IPv6 in an IPv4 pool": {"subnet": SUBNET, "ips": ["fd00:1::1"]},
    "excluded outside": {"subnet": SUBNET, "ips": ["10.1.0.1"], "excludeIPs": ["10.2.0.1"]},
    "bad excluded": {"subnet": SUBNET, "ips": ["10.1.0.1"], "excludeIPs": ["x"]},
    "excluded that is not listed": {"subnet": SUBNET, "ips": ["10.1.0.1"], "excludeIPs": ["10.1.0.9"]},
    "gateway outside": {"subnet": SUBNET, "gateway": "10.2.0.1"},
    "gateway among the addresses": {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9"], "gateway": "10.1.0.5"},
    "bad gateway": {"subnet": SUBNET, "gateway": "gw"},
    "link-local gateway": {"subnet": SUBNET_6, "gateway": "fe80::1"},
    "default route": {"subnet": SUBNET, "routes": [{"dst": "0.0.0.0/0", "gw": "10.1.0.254"}]},
    "default route of IPv6": {"subnet": SUBNET_6, "routes": [{"dst": "::/0", "gw": "fd00:1::fe"}]},
    "route twice": {
        "subnet": SUBNET,
        "routes": [{"dst": "10.9.0.0/16", "gw": "10.1.0.254"}, {"dst": "10.9.0.0/16", "gw": "10.1.0.253"}],
    },
    "route by a gateway outside": {"subnet": SUBNET, "routes": [{"dst": "10.9.0.0/16", "gw": "10.2.0.1"}]},
    "bad route": {"subnet": SUBNET, "routes": [{"dst": "x", "gw": "y"}]},
    "IPv4 route written as IPv6": {"subnet": SUBNET, "routes": [{"dst": "::ffff:10.9.0.0/112", "gw": "10.1.0.254"}]},
    "IPv4 route that is all of IPv6": {"subnet": SUBNET, "routes": [{"dst": "::ffff:10.9.0.0/8", "gw": "10.1.0.254"}]},
    "IPv4 route as IPv6 in an IPv6 pool": {
        "subnet": SUBNET_6,
        "routes": [{"dst": "::ffff:10.9.0.0/112", "gw": "fd00:1::fe"}],
    },
    "half a route": {"subnet": SUBNET, "routes": [{"dst": "10.9.0.0/16"}]},
    "empty podAffinity": {"subnet": SUBNET, "podAffinity": {}},
    "null podAffinity": {"subnet": SUBNET, "podAffinity": None},
    "bad podAffinity": {"subnet": SUBNET, "podAffinity": {"matchExpressions": [{"key": "a", "operator": "Is"}]}},
    "everything wrong": {"subnet": SUBNET, "ips": ["x"], "gateway": "y", "excludeIPs": ["z"], "podAffinity": {}},
    "unknown field": {"subnet": SUBNET, "vlan": 5},
    "wrong types": {"subnet": 5, "ips": "10.1.0.1", "default": "yes"},
    "ranges that meet backwards": {"subnet": SUBNET, "ips": ["10.1.0.5-10.1.0.1", "10.1.0.4-10.1.0.9"]},
    "backward range of excluded addresses": {
        "subnet": SUBNET,
        "ips": ["10.1.0.1-10.1.0.9"],
        "excludeIPs": ["10.1.0.7-10.1.0.3"],
    },
    "empty lists": {"subnet": SUBNET, "excludeIPs": [], "routes": [], "nodeName": []},
    "nulls among addresses": {"subnet": SUBNET, "ips": [None]},
    "podAffinity without values": {
        "subnet": SUBNET,
        "podAffinity": {"matchExpressions": [{"key": "a", "operator": "In"}]},
    },
}

UPDATES: dict[str, dict[str, Any]] = {
    "grows": {"ips": ["10.1.0.1-10.1.0.19"]},
    "shrinks": {"ips": ["10.1.0.2-10.1.0.5"]},
    "loses its addresses": {"ips": None},
    "loses an address in use": {"ips": ["10.1.0.2-10.1.0.9"]},
    "excludes an address in use": {"excludeIPs": ["10.1.0.1"]},
    "excludes a free address": {"excludeIPs": ["10.1.0.9"]},
    "loses its gateway": {"gateway": None},
    "changes its gateway": {"gateway": "10.1.0.252"},
    "puts its gateway among its addresses": {"gateway": "10.1.0.5"},
    "changes its subnet": {"subnet": "10.2.0.0/24"},
    "changes its ipVersion": {"ipVersion": 6},
    "loses its ipVersion": {"ipVersion": None},
    "is disabled": {"disable": True},
    "takes an address of another": {"ips": ["10.1.0.1-10.1.0.21"]},
    "moves to a node": {"nodeName": ["master"], "multusName": ["kube-system/ipvlan-eth0"]},
}

MULTUS: dict[str, dict[str, Any]] = {
    "ipvlan": IPVLAN,
    "ipvlan without coordinator": {"cniType": "ipvlan", "enableCoordinator": False, "ipvlan": {"master": ["eth0"]}},
    "the guide's": {
        **IPVLAN,
        "coordinator": {"mode": "underlay", "tunePodRoutes": True, "podCIDRType": "cluster"},
    },
    "coordinator switched off": {**IPVLAN, "coordinator": {"mode": "disabled"}},
    "bad coordinator mode": {**IPVLAN, "coordinator": {"mode": "sideways"}},
    "bad pod MAC prefix": {**IPVLAN, "coordinator": {"podMACPrefix": "zz"}},
    "multicast pod MAC prefix": {**IPVLAN, "coordinator": {"podMACPrefix": "01:00"}},
    "bad hijack CIDR": {**IPVLAN, "coordinator": {"hijackCIDR": ["x"]}},
    "bad reverse path filter": {**IPVLAN, "coordinator": {"podRPFilter": 7}},
    "bad veth address": {**IPVLAN, "coordinator": {"vethLinkAddress": "10.0.0.1"}},
    "bad queue length": {**IPVLAN, "coordinator": {"txQueueLen": -1}},
    "custom without text": {"cniType": "custom", "enableCoordinator": False},
    "custom with text": {"cniType": "custom", "customCNI": '{"cniVersion":"0.3.1","type":"bridge","name":"b"}'},
    "custom with bad text": {"cniType": "custom", "customCNI": "{"},
    "custom with ipvlan": {"cniType": "custom", "ipvlan": {"master": ["eth0"]}},
    "ipvlan with an empty custom text": {**IPVLAN, "customCNI": ""},
    "ipvlan with macvlan": {**IPVLAN, "macvlan": {"master": ["eth0"]}},
    "ipvlan without its block": {"cniType": "ipvlan"},
    "ipvlan without master": {"cniType": "ipvlan", "ipvlan": {"master": []}},
    "ipvlan of nothing": {"cniType": "ipvlan", "ipvlan": {}},
    "ipvlan of no master": {"cniType": "ipvlan", "ipvlan": {"master": None}},
    "macvlan of nothing": {"cniType": "macvlan", "macvlan": {}},
    "ipvlan of two masters": {"cniType": "ipvlan", "ipvlan": {"master": ["eth0", "eth1"]}},
    "ipvlan of a bond": {
        "cniType": "ipvlan",
        "ipvlan": {"master": ["eth0", "eth1"], "bond": {"name": "bond0", "mode": 1}},
    },
    "ipvlan of a VLAN": {"cniType": "ipvlan", "ipvlan": {"master": ["eth0"], "vlanID": 100}},
    "bad VLAN": {"cniType": "ipvlan", "ipvlan": {"master": ["eth0"], "vlanID": 5000}},
    "MTU": {"cniType": "ipvlan", "ipvlan": {"master": ["eth0"], "mtu": 1400}},
    "bad MTU": {"cniType": "ipvlan", "ipvlan": {"master": ["eth0"], "mtu": -1}},
    "default pools": {"cniType": "ipvlan", "ipvlan": {"master": ["eth0"], "ippools": {"ipv4": ["a"], "ipv6": ["b"]}}},
    "pools by the master's subnet": {
        "cniType": "ipvlan",
        "ipvlan": {"master": ["eth0"], "ippools": {"matchMasterSubnet": True}},
    },
    "macvlan": {"cniType": "macvlan", "macvlan": {"master": ["eth0"]}},
    "no IPAM": {**IPVLAN, "disableIPAM": True},
    "chained plugins": {**IPVLAN, "chainCNIJsonData": ['{"type":"tuning"}']},
    "bad chained plugins": {**IPVLAN, "chainCNIJsonData": ["{"]},
    "chained nonsense": {**IPVLAN, "chainCNIJsonData": ["x"]},
    "chained bare words": {**IPVLAN, "chainCNIJsonData": ["{type: tuning}"]},
    "chained too many commas": {**IPVLAN, "chainCNIJsonData": ['{"type": "tuning",}']},
    "chained too few commas": {**IPVLAN, "chainCNIJsonData": ['{"type": "tuning" "name": "a"}']},
    "chained list": {**IPVLAN, "chainCNIJsonData": ["[]"]},
    "chained plugin without type": {**IPVLAN, "chainCNIJsonData": ["{}"]},
    "VLAN": {"cniType": "vlan", "vlan": {"master": ["eth0"]}},
    "VLAN chosen twice": {"cniType": "vlan", "vlan": {"master": ["eth0"], "vlanMode": "auto", "vlanID": 5}},
    "SR-IOV": {"cniType": "sriov", "sriov": {"resourceName": "a/b"}},
    "InfiniBand": {"cniType": "ib-sriov", "ibsriov": {"resourceName": "a/b"}},
    "Open vSwitch": {"cniType": "ovs", "ovs": {"bridge": "br"}},
    "nothing": {},
    "bad type": {"cniType": "bridge"},
}

CUSTOMISED = (
    "ipvlan",
    "ipvlan without coordinator",
    "the guide's",
    "custom with text",
    "custom with ipvlan",
    "nothing",
)

COORDINATORS: dict[str, dict[str, Any]] = {
    "auto": {"mode": "auto", "podCIDRType": "auto"},
    "cluster": {"podCIDRType": "cluster", "hijackCIDR": ["169.254.0.0/16"]},
    "no podCIDRType": {"mode": "auto"},
    "bad hijack CIDR": {"podCIDRType": "none", "hijackCIDR": ["x"]},
    "hijack CIDR with host bits": {"podCIDRType": "none", "hijackCIDR": ["169.254.1.1/16"]},
    "bad podCIDRType": {"podCIDRType": "some"},
    "bad pod MAC prefix": {"podCIDRType": "none", "podMACPrefix": "zz"},
    "bad reverse path filter": {"podCIDRType": "none", "podRPFilter": 9},
    "bad queue length": {"podCIDRType": "none", "txQueueLen": -5},
    "overlay": {"podCIDRType": "calico", "mode": "overlay"},
    "policy route": {"podCIDRType": "none", "policyRoutes": [{"dst": "10.0.0.1", "gw": "10.0.0.1"}]},
    "policy route of two families": {"podCIDRType": "none", "policyRoutes": [{"dst": "10.0.0.0/8", "gw": "::1"}]},
}

RESERVATIONS: dict[str, dict[str, Any]] = {
    "addresses": {"ips": ["10.1.0.1", "10.1.0.2"]},
    "IPv6": {"ips": ["fd00:1::1"]},
    "none": {"ips": []},
    "bad address": {"ips": ["x"]},
    "mixed families": {"ips": ["10.1.0.1", "fd00:1::1"]},
    "wrong version": {"ips": ["10.1.0.1"], "ipVersion": 6},
    "range backwards": {"ips": ["10.1.0.9-10.1.0.1"]},
}


def story(tell: Story) -> Story:
    """Add a story, under its function's name, to those that both are told."""
    STORIES[tell.__name__] = tell
    return tell


def _create(kind: Any, spec: dict[str, Any], teller: Storyteller) -> None:
    teller.create(kind, "one", spec)
    teller.apply(kind, "two", spec)


def _update(patch: dict[str, Any], teller: Storyteller) -> None:
    spec = {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9"], "gateway": "10.1.0.253"}
    teller.create(IP_POOL, "one", spec)
    teller.create(IP_POOL, "other", {"subnet": SUBNET, "ips": ["10.1.0.20-10.1.0.29"]})
    teller.merge(IP_POOL, "one", {"spec": patch})
    teller.merge(IP_POOL, "one", {"spec": spec})
    teller.allocate("one", {"10.1.0.1": "default/app"})
    teller.merge(IP_POOL, "one", {"spec": patch})
    teller.apply(IP_POOL, "one", {**spec, **patch})


def _customise(spec: dict[str, Any], teller: Storyteller) -> None:
    teller.create(MULTUS_CONFIG, "one", {"cniType": "custom", "enableCoordinator": False})
    teller.apply(MULTUS_CONFIG, "one", spec)
    teller.merge(MULTUS_CONFIG, "one", {"spec": spec})
    teller.merge(MULTUS_CONFIG, "one", {"spec": {**spec, "customCNI": None}})
    teller.replace(MULTUS_CONFIG, "one", spec)


STORIES |= {f"pool: {name}": functools.partial(_create, IP_POOL, spec) for name, spec in POOLS.items()}
STORIES |= {f"pool {name}": functools.partial(_update, patch) for name, patch in UPDATES.items()}
STORIES |= {f"multus: {name}": functools.partial(_create, MULTUS_CONFIG, spec) for name, spec in MULTUS.items()}
STORIES |= {f"custom becomes {name}": functools.partial(_customise, MULTUS[name]) for name in CUSTOMISED}
STORIES |= {
    f"coordinator: {name}": functools.partial(_create, COORDINATOR, spec) for name, spec in COORDINATORS.items()
}
STORIES |= {f"reserved: {name}": functools.partial(_create, RESERVED, spec) for name, spec in RESERVATIONS.items()}


@story
def subnets_overlap(teller: Storyteller) -> None:
    """A pool's subnet is another one's, or far from it."""
    teller.create(IP_POOL, "wide", {"subnet": "10.1.0.0/16"})
    teller.create(IP_POOL, "narrow", {"subnet": "10.1.5.0/24"})
    teller.create(IP_POOL, "same", {"subnet": "10.1.0.0/16", "ips": ["10.1.0.1"]})
    teller.create(IP_POOL, "far", {"subnet": "10.2.0.0/16"})


@story
def addresses_overlap(teller: Storyteller) -> None:
    """An address is in one pool only, unless the other one excludes it."""
    teller.create(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9"], "excludeIPs": ["10.1.0.5"]})
    teller.create(IP_POOL, "two", {"subnet": SUBNET, "ips": ["10.1.0.9-10.1.0.12"]})
    teller.create(IP_POOL, "two", {"subnet": SUBNET, "ips": ["10.1.0.5"]})
    teller.create(IP_POOL, "three", {"subnet": SUBNET, "ips": ["10.1.0.1", "10.1.0.2", "10.1.0.8", "10.1.0.30"]})
    teller.create(IP_POOL, "one", {"subnet": SUBNET})
    teller.create(IP_POOL, "one", {"subnet": "10.3.0.0/24"})


@story
def range_is_turned_around(teller: Storyteller) -> None:
    """A pool whose range runs backwards can't be changed until that is mended."""
    teller.create(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.9-10.1.0.1"]})
    teller.merge(IP_POOL, "one", {"spec": {"disable": True}})
    teller.merge(IP_POOL, "one", {"spec": {"ips": ["10.1.0.1-10.1.0.9"]}})


@story
def pool_is_created_twice(teller: Storyteller) -> None:
    """The webhook looks at the new pool, and at the others by name, before it says that the name is taken."""
    teller.create(IP_POOL, "b", {"subnet": SUBNET})
    teller.create(IP_POOL, "a", {"subnet": "10.3.0.0/16"})
    teller.create(IP_POOL, "c", {"subnet": "10.5.0.0/16"})
    for subnet in ("10.3.0.0/24", "10.3.0.1/24", SUBNET_6, "10.4.0.0/16", "10.5.0.0/24"):
        teller.create(IP_POOL, "b", {"subnet": subnet})


@story
def reservation_changes(teller: Storyteller) -> None:
    """Its family stays."""
    teller.create(RESERVED, "one", {"ips": ["10.1.0.1"]})
    teller.merge(RESERVED, "one", {"spec": {"ipVersion": 6, "ips": ["fd00:1::1"]}})
    teller.merge(RESERVED, "one", {"spec": {"ips": ["10.1.0.2", "10.1.0.1"]}})


@story
def address_moves(teller: Storyteller) -> None:
    """It leaves the first pool before the second may list it."""
    teller.create(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9"]})
    teller.create(IP_POOL, "two", {"subnet": SUBNET, "ips": ["10.1.0.10-10.1.0.19"]})
    teller.merge(IP_POOL, "two", {"spec": {"ips": ["10.1.0.9-10.1.0.19"]}})
    teller.merge(IP_POOL, "one", {"spec": {"ips": ["10.1.0.1-10.1.0.8"]}})
    teller.merge(IP_POOL, "two", {"spec": {"ips": ["10.1.0.9-10.1.0.19"]}})


@story
def pool_is_deleted(teller: Storyteller) -> None:
    """A pool in use stays, can't be changed, blocks its addresses, and goes when it is empty."""
    teller.create(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9"]})
    teller.allocate("one", {"10.1.0.1": "default/app"})
    teller.delete(IP_POOL, "one")
    teller.read(IP_POOL, "one")
    teller.delete(IP_POOL, "one")
    teller.merge(IP_POOL, "one", {"spec": {"ips": ["10.1.0.1-10.1.0.5"]}})
    teller.merge(IP_POOL, "one", {"metadata": {"labels": {"a": "b"}}})
    teller.apply(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.1-10.1.0.9"]})
    teller.create(IP_POOL, "two", {"subnet": SUBNET, "ips": ["10.1.0.9"]})
    teller.create(IP_POOL, "one", {"subnet": SUBNET})
    teller.allocate("one", {})
    teller.wait_until_gone(IP_POOL, "one")
    teller.read(IP_POOL, "one")
    teller.delete(IP_POOL, "one")
    teller.create(IP_POOL, "two", {"subnet": SUBNET, "ips": ["10.1.0.9"]})


@story
def pool_is_replaced(teller: Storyteller) -> None:
    """A PUT without what the webhook added gets it back."""
    teller.create(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.1"]}, labels={"a": "b"})
    teller.replace(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.2"]})
    teller.merge(IP_POOL, "one", {"metadata": {"finalizers": None, "labels": None}})
    teller.replace(IP_POOL, "one", {"subnet": SUBNET, "ipVersion": 4, "ips": ["10.1.0.2", "10.1.0.1"]})


@story
def pool_is_tried(teller: Storyteller) -> None:
    """A dry run asks the webhooks too, and stores nothing."""
    teller.create(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.1", "10.1.0.2"]}, query={"dryRun": "All"})
    teller.create(IP_POOL, "one", {"subnet": "10.1.0.7/24"}, query={"dryRun": "All"})
    teller.read(IP_POOL, "one")


@story
def pool_has_two_managers(teller: Storyteller) -> None:
    """Ownership and conflicts of server-side apply."""
    teller.apply(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.2", "10.1.0.1"]}, manager="first", force=False)
    teller.apply(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.2", "10.1.0.1"]}, manager="first", force=False)
    teller.apply(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.3"]}, manager="second", force=False)
    teller.apply(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.3"]}, manager="second")
    teller.merge(IP_POOL, "one", {"spec": {"ips": ["10.1.0.4"]}})
    teller.apply(IP_POOL, "one", {"subnet": SUBNET, "ips": ["10.1.0.3"]}, manager="second", force=False)
    teller.apply(IP_POOL, "one", {"subnet": SUBNET, "vlan": 5}, manager="second")
    teller.apply(IP_POOL, "one", {"subnet": SUBNET}, manager="first")
    teller.apply(IP_POOL, "one", {"subnet": SUBNET}, manager="second")


@story
def spec_becomes_null(teller: Storyteller) -> None:
    """A JSON patch that sets it to null, or takes it away, leaves a spec without what is required."""
    specs: dict[Any, dict[str, Any]] = {
        IP_POOL: {"subnet": SUBNET},
        RESERVED: {"ips": ["10.1.0.1"]},
        MULTUS_CONFIG: IPVLAN,
        CONFIG_MAP: {"a": "1"},
    }
    for kind, spec in specs.items():
        teller.create(kind, "one", spec)
        teller.merge(kind, "one", [{"op": "replace", "path": "/spec", "value": None}], content_type=JSON_PATCH)
        teller.merge(kind, "one", [{"op": "remove", "path": "/spec"}], content_type=JSON_PATCH)


@story
def pool_is_stale(teller: Storyteller) -> None:
    """Writes that carry a wrong uid or an old version."""
    teller.create(IP_POOL, "one", {"subnet": SUBNET}, resourceVersion="5")
    teller.create(IP_POOL, "one", {"subnet": SUBNET})
    teller.merge(IP_POOL, "one", {"metadata": {"uid": "another"}})
    teller.merge(IP_POOL, "one", {"metadata": {"resourceVersion": "1"}, "spec": {"disable": True}})
    teller.merge(IP_POOL, "missing", {"spec": {"disable": True}})
    teller.merge(IP_POOL, "one", {"spec": {"disable": True}}, content_type=STRATEGIC_PATCH)
    teller.merge(IP_POOL, "one", {"spec": {"disable": True}}, content_type="text/plain")


@story
def pool_has_a_bad_name(teller: Storyteller) -> None:
    """Names and labels are checked before any webhook is asked."""
    teller.create(IP_POOL, "One_", {"subnet": SUBNET})
    teller.create(IP_POOL, "one", {"subnet": SUBNET}, labels={"a b": "c"})
    teller.create(IP_POOL, "one", {"subnet": SUBNET}, labels={"d": "e f"})
    teller.create(IP_POOL, "one", {"subnet": SUBNET}, annotations={"": "c"})


@story
def network_is_generated(teller: Storyteller) -> None:
    """The controller makes the NetworkAttachmentDefinition and follows changes."""
    teller.create(MULTUS_CONFIG, "one", IPVLAN, annotations={"note": "x"}, labels={"app": "y"})
    teller.wait_until_there(NAD, "one")
    teller.read(NAD, "one")


@story
def network_has_another_name(teller: Storyteller) -> None:
    """Annotations name it, and its CNI version."""
    names = {"multus.spidernet.io/cr-name": "other", "multus.spidernet.io/cni-version": "0.4.0"}
    teller.create(MULTUS_CONFIG, "one", IPVLAN, annotations=names)
    teller.wait_until_there(NAD, "other")
    teller.read(NAD, "other")
    teller.create(MULTUS_CONFIG, "two", IPVLAN, annotations=names)
    teller.merge(MULTUS_CONFIG, "one", {"metadata": {"annotations": {"multus.spidernet.io/cr-name": "third"}}})
    teller.create(MULTUS_CONFIG, "three", IPVLAN, annotations={"multus.spidernet.io/cni-version": "9"})


@story
def network_of_the_init_job(teller: Storyteller) -> None:
    """The empty placeholder has an empty network."""
    teller.create(MULTUS_CONFIG, "one", {"cniType": "custom", "enableCoordinator": False})
    teller.wait_until_there(NAD, "one")
    teller.read(NAD, "one")


@story
def provider_id_is_written_once(teller: Storyteller) -> None:
    """It can be set, set again to the same, and never be changed."""
    teller.create(NODE, "one", {})
    for value in ("cn-hangzhou.i-1", "cn-hangzhou.i-1", "cn-hangzhou.i-2", None, ""):
        teller.merge(NODE, "one", {"spec": {"providerID": value}}, content_type=STRATEGIC_PATCH)
    teller.merge(NODE, "one", {"metadata": {"uid": "another"}}, content_type=STRATEGIC_PATCH)
    teller.merge(NODE, "missing", {"spec": {"providerID": "a.i-1"}}, content_type=STRATEGIC_PATCH)
    teller.apply(NODE, "made", {"providerID": "a.i-1"})


@story
def lease_is_held(teller: Storyteller) -> None:
    """A Lease is created once, and its times have microseconds."""
    held = {"holderIdentity": "me", "leaseDurationSeconds": 60, "renewTime": "2026-01-01T00:00:00.000000Z"}
    teller.create(LEASE, "one", held)
    teller.create(LEASE, "one", held)
    teller.replace(LEASE, "one", {**held, "holderIdentity": "you"})
    teller.create(LEASE, "two", {**held, "renewTime": "2026-01-01T00:00:00Z"})
    teller.create(LEASE, "two", {**held, "leaseDurationSeconds": 0})


@story
def config_map_is_written(teller: Storyteller) -> None:
    """A built-in kind, by every way of writing."""
    teller.create(CONFIG_MAP, "one", {"a": "1"})
    teller.apply(CONFIG_MAP, "one", {"a": "2", "b": "3"})
    teller.merge(CONFIG_MAP, "one", {"data": {"a": None}})
    teller.create(CONFIG_MAP, "two", {"a": 1})
    teller.create(CONFIG_MAP, "two", {"a/b": "1"})
    teller.delete(CONFIG_MAP, "one")
    teller.read(CONFIG_MAP, "one")

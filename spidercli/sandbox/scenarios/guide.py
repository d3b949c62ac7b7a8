"""The two nodes of Spiderpool's Alibaba Cloud guide, after `helm install` and before the first pool.

Nodes, addresses and pods are the guide's. What it does not show, such as ids and the worker's address on
eth1, is made up.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from spidercli.addresses import expand
from spidercli.model import Manifest
from spidercli.sandbox.cloud import resources
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import cluster
from spidercli.sandbox.scenarios.scenario import Scenario

NAME = "guide"

REGION = "cn-hangzhou"
ZONE = "cn-hangzhou-i"
VPC = "vpc-bp1k9s4d7f2h6j8l0q3w5"
VSWITCH_ETH0 = "vsw-bp1e5t8y2u6i0o4p7a3s9"
VSWITCH_ETH1 = "vsw-bp1d6g1h5j9k3l7z2x8c4"
SECURITY_GROUP = "sg-bp1v3b7n1m5q9w4e8r2t6"
MASTER = "i-bp1d8cnq4vw6t0yr3e5s"
WORKER = "i-bp17345hor9k2m4x8w1z"
MASTER_ETH0 = "eni-bp1a4m2c8x6v0b5n9d3f7"
MASTER_ETH1 = "eni-bp1b7h3g9k1l5q8w2r6t0"
WORKER_ETH0 = "eni-bp1c2y6u0i4o8p3z7x5j9"
WORKER_ETH1 = "eni-bp1d9s5f1g7h3j6k0m4n8"

CONFIG_TEXT = f"""\
# The pool names are the guide's: node and first octet of the subnet.
region: cn-hangzhou
vpc: {VPC}
pools:
  name: "{{node}}-{{octet}}"
"""

_TYPE = resources.InstanceType(
    instance_type_id="ecs.g7.xlarge", cores=4, memory_gib=16.0, eni_quantity=4, ipv4_per_eni=15, ipv6_per_eni=15
)
_TAGS = {"kubernetes.io/cluster/guide": "owned"}


def build() -> Scenario:
    """The guide's cloud and cluster."""
    return Scenario(name=NAME, world=_world(), manifests=tuple(_manifests()), config_text=CONFIG_TEXT)


def _world() -> World:
    world = World(region_id=REGION)
    world.add_instance_type(_TYPE)
    _add_network(world)
    _add_node(world, MASTER, "master")
    world.add_eni(_eth0(MASTER_ETH0, MASTER, "master", "172.31.199.183", "172.31.199.185-172.31.199.189"))
    world.add_eni(_eth1(MASTER_ETH1, MASTER, "master", "192.168.0.155", "192.168.0.156-192.168.0.160"))
    _add_node(world, WORKER, "worker")
    world.add_eni(_eth0(WORKER_ETH0, WORKER, "worker", "172.31.199.184", "172.31.199.190-172.31.199.194"))
    world.add_eni(_eth1(WORKER_ETH1, WORKER, "worker", "192.168.0.166", "192.168.0.161-192.168.0.165"))
    return world


def _add_network(world: World) -> None:
    world.add_vpc(
        resources.Vpc(
            vpc_id=VPC,
            name="guide",
            cidr=IPv4Network("172.31.0.0/16"),
            secondary_cidrs=(IPv4Network("192.168.0.0/16"),),
        )
    )
    for vswitch_id, name, cidr in (
        (VSWITCH_ETH0, "guide-eth0", "172.31.192.0/20"),
        (VSWITCH_ETH1, "guide-eth1", "192.168.0.0/24"),
    ):
        world.add_vswitch(
            resources.VSwitch(vswitch_id=vswitch_id, vpc_id=VPC, zone_id=ZONE, name=name, cidr=IPv4Network(cidr))
        )
    world.add_security_group(resources.SecurityGroup(security_group_id=SECURITY_GROUP, vpc_id=VPC, name="guide"))


def _add_node(world: World, instance_id: str, name: str) -> None:
    world.add_instance(
        resources.Instance(
            instance_id=instance_id,
            name=name,
            hostname=name,
            instance_type=_TYPE.instance_type_id,
            zone_id=ZONE,
            vpc_id=VPC,
            vswitch_id=VSWITCH_ETH0,
            serial_number=str(uuid.uuid5(uuid.NAMESPACE_OID, instance_id)),
            security_group_ids=(SECURITY_GROUP,),
            tags=_TAGS,
        )
    )


def _eth0(eni_id: str, instance_id: str, node: str, primary_ip: str, secondary: str) -> resources.NetworkInterface:
    return _eni(eni_id, instance_id, f"{node}-eth0", VSWITCH_ETH0, primary_ip, secondary, device_index=0)


def _eth1(eni_id: str, instance_id: str, node: str, primary_ip: str, secondary: str) -> resources.NetworkInterface:
    return _eni(eni_id, instance_id, f"{node}-eth1", VSWITCH_ETH1, primary_ip, secondary, device_index=1)


def _eni(
    eni_id: str, instance_id: str, name: str, vswitch_id: str, primary_ip: str, secondary: str, *, device_index: int
) -> resources.NetworkInterface:
    address = IPv4Address(primary_ip)
    return resources.NetworkInterface(
        eni_id=eni_id,
        name=name,
        mac=f"00:16:3e:{device_index:02x}:{address.packed[2]:02x}:{address.packed[3]:02x}",
        vpc_id=VPC,
        vswitch_id=vswitch_id,
        zone_id=ZONE,
        primary_ip=address,
        instance_id=instance_id,
        device_index=device_index,
        kind=resources.SECONDARY if device_index else resources.PRIMARY,
        secondary_ips=tuple(IPv4Address(ip) for ip in expand([secondary])),
        security_group_ids=(SECURITY_GROUP,),
        tags=_TAGS,
        created_at=f"2023-07-18T08:{device_index:02}:00Z",
    )


def _manifests() -> Iterator[Manifest]:
    yield cluster.namespace("default")
    yield cluster.namespace(cluster.SYSTEM)
    yield cluster.node("master", IPv4Address("172.31.199.183"), control_plane=True)
    yield cluster.node("worker", IPv4Address("172.31.199.184"))
    yield cluster.kubeadm_config()
    yield from cluster.spiderpool("ipvlan-eth0", nodes=2)
    yield _pod("test-app-1-ddlx7", "master", "172.31.199.187")
    yield _pod("test-app-1-jpfkj", "worker", "172.31.199.193")
    yield _pod("test-app-2-qbhwx", "master", "192.168.0.160")
    yield _pod("test-app-2-r6gwx", "worker", "192.168.0.161")


def _pod(name: str, node_name: str, address: str) -> Manifest:
    app = name.rpartition("-")[0]
    image, nic = ("busybox", "eth0") if app == "test-app-1" else ("nginx", "eth1")
    network = f"{cluster.SYSTEM}/ipvlan-{nic}"
    return cluster.pod(name, app=app, image=image, node_name=node_name, address=address, network=network)

"""Builders of facts with sensible defaults, and the two nodes of the guide."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

import pytest

from spidercli import addresses
from spidercli.model import CloudFacts, Eni, Instance, KubeNode, Source, VSwitch

REGION = "cn-hangzhou"


class Build:
    """Facts from texts; every keyword that is left out has a harmless default."""

    def instance(self, instance_id: str, ip: str = "", **fields: Any) -> Instance:
        defaults: dict[str, Any] = {
            "name": instance_id,
            "hostname": "",
            "instance_type": "ecs.g7.large",
            "region_id": REGION,
            "zone_id": "cn-hangzhou-i",
            "vpc_id": "vpc-1",
            "status": "Running",
            "private_ips": (IPv4Address(ip),) if ip else (),
            "tags": {},
        }
        return Instance(instance_id=instance_id, **{**defaults, **fields})

    def kube_node(self, name: str, *ips: str, **fields: Any) -> KubeNode:
        internal_ips = tuple(ipaddress.ip_address(ip) for ip in ips)
        defaults: dict[str, Any] = {"uid": "", "provider_id": "", "hostname": ""}
        return KubeNode(name=name, internal_ips=internal_ips, **{**defaults, **fields})

    def eni(self, eni_id: str, ip: str | None = None, secondary: Iterable[str] = (), **fields: Any) -> Eni:
        primary = fields.get("primary", False)
        defaults: dict[str, Any] = {
            "name": eni_id,
            "instance_id": "i-1",
            "primary": primary,
            "kind": "Primary" if primary else "Secondary",
            "status": "InUse",
            "mac": "00:16:3e:00:00:01",
            "vpc_id": "vpc-1",
            "vswitch_id": "vsw-1",
            "zone_id": "cn-hangzhou-i",
            "primary_ip": IPv4Address(ip) if ip else None,
            "secondary_ips": addresses.gathered(addresses.expand(secondary)),
            "ipv4_prefixes": (),
            "ipv6_addresses": addresses.gathered(()),
            "ipv6_prefixes": (),
            "device_index": None,
            "created_at": "2023-07-21T02:00:00Z",
            "service_managed": False,
            "traffic_mode": "Standard",
            "tags": {},
        }
        return Eni(eni_id=eni_id, **{**defaults, **fields})

    def vswitch(self, vswitch_id: str, cidr: str, ipv6_cidr: str | None = None) -> VSwitch:
        return VSwitch(
            vswitch_id=vswitch_id,
            vpc_id="vpc-1",
            zone_id="cn-hangzhou-i",
            cidr=IPv4Network(cidr),
            ipv6_cidr=IPv6Network(ipv6_cidr) if ipv6_cidr else None,
            free_addresses=4000,
        )

    def facts(
        self,
        instances: Iterable[Instance] = (),
        enis: Iterable[Eni] = (),
        vswitches: Iterable[VSwitch] = (),
        *,
        source: Source = Source.OPENAPI,
        gateways: Mapping[Any, Any] | None = None,
    ) -> CloudFacts:
        return CloudFacts(
            source=source,
            region_id=REGION,
            instances=tuple(instances),
            enis=tuple(enis),
            vswitches=tuple(vswitches),
            gateways=gateways or {},
        )

    def guide_facts(self) -> CloudFacts:
        """The nodes `master` and `worker` of Spiderpool's guide for Alibaba Cloud."""
        return self.facts(
            [
                self.instance("i-master", "172.31.199.183", hostname="master"),
                self.instance("i-worker", "172.31.199.184", hostname="worker"),
            ],
            [
                self._guide_eni("eni-m0", "i-master", "172.31.199.183", "172.31.199.185-172.31.199.189", primary=True),
                self._guide_eni("eni-m1", "i-master", "192.168.0.155", "192.168.0.156-192.168.0.160"),
                self._guide_eni("eni-w0", "i-worker", "172.31.199.184", "172.31.199.190-172.31.199.194", primary=True),
                self._guide_eni("eni-w1", "i-worker", "192.168.0.166", "192.168.0.161-192.168.0.165"),
            ],
            [self.vswitch("vsw-172", "172.31.192.0/20"), self.vswitch("vsw-192", "192.168.0.0/24")],
        )

    def guide_nodes(self) -> tuple[KubeNode, ...]:
        """As the guide's `kubectl get nodes -owide` lists them."""
        return self.kube_node("master", "172.31.199.183"), self.kube_node("worker", "172.31.199.184")

    def _guide_eni(self, eni_id: str, instance_id: str, ip: str, secondary: str, *, primary: bool = False) -> Eni:
        vswitch_id = f"vsw-{ip.partition('.')[0]}"
        return self.eni(eni_id, ip, [secondary], instance_id=instance_id, primary=primary, vswitch_id=vswitch_id)


@pytest.fixture(name="build", scope="session")
def _build() -> Build:
    return Build()

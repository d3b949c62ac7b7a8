"""A cloud with state: it answers as DescribeInstances and its kin would, and remembers what it was asked."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any

import pytest

from spidercli.model import Addresses, Eni, Instance, KubeNode, VSwitch
from spidercli.ports import Identity


@dataclasses.dataclass
class FakeCloud:
    """Instances by id, each with one ENI; the calls are kept as texts."""

    region_id: str = "cn-hangzhou"
    known: dict[str, Instance] = dataclasses.field(default_factory=dict)
    calls: list[str] = dataclasses.field(default_factory=list)
    threads: set[int] = dataclasses.field(default_factory=set)
    secondary: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)  # by instance
    failure: Exception | None = None
    stopped: bool = False

    def add(self, instance_id: str, ip: str, **fields: Any) -> Instance:
        """Start an instance."""
        defaults: dict[str, Any] = {
            "name": instance_id,
            "hostname": "",
            "instance_type": "ecs.g7.large",
            "region_id": self.region_id,
            "zone_id": "cn-hangzhou-i",
            "vpc_id": "vpc-1",
            "status": "Running",
            "private_ips": (IPv4Address(ip),),
            "tags": {},
        }
        self.known[instance_id] = Instance(instance_id=instance_id, **{**defaults, **fields})
        return self.known[instance_id]

    def stop(self) -> None:
        self.stopped = True

    def instances(
        self, *, vpc_id: str | None = None, ids: Collection[str] = (), private_ips: Collection[IPv4Address] = ()
    ) -> tuple[Instance, ...]:
        what = [*ids, *map(str, private_ips)] or ["all"]
        self.calls.append(f"instances of {vpc_id}: {' '.join(what)}")
        return tuple(
            instance
            for instance in self.known.values()
            if vpc_id in (None, instance.vpc_id)
            and (not ids or instance.instance_id in ids)
            and (not private_ips or instance.private_ips[0] in private_ips)
        )

    def enis(self, *, vpc_id: str) -> tuple[Eni, ...]:
        self.threads.add(threading.get_ident())
        self.calls.append(f"enis of {vpc_id}")
        if self.failure:
            raise self.failure
        return tuple(
            _eni(instance, self.secondary.get(instance.instance_id, ()))
            for instance in self.known.values()
            if instance.vpc_id == vpc_id
        )

    def vswitches(self, *, vpc_id: str) -> tuple[VSwitch, ...]:
        self.threads.add(threading.get_ident())
        self.calls.append(f"vswitches of {vpc_id}")
        cidr = IPv4Network("10.0.0.0/24")
        vswitch = VSwitch(
            vswitch_id="vsw-1", vpc_id=vpc_id, zone_id="cn-hangzhou-i", cidr=cidr, ipv6_cidr=None, free_addresses=9
        )
        return (vswitch,)

    def identity(self) -> Identity:
        raise NotImplementedError


def _eni(instance: Instance, secondary: Iterable[str]) -> Eni:
    return Eni(
        eni_id=instance.instance_id.replace("i-", "eni-"),
        name="",
        instance_id=instance.instance_id,
        primary=True,
        kind="Primary",
        status="InUse",
        mac="00:16:3e:00:00:01",
        vpc_id=instance.vpc_id,
        vswitch_id="vsw-1",
        zone_id=instance.zone_id,
        primary_ip=instance.private_ips[0],
        secondary_ips=Addresses(IPv4Address, (int(IPv4Address(address)) for address in secondary)),
        ipv4_prefixes=(),
        ipv6_addresses=Addresses(IPv6Address, ()),
        ipv6_prefixes=(),
        device_index=0,
        created_at="2023-07-21T02:00:00Z",
        service_managed=False,
        traffic_mode="Standard",
        tags={},
    )


class Nodes:
    """Builds nodes of Kubernetes."""

    def __call__(self, name: str, ip: str = "", *, provider_id: str = "") -> KubeNode:
        internal_ips = (IPv4Address(ip),) if ip else ()
        return KubeNode(name=name, uid="", provider_id=provider_id, internal_ips=internal_ips, hostname=name)


@pytest.fixture(name="cloud")
def _cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture(name="node", scope="session")
def _node() -> Nodes:
    return Nodes()

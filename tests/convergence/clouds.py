"""Clouds of a few NICs that share two small vSwitches: everything that can meet does so soon."""

from __future__ import annotations

import collections
import dataclasses
import ipaddress
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from hypothesis import assume
from hypothesis import strategies as st

from spidercli import addresses
from spidercli.model import AddressBlock, Inventory, MatchedBy, NamedBy, Nic, Node, Source

# Two vSwitches of a VPC. The second layout's first one is the first layout's, deleted and made anew with more room.
LAYOUTS = (("10.0.0.0/28", "10.0.1.0/28"), ("10.0.0.0/27", "10.0.1.0/28"))
HOSTS = range(1, 7)
NICS = (("a", "eth0"), ("a", "eth1"), ("b", "eth0"), ("b", "eth1"))

NicName = tuple[str, str]  # node, NIC


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cloud:
    """Which vSwitch a NIC is in, and which addresses those that exist have; one without addresses has no pool."""

    subnets: Mapping[NicName, str]
    hosts: Mapping[NicName, tuple[int, ...]]

    def pools(self) -> dict[str, frozenset[str]]:
        """The addresses of every pool there should be, by the pool's usual name."""
        return {
            f"{node}-{nic}": frozenset(self._addresses((node, nic)))
            for (node, nic), hosts in self.hosts.items()
            if hosts
        }

    def idle(self) -> frozenset[str]:
        """The names that the pools of NICs without addresses would have."""
        return frozenset(f"{node}-{nic}" for (node, nic), hosts in self.hosts.items() if not hosts)

    def subnet(self, pool: str) -> str:
        """The subnet that a pool should have."""
        node, _, nic = pool.partition("-")
        return self.subnets[node, nic]

    def inventory(self) -> Inventory:
        """The same as facts."""
        nodes = sorted({node for node, _ in self.hosts})
        return Inventory(source=Source.FILE, region_id="cn-hangzhou", nodes=tuple(map(self._node, nodes)))

    def _node(self, name: str) -> Node:
        return Node(
            name=name,
            uid="",
            provider_id="",
            instance_id=f"i-{name}",
            instance_type="",
            region_id="cn-hangzhou",
            zone_id="cn-hangzhou-i",
            vpc_id="vpc-1",
            matched_by=MatchedBy.CLOUD,
            nics=tuple(self._nic(nic) for nic in sorted(self.hosts) if nic[0] == name),
        )

    def _nic(self, nic: NicName) -> Nic:
        found = addresses.gathered(ipaddress.ip_address(address) for address in self._addresses(nic))
        block = AddressBlock(subnet=IPv4Network(self.subnets[nic]), gateway=None, addresses=found)
        return Nic(
            name=nic[1],
            named_by=NamedBy.CONFIG,
            eni_id=f"eni-{'-'.join(nic)}",
            mac="",
            vswitch_id=f"vsw-{self.subnets[nic]}",
            primary=nic[1] == "eth0",
            primary_ip=None,
            free_addresses=None,
            blocks=(block,),
        )

    def _addresses(self, nic: NicName) -> Iterator[str]:
        base = self.subnets[nic].rpartition(".")[0]
        return (f"{base}.{host}" for host in self.hosts[nic])


@st.composite
def clouds(draw: st.DrawFn) -> Cloud:
    """A cloud with at least one address."""
    layout = draw(st.sampled_from(LAYOUTS))
    subnets = {nic: layout[draw(st.integers(0, 1))] for nic in NICS}
    hosts: dict[NicName, list[int]] = collections.defaultdict(list)
    for subnet in layout:
        there = [nic for nic in NICS if subnets[nic] == subnet]
        for host in HOSTS if there else ():
            owner = draw(st.sampled_from([None, *there]))
            if owner is not None:
                hosts[owner].append(host)
    assume(hosts)
    for nic in draw(st.frozensets(st.sampled_from(NICS))):
        hosts.setdefault(nic, [])
    return Cloud(subnets=subnets, hosts={nic: tuple(found) for nic, found in hosts.items()})

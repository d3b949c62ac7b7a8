"""The instances that a node may be, by what a node knows of its instance."""

from __future__ import annotations

import collections
from collections.abc import Iterable

from spidercli.model import Instance, IPAddress, KubeNode


class Index:
    """Instances by id, by primary private address and by hostname."""

    def __init__(self, instances: Iterable[Instance]) -> None:
        self._ids = {instance.instance_id: instance for instance in instances}
        self._addresses: dict[IPAddress, list[Instance]] = collections.defaultdict(list)
        self._hostnames: dict[str, list[Instance]] = collections.defaultdict(list)
        for instance in self._ids.values():
            self._hostnames[instance.hostname.lower()].append(instance)
            for primary in instance.private_ips[:1]:
                self._addresses[primary].append(instance)

    def with_id(self, instance_id: str) -> Instance | None:
        """The instance of an id."""
        return self._ids.get(instance_id)

    def with_address_of(self, node: KubeNode) -> list[Instance]:
        """The instances whose primary address is an InternalIP of the node, each once."""
        found = (instance for address in node.internal_ips for instance in self._addresses.get(address, ()))
        return list({instance.instance_id: instance for instance in found}.values())

    def with_hostname_of(self, node: KubeNode) -> list[Instance]:
        """The instances of the node's hostname, in any case of letters."""
        return self._hostnames.get(hostname_of(node).lower(), [])

    def lacks(self, instance_id: str) -> bool:
        """Whether others are here, so that somebody may see instances, but not this one."""
        return bool(self._ids) and instance_id not in self._ids


def hostname_of(node: KubeNode) -> str:
    """The hostname that a node reports, else its name."""
    return node.hostname or node.name

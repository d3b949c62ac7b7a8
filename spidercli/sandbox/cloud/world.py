"""The state of the sandbox's cloud, and the handles for changing it while it runs."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import itertools
import threading
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from spidercli.model import IPAddress
from spidercli.sandbox import faults
from spidercli.sandbox.cloud import addressbook, calls, resources
from spidercli.sandbox.cloud.addressbook import AddressBook
from spidercli.sandbox.cloud.calls import Call
from spidercli.sandbox.cloud.errors import NO_HEADERS, ApiError, not_found
from spidercli.sandbox.cloud.history import Journal
from spidercli.sandbox.cloud.idempotency import ClientTokens
from spidercli.sandbox.cloud.identity import AccessKey, Account
from spidercli.sandbox.faults import Fault, Faults, Kind

_HOLDINGS = {
    IPv4Address: "secondary_ips",
    IPv4Network: "ipv4_prefixes",
    IPv6Address: "ipv6_addresses",
    IPv6Network: "ipv6_prefixes",
}


_METADATA_CALLS = {calls.GET_METADATA: "metadata:GET", calls.PUT_METADATA_TOKEN: "metadata:PUT"}


class World:
    """One account in one region.

    Values are frozen and only replaced here, under `lock`, so that a test may change the world from its own
    thread while the server answers; the server holds `lock` for the whole of each answer. Methods that change
    addresses keep what a vSwitch promises (an address belongs to its CIDR and to one ENI), and nothing else:
    quotas and states bind the API's callers, not those who make the world.
    """

    def __init__(self, *, region_id: str, account: Account | None = None) -> None:
        self.region_id = region_id
        self.account = account or Account()
        self.lock = threading.RLock()
        self.vpcs: dict[str, resources.Vpc] = {}
        self.vswitches: dict[str, resources.VSwitch] = {}
        self.security_groups: dict[str, resources.SecurityGroup] = {}
        self.instance_types: dict[str, resources.InstanceType] = {}
        self.instances: dict[str, resources.Instance] = {}
        self.enis: dict[str, resources.NetworkInterface] = {}
        self.keys: dict[str, AccessKey] = {}
        self.metadata_instance_id: str | None = None  # None: the first instance
        self.requests = calls.call_log()
        self.faults = Faults()  # those of a whole sandbox, its cluster included
        self.tokens = ClientTokens()
        self._books: dict[str, AddressBook] = {}
        self._enis_of: dict[str, tuple[str, ...]] = {}  # instance id -> ENI ids
        self._arrivals: dict[str, int] = {}
        self._count = itertools.count(1)
        self._journal = Journal()
        self.add_key(self.account.key)

    # What there is

    def eni(self, eni_id: str) -> resources.NetworkInterface:
        """An ENI; InvalidEniId.NotFound where there is none."""
        with self.lock:
            if eni_id not in self.enis:
                raise not_found("EniId", eni_id)
            return self.enis[eni_id]

    def instance(self, instance_id: str) -> resources.Instance:
        """An instance; InvalidInstanceId.NotFound where there is none."""
        with self.lock:
            if instance_id not in self.instances:
                raise not_found("InstanceId", instance_id)
            return self.instances[instance_id]

    def enis_of(self, instance_id: str) -> list[resources.NetworkInterface]:
        """The ENIs of an instance, the primary one first, then by device index."""
        with self.lock:
            found = [self.enis[eni_id] for eni_id in self._enis_of.get(instance_id, ())]
            return sorted(found, key=lambda eni: (eni.kind != resources.PRIMARY, eni.device_index or 0))

    def book(self, vswitch_id: str) -> AddressBook:
        """The addresses of a vSwitch."""
        return self._books[vswitch_id]

    def owner(self, address: IPAddress | str) -> str | None:
        """The ENI that holds an address, in whichever vSwitch; the first one found."""
        wanted = addressbook.parse(str(address))
        assert isinstance(wanted, IPv4Address | IPv6Address)
        with self.lock:
            return next(filter(None, (book.owner(wanted) for book in self._books.values())), None)

    def arrival(self, resource_id: str) -> int:
        """A number that orders resources by when they were added; pages are cut by it."""
        return self._arrivals[resource_id]

    # Making it

    def add_key(self, key: AccessKey) -> None:
        """Let an access key in."""
        with self.lock:
            self.keys[key.access_key_id] = key

    def add_vpc(self, vpc: resources.Vpc) -> None:
        """Add a VPC."""
        with self._changing():
            self._journal.put(self.vpcs, vpc.vpc_id, vpc)
            self._arrive(vpc.vpc_id)

    def add_vswitch(self, vswitch: resources.VSwitch) -> None:
        """Add a vSwitch to a VPC."""
        with self._changing():
            self._journal.put(self.vswitches, vswitch.vswitch_id, vswitch)
            self._books[vswitch.vswitch_id] = AddressBook(vswitch)
            self._arrive(vswitch.vswitch_id)

    def add_security_group(self, group: resources.SecurityGroup) -> None:
        """Add a security group."""
        with self._changing():
            self._journal.put(self.security_groups, group.security_group_id, group)
            self._arrive(group.security_group_id)

    def add_instance_type(self, instance_type: resources.InstanceType) -> None:
        """Offer an instance type."""
        with self._changing():
            self._journal.put(self.instance_types, instance_type.instance_type_id, instance_type)
            self._arrive(instance_type.instance_type_id)

    def add_instance(self, instance: resources.Instance) -> None:
        """Add an instance; its ENIs, the primary one too, are added by `add_eni`."""
        with self._changing():
            self._journal.put(self.instances, instance.instance_id, instance)
            self._arrive(instance.instance_id)

    def add_eni(self, eni: resources.NetworkInterface) -> None:
        """Add an ENI with its addresses; an ApiError where one of them can't be had."""
        with self._changing():
            self._books[eni.vswitch_id].take_all(eni.holdings(), eni.eni_id)
            self._journal.put(self.enis, eni.eni_id, eni)
            siblings = self._enis_of.get(eni.instance_id, ())
            self._journal.put(self._enis_of, eni.instance_id, (*siblings, eni.eni_id))
            self._arrive(eni.eni_id)

    # Changing it

    def change_vswitch(self, vswitch_id: str, **changes: Any) -> None:
        """Replace fields of a vSwitch, for example to turn IPv6 on; addresses that are taken stay taken."""
        with self._changing():
            vswitch = dataclasses.replace(self.vswitches[vswitch_id], **changes)
            self._journal.put(self.vswitches, vswitch_id, vswitch)
            self._books[vswitch_id].vswitch = vswitch

    def change_instance(self, instance_id: str, **changes: Any) -> None:
        """Replace fields of an instance."""
        with self._changing():
            changed = dataclasses.replace(self.instance(instance_id), **changes)
            self._journal.put(self.instances, instance_id, changed)

    def change_eni(self, eni_id: str, **changes: Any) -> None:
        """Replace fields of an ENI other than its addresses and its instance: status, tags, names and flags."""
        with self._changing():
            self._journal.put(self.enis, eni_id, dataclasses.replace(self.eni(eni_id), **changes))

    def remove_eni(self, eni_id: str) -> None:
        """Take an ENI away; its addresses are free again."""
        with self._changing():
            eni = self.eni(eni_id)
            for item in eni.holdings():
                self._books[eni.vswitch_id].release(item)
            others = tuple(other for other in self._enis_of[eni.instance_id] if other != eni_id)
            self._journal.put(self._enis_of, eni.instance_id, others)
            self._journal.drop(self.enis, eni_id)

    def remove_instance(self, instance_id: str) -> None:
        """Release an instance and its ENIs."""
        with self._changing():
            for eni in self.enis_of(instance_id):
                self.remove_eni(eni.eni_id)
            self._journal.drop(self.instances, instance_id)

    def assign(self, eni_id: str, *items: resources.Assignable | str) -> None:
        """Give an ENI secondary addresses or prefixes of either family; all of them, or an ApiError."""
        wanted = [addressbook.parse(str(item)) for item in items]
        with self._changing():
            self._books[self.eni(eni_id).vswitch_id].take_all(wanted, eni_id)
            for item in wanted:
                field = _HOLDINGS[type(item)]
                self.change_eni(eni_id, **{field: (*getattr(self.enis[eni_id], field), item)})

    def unassign(self, eni_id: str, *items: resources.Assignable | str) -> None:
        """Take secondary addresses or prefixes from an ENI; all of them, or InvalidIp.IpUnassigned."""
        wanted = [addressbook.parse(str(item)) for item in items]
        with self._changing():
            held = self._secondary(eni_id)
            stranger = next((item for item in wanted if item not in held), None)
            if stranger is not None:
                text = f'The specified IP "{stranger}" is not assigned on this ENI.'
                raise ApiError(403, "InvalidIp.IpUnassigned", text)
            for item in dict.fromkeys(wanted):
                self._drop(eni_id, item)

    def move(self, address: IPAddress | str, *, to: str) -> None:
        """Take a secondary address from the ENI that holds it and give it to another one of the same vSwitch."""
        with self._changing():
            source = self.owner(address)
            if source is None:
                raise ApiError(403, "InvalidIp.IpUnassigned", f'No ENI holds "{address}".')
            self.unassign(source, address)
            self.assign(to, address)

    def refuse(
        self,
        action: str,
        status: int,
        code: str,
        message: str,
        *,
        times: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        """Answer an action with an error, the next `times` times or until `forgive`.

        `action` is an API's action, GetMetadata, PutMetadataToken, or "*" for all of them.
        """
        everything = faults.CLOUD if action == "*" else f"{faults.CLOUD}:{action}"
        call = _METADATA_CALLS.get(action, everything)
        error = ApiError(status, code, message, headers=headers)
        self.faults.add(Fault(kind=Kind.ERROR, call=call, times=times, error=error))

    def forgive(self) -> None:
        """Forget every refusal and every other fault."""
        self.faults.clear()

    def begin(self) -> None:
        """Count what comes from now on as changes, and all before as the making of the world."""
        with self.lock:
            self._journal.forget()

    def before_the_last_change(self) -> World:
        """The world to read from as it was then; only vSwitches count their free addresses as they are now."""
        former = copy.copy(self)
        for name in ("vpcs", "vswitches", "security_groups", "instance_types", "instances", "enis", "_enis_of"):
            setattr(former, name, self._journal.before(getattr(self, name)))
        return former

    def calls(self, action: str) -> list[Call]:
        """The recorded requests of one action, oldest first."""
        with self.lock:
            return [call for call in self.requests if call.action == action]

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self.lock, self._journal.change():
            yield

    def _arrive(self, resource_id: str) -> None:
        self._arrivals.setdefault(resource_id, next(self._count))

    def _secondary(self, eni_id: str) -> set[resources.Assignable]:
        eni = self.eni(eni_id)
        return {item for item in eni.holdings() if item != eni.primary_ip}

    def _drop(self, eni_id: str, item: resources.Assignable) -> None:
        eni = self.enis[eni_id]
        field = _HOLDINGS[type(item)]
        self._books[eni.vswitch_id].release(item)
        self.change_eni(eni_id, **{field: tuple(held for held in getattr(eni, field) if held != item)})

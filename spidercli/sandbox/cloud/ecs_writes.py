"""The writing actions of ECS 2014-05-26 that give addresses to ENIs and take them back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from spidercli.sandbox.cloud import resources
from spidercli.sandbox.cloud.errors import ApiError, conflicting, invalid, missing
from spidercli.sandbox.cloud.operations import Context, Operation
from spidercli.sandbox.cloud.params import Params
from spidercli.sandbox.cloud.resources import Assignable, NetworkInterface
from spidercli.sandbox.cloud.world import World

_MOST_PREFIXES = 10
_MOST_WHILE_AVAILABLE = 49  # secondary addresses of an ENI that is not attached
_MOST_LISTED_WHILE_AVAILABLE = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Rules:
    """What one family's pair of actions is like."""

    version: int
    address: type[IPv4Address | IPv6Address]
    prefix: type[IPv4Network | IPv6Network]
    addresses: str  # parameter, a numbered list
    count: str
    prefixes: str
    prefix_count: str
    most: int  # addresses in one call
    exceeded: str  # error code


_IPV4 = _Rules(
    version=4,
    address=IPv4Address,
    prefix=IPv4Network,
    addresses="PrivateIpAddress",
    count="SecondaryPrivateIpAddressCount",
    prefixes="Ipv4Prefix",
    prefix_count="Ipv4PrefixCount",
    most=_MOST_WHILE_AVAILABLE,
    exceeded="InvalidOperation.Ipv4CountExceeded",
)
_IPV6 = _Rules(
    version=6,
    address=IPv6Address,
    prefix=IPv6Network,
    addresses="Ipv6Address",
    count="Ipv6AddressCount",
    prefixes="Ipv6Prefix",
    prefix_count="Ipv6PrefixCount",
    most=10,
    exceeded="InvalidOperation.Ipv6CountExceeded",
)


def assign_private_ip_addresses(context: Context) -> dict[str, object]:
    """AssignPrivateIpAddresses."""
    return context.world.tokens.once(context.params, lambda: _assigned_ipv4(context))


def _assigned_ipv4(context: Context) -> dict[str, object]:
    given = _assign(context, _IPV4)
    answer = {
        "NetworkInterfaceId": context.params.text("NetworkInterfaceId"),
        "PrivateIpSet": {"PrivateIpAddress": _texts(given, IPv4Address)},
        "Ipv4PrefixSet": {"Ipv4Prefixes": _texts(given, IPv4Network)},
    }
    return {"AssignedPrivateIpAddressesSet": answer}


def assign_ipv6_addresses(context: Context) -> dict[str, object]:
    """AssignIpv6Addresses."""
    return context.world.tokens.once(context.params, lambda: _assigned_ipv6(context))


def _assigned_ipv6(context: Context) -> dict[str, object]:
    given = _assign(context, _IPV6)
    return {
        "NetworkInterfaceId": context.params.text("NetworkInterfaceId"),
        "Ipv6Sets": {"Ipv6Address": _texts(given, IPv6Address)},
        "Ipv6PrefixSets": {"Ipv6Prefix": _texts(given, IPv6Network)},
    }


def unassign_private_ip_addresses(context: Context) -> dict[str, object]:
    """UnassignPrivateIpAddresses."""
    return _unassign(context, _IPV4)


def unassign_ipv6_addresses(context: Context) -> dict[str, object]:
    """UnassignIpv6Addresses."""
    return _unassign(context, _IPV6)


def _assign(context: Context, rules: _Rules) -> list[Assignable]:
    world, params = context.world, context.params
    eni = world.eni(params.required("NetworkInterfaceId"))
    _check_exclusive(params, rules)
    listed = _listed(params, rules)
    counted = params.count(rules.count, most=rules.most) or 0
    prefixes = params.count(rules.prefix_count, most=_MOST_PREFIXES) or 0
    _check_state(world, eni)
    if eni.status == resources.AVAILABLE and len(listed) > _MOST_LISTED_WHILE_AVAILABLE:
        raise invalid(
            f"{rules.addresses}.N", f"N is not between 1 and {_MOST_LISTED_WHILE_AVAILABLE} before the attach"
        )
    _check_limit(world, eni, rules, len(listed) + counted + prefixes)
    book = world.book(eni.vswitch_id)
    wanted: list[Assignable] = [
        *listed,
        *book.free(rules.version, counted),
        *book.free_prefixes(rules.version, prefixes),
    ]
    world.assign(eni.eni_id, *wanted)
    return wanted


def _unassign(context: Context, rules: _Rules) -> dict[str, object]:
    world, params = context.world, context.params
    eni = world.eni(params.required("NetworkInterfaceId"))
    listed = _listed(params, rules)
    if not listed:
        raise missing(f"{rules.addresses}.N")
    _check_state(world, eni)
    world.unassign(eni.eni_id, *listed)
    return {}


def _check_exclusive(params: Params, rules: _Rules) -> None:
    ways = (rules.addresses, rules.count, rules.prefixes, rules.prefix_count)
    given = [name for name in ways if name in params.names()]
    if not given:
        raise missing(rules.count)
    if len(given) > 1:
        raise conflicting(*given)


def _listed(params: Params, rules: _Rules) -> list[Assignable]:
    addresses = params.numbered(rules.addresses, most=rules.most)
    prefixes = params.numbered(rules.prefixes, most=_MOST_PREFIXES)
    items = [_parsed(text, rules.address) for text in addresses] + [_parsed(text, rules.prefix) for text in prefixes]
    repeated = next((item for item in items if items.count(item) > 1), None)
    if repeated is not None:
        raise ApiError(403, "InvalidIp.IpRepeated", f'The specified IP "{repeated}" is repeated.')
    return items


def _parsed(text: str, kind: Callable[[str], Assignable]) -> Assignable:
    try:
        return kind(text)
    except ValueError:
        raise ApiError(403, "InvalidIp.Address", f'The specified IP "{text}" is malformed.') from None


def _check_state(world: World, eni: NetworkInterface) -> None:
    if eni.service_managed:
        raise ApiError(403, "InvalidOperation.EniServiceManaged", f"{eni.eni_id} is managed by a service.")
    if eni.status not in (resources.AVAILABLE, resources.IN_USE):
        text = f'Expecting status is "Available,InUse" while the current status of {eni.eni_id} is "{eni.status}".'
        raise ApiError(400, "InvalidOperation.InvalidEniState", text)
    if eni.kind == resources.PRIMARY:
        _check_instance_state(world.instance(eni.instance_id))


def _check_instance_state(instance: resources.Instance) -> None:
    if instance.status not in (resources.RUNNING, resources.STOPPED):
        text = f'The current status of {instance.instance_id} is "{instance.status}".'
        raise ApiError(400, "InvalidOperation.InvalidEcsState", text)


def _check_limit(world: World, eni: NetworkInterface, rules: _Rules, more: int) -> None:
    limit = _limit(world, eni, rules)
    if limit == 0:
        raise ApiError(403, "InvalidOperation.Ipv6NotSupport", "The instance type carries no IPv6 addresses.")
    if eni.used(rules.version) + more > limit:
        text = f"{eni.eni_id} holds {eni.used(rules.version)} of {limit} addresses, {more} more are wanted."
        raise ApiError(403, rules.exceeded, text)


def _limit(world: World, eni: NetworkInterface, rules: _Rules) -> int:
    """Addresses and prefixes that an ENI may hold: the instance type says it once the ENI is attached."""
    if not eni.instance_id:
        return _MOST_WHILE_AVAILABLE + 1 if rules is _IPV4 else _IPV6.most
    instance_type = world.instance_types[world.instance(eni.instance_id).instance_type]
    return instance_type.ipv4_per_eni if rules is _IPV4 else instance_type.ipv6_per_eni


def _texts(items: list[Assignable], kind: type[Assignable]) -> list[str]:
    return [str(item) for item in items if isinstance(item, kind)]


def _parameters(rules: _Rules, *more: str) -> frozenset[str]:
    return frozenset({"NetworkInterfaceId", rules.addresses, rules.prefixes, *more})


ACTIONS: Mapping[str, Operation] = {
    "AssignPrivateIpAddresses": Operation(
        handler=assign_private_ip_addresses,
        parameters=_parameters(_IPV4, _IPV4.count, _IPV4.prefix_count, "ClientToken"),
    ),
    "UnassignPrivateIpAddresses": Operation(handler=unassign_private_ip_addresses, parameters=_parameters(_IPV4)),
    "AssignIpv6Addresses": Operation(
        handler=assign_ipv6_addresses,
        parameters=_parameters(_IPV6, _IPV6.count, _IPV6.prefix_count, "ClientToken"),
    ),
    "UnassignIpv6Addresses": Operation(handler=unassign_ipv6_addresses, parameters=_parameters(_IPV6)),
}

"""Changes to a sandbox's cloud, made through its API as anybody's tool would make them."""

from __future__ import annotations

import uuid
from typing import Any, cast

from spidercli.errors import CloudError, UsageProblem
from spidercli.gateways.alibaba.calls import Call, Product
from spidercli.gateways.alibaba.client import AlibabaCloud
from spidercli.model import IPAddress


def only_in_a_sandbox(ecs_endpoint: str | None) -> None:
    """Refuse to touch a real cloud.

    Raises:
        UsageProblem: the ECS endpoint speaks https, as real ones do; http is accepted for loopback only.
    """
    if not (ecs_endpoint or "").startswith("http://"):
        raise UsageProblem(
            "this is not a sandbox", hint="start one with `spidercli sandbox up`, and set the variables that it prints"
        )


def add(cloud: AlibabaCloud, address: IPAddress, eni_id: str) -> None:
    """Assign a secondary private IP to an ENI."""
    cloud.send(_write("AssignPrivateIpAddresses", eni_id, address, token=True))


def remove(cloud: AlibabaCloud, address: IPAddress) -> str:
    """Take a secondary private IP from the ENI that has it.

    Returns:
        The ENI's id.

    Raises:
        UsageProblem: no ENI has it.
        CloudError: it stayed where it is.
    """
    eni_id = _owner(cloud, address)
    if eni_id is None:
        raise UsageProblem(f"no ENI has {address}", hint="spidercli inventory lists them")
    try:
        cloud.send(_write("UnassignPrivateIpAddresses", eni_id, address, token=False))
    except CloudError:  # this call takes no ClientToken, so it is not sent twice; it may have been carried out
        if _owner(cloud, address) is not None:
            raise
    return eni_id


def move(cloud: AlibabaCloud, address: IPAddress, eni_id: str) -> str:
    """Move a secondary private IP to another ENI; where that can't be, it stays where it was.

    Returns:
        The id of the ENI that had it.

    Raises:
        CloudError: the other ENI can't take it.
    """
    former = remove(cloud, address)
    try:
        add(cloud, address, eni_id)
    except CloudError:
        add(cloud, address, former)
        raise
    return former


def _owner(cloud: AlibabaCloud, address: IPAddress) -> str | None:
    """The ENI that has an address."""
    parameters = {"PrivateIpAddress.1": str(address), "MaxResults": "10"}
    answer = cloud.send(Call(product=Product.ECS, action="DescribeNetworkInterfaces", parameters=parameters))
    found = cast("list[dict[str, Any]]", answer["NetworkInterfaceSets"]["NetworkInterfaceSet"])
    return str(found[0]["NetworkInterfaceId"]) if found else None


def _write(action: str, eni_id: str, address: IPAddress, *, token: bool) -> Call:
    parameters = {"NetworkInterfaceId": eni_id, "PrivateIpAddress.1": str(address)}
    if token:
        parameters["ClientToken"] = str(uuid.uuid4())
    return Call(product=Product.ECS, action=action, parameters=parameters, write=True)

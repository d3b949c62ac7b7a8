"""Both generations of Alibaba Cloud's SDKs, unmodified, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_tea_openapi import exceptions as tea_errors
from alibabacloud_tea_openapi.client import Client as TeaClient
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from alibabacloud_vpc20160428 import models as vpc_models
from alibabacloud_vpc20160428.client import Client as VpcClient
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.AssignPrivateIpAddressesRequest import AssignPrivateIpAddressesRequest
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
from aliyunsdkecs.request.v20140526.DescribeNetworkInterfacesRequest import DescribeNetworkInterfacesRequest
from darabonba.runtime import RuntimeOptions

from spidercli.sandbox.cloud.identity import AccessKey
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.scenarios import guide

STS_KEY = AccessKey(access_key_id="STS.test", secret="test-secret", security_token="token+/=", role_name="reader")


def _config(host: str, key: AccessKey, **more: Any) -> Config:
    return Config(
        access_key_id=key.access_key_id,
        access_key_secret=key.secret,
        security_token=key.security_token,
        region_id="cn-hangzhou",
        endpoint=host,
        protocol="HTTP",
        **more,
    )


def _send(client: AcsClient, request: Any, host: str) -> dict[str, Any]:
    request.set_endpoint(host)
    answer: dict[str, Any] = json.loads(client.do_action_with_exception(request))
    return answer


def test_legacy_reads(legacy: AcsClient, host: str) -> None:
    """The legacy SDK's typed requests, with lists, JSON arrays and tags, are understood."""
    instances = DescribeInstancesRequest()
    instances.set_InstanceIds(json.dumps([guide.MASTER, guide.WORKER]))
    instances.set_MaxResults(100)
    enis = DescribeNetworkInterfacesRequest()
    enis.set_NetworkInterfaceIds([guide.MASTER_ETH0, guide.WORKER_ETH1])
    enis.set_Tags([{"Key": "kubernetes.io/cluster/guide", "Value": "owned"}])

    found = _send(legacy, instances, host), _send(legacy, enis, host)

    assert [each["HostName"] for each in found[0]["Instances"]["Instance"]] == ["master", "worker"]
    assert [each["NetworkInterfaceName"] for each in found[1]["NetworkInterfaceSets"]["NetworkInterfaceSet"]] == [
        "master-eth0",
        "worker-eth1",
    ]


def test_legacy_write(legacy: AcsClient, host: str, world: World) -> None:
    """The legacy SDK assigns addresses."""
    request = AssignPrivateIpAddressesRequest()
    request.set_NetworkInterfaceId(guide.WORKER_ETH0)
    request.set_PrivateIpAddresss(["172.31.199.195", "172.31.199.196"])
    request.set_ClientToken("a-token")

    _send(legacy, request, host)

    assert world.owner("172.31.199.196") == guide.WORKER_ETH0


def test_legacy_error(legacy: AcsClient, host: str, world: World) -> None:
    """An error arrives as the SDK's ServerException, with code, status and request id."""
    world.refuse("DescribeInstances", 400, "Throttling.User", "Request was denied due to user flow control.")

    with pytest.raises(ServerException) as caught:
        _send(legacy, DescribeInstancesRequest(), host)

    error = caught.value
    assert (error.error_code, error.http_status, len(error.request_id)) == ("Throttling.User", 400, 36)


def test_legacy_wrong_secret(world: World, host: str) -> None:
    """The legacy SDK understands that the secret is wrong: it compares the string to sign in the message."""
    client = AcsClient(world.account.key.access_key_id, "wrong", "cn-hangzhou", auto_retry=False, proxy={"-": ""})

    with pytest.raises(ServerException) as caught:
        _send(client, DescribeInstancesRequest(), host)

    client.session.close()
    assert caught.value.error_code == "InvalidAccessKeySecret"


@pytest.mark.parametrize("with_token", [False, True])
def test_tea_models(with_token: bool, world: World, host: str) -> None:
    """The newer SDK's VPC client reads vSwitches, with a permanent and with a temporary key."""
    key = STS_KEY if with_token else world.account.key
    world.add_key(key)
    request = vpc_models.DescribeVSwitchesRequest(vpc_id=guide.VPC, region_id="cn-hangzhou", page_size=50)

    body = VpcClient(_config(host, key)).describe_vswitches(request).body

    assert [each.cidr_block for each in body.v_switches.v_switch] == ["172.31.192.0/20", "192.168.0.0/24"]


@pytest.mark.parametrize("where", ["query", "body"])
@pytest.mark.parametrize("signature", ["v3", "v1"])
def test_tea_generic_call(where: str, signature: str, world: World, host: str) -> None:
    """The newer SDK's generic call works in both signatures, with parameters in the query and in a form body."""
    client = TeaClient(_config(host, world.account.key, signature_version=None if signature == "v3" else signature))
    params = Params(
        action="DescribeVSwitchAttributes",
        version="2016-04-28",
        protocol="HTTP",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )

    values = {"VSwitchId": guide.VSWITCH_ETH1}
    answer = client.call_api(params, OpenApiRequest(**{where: values}), RuntimeOptions())

    assert answer["body"]["CidrBlock"] == "192.168.0.0/24"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"access_key_secret": "wrong"}, "SignatureDoesNotMatch"),
        ({"access_key_id": "nobody"}, "InvalidAccessKeyId.NotFound"),
    ],
)
def test_tea_wrong_key(changes: dict[str, str], code: str, world: World, host: str) -> None:
    """A wrong key is the newer SDK's ClientException."""
    config = _config(host, world.account.key)
    for name, value in changes.items():
        setattr(config, name, value)

    with pytest.raises(tea_errors.ClientException) as caught:
        VpcClient(config).describe_vpcs(vpc_models.DescribeVpcsRequest(region_id="cn-hangzhou"))

    assert caught.value.code == code


def test_tea_throttling(world: World, host: str) -> None:
    """A throttled answer that says when to come back is the newer SDK's ThrottlingException."""
    world.refuse("DescribeVpcs", 429, "Throttling.User", "Slow down.", headers={"x-acs-retry-after": "700"})

    with pytest.raises(tea_errors.ThrottlingException) as caught:
        VpcClient(_config(host, world.account.key)).describe_vpcs(
            vpc_models.DescribeVpcsRequest(region_id="cn-hangzhou")
        )

    assert caught.value.retry_after == 700

"""What the Cloud Controller Manager should run with."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from spidercli.desired import AccessKey, ccm_spec
from spidercli.errors import ConfigInvalid


def test_defaults_need_nothing(make: SimpleNamespace) -> None:
    """Without settings there is no route, no cloud-config value and no secret."""
    spec = ccm_spec(make.config().ccm, cluster_cidr="10.244.0.0/16")

    assert (spec.version, spec.route_cidr, spec.cloud_config) == ("v2.13.0", None, {})


def test_place_goes_into_cloud_config_as_a_whole(make: SimpleNamespace) -> None:
    """Region, VPC and vSwitches go together: the CCM ignores a region alone."""
    place = {"region": "cn-hangzhou", "vpc": "vpc-1", "vswitches": ["cn-hangzhou-i:vsw-1", "cn-hangzhou-j:vsw-2"]}

    assert ccm_spec(make.config(ccm=place).ccm).cloud_config == {
        "region": "cn-hangzhou",
        "vpcid": "vpc-1",
        "vswitchid": "cn-hangzhou-i:vsw-1,cn-hangzhou-j:vsw-2",
    }


@pytest.mark.parametrize(("configured", "expected"), [(None, "live"), ("mine", "mine")])
def test_cluster_id(make: SimpleNamespace, configured: str | None, expected: str) -> None:
    """A configured clusterID wins over the one that was found."""
    spec = ccm_spec(make.config(ccm={"clusterID": configured, "backendType": "eni"}).ccm, cluster_id="live")

    assert spec.cloud_config == {"clusterID": expected, "serviceBackendType": "eni"}


@pytest.mark.parametrize(
    ("configured", "found", "expected"),
    [
        (None, "10.244.0.0/16", "10.244.0.0/16"),
        (None, "10.244.0.0/16, fd00::/48", "10.244.0.0/16,fd00::/48"),
        ("10.1.0.0/16", "10.244.0.0/16", "10.1.0.0/16"),
    ],
)
def test_routes_need_the_pod_cidr(
    make: SimpleNamespace, configured: str | None, found: str | None, expected: str
) -> None:
    """With routes on, the configured pod CIDR or the found one is taken."""
    routes = {"configureCloudRoutes": True, "controllers": ["route", "node"], "clusterCIDR": configured}

    assert ccm_spec(make.config(ccm=routes).ccm, cluster_cidr=found).route_cidr == expected


@pytest.mark.parametrize(
    ("controllers", "found", "problem"),
    [
        (["route"], None, "none was found"),
        (["route"], "<<cluster-cidr>>", "is no CIDR"),
        (["node"], "10.244.0.0/16", "has no route"),
    ],
)
def test_routes_that_can_not_work(
    make: SimpleNamespace, controllers: list[str], found: str | None, problem: str
) -> None:
    """Routes without a pod CIDR or without their controller are refused."""
    routes = make.config(ccm={"configureCloudRoutes": True, "controllers": controllers}).ccm

    with pytest.raises(ConfigInvalid, match=problem):
        ccm_spec(routes, cluster_cidr=found)


def test_access_key_is_trimmed_and_never_shown() -> None:
    """White space around a key would be sent to the cloud, and a key in a log would be a leak."""
    key = AccessKey(key_id=" LTAI-id\n", secret="a secret\n")

    assert (key.key_id, key.secret) == ("LTAI-id", "a secret")
    assert "LTAI" not in repr(key)
    assert "secret" not in repr(key)

"""Desired values and override folders, as short as a test needs them."""

from __future__ import annotations

import dataclasses
import ipaddress
from pathlib import Path
from types import SimpleNamespace

import pytest

from spidercli.addresses import gathered
from spidercli.config.schema import Ccm
from spidercli.desired import CcmSpec, DesiredMultus, DesiredPool, ccm_spec
from spidercli.model import Family, MatchedBy, Node

_POOL = DesiredPool(
    name="worker-eth1",
    node="worker",
    nic="eth1",
    family=Family.IPV4,
    subnet=ipaddress.ip_network("192.168.0.0/24"),
    gateway=ipaddress.ip_address("192.168.0.253"),
    addresses=gathered(ipaddress.ip_address(f"192.168.0.{last}") for last in (161, 162, 165)),
    eni_id="eni-1",
    instance_id="i-1",
    vswitch_id="vsw-1",
    multus_name="kube-system/ipvlan-eth1",
    default=True,
)


def _pool(**changes: object) -> DesiredPool:
    return dataclasses.replace(_POOL, **changes)  # type: ignore[arg-type]


def _multus(**coordinator: object) -> DesiredMultus:
    return DesiredMultus(name="ipvlan-eth1", namespace="kube-system", nic="eth1", coordinator=coordinator or None)


def _node(*, uid: str) -> Node:
    return Node(
        name="worker",
        uid=uid,
        provider_id="",
        instance_id="i-1",
        instance_type="",
        region_id="cn-hangzhou",
        zone_id="",
        vpc_id="vpc-1",
        matched_by=MatchedBy.CLOUD,
        nics=(),
    )


def _spec(*, cluster_cidr: str | None = None, **ccm: object) -> CcmSpec:
    return ccm_spec(Ccm.model_validate(ccm), cluster_cidr=cluster_cidr)


@pytest.fixture
def make() -> SimpleNamespace:
    return SimpleNamespace(pool=_pool, multus=_multus, node=_node, spec=_spec)


@pytest.fixture
def overrides(tmp_path: Path) -> Path:
    """An empty folder for templates."""
    folder = tmp_path / "overrides"
    folder.mkdir()
    return folder

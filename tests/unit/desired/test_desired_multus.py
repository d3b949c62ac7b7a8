"""Which SpiderMultusConfigs an inventory asks for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from spidercli import desired
from spidercli.errors import ConfigInvalid


def test_one_for_each_nic_name(make: SimpleNamespace) -> None:
    """NICs of one name on many nodes share a SpiderMultusConfig, in name order."""
    found = make.inventory(make.node("a", make.nic("eth1"), make.nic("eth0")), make.node("b", make.nic("eth0")))

    made = desired.multus_configs(found, make.config())

    assert [(multus.reference, multus.nic) for multus in made] == [
        ("kube-system/ipvlan-eth0", "eth0"),
        ("kube-system/ipvlan-eth1", "eth1"),
    ]


def test_coordinator_has_the_keys_that_were_set(make: SimpleNamespace) -> None:
    """The coordinator block has the CRD's spelling, and no key that the configuration leaves out."""
    chosen = make.config(multus={"coordinator": {"mode": "underlay", "tunePodRoutes": False, "hijackCIDR": []}})

    (multus,) = desired.multus_configs(make.one_nic("10.0.0.0/24"), chosen)

    assert multus.coordinator == {"mode": "underlay", "tunePodRoutes": False, "hijackCIDR": []}


@pytest.mark.parametrize("section", [{}, {"coordinator": {}}])
def test_no_coordinator_leaves_the_defaults(make: SimpleNamespace, section: dict[str, object]) -> None:
    """Without keys there is no coordinator block."""
    (multus,) = desired.multus_configs(make.one_nic("10.0.0.0/24"), make.config(multus=section))

    assert multus.coordinator is None


@pytest.mark.parametrize("name", ["eth0.100", "Eth0", "eth_0"])
def test_name_that_multus_does_not_take(make: SimpleNamespace, name: str) -> None:
    """Multus refuses dots and capitals in a pod's annotation, so no SpiderMultusConfig gets such a name."""
    with pytest.raises(ConfigInvalid, match=r"multus.name names .* no RFC 1123 label"):
        desired.multus_configs(make.inventory(make.node("a", make.nic(name))), make.config())

"""The SpiderMultusConfigs: one for each NIC name of the inventory."""

from __future__ import annotations

from spidercli.config.schema import Config
from spidercli.desired import naming
from spidercli.desired.values import DesiredMultus
from spidercli.model import Inventory


def multus_configs(inventory: Inventory, config: Config) -> tuple[DesiredMultus, ...]:
    """One SpiderMultusConfig for each NIC name, in name order.

    Raises:
        ConfigInvalid: `multus.name` gives a name that Multus does not take.
    """
    names = sorted({nic.name for _, nic in inventory.nics()})
    return tuple(_multus_config(nic, config) for nic in names)


def _multus_config(nic: str, config: Config) -> DesiredMultus:
    name = naming.fill(config.multus.name, {"nic": nic})
    naming.check_label(name, key="multus.name", source=nic)
    return DesiredMultus(name=name, namespace=config.spiderpool.namespace, nic=nic, coordinator=_coordinator(config))


def _coordinator(config: Config) -> dict[str, object] | None:
    """The keys that were set, in the CRD's spelling; None when there are none."""
    if config.multus.coordinator is None:
        return None
    return config.multus.coordinator.model_dump(by_alias=True, exclude_none=True) or None

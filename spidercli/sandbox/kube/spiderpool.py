"""The settings of a Spiderpool installation that its webhooks and controllers go by."""

from __future__ import annotations

import dataclasses

GROUP = "spiderpool.spidernet.io"
API_VERSION = f"{GROUP}/v2beta1"
FINALIZER = GROUP
POOLS = f"spiderippools.{GROUP}"
MULTUS_CONFIGS = f"spidermultusconfigs.{GROUP}"
RESERVED_IPS = f"spiderreservedips.{GROUP}"
COORDINATORS = f"spidercoordinators.{GROUP}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spiderpool:
    """An installation; the defaults are those of the Helm chart, in the guides' namespace."""

    namespace: str = "kube-system"
    default_network: str = "ipvlan-eth0"  # multus.multusCNI.defaultCniCRName: the NAD of pods that name none
    enable_ipv4: bool = True
    enable_ipv6: bool = True
    guards_deletion: bool = False  # spiderpoolController.enableValidatingResourcesDeletedWebhook

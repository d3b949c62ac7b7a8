"""What the Cloud Controller Manager (CCM) should run with."""

from __future__ import annotations

import dataclasses
import ipaddress

from spidercli.config.schema import Ccm, CcmCredentials
from spidercli.errors import ConfigInvalid


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccessKey:
    """An AccessKey pair for the CCM, in plain text; surrounding white space is dropped, the CCM would send it."""

    key_id: str = dataclasses.field(repr=False)
    secret: str = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key_id", self.key_id.strip())
        object.__setattr__(self, "secret", self.secret.strip())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the CCM runs; given as a whole, it spares the CCM the metadata service (it ignores a region alone)."""

    region: str
    vpc: str
    vswitches: tuple[str, ...]  # ZONE:VSWITCH

    @property
    def cloud_config(self) -> dict[str, str]:
        """The three keys as cloud-config spells them."""
        return {"region": self.region, "vpcid": self.vpc, "vswitchid": ",".join(self.vswitches)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class CcmSpec:
    """Everything that the CCM's manifests depend on, but no secret."""

    version: str
    image: str | None  # None: the version's own
    credentials: CcmCredentials
    cluster_id: str | None  # None: the CCM tags with the literal "clusterid"
    controllers: tuple[str, ...]
    route_cidr: str | None  # pod CIDR for VPC routes; None: no routes
    backend_type: str | None
    placement: Placement | None  # None: the metadata service says

    @property
    def cloud_config(self) -> dict[str, str]:
        """The `Global` mapping of cloud-config without credentials (pkg/config/cloud_config.go)."""
        placement = self.placement.cloud_config if self.placement else {}
        values = {"clusterID": self.cluster_id, **placement, "serviceBackendType": self.backend_type}
        return {key: value for key, value in values.items() if value}


def ccm_spec(ccm: Ccm, *, cluster_cidr: str | None = None, cluster_id: str | None = None) -> CcmSpec:
    """Join the configuration with what was found in the cluster.

    Args:
        ccm: the configuration; what it says wins over what was found.
        cluster_cidr: the pod CIDR found in the cluster, several separated by commas; used when routes are on.
        cluster_id: the clusterID of the live cloud-config, or one chosen for a new installation.

    Raises:
        ConfigInvalid: VPC routes without a pod CIDR or without the route controller.
    """
    return CcmSpec(
        version=ccm.version,
        image=ccm.image,
        credentials=ccm.credentials,
        cluster_id=ccm.cluster_id or cluster_id,
        controllers=tuple(dict.fromkeys(ccm.controllers)),
        route_cidr=_route_cidr(ccm, cluster_cidr) if ccm.configure_cloud_routes else None,
        backend_type=ccm.backend_type,
        placement=_placement(ccm),
    )


def _route_cidr(ccm: Ccm, found: str | None) -> str:
    if "route" not in ccm.controllers:
        raise ConfigInvalid(
            "ccm.configureCloudRoutes is on, but ccm.controllers has no route", hint="add route to ccm.controllers"
        )
    text = ccm.cluster_cidr or found
    if not text:
        raise ConfigInvalid(
            "ccm.configureCloudRoutes needs the cluster's pod CIDR, and none was found", hint="set ccm.clusterCIDR"
        )
    try:
        return ",".join(str(ipaddress.ip_network(part.strip())) for part in text.split(","))
    except ValueError as error:
        raise ConfigInvalid(f"the cluster's pod CIDR is no CIDR: {error}", hint="set ccm.clusterCIDR") from error


def _placement(ccm: Ccm) -> Placement | None:
    """The place, which the configuration has as a whole or not at all."""
    if not (ccm.region and ccm.vpc and ccm.vswitches):
        return None
    return Placement(region=ccm.region, vpc=ccm.vpc, vswitches=tuple(ccm.vswitches))

"""The configuration file's shape. `spidercli config schema` prints it as JSON Schema.

The docstring below a key is its description everywhere: in the JSON Schema, and in the file that `init` writes.
"""

from __future__ import annotations

import enum
import ipaddress
from typing import Annotated, Literal, Self

import pydantic
from pydantic.fields import ComputedFieldInfo, FieldInfo

from spidercli.config import texts
from spidercli.config.texts import Matching

Text = Annotated[str, pydantic.AfterValidator(texts.line)]
DnsName = Annotated[str, Matching(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "a name of a-z, 0-9 and -, at most 63 long")]
RegionId = Annotated[str, Matching(r"[a-z0-9]+(-[a-z0-9]+)+", "a region id, for example cn-hangzhou")]
VpcId = Annotated[str, Matching(r"vpc-[a-zA-Z0-9_-]+", "a VPC id (vpc-…)")]
NicName = Annotated[str, Matching(r"[a-zA-Z0-9_.-]{1,15}", "an interface name of at most 15 characters, as eth1")]
NodeNaming = Annotated[
    str,
    Matching(
        r"hostname|instance-name|instance-id|private-ip|tag:.+",
        "hostname, instance-name, instance-id, private-ip or tag:KEY",
    ),
]
NodePattern = Annotated[
    str,
    Matching(
        r"[-a-z0-9.*?!\[\]]+|[-A-Za-z0-9_./]+=[-A-Za-z0-9_.]*",
        "a pattern of node names, for example edge-*, or a label KEY=VALUE",
    ),
]
ZonedVSwitch = Annotated[
    str,
    Matching(r"[a-z0-9-]+:vsw-[a-zA-Z0-9_-]+", "ZONE:VSWITCH, for example cn-hangzhou-i:vsw-bp1a2b3c"),
]
ClusterId = Annotated[str, Matching(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}", "letters, digits, -, _ and ., at most 64")]
Cidr = Annotated[str, pydantic.AfterValidator(texts.cidr)]
Addresses = Annotated[str, pydantic.AfterValidator(texts.addresses_of)]
CidrOrVSwitch = Annotated[str, pydantic.AfterValidator(texts.cidr_or_vswitch)]
AddressOrCidr = Annotated[str, pydantic.AfterValidator(texts.address_or_cidr)]
Address = Annotated[pydantic.IPvAnyAddress, pydantic.BeforeValidator(texts.address)]
AddressOrEmpty = Annotated[str, pydantic.AfterValidator(texts.address_or_empty)]
Endpoint = Annotated[str, pydantic.AfterValidator(texts.endpoint)]
MetadataEndpoint = Annotated[str, pydantic.AfterValidator(texts.metadata_endpoint)]
PoolName = Annotated[str, pydantic.AfterValidator(texts.pool_name)]
MultusName = Annotated[str, pydantic.AfterValidator(texts.multus_name)]
ShareOrCount = Annotated[
    str,
    pydantic.Field(coerce_numbers_to_str=True),
    pydantic.AfterValidator(Matching(r"(100|[1-9]?[0-9])%|[0-9]{1,9}", "a percentage (20%) or a number").check),
    pydantic.WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^((100|[1-9]?[0-9])%|[0-9]{1,9})$"},
                {"type": "integer", "minimum": 0},
            ]
        }
    ),
]


def _title(attribute: str, field: FieldInfo | ComputedFieldInfo) -> str:
    return field.alias or attribute


class Section(pydantic.BaseModel):
    """A mapping of the file; an unknown key is an error, and a section with nothing in it has its defaults."""

    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
        field_title_generator=_title,
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, data: object) -> object:
        return {} if data is None else data


class Endpoints(Section):
    """Other addresses for the cloud's APIs: HOST[:PORT] means https, http:// is accepted for loopback only."""

    ecs: Endpoint | None = pydantic.Field(default=None, examples=["ecs-vpc.cn-hangzhou.aliyuncs.com"])
    """Elastic Compute Service."""
    vpc: Endpoint | None = pydantic.Field(default=None, examples=["vpc-vpc.cn-hangzhou.aliyuncs.com"])
    """Virtual Private Cloud."""
    sts: Endpoint | None = pydantic.Field(default=None, examples=["sts-vpc.cn-hangzhou.aliyuncs.com"])
    """Security Token Service."""
    metadata: MetadataEndpoint | None = pydantic.Field(default=None, examples=["http://100.100.100.200"])
    """Instance metadata; left out, it is http://100.100.100.200, the one address outside loopback that may be http."""


class Spiderpool(Section):
    """Where Spiderpool runs."""

    namespace: DnsName = "kube-system"
    """The namespace of Spiderpool's release, which SpiderMultusConfigs live in too."""


class Nodes(Section):
    """Which instances are nodes, and what a node is called when no cluster is asked (--no-cluster)."""

    name: NodeNaming = "hostname"
    """hostname, instance-name, instance-id, private-ip, or tag:KEY."""
    ids: list[Text] = pydantic.Field(default_factory=list, examples=[["i-bp1a2b3c"]])
    """Only these instances; with a cluster, only nodes on them."""
    tags: dict[Text, str] = pydantic.Field(default_factory=dict, examples=[{"cluster": "production"}])
    """Only instances that have all these tags; an empty value means any value."""
    exclude: list[NodePattern] = pydantic.Field(
        default_factory=list, examples=[["type=virtual-kubelet", "edge-*", "idc-node-1"]]
    )
    """Nodes to leave alone with all their pools, for example those that are no ECS instances: shell patterns of names,
    and labels KEY=VALUE; an empty value means any value."""


class InterfaceMatch(Section):
    """What an ENI has to have to get a name; all given keys must match, one entry of each list is enough."""

    vswitch: list[Text] = pydantic.Field(default_factory=list)
    """vSwitch ids."""
    cidr: list[Cidr] = pydantic.Field(default_factory=list)
    """CIDRs that contain the ENI's primary address."""
    eni_name: list[Text] = pydantic.Field(alias="eniName", default_factory=list)
    """Shell patterns for the ENI's name."""
    tags: dict[Text, str] = pydantic.Field(default_factory=dict)
    """Tags of the ENI; an empty value means any value."""


class Interface(Section):
    """A rule that names NICs."""

    name: NicName
    """The interface's name on the node, for example eth1 or ens5; several rules may give the same name."""
    match: InterfaceMatch
    """Which ENIs have this name."""


class FamilyChoice(enum.StrEnum):
    """Which IP families get pools."""

    AUTO = "auto"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DUAL = "dual"


class Pools(Section):
    """SpiderIPPools."""

    name: PoolName = "{node}-{nic}"
    """Name of a pool; fields: {node} {nic} {family} {octet} (first octet of the subnet) {instance} {eni} {vswitch}."""
    name_ipv6: PoolName = pydantic.Field(alias="nameIPv6", default="{node}-{nic}-v6")
    """Name of an IPv6 pool, with the same fields."""
    families: FamilyChoice = FamilyChoice.AUTO
    """auto makes IPv6 pools if any NIC has IPv6 addresses; then every NIC must have some."""
    default: pydantic.StrictBool = True
    """Whether pods without an annotation use these pools."""
    exclude: list[Addresses] = pydantic.Field(
        default_factory=list, examples=[["192.168.0.10", "192.168.0.20-192.168.0.29", "192.168.0.64/28"]]
    )
    """Addresses, ranges a-b and CIDRs that no pool may list."""
    gateways: dict[CidrOrVSwitch, Address] = pydantic.Field(
        default_factory=dict, examples=[{"192.168.0.0/24": "192.168.0.253"}]
    )
    """Gateway by CIDR or vSwitch id; the default is the metadata's, else the address the VPC reserves."""

    @pydantic.field_validator("gateways", mode="after")
    @classmethod
    def _gateways_are_in_their_subnets(
        cls, gateways: dict[str, pydantic.IPvAnyAddress]
    ) -> dict[str, pydantic.IPvAnyAddress]:
        for subnet, gateway in gateways.items():
            if "/" in subnet and gateway not in ipaddress.ip_network(subnet):
                raise ValueError(f"the gateway {gateway} is not in {subnet}")
        return gateways

    @pydantic.model_validator(mode="after")
    def _names_differ_by_family(self) -> Self:
        if self.name == self.name_ipv6 and "{family}" not in self.name:
            raise ValueError("name and nameIPv6 are the same, so the IPv4 and IPv6 pools of a NIC would be")
        return self


class Coordinator(Section):
    """A SpiderMultusConfig's coordinator block, key by key as its definition in the cluster has it."""

    mode: Literal["auto", "underlay", "overlay", "disabled"] | None = pydantic.Field(
        default=None, examples=["underlay"]
    )
    """How pods reach their node; disabled leaves the coordinator plugin out."""
    tune_pod_routes: pydantic.StrictBool | None = pydantic.Field(alias="tunePodRoutes", default=None, examples=[True])
    """Whether the routes of a pod with several NICs are tuned so that answers leave where requests came in."""
    pod_cidr_type: Literal["auto", "cluster", "calico", "cilium", "none"] | None = pydantic.Field(
        alias="podCIDRType", default=None, examples=["cluster"]
    )
    """Where the cluster's CIDRs are read from; Spiderpool takes it from its SpiderCoordinator, not from here."""
    hijack_cidr: list[AddressOrCidr] | None = pydantic.Field(
        alias="hijackCIDR", default=None, examples=[["169.254.0.0/16"]]
    )
    """CIDRs that pods reach through their node, for example that of a node-local DNS cache."""
    pod_default_route_nic: NicName | None = pydantic.Field(alias="podDefaultRouteNIC", default=None, examples=["eth0"])
    """The pod's NIC that has the default route."""
    pod_rp_filter: pydantic.StrictInt | None = pydantic.Field(
        alias="podRPFilter", default=None, ge=-1, le=2, examples=[0]
    )
    """rp_filter in pods: 0, 1, 2, or -1 to leave it as it is."""
    host_rule_table: pydantic.StrictInt | None = pydantic.Field(
        alias="hostRuleTable", default=None, ge=1, le=2**31 - 1, examples=[500]
    )
    """Number of the node's routing table for routes to its pods."""
    tx_queue_len: pydantic.StrictInt | None = pydantic.Field(
        alias="txQueueLen", default=None, ge=0, le=2**31 - 1, examples=[0]
    )
    """Transmit queue length of the pod's NIC; 0 leaves the kernel's."""
    veth_link_address: AddressOrEmpty | None = pydantic.Field(
        alias="vethLinkAddress", default=None, examples=["169.254.100.1"]
    )
    """A link-local address for the veth pair between node and pod."""


class Multus(Section):
    """SpiderMultusConfigs."""

    name: MultusName = "ipvlan-{nic}"
    """Name of a SpiderMultusConfig; the only field is {nic}."""
    coordinator: Coordinator | None = None
    """The coordinator block; left out, Spiderpool's own defaults hold, as in the English guide."""


class CcmCredentials(enum.StrEnum):
    """Where the Cloud Controller Manager gets its credentials."""

    RAM_ROLE = "ram-role"
    SECRET = "secret"  # noqa: S105 - the name of a way, not a secret
    CONFIG_MAP = "config-map"


class Ccm(Section):
    """The Cloud Controller Manager."""

    version: Literal["v2.5.0", "v2.13.0"] = "v2.13.0"
    """v2.5.0 is the guide's, v2.13.0 the newest whose image is documented."""
    image: Text | None = pydantic.Field(
        default=None, examples=["registry.example.com/acs/cloud-controller-manager:v2.13.0"]
    )
    """Another image; left out, it comes from the registry that Alibaba Cloud documents for the version."""
    credentials: CcmCredentials = CcmCredentials.RAM_ROLE
    """ram-role writes no secret anywhere; config-map is the guide's way."""
    cluster_id: ClusterId | None = pydantic.Field(alias="clusterID", default=None, examples=["production"])
    """Goes into load balancer tags and names; never change it on an existing installation."""
    cluster_cidr: Cidr | None = pydantic.Field(alias="clusterCIDR", default=None, examples=["10.244.0.0/16"])
    """Pod CIDR of the cluster; found in the cluster when left out."""
    controllers: list[Literal["node", "route", "service", "nlb"]] = pydantic.Field(default=["node", "service"])
    """Controllers to run; ingress (ALB) can't start on Kubernetes 1.22 or newer and is not offered."""
    configure_cloud_routes: pydantic.StrictBool = pydantic.Field(alias="configureCloudRoutes", default=False)
    """Underlay pods need no VPC routes."""
    backend_type: Literal["eni", "ecs"] | None = pydantic.Field(alias="backendType", default=None, examples=["eni"])
    """eni makes pod addresses load balancer backends without NodePorts."""
    region: RegionId | None = pydantic.Field(default=None, examples=["cn-hangzhou"])
    """Region for the CCM; with vpc or vswitches given, what is left out of the three is found."""
    vpc: VpcId | None = pydantic.Field(default=None, examples=["vpc-bp1a2b3c"])
    """VPC for the CCM; see region."""
    vswitches: list[ZonedVSwitch] = pydantic.Field(default_factory=list, examples=[["cn-hangzhou-i:vsw-bp1a2b3c"]])
    """ZONE:VSWITCH entries; region, vpc and vswitches together spare the CCM the metadata service."""


class Limits(Section):
    """How far a run may go."""

    max_delete: ShareOrCount = pydantic.Field(alias="maxDelete", default="20%")
    """Most of our pools, or addresses, that one run may take away: a percentage, or a number of pools and as many
    addresses as these may have. One pool always may, unless it is 0."""
    write_threads: pydantic.StrictInt = pydantic.Field(alias="writeThreads", default=16, ge=1, le=64)
    """Parallel writes to the Kubernetes API; Spiderpool's webhook gains nothing from more than 4 on creates."""


class Export(Section):
    """What `spidercli export` writes."""

    plain: pydantic.StrictBool = False
    """Leave out our label, annotations and ipVersion, so that objects look as in the guides. Export only."""


class Config(Section):
    """spidercli.yaml."""

    region: RegionId | None = pydantic.Field(default=None, examples=["cn-hangzhou"])
    """Region id."""
    vpc: VpcId | None = pydantic.Field(default=None, examples=["vpc-bp1a2b3c"])
    """VPC id; found through the nodes when left out."""
    profile: Text | None = pydantic.Field(default=None, examples=["production"])
    """A profile of ~/.aliyun/config.json; it beats credentials from the environment."""
    source: Literal["openapi", "metadata"] = "openapi"
    """Where the cloud's facts come from."""
    templates: Text | None = pydantic.Field(default=None, examples=["templates"])
    """A folder whose files replace the built-in templates of the same name; relative to this file."""
    endpoints: Endpoints = Endpoints()
    spiderpool: Spiderpool = Spiderpool()
    nodes: Nodes = Nodes()
    interfaces: list[Interface] = pydantic.Field(
        default_factory=list,
        examples=[[{"name": "eth1", "match": {"cidr": ["192.168.0.0/24"]}}]],
    )
    """Rules that name NICs, the first that matches wins; else names come from the DeviceIndex, else the ENIs' order."""
    pools: Pools = Pools()
    multus: Multus = Multus()
    ccm: Ccm = Ccm()
    limits: Limits = Limits()
    export: Export = Export()

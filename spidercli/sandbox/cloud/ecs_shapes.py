"""How ECS writes its resources: the shapes of the official response models, all fields filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from spidercli.sandbox.cloud.resources import Instance, InstanceType, NetworkInterface, SecurityGroup
from spidercli.sandbox.cloud.world import World

Shape = dict[str, object]

METADATA_OPTIONS = "META_OPTIONS"
ENI_ADDRESSES = "NETWORK_PRIMARY_ENI_IP"
"""AdditionalAttributes of DescribeInstances: without them the metadata options and the ENIs' addresses are left out."""

_SERVICE_ID = 1000000000000002  # the account of the service that manages a managed ENI


def tags(values: Mapping[str, str]) -> Shape:
    """Tags; unlike other services, ECS says TagKey and TagValue."""
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in values.items()]}


def eni(eni: NetworkInterface, world: World) -> Shape:
    """An item of DescribeNetworkInterfaces."""
    return {
        "NetworkInterfaceId": eni.eni_id,
        "NetworkInterfaceName": eni.name,
        "Description": eni.description,
        "Type": eni.kind,
        "Status": eni.status,
        "InstanceId": eni.instance_id,
        "Attachment": _attachment(eni),
        "AssociatedPublicIp": {},
        "MacAddress": eni.mac,
        "VpcId": eni.vpc_id,
        "VSwitchId": eni.vswitch_id,
        "ZoneId": eni.zone_id,
        "PrivateIpAddress": "" if eni.primary_ip is None else str(eni.primary_ip),
        **_address_sets(eni),
        "SecurityGroupIds": {"SecurityGroupId": list(eni.security_group_ids)},
        "Tags": tags(eni.tags),
        "ServiceManaged": eni.service_managed,
        **({"ServiceID": _SERVICE_ID} if eni.service_managed else {}),
        "SourceDestCheck": False,
        "DeleteOnRelease": eni.delete_on_release,
        "NetworkInterfaceTrafficMode": eni.traffic_mode,
        "QueueNumber": 2,
        "QueuePairNumber": 0,
        "ResourceGroupId": "",
        "OwnerId": world.account.account_id,
        "CreationTime": eni.created_at,
    }


def _attachment(eni: NetworkInterface) -> Shape:
    if not eni.instance_id:
        return {}
    device = {} if eni.device_index is None else {"DeviceIndex": eni.device_index}
    return {"InstanceId": eni.instance_id, "NetworkCardIndex": 0, "TrunkNetworkInterfaceId": "", **device}


def _address_sets(eni: NetworkInterface) -> Shape:
    return {
        "PrivateIpSets": {"PrivateIpSet": [_private_ip(str(ip), ip == eni.primary_ip) for ip in eni.private_ips]},
        "Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": str(ip), "Primary": False} for ip in eni.ipv6_addresses]},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": [{"Ipv4Prefix": str(prefix)} for prefix in eni.ipv4_prefixes]},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": [{"Ipv6Prefix": str(prefix)} for prefix in eni.ipv6_prefixes]},
    }


def _private_ip(address: str, primary: bool) -> Shape:
    return {"PrivateIpAddress": address, "Primary": primary, "PrivateDnsName": ""}


def instance(instance: Instance, world: World, attributes: Collection[str]) -> Shape:
    """An item of DescribeInstances."""
    enis = world.enis_of(instance.instance_id)
    return {
        **_instance_itself(instance, world),
        **_instance_size(world.instance_types[instance.instance_type]),
        **_instance_network(instance, enis, attributes),
        **_instance_lifecycle(instance),
        **(_metadata_options(instance) if METADATA_OPTIONS in attributes else {}),
    }


def _instance_itself(instance: Instance, world: World) -> Shape:
    return {
        "InstanceId": instance.instance_id,
        "InstanceName": instance.name,
        "HostName": instance.hostname,
        "Description": "",
        "Status": instance.status,
        "RegionId": world.region_id,
        "ZoneId": instance.zone_id,
        "SerialNumber": instance.serial_number,
        "ImageId": "centos_7_9_x64_20G_alibase_20230718.vhd",
        "OSName": "CentOS 7.9 64 bit",
        "OSNameEn": "CentOS 7.9 64 bit",
        "OSType": "linux",
        "KeyPairName": "",
        "ClusterId": "",
        "HpcClusterId": "",
        "ResourceGroupId": "",
        "Tags": tags(instance.tags),
    }


def _instance_size(instance_type: InstanceType) -> Shape:
    return {
        "InstanceType": instance_type.instance_type_id,
        "InstanceTypeFamily": instance_type.family,
        "Cpu": instance_type.cores,
        "CpuOptions": {"CoreCount": max(instance_type.cores // 2, 1), "Numa": "ON", "ThreadsPerCore": 2},
        "Memory": int(instance_type.memory_gib * 1024),
        "GPUAmount": 0,
        "GPUSpec": "",
        "LocalStorageAmount": 0,
        "LocalStorageCapacity": 0,
        "IoOptimized": True,
    }


def _instance_network(instance: Instance, enis: Iterable[NetworkInterface], attributes: Collection[str]) -> Shape:
    enis = list(enis)
    primary = [str(eni.primary_ip) for eni in enis[:1] if eni.primary_ip is not None]
    return {
        "InstanceNetworkType": "vpc",
        "VpcAttributes": {
            "VpcId": instance.vpc_id,
            "VSwitchId": instance.vswitch_id,
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": primary},
        },
        "NetworkInterfaces": {"NetworkInterface": [_instance_eni(eni, attributes) for eni in enis]},
        "SecurityGroupIds": {"SecurityGroupId": list(instance.security_group_ids)},
        "EipAddress": {"AllocationId": "", "InternetChargeType": "", "IpAddress": ""},
        "PublicIpAddress": {"IpAddress": []},
        "InnerIpAddress": {"IpAddress": []},
        "RdmaIpAddress": {"IpAddress": []},
        "VlanId": "",
        "InternetChargeType": "PayByTraffic",
        "InternetMaxBandwidthIn": -1,
        "InternetMaxBandwidthOut": 0,
    }


def _instance_eni(eni: NetworkInterface, attributes: Collection[str]) -> Shape:
    return {
        "NetworkInterfaceId": eni.eni_id,
        "MacAddress": eni.mac,
        "PrimaryIpAddress": "" if eni.primary_ip is None else str(eni.primary_ip),
        "Type": eni.kind,
        **(_address_sets(eni) if ENI_ADDRESSES in attributes else {}),
    }


def _instance_lifecycle(instance: Instance) -> Shape:
    return {
        "CreationTime": _minutes(instance.created_at),
        "StartTime": _minutes(instance.created_at),
        "ExpiredTime": "2099-12-31T15:59Z",
        "AutoReleaseTime": "",
        "InstanceChargeType": "PostPaid",
        "SaleCycle": "",
        "SpotStrategy": "NoSpot",
        "SpotPriceLimit": 0.0,
        "SpotDuration": 0,
        "StoppedMode": "Not-applicable",
        "CreditSpecification": "",
        "DeletionProtection": False,
        "DeviceAvailable": True,
        "Recyclable": False,
        "OperationLocks": {"LockReason": []},
        "DeploymentSetId": "",
        "DedicatedHostAttribute": {"DedicatedHostClusterId": "", "DedicatedHostId": "", "DedicatedHostName": ""},
        "DedicatedInstanceAttribute": {"Affinity": "", "Tenancy": ""},
        "EcsCapacityReservationAttr": {"CapacityReservationId": "", "CapacityReservationPreference": ""},
        "HibernationOptions": {"Configured": False},
    }


def _metadata_options(instance: Instance) -> Shape:
    options = {
        "HttpEndpoint": instance.http_endpoint,
        "HttpTokens": instance.http_tokens,
        "HttpPutResponseHopLimit": 1,
    }
    return {"MetadataOptions": options}


def _minutes(timestamp: str) -> str:
    return f"{timestamp[:16]}Z"


def instance_type(instance_type: InstanceType) -> Shape:
    """An item of DescribeInstanceTypes."""
    return {
        "InstanceTypeId": instance_type.instance_type_id,
        "InstanceTypeFamily": instance_type.family,
        "InstanceFamilyLevel": "EnterpriseLevel",
        "InstanceCategory": "General-purpose",
        "CpuArchitecture": instance_type.architecture,
        "CpuCoreCount": instance_type.cores,
        "MemorySize": instance_type.memory_gib,
        "EniQuantity": instance_type.eni_quantity,
        "EniTotalQuantity": instance_type.eni_quantity,
        "EniPrivateIpAddressQuantity": instance_type.ipv4_per_eni,
        "EniIpv6AddressQuantity": instance_type.ipv6_per_eni,
        "EniTrunkSupported": False,
        "EriQuantity": 0,
        "NetworkCardQuantity": 1,
        "NetworkCards": {"NetworkCardInfo": [{"NetworkCardIndex": 0}]},
        "PrimaryEniQueueNumber": 2,
        "SecondaryEniQueueNumber": 2,
        "MaximumQueueNumberPerEni": 2,
        "TotalEniQueueQuantity": 2 * instance_type.eni_quantity,
        "QueuePairNumber": 0,
        "DiskQuantity": 17,
        "GPUAmount": 0,
        "GPUSpec": "",
        "LocalStorageCategory": "",
        "NvmeSupport": "unsupported",
    }


def security_group(group: SecurityGroup) -> Shape:
    """An item of DescribeSecurityGroups."""
    return {
        "SecurityGroupId": group.security_group_id,
        "SecurityGroupName": group.name,
        "SecurityGroupType": group.kind,
        "Description": "",
        "VpcId": group.vpc_id,
        "ServiceManaged": group.service_managed,
        "ResourceGroupId": "",
        "CreationTime": group.created_at,
        "Tags": tags(group.tags),
    }

"""Kubernetes objects that scenarios are made of, as a kubeadm cluster with Spiderpool shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import IPv4Address
from types import MappingProxyType

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox.cloud.world import World

KUBERNETES = "v1.27.3"
POD_SUBNET = "10.233.64.0/18"
SERVICE_SUBNET = "10.233.0.0/18"
SYSTEM = "kube-system"

_SPIDERPOOL_VERSION = "v1.2.2"
_FINALIZER = "spiderpool.spidernet.io"
_NONE: Mapping[str, str] = MappingProxyType({})
_APPLIED_AT = "2023-07-18T09:00:00Z"


def namespace(name: str) -> Manifest:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}}


def node(
    name: str, address: IPv4Address, *, control_plane: bool = False, provider_id: str = "", ready: bool = True
) -> Manifest:
    """A node, by default without a providerID; one that is not ready has lost its kubelet."""
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        **({"node-role.kubernetes.io/control-plane": ""} if control_plane else {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"providerID": provider_id} if provider_id else {},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": str(address)},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [_kubelet(ready=ready)],
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "CentOS Linux 7 (Core)",
                "kernelVersion": "6.4.0-1.el7.elrepo.x86_64",
                "containerRuntimeVersion": "containerd://1.7.1",
                "kubeletVersion": KUBERNETES,
                "kubeProxyVersion": KUBERNETES,
            },
        },
    }


def nodes(world: World, provider_ids: Mapping[str, str] = _NONE) -> Iterator[Manifest]:
    """A node for each instance, named after it, at its primary private IP; with a providerID where one is given."""
    for instance in world.instances.values():
        address = world.enis_of(instance.instance_id)[0].primary_ip
        assert address is not None
        yield node(instance.hostname, address, provider_id=provider_ids.get(instance.hostname, ""))


def _condition(kind: str, reason: str, message: str, *, status: str = "True") -> Manifest:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _kubelet(*, ready: bool) -> Manifest:
    if ready:
        return _condition("Ready", "KubeletReady", "kubelet is posting ready status")
    return _condition("Ready", "NodeStatusUnknown", "Kubelet stopped posting node status.", status="Unknown")


def pod(name: str, *, app: str, image: str, node_name: str, address: str, network: str) -> Manifest:
    """A running pod of the default namespace with an underlay address.

    `network` is its default network, NAMESPACE/NAME of a Multus configuration.
    """
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": {"app": app},
            "annotations": {"v1.multus-cni.io/default-network": network},
        },
        "spec": {"nodeName": node_name, "containers": [{"name": app, "image": image}]},
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [_condition("Ready", "", "")],
            "containerStatuses": [
                {"name": app, "image": image, "imageID": "", "ready": True, "restartCount": 0, "state": {"running": {}}}
            ],
        },
    }


def ip_pool(
    name: str, spec: Mapping[str, object], annotations: Mapping[str, str], *, owned: Collection[str] | None = None
) -> Manifest:
    """A SpiderIPPool as spidercli's server-side apply leaves it behind.

    Args:
        name: the pool's.
        spec: as it is now.
        annotations: as they are now.
        owned: the fields of the spec that spidercli applied, by default all of them.
    """
    labels = {kinds.MANAGED_BY: kinds.FIELD_MANAGER}
    metadata = {"f:annotations": _owned(annotations), "f:labels": _owned(labels)}
    fields = {"f:metadata": metadata, "f:spec": _owned(spec if owned is None else owned)}
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": kinds.IP_POOL.kind,
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": dict(annotations),
            "finalizers": [_FINALIZER],
            "managedFields": [_applied(fields)],
        },
        "spec": dict(spec),
    }


def multus_config(name: str, nic: str) -> Manifest:
    """A SpiderMultusConfig as spidercli's server-side apply leaves it behind."""
    labels = {kinds.MANAGED_BY: kinds.FIELD_MANAGER}
    spec = {"cniType": "ipvlan", "enableCoordinator": True, "ipvlan": {"master": [nic]}}
    owned = {**_owned(spec), "f:ipvlan": _owned(["master"])}
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": kinds.MULTUS_CONFIG.kind,
        "metadata": {
            "name": name,
            "namespace": SYSTEM,
            "labels": labels,
            "managedFields": [_applied({"f:metadata": {"f:labels": _owned(labels)}, "f:spec": owned})],
        },
        "spec": spec,
    }


def _applied(fields: Mapping[str, object]) -> Manifest:
    return {
        "manager": kinds.FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": kinds.SPIDERPOOL,
        "time": _APPLIED_AT,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def _owned(names: Iterable[str]) -> Manifest:
    return {f"f:{name}": {} for name in names}


def kubeadm_config() -> Manifest:
    """What kubeadm leaves behind: the cluster's own idea of its CIDRs."""
    configuration = f"""\
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
clusterName: kubernetes
kubernetesVersion: {KUBERNETES}
networking:
  dnsDomain: cluster.local
  podSubnet: {POD_SUBNET}
  serviceSubnet: {SERVICE_SUBNET}
"""
    return _config_map("kubeadm-config", {"ClusterConfiguration": configuration})


def spiderpool(default_network: str, *, nodes: int) -> Iterator[Manifest]:
    """Spiderpool as helm leaves it with `multus.multusCNI.defaultCniCRName` set: running, no pool yet."""
    yield _spiderpool_conf(default_network)
    yield _empty_multus_config(default_network)
    yield _coordinator()
    yield _controller()
    yield _agent(nodes)


def _spiderpool_conf(default_network: str) -> Manifest:
    settings = """\
ipamUnixSocketPath: /var/run/spidernet/spiderpool.sock
enableIPv4: true
enableIPv6: true
enableStatefulSet: false
enableKubevirtStaticIP: true
enableCleanOutdatedEndpoint: false
enableSpiderSubnet: true
enableAutoPoolForApplication: true
enableIPConflictDetection: false
enableGatewayDetection: false
enableValidatingResourcesDeletedWebhook: false
clusterSubnetDefaultFlexibleIPNumber: 1
tuneSysctlConfig: true
podResourceInject:
  enabled: false
"""
    return _config_map("spiderpool-conf", {"clusterNetwork": default_network, "conf.yml": settings})


def _config_map(name: str, data: Mapping[str, str]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": SYSTEM},
        "data": dict(data),
    }


def _empty_multus_config(name: str) -> Manifest:
    """The init job's placeholder; the webhook adds the empty customCNI."""
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": "SpiderMultusConfig",
        "metadata": {"name": name, "namespace": SYSTEM},
        "spec": {"cniType": "custom", "customCNI": "", "enableCoordinator": False},
    }


def _coordinator() -> Manifest:
    return {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": "SpiderCoordinator",
        "metadata": {"name": "default"},
        "spec": {
            "mode": "auto",
            "podCIDRType": "auto",
            "hijackCIDR": ["169.254.0.0/16"],
            "hostRuleTable": 500,
            "podDefaultRouteNIC": "",
            "podMACPrefix": "",
            "podRPFilter": 0,
            "tunePodRoutes": True,
            "txQueueLen": 0,
            "vethLinkAddress": "",
            "vethMTU": 1500,
        },
        "status": {"phase": "Synced", "overlayPodCIDR": [], "serviceCIDR": [SERVICE_SUBNET]},
    }


def _controller() -> Manifest:
    status = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    return _workload("Deployment", "spiderpool-controller", {"replicas": 1}, status)


def _agent(nodes: int) -> Manifest:
    status = {
        "currentNumberScheduled": nodes,
        "desiredNumberScheduled": nodes,
        "numberAvailable": nodes,
        "numberMisscheduled": 0,
        "numberReady": nodes,
        "updatedNumberScheduled": nodes,
    }
    return _workload("DaemonSet", "spiderpool-agent", {}, status)


def _workload(kind: str, name: str, spec: Mapping[str, object], status: Mapping[str, object]) -> Manifest:
    labels = {
        "app.kubernetes.io/name": "spiderpool",
        "app.kubernetes.io/instance": "spiderpool",
        "app.kubernetes.io/component": name,
    }
    container = {"name": name, "image": f"ghcr.io/spidernet-io/spiderpool/{name}:{_SPIDERPOOL_VERSION}"}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": SYSTEM, "labels": labels},
        "spec": {
            **spec,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"hostNetwork": True, "containers": [container]}},
        },
        "status": {"observedGeneration": 1, **status},
    }

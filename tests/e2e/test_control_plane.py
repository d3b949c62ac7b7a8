"""The control plane is the real thing: Spiderpool's webhooks and informers do what the product counts on."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import sys
from typing import Any

import pytest
import yaml

from spidercli import kinds
from spidercli.kinds import CONFIG_MAP, IP_POOL, MULTUS_CONFIG, Kind
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.plane import ControlPlane, Plane
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.rest import APPLY_PATCH, Answer, Rest

COORDINATOR = Kind(kinds.SPIDERPOOL, "SpiderCoordinator", "spidercoordinators", namespaced=False)
NAD = Kind("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions", namespaced=True)
_ROOT = pathlib.Path(__file__).parents[2]
SUBNET = "172.31.192.0/20"
MULTUS = MULTUS_CONFIG.path("ipvlan-eth0", "kube-system")
IPVLAN = {"cniType": "ipvlan", "enableCoordinator": True, "ipvlan": {"master": ["eth0"]}}
FORCE = {"fieldManager": "e2e", "force": "true"}


def pool(name: str, *ips: str) -> dict[str, Any]:
    """A pool of the guide's first subnet."""
    spec = {"subnet": SUBNET, "gateway": "172.31.207.253", "ips": list(ips)}
    return {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderIPPool", "metadata": {"name": name}, "spec": spec}


def apply(cluster: Cluster, path: str, manifest: dict[str, Any]) -> Answer:
    """Server-side apply."""
    return cluster.rest.ask("PATCH", path, manifest, content_type=APPLY_PATCH, query=FORCE)


def apply_pool(cluster: Cluster, name: str, *ips: str) -> Answer:
    """Server-side apply of a pool."""
    return apply(cluster, IP_POOL.path(name, None), pool(name, *ips))


def ipvlan_config() -> dict[str, Any]:
    """What the guide wants ipvlan-eth0 to be."""
    metadata = {"name": "ipvlan-eth0", "namespace": "kube-system"}
    return {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderMultusConfig", "metadata": metadata, "spec": IPVLAN}


def test_server_calls_itself_by_its_release(plane: Plane) -> None:
    """Clients see the version that was built, not v0.0.0."""
    assert plane.rest.must("GET", "/version")["gitVersion"].startswith("v1.")


def test_outsider_may_not_read_pools(plane: Plane) -> None:
    """RBAC is on: somebody without a role gets nothing."""
    outsider = Rest(plane.outsider)

    answer = outsider.ask("GET", IP_POOL.collection)

    assert 403 == answer.status


def test_webhook_completes_a_new_pool(cluster: Cluster) -> None:
    """Finalizer, label and ipVersion are added, and adjacent ranges are merged."""
    created = apply_pool(cluster, "master-172", "172.31.199.188-172.31.199.189", "172.31.199.185-172.31.199.187").body

    assert ["spiderpool.spidernet.io"] == created["metadata"]["finalizers"]
    assert "172-31-192-0-20" == created["metadata"]["labels"]["ipam.spidernet.io/ippool-cidr"]
    assert 4 == created["spec"]["ipVersion"]
    assert ["172.31.199.185-172.31.199.189"] == created["spec"]["ips"]


def test_controller_counts_addresses(cluster: Cluster) -> None:
    """The pool informer runs: it fills status.totalIPCount."""
    apply_pool(cluster, "master-172", "172.31.199.185-172.31.199.189")

    def counted() -> Any:
        return cluster.find(IP_POOL, "master-172").get("status", {}).get("totalIPCount")

    assert 5 == eventually(counted, "the addresses are counted")


def test_overlap_of_two_pools_is_refused(cluster: Cluster) -> None:
    """An address can be in one pool only."""
    apply_pool(cluster, "master-172", "172.31.199.185-172.31.199.189")

    refused = apply_pool(cluster, "worker-172", "172.31.199.189-172.31.199.194")

    assert 422 == refused.status
    assert "overlap with IPPool master-172 in IP ranges" in refused.message


def test_address_in_use_can_not_be_removed(cluster: Cluster) -> None:
    """The refusal names the address and its pod."""
    apply_pool(cluster, "master-172", "172.31.199.185-172.31.199.189")
    cluster.allocate("master-172", {"172.31.199.189": "default/test-app-1"})

    refused = apply_pool(cluster, "master-172", "172.31.199.185-172.31.199.188")

    assert 422 == refused.status
    assert "remove an IP address 172.31.199.189 that is being used by Pod default/test-app-1" in refused.message


def test_deleted_pool_waits_for_its_last_address(cluster: Cluster) -> None:
    """A pool with an allocation stays, Terminating, until the address is freed."""
    apply_pool(cluster, "master-172", "172.31.199.185-172.31.199.189")
    cluster.allocate("master-172", {"172.31.199.189": "default/test-app-1"})
    cluster.rest.must("DELETE", IP_POOL.path("master-172", None))
    assert "deletionTimestamp" in cluster.find(IP_POOL, "master-172")["metadata"]

    cluster.allocate("master-172", {})

    assert eventually(lambda: cluster.find(IP_POOL, "master-172") is None, "the pool is gone")


@pytest.mark.usefixtures("guide")
def test_apply_can_not_take_over_the_placeholder(cluster: Cluster) -> None:
    """The init job's SpiderMultusConfig keeps an empty customCNI that server-side apply does not remove."""
    assert not cluster.find(MULTUS_CONFIG, "ipvlan-eth0", "kube-system")["spec"]["customCNI"]

    refused = apply(cluster, MULTUS, ipvlan_config())

    assert 422 == refused.status
    assert "the cniType ipvlan only supports spec.ipvlanConfig" in refused.message


@pytest.mark.usefixtures("guide")
def test_replacing_the_placeholder_makes_the_network(cluster: Cluster) -> None:
    """One PUT mends it, and the controller generates the NetworkAttachmentDefinition."""
    metadata = cluster.find(MULTUS_CONFIG, "ipvlan-eth0", "kube-system")["metadata"]
    cluster.rest.must("PUT", MULTUS, {**ipvlan_config(), "metadata": metadata})

    def ipvlan_plugin() -> Any:
        network = cluster.find(NAD, "ipvlan-eth0", "kube-system")
        config = json.loads((network or {}).get("spec", {}).get("config") or "{}")
        return next((plugin for plugin in config.get("plugins", ()) if plugin["type"] == "ipvlan"), None)

    assert "eth0" == eventually(ipvlan_plugin, "the network is generated")["master"]


@pytest.mark.usefixtures("guide")
def test_coordinator_is_synced(cluster: Cluster) -> None:
    """The controller reads the CIDRs from kubeadm's ConfigMap."""

    def synced() -> Any:
        status = cluster.find(COORDINATOR, "default").get("status", {})
        return status if status.get("phase") == "Synced" else None

    kubeadm = yaml.safe_load(cluster.find(CONFIG_MAP, "kubeadm-config", "kube-system")["data"]["ClusterConfiguration"])
    assert [kubeadm["networking"]["serviceSubnet"]] == eventually(synced, "the coordinator is synced")["serviceCIDR"]


@pytest.mark.usefixtures("guide")
def test_server_survives_being_killed(own_plane: ControlPlane, cluster: Cluster) -> None:
    """Killed and started again, the programs are at the same addresses with the same data."""
    own_plane.restart()

    assert {"master", "worker"} == {kinds.name(node) for node in cluster.rest.items("/api/v1/nodes")}
    assert eventually(lambda: apply_pool(cluster, "master-172", "172.31.199.185").ok, "a pool can be written")


@pytest.mark.usefixtures("guide")
def test_kubectl_sees_the_nodes(kubectl: Any) -> None:
    """An unmodified kubectl reads the cluster."""
    ran = kubectl("get", "nodes", "master", "worker", "--output=name")

    assert "node/master\nnode/worker\n" == ran.stdout


@pytest.mark.usefixtures("own_plane")
def test_nothing_is_left_of_a_killed_run(outer_environ: dict[str, str]) -> None:
    """When the run itself is killed, its programs and its folder go all the same."""
    command = [sys.executable, "-m", "tests.e2e.controlplane", "bare", "sh", "-c", "echo $KUBECONFIG; kill -9 $PPID"]

    ran = subprocess.run(command, cwd=_ROOT, env=outer_environ, capture_output=True, text=True, check=False)

    folder = pathlib.Path(ran.stdout.strip()).parent
    assert -signal.SIGKILL == ran.returncode
    assert eventually(lambda: not folder.exists(), "the folder is gone")
    assert not [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if str(folder) in _command_line(path)]


def _command_line(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it ended meanwhile
        return ""

"""An unmodified kubectl against the sandbox."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest

from spidercli.sandbox.kube.api import KubeApi

Kubectl = Any  # the class in conftest.py

_POOLS = {
    "master-172": ("172.31.192.0/20", "172.31.207.253", "172.31.199.185-172.31.199.189", "master", "ipvlan-eth0"),
    "master-192": ("192.168.0.0/24", "192.168.0.253", "192.168.0.156-192.168.0.160", "master", "ipvlan-eth1"),
    "worker-172": ("172.31.192.0/20", "172.31.207.253", "172.31.199.190-172.31.199.194", "worker", "ipvlan-eth0"),
    "worker-192": ("192.168.0.0/24", "192.168.0.253", "192.168.0.161-192.168.0.165", "worker", "ipvlan-eth1"),
}
_PODS = {
    "test-app-1-ddlx7": ("172.31.199.187", "master", "ipvlan-eth0"),
    "test-app-1-jpfkj": ("172.31.199.193", "worker", "ipvlan-eth0"),
    "test-app-2-qbhwx": ("192.168.0.160", "master", "ipvlan-eth1"),
    "test-app-2-r6gwx": ("192.168.0.161", "worker", "ipvlan-eth1"),
}


def _pool(name: str, **changes: Any) -> dict[str, Any]:
    subnet, gateway, ips, node, network = _POOLS[name]
    spec = {
        "default": True,
        "subnet": subnet,
        "gateway": gateway,
        "ips": [ips],
        "nodeName": [node],
        "multusName": [f"kube-system/{network}"],
    }
    return {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": {"name": name},
        "spec": spec | changes,
    }


def _pod(name: str) -> dict[str, Any]:
    address, node, network = _PODS[name]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": {"v1.multus-cni.io/default-network": f"kube-system/{network}"}},
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": "app:1"}]},
        "status": {"phase": "Running", "podIP": address, "containerStatuses": [{"name": "app", "ready": True}]},
    }


def _text(*manifests: dict[str, Any]) -> str:
    return "\n---\n".join(json.dumps(manifest) for manifest in manifests)


@pytest.fixture(name="pools")
def _pools(kubectl: Kubectl, guide: KubeApi) -> None:
    """The guide's pools, applied, and its pods."""
    kubectl("apply", "-f", "-", stdin=_text(*map(_pool, _POOLS)))
    for name in _PODS:
        guide.seed(_pod(name))


@pytest.mark.usefixtures("pools")
def test_get_prints_the_guides_table(kubectl: Kubectl) -> None:
    """`kubectl get spiderippool` prints what the guide of Spiderpool for Alibaba Cloud shows."""
    expected = """\
    NAME         VERSION   SUBNET            ALLOCATED-IP-COUNT   TOTAL-IP-COUNT   DEFAULT
    master-172   4         172.31.192.0/20   1                    5                true
    master-192   4         192.168.0.0/24    1                    5                true
    worker-172   4         172.31.192.0/20   1                    5                true
    worker-192   4         192.168.0.0/24    1                    5                true
    """

    assert textwrap.dedent(expected) == kubectl("get", "spiderippool").stdout


@pytest.mark.usefixtures("pools")
def test_get_by_short_name(kubectl: Kubectl) -> None:
    """Short names and the output forms work."""
    assert "spiderippool.spiderpool.spidernet.io/master-172" in kubectl("get", "sp", "-o", "name").stdout.splitlines()
    assert "172.31.192.0/20" == kubectl("get", "sp", "master-172", "-o", "jsonpath={.spec.subnet}").stdout
    assert 'kube-system/ipvlan-eth0"]' in kubectl("get", "sp", "-o", "wide").stdout
    assert "kind: SpiderIPPool" in kubectl("get", "sp", "master-172", "-o", "yaml").stdout


def test_get_pods_wide(kubectl: Kubectl, guide: KubeApi) -> None:
    """`kubectl get po -owide` prints the guide's columns."""
    for name in _PODS:
        guide.seed(_pod(name))

    header, first, *_ = kubectl("get", "po", "-owide").stdout.splitlines()

    assert "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES" == " ".join(header.split())
    assert ["test-app-1-ddlx7", "1/1", "Running", "0"] == first.split()[:4]
    assert ["172.31.199.187", "master", "<none>", "<none>"] == first.split()[5:]


def test_get_nodes_wide(kubectl: Kubectl, guide: KubeApi) -> None:
    """`kubectl get nodes -owide` prints the guide's columns."""
    guide.seed(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "master", "labels": {"node-role.kubernetes.io/control-plane": ""}},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "172.31.199.183"}],
                "nodeInfo": {
                    "kubeletVersion": "v1.27.3",
                    "osImage": "CentOS Linux 7 (Core)",
                    "kernelVersion": "6.4.0-1.el7.elrepo.x86_64",
                    "containerRuntimeVersion": "containerd://1.7.1",
                },
            },
        }
    )

    header, row = kubectl("get", "nodes", "-owide").stdout.splitlines()

    columns = "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME"
    assert columns.split() == header.split()
    assert ["master", "Ready", "control-plane"] == row.split()[:3]
    assert row.endswith("CentOS Linux 7 (Core)   6.4.0-1.el7.elrepo.x86_64   containerd://1.7.1")


def test_apply_three_times(kubectl: Kubectl) -> None:
    """Client-side apply creates, finds nothing to do, and changes."""
    first = kubectl("apply", "-f", "-", stdin=_text(_pool("master-172")))
    second = kubectl("apply", "-f", "-", stdin=_text(_pool("master-172")))
    third = kubectl("apply", "-f", "-", stdin=_text(_pool("master-172", ips=["172.31.199.185"])))

    assert ["created", "unchanged", "configured"] == [each.stdout.split()[-1] for each in (first, second, third)]
    assert first.stderr.startswith('Warning: metadata.finalizers: "spiderpool.spidernet.io": prefer')


def test_apply_built_in_kind(kubectl: Kubectl) -> None:
    """Client-side apply of a built-in kind is a strategic merge, and changes an element of a list in place."""
    container = {"name": "a", "image": "a:1", "ports": [{"containerPort": 80}]}
    daemon_set = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "d"},
        "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": {
                "metadata": {"labels": {"app": "d"}},
                "spec": {"containers": [container, {"name": "b", "image": "b:1"}]},
            },
        },
    }
    kubectl("apply", "-f", "-", stdin=_text(daemon_set))
    container["image"] = "a:2"
    kubectl("apply", "-f", "-", stdin=_text(daemon_set))

    images = kubectl("get", "ds", "d", "-o", "jsonpath={.spec.template.spec.containers[*].image}").stdout

    assert "a:2 b:1" == images


def test_server_side_apply(kubectl: Kubectl) -> None:
    """Server-side apply of another manager conflicts until it is forced."""
    command = ("apply", "--server-side", "-f", "-")
    kubectl(*command, "--field-manager=one", stdin=_text(_pool("master-172")))
    changed = _text(_pool("master-172", ips=["172.31.199.185"]))

    refused = kubectl(*command, "--field-manager=two", stdin=changed)
    forced = kubectl(*command, "--field-manager=two", "--force-conflicts", stdin=changed)

    assert (1, True) == (refused.returncode, 'conflict with "one": .spec.ips' in refused.stderr)
    assert "spiderippool.spiderpool.spidernet.io/master-172 serverside-applied\n" == forced.stdout


def test_migration_to_server_side_apply(kubectl: Kubectl) -> None:
    """What was applied by the client can be applied by the server: kubectl rewrites the ownership itself."""
    kubectl("apply", "-f", "-", stdin=_text(_pool("master-172")))
    kubectl("apply", "--server-side", "-f", "-", stdin=_text(_pool("master-172")))

    changed = kubectl("apply", "--server-side", "-f", "-", stdin=_text(_pool("master-172", gateway="172.31.207.252")))
    entries = kubectl("get", "sp", "master-172", "-o", "json", "--show-managed-fields").stdout

    assert 0 == changed.returncode, changed.stderr
    assert "kubectl-client-side-apply" not in entries


@pytest.mark.parametrize("side", [(), ("--server-side", "--force-conflicts")], ids=["client", "server"])
@pytest.mark.usefixtures("pools")
def test_diff(kubectl: Kubectl, side: tuple[str, ...]) -> None:
    """`kubectl diff` shows the change by a dry run, and exits 1."""
    changed = _text(_pool("master-172", ips=["172.31.199.185-172.31.199.188"]))

    result = kubectl("diff", *side, "-f", "-", stdin=changed)

    assert 1 == result.returncode, result.stderr
    assert "-  - 172.31.199.185-172.31.199.189" in result.stdout
    assert "+  - 172.31.199.185-172.31.199.188" in result.stdout


@pytest.mark.usefixtures("pools")
def test_diff_of_nothing(kubectl: Kubectl) -> None:
    """No difference is exit code 0 and no output."""
    result = kubectl("diff", "-f", "-", stdin=_text(_pool("master-172")))

    assert (0, "") == (result.returncode, result.stdout)


@pytest.mark.usefixtures("pools")
def test_describe(kubectl: Kubectl) -> None:
    """`kubectl describe` works for custom and built-in kinds."""
    assert "Total IPCount:      5" in kubectl("describe", "sp", "master-172").stdout
    assert "IP:           172.31.199.187" in kubectl("describe", "pod", "test-app-1-ddlx7").stdout


@pytest.mark.usefixtures("pools")
def test_label_and_annotate(kubectl: Kubectl) -> None:
    """Labels and annotations are set and selected by."""
    kubectl("label", "sp", "master-172", "team=a")
    kubectl("annotate", "sp", "master-172", "note=b")

    assert (
        "spiderippool.spiderpool.spidernet.io/master-172\n" == kubectl("get", "sp", "-l", "team=a", "-o", "name").stdout
    )
    assert "b" == kubectl("get", "sp", "master-172", "-o", "jsonpath={.metadata.annotations.note}").stdout


def test_patch_provider_id(kubectl: Kubectl, guide: KubeApi) -> None:
    """The guide's patch of a node works once."""
    guide.seed({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "master"}})

    first = kubectl("patch", "node", "master", "-p", '{"spec":{"providerID": "cn-hangzhou.i-1"}}')
    second = kubectl("patch", "node", "master", "-p", '{"spec":{"providerID": "cn-hangzhou.i-2"}}')

    assert "node/master patched\n" == first.stdout
    rule = 'node updates may not change providerID except from "" to valid'
    assert f'The Node "master" is invalid: spec.providerID: Forbidden: {rule}\n' == second.stderr


@pytest.mark.usefixtures("pools")
def test_delete_waits(kubectl: Kubectl, guide: KubeApi) -> None:
    """A deletion waits until the pool is gone, which is when its last pod is."""
    impatient = kubectl("delete", "sp", "master-172", "--timeout=1s")
    guide.remove("v1", "pods", "test-app-1-ddlx7", "default")

    patient = kubectl("delete", "sp", "master-172", "--ignore-not-found")

    assert (1, 0) == (impatient.returncode, patient.returncode)
    assert guide.find("spiderpool.spidernet.io/v2beta1", "spiderippools", "master-172") is None


def test_get_and_watch(kubectl: Kubectl, guide: KubeApi) -> None:
    """`kubectl get -w` prints what is there, then what comes."""
    guide.seed(_pool("master-172"))

    with kubectl.lines("get", "sp", "-w") as lines:
        before = [next(lines).split()[0], next(lines).split()[0]]
        guide.seed(_pool("worker-172", ipVersion=4))
        created, counted = next(lines).split(), next(lines).split()

    assert ["NAME", "master-172"] == before
    assert ["worker-172", "4", "172.31.192.0/20", "true"] == created
    assert ["worker-172", "4", "172.31.192.0/20", "0", "5", "true"] == counted


def test_explain(kubectl: Kubectl) -> None:
    """`kubectl explain` reads the CRD's schema."""
    assert "<[]string>" in kubectl("explain", "sp.spec.ips").stdout


def test_wait_for_definition(kubectl: Kubectl) -> None:
    """`kubectl wait` sees an established definition."""
    crd = "crd/spiderippools.spiderpool.spidernet.io"

    assert 0 == kubectl("wait", "--for=condition=Established", crd, "--timeout=5s").returncode


def test_denied_write(kubectl: Kubectl) -> None:
    """A webhook's refusal reads as in a real cluster."""
    kubectl("apply", "-f", "-", stdin=_text(_pool("master-172")))

    result = kubectl("create", "-f", "-", stdin=_text(_pool("worker-172", ips=["172.31.199.189"])))

    assert 1 == result.returncode
    start = 'The SpiderIPPool "worker-172" is invalid: spec.ips: Forbidden: overlap with IPPool master-172 in IP ranges'
    assert result.stderr.startswith(f"{start} [172.31.199.185-172.31.199.189]")

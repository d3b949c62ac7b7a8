"""`nodes.exclude`: nodes that are no ECS instances do not stop anybody, and are left alone."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
Written = Callable[[], list[str]]
POOLS = ("spiderpool.spidernet.io/v2beta1", "spiderippools")
pytestmark = pytest.mark.usefixtures("networks")


@pytest.fixture(name="exclude")
def config_with_exclusions(tmp_path: pathlib.Path) -> Callable[..., tuple[str, str]]:
    """The flag for the guide's configuration with `nodes.exclude`."""

    def write(*entries: str) -> tuple[str, str]:
        path = tmp_path / "exclude.yaml"
        path.write_text(guide.CONFIG_TEXT + f"nodes:\n  exclude: {list(entries)}\n")
        return "-c", str(path)

    return write


@pytest.fixture(name="virtual")
def virtual_node(sandbox: Sandbox) -> Sandbox:
    """The sandbox with a node that no instance is behind."""
    labels = {"type": "virtual-kubelet", "kubernetes.io/hostname": "virtual-kubelet-cn-hangzhou-i"}
    node: Any = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "virtual-kubelet-cn-hangzhou-i", "labels": labels},
        "spec": {},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.9.9.9"}]},
    }
    sandbox.kube.seed(node)
    return sandbox


def test_the_hint_names_the_way_out(spidercli: Run, virtual: Sandbox) -> None:
    """A node that is no instance is an error until it is left out, and the hint says how."""
    ran = spidercli("pools", "sync", "--yes")

    assert ran.code == 1
    assert "error SPC201: node virtual-kubelet-cn-hangzhou-i has no providerID" in ran.stderr
    assert "leave nodes that are no ECS instances out with nodes.exclude in the configuration" in ran.stderr


@pytest.mark.parametrize("entry", ["virtual-kubelet-*", "type=virtual-kubelet", "type="])
def test_a_node_is_left_out(spidercli: Run, virtual: Sandbox, exclude: Callable[..., Any], entry: str) -> None:
    """By a pattern of its name or by a label; that is said once."""
    ran = spidercli("bootstrap", "--yes", *exclude(entry))

    assert ran.code == 0
    assert ran.stderr.count("left out") == 1
    assert "1 node left out by nodes.exclude\n" in ran.stderr
    assert "2 nodes matched to instances" in ran.stderr


def test_names_of_left_out_nodes(spidercli: Run, virtual: Sandbox, exclude: Callable[..., Any]) -> None:
    """-v names them."""
    ran = spidercli("pools", "diff", "-v", *exclude("type=virtual-kubelet"))

    assert "left out: virtual-kubelet-cn-hangzhou-i\n" in ran.stderr


@pytest.mark.parametrize("entry", ["work*", "role=edge"])
def test_pools_of_left_out_nodes_stay(
    spidercli: Run, sandbox: Sandbox, pods: Any, written: Written, exclude: Callable[..., Any], entry: str
) -> None:
    """They are neither changed nor pruned, and their nodes get no providerID."""
    spidercli("pools", "sync", "--yes")
    node: Any = sandbox.kube.find("v1", "nodes", "worker")
    sandbox.kube.seed({**node, "metadata": {**node["metadata"], "labels": {"role": "edge"}}})
    pods.finish_all()
    sandbox.world.unassign(guide.WORKER_ETH0, "172.31.199.190")
    sandbox.kube.forget_requests()
    flag = exclude(entry)
    pools = spidercli("pools", "sync", "--yes", "--prune", "--max-delete", "100%", *flag)
    nodes = spidercli("nodes", "provider-id", "--dry-run", "-o", "name", *flag)

    assert (pools.code, pools.stdout, written()) == (0, "nothing to do: 2 unchanged\n", [])
    assert nodes.stdout == "node/master\n"


def test_pools_of_a_left_out_node_that_is_gone_stay(
    spidercli: Run, sandbox: Sandbox, pods: Any, written: Written, exclude: Callable[..., Any]
) -> None:
    """Its name still tells that it is to be left alone."""
    spidercli("pools", "sync", "--yes")
    pods.finish_all()
    sandbox.kube.remove("v1", "nodes", "worker")
    sandbox.kube.forget_requests()
    ran = spidercli("pools", "sync", "--yes", "--prune", "--max-delete", "100%", *exclude("worker"))

    assert (ran.code, ran.stdout, written()) == (0, "nothing to do: 2 unchanged\n", [])


def test_without_a_cluster(spidercli: Run, sandbox: Sandbox, exclude: Callable[..., Any]) -> None:
    """Names are known from the instances; labels are not, and that is told."""
    ran = spidercli("inventory", "--no-cluster", "-o", "name", *exclude("mast*", "role=edge"))

    assert (ran.code, ran.stdout) == (0, "node/worker\n")
    assert "warning: without the cluster, no node has the labels of nodes.exclude: role=edge\n" in ran.stderr


def test_of_a_saved_inventory(
    spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path, exclude: Callable[..., Any]
) -> None:
    """A pattern leaves nodes of the file out; a node of the file that a label leaves out is an error."""
    saved = tmp_path / "saved.yaml"
    saved.write_text(spidercli("inventory", "-o", "yaml").stdout)
    named = spidercli("inventory", "--inventory", str(saved), "-o", "name", *exclude("mast*"))
    labelled = spidercli("pools", "diff", "--inventory", str(saved), *exclude("kubernetes.io/hostname=master"))

    assert (named.code, named.stdout) == (0, "node/worker\n")
    assert labelled.code == 1
    assert f"{saved}: node master is one that nodes.exclude leaves out by a label" in labelled.stderr


@pytest.mark.parametrize("entry", ["", "Worker", "a b", "=x", "a=b=c"])
def test_an_entry_that_is_none(spidercli: Run, exclude: Callable[..., Any], entry: str) -> None:
    """What can be neither a pattern nor a label is refused with its line."""
    ran = spidercli("config", "validate", *exclude(entry))

    assert ran.code == 64
    assert "nodes.exclude[0]: expected a pattern of node names, for example edge-*, or a label KEY=VALUE" in ran.stderr

"""Commands on a saved inventory that is no longer, or not quite, true of the cluster."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
Written = Callable[[], list[str]]
Edit = Callable[[dict[str, Any]], None]
DEAD = "00000000-0000-0000-0000-00000000dead"
COMMANDS = ["nodes provider-id", "pools sync", "multus sync", "bootstrap"]
ANEW = "save the inventory anew with `spidercli inventory -o yaml`"


@pytest.fixture(name="save")
def inventory_saver(spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path) -> Callable[..., str]:
    """Save the inventory, edited, as a file, and forget what the cluster was asked for it."""

    def save(edit: Edit = lambda _: None) -> str:
        document = yaml.safe_load(spidercli("inventory", "-o", "yaml").stdout)
        edit(document)
        path = tmp_path / "inventory.yaml"
        path.write_text(yaml.safe_dump(document))
        sandbox.kube.forget_requests()
        return str(path)

    return save


@pytest.fixture(name="configured")
def config_writer(tmp_path: pathlib.Path) -> Callable[[str], tuple[str, str]]:
    """Write a configuration file; the flag that gives it."""

    def write(text: str) -> tuple[str, str]:
        path = tmp_path / "other.yaml"
        path.write_text(text)
        return "-c", str(path)

    return write


def worker(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(node for node in document["nodes"] if node["name"] == "worker")
    return found


def set_provider_id(sandbox: Sandbox, name: str, provider_id: str) -> None:
    node: Any = sandbox.kube.find("v1", "nodes", name)
    sandbox.kube.seed({**node, "spec": {**node["spec"], "providerID": provider_id}})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_node_that_was_registered_anew(
    spidercli: Run, sandbox: Sandbox, save: Callable[..., str], written: Written, command: str
) -> None:
    """Another uid is another machine under the same name: every command refuses its facts, and writes nothing."""
    path = save(lambda document: worker(document).update(uid=DEAD))
    ran = spidercli(*command.split(), "--inventory", path, "--yes")
    live: Any = sandbox.kube.find("v1", "nodes", "worker")

    assert (ran.code, ran.stdout, written()) == (1, "", [])
    assert f"{path}: node worker has the uid {DEAD}, but the cluster's has {live['metadata']['uid']}" in ran.stderr
    assert ANEW in ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_node_on_another_instance(
    spidercli: Run, sandbox: Sandbox, save: Callable[..., str], written: Written, command: str
) -> None:
    """A providerID in the cluster that names another instance than the file contradicts it."""
    set_provider_id(sandbox, "worker", f"alicloud://cn-hangzhou.{guide.WORKER}")

    def elsewhere(document: dict[str, Any]) -> None:
        worker(document).pop("providerID")
        worker(document)["instance"] = "i-other"

    ran = spidercli(*command.split(), "--inventory", save(elsewhere), "--yes")

    assert (ran.code, written()) == (1, [])
    assert "node worker is on cn-hangzhou.i-other, but the cluster's has the providerID" in ran.stderr
    assert guide.WORKER in ran.stderr


def test_another_provider_id(
    spidercli: Run, sandbox: Sandbox, save: Callable[..., str], configured: Callable[[str], tuple[str, str]]
) -> None:
    """Two providerIDs that differ in more than the cloud's prefix are both named."""
    path = save(lambda document: worker(document).update(providerID="k3s://worker"))
    set_provider_id(sandbox, "worker", f"cn-hangzhou.{guide.WORKER}")
    ran = spidercli("pools", "diff", "--inventory", path)

    assert ran.code == 1
    assert f"has the providerID 'k3s://worker', but the cluster's has 'cn-hangzhou.{guide.WORKER}'" in ran.stderr


def test_the_prefix_of_a_provider_id_says_nothing(spidercli: Run, sandbox: Sandbox, save: Callable[..., str]) -> None:
    """REGION.ID and alicloud://REGION.ID are the same instance."""
    set_provider_id(sandbox, "worker", f"cn-hangzhou.{guide.WORKER}")
    path = save(lambda document: worker(document).update(providerID=f"alicloud://cn-hangzhou.{guide.WORKER}"))

    assert spidercli("nodes", "provider-id", "--inventory", path, "--yes").code == 0


def test_export_with_the_clusters_nodes_looks_at_them(spidercli: Run, save: Callable[..., str]) -> None:
    """`export --from-cluster` compares a saved inventory with the cluster; without it no cluster is asked."""
    path = save(lambda document: worker(document).update(uid=DEAD))

    assert spidercli("export", "--inventory", path).code == 0
    assert spidercli("export", "--inventory", path, "--from-cluster").code == 1


def test_the_nodes_own_address_is_none_for_pods(
    spidercli: Run,
    sandbox: Sandbox,
    save: Callable[..., str],
    written: Written,
    configured: Callable[[str], tuple[str, str]],
) -> None:
    """What was saved without a cluster may offer pods a second InternalIP of their node; pools.exclude settles it."""
    node: Any = sandbox.kube.find("v1", "nodes", "worker")
    path = save()
    node["status"]["addresses"].append({"type": "InternalIP", "address": "172.31.199.190"})
    sandbox.kube.seed(node)
    sandbox.kube.forget_requests()
    ran = spidercli("pools", "sync", "--inventory", path, "--yes")

    assert (ran.code, written()) == (1, [])
    assert "node worker offers pods 172.31.199.190, but that is the InternalIP of the cluster's own" in ran.stderr
    settled = configured("pools: {exclude: [172.31.199.190]}")
    assert spidercli("pools", "diff", "--inventory", path, *settled).code == 0


def test_a_file_by_hand_stays_usable(spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """What its header says is enough: without uid, apiVersion and kind."""
    path = tmp_path / "by-hand.yaml"
    nic = {"name": "eth0", "ipv4": {"subnet": "172.31.192.0/20", "addresses": ["172.31.199.190"]}}
    node = {"name": "worker", "instance": guide.WORKER, "nics": [nic]}
    path.write_text(yaml.safe_dump({"region": "cn-hangzhou", "nodes": [node]}))
    ran = spidercli("nodes", "provider-id", "--inventory", str(path), "--dry-run")

    assert (ran.code, ran.stdout) == (
        0,
        f"  ~ Node worker  cn-hangzhou.{guide.WORKER}  not set yet; matched by name alone\n1 to update\n",
    )


@pytest.mark.usefixtures("networks")
def test_pools_of_a_node_that_joined_since_stay(
    spidercli: Run, sandbox: Sandbox, save: Callable[..., str], pods: Any, written: Written
) -> None:
    """--prune takes no pool of a node that the cluster has and the file lacks; one warning says so."""
    spidercli("pools", "sync", "--yes")
    pods.finish_all()
    path = save(lambda document: document["nodes"].remove(worker(document)))
    ran = spidercli("pools", "sync", "--inventory", path, "--prune", "--max-delete", "100%", "--yes")

    assert (ran.code, ran.stdout, written()) == (0, "nothing to do: 2 unchanged\n", [])
    assert ran.stderr == f"warning: {path} lacks 1 of the cluster's nodes, whose pools are left alone: worker\n"


@pytest.mark.usefixtures("networks")
def test_pools_of_a_node_that_is_nowhere_may_go(
    spidercli: Run, sandbox: Sandbox, save: Callable[..., str], pods: Any
) -> None:
    """A pool of a node that neither the file nor the cluster has is an orphan as ever."""
    spidercli("pools", "sync", "--yes")
    pods.finish_all()
    path = save(lambda document: document["nodes"].remove(worker(document)))
    sandbox.kube.remove("v1", "nodes", "worker")
    ran = spidercli("pools", "sync", "--inventory", path, "--prune", "--max-delete", "100%", "--yes")

    assert (ran.code, ran.stdout) == (0, "2 of 2 changes made, 2 unchanged\n")


@pytest.mark.usefixtures("networks")
def test_the_list_says_which_pools_were_not_read(spidercli: Run, sandbox: Sandbox, save: Callable[..., str]) -> None:
    """A pool of a node that the file lacks is no orphan in the list either."""
    spidercli("pools", "sync", "--yes")
    path = save(lambda document: document["nodes"].remove(worker(document)))
    ran = spidercli("pools", "list", "--inventory", path, "-o", "json")

    assert {pool["name"]: pool["cloud"] for pool in ran.data} == {
        "master-172": "in-sync",
        "master-192": "in-sync",
        "worker-172": "not-read",
        "worker-192": "not-read",
    }


def test_ids_select_the_files_nodes(
    spidercli: Run, save: Callable[..., str], configured: Callable[[str], tuple[str, str]]
) -> None:
    """nodes.ids means the same with a file as with the cloud."""
    flag = configured(f"nodes: {{ids: [{guide.WORKER}]}}")
    ran = spidercli("inventory", "--inventory", save(), *flag, "-o", "name")

    assert (ran.code, ran.stdout) == (0, "node/worker\n")


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ("nodes: {ids: [i-missing]}", 1, "nodes.ids has 'i-missing', but no node is on it"),
        ("region: cn-beijing", 1, "node master is in cn-hangzhou, but region is set to cn-beijing"),
        ("vpc: vpc-other", 1, f"node master is in {guide.VPC}, but vpc is set to vpc-other"),
        ("nodes: {tags: {a: b}}", 64, "a saved inventory has no tags, so nodes.tags can't be applied to it"),
    ],
    ids=["id", "region", "vpc", "tags"],
)
def test_a_selection_that_the_file_can_not_meet(
    spidercli: Run,
    save: Callable[..., str],
    configured: Callable[[str], tuple[str, str]],
    config: str,
    code: int,
    words: str,
) -> None:
    """Nothing that the configuration asks for is passed over in silence."""
    path = save()
    ran = spidercli("export", "--inventory", path, *configured(config))

    assert (ran.code, ran.stdout) == (code, "")
    assert f"{path}: " in ran.stderr
    assert words in ran.stderr


def test_another_tools_region_is_no_selection(
    spidercli: Run, save: Callable[..., str], configured: Callable[[str], tuple[str, str]], monkeypatch: Any
) -> None:
    """A region in a variable of another tool tells about the machine; the file tells its own."""
    path = save()
    monkeypatch.setenv("ALIBABA_CLOUD_REGION_ID", "cn-beijing")

    assert spidercli("export", "--inventory", path, *configured("pools: {default: true}")).code == 0

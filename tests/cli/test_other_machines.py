"""Nodes that are not the machines that they seem to be: nothing is written before that is settled."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from spidercli.sandbox.cloud import resources
from spidercli.sandbox.faults import Fault, Kind
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import cluster, guide
from spidercli.sandbox.scenarios.scenario import Scenario
from spidercli.sandbox.scenarios.site import Interface, Site

Run = Callable[..., Any]
Written = Callable[[], list[str]]
Stage = Callable[..., AbstractContextManager[Sandbox]]


@pytest.fixture(name="site")
def one_vpc() -> Site:
    """A VPC with a vSwitch for each of two NICs, and nobody in it."""
    site = Site("ours", IPv4Network("10.0.0.0/16"))
    site.add_vswitch("ours-eth0", IPv4Network("10.0.0.0/24"))
    site.add_vswitch("ours-eth1", IPv4Network("10.0.1.0/24"))
    return site


@pytest.fixture(name="stage")
def sandbox_with_nodes(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A sandbox of a cloud, with nodes at addresses, and an environment that leads to it."""

    @contextmanager
    def running(site: Site, config: str = "", **nodes: str) -> Iterator[Sandbox]:
        manifests = [cluster.namespace(name) for name in ("default", cluster.SYSTEM)]
        manifests += [cluster.node(name.replace("_", "-"), IPv4Address(address)) for name, address in nodes.items()]
        manifests += [cluster.kubeadm_config(), *cluster.spiderpool("ipvlan-eth0", nodes=len(nodes))]
        text = f"region: cn-hangzhou\n{config}"
        with Sandbox(Scenario(name="x", world=site.world, manifests=tuple(manifests), config_text=text)) as sandbox:
            for name, value in sandbox.environ.items():
                monkeypatch.setenv(name, value)
            yield sandbox

    return running


def interface(site: Site, vswitch: str, primary: str, *secondary: str) -> Interface:
    return Interface(
        vswitch=site.world.vswitches[f"vsw-{vswitch}"],
        primary=IPv4Address(primary),
        secondary=tuple(map(IPv4Address, secondary)),
    )


def provider_id(sandbox: Sandbox, node: str) -> Any:
    found: Any = sandbox.kube.find("v1", "nodes", node)
    return found["spec"].get("providerID")


def silence(sandbox: Sandbox, node: str) -> None:
    """Let a node's kubelet report no more."""
    found: Any = sandbox.kube.find("v1", "nodes", node)
    found["status"]["conditions"] = [{"type": "Ready", "status": "Unknown"}]
    sandbox.kube.seed(found)


def test_a_machine_on_premises_with_the_hostname_of_an_instance(spidercli: Run, site: Site, stage: Stage) -> None:
    """It gets no providerID and no pool, until it is left out; then the others get theirs."""
    for name, last in (("app-1", 10), ("web-1", 20)):
        site.add_node(name, interface(site, "ours-eth0", f"10.0.0.{last}", f"10.0.0.{last + 1}"))
    with stage(site, "vpc: vpc-ours\nnodes: {exclude: []}\n", app_1="10.0.0.10", web_1="192.168.77.5") as sandbox:
        refused = spidercli("bootstrap", "--yes")
        untouched = provider_id(sandbox, "app-1"), provider_id(sandbox, "web-1")
        pathlib.Path(sandbox.environ["SPIDERCLI_CONFIG"]).write_text("region: cn-hangzhou\nnodes: {exclude: [web-*]}\n")
        done = spidercli("bootstrap", "--yes")
        written = provider_id(sandbox, "app-1"), provider_id(sandbox, "web-1")

    assert (refused.code, untouched) == (1, (None, None))
    assert "node web-1: its hostname 'web-1' is that of i-web1 (vpc-ours), but no ENI of that" in refused.stderr
    assert "nodes.exclude" in refused.stderr
    assert (done.code, written) == (0, ("cn-hangzhou.i-app1", None))


def test_an_instance_of_another_vpc_with_the_address_of_a_second_eni(spidercli: Run, site: Site, stage: Stage) -> None:
    """Both are named; with the VPC set, the node is found by its hostname, with its address on that ENI."""
    site.add_node("app-1", interface(site, "ours-eth0", "10.0.0.10"), interface(site, "ours-eth1", "10.0.1.10"))
    site.world.add_vpc(resources.Vpc(vpc_id="vpc-other", name="other", cidr=IPv4Network("10.0.0.0/16")))
    site.vpc_id = "vpc-other"
    site.add_vswitch("other-eth0", IPv4Network("10.0.1.0/24"))
    site.add_node("billing-db", interface(site, "other-eth0", "10.0.1.10", "10.0.1.20"))
    with stage(site, app_1="10.0.1.10") as sandbox:
        refused = spidercli("bootstrap", "--yes")
        untouched = provider_id(sandbox, "app-1")
        done = spidercli("nodes", "provider-id", "--yes", "--vpc", "vpc-ours")
        written = provider_id(sandbox, "app-1")

    assert (refused.code, untouched) == (1, None)
    assert "that of i-billingdb (vpc-other), but its hostname 'app-1' is that of i-app1 (vpc-ours)" in refused.stderr
    assert "set vpc in the configuration" in refused.stderr
    assert (done.code, written) == (0, "cn-hangzhou.i-app1")


def test_names_that_ecs_does_not_know(spidercli: Run, site: Site, stage: Stage) -> None:
    """Nodes may be called otherwise than their instances: their addresses are enough, without any vpc."""
    site.add_node("izbp1a", interface(site, "ours-eth0", "10.0.0.10", "10.0.0.11"))
    with stage(site, app_1="10.0.0.10") as sandbox:
        assert spidercli("bootstrap", "--yes").code == 0
        assert provider_id(sandbox, "app-1") == "cn-hangzhou.i-izbp1a"


def test_an_inventory_named_after_hostnames_that_were_swapped(
    spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path, written: Written
) -> None:
    """The file has the instances under each other's names, and the cluster's addresses tell."""
    sandbox.world.change_instance(guide.MASTER, hostname="worker")
    sandbox.world.change_instance(guide.WORKER, hostname="master")
    path = tmp_path / "inventory.yaml"
    path.write_text(spidercli("inventory", "--no-cluster", "-o", "yaml").stdout)
    refused = spidercli("bootstrap", "--yes", "--inventory", str(path))
    nothing = written()
    path.write_text(spidercli("inventory", "-o", "yaml").stdout)  # as the hint says
    done = spidercli("bootstrap", "--yes", "--inventory", str(path))

    assert (refused.code, nothing) == (1, [])
    assert f"node master is {guide.WORKER} with 172.31.199.184, 192.168.0.166, but the cluster's" in refused.stderr
    assert f"has the InternalIP 172.31.199.183, that of {guide.MASTER}, worker in the file" in refused.stderr
    assert "without --no-cluster" in refused.stderr
    assert (done.code, provider_id(sandbox, "master")) == (0, f"cn-hangzhou.{guide.MASTER}")


@pytest.mark.parametrize("flags", [(), ("--prune", "--max-delete", "100%")], ids=["usual", "prune"])
def test_a_node_whose_instance_was_released(
    spidercli: Run, sandbox: Sandbox, pods: Any, written: Written, flags: tuple[str, ...]
) -> None:
    """The other nodes go on; the node's pools stay as they are, and one warning names both."""
    spidercli("bootstrap", "--yes")
    pods.finish_all()
    sandbox.world.remove_instance(guide.WORKER)
    sandbox.world.assign(guide.MASTER_ETH1, "192.168.0.200")
    silence(sandbox, "worker")
    sandbox.kube.forget_requests()
    ran = spidercli("bootstrap", "--yes", *flags)

    assert (ran.code, written()) == (0, ["PATCH spiderippools/master-192"])
    assert ran.stderr.count("warning") == 1
    found = f"warning: node worker: its instance {guide.WORKER} does not exist any more"
    assert f"{found}; left out, its pools stay as long as the Node does\n" in ran.stderr


def test_a_released_instance_of_a_ready_node(spidercli: Run, sandbox: Sandbox, written: Written) -> None:
    """A kubelet that reports runs on a machine, be it another one by now: that is for somebody to decide."""
    spidercli("bootstrap", "--yes")
    sandbox.world.remove_instance(guide.WORKER)
    sandbox.kube.forget_requests()
    ran = spidercli("pools", "sync", "--yes")

    assert (ran.code, written()) == (1, [])
    assert f"node worker has the providerID 'cn-hangzhou.{guide.WORKER}', but cn-hangzhou has no such" in ran.stderr


@pytest.mark.parametrize(
    ("permission", "ending"),
    [
        (True, (1, "error SPC201: 2 problems")),
        (False, (4, "error SPC312: ecs:DescribeInstances is not allowed")),
    ],
    ids=["none-there", "not-to-be-seen"],
)
def test_no_instance_at_all(
    spidercli: Run, sandbox: Sandbox, written: Written, permission: bool, ending: tuple[int, str]
) -> None:
    """Where nothing is to be seen, silent nodes are no proof that their machines are gone."""
    spidercli("bootstrap", "--yes")
    for instance, node in ((guide.MASTER, "master"), (guide.WORKER, "worker")):
        sandbox.world.remove_instance(instance)
        silence(sandbox, node)
    if not permission:
        sandbox.world.faults.add(Fault(kind=Kind.HIDDEN, call="ecs:DescribeInstances", times=None))
    sandbox.kube.forget_requests()
    ran = spidercli("pools", "sync", "--yes", "--prune")

    assert (ran.code, written()) == (ending[0], [])
    assert ending[1] in ran.stderr


def test_many_nodes_whose_instances_were_released(spidercli: Run, site: Site, stage: Stage) -> None:
    """One warning has their number and the first names."""
    site.add_node("app-1", interface(site, "ours-eth0", "10.0.0.10", "10.0.0.11"))
    gone = [f"spot-{number:02}" for number in range(12)]
    with stage(site, app_1="10.0.0.10") as sandbox:
        for name in gone:
            named = f"cn-hangzhou.i-{name.replace('-', '')}"
            sandbox.kube.seed(cluster.node(name, IPv4Address("10.0.0.99"), provider_id=named, ready=False))
        ran = spidercli("pools", "diff")

    assert ran.code == 0
    assert "warning: the instances of 12 nodes do not exist any more; left out, their pools stay" in ran.stderr
    assert " as long as the Nodes do: spot-00 (i-spot00), " in ran.stderr
    assert "spot-09 (i-spot09), and 2 more\n" in ran.stderr

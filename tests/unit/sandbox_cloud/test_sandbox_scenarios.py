"""The scenarios that come with the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from spidercli import kinds
from spidercli.config.schema import Config
from spidercli.errors import UsageProblem
from spidercli.sandbox import scenarios
from spidercli.sandbox.scenarios import guide, large


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_configuration_is_valid(name: str) -> None:
    """A scenario's spidercli.yaml fits the schema and names the scenario's region."""
    scenario = scenarios.build(name)

    config = Config.model_validate(yaml.safe_load(scenario.config_text))

    assert config.region == scenario.world.region_id


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_nodes_are_instances(name: str) -> None:
    """Every ready node's InternalIP is the primary private IP of an instance with its host name."""
    scenario = scenarios.build(name)
    nodes = {kinds.name(each): each for each in scenario.manifests if each["kind"] == "Node" and _is_ready(each)}
    instances = {
        each.hostname: scenario.world.enis_of(each.instance_id)[0] for each in scenario.world.instances.values()
    }

    assert {name: _internal_ip(node) for name, node in nodes.items()} == {
        name: str(eni.primary_ip) for name, eni in instances.items()
    }


def _is_ready(node: Any) -> bool:
    [status] = [each["status"] for each in node["status"]["conditions"] if each["type"] == "Ready"]
    return bool(status == "True")


def test_a_node_that_outlived_its_instance() -> None:
    """One node of drift has the providerID of an instance that is not there, and a pool."""
    scenario = scenarios.build("drift")
    silent: list[Any] = [each for each in scenario.manifests if each["kind"] == "Node" and not _is_ready(each)]

    [node] = silent
    region, _, instance = node["spec"]["providerID"].partition(".")
    assert (region, instance in scenario.world.instances) == (scenario.world.region_id, False)
    assert f"{kinds.name(node)}-eth1" in map(kinds.name, scenario.manifests)


def _internal_ip(node: Any) -> str:
    [address] = [each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP"]
    return str(address)


def test_guide_pods_hold_addresses_of_their_node() -> None:
    """Each of the guide's four pods has a secondary address of the ENI that its network is on."""
    scenario = scenarios.build("guide")
    pods: list[Any] = [each for each in scenario.manifests if each["kind"] == "Pod"]

    owners = {kinds.name(pod): scenario.world.owner(pod["status"]["podIP"]) for pod in pods}

    assert owners == {
        "test-app-1-ddlx7": guide.MASTER_ETH0,
        "test-app-1-jpfkj": guide.WORKER_ETH0,
        "test-app-2-qbhwx": guide.MASTER_ETH1,
        "test-app-2-r6gwx": guide.WORKER_ETH1,
    }


def test_large_has_any_size() -> None:
    """The large scenario grows over as many vSwitches as it needs, every address unique."""
    world = large.build(nodes=201, addresses=3).world

    addresses = [address for eni in world.enis.values() for address in eni.private_ips]
    assert (len(world.enis), len(world.vswitches)) == (402, 6)
    assert len(set(addresses)) == len(addresses) == 402 * 4


def test_large_takes_a_number_of_nodes() -> None:
    """A size that is asked for is the size that is built."""
    nodes = [each for each in scenarios.build("large", nodes=7).manifests if each["kind"] == "Node"]

    assert len(nodes) == 7


@pytest.mark.parametrize(
    ("name", "nodes", "message"),
    [
        ("guide", 3, "The scenario guide has a fixed size."),
        ("large", 0, "--nodes 0: a number from 1 to 20,000 is expected"),
        ("large", 20_001, "--nodes 20001: a number from 1 to 20,000 is expected"),
    ],
)
def test_size_out_of_place(name: str, nodes: int, message: str) -> None:
    """Only the large scenario has a size, within reason."""
    with pytest.raises(UsageProblem, match=f"^{message}$"):
        scenarios.build(name, nodes=nodes)


def test_every_eni_of_dual_stack_has_both_families() -> None:
    """No ENI has a gap that Spiderpool would fail pods for."""
    enis = scenarios.build("dual-stack").world.enis.values()

    assert {(len(eni.secondary_ips), len(eni.ipv6_addresses)) for eni in enis} == {(5, 5)}


def test_unknown_scenario() -> None:
    """A name that is none of ours is a usage error that lists those there are."""
    with pytest.raises(UsageProblem) as caught:
        scenarios.build("moon")

    assert caught.value.hint == "choose one of: guide, dual-stack, drift, large"

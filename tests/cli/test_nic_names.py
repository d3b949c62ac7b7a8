"""`spidercli pools sync` where NIC names are guessed, and ENIs come and go."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
Written = Callable[[], list[str]]
POOLS = ("spiderpool.spidernet.io/v2beta1", "spiderippools")
ETH2 = "eni-bp1-eth2"
VSWITCH_ETH2 = "vsw-bp1-eth2"
NAME_THEM = "name the node's NICs with `interfaces` in the configuration"


@dataclasses.dataclass(frozen=True)
class Story:
    """A worker with eth1 and eth2, without a DeviceIndex, and a configuration that can be rewritten."""

    sandbox: Sandbox
    config: pathlib.Path

    def configure(self, *lines: str) -> None:
        """Write the configuration anew."""
        self.config.write_text("\n".join(["region: cn-hangzhou", *lines, ""]))

    def plug(self, eni_id: str, address: str, *, node: str = "worker", **fields: Any) -> None:
        """Attach one more ENI, with the five addresses that follow its own."""
        primary = IPv4Address(address)
        model = self.sandbox.world.enis[guide.WORKER_ETH1 if node == "worker" else guide.MASTER_ETH1]
        defaults = {"device_index": None, "created_at": "2023-09-01T00:00:00Z"}
        eni = dataclasses.replace(
            model,
            eni_id=eni_id,
            name=eni_id,
            mac=f"00:16:3e:ff:{primary.packed[2]:02x}:{primary.packed[3]:02x}",
            primary_ip=primary,
            secondary_ips=tuple(primary + step for step in range(1, 6)),
            **{**defaults, **fields},
        )
        self.sandbox.world.add_eni(eni)

    def pool(self, name: str) -> tuple[str, list[str], list[str]]:
        """A live pool's ENI, networks and addresses."""
        found: Any = self.sandbox.kube.find(*POOLS, name)
        eni = found["metadata"]["annotations"]["spidercli.io/eni-id"]
        return eni, found["spec"]["multusName"], found["spec"].get("ips", [])


@pytest.fixture(name="story")
def guessed_names(sandbox: Sandbox, pods: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The guide's sandbox without pods, as an endpoint shows it that does not tell the DeviceIndex."""
    story = Story(sandbox, tmp_path / "spidercli.yaml")
    pods.finish_all()
    monkeypatch.setenv("SPIDERCLI_CONFIG", str(story.config))
    story.configure()
    for eni_id in (guide.MASTER_ETH1, guide.WORKER_ETH1):
        sandbox.world.change_eni(eni_id, device_index=None)
    story.plug(ETH2, "192.168.0.170")
    return story


@pytest.fixture(name="begun")
def bootstrapped(spidercli: Run, story: Story) -> Story:
    """After the first bootstrap, the record of requests emptied."""
    assert spidercli("bootstrap", "--yes").code == 0
    story.sandbox.kube.forget_requests()
    return story


def test_an_eni_that_is_being_detached(spidercli: Run, begun: Story, written: Written) -> None:
    """Its pool stays as it is, the other ENI keeps its name, and both are told."""
    before = begun.pool("worker-eth1"), begun.pool("worker-eth2")
    begun.sandbox.world.change_eni(guide.WORKER_ETH1, status="Detaching")
    ran, listed = spidercli("pools", "sync", "--yes", "--prune"), spidercli("pools", "list", "-o", "json")

    assert (ran.code, ran.stdout, written()) == (0, "nothing can be done now: 4 unchanged, 1 blocked\n", [])
    assert f"warning: left out until that is done: {guide.WORKER_ETH1} is being detached from worker\n" in ran.stderr
    assert f"# SpiderIPPool worker-eth1    its ENI {guide.WORKER_ETH1} is being detached from worker" in ran.stderr
    assert (begun.pool("worker-eth1"), begun.pool("worker-eth2")) == before
    assert {pool["name"]: pool["cloud"] for pool in listed.data if pool["cloud"] != "in-sync"} == {
        "worker-eth1": "drift"
    }
    told = spidercli("pools", "who", "192.168.0.161").stderr
    assert f"warning: the ENI of 192.168.0.161, {guide.WORKER_ETH1}, is being detached from worker\n" in told


def test_an_eni_that_comes_back(spidercli: Run, begun: Story, written: Written) -> None:
    """Detaching, away, attaching: its pool is emptied while it is away and filled again, and no other is touched."""
    kept = dataclasses.replace(begun.sandbox.world.enis[guide.WORKER_ETH1], status="Attaching")
    begun.sandbox.world.change_eni(guide.WORKER_ETH1, status="Detaching")
    codes = [spidercli("pools", "sync", "--yes", "--strict").code]
    begun.sandbox.world.remove_eni(guide.WORKER_ETH1)
    codes.append(spidercli("pools", "sync", "--yes", "--strict").code)
    begun.sandbox.world.add_eni(kept)
    codes.append(spidercli("pools", "sync", "--yes", "--strict").code)
    begun.sandbox.world.change_eni(guide.WORKER_ETH1, status="InUse")

    assert (codes, written()) == ([3, 3, 3], ["PATCH spiderippools/worker-eth1"])
    assert spidercli("pools", "sync", "--yes", "--strict").stdout == "1 of 1 changes made, 4 unchanged\n"
    assert spidercli("pools", "sync", "--yes", "--strict").stdout == "nothing to do: 5 unchanged\n"


def test_an_eni_that_is_gone_leaves_its_name_free(spidercli: Run, begun: Story, written: Written) -> None:
    """Its pool is emptied, and the next one does not move up by itself; once its name is configured, all goes on."""
    begun.sandbox.world.remove_eni(guide.WORKER_ETH1)
    ran = spidercli("pools", "sync", "--yes", "--prune")

    assert (ran.code, ran.stdout) == (0, "1 of 1 changes made, 3 unchanged, 2 blocked\n")
    assert written() == ["PATCH spiderippools/worker-eth1"]
    assert ran.stderr.count(
        f"{ETH2} is eth1 of worker only by a guess, but SpiderIPPool worker-eth2 has it for "
        f"kube-system/ipvlan-eth2: {NAME_THEM}"
    ) == 2  # fmt: skip
    begun.configure("interfaces:", f"- {{name: eth2, match: {{eniName: [{ETH2}]}}}}")
    assert spidercli("pools", "sync", "--yes", "--prune").stdout == "1 of 1 changes made, 4 unchanged\n"
    assert written()[1:] == ["DELETE spiderippools/worker-eth1"]


def test_an_eni_whose_index_is_not_told_yet(spidercli: Run, story: Story, written: Written) -> None:
    """The others keep the names that their DeviceIndex gives, against the order of creation; the new one comes last."""
    world = story.sandbox.world
    for eni_id, index in ((guide.MASTER_ETH1, 1), (guide.WORKER_ETH1, 2), (ETH2, 1)):
        world.change_eni(eni_id, device_index=index)
    spidercli("bootstrap", "--yes")
    before = story.pool("worker-eth1"), story.pool("worker-eth2")
    story.sandbox.kube.forget_requests()
    story.plug("eni-bp1-new", "192.168.0.190", created_at="2022-01-01T00:00:00Z")
    spidercli("multus", "sync", "--yes")
    ran = spidercli("pools", "sync", "--yes")

    assert (before[0][0], ran.code, ran.stdout) == (ETH2, 0, "1 of 1 changes made, 5 unchanged\n")
    assert (story.pool("worker-eth1"), story.pool("worker-eth2")) == before
    assert written() == ["PATCH spidermultusconfigs/ipvlan-eth3", "PATCH spiderippools/worker-eth3"]


@pytest.fixture(name="other_subnets")
def two_nics_in_two_vswitches(story: Story) -> Story:
    """Each node with eth1 and eth2 in vSwitches of their own, the second one created first, named by rules."""
    world = story.sandbox.world
    world.remove_eni(ETH2)
    world.add_vswitch(
        dataclasses.replace(
            world.vswitches[guide.VSWITCH_ETH1], vswitch_id=VSWITCH_ETH2, cidr=IPv4Network("192.168.1.0/24")
        )
    )
    first = {"vswitch_id": VSWITCH_ETH2, "created_at": "2023-01-01T00:00:00Z"}
    story.plug("eni-bp1-master2", "192.168.1.10", node="master", **first)
    story.plug(ETH2, "192.168.1.20", **first)
    story.configure(*_rules(eth1=guide.VSWITCH_ETH1, eth2=VSWITCH_ETH2))
    return story


def _rules(**vswitches: str) -> list[str]:
    return ["interfaces:", *(f"- {{name: {name}, match: {{vswitch: [{one}]}}}}" for name, one in vswitches.items())]


def test_rules_that_are_missing(spidercli: Run, other_subnets: Story, written: Written) -> None:
    """Without its configuration a run guesses, and does not delete and create the pools of other NICs."""
    assert spidercli("bootstrap", "--yes").code == 0
    other_subnets.sandbox.kube.forget_requests()
    other_subnets.configure()
    ran = spidercli("pools", "sync", "--yes", "--strict")

    assert (ran.code, ran.stdout, written()) == (3, "nothing can be done now: 2 unchanged, 4 blocked\n", [])
    assert ran.stderr.count("only by a guess") == 4


def test_rules_that_change_most_pools(spidercli: Run, other_subnets: Story, written: Written) -> None:
    """What the configuration names is wanted, but pools that are made anew are limited as pools that go."""
    assert spidercli("bootstrap", "--yes").code == 0
    other_subnets.sandbox.kube.forget_requests()
    other_subnets.configure(*_rules(eth1=VSWITCH_ETH2, eth2=guide.VSWITCH_ETH1))
    shown, refused = spidercli("pools", "diff"), spidercli("pools", "sync", "--yes")

    told = "4 of 6 pools would be deleted and created again, --max-delete 20% allows 1"
    assert f"warning: a run would be refused: {told}\n" in shown.stderr
    assert (refused.code, written()) == (1, [])
    assert f"{told}; nothing was written\n  hint: is it the right configuration?" in refused.stderr
    assert "raise --max-delete (here: to 4)\n" in refused.stderr
    assert spidercli("pools", "sync", "--yes", "--max-delete", "4").stdout == "4 of 4 changes made, 2 unchanged\n"
    assert other_subnets.pool("worker-eth1")[0] == ETH2


def test_enis_that_change_places_by_their_index(spidercli: Run, story: Story, written: Written) -> None:
    """The cloud knows, so the pools follow; more of them than may go at once are refused."""
    world = story.sandbox.world
    for eni_id, index in ((guide.MASTER_ETH1, 1), (guide.WORKER_ETH1, 1), (ETH2, 2)):
        world.change_eni(eni_id, device_index=index)
    spidercli("bootstrap", "--yes")
    story.sandbox.kube.forget_requests()
    world.change_eni(guide.WORKER_ETH1, device_index=2)
    world.change_eni(ETH2, device_index=1)
    refused = spidercli("pools", "sync", "--yes")

    assert (refused.code, written()) == (1, [])
    assert "2 of 5 pools would go over to other ENIs or nodes, --max-delete 20% allows 1" in refused.stderr
    assert spidercli("pools", "sync", "--yes", "--max-delete", "2").code == 0
    assert story.pool("worker-eth1")[:2] == (ETH2, ["kube-system/ipvlan-eth1"])

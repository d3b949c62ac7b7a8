"""The scenarios of the sandbox, through the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spidercli.planning.plan import Action
from spidercli.sandbox import scenarios
from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]

# What a plan for pools can say of one, by action, as its reason begins. A test below holds that the scenario has all.
REASONS = {
    ("create", "new"),
    ("update", "the ENI's addresses changed"),
    ("update", "spec.gateway: 10.1.0.1 → 10.1.255.253"),
    ("update", "spec.nodeName: former-name → other-node-name"),
    ("update", "spec.multusName is missing"),
    ("update", "spec.excludeIPs is no longer wanted"),
    ("update", "spec.default was not applied by spidercli"),
    ("update", "addresses moved to another ENI"),
    ("update", "only the addresses in use stay"),
    ("update", "deleted and created again: its subnet changes"),
    ("delete", "no NIC of the inventory has it"),
    ("unchanged", ""),
    ("blocked", "addresses in use left the ENI"),
    ("blocked", "no NIC of the inventory has it, but addresses in use are in it"),
    ("blocked", "10.1.14.15 can't join: pod default/gives-in-use-app holds it in SpiderIPPool gives-in-use-eth1"),
    ("blocked", "10.1.16.15 can't join: it is listed by SpiderIPPool by-hand"),
    ("blocked", "SpiderMultusConfig kube-system/ipvlan-eth3 does not exist: run `spidercli multus sync` or"),
    ("blocked", "subnet 10.2.0.0/17 overlaps 10.2.0.0/24 of SpiderIPPool legacy"),
    ("blocked", "its subnet changes from 10.9.0.0/16 to 10.1.0.0/16, but addresses in use are in it"),
    (
        "blocked",
        "its subnet changes from 10.9.0.0/16 to 10.2.0.0/17, but it is not deleted, as it could not be created",
    ),
    ("blocked", "it is being deleted, but addresses in use are in it"),
    ("blocked", "no NIC of the inventory has it; --prune deletes it"),
    ("conflict", "exists and is not managed by spidercli"),
}


@pytest.fixture(name="drift")
def drift_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A cloud and pools that disagree, and an environment that leads to them."""
    with Sandbox(scenarios.build("drift")) as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        yield sandbox


def changes(spidercli: Run, *command: str) -> list[tuple[str, str]]:
    """The action and reason of every line that a plan has; unchanged objects have no line."""
    data = spidercli(*command, "-o", "json").data
    lines = [(change["action"], change["reason"]) for change in data["changes"]]
    return lines + [("unchanged", "")] * data["summary"]["unchanged"]


def test_drift_shows_every_action_and_reason(spidercli: Run, drift: Sandbox) -> None:
    """With and without --prune, every line of a plan is one that we know, and all that we know are there."""
    found = {*changes(spidercli, "pools", "diff"), *changes(spidercli, "pools", "diff", "--prune")}

    shown = {next((known for known in _known(line)), line) for line in found}
    assert shown == REASONS
    assert {action for action, _ in found} == set(Action)


def _known(line: tuple[str, str]) -> list[tuple[str, str]]:
    """The reasons that a line's begins with, the longest first."""
    fitting = [known for known in REASONS if known[0] == line[0] and line[1].startswith(known[1])]
    return sorted(fitting, key=lambda known: -len(known[1]))


def test_the_list_of_pools_agrees_with_the_plan(spidercli: Run, drift: Sandbox) -> None:
    """No pool that a plan would update is called in sync, be it for a field's owner only."""
    plan = spidercli("pools", "diff", "-o", "json").data["changes"]
    pools = spidercli("pools", "list", "-o", "json").data
    updated = {change["name"] for change in plan if change["action"] == "update"}

    assert {"extra-field-eth1", "not-owned-field-eth1"} <= updated
    assert [pool["name"] for pool in pools if pool["cloud"] == "in-sync"] == ["unchanged-eth1"]
    assert {pool["cloud"] for pool in pools if pool["name"] in updated} == {"drift", "orphan"}


def test_drift_of_multus_configs_and_nodes(spidercli: Run, drift: Sandbox) -> None:
    """A config is missing, another one is somebody else's; two nodes have their providerID, in either spelling."""
    configs = changes(spidercli, "multus", "diff")
    nodes = changes(spidercli, "nodes", "provider-id", "--dry-run")

    assert [action for action, _ in configs] == ["update", "conflict", "create", "blocked", "unchanged"]
    assert nodes.count(("unchanged", "")) == 2
    assert nodes.count(("update", "not set yet; matched by InternalIP")) == len(nodes) - 2


def test_drift_is_mended_as_far_as_pods_allow(spidercli: Run, drift: Sandbox) -> None:
    """One run makes every change that can be made; the next one has nothing to write."""
    first = spidercli("pools", "sync", "--yes")
    second = spidercli("pools", "sync", "--yes")

    assert (first.code, second.code) == (0, 0)
    assert first.stdout == "14 of 14 changes made, 1 unchanged, 13 blocked, 1 in conflict\n"
    assert second.stdout.startswith("nothing can be done now: ")


def test_dual_stack_has_pools_of_both_families(spidercli: Run) -> None:
    """Each NIC gets a pool for each family, and Spiderpool's webhooks take them."""
    ran = spidercli("bootstrap", "--yes", "--sandbox=dual-stack")

    assert ran.code == 0
    assert ran.stdout == "12 of 12 changes made, 0 unchanged\n"


def test_dual_stack_is_all_or_nothing(spidercli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once an ENI has lost its IPv6 addresses, nothing is planned."""
    with Sandbox(scenarios.build("dual-stack")) as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        sandbox.world.unassign("eni-node-b-1", *sandbox.world.eni("eni-node-b-1").ipv6_addresses)
        ran = spidercli("pools", "diff")

    assert ran.code == 1
    assert "eth1 of node-b has no IPv6 address for pods" in ran.stderr


@pytest.mark.parametrize(
    ("flags", "code"), [((), 0), (("--detailed-exitcode",), 2), (("--detailed-exitcode", "--strict"), 3)]
)
def test_a_run_tells_what_it_leaves(spidercli: Run, drift: Sandbox, flags: tuple[str, ...], code: int) -> None:
    """After a run, and after one with nothing to do, the exit code tells of what is blocked or in conflict."""
    codes = [spidercli("pools", "sync", "--yes", "-q", *flags).code for _ in range(2)]

    assert codes == [code, code]


def test_a_bootstrap_tells_what_it_leaves(spidercli: Run, drift: Sandbox) -> None:
    """The whole guide, too, once the cluster was looked at again."""
    ran = spidercli("bootstrap", "--yes", "--skip", "provider-id", "--detailed-exitcode")

    assert ran.code == 2
    assert ran.stderr.endswith("confirmed: the cluster is as planned\n")


@pytest.mark.parametrize("command", ["pools diff", "multus diff", "bootstrap --dry-run --only pools"])
def test_strict_diffs(spidercli: Run, drift: Sandbox, command: str) -> None:
    """--strict goes with everything that shows a plan, and says that something is in the way."""
    assert spidercli(*command.split(), "--strict").code == 3

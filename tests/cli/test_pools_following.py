"""`spidercli pools sync` while the cloud changes under it."""

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


@pytest.fixture(name="synced")
def in_step(spidercli: Run, sandbox: Sandbox) -> Sandbox:
    """The sandbox after a first sync, its record of requests emptied."""
    assert spidercli("pools", "sync", "--yes").code == 0
    sandbox.kube.forget_requests()
    return sandbox


@pytest.fixture(name="ips")
def addresses_of(sandbox: Sandbox) -> Callable[[str], Any]:
    """What a live pool lists; None if it does not exist."""

    def read(name: str) -> Any:
        found: Any = sandbox.kube.find(*POOLS, name)
        return found and found["spec"]["ips"]

    return read


def test_an_address_that_was_added(
    spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], written: Written
) -> None:
    """A new secondary address joins its pool, and nothing else is written."""
    synced.world.assign(guide.WORKER_ETH0, "172.31.199.195")
    ran = spidercli("pools", "sync", "--yes")

    assert ran.stdout == "1 of 1 changes made, 3 unchanged\n"
    assert "~ SpiderIPPool worker-172  +172.31.199.195 (5 → 6)  the ENI's addresses changed\n" in ran.stderr
    assert ips("worker-172") == ["172.31.199.190-172.31.199.195"]
    assert written() == ["PATCH spiderippools/worker-172"]


def test_an_address_that_was_removed(spidercli: Run, synced: Sandbox, ips: Callable[[str], Any]) -> None:
    """An address that left the ENI leaves the pool."""
    synced.world.unassign(guide.WORKER_ETH0, "172.31.199.192")
    ran = spidercli("pools", "sync", "--yes")

    assert ran.stdout == "1 of 1 changes made, 3 unchanged\n"
    assert ips("worker-172") == ["172.31.199.190-172.31.199.191", "172.31.199.193-172.31.199.194"]


def test_an_eni_that_lost_every_address(
    spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], pods: Any, written: Written
) -> None:
    """Its pool hands out nothing any more, in one write, and is no orphan; the export has no file for it."""
    pods.finish_all()
    for last in range(161, 166):
        synced.world.unassign(guide.WORKER_ETH1, f"192.168.0.{last}")
    ran, again = spidercli("pools", "sync", "--yes"), spidercli("pools", "sync", "--yes", "--strict")

    assert ran.stdout == "1 of 1 changes made, 3 unchanged\n"
    assert "-192.168.0.161-192.168.0.165 (5 → 0)  its ENI has no address for pods any more\n" in ran.stderr
    assert (again.code, again.stdout) == (0, "nothing to do: 4 unchanged\n")
    assert written() == ["PATCH spiderippools/worker-192"]
    assert "worker-192" not in spidercli("export", "--only", "pools").stdout
    synced.world.assign(guide.WORKER_ETH1, "192.168.0.170")
    assert spidercli("pools", "sync", "--yes").stdout == "1 of 1 changes made, 3 unchanged\n"
    assert ips("worker-192") == ["192.168.0.170"]


def test_two_configurations_that_name_their_pools_alike(
    spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path, ips: Callable[[str], Any]
) -> None:
    """The pool of another configuration's node is not taken over, be its addresses in use or not."""
    for name, instance in (("worker", guide.WORKER), ("master", guide.MASTER)):
        text = f'nodes: {{ids: [{instance}]}}\npools: {{name: "pod-{{nic}}", exclude: [192.168.0.0/24]}}\n'
        (tmp_path / f"{name}.yaml").write_text(f"region: cn-hangzhou\n{text}")
    spidercli("pools", "sync", "--yes", "-c", str(tmp_path / "worker.yaml"))
    ran = spidercli("pools", "sync", "--yes", "--strict", "-c", str(tmp_path / "master.yaml"))

    assert (ran.code, ran.stdout) == (3, "nothing can be done now: 1 in conflict\n")
    assert "this name is taken by the pool of worker, which this run is not about" in ran.stderr
    assert ips("pod-eth0") == ["172.31.199.190-172.31.199.194"]


def test_a_namespace_that_does_not_exist(
    spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path, written: Written
) -> None:
    """The hint names the setting, and where to look up what it should be."""
    config = tmp_path / "spidercli.yaml"
    config.write_text("region: cn-hangzhou\nspiderpool: {namespace: nowhere}\n")
    ran = spidercli("multus", "sync", "--yes", "-c", str(config))

    assert (ran.code, written()) == (1, [])
    assert "namespace nowhere does not exist\n  hint: is spiderpool.namespace right? `helm list" in ran.stderr


def test_an_address_that_moved(spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], written: Written) -> None:
    """An address leaves its old pool before the new one lists it, so that no webhook has to refuse."""
    synced.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    ran = spidercli("pools", "sync", "--yes")

    assert ran.stdout == "2 of 2 changes made, 2 unchanged\n"
    assert ips("master-172") == ["172.31.199.185-172.31.199.190"]
    assert ips("worker-172") == ["172.31.199.191-172.31.199.194"]
    assert written() == ["PATCH spiderippools/worker-172", "PATCH spiderippools/master-172"]
    assert {request.status for request in synced.kube.requests} <= {200, 201}


def test_two_nodes_that_swap_addresses(
    spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], written: Written
) -> None:
    """A swap takes two writes for each pool it shrinks and grows."""
    synced.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    synced.world.move("172.31.199.185", to=guide.WORKER_ETH0)
    ran = spidercli("pools", "sync", "--yes")

    assert ran.stdout == "2 of 2 changes made, 2 unchanged\n"
    assert ips("master-172") == ["172.31.199.186-172.31.199.190"]
    assert ips("worker-172") == ["172.31.199.185", "172.31.199.191-172.31.199.194"]
    assert len(written()) == 4


def test_an_address_in_use_stays(spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], written: Written) -> None:
    """An address that a pod holds is blocked and named, whatever the cloud says; --strict makes it exit code 3."""
    synced.world.unassign(guide.WORKER_ETH0, "172.31.199.193")
    diff = spidercli("pools", "diff", "--detailed-exitcode")
    sync = spidercli("pools", "sync", "--yes")
    strict = spidercli("pools", "sync", "--yes", "--strict")

    assert diff.code == 2
    assert diff.stdout == (
        "  # SpiderIPPool worker-172    addresses in use left the ENI: 172.31.199.193 of pod default/test-app-1-jpfkj "
        "(cut off; restart the pod)\n"
        "3 unchanged, 1 blocked\n"
    )
    assert (sync.code, sync.stdout) == (0, "nothing can be done now: 3 unchanged, 1 blocked\n")
    assert strict.code == 3
    assert ips("worker-172") == ["172.31.199.190-172.31.199.194"]
    assert written() == []


def test_a_moved_address_in_use_blocks_both_sides(spidercli: Run, synced: Sandbox, ips: Callable[[str], Any]) -> None:
    """The pool that has to let go and the pool that waits are both told; everything else goes on."""
    synced.world.move("172.31.199.193", to=guide.MASTER_ETH0)
    synced.world.assign(guide.MASTER_ETH0, "172.31.199.199")
    ran = spidercli("pools", "sync", "--yes")

    assert (ran.code, ran.stdout) == (0, "1 of 1 changes made, 2 unchanged, 2 blocked\n")
    assert "172.31.199.193 can't join: pod default/test-app-1-jpfkj holds it in SpiderIPPool worker-172" in ran.stderr
    assert "addresses in use left the ENI: 172.31.199.193 of pod default/test-app-1-jpfkj" in ran.stderr
    assert ips("master-172") == ["172.31.199.185-172.31.199.189", "172.31.199.199"]
    assert ips("worker-172") == ["172.31.199.190-172.31.199.194"]


def test_what_was_blocked_follows_once_the_pod_is_gone(
    spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], pods: Any
) -> None:
    """The next sync after the pod's end moves the address."""
    synced.world.move("172.31.199.193", to=guide.MASTER_ETH0)
    spidercli("pools", "sync", "--yes")
    pods.finish_all()
    ran = spidercli("pools", "sync", "--yes", "--strict")

    assert (ran.code, ran.stdout) == (0, "2 of 2 changes made, 2 unchanged\n")
    assert ips("master-172") == ["172.31.199.185-172.31.199.189", "172.31.199.193"]


def test_drift_is_listed(spidercli: Run, synced: Sandbox) -> None:
    """`pools list` says which pools disagree with the cloud."""
    synced.world.assign(guide.WORKER_ETH0, "172.31.199.195")
    synced.world.remove_eni(guide.WORKER_ETH1)

    assert [pool["cloud"] for pool in spidercli("pools", "list", "-o", "json").data] == [
        "in-sync",
        "in-sync",
        "drift",
        "orphan",
    ]


def test_a_lost_nic_is_no_reason_to_delete(
    spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], pods: Any
) -> None:
    """A pool that no NIC has any more stays until --prune is given."""
    pods.finish_all()
    synced.world.remove_eni(guide.WORKER_ETH1)
    kept = spidercli("pools", "sync", "--yes")
    pruned = spidercli("pools", "sync", "--yes", "--prune")

    assert kept.stdout == "nothing can be done now: 3 unchanged, 1 blocked\n"
    assert "no NIC of the inventory has it; --prune deletes it" in kept.stderr
    assert (pruned.code, pruned.stdout) == (0, "1 of 1 changes made, 3 unchanged\n")
    assert "- SpiderIPPool worker-192  192.168.0.161-192.168.0.165 (5)  no NIC of the inventory has it" in pruned.stderr
    assert ips("worker-192") is None


def test_prune_keeps_addresses_in_use(spidercli: Run, synced: Sandbox, ips: Callable[[str], Any]) -> None:
    """A pool of a lost NIC shrinks to what its pods hold."""
    synced.world.remove_eni(guide.WORKER_ETH1)
    ran = spidercli("pools", "sync", "--yes", "--prune")

    assert (ran.code, ran.stdout) == (0, "1 of 1 changes made, 3 unchanged, 1 blocked\n")
    assert ips("worker-192") == ["192.168.0.161"]


def test_one_nodes_facts_say_nothing_of_others(spidercli: Run, synced: Sandbox, pods: Any, written: Written) -> None:
    """The metadata service knows one node; the pools of all others are no orphans for that."""
    pods.finish_all()
    ran = spidercli("pools", "sync", "--yes", "--prune", "--max-delete", "100%", "--source", "metadata")

    assert (ran.stdout, written()) == ("nothing to do: 2 unchanged\n", [])


def test_a_selection_of_nodes_says_nothing_of_others(
    spidercli: Run, synced: Sandbox, pods: Any, written: Written, tmp_path: pathlib.Path
) -> None:
    """With nodes.ids the pools of other nodes are neither reported nor pruned."""
    pods.finish_all()
    config = tmp_path / "one.yaml"
    config.write_text(f'region: cn-hangzhou\nnodes: {{ids: [{guide.WORKER}]}}\npools: {{name: "{{node}}-{{octet}}"}}\n')
    ran = spidercli("pools", "sync", "--yes", "--prune", "--max-delete", "100%", "-c", str(config))

    assert (ran.stdout, written()) == ("nothing to do: 2 unchanged\n", [])


def test_too_much_at_once_is_refused(
    spidercli: Run, synced: Sandbox, ips: Callable[[str], Any], pods: Any, written: Written
) -> None:
    """More than --max-delete is refused before anything is written; a higher limit lets it pass."""
    pods.finish_all()
    synced.world.remove_eni(guide.WORKER_ETH1)
    synced.world.remove_eni(guide.MASTER_ETH1)
    refused = spidercli("pools", "sync", "--yes", "--prune")

    assert (refused.code, refused.stdout) == (1, "")
    assert "  - SpiderIPPool master-192  " in refused.stderr
    assert refused.stderr.endswith(
        "error SPC500: 2 of 4 pools would be deleted, --max-delete 20% allows 1; nothing was written\n"
        "  hint: check the inventory first; if it is right, raise --max-delete (here: to 2)\n"
    )
    assert written() == []
    assert spidercli("pools", "sync", "--yes", "--prune", "--max-delete", "2").code == 0
    assert (ips("master-192"), ips("worker-192")) == (None, None)


def test_a_bootstrap_that_is_refused_shows_its_plan(
    spidercli: Run,
    synced: Sandbox,
    pods: Any,
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
) -> None:
    """What was too much is seen, also in the summary of a job; a dry run shows it as its result, and warns."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    pods.finish_all()
    synced.world.remove_eni(guide.WORKER_ETH1)
    synced.world.remove_eni(guide.MASTER_ETH1)
    refused = spidercli("bootstrap", "--only", "pools", "--yes", "--prune")
    shown = spidercli("bootstrap", "--only", "pools", "--dry-run", "--prune")

    assert (refused.code, refused.stdout, written()) == (1, "", [])
    assert "  - SpiderIPPool worker-192  " in refused.stderr.partition("error SPC500: 2 of 4 pools")[0]
    assert "| delete | SpiderIPPool worker-192 |" in (tmp_path / "summary").read_text()
    assert (shown.code, shown.stdout.splitlines()[-1]) == (0, "2 to delete, 2 unchanged")
    assert shown.stderr.endswith(
        "warning: a run would be refused: 2 of 4 pools would be deleted, --max-delete 20% allows 1\n"
    )


def test_a_missing_configuration_does_not_rename_every_pool(
    spidercli: Run, synced: Sandbox, monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    """Without the file that names them, the pools would all get other names: that is told, and too much at once."""
    monkeypatch.delenv("SPIDERCLI_CONFIG")
    shown, refused = spidercli("pools", "diff"), spidercli("pools", "sync", "--prune", "--yes")

    assert "the pool of its ENI is called master-eth0 now; --prune deletes it" in shown.stdout
    assert "addresses go to SpiderIPPool worker-eth1" in shown.stdout
    assert "a run would be refused: 4 of 4 pools would give their addresses to pools of other names" in shown.stderr
    assert (refused.code, written()) == (1, [])
    assert "is it the right configuration?" in refused.stderr


@pytest.mark.parametrize("limit", ["abc", "300%", "-5", "5.5", ""])
def test_a_limit_that_is_none(spidercli: Run, sandbox: Sandbox, limit: str) -> None:
    """--max-delete takes a number or a percentage; anything else is refused before the cloud is asked."""
    ran = spidercli("pools", "sync", "--yes", "--max-delete", limit)

    assert ran.code == 64
    assert ran.stderr.startswith("error SPC010: --max-delete: expected a percentage (20%) or a number, found ")
    assert not sandbox.world.requests


def test_somebody_elses_pool_is_left_alone(spidercli: Run, sandbox: Sandbox, ips: Callable[[str], Any]) -> None:
    """A pool of a wanted name that is not ours is a conflict; --adopt takes it over."""
    stranger: Any = {
        "apiVersion": POOLS[0],
        "kind": "SpiderIPPool",
        "metadata": {"name": "master-172"},
        "spec": {"subnet": "172.31.192.0/20", "ips": ["172.31.199.185"]},
    }
    sandbox.kube.seed(stranger)
    left = spidercli("pools", "sync", "--yes", "--strict")
    taken = spidercli("pools", "sync", "--yes", "--adopt", "--strict")

    assert (left.code, left.stdout) == (3, "3 of 3 changes made, 0 unchanged, 1 in conflict\n")
    assert "! SpiderIPPool master-172" in left.stderr
    assert "exists and is not managed by spidercli; --adopt takes it over" in left.stderr
    assert (taken.code, taken.stdout) == (0, "1 of 1 changes made, 3 unchanged\n")
    assert ips("master-172") == ["172.31.199.185-172.31.199.189"]


def test_a_change_that_is_refused_does_not_stop_the_others(
    spidercli: Run, sandbox: Sandbox, ips: Callable[[str], Any]
) -> None:
    """One object's refusal is reported with its reason, the rest is done, and the exit code is 1."""
    stranger: Any = {
        "apiVersion": POOLS[0],
        "kind": "SpiderIPPool",
        "metadata": {"name": "office"},
        "spec": {"subnet": "192.168.0.0/24", "ips": ["192.168.0.163"]},
    }
    sandbox.kube.seed(stranger)
    ran = spidercli("pools", "sync", "--yes")

    assert ran.code == 0
    assert ran.stdout == "4 of 4 changes made, 0 unchanged, 1 blocked\n"
    assert "192.168.0.163 can't join: it is listed by SpiderIPPool office" in ran.stderr
    assert ips("worker-192") == ["192.168.0.161-192.168.0.162", "192.168.0.164-192.168.0.165"]

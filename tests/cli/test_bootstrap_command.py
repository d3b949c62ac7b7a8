"""`spidercli bootstrap`: the guide from start to end."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
Written = Callable[[], list[str]]


def test_the_whole_guide(spidercli: Run, sandbox: Sandbox) -> None:
    """Each step is checked, everything is shown, applied and confirmed."""
    ran = spidercli("bootstrap", "--yes")

    assert (ran.code, ran.stdout) == (0, "8 of 8 changes made, 0 unchanged\n")
    assert ran.stderr == textwrap.dedent("""\
        Reading instances, ENIs and vSwitches…
        [1/4] preflight    Kubernetes v1.36.2, 2 nodes matched to instances in cn-hangzhou
        [2/4] multus       1 to create, 1 to update
        [3/4] pools        4 to create
        [4/4] provider-id  2 to update
          ~ SpiderMultusConfig kube-system/ipvlan-eth0  ipvlan on eth0                      replaces the empty config that Spiderpool's installation left
          + SpiderMultusConfig kube-system/ipvlan-eth1  ipvlan on eth1                      new
          + SpiderIPPool master-172                     172.31.199.185-172.31.199.189 (5)   new
          + SpiderIPPool master-192                     192.168.0.156-192.168.0.160 (5)     new
          + SpiderIPPool worker-172                     172.31.199.190-172.31.199.194 (5)   new
          + SpiderIPPool worker-192                     192.168.0.161-192.168.0.165 (5)     new
          ~ Node master                                 cn-hangzhou.i-bp1d8cnq4vw6t0yr3e5s  not set yet; matched by InternalIP
          ~ Node worker                                 cn-hangzhou.i-bp17345hor9k2m4x8w1z  not set yet; matched by InternalIP
        Applying 8 changes in 9 writes…
        confirmed: the cluster is as planned
        """)  # noqa: E501 - a transcript


def test_a_second_run_writes_nothing(spidercli: Run, sandbox: Sandbox, written: Written) -> None:
    """Nothing is left to do, so nothing is written, a Lease neither."""
    spidercli("bootstrap", "--yes")
    sandbox.kube.forget_requests()
    ran = spidercli("bootstrap", "--yes", "-q")

    assert (ran.code, ran.stdout, ran.stderr) == (0, "nothing to do: 8 unchanged\n", "")
    assert {request.method for request in sandbox.kube.requests} == {"GET"}


def test_dry_run(spidercli: Run, written: Written) -> None:
    """The plan is the result, and exit code 2 says that there is one."""
    ran = spidercli("bootstrap", "--dry-run", "--detailed-exitcode", "-q")

    assert ran.code == 2
    assert ran.stdout.splitlines()[-1] == "5 to create, 3 to update"
    assert written() == []


def test_dry_run_with_nothing_to_do(spidercli: Run, sandbox: Sandbox) -> None:
    """Exit code 0 says that cluster and cloud agree."""
    spidercli("bootstrap", "--yes")
    ran = spidercli("bootstrap", "--dry-run", "--detailed-exitcode")

    assert (ran.code, ran.stdout) == (0, "8 unchanged\n")


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (["--only", "pools"], ["pools"]),
        (["--only", "pools", "--only", "multus"], ["multus", "pools"]),
        (["--skip", "provider-id"], ["preflight", "multus", "pools"]),
        (["--from", "pools"], ["pools", "provider-id"]),
        (["--from", "multus", "--skip", "pools"], ["multus", "provider-id"]),
    ],
    ids=" ".join,
)
def test_choosing_steps(spidercli: Run, sandbox: Sandbox, options: list[str], steps: list[str]) -> None:
    """Steps are taken in the guide's order, whatever the order of the options."""
    ran = spidercli("bootstrap", "--dry-run", *options)

    taken = [line.split()[1] for line in ran.stderr.splitlines() if line.startswith("[")]
    assert (ran.code, taken) == (0, steps)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "helm"], "'helm' is not a step of bootstrap"),
        (["--from", "ccm"], "'ccm' is not a step of bootstrap"),
        (["--only", "pools", "--skip", "pools"], "no step is left to take"),
    ],
    ids=" ".join,
)
def test_steps_that_are_none(spidercli: Run, sandbox: Sandbox, options: list[str], message: str) -> None:
    """A step that does not exist is a usage error that lists those that do, before anything is asked."""
    ran = spidercli("bootstrap", "--yes", *options)

    assert ran.code == 64
    assert ran.stderr == f"error SPC001: {message}\n  hint: the steps are preflight, multus, pools, provider-id\n"
    assert not sandbox.world.requests


def test_it_finishes_what_was_left(spidercli: Run, sandbox: Sandbox) -> None:
    """A run after a part of the guide does the rest."""
    spidercli("bootstrap", "--yes", "--only", "multus")
    ran = spidercli("bootstrap", "--yes")

    assert (ran.code, ran.stdout) == (0, "6 of 6 changes made, 2 unchanged\n")


def test_json(spidercli: Run, sandbox: Sandbox) -> None:
    """-o json joins the plans of all steps, and every write with its outcome."""
    ran = spidercli("bootstrap", "--yes", "-o", "json")

    assert ran.data["summary"] == {
        "create": 5, "update": 3, "delete": 0, "unchanged": 0, "blocked": 0, "conflict": 0,
    }  # fmt: skip
    assert {write["outcome"] for write in ran.data["writes"]} == {"done"}
    assert len(ran.data["writes"]) == 9


def test_what_is_blocked_does_not_hold_up_the_rest(spidercli: Run, sandbox: Sandbox) -> None:
    """With an address in use that left its ENI, everything else is done and confirmed."""
    spidercli("bootstrap", "--yes", "--skip", "provider-id")
    sandbox.world.unassign(guide.WORKER_ETH0, "172.31.199.193")
    ran = spidercli("bootstrap", "--yes")

    assert (ran.code, ran.stdout) == (0, "2 of 2 changes made, 5 unchanged, 1 blocked\n")
    assert ran.stderr.endswith("confirmed: the cluster is as planned\n")


def test_preflight_warns(spidercli: Run, sandbox: Sandbox) -> None:
    """Settings of Spiderpool that don't fit Alibaba Cloud are told, and are no reason to stop."""
    conf: Any = sandbox.kube.find("v1", "configmaps", "spiderpool-conf", "kube-system")
    conf["data"]["conf.yml"] = "enableStatefulSet: true\n"
    sandbox.kube.seed(conf)
    ran = spidercli("bootstrap", "--only", "preflight", "--yes")

    assert (ran.code, ran.stdout) == (0, "nothing to do: 0 unchanged\n")
    assert (
        "warning: Spiderpool's ipam.enableStatefulSet is on: a fixed address can't follow a pod to another instance\n"
    ) in ran.stderr


@pytest.mark.parametrize("namespace", ["default", "nowhere"])
def test_preflight_finds_another_namespace(
    spidercli: Run, sandbox: Sandbox, written: Written, tmp_path: Any, namespace: str
) -> None:
    """Where the namespace has no Spiderpool, nothing is written: what would land there, nobody would read."""
    config = tmp_path / "spidercli.yaml"
    config.write_text(f"region: cn-hangzhou\nspiderpool:\n  namespace: {namespace}\n")
    ran = spidercli("bootstrap", "--yes", "-c", str(config))

    assert (ran.code, written()) == (64, [])
    assert f"spiderpool.namespace: there is no ConfigMap {namespace}/spiderpool-conf" in ran.stderr
    assert "`helm list --all-namespaces` shows where it is" in ran.stderr


def test_an_address_that_becomes_free_in_the_end_is_for_the_next_run(
    spidercli: Run, sandbox: Sandbox, pods: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a pod held up and could be done once the pod is gone is told, and is no failure of what was done."""
    spidercli("pools", "sync", "--yes")
    sandbox.world.unassign(guide.WORKER_ETH0, "172.31.199.193")
    sandbox.world.assign(guide.WORKER_ETH0, "172.31.199.195")
    handle = sandbox.kube.handle

    def ending(request: Any) -> Any:
        answer = handle(request)
        if request.method == "PATCH" and "/nodes/" in request.path:
            pods.finish_all()
        return answer

    monkeypatch.setattr(sandbox.kube, "handle", ending)
    ran = spidercli("bootstrap", "--yes")

    assert ran.code == 0
    assert ran.stderr.endswith(
        "confirmed: the cluster is as planned\nwarning: 1 more change can be made by now: run again\n"
    )


def test_something_that_changes_it_back_is_found(
    spidercli: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that does not last fails the confirmation."""
    handle = sandbox.kube.handle

    def undoing(request: Any) -> Any:
        answer = handle(request)
        if request.method == "PATCH" and request.path.endswith("/worker-192"):
            pool: Any = sandbox.kube.find("spiderpool.spidernet.io/v2beta1", "spiderippools", "worker-192")
            pool["spec"]["ips"] = ["192.168.0.161"]
            sandbox.kube.seed(pool)
        return answer

    monkeypatch.setattr(sandbox.kube, "handle", undoing)
    ran = spidercli("bootstrap", "--yes")

    assert ran.code == 1
    assert ran.stderr.endswith(
        "error SPC501: step pools: SpiderIPPool worker-192 is not as it was written\n"
        "  hint: does something else manage it too?\n"
    )

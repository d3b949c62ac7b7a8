"""What users of examples/permissions do, and what the sandbox hears of it."""

from __future__ import annotations

import dataclasses
import functools

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox import faults
from spidercli.sandbox.kube.requests import Recorded
from spidercli.sandbox.scenarios import guide
from tests.faults.rehearsal import Stage

READS = (
    "inventory",
    "export --from-cluster",
    "pools list",
    "pools diff --prune",
    "pools who 172.31.199.187",
    "pools sync --dry-run --prune",
    "multus diff",
    "multus sync --dry-run",
    "nodes provider-id --dry-run",
    "bootstrap --dry-run",
    "version",
)
_BY_HAND: Manifest = {
    "apiVersion": kinds.NETWORK_DEFINITION.api_version,
    "kind": kinds.NETWORK_DEFINITION.kind,
    "metadata": {"name": "ipvlan-eth1", "namespace": "kube-system"},
    "spec": {"config": '{"cniVersion":"0.3.1","name":"ipvlan-eth1","type":"ipvlan","master":"eth1"}'},
}
_POD = kinds.Kind("v1", "Pod", "pods", namespaced=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heard:
    """Every request to the cluster, and the names of all calls, those of the cloud among them."""

    requests: tuple[Recorded, ...]
    calls: frozenset[str]


@functools.cache
def heard(story: str) -> Heard:
    """Let a story happen, and tell what was asked for."""
    with Stage(guide.build()) as stage:
        _STORIES.get(story, _once)(stage, story)
        return Heard(requests=tuple(stage.sandbox.kube.requests), calls=frozenset(stage.calls))


def names() -> list[str]:
    """All stories."""
    return [*READS, *_STORIES]


def _once(stage: Stage, command: str) -> None:
    """Run a command that only looks."""
    _run(stage, command)


def _pools_sync(stage: Stage, command: str) -> None:
    """Create the pools, some of them for a network that somebody made by hand, then let some grow and shrink."""
    stage.sandbox.kube.seed(_BY_HAND)
    _run(stage, f"{command} --yes --strict")
    stage.sandbox.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    _run(stage, f"{command} --yes")


def _prune(stage: Stage, command: str) -> None:
    """Let a node go, and let somebody write to its pools between a look and the deletion."""
    _run(stage, "pools sync --yes")
    _forget(stage)
    stage.sandbox.world.remove_instance(guide.WORKER)
    stage.sandbox.kube.remove("v1", "nodes", "worker")
    for pod in stage.sandbox.kube.objects(_POD):
        stage.sandbox.kube.seed({**pod, "status": {"phase": "Succeeded"}})
    stage.sandbox.faults.add(faults.parse("k8s:delete:spiderippools=conflict"))
    _run(stage, f"{command} --yes --max-delete=50%", code=1)
    _run(stage, f"{command} --yes --max-delete=50%")


def _multus_sync(stage: Stage, command: str) -> None:
    """Take over the config that Spiderpool's installation leaves, and lose the answer on the way."""
    stage.sandbox.faults.add(faults.parse("k8s:update:spidermultusconfigs=lost"))
    _run(stage, f"{command} --yes")


def _with_yes(stage: Stage, command: str) -> None:
    """Run a command that writes, on a cluster with nothing but Spiderpool."""
    _run(stage, f"{command} --yes")


_STORIES = {
    "pools sync": _pools_sync,
    "pools sync --prune": _prune,
    "multus sync": _multus_sync,
    "nodes provider-id": _with_yes,
    "bootstrap": _with_yes,
    "bootstrap --skip provider-id": _with_yes,
}


def _run(stage: Stage, command: str, *, code: int = 0) -> None:
    ran = stage.run(*command.split())
    assert ran.code == code, f"{command}: {ran.stderr}"


def _forget(stage: Stage) -> None:
    stage.sandbox.kube.forget_requests()
    stage.calls.clear()

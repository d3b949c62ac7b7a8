"""RBAC: the README's table is enough, and what is missing is named."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from spidercli.sandbox.scenarios import guide
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.rest import Rest
from tests.e2e.product.between import Between, CutError, Write
from tests.e2e.product.clouds import change_vswitch
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_README = pathlib.Path(__file__).parents[3] / "README.md"
_GROUPS = {
    "nodes": "",
    "configmaps": "",
    "leases": "coordination.k8s.io",
    "network-attachment-definitions": "k8s.cni.cncf.io",
}
_SPIDERPOOL = "spiderpool.spidernet.io"
_VERB = re.compile(r"\b(list|get|create|update|patch|delete)\b")
_RBAC = "rbac.authorization.k8s.io"
_ONLY_AFTER_TROUBLE = {("spiderippools", "get"), ("spidermultusconfigs", "get")}

Right = tuple[str, str]  # resource and verb


def table() -> list[tuple[str, bool, list[str]]]:
    """The README's table: resource, whether in Spiderpool's namespace only, verbs."""
    _, _, text = _README.read_text(encoding="utf-8").partition("| resource | verbs |")
    rows = [line.strip("|").split("|") for line in text.partition("\n\n")[0].splitlines()[2:]]
    return [(row[0].split()[0], "namespace" in row[0], _VERB.findall(row[1])) for row in rows]


_RIGHTS = [(resource, verb) for resource, _, verbs in table() for verb in verbs]

Grant = Callable[[Iterable[Right]], str]


@pytest.fixture
def grant(plane: Plane, cluster: Any, tmp_path: pathlib.Path) -> Grant:
    """Give the outsider rights from the table, and return his kubeconfig."""

    def give(rights: Iterable[Right]) -> str:
        cluster.seed(_objects(set(rights), plane.outsider.user))
        outsider = Rest(plane.outsider)
        eventually(lambda: _may(outsider, set(rights)), "the roles work")
        outsider.close()
        path = tmp_path / "outsider"
        path.write_text(plane.outsider.kubeconfig(), encoding="utf-8")
        return str(path)

    return give


def _may(outsider: Rest, rights: set[Right]) -> bool:
    return all(_allowed(outsider, resource, verb) for resource, verb in rights)


def _allowed(outsider: Rest, resource: str, verb: str) -> bool:
    attributes = {"resource": resource, "verb": verb, "group": _group(resource), "namespace": "kube-system"}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = outsider.must("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


def _objects(rights: set[Right], user: str) -> list[dict[str, Any]]:
    here = {resource for resource, in_namespace, _ in table() if in_namespace}
    return [
        *_role("ClusterRole", {}, user, [right for right in rights if right[0] not in here]),
        *_role("Role", {"namespace": "kube-system"}, user, [right for right in rights if right[0] in here]),
    ]


def _role(kind: str, where: dict[str, str], user: str, rights: list[Right]) -> list[dict[str, Any]]:
    metadata = {"name": "spidercli-e2e", **where}
    rules = [{"apiGroups": [_group(resource)], "resources": [resource], "verbs": [verb]} for resource, verb in rights]
    subjects = [{"kind": "User", "name": user, "apiGroup": _RBAC}]
    ref = {"apiGroup": _RBAC, "kind": kind, "name": "spidercli-e2e"}
    version = f"{_RBAC}/v1"
    return [
        {"apiVersion": version, "kind": kind, "metadata": metadata, "rules": rules},
        {"apiVersion": version, "kind": f"{kind}Binding", "metadata": metadata, "subjects": subjects, "roleRef": ref},
    ]


def _group(resource: str) -> str:
    return _GROUPS.get(resource, _SPIDERPOOL)


@pytest.mark.usefixtures("empty_plane")
def test_table_is_enough(spidercli: Product, witness: Witness, grant: Grant) -> None:
    """With exactly these rights a bootstrap, a new subnet, a move and a prune all work."""
    outsider = grant(_RIGHTS)
    made = spidercli("bootstrap", "--yes", "--kubeconfig", outsider)
    change_vswitch(spidercli.world)
    spidercli.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    changed = spidercli("bootstrap", "--yes", "--kubeconfig", outsider)
    spidercli.world.remove_instance(guide.WORKER)
    witness.do("delete", "node", "worker")
    pruned = spidercli("pools", "sync", "--prune", "--max-delete=50%", "--yes", "--kubeconfig", outsider)

    assert [0, 0, 0] == [made.code, changed.code, pruned.code], made.stderr + changed.stderr + pruned.stderr
    assert {"master-172", "master-192"} == witness.pools().keys()


@pytest.mark.parametrize("missing", sorted({*_RIGHTS} - _ONLY_AFTER_TROUBLE), ids="-".join)
def test_missing_right_is_named(spidercli: Product, plane: Plane, grant: Grant, missing: Right) -> None:
    """Without one of the rights the exit code is 4, and the message names verb and resource."""
    command = ["bootstrap", "--yes"]
    if missing in (("spiderippools", "delete"), ("leases", "update")):  # a first run needs neither
        spidercli(*command)
        change_vswitch(spidercli.world)
    outsider = grant({*_RIGHTS} - {missing})

    ran = spidercli(*command, "--kubeconfig", outsider)

    resource, verb = missing
    where = f"{resource}.{_group(resource)}".removesuffix(".")
    assert 4 == ran.code, ran.stderr
    assert f"user {plane.outsider.user} may not {verb} {where}" in ran.stderr


def test_delete_is_looked_after(
    plane: Plane, installed: Product, witness: Witness, grant: Grant, tmp_path: pathlib.Path
) -> None:
    """The answer to a delete is lost and the pool is slow to go: the second delete is refused, and we look why."""
    grant(_RIGHTS)
    change_vswitch(installed.world)
    witness.hold("worker-192")
    lost: list[str] = []

    def lose_answer(write: Write) -> None:
        if write.method == "DELETE" and not lost:
            lost.append(write.path)
            raise CutError
        if write.method == "DELETE":
            witness.let_go("worker-192")

    with Between(plane.outsider) as between:
        between.after = lose_answer
        ran = installed("pools", "sync", "--yes", "--kubeconfig", between.kubeconfig(tmp_path / "lossy"))

    assert 0 == ran.code, ran.stderr
    assert [409] == [each.status for each in between.passed if each.method == "DELETE"][1:]
    assert ["192.168.1.10-192.168.1.12"] == witness.pools()["worker-192"]

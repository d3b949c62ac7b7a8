"""examples/permissions with the real API server's RBAC: enough, and what it leaves out is named."""

from __future__ import annotations

import itertools
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from spidercli.kinds import LEASE
from spidercli.sandbox.scenarios import guide
from tests.cli.permissions import grants, stories
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.rest import Access, Rest
from tests.e2e.product.clouds import change_vswitch
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Kubectl, Witness

_ROOT = pathlib.Path(__file__).parents[3]
_SCRIPT = grants.README.rpartition("```sh\n")[2].partition("```")[0]
_APPLY = "kubectl apply -f examples/permissions/sync/\n"
_EVERYBODY = ("authorization.k8s.io", "authentication.k8s.io")  # what every account may ask about itself
_SYNC, _READ = "spidercli-sync", "spidercli-read"
_PRUNE = ("--prune", "--max-delete=50%")
_ALL = sorted({grant.file for grant in grants.grants() if grant.account == _SYNC})

Right = tuple[str, str, str, str]  # verb, group, resource, name
Account = Callable[..., str]


@pytest.fixture
def account(plane: Plane, kubectl: Kubectl, tmp_path: pathlib.Path, outer_environ: dict[str, str]) -> Iterator[Account]:
    """Follow the README with an account and some of the files; the kubeconfig that comes of it."""
    (tmp_path / "examples").symlink_to(_ROOT / "examples")
    path = os.pathsep.join((str(pathlib.Path(sys.executable).parent), outer_environ["PATH"]))
    applied: list[str] = []

    def follow(name: str, *files: str) -> str:
        applied.extend(files)
        apply = "".join(f"kubectl apply -f examples/permissions/{file}\n" for file in files)
        assert _APPLY in _SCRIPT
        script = _SCRIPT.replace(_APPLY, apply).replace(_SYNC, name)
        environ = {**outer_environ, "KUBECONFIG": str(plane.kubeconfig), "PATH": path}
        subprocess.run(["sh", "-euc", script], cwd=tmp_path, env=environ, check=True, stdout=subprocess.DEVNULL)
        made = tmp_path / f"{name}.kubeconfig"
        _await(made, plane.admin.authority, applied)
        return str(made)

    yield follow
    for file in applied:
        assert kubectl("delete", "--ignore-not-found", "-f", str(grants.FOLDER / file)).returncode == 0


def _await(kubeconfig: pathlib.Path, authority: pathlib.Path, files: list[str]) -> None:
    """Wait until an account may do what the files grant, and nothing else."""
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    url, token = document["clusters"][0]["cluster"]["server"], document["users"][0]["user"]["token"]
    rest = Rest(Access(url=url, authority=authority, token=token))
    wanted = {(each.verb, each.group, each.resource, each.name) for each in grants.grants() if each.file in files}
    eventually(lambda: _rights(rest) == wanted, f"{kubeconfig.stem} may do what {files} grant")
    rest.close()


def _rights(rest: Rest) -> set[Right]:
    """What an account may do in Spiderpool's namespace, in the API server's own words."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "kube-system"},
    }
    rules = rest.must("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)["status"]
    return {right for rule in rules["resourceRules"] for right in _of_rule(rule) if right[1] not in _EVERYBODY}


def _of_rule(rule: Mapping[str, Any]) -> Iterator[Right]:
    names = rule.get("resourceNames") or [""]
    return itertools.product(rule["verbs"], rule["apiGroups"], rule["resources"], names)


@pytest.mark.usefixtures("empty_plane")
def test_all_files_are_enough(spidercli: Product, witness: Witness, account: Account) -> None:
    """A bootstrap, a new subnet, a move and a prune work with the account that the README makes."""
    way = ("--kubeconfig", account(_SYNC, *_ALL))
    made = spidercli("bootstrap", "--yes", *way)
    same = spidercli("pools", "diff", "--detailed-exitcode", *way)
    change_vswitch(spidercli.world)
    spidercli.world.move("172.31.199.190", to=guide.MASTER_ETH0)
    changed = spidercli("pools", "sync", "--yes", *way)
    _let_node_go(spidercli, witness)
    pruned = spidercli("pools", "sync", *_PRUNE, "--yes", *way)

    assert [0, 0, 0, 0] == [ran.code for ran in (made, same, changed, pruned)], made.stderr + changed.stderr
    assert {"master-172", "master-192"} == witness.pools().keys()


@pytest.mark.parametrize("command", sorted(set(grants.needed()) - {"pools sync --prune"}))
def test_the_files_of_a_command_are_enough(spidercli: Product, account: Account, command: str) -> None:
    """A command works with the files of its row in the README, and has nothing left to do afterwards."""
    way = account(_SYNC, *sorted(grants.needed()[command]))
    first = spidercli(*command.split(), "--yes", "--kubeconfig", way)
    second = spidercli(*command.split(), "--yes", "--kubeconfig", way)

    assert (0, 0) == (first.code, second.code), first.stderr
    assert second.stdout.startswith(("nothing to do", "nothing can be done now"))


@pytest.mark.parametrize(
    ("command", "file", "verb"),
    [
        ("multus sync", "sync/multus.yaml", "update spidermultusconfigs.spiderpool.spidernet.io"),
        ("bootstrap", "sync/multus.yaml", "get configmaps"),
        ("bootstrap", "sync/provider-id.yaml", "patch nodes"),
        ("nodes provider-id", "sync/provider-id.yaml", "patch nodes"),
    ],
)
def test_without_a_file_the_verb_is_named(
    spidercli: Product, account: Account, command: str, file: str, verb: str
) -> None:
    """A command without one of its files ends with exit code 4, and says what it may not do."""
    way = account(_SYNC, *sorted(grants.needed()[command] - {file}))
    ran = spidercli(*command.split(), "--yes", "--kubeconfig", way)

    told = f"user system:serviceaccount:kube-system:spidercli-sync may not {verb}"
    assert (4, True) == (ran.code, told in ran.stderr), ran.stderr


def test_to_look_needs_one_file(spidercli: Product, account: Account) -> None:
    """Everything that only looks works with the account that can't write."""
    way = account(_READ, grants.READ)
    codes = {command: spidercli(*command.split(), "--kubeconfig", way).code for command in stories.READS}

    assert dict.fromkeys(stories.READS, 0) == codes


def test_who_only_looks_writes_nothing(
    spidercli: Product, cluster: Cluster, witness: Witness, account: Account
) -> None:
    """The account that only looks gets exit code 4 and the verb from what writes; nothing is half written."""
    way = account(_READ, grants.READ)
    before = witness.versions()
    ran = {command: spidercli(*command.split(), "--yes", "--kubeconfig", way) for command in grants.needed()}

    told = "user system:serviceaccount:kube-system:spidercli-read may not get leases.coordination.k8s.io"
    assert dict.fromkeys(ran, (4, True)) == {name: (each.code, told in each.stderr) for name, each in ran.items()}
    assert before == witness.versions()
    assert cluster.find(LEASE, "spidercli", "kube-system") is None


@pytest.mark.usefixtures("empty_plane")
@pytest.mark.parametrize("prune", [True, False], ids=["prune", "new-subnet"])
def test_without_delete_everything_else_is_done(
    installed: Product, witness: Witness, account: Account, prune: bool
) -> None:
    """What has to go stays and is listed with the verb that is missing; the rest is done, and a later run goes on."""
    way = account(_SYNC, "sync/pools.yaml")
    command = ("pools", "sync", *(_PRUNE if prune else ()), "--yes", "--kubeconfig", way)
    installed.world.assign(guide.MASTER_ETH0, "172.31.199.200")
    gone = _let_node_go(installed, witness) if prune else _change_subnet(installed)
    uids = witness.uids()
    ran = installed(*command, "-o", "json")
    stayed, grown = witness.uids(), witness.pools()["master-172"]
    account(_SYNC, "sync/delete.yaml")
    finished = installed(*command)

    assert (4, 0) == (ran.code, finished.code), finished.stderr
    assert "spidercli-sync may not delete spiderippools.spiderpool.spidernet.io" in ran.stderr
    assert gone == {write["name"] for write in ran.data["writes"] if write["outcome"] != "done"}
    assert uids == stayed
    assert ["172.31.199.185-172.31.199.189", "172.31.199.200"] == grown
    assert gone.isdisjoint(name for name, uid in witness.uids().items() if uids.get(name) == uid)


def _let_node_go(product: Product, witness: Witness) -> set[str]:
    product.world.remove_instance(guide.WORKER)
    witness.do("delete", "node", "worker")
    return {"worker-172", "worker-192"}


def _change_subnet(product: Product) -> set[str]:
    change_vswitch(product.world)
    return {"worker-192"}

"""`pools` against Spiderpool's real webhooks, in everyday life: addresses come, go and move."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spidercli.sandbox.scenarios import guide
from tests.e2e.product.clouds import change_vswitch
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_MASTER = ["172.31.199.185-172.31.199.189"]
_WORKER = ["172.31.199.190-172.31.199.194"]


def patch(witness: Witness, pool: str, change: dict[str, Any]) -> None:
    """Change a pool by hand."""
    witness.do("patch", "spiderippool", pool, "--type=merge", f"--patch={json.dumps(change)}")


def test_nothing_to_do(installed: Product) -> None:
    """After a bootstrap cloud and cluster agree, whatever the webhooks have added."""
    ran = installed("pools", "diff", "--detailed-exitcode")

    assert (0, "4 unchanged\n") == (ran.code, ran.stdout)


def test_list_counts_what_pods_hold(installed: Product, cluster: Any) -> None:
    """The list agrees with the status that Spiderpool's agent keeps."""
    cluster.allocate("master-172", {"172.31.199.187": "default/test-app-1-ddlx7"})

    ran = installed("pools", "list", "-o", "json")

    pool = ran.data[0]
    assert ["master-172", 4, 5, "in-sync"] == [pool[key] for key in ("name", "free", "total", "cloud")]


def test_who_names_pool_pod_and_eni(installed: Product, cluster: Any) -> None:
    """An address leads to everything that has to do with it."""
    cluster.allocate("master-172", {"172.31.199.187": "default/test-app-1-ddlx7"})

    found = installed("pools", "who", "172.31.199.187", "-o", "json").data

    assert ["master-172", "default/test-app-1-ddlx7", guide.MASTER_ETH0] == [
        found[key] for key in ("pool", "pod", "eni")
    ]


def test_edits_by_hand_are_mended(installed: Product, witness: Witness) -> None:
    """What somebody changed in a field of ours is set back; what he added beside it is left alone."""
    before = witness.pool("master-172")["spec"]
    edited = {"ips": ["172.31.199.185-172.31.199.187"], "gateway": "172.31.207.254", "nodeName": None}
    patch(witness, "master-172", {"spec": edited, "metadata": {"labels": {"team": "network"}}})

    seen = installed("pools", "diff", "--detailed-exitcode", "-o", "json")
    mended = installed("pools", "sync", "--yes")

    after = witness.pool("master-172")
    assert (2, ["master-172"]) == (seen.code, seen.lines("update"))
    assert 0 == mended.code, mended.stderr
    assert before == after["spec"]
    assert "network" == after["metadata"]["labels"]["team"]


def test_deleted_pool_is_made_again(installed: Product, witness: Witness) -> None:
    """A pool that somebody deleted comes back, and no other one is touched."""
    witness.do("delete", "spiderippool", "worker-172")
    before = witness.versions()

    ran = installed("pools", "sync", "--yes")

    after = witness.versions()
    assert "1 of 1 changes made, 3 unchanged\n" == ran.stdout
    assert _WORKER == witness.pools()["worker-172"]
    assert {"SpiderIPPool worker-172", "Lease spidercli"} == {key for key in after if after[key] != before.get(key)}


def test_new_and_lost_addresses(installed: Product, witness: Witness) -> None:
    """Addresses that an ENI got or gave up join and leave its pool."""
    installed.world.assign(guide.MASTER_ETH0, "172.31.199.200")
    installed.world.unassign(guide.WORKER_ETH0, "172.31.199.192")

    ran = installed("pools", "sync", "--yes")

    pools = witness.pools()
    assert 0 == ran.code, ran.stderr
    assert [*_MASTER, "172.31.199.200"] == pools["master-172"]
    assert ["172.31.199.190-172.31.199.191", "172.31.199.193-172.31.199.194"] == pools["worker-172"]


def test_address_moves_to_another_node(installed: Product, witness: Witness) -> None:
    """It leaves one pool before the other one lists it, which is the only order that the webhook accepts."""
    installed.world.move("172.31.199.190", to=guide.MASTER_ETH0)

    ran = installed("pools", "sync", "--yes")

    pools = witness.pools()
    assert "2 of 2 changes made, 2 unchanged\n" == ran.stdout
    assert (["172.31.199.185-172.31.199.190"], ["172.31.199.191-172.31.199.194"]) == (
        pools["master-172"],
        pools["worker-172"],
    )


def test_two_nodes_swap_all_their_addresses(installed: Product, witness: Witness) -> None:
    """Both pools shrink before either grows, and neither is made anew."""
    uids = witness.uids()
    for number in range(185, 190):
        installed.world.move(f"172.31.199.{number}", to=guide.WORKER_ETH0)
    for number in range(190, 195):
        installed.world.move(f"172.31.199.{number}", to=guide.MASTER_ETH0)

    ran = installed("pools", "sync", "--yes")

    pools = witness.pools()
    assert 0 == ran.code, ran.stderr
    assert (_WORKER, _MASTER) == (pools["master-172"], pools["worker-172"])
    assert uids == witness.uids()


def test_pool_loses_its_last_address_to_another(installed: Product, witness: Witness) -> None:
    """An ENI without a secondary address any more leaves an empty pool behind, and nothing to do."""
    for number in range(190, 195):
        installed.world.move(f"172.31.199.{number}", to=guide.MASTER_ETH0)

    ran = installed("pools", "sync", "--yes", "-o", "json")

    pools = witness.pools()
    assert 0 == ran.code, ran.stderr
    assert [] == ran.lines("blocked")
    assert (["172.31.199.185-172.31.199.194"], []) == (pools["master-172"], pools["worker-172"])
    assert "nothing to do: 4 unchanged\n" == installed("pools", "sync", "--yes").stdout


def test_pool_in_another_subnet_is_made_anew(installed: Product, witness: Witness) -> None:
    """An ENI in another vSwitch: Spiderpool can't change a subnet, so the pool goes, and comes when it is gone."""
    before = witness.uids()
    change_vswitch(installed.world)

    ran = installed("pools", "sync", "--yes")

    pool = witness.pool("worker-192")
    assert 0 == ran.code, ran.stderr
    assert ("192.168.1.0/24", ["192.168.1.10-192.168.1.12"]) == (pool["spec"]["subnet"], pool["spec"]["ips"])
    assert {"worker-192"} == {name for name, uid in witness.uids().items() if before[name] != uid}


def test_subnet_in_use_is_kept(installed: Product, witness: Witness, cluster: Any) -> None:
    """While a pod holds an address of the old subnet, its pool stays, and the plan says who it is."""
    cluster.allocate("worker-192", {"192.168.0.161": "default/test-app-2-r6gwx"})
    change_vswitch(installed.world)

    blocked = installed("pools", "sync", "--yes", "-o", "json")
    cluster.allocate("worker-192", {})
    free = installed("pools", "sync", "--yes")

    assert ["worker-192"] == blocked.lines("blocked")
    assert "192.168.0.161 of pod default/test-app-2-r6gwx" in blocked.reasons("blocked")
    assert 0 == free.code, free.stderr
    assert ["192.168.1.10-192.168.1.12"] == witness.pools()["worker-192"]


@pytest.mark.usefixtures("empty_plane")
def test_node_that_left(installed: Product, witness: Witness, cluster: Any) -> None:
    """Pools of a node that is gone stay without --prune; with it, everything goes but addresses in use."""
    cluster.allocate("worker-172", {"172.31.199.193": "default/test-app-1-jpfkj"})
    witness.do("delete", "node", "worker")
    installed.world.remove_instance(guide.WORKER)
    before = witness.versions()

    kept = installed("pools", "sync", "--yes", "--strict", "-o", "json")
    assert (3, ["worker-172", "worker-192"]) == (kept.code, kept.lines("blocked"))
    assert before == witness.versions()

    pruned = installed("pools", "sync", "--prune", "--max-delete=50%", "--yes")
    assert 0 == pruned.code, pruned.stderr
    assert ["172.31.199.193"] == witness.pools()["worker-172"]
    assert "worker-192" not in witness.pools()

    cluster.allocate("worker-172", {})
    last = installed("pools", "sync", "--prune", "--yes")
    assert 0 == last.code, last.stderr
    assert {"master-172", "master-192"} == witness.pools().keys()


@pytest.mark.usefixtures("empty_plane")
def test_more_than_max_delete_is_refused(installed: Product, witness: Witness) -> None:
    """Two pools of four are more than 20 %: nothing is written until somebody allows it."""
    witness.do("delete", "node", "worker")
    installed.world.remove_instance(guide.WORKER)
    before = witness.versions()

    refused = installed("pools", "sync", "--prune", "--yes")
    assert 1 == refused.code
    assert "2 of 4 pools would be deleted" in refused.stderr
    assert before == witness.versions()

    allowed = installed("pools", "sync", "--prune", "--max-delete", "50%", "--yes")
    assert 0 == allowed.code, allowed.stderr
    assert {"master-172", "master-192"} == witness.pools().keys()


def test_foreign_pools_are_left_alone(installed: Product, witness: Witness) -> None:
    """A pool that somebody else made is neither pruned nor changed, and its addresses are not taken."""
    foreign = {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": {"name": "theirs"},
        "spec": {"subnet": "172.31.192.0/20", "ips": ["172.31.199.200"]},
    }
    witness.do("apply", "--filename=-", manifest=json.dumps(foreign))
    installed.world.assign(guide.MASTER_ETH0, "172.31.199.200", "172.31.199.201")

    ran = installed("pools", "sync", "--prune", "--yes", "-o", "json")

    assert 0 == ran.code, ran.stderr
    assert ["master-172"] == ran.lines("blocked")
    assert "172.31.199.200 can't join: it is listed by SpiderIPPool theirs" in ran.reasons("blocked")
    assert [*_MASTER, "172.31.199.201"] == witness.pools()["master-172"]
    assert ["172.31.199.200"] == witness.pools()["theirs"]


def test_overlapping_subnet_of_a_foreign_pool(spidercli: Product, witness: Witness) -> None:
    """Spiderpool refuses pools beside a foreign one whose subnet overlaps; the plan says so beforehand."""
    stray = {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": {"name": "stray"},
        "spec": {"subnet": "172.31.0.0/16"},
    }
    witness.do("apply", "--filename=-", manifest=json.dumps(stray))

    ran = spidercli("bootstrap", "--yes", "-o", "json")

    assert ["master-172", "worker-172"] == ran.lines("blocked")
    assert "overlaps 172.31.0.0/16 of SpiderIPPool stray" in ran.reasons("blocked")
    assert {"stray", "master-192", "worker-192"} == witness.pools().keys()

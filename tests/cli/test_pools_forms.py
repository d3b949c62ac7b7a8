"""`spidercli pools` in every form of output."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("networks")


@pytest.fixture(name="synced")
def in_step(spidercli: Run, sandbox: Sandbox) -> Sandbox:
    """The sandbox after a first sync."""
    assert spidercli("pools", "sync", "--yes").code == 0
    return sandbox


def test_list_wide(spidercli: Run, synced: Sandbox) -> None:
    """-o wide adds what an admin looks up next."""
    header, first, *_ = spidercli("pools", "list", "-o", "wide").stdout.splitlines()

    assert header.split()[-5:] == ["GATEWAY", "MULTUS", "ENI", "MANAGED", "DISABLED"]
    assert first.split()[-5:-1] == ["172.31.207.253", "kube-system/ipvlan-eth0", "eni-bp1a4m2c8x6v0b5n9d3f7", "true"]


def test_list_knows_the_nic(spidercli: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    """However the configuration names the networks."""
    config = tmp_path / "spidercli.yaml"
    config.write_text('region: cn-hangzhou\nmultus: {name: "{nic}-pods"}\n')
    spidercli("-c", str(config), "bootstrap", "--yes")

    pools = spidercli("-c", str(config), "pools", "list", "-o", "json").data
    assert [(pool["nic"], pool["multus"]) for pool in pools[:2]] == [
        ("eth0", "kube-system/eth0-pods"),
        ("eth1", "kube-system/eth1-pods"),
    ]


def test_list_for_programs(spidercli: Run, synced: Sandbox) -> None:
    """JSON and YAML say the same, numbers as numbers."""
    as_json = spidercli("pools", "list", "-o", "json").data
    as_yaml = yaml.safe_load(spidercli("pools", "list", "-o", "yaml").stdout)

    assert as_json == as_yaml
    assert as_json[3] == {
        "name": "worker-192",
        "node": "worker",
        "nic": "eth1",
        "subnet": "192.168.0.0/24",
        "free": 4,
        "total": 5,
        "usage": "20%",
        "cloud": "in-sync",
        "gateway": "192.168.0.253",
        "multus": "kube-system/ipvlan-eth1",
        "eni": "eni-bp1d9s5f1g7h3j6k0m4n8",
        "managed": True,
        "disabled": False,
    }


def test_list_names(spidercli: Run, synced: Sandbox) -> None:
    """-o name is one KIND/NAME a line, for xargs."""
    ran = spidercli("pools", "list", "-o", "name")

    assert ran.stdout == textwrap.dedent("""\
        spiderippool/master-172
        spiderippool/master-192
        spiderippool/worker-172
        spiderippool/worker-192
        """)


def test_list_shows_strangers_too(spidercli: Run, synced: Sandbox) -> None:
    """A pool that is not ours is listed as what it is; what it does not say is empty."""
    synced.kube.seed(
        {
            "apiVersion": "spiderpool.spidernet.io/v2beta1",
            "kind": "SpiderIPPool",
            "metadata": {"name": "office"},
            "spec": {"subnet": "10.6.0.0/16", "ips": ["10.6.0.10-10.6.0.19"], "excludeIPs": ["10.6.0.15"]},
        }
    )
    row = spidercli("pools", "list").stdout.splitlines()[3]
    record = spidercli("pools", "list", "-o", "json").data[2]

    assert row == "office      -       -     10.6.0.0/16      9     9      0%     foreign"
    assert (record["node"], record["nic"], record["gateway"], record["managed"]) == (None, None, None, False)


def test_list_tells_of_disabled_pools(spidercli: Run, synced: Sandbox) -> None:
    """A pool that somebody disabled hands out nothing: a column that is not there otherwise says so."""
    pool: Any = synced.kube.find("spiderpool.spidernet.io/v2beta1", "spiderippools", "worker-192")
    pool["spec"]["disable"] = True
    synced.kube.seed(pool)
    header, first, *_, last = spidercli("pools", "list").stdout.splitlines()

    assert (header.split()[-1], first.split()[-1], last.split()[-1]) == ("DISABLED", "false", "true")


def test_an_empty_list(spidercli: Run, sandbox: Sandbox) -> None:
    """Without pools there is a header and nothing else; [] for programs."""
    assert spidercli("pools", "list").stdout == "NAME  NODE  NIC  SUBNET  FREE  TOTAL  USAGE  CLOUD\n"
    assert spidercli("pools", "list", "-o", "json").data == []
    assert spidercli("pools", "list", "-o", "name").stdout == ""


def test_diff_as_yaml_is_the_diff_as_json(spidercli: Run, sandbox: Sandbox) -> None:
    """Both forms of a plan hold the same."""
    as_json = spidercli("pools", "diff", "-o", "json").data
    as_yaml = yaml.safe_load(spidercli("pools", "diff", "-o", "yaml").stdout)

    assert as_json == as_yaml


def test_diff_names_what_would_be_written(spidercli: Run, synced: Sandbox) -> None:
    """-o name is empty when nothing would be written."""
    synced.world.assign("eni-bp1d9s5f1g7h3j6k0m4n8", "192.168.0.170")

    assert spidercli("pools", "diff", "-o", "name").stdout == "spiderippool/worker-192\n"


def test_diff_verbose_shows_what_agrees(spidercli: Run, synced: Sandbox) -> None:
    """-v lists unchanged objects as well."""
    ran = spidercli("pools", "diff", "-v")

    assert ran.stdout == textwrap.dedent("""\
          = SpiderIPPool master-172
          = SpiderIPPool master-192
          = SpiderIPPool worker-172
          = SpiderIPPool worker-192
        4 unchanged
        """)
    assert "2 nodes, 4 NICs\n" in ran.stderr


def test_sync_tells_its_story_on_stderr(spidercli: Run, sandbox: Sandbox) -> None:
    """The plan and the progress go to stderr, the outcome to stdout."""
    ran = spidercli("pools", "sync", "--yes")

    assert ran.stdout == "4 of 4 changes made, 0 unchanged\n"
    assert ran.stderr == textwrap.dedent("""\
        Reading instances, ENIs and vSwitches…
          + SpiderIPPool master-172  172.31.199.185-172.31.199.189 (5)  new
          + SpiderIPPool master-192  192.168.0.156-192.168.0.160 (5)    new
          + SpiderIPPool worker-172  172.31.199.190-172.31.199.194 (5)  new
          + SpiderIPPool worker-192  192.168.0.161-192.168.0.165 (5)    new
        Applying 4 writes…
        """)


def test_sync_quietly(spidercli: Run, sandbox: Sandbox) -> None:
    """-q leaves nothing but the result."""
    ran = spidercli("pools", "sync", "--yes", "-q")

    assert (ran.stdout, ran.stderr) == ("4 of 4 changes made, 0 unchanged\n", "")


def test_sync_as_json_accounts_for_each_write(spidercli: Run, sandbox: Sandbox) -> None:
    """-o json has the plan and what became of every write."""
    ran = spidercli("pools", "sync", "--yes", "-o", "json")

    assert ran.data["summary"]["create"] == 4
    assert min(ran.data["writes"], key=lambda write: write["name"]) == {
        "kind": "SpiderIPPool",
        "name": "master-172",
        "namespace": None,
        "verb": "apply",
        "outcome": "done",
        "reason": "",
    }


def test_sync_dry_run_writes_nothing(spidercli: Run, written: Callable[[], list[str]]) -> None:
    """--dry-run shows the plan as a result and stops; --detailed-exitcode tells that there is something to do."""
    ran = spidercli("pools", "sync", "--dry-run", "--detailed-exitcode")

    assert (ran.code, ran.stdout.splitlines()[-1]) == (2, "4 to create")
    assert written() == []


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_who_in_every_form(spidercli: Run, synced: Sandbox, form: str) -> None:
    """An address that a pod holds, in every form."""
    ran = spidercli("pools", "who", "192.168.0.161", "-o", form)

    found = yaml.safe_load(ran.stdout)
    assert found == {
        "address": "192.168.0.161",
        "pool": "worker-192",
        "pod": "default/test-app-2-r6gwx",
        "node": "worker",
        "nic": "eth1",
        "eni": "eni-bp1d9s5f1g7h3j6k0m4n8",
        "role": "secondary private IP",
    }


def test_who_of_a_primary_address(spidercli: Run, synced: Sandbox) -> None:
    """A primary address belongs to a node and to no pool."""
    ran = spidercli("pools", "who", "172.31.199.183")

    assert ran.code == 0
    assert ran.stdout == textwrap.dedent("""\
        address:  172.31.199.183
        pool:     -
        pod:      -
        node:     master
        nic:      eth0
        eni:      eni-bp1a4m2c8x6v0b5n9d3f7
        role:     primary private IP
        """)


def test_who_of_an_address_that_left_its_eni(spidercli: Run, synced: Sandbox) -> None:
    """The pod that holds it is cut off, and that is told."""
    synced.world.unassign(guide.WORKER_ETH1, "192.168.0.161")
    ran = spidercli("pools", "who", "192.168.0.161")

    assert ran.code == 0
    assert "eni:      -\n" in ran.stdout
    assert ran.stderr.endswith(
        "warning: no ENI of the inventory has 192.168.0.161 for pods: "
        "the pod default/test-app-2-r6gwx, which holds it, is cut off from the network\n"
    )


def test_who_of_an_address_that_nobody_holds_yet(spidercli: Run, synced: Sandbox) -> None:
    """The next pod may get it."""
    synced.world.unassign(guide.WORKER_ETH1, "192.168.0.165")
    ran = spidercli("pools", "who", "192.168.0.165")

    assert "192.168.0.165 for pods: a pod that gets it is cut off from the network" in ran.stderr


def test_who_of_a_pool_of_somebody_else(spidercli: Run, synced: Sandbox) -> None:
    """What is no pool of ours need not be on an ENI."""
    office: Any = {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": {"name": "office"},
        "spec": {"subnet": "10.20.0.0/24", "ips": ["10.20.0.7"]},
    }
    synced.kube.seed(office)
    ran = spidercli("pools", "who", "10.20.0.7", "-q")

    assert (ran.code, ran.stderr) == (0, "")


def test_diff_from_a_saved_inventory_needs_no_cloud(
    spidercli: Run, synced: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """--inventory replaces the account; only the cluster is asked."""
    saved = tmp_path / "inventory.yaml"
    saved.write_text(spidercli("inventory", "-o", "yaml").stdout)
    calls = len(synced.world.requests)
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    ran = spidercli("pools", "diff", "--inventory", str(saved), "--detailed-exitcode")

    assert (ran.code, ran.stdout, ran.stderr) == (0, "4 unchanged\n", "")
    assert len(synced.world.requests) == calls

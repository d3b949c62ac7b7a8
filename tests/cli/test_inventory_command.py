"""`spidercli inventory` in every form, saved and read back."""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
TABLE = textwrap.dedent("""\
    NODE    NIC   ENI                        PRIMARY         SECONDARY                          SUBNET           FREE
    master  eth0  eni-bp1a4m2c8x6v0b5n9d3f7  172.31.199.183  172.31.199.185-172.31.199.189 (5)  172.31.192.0/20  4,080
    master  eth1  eni-bp1b7h3g9k1l5q8w2r6t0  192.168.0.155   192.168.0.156-192.168.0.160 (5)    192.168.0.0/24   240
    worker  eth0  eni-bp1c2y6u0i4o8p3z7x5j9  172.31.199.184  172.31.199.190-172.31.199.194 (5)  172.31.192.0/20  4,080
    worker  eth1  eni-bp1d9s5f1g7h3j6k0m4n8  192.168.0.166   192.168.0.161-192.168.0.165 (5)    192.168.0.0/24   240
    """)


def test_the_table(spidercli: Run, sandbox: Sandbox) -> None:
    """One row for each NIC."""
    ran = spidercli("inventory")

    assert (ran.code, ran.stdout, ran.stderr) == (0, TABLE, "Reading instances, ENIs and vSwitches…\n")


def test_the_wide_table(spidercli: Run, sandbox: Sandbox) -> None:
    """-o wide adds ids, and how node and NIC were recognized."""
    header, first, *_ = spidercli("inventory", "-o", "wide").stdout.splitlines()

    assert header.split()[-7:] == ["INSTANCE", "TYPE", "ZONE", "VSWITCH", "MAC", "MATCHED-BY", "NAMED-BY"]
    assert first.split()[-7:] == [
        guide.MASTER,
        "ecs.g7.xlarge",
        "cn-hangzhou-i",
        guide.VSWITCH_ETH0,
        "00:16:3e:00:c7:b7",
        "internal-ip",
        "primary",
    ]


def test_nothing_of_ipv4_stands_in_a_row_of_ipv6(spidercli: Run) -> None:
    """The cloud tells neither a primary address nor a count of free addresses of IPv6."""
    rows = [row.split() for row in spidercli("inventory", "--sandbox=dual-stack").stdout.splitlines()[1:]]

    told = {("::" in subnet, primary == "-", free == "-") for _, _, _, primary, _, _, subnet, free in rows}
    assert told == {(False, False, False), (True, True, True)}


def test_names(spidercli: Run, sandbox: Sandbox) -> None:
    """-o name is the nodes."""
    assert spidercli("inventory", "-o", "name").stdout == "node/master\nnode/worker\n"


def test_json_is_the_yaml(spidercli: Run, sandbox: Sandbox) -> None:
    """Both forms are the same document."""
    assert spidercli("inventory", "-o", "json").data == yaml.safe_load(spidercli("inventory", "-o", "yaml").stdout)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_saved_inventory_is_the_same_inventory(spidercli: Run, sandbox: Sandbox, tmp_path: Path, form: str) -> None:
    """What was saved is read back without loss, in either form, and needs neither cloud nor cluster."""
    text = spidercli("inventory", "-o", form).stdout
    saved = tmp_path / "inventory"
    saved.write_text(text)
    sandbox.kube.forget_requests()
    again = spidercli("inventory", "-o", form, "--inventory", str(saved))

    assert (again.code, again.stdout, again.stderr) == (0, text, "")
    assert sandbox.kube.requests == []
    assert spidercli("inventory", "--inventory", str(saved)).stdout == TABLE


def test_without_a_cluster(spidercli: Run, sandbox: Sandbox) -> None:
    """--no-cluster takes the instances of a VPC and names nodes after them."""
    ran = spidercli("inventory", "--no-cluster", "--vpc", guide.VPC)

    assert (ran.code, ran.stdout) == (0, TABLE)
    assert sandbox.kube.requests == []


def test_without_a_cluster_the_vpc_has_to_be_named(spidercli: Run, sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """All instances of a region would be too many."""
    config = tmp_path / "spidercli.yaml"
    config.write_text("region: cn-hangzhou\n")
    ran = spidercli("inventory", "--no-cluster", "-c", str(config))

    assert ran.code == 64
    assert ran.stderr.endswith(
        "error SPC010: without a cluster, the VPC has to be named\n  hint: use --vpc, or set vpc in the configuration\n"
    )


def test_no_node_at_all_is_told(spidercli: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    """An empty table alone would look like an empty VPC, whatever was picked."""
    config = tmp_path / "nobody.yaml"
    config.write_text("nodes: {tags: {team: nobody}}")
    ran = spidercli("inventory", "--no-cluster", "-c", str(config), "--vpc", guide.VPC)

    assert ran.code == 0
    assert "warning: there is no node: check the region, the VPC" in ran.stderr


def test_from_the_metadata_service(spidercli: Run, sandbox: Sandbox) -> None:
    """--source metadata reads this one instance, with the gateways that it knows."""
    sandbox.world.metadata_instance_id = guide.WORKER
    ran = spidercli("inventory", "--no-cluster", "--source", "metadata")

    assert ran.code == 0
    assert [line.split()[:3] for line in ran.stdout.splitlines()[1:]] == [
        ["worker", "eth0", guide.WORKER_ETH0],
        ["worker", "eth1", guide.WORKER_ETH1],
    ]
    assert {call.action for call in sandbox.world.requests} <= {"PutMetadataToken", "GetMetadata"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "inventory.yaml:1: "),
        ("kind: Pod\n", "inventory.yaml:1: "),
        ("a: [\n", "inventory.yaml:2"),
    ],
    ids=["empty", "another kind", "not YAML"],
)
def test_a_saved_inventory_that_is_none(spidercli: Run, tmp_path: Path, text: str, message: str) -> None:
    """A file that is no inventory is exit code 64, with file and line."""
    saved = tmp_path / "inventory.yaml"
    saved.write_text(text)
    ran = spidercli("inventory", "--inventory", str(saved))

    assert ran.code == 64
    assert ran.stderr.startswith(f"error SPC030: {tmp_path}/{message}")


def test_a_saved_inventory_that_does_not_exist(spidercli: Run) -> None:
    """A missing file is named, and how to make one."""
    ran = spidercli("inventory", "--inventory", "missing.yaml")

    assert ran.code == 64
    assert ran.stderr.splitlines() == [
        "error SPC030: missing.yaml: can't be read: No such file or directory",
        "  hint: `spidercli inventory -o yaml > FILE` saves an inventory",
    ]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("inventory", 1),
        ("inventory -o yaml", 1),
        ("export", 1),
        ("export --only pools", 1),
        ("multus diff", 1),
        ("pools diff", 0),
        ("export --only ccm", 0),
    ],
)
def test_metadata_do_not_tell_kinds_of_enis(spidercli: Run, sandbox: Sandbox, command: str, told: int) -> None:
    """Who looks at NICs or makes networks for them is told once which may carry no pods; a regular sync is not."""
    sandbox.world.metadata_instance_id = guide.WORKER
    ran = spidercli(*command.split(), "--source", "metadata")

    warnings = [line for line in ran.stderr.splitlines() if line.startswith("warning: ")]
    assert (ran.code, len(warnings)) == (0, told)
    assert all("make sure that worker's eth1 can, or name" in line for line in warnings)

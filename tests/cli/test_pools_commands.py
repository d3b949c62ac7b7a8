"""`spidercli pools` in the sandbox."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("networks")


def test_diff_shows_what_is_missing(spidercli: Run, sandbox: Sandbox) -> None:
    """Before the first sync every pool is to be created."""
    ran = spidercli("pools", "diff", "--detailed-exitcode")

    assert ran.code == 2
    assert ran.stdout == textwrap.dedent("""\
          + SpiderIPPool master-172  172.31.199.185-172.31.199.189 (5)  new
          + SpiderIPPool master-192  192.168.0.156-192.168.0.160 (5)    new
          + SpiderIPPool worker-172  172.31.199.190-172.31.199.194 (5)  new
          + SpiderIPPool worker-192  192.168.0.161-192.168.0.165 (5)    new
        4 to create
        """)


def test_sync_makes_it_so(spidercli: Run, sandbox: Sandbox) -> None:
    """After a sync there is nothing left to do, and the next one writes nothing."""
    first = spidercli("pools", "sync", "--yes")
    diff = spidercli("pools", "diff", "--detailed-exitcode")
    writes = len(sandbox.kube.requests)
    second = spidercli("pools", "sync", "--yes")

    assert (first.code, first.stdout) == (0, "4 of 4 changes made, 0 unchanged\n")
    assert (diff.code, diff.stdout) == (0, "4 unchanged\n")
    assert (second.code, second.stdout) == (0, "nothing to do: 4 unchanged\n")
    methods = [request.method for request in list(sandbox.kube.requests)[writes:]]
    assert methods == ["GET", "GET", "GET"]


def test_the_plan_as_json(spidercli: Run, sandbox: Sandbox) -> None:
    """-o json has every change with its object before and after."""
    ran = spidercli("pools", "diff", "-o", "json")

    assert ran.data["summary"] == {
        "create": 4, "update": 0, "delete": 0, "unchanged": 0, "blocked": 0, "conflict": 0,
    }  # fmt: skip
    change = ran.data["changes"][0]
    assert (change["action"], change["kind"], change["name"]) == ("create", "SpiderIPPool", "master-172")
    assert change["before"] is None
    assert change["after"]["spec"]["ips"] == ["172.31.199.185-172.31.199.189"]


def test_list_tells_use_and_agreement(spidercli: Run, sandbox: Sandbox) -> None:
    """The list has free addresses and whether the cloud agrees."""
    spidercli("pools", "sync", "--yes")
    ran = spidercli("pools", "list")

    assert ran.stdout == textwrap.dedent("""\
        NAME        NODE    NIC   SUBNET           FREE  TOTAL  USAGE  CLOUD
        master-172  master  eth0  172.31.192.0/20  4     5      20%    in-sync
        master-192  master  eth1  192.168.0.0/24   4     5      20%    in-sync
        worker-172  worker  eth0  172.31.192.0/20  4     5      20%    in-sync
        worker-192  worker  eth1  192.168.0.0/24   4     5      20%    in-sync
        """)


def test_who_finds_pod_and_eni(spidercli: Run, sandbox: Sandbox) -> None:
    """An address leads to its pool, pod, node and ENI."""
    spidercli("pools", "sync", "--yes")
    ran = spidercli("pools", "who", "172.31.199.187", "-o", "json")

    assert ran.code == 0
    assert (ran.data["pool"], ran.data["pod"], ran.data["node"]) == ("master-172", "default/test-app-1-ddlx7", "master")
    assert ran.data["role"] == "secondary private IP"


def test_who_does_not_know_a_stranger(spidercli: Run, sandbox: Sandbox) -> None:
    """An address that nothing knows is exit code 1, and said in words."""
    ran = spidercli("pools", "who", "10.9.9.9")

    assert ran.code == 1
    assert "no pool, pod or ENI has 10.9.9.9" in ran.stderr


def test_who_wants_an_address(spidercli: Run, sandbox: Sandbox) -> None:
    """Something else is a usage error."""
    ran = spidercli("pools", "who", "master-172")

    assert ran.code == 64
    assert "'master-172' is not an IP address" in ran.stderr


def test_sync_without_a_terminal_wants_yes(spidercli: Run, sandbox: Sandbox) -> None:
    """Where nobody can be asked, nothing is written."""
    ran = spidercli("pools", "sync")

    assert ran.code == 64
    assert "--yes" in ran.stderr
    assert sandbox.kube.find("spiderpool.spidernet.io/v2beta1", "spiderippools", "master-172") is None

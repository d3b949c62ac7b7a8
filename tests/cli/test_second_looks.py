"""What people stumbled over when they used it for the first time."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]


def test_an_address_that_can_not_move_stays(spidercli: Run, sandbox: Sandbox) -> None:
    """A failed move leaves the address where it was."""
    ran = spidercli("sandbox", "move-ip", "172.31.199.185", "eni-nope")

    assert ran.code == 1
    assert sandbox.world.owner(IPv4Address("172.31.199.185")) == guide.MASTER_ETH0


@pytest.mark.usefixtures("networks")
def test_a_dry_run_tells_that_the_run_would_be_refused(spidercli: Run, sandbox: Sandbox) -> None:
    """The limit on deletions is no surprise after a dry run."""
    spidercli("pools", "sync", "--yes")
    spidercli("sandbox", "remove-ip", "172.31.199.185")
    ran = spidercli("pools", "sync", "--dry-run", "--max-delete", "0")

    assert ran.code == 0
    assert "warning: a run would be refused: 1 of 20 addresses would leave the pools" in ran.stderr


def test_the_version_needs_no_cluster(spidercli: Run) -> None:
    """Without a cluster, the version of spidercli is told all the same."""
    ran = spidercli("version")

    assert ran.code == 0
    assert ran.stdout.startswith("spidercli:")
    assert "warning: the cluster's version is unknown" in ran.stderr

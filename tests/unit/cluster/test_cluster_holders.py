"""Which holder of a Lease is provably gone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from spidercli.gateways.cluster import holders


def test_the_name_tells_host_and_process() -> None:
    """A run's name starts with host and process, for the person who has to find it; no two are the same."""
    name = holders.identity()

    assert name.split("/")[1] == str(os.getpid())
    assert name != holders.identity()


def test_a_running_holder_is_not_gone() -> None:
    """This very process is there."""
    assert not holders.is_gone(holders.identity())


def test_a_killed_holder_is_gone() -> None:
    """A process of this machine that was killed can't come back, so nobody has to wait for its Lease to expire."""
    code = "from spidercli.gateways.cluster import holders; print(holders.identity(), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        name = process.stdout.readline().decode().strip()
        assert not holders.is_gone(name)
        process.kill()
        process.wait()

    assert holders.is_gone(name)


@pytest.mark.parametrize(
    "replaced",
    [
        pytest.param((0, "other-host"), id="another host"),
        pytest.param((2, "00000000-00000000"), id="another boot or container"),
        pytest.param((1, "no-number"), id="no process"),
    ],
)
def test_a_holder_elsewhere_may_be_alive(replaced: tuple[int, str]) -> None:
    """Process numbers mean something on one machine, in one boot and one container only."""
    parts = holders.identity().split("/")
    parts[replaced[0]] = replaced[1]

    assert not holders.is_gone("/".join(parts), is_running=lambda _: False)


@pytest.mark.parametrize("name", ["", "me", "/", "a/b", "a/1/b/2", "host/99999999999999999999/x-y"])
def test_a_name_of_another_tool_is_left_alone(name: str) -> None:
    """What does not look like one of our names tells nothing."""
    assert not holders.is_gone(name)

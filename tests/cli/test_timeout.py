"""`--timeout` ends the waiting, and says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]


def test_the_cloud_does_not_answer_in_time(spidercli: Run, sandbox: Sandbox) -> None:
    """Retrying a throttled call ends with the time, and it is a failure, not an interruption."""
    sandbox.world.refuse("DescribeNetworkInterfaces", 400, "Throttling.User", "Request was denied: user flow control.")

    ran = spidercli("pools", "diff", "--timeout", "0.5s")

    assert ran.code == 1
    assert (
        "error SPC504: the time is over: stopped while ecs:DescribeNetworkInterfaces was waited for: Throttling.User"
        in ran.stderr
    )


def test_a_generous_timeout_changes_nothing(spidercli: Run, sandbox: Sandbox) -> None:
    """A run that is quick enough ends as ever."""
    assert spidercli("pools", "sync", "--yes", "--timeout", "5m").code == 0

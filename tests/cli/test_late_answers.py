"""Plans that somebody took his time to agree to."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from spidercli import cli
from spidercli.output import Output
from spidercli.pacing import Pace
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Person(io.StringIO):
    """Agrees, after something has happened."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__("y\n")
        self._meanwhile = meanwhile

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # as StringIO itself does
        self._meanwhile()
        return super().readline(-1 if size is None else size)


def sync(meanwhile: Callable[[Clock], object], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run `pools sync` in a terminal; what happens while the question is there."""
    clock = Clock()
    monkeypatch.setattr(Output, "interactive", True)
    monkeypatch.setattr("sys.stdin", Person(lambda: meanwhile(clock)))
    return cli.main(["pools", "sync"], Pace(clock=clock))


def listings(sandbox: Sandbox) -> int:
    return sum(call.action == "DescribeNetworkInterfaces" for call in sandbox.world.requests)


@pytest.mark.usefixtures("spidercli")
def test_facts_that_became_old_are_read_again(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    written: Callable[[], list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An address that moved while the question waited is not written to the pool of its old node."""

    def meanwhile(clock: Clock) -> None:
        clock.now += 3600
        sandbox.world.move("192.168.0.165", to=guide.MASTER_ETH1)

    assert sync(meanwhile, monkeypatch) == 1
    assert "on the cloud, nodes master, worker changed since the plan was made" in capsys.readouterr().err
    assert written() == []


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(("seconds", "readings"), [(3600, 2), (5, 1)])
def test_a_cloud_that_is_as_it_was_is_no_obstacle(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, written: Callable[[], list[str]], seconds: float, readings: int
) -> None:
    """An old plan is carried out if it still fits, and a fresh one costs no second reading."""

    def meanwhile(clock: Clock) -> None:
        clock.now += seconds
        spare = dataclasses.replace(
            sandbox.world.eni(guide.WORKER_ETH1),
            eni_id="eni-spare",
            instance_id="",
            status="Available",
            primary_ip=IPv4Address("192.168.0.200"),
            secondary_ips=(),
        )
        sandbox.world.add_eni(spare)  # takes an address of the vSwitch, and of nobody's plan

    assert sync(meanwhile, monkeypatch) == 0
    assert len(written()) == 4
    assert listings(sandbox) == readings

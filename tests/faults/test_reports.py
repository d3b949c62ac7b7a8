"""What a run says that went wrong in a way which is easily told wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from spidercli.sandbox.faults import parse
from tests.faults.rehearsal import Stage
from tests.faults.scenes import COMMANDS, scene

SYNC = COMMANDS["sync"]


@pytest.fixture(name="stage")
def sync_stage() -> Iterator[Stage]:
    """A cluster whose cloud has changed a lot."""
    with Stage(scene("sync")) as stage:
        yield stage


def test_a_write_without_an_answer_is_neither_done_nor_refused(stage: Stage) -> None:
    """Nobody knows whether it was done: it was, and the next run finds out."""
    stage.sandbox.faults.add(parse("k8s:patch:spiderippools=lost,times=all"))

    ran = stage.run(*SYNC)
    writes = json.loads(ran.stdout)["writes"]

    assert (1, "SPC401") == (ran.code, ran.error)
    assert {"unknown", "skipped", "done"} == ran.outcomes
    assert {"does not answer"} == {
        " ".join(write["reason"].split(":")[1].split()[1:]) for write in writes if write["outcome"] == "unknown"
    }


def test_a_write_that_a_busy_server_did_not_take_is_refused(stage: Stage) -> None:
    """What certainly was not done is not called unknown."""
    stage.sandbox.faults.add(parse("k8s:patch:spiderippools=unavailable,times=all"))

    assert {"refused", "skipped", "done"} == stage.run(*SYNC).outcomes


def test_a_listing_that_is_denied_in_the_middle_is_a_missing_permission(stage: Stage) -> None:
    """The exit code is the one for permissions, wherever in a run it is missing."""
    stage.sandbox.faults.add(parse("k8s:list:spiderippools=forbidden,first=2"))

    ran = stage.run(*SYNC)

    assert (4, "SPC403") == (ran.code, ran.error)
    assert "may not list spiderippools.spiderpool.spidernet.io" in ran.stderr


def test_a_lease_that_was_stolen_is_told(stage: Stage) -> None:
    """All writes were made, but somebody else may have made some too: that is no success."""
    stage.sandbox.faults.add(parse("k8s:patch:spiderippools=lease-stolen"))

    ran = stage.run(*SYNC)

    assert (1, "SPC410", {"done"}) == (ran.code, ran.error, ran.outcomes)
    assert "another run took Lease kube-system/spidercli over: somebody-else/1/sandbox" in ran.stderr


def test_a_lease_that_can_not_be_released_is_told(stage: Stage) -> None:
    """The run went well; whoever comes next within a minute should know why they have to wait."""
    stage.sandbox.faults.add(parse("k8s:update:leases=forbidden"))

    ran = stage.run(*SYNC)

    assert 0 == ran.code
    assert (
        "warning: Lease kube-system/spidercli could not be released, and expires within a minute: "
        "user sandbox may not update leases.coordination.k8s.io in namespace kube-system" in ran.stderr
    )

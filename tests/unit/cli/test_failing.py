"""Errors seen together with the environment and the time: which cause and which hint a user gets."""

from __future__ import annotations

import pytest

from spidercli.commands.failing import in_context, interrupted
from spidercli.errors import CloudUnreachable, ClusterUnreachable, ConfigInvalid, Interrupted, SpiderError, TimedOut

SANDBOX = {"SPIDERCLI_ECS_ENDPOINT": "http://127.0.0.1:4711"}
WEBHOOK = "can't apply SpiderIPPool a: the webhook does not answer: dial tcp 10.96.0.57:5722: connection refused"


def refused(error: ClusterUnreachable | CloudUnreachable, host: str) -> SpiderError:
    """An error of a connection that nobody accepted."""
    error.refused_at = host
    return error


@pytest.mark.parametrize("kind", [ClusterUnreachable, CloudUnreachable])
def test_a_sandbox_that_nobody_serves(kind: type[ClusterUnreachable | CloudUnreachable]) -> None:
    """A connection that is refused on this machine leads to a sandbox that is gone."""
    told = in_context(refused(kind("no", hint="before"), "127.0.0.1:4711"), SANDBOX, expired=False)

    assert "is gone" in str(told.hint)


@pytest.mark.parametrize(
    ("error", "environ"),
    [
        (ClusterUnreachable(WEBHOOK, hint="before"), SANDBOX),
        (refused(ClusterUnreachable("no", hint="before"), "10.0.0.1:6443"), SANDBOX),
        (refused(ClusterUnreachable("no", hint="before"), "127.0.0.1:6443"), {}),
    ],
    ids=["words", "elsewhere", "no-sandbox"],
)
def test_other_refusals_keep_their_hint(error: SpiderError, environ: dict[str, str]) -> None:
    """What a server says about somebody else's connection is no reason to look for a sandbox."""
    assert in_context(error, environ, expired=False).hint == "before"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (ClusterUnreachable("why", hint="look there"), "run again to finish, or raise --timeout; look there"),
        (ClusterUnreachable("why"), "run again to finish, or raise --timeout"),
        (Interrupted("why", hint="run again to finish"), "run again to finish, or raise --timeout"),
    ],
    ids=["with-hint", "without", "interrupted"],
)
def test_the_time_was_used_up_by_something(error: SpiderError, hint: str) -> None:
    """A timeout names its last cause, and what helps against it."""
    told = in_context(error, {}, expired=True)

    assert isinstance(told, TimedOut)
    assert (told.message, told.hint) == ("the time is over: why", hint)


def test_the_time_is_over_and_nothing_else_is_known() -> None:
    """What a signal would have ended is told as the time's doing."""
    told = in_context(interrupted(), {}, expired=True)

    assert told.message == "the time is over: nothing further was done"


def test_a_sandbox_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that only another user may look at are no reason to call a sandbox gone, nor to fail."""

    def denied(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.stat", denied)
    error = ConfigInvalid("can't be read", hint="before")
    environ = {"SPIDERCLI_CONFIG": "/run/spidercli-sandbox-x/spidercli.yaml"}

    assert in_context(error, environ, expired=False).hint == "before"

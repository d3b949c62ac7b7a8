"""An error, seen together with what else is known at the end of a command: it may have another cause than it says."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

from spidercli import userfiles
from spidercli.errors import (
    CloudUnreachable,
    ClusterError,
    ClusterUnreachable,
    ConfigInvalid,
    Interrupted,
    SpiderError,
    Throttled,
    TimedOut,
)

_CUT_OFF = (Interrupted, CloudUnreachable, Throttled, ClusterUnreachable)
_SANDBOX_FOLDER = "spidercli-sandbox-"
_LOOPBACK = ("127.", "localhost", "[::1]")
_LED_BY_FILES = ("SPIDERCLI_CONFIG", "KUBECONFIG")
_BY_SIGNAL = "interrupted; "


def in_context(error: SpiderError, environ: Mapping[str, str], *, expired: bool) -> SpiderError:
    """The error that tells the user most.

    Args:
        error: what ended the command.
        environ: the environment that it ran with.
        expired: whether the time that --timeout gives was over.
    """
    if expired and (isinstance(error, _CUT_OFF) or type(error) is ClusterError):
        return TimedOut(f"the time is over: {error.message.removeprefix(_BY_SIGNAL)}", hint=_late(error))
    if isinstance(error, ConfigInvalid | CloudUnreachable | ClusterUnreachable) and _leads_nowhere(error, environ):
        error.hint = "the sandbox that this shell's environment leads to is gone: use a new shell, or start it again"
    return error


def interrupted() -> Interrupted:
    """What to tell after a Ctrl-C that nobody nearer to the work has told of."""
    return Interrupted(f"{_BY_SIGNAL}nothing further was done", hint="run again to finish")


def _late(error: SpiderError) -> str:
    """What helps when the time was over: more of it, unless what used it up does not pass."""
    cause = "" if isinstance(error, Interrupted) else error.hint
    return f"run again to finish, or raise --timeout{f'; {cause}' if cause else ''}"


def _leads_nowhere(error: SpiderError, environ: Mapping[str, str]) -> bool:
    """Whether the variables that `sandbox up` printed have outlived it: its files are gone, or nobody listens."""
    files = [environ.get(name, "") for name in _LED_BY_FILES]
    if any(_SANDBOX_FOLDER in file and not userfiles.exists(pathlib.Path(file)) for file in files):
        return True
    of_a_sandbox = environ.get("SPIDERCLI_ECS_ENDPOINT", "").startswith("http://")
    return of_a_sandbox and getattr(error, "refused_at", "").startswith(_LOOPBACK)

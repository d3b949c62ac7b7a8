"""The program: every outcome of a command line becomes one message and one exit code."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import signal
import sys
import threading
import traceback
import types
from collections.abc import Sequence
from typing import NoReturn

from spidercli import signals, streams
from spidercli.commands.failing import in_context, interrupted
from spidercli.commands.invocation import Invocation
from spidercli.errors import ExitCode, InternalError, ResultLost, SpiderError
from spidercli.pacing import Pace

COLLECT_AFTER = 1_000_000  # new objects: by default, a parsed answer would be searched for cycles over and over


def main(argv: Sequence[str] | None = None, pace: Pace = Pace()) -> int:  # noqa: B008 (frozen)
    """Run one command.

    Args:
        argv: its words; None means those of this process.
        pace: how long answers may take, and how pauses are made.

    Returns:
        The exit code; see `ExitCode` and the README.
    """
    three = {"stdout": sys.stdout, "stderr": sys.stderr, "stdin": sys.stdin}
    with Invocation(**three, environ=dict(os.environ), pace=pace) as invocation:
        try:
            from spidercli.commands import root  # typer takes most of the start: a signal is heard from here on

            return root.run(sys.argv[1:] if argv is None else argv, invocation)
        except SpiderError as error:
            return _failed(invocation, error)
        except KeyboardInterrupt:
            return _failed(invocation, interrupted())
        except OSError as error:
            return _unwritten(invocation, error)
        except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback helps no user
            return _broken(invocation, error)


def run() -> None:
    """The console script. SIGTERM and a closed terminal clean up as Ctrl-C does; a second signal ends it at once."""
    streams.mend()
    gc.set_threshold(COLLECT_AFTER)
    for number in signals.heeded():
        signal.signal(number, _asked_to_stop)
    try:
        code = main()
    except KeyboardInterrupt:  # while main cleaned up
        code = ExitCode.INTERRUPTED
    if _is_held_up():
        _leave_at_once(code)
    sys.exit(code)


def _asked_to_stop(number: int, frame: types.FrameType | None) -> None:
    for each in signals.heeded():
        signal.signal(each, lambda *_: _leave_at_once(ExitCode.INTERRUPTED))
    raise KeyboardInterrupt


def _is_held_up() -> bool:
    """Whether Python would wait at its end for a thread, such as one that waits for an answer of the network."""
    return any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())


def _leave_at_once(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: a signal came in the middle of a write
            stream.flush()
    os._exit(code)


def _failed(invocation: Invocation, error: SpiderError) -> int:
    told = in_context(error, invocation.environ, expired=invocation.expired)
    invocation.output.error(told)
    return told.exit_code


def _broken(invocation: Invocation, error: Exception) -> int:
    """A mistake of ours. Frames show code and no values, so that -vv is safe to paste into a bug report."""
    if invocation.output.verbosity > 1:
        invocation.output.detail("".join(traceback.format_tb(error.__traceback__)), level=2)
    hint = "this is a mistake in spidercli; please report it with the output of the same command and -vv"
    return _failed(invocation, InternalError(f"unexpected {type(error).__name__}", hint=hint))


def _unwritten(invocation: Invocation, error: OSError) -> int:
    """All files and connections are somebody's who tells of their errors: what is left is the result's own stream."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        return _broken(invocation, error)
    streams.lead_nowhere(sys.stdout)
    return _failed(invocation, ResultLost(f"can't write to standard output: {error.strerror}"))

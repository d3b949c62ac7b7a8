"""The command line: registers the commands, and turns every outcome into one message and one exit code."""

from __future__ import annotations

import contextlib
import errno
import functools
import gc
import os
import signal
import sys
import threading
import traceback
import types
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn, TextIO

import typer
import typer.core

import spidercli
from spidercli import streams
from spidercli.argv import hoist, value_of
from spidercli.commands import bootstrap, ccm, config, export, init, inventory, multus, nodes, pools, sandbox, version
from spidercli.commands.failing import in_context
from spidercli.commands.invocation import Invocation
from spidercli.errors import ExitCode, InternalError, Interrupted, ResultLost, SpiderError, UsageProblem
from spidercli.pacing import Pace

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
COLLECT_AFTER = 50_000  # new objects: by default, a parsed answer would be searched for cycles over and over
_EPILOG = "Global options work before and after a command. Each has an environment variable: SPIDERCLI_ and its name."


class _Root(typer.core.TyperGroup):
    """The root command. typer would turn Ctrl-C into an exit code without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise _interrupted() from error


app = typer.Typer(
    name="spidercli",
    cls=_Root,
    help="Make Spiderpool's IP pools match the ENI addresses of an Alibaba Cloud Kubernetes cluster.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames would print credentials
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(ctx: typer.Context, asked: bool) -> None:
    if asked:
        ctx.obj.output.text(f"spidercli {spidercli.__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        str | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Configuration file (default: ./spidercli.yaml if it exists)."
        ),
    ] = None,
    region: Annotated[str | None, typer.Option(help="Region id, for example cn-hangzhou.")] = None,
    vpc: Annotated[str | None, typer.Option(help="VPC id; found through the nodes when left out.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="Profile of ~/.aliyun/config.json; beats credentials from the environment.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="openapi|metadata", help="Where the cloud's facts come from.")
    ] = None,
    inventory: Annotated[
        str | None, typer.Option(metavar="FILE", help="Facts from a saved inventory: no account needed.")
    ] = None,
    templates: Annotated[
        str | None, typer.Option(metavar="DIR", help="Templates that replace built-in ones of the same name.")
    ] = None,
    kubeconfig: Annotated[
        str | None, typer.Option(metavar="FILE", help="Kubeconfig (default: KUBECONFIG, then ~/.kube/config).")
    ] = None,
    context: Annotated[str | None, typer.Option(help="Context of the kubeconfig.")] = None,
    ecs_endpoint: Annotated[
        str | None, typer.Option(metavar="HOST[:PORT]", help="ECS endpoint; https unless http:// and loopback.")
    ] = None,
    vpc_endpoint: Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="VPC endpoint.")] = None,
    sts_endpoint: Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="STS endpoint.")] = None,
    metadata_endpoint: Annotated[str | None, typer.Option(metavar="URL", help="Instance metadata endpoint.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="table|wide|json|yaml|name", help="Form of the result.")
    ] = None,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Tell more; twice for API calls.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell results, warnings and errors only.")] = False,
    color: Annotated[str | None, typer.Option(metavar="auto|always|never", help="Colour.")] = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="90s|5m", help="Total time for waiting and retrying; 0 is no limit.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Act without asking.")] = False,
    sandbox: Annotated[
        str | None,
        typer.Option(metavar="[=SCENARIO]", help="Run against an embedded cloud and cluster; nothing real is touched."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Collect the global options; nothing is read or contacted before a command needs it."""
    flags = {key: value for key, value in locals().items() if key not in ("ctx", "sandbox", "version")}
    given = {key: value for key, value in flags.items() if value not in (None, False, 0)}
    ctx.obj.begin(given, sandbox=sandbox)


app.command("bootstrap")(bootstrap.bootstrap)
app.add_typer(pools.app, name="pools")
app.add_typer(multus.app, name="multus")
app.add_typer(nodes.app, name="nodes")
app.add_typer(ccm.app, name="ccm")
app.command("inventory")(inventory.inventory)
app.command("export")(export.export)
app.command("init")(init.init)
app.add_typer(config.app, name="config")
app.add_typer(sandbox.app, name="sandbox")
app.command("version")(version.version)


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
            command = _command()
            front, rest = hoist(list(sys.argv[1:] if argv is None else argv), command)
            invocation.expect_form(value_of(("--output", "-o"), front))
            outcome = command([*front, *rest], prog_name="spidercli", standalone_mode=False, obj=invocation)
            sys.stdout.flush()  # here, where a closed pipe is no surprise
            return int(outcome or ExitCode.OK)
        except SpiderError as error:
            return _failed(invocation, error)
        except KeyboardInterrupt:
            return _failed(invocation, _interrupted())
        except (BrokenPipeError, SystemExit) as error:
            return _pipe_closed(error)
        except typer.TyperException as error:
            return _misused(invocation, error)
        except OSError as error:
            return _unwritten(invocation, error)
        except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback helps no user
            return _broken(invocation, error)


@functools.cache
def _command() -> Any:
    """The command that typer makes of `app`; it takes as long as all of the rest of `--help`, so it is made once."""
    root_command = typer.main.get_command(app)
    _point_to_global_options(root_command)
    _take_no_value(root_command)
    return root_command


def _point_to_global_options(group: Any) -> None:
    """Say under the help of every command where -o, --yes, --sandbox and the like are told."""
    for command in getattr(group, "commands", {}).values():
        command.epilog = command.epilog or "Global options, such as -o, -c, --yes and --sandbox: spidercli --help"
        _point_to_global_options(command)


def _take_no_value(command: Any, parent: Any = None) -> None:
    """Show no type for the flags of a command and of those below it, as if a value could follow them."""
    context = command.context_class(command, parent=parent, **command.context_settings)
    for option in command.get_params(context):
        if getattr(option, "is_flag", False) or getattr(option, "count", False):
            option.metavar = ""
    for inner in getattr(command, "commands", {}).values():
        _take_no_value(inner, context)


def run() -> None:
    """The console script. A CI system's SIGTERM cleans up as Ctrl-C does; a second signal ends it at once."""
    streams.mend()
    gc.set_threshold(COLLECT_AFTER)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as a shell's background jobs have Ctrl-C
            signal.signal(number, _asked_to_stop)
    try:
        code = main()
    except KeyboardInterrupt:  # while main cleaned up
        code = ExitCode.INTERRUPTED
    if _is_held_up():
        _leave_at_once(code)
    sys.exit(code)


def _asked_to_stop(number: int, frame: types.FrameType | None) -> None:
    for each in _SIGNALS:
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


def _interrupted() -> Interrupted:
    return Interrupted("interrupted; nothing further was done", hint="run again to finish")


def _failed(invocation: Invocation, error: SpiderError) -> int:
    told = in_context(error, invocation.environ, expired=invocation.expired)
    invocation.output.error(told)
    return told.exit_code


def _misused(invocation: Invocation, error: typer.TyperException) -> int:
    message = error.format_message()
    if message:  # an empty one means that help was printed
        invocation.output.error(UsageProblem(message, hint=f"see {_place(error)} --help"))
    return ExitCode.USAGE if message else ExitCode.OK


def _place(error: typer.TyperException) -> str:
    """The command whose words are wrong, for example "spidercli pools diff"."""
    context = getattr(error, "ctx", None)
    return context.command_path if context else "spidercli"


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
    _discard(sys.stdout)
    return _failed(invocation, ResultLost(f"can't write to standard output: {error.strerror}"))


def _pipe_closed(error: BaseException) -> int:
    """The reader of stdout went away, as `| head` does: not an error worth a word.

    typer and rich turn a BrokenPipeError into a SystemExit; any other one, such as that of shell completion, goes on.
    """
    if not any(isinstance(each, BrokenPipeError) for each in (error, error.__context__)):
        raise error
    _discard(sys.stdout, sys.stderr)
    return ExitCode.OK


def _discard(*streams: TextIO) -> None:
    """Let what is still to be written go nowhere: Python flushes the streams at its end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())

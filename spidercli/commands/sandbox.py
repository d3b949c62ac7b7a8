"""`spidercli sandbox`: the embedded cloud and cluster, for rehearsals and for a first look."""

from __future__ import annotations

import contextlib
import shlex
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from spidercli.commands.invocation import invocation_of, session_of

if TYPE_CHECKING:
    from spidercli.session import Session

app = typer.Typer(help="An embedded cloud and cluster: nothing real is touched.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(metavar="IP", help="An IPv4 address.")]
Eni = Annotated[str, typer.Argument(metavar="ENI", help="An ENI's id, as `spidercli inventory` shows it.")]
Scenario = Annotated[str, typer.Option("--scenario", help="What it starts with.")]


@app.command("up")
def up(ctx: typer.Context, scenario: Scenario = "guide") -> None:
    """Start the sandbox, print the environment to use it with, and run until Ctrl-C."""
    from spidercli.sandbox.run import Sandbox

    output = invocation_of(ctx).output
    with Sandbox(scenario) as sandbox:
        for name, value in sandbox.environ.items():
            output.text(f"export {name}={shlex.quote(value)}")
        output.stdout.flush()
        output.note("the sandbox is up; paste these lines into another terminal, and stop it here with Ctrl-C")
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it, and no failure
            threading.Event().wait()
    output.note("the sandbox is gone")


@app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(ctx: typer.Context, scenario: Scenario = "guide") -> None:
    """Run one command with the sandbox around it, for example `sandbox run spidercli pools diff`."""
    from spidercli.gateways import processes

    invocation = invocation_of(ctx)
    invocation.enter_sandbox(scenario)
    raise typer.Exit(processes.run(ctx.args, invocation.environ))


@app.command("add-ip")
def add_ip(ctx: typer.Context, address: Address, eni: Eni) -> None:
    """Assign a secondary private IP to an ENI of the sandbox."""
    from spidercli import poolviews, rehearsing

    session = sandboxed(ctx)
    rehearsing.add(session.cloud, poolviews.parse_address(address), eni)
    session.output.note(f"{address} is a secondary private IP of {eni} now")


@app.command("remove-ip")
def remove_ip(ctx: typer.Context, address: Address) -> None:
    """Take a secondary private IP away from its ENI of the sandbox."""
    from spidercli import poolviews, rehearsing

    session = sandboxed(ctx)
    eni = rehearsing.remove(session.cloud, poolviews.parse_address(address))
    session.output.note(f"{address} has left {eni}")


@app.command("move-ip")
def move_ip(ctx: typer.Context, address: Address, eni: Eni) -> None:
    """Move a secondary private IP of the sandbox to another ENI."""
    from spidercli import poolviews, rehearsing

    session = sandboxed(ctx)
    ip = poolviews.parse_address(address)
    former = rehearsing.move(session.cloud, ip, eni)
    session.output.note(f"{address} has moved from {former} to {eni}")


def sandboxed(ctx: typer.Context) -> Session:
    """The session, if it leads to a sandbox.

    Raises:
        UsageProblem: it leads to a real cloud.
    """
    from spidercli import rehearsing

    session = session_of(ctx)
    rehearsing.only_in_a_sandbox(session.config.endpoints.ecs)
    return session

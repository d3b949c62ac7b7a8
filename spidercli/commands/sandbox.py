"""`spidercli sandbox`: the embedded cloud and cluster, for rehearsals and for a first look."""

from __future__ import annotations

import shlex
import threading
from typing import Annotated

import typer

from spidercli.commands.invocation import invocation_of

app = typer.Typer(help="An embedded cloud and cluster: nothing real is touched.", no_args_is_help=True)

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
        threading.Event().wait()


@app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(ctx: typer.Context, scenario: Scenario = "guide") -> None:
    """Run one command with the sandbox around it, for example `sandbox run spidercli pools diff`."""
    from spidercli.gateways import processes

    invocation = invocation_of(ctx)
    invocation.enter_sandbox(scenario)
    raise typer.Exit(processes.run(ctx.args, invocation.environ))

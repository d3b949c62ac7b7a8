"""`spidercli sandbox`: the embedded cloud and cluster, for rehearsals and for a first look."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from spidercli import signals
from spidercli.commands.invocation import invocation_of, session_of

if TYPE_CHECKING:
    from spidercli.output import Output
    from spidercli.sandbox.faults import Faults
    from spidercli.session import Session

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
"""How a command's words are read that are, from the first that is no option, another command with its own options."""

app = typer.Typer(help="An embedded cloud and cluster: nothing real is touched.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(metavar="IP", help="An IPv4 address.")]
Eni = Annotated[str, typer.Argument(metavar="ENI", help="An ENI's id, as `spidercli inventory` shows it.")]
Scenario = Annotated[
    str | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        help="What it starts with: guide, dual-stack, drift or large (default: what --sandbox names, else guide).",
    ),
]
Nodes = Annotated[int | None, typer.Option("--nodes", help="How many nodes the scenario large has (default: 500).")]
FaultTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="CALL=KIND[,first=N][,times=N|all][,seconds=S]",
        help="Something that goes wrong, for example `ecs:Describe*=throttled,times=3`; repeatable. "
        "`spidercli sandbox faults` lists the kinds.",
    ),
]


@app.command("up")
def up(ctx: typer.Context, scenario: Scenario = None, nodes: Nodes = None, fault: FaultTexts = None) -> None:
    """Start the sandbox, print the environment to use it with, and run until Ctrl-C."""
    from spidercli.sandbox import faults, scenarios
    from spidercli.sandbox.run import Sandbox

    invocation = invocation_of(ctx)
    output, name = invocation.output, invocation.scenario(scenario)
    wanted = [faults.parse(text) for text in fault or ()]
    with Sandbox(scenarios.build(name, nodes=nodes)) as sandbox:
        sandbox.faults.add(*wanted)
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it, and no failure
            for variable, value in sandbox.environ.items():
                output.text(f"export {variable}={shlex.quote(value)}")
            output.stdout.flush()
            output.note(
                f"the sandbox is up with the scenario {name}; paste these lines into another terminal, "
                "and stop it here with Ctrl-C"
            )
            signals.forever()
    _tell(sandbox.faults, output)
    output.note("the sandbox is gone")


@app.command("run", context_settings=_PASSED_ON)
def run(ctx: typer.Context, scenario: Scenario = None, nodes: Nodes = None, fault: FaultTexts = None) -> None:
    """Run one command with the sandbox around it, for example `sandbox run spidercli pools diff`."""
    from spidercli.gateways import processes
    from spidercli.sandbox import faults

    invocation = invocation_of(ctx)
    wanted = [faults.parse(text) for text in fault or ()]
    sandbox = invocation.enter_sandbox(invocation.scenario(scenario), nodes=nodes)
    sandbox.faults.add(*wanted)
    code = processes.run(ctx.args, invocation.environ)
    _tell(sandbox.faults, invocation.output)
    raise typer.Exit(code)


@app.command("faults")
def list_faults(ctx: typer.Context) -> None:
    """List what can go wrong in the sandbox: the kinds that --fault takes, and the calls that each can strike."""
    from spidercli.sandbox import faults

    rows = [
        {
            "kind": kind.value,
            "what": faults.EXPLAINED[kind],
            "calls": ", ".join(f"{side}:" for side in faults.sides(kind)),
        }
        for kind in faults.Kind
    ]
    output = session_of(ctx, with_file=False).output
    output.records(rows, ("kind", "calls", "what"), name=lambda row: str(row["kind"]))


@app.command("add-ip")
def add_ip(ctx: typer.Context, address: Address, eni: Eni) -> None:
    """Assign a secondary private IP to an ENI of the sandbox."""
    from spidercli import poolviews, rehearsing

    session = sandboxed(ctx)
    rehearsing.add(session.connections.cloud, poolviews.parse_address(address), eni)
    session.output.note(f"{address} is a secondary private IP of {eni} now")


@app.command("remove-ip")
def remove_ip(ctx: typer.Context, address: Address) -> None:
    """Take a secondary private IP away from its ENI of the sandbox."""
    from spidercli import poolviews, rehearsing

    session = sandboxed(ctx)
    eni = rehearsing.remove(session.connections.cloud, poolviews.parse_address(address))
    session.output.note(f"{address} has left {eni}")


@app.command("move-ip")
def move_ip(ctx: typer.Context, address: Address, eni: Eni) -> None:
    """Move a secondary private IP of the sandbox to another ENI."""
    from spidercli import poolviews, rehearsing

    session = sandboxed(ctx)
    ip = poolviews.parse_address(address)
    former = rehearsing.move(session.connections.cloud, ip, eni)
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


def _tell(faults: Faults, output: Output) -> None:
    """Say how often each fault struck: one that never did has rehearsed nothing."""
    for fault, strikes in faults.strikes:
        if strikes:
            output.note(f"the fault {fault} struck {strikes} time{'s' if strikes != 1 else ''}")
        else:
            output.warn(f"the fault {fault} never struck")

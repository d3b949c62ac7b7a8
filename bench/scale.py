"""10,000 pools of 5,000 nodes, as ratios to what any Python program has to spend on them: `make bench`.

The cloud and the cluster are the sandbox, in a process of its own: only the client is measured. Both sides of a row
run alternately, and the quickest of their runs counts. Times are CPU seconds, which other work disturbs least.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import io
import json
import os
import pathlib
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import yaml

from bench import bare
from bench.measuring import Child, Taken, child, quickest, stopwatch, table
from bench.served import Served
from spidercli import desired, kinds
from spidercli.cli import COLLECT_AFTER
from spidercli.config.schema import Config
from spidercli.model import Inventory, Manifest
from spidercli.output import Output
from spidercli.pacing import Pace
from spidercli.planning.pools import plan_pools
from spidercli.rendering.renderer import Renderer
from spidercli.sandbox.scenarios import large
from spidercli.session import Session

_TENTH = 10
_SPIDERCLI = (sys.executable, "-m", "spidercli")
_LEAST = "import typer\napp = typer.Typer(help='x')\n@app.command()\ndef main() -> None: ...\napp()"
_DUMP = "import json, sys, yaml; print(yaml.dump_all(json.load(open(sys.argv[1])), Dumper=yaml.CSafeDumper))"

T = TypeVar("T")
Work = Callable[[], object]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison at one size."""

    name: str
    ours: Taken
    limit: str  # what it is compared with
    other: Taken


@dataclasses.dataclass(frozen=True, kw_only=True)
class Command:
    """A whole process, and what it asked for."""

    name: str
    taken: Child
    calls: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything at one size."""

    rows: tuple[Row, ...]
    commands: tuple[Command, ...]


def start_up(rounds: int) -> Row:
    """`spidercli --help` against a typer program with one command."""
    least = (sys.executable, "-c", _LEAST, "--help")
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}  # compiled, both
    pairs = [(child((*_SPIDERCLI, "--help"), environ), child(least, environ)) for _ in range(rounds)]
    ours, limits = ([Taken(wall=one.wall, cpu=one.cpu) for one in side] for side in zip(*pairs, strict=True))
    return Row(name="`spidercli --help`", ours=_least(ours), limit="a typer program's --help", other=_least(limits))


def compare(name: str, ours: Work, limit: str, other: Work, *, rounds: int) -> Row:
    """Two ways to do the same, alternately; the first round of each is not counted."""
    found: dict[Work, list[Taken]] = {ours: [], other: []}
    for number in range(rounds + 1):
        for work, taken in found.items():
            gc.collect()
            with stopwatch() as watch:
                work()
            if number:
                taken.append(watch)
    row = Row(name=name, ours=_least(found[ours]), limit=limit, other=_least(found[other]))
    print(row, file=sys.stderr)
    return row


def _least(taken: Iterable[Taken]) -> Taken:
    runs = list(taken)
    return Taken(wall=min(one.wall for one in runs), cpu=min(one.cpu for one in runs))


def inside(served: Served, nodes: int, rounds: int) -> Iterator[Row]:
    """What one process does, stage by stage."""
    environ = served.environ
    yield compare(
        "facts of all ENIs, through the SDK",
        lambda: _with_session(environ, lambda session: session.connections.cloud.enis(vpc_id=large.VPC)),
        "signed HTTP + JSON",
        lambda: _expect(bare.enis(environ, large.VPC), 2 * nodes),
        rounds=rounds,
    )
    inventory = _with_session(environ, lambda session: session.facts.inventory)
    manifests = _pools(inventory)
    served.seed(manifests)
    yield compare(
        "pools decided, rendered and planned",
        _planning(environ, inventory),
        "dumping them as YAML",
        lambda: yaml.dump_all(manifests, Dumper=yaml.CSafeDumper),
        rounds=rounds,
    )
    yield compare(
        "nothing to do: LIST of the pools, and the plan",
        lambda: _expect(_planned(environ, manifests), 2 * nodes),
        "LIST + JSON",
        lambda: _expect(bare.pools(environ), 2 * nodes),
        rounds=rounds,
    )


def processes(served: Served, rounds: int) -> Iterator[Command]:
    """Whole commands, and a process that only dumps the pools."""
    commands = {
        "`pools sync`, nothing to do": ("pools", "sync", "--yes"),
        "`bootstrap --dry-run`": ("bootstrap", "--dry-run"),
        "`export`": ("export", "--from-cluster"),
    }
    for name, arguments in commands.items():
        served.calls()
        taken = [child((*_SPIDERCLI, *arguments), served.environ) for _ in range(rounds)]
        calls = (f"{count // rounds} {call.strip()}" for call, count in sorted(served.calls().items()))
        command = Command(name=name, taken=quickest(taken), calls=", ".join(calls))
        print(command, file=sys.stderr)
        yield command
    manifests = _pools(_with_session(served.environ, lambda session: session.facts.inventory))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "pools.json")
        path.write_text(json.dumps(manifests))
        taken = [child((sys.executable, "-c", _DUMP, str(path)), served.environ) for _ in range(rounds)]
    yield Command(name="the same objects from JSON to YAML, only", taken=quickest(taken), calls="-")


def _with_session(environ: Mapping[str, str], work: Callable[[Session], T]) -> T:
    output = Output(stdout=io.StringIO(), stderr=io.StringIO(), stdin=io.StringIO(), environ=environ)
    with Session.begin({"yes": True}, environ, output, Pace()) as session:
        return work(session)


def _pools(inventory: Inventory) -> list[Manifest]:
    return Renderer().pools(desired.pools(inventory, Config()))


def _planning(environ: Mapping[str, str], inventory: Inventory) -> Work:
    """Everything between the facts and the plan, on pools that are as they should be."""
    live = _with_session(environ, lambda session: session.connections.cluster.list(kinds.IP_POOL))
    return lambda: _expect(plan_pools(_pools(inventory), live).summary["unchanged"], len(live))


def _planned(environ: Mapping[str, str], manifests: Sequence[Manifest]) -> int:
    plan = plan_pools(
        manifests, _with_session(environ, lambda session: session.connections.cluster.list(kinds.IP_POOL))
    )
    return plan.summary["unchanged"]


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise SystemExit(f"{found} objects instead of {wanted}")


def measure(nodes: int, rounds: int) -> Measured:
    """Everything at one size."""
    with Served(nodes) as served:
        rows = tuple(inside(served, nodes, rounds))
        return Measured(rows=rows, commands=tuple(processes(served, rounds)))


def report(few: Measured, many: Measured, beginning: Row) -> str:
    """Both tables, in Markdown."""
    smaller = {row.name: row.ours.cpu for row in few.rows} | {
        command.name: command.taken.cpu for command in few.commands
    }
    rows = [
        (
            row.name,
            f"{row.ours.cpu:.2f}",
            f"{row.limit}: {row.other.cpu:.2f}",
            f"{row.ours.cpu / row.other.cpu:.1f}",
            f"{row.ours.wall / row.other.wall:.1f}",
            _growth(row.ours.cpu, smaller.get(row.name)),
        )
        for row in (beginning, *many.rows)
    ]
    commands = [
        (
            command.name,
            f"{command.taken.cpu:.1f}",
            f"{command.taken.wall:.1f}",
            f"{command.taken.memory:.0f}",
            _growth(command.taken.cpu, smaller[command.name]),
            command.calls,
        )
        for command in many.commands
    ]
    ratios = table(("what", "CPU s", "against CPU s", "CPU ratio", "wall ratio", "growth"), rows)
    return f"{ratios}\n\n{table(('command', 'CPU s', 'wall s', 'peak MB', 'growth', 'requests'), commands)}"


def _growth(many: float, few: float | None) -> str:
    return "-" if few is None else f"{many / few:.1f}"


def machine() -> str:
    """What the numbers were measured on."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}"


def main() -> None:
    """Measure at both sizes, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=5_000, help="two pools each")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    gc.set_threshold(COLLECT_AFTER)  # as the command line does, for both sides
    beginning = start_up(4 * chosen.rounds)
    few = measure(chosen.nodes // _TENTH, chosen.rounds)
    many = measure(chosen.nodes, chosen.rounds)
    print(f"{machine()}. {2 * chosen.nodes:,} pools; growth is the factor over a tenth of them.\n")
    print(report(few, many, beginning))


if __name__ == "__main__":
    main()

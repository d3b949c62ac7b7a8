"""Pools written to and compared with a real API server: spidercli beside kubectl and bare urllib3.

python -m bench.cluster --pools 2000             without webhooks: create, update and no-op
python -m bench.cluster --webhooks 500 1000 2000 with spiderpool-controller: creates beside so many pools
"""

from __future__ import annotations

import argparse
import gc
import os
import pathlib
import tempfile
from collections.abc import Callable, Sequence

from bench import fleet
from bench.clients import Bare, Kubectl, Ours
from bench.measuring import Taken, best, stopwatch, table
from spidercli import kinds, yamltext
from spidercli.cli import COLLECT_AFTER
from spidercli.model import Manifest
from tests.e2e.controlplane import binaries
from tests.e2e.controlplane.plane import BareControlPlane, ControlPlane

_CREATED = 40  # beside the pools that exist


class Contest:
    """The same pools written by each client, each beginning with an empty cluster."""

    def __init__(self, kubeconfig: pathlib.Path, folder: pathlib.Path, count: int, rounds: int) -> None:
        self._bare, self._ours, self._kubectl = Bare(kubeconfig), Ours(kubeconfig), Kubectl(kubeconfig)
        self._first = fleet.pools(count)
        self._second = changed(self._first)
        self._files = _file(folder, "first", self._first), _file(folder, "second", self._second)
        self._rounds = rounds
        self._times: dict[str, list[Taken]] = {}

    def run(self) -> dict[str, Taken]:
        """Every case's best time: bare urllib3 and spidercli take turns, also in going first; kubectl runs once."""
        for number in range(self._rounds):
            turns = (self._round_of_bare, self._round_of_ours)
            for turn in turns[:: -1 if number % 2 else 1]:  # etcd gets slower with every write
                turn()
        self._round_of_kubectl()
        return {case: best(times) for case, times in self._times.items()}

    def _round_of_bare(self) -> None:
        self._time("create: bare urllib3, 16 threads", lambda: self._bare.apply(self._first))
        self._time("update: bare urllib3, 16 threads", lambda: self._bare.apply(self._second))
        self._time("no-op: bare LIST + JSON", self._bare.list)
        self._bare.delete_all()

    def _round_of_ours(self) -> None:
        self._time("create: spidercli", lambda: self._ours.sync(self._first))
        self._time("update: spidercli", lambda: self._ours.sync(self._second))
        self._time("no-op: spidercli", lambda: _no_writes(self._ours, self._second))
        self._bare.delete_all()

    def _round_of_kubectl(self) -> None:
        first, second = self._files
        self._time("create: kubectl apply --server-side", lambda: self._kubectl.apply(first))
        self._time("update: kubectl apply --server-side", lambda: self._kubectl.apply(second))
        self._time("no-op: kubectl apply --server-side", lambda: self._kubectl.apply(second))
        self._time("no-op: kubectl diff", lambda: self._kubectl.run("diff", "--server-side", "-f", str(second)))
        self._bare.delete_all()

    def _time(self, case: str, run: Callable[[], object]) -> None:
        with stopwatch() as taken:
            run()
        self._times.setdefault(case, []).append(taken)
        print(f"{case}: {taken.wall:.2f} s", flush=True)


def changed(manifests: Sequence[Manifest]) -> list[Manifest]:
    """The same pools with another field, so that every one has to be updated."""
    return [{**manifest, "spec": {**kinds.spec(manifest), "default": False}} for manifest in manifests]


def contest_table(times: dict[str, Taken], count: int) -> str:
    """The table, with each case's speed as a ratio to the bare client's and to kubectl's."""
    rows = []
    for case in sorted(times, key=lambda case: ("create", "update", "no-op").index(case.partition(":")[0])):
        taken, what = times[case], case.partition(":")[0]
        bare = next(other for name, other in times.items() if name.startswith(f"{what}: bare"))
        kubectl = times[f"{what}: kubectl apply --server-side"]
        figures = (taken.wall, taken.cpu, count / taken.wall, bare.wall / taken.wall, kubectl.wall / taken.wall)
        rows.append((case, *(f"{figure:,.{digits}f}" for figure, digits in zip(figures, (2, 2, 0, 2, 1), strict=True))))
    return table(("case", "wall s", "client CPU s", "pools/s", "speed, bare = 1", "speed, kubectl = 1"), rows)


class Growth:
    """Creates beside more and more pools, which Spiderpool's webhook reads on each create."""

    def __init__(self, plane: ControlPlane, folder: pathlib.Path) -> None:
        self._plane = plane
        self._folder = folder
        self._bare, self._kubectl = Bare(plane.kubeconfig), Kubectl(plane.kubeconfig)

    def beside(self, count: int) -> list[tuple[str, ...]]:
        """Rows of the table, one for each client, for the time that a create takes beside `count` pools."""
        pools = fleet.pools(count + _CREATED)
        there, new = pools[:count], pools[count:]
        bare, ours = Bare(self._plane.kubeconfig), Ours(self._plane.kubeconfig)
        with self._plane.without_webhooks():
            Ours(self._plane.kubeconfig).sync(there)
        file = _file(self._folder, f"new-{count}", new)
        cases: tuple[tuple[str, Callable[[], object], Callable[[], float]], ...] = (
            ("bare urllib3, 16 threads", lambda: bare.apply(new), lambda: bare.slowest),
            ("kubectl apply --server-side", lambda: self._kubectl.apply(file), lambda: 0.0),
            ("spidercli", lambda: ours.sync(pools), lambda: ours.slowest),
        )
        return [self._row(count, name, run, slowest, new) for name, run, slowest in cases]

    def _row(
        self,
        count: int,
        name: str,
        run: Callable[[], object],
        slowest: Callable[[], float],
        new: Sequence[Manifest],
    ) -> tuple[str, ...]:
        with stopwatch() as taken:
            run()
        self._bare.delete([kinds.name(manifest) for manifest in new])
        each = 1000 * taken.wall / len(new)
        longest = slowest()
        print(f"beside {count}: {name}: {each:.0f} ms for each create", flush=True)
        return f"{count:,}", name, f"{each:.0f}", f"{longest:.1f}" if longest else "-"


def growth_table(rows: Sequence[Sequence[str]]) -> str:
    """The table of creates beside other pools."""
    return table(("pools there", "client", "ms for each create", "slowest answer, s"), rows)


def _no_writes(ours: Ours, manifests: Sequence[Manifest]) -> None:
    writes = ours.sync(manifests)
    if writes:
        raise SystemExit(f"a run with nothing to do wrote {writes} times")


def _file(folder: pathlib.Path, name: str, manifests: Sequence[Manifest]) -> pathlib.Path:
    path = folder / f"{name}.yaml"
    path.write_text(yamltext.dump_all(manifests))
    return path


def main() -> None:
    """Start a control plane and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--pools", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3, help="of bare urllib3 and spidercli; the best counts")
    what.add_argument("--webhooks", type=int, nargs="+", metavar="POOLS")
    chosen = parser.parse_args()
    gc.set_threshold(COLLECT_AFTER)  # as the command line does, for both sides
    programs = binaries.find(os.environ)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if chosen.webhooks:
            with ControlPlane(programs) as spiderpool:
                growth = Growth(spiderpool, folder)
                print(growth_table([row for count in sorted(chosen.webhooks) for row in growth.beside(count)]))
        else:
            with BareControlPlane(programs) as plane:
                times = Contest(plane.kubeconfig, folder, chosen.pools, chosen.rounds).run()
                print(contest_table(times, chosen.pools))


if __name__ == "__main__":
    main()

"""A large sandbox in a process of its own, so that its work is not counted as the client's.

`python -m bench.served NODES` is that process: it prints its environment variables as JSON, then does what it is told
on stdin, a line each, and answers each with a line of JSON.
"""

from __future__ import annotations

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox.kube.requests import Answer, Request
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import cluster, large


class Served:
    """The sandbox as its user has it.

    Attributes:
        environ: our environment with the variables that lead to the sandbox.
    """

    def __init__(self, nodes: int) -> None:
        command = [sys.executable, "-m", "bench.served", str(nodes)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.environ: dict[str, str] = {**os.environ, **self._answer()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.communicate()

    def seed(self, pools: Sequence[Manifest]) -> None:
        """Let these pools exist, as if spidercli had applied them."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(pools, file)
            file.flush()
            self._ask(f"seed {file.name}")

    def calls(self) -> Mapping[str, int]:
        """How many requests there were since the last time, by action or by verb and kind."""
        return dict(self._ask("calls"))

    def _ask(self, line: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def main() -> None:
    """Serve until stdin ends."""
    with Sandbox(large.build(nodes=int(sys.argv[1]))) as sandbox:
        _say(sandbox.environ)
        for line in sys.stdin:
            verb, _, path = line.strip().partition(" ")
            _say(_seed(sandbox, path) if verb == "seed" else _calls(sandbox))


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _seed(sandbox: Sandbox, path: str) -> int:
    """Apply the first pool as a client would, and write the others as the server has stored that one."""
    for nic in ("eth0", "eth1"):
        sandbox.kube.seed(cluster.multus_config(f"ipvlan-{nic}", nic))
    first, *others = json.loads(pathlib.Path(path).read_text())
    stored = _applied(sandbox, first)
    for pool in others:
        meta = {key: value for key, value in stored["metadata"].items() if key not in ("uid", "resourceVersion")}
        named = {"name": kinds.name(pool), "annotations": kinds.annotations(pool)}
        sandbox.kube.seed({**pool, "metadata": {**meta, **named}, "spec": {**stored["spec"], **kinds.spec(pool)}})
    _calls(sandbox)
    return 1 + len(others)


def _applied(sandbox: Sandbox, pool: Manifest) -> dict[str, Any]:
    request = Request(
        method="PATCH",
        path=kinds.IP_POOL.path(kinds.name(pool), None),
        query={"fieldManager": kinds.FIELD_MANAGER, "force": "true"},
        headers={"content-type": "application/apply-patch+yaml"},
        body=json.dumps(pool).encode(),
    )
    answer = sandbox.kube.handle(request)
    assert isinstance(answer, Answer)
    return dict(answer.body)


def _calls(sandbox: Sandbox) -> dict[str, int]:
    found = collections.Counter(f"{each.verb} {each.plural}" for each in sandbox.kube.requests)
    found.update(call.action for call in sandbox.world.requests)
    sandbox.kube.forget_requests()
    sandbox.world.requests.clear()
    return dict(found)


if __name__ == "__main__":
    main()

"""A control plane for other commands than `pytest tests/e2e`.

    python -m tests.e2e.controlplane build              build its programs, unless they are in the cache
    python -m tests.e2e.controlplane run COMMAND...     run a command beside it, with Spiderpool
    python -m tests.e2e.controlplane bare COMMAND...    run a command beside it, with Spiderpool's CRDs only

The command finds its way by KUBECONFIG, or without credentials by SPIDERCLI_CONTRACT_KUBE_URL; it may be a shell.
With SPIDERCLI_E2E_CLUSTER=throw-away nothing is built, and `bare` runs nothing: see given.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from tests.e2e.controlplane import binaries, given
from tests.e2e.controlplane.errors import ControlPlaneFailed, Unavailable
from tests.e2e.controlplane.plane import BareControlPlane, ControlPlane

_KINDS = {"run": ControlPlane, "bare": BareControlPlane}


def run(kind: type[BareControlPlane], command: Sequence[str]) -> int:
    """Run a command beside a control plane; returns its exit code."""
    with kind(binaries.find(os.environ)) as plane:
        way = {"KUBECONFIG": str(plane.kubeconfig), "SPIDERCLI_CONTRACT_KUBE_URL": plane.open_proxy()}
        return subprocess.run(command, env={**os.environ, **way}, check=False).returncode


def build() -> None:
    """Build the programs, and say what becomes of KUBECONFIG.

    Raises:
        Unavailable: they can't be built, or the environment contradicts itself.
    """
    if given.is_given(os.environ):
        sys.stderr.write(f"The tests run in the cluster of KUBECONFIG={os.environ['KUBECONFIG']}.\n")
        return
    binaries.find(os.environ)
    if told := given.note(os.environ):
        sys.stderr.write(f"{told}\n")


def main(arguments: Sequence[str]) -> int | str | None:
    """The exit code, or a message that says why there is none."""
    try:
        match arguments:
            case ["build"]:
                build()
                return 0
            case ["bare", *command] if given.is_given(os.environ):
                sys.stderr.write(f"NOT RUN in a cluster with Spiderpool's webhooks: {' '.join(command)}\n")
                return 0
            case ["run" | "bare" as verb, _, *_]:
                return run(_KINDS[verb], arguments[1:])
    except (Unavailable, ControlPlaneFailed) as problem:
        return str(problem)
    return __doc__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

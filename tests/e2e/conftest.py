"""A real control plane for each run of this folder's tests: one of their own, or a cluster that is a throw-away.

They run only when this folder is named on the command line, as `make e2e` does: the first run builds the programs,
which takes minutes. See controlplane/given.py for the other cluster.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spidercli.sandbox.scenarios import guide
from spidercli.sandbox.scenarios.scenario import Scenario
from tests.e2e.controlplane import binaries, given
from tests.e2e.controlplane.cluster import Cluster, SharedCluster
from tests.e2e.controlplane.errors import Unavailable
from tests.e2e.controlplane.given import GivenCluster
from tests.e2e.controlplane.plane import ControlPlane, Plane

_FOLDER = pathlib.Path(__file__).parent
_ENVIRON = dict(os.environ)  # before tests are isolated from it

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave this folder out, unless it or something in it was asked for by name."""
    asked = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(_FOLDER) for path in asked) else True


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was not run in a given cluster, test by test, and whether a KUBECONFIG was ignored."""
    left_out = terminalreporter.stats.get("skipped", ())
    if left_out:
        terminalreporter.section(f"NOT RUN in this cluster: {len(left_out)} tests", bold=True, yellow=True)
    for report in left_out:
        terminalreporter.line(f"{report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ')}")
    if told := given.note(_ENVIRON):
        terminalreporter.line(told)


@pytest.fixture(scope="session")
def outer_environ() -> dict[str, str]:
    """The environment that tests are isolated from: it knows where Go and the built programs are."""
    return _ENVIRON


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    """The control plane, until the run ends. Without it nothing here can run, so the whole run ends."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(_chosen())
        except Unavailable as problem:
            pytest.exit(str(problem), returncode=1)
        yield running


def _chosen() -> GivenCluster | ControlPlane:
    if given.is_given(_ENVIRON):
        return GivenCluster(binaries.kubectl(_ENVIRON), _ENVIRON)
    return ControlPlane(binaries.find(_ENVIRON))


@pytest.fixture
def own_plane(plane: Plane) -> ControlPlane:
    """The control plane whose programs a test may kill."""
    if not isinstance(plane, ControlPlane):
        pytest.skip("ends the API server or Spiderpool's controller, or starts its own")
    return plane


@pytest.fixture
def empty_plane(plane: Plane, cluster: Cluster) -> Plane:
    """A control plane without any node but those of the scenario."""
    if cluster.strangers:
        pytest.skip("prunes what belongs to no node of its cloud, so there may be no other nodes")
    return plane


@pytest.fixture(scope="session")
def _whole_cluster(plane: Plane) -> Iterator[Cluster]:
    whole = SharedCluster(plane.rest) if isinstance(plane, GivenCluster) else Cluster(plane.rest)
    yield whole
    assert whole.left_behind() == []


@pytest.fixture
def cluster(_whole_cluster: Cluster) -> Iterator[Cluster]:
    """The cluster without any node or pool, and so again after the test."""
    yield _whole_cluster
    _whole_cluster.reset()


@pytest.fixture(name="guide")
def guide_scenario(cluster: Cluster) -> Scenario:
    """The two nodes of the guide with Spiderpool just installed, in the real cluster."""
    scenario = guide.build()
    cluster.seed(scenario.manifests)
    return scenario


@pytest.fixture
def kubectl(plane: Plane) -> Kubectl:
    """Run kubectl against the control plane; it is the independent witness."""
    program = binaries.kubectl(_ENVIRON)

    def run(*arguments: str, manifest: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(program), f"--kubeconfig={plane.kubeconfig}", *arguments]
        return subprocess.run(command, input=manifest, capture_output=True, text=True, check=False, timeout=60)

    return run

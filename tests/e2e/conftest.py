"""A real control plane for each run of this folder's tests.

They run only when this folder is named on the command line, as `make e2e` does: the first run builds the programs,
which takes minutes.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Callable, Iterator

import pytest

from spidercli.sandbox.scenarios import guide
from spidercli.sandbox.scenarios.scenario import Scenario
from tests.e2e.controlplane import binaries
from tests.e2e.controlplane.binaries import Binaries
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.errors import Unavailable
from tests.e2e.controlplane.plane import ControlPlane

_FOLDER = pathlib.Path(__file__).parent
_ENVIRON = dict(os.environ)  # before tests are isolated from it

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave this folder out, unless it or something in it was asked for by name."""
    asked = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(_FOLDER) for path in asked) else True


@pytest.fixture(scope="session")
def outer_environ() -> dict[str, str]:
    """The environment that tests are isolated from: it knows where Go and the built programs are."""
    return _ENVIRON


@pytest.fixture(scope="session")
def programs() -> Binaries:
    """What a control plane is made of. Without it nothing here can run, so the whole run ends."""
    try:
        return binaries.find(_ENVIRON)
    except Unavailable as problem:
        pytest.exit(str(problem), returncode=1)


@pytest.fixture(scope="session")
def plane(programs: Binaries) -> Iterator[ControlPlane]:
    """etcd, kube-apiserver and spiderpool-controller, until the run ends."""
    with ControlPlane(programs) as running:
        yield running


@pytest.fixture(scope="session")
def _whole_cluster(plane: ControlPlane) -> Cluster:
    return Cluster(plane.rest)


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
def kubectl(programs: Binaries, plane: ControlPlane) -> Kubectl:
    """Run kubectl against the control plane; it is the independent witness."""

    def run(*arguments: str, manifest: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(programs.kubectl), f"--kubeconfig={plane.kubeconfig}", *arguments]
        return subprocess.run(command, input=manifest, capture_output=True, text=True, check=False, timeout=60)

    return run

"""The product between a cloud of the sandbox and a real cluster."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Callable, Iterator

import pytest

from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.scenarios.scenario import Scenario
from spidercli.sandbox.serving import Server
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.plane import Plane
from tests.e2e.product.between import Between
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Kubectl, Witness


@pytest.fixture
def product_in(
    plane: Plane,
    cluster: Cluster,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Scenario], Product]]:
    """Serve the cloud of a scenario, and lead the product there and to the real cluster."""
    with contextlib.ExitStack() as stack:

        def product(scenario: Scenario) -> Product:
            cloud = stack.enter_context(Server(cloud_app(scenario.world)))
            config = tmp_path / "spidercli.yaml"
            config.write_text(scenario.config_text + _only_ours(cluster, scenario), encoding="utf-8")
            key = scenario.world.account.key
            environ = {
                **{f"SPIDERCLI_{name}_ENDPOINT": cloud.url for name in ("ECS", "VPC", "STS", "METADATA")},
                "ALIBABA_CLOUD_ACCESS_KEY_ID": key.access_key_id,
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret,
                "KUBECONFIG": str(plane.kubeconfig),
                "SPIDERCLI_CONFIG": str(config),
            }
            return Product(world=scenario.world, environ=environ, capsys=capsys, monkeypatch=monkeypatch)

        yield product


def _only_ours(cluster: Cluster, scenario: Scenario) -> str:
    """What leaves the nodes out that were there before, if there are any."""
    ids = ", ".join(scenario.world.instances)
    return f"nodes:\n  ids: [{ids}]\n" if cluster.strangers else ""


@pytest.fixture
def spidercli(guide: Scenario, product_in: Callable[[Scenario], Product]) -> Product:
    """The product, on the guide's two nodes with Spiderpool just installed."""
    return product_in(guide)


@pytest.fixture
def installed(spidercli: Product) -> Product:
    """The product, after a bootstrap of the guide's two nodes."""
    ran = spidercli("bootstrap", "--yes")
    assert ran.code == 0, ran.stderr
    return spidercli


@pytest.fixture
def witness(kubectl: Kubectl, cluster: Cluster) -> Witness:
    """The independent witness."""
    return Witness(kubectl, cluster.strangers)


@pytest.fixture
def between(plane: Plane) -> Iterator[Between]:
    """A proxy to the API server, for commands that get `--kubeconfig` from `way`."""
    with Between(plane.admin) as proxy:
        yield proxy


@pytest.fixture
def way(between: Between, tmp_path: pathlib.Path) -> str:
    """A kubeconfig that leads through the proxy."""
    return between.kubeconfig(tmp_path / "through-the-proxy")

"""A scenario brought to life: both servers, and the files and variables that lead clients to them."""

from __future__ import annotations

import contextlib
import json
import pathlib
import tempfile
from types import TracebackType
from typing import Self

from spidercli.sandbox import scenarios
from spidercli.sandbox.cloud.app import cloud_app
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.scenarios.scenario import Scenario
from spidercli.sandbox.serving import Server


class Sandbox:
    """A running sandbox, for as long as a `with` block lasts.

    Attributes:
        world: the cloud's state.
        kube: the cluster's state.
        faults: what goes wrong in either.
        kubeconfig: the file that leads to the cluster, None outside of the block.
        environ: environment variables that lead everything here, {} outside of the block.
    """

    def __init__(self, scenario: str | Scenario = "guide") -> None:
        """Prepare a scenario, by name or made by hand.

        Raises:
            UsageProblem: there is no scenario of that name.
        """
        self._scenario = scenarios.build(scenario) if isinstance(scenario, str) else scenario
        self.world = self._scenario.world
        self.faults = self.world.faults
        self.kube = KubeApi(self._scenario.manifests, faults=self.faults)
        self.kubeconfig: pathlib.Path | None = None
        self.environ: dict[str, str] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spidercli-sandbox-")))
            cloud = stack.enter_context(Server(cloud_app(self.world)))
            cluster = stack.enter_context(Server(kube_app(self.kube)))
            self.kubeconfig = _write(folder / "kubeconfig", _kubeconfig(cluster.url))
            config = _write(folder / "spidercli.yaml", self._scenario.config_text)
            self.environ = self._environ(cloud.url, self.kubeconfig, config)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kubeconfig, self.environ = None, {}
        self._open.close()

    def _environ(self, cloud_url: str, kubeconfig: pathlib.Path, config: pathlib.Path) -> dict[str, str]:
        endpoints = {f"SPIDERCLI_{name}_ENDPOINT": cloud_url for name in ("ECS", "VPC", "STS", "METADATA")}
        key = self.world.account.key
        return {
            **endpoints,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": key.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret,
            "ALIBABA_CLOUD_REGION_ID": self.world.region_id,
            "KUBECONFIG": str(kubeconfig),
            "SPIDERCLI_CONFIG": str(config),
        }


def _write(path: pathlib.Path, text: str) -> pathlib.Path:
    path.write_text(text, encoding="utf-8")
    return path


def _kubeconfig(url: str) -> str:
    """A kubeconfig in JSON, which is YAML too."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": {"server": url}}],
        "users": [{"name": "sandbox", "user": {}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
        "current-context": "sandbox",
    }
    return json.dumps(document, indent=2)

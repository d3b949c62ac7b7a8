"""spiderpool-controller outside of a cluster, and the objects that its Helm chart would have made for it."""

from __future__ import annotations

import base64
import pathlib
from collections.abc import Iterator
from typing import Any, cast

import yaml

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox.scenarios import cluster
from tests.e2e.controlplane.binaries import Binaries
from tests.e2e.controlplane.certificates import Authority
from tests.e2e.controlplane.ports import ReservedPorts
from tests.e2e.controlplane.processes import Command
from tests.e2e.controlplane.rest import Rest, answers

_GROUP, _, _VERSION = kinds.SPIDERPOOL.partition("/")
_DELETE_CHECKED = ("spiderippool", "spidersubnet")
_KINDS = (*_DELETE_CHECKED, "spidermultusconfig", "spidercoordinator", "spiderreservedip")


class Controller:
    """spiderpool-controller's files and arguments.

    Etcd and the API server listen on 127.0.0.1. This program listens on all addresses, because none of its settings
    limits that; its ports are the kernel's choice, and its webhooks keep no state.
    """

    def __init__(
        self,
        binaries: Binaries,
        ports: ReservedPorts,
        folder: pathlib.Path,
        authority: Authority,
        kubeconfig: pathlib.Path,
    ) -> None:
        self._binary = binaries.spiderpool_controller
        self._health, self._metrics, self._webhooks = (ports.take() for _ in range(3))
        self._folder = folder / "spiderpool"
        self._kubeconfig = kubeconfig
        self._authority = authority
        (self._folder / "cni").mkdir(parents=True)
        authority.issue("spiderpool-controller").write(self._folder / "tls.crt", self._folder / "tls.key")
        (self._folder / "conf.yml").write_text(_settings(), encoding="utf-8")

    def command(self) -> Command:
        """How to start it; the CRDs and the namespace have to be there."""
        arguments = [
            str(self._binary),
            "daemon",
            f"--config-path={self._folder / 'conf.yml'}",
            f"--tls-server-cert={self._folder / 'tls.crt'}",  # the names are fixed, the folder is not
            f"--tls-server-key={self._folder / 'tls.key'}",
        ]
        ready = f"http://127.0.0.1:{self._health}/v1/runtime/readiness"
        return Command(
            name="spiderpool-controller", arguments=arguments, environ=self._environ(), ready=lambda: answers(ready)
        )

    def webhooks(self) -> Iterator[Manifest]:
        """What sends writes of Spiderpool's kinds to the controller, before they are stored."""
        yield self._configuration("MutatingWebhookConfiguration", "mutate", ())
        yield self._configuration("ValidatingWebhookConfiguration", "validate", _DELETE_CHECKED)

    def _environ(self) -> dict[str, str]:
        settings = {
            "POD_NAMESPACE": cluster.SYSTEM,
            "POD_NAME": "spiderpool-controller-e2e",
            "COORDINATOR_ENABLED": "true",
            "MULTUS_CONFIG_ENABLED": "true",
            "GC_IP_ENABLED": "false",  # it frees addresses whose pods it can't find, and ours are made up
            "HEALTH_PORT": str(self._health),
            "METRIC_HTTP_PORT": str(self._metrics),
            "WEBHOOK_PORT": str(self._webhooks),
            "GOPS_LISTEN_PORT": "",
            "WORKQUEUE_RETRY_DELAY_DURATION": "1",
            "CNI_CONFIG_DIR": str(self._folder / "cni"),
        }
        return {"KUBECONFIG": str(self._kubeconfig)} | {f"SPIDERPOOL_{name}": value for name, value in settings.items()}

    def _configuration(self, kind: str, verb: str, delete_checked: tuple[str, ...]) -> Manifest:
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "spiderpool-controller"},
            "webhooks": [self._webhook(verb, name, delete=name in delete_checked) for name in _KINDS],
        }

    def _webhook(self, verb: str, name: str, *, delete: bool) -> dict[str, Any]:
        path = f"{verb}-{_GROUP.replace('.', '-')}-{_VERSION}-{name}"
        return {
            "name": f"{name}.{_GROUP}",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {
                "url": f"https://127.0.0.1:{self._webhooks}/{path}",
                "caBundle": base64.b64encode(self._authority.certificate).decode(),
            },
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "rules": [
                {
                    "apiGroups": [_GROUP],
                    "apiVersions": [_VERSION],
                    "operations": ["CREATE", "UPDATE", *(["DELETE"] if delete else [])],
                    "resources": [f"{name}s"],
                }
            ],
        }


def asks_webhooks(rest: Rest) -> bool:
    """Whether a pool comes back with the finalizer that only the webhook adds; nothing is stored."""
    pool = {
        "apiVersion": kinds.SPIDERPOOL,
        "kind": "SpiderIPPool",
        "metadata": {"name": "probe"},
        "spec": {"subnet": "198.51.100.0/24"},
    }
    answer = rest.ask("POST", kinds.IP_POOL.collection, pool, query={"dryRun": "All"})
    return answer.ok and "finalizers" in answer.body["metadata"]


def definitions(folder: pathlib.Path) -> list[Manifest]:
    """The CRDs of a chart's folder that concern Spiderpool, and the one of Multus."""
    wanted = (f"{_GROUP}_*.yaml", "k8s.cni.cncf.io_*.yaml")
    paths = sorted(path for pattern in wanted for path in folder.glob(pattern))
    return [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in paths]


def _settings() -> str:
    """The controller's configuration file, as the chart's ConfigMap has it."""
    for manifest in cluster.spiderpool("", nodes=0):
        if kinds.name(manifest) == "spiderpool-conf":
            return cast("dict[str, str]", manifest["data"])["conf.yml"]
    raise LookupError("the scenario has no ConfigMap spiderpool-conf")

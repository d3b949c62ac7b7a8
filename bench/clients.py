"""The clients that write pools to a real API server: bare urllib3, kubectl, and spidercli's own layers."""

from __future__ import annotations

import base64
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import ssl
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import urllib3
import yaml

from spidercli import applying, kinds
from spidercli.applying import Outcome, Waiting
from spidercli.gateways.cluster import connection
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.model import Manifest
from spidercli.planning.plan import Write
from spidercli.planning.pools import plan_pools

THREADS = 16
_SSA = "application/apply-patch+yaml"


class Bare:
    """A client that does nothing but send: the limit for Python.

    Attributes:
        slowest: seconds that the slowest apply took so far.
    """

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cadata=_certificate(cluster))
        self._server = cluster["server"]
        self._headers = {"Authorization": f"Bearer {user['token']}", "Accept": "application/json"}
        self._pool = urllib3.PoolManager(maxsize=THREADS, ssl_context=context, retries=False)
        self.slowest = 0.0

    def apply(self, manifests: Sequence[Manifest]) -> None:
        """Server-side apply of everything, in 16 threads."""
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            for status in threads.map(self._apply, manifests):
                if status not in (200, 201):
                    raise SystemExit(f"bare client: HTTP {status}")

    def list(self) -> list[Manifest]:
        """One LIST in one page, parsed."""
        return list(json.loads(self.request("GET", kinds.IP_POOL.collection).data)["items"])

    def delete(self, names: Sequence[str]) -> None:
        """Delete pools, and wait until they are gone."""
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda name: self.request("DELETE", kinds.IP_POOL.path(name, None)), names))
        gone = set(names)
        while gone & {kinds.name(manifest) for manifest in self.list()}:
            time.sleep(0.2)

    def delete_all(self) -> None:
        """Delete every pool."""
        self.delete([kinds.name(manifest) for manifest in self.list()])

    def request(self, method: str, path: str, body: bytes | None = None) -> urllib3.BaseHTTPResponse:
        """Send anything; a body is a server-side apply with PATCH, else JSON."""
        content_type = _SSA if method == "PATCH" else "application/json"
        headers = {**self._headers, "Content-Type": content_type} if body else self._headers
        return self._pool.request(method, self._server + path, body=body, headers=headers)

    def _apply(self, manifest: Manifest) -> int:
        path = f"{kinds.IP_POOL.path(kinds.name(manifest), None)}?fieldManager=bare&force=true"
        began = time.perf_counter()
        status = self.request("PATCH", path, json.dumps(manifest).encode()).status
        self.slowest = max(self.slowest, time.perf_counter() - began)
        return status


class Ours:
    """spidercli's own way, without its command line.

    Attributes:
        slowest: seconds that the slowest write took so far.
    """

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        api = connection.connect(kubeconfig=kubeconfig, environ=os.environ, threads=THREADS)
        self.cluster = _Watched(api)

    @property
    def slowest(self) -> float:
        """Seconds that the slowest write took so far."""
        return self.cluster.slowest

    def sync(self, manifests: Sequence[Manifest]) -> int:
        """List, compare, and write what differs; returns how many writes there were."""
        plan = plan_pools(manifests, self.cluster.list(kinds.IP_POOL))
        writes = len(list(plan.writes))
        report = applying.apply(
            plan, self.cluster, threads=THREADS, wait=Waiting(), progress=_Silent(), stop=threading.Event()
        )
        report.raise_if_incomplete()
        return writes


class _Watched(KubernetesCluster):
    """A cluster, and how long its slowest write took."""

    slowest = 0.0

    def send(self, write: Write) -> Manifest | None:
        began = time.perf_counter()
        answer = super().send(write)
        self.slowest = max(self.slowest, time.perf_counter() - began)
        return answer


class _Silent:
    """Shows no progress."""

    def started(self, total: int) -> None:
        """Nobody looks."""

    def finished(self, write: Write, outcome: Outcome) -> None:
        """Nobody looks."""

    def waiting(self, text: str) -> None:
        """Nobody looks."""


@dataclasses.dataclass(frozen=True)
class Kubectl:
    """The kubectl on the PATH."""

    kubeconfig: pathlib.Path

    def run(self, *arguments: str) -> None:
        """Run it.

        Raises:
            SystemExit: it failed.
        """
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig), *arguments]
        ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if ran.returncode:
            raise SystemExit(f"kubectl exited {ran.returncode}: {ran.stderr[-500:]}")

    def apply(self, file: pathlib.Path) -> None:
        """Server-side apply of a file."""
        self.run("apply", "--server-side", "-f", str(file))


def _certificate(cluster: Mapping[str, Any]) -> str:
    data = cluster.get("certificate-authority-data")
    return base64.b64decode(data).decode() if data else pathlib.Path(cluster["certificate-authority"]).read_text()

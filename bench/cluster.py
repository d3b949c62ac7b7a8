"""Pools written to and compared with a real API server: spidercli beside kubectl and bare urllib3.

python -m bench.cluster --pools 2000            without webhooks
python -m bench.cluster --pools 500 --webhooks  with spiderpool-controller, whose webhook lists all pools on a create
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import pathlib
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence

import urllib3
import yaml

from bench import fleet
from bench.measuring import Taken, stopwatch, table
from spidercli import applying, kinds, yamltext
from spidercli.applying import Waiting
from spidercli.gateways.cluster import connection
from spidercli.gateways.cluster.client import KubernetesCluster
from spidercli.model import Manifest
from spidercli.planning.pools import plan_pools
from spidercli.progress import Silent
from tests.e2e.controlplane import binaries
from tests.e2e.controlplane.plane import BareControlPlane, ControlPlane

_THREADS = 16
_SSA = "application/apply-patch+yaml"


class Bare:
    """A client that does nothing but send: the physical limit for Python."""

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cadata=_certificate(cluster))
        self._server = cluster["server"]
        self._headers = {"Authorization": f"Bearer {user['token']}", "Accept": "application/json"}
        self._pool = urllib3.PoolManager(maxsize=_THREADS, ssl_context=context, retries=False)

    def apply(self, manifests: Sequence[Manifest]) -> None:
        """Server-side apply of everything, in 16 threads."""
        with concurrent.futures.ThreadPoolExecutor(_THREADS) as threads:
            for status in threads.map(self._apply, manifests):
                if status not in (200, 201):
                    raise SystemExit(f"bare client: HTTP {status}")

    def list(self) -> list[Manifest]:
        """One LIST in one page, parsed."""
        return list(json.loads(self._request("GET", kinds.IP_POOL.collection).data)["items"])

    def delete_all(self) -> None:
        """Delete every pool."""
        names = [kinds.name(manifest) for manifest in self.list()]
        with concurrent.futures.ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(lambda name: self._request("DELETE", kinds.IP_POOL.path(name, None)), names))
        while self.list():
            pass

    def _apply(self, manifest: Manifest) -> int:
        path = f"{kinds.IP_POOL.path(kinds.name(manifest), None)}?fieldManager=bare&force=true"
        return self._request("PATCH", path, json.dumps(manifest).encode()).status

    def _request(self, method: str, path: str, body: bytes | None = None) -> urllib3.BaseHTTPResponse:
        headers = {**self._headers, "Content-Type": _SSA} if body else self._headers
        return self._pool.request(method, self._server + path, body=body, headers=headers)


class Ours:
    """spidercli's own way, without its command line."""

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        self.cluster = KubernetesCluster(
            connection.connect(kubeconfig=kubeconfig, environ=os.environ, threads=_THREADS)
        )

    def sync(self, manifests: Sequence[Manifest]) -> int:
        """List, compare, and write what differs; returns how many writes there were."""
        plan = plan_pools(manifests, self.cluster.list(kinds.IP_POOL))
        writes = len(list(plan.writes))
        report = applying.apply(
            plan, self.cluster, threads=_THREADS, wait=Waiting(), progress=Silent(), stop=threading.Event()
        )
        report.raise_if_incomplete()
        return writes


def changed(manifests: Sequence[Manifest]) -> list[Manifest]:
    """The same pools with another gateway, so that every one has to be updated."""
    return [{**manifest, "spec": {**kinds.spec(manifest), "default": False}} for manifest in manifests]


def compare(kubeconfig: pathlib.Path, count: int) -> list[tuple[str, int, Taken]]:
    """Every case on the same server, one after the other, each client beginning with what it needs."""
    bare, ours = Bare(kubeconfig), Ours(kubeconfig)
    manifests, other = fleet.pools(count), changed(fleet.pools(count))
    with tempfile.TemporaryDirectory() as folder:
        first, second = pathlib.Path(folder, "first.yaml"), pathlib.Path(folder, "second.yaml")
        first.write_text(yamltext.dump_all(manifests))
        second.write_text(yamltext.dump_all(other))

        def kubectl(*arguments: str, expect: int = 0) -> Callable[[], object]:
            return lambda: _kubectl(kubeconfig, *arguments, expect=expect)

        apply_first, apply_second = (
            ("apply", "--server-side", "-f", str(first)),
            ("apply", "--server-side", "-f", str(second)),
        )
        cases: list[tuple[str, Callable[[], object]]] = [
            ("create: bare urllib3, 16 threads", lambda: bare.apply(manifests)),
            ("update: bare urllib3, 16 threads", lambda: bare.apply(other)),
            ("no-op: bare LIST + JSON", bare.list),
            ("", bare.delete_all),
            ("create: kubectl apply --server-side", kubectl(*apply_first)),
            ("update: kubectl apply --server-side", kubectl(*apply_second)),
            ("no-op: kubectl apply --server-side", kubectl(*apply_second)),
            ("no-op: kubectl diff", kubectl("diff", "--server-side", "-f", str(second))),
            ("", bare.delete_all),
            ("create: spidercli", lambda: ours.sync(manifests)),
            ("update: spidercli", lambda: ours.sync(other)),
            ("no-op: spidercli", lambda: _no_writes(ours, other)),
            ("", bare.delete_all),
        ]
        found = []
        for name, case in cases:
            with stopwatch() as taken:
                case()
            if name:
                found.append((name, count, taken))
                print(f"{name}: {taken.wall:.2f} s", flush=True)
    return found


def report(found: Sequence[tuple[str, int, Taken]]) -> str:
    """The table, with each case as a ratio to bare urllib3's same case."""
    limit = {name.partition(":")[0]: taken.wall for name, _, taken in found if ": bare" in name}
    rows = [
        (
            name,
            f"{taken.wall:.2f}",
            f"{taken.cpu:.2f}",
            f"{count / taken.wall:,.0f}",
            f"{limit[name.partition(':')[0]] / taken.wall:.2f}",
        )
        for name, count, taken in found
    ]
    return table(("case", "wall s", "client CPU s", "pools/s", "speed, bare = 1"), rows)


def _no_writes(ours: Ours, manifests: Sequence[Manifest]) -> None:
    writes = ours.sync(manifests)
    if writes:
        raise SystemExit(f"a run with nothing to do wrote {writes} times")


def _kubectl(kubeconfig: pathlib.Path, *arguments: str, expect: int) -> None:
    command = ["kubectl", "--kubeconfig", str(kubeconfig), *arguments]
    ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if ran.returncode != expect:
        raise SystemExit(f"kubectl exited {ran.returncode}: {ran.stderr[-500:]}")


def _certificate(cluster: dict[str, str]) -> str:
    import base64

    data = cluster.get("certificate-authority-data")
    return base64.b64decode(data).decode() if data else pathlib.Path(cluster["certificate-authority"]).read_text()


def main() -> None:
    """Start a control plane and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=2000)
    parser.add_argument("--webhooks", action="store_true")
    chosen = parser.parse_args()
    kind = ControlPlane if chosen.webhooks else BareControlPlane
    with kind(binaries.find(os.environ)) as plane:
        print(report(compare(plane.kubeconfig, chosen.pools)))


if __name__ == "__main__":
    main()

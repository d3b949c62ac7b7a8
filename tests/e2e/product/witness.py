"""What kubectl says of the cluster; it shares no code with the product."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from tests.e2e.controlplane.polling import eventually

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

_WRITTEN = "spiderippools,spidermultusconfigs,nodes,leases"
_OUR_LEASE = "spidercli"


@dataclasses.dataclass(frozen=True)
class Witness:
    """Answers of `kubectl get`; nodes that were there before the tests are left out."""

    kubectl: Kubectl
    strangers: frozenset[str] = frozenset()

    def get(self, *what: str) -> Any:
        """What `kubectl get WHAT` finds."""
        ran = self.kubectl("get", *what, "--output=json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def do(self, *arguments: str, manifest: str = "") -> None:
        """Change something, as an admin would."""
        ran = self.kubectl(*arguments, manifest=manifest)
        assert ran.returncode == 0, ran.stderr

    def hold(self, pool: str) -> None:
        """Let a pool be slow to go when it is deleted."""
        self._patch_finalizers(pool, op="add", path="/metadata/finalizers/-", value="example.com/slow")

    def let_go(self, pool: str) -> None:
        """Let a pool that was held go."""
        self._patch_finalizers(pool, op="remove", path="/metadata/finalizers")

    def _patch_finalizers(self, pool: str, **operation: str) -> None:
        self.do("patch", "spiderippool", pool, "--type=json", f"--patch={json.dumps([operation])}")

    def pools(self) -> dict[str, list[str]]:
        """The addresses of every pool."""
        return {pool["metadata"]["name"]: pool["spec"].get("ips", []) for pool in self.get("spiderippools")["items"]}

    def pool(self, name: str) -> Any:
        """One pool."""
        return self.get("spiderippool", name)

    def uids(self) -> dict[str, str]:
        """The uid of every pool: another one means that it was deleted and created again."""
        items = self.get("spiderippools")["items"]
        return {pool["metadata"]["name"]: pool["metadata"]["uid"] for pool in items}

    def allocations(self) -> dict[str, dict[str, str]]:
        """Which pod holds which address of which pool."""
        noted = {pool["metadata"]["name"]: _allocated(pool) for pool in self.get("spiderippools")["items"]}
        return {name: held for name, held in noted.items() if held}

    def provider_ids(self) -> dict[str, str | None]:
        """The providerID of every node."""
        found = {node["metadata"]["name"]: node["spec"].get("providerID") for node in self.get("nodes")["items"]}
        return {name: value for name, value in found.items() if name not in self.strangers}

    def versions(self) -> dict[str, str]:
        """The resourceVersion of whatever the product writes, once the controller has finished with it."""
        eventually(self._counted, "all addresses are counted")
        found = {}
        for item in self.get("--all-namespaces", _WRITTEN)["items"]:
            meta = item["metadata"]
            if item["kind"] != "Lease" or meta["name"] == _OUR_LEASE:
                found[f"{item['kind']} {meta['name']}"] = self._version(item)
        return {key: version for key, version in found.items() if version}

    def _version(self, item: Mapping[str, Any]) -> str:
        """Beside other nodes there are controllers that write to ours, too: what counts is the field that we write."""
        if item["kind"] != "Node" or not self.strangers:
            return str(item["metadata"]["resourceVersion"])
        return "" if item["metadata"]["name"] in self.strangers else f"providerID {item['spec'].get('providerID')}"

    def _counted(self) -> bool:
        return all("totalIPCount" in pool.get("status", {}) for pool in self.get("spiderippools")["items"])


def _allocated(pool: Mapping[str, Any]) -> dict[str, str]:
    noted = json.loads(pool.get("status", {}).get("allocatedIPs") or "{}")
    return {address: entry["pod"] for address, entry in noted.items()}

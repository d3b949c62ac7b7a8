"""The defaults of a Service that depend on its other fields (no webhook on a real server, but at the same place)."""

from __future__ import annotations

import zlib

from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.values import Object

_SERVICE_NETWORK = "10.96"


class ServiceDefaults:
    """Gives Services their cluster IP and ports their target."""

    name = "services"
    resource = "services"

    def mutate(self, manifest: Object) -> None:
        """Set what is missing. The cluster IP follows from the uid, so that it stays the same."""
        spec = manifest.setdefault("spec", {})
        if spec.get("type") == "ExternalName":
            return
        number = zlib.crc32(manifest["metadata"]["uid"].encode())
        address = f"{_SERVICE_NETWORK}.{number >> 8 & 255}.{1 + number % 254}"
        spec.setdefault("clusterIP", address)
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        spec.setdefault("internalTrafficPolicy", "Cluster")
        for port in spec.get("ports") or ():
            port.setdefault("targetPort", port["port"])

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Services are not refused."""

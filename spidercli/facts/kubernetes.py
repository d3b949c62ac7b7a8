"""Node manifests of Kubernetes as the few facts that we need of them."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from spidercli.config.texts import shown
from spidercli.errors import FactsInvalid
from spidercli.facts.exclusion import Exclusion
from spidercli.model import IPAddress, KubeNode

_HOSTNAME_LABEL = "kubernetes.io/hostname"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterNodes:
    """The nodes of a cluster."""

    ours: tuple[KubeNode, ...]
    left_out: tuple[str, ...]
    """Names of the nodes that are left alone; nothing else of them is read, so that nothing else can be wrong."""

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return frozenset({*self.left_out, *(node.name for node in self.ours)})


def cluster_nodes(manifests: Iterable[Mapping[str, object]], left_alone: Exclusion) -> ClusterNodes:
    """The nodes that v1 Node manifests describe.

    Raises:
        FactsInvalid: see `kube_node`.
    """
    ours, left_out = [], []
    for manifest in manifests:
        metadata = _mapping(manifest.get("metadata"))
        name = _text(metadata.get("name"))
        if left_alone.has(name, _mapping(metadata.get("labels"))):
            left_out.append(name)
        else:
            ours.append(kube_node(manifest))
    return ClusterNodes(ours=tuple(ours), left_out=tuple(left_out))


def kube_node(manifest: Mapping[str, object]) -> KubeNode:
    """The node that a v1 Node manifest describes; fields that are missing or of an odd type count as not set.

    Raises:
        FactsInvalid: the manifest has no name, or an InternalIP that is no address.
    """
    metadata = _mapping(manifest.get("metadata"))
    name = _text(metadata.get("name"))
    if not name:
        raise FactsInvalid("a node without metadata.name was listed")
    hostnames = [*_addresses(manifest, "Hostname"), _text(_mapping(metadata.get("labels")).get(_HOSTNAME_LABEL))]
    return KubeNode(
        name=name,
        uid=_text(metadata.get("uid")),
        provider_id=_text(_mapping(manifest.get("spec")).get("providerID")),
        internal_ips=tuple(_ip_address(name, text) for text in _addresses(manifest, "InternalIP")),
        hostname=next(filter(None, hostnames), ""),
        ready=_is_ready(manifest),
    )


def _addresses(manifest: Mapping[str, object], kind: str) -> Iterator[str]:
    for entry in _entries(manifest, "addresses", kind):
        yield _text(entry.get("address"))


def _is_ready(manifest: Mapping[str, object]) -> bool:
    return any(entry.get("status") == "True" for entry in _entries(manifest, "conditions", "Ready"))


def _entries(manifest: Mapping[str, object], key: str, kind: str) -> Iterator[Mapping[str, object]]:
    """The entries of one type in a list of the manifest's status."""
    entries = _mapping(manifest.get("status")).get(key)
    for entry in entries if isinstance(entries, list) else []:
        if _mapping(entry).get("type") == kind:
            yield _mapping(entry)


def _ip_address(node: str, text: str) -> IPAddress:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise FactsInvalid(f"node {shown(node)} has the InternalIP {shown(text)}, which is no IP address") from error


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

"""A Node manifest of Kubernetes as the few facts that we need of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from spidercli.config.texts import shown
from spidercli.errors import FactsInvalid
from spidercli.model import IPAddress, KubeNode

_HOSTNAME_LABEL = "kubernetes.io/hostname"


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
    )


def _addresses(manifest: Mapping[str, object], kind: str) -> Iterator[str]:
    entries = _mapping(manifest.get("status")).get("addresses")
    for entry in entries if isinstance(entries, list) else []:
        if _mapping(entry).get("type") == kind:
            yield _text(_mapping(entry).get("address"))


def _ip_address(node: str, text: str) -> IPAddress:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise FactsInvalid(f"node {shown(node)} has the InternalIP {shown(text)}, which is no IP address") from error


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

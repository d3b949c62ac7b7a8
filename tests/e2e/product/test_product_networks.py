"""Networks that others made: Spiderpool's controller would overwrite them, and only --adopt lets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.controlplane.polling import eventually
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Kubectl, Witness

_NAMESPACE = "--namespace=kube-system"
_NETWORK = ("network-attachment-definition", "ipvlan-eth1", _NAMESPACE)
_BY_HAND: dict[str, Any] = {
    "apiVersion": "k8s.cni.cncf.io/v1",
    "kind": "NetworkAttachmentDefinition",
    "metadata": {"name": "ipvlan-eth1", "namespace": "kube-system", "annotations": {"team": "payments"}},
    "spec": {"config": '{"cniVersion":"0.3.1","name":"ipvlan-eth1","type":"macvlan","master":"eth1"}'},
}


@pytest.fixture
def network_by_hand(witness: Witness, kubectl: Kubectl) -> Iterator[None]:
    """A network that has the name of a SpiderMultusConfig which is to be made."""
    witness.do("create", "-f", "-", manifest=json.dumps(_BY_HAND))
    yield
    kubectl("delete", "--ignore-not-found", *_NETWORK)


@pytest.mark.usefixtures("empty_plane", "network_by_hand")
def test_a_network_by_hand_is_overwritten_only_if_it_may_be(spidercli: Product, witness: Witness) -> None:
    """Without --adopt it stays as it is, and pools are for it; with it the controller replaces it."""

    def config() -> str:
        return str(witness.get(*_NETWORK)["spec"]["config"])

    left = spidercli("bootstrap", "--yes", "-o", "json")
    kept = witness.get(*_NETWORK)
    taken = spidercli("bootstrap", "--yes", "--adopt", "-o", "json")
    eventually(lambda: '"ipvlan"' in config(), "the network is Spiderpool's")

    assert (0, 0) == (left.code, taken.code), left.stderr + taken.stderr
    assert (["ipvlan-eth1"], []) == (left.lines("conflict"), left.lines("blocked"))
    assert {"master-192", "worker-192"} <= set(left.lines("create"))
    assert _BY_HAND["spec"] == kept["spec"]
    assert {"team": "payments"} == kept["metadata"]["annotations"]
    assert ["ipvlan-eth1"] == taken.lines("create")
    assert "--adopt, Spiderpool replaces configuration and annotations" in taken.reasons("create")


def test_what_adopting_drops_is_told(spidercli: Product, witness: Witness) -> None:
    """Every field that differs afterwards is in the reason, and what the webhook fills in again is not."""
    made = {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderMultusConfig",
        "metadata": {"name": "ipvlan-eth1", "namespace": "kube-system"},
        "spec": {
            "cniType": "ipvlan",
            "ipvlan": {"master": ["eth1"], "vlanID": 100, "ippools": {"ipv4": ["special-*"]}},
            "coordinator": {"mode": "underlay", "tunePodRoutes": False, "podDefaultRouteNIC": "net1"},
        },
    }
    witness.do("create", "-f", "-", manifest=json.dumps(made))
    before = witness.get("spidermultusconfig", "ipvlan-eth1", _NAMESPACE)["spec"]
    ran = spidercli("multus", "sync", "--adopt", "--yes", "-o", "json")
    after = witness.get("spidermultusconfig", "ipvlan-eth1", _NAMESPACE)["spec"]

    told = next(change["reason"] for change in ran.data["changes"] if change["name"] == "ipvlan-eth1")
    assert 0 == ran.code, ran.stderr
    assert _changed(before, after) == {part.split(":")[0].split()[0] for part in told.partition(": ")[2].split("; ")}


def _changed(before: Any, after: Any, path: str = "spec") -> set[str]:
    """The fields of a live object that are other ones by now, down to the innermost."""
    if isinstance(before, dict):
        below = after if isinstance(after, dict) else {}
        return {field for key, value in before.items() for field in _changed(value, below.get(key), f"{path}.{key}")}
    return set() if before == after else {path}

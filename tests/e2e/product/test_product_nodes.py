"""providerIDs: the API server lets them be set once, and never again."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

from spidercli.sandbox.scenarios import cluster as scenes
from spidercli.sandbox.scenarios import guide
from tests.e2e.product.between import Between, Write
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_MASTER, _WORKER = f"cn-hangzhou.{guide.MASTER}", f"cn-hangzhou.{guide.WORKER}"


def set_provider_id(witness: Witness, node: str, value: str) -> None:
    """Set it by hand."""
    witness.do("patch", "node", node, f"--patch={json.dumps({'spec': {'providerID': value}})}")


def test_set_ones_are_kept(spidercli: Product, witness: Witness) -> None:
    """One that leads to the right instance is fine, in the long form of the Cloud Controller Manager too."""
    set_provider_id(witness, "master", f"alicloud://{_MASTER}")

    ran = spidercli("nodes", "provider-id", "--yes")

    assert "1 of 1 changes made, 1 unchanged\n" == ran.stdout
    assert {"master": f"alicloud://{_MASTER}", "worker": _WORKER} == witness.provider_ids()


def test_contradiction_is_an_error(spidercli: Product, witness: Witness) -> None:
    """A providerID of one instance on a node with the address of another: nothing is written, both are named."""
    set_provider_id(witness, "master", _WORKER)

    ran = spidercli("nodes", "provider-id", "--yes")

    assert 1 == ran.code
    assert guide.MASTER in ran.stderr
    assert guide.WORKER in ran.stderr
    assert {"master": _WORKER, "worker": None} == witness.provider_ids()


def test_somebody_sets_it_meanwhile(spidercli: Product, witness: Witness, between: Between, way: str) -> None:
    """The API server refuses a second value; the other node gets its own all the same."""

    def be_quicker(write: Write) -> None:
        if write.path.endswith("/nodes/master"):
            set_provider_id(witness, "master", "cn-hangzhou.i-other")

    between.before = be_quicker
    ran = spidercli("nodes", "provider-id", "--yes", "--kubeconfig", way)

    assert 1 == ran.code
    assert "Node master" in ran.stdout
    assert "spec.providerID" in ran.stdout
    assert {"master": "cn-hangzhou.i-other", "worker": _WORKER} == witness.provider_ids()


def test_node_made_anew_meanwhile(
    spidercli: Product, witness: Witness, cluster: Any, between: Between, way: str
) -> None:
    """A providerID is meant for the node that was read, and not for another one of the same name."""

    def replace_node(write: Write) -> None:
        if write.path.endswith("/nodes/master"):
            witness.do("delete", "node", "master")
            cluster.seed([scenes.node("master", IPv4Address("172.31.199.183"))])

    between.before = replace_node
    ran = spidercli("nodes", "provider-id", "--yes", "--kubeconfig", way)
    again = spidercli("nodes", "provider-id", "--yes")

    assert 1 == ran.code
    assert "Node master: changed meanwhile, run again" in ran.stdout
    assert 0 == again.code
    assert {"master": _MASTER, "worker": _WORKER} == witness.provider_ids()


def test_node_gone_meanwhile(spidercli: Product, witness: Witness, between: Between, way: str) -> None:
    """A node that was deleted is not created by its patch."""

    def delete_node(write: Write) -> None:
        if write.path.endswith("/nodes/master"):
            witness.do("delete", "node", "master")

    between.before = delete_node
    ran = spidercli("nodes", "provider-id", "--yes", "--kubeconfig", way)

    assert 1 == ran.code
    assert {"worker": _WORKER} == witness.provider_ids()

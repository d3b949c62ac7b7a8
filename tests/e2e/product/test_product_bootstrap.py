"""`bootstrap` against a real API server with Spiderpool's webhooks: from nothing to the guide's result."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import yaml

from tests.e2e.controlplane.polling import eventually
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_GOLDEN = pathlib.Path(__file__).parents[2] / "golden" / "en"
_NETWORK = ("network-attachment-definitions", "ipvlan-eth0", "--namespace=kube-system")
_MULTUS = ("spidermultusconfig", "--namespace=kube-system")


def guides(file: str) -> dict[str, Any]:
    """The specs of the guide's objects of one file, by name."""
    documents = yaml.safe_load_all((_GOLDEN / file).read_text(encoding="utf-8"))
    return {document["metadata"]["name"]: document["spec"] for document in documents}


def completed(wanted: Any, live: Any) -> Any:
    """What is wanted, with what webhooks and defaults added to it."""
    if not isinstance(wanted, dict) or not isinstance(live, dict):
        return wanted
    return {**live, **{key: completed(value, live.get(key)) for key, value in wanted.items()}}


def test_guides_pools_are_made(installed: Product, witness: Witness) -> None:
    """After one bootstrap every pool is as the guide has it typed by hand."""
    live = {pool["metadata"]["name"]: pool["spec"] for pool in witness.get("spiderippools")["items"]}

    assert guides("pools.yaml").keys() == live.keys()
    assert completed(guides("pools.yaml"), live) == live


def test_placeholder_is_taken_over(spidercli: Product, witness: Witness) -> None:
    """The empty config of Spiderpool's init job becomes the guide's ipvlan-eth0, and is not made anew."""
    before = witness.get(*_MULTUS, "ipvlan-eth0")
    assert "custom" == before["spec"]["cniType"]

    ran = spidercli("bootstrap", "--yes")

    live = witness.get(*_MULTUS, "ipvlan-eth0")
    assert 0 == ran.code, ran.stderr
    assert completed(guides("multus.yaml")["ipvlan-eth0"], live["spec"]) == live["spec"]
    assert "customCNI" not in live["spec"]
    assert before["metadata"]["uid"] == live["metadata"]["uid"]


def test_networks_follow(installed: Product, witness: Witness) -> None:
    """The controller turns the taken over config into a network on eth0."""

    def plugins() -> list[str]:
        config = json.loads(witness.get(*_NETWORK)["spec"].get("config") or "{}")
        return [plugin["type"] for plugin in config.get("plugins", ())]

    eventually(lambda: "ipvlan" in plugins(), "the network is on ipvlan")

    assert ["ipvlan", "coordinator"] == plugins()


def test_provider_ids_are_set(installed: Product, witness: Witness) -> None:
    """Nodes that had none get the one that the Cloud Controller Manager looks for."""
    expected = {"master": "cn-hangzhou.i-bp1d8cnq4vw6t0yr3e5s", "worker": "cn-hangzhou.i-bp17345hor9k2m4x8w1z"}

    assert expected == witness.provider_ids()


def test_second_run_writes_nothing(installed: Product, witness: Witness) -> None:
    """Nothing to do means no write at all: no resourceVersion moves, not even a Lease's."""
    before = witness.versions()

    ran = installed("bootstrap", "--yes")

    assert 0 == ran.code
    assert "nothing to do: 8 unchanged\n" == ran.stdout
    assert before == witness.versions()


def test_dry_run_writes_nothing(spidercli: Product, witness: Witness) -> None:
    """The plan is shown, and the cluster is as before."""
    before = witness.versions()

    ran = spidercli("bootstrap", "--dry-run", "--detailed-exitcode", "-o", "json")

    assert 2 == ran.code
    assert {"create": 5, "update": 3} == {key: count for key, count in ran.data["summary"].items() if count}
    assert before == witness.versions()


def test_edited_multus_config_is_mended(installed: Product, witness: Witness) -> None:
    """A master and a coordinator that somebody changed are set back, in one write."""
    edited = '{"spec":{"ipvlan":{"master":["eth5"]},"enableCoordinator":false}}'
    witness.do("patch", *_MULTUS, "ipvlan-eth1", "--type=merge", f"--patch={edited}")

    ran = installed("multus", "sync", "--yes")

    live = witness.get(*_MULTUS, "ipvlan-eth1")["spec"]
    assert "1 of 1 changes made, 1 unchanged\n" == ran.stdout
    assert (["eth1"], True) == (live["ipvlan"]["master"], live["enableCoordinator"])


def test_handmade_guide_is_adopted(spidercli: Product, witness: Witness) -> None:
    """Objects made by hand from the guide's YAML are conflicts first, and ours after --adopt, never made anew."""
    replaced = '{"spec":{"customCNI":null,"cniType":"ipvlan","enableCoordinator":true,"ipvlan":{"master":["eth0"]}}}'
    witness.do("patch", *_MULTUS, "ipvlan-eth0", "--type=merge", f"--patch={replaced}")
    for file in ("multus.yaml", "pools.yaml"):
        witness.do("apply", "--filename=-", manifest=(_GOLDEN / file).read_text(encoding="utf-8"))
    before = witness.uids()

    refused = spidercli("bootstrap", "--yes", "-o", "json")
    adopted = spidercli("bootstrap", "--adopt", "--yes")
    again = spidercli("bootstrap", "--yes")

    assert 6 == refused.data["summary"]["conflict"]
    assert 0 == adopted.code, adopted.stderr
    assert before == witness.uids()
    assert "nothing to do: 8 unchanged\n" == again.stdout

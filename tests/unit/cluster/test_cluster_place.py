"""What a cluster is called where somebody is asked about it."""

from __future__ import annotations

import types
from typing import Any

import pytest

from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.retrying import Patience


@pytest.mark.parametrize(
    ("context", "place"),
    [("prod", "prod (k8s.example:6443)"), (None, "this pod's cluster (k8s.example:6443)")],
    ids=["kubeconfig", "pod"],
)
def test_place(context: str | None, place: str) -> None:
    """The context's name, or that it is the cluster of this pod, and the server."""
    wire: Any = types.SimpleNamespace(host="k8s.example:6443")

    assert Api(wire, Patience(), context=context).place == place

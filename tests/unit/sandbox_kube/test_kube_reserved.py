"""Spiderpool's rules for SpiderReservedIPs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest

from spidercli.sandbox.kube.api import KubeApi

Call = Callable[..., Any]
_BASE = "/apis/spiderpool.spidernet.io/v2beta1/spiderreservedips"


def _reserved(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderReservedIP",
        "metadata": {"name": "a", **metadata},
        "spec": spec,
    }


@pytest.mark.parametrize(
    ("ips", "stored"),
    [
        (["10.0.0.2", "10.0.0.1"], {"ipVersion": 4, "ips": ["10.0.0.1-10.0.0.2"]}),
        (["2001:db8::1"], {"ipVersion": 6, "ips": ["2001:db8::1"]}),
        (["10.0.0.1-10.0.0.1"], {"ipVersion": 4, "ips": ["10.0.0.1-10.0.0.1"]}),
    ],
)
def test_completed(call: Call, ips: list[str], stored: dict[str, Any]) -> None:
    """The webhook derives the IP version and merges several ranges."""
    assert stored == call("POST", _BASE, _reserved({"ips": ips})).body["spec"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec.ipVersion"),
        ({"ips": []}, "spec.ipVersion"),
        ({"ips": ["x"]}, "spec.ipVersion"),
        ({"ips": ["10.0.0.9-10.0.0.1"]}, "spec.ipVersion"),
        ({"ips": ["10.0.0.1", "2001:db8::1"]}, "spec.ips[1]"),
        ({"ips": ["10.0.0.1"], "ipVersion": 6}, "spec.ips[0]"),
    ],
)
def test_bad(call: Call, spec: dict[str, Any], field: str) -> None:
    """Addresses of one family are wanted, and the field is named."""
    answer = call("POST", _BASE, _reserved(spec))

    assert (HTTPStatus.UNPROCESSABLE_ENTITY, [field]) == (
        answer.status,
        [cause["field"] for cause in answer.body["details"]["causes"]],
    )


def test_family_stays(call: Call) -> None:
    """The IP version does not change."""
    call("POST", _BASE, _reserved({"ips": ["10.0.0.1"]}))
    patch = {"spec": {"ipVersion": 6, "ips": ["2001:db8::1"]}}

    answer = call("PATCH", f"{_BASE}/a", patch, kind="application/merge-patch+json")

    assert "spec.ipVersion: Forbidden: is not changeable" in answer.body["message"]


def test_terminating(kube: KubeApi, call: Call) -> None:
    """What is being deleted is not changed any more."""
    kube.seed(_reserved({"ips": ["10.0.0.1"], "ipVersion": 4}, finalizers=["example.com/wait"]))
    call("DELETE", f"{_BASE}/a")

    answer = call("PATCH", f"{_BASE}/a", {"spec": {"ips": []}}, kind="application/merge-patch+json")

    assert HTTPStatus.FORBIDDEN == answer.status
    assert answer.body["message"].endswith("forbidden: cannot update a terminating ReservedIP")

"""What is sent for each write, without sending it."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import ClusterUnreachable
from spidercli.gateways.cluster import wire
from spidercli.gateways.cluster.wire import Answer, Request
from spidercli.model import Manifest
from spidercli.planning.plan import Phase, Verb, Write

POOL: Manifest = {"apiVersion": kinds.SPIDERPOOL, "kind": "SpiderIPPool", "metadata": {"name": "p"}}
POOLS = "/apis/spiderpool.spidernet.io/v2beta1/spiderippools"


def write(verb: Verb, **changes: Any) -> Write:
    usual: dict[str, Any] = {"phase": Phase.GROW, "kind": kinds.IP_POOL, "name": "p", "namespace": None, "body": POOL}
    return Write(verb=verb, **{**usual, **changes})


def test_an_apply_is_forced_and_ours() -> None:
    """A server-side apply takes fields over, in our name."""
    assert Request(
        method="PATCH",
        path=f"{POOLS}/p",
        purpose="apply SpiderIPPool p",
        query=(("fieldManager", "spidercli"), ("force", "true")),
        body=POOL,
        content_type="application/apply-patch+yaml",
        resend_on_conflict=True,
    ) == wire.of_write(write(Verb.APPLY))


def test_a_replace_is_a_put() -> None:
    """A replace sends the whole object, and a conflict is not its own making."""
    request = wire.of_write(write(Verb.REPLACE))

    assert ("PUT", f"{POOLS}/p", False) == (request.method, request.path, request.resend_on_conflict)


def test_a_patch_is_strategic() -> None:
    """A node's patch is a strategic merge, which never creates a node."""
    request = wire.of_write(write(Verb.STRATEGIC_PATCH, kind=kinds.NODE, name="n"))

    assert ("PATCH", "/api/v1/nodes/n", "application/strategic-merge-patch+json") == (
        request.method,
        request.path,
        request.content_type,
    )


def test_a_delete_has_preconditions() -> None:
    """Only the object that was read may go."""
    request = wire.of_write(write(Verb.DELETE, body=None, uid="u", resource_version="7"))

    assert {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "u", "resourceVersion": "7"}} == (
        request.body
    )


@pytest.mark.parametrize("verb", [Verb.APPLY, Verb.STRATEGIC_PATCH])
def test_a_versioned_body_is_not_sent_again_after_a_conflict(verb: Verb) -> None:
    """With a resourceVersion in it, the same request would be refused for ever."""
    body: Manifest = {"metadata": {"name": "p", "resourceVersion": "7"}}

    assert not wire.of_write(write(verb, body=body)).resend_on_conflict


@pytest.mark.parametrize(
    ("kind", "namespace", "expected"),
    [
        (kinds.IP_POOL, None, POOLS),
        (kinds.NODE, None, "/api/v1/nodes"),
        (kinds.CONFIG_MAP, "ns", "/api/v1/namespaces/ns/configmaps"),
        (kinds.CONFIG_MAP, None, "/api/v1/configmaps"),
    ],
    ids=["custom", "core", "in-a-namespace", "in-all-namespaces"],
)
def test_a_listing_has_its_path(kind: kinds.Kind, namespace: str | None, expected: str) -> None:
    """A kind is listed in one namespace or in all."""
    request = wire.page(kind, namespace, limit=5, continue_from="t/k")

    assert (expected, (("limit", "5"), ("continue", "t/k"))) == (request.path, request.query)


def test_a_name_stays_inside_its_path() -> None:
    """A hostile name can't reach another resource."""
    assert f"{POOLS}/..%2Fx%3Fy" == wire.read(kinds.IP_POOL, "../x?y", None).path


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""], ids=["html", "list", "nothing"])
def test_a_stranger_is_no_api_server(body: bytes) -> None:
    """A login page with status 200 is not taken for an answer."""
    with pytest.raises(ClusterUnreachable, match="not from a Kubernetes API server"):
        Answer(status=200, body=body).document()


def test_warnings_are_unquoted() -> None:
    """Several warnings may share a header, and quotes in them are escaped."""
    assert ('say "a"', "b") == wire.warnings(['299 - "say \\"a\\"", 299 - "b"'])

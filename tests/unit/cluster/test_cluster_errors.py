"""Refusals become our errors."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli import kinds
from spidercli.errors import (
    AddressInUse,
    ClusterError,
    ClusterForbidden,
    ClusterUnauthorized,
    ClusterUnreachable,
    KindMissing,
    WriteConflict,
    WriteRefused,
)
from spidercli.gateways.cluster import errors
from spidercli.gateways.cluster.wire import Answer, Request

REQUEST = Request(method="PATCH", path="/x", purpose="apply SpiderIPPool p")
WEBHOOK = 'admission webhook "spiderippool.spiderpool.spidernet.io" denied the request: '
INVALID = 'SpiderIPPool.spiderpool.spidernet.io "p" is invalid: '
IN_USE = "spec.ips: Forbidden: remove an IP address 10.0.0.1 that is being used by Pod ns/web-0, total IP addresses"


def cause(field: str, message: str, reason: str = "FieldValueInvalid") -> dict[str, str]:
    return {"field": field, "message": message, "reason": reason}


def error_of(answer: Answer) -> ClusterError:
    return errors.refusal(answer, REQUEST, "api.test:6443")


@pytest.mark.parametrize(
    ("refusal", "expected", "text"),
    [
        ((401, "Unauthorized"), ClusterUnauthorized, "does not accept the kubeconfig's credentials"),
        (
            (403, 'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group ""'),
            ClusterUnauthorized,
            "does not accept the kubeconfig's credentials",
        ),
        (
            (
                403,
                (
                    'x is forbidden: User "ci" cannot patch resource "spiderippools" in API group '
                    '"spiderpool.spidernet.io" at the cluster scope'
                ),
            ),
            ClusterForbidden,
            "user ci may not patch spiderippools.spiderpool.spidernet.io",
        ),
        (
            (
                403,
                (
                    'x is forbidden: User "ci" cannot get resource "leases" in API group "coordination.k8s.io" '
                    'in the namespace "kube-system"'
                ),
            ),
            ClusterForbidden,
            "user ci may not get leases.coordination.k8s.io in namespace kube-system",
        ),
        (
            (403, f"{WEBHOOK}overlap with IPPool q in IP ranges [10.0.0.1]"),
            WriteRefused,
            "can't apply SpiderIPPool p: overlap with IPPool q in IP ranges [10.0.0.1]",
        ),
        ((403, "exceeded quota"), WriteRefused, "can't apply SpiderIPPool p: exceeded quota"),
        (
            (403, f"{WEBHOOK}{INVALID}{IN_USE}"),
            AddressInUse,
            "can't apply SpiderIPPool p: pod ns/web-0 holds 10.0.0.1",
        ),
        (
            (403, f"{WEBHOOK}cannot delete an IPPool with allocated IPs(2)"),
            AddressInUse,
            "can't apply SpiderIPPool p: pods hold addresses of it",
        ),
        (
            (409, "the object has been modified; please apply your changes to the latest version"),
            WriteConflict,
            "can't apply SpiderIPPool p: it was changed since it was read",
        ),
        (
            (500, "failed to create typed patch object (/p): .spec.bogus: field not declared in schema"),
            WriteRefused,
            ".spec.bogus: field not declared in schema",
        ),
        (
            (500, 'Internal error occurred: failed calling webhook "x": connection refused'),
            ClusterUnreachable,
            "Spiderpool's webhook does not answer",
        ),
        ((503, "apiserver is shutting down"), ClusterUnreachable, "api.test:6443 answers 503: apiserver is shutting"),
        ((429, ""), ClusterUnreachable, "can't apply SpiderIPPool p: api.test:6443 answers 429"),
        ((404, "404 page not found"), KindMissing, "the cluster does not serve this kind"),
        ((400, "metadata.managedFields must be nil"), WriteRefused, "metadata.managedFields must be nil"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_a_refusal_has_its_class_and_says_why(
    status: Any, refusal: tuple[int, str], expected: type[ClusterError], text: str
) -> None:
    """Status and message decide which of our errors it is; it names the object or the right."""
    error = error_of(status(*refusal))

    assert expected is type(error)
    assert text in error.message


def test_a_webhook_that_is_down_is_looked_for_where_it_runs(status: Any) -> None:
    """The API server could not reach it: that says nothing about our own connection."""
    error = error_of(status(500, 'failed calling webhook "x": dial tcp 10.96.0.57:5722: connect: connection refused'))

    assert isinstance(error, ClusterUnreachable)
    assert ("look at the Deployment, the Service and the pods of spiderpool-controller", "") == (
        error.hint,
        error.refused_at,
    )


def test_causes_are_listed(status: Any) -> None:
    """An invalid object is told field by field, and the preamble is left out."""
    causes = [cause("spec.ips", "bad"), cause("spec.gateway", "worse")]

    assert "can't apply SpiderIPPool p: spec.ips: bad; spec.gateway: worse" == (
        error_of(status(422, "long text", causes=causes)).message
    )


def test_many_causes_are_counted(status: Any) -> None:
    """Five causes are enough to start with."""
    causes = [cause(f"f{at}", "bad") for at in range(8)]

    assert error_of(status(422, causes=causes)).message.endswith("f4: bad; and 3 more")


def test_an_address_in_use_is_told_whatever_the_status(status: Any) -> None:
    """The webhook's refusal to take an address from a pod names both."""
    error = error_of(status(422, f"{WEBHOOK}{INVALID}{IN_USE}", causes=[cause("spec.ips", IN_USE)]))

    assert AddressInUse is type(error)
    assert "pod ns/web-0 holds 10.0.0.1" in error.message


def test_another_owner_is_named(status: Any) -> None:
    """A field manager conflict names owner and field, and is no reason to run again."""
    causes = [cause(".spec.ips", 'conflict with "kubectl"', "FieldManagerConflict")]

    error = error_of(status(409, "Apply failed with 1 conflict", causes=causes))

    assert (WriteRefused, 'can\'t apply SpiderIPPool p: .spec.ips: conflict with "kubectl"') == (
        type(error),
        error.message,
    )


def test_an_object_that_exists_by_now_is_a_conflict(status: Any) -> None:
    """Somebody was faster: reading again helps."""
    error = error_of(status(409, 'leases "x" already exists', reason="AlreadyExists"))

    assert (WriteConflict, "it exists by now") == (type(error), error.message.partition(": ")[2])


def test_another_object_of_that_name_is_a_conflict(status: Any) -> None:
    """A node that was made anew since it was read: the uid in its patch is told as a field that can't be changed."""
    error = error_of(status(422, "invalid", causes=[cause("metadata.uid", "field is immutable")]))

    assert (WriteConflict, "it is another object of that name by now") == (
        type(error),
        error.message.partition(": ")[2],
    )


def test_a_missing_namespace_is_named(status: Any) -> None:
    """A 404 for a namespace is not one for the kind."""
    error = error_of(status(404, 'namespaces "spiderpool" not found', kind="namespaces", name="spiderpool"))

    assert (WriteRefused, "namespace spiderpool does not exist") == (type(error), error.message.partition(": ")[2])


def test_an_object_that_went_is_a_conflict(status: Any) -> None:
    """A patch of a node that is gone: planning again helps."""
    error = error_of(status(404, 'nodes "n" not found', kind="nodes", name="n"))

    assert (WriteConflict, "it does not exist any more") == (type(error), error.message.partition(": ")[2])


def test_a_strange_body_is_never_shown() -> None:
    """What is not a Kubernetes Status may hold anything."""
    error = error_of(Answer(status=502, body=b"<html>token=secret</html>"))

    assert "can't apply SpiderIPPool p: api.test:6443 answers 502" == error.message


def test_a_long_message_is_cut(status: Any) -> None:
    """A message fits on a screen, and on one line."""
    error = error_of(status(400, "x\n" * 1000))

    assert len(error.message) < 450
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (kinds.IP_POOL, "Spiderpool is not installed: the cluster has no SpiderIPPool"),
        (kinds.LEASE, "the cluster does not serve Lease (coordination.k8s.io/v1)"),
    ],
    ids=["spiderpool", "other"],
)
def test_a_missing_kind_is_explained(kind: kinds.Kind, text: str) -> None:
    """Spiderpool's kinds are missing where Spiderpool is."""
    assert text == errors.kind_missing(kind).message

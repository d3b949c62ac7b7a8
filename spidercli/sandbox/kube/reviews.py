"""Questions about access: what `kubectl auth can-i` and `kubectl auth whoami` post."""

from __future__ import annotations

from spidercli.sandbox.faults import Faults, Kind
from spidercli.sandbox.kube import decoding
from spidercli.sandbox.kube.refusals import Call
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.values import Object, dig

_ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def answer(request: Request, faults: Faults) -> Object | None:
    """The answer to a review; None if the request is none.

    Raises:
        ApiError: the body can't be read.
    """
    if request.path == _WHO:
        return _review(request, {"userInfo": {"username": "sandbox", "groups": ["system:masters"]}})
    if request.path == _ACCESS:
        return _access(request, faults)
    return None


def _review(request: Request, status: Object) -> Object:
    content_type = decoding.body_type(request.content_type, decoding.OBJECTS)
    return {**decoding.decode_options(request.body, content_type), "status": status}


def _access(request: Request, faults: Faults) -> Object:
    review = _review(request, {})
    wanted = dig(review, "spec", "resourceAttributes") or {}
    call = Call(verb=wanted.get("verb", "*"), plural=wanted.get("resource", ""), group=wanted.get("group", ""))
    review["status"] = {"allowed": not any(fault.kind is Kind.FORBIDDEN for fault in faults.ahead(call.name))}
    return review

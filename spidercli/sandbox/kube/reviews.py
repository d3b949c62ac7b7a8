"""Questions about access: what `kubectl auth can-i` and `kubectl auth whoami` post."""

from __future__ import annotations

from spidercli.sandbox.kube import decoding
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.rules import Call, Rules
from spidercli.sandbox.kube.values import Object, dig

_ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def answer(request: Request, rules: Rules) -> Object | None:
    """The answer to a review; None if the request is none.

    Raises:
        ApiError: the body can't be read.
    """
    if request.path == _WHO:
        return _review(request, {"userInfo": {"username": "sandbox", "groups": ["system:masters"]}})
    if request.path == _ACCESS:
        return _access(request, rules)
    return None


def _review(request: Request, status: Object) -> Object:
    decoding.body_type(request.content_type, decoding.OBJECTS)
    return {**decoding.decode_options(request.body), "status": status}


def _access(request: Request, rules: Rules) -> Object:
    review = _review(request, {})
    wanted = dig(review, "spec", "resourceAttributes") or {}
    call = Call(verb=wanted.get("verb", "*"), plural=wanted.get("resource", ""), group=wanted.get("group", ""))
    review["status"] = {"allowed": rules.permits(call)}
    return review

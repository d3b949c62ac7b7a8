"""Reading an API's error answer, which has the same shape behind both SDKs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spidercli.gateways.alibaba.calls import Cause, Failure
from spidercli.gateways.alibaba.redaction import Redactor


def refusal(redactor: Redactor, status: int | None, retry_after: str | None, body: Mapping[str, Any]) -> Failure:
    """The failure that an API's error answer describes.

    The body is `{RequestId, HostId, Code, Message, Recommend, AccessDeniedDetail?}`; x-acs-retry-after is milliseconds.
    """
    denied = body.get("AccessDeniedDetail")
    principal = denied.get("AuthPrincipalDisplayName") if isinstance(denied, Mapping) else None
    return Failure(
        redactor.clean(str(body.get("Message") or "no explanation was given")),
        cause=Cause.API,
        code=redactor.clean(str(body.get("Code") or "")),
        status=status,
        request_id=str(body["RequestId"]) if body.get("RequestId") else None,
        retry_after=int(retry_after) / 1000 if retry_after and retry_after.isdecimal() else None,
        principal=redactor.clean(str(principal)) if principal else None,
    )

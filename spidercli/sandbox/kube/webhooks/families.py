"""The IP version of pools and reserved addresses, which their webhooks derive and an installation may switch off."""

from __future__ import annotations

from collections.abc import Iterator

from spidercli.model import Family
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import Spiderpool


def problems(version: int | None, settings: Spiderpool, hint: str) -> Iterator[Cause]:
    """What is wrong with spec.ipVersion; `hint` says why it could not be derived."""
    if version is None:
        yield Cause.invalid("spec.ipVersion", '"null"', f"is not generated correctly, {hint}")
    elif not (settings.enable_ipv4 if Family(version) is Family.IPV4 else settings.enable_ipv6):
        yield Cause.forbidden("spec.ipVersion", f"IPv{version} is disabled")

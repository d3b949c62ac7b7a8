"""The webhook of SpiderReservedIP (pkg/reservedipmanager)."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from http import HTTPStatus

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.spiderpool import GROUP, RESERVED_IPS, Spiderpool
from spidercli.sandbox.kube.values import Object
from spidercli.sandbox.kube.webhooks import families, ranges, structs

_HINT = "'spec.ips' is empty or 'spec.ips[0]' may be invalid"


class ReservedWebhook:
    """Completes reserved addresses, and checks that they are addresses of one family."""

    name = f"spiderreservedip.{GROUP}"
    resource = RESERVED_IPS

    def __init__(self, settings: Spiderpool) -> None:
        self._settings = settings

    def mutate(self, manifest: Object) -> None:
        """Derive ipVersion from the first range, and merge ranges; what can't be parsed is left to the review.

        Raises:
            ApiError: 400 for a value of a wrong type.
        """
        spec = structs.decode(manifest)
        if manifest["metadata"].get("deletionTimestamp") or "ips" not in spec:
            return
        if "ipVersion" not in spec and (version := _version_of(spec["ips"][0])):
            spec["ipVersion"] = version
        with contextlib.suppress(ValueError):
            if "ipVersion" in spec:
                spec["ips"] = ranges.merge_texts(spec["ipVersion"], spec["ips"])

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse reserved addresses.

        Raises:
            ApiError: 422 with the first cause, or 403 for a write to a terminating object.
        """
        if operation is Operation.DELETE:
            return
        if manifest["metadata"].get("deletionTimestamp"):
            message = "forbidden: cannot update a terminating ReservedIP"
            raise errors.ApiError(HTTPStatus.FORBIDDEN, "Forbidden", message)
        if found := list(itertools.islice(self._problems(manifest["spec"], live), 1)):
            raise errors.invalid_kind(GROUP, "SpiderReservedIP", manifest["metadata"]["name"], found)

    def _problems(self, spec: Object, live: Object | None) -> Iterator[Cause]:
        version, before = spec.get("ipVersion"), live and live["spec"].get("ipVersion")
        if version and before and version != before:
            yield Cause.forbidden("spec.ipVersion", "is not changeable")
        yield from families.problems(version, self._settings, _HINT)
        for index, text in enumerate(spec.get("ips") or ()):
            try:
                ranges.parse(spec["ipVersion"], text)
            except ValueError as problem:
                yield Cause.invalid(f"spec.ips[{index}]", f'"{text}"', str(problem))


def _version_of(text: str) -> int | None:
    for version in (4, 6):
        with contextlib.suppress(ValueError):
            ranges.parse(version, text)
            return version
    return None

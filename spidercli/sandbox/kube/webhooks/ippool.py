"""The webhook of SpiderIPPool (pkg/ippoolmanager: ippool_mutate.go, ippool_webhook.go; poolrules.py validates)."""

from __future__ import annotations

from http import HTTPStatus

from spidercli.sandbox.kube import errors
from spidercli.sandbox.kube.admission import Operation
from spidercli.sandbox.kube.spiderpool import FINALIZER, GROUP, POOLS, Spiderpool
from spidercli.sandbox.kube.values import Object, dig
from spidercli.sandbox.kube.webhooks import poolindex, pools, ranges, structs
from spidercli.sandbox.kube.webhooks.poolrules import PoolRules


class PoolWebhook:
    """Completes pools, and refuses those that contradict themselves or each other."""

    name = f"spiderippool.{GROUP}"
    resource = POOLS

    def __init__(self, settings: Spiderpool, index: poolindex.PoolIndex) -> None:
        self._settings = settings
        self._rules = PoolRules(settings, index)

    def mutate(self, manifest: Object) -> None:
        """Add finalizer, ipVersion and label, and merge ranges; what can't be parsed is left to the review.

        Raises:
            ApiError: 400 for a value of a wrong type.
        """
        spec = structs.decode(manifest)
        if manifest["metadata"].get("deletionTimestamp"):
            return
        _add_finalizer(manifest)
        try:
            _complete(manifest["metadata"], spec)
        except ValueError:
            return

    def review(self, operation: Operation, manifest: Object, live: Object | None) -> None:
        """Refuse a pool.

        Raises:
            ApiError: 422 with the causes, 409 for a create under the name of another pool, or 403 for a write to a
                terminating pool and a guarded deletion.
        """
        if operation is Operation.DELETE:
            self._review_deletion(manifest)
        elif manifest["metadata"].get("deletionTimestamp"):
            _review_terminating(manifest)
        elif found := self._rules.of_new(manifest) if live is None else self._rules.of_changed(manifest, live):
            raise errors.invalid_kind(GROUP, "SpiderIPPool", manifest["metadata"]["name"], found)

    def _review_deletion(self, manifest: Object) -> None:
        held = dig(manifest, "status", "allocatedIPCount") or 0
        if held and self._settings.guards_deletion:
            raise _forbidden(
                f'{POOLS} "{manifest["metadata"]["name"]}" is ', f"cannot delete an IPPool with allocated IPs({held})"
            )


def _add_finalizer(manifest: Object) -> None:
    finalizers = manifest["metadata"].setdefault("finalizers", [])
    if FINALIZER not in finalizers:
        finalizers.append(FINALIZER)


def _complete(metadata: Object, spec: Object) -> None:
    """Fill in what follows from the subnet; the first thing that can't be parsed, a ValueError, ends it."""
    version = spec.get("ipVersion") or ranges.version_of(spec["subnet"])
    spec["ipVersion"] = version
    ranges.network_of(version, spec["subnet"])
    metadata.setdefault("labels", {})[pools.CIDR_LABEL] = pools.cidr_label(spec["subnet"])
    for field in ("ips", "excludeIPs"):
        if field in spec:
            spec[field] = ranges.merge_texts(version, spec[field])


def _review_terminating(manifest: Object) -> None:
    if FINALIZER in (manifest["metadata"].get("finalizers") or ()):
        raise _forbidden("", "cannot update a terminating IPPool")


def _forbidden(what: str, why: str) -> errors.ApiError:
    return errors.ApiError(HTTPStatus.FORBIDDEN, "Forbidden", f"{what}forbidden: {why}")

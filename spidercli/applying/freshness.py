"""Whether a plan still fits the cluster: while somebody read it, another run may have written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spidercli import kinds
from spidercli.errors import PlanOutdated
from spidercli.model import Manifest
from spidercli.planning import wording
from spidercli.planning.manifests import slim
from spidercli.planning.plan import Change, Plan
from spidercli.ports import Cluster

# A server-side apply holds whatever the object has become, and creates it anew if it is gone. Writes to Nodes name the
# uid, and a providerID that is set stays.
_APPLIED = (kinds.MULTUS_CONFIG, kinds.IP_POOL)


def check_fresh(plan: Plan, cluster: Cluster) -> None:
    """Refuse a plan when what it writes to is not as it was when the plan was made; to be called under the Lease.

    Raises:
        PlanOutdated: something was changed, created or deleted meanwhile; the message names it.
        ClusterError: there was no answer, or a refusal.
    """
    changed = [name for kind in _APPLIED for name in _outdated(_written(plan, kind), kind, cluster)]
    if changed:
        raise PlanOutdated(
            f"{wording.first_few(changed)}: changed since the plan was made; nothing was written",
            hint="another run, or somebody by hand, was quicker; run again to plan anew",
        )


def _written(plan: Plan, kind: kinds.Kind) -> list[Change]:
    return [change for change in plan.changes if change.kind == kind and change.writes]


def _outdated(changes: Iterable[Change], kind: kinds.Kind, cluster: Cluster) -> Iterator[str]:
    expected = {(change.namespace, change.name): change for change in changes}
    if not expected:
        return
    live = {(kinds.namespace(manifest), kinds.name(manifest)): manifest for manifest in cluster.list(kind)}
    for key, change in expected.items():
        if change.before != _shown(live.get(key)):
            yield change.target


def _shown(manifest: Manifest | None) -> Manifest | None:
    return None if manifest is None else slim(manifest)

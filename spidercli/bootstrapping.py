"""The guide's steps: what each one checks, and what it would change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

from spidercli import kinds, views
from spidercli.errors import ConfigInvalid, UsageProblem
from spidercli.model import Family, Manifest
from spidercli.planning import ownership
from spidercli.planning.plan import NO_CHANGES, Change, Plan, join
from spidercli.session import Session

_SETTINGS = "spiderpool-conf"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """What the command line asks of the steps."""

    prune: bool
    adopt: bool
    max_delete: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checked:
    """What a step found."""

    summary: str
    plan: Plan = NO_CHANGES
    warnings: tuple[str, ...] = ()
    check: Callable[[], None] = lambda: None
    """Raises a SpiderError if the plan takes away more than is allowed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the guide. Its check is run before the act, and again after it to confirm.

    The check is told what the steps before it are going to write.
    """

    name: str
    check: Callable[[Session, Wish, Plan], Checked]


def choose(only: Sequence[str], skip: Sequence[str], start: str | None) -> list[Step]:
    """The steps to take, in the guide's order.

    Raises:
        UsageProblem: a name is none of a step, or nothing is left.
    """
    names = [step.name for step in STEPS]
    for name in (*only, *skip, *((start,) if start else ())):
        if name not in names:
            raise UsageProblem(f"{name!r} is not a step of bootstrap", hint=f"the steps are {', '.join(names)}")
    first = names.index(start) if start else 0
    chosen = [step for step in STEPS[first:] if (not only or step.name in only) and step.name not in skip]
    if not chosen:
        raise UsageProblem("no step is left to take", hint=f"the steps are {', '.join(names)}")
    return chosen


def check(steps: Iterable[Step], session: Session, wish: Wish) -> Iterator[Checked]:
    """Let one step after the other look at the cluster.

    Raises:
        SpiderError: one of them can't be taken.
    """
    earlier = NO_CHANGES
    for step in steps:
        checked = step.check(session, wish, earlier)
        earlier = join((earlier, checked.plan))
        yield checked


def changed_back(written: Plan, now: Plan) -> Change | None:
    """A change that would have to be made now to something that was written, and that is not as it was written.

    Args:
        written: a plan that was carried out.
        now: the plan that the cluster asks for afterwards.
    """
    bodies = {write.target: write.body for write in written.writes}
    again = (change for change in now.changes if change.writes and change.target in bodies)
    return next((change for change in again if not _is_as_written(bodies[change.target], change.before)), None)


def _is_as_written(body: Manifest | None, live: Mapping[str, object] | None) -> bool:
    """Whether an object has every value that was written to it; None is no object."""
    if body is None or live is None:
        return live is None
    return not any(item.desired or item.live for item in ownership.differences(body, dict(live)))


def _preflight(session: Session, _wish: Wish, _earlier: Plan) -> Checked:
    version = session.connections.cluster.version()
    _ = session.facts.multus_configs  # raises where Spiderpool is not installed
    warnings = _spiderpool_warnings(session)
    facts = session.facts.inventory
    count = f"{len(facts.nodes):,} node{'s' if len(facts.nodes) != 1 else ''}"
    return Checked(
        summary=f"Kubernetes {version}, {count} matched to instances in {facts.region_id}",
        warnings=tuple(warnings),
    )


def _spiderpool_warnings(session: Session) -> list[str]:
    values = _spiderpool_values(session)
    found = []
    if values.get("enableStatefulSet"):
        found.append(
            "Spiderpool's ipam.enableStatefulSet is on: a fixed address can't follow a pod to another instance"
        )
    wants_ipv6 = any(kinds.spec(pool).get("ipVersion") == Family.IPV6 for pool in session.objects.pools)
    if wants_ipv6 and not values.get("enableIPv6"):
        found.append("Spiderpool's ipam.enableIPv6 is off: it will refuse the IPv6 pools")
    return found


def _spiderpool_values(session: Session) -> Mapping[str, object]:
    """What Spiderpool's agents and controller read.

    Raises:
        ConfigInvalid: there is no such ConfigMap, so that every SpiderMultusConfig would land where nothing reads it.
        ClusterForbidden: it may not be read, so that nothing vouches for the namespace.
    """
    from spidercli import yamltext

    namespace = session.config.spiderpool.namespace
    config = session.connections.cluster.get(kinds.CONFIG_MAP, _SETTINGS, namespace)
    if config is None:
        raise ConfigInvalid(
            f"spiderpool.namespace: there is no ConfigMap {namespace}/{_SETTINGS}: is Spiderpool in another namespace?",
            hint="`helm list --all-namespaces` shows where it is; `--skip preflight` goes on without the check",
        )
    data = cast("dict[str, dict[str, str]]", config).get("data") or {}
    text = data.get("conf.yml", "")
    return cast("Mapping[str, object]", next(iter(yamltext.load_all(text)), None) or {})


def _multus(session: Session, wish: Wish, _: Plan) -> Checked:
    return _planned(session.plans.multus(adopt=wish.adopt))


def _pools(session: Session, wish: Wish, earlier: Plan) -> Checked:
    pools = session.plans.pools(prune=wish.prune, adopt=wish.adopt, earlier=earlier)
    return _planned(pools.plan, check=lambda: pools.check(wish.max_delete))


def _provider_id(session: Session, _: Wish, __: Plan) -> Checked:
    return _planned(session.plans.provider_ids())


def _planned(plan: Plan, check: Callable[[], None] = lambda: None) -> Checked:
    return Checked(summary=views.plan_summary(plan), plan=plan, check=check)


STEPS = (
    Step(name="preflight", check=_preflight),
    Step(name="multus", check=_multus),
    Step(name="pools", check=_pools),
    Step(name="provider-id", check=_provider_id),
)

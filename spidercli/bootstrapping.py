"""The guide's steps: what each one checks, and what it would change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import cast

from spidercli import kinds, views
from spidercli.errors import UsageProblem
from spidercli.model import Family
from spidercli.planning.plan import Plan
from spidercli.session import Session

_NOTHING = Plan(changes=())


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
    plan: Plan = _NOTHING
    warnings: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the guide. Its check is run before the act, and again after it to confirm."""

    name: str
    check: Callable[[Session, Wish], Checked]


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


def _preflight(session: Session, _: Wish) -> Checked:
    version = session.cluster.version()
    session.cluster.list(kinds.MULTUS_CONFIG)  # raises where Spiderpool is not installed
    namespace = session.config.spiderpool.namespace
    config = session.cluster.get(kinds.CONFIG_MAP, "spiderpool-conf", namespace)
    pools = session.pool_manifests
    wants_ipv6 = any(kinds.spec(pool).get("ipVersion") == Family.IPV6 for pool in pools)
    warnings = _spiderpool_warnings(config, namespace, wants_ipv6=wants_ipv6)
    nodes = session.inventory.nodes
    return Checked(
        summary=f"Kubernetes {version}, {len(nodes):,} node{'s' if len(nodes) != 1 else ''} matched to instances",
        warnings=tuple(warnings),
    )


def _spiderpool_warnings(config: object, namespace: str, *, wants_ipv6: bool) -> list[str]:
    if config is None:
        return [f"no ConfigMap {namespace}/spiderpool-conf: is Spiderpool in another namespace? (spiderpool.namespace)"]
    from spidercli import yamltext

    data = cast("dict[str, dict[str, str]]", config).get("data") or {}
    values = cast("dict[str, object]", next(iter(yamltext.load_all(data.get("conf.yml", ""))), None) or {})
    found = []
    if values.get("enableStatefulSet"):
        found.append(
            "Spiderpool's ipam.enableStatefulSet is on: a fixed address can't follow a pod to another instance"
        )
    if wants_ipv6 and not values.get("enableIPv6"):
        found.append("Spiderpool's ipam.enableIPv6 is off: it will refuse the IPv6 pools")
    return found


def _multus(session: Session, wish: Wish) -> Checked:
    return _planned(session.multus_plan(adopt=wish.adopt))


def _pools(session: Session, wish: Wish) -> Checked:
    pools = session.pool_plan(prune=wish.prune, adopt=wish.adopt)
    pools.check(wish.max_delete)
    return _planned(pools.plan)


def _provider_id(session: Session, _: Wish) -> Checked:
    return _planned(session.provider_id_plan())


def _planned(plan: Plan) -> Checked:
    return Checked(summary=views.plan_summary(plan), plan=plan)


STEPS = (
    Step(name="preflight", check=_preflight),
    Step(name="multus", check=_multus),
    Step(name="pools", check=_pools),
    Step(name="provider-id", check=_provider_id),
)

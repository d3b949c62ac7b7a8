"""The plan for SpiderMultusConfigs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import cast

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.planning import networks, ownership, replacing, wording
from spidercli.planning.manifests import slim
from spidercli.planning.plan import Action, Change, Phase, Plan, Verb, Write

_Key = tuple[str | None, str]


def missing(desired: Iterable[Manifest], live: Iterable[Manifest]) -> list[Manifest]:
    """The desired SpiderMultusConfigs that are to be created."""
    found = {_key(manifest) for manifest in live}
    return [manifest for manifest in desired if _key(manifest) not in found]


def plan_multus(
    desired: Iterable[Manifest],
    live: Iterable[Manifest],
    *,
    definitions: Iterable[Manifest] = (),
    adopt: bool = False,
) -> Plan:
    """Compare desired SpiderMultusConfigs with all live ones.

    A config of ours that nothing asks for any more is reported and left alone: nothing tells whether a pod still
    refers to the NetworkAttachmentDefinition that would go with it.

    Args:
        desired: rendered manifests.
        live: every SpiderMultusConfig of the cluster, with managedFields.
        definitions: the NetworkAttachmentDefinitions of those that are `missing`, where there are any: Spiderpool
            overwrites one that somebody made by hand, and every pod on it gets another network.
        adopt: whether configs and NetworkAttachmentDefinitions of a desired name that are not ours may be taken over.
    """
    hand_made = {_key(each) for each in definitions if networks.is_hand_made(each)}
    found = {_key(manifest): manifest for manifest in live}
    wanted = {_key(manifest): manifest for manifest in desired}
    changes: list[Change] = []
    for key in sorted(found.keys() | wanted.keys(), key=str):
        if key in wanted and key not in found:
            changes.append(_created(wanted[key], hand_made, adopt=adopt))
        elif key in wanted:
            changes.append(_line(wanted[key], found[key], adopt=adopt))
        elif kinds.is_ours(found[key]):
            changes.append(_superfluous(found[key], wanted.values()))
    return Plan(changes=tuple(changes))


def _superfluous(live: Manifest, wanted: Iterable[Manifest]) -> Change:
    others = [manifest for manifest in wanted if _masters(manifest) == _masters(live)]
    names = ", ".join("/".join(filter(None, _key(manifest))) for manifest in others)
    why = f"its NIC has {names} now" if others else "no node of the inventory has this NIC"
    return _change(Action.BLOCKED, live, reason=f"{why}; delete it by hand once no pod refers to it")


def _created(wanted: Manifest, hand_made: Collection[_Key], *, adopt: bool) -> Change:
    reason = "new"
    if (kinds.namespace(wanted), networks.definition_name(wanted)) in hand_made:
        what = "the NetworkAttachmentDefinition of its name, which no SpiderMultusConfig made"
        if not adopt:
            reason = f"Spiderpool would replace the configuration of {what}; --adopt lets it"
            return _change(Action.CONFLICT, wanted, reason=reason, after=wanted)
        reason = f"new; by --adopt, Spiderpool replaces configuration and annotations of {what}"
    return _change(
        Action.CREATE, wanted, reason=reason, detail=_masters(wanted), after=wanted, writes=(_apply(wanted),)
    )


def _line(wanted: Manifest, live: Manifest, *, adopt: bool) -> Change:
    if _is_placeholder(live):
        return _taken_over(wanted, live, "replaces the empty config that Spiderpool's installation left")
    if kinds.is_ours(live):
        return _updated(wanted, live)
    if adopt:
        lost = "; ".join(map(wording.loss, replacing.losses(live, wanted)))
        return _taken_over(wanted, live, f"taken over by --adopt: {lost}" if lost else "taken over by --adopt")
    reason = "exists and is not managed by spidercli; --adopt takes it over"
    return _change(Action.CONFLICT, wanted, reason=reason, before=slim(live), after=wanted)


def _updated(wanted: Manifest, live: Manifest) -> Change:
    drift = ownership.differences(wanted, live)
    if not drift:
        return _change(Action.UNCHANGED, wanted, before=live, after=wanted)
    reason = "; ".join(map(wording.drift, drift))
    return _change(Action.UPDATE, wanted, reason=reason, before=slim(live), after=wanted, writes=(_apply(wanted),))


def _taken_over(wanted: Manifest, live: Manifest, reason: str) -> Change:
    """Replace, then apply.

    An apply alone keeps fields that others own, `customCNI: ""` among them, and Spiderpool's webhook refuses that
    beside cniType ipvlan (spiderpool issue 2700). The apply afterwards makes the fields ours.
    """
    return _change(
        Action.UPDATE,
        wanted,
        reason=reason,
        detail=_masters(wanted),
        before=slim(live),
        after=wanted,
        writes=(_replace(wanted, live), _apply(wanted)),
    )


def _is_placeholder(manifest: Manifest) -> bool:
    """Whether it is the config that Spiderpool's init job makes from `multus.multusCNI.defaultCniCRName`."""
    spec = kinds.spec(manifest)
    return spec.get("cniType") == "custom" and not spec.get("customCNI")


def _replace(wanted: Manifest, live: Manifest) -> Write:
    meta = dict(kinds.metadata(live))
    meta.pop("managedFields", None)
    meta["labels"] = {**kinds.labels(live), **kinds.labels(wanted)}
    return _write(Verb.REPLACE, {**wanted, "metadata": meta})


def _apply(wanted: Manifest) -> Write:
    return _write(Verb.APPLY, wanted)


def _write(verb: Verb, body: Manifest) -> Write:
    return Write(
        phase=Phase.MULTUS,
        verb=verb,
        kind=kinds.MULTUS_CONFIG,
        name=kinds.name(body),
        namespace=kinds.namespace(body),
        body=body,
    )


def _change(
    action: Action,
    manifest: Manifest,
    *,
    reason: str = "",
    detail: str = "",
    before: Manifest | None = None,
    after: Manifest | None = None,
    writes: tuple[Write, ...] = (),
) -> Change:
    return Change(
        action=action,
        kind=kinds.MULTUS_CONFIG,
        name=kinds.name(manifest),
        namespace=kinds.namespace(manifest),
        reason=reason,
        detail=detail,
        before=before,
        after=after,
        writes=writes,
    )


def _masters(manifest: Manifest) -> str:
    ipvlan = cast("Mapping[str, list[str]]", kinds.spec(manifest).get("ipvlan") or {})
    return f"ipvlan on {', '.join(ipvlan.get('master', ()))}"


def _key(manifest: Manifest) -> _Key:
    return kinds.namespace(manifest), kinds.name(manifest)

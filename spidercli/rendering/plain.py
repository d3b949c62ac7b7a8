"""Objects as the guides have them: without what only spidercli adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from spidercli import kinds
from spidercli.model import Manifest

_OURS = {
    "labels": (kinds.MANAGED_BY,),
    "annotations": (kinds.ANNOTATION_INSTANCE, kinds.ANNOTATION_ENI, kinds.ANNOTATION_VSWITCH),
}


def plain(manifest: Manifest) -> Manifest:
    """A copy without our ownership label, our annotations and a pool's ipVersion; maps left empty go too."""
    stripped = {**manifest, "metadata": _metadata(kinds.metadata(manifest))}
    if manifest.get("kind") == kinds.IP_POOL.kind:
        stripped["spec"] = {key: value for key, value in kinds.spec(manifest).items() if key != "ipVersion"}
    return stripped


def _metadata(metadata: Mapping[str, object]) -> Manifest:
    kept = {key: _without(_OURS.get(key, ()), value) for key, value in metadata.items()}
    return {key: value for key, value in kept.items() if value != {}}


def _without(keys: Collection[str], value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {key: inner for key, inner in value.items() if key not in keys}

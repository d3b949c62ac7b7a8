"""Views of Kubernetes objects that more than one plan needs."""

from __future__ import annotations

from spidercli import kinds
from spidercli.model import Manifest


def slim(manifest: Manifest) -> Manifest:
    """An object without what the API server alone writes, for showing it beside its successor."""
    meta = kinds.metadata(manifest)
    shown = {
        key: meta[key] for key in ("name", "namespace", "labels", "annotations", "deletionTimestamp") if key in meta
    }
    return {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata": shown,
        "spec": manifest.get("spec"),
    }

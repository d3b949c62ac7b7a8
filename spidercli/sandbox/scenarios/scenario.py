"""What a scenario is."""

from __future__ import annotations

import dataclasses

from spidercli.model import Manifest
from spidercli.sandbox.cloud.world import World


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """A cloud, a cluster on it, and a configuration that fits them."""

    name: str
    world: World
    manifests: tuple[Manifest, ...]
    config_text: str  # a spidercli.yaml

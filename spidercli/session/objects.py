"""The objects that the inventory asks for, made from templates."""

from __future__ import annotations

import functools
import pathlib
from typing import TYPE_CHECKING

from spidercli.config.schema import Config
from spidercli.model import Manifest
from spidercli.planning import guards
from spidercli.session.facts import Facts
from spidercli.session.story import Story

if TYPE_CHECKING:
    from spidercli.rendering.renderer import Renderer


class Objects:
    """What should be in the cluster, whatever is there now."""

    def __init__(self, config: Config, facts: Facts, story: Story) -> None:
        self._config = config
        self._facts = facts
        self._story = story

    @functools.cached_property
    def renderer(self) -> Renderer:
        """The templates.

        Raises:
            SpiderError: the override folder can't be used.
        """
        from spidercli.rendering.renderer import Renderer

        templates = self._config.templates
        return Renderer(pathlib.Path(templates) if templates else None)

    @functools.cached_property
    def pools(self) -> list[Manifest]:
        """The SpiderIPPools.

        Raises:
            GuardTripped: the inventory is empty.
        """
        from spidercli import desired

        inventory = self._facts.inventory
        guards.check_not_empty(inventory)
        with self._story.busy("Rendering pools"):
            pools = desired.pools(inventory, self._config)
            for problem in desired.left_out(inventory, pools, self._config):
                self._story.output.warn(problem)
            return self.renderer.pools(pools)

    def multus_configs(self) -> list[Manifest]:
        """The SpiderMultusConfigs."""
        from spidercli import desired

        self._facts.warn_of_unknown_kinds()
        return [
            self.renderer.multus_config(item) for item in desired.multus_configs(self._facts.inventory, self._config)
        ]

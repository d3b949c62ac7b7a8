"""What an action of an API is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from spidercli.sandbox.cloud.errors import ApiError
from spidercli.sandbox.cloud.identity import AccessKey
from spidercli.sandbox.cloud.params import COMMON, Params
from spidercli.sandbox.cloud.world import World


@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """What a handler works on; the world is locked while it does."""

    world: World
    params: Params
    caller: AccessKey
    short: bool = False  # pages are to be shorter than asked for


Handler = Callable[[Context], dict[str, object]]
"""Answers a request with the fields of its response but the request id, or raises an ApiError."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operation:
    """An action and the parameters it understands.

    The cloud ignores a parameter it does not know; the sandbox refuses one that it does not implement, because
    an ignored filter would give a plausible and wrong answer.
    """

    handler: Handler
    parameters: frozenset[str]
    regional: bool = True  # RegionId is mandatory

    def __call__(self, context: Context) -> dict[str, object]:
        """Check what every action checks, then answer."""
        unknown = context.params.names() - self.parameters - COMMON
        if unknown:
            names = ", ".join(sorted(unknown))
            raise ApiError(400, "UnsupportedParameter", f"The sandbox does not implement the parameters: {names}.")
        if self.regional:
            self._check_region(context)
        return self.handler(context)

    @staticmethod
    def _check_region(context: Context) -> None:
        region_id = context.params.required("RegionId")
        if region_id != context.world.region_id:
            raise ApiError(404, "InvalidRegionId.NotFound", f'The specified RegionId "{region_id}" does not exist.')

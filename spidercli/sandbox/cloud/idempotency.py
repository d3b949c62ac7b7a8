"""ClientToken: the same request sent twice is done once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from spidercli.sandbox.cloud.errors import ApiError, invalid
from spidercli.sandbox.cloud.params import COMMON, Params

_LONGEST = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Done:
    """What a token was used for, and the answer it got."""

    request: Mapping[str, str]
    answer: dict[str, object]


class ClientTokens:
    """The tokens that were used, with their answers."""

    def __init__(self) -> None:
        self._done: dict[str, _Done] = {}

    def once(self, params: Params, act: Callable[[], dict[str, object]]) -> dict[str, object]:
        """Act, or give the first answer again where the token has been used for the same request.

        Only a success is remembered: after an error the same token may try again.

        Raises:
            ApiError: the token was used for another request, or is malformed.
        """
        token, request = params.text("ClientToken"), _identity(params)
        if not token:
            return act()
        if len(token) > _LONGEST or not token.isascii():
            raise invalid("ClientToken", f"it is longer than {_LONGEST} characters or not ASCII")
        if token not in self._done:
            self._done[token] = _Done(request=request, answer=act())
        if self._done[token].request != request:
            text = "The ClientToken was used for a request with other parameters."
            raise ApiError(400, "IdempotentParameterMismatch", text)
        return self._done[token].answer


def _identity(params: Params) -> dict[str, str]:
    changing = COMMON - {"Action", "RegionId"}
    return {name: value for name, value in params.items() if name not in changing}

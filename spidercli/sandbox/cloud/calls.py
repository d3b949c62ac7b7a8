"""A record of what was asked of the cloud, for tests that count calls."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping

GET_METADATA = "GetMetadata"
PUT_METADATA_TOKEN = "PutMetadataToken"  # noqa: S105 - the name of an action

_REMEMBERED = 20_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it was answered; never a key, a token or a signature."""

    action: str  # an API's action, or one of the two above
    params: Mapping[str, str]
    status: int  # 0 where it was neither carried out nor answered by the cloud
    code: str  # "" where it succeeded


def call_log() -> collections.deque[Call]:
    """An empty record that keeps the newest calls."""
    return collections.deque(maxlen=_REMEMBERED)

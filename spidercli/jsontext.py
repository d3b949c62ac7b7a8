"""JSON, read quickly."""

from __future__ import annotations

import json
from typing import Any

import pydantic_core


def loads(body: bytes) -> Any:
    """What `json.loads` says of a text, in two thirds of its time.

    The quick parser refuses some of what that one takes, for example half of an emoji: it is asked then.

    Raises:
        ValueError: this is no JSON.
        RecursionError: likewise, brackets in brackets in brackets.
    """
    try:
        return pydantic_core.from_json(body, cache_strings="keys")
    except ValueError:
        return json.loads(body)

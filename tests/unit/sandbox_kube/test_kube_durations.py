"""Ages in tables."""

from __future__ import annotations

import datetime as dt

import pytest

from spidercli.sandbox.kube import durations

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 31536000


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (16.9, "16s"),
        (119, "119s"),
        (2 * MINUTE, "2m"),
        (9 * MINUTE + 59, "9m59s"),
        (10 * MINUTE, "10m"),
        (179 * MINUTE, "179m"),
        (3 * HOUR, "3h"),
        (7 * HOUR + 59 * MINUTE, "7h59m"),
        (47 * HOUR, "47h"),
        (60 * HOUR, "2d12h"),
        (8 * DAY, "8d"),
        (729 * DAY, "729d"),
        (2 * YEAR + 5 * DAY, "2y5d"),
        (8 * YEAR + 5 * DAY, "8y"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    """Durations are shown as kubectl shows them."""
    assert shown == durations.human(seconds)


def test_age_of_the_unborn() -> None:
    """An object without a creation time has an unknown age."""
    assert "<unknown>" == durations.age(None, dt.datetime.now(dt.UTC))

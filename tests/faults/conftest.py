"""The runs that all cases are compared with."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from tests.faults.judging import Undisturbed


@pytest.fixture(name="undisturbed", scope="session")
def undisturbed_runs() -> Callable[[str], Undisturbed]:
    """The undisturbed run of a command, made when it is first asked for."""
    return functools.cache(Undisturbed.of)

"""What every test starts from: no credentials, no cluster, no colours, a home of its own."""

from __future__ import annotations

import os
import pathlib
import signal

import hypothesis
import pytest

# A machine that is busy is no bug, and a run that failed shall fail again.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")

# A shell has background jobs ignore Ctrl-C, and whatever they start: many tests are about it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_FOREIGN = (
    "ALIBABA",
    "ALICLOUD",
    "ACCESS_KEY",
    "SPIDERCLI_",
    "KUBE",
    "GITHUB_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
)


@pytest.fixture(autouse=True)
def isolation(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Nothing of the machine's own configuration reaches a test."""
    for name in list(os.environ):
        if name.upper().startswith(_FOREIGN) or name in ("CI", "FORCE_COLOR", "TERMINAL_WIDTH"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(home)
    return home

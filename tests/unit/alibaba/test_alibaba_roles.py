"""The real library, built offline: nothing is fetched here."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from spidercli import errors
from spidercli.gateways.alibaba import credentials, roles

OIDC = {
    "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/nowhere/token",
}


def test_every_way_can_be_built(tmp_path: Path) -> None:
    """The library accepts our arguments, and no way starts a scheduler thread."""
    before = threading.active_count()

    built = [
        roles.oidc(OIDC),
        roles.ecs_ram_role("r"),
        roles.cli_profile(tmp_path, "p"),
        roles.ini_profile(tmp_path, "s"),
    ]

    assert all(hasattr(way, "get_credentials") for way in built)
    assert threading.active_count() == before


def test_the_library_is_silent() -> None:
    """The handler that the library attaches to stderr is gone."""
    roles.oidc(OIDC)

    assert [type(handler) for handler in logging.getLogger("credentials").handlers] == [logging.NullHandler]


def test_an_oidc_token_that_is_not_there_is_explained(tmp_path: Path) -> None:
    """The library's error becomes one of ours that names the way."""
    found = credentials.resolve({"HOME": str(tmp_path), **OIDC})

    with pytest.raises(
        errors.CredentialsRejected, match="OIDC role of env ALIBABA_CLOUD_ROLE_ARN gives no credentials"
    ):
        found.get()


def test_an_ini_section_works_through_the_library(tmp_path: Path) -> None:
    """~/.alibabacloud/credentials.ini is read by the library, from the HOME of the given environment."""
    (tmp_path / ".alibabacloud").mkdir()
    text = "[default]\ntype = access_key\naccess_key_id = ini-id\naccess_key_secret = ini-secret\n"
    (tmp_path / ".alibabacloud" / "credentials.ini").write_text(text)

    assert credentials.resolve({"HOME": str(tmp_path)}).get().access_key_id == "ini-id"

"""The headers that make us somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.errors import ConfigInvalid
from spidercli.gateways.cluster import impersonation


def test_nobody_is_impersonated_unasked() -> None:
    """Most kubeconfigs say nothing about it."""
    assert () == impersonation.headers({"token": "x", "as": "", "as-groups": None, "as-user-extra": {}})


def test_everything_that_kubectl_sends_is_sent() -> None:
    """One header for the user and one for the uid, one for each group, and one for each value of each extra."""
    user = {
        "as": "readonly-bot",
        "as-uid": "u-1",
        "as-groups": ["viewers", "auditors"],
        "as-user-extra": {"scopes": ["a", "b"], "acme.com/100%": ["c"]},
    }

    assert (
        ("Impersonate-User", "readonly-bot"),
        ("Impersonate-Uid", "u-1"),
        ("Impersonate-Group", "viewers"),
        ("Impersonate-Group", "auditors"),
        ("Impersonate-Extra-scopes", "a"),
        ("Impersonate-Extra-scopes", "b"),
        ("Impersonate-Extra-acme.com%2F100%25", "c"),
    ) == impersonation.headers(user)


def test_names_are_utf8_on_the_wire() -> None:
    """As Go writes them: the HTTP library writes the characters that it is given as one byte each."""
    found = impersonation.headers({"as": "jos\u00e9", "as-user-extra": {"\u00e9": ["x"]}})

    assert "jos\u00e9" == found[0][1].encode("latin-1").decode()
    assert "Impersonate-Extra-%C3%A9" == found[1][0]


@pytest.mark.parametrize("user", [{"as-groups": ["x"]}, {"as-uid": "x"}, {"as-user-extra": {"x": ["y"]}}], ids=str)
def test_a_group_alone_is_refused(user: dict[str, Any]) -> None:
    """As kubectl does, and the server would."""
    with pytest.raises(ConfigInvalid, match="and not for a user"):
        impersonation.headers(user)


@pytest.mark.parametrize(
    ("user", "field"),
    [
        ({"as": "a\r\nAuthorization: x"}, "as"),
        ({"as": 7}, "as"),
        ({"as": "a", "as-uid": ["x"]}, "as-uid"),
        ({"as": "a", "as-groups": "viewers"}, "as-groups"),
        ({"as": "a", "as-groups": [1]}, "as-groups"),
        ({"as": "a", "as-user-extra": ["x"]}, "as-user-extra"),
        ({"as": "a", "as-user-extra": {"x": "y"}}, "as-user-extra"),
    ],
    ids=str,
)
def test_what_can_not_be_sent_is_told(user: dict[str, Any], field: str) -> None:
    """We don't go on with the rights of somebody else than was asked for."""
    with pytest.raises(ConfigInvalid, match=f"the kubeconfig user's {field} can't be sent"):
        impersonation.headers(user)

"""The CustomResourceDefinitions that come with the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from spidercli.sandbox.kube import resources

_DEFINITIONS = {each["spec"]["names"]["kind"]: each for each in resources.spiderpool_definitions()}


def test_kinds() -> None:
    """Spiderpool's kinds and Multus's are there."""
    assert {
        "NetworkAttachmentDefinition",
        "SpiderCoordinator",
        "SpiderEndpoint",
        "SpiderIPPool",
        "SpiderMultusConfig",
        "SpiderReservedIP",
    } == _DEFINITIONS.keys()


@pytest.mark.parametrize("definition", _DEFINITIONS.values(), ids=_DEFINITIONS.keys())
def test_names_agree(definition: dict[str, Any]) -> None:
    """A definition is named for its plural and group."""
    spec = definition["spec"]

    assert f"{spec['names']['plural']}.{spec['group']}" == definition["metadata"]["name"]


@pytest.mark.parametrize(
    ("kind", "scope", "short"),
    [
        ("SpiderIPPool", "Cluster", "sp"),
        ("SpiderMultusConfig", "Namespaced", "smc"),
        ("SpiderCoordinator", "Cluster", "scc"),
    ],
)
def test_scopes_and_short_names(kind: str, scope: str, short: str) -> None:
    """Scopes and short names are those of Spiderpool."""
    spec = _DEFINITIONS[kind]["spec"]

    assert (scope, [short]) == (spec["scope"], spec["names"]["shortNames"])


def test_pool_columns() -> None:
    """The columns are those that the guide shows."""
    version = _DEFINITIONS["SpiderIPPool"]["spec"]["versions"][0]

    shown = [column["name"] for column in version["additionalPrinterColumns"] if not column.get("priority")]

    assert ["VERSION", "SUBNET", "ALLOCATED-IP-COUNT", "TOTAL-IP-COUNT", "DEFAULT"] == shown

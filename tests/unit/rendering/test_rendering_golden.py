"""The example of the guides gives the guides' objects, exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from spidercli import desired, yamltext
from spidercli.config.schema import Ccm, CcmCredentials, Config
from spidercli.facts import document
from spidercli.model import Inventory, Manifest
from spidercli.rendering import samples
from spidercli.rendering.plain import plain
from spidercli.rendering.renderer import Renderer
from spidercli.rendering.samples import SampleApps

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
EXAMPLE = ROOT / "examples" / "guide"
EDITIONS = [("en", "spidercli.yaml"), ("zh", "spidercli.zh.yaml")]


def golden(edition: str, block: str) -> list[Manifest]:
    """A YAML block of the guide, read by PyYAML and not by us."""
    return list(yaml.safe_load_all((GOLDEN / edition / f"{block}.yaml").read_text()))


def config(name: str) -> Config:
    path = EXAMPLE / name
    return Config.model_validate(yamltext.load(path.read_text(), where=name).data)


@pytest.fixture(name="inventory")
def inventory_fixture() -> Inventory:
    return document.parse((EXAMPLE / "inventory.yaml").read_text(), "inventory.yaml")


@pytest.mark.parametrize(("edition", "name"), EDITIONS)
def test_pools_of_the_guide(inventory: Inventory, edition: str, name: str) -> None:
    """The four SpiderIPPools are those of the guide."""
    pools = Renderer().pools(desired.pools(inventory, config(name)))

    assert [plain(pool) for pool in pools] == golden(edition, "pools")


@pytest.mark.parametrize(("edition", "name"), EDITIONS)
def test_multus_configs_of_the_guide(inventory: Inventory, edition: str, name: str) -> None:
    """The two SpiderMultusConfigs are those of the guide, the Chinese one's with its coordinator block."""
    renderer = Renderer()

    made = [plain(renderer.multus_config(multus)) for multus in desired.multus_configs(inventory, config(name))]

    assert made == golden(edition, "multus")


@pytest.mark.parametrize(("edition", "apps"), [("en", samples.ENGLISH), ("zh", samples.CHINESE)])
def test_apps_of_the_guide(edition: str, apps: SampleApps) -> None:
    """The sample applications and Services are those of the guide."""
    made = [plain(manifest) for manifest in Renderer().apps(apps)]

    assert made == golden(edition, "apps") + golden(edition, "services")


@pytest.mark.parametrize("edition", ["en", "zh"])
def test_cloud_config_of_the_guide(edition: str) -> None:
    """With credentials in the ConfigMap it is that of the guide, to the last space of its text."""
    spec = desired.ccm_spec(Ccm(credentials=CcmCredentials.CONFIG_MAP))
    key = desired.AccessKey(key_id="LTAI-example-id", secret="example-secret")

    assert [plain(Renderer().cloud_config(spec, key))] == golden(edition, "cloud-config")


def test_plain_keeps_what_is_not_ours() -> None:
    """Labels and annotations of others stay, and so does an ipVersion that is no pool's."""
    manifest: Manifest = {
        "kind": "SpiderReservedIP",
        "metadata": {
            "name": "a",
            "labels": {"app": "b", "app.kubernetes.io/managed-by": "spidercli"},
            "annotations": {"spidercli.io/eni-id": "eni-1", "other": "c"},
        },
        "spec": {"ipVersion": 4},
    }

    assert plain(manifest) == {
        "kind": "SpiderReservedIP",
        "metadata": {"name": "a", "labels": {"app": "b"}, "annotations": {"other": "c"}},
        "spec": {"ipVersion": 4},
    }
    assert "spidercli.io/eni-id" in manifest["metadata"]["annotations"]  # type: ignore[index]

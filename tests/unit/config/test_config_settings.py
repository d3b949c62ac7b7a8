"""Which source of a setting wins."""

from __future__ import annotations

import pathlib

import pytest

from spidercli.config import keys, loader, options, settings
from spidercli.config.options import Color, Option, OutputFormat
from spidercli.config.schema import Config
from spidercli.errors import ConfigInvalid

EXAMPLES = {
    "profile": "ci",
    "region": "cn-beijing",
    "vpc": "vpc-1",
    "source": "metadata",
    "templates": "mine",
    "ecs_endpoint": "ecs.example.com",
    "vpc_endpoint": "vpc.example.com",
    "sts_endpoint": "sts.example.com",
    "metadata_endpoint": "http://127.0.0.1:1",
    "kubeconfig": "kube.yaml",
    "context": "prod",
    "inventory": "facts.yaml",
    "output": "json",
    "verbose": "2",
    "quiet": "true",
    "color": "never",
    "timeout": "90",
    "yes": "true",
}
NAMES = [option.name for option in options.ALL]


def load(text: str) -> loader.LoadedConfig:
    return loader.parse(text.encode(), pathlib.Path("spidercli.yaml"))


def row(chosen: settings.Settings, name: str) -> tuple[str, str]:
    return {name: (settings.text(value), origin) for name, value, origin in settings.shown(chosen)}[name]


def option_named(name: str) -> Option:
    return next(option for option in options.ALL if option.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_a_flag(name: str) -> None:
    """A flag beats the variable."""
    option = option_named(name)
    environ = {option.variable: "no such value, and never read"}

    chosen = settings.resolve({name: EXAMPLES[name]}, environ, None)

    assert row(chosen, keys.dotted(option.key) or name) == (EXAMPLES[name], f"flag {option.flag}")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_a_variable(name: str) -> None:
    """A SPIDERCLI_ variable beats the default."""
    option = option_named(name)

    chosen = settings.resolve({}, {f"SPIDERCLI_{name.upper()}": EXAMPLES[name]}, None)

    assert row(chosen, keys.dotted(option.key) or name) == (EXAMPLES[name], f"env SPIDERCLI_{name.upper()}")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_a_default(name: str) -> None:
    """Without any source, the origin says so."""
    option = option_named(name)

    assert row(settings.resolve({}, {}, None), keys.dotted(option.key) or name)[1] == "default"


FOREIGN = ("ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID")
REGION = load("# first line\nregion: cn-file\n")


@pytest.mark.parametrize(
    ("flags", "environ", "loaded", "region", "origin"),
    [
        ({"region": "cn-flag"}, {"SPIDERCLI_REGION": "cn-env"}, REGION, "cn-flag", "flag --region"),
        ({"region": None}, {"SPIDERCLI_REGION": "cn-env"}, REGION, "cn-env", "env SPIDERCLI_REGION"),
        ({}, {"SPIDERCLI_REGION": "", "ALIBABA_CLOUD_REGION_ID": "cn-other"}, REGION, "cn-file", "spidercli.yaml:2"),
        (
            {},
            {"ALIBABA_CLOUD_REGION_ID": "cn-a", "ALICLOUD_REGION_ID": "cn-b"},
            None,
            "cn-a",
            "env ALIBABA_CLOUD_REGION_ID",
        ),
        (
            {},
            {"ALIBABACLOUD_REGION_ID": "cn-a", "ALICLOUD_REGION_ID": "cn-b"},
            None,
            "cn-a",
            "env ALIBABACLOUD_REGION_ID",
        ),
        ({}, {FOREIGN[2]: "cn-b"}, load("region:\n"), "cn-b", "env ALICLOUD_REGION_ID"),
        ({}, {}, None, None, "default"),
    ],
    ids=["flag", "env", "file", "foreign-env-1", "foreign-env-2", "foreign-env-empty-key", "default"],
)
def test_precedence(
    flags: dict[str, object],
    environ: dict[str, str],
    loaded: loader.LoadedConfig | None,
    region: str | None,
    origin: str,
) -> None:
    """Flag > SPIDERCLI_ variable > file > another tool's variable > default; empty means not given."""
    chosen = settings.resolve(flags, environ, loaded)

    assert (chosen.config.region, chosen.origins["region"]) == (region, origin)


def test_the_files_other_values_stay() -> None:
    """Flags and variables replace one value each, deep in a section too."""
    loaded = load("endpoints: {ecs: a.example.com, vpc: b.example.com}\npools: {exclude: [10.0.0.1]}\n")

    chosen = settings.resolve({"ecs_endpoint": "c.example.com"}, {}, loaded)

    assert chosen.config == Config.model_validate(
        {"endpoints": {"ecs": "c.example.com", "vpc": "b.example.com"}, "pools": {"exclude": ["10.0.0.1"]}}
    )
    assert chosen.config_file == pathlib.Path("spidercli.yaml")


def test_values_have_their_types() -> None:
    """What the file has no key for is read from text too."""
    environ = {
        "SPIDERCLI_TIMEOUT": "5m",
        "SPIDERCLI_OUTPUT": "wide",
        "SPIDERCLI_COLOR": "always",
        "SPIDERCLI_YES": "On",
    }

    chosen = settings.resolve({"inventory": pathlib.Path("f.yaml"), "verbose": 2, "quiet": True}, environ, None)

    assert (chosen.timeout, chosen.output, chosen.color, chosen.yes) == (300, OutputFormat.WIDE, Color.ALWAYS, True)
    assert (chosen.inventory, chosen.verbosity) == (pathlib.Path("f.yaml"), 1)


def test_all_complaints_are_told_at_once() -> None:
    """A value that can't be used is told with the name of its flag or variable, one line each."""
    flags = {"timeout": "soon", "region": "Hangzhou", "ecs_endpoint": "http://example.com"}
    environ = {
        "SPIDERCLI_OUTPUT": "xml",
        "SPIDERCLI_YES": "maybe",
        "SPIDERCLI_SOURCE": "cloud",
        "SPIDERCLI_VERBOSE": "-1",
    }

    with pytest.raises(ConfigInvalid) as caught:
        settings.resolve(flags, environ, None)

    assert sorted(caught.value.message.splitlines()) == [
        "--ecs-endpoint: http:// is accepted for loopback only; leave it out for https",
        "--region: expected a region id, for example cn-hangzhou, found 'Hangzhou'",
        "--timeout: expected a duration, for example 90s, 5m or 1h30m, found 'soon'",
        "SPIDERCLI_OUTPUT: expected table, wide, json, yaml, name, found 'xml'",
        "SPIDERCLI_SOURCE: expected 'openapi' or 'metadata', found 'cloud'",
        "SPIDERCLI_VERBOSE: expected a number from 0 to 9, found '-1'",
        "SPIDERCLI_YES: expected 1, true, yes, on or 0, false, no, off, found 'maybe'",
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["\udcff", "a\nb", " "], ids=["not-utf-8", "two-lines", "blank"])
def test_unprintable_variables_are_refused(name: str, value: str) -> None:
    """No option takes line ends, blanks, or bytes that are no UTF-8 (lone surrogates in Python)."""
    with pytest.raises(ConfigInvalid, match=f"SPIDERCLI_{name.upper()}: ") as caught:
        settings.resolve({}, {f"SPIDERCLI_{name.upper()}": value}, None)

    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("flags", "environ", "exists", "path"),
    [
        ({"config": "a.yaml"}, {"SPIDERCLI_CONFIG": "b.yaml"}, True, "a.yaml"),
        ({}, {"SPIDERCLI_CONFIG": "b.yaml"}, True, "b.yaml"),
        ({}, {"SPIDERCLI_CONFIG": ""}, True, "spidercli.yaml"),
        ({}, {}, False, None),
    ],
    ids=["flag", "env", "folder", "none"],
)
def test_which_file_is_read(flags: dict[str, object], environ: dict[str, str], exists: bool, path: str | None) -> None:
    """--config > SPIDERCLI_CONFIG > ./spidercli.yaml if it exists > none."""
    chosen = settings.config_path(flags, environ, exists=lambda _: exists)

    assert chosen == (path and pathlib.Path(path))


def test_a_folder_that_is_closed_to_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody may look for the default file, reading it says so; nobody goes on as if there were none."""

    def denied(_: pathlib.Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.stat", denied)

    assert settings.config_path({}, {}) == pathlib.Path("spidercli.yaml")


def test_every_key_is_shown_once_with_its_origin() -> None:
    """`config show --origin` has all keys of the file, and the options that the file has no key for."""
    loaded = load("pools:\n  exclude: [10.0.0.1]\nmultus: {coordinator: {mode: underlay}}\n")

    rows = settings.shown(settings.resolve({}, {}, loaded))

    assert len({name for name, _, _ in rows}) == len(rows)
    assert {keys.dotted(key.path) for key in keys.walk() if not key.opens_section} <= {name for name, _, _ in rows}
    assert ("pools.exclude", ["10.0.0.1"], "spidercli.yaml:2") in rows
    assert ("pools.default", True, "default") in rows
    assert ("multus.coordinator.mode", "underlay", "spidercli.yaml:3") in rows
    assert ("context", None, "default") in rows


def test_a_section_that_is_left_out_is_shown_as_null() -> None:
    """Keys of an absent coordinator block are not shown one by one."""
    rows = settings.shown(settings.resolve({}, {}, None))

    assert ("multus.coordinator", None, "default") in rows
    assert not [name for name, _, _ in rows if name.startswith("multus.coordinator.")]

"""`init`, `config` and `version`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from spidercli import __version__
from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]


def test_init_writes_a_file_that_is_valid(spidercli: Run, isolation: Path) -> None:
    """The first file is written once, says what comes next, and is read without complaint."""
    first = spidercli("init", "--region", "cn-hangzhou")
    second = spidercli("init")
    valid = spidercli("config", "validate")

    assert (first.code, first.stdout, first.stderr) == (0, "", "wrote spidercli.yaml; next: spidercli inventory\n")
    assert yaml.safe_load((isolation / "spidercli.yaml").read_text()) == {"region": "cn-hangzhou"}
    assert (second.code, second.stderr) == (
        64,
        "error SPC001: spidercli.yaml exists already\n  hint: --force overwrites it\n",
    )
    assert (valid.code, valid.stdout) == (0, "spidercli.yaml: valid\n")


def test_init_overwrites_with_force(spidercli: Run, isolation: Path) -> None:
    """--force is needed, and does it."""
    spidercli("init")
    ran = spidercli("init", "--force", "--vpc", "vpc-bp1a2b3c")

    assert ran.code == 0
    assert "\nvpc: vpc-bp1a2b3c\n" in (isolation / "spidercli.yaml").read_text()


def test_init_to_stdout(spidercli: Run, isolation: Path) -> None:
    """A dash is stdout, and no file."""
    ran = spidercli("init", "-")

    assert ran.stdout.startswith("## spidercli.yaml: ")
    assert list(isolation.iterdir()) == []


def test_init_elsewhere(spidercli: Run, tmp_path: Path) -> None:
    """A path is written to."""
    assert spidercli("init", str(tmp_path / "b.yaml")).code == 0
    assert (tmp_path / "b.yaml").is_file()


def test_init_makes_no_folder(spidercli: Run, tmp_path: Path) -> None:
    """A folder that does not exist is a mistyped one, and is named."""
    ran = spidercli("init", str(tmp_path / "a" / "b.yaml"))

    assert ran.code == 64
    assert f"{tmp_path}/a/b.yaml: there is no folder {tmp_path}/a" in ran.stderr
    assert not (tmp_path / "a").exists()


def test_config_show(spidercli: Run, isolation: Path) -> None:
    """Every setting in its order, as it is in force."""
    (isolation / "spidercli.yaml").write_text("region: cn-beijing\npools:\n  exclude: [192.168.0.10]\n")
    ran = spidercli("config", "show", "--vpc", "vpc-bp1a2b3c")

    assert ran.stdout.splitlines()[:4] == [
        "KEY                       VALUE",
        "region                    cn-beijing",
        "vpc                       vpc-bp1a2b3c",
        "profile                   null",
    ]
    assert 'pools.exclude             ["192.168.0.10"]' in ran.stdout.splitlines()


def test_config_show_origin(spidercli: Run, isolation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--origin tells which source won: flag, variable, line of the file, or the default."""
    (isolation / "spidercli.yaml").write_text("region: cn-beijing\nvpc: vpc-file\nprofile: ci\n")
    monkeypatch.setenv("SPIDERCLI_VPC", "vpc-env")
    monkeypatch.setenv("SPIDERCLI_REGION", "cn-shanghai")
    ran = spidercli("config", "show", "--origin", "--region", "cn-hangzhou", "-o", "json")

    rows = {row["key"]: (row["value"], row["origin"]) for row in ran.data}
    assert rows["region"] == ("cn-hangzhou", "flag --region")
    assert rows["vpc"] == ("vpc-env", "env SPIDERCLI_VPC")
    assert rows["profile"] == ("ci", "spidercli.yaml:3")
    assert rows["limits.maxDelete"] == ("20%", "default")


def test_config_show_names(spidercli: Run) -> None:
    """-o name is the keys."""
    assert spidercli("config", "show", "-o", "name").stdout.splitlines()[:2] == ["region", "vpc"]


def test_config_validate_without_a_file(spidercli: Run) -> None:
    """No file is no fault."""
    ran = spidercli("config", "validate")

    assert (ran.code, ran.stdout) == (0, "no configuration file; the defaults are valid\n")


def test_config_validate_looks_for_the_templates(spidercli: Run, isolation: Path) -> None:
    """A folder that does not exist is no valid one."""
    (isolation / "spidercli.yaml").write_text("templates: nope\n")
    ran = spidercli("config", "validate")

    assert (ran.code, ran.stdout) == (64, "")
    assert "the template folder nope does not exist" in ran.stderr
    (isolation / "nope").mkdir()
    assert spidercli("config", "validate").stdout == "spidercli.yaml: valid\n"


def test_config_validate_for_programs(spidercli: Run, isolation: Path) -> None:
    """-o json is JSON for a valid file, too."""
    assert spidercli("config", "validate", "-o", "json").data == {"file": None, "valid": True}
    (isolation / "spidercli.yaml").write_text("region: cn-beijing\n")
    assert spidercli("config", "validate", "-o", "json").data == {"file": "spidercli.yaml", "valid": True}


def test_config_schema_knows_what_init_writes(spidercli: Run) -> None:
    """The schema is JSON Schema, and has every key of the starter file."""
    schema = json.loads(spidercli("config", "schema").stdout)

    assert schema["additionalProperties"] is False
    assert {"region", "pools", "multus", "ccm", "limits"} <= schema["properties"].keys()


def test_version(spidercli: Run, sandbox: Sandbox) -> None:
    """The versions of this tool and of the cluster, and which cluster that is."""
    server = json.loads(Path(sandbox.environ["KUBECONFIG"]).read_text())["clusters"][0]["cluster"]["server"]
    shown = {
        "spidercli": __version__,
        "context": "sandbox",
        "server": server.removeprefix("http://"),
        "kubernetes": "v1.36.2",
    }

    assert spidercli("version").stdout.split() == [word for key in shown for word in (f"{key}:", shown[key])]
    assert spidercli("version", "-o", "json").data == shown


@pytest.mark.parametrize("arguments", ["version --client", "pools who 172.31.199.187"])
def test_what_has_no_name(spidercli: Run, sandbox: Sandbox, arguments: str) -> None:
    """-o name is refused where a result is no list of objects."""
    ran = spidercli(*arguments.split(), "-o", "name")

    assert (ran.code, ran.stdout) == (64, "")
    assert "error SPC001: -o name: this result is no list of objects\n" in ran.stderr


@pytest.mark.parametrize(
    "arguments", ["init -", "init --force", "init other.yaml", "version --client", "config schema", "sandbox faults"]
)
def test_a_broken_file_does_not_block_what_mends_it(spidercli: Run, isolation: Path, arguments: str) -> None:
    """What helps against a file that can't be used does not read it."""
    (isolation / "spidercli.yaml").write_text("region: [\n")
    ran = spidercli(*arguments.split())

    assert ran.code == 0, ran.stderr
    assert spidercli("config", "validate").code == (0 if "--force" in arguments else 64)


@pytest.mark.parametrize("arguments", ["pools list --sandbox guide", "--sandbox guide pools list"])
def test_a_scenario_after_a_space(spidercli: Run, arguments: str) -> None:
    """--sandbox takes its value behind a =, and the hint says so."""
    ran = spidercli(*arguments.split())

    assert (ran.code, ran.stderr.splitlines()[-1]) == (64, "  hint: did you mean --sandbox=guide?")


def test_version_of_the_client(spidercli: Run) -> None:
    """--client asks no cluster."""
    ran = spidercli("version", "--client")

    assert (ran.code, ran.stdout, ran.stderr) == (0, f"spidercli:  {__version__}\n", "")


def test_no_command_is_help(spidercli: Run) -> None:
    """Without a command, and for a group alone, help is the result and no error."""
    for arguments in ((), ("pools",), ("sandbox",), ("config",)):
        ran = spidercli(*arguments)
        assert (ran.code, ran.stderr) == (0, "")
        assert "Usage: spidercli" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "message", "place"),
    [
        ("pool diff", "No such command 'pool'. Did you mean 'pools'?", "spidercli"),
        ("pools dif", "No such command 'dif'. Did you mean 'diff'?", "spidercli pools"),
        ("pools sync --prun", "No such option: --prun (Possible options: --dry-run, --prune)", "spidercli pools sync"),
        ("pools who", "Missing argument 'IP'.", "spidercli pools who"),
        ("pools diff --region", "--region needs a value", "spidercli"),
        ("pools diff extra", "Got unexpected extra argument(s) (extra)", "spidercli pools diff"),
    ],
)
def test_misuse(spidercli: Run, arguments: str, message: str, place: str) -> None:
    """Wrong use is exit code 64, so that 2 can mean that changes are pending; the hint leads to the right help."""
    ran = spidercli(*arguments.split())

    assert (ran.code, ran.stdout) == (64, "")
    assert ran.stderr == f"error SPC001: {message}\n  hint: see {place} --help\n"


@pytest.mark.parametrize("arguments", ["pool diff -o json", "pools diff --bogus --output=json", "--bogus -ojson pools"])
def test_misuse_for_programs(spidercli: Run, arguments: str) -> None:
    """-o json holds for usage errors, wherever it stands."""
    ran = spidercli(*arguments.split())

    assert (ran.code, ran.error["code"], len(ran.stderr.splitlines())) == (64, "SPC001", 1)


def test_misuse_for_programs_by_variable(spidercli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """SPIDERCLI_OUTPUT=json is as good as the flag."""
    monkeypatch.setenv("SPIDERCLI_OUTPUT", "json")

    assert spidercli("pools", "dif").error["code"] == "SPC001"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-o xml", "--output: expected table, wide, json, yaml, name, found 'xml'"),
        ("--color pink", "--color: expected auto, always, never, found 'pink'"),
        ("--timeout soon", "--timeout: expected a duration, for example 90s, 5m or 1h30m, found 'soon'"),
        ("--source oracle", "--source: expected 'openapi' or 'metadata', found 'oracle'"),
        ("--ecs-endpoint http://ecs.example.com", "--ecs-endpoint: "),
    ],
)
def test_a_value_of_a_global_option_that_is_none(spidercli: Run, arguments: str, message: str) -> None:
    """The flag is named, and what it takes."""
    ran = spidercli("config", "show", *arguments.split())

    assert (ran.code, ran.stdout) == (64, "")
    assert ran.stderr.startswith(f"error SPC010: {message}")


def test_all_complaints_come_at_once(spidercli: Run, isolation: Path) -> None:
    """A file with two faults is told both, each with its line."""
    (isolation / "spidercli.yaml").write_text("pool:\n  name: x\nlimits:\n  writeThreads: many\n")
    ran = spidercli("pools", "diff")

    assert ran.code == 64
    assert ran.stderr == textwrap.dedent("""\
        error SPC010: spidercli.yaml:1: pool: unknown key, did you mean pools?
        spidercli.yaml:4: limits.writeThreads: expected a whole number, found 'many'
          hint: `spidercli config schema` describes every key, `spidercli init -` prints them with their defaults
        """)

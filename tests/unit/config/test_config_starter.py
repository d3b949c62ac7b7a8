"""The file that `init` writes and the JSON Schema, both made of the schema."""

from __future__ import annotations

import json
import pathlib

import jsonschema_rs
import pytest

from spidercli import yamltext
from spidercli.config import keys, loader, schema_text, starter
from spidercli.config.schema import Config

STARTER = starter.text()
FILE = pathlib.Path("spidercli.yaml")


def uncommented(lines: list[str]) -> str:
    return "".join(f"{line.removeprefix('# ')}\n" for line in lines)


def examples() -> dict[str, str]:
    """The text that sets each key alone, with the sections around it, by key path."""
    all_lines = [line for line in STARTER.splitlines() if line.startswith("# ")]
    tree = yamltext.load(uncommented(all_lines), where="starter")
    paths = [key.path for key in keys.walk() if not key.opens_section]
    starts = sorted({tree.line(key.path) for key in keys.walk()} | {len(all_lines) + 1})
    found = {}
    for path in paths:
        sections = [all_lines[tree.line(path[:depth]) - 1] for depth in range(1, len(path))]
        first = tree.line(path)
        end = next(start for start in starts if start > first)
        found[keys.dotted(path)] = uncommented(sections + all_lines[first - 1 : end - 1])
    return found


EXAMPLES = examples()
WITH_DEFAULT = [keys.dotted(key.path) for key in keys.walk() if not key.opens_section and not key.field.examples]


def test_the_starter_is_the_defaults() -> None:
    """A file that nobody has edited changes nothing."""
    assert loader.parse(STARTER.encode(), FILE).config == Config()


def test_the_starter_has_every_key() -> None:
    """Each key is there, documented on the line above."""
    lines = STARTER.splitlines()
    for key in keys.walk():
        commented = f"# {'  ' * (len(key.path) - 1)}{key.path[-1]}:"
        at = next(at for at, line in enumerate(lines) if line.startswith(commented))
        assert lines[at - 1].startswith("##"), key.path


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_is_valid_alone(path: str) -> None:
    """Uncommenting one key, with the sections it stands in, gives a file that sets it and loads."""
    loaded = loader.parse(EXAMPLES[path].encode(), FILE)

    assert path in loaded.where


def test_all_examples_are_valid_together() -> None:
    """Uncommenting everything gives a file that loads and that the JSON Schema accepts."""
    text = uncommented(STARTER.splitlines())

    loader.parse(text.encode(), FILE)
    jsonschema_rs.validate(json.loads(schema_text.schema_json()), yamltext.load(text, where="starter").data)


@pytest.mark.parametrize("path", WITH_DEFAULT)
def test_lines_without_the_word_example_are_defaults(path: str) -> None:
    """Where a key has a default, the commented line shows it."""
    config = loader.parse(EXAMPLES[path].encode(), FILE).config

    assert config == Config()


def test_given_values_are_set() -> None:
    """Region and VPC that are known already are not comments."""
    config = loader.parse(starter.text(region="cn-beijing", vpc="vpc-1").encode(), FILE).config

    assert config == Config(region="cn-beijing", vpc="vpc-1")


def test_editors_are_told_of_the_schema_file() -> None:
    """The first line names the JSON Schema, if there is a file of it."""
    text = starter.text(schema="spidercli.schema.json")

    assert text.startswith("# yaml-language-server: $schema=spidercli.schema.json\n##")
    assert "yaml-language-server" not in STARTER


def test_lines_are_short() -> None:
    """The file fits a terminal."""
    assert max(map(len, STARTER.splitlines())) <= 120


def test_the_schema_is_a_valid_draft_2020_12_schema() -> None:
    """Its dialect's own meta-schema accepts it."""
    schema = json.loads(schema_text.schema_json())

    assert schema["$schema"] == schema_text.DIALECT
    jsonschema_rs.meta.validate(schema)


def test_the_schema_describes_every_key() -> None:
    """Keys have the file's spelling as title, and a description."""
    schema = json.loads(schema_text.schema_json())
    sections = [schema, *(section for section in schema["$defs"].values() if "properties" in section)]
    for section in sections:
        for name, described in section["properties"].items():
            assert described["title"] == name or "$ref" in described
            assert described.get("description") or "$ref" in described, name


@pytest.mark.parametrize(
    "wrong",
    [
        {"regoin": "cn-hangzhou"},
        {"pools": {"name_ipv6": "x"}},
        {"region": 5},
        {"region": "Hangzhou"},
        {"spiderpool": {"namespace": "A"}},
        {"limits": {"maxDelete": "101%"}},
        {"interfaces": [{"name": "eth1"}]},
        {"ccm": {"version": "v1"}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_loader_refuses(wrong: dict[str, object]) -> None:
    """Unknown keys, wrong types and wrong patterns are found by editors too."""
    assert not jsonschema_rs.is_valid(json.loads(schema_text.schema_json()), wrong)


def test_the_schema_accepts_a_number_of_pools() -> None:
    """MaxDelete may be written without quotes, for the schema and for the loader."""
    assert jsonschema_rs.is_valid(json.loads(schema_text.schema_json()), {"limits": {"maxDelete": 3}})
    assert loader.parse(b"limits: {maxDelete: 3}", FILE).config.limits.max_delete == "3"

"""What reading spidercli.yaml gives, and how it tells what is wrong."""

from __future__ import annotations

import pathlib
import textwrap
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import yamltext
from spidercli.config import keys, loader
from spidercli.config.schema import Config, FamilyChoice
from spidercli.errors import ConfigInvalid, ExitCode

FILE = pathlib.Path("my.yaml")


def parse(text: str) -> loader.LoadedConfig:
    return loader.parse(textwrap.dedent(text).encode(), FILE)


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        parse(text)
    return caught.value.message.splitlines()


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "---\n", "\ufeff# BOM\n", "pools:\nccm:\n"], ids=repr)
def test_a_file_without_values_is_the_defaults(text: str) -> None:
    """An empty file, and sections with nothing in them, change nothing."""
    assert parse(text).config == Config()


def test_values_and_their_places() -> None:
    """Values have their types, and every key path has its line."""
    loaded = parse("""\
        region: cn-hangzhou
        pools:
          families: dual
          gateways:
            192.168.0.0/24: 192.168.0.253
          exclude:
          - 192.168.0.10
          - 192.168.0.64/28
        interfaces:
        - name: eth1
          match: {eniName: ["pods-*"]}
        - {name: eth1, match: {vswitch: [vsw-a]}}
        """)

    assert loaded.config.pools.families is FamilyChoice.DUAL
    assert loaded.config.pools.gateways == {"192.168.0.0/24": ip_address("192.168.0.253")}
    assert loaded.config.interfaces[0].match.eni_name == ["pods-*"]
    assert loaded.where == {
        "region": "my.yaml:1",
        "pools": "my.yaml:2",
        "pools.families": "my.yaml:3",
        "pools.gateways": "my.yaml:4",
        "pools.gateways.192.168.0.0/24": "my.yaml:5",
        "pools.exclude": "my.yaml:6",
        "pools.exclude[0]": "my.yaml:7",
        "pools.exclude[1]": "my.yaml:8",
        "interfaces": "my.yaml:9",
        "interfaces[0]": "my.yaml:10",
        "interfaces[0].name": "my.yaml:10",
        "interfaces[0].match": "my.yaml:11",
        "interfaces[0].match.eniName": "my.yaml:11",
        "interfaces[0].match.eniName[0]": "my.yaml:11",
        "interfaces[1]": "my.yaml:12",
        "interfaces[1].name": "my.yaml:12",
        "interfaces[1].match": "my.yaml:12",
        "interfaces[1].match.vswitch": "my.yaml:12",
        "interfaces[1].match.vswitch[0]": "my.yaml:12",
    }


def test_all_problems_are_told_at_once() -> None:
    """Each problem has a line of its own, in the file's order, with exit code 64."""
    with pytest.raises(ConfigInvalid) as caught:
        parse("""\
            regoin: cn-hangzhou
            nodes:
              ids: i-1
            interfaces:
            - match: {}
            pools:
              default: yes
            """)

    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.message.splitlines() == [
        "my.yaml:1: regoin: unknown key, did you mean region?",
        "my.yaml:3: nodes.ids: expected a list, found 'i-1'; put it in brackets",
        "my.yaml:5: interfaces[0].name: is missing",
        "my.yaml:7: pools.default: expected true or false, found 'yes'",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("region: 5", "region: expected a text, found the number 5; put it in quotes"),
        ("region:\n  a: 1", "region: expected a text, found a mapping"),
        ("vpc: true", "vpc: expected a text, found true; put it in quotes"),
        ("nodes: {tags: {a: }}", "nodes.tags.a: expected a text, found nothing"),
        ("nodes: {tags: [a]}", "nodes.tags: expected a mapping, found a list"),
        ("pools: [a]", "pools: expected a mapping, found a list"),
        ("limits: {writeThreads: '4'}", "limits.writeThreads: expected a whole number, found '4'"),
        ("limits: {writeThreads: 1.5}", "limits.writeThreads: expected a whole number, found the number 1.5"),
        ("limits: {writeThreads: 0}", "limits.writeThreads: expected a number of at least 1, found the number 0"),
        ("limits: {writeThreads: 65}", "limits.writeThreads: expected a number of at most 64, found the number 65"),
        ("pools: {families: both}", "pools.families: expected 'auto', 'ipv4', 'ipv6' or 'dual', found 'both'"),
        ("source: file", "source: expected 'openapi' or 'metadata', found 'file'"),
        (
            "ccm: {controllers: [alb]}",
            "ccm.controllers[0]: expected 'node', 'route', 'service' or 'nlb', found 'alb'",
        ),
        ("pools: {gateways: {10.0.0.0/24: x}}", "pools.gateways.10.0.0.0/24: expected an IP address, found 'x'"),
        ("pools: {gateways: {10.0.0.0/24: 10.1.0.1}}", "pools.gateways: the gateway 10.1.0.1 is not in 10.0.0.0/24"),
        ("pools: {gateways: {10.0.0.0/24: 'fd00::1'}}", "pools.gateways: the gateway fd00::1 is not in 10.0.0.0/24"),
        ("pools: {gateways: {x: 10.1.0.1}}", "pools.gateways.x: expected a CIDR or a vSwitch id (vsw-…), found 'x'"),
        ("pools: {exclude: [10.0.0.9-10.0.0.1]}", "pools.exclude[0]: '10.0.0.9-10.0.0.1' runs backwards"),
        (
            "pools: {name: '{node}', nameIPv6: '{node}'}",
            "pools: name and nameIPv6 are the same, so the IPv4 and IPv6 pools of a NIC would be",
        ),
        (
            "endpoints: {ecs: 'http://x.com'}",
            "endpoints.ecs: http:// is accepted for loopback only; leave it out for https",
        ),
        (
            "multus: {coordinator: {vethLinkAddress: x}}",
            "multus.coordinator.vethLinkAddress: expected an IP address, found 'x'",
        ),
        (
            "multus: {coordinator: {hijackCIDR: [10.0.0.1, 10.0.0.1-10.0.0.9]}}",
            "multus.coordinator.hijackCIDR[1]: expected a CIDR, for example 192.168.0.0/24, found '10.0.0.1-10.0.0.9'",
        ),
        ("namespace: x", "namespace: unknown key, did you mean spiderpool.namespace?"),
        ("pools: {name_ipv6: x}", "pools.name_ipv6: unknown key, did you mean nameIPv6?"),
        ("multus: {coordinator: {Mode: auto}}", "multus.coordinator.Mode: unknown key, did you mean mode?"),
        (
            "interfaces: [{name: eth1, match: {cidrs: []}}]",
            "interfaces[0].match.cidrs: unknown key, did you mean cidr?",
        ),
        ("zzz: 1", "zzz: unknown key"),
        (r'"a\nb": 1', r"'a\nb': unknown key"),
        (
            "secret: x",
            "secret: unknown key; credentials come from the Alibaba Cloud credential chain, never from this file",
        ),
    ],
)
def test_problems_are_told_in_plain_words(text: str, complaint: str) -> None:
    """A problem names the key path and says what was expected, without a library's jargon."""
    assert [line.split(": ", 1)[1] for line in complaints(text)] == [complaint]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: b: c", "my.yaml:1:5: mapping values are not allowed in this context"),
        (b"region: a\nregion: b", "my.yaml:2:1: the key 'region' is already on line 1"),
        (b"pools:\n\tname: x", "my.yaml:2:1: a tab can't indent, use spaces"),
        (b"region: x\0", "my.yaml:1:10: the character U+0000 is not allowed"),
        (b"[" * 100_000, "my.yaml:1:66: nested deeper than 64 levels"),
        (b"# ok\n- a\n- b\n", "my.yaml:2: expected KEY: VALUE lines"),
        (b"just words", "my.yaml:1: expected KEY: VALUE lines"),
        (b"a: 1\nb: \xff\xfe", "my.yaml:2: is not UTF-8"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else "",
)
def test_text_that_is_no_mapping_is_refused(content: bytes, message: str) -> None:
    """Broken YAML and hostile text are one ConfigInvalid with a line."""
    with pytest.raises(ConfigInvalid) as caught:
        loader.parse(content, FILE)

    assert caught.value.message == message


def test_a_wrong_endpoint_is_not_repeated() -> None:
    """A URL may have a password in it, so the message leaves it out."""
    assert "hunter2" not in "".join(complaints("endpoints: {ecs: 'https://me:hunter2@example.com'}"))


def test_an_unknown_keys_value_is_not_repeated() -> None:
    """What stands behind an unknown key may be a credential."""
    assert "LTAI" not in "".join(complaints("accessKeyId: LTAI"))


def test_templates_are_relative_to_the_file() -> None:
    """A folder in the file means the same wherever the command runs."""
    loaded = loader.parse(b"templates: mine", pathlib.Path("/etc/spidercli/spidercli.yaml"))

    assert loaded.config.templates == "/etc/spidercli/mine"


def test_load_reads_a_file(tmp_path: pathlib.Path) -> None:
    """A file's path is what messages and places start with."""
    file = tmp_path / "spidercli.yaml"
    file.write_text("region: cn-hangzhou\n")

    loaded = loader.load(file)

    assert (loaded.config.region, loaded.where, loaded.path) == ("cn-hangzhou", {"region": f"{file}:1"}, file)


@pytest.mark.parametrize("name", ["absent.yaml", ".", "nul\0.yaml"])
def test_unreadable_files_are_refused(tmp_path: pathlib.Path, name: str) -> None:
    """A missing file, a folder and an impossible name are a ConfigInvalid."""
    with pytest.raises(ConfigInvalid, match="can't be read"):
        loader.load(tmp_path / name)


def test_huge_files_are_refused(tmp_path: pathlib.Path) -> None:
    """More than 1 MiB is no configuration file, and is not parsed."""
    file = tmp_path / "big.yaml"
    file.write_bytes(b"#" * (loader.LARGEST_FILE + 1))

    with pytest.raises(ConfigInvalid, match="larger than 1 MiB"):
        loader.load(file)


names = st.sampled_from(sorted({key.path[-1] for key in keys.walk()} | {"match", "x", "10.0.0.0/8"}))
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["{node}", "{nic", "{}", "{0.a}", "10.0.0.0/8", "10.0.0.1-x", "vsw-a", "[::1]:0", "http://[", "1" * 4000]
    )
)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4))


@settings(deadline=None)
@given(st.dictionaries(names, trees, max_size=5))
def test_any_values_give_a_config_or_config_invalid(data: dict[str, object]) -> None:
    """Whatever stands behind whatever key, the outcome is a Config, or one complaint a line."""
    try:
        loader.parse(yamltext.dump(data).encode(), FILE)
    except ConfigInvalid as error:
        message = error.message
    else:
        message = "my.yaml:1: fine"
    assert all(line.startswith("my.yaml:") for line in message.splitlines())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_config_or_config_invalid(content: bytes) -> None:
    """No bytes make any other error than ConfigInvalid."""
    try:
        outcome = str(loader.parse(content, FILE).path)
    except ConfigInvalid as error:
        outcome = error.message
    assert outcome.startswith("my.yaml")

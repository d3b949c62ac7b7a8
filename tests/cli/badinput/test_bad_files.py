"""Files that no command can use: one message that says what, and where, the right exit code, and an end in time."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from spidercli import userfiles, yamltext

Run = Callable[..., Any]
Check = Callable[[Any], Any]
Write = Callable[[str, str | bytes], str]

ROOT = pathlib.Path(__file__).parents[3]
GUIDE = str(ROOT / "examples" / "guide" / "inventory.yaml")
KEYS = "".join(f"k{number}: 1\n" for number in range(5_000))

CONFIGS: dict[str, tuple[str | bytes, str]] = {
    "UTF-16": ("region: cn-hangzhou\n".encode("utf-16"), "spidercli.yaml:1: is not UTF-8"),
    "binary": (bytes(range(256)), "spidercli.yaml:2: is not UTF-8"),
    "NUL": ("region: a\0b\n", "spidercli.yaml:1:10: the character U+0000"),
    "10 MB": ("#" * (10 << 20), "spidercli.yaml: can't be read: larger than 1 MiB"),
    "deep": ("a: " + "[" * 10_000, "spidercli.yaml:1:68: nested deeper than 64 levels"),
    "a tag of Python": (
        "region: !!python/object:os.system x\n",
        ":1:9: the tag tag:yaml.org,2002:python/object:os.sys",
    ),
    "a long tag": (f"a: !{'x' * 100_000} b\n", "spidercli.yaml:1:4: the tag !xxx"),
    "two documents": ("region: cn-a\n---\nregion: cn-b\n", "spidercli.yaml:3:1: a second document"),
    "a huge number": (
        "limits: {writeThreads: 99999999999999999999}\n",
        ":1: limits.writeThreads: expected a number of",
    ),
    "not a number": (
        "limits: {writeThreads: .nan}\n",
        "limits.writeThreads: expected a whole number, found the number nan",
    ),
    "on": ("pools: {default: on}\n", "pools.default: expected true or false, found 'on'"),
    "host bits": ("pools: {exclude: [10.0.0.1/8]}\n", "pools.exclude[0]: '10.0.0.1/8' has host bits set"),
    "backwards": ("pools: {exclude: [fd00::9-fd00::1]}\n", "pools.exclude[0]: 'fd00::9-fd00::1' runs backwards"),
    "a zone": ('pools: {exclude: ["fe80::1%eth0"]}\n', "pools.exclude[0]: expected an address"),
    "a gateway's zone": (
        'pools: {gateways: {"fe80::/64": "fe80::1%eth0"}}\n',
        "expected an IP address, found 'fe80::1%e",
    ),
    "a gateway by number": (
        'pools: {gateways: {"10.0.0.0/24": 167772161}}\n',
        "expected an IP address, found 167772161",
    ),
    "an attribute": ('pools: {name: "{node.__class__}"}\n', "pools.name: unknown field '{node.__class__}'"),
    "an unknown field": ('pools: {name: "{nodes}"}\n', "pools.name: unknown field '{nodes}'; fields: {node} {nic}"),
    "escapes in a key": ('"\\e[31m\\u202eevil\\n": 1\n', r"'\x1b[31m\u202eevil\n': unknown key"),
    "very many unknown keys": (KEYS, "and 4950 more problems"),
    "a list": ("- region\n", "spidercli.yaml:1: expected KEY: VALUE lines"),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_configuration_that_can_not_be_used(spidercli: Run, behaves: Check, write: Write, case: str) -> None:
    """A configuration file is refused with its line and its key."""
    content, words = CONFIGS[case]
    ran = behaves(spidercli("export", "-c", write("spidercli.yaml", content), "--inventory", GUIDE))

    assert (ran.code, ran.stdout) == (64, "")
    assert "error SPC010: " in ran.stderr
    assert words in ran.stderr


@pytest.mark.parametrize(
    "content",
    ["", "\ufeffregion: cn-hangzhou\n", "region: cn-hangzhou\r\npools:\r\n  default: true\r\n", "pools:\nmultus: ~\n"],
    ids=["empty", "BOM", "CRLF", "sections without keys"],
)
def test_a_configuration_that_looks_odd_and_is_fine(spidercli: Run, behaves: Check, write: Write, content: str) -> None:
    """Editors and people write such files."""
    assert behaves(spidercli("export", "-c", write("c.yaml", content), "--inventory", GUIDE)).code == 0


def test_a_range_of_half_the_internet_can_be_excluded(spidercli: Run, behaves: Check, write: Write) -> None:
    """A range is never written out address by address."""
    config = write("c.yaml", 'pools: {exclude: ["fd00::-fdff::ffff", "::/0", "172.0.0.0-172.255.255.255"]}\n')
    ran = behaves(spidercli("export", "-c", config, "--inventory", GUIDE, "--only", "pools"))

    assert ran.code == 0
    assert "192.168.0.156" in ran.stdout
    assert "172.31.199.185" not in ran.stdout


def broken(change: Callable[[dict[str, Any]], None]) -> str:
    """The guide's inventory with a change."""
    document = yamltext.load(pathlib.Path(GUIDE).read_text(), where=GUIDE).data
    change(document)
    return json.dumps(document)


def nic(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["nodes"][0]["nics"][0]
    return found


def block(**fields: object) -> str:
    return broken(lambda document: nic(document)["ipv4"].update(fields))


INVENTORIES: dict[str, tuple[str | bytes, str]] = {
    "another version": (
        broken(lambda document: document.update(apiVersion="v2")),
        "apiVersion: expected 'spidercli.io/v1'",
    ),
    "no nodes": (broken(lambda document: document.pop("nodes")), ":1: nodes: is missing"),
    "nulls": (broken(lambda document: document.update(nodes=[None, 5])), "nodes[0]: expected a mapping, found nothing"),
    "one node twice": (
        broken(lambda document: document["nodes"].append(document["nodes"][0])),
        "nodes[2].name: master is al",
    ),
    "a primary address": (
        block(addresses=["172.31.199.183"]),
        "172.31.199.183 is already at nodes[0].nics[0].primaryIP",
    ),
    "outside": (
        block(addresses=["10.0.0.1"]),
        "nodes[0].nics[0].ipv4.addresses[0]: 10.0.0.1 is not in 172.31.192.0/20",
    ),
    "two families": (block(addresses=["10.0.0.1-fd00::1"]), "mixes IPv4 and IPv6"),
    "another family": (block(addresses=["fd00::1"]), "fd00::1 is not in 172.31.192.0/20"),
    "a huge range": (block(addresses=["10.0.0.0-10.255.255.255"]), "has more than 65536 addresses"),
    "on two ENIs": (
        broken(lambda d: nic(d)["ipv4"]["addresses"].append("172.31.199.190")),
        "172.31.199.190 is already at",
    ),
    "escapes": (broken(lambda d: d["nodes"][0].update(name="\x1b[31m\u202e")), r"nodes[0].name: expected a node name"),
    "1 MB": (broken(lambda d: d["nodes"][0].update(name="x" * 1_000_000)), "nodes[0].name: expected a node name"),
    "UTF-16": (broken(lambda _: None).encode("utf-16"), "is not UTF-8"),
    "deep": ("[" * 100_000, "nested deeper than 64 levels"),
    "empty": ("", "expected a mapping, found nothing"),
}


@pytest.mark.parametrize("case", INVENTORIES)
def test_an_inventory_that_can_not_be_used(spidercli: Run, behaves: Check, write: Write, case: str) -> None:
    """A saved inventory is refused with the place and what is wrong there."""
    content, words = INVENTORIES[case]
    ran = behaves(spidercli("export", "--inventory", write("inventory.yaml", content)))

    assert (ran.code, ran.stdout) == (64, "")
    assert "error SPC030: " in ran.stderr
    assert "inventory.yaml:" in ran.stderr
    assert words in ran.stderr


@pytest.mark.parametrize("flag", ["--inventory", "--config", "--kubeconfig"])
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing", "missing"),
        (".", "."),
        ("/dev/zero", "larger than"),
        ("pipe", "nothing came out of it"),
        ("x" * 400, "xxx"),
        ("", "expected a text of one line"),
        ("a\0b", r"found 'a\x00b'"),
    ],
    ids=["missing", "folder", "endless", "silent pipe", "long", "empty", "NUL"],
)
def test_a_file_that_is_none(
    spidercli: Run, behaves: Check, monkeypatch: pytest.MonkeyPatch, flag: str, path: str, words: str
) -> None:
    """Whatever is there instead of a file: a message with its name, and no endless wait."""
    monkeypatch.setattr(userfiles, "SILENCE", 0.05)
    os.mkfifo("pipe")
    ran = behaves(spidercli("pools", "diff", flag, path, *(() if flag == "--inventory" else ("--inventory", GUIDE))))

    assert ran.code == 64
    assert words in ran.stderr or (flag == "--kubeconfig" and "does not exist" in ran.stderr)


def test_an_inventory_comes_through_a_pipe(spidercli: Run, behaves: Check) -> None:
    """As `--inventory <(spidercli inventory -o yaml)` gives it."""
    reader, writer = os.pipe()
    os.write(writer, pathlib.Path(GUIDE).read_bytes())
    os.close(writer)
    try:
        assert behaves(spidercli("export", "--inventory", f"/dev/fd/{reader}")).code == 0
    finally:
        os.close(reader)


METADATA = "metadata:\n  name: {{ name }}\n  labels: {app.kubernetes.io/managed-by: spidercli}\n"
POOL = f"apiVersion: a/v1\nkind: SpiderIPPool\n{METADATA}"
TEMPLATES: dict[str, tuple[str | bytes, str]] = {
    "syntax": ("{% for %}", ":1: "),
    "undefined": ("a: {{ nope }}", ":1: 'nope' is undefined"),
    "a huge range": ("{% for i in range(10 ** 9) %}{% endfor %}", ":1: Range too big"),
    "loops in loops": (
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "loops run more than",
    ),
    "letters in letters": (
        "{% for a in 'x' * 999 %}{% for b in 'x' * 999 %}{% endfor %}{% endfor %}",
        "loops run more than",
    ),
    "a tower of powers": ("{{ 9 ** 9 ** 9 }}", "the result of ** would be too large"),
    "too much text": ("{{ 'x' * 10 ** 9 }}", "would be too large"),
    "a class": ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe"),
    "a class by format": ("{{ '{0.__class__}'.format(name) }}", "is unsafe"),
    "globals": ("{{ cycler.__init__.__globals__ }}", "is unsafe"),
    "a file of the machine": ("{% include '/etc/passwd' %}", "there is no template /etc/passwd"),
    "a macro without end": ("{% macro m() %}\n{{ m() }}\n{% endmacro %}\n{{ m() }}", "recursion"),
    "itself": ("{% include 'spiderippool.yaml.j2' %}", "recursion"),
    "deep": ("{{ " + "(" * 5_000 + ")" * 5_000 + " }}", "the template can't be compiled"),
    "deep loops": ("{% for a in 'x' %}" * 30 + "{% endfor %}" * 30, "the template can't be compiled"),
    "large": ("#" * (2 << 20), "is larger than 1 MiB"),
    "a long name": ("{% include '" + "x" * 100_000 + "' %}", "there is no template xxx"),
    "no YAML": ("a: [", "does not give YAML for SpiderIPPool"),
    "a list": ("- a\n", "gives no object with metadata for SpiderIPPool"),
    "another kind": ("kind: Pod\nmetadata: {name: x}\n", "gives Pod x instead of SpiderIPPool"),
    "two objects": ("a: 1\n---\nb: 2\n", "gives 2 objects instead of 1"),
    "no apiVersion": (POOL.partition("\n")[2], "without an apiVersion"),
    "an odd spec": (POOL + "spec: 5\n", "a spec that is no mapping"),
    "UTF-16": ("a: 1".encode("utf-16"), "the template can't be read"),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_template_that_can_not_be_used(spidercli: Run, behaves: Check, write: Write, case: str) -> None:
    """A template of the user ends, stays away from the machine, and gives what it has to, or its name is told."""
    content, words = TEMPLATES[case]
    path = pathlib.Path(write("templates/spiderippool.yaml.j2", content))
    ran = behaves(spidercli("export", "--only", "pools", "--inventory", GUIDE, "--templates", str(path.parent)))

    assert (ran.code, ran.stdout) == (64, "")
    assert f"error SPC020: {path}" in ran.stderr
    assert words in ran.stderr


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to nothing", "link to itself"])
def test_a_template_that_is_no_file(spidercli: Run, behaves: Check, tmp_path: pathlib.Path, kind: str) -> None:
    """It is told, where Jinja would quietly take the built-in one."""
    path = tmp_path / "spiderippool.yaml.j2"
    make: dict[str, Callable[[], object]] = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link to nothing": lambda: path.symlink_to("nothing"),
        "link to itself": lambda: path.symlink_to(path.name),
    }
    make[kind]()
    ran = behaves(spidercli("export", "--inventory", GUIDE, "--templates", str(tmp_path)))

    assert (ran.code, ran.stdout) == (64, "")
    assert f"{path}: is no file" in ran.stderr


@pytest.mark.parametrize(
    ("folder", "words"), [("x" * 400, "does not exist"), (GUIDE, "is no folder"), ("loop", "does not exist")]
)
def test_a_template_folder_that_is_none(spidercli: Run, behaves: Check, folder: str, words: str) -> None:
    """What is there instead of the folder is told."""
    pathlib.Path("loop").symlink_to("loop")
    ran = behaves(spidercli("export", "--inventory", GUIDE, "--templates", folder))

    assert ran.code == 64
    assert words in ran.stderr


def kubeconfig(**changes: object) -> str:
    document: dict[str, object] = {
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [],
        "current-context": "a",
    }
    return json.dumps({**document, **changes})


def server(url: str) -> str:
    return kubeconfig(clusters=[{"name": "a", "cluster": {"server": url}}])


KUBECONFIGS: dict[str, tuple[str | bytes, str]] = {
    "binary": (bytes(range(256)), "the kubeconfig is not valid YAML"),
    "deep": ("a: " + "[" * 200_000, "the kubeconfig is nested too deeply"),
    "a list": ("[1]", "is empty or not a mapping"),
    "odd lists": (kubeconfig(contexts=5, clusters="x", users={"a": 1}), "context a is not in"),
    "odd context": (kubeconfig(**{"current-context": ["a"]}), "context ['a'] is not in"),
    "no URL": (server("https://[::1"), "the server has to be https://HOST[:PORT]"),
    "no port": (server("http://127.0.0.1:x/"), "the server has to be https://HOST[:PORT]"),
    "a large port": (server("https://127.0.0.1:99999999"), "the server has to be https://HOST[:PORT]"),
    "no host": (server("https://"), "the server has to be https://HOST[:PORT]"),
    "a blank": (server("https://127.0.0.1:1/a b"), "the server has to be https://HOST[:PORT]"),
}


@pytest.mark.parametrize("case", KUBECONFIGS)
def test_a_kubeconfig_that_can_not_be_used(spidercli: Run, behaves: Check, write: Write, case: str) -> None:
    """A kubeconfig is refused by its name, and not even libyaml's limits end the process."""
    content, words = KUBECONFIGS[case]
    path = write("kubeconfig", content)
    ran = behaves(spidercli("version", "--kubeconfig", path))

    assert ran.code == 64
    assert path in ran.stderr
    assert words in ran.stderr


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 400, "."], ids=["empty", "NUL", "long", "folder"])
@pytest.mark.parametrize(
    "command", [("init", "--force"), ("export", "--inventory", GUIDE, "--out")], ids=["init", "export"]
)
def test_a_file_that_can_not_be_written(spidercli: Run, behaves: Check, command: tuple[str, ...], name: str) -> None:
    """A result that has nowhere to go is told by its name."""
    ran = behaves(spidercli(*command, name))

    assert ran.code == (0 if (command[0], name) == ("export", ".") else 64)

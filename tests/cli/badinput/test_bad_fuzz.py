"""Valid documents with values deleted, replaced and retyped at random places: every run ends in good order."""

from __future__ import annotations

import copy
import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spidercli import yamltext

Run = Callable[..., Any]
Check = Callable[[Any], Any]
Path = tuple[str | int, ...]

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples" / "guide"
GONE = object()
ODD = st.sampled_from(
    [
        *(GONE, None, True, 0, -1, 10**30, 1.5, "", "x", "a\nb", "\x1b[31m\u202e", "x" * 5_000, "{{ 7*7 }}", "[red]"),
        *("10.0.0.1", "999.1.1.1", "fe80::1%eth0", "::/0", "0.0.0.0-255.255.255.255", "eth0", "i-x", "../..", "null"),
        *([], [None], [[]], {}, {"a": None}, {"": ""}, [{}]),
    ]
)
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), ODD), min_size=1, max_size=3)
Changes = list[tuple[int, Any]]
bounded = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all values in a document, the document's own left out."""
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from places(inner, (*path, key))


def mutated(document: Any, changes: Changes) -> Any:
    """A copy with one to three values replaced or gone."""
    changed = copy.deepcopy(document)
    for number, value in changes:
        paths = list(places(changed))
        if paths:
            *above, last = paths[number % len(paths)]
            at = changed
            for step in above:
                at = at[step]
            if value is GONE:
                del at[last]
            else:
                at[last] = copy.deepcopy(value)
    return changed


def load(name: str) -> Any:
    return yamltext.load((EXAMPLES / name).read_text(), where=name).data


CONFIG = {
    **load("spidercli.yaml"),
    "pools": {"name": "{node}-{octet}", "exclude": ["10.0.0.0/8"], "gateways": {"192.168.0.0/24": "192.168.0.253"}},
    "nodes": {"name": "hostname", "ids": [], "tags": {"a": "b"}},
    "limits": {"maxDelete": "20%", "writeThreads": 4},
    "multus": {"coordinator": {"mode": "underlay", "hijackCIDR": ["169.254.0.0/16"], "podRPFilter": 0}},
    "interfaces": [{"name": "eth1", "match": {"cidr": ["192.168.0.0/24"], "tags": {"a": ""}}}],
}


@bounded
@given(changes=CHANGES)
def test_a_mutated_configuration(spidercli: Run, behaves: Check, changes: Changes) -> None:
    """Any configuration is used, or refused with its place."""
    path = pathlib.Path("fuzzed.yaml")
    path.write_text(json.dumps(mutated(CONFIG, changes)))
    ran = behaves(spidercli("export", "-c", str(path), "--inventory", str(EXAMPLES / "inventory.yaml")))

    assert ran.code in (0, 1, 64)
    assert ran.code == 0 or ran.stdout == ""


@bounded
@given(changes=CHANGES)
def test_a_mutated_inventory(spidercli: Run, behaves: Check, changes: Changes) -> None:
    """Any inventory is used, or refused with its place."""
    path = pathlib.Path("fuzzed.yaml")
    path.write_text(json.dumps(mutated(load("inventory.yaml"), changes)))
    ran = behaves(spidercli("export", "--inventory", str(path)))

    assert ran.code in (0, 1, 64)
    assert ran.code == 0 or ran.stdout == ""


WORDS = st.sampled_from(
    [
        *("pools", "diff", "list", "who", "sync", "config", "show", "export", "--only", "ccm", "apps", "version", "--"),
        *("--inventory", "--timeout", "-1", "0", "9" * 400, "abc", "", "-o", "json", "xml", "-v", "-vvvvvvvvvv", "-q"),
        *("--max-delete", "-5%", "20%", "10.0.0.1", "fe80::1%x", "--region", "--vpc", "\x1b[31m", "\u202e", "\ud800"),
        *("--dry-run", "--source", "metadata", "--help", "--color", "--bogus", "-c", "-ojson", "--output=", "=", "-"),
    ]
)


@bounded
@given(words=st.lists(WORDS, max_size=6))
def test_any_words(spidercli: Run, behaves: Check, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """Any command line runs, or is refused; there is no cluster and no account to run against."""
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    monkeypatch.setenv("SPIDERCLI_METADATA_ENDPOINT", "http://127.0.0.1:9")

    behaves(spidercli(*words))


@pytest.mark.parametrize("call", ["DescribeNetworkInterfaces", "DescribeInstances", "DescribeVSwitches"])
@bounded
@given(changes=CHANGES)
def test_a_mutated_answer_of_the_cloud(spidercli: Run, behaves: Check, cloud: Any, call: str, changes: Changes) -> None:
    """Any answer is planned on, or refused."""
    cloud.straighten()
    cloud.bend(call, lambda document: mutated(document, changes))
    ran = behaves(spidercli("inventory", "-o", "yaml", "-q"))

    assert ran.code in (0, 1, 4)


@pytest.mark.parametrize("call", ["/spiderippools", "/nodes", "/spidermultusconfigs"])
@bounded
@given(changes=CHANGES)
def test_a_mutated_answer_of_the_cluster(
    spidercli: Run, behaves: Check, cluster: Any, call: str, changes: Changes
) -> None:
    """Any listing is planned on, or refused."""
    cluster.straighten()
    cluster.bend(call, lambda document: mutated(document, changes))
    for command in ("multus diff",) if call.endswith("configs") else ("pools diff --prune -o json", "pools list"):
        assert behaves(spidercli(*command.split(), "-q")).code in (0, 1)

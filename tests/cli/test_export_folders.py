"""`spidercli export --out`: what of a folder goes, and what an export must not take away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
Config = Callable[[str], tuple[str, str]]
FACTS = ("--inventory", str(Path(__file__).parents[2] / "examples" / "guide" / "inventory.yaml"))
MASTER = ["spiderippool/master-eth0.yaml", "spiderippool/master-eth1.yaml"]
WORKER = ["spiderippool/worker-eth0.yaml", "spiderippool/worker-eth1.yaml"]
UNKNOWN = ", which nodes that this export is not about may still need: "
ONLY_WORKER = f"nodes: {{ids: [{guide.WORKER}]}}"


def names_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(name="config")
def configuration(tmp_path: Path) -> Config:
    """Options that name a configuration file with a text."""

    def write(text: str) -> tuple[str, str]:
        path = tmp_path / "spidercli.yaml"
        path.write_text(f"{text}\n")
        return "-c", str(path)

    return write


@pytest.fixture(name="out")
def exported_folder(spidercli: Run, tmp_path: Path) -> Path:
    """A folder with every part of the guide's two nodes but the CCM."""
    out = tmp_path / "manifests"
    parts = [option for part in ("multus", "pools", "provider-id", "apps") for option in ("--only", part)]
    assert spidercli("export", *FACTS, *parts, "--out", str(out)).code == 0
    return out


def without_eth1_of(node: str, tmp_path: Path) -> tuple[str, str]:
    """Options that name the guide's facts, one ENI less."""
    facts = yaml.safe_load(Path(FACTS[1]).read_text(encoding="utf-8"))
    for each in facts["nodes"]:
        if node in {"every", each["name"]}:
            each["nics"] = each["nics"][:1]
    path = tmp_path / "inventory.yaml"
    path.write_text(yaml.safe_dump(facts))
    return "--inventory", str(path)


@pytest.mark.parametrize("narrowed", [ONLY_WORKER, "nodes: {exclude: [master]}"], ids=["ids", "exclude"])
def test_files_of_nodes_that_are_left_out_stay(spidercli: Run, out: Path, config: Config, narrowed: str) -> None:
    """An export that is about one node removes nothing of another one, and says what it leaves."""
    before = names_below(out)
    ran = spidercli("export", *FACTS, *config(narrowed), "--out", str(out))

    assert (ran.code, names_below(out)) == (0, before)
    assert ran.stderr.splitlines() == [
        f"{out}: 6 files written",
        f"3 files left{UNKNOWN}provider-id/master.patch, {', '.join(MASTER)}",
    ]


def test_the_only_node_that_is_asked_for(spidercli: Run, out: Path, config: Config, tmp_path: Path) -> None:
    """Of a node that the export is about, what nothing asks for any more goes; a network may be another one's."""
    facts = without_eth1_of("every", tmp_path)
    ran = spidercli("export", *facts, *config(ONLY_WORKER), "--only", "pools", "--only", "multus", "--out", str(out))

    assert ran.stderr.splitlines() == [
        f"{out}: 2 files written",
        f"1 file removed, which nothing asks for any more: {WORKER[1]}",
        f"3 files left{UNKNOWN}{', '.join(MASTER)}, spidermultusconfig/ipvlan-eth1.yaml",
    ]
    assert not (out / WORKER[1]).exists()


@pytest.mark.parametrize("text", ["[", "[]", "- 1", "spec: {nodeName: 1}", "spec: [1]", "spec: {nodeName: [gone]}"])
def test_a_pool_that_does_not_say_whose_it_is(spidercli: Run, out: Path, config: Config, text: str) -> None:
    """What was changed by hand stays while the export is about some nodes only."""
    first = (out / MASTER[0]).read_text().splitlines()[0]
    (out / "spiderippool" / "odd.yaml").write_text(f"{first}\n{text}\n")
    ran = spidercli("export", *FACTS, *config(ONLY_WORKER), "--only", "pools", "--out", str(out))

    assert (ran.code, (out / "spiderippool" / "odd.yaml").exists()) == (0, True)


def test_metadata_speak_for_one_node(spidercli: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    """An export from within a node leaves the files of all others."""
    spidercli("export", "--vpc", guide.VPC, "--only", "pools", "--out", str(tmp_path))
    before = names_below(tmp_path)
    sandbox.world.metadata_instance_id = guide.WORKER
    ran = spidercli("export", "--source", "metadata", "--only", "pools", "--out", str(tmp_path))

    assert (ran.code, names_below(tmp_path)) == (0, before)


def test_nodes_that_the_facts_lack(spidercli: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    """With --from-cluster, a node of the cluster that a saved inventory lacks keeps its files."""
    facts = yaml.safe_load(Path(FACTS[1]).read_text(encoding="utf-8"))
    whole, part = tmp_path / "whole.yaml", tmp_path / "part.yaml"
    whole.write_text(yaml.safe_dump(facts))
    part.write_text(yaml.safe_dump({**facts, "nodes": facts["nodes"][:1]}))
    options = ("export", "--from-cluster", "--only", "pools", "--out", str(tmp_path / "manifests"), "--inventory")
    spidercli(*options, str(whole))
    before = names_below(tmp_path / "manifests")
    ran = spidercli(*options, str(part))

    assert (ran.code, len(before), names_below(tmp_path / "manifests")) == (0, 4, before)
    assert "lacks 1 of the cluster's nodes, whose pools are left alone: worker" in ran.stderr


def test_too_much_would_go(spidercli: Run, out: Path, config: Config) -> None:
    """More than --max-delete is refused before anything is written; the configuration's limit holds as well."""
    (out / WORKER[0]).write_bytes((out / WORKER[0]).read_bytes() + b"# by hand\n")
    before = {path: (out / path).read_bytes() for path in names_below(out)}
    renamed = config("pools: {name: 'x-{node}-{nic}'}\nlimits: {maxDelete: 3}")
    ran = spidercli("export", *FACTS, *renamed, "--out", str(out))

    assert (ran.code, ran.stdout) == (1, "")
    assert ran.stderr == (
        f"error SPC500: 4 of 4 files of pools would be removed from {out}, --max-delete 3 allows 3; "
        "nothing was written\n"
        "  hint: check the inventory and the configuration first; if they are right, raise --max-delete\n"
    )
    assert {path: (out / path).read_bytes() for path in names_below(out)} == before
    assert spidercli("export", *FACTS, *renamed, "--out", str(out), "--max-delete", "100%").code == 0
    assert [name for name in names_below(out) if "spiderippool" in name] == [
        f"spiderippool/x-{name.removeprefix('spiderippool/')}" for name in [*MASTER, *WORKER]
    ]


@pytest.mark.parametrize(("node", "code"), [("worker", 0), ("every", 1)])
def test_one_pool_always_may_go(spidercli: Run, out: Path, tmp_path: Path, node: str, code: int) -> None:
    """By default it is one in five, but never less than one."""
    ran = spidercli("export", *without_eth1_of(node, tmp_path), "--only", "pools", "--out", str(out))

    assert ran.code == code
    assert (out / WORKER[1]).exists() == (code == 1)


def test_a_limit_that_is_none(spidercli: Run, out: Path) -> None:
    """What --max-delete takes is told."""
    ran = spidercli("export", *FACTS, "--out", str(out), "--max-delete", "many")

    assert ran.code == 64
    assert "error SPC010: --max-delete: expected a percentage (20%) or a number" in ran.stderr


def test_a_name_that_is_another_nodes(spidercli: Run, out: Path, config: Config) -> None:
    """A pool is not written over that of a node which the export is not about."""
    before = (out / MASTER[0]).read_bytes()
    named = config(f"{ONLY_WORKER}\npools: {{name: 'master-{{nic}}'}}")
    ran = spidercli("export", *FACTS, *named, "--only", "pools", "--out", str(out))

    assert (ran.code, (out / MASTER[0]).read_bytes()) == (1, before)
    assert f"{out}/{MASTER[0]} is the pool of master, which this export is not about; nothing was written" in ran.stderr


@pytest.mark.parametrize("part", ["multus", "pools", "provider-id", "apps"])
def test_a_part_removes_only_its_own(spidercli: Run, out: Path, tmp_path: Path, part: str) -> None:
    """--only leaves the files of every other part."""
    facts = without_eth1_of("worker", tmp_path)
    mine = f"# Written by `spidercli export --only {part}`"
    others = [name for name in names_below(out) if not (out / name).read_text().startswith(mine)]
    ran = spidercli("export", *facts, "--only", part, "--out", str(out))

    assert (ran.code, set(others) - set(names_below(out))) == (0, set())


def test_the_ccm_needs_no_facts(spidercli: Run, config: Config, tmp_path: Path) -> None:
    """Its files follow the configuration alone, whatever nodes that selects."""
    options, told = ("export", "--only", "ccm", "--out", str(tmp_path / "manifests")), []
    for way in ("secret", "ram-role"):
        ran = spidercli(*config(f"{ONLY_WORKER}\nccm: {{credentials: {way}}}"), *options)
        told.append(ran.stderr.splitlines()[-1])

    assert told[0] == f"{tmp_path}/manifests: 6 files written"
    assert told[1].startswith("1 file removed, which nothing asks for any more: secret/")


def test_many_files_are_folded(spidercli: Run, config: Config, tmp_path: Path) -> None:
    """Ten are named and the rest is counted; -v names them all."""
    every, one = "region: cn-hangzhou\nvpc: vpc-drift", "region: cn-hangzhou\nvpc: vpc-drift\nnodes: {ids: [i-new]}"
    options = ("--sandbox=drift", "export", "--only", "pools", "--out", str(tmp_path / "manifests"))
    spidercli(*config(every), *options)
    folded, whole = (spidercli(*config(one), *options, *more).stderr.splitlines()[-1] for more in ([], ["-v"]))

    count = whole.count(".yaml")
    assert (count > 10, folded.count(".yaml")) == (True, 10)
    assert folded.startswith(f"{count} files left{UNKNOWN}")
    assert folded.endswith(f", and {count - 10} more")


def test_names_that_are_too_long_for_files(spidercli: Run, tmp_path: Path) -> None:
    """They are cut, each file keeps a name of its own, and a second export finds it again."""
    nodes = [
        {
            "name": f"{'.'.join(['a' * 60] * 4)}{end}",
            "instance": f"i-{end}",
            "nics": [{"name": "eth0", "ipv4": {"subnet": f"10.0.{number}.0/24", "addresses": [f"10.0.{number}.5"]}}],
        }
        for number, end in enumerate(("abcd", "abce", "b"))
    ]
    facts = tmp_path / "inventory.yaml"
    facts.write_text(yaml.safe_dump({"region": "cn-hangzhou", "nodes": nodes}))
    out = tmp_path / "manifests"
    first = spidercli("export", "--inventory", str(facts), "--out", str(out))
    before = names_below(out)
    second = spidercli("export", "--inventory", str(facts), "--out", str(out))

    pools = [yaml.safe_load((out / name).read_text())["metadata"]["name"] for name in before if "ippool" in name]
    assert (first.code, second.stderr) == (0, f"{out}: 8 files written\n")
    assert sorted(pools) == sorted(f"{node['name']}-eth0" for node in nodes)
    assert max(len(Path(name).name) for name in before) == 255
    assert names_below(out) == before

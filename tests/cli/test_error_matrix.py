"""Everything that can go wrong: one clear message, the right exit code, no traceback, and nothing written."""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from spidercli.gateways.alibaba import retrying
from spidercli.gateways.cluster import holders
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide
from spidercli.sandbox.serving import Server

Run = Callable[..., Any]
Options = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Stage:
    """What a case is arranged with."""

    sandbox: Sandbox
    monkeypatch: pytest.MonkeyPatch
    folder: Path
    add_node: Callable[[str, str], None]
    kubeconfig: Callable[..., str]

    def config(self, text: str) -> Options:
        """Use this configuration file."""
        path = self.folder / "spidercli.yaml"
        path.write_text(text)
        return "-c", str(path)

    def template(self, text: str, name: str = "spiderippool.yaml.j2") -> Options:
        """Override a template."""
        (self.folder / name).write_text(text)
        return "--templates", str(self.folder)


def wrong_secret(stage: Stage) -> Options:
    stage.monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "not-the-secret")
    return ()


def unknown_key(stage: Stage) -> Options:
    stage.monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "not-the-key-id")
    return ()


def half_a_key(stage: Stage) -> Options:
    stage.monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    return ()


def no_key(stage: Stage) -> Options:
    stage.monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    stage.monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    return half_a_key(stage)


def no_profile(stage: Stage) -> Options:
    return "--profile", "production"


def no_ram_permission(stage: Stage) -> Options:
    stage.sandbox.world.refuse("DescribeNetworkInterfaces", 403, "Forbidden.RAM", "User not authorized to operate.")
    return ()


def no_vpc_permission(stage: Stage) -> Options:
    stage.sandbox.world.refuse("DescribeVSwitches", 403, "Forbidden.RAM", "User not authorized to operate.")
    return ()


def another_region(stage: Stage) -> Options:
    return "--region", "cn-nowhere"


def cloud_unreachable(stage: Stage) -> Options:
    stage.monkeypatch.setattr(retrying, "NETWORK_BUDGET", 0.0)
    return "--ecs-endpoint", f"http://127.0.0.1:{closed_port()}"


def cluster_unreachable(stage: Stage) -> Options:
    return "--kubeconfig", stage.kubeconfig(f"http://127.0.0.1:{closed_port()}")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def no_kubeconfig(stage: Stage) -> Options:
    stage.monkeypatch.delenv("KUBECONFIG")
    return ()


def missing_kubeconfig(stage: Stage) -> Options:
    return "--kubeconfig", "missing"


def unknown_context(stage: Stage) -> Options:
    return "--context", "production"


def not_logged_in(stage: Stage) -> Options:
    stage.sandbox.kube.refuse("*", "*", 401)
    return ()


def may_not_list(stage: Stage) -> Options:
    stage.sandbox.kube.refuse("list", "spiderippools", 403)
    return ()


def may_not_write(stage: Stage) -> Options:
    stage.sandbox.kube.refuse("patch", "spiderippools", 403)
    return ()


def may_not_lease(stage: Stage) -> Options:
    stage.sandbox.kube.refuse("create", "leases", 403)
    return ()


def unknown_node(stage: Stage) -> Options:
    stage.add_node("stranger", "10.9.9.9")
    return ()


def no_addresses(stage: Stage) -> Options:
    for eni in list(stage.sandbox.world.enis.values()):
        stage.sandbox.world.unassign(eni.eni_id, *eni.secondary_ips)
    return ()


def no_nodes(stage: Stage) -> Options:
    return stage.config("region: cn-hangzhou\nnodes:\n  tags:\n    cluster: another\n")


def one_address_twice(stage: Stage) -> Options:
    enis = stage.sandbox.world.enis
    worker = enis[guide.WORKER_ETH0]
    both = (*worker.secondary_ips, IPv4Address("172.31.199.185"))
    enis[guide.WORKER_ETH0] = dataclasses.replace(worker, secondary_ips=both)
    return ()


def two_instances(stage: Stage) -> Options:
    """An instance of another vSwitch with the same primary address: possible where VPCs overlap."""
    world = stage.sandbox.world
    vswitch = dataclasses.replace(world.vswitches[guide.VSWITCH_ETH0], vswitch_id="vsw-twin", vpc_id="vpc-twin")
    world.add_vswitch(vswitch)
    instance = world.instance(guide.WORKER)
    world.add_instance(dataclasses.replace(instance, instance_id="i-twin", vpc_id="vpc-twin", vswitch_id="vsw-twin"))
    eni = dataclasses.replace(
        world.eni(guide.WORKER_ETH0), eni_id="eni-twin", vpc_id="vpc-twin", vswitch_id="vsw-twin", instance_id="i-twin"
    )
    world.add_eni(eni)
    return stage.config("region: cn-hangzhou\n")  # naming the VPC would tell them apart


def unknown_config_key(stage: Stage) -> Options:
    return stage.config("region: cn-hangzhou\npool:\n  name: x\n")


def wrong_config_type(stage: Stage) -> Options:
    return stage.config("pools:\n  default: 3\n")


def broken_config(stage: Stage) -> Options:
    return stage.config("pools: [\n")


def credentials_in_config(stage: Stage) -> Options:
    return stage.config("accessKeySecret: not-for-this-file\n")


def missing_config(stage: Stage) -> Options:
    return "-c", "missing.yaml"


def undefined_in_template(stage: Stage) -> Options:
    return stage.template("apiVersion: v1\nkind: {{ knd }}\n")


def broken_template(stage: Stage) -> Options:
    return stage.template("kind: SpiderIPPool\n{% if %}\n")


def template_of_no_object(stage: Stage) -> Options:
    return stage.template("kind: Pod\nmetadata:\n  name: x\n")


def template_of_no_name(stage: Stage) -> Options:
    return stage.template("kind: Pod\n", name="spiderippol.yaml.j2")


def another_run(stage: Stage) -> Options:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": "ci-7/12/x", "leaseDurationSeconds": 60, "acquireTime": now, "renewTime": now}
    lease: Any = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "spidercli", "namespace": "kube-system"},
        "spec": spec,
    }
    stage.sandbox.kube.seed(lease)
    return ()


def sandbox_and_kubeconfig(stage: Stage) -> Options:
    return "--sandbox", "--kubeconfig", "production"


def unknown_sandbox(stage: Stage) -> Options:
    return ("--sandbox=production",)


CASES = [
    (wrong_secret, 4, "SPC311", ["ecs:DescribeInstances", "SignatureDoesNotMatch"]),
    (unknown_key, 4, "SPC311", ["InvalidAccessKeyId"]),
    (half_a_key, 64, "SPC010", ["ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"]),
    (no_key, 4, "SPC310", ["no Alibaba Cloud credentials", "--profile"]),
    (no_profile, 64, "SPC010", ["'production'"]),
    (no_ram_permission, 4, "SPC312", ["ecs:DescribeNetworkInterfaces is not allowed"]),
    (no_vpc_permission, 4, "SPC312", ["vpc:DescribeVSwitches is not allowed"]),
    (another_region, 1, "SPC300", ["cn-nowhere"]),
    (cloud_unreachable, 1, "SPC304", ["ecs:DescribeInstances on 127.0.0.1:", "refused"]),
    (cluster_unreachable, 1, "SPC401", ["127.0.0.1:", "connection refused"]),
    (no_kubeconfig, 1, "SPC401", ["there is no kubeconfig", "--kubeconfig"]),
    (missing_kubeconfig, 64, "SPC010", ["kubeconfig missing does not exist"]),
    (unknown_context, 64, "SPC010", ["context production", "known contexts: sandbox"]),
    (not_logged_in, 4, "SPC402", ["credentials"]),
    (may_not_list, 4, "SPC403", ["may not list spiderippools.spiderpool.spidernet.io"]),
    (may_not_write, 4, "SPC403", ["may not patch spiderippools.spiderpool.spidernet.io"]),
    (may_not_lease, 4, "SPC403", ["may not create leases.coordination.k8s.io in namespace kube-system"]),
    (unknown_node, 1, "SPC201", ["node stranger", "10.9.9.9"]),
    (no_addresses, 1, "SPC500", ["no ENI of the inventory has a secondary private IP"]),
    (no_nodes, 1, "SPC500", ["the inventory has no nodes"]),
    (one_address_twice, 1, "SPC203", ["172.31.199.185", guide.MASTER_ETH0, guide.WORKER_ETH0]),
    (two_instances, 1, "SPC202", ["node worker", guide.WORKER, "i-twin", guide.VPC, "vpc-twin"]),
    (unknown_config_key, 64, "SPC010", ["spidercli.yaml:2: pool: unknown key, did you mean pools?"]),
    (wrong_config_type, 64, "SPC010", ["spidercli.yaml:2: pools.default: expected true or false"]),
    (broken_config, 64, "SPC010", ["spidercli.yaml:2"]),
    (credentials_in_config, 64, "SPC010", ["spidercli.yaml:1: accessKeySecret: unknown key; credentials come from"]),
    (missing_config, 64, "SPC010", ["missing.yaml: can't be read: No such file or directory"]),
    (undefined_in_template, 64, "SPC020", ["spiderippool.yaml.j2:2: 'knd' is undefined"]),
    (broken_template, 64, "SPC020", ["spiderippool.yaml.j2:2: "]),
    (template_of_no_object, 64, "SPC020", ["spiderippool.yaml.j2: gives Pod x instead of SpiderIPPool master-"]),
    (template_of_no_name, 64, "SPC020", ["spiderippol.yaml.j2: ", "did you mean spiderippool.yaml.j2?"]),
    (another_run, 1, "SPC410", ["kube-system/spidercli", "ci-7/12/x", "expires in"]),
    (sandbox_and_kubeconfig, 64, "SPC001", ["--kubeconfig can't go with --sandbox"]),
    (unknown_sandbox, 64, "SPC001", ["'production'", "guide"]),
]


@pytest.fixture(name="stage")
def arranged(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    add_node: Callable[[str, str], None],
    kubeconfig: Callable[..., str],
) -> Stage:
    """The guide's sandbox, and a folder for files."""
    return Stage(sandbox, monkeypatch, tmp_path, add_node, kubeconfig)


@pytest.mark.parametrize(("arrange", "exit_code", "code", "words"), CASES, ids=[case[0].__name__ for case in CASES])
def test_one_message_and_nothing_written(
    spidercli: Run, stage: Stage, arrange: Callable[[Stage], Options], exit_code: int, code: str, words: list[str]
) -> None:
    """The message names what it is about, programs get the same as JSON, and no object has changed."""
    options = arrange(stage)
    told = spidercli("pools", "sync", "--yes", *options)
    data = spidercli("pools", "sync", "--yes", "-o", "json", *options)

    assert (told.code, data.code) == (exit_code, exit_code)
    assert told.stderr.count(f"error {code}: ") == 1
    assert [word for word in words if word not in told.stderr] == []
    assert data.error["code"] == code
    assert "Traceback" not in told.stderr + data.stderr
    assert changed_objects(stage.sandbox) == []


def changed_objects(sandbox: Sandbox) -> list[str]:
    """Writes that the cluster accepted, apart from the Lease."""
    return [
        f"{request.method} {request.path}"
        for request in sandbox.kube.requests
        if request.method != "GET" and request.plural != "leases" and request.status < 300
    ]


@pytest.mark.parametrize("command", ["bootstrap", "multus sync", "nodes provider-id", "pools list", "inventory"])
@pytest.mark.parametrize(
    ("arrange", "exit_code"), [(wrong_secret, 4), (unknown_node, 1), (not_logged_in, 4), (broken_config, 64)]
)
def test_every_command_fails_alike(
    spidercli: Run, stage: Stage, command: str, arrange: Callable[[Stage], Options], exit_code: int
) -> None:
    """What is wrong with the facts or the configuration is the same error whatever the command."""
    ran = spidercli(*command.split(), "--yes", *arrange(stage))

    assert (ran.code, ran.stdout) == (exit_code, "")
    assert ran.stderr.count("error SPC") == 1
    assert changed_objects(stage.sandbox) == []


@pytest.mark.parametrize("command", ["bootstrap --yes", "bootstrap --only preflight", "multus sync", "pools sync"])
def test_spiderpool_is_not_installed(
    spidercli: Run, sandbox: Sandbox, kubeconfig: Callable[..., str], command: str
) -> None:
    """A cluster without Spiderpool is told so, first of all by preflight."""
    nodes = [sandbox.kube.find("v1", "nodes", name) for name in ("master", "worker")]
    bare = KubeApi([node for node in nodes if node], spiderpool=None)
    with Server(kube_app(bare)) as server:
        ran = spidercli(*command.split(), "--yes", "--kubeconfig", kubeconfig(server.url))

    assert (ran.code, ran.stdout) == (1, "")
    assert "error SPC404: Spiderpool is not installed: the cluster has no Spider" in ran.stderr
    assert {request.method for request in bare.requests} == {"GET"}


def test_a_lease_of_a_killed_run_of_this_host_is_taken_over(spidercli: Run, stage: Stage) -> None:
    """The process is gone, so nobody has to wait for a minute."""
    another_run(stage)
    host, _, token = holders.identity().split("/")
    lease: Any = stage.sandbox.kube.find("coordination.k8s.io/v1", "leases", "spidercli", "kube-system")
    lease["spec"]["holderIdentity"] = f"{host}/4194305/{token}"  # above the largest process number of Linux
    stage.sandbox.kube.seed(lease)

    assert spidercli("pools", "sync", "--yes").code == 0


def test_a_mistake_of_ours_shows_no_values(spidercli: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What should be impossible is one line; -vv shows where, as code and without values."""
    value = "possibly" + "-secret"

    def broken(*_: object) -> None:
        raise RuntimeError(value)

    monkeypatch.setattr("spidercli.facts.assemble.inventory", broken)
    short = spidercli("inventory")
    long = spidercli("inventory", "-vv")

    assert (short.code, long.code) == (1, 1)
    assert "error SPC999: unexpected RuntimeError\n" in short.stderr
    assert "facts.py" not in short.stderr
    assert "facts.py" in long.stderr
    assert value not in short.stderr + long.stderr


EVIL = "\x1b[2J\x1b[31mevil\nerror SPC000: forged\n- x: {{ 7 * 7 }} '\"#"


@pytest.mark.parametrize("value", [EVIL, "x" * 10_240], ids=["control characters", "10 kB"])
@pytest.mark.parametrize("naming", ["hostname", "instance-name", "tag:node"])
def test_a_hostile_name_is_no_node_name(spidercli: Run, stage: Stage, naming: str, value: str) -> None:
    """Names from the cloud that can't be a node's are refused, shown harmlessly and in short."""
    for instance in stage.sandbox.world.instances:
        stage.sandbox.world.change_instance(instance, hostname=value, name=value, tags={"node": value})
    options = stage.config(f"region: cn-hangzhou\nvpc: {guide.VPC}\nnodes:\n  name: {naming}\n")
    ran = spidercli("export", *options)

    assert (ran.code, ran.stdout) == (1, "")
    assert "can't be a node: its" in ran.stderr
    assert "\x1b" not in ran.stderr
    assert "\nerror SPC000" not in ran.stderr
    assert len(ran.stderr) < 2_000


@pytest.mark.parametrize("value", [EVIL, "x" * 10_240], ids=["control characters", "10 kB"])
def test_hostile_names_that_nobody_needs_do_no_harm(spidercli: Run, stage: Stage, value: str) -> None:
    """Names and tags of instances and ENIs are anybody's to choose, and change nothing."""
    world = stage.sandbox.world
    for instance in world.instances:
        world.change_instance(instance, hostname=value, name=value, tags={value: value})
    for eni in world.enis:
        world.change_eni(eni, name=value, tags={value: value}, description=value)
    ran = spidercli("bootstrap", "--yes", "-vvv")

    assert (ran.code, ran.stdout) == (0, "8 of 8 changes made, 0 unchanged\n")
    assert "evil" not in ran.stderr


def test_hostile_objects_of_the_cluster_are_shown_harmlessly(spidercli: Run, stage: Stage) -> None:
    """What somebody wrote into a pool can't move the cursor, and can't forge a row."""
    pool: Any = {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": {"name": "evil", "annotations": {"spidercli.io/eni-id": EVIL}},
        "spec": {
            "subnet": "10.0.0.0/24",
            "ips": ["10.0.0.4"],
            "gateway": "10.0.0.1",
            "nodeName": [EVIL],
            "multusName": [f"a/b-{EVIL}"],
        },
        "status": {"allocatedIPs": json.dumps({"10.0.0.4": {"pod": f"default/{EVIL}", "podUid": "u"}})},
    }
    stage.sandbox.kube.seed(pool)
    rows = spidercli("pools", "list", "-o", "wide")
    data = spidercli("pools", "list", "-o", "json")
    who = spidercli("pools", "who", "10.0.0.4")

    assert len(rows.stdout.splitlines()) == 2
    assert len(who.stdout.splitlines()) == 7
    assert data.data[0]["node"] == EVIL
    assert "\x1b" not in rows.stdout + data.stdout + who.stdout


@pytest.mark.parametrize("field", ["name", "instance", "region"])
def test_a_hostile_inventory_is_refused(spidercli: Run, stage: Stage, field: str) -> None:
    """A saved inventory is checked value by value before anything is made of it."""
    nic = {"name": "eth0", "ipv4": {"subnet": "10.0.0.0/24", "addresses": ["10.0.0.4"]}}
    node: dict[str, Any] = {"name": "node", "instance": "i-1", "nics": [nic]}
    document: dict[str, Any] = {
        "apiVersion": "spidercli.io/v1", "kind": "Inventory", "region": "cn-hangzhou", "nodes": [node],
    }  # fmt: skip
    (document if field == "region" else node)[field] = EVIL
    path = stage.folder / "inventory.json"
    path.write_text(json.dumps(document))
    ran = spidercli("export", "--inventory", str(path))

    assert (ran.code, ran.stdout) == (64, "")
    assert f"{field}: expected" in ran.stderr
    assert "\x1b" not in ran.stderr
    assert "\nerror SPC000" not in ran.stderr

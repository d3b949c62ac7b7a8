"""`spidercli export` and `spidercli ccm render`."""

from __future__ import annotations

import base64
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "examples" / "guide"
FACTS = ("--inventory", str(GUIDE / "inventory.yaml"))
KEY_ID = "LTAI5tTestTestTestTest00"
SECRET = "test-secret-of-the-access-key"


def golden(edition: str, *blocks: str) -> list[Any]:
    found: list[Any] = []
    for block in blocks:
        found += yaml.safe_load_all((ROOT / "tests" / "golden" / edition / f"{block}.yaml").read_text())
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(name="keys")
def access_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """An AccessKey in the environment."""
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)


@pytest.fixture(name="ccm")
def ccm_config(tmp_path: Path) -> Callable[[str], tuple[str, str]]:
    """Options that name a configuration file with a `ccm` section."""

    def write(section: str) -> tuple[str, str]:
        path = tmp_path / "spidercli.yaml"
        path.write_text(f"ccm: {section}\n")
        return "-c", str(path)

    return write


@pytest.mark.parametrize(("edition", "config"), [("en", "spidercli.yaml"), ("zh", "spidercli.zh.yaml")])
def test_the_guides_objects(spidercli: Run, edition: str, config: str) -> None:
    """The examples give the objects of both editions of the guide, and the same bytes each time."""
    first = spidercli("export", *FACTS, "-c", str(GUIDE / config))
    second = spidercli("export", *FACTS, "-c", str(GUIDE / config))

    exported = list(yaml.safe_load_all(first.stdout))
    assert (first.code, first.stderr) == (0, "")
    assert exported == golden(edition, "multus", "pools")
    assert first.stdout == second.stdout


def test_the_guides_apps(spidercli: Run) -> None:
    """The sample applications and Services come with --only apps."""
    ran = spidercli("export", *FACTS, "-c", str(GUIDE / "spidercli.yaml"), "--only", "apps")

    assert list(yaml.safe_load_all(ran.stdout)) == golden("en", "apps", "services")


def test_an_export_for_programs(spidercli: Run) -> None:
    """-o json is one List of the objects, as kubectl takes it; -o name is their names."""
    shown = list(yaml.safe_load_all(spidercli("export", *FACTS).stdout))
    ran = spidercli("export", *FACTS, "-o", "json")

    assert ran.data == {"apiVersion": "v1", "kind": "List", "items": shown}
    assert spidercli("export", *FACTS, "-o", "name").stdout.splitlines() == [
        f"{item['kind'].lower()}/{item['metadata']['name']}" for item in shown
    ]


def test_a_script_is_no_object(spidercli: Run) -> None:
    """What can't be in a List is refused."""
    ran = spidercli("export", *FACTS, "--only", "provider-id", "-o", "json")

    assert (ran.code, ran.stdout, ran.error["code"]) == (64, "", "SPC001")


def test_ccm_names(spidercli: Run) -> None:
    """-o name is the names of the objects."""
    assert "daemonset/cloud-controller-manager" in spidercli("ccm", "render", "-o", "name").stdout.splitlines()


def test_help_names_the_parts(spidercli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts are shown as words to choose from."""
    monkeypatch.setenv("COLUMNS", "160")

    assert " multus|pools|provider-id|ccm|apps " in spidercli("export", "--help").stdout


def test_a_folder(spidercli: Run, tmp_path: Path) -> None:
    """--out writes one file for each object; a second export changes no byte."""
    out = tmp_path / "manifests"
    ran = spidercli("export", *FACTS, "--out", str(out))
    first = files_below(out)
    spidercli("export", *FACTS, "--out", str(out))

    assert (ran.code, ran.stdout) == (0, "")
    assert ran.stderr == f"{out}: 9 files written\n"
    assert sorted(first) == [
        "provider-id/apply.sh",
        "provider-id/master.patch",
        "provider-id/worker.patch",
        "spiderippool/master-eth0.yaml",
        "spiderippool/master-eth1.yaml",
        "spiderippool/worker-eth0.yaml",
        "spiderippool/worker-eth1.yaml",
        "spidermultusconfig/ipvlan-eth0.yaml",
        "spidermultusconfig/ipvlan-eth1.yaml",
    ]
    assert files_below(out) == first


def test_stale_files_go_and_foreign_files_stay(spidercli: Run, tmp_path: Path) -> None:
    """What an earlier export of the same parts wrote, and this one does not, goes; nothing else does."""
    out = tmp_path / "manifests"
    spidercli("export", *FACTS, "--out", str(out))
    (out / "spiderippool" / "office.yaml").write_text("kind: SpiderIPPool\n")
    (out / "README.md").write_text("ours\n")
    renamed = ("-c", str(GUIDE / "spidercli.yaml"))
    ran = spidercli("export", *FACTS, *renamed, "--out", str(out), "--only", "pools", "--max-delete", "4")

    assert ran.stderr.splitlines() == [
        f"{out}: 4 files written",
        "4 files removed, which nothing asks for any more: "
        + ", ".join(f"spiderippool/{node}-{nic}.yaml" for node in ("master", "worker") for nic in ("eth0", "eth1")),
    ]
    assert sorted(path.name for path in (out / "spiderippool").iterdir()) == [
        "master-172.yaml",
        "master-192.yaml",
        "office.yaml",
        "worker-172.yaml",
        "worker-192.yaml",
    ]
    assert (out / "README.md").exists()
    assert (out / "spidermultusconfig" / "ipvlan-eth0.yaml").exists()
    assert (out / "provider-id" / "master.patch").exists()


def test_the_script_for_provider_ids(spidercli: Run, tmp_path: Path) -> None:
    """apply.sh is a shell script with one kubectl line for each node."""
    out = tmp_path / "manifests"
    spidercli("export", *FACTS, "--out", str(out), "--only", "provider-id")
    script = out / "provider-id" / "apply.sh"

    lines = [
        f'kubectl patch node {name} --type=strategic -p \'{{"spec":{{"providerID":"cn-hangzhou.{instance}"}}}}\''
        for name, instance in (("master", guide.MASTER), ("worker", guide.WORKER))
    ]
    assert subprocess.run(["sh", "-n", str(script)], check=True).returncode == 0
    assert script.read_text().splitlines() == ["#!/bin/sh", "set -eu", *lines]
    assert spidercli("export", *FACTS, "--only", "provider-id").stdout == script.read_text()


def test_script_and_yaml_do_not_mix(spidercli: Run) -> None:
    """One stream can't be a script and YAML."""
    ran = spidercli("export", *FACTS, "--only", "provider-id", "--only", "pools")

    assert (ran.code, ran.stdout) == (64, "")
    assert ran.stderr == (
        "error SPC001: provider-id is a shell script and everything else is YAML: they can't share one stream\n"
        "  hint: use --out DIR, or --only provider-id alone\n"
    )


def test_a_part_that_is_none(spidercli: Run) -> None:
    """The parts that exist are told."""
    ran = spidercli("export", *FACTS, "--only", "helm")

    assert ran.code == 64
    assert "'multus', 'pools', 'provider-id', 'ccm', 'apps'" in ran.stderr


def test_a_folder_that_can_not_be_written(spidercli: Run, tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").write_text("")
    ran = spidercli("export", *FACTS, "--out", str(tmp_path / "file"))

    assert ran.code == 64
    assert f"{tmp_path}/file/spidermultusconfig/ipvlan-eth0.yaml: can't be written: Not a directory" in ran.stderr


def test_live_facts(spidercli: Run, sandbox: Sandbox) -> None:
    """Without --inventory the cloud is asked, and the cluster only with --from-cluster."""
    ran = spidercli("export", "--vpc", guide.VPC)
    asked = [request.path for request in sandbox.kube.requests]
    named = spidercli("export", "--from-cluster")

    assert (ran.code, asked) == (0, [])
    assert named.stdout == ran.stdout
    assert sandbox.kube.requests


@pytest.mark.parametrize("command", ["export --only pools", "inventory --no-cluster"])
def test_without_a_cluster_nobody_knows_the_nodes_own_ipv6_address(spidercli: Run, command: str) -> None:
    """That is told once, with the number of nodes, and how to know."""
    ran = spidercli(*command.split(), "--sandbox=dual-stack")

    assert ran.code == 0
    assert ran.stderr.count("warning: ") == 1
    assert "warning: 2 nodes have IPv6 addresses on the primary ENI, and only the cluster knows" in ran.stderr
    assert "use `export --from-cluster`" in ran.stderr


def test_a_file_that_was_saved_without_a_cluster_knows_no_more(spidercli: Run, tmp_path: Path) -> None:
    """An export from it warns as well; one from a file that was saved with the cluster does not."""
    config = tmp_path / "spidercli.yaml"
    config.write_text("pools: {families: dual}\n")
    stderr = []
    for flags in (["--no-cluster"], []):
        saved = tmp_path / "inventory.yaml"
        saved.write_text(spidercli("inventory", "-o", "yaml", "--sandbox=dual-stack", *flags).stdout)
        stderr.append(spidercli("export", "--inventory", str(saved), "-c", str(config)).stderr)

    assert stderr[0].startswith("warning: 2 nodes have IPv6 addresses on the primary ENI")
    assert stderr[1] == ""


@pytest.mark.parametrize(
    "command",
    ["export --from-cluster", "inventory", "pools diff", "pools sync --dry-run", "bootstrap --yes -q"],
)
def test_nodes_that_report_no_ipv6_address(spidercli: Run, command: str) -> None:
    """With the cluster asked, it is told once which nodes do not tell their own address."""
    ran = spidercli(*command.split(), "--sandbox=dual-stack")
    warnings = [line for line in ran.stderr.splitlines() if line.startswith("warning: ")]

    assert ran.code == 0
    assert len(warnings) == 1
    assert warnings[0].startswith(
        "warning: 2 nodes have IPv6 addresses on the primary ENI, but no IPv6 InternalIP (node-a, node-b): "
    )


@pytest.mark.parametrize("command", ["export --from-cluster", "pools diff --inventory {saved}"])
def test_nodes_that_tell_are_not_warned_of(
    spidercli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    """An IPv6 InternalIP settles it for its node alone, also for an inventory that was saved before."""
    saved = tmp_path / "saved.yaml"
    with Sandbox("dual-stack") as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        saved.write_text(spidercli("inventory", "-o", "yaml").stdout)
        node: Any = sandbox.kube.find("v1", "nodes", "node-a")
        node["status"]["addresses"].append({"type": "InternalIP", "address": "2408:4005:3aa:7c00::99"})
        sandbox.kube.seed(node)
        ran = spidercli(*command.format(saved=saved).split())

    assert ran.code == 0
    assert "warning: 1 node has IPv6 addresses on the primary ENI, but no IPv6 InternalIP (node-b): " in ran.stderr


def test_the_nodes_own_ipv6_address_is_in_no_pool(
    spidercli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`export --from-cluster` leaves a second InternalIP out as `pools sync` does."""
    with Sandbox("dual-stack") as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        own = "2408:4005:3aa:7c00::10"
        node: Any = sandbox.kube.find("v1", "nodes", "node-a")
        node["status"]["addresses"].append({"type": "InternalIP", "address": own})
        sandbox.kube.seed(node)
        spidercli("multus", "sync", "--yes")
        exported = list(yaml.safe_load_all(spidercli("export", "--from-cluster", "--only", "pools").stdout))
        planned = spidercli("pools", "diff", "-o", "json").data["changes"]

    ips = {pool["metadata"]["name"]: pool["spec"]["ips"] for pool in exported}
    assert ips["node-a-eth0-v6"] == ["2408:4005:3aa:7c00::11-2408:4005:3aa:7c00::14"]
    assert ips == {change["name"]: change["after"]["spec"]["ips"] for change in planned}


def test_patches_from_the_cluster_have_the_uid(spidercli: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    """A node that was replaced meanwhile has another uid, and kubectl then refuses."""
    spidercli("export", "--from-cluster", "--out", str(tmp_path), "--only", "provider-id")
    node: Any = sandbox.kube.find("v1", "nodes", "master")

    patch = yaml.safe_load((tmp_path / "provider-id" / "master.patch").read_text())
    assert patch["metadata"] == {"uid": node["metadata"]["uid"]}


def test_what_was_exported_is_in_step(spidercli: Run, sandbox: Sandbox) -> None:
    """Objects that kubectl created from an export need no change but our ownership."""
    for manifest in yaml.safe_load_all(spidercli("export", "--from-cluster", "--only", "pools").stdout):
        sandbox.kube.seed(manifest)
    ran = spidercli("pools", "list", "-o", "json")

    assert {pool["cloud"] for pool in ran.data} == {"in-sync"}


@pytest.mark.parametrize(
    ("version", "image"),
    [
        ("v2.5.0", "registry.cn-hangzhou.aliyuncs.com/acs/cloud-controller-manager-amd64:v2.5.0"),
        ("v2.13.0", "registry-cn-hangzhou.ack.aliyuncs.com/acs/cloud-controller-manager:v2.13.0"),
    ],
)
@pytest.mark.parametrize("credentials", ["ram-role", "secret", "config-map"])
def test_ccm_render(
    spidercli: Run, ccm: Callable[[str], tuple[str, str]], version: str, image: str, credentials: str
) -> None:
    """Every version and way of credentials gives a complete set of objects, without any secret."""
    ran = spidercli("ccm", "render", *ccm(f"{{version: {version}, credentials: {credentials}}}"))

    manifests = list(yaml.safe_load_all(ran.stdout))
    kinds = [manifest["kind"] for manifest in manifests]
    assert ran.code == 0
    assert kinds == [
        "ConfigMap",
        *(["Secret"] if credentials == "secret" else []),
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "DaemonSet",
    ]
    assert manifests[-1]["spec"]["template"]["spec"]["containers"][0]["image"] == image
    warned = "warning: credentials are placeholders; --with-secrets fills them in\n"
    assert ran.stderr == ("" if credentials == "ram-role" else warned)


@pytest.mark.parametrize("credentials", ["ram-role", "secret", "config-map"])
def test_ccm_render_with_secrets(
    spidercli: Run, keys: None, ccm: Callable[[str], tuple[str, str]], credentials: str
) -> None:
    """--with-secrets fills in the AccessKey where one is wanted, and warns."""
    ran = spidercli("ccm", "render", "--with-secrets", *ccm(f"{{credentials: {credentials}}}"))

    encoded = base64.b64encode(SECRET.encode()).decode()
    assert ran.code == 0
    assert (encoded in ran.stdout) == (credentials != "ram-role")
    assert ("the manifests have credentials" in ran.stderr) == (credentials != "ram-role")
    assert SECRET not in ran.stderr


def test_ccm_render_json(spidercli: Run) -> None:
    """-o json is a list of the same objects."""
    ran = spidercli("ccm", "render", "-o", "json")

    assert ran.data == list(yaml.safe_load_all(spidercli("ccm", "render").stdout))


def test_ccm_render_needs_no_credentials_for_a_ram_role(spidercli: Run) -> None:
    """Where nothing has to be filled in, nobody is asked for keys."""
    assert spidercli("ccm", "render", "--with-secrets").code == 0


def test_ccm_render_without_credentials(
    spidercli: Run, ccm: Callable[[str], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--with-secrets without credentials is exit code 4."""
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    ran = spidercli("ccm", "render", "--with-secrets", *ccm("{credentials: secret}"))

    assert (ran.code, ran.stdout) == (4, "")
    assert "error SPC310: no Alibaba Cloud credentials were found" in ran.stderr


def test_ccm_render_refuses_temporary_credentials(
    spidercli: Run, keys: None, ccm: Callable[[str], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that ends in an hour would stop the CCM then."""
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "test-security-token")
    ran = spidercli("ccm", "render", "--with-secrets", *ccm("{credentials: secret}"))

    assert (ran.code, ran.stdout) == (64, "")
    assert "error SPC010: the credentials in force are temporary" in ran.stderr


def test_secrets_in_files_are_the_owners(
    spidercli: Run, keys: None, ccm: Callable[[str], tuple[str, str]], tmp_path: Path
) -> None:
    """Files with credentials have mode 0600, others 0644; without --with-secrets no file has any."""
    options = ("export", *FACTS, *ccm("{credentials: config-map}"), "--only", "ccm", "--only", "pools", "--out")
    spidercli(*options, str(tmp_path / "open"))
    spidercli(*options, str(tmp_path / "closed"), "--with-secrets")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "closed").glob("*/*")}
    encoded = base64.b64encode(SECRET.encode())
    assert modes["cloud-config.yaml"] == 0o600
    assert modes["master-eth0.yaml"] == 0o644
    assert encoded in (tmp_path / "closed" / "configmap" / "cloud-config.yaml").read_bytes()
    assert not any(encoded in content for content in files_below(tmp_path / "open").values())

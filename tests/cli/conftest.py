"""The command line as a user sees it, against the embedded cloud and cluster."""

from __future__ import annotations

import dataclasses
import io
import json
import pathlib
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from typing import Any

import pytest

from spidercli import cli, kinds
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import cluster


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """The result as JSON."""
        return json.loads(self.stdout)

    @property
    def error(self) -> Any:
        """The error as `-o json` prints it: the last line of stderr."""
        return json.loads(self.stderr.splitlines()[-1])["error"]


Run = Callable[..., Ran]
_POD = kinds.Kind("v1", "Pod", "pods", namespaced=True)


@pytest.fixture(name="sandbox")
def running_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The guide's two nodes, and an environment that leads to them."""
    with Sandbox("guide") as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.fixture(name="networks")
def networks_of_the_nics(sandbox: Sandbox) -> None:
    """The SpiderMultusConfigs, as `multus sync` makes them: what pools need."""
    for nic in ("eth0", "eth1"):
        sandbox.kube.seed(cluster.multus_config(f"ipvlan-{nic}", nic))
    sandbox.kube.forget_requests()


@pytest.fixture(name="by_hand")
def network_by_hand(sandbox: Sandbox) -> Any:
    """A NetworkAttachmentDefinition that has the name of a SpiderMultusConfig which is to be made."""
    made: Any = {
        "apiVersion": kinds.NETWORK_DEFINITION.api_version,
        "kind": kinds.NETWORK_DEFINITION.kind,
        "metadata": {"name": "ipvlan-eth1", "namespace": "kube-system", "annotations": {"team": "payments"}},
        "spec": {"config": '{"cniVersion":"0.3.1","name":"ipvlan-eth1","type":"macvlan","master":"eth1"}'},
    }
    sandbox.kube.seed(made)
    return made


@pytest.fixture(name="spidercli")
def command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in this process."""

    def run(*arguments: str, answer: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        capsys.readouterr()
        code = cli.main(list(arguments))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture(name="written")
def write_requests(sandbox: Sandbox) -> Callable[[], list[str]]:
    """What was sent to the cluster in order to change it, as METHOD PLURAL/NAME; Leases left out."""

    def since_the_start() -> list[str]:
        sent = [request for request in sandbox.kube.requests if request.method != "GET"]
        return [
            f"{request.method} {request.plural}/{request.path.rpartition('/')[2]}"
            for request in sent
            if request.plural != "leases"
        ]

    return since_the_start


@dataclasses.dataclass(frozen=True)
class Pods:
    """Pods of the sandbox, and the addresses that they hold."""

    sandbox: Sandbox

    def start(self, name: str, node: str, address: str, nic: str = "eth0") -> None:
        """Let a new pod have an address, as Spiderpool's agent would give it out."""
        network = f"{cluster.SYSTEM}/ipvlan-{nic}"
        pod = cluster.pod(name, app=name, image="busybox", node_name=node, address=address, network=network)
        self.sandbox.kube.seed(pod)

    def finish_all(self) -> None:
        """Let every pod end, so that no address is held."""
        for pod in self.sandbox.kube.objects(_POD):
            self.sandbox.kube.seed({**pod, "status": {"phase": "Succeeded"}})


@pytest.fixture(name="pods")
def pods_of_the_sandbox(sandbox: Sandbox) -> Pods:
    """The sandbox's pods."""
    return Pods(sandbox)


@pytest.fixture(name="add_node")
def node_maker(sandbox: Sandbox) -> Callable[[str, str], None]:
    """Let a node join the sandbox's cluster."""
    return lambda name, address: sandbox.kube.seed(cluster.node(name, IPv4Address(address)))


@pytest.fixture(name="kubeconfig")
def kubeconfig_maker(tmp_path: pathlib.Path) -> Callable[..., str]:
    """Write a kubeconfig that leads to a URL."""

    def write(server: str, **user: str) -> str:
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": server}}],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }
        path = tmp_path / "kubeconfig"
        path.write_text(json.dumps(document))
        return str(path)

    return write

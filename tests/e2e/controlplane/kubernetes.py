"""etcd, kube-apiserver and kubectl's proxy: how they are started."""

from __future__ import annotations

import pathlib
import secrets

from spidercli.sandbox.scenarios.cluster import SERVICE_SUBNET
from tests.e2e.controlplane.binaries import Binaries
from tests.e2e.controlplane.certificates import Authority, signing_key
from tests.e2e.controlplane.ports import ReservedPorts
from tests.e2e.controlplane.processes import Command
from tests.e2e.controlplane.rest import Access, answers


def etcd(binaries: Binaries, ports: ReservedPorts, folder: pathlib.Path) -> tuple[Command, str]:
    """etcd, and its address."""
    clients, peers = (f"http://127.0.0.1:{ports.take()}" for _ in range(2))
    arguments = [
        str(binaries.etcd),
        f"--data-dir={folder / 'etcd'}",
        "--unsafe-no-fsync",  # the data need not outlive the machine
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--log-level=warn",
    ]

    return Command(name="etcd", arguments=arguments, ready=lambda: answers(f"{clients}/health")), clients


def proxy(binaries: Binaries, ports: ReservedPorts, kubeconfig: pathlib.Path) -> tuple[Command, str]:
    """`kubectl proxy`, and its address."""
    port = ports.take()
    url = f"http://127.0.0.1:{port}"
    arguments = [str(binaries.kubectl), f"--kubeconfig={kubeconfig}", "proxy", f"--port={port}", "--disable-filter"]
    return Command(name="kubectl-proxy", arguments=arguments, ready=lambda: answers(f"{url}/version")), url


class ApiServer:
    """kube-apiserver's files and arguments, and the two users that it knows.

    Attributes:
        admin: a member of system:masters.
        outsider: somebody without any rights until a role is bound to the user "outsider".
    """

    def __init__(self, binaries: Binaries, port: int, folder: pathlib.Path, authority: Authority) -> None:
        self._binary = binaries.kube_apiserver
        self._port = port
        self._folder = folder
        authority_file = folder / "ca.crt"
        authority_file.write_bytes(authority.certificate)
        authority.issue("kube-apiserver").write(folder / "apiserver.crt", folder / "apiserver.key")
        signing_key().write(folder / "accounts.pub", folder / "accounts.key")
        url = f"https://127.0.0.1:{port}"
        self.admin = Access(url=url, authority=authority_file, token=secrets.token_hex())
        self.outsider = Access(url=url, authority=authority_file, token=secrets.token_hex(), user="outsider")
        self._write_tokens()

    def command(self, etcd_url: str) -> Command:
        """How to start it."""
        arguments = [
            str(self._binary),
            f"--etcd-servers={etcd_url}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",  # it would refuse to publish a loopback address
            f"--secure-port={self._port}",
            f"--tls-cert-file={self._folder / 'apiserver.crt'}",
            f"--tls-private-key-file={self._folder / 'apiserver.key'}",
            f"--cert-dir={self._folder}",
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",  # nobody is there to make the accounts
            f"--service-account-key-file={self._folder / 'accounts.pub'}",
            f"--service-account-signing-key-file={self._folder / 'accounts.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-cluster-ip-range={SERVICE_SUBNET}",
            "--allow-privileged=true",
        ]
        return Command(name="kube-apiserver", arguments=arguments, ready=self._is_ready)

    def _write_tokens(self) -> None:
        tokens = self._folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(
            f"{self.admin.token},admin,admin,system:masters\n{self.outsider.token},outsider,outsider\n",
            encoding="utf-8",
        )

    def _is_ready(self) -> bool:
        return answers(f"{self.admin.url}/readyz", authority=self.admin.authority)

"""The control plane: programs that know each other, with Spiderpool installed."""

from __future__ import annotations

import contextlib
import pathlib
import types
from collections.abc import Iterator
from typing import Self, cast

from spidercli import kinds
from spidercli.model import Manifest
from tests.e2e.controlplane import kubernetes, spiderpool
from tests.e2e.controlplane.binaries import Binaries
from tests.e2e.controlplane.certificates import Authority
from tests.e2e.controlplane.kubernetes import ApiServer
from tests.e2e.controlplane.polling import eventually
from tests.e2e.controlplane.ports import ReservedPorts
from tests.e2e.controlplane.processes import Program, Workplace
from tests.e2e.controlplane.rest import Access, Rest


class Plane:
    """What every control plane has, whoever runs it.

    Attributes:
        admin: may do everything.
        outsider: somebody who may do nothing, until a role is bound to the user.
        rest: the admin's connection.
        kubeconfig: the admin's, a file.
    """

    admin: Access
    outsider: Access
    rest: Rest
    kubeconfig: pathlib.Path


class BareControlPlane(Plane):
    """etcd and kube-apiserver, running inside of the `with` block.

    The CRDs of Spiderpool and Multus are there, and no other object. Each program can be killed and started again.

    Attributes:
        etcd, apiserver: the programs.
    """

    etcd: Program
    apiserver: Program

    def __init__(self, binaries: Binaries) -> None:
        self._binaries = binaries
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._ports = stack.enter_context(ReservedPorts())
            self._workplace = stack.enter_context(Workplace())
            self._authority = Authority()
            self._start_kubernetes()
            self.rest = Rest(self.admin)
            stack.callback(self.rest.close)
            self._install()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._open.close()

    def open_proxy(self) -> str:
        """An address on loopback where everybody is the admin, without TLS; `kubectl proxy` serves it."""
        command, url = kubernetes.proxy(self._binaries, self._ports, self.kubeconfig)
        self._workplace.program(command).start()
        return url

    def compact(self) -> None:
        """Let etcd forget every version but the present one; the API server has some in memory until it ends."""
        version = self.rest.must("GET", "/api/v1/nodes")["metadata"]["resourceVersion"]
        Rest(Access(url=self._etcd_url, authority=self.admin.authority)).must(
            "POST", "/v3/kv/compaction", {"revision": version, "physical": True}
        )

    def _start_kubernetes(self) -> None:
        folder = self._workplace.folder
        command, self._etcd_url = kubernetes.etcd(self._binaries, self._ports, folder)
        self.etcd = self._workplace.program(command)
        self.etcd.start()
        server = ApiServer(self._binaries, self._ports.take(), folder, self._authority)
        self.admin, self.outsider = server.admin, server.outsider
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(self.admin.kubeconfig(), encoding="utf-8")
        self.apiserver = self._workplace.program(server.command(self._etcd_url))
        self.apiserver.start()

    def _install(self) -> None:
        """Create the CRDs, and wait until the API server serves their kinds."""
        definitions = spiderpool.definitions(self._binaries.crds)
        for definition in definitions:
            self.rest.must("POST", self.rest.collection(definition), definition)
        eventually(lambda: all(map(self._is_served, definitions)), "the CRDs' kinds are served")
        eventually(lambda: self.rest.ask("GET", "/api/v1/namespaces/kube-system").ok, "there is a kube-system")

    def _is_served(self, definition: Manifest) -> bool:
        """Whether objects of a CRD can be listed: for a moment after it is established they can't."""
        group, names = (kinds.spec(definition)[field] for field in ("group", "names"))
        versions = self.rest.ask("GET", f"/apis/{group}")
        if not versions.ok:
            return False
        version = versions.body["preferredVersion"]["groupVersion"]
        return self.rest.ask("GET", f"/apis/{version}/{cast('dict[str, str]', names)['plural']}").ok


class ControlPlane(BareControlPlane):
    """The same with Spiderpool's controller and webhooks.

    Attributes:
        controller: spiderpool-controller; while it does not run, nobody can write Spiderpool's kinds.
    """

    controller: Program

    def restart(self) -> None:
        """Start API server and controller anew: the controller does not outlive the API server."""
        self.controller.kill()
        self.apiserver.kill()
        self.apiserver.start()
        self.controller.start()

    def _install(self) -> None:
        super()._install()
        controller = spiderpool.Controller(
            self._binaries, self._ports, self._workplace.folder, self._authority, self.kubeconfig
        )
        self._webhooks = tuple(controller.webhooks())
        self.controller = self._workplace.program(controller.command())
        self.controller.start()
        self._ask_webhooks()

    @contextlib.contextmanager
    def without_webhooks(self) -> Iterator[None]:
        """Let the API server store what it is sent, as if Spiderpool had no webhooks."""
        for webhooks in self._webhooks:
            path = f"{self.rest.collection(webhooks)}/{kinds.name(webhooks)}"
            self.rest.must("DELETE", path)
        eventually(lambda: not spiderpool.asks_webhooks(self.rest), "the API server asks no webhooks")
        yield
        self._ask_webhooks()

    def _ask_webhooks(self) -> None:
        for webhooks in self._webhooks:
            self.rest.must("POST", self.rest.collection(webhooks), webhooks)
        eventually(lambda: spiderpool.asks_webhooks(self.rest), "the API server asks the webhooks")

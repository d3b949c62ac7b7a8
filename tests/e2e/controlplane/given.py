"""A cluster that somebody gives to the tests, instead of a control plane of their own.

The tests create, change and delete objects there, among them nodes, pools and roles, so KUBECONFIG alone is no leave
to do so: SPIDERCLI_E2E_CLUSTER has to say that the cluster is a throw-away.
"""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
import subprocess
import types
from collections.abc import Iterator, Mapping
from typing import Any, Self

import certifi
import requests

from spidercli import kinds
from spidercli.kinds import CONFIG_MAP, IP_POOL, MULTUS_CONFIG, NODE
from spidercli.sandbox.scenarios.cluster import SYSTEM
from tests.e2e.controlplane import spiderpool
from tests.e2e.controlplane.errors import Unavailable
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import Workplace
from tests.e2e.controlplane.rest import Access, Refused, Rest

SWITCH = "SPIDERCLI_E2E_CLUSTER"
LEAVE = "throw-away"

_OUTSIDER = "spidercli-e2e-outsider"
_NODES = {"master", "worker"}  # the guide's
_DEFAULT_NETWORK = "ipvlan-eth0"


def is_given(environ: Mapping[str, str]) -> bool:
    """Whether the tests shall run in the cluster of KUBECONFIG.

    Raises:
        Unavailable: half of what is needed for that is said.
    """
    said = environ.get(SWITCH, "")
    if said not in ("", LEAVE):
        raise Unavailable(f"{SWITCH} is {said!r}: the only value is {LEAVE!r}")
    if said and not environ.get("KUBECONFIG"):
        raise Unavailable(f"{SWITCH} is set, and KUBECONFIG is not: which cluster is the throw-away?")
    return bool(said)


def note(environ: Mapping[str, str]) -> str:
    """A line for whoever has a KUBECONFIG and gave no leave to use it; else nothing."""
    if not environ.get("KUBECONFIG") or environ.get(SWITCH):
        return ""
    return (
        f"KUBECONFIG is ignored: the tests start a control plane of their own. {SWITCH}={LEAVE} would let them "
        "create and delete objects in that cluster."
    )


class GivenCluster(Plane):
    """The cluster of a kubeconfig's current context; leaves there what it found, apart from what tests made.

    Attributes:
        strangers: the names of the nodes that were there.
    """

    strangers: frozenset[str]

    def __init__(self, kubectl: pathlib.Path, environ: Mapping[str, str]) -> None:
        self._kubectl = kubectl
        self._environ = environ
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(Workplace()).folder
            document = self._document()
            self.admin = _access(document, folder)
            self.kubeconfig = folder / "kubeconfig"
            _write(self.kubeconfig, json.dumps(document).encode())
            self.rest = Rest(self.admin)
            stack.callback(self.rest.close)
            _check(self.rest)
            self.strangers = frozenset(map(kinds.name, self.rest.items(NODE.collection)))
            self.outsider = stack.enter_context(_outsider(self.rest))
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._open.close()

    def _document(self) -> Any:
        """The kubeconfig with nothing but its current context, and with certificates in it."""
        command = [str(self._kubectl), "config", "view", "--raw", "--minify", "--flatten", "--output=json"]
        ran = subprocess.run(command, env=dict(self._environ), capture_output=True, text=True, check=False)
        if ran.returncode:
            raise Unavailable(f"KUBECONFIG can't be read: {ran.stderr.strip()}")
        return json.loads(ran.stdout)


def _access(document: Mapping[str, Any], folder: pathlib.Path) -> Access:
    """The user of a kubeconfig with one context.

    Raises:
        Unavailable: the user signs in by other means than a certificate or a token.
    """
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    certificate = None
    if "client-certificate-data" in user:
        certificate = (
            _decoded(folder / "client.crt", user["client-certificate-data"]),
            _decoded(folder / "client.key", user["client-key-data"]),
        )
    elif "token" not in user:
        raise Unavailable("KUBECONFIG's user has neither a client certificate nor a token, which the tests need")
    authority = pathlib.Path(certifi.where())
    if "certificate-authority-data" in cluster:
        authority = _decoded(folder / "ca.crt", cluster["certificate-authority-data"])
    return Access(
        url=cluster["server"].rstrip("/"), authority=authority, token=user.get("token", ""), certificate=certificate
    )


def _decoded(path: pathlib.Path, data: str) -> pathlib.Path:
    return _write(path, base64.b64decode(data))


def _write(path: pathlib.Path, content: bytes) -> pathlib.Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


def _check(rest: Rest) -> None:
    """Refuse a cluster that the tests don't fit into, before anything is written there.

    Raises:
        Unavailable: the message says what is in the way.
    """
    try:
        if problem := next(_problems(rest), None):
            raise Unavailable(f"{rest.access.url} is no cluster for these tests: {problem}")
    except (Refused, requests.RequestException) as error:
        raise Unavailable(f"{rest.access.url} can't be asked: {error}") from error


def _problems(rest: Rest) -> Iterator[str]:
    if not rest.ask("GET", IP_POOL.collection).ok:
        yield "it has no Spiderpool, or its SpiderIPPools can't be listed"
    if not spiderpool.asks_webhooks(rest):
        yield "Spiderpool's webhooks do not answer"
    if pools := _names(rest, IP_POOL.collection):
        yield f"it has SpiderIPPools: {', '.join(pools)}"
    if nodes := _NODES.intersection(_names(rest, NODE.collection)):
        yield f"its nodes have names that the tests use: {', '.join(sorted(nodes))}"
    if elsewhere := _namespaces(rest) - {SYSTEM}:
        yield f"Spiderpool runs in {', '.join(sorted(elsewhere))}, and the tests look for it in {SYSTEM}"
    network = rest.ask("GET", MULTUS_CONFIG.path(_DEFAULT_NETWORK, SYSTEM))
    if network.ok and network.body["spec"].get("cniType") != "custom":
        yield f"SpiderMultusConfig {SYSTEM}/{_DEFAULT_NETWORK} is not as Spiderpool's init job leaves it"


def _names(rest: Rest, collection: str) -> list[str]:
    return sorted(map(kinds.name, rest.items(collection)))


def _namespaces(rest: Rest) -> set[str]:
    """Where Spiderpool's settings are."""
    found = rest.items(CONFIG_MAP.collection)
    return {kinds.namespace(each) or "" for each in found if kinds.name(each) == "spiderpool-conf"}


@contextlib.contextmanager
def _outsider(rest: Rest) -> Iterator[Access]:
    """A ServiceAccount without any role, while the block lasts."""
    accounts = f"/api/v1/namespaces/{SYSTEM}/serviceaccounts"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _OUTSIDER}}
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
    rest.ask("DELETE", f"{accounts}/{_OUTSIDER}")  # of a run that was killed
    rest.must("POST", accounts, account)
    try:
        token = rest.must("POST", f"{accounts}/{_OUTSIDER}/token", review)["status"]["token"]
        user = f"system:serviceaccount:{SYSTEM}:{_OUTSIDER}"
        yield Access(url=rest.access.url, authority=rest.access.authority, token=token, user=user)
    finally:
        rest.must("DELETE", f"{accounts}/{_OUTSIDER}")

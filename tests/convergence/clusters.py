"""A cluster in memory behind the product's own client, which sees to it at every step that no promise is broken."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from spidercli import addresses, kinds
from spidercli.applying import Report
from spidercli.config import settings
from spidercli.config.schema import Config
from spidercli.gateways.cluster import wire
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.retrying import Patience
from spidercli.model import Inventory, Manifest
from spidercli.output import Output
from spidercli.pacing import Pace
from spidercli.planning.plan import Plan
from spidercli.rendering.renderer import Renderer
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.requests import Answer, Request
from spidercli.sandbox.scenarios import cluster
from spidercli.session import Session

POD = kinds.Kind("v1", "Pod", "pods", namespaced=True)
_RENDERER = Renderer(None)


class Killed(BaseException):
    """The process is gone; nothing of it runs any more."""


class ClusterInMemory:
    """A KubeApi as a `Wire`.

    Attributes:
        kube: the cluster's state.
        before: called with the number of every write, from 1 on, before the cluster sees it.
        after: the same, once the cluster has answered.
        refused: writes that were refused, as METHOD PATH: MESSAGE; a Lease is no write here.
    """

    host = "cluster"

    def __init__(self) -> None:
        self.kube = KubeApi()
        for nic in ("eth0", "eth1"):
            self.kube.seed(cluster.multus_config(f"ipvlan-{nic}", nic))
        self.before: Callable[[int], None] = _let_pass
        self.after: Callable[[int], None] = _let_pass
        self.refused: list[str] = []
        self.writes = 0
        self._dead = False

    def send(self, request: wire.Request) -> wire.Answer:
        """Answer a request of the product, or die on the way."""
        if self._dead:
            raise Killed
        counts = request.method != "GET" and "/leases" not in request.path
        if counts:
            self.writes += 1
            number = self.writes
            self._or_die(self.before, number)
        answer = self._answered(request)
        if counts:
            self._note(request, answer)
            self._or_die(self.after, number)
        return wire.Answer(status=answer.status, body=answer.encoded(), warnings=answer.warnings)

    def revive(self) -> None:
        """Forget what was to happen, and let the Lease of a process that was killed expire."""
        self.before = self.after = _let_pass
        self.writes, self._dead = 0, False
        self.refused.clear()
        if self.kube.find(kinds.LEASE.api_version, kinds.LEASE.plural, "spidercli", "kube-system"):
            self.kube.remove(kinds.LEASE.api_version, kinds.LEASE.plural, "spidercli", "kube-system")

    def ask(self, method: str, path: str, body: Manifest) -> int:
        """Somebody else's request; the status of the answer."""
        content_type = "application/merge-patch+json" if method == "PATCH" else wire.JSON
        return self._handled(method, path, {"fieldManager": "somebody"}, content_type, body).status

    def pools(self) -> dict[str, Manifest]:
        """Every SpiderIPPool by name."""
        return {kinds.name(pool): pool for pool in self.kube.objects(kinds.IP_POOL)}

    def _or_die(self, hook: Callable[[int], None], number: int) -> None:
        try:
            hook(number)
        except Killed:
            self._dead = True
            raise

    def _answered(self, request: wire.Request) -> Answer:
        return self._handled(request.method, request.path, dict(request.query), request.content_type, request.body)

    def _handled(
        self, method: str, path: str, query: Mapping[str, str], content_type: str, body: Manifest | None
    ) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"accept": wire.JSON, "content-type": content_type}
        request = Request(method=method, path=path, query=query, headers=headers, body=data)
        with self.kube.locked():
            held = self._held()
            answer = cast("Answer", self.kube.handle(request))
            self._check(held)
        return answer

    def _held(self) -> dict[str, frozenset[str]]:
        """Which addresses pods hold, of each pool."""
        return {name: held_in(pool) for name, pool in self.pools().items()}

    def _check(self, held_before: Mapping[str, frozenset[str]]) -> None:
        """No address in use has left its pool, and no address is in two pools."""
        now = self.pools()
        for name, held in held_before.items():
            assert not held or held <= listed_in(now[name]), f"{name} lost an address in use"
        everything = [address for pool in now.values() for address in listed_in(pool)]
        assert len(everything) == len(set(everything)), "an address is in two pools"

    def _note(self, request: wire.Request, answer: Answer) -> None:
        settled = request.method == "DELETE" and answer.status in (404, 409)  # gone, or changed since it was read
        if answer.status >= 400 and not settled:
            self.refused.append(f"{request.method} {request.path}: {answer.body}")


def _let_pass(number: int) -> None:
    """Do nothing."""


def listed_in(pool: Manifest) -> frozenset[str]:
    """The addresses that pods may take from a pool."""
    return written_in(pool) - excluded_in(pool)


def written_in(pool: Manifest) -> frozenset[str]:
    """The addresses of a pool, those that somebody keeps pods from too."""
    return _expanded(pool, "ips")


def excluded_in(pool: Manifest) -> frozenset[str]:
    """The addresses that somebody keeps pods from."""
    return _expanded(pool, "excludeIPs")


def _expanded(pool: Manifest, field: str) -> frozenset[str]:
    spec = cast("dict[str, list[str]]", pool["spec"])
    return frozenset(map(str, addresses.expand(spec.get(field) or ())))


def held_in(pool: Manifest) -> frozenset[str]:
    """The addresses that pods have taken from a pool."""
    status = cast("dict[str, str]", pool.get("status") or {})
    return frozenset(json.loads(status.get("allocatedIPs") or "{}"))


def start_pod(kube: KubeApi, address: str) -> None:
    """Let a pod have an address, if some pool lists it and may give it out."""
    for pool in kube.objects(kinds.IP_POOL):
        spec = cast("dict[str, Any]", pool["spec"])
        if address in listed_in(pool) and spec.get("nodeName"):
            network = next(iter(spec.get("multusName") or ()), "kube-system/ipvlan-eth0")
            name = f"pod-{address.replace('.', '-').replace(':', '-')}"
            kube.seed(
                cluster.pod(
                    name, app=name, image="busybox", node_name=spec["nodeName"][0], address=address, network=network
                )
            )


def finish_pods(kube: KubeApi) -> None:
    """Let every pod go."""
    for pod in kube.objects(POD):
        kube.remove("v1", "pods", kinds.name(pod), "default")


def timeless() -> Pace:
    """Time that passes by sleeping only, at once."""
    slept = [0.0]
    return Pace(clock=lambda: sum(slept), sleep=slept.append)


class Facts(Protocol):
    """What a cloud has to tell."""

    def inventory(self) -> Inventory:
        """The nodes with their NICs and addresses."""
        ...


def sync(there: ClusterInMemory, cloud: Facts, *, prune: bool, adopt: bool, threads: int) -> tuple[Plan, Report | None]:
    """What `pools sync` does, from the plan on: the plan, and what became of it.

    Raises:
        Killed: the run was cut off.
        FamilyGap: it would leave a NIC without an IP family that others have.
    """
    nowhere = io.StringIO()
    output = Output(stdout=nowhere, stderr=nowhere, stdin=nowhere, verbosity=-1)
    config = Config.model_validate({"limits": {"writeThreads": threads}})
    session = Session(dataclasses.replace(settings.resolve({}, {}, None), config=config), {}, output, timeless())
    session.facts.inventory, session.objects.renderer = cloud.inventory(), _RENDERER
    session.connections.api = Api(there, Patience(sleep=lambda _: None))
    pools = session.plans.pools(prune=prune, adopt=adopt)
    pools.check("100%")
    return pools.plan, session.apply(pools.plan) if any(pools.plan.writes) else None

"""The embedded Kubernetes API server: its state, what it answers, and what tests and rehearsals do to it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import email.utils
import threading
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import cast

from spidercli import kinds
from spidercli.model import Manifest
from spidercli.sandbox.faults import Fault, Faults, Kind
from spidercli.sandbox.kube import leases, reading, refusals, requests, resources, routing, seeding
from spidercli.sandbox.kube.admission import Admission, Webhook
from spidercli.sandbox.kube.cluster import Cluster
from spidercli.sandbox.kube.controllers import Controllers, agent, definitions, garbage, nads, spiderpool
from spidercli.sandbox.kube.documents import Documents
from spidercli.sandbox.kube.errors import ApiError
from spidercli.sandbox.kube.pipeline import Pipeline
from spidercli.sandbox.kube.refusals import Call
from spidercli.sandbox.kube.requests import Answer, Recorded, Records, Request
from spidercli.sandbox.kube.resources import Registry
from spidercli.sandbox.kube.routing import Target
from spidercli.sandbox.kube.service import Service
from spidercli.sandbox.kube.spiderpool import Spiderpool
from spidercli.sandbox.kube.store import Store
from spidercli.sandbox.kube.values import Clock, Object, clone, utc_now
from spidercli.sandbox.kube.watching import Watch
from spidercli.sandbox.kube.webhooks.coordinator import CoordinatorWebhook
from spidercli.sandbox.kube.webhooks.ippool import PoolWebhook
from spidercli.sandbox.kube.webhooks.multus import MultusWebhook
from spidercli.sandbox.kube.webhooks.poolindex import PoolIndex
from spidercli.sandbox.kube.webhooks.reserved import ReservedWebhook
from spidercli.sandbox.kube.webhooks.services import ServiceDefaults
from spidercli.sandbox.kube.writing import Writing

VERSION = "v1.36.2"
_REQUESTS_KEPT = 20_000


class KubeApi:
    """A Kubernetes API server in memory, with Spiderpool installed in it.

    Every method may be called from any thread; `kube_app` serves it over HTTP.

    Args:
        manifests: The objects that exist at the start, written as `seed` writes them, in an order that makes sense.
        spiderpool: The installation's settings; None leaves Spiderpool's kinds, webhooks and controllers out.
        version: The server's gitVersion.
        clock: Where creation times and ages come from.
        faults: What goes wrong; a registry of its own by default.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest] = (),
        *,
        spiderpool: Spiderpool | None = Spiderpool(),  # noqa: B008 (frozen)
        version: str = VERSION,
        clock: Clock = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self._clock = clock
        self._namespace = (spiderpool or Spiderpool()).namespace
        self._lock = threading.RLock()
        self._store = Store()
        self._registry = Registry()
        self._index = PoolIndex()
        self._controllers = Controllers()
        webhooks = self._webhooks(spiderpool) if spiderpool else ()
        self._admission = Admission([ServiceDefaults(), *webhooks], self._namespace)
        self._pipeline = Pipeline(self._store, self._admission, clock, self._controllers.settle)
        self._cluster = Cluster(self._store, self._registry, self._pipeline)
        writing = Writing(self._store, self._registry, self._admission, self._pipeline)
        self._service = Service(self._store, writing, clock)
        self._documents = Documents(self._registry, self.faults, version)
        self._records = Records(_REQUESTS_KEPT)
        self._start(spiderpool, [cast("Object", manifest) for manifest in manifests])

    def _webhooks(self, settings: Spiderpool) -> tuple[Webhook, ...]:
        return (
            PoolWebhook(settings, self._index),
            ReservedWebhook(settings),
            MultusWebhook(self._nad_owner),
            CoordinatorWebhook(),
        )

    def _nad_owner(self, namespace: str, name: str) -> str | None:
        return nads.owner(self._cluster.find(nads.NAD_VERSION, nads.NAD_PLURAL, name, namespace))

    def _start(self, settings: Spiderpool | None, manifests: list[Object]) -> None:
        cluster, index = self._cluster, self._index
        self._controllers.start([definitions.Definitions(cluster, self._registry), garbage.GarbageCollector(cluster)])
        if settings:
            self._controllers.start(
                [
                    spiderpool.PoolController(cluster, index),
                    spiderpool.CoordinatorController(cluster),
                    nads.NadController(cluster),
                    agent.Agent(cluster, index, settings),
                ]
            )
        standard = resources.spiderpool_definitions() if settings else []
        for manifest in seeding.ordered([*seeding.namespaces(), *standard, *manifests]):
            self.seed(manifest)

    @property
    def date(self) -> str:
        """The time as every answer tells it (RFC 9110, 6.6.1): clients may have another one."""
        return email.utils.format_datetime(self._clock().astimezone(dt.UTC), usegmt=True)

    def seed(self, manifest: Manifest) -> None:
        """Write an object as it shall be, status and all, past the webhooks; controllers react to it.

        It takes the place of an object of the same name. What a server would add (uid, creation time, defaults,
        managed fields, the namespace "default") is added where it is missing.

        Raises:
            LookupError: the server has no such kind.
            ApiError: the object breaks its kind's schema, or has a bad name or label.
        """
        with self._lock:
            seeding.plant(cast("Object", manifest), self._registry, self._store, self._pipeline)

    def find(self, api_version: str, plural: str, name: str, namespace: str | None = None) -> Manifest | None:
        """A copy of an object; None if it does not exist."""
        with self._lock:
            return cast("Manifest | None", clone(self._cluster.find(api_version, plural, name, namespace or "")))

    def remove(self, api_version: str, plural: str, name: str, namespace: str | None = None) -> None:
        """Delete an object as a client would, past the webhooks: finalizers hold it, controllers react.

        Raises:
            LookupError: there is no such object.
        """
        with self._lock:
            found = self._cluster.find(api_version, plural, name, namespace or "")
            if found is None:
                raise LookupError(f"no {plural} {name}")
            self._cluster.delete_found(found)

    def objects(self, kind: kinds.Kind) -> list[Manifest]:
        """Copies of all objects of a kind, by namespace and name."""
        with self._lock:
            return [clone(manifest) for manifest in self._cluster.all(kind.api_version, kind.plural)]

    @property
    def requests(self) -> list[Recorded]:
        """The latest 20,000 requests, oldest first."""
        with self._lock:
            return self._records.all()

    def forget_requests(self) -> None:
        """Empty the record of requests."""
        with self._lock:
            self._records.clear()

    def compact(self) -> None:
        """Forget all history: older continue tokens and watches are answered with 410."""
        with self._lock:
            self._store.compact()

    def refuse(
        self,
        verb: str,
        plural: str,
        status: int,
        reason: str = "",
        message: str = "",
        *,
        times: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Answer requests with an error.

        Args:
            verb: An RBAC verb (an apply is a patch), or "*".
            plural: A resource's plural name, or "*", which also means discovery and other paths.
            status: The HTTP status.
            reason: The Status object's reason; by default the usual one.
            message: Its message; by default the usual one, for 403 the one that RBAC gives.
            times: How many requests are refused before the rule is used up; by default all.
            retry_after: Seconds for the Retry-After header.
        """
        kind = Kind.FORBIDDEN if status == HTTPStatus.FORBIDDEN else Kind.ERROR
        says_usual = kind is Kind.FORBIDDEN and not message
        error = None if says_usual else refusals.of_status(status, reason, message, retry_after=retry_after)
        self.faults.add(Fault(kind=kind, call=f"k8s:{verb}:{plural}", times=times, error=error))

    def refuse_nothing(self) -> None:
        """Lift every refusal and every other fault."""
        self.faults.clear()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads out, for several steps that belong together."""
        with self._lock:
            yield

    def handle(self, request: Request) -> Answer | Watch:
        """Answer a request, a watch with the stream itself; a fault in the way of the answer comes with it."""
        with self._lock:
            call, fault = Call(verb="get", path=request.path), None
            answer: Answer | Watch
            try:
                target = routing.resolve(self._registry, request)
                call = Call.of(target, request)
                fault = self.faults.take(call.name, senseless=self._senseless(target, request))
                answer = self._answer(target, request, call, fault)
            except ApiError as error:
                answer = requests.failure(error)
            status = answer.status if isinstance(answer, Answer) else HTTPStatus.OK
            self._records.add(call.recorded(request, status))
            return _with_fault(answer, fault)

    def _answer(self, target: Target | None, request: Request, call: Call, fault: Fault | None) -> Answer | Watch:
        if fault is not None:
            if fault.kind.ineffective:
                return requests.nothing(fault)
            self._interfere(target, request, call, fault)
        if target is None:
            return self._documents.answer(request)
        with self._admission.struck(fault):
            return self._service.answer(target, request, short=fault is not None and fault.kind is Kind.SHORT)

    def _interfere(self, target: Target | None, request: Request, call: Call, fault: Fault) -> None:
        """Do what a fault does before a request is carried out, or instead.

        Raises:
            ApiError: it is not carried out.
        """
        if error := refusals.of_fault(fault, call, target):
            raise error
        if fault.kind is Kind.EXPIRED:
            raise reading.too_old(self._store, request.query["continue"])
        if fault.kind is Kind.LEASE_STOLEN:
            leases.steal(self._cluster, self._namespace, self._clock())

    def _senseless(self, target: Target | None, request: Request) -> set[Kind]:
        """The kinds of faults that don't fit a request."""
        verb = target.verb if target else ""
        asks_webhook = (
            target is not None and not target.subresource and self._admission.calls_out(target.resource, verb)
        )
        fitting = {
            Kind.SHORT: verb == "list" and bool(request.query.get("limit")),
            Kind.EXPIRED: verb == "list" and bool(request.query.get("continue")),
            Kind.CONFLICT: verb in ("update", "patch", "delete"),
            Kind.WEBHOOK_DOWN: asks_webhook,
            Kind.WEBHOOK_SLOW: asks_webhook,
            Kind.WEBHOOK_REFUSES: asks_webhook,
        }
        return {kind for kind, fits in fitting.items() if not fits}


def _with_fault(answer: Answer | Watch, fault: Fault | None) -> Answer | Watch:
    if isinstance(answer, Answer):
        return dataclasses.replace(answer, fault=fault)
    answer.fault = fault
    return answer

"""A Lease against two runs at once, kept as Kubernetes' own leader election keeps it."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self

from spidercli import kinds
from spidercli.errors import ClusterError, RunInProgress, WriteConflict
from spidercli.gateways.cluster import holders, wire
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.wire import Answer, Request
from spidercli.model import Manifest

NAME = "spidercli"
_LOOK = "two runs may have got in each other's way: run again once the other one has ended"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A Lease as the cluster has it."""

    manifest: Manifest

    @property
    def holder(self) -> str:
        return str(self._spec.get("holderIdentity") or "")

    @property
    def since(self) -> str:
        """When it was taken, to the second."""
        taken = _parsed(self._spec.get("acquireTime"))
        return f"{taken:%Y-%m-%dT%H:%M:%SZ}" if taken else "an unknown time"

    def remaining(self, now: datetime) -> float:
        """Seconds until it expires; 0 or less when it has, or nobody holds it."""
        renewed = _parsed(self._spec.get("renewTime"))
        if not self.holder or renewed is None:
            return 0.0
        return float(str(self._spec.get("leaseDurationSeconds") or 0)) - (now - renewed).total_seconds()

    @property
    def _spec(self) -> Mapping[str, object]:
        return kinds.spec(self.manifest)


class Lease:
    """Held from `with` to its end, and renewed in the background meanwhile.

    The Lease object stays when it is released, without a holder: so get, create and update are all it needs. When it
    can't be released, it expires.

    Attributes:
        lost: set once it is not ours any more.
        loss: why not.
        unreleased: why it could not be released, where that is so.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        *,
        holder: str | None = None,
        duration: int = 60,
        on_lost: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            api: the cluster.
            namespace: Spiderpool's.
            holder: this run's name; a random one if left out.
            duration: seconds after which others may take it over, unless it is renewed; a third of it lies between
                two renewals.
            on_lost: called once, from another thread, when somebody else took it.
            now: the time, in UTC.
        """
        self._api = api
        self._namespace = namespace
        self._holder = holder or holders.identity()
        self._duration = duration
        self._on_lost = on_lost
        self._now = now
        self._held: Manifest = {}
        self._released = threading.Event()
        self._renewing = threading.Thread(target=self._keep, name="lease", daemon=True)
        self.lost = threading.Event()
        self.loss: ClusterError | None = None
        self.unreleased: ClusterError | None = None

    @property
    def name(self) -> str:
        """The Lease as messages name it."""
        return f"Lease {self._namespace}/{NAME}"

    def __enter__(self) -> Self:
        self.acquire()
        self._renewing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._released.set()
        self._renewing.join()
        self.release()

    def acquire(self) -> None:
        """Create the Lease, or take over one that is free, has expired, or belongs to a run that was killed here.

        Raises:
            RunInProgress: another run holds it.
            ClusterForbidden: RBAC does not allow to get, create or update Leases.
            ClusterError: there was no answer, or another refusal.
        """
        live = self._read()
        if live is not None:
            self._refuse_if_held(live)
        try:
            self._held = self._api.call(self._taking(live))
        except WriteConflict:  # somebody was faster, or our own request arrived and its answer did not
            other = self._read()
            if other is None:
                raise
            self._refuse_if_held(other)
            if Claim(manifest=other).holder != self._holder:
                raise
            self._held = other

    def renew(self) -> None:
        """Say that we are still here; find out whether somebody else took over."""
        request = wire.replace(kinds.LEASE, _with_spec(self._held, {"renewTime": _written(self._now())}))
        try:
            answer = self._api.ask_once(request)
            if answer.status in (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND):
                self._look_again()
            else:
                self._held = self._api.accepted(answer, request)
        except ClusterError as error:  # no answer is no verdict, until the Lease has expired
            if Claim(manifest=self._held).remaining(self._now()) <= 0:
                self._lose(ClusterError(f"{self.name} could not be renewed in time: {error.message}", hint=error.hint))

    def release(self) -> None:
        """Leave the Lease without a holder, if it still is ours. Never raises: what is not released expires."""
        if self.lost.is_set() or not self._held:
            return
        try:
            self._free()
        except ClusterError as error:
            self.unreleased = error

    def let_go(self, seconds: float) -> None:
        """Try to release it from another thread, held or on the way to it, and wait no longer than this."""
        thread = threading.Thread(target=self._give_back, name="lease-release", daemon=True)
        thread.start()
        thread.join(seconds)

    def _give_back(self) -> None:
        with contextlib.suppress(ClusterError):
            live = self._read()
            if live is not None and Claim(manifest=live).holder == self._holder:
                self._held = live
                self.release()

    def _keep(self) -> None:
        while not self._released.wait(self._duration / 3) and not self.lost.is_set():
            self.renew()

    def _look_again(self) -> None:
        live = self._read()
        if live is None:
            self._lose(ClusterError(f"{self.name} was deleted while this run was at work", hint=_LOOK))
        elif Claim(manifest=live).holder == self._holder:
            self._held = live
        else:
            self._lose(RunInProgress(f"another run took {self.name} over: {Claim(manifest=live).holder}", hint=_LOOK))

    def _lose(self, loss: ClusterError) -> None:
        self.loss = loss
        self.lost.set()
        self._on_lost()

    def _free(self) -> None:
        """Take our name off the Lease; find out, where it is not as we left it, whether somebody else took over.

        Raises:
            ClusterError: it was refused, or there was no answer.
        """
        request, answer = self._freed()
        changed = answer.status in (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND)
        if changed and answer.in_doubt:  # it was an earlier attempt that changed it, and others may have it by now
            return
        if changed:
            self._look_again()
            if self.lost.is_set():
                return
            request, answer = self._freed()
        self._api.accepted(answer, request)

    def _freed(self) -> tuple[Request, Answer]:
        changes = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _written(self._now())}
        request = wire.replace(kinds.LEASE, _with_spec(self._held, changes))
        return request, self._api.ask(request)

    def _read(self) -> Manifest | None:
        request = wire.read(kinds.LEASE, NAME, self._namespace)
        answer = self._api.ask(request)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return self._api.accepted(answer, request)

    def _refuse_if_held(self, live: Manifest) -> None:
        claim = Claim(manifest=live)
        left = claim.remaining(self._now())
        if left > 0 and claim.holder != self._holder and not holders.is_gone(claim.holder):
            raise RunInProgress(
                f"another run holds {self.name}: {claim.holder}, since {claim.since}",
                hint=f"wait until it has ended; should it have died, its Lease expires in {math.ceil(left)} s",
            )

    def _taking(self, live: Manifest | None) -> Request:
        time = _written(self._now())
        changes = {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": self._duration,
            "acquireTime": time,
            "renewTime": time,
        }
        if live is not None:
            return wire.replace(kinds.LEASE, _with_spec(live, changes))
        labels = {kinds.MANAGED_BY: kinds.FIELD_MANAGER}
        blank: Manifest = {
            "apiVersion": kinds.LEASE.api_version,
            "kind": kinds.LEASE.kind,
            "metadata": {"name": NAME, "namespace": self._namespace, "labels": labels},
        }
        return wire.create(kinds.LEASE, _with_spec(blank, changes))


def _with_spec(manifest: Manifest, changes: Mapping[str, object]) -> Manifest:
    """The object as it was read, resourceVersion included, with some fields of its spec changed."""
    return {**manifest, "spec": {**kinds.spec(manifest), **changes}}


def _written(time: datetime) -> str:
    """A MicroTime: the API refuses one without its six decimals."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parsed(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None

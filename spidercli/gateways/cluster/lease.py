"""A Lease against two runs at once, kept as Kubernetes' own leader election keeps it."""

from __future__ import annotations

import contextlib
import math
import threading
import types
from collections.abc import Callable
from typing import Self

from spidercli.errors import ClusterError, RunInProgress, WriteConflict
from spidercli.gateways.cluster import holders
from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.claims import Claim, Timing
from spidercli.gateways.cluster.clock import ServerClock
from spidercli.gateways.cluster.lease_object import CHANGED, LeaseObject
from spidercli.gateways.cluster.wire import Answer, Request
from spidercli.model import Manifest

_LOOK = "two runs may have got in each other's way: run again once the other one has ended"
_USUAL = Timing()


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
        timing: Timing = _USUAL,
        on_lost: Callable[[], None] = lambda: None,
        clock: ServerClock | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            api: the cluster.
            namespace: Spiderpool's.
            holder: this run's name; a random one if left out.
            timing: how often it is renewed, and when it is given up.
            on_lost: called once, from another thread, when it is not ours any more.
            clock: the server's.
        """
        self._clock = clock or ServerClock()
        self._object = LeaseObject(api, namespace, self._clock, seconds=timing.answer)
        self._holder = holder or holders.identity()
        self._timing = timing
        self._on_lost = on_lost
        self._held: Manifest = {}
        self._renewed = 0.0  # by the clock's seconds: when the last renewal that arrived was sent
        self._trouble: ClusterError | None = None  # of the renewals since
        self._losing = threading.Lock()
        self._released = threading.Event()
        self._renewing = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._watching = threading.Thread(target=self._watch, name="lease-watch", daemon=True)
        self.lost = threading.Event()
        self.loss: ClusterError | None = None
        self.unreleased: ClusterError | None = None

    @property
    def name(self) -> str:
        """The Lease as messages name it."""
        return self._object.name

    def __enter__(self) -> Self:
        self.acquire()
        self._renewing.start()
        self._watching.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._released.set()
        self._watching.join()
        self._renewing.join(self._timing.answer)
        self.release()

    def acquire(self) -> None:
        """Create the Lease, or take over one that is free, has expired, or belongs to a run that was killed here.

        Raises:
            RunInProgress: another run holds it.
            ClusterForbidden: RBAC does not allow to get, create or update Leases.
            ClusterError: there was no answer, or another refusal.
        """
        live = self._object.read()
        if live is not None:
            self._refuse_if_held(live)
        self._renewed = self._clock.seconds()
        try:
            self._held = self._object.call(self._object.taking(live, self._holder, self._timing.duration))
        except WriteConflict:  # somebody was faster, or our own request arrived and its answer did not
            other = self._object.read()
            if other is None:
                raise
            self._refuse_if_held(other)
            if Claim(manifest=other).holder != self._holder:
                raise
            self._held = other
        self._confirm()

    def renew(self) -> None:
        """Say that we are still here; find out whether somebody else took over. No answer is no verdict."""
        sent = self._clock.seconds()
        request = self._object.renewing(self._held)
        try:
            answer = self._object.ask(request, once=True)
            if answer.status in CHANGED:
                self._look_again(once=True)
            else:
                self._held = self._object.accepted(answer, request)
                self._renewed, self._trouble = sent, None
        except ClusterError as error:
            self._trouble = error

    def check(self) -> None:
        """Give it up if it was not renewed for so long that others may soon take it over.

        What counts is when the last renewal that arrived was sent: it is not known when it arrived.
        """
        if self._age < self._timing.deadline:
            return
        told, hint = (self._trouble.message, self._trouble.hint) if self._trouble else ("there was no answer", None)
        self._lose(ClusterError(f"{self.name} could not be renewed in time: {told}", hint=hint))

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
            live = self._object.read()
            if live is not None and Claim(manifest=live).holder == self._holder:
                self._held = live
                self.release()

    @property
    def _age(self) -> float:
        return self._clock.seconds() - self._renewed

    def _keep(self) -> None:
        while not self._released.wait(self._timing.retry) and not self.lost.is_set():
            if self._age >= self._timing.renewal:
                self.renew()

    def _watch(self) -> None:
        """Look at the time in a thread of its own: nothing that may hold a renewal up can hold this up."""
        while not self._released.wait(self._timing.retry) and not self.lost.is_set():
            self.check()

    def _confirm(self) -> None:
        """Make sure that it is still ours, where to take it took so long that it may have expired meanwhile.

        Raises:
            ClusterError: it is not, or there is no answer.
        """
        if self._age >= self._timing.deadline:
            self.renew()
            self.check()
        if self.loss:
            raise self.loss

    def _look_again(self, *, once: bool = False) -> None:
        live = self._object.read(once=once)
        if live is None:
            self._lose(ClusterError(f"{self.name} was deleted while this run was at work", hint=_LOOK))
        elif Claim(manifest=live).holder == self._holder:
            self._held = live
        else:
            self._lose(RunInProgress(f"another run took {self.name} over: {Claim(manifest=live).holder}", hint=_LOOK))

    def _lose(self, loss: ClusterError) -> None:
        with self._losing:
            if self.lost.is_set():
                return
            self.loss = loss
            self.lost.set()
        self._on_lost()

    def _free(self) -> None:
        """Take our name off the Lease; find out, where it is not as we left it, whether somebody else took over.

        Raises:
            ClusterError: it was refused, or there was no answer.
        """
        request, answer = self._freed()
        changed = answer.status in CHANGED
        if changed and answer.in_doubt:  # it was an earlier attempt that changed it, and others may have it by now
            return
        if changed:
            self._look_again()
            if self.lost.is_set():
                return
            request, answer = self._freed()
        self._object.accepted(answer, request)

    def _freed(self) -> tuple[Request, Answer]:
        request = self._object.freeing(self._held)
        return request, self._object.ask(request)

    def _refuse_if_held(self, live: Manifest) -> None:
        claim = Claim(manifest=live)
        left = claim.remaining(self._clock.now())
        if left > 0 and claim.holder != self._holder and not holders.is_gone(claim.holder):
            raise RunInProgress(
                f"another run holds {self.name}: {claim.holder}, since {claim.since}",
                hint=f"wait until it has ended; should it have died, its Lease expires in {math.ceil(left)} s",
            )

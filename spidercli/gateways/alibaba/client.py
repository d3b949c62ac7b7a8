"""Alibaba Cloud as the rest of spidercli sees it."""

from __future__ import annotations

import collections
import functools
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any, Protocol, TypeVar

from spidercli import ports
from spidercli.errors import CloudError
from spidercli.gateways.alibaba import ecs, readings, vpc
from spidercli.gateways.alibaba.calls import Call, Failure, Product
from spidercli.gateways.alibaba.credentials import Credentials
from spidercli.gateways.alibaba.endpoints import Endpoint, Endpoints
from spidercli.gateways.alibaba.errors import convert
from spidercli.gateways.alibaba.fields import Fields
from spidercli.gateways.alibaba.limiter import Limiter
from spidercli.gateways.alibaba.redaction import Redactor
from spidercli.gateways.alibaba.retrying import Retrier, RetryNote, Stop
from spidercli.gateways.alibaba.transport import READ_SECONDS
from spidercli.model import Eni, Instance, VSwitch

T = TypeVar("T")
THREADS = 8
"""Batches in flight: enough to hide latency, and few enough to stay under the quotas."""


class Sdk(Protocol):
    """One of the two SDKs behind one face."""

    def send(self, call: Call) -> dict[str, Any]: ...

    def close(self) -> None: ...


def _ignore(*_: object) -> None:
    """Nobody listens."""


class AlibabaCloud:
    """ports.Cloud over the OpenAPI of one region. Threads may share it; close it at the end."""

    def __init__(
        self,
        *,
        region_id: str,
        credentials: Credentials,
        endpoints: Endpoints,
        environ: Mapping[str, str],
        on_retry: Callable[[RetryNote], None] = _ignore,
        on_answer: Callable[[str], None] = _ignore,
        on_page: Callable[[str, int, int | None], None] = _ignore,
        sdks: Mapping[Product, Sdk] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        read_seconds: float = READ_SECONDS,
        patience: float = 0.0,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            region_id: the region whose facts are read.
            credentials: who we are; see `credentials.resolve`.
            endpoints: where the APIs are; see `endpoints.resolve`.
            environ: the environment, for proxies and certificate authorities.
            on_retry: told of every retry, from any thread.
            on_answer: told of every answer, "PRODUCT:ACTION REQUEST-ID", from any thread.
            on_page: told of every page of a listing, from any thread: what it has, how many of them, and how many
                there are in all pages, if that is known.
            sdks: other ways to send calls, for tests.
            clock: seconds of a monotonic clock.
            sleep: waits; the default one ends at `stop`.
            read_seconds: how long an answer may take.
            patience: seconds for which a call is tried again, where that is more than it would be tried anyway.
        """
        self.region_id = region_id
        self.calls: collections.Counter[str] = collections.Counter()
        """How many requests were sent, by PRODUCT:ACTION, retries included."""
        self._credentials = credentials
        self._endpoints: dict[Product, Endpoint] = {
            Product.ECS: endpoints.ecs,
            Product.VPC: endpoints.vpc,
            Product.STS: endpoints.sts,
        }
        self._environ = environ
        self._read_seconds = read_seconds
        self._on_answer = on_answer
        self._on_page = on_page
        self._redactor = Redactor()
        self._stop = Stop()
        self._counting = threading.Lock()
        legacy, tea = threading.Lock(), threading.Lock()
        self._importing = {Product.ECS: legacy, Product.STS: legacy, Product.VPC: tea}
        self._sdks: dict[Product, Sdk] = dict(sdks or {})
        self._identity: ports.Identity | None = None
        nap = sleep or self._stop.sleep
        self._retrier = Retrier(
            limiter=Limiter(clock=clock, sleep=nap), notify=on_retry, clock=clock, sleep=nap, patience=patience
        )

    def instances(
        self, *, vpc_id: str | None = None, ids: Collection[str] = (), private_ips: Collection[IPv4Address] = ()
    ) -> tuple[Instance, ...]:
        """Instances with one of the ids or primary addresses, by id; with neither, all of the VPC or region.

        Raises:
            CloudError: any page of any batch failed.
            PermissionMissing: there is none, for they may not be listed.
        """
        calls = [ecs.describe_instances(vpc_id=vpc_id, ids=batch) for batch in readings.batches(ids, ecs.IDS_PER_CALL)]
        by_address = readings.batches(private_ips, ecs.IDS_PER_CALL)
        calls += [ecs.describe_instances(vpc_id=vpc_id, private_ips=batch) for batch in by_address]
        convert_page = self._counted("instances", ecs.instances, (len(ids) + len(private_ips)) or None)
        found = self._read_all(calls or [ecs.describe_instances(vpc_id=vpc_id)], convert_page)
        if not found:
            self._check_that_instances_show()
        return readings.unique(found, key=lambda instance: instance.instance_id)

    def enis(self, *, vpc_id: str) -> tuple[Eni, ...]:
        """Every ENI of a VPC, by id.

        Raises:
            CloudError: any page failed, or has an ENI of another VPC.
        """
        found = readings.by_token(self.send, ecs.describe_enis(vpc_id=vpc_id), self._counted("ENIs", ecs.enis))
        for eni in found:
            if eni.vpc_id != vpc_id:
                raise Fields(label=f"ENI {eni.eni_id}", values={}).invalid("VpcId", f"{eni.vpc_id}, not {vpc_id}")
        return readings.unique(found, key=lambda eni: eni.eni_id)

    def vswitches(self, *, vpc_id: str) -> tuple[VSwitch, ...]:
        """Every vSwitch of a VPC, by id.

        Raises:
            CloudError: any page failed.
        """
        call = vpc.describe_vswitches(region_id=self.region_id, vpc_id=vpc_id)
        found = readings.by_number(self.send, call, self._counted("vSwitches", vpc.vswitches))
        return readings.unique(found, key=lambda vswitch: vswitch.vswitch_id)

    def identity(self) -> ports.Identity:
        """Who we are, by STS GetCallerIdentity, which needs no permission; asked once.

        Raises:
            CloudError: the credentials are wrong, or STS does not answer.
        """
        if self._identity is None:
            answer = self.send(Call(product=Product.STS, action="GetCallerIdentity"))
            fields = Fields(label="answer to sts:GetCallerIdentity", values=answer)
            self._identity = ports.Identity(
                account_id=fields.text("AccountId"), arn=fields.text("Arn"), provider=self._credentials.provider
            )
        return self._identity

    def send(self, call: Call) -> dict[str, Any]:
        """The answer to one call, after as many tries as it takes.

        Raises:
            CloudError: what the last failure means; see `errors`.
            Interrupted: `stop` was called while it waited.
        """
        try:
            return self._tried(call)
        except Failure as failure:
            raise self._told(failure, call) from failure

    def stop(self) -> None:
        """End all waiting, from any thread: the threads of a reading give up at once."""
        self._stop.set()

    def close(self) -> None:
        """Close all connections."""
        for sdk in self._sdks.values():
            sdk.close()

    def _check_that_instances_show(self) -> None:
        """Tell an empty region from one that we may not see.

        Without the permission ECS shows no instance, and no error; a dry run tells (ECS API reference,
        DescribeInstances, usage notes).

        Raises:
            CloudError: it is not allowed, or the call failed.
        """
        call = ecs.dry_run_of_instances()
        try:
            self._tried(call)
        except Failure as failure:
            if failure.code != ecs.DRY_RUN_PASSED:
                raise self._told(failure, call) from failure

    def _tried(self, call: Call) -> dict[str, Any]:
        return self._retrier.run(call, functools.partial(self._attempt, self._sdk(call.product), call))

    def _told(self, failure: Failure, call: Call) -> CloudError:
        arn = self._identity.arn if self._identity else None
        return convert(failure, call, host=self._endpoints[call.product].host, identity=arn)

    def _counted(self, things: str, convert_page: readings.Convert[T], total: int | None = None) -> readings.Convert[T]:
        """The same conversion, with a word to `on_page`."""

        def convert_and_tell(page: Fields) -> list[T]:
            items = convert_page(page)
            self._on_page(things, len(items), total)
            return items

        return convert_and_tell

    def _read_all(self, calls: Sequence[Call], convert_page: readings.Convert[T]) -> list[T]:
        def read(call: Call) -> list[T]:
            return readings.by_token(self.send, call, convert_page)

        if len(calls) == 1:
            return read(calls[0])
        return readings.parallel(read, calls, threads=THREADS, interrupt=self.stop)

    def _attempt(self, sdk: Sdk, call: Call) -> dict[str, Any]:
        with self._counting:
            self.calls[call.name] += 1
        answer = sdk.send(call)
        self._on_answer(f"{call.name} {answer.get('RequestId', '-')}")
        return answer

    def _sdk(self, product: Product) -> Sdk:
        """The SDK for a product, imported when it is first needed, while calls through the other one go on."""
        with self._importing[product]:
            if product not in self._sdks:
                self._sdks |= self._tea() if product is Product.VPC else self._legacy()
            return self._sdks[product]

    def _legacy(self) -> dict[Product, Sdk]:
        from spidercli.gateways.alibaba.legacy import LegacySdk

        sdk = LegacySdk(
            region_id=self.region_id,
            credentials=self._credentials,
            endpoints=self._endpoints,
            environ=self._environ,
            redactor=self._redactor,
            threads=THREADS,
            read_seconds=self._read_seconds,
        )
        return {Product.ECS: sdk, Product.STS: sdk}

    def _tea(self) -> dict[Product, Sdk]:
        from spidercli.gateways.alibaba.tea import TeaSdk

        sdk = TeaSdk(
            region_id=self.region_id,
            credentials=self._credentials,
            endpoint=self._endpoints[Product.VPC],
            environ=self._environ,
            redactor=self._redactor,
            threads=THREADS,
            read_seconds=self._read_seconds,
        )
        return {Product.VPC: sdk}

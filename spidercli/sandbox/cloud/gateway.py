"""The RPC gateway in front of ECS, VPC and STS: who asks, for what, and how errors are told."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Mapping

from spidercli.sandbox.cloud import ecs_reads, ecs_writes, http, refusals, sts, vpc
from spidercli.sandbox.cloud.calls import Call
from spidercli.sandbox.cloud.errors import ApiError
from spidercli.sandbox.cloud.http import Request, Response
from spidercli.sandbox.cloud.identity import AccessKey
from spidercli.sandbox.cloud.operations import Context, Operation
from spidercli.sandbox.cloud.params import Params
from spidercli.sandbox.cloud.signing import Clock, Verifier, parameters
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.faults import Fault, Kind

SERVICES: Mapping[str, Mapping[str, Operation]] = {
    "2014-05-26": {**ecs_reads.ACTIONS, **ecs_writes.ACTIONS},
    "2016-04-28": vpc.ACTIONS,
    "2015-04-01": sts.ACTIONS,
}
"""Actions by API version: one endpoint serves all three services, and their versions differ."""

_PRODUCTS = {"2014-05-26": "ecs", "2016-04-28": "vpc", "2015-04-01": "sts"}

_METHODS = ("GET", "POST")


class Gateway:
    """Answers requests in the RPC style."""

    def __init__(self, world: World, clock: Clock = time.time) -> None:
        self._world = world
        self._verifier = Verifier(world.keys, clock)

    def handle(self, request: Request) -> Response:
        """Answer one request and record it; a fault in the way of the answer comes with it."""
        params = _params(request)
        request_id = str(uuid.uuid4()).upper()
        headers = {"x-acs-request-id": request_id}
        fault: Fault | None = None
        try:
            operation, caller = self._admit(request, params)
            fault = self._world.faults.take(_name(params), senseless=_senseless(operation, params))
            if fault and fault.kind.ineffective:
                self._record(params, 0, "")
                return http.nothing(fault)
            answer = self._carry_out(operation, Context(world=self._world, params=params, caller=caller), fault)
            response = http.document(200, {"RequestId": request_id, **answer}, headers)
            self._record(params, 200, "")
        except ApiError as error:
            self._record(params, error.status, error.code)
            body = _error_body(error, request_id, request.headers.get("host", ""))
            response = http.document(error.status, body, {**headers, **error.headers})
        return dataclasses.replace(response, fault=fault)

    def _admit(self, request: Request, params: Params) -> tuple[Operation, AccessKey]:
        if request.method not in _METHODS:
            raise ApiError(400, "UnsupportedHTTPMethod", "This http method is not supported.")
        operation = _operation(params)
        return operation, self._verifier.verify(request, params)

    @staticmethod
    def _carry_out(operation: Operation, context: Context, fault: Fault | None) -> dict[str, object]:
        if error := refusals.of_api(fault):
            raise error
        match fault.kind if fault else None:
            case Kind.STALE:
                context = dataclasses.replace(context, world=context.world.before_the_last_change())
            case Kind.SHORT:
                context = dataclasses.replace(context, short=True)
            case Kind.HIDDEN if context.params.flag("DryRun"):
                raise refusals.forbidden()
            case Kind.HIDDEN:
                context = dataclasses.replace(context, world=World(region_id=context.world.region_id))
        return operation(context)

    def _record(self, params: Params, status: int, code: str) -> None:
        call = Call(action=params.text("Action"), params=params.public(), status=status, code=code)
        self._world.requests.append(call)


def _params(request: Request) -> Params:
    """All parameters; action and version may come as headers, as the newer SDKs have it."""
    named = {"Action": "x-acs-action", "Version": "x-acs-version"}
    from_headers = {name: request.headers[header] for name, header in named.items() if header in request.headers}
    return Params({**from_headers, **parameters(request)})


def _operation(params: Params) -> Operation:
    action = params.required("Action")
    version = params.required("Version")
    if version not in SERVICES:
        raise ApiError(400, "InvalidVersion", "Specified parameter Version is not valid.")
    if action not in SERVICES[version]:
        raise ApiError(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
    return SERVICES[version][action]


def _name(params: Params) -> str:
    """The call's name, as faults have it."""
    return f"{_PRODUCTS[params['Version']]}:{params['Action']}"


def _senseless(operation: Operation, params: Params) -> set[Kind]:
    """The kinds of faults that don't fit the request."""
    fitting = {
        Kind.STALE: params["Action"].startswith("Describe"),
        Kind.SHORT: "NextToken" in operation.parameters,
        Kind.EXPIRED: bool(params.text("NextToken")),
        Kind.HIDDEN: params["Action"] == "DescribeInstances",
    }
    return {kind for kind, fits in fitting.items() if not fits}


def _error_body(error: ApiError, request_id: str, host: str) -> dict[str, object]:
    return {
        "RequestId": request_id,
        "HostId": host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}",
    }

"""The sandbox's API server without HTTP, with Spiderpool's rules and a clock that stands still."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.requests import Answer, Request
from spidercli.sandbox.kube.watching import Watch

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
Call = Callable[..., Any]


@pytest.fixture(name="kube")
def _kube() -> KubeApi:
    return KubeApi(clock=lambda: NOW)


@pytest.fixture(name="call")
def _call(kube: KubeApi) -> Call:
    """Requests by method and path; a body that is no text goes as JSON."""

    def call(
        method: str, path: str, body: Any = None, *, kind: str = "application/json", **query: str
    ) -> Answer | Watch:
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"content-type": kind, "user-agent": "unit/1.0"}
        data = b"" if body is None else text.encode()
        return kube.handle(Request(method=method, path=path, query=query, headers=headers, body=data))

    return call


@pytest.fixture(name="pools")
def _pools(call: Call) -> Any:
    """Writes of SpiderIPPools by name and spec, with the answer."""
    base = "/apis/spiderpool.spidernet.io/v2beta1/spiderippools"

    class Pools:
        """The requests that tests send."""

        def body(self, name: str, spec: dict[str, Any], subnet: str) -> dict[str, Any]:
            """A pool."""
            return {
                "apiVersion": "spiderpool.spidernet.io/v2beta1",
                "kind": "SpiderIPPool",
                "metadata": {"name": name},
                "spec": {"subnet": subnet, **spec},
            }

        def create(self, name: str, *ips: str, subnet: str = "10.0.0.0/24", **spec: Any) -> Answer:
            """POST a pool."""
            answer: Answer = call(
                "POST", base, self.body(name, {**({"ips": list(ips)} if ips else {}), **spec}, subnet)
            )
            return answer

        def apply(self, name: str, *ips: str, subnet: str = "10.0.0.0/24", **spec: Any) -> Answer:
            """Server-side apply, forced."""
            body = self.body(name, {"ips": list(ips), **spec}, subnet)
            kind = "application/apply-patch+yaml"
            answer: Answer = call("PATCH", f"{base}/{name}", body, kind=kind, fieldManager="one", force="true")
            return answer

        def patch(self, name: str, patch: dict[str, Any]) -> Answer:
            """Merge patch."""
            answer: Answer = call("PATCH", f"{base}/{name}", patch, kind="application/merge-patch+json")
            return answer

        def delete(self, name: str) -> Answer:
            """DELETE."""
            answer: Answer = call("DELETE", f"{base}/{name}")
            return answer

        def get(self, name: str) -> Any:
            """The pool as it is, None if it is gone."""
            answer: Answer = call("GET", f"{base}/{name}")
            return answer.body if answer.status == 200 else None

    return Pools()


@pytest.fixture(name="pod")
def _pod() -> Callable[..., dict[str, Any]]:
    """A running pod with addresses."""

    def build(name: str, *addresses: str, node: str = "master", **changes: Any) -> dict[str, Any]:
        status = {"phase": "Running", "podIP": addresses[0], "podIPs": [{"ip": each} for each in addresses]}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "default", "uid": f"uid-of-{name}", **changes},
            "spec": {"nodeName": node, "containers": [{"name": "app", "image": "app:1"}]},
            "status": status,
        }

    return build

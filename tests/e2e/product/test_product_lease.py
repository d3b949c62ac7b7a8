"""Two runs at once: one of them works."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.product.between import Between, Write
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness


def lease(holder: str, *, age: timedelta) -> dict[str, Any]:
    """Somebody's Lease for a minute, last renewed so long ago."""
    time = (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 60, "acquireTime": time, "renewTime": time}
    metadata = {"name": "spidercli", "namespace": "kube-system"}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def forget_when_it_was_written(cluster: Any) -> None:
    """Have the API server drop its own notes about the Lease, so that the times in it count."""
    written = lease("", age=timedelta())
    live = cluster.rest.must("GET", cluster.rest.path(written))
    bare = {**live, "metadata": {**live["metadata"], "managedFields": [{}]}}
    cluster.rest.must("PUT", cluster.rest.path(written), bare)


def test_other_run_is_respected(spidercli: Product, witness: Witness, cluster: Any) -> None:
    """A valid Lease of somebody else: nothing is written, and he is named."""
    cluster.seed([lease("somebody/1/abcdef-0123", age=timedelta(seconds=20))])
    before = witness.versions()

    ran = spidercli("bootstrap", "--yes", "--timeout=5s")

    assert 1 == ran.code
    assert "SPC410" in ran.stderr
    assert "another run holds Lease kube-system/spidercli: somebody/1/abcdef-0123" in ran.stderr
    assert before == witness.versions()


def test_expired_lease_is_taken_over(spidercli: Product, witness: Witness, cluster: Any) -> None:
    """A Lease that nobody has renewed in time stops nobody."""
    cluster.seed([lease("somebody/1/abcdef-0123", age=timedelta(seconds=61))])
    forget_when_it_was_written(cluster)

    ran = spidercli("bootstrap", "--yes")

    assert 0 == ran.code, ran.stderr
    assert not witness.get("lease", "spidercli", "--namespace=kube-system")["spec"].get("holderIdentity")


def test_second_run_beside_the_first(spidercli: Product, witness: Witness, between: Between, way: str) -> None:
    """The second run is refused while the first one writes, which is then finished."""
    writing, go_on = threading.Event(), threading.Event()

    def hold_up(write: Write) -> None:
        if "/spiderippools" in write.path:
            writing.set()
            go_on.wait(30)

    between.before = hold_up
    with spidercli.start("bootstrap", "--yes", "--kubeconfig", way) as first:
        assert writing.wait(30)
        second = spidercli("bootstrap", "--yes", "--only", "pools")
        go_on.set()
        said, told = first.communicate(timeout=60)

    assert (1, True) == (second.code, "SPC410" in second.stderr)
    assert (0, "8 of 8 changes made, 0 unchanged\n") == (first.returncode, said), told
    assert 4 == len(witness.pools())

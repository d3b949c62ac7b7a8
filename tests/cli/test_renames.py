"""New names for all pools: each address has to leave its old pool before the new one may list it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spidercli import kinds
from spidercli.sandbox import faults
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import large

Run = Callable[..., Any]
NODES, POOLS = 15, 30
RENAME = ("pools", "sync", "--yes", "--max-delete", "100%", "-o", "json")


@pytest.fixture(name="sandbox")
def cluster_with_pools(monkeypatch: pytest.MonkeyPatch, spidercli: Run) -> Iterator[Sandbox]:
    """Some nodes whose pools are there, and a configuration that wants other names for them."""
    with Sandbox(large.build(NODES, addresses=2)) as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        assert spidercli("bootstrap", "--yes").code == 0
        path = Path(sandbox.environ["SPIDERCLI_CONFIG"])
        path.write_text(f"{path.read_text()}pools:\n  name: 'pool-{{node}}-{{nic}}'\n")
        yield sandbox


def with_addresses(sandbox: Sandbox) -> tuple[int, int]:
    """How many pools of old names list addresses, and how many of new ones."""
    listing = [kinds.name(pool) for pool in sandbox.kube.objects(kinds.IP_POOL) if kinds.spec(pool).get("ips")]
    new = sum(1 for name in listing if name.startswith("pool-"))
    return len(listing) - new, new


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [("forbidden", 4, "may not patch"), ("webhook-refuses", 1, "the sandbox was told to refuse this")],
    ids=["forbidden", "refused"],
)
def test_a_rename_without_the_right_to_create_leaves_most_pools_alone(
    spidercli: Run, sandbox: Sandbox, kind: str, code: int, reason: str
) -> None:
    """Where no new pool can be made, eight pools are empty afterwards, and the next run mends them."""
    sandbox.faults.add(faults.parse(f"k8s:patch:spiderippools={kind},first=9,times=all"))

    ran = spidercli(*RENAME)

    assert ran.code == code
    assert (POOLS - 8, 0) == with_addresses(sandbox)
    left = {write["reason"] for write in ran.data["writes"] if write["reason"].startswith("not begun, so that")}
    assert len(left) == 1
    assert reason in left.pop()

    sandbox.faults.clear()
    assert spidercli(*RENAME).code == 0
    assert (0, POOLS) == with_addresses(sandbox)

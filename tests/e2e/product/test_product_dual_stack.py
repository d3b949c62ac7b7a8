"""IPv6 beside IPv4: pools for every NIC or for none."""

from __future__ import annotations

import pathlib
from typing import Any

from spidercli.sandbox.scenarios import guide
from tests.e2e.product import clouds
from tests.e2e.product.running import Product
from tests.e2e.product.witness import Witness

_ENIS = (guide.MASTER_ETH0, guide.MASTER_ETH1, guide.WORKER_ETH0, guide.WORKER_ETH1)


def give_all(product: Product) -> None:
    """Give every ENI three IPv6 addresses: ::10 to ::12 and so on."""
    clouds.turn_ipv6_on(product.world)
    for first, eni in zip((0x10, 0x20, 0x30, 0x40), _ENIS, strict=True):
        clouds.assign_ipv6(product.world, eni, first, first + 1, first + 2)


def test_ipv6_joins(installed: Product, witness: Witness) -> None:
    """A cluster becomes dual stack: a second pool for each NIC, and the first ones as they were."""
    before = witness.versions()
    give_all(installed)

    ran = installed("pools", "sync", "--yes")
    again = installed("pools", "sync", "--yes")

    after = witness.versions()
    assert "4 of 4 changes made, 4 unchanged\n" == ran.stdout
    assert "nothing to do: 8 unchanged\n" == again.stdout
    assert {key: before[key] for key in before if "Pool" in key}.items() <= after.items()
    spec = witness.pool("master-eth0-v6")["spec"]
    assert (6, "2408:4005:3b3:1a00::/64") == (spec["ipVersion"], spec["subnet"])
    assert ["2408:4005:3b3:1a00::10-2408:4005:3b3:1a00::12"] == spec["ips"]


def test_ipv6_address_moves(installed: Product, witness: Witness, cluster: Any) -> None:
    """IPv6 addresses move as IPv4 ones do, and stay while a pod holds them."""
    give_all(installed)
    installed("pools", "sync", "--yes")
    cluster.allocate("worker-eth0-v6", {"2408:4005:3b3:1a00::31": "default/dual"})
    installed.world.move("2408:4005:3b3:1a00::30", to=guide.MASTER_ETH0)
    installed.world.move("2408:4005:3b3:1a00::31", to=guide.MASTER_ETH0)

    ran = installed("pools", "sync", "--yes", "-o", "json")

    pools = witness.pools()
    assert (0, ["master-eth0-v6", "worker-eth0-v6"]) == (ran.code, ran.lines("blocked"))
    assert "2408:4005:3b3:1a00::30" in pools["master-eth0-v6"]
    assert ["2408:4005:3b3:1a00::31-2408:4005:3b3:1a00::32"] == pools["worker-eth0-v6"]


def test_gap_is_refused(installed: Product, witness: Witness) -> None:
    """IPv6 on one NIC of several is an error before anything is written."""
    clouds.turn_ipv6_on(installed.world)
    clouds.assign_ipv6(installed.world, guide.MASTER_ETH0, 0x10)
    before = witness.versions()

    ran = installed("pools", "sync", "--yes")

    assert 1 == ran.code
    assert "SPC204" in ran.stderr
    assert before == witness.versions()


def test_ipv6_leaves(installed: Product, witness: Witness, cluster: Any, tmp_path: pathlib.Path) -> None:
    """Spiderpool accepts that a pool in use ceases to be default, and that it becomes default again."""
    give_all(installed)
    installed("pools", "sync", "--yes")
    cluster.allocate("worker-eth0-v6", {"2408:4005:3b3:1a00::31": "default/dual"})
    text = pathlib.Path(installed.environ["SPIDERCLI_CONFIG"]).read_text(encoding="utf-8")
    ipv4 = tmp_path / "ipv4.yaml"
    ipv4.write_text(text.replace("pools:\n", "pools:\n  families: ipv4\n"), encoding="utf-8")

    ran = installed("pools", "sync", "--yes", "--prune", "--max-delete", "100%", "-c", str(ipv4))
    left = witness.pool("worker-eth0-v6")["spec"]
    back = installed("pools", "sync", "--yes")

    assert "4 of 4 changes made, 4 unchanged, 1 blocked\n" == ran.stdout
    assert (False, ["2408:4005:3b3:1a00::31"]) == (left["default"], left["ips"])
    assert "4 of 4 changes made, 4 unchanged\n" == back.stdout
    assert witness.pool("worker-eth0-v6")["spec"]["default"]

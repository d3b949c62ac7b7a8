"""Spiderpool's agents at work: they give out addresses and take them back while the product runs."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import random
import threading
from collections.abc import Iterator
from typing import Any

from spidercli.addresses import expand
from spidercli.kinds import IP_POOL
from tests.e2e.controlplane.rest import Access, Rest


class Agent:
    """Allocates and frees addresses of random pools, as an agent does: only in the version of a pool that it read."""

    def __init__(self, access: Access) -> None:
        self.allocated = 0
        self._rest = Rest(access)
        self._random = random.Random(0)
        self._stop = threading.Event()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Work in the background during the block."""
        thread = threading.Thread(target=self._work)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self._rest.close()

    def _work(self) -> None:
        while not self._stop.is_set():
            pools = [pool for pool in self._rest.items(IP_POOL.collection) if _is_open(pool)]
            if pools:
                self._change(self._random.choice(pools))

    def _change(self, pool: Any) -> None:
        held = allocations(pool)
        address = self._random.choice([*map(str, expand(pool["spec"]["ips"]))])
        if address in held:
            del held[address]
        else:
            held[address] = {"pod": f"default/pod-{self.allocated}", "podUid": "uid"}
        noted = {"allocatedIPs": json.dumps(held) if held else None, "allocatedIPCount": len(held)}
        changed = {**pool, "status": {**pool.get("status", {}), **noted}}
        if self._rest.ask("PUT", f"{IP_POOL.path(pool['metadata']['name'], None)}/status", changed).ok:
            self.allocated += address in held


def _is_open(pool: Any) -> bool:
    return bool(pool["spec"].get("ips")) and "deletionTimestamp" not in pool["metadata"]


def allocations(pool: Any) -> dict[str, Any]:
    """The allocations of a pool: address to entry."""
    return dict(json.loads(pool.get("status", {}).get("allocatedIPs") or "{}"))


def lost(pool: Any) -> set[str]:
    """Addresses that pods hold and the pool does not list any more."""
    listed = {*map(str, expand(pool["spec"].get("ips", [])))}
    return {str(ipaddress.ip_address(address)) for address in allocations(pool)} - listed

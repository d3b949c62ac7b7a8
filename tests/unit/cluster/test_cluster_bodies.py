"""How long the body of an answer may take."""

from __future__ import annotations

import dataclasses

import pytest

from spidercli.gateways.cluster import bodies


@dataclasses.dataclass
class Slow:
    """An answer whose pieces come after a time each."""

    piece: bytes
    seconds: float  # between two of them
    pieces: int
    now: float = 0.0
    ended: list[str] = dataclasses.field(default_factory=list)

    def read1(self, amt: int) -> bytes:
        assert len(self.piece) <= amt
        self.now += self.seconds
        self.pieces -= 1
        return self.piece if self.pieces >= 0 else b""

    def close(self) -> None:
        self.ended.append("closed")

    def release_conn(self) -> None:
        self.ended.append("released")


def test_a_body_is_read_to_its_end() -> None:
    """Nothing of it is lost, and a connection that can be used again is left open."""
    slow = Slow(b"ab", 0.1, 3)

    assert b"ababab" == bodies.read(slow, seconds=5, clock=lambda: slow.now)
    assert [] == slow.ended


def test_a_trickle_ends() -> None:
    """A byte a second would keep the connection's own timeout from ever passing."""
    slow = Slow(b"x", 1.0, 1000)

    with pytest.raises(bodies.TooSlow):
        bodies.read(slow, seconds=5, clock=lambda: slow.now)
    assert 6.0 == slow.now
    assert ["closed", "released"] == slow.ended


def test_a_large_body_may_take_its_time() -> None:
    """20 MB at 64 KiB a second take five minutes, and arrive."""
    slow = Slow(b"x" * 65_536, 1.0, 305)

    assert 305 * 65_536 == len(bodies.read(slow, seconds=5, clock=lambda: slow.now))

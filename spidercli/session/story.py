"""What stderr tells while a command reads: how much there is of it, what is in the way, and what is told only once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from spidercli.output import Output
from spidercli.progress import Remarks, Tally, shown

if TYPE_CHECKING:
    from spidercli.gateways.alibaba.retrying import RetryNote


class Story:
    """Told by whatever reads, from any thread.

    Attributes:
        output: where it is told.
        remarks: what is in the way at the moment.
    """

    def __init__(self, output: Output) -> None:
        self.output = output
        self.remarks = Remarks()
        self._told: set[str] = set()
        self._tally = Tally("", self.remarks)  # of what is being read

    @contextlib.contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show that something takes a while, and how much has been read for it."""
        self._tally = Tally(what, self.remarks)
        with shown(self.output, self._tally):
            yield

    def once(self, text: str, tell: Callable[[str], None]) -> None:
        """Tell something that a second look at the cluster would repeat."""
        if text not in self._told:
            self._told.add(text)
            tell(text)

    def page(self, things: str, count: int, total: int | None) -> None:
        """So many more of them have been read, of so many, if that is known."""
        self._tally.page(things, count, total)

    def cluster_retry(self, text: str, seconds: float) -> None:
        """A request to the cluster is sent again after so many seconds."""
        self.output.detail(f"{text}; trying again in {seconds:.1f} s")
        self.remarks.pausing(text, seconds)

    def cloud_retry(self, note: RetryNote) -> None:
        """A call of the cloud is made again."""
        self.output.detail(str(note))
        self.remarks.pausing(note.obstacle, note.wait)

    def trace(self, text: str) -> None:
        """A request was answered."""
        self.output.detail(text, level=2)

"""How far a run is: one line that moves on a terminal, a line now and then elsewhere, nothing with -q."""

from spidercli.progress.reading import Tally
from spidercli.progress.remarks import Remarks
from spidercli.progress.showing import shown
from spidercli.progress.writing import Writes

__all__ = ["Remarks", "Tally", "Writes", "shown"]

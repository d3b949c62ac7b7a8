"""Carrying out a plan, and the account of what became of every write."""

from spidercli.applying.executing import Progress, Run, apply
from spidercli.applying.ordering import creates
from spidercli.applying.report import Outcome, Report, Result
from spidercli.applying.settling import Waiting

__all__ = ["Outcome", "Progress", "Report", "Result", "Run", "Waiting", "apply", "creates"]

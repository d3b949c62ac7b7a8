"""`python -m spidercli`."""

from spidercli.cli import run

run()

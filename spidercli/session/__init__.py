"""What a command works with: settings, facts, desired objects, plans, and the ways to the cloud and the cluster.

Everything is built when it is first asked for, so that a command pays only for what it uses.
"""

from spidercli.session.session import Session

__all__ = ["Session"]

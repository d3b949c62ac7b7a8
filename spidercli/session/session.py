"""One command's view of the world, put together from its parts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from spidercli.config import loader, settings
from spidercli.config.schema import Config
from spidercli.output import Output
from spidercli.pacing import Pace
from spidercli.planning.plan import Plan
from spidercli.session.connections import Connections
from spidercli.session.deadline import Deadline
from spidercli.session.facts import Facts
from spidercli.session.objects import Objects
from spidercli.session.plans import Plans
from spidercli.session.story import Story

if TYPE_CHECKING:
    from spidercli.applying import Report


class Session:
    """What a command gets: the settings, where to tell its result, and the parts that do its work.

    Attributes:
        settings: as they are in force.
        environ: the variables that it runs with.
        output: stdout and stderr.
        deadline: when it has to end.
        connections: the ways to the cluster and the cloud.
        facts: the cluster's nodes and the inventory.
        objects: what should be in the cluster.
        plans: what would bring it there.
    """

    def __init__(
        self,
        chosen: settings.Settings,
        environ: Mapping[str, str],
        output: Output,
        pace: Pace = Pace(),  # noqa: B008 (frozen)
    ) -> None:
        self.settings = chosen
        self.environ = environ
        self.output = output
        self.deadline = Deadline(chosen.timeout)
        self._pace = pace
        self._story = story = Story(output)
        self.connections = Connections(chosen, environ, pace, self.deadline, story)
        self.facts = Facts(chosen, self.connections, story, pace.clock)
        self.objects = Objects(chosen.config, self.facts, story)
        self.plans = Plans(chosen.config, self.connections, self.facts, self.objects, story)

    @classmethod
    @contextlib.contextmanager
    def begin(
        cls,
        flags: Mapping[str, object],
        environ: Mapping[str, str],
        output: Output,
        pace: Pace,
        *,
        with_file: bool = True,
    ) -> Iterator[Session]:
        """Resolve the settings, with or without a configuration file, and build a session on them.

        Raises:
            ConfigInvalid: a flag, a variable or the file can't be used.
        """
        path = settings.config_path(flags, environ) if with_file else None
        chosen = settings.resolve(flags, environ, loader.load(path) if path else None)
        output.form = chosen.output
        output.color = chosen.color
        output.verbosity = chosen.verbosity
        output.assume_yes = chosen.yes
        session = cls(chosen, environ, output, pace)
        with session.deadline.running(), contextlib.closing(session.connections):
            yield session

    @property
    def config(self) -> Config:
        return self.settings.config

    def apply(self, plan: Plan) -> Report:
        """Carry out a plan, alone and interruptibly.

        Raises:
            RunInProgress: another run is at it.
        """
        from spidercli import running

        around = running.Surroundings(
            api=self.connections.api,
            cluster=self.connections.cluster,
            namespace=self.config.spiderpool.namespace,
            threads=self.config.limits.write_threads,
            timeout=self.settings.timeout,
            stop=self.deadline.stop,
            output=self.output,
            remarks=self._story.remarks,
            pace=self._pace,
        )
        return running.run(plan, around)

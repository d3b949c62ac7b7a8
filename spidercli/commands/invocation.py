"""One run of the command line: its streams, its global options, and what has to be undone at its end."""

from __future__ import annotations

import contextlib
import functools
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, TextIO, cast

from spidercli.argv import DEFAULT_SCENARIO
from spidercli.errors import UsageProblem
from spidercli.output import Output
from spidercli.pacing import Pace

if TYPE_CHECKING:
    import typer

    from spidercli.sandbox.run import Sandbox
    from spidercli.session import Session

_LEAD_OUT = ("profile", "kubeconfig", "context", "ecs_endpoint", "vpc_endpoint", "sts_endpoint", "metadata_endpoint")
_OUTSIDE = (
    *("ALIBABA", "ALICLOUD", "KUBERNETES_SERVICE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    *("SPIDERCLI_KUBECONFIG", "SPIDERCLI_CONTEXT", "SPIDERCLI_PROFILE", "SPIDERCLI_INVENTORY"),
)  # variables that lead to the real cloud and the real cluster


class Invocation:
    """Built before the command line is parsed; `session` reads files only once a command asks for it."""

    def __init__(
        self,
        *,
        stdout: TextIO,
        stderr: TextIO,
        stdin: TextIO,
        environ: Mapping[str, str],
        pace: Pace = Pace(),  # noqa: B008 (frozen)
    ) -> None:
        self.environ = dict(environ)
        self.output = Output(stdout=stdout, stderr=stderr, stdin=stdin, environ=self.environ)
        self._pace = pace
        self._flags: Mapping[str, object] = {}
        self._scenario: str | None = None
        self._with_file = True
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self._cleanup.__exit__(kind, error, trace)

    def expect_form(self, flag: str | None) -> None:
        """Give an error the right form even before the command line is parsed and the settings are read."""
        if (flag or self.environ.get("SPIDERCLI_OUTPUT")) == "json":
            self.output.form = "json"

    def begin(self, flags: Mapping[str, object], *, sandbox: str | None) -> None:
        """Take over the global options; the sandbox that they ask for starts with the session."""
        self._flags = flags
        self._scenario = sandbox

    def scenario(self, named: str | None) -> str:
        """What a sandbox starts with that a command's own option names, or else --sandbox.

        Raises:
            UsageProblem: they name two of them.
        """
        if named and self._scenario not in (None, DEFAULT_SCENARIO, named):
            raise UsageProblem(f"--scenario {named} contradicts --sandbox={self._scenario}", hint="leave one out")
        return named or self._scenario or DEFAULT_SCENARIO

    def enter_sandbox(self, scenario: str, *, nodes: int | None = None) -> Sandbox:
        """Let everything that follows talk to an embedded cloud and cluster, and to nothing else; they are returned.

        Raises:
            UsageProblem: there is no such scenario, or not of that size, or another option leads somewhere else.
        """
        from spidercli.sandbox import scenarios
        from spidercli.sandbox.run import Sandbox

        astray = [f"--{name.replace('_', '-')}" for name in self._flags if name in _LEAD_OUT]
        if astray:
            raise UsageProblem(f"{', '.join(astray)} can't go with --sandbox", hint="the sandbox has its own")
        sandbox = self._cleanup.enter_context(Sandbox(scenarios.build(scenario, nodes=nodes)))
        kept = {name: value for name, value in self.environ.items() if not name.upper().startswith(_OUTSIDE)}
        self.environ = {**kept, **sandbox.environ}
        self.output.environ = self.environ
        return sandbox

    @property
    def expired(self) -> bool:
        """Whether --timeout ended the work."""
        return "session" in self.__dict__ and self.session.deadline.expired

    def ignore_file(self) -> None:
        """Let the session have flags and variables only: its command has to work beside a file that is broken."""
        self._with_file = False

    @functools.cached_property
    def session(self) -> Session:
        """The settings, and everything that is built from them; in the sandbox, if the command line asks for it.

        Raises:
            UsageProblem: there is no such sandbox, or another option leads somewhere else.
            ConfigInvalid: a flag, a variable or the file can't be used.
        """
        from spidercli.session import Session

        if self._scenario is not None:
            self.enter_sandbox(self._scenario)
        begun = Session.begin(self._flags, self.environ, self.output, self._pace, with_file=self._with_file)
        return self._cleanup.enter_context(begun)


def session_of(ctx: typer.Context, *, with_file: bool = True) -> Session:
    """The session of the command that runs, with or without what the configuration file says."""
    invocation = invocation_of(ctx)
    if not with_file:
        invocation.ignore_file()
    return invocation.session


def invocation_of(ctx: typer.Context) -> Invocation:
    """The invocation of the command that runs."""
    return cast("Invocation", ctx.obj)

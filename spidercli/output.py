"""What a user sees: results on stdout, the story on stderr, and nothing else anywhere."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from spidercli.errors import Declined, SpiderError, UsageProblem

if TYPE_CHECKING:  # rich costs start-up time that `-o json` and `--help` need not pay
    from rich.console import Console

_PIPE_WIDTH = 100_000  # wide enough that rich never cuts a cell that a program is going to read


@dataclasses.dataclass(kw_only=True)
class Output:
    """Both streams, with what is known about who reads them."""

    stdout: TextIO
    stderr: TextIO
    stdin: TextIO
    form: str = "table"  # table, wide, json, yaml, name
    color: str = "auto"  # auto, always, never
    verbosity: int = 0  # -v minus -q
    assume_yes: bool = False
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def structured(self) -> bool:
        """Whether stdout is read by a program."""
        return self.form in ("json", "yaml")

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return self.stdin.isatty() and self.stderr.isatty()

    @property
    def animated(self) -> bool:
        """Whether stderr can show something that moves."""
        return self.stderr.isatty() and self._decorated(self.stderr)

    def text(self, text: str) -> None:
        """Write a result as it is."""
        self.stdout.write(text if text.endswith("\n") else text + "\n")

    def data(self, value: object) -> None:
        """Write a result for a program, as JSON or YAML."""
        if self.form == "yaml":
            from spidercli import yamltext

            self.text(yamltext.dump_all([value]))  # type: ignore[list-item]
        else:
            self.text(json.dumps(value, indent=2, ensure_ascii=False, default=str))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Sequence[str] = ()) -> None:
        """Write a result for people: no borders, so that awk can read it too."""
        self.text(self._rendered(headers, rows, styles, self.stdout))

    def records(
        self,
        records: Sequence[Mapping[str, object]],
        columns: Sequence[str],
        *,
        wide: Sequence[str] = (),
        name: Callable[[Mapping[str, object]], str],
    ) -> None:
        """Write a list of records in whatever form was asked for."""
        if self.structured:
            self.data(list(records))
        elif self.form == "name":
            self.stdout.write("".join(f"{name(record)}\n" for record in records))
        else:
            chosen = wide if self.form == "wide" and wide else columns
            headers = [column.upper() for column in chosen]
            self.table(headers, [[_cell(record[column]) for column in chosen] for record in records])

    def record(self, record: Mapping[str, object]) -> None:
        """Write one record, key by key."""
        if self.structured:
            self.data(dict(record))
        else:
            self.table((), [(f"{key}:", _cell(value)) for key, value in record.items()])

    def note_table(self, rows: Sequence[Sequence[str]], *, styles: Sequence[str] = ()) -> None:
        """Tell a story in columns, on stderr."""
        if self.verbosity >= 0:
            self.stderr.write(self._rendered((), rows, styles, self.stderr))

    def note(self, text: str, *, style: str = "") -> None:
        """Tell what happens, unless -q."""
        if self.verbosity >= 0:
            self._say(text, style)

    def detail(self, text: str, *, level: int = 1) -> None:
        """Tell more, with -v (level 1) or -vv (level 2)."""
        if self.verbosity >= level:
            self._say(text, "dim")

    def warn(self, text: str) -> None:
        """Tell what should not be overlooked, even with -q."""
        self._say(f"warning: {text}", "yellow")

    def error(self, error: SpiderError) -> None:
        """Tell why the command failed; the last line is JSON when stdout is read by a program."""
        if self.form == "json":
            self.stderr.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
            return
        self._say(f"error {error.code}: {error.message}", "red")
        if error.hint:
            self._say(f"  hint: {error.hint}", "")
        if error.request_id:
            self._say(f"  request id: {error.request_id}", "dim")

    def confirm(self, question: str) -> None:
        """Ask before acting.

        Raises:
            UsageProblem: there is nobody to ask, and --yes was not given.
            Declined: the answer was not yes.
        """
        if self.assume_yes:
            return
        if not self.interactive:
            raise UsageProblem(
                f"{question} There is no terminal to ask on; nothing was written", hint="add --yes to go ahead unasked"
            )
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        if self.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Declined("nothing was written, because the answer was not yes")

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show that something takes a while: a spinner on a terminal, one line elsewhere, nothing with -q."""
        if self.verbosity < 0:
            yield
        elif self.animated:
            with self.console(self.stderr).status(_plain(text)):
                yield
        else:
            self.stderr.write(f"{text}\n")
            yield

    def console(self, stream: TextIO) -> Console:
        """A rich console for one of the streams."""
        from rich.console import Console

        return Console(
            file=stream,
            width=None if stream.isatty() else _PIPE_WIDTH,
            force_terminal=self._decorated(stream),
            markup=False,
            emoji=False,
            highlight=False,
        )

    def _decorated(self, stream: TextIO) -> bool:
        """Whether colours may be used; symbols carry the meaning, colour only repeats it (no-color.org)."""
        if self.color != "auto":
            return self.color == "always"
        if self.environ.get("NO_COLOR"):
            return False
        return stream.isatty() or bool(self.environ.get("FORCE_COLOR"))

    def _say(self, text: str, style: str) -> None:
        self.console(self.stderr).print(_plain(text), style=style or None, soft_wrap=True)

    def _rendered(
        self, headers: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str], stream: TextIO
    ) -> str:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=bool(headers), header_style="bold")
        for header in headers or [""] * max((len(row) for row in rows), default=0):
            table.add_column(header, overflow="fold")
        for at, row in enumerate(rows):
            table.add_row(*map(_plain, row), style=(styles[at] or None) if styles else None)
        console = self.console(stream)
        with console.capture() as capture:
            console.print(table)
        return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(text: str) -> str:
    """Text with control characters made visible: a hostile name can't move the cursor or forge a line."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)

"""What a user sees: results on stdout, the story on stderr, and nothing else anywhere."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from spidercli.errors import Declined, Interrupted, SpiderError, UsageProblem

if TYPE_CHECKING:  # rich costs start-up time that `-o json` and `--help` need not pay
    from rich.console import Console

_FOLDED = " " * 6  # before what continues a row
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
    _animating: Console | None = None

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
        return self._obeys(self.stderr)

    def text(self, text: str) -> None:
        """Write a result, be it words or a file; what comes from elsewhere can't make a terminal obey it.

        Files are not changed by this: YAML and JSON have such characters escaped already, each in its own way.
        """
        if text:
            self.stdout.write(plain(text if text.endswith("\n") else text + "\n"))

    def names(self, names: Iterable[str]) -> None:
        """Write a result as names, one a line."""
        self.text("".join(f"{name}\n" for name in names))

    def data(self, value: object) -> None:
        """Write a result for a program, as JSON or YAML."""
        if self.form == "yaml":
            from spidercli import yamltext

            self.text(yamltext.dump_all([value]))  # type: ignore[list-item]
        else:
            self.text(_harmless(json.dumps(value, indent=2, ensure_ascii=False, default=str)))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a result for people: no borders, so that awk can read it too."""
        lines = _aligned([headers, *rows] if headers else rows)
        self.stdout.write(self._rendered(lines, ["bold"] if headers else [], self.stdout))

    def lines(self, rows: Sequence[Sequence[str]], *, styles: Sequence[str]) -> None:
        """Write a result for people in columns without headers, a style for each row; see `note_lines`."""
        self.stdout.write(self._rendered(_aligned(rows, self._width(self.stdout)), styles, self.stdout))

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
            self.names(map(name, records))
        else:
            chosen = wide if self.form == "wide" and wide else columns
            headers = [column.upper() for column in chosen]
            self.table(headers, [[_cell(record[column]) for column in chosen] for record in records])

    def record(self, record: Mapping[str, object]) -> None:
        """Write one record, key by key.

        Raises:
            UsageProblem: -o name was asked for, and it is the name of nothing.
        """
        if self.form == "name":
            raise UsageProblem("-o name: this result is no list of objects", hint="-o json has each value by its key")
        if self.structured:
            self.data(dict(record))
        else:
            self.table((), [(f"{key}:", _cell(value)) for key, value in record.items()])

    def note_lines(self, rows: Sequence[Sequence[str]], *, styles: Sequence[str]) -> None:
        """Tell what is going to be done, in columns on stderr; with -q only if a question about it follows.

        A row that a terminal is too narrow for has its last cell, the reason, on a line of its own.
        """
        if self.verbosity >= 0 or not self.assume_yes:
            self.stderr.write(self._rendered(_aligned(rows, self._width(self.stderr)), styles, self.stderr))

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
            self.stderr.write(_harmless(json.dumps({"error": error.as_dict()}, ensure_ascii=False)) + "\n")
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
            Interrupted: Ctrl-C was pressed instead.
        """
        if self.assume_yes:
            return
        if not self.interactive:
            raise UsageProblem(
                f"{question} There is no terminal to ask on; nothing was written", hint="add --yes to go ahead unasked"
            )
        try:
            answer = self._answer(f"{question} [y/N] ")
        except KeyboardInterrupt as error:
            raise Interrupted("interrupted; nothing was written", hint="run again to finish") from error
        if answer not in ("y", "yes"):
            raise Declined("nothing was written, because the answer was not yes")

    def line(self, text: str) -> None:
        """Tell what happens, unless -q, in one plain line that costs no start-up time."""
        if self.verbosity >= 0:
            self.stderr.write(f"{plain(text)}\n")

    @contextlib.contextmanager
    def above(self, console: Console) -> Iterator[None]:
        """For as long as the block lasts, write what is told through a console that animates something on stderr."""
        self._animating = console
        try:
            yield
        finally:
            self._animating = None

    def console(self, stream: TextIO) -> Console:
        """A rich console for one of the streams."""
        from rich.console import Console

        return Console(
            file=stream,
            width=None if stream.isatty() else _PIPE_WIDTH,
            force_terminal=self._decorated(stream) or self._obeys(stream),
            color_system="auto" if self._decorated(stream) else None,
            no_color=not self._decorated(stream),  # else rich would look at NO_COLOR itself, against --color
            markup=False,
            emoji=False,
            highlight=False,
        )

    def _answer(self, question: str) -> str:
        self.stderr.write(plain(question))
        self.stderr.flush()
        answer = ""
        try:
            answer = self.stdin.readline()
        finally:
            if not answer:  # end of input, or Ctrl-C: the line is still open
                self.stderr.write("\n")
        return answer.strip().lower()

    def _decorated(self, stream: TextIO) -> bool:
        """Whether colours may be used; symbols carry the meaning, colour only repeats it (no-color.org)."""
        if self.color != "auto":
            return self.color == "always"
        if self.environ.get("NO_COLOR"):
            return False
        return stream.isatty() or bool(self.environ.get("FORCE_COLOR"))

    def _obeys(self, stream: TextIO) -> bool:
        """Whether a stream is a terminal that moves its cursor where it is told to, be it with colours or without."""
        return stream.isatty() and self.environ.get("TERM") not in ("dumb", "unknown")

    def _say(self, text: str, style: str) -> None:
        console = self._animating or self.console(self.stderr)
        console.print(plain(text), style=style or None, soft_wrap=True)

    def _width(self, stream: TextIO) -> int:
        return self.console(stream).width if stream.isatty() else _PIPE_WIDTH

    def _rendered(self, lines: Sequence[str], looks: Sequence[str], stream: TextIO) -> str:
        """Lines with a style for each, as far as there are styles, and no wider than the text itself is.

        What is longer is the terminal's to wrap, so that ids can be copied whole.
        """
        if not self._decorated(stream):
            return "".join(f"{line}\n" for line in lines)
        console = self.console(stream)
        with console.capture() as capture:
            for line, look in itertools.zip_longest(lines, looks):
                console.print(line, style=look or None, soft_wrap=True)
        return capture.get()


def _aligned(rows: Sequence[Sequence[str]], most: int = _PIPE_WIDTH) -> list[str]:
    """Rows in columns; a row wider than `most` is folded before its last cell."""
    from rich.cells import cell_len

    cells = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    found = []
    for row in cells:
        padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        line = "  ".join(padded).rstrip()
        folds = cell_len(line) > most and row[-1]
        found.append(f"{'  '.join(padded[:-1]).rstrip()}\n{_FOLDED}{row[-1]}" if folds else line)
    return found


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _harmless(text: str) -> str:
    """JSON with the control characters escaped that JSON itself allows, such as those that terminals obey."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _one_line(text: str) -> str:
    """Text for a cell: a hostile name can't forge a row either."""
    return plain(text).replace("\n", "\\n")


def plain(text: str) -> str:
    """Text with control characters made visible: a hostile name can't move the cursor or forge a line."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)

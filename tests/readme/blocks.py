"""The README's `console` blocks: run them, and compare or rewrite what they show."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping

from spidercli.sandbox.run import Sandbox

ROOT = pathlib.Path(__file__).parents[2]
README = ROOT / "README.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Block:
    """One block: its place in the text, and its commands with what they print."""

    start: int
    end: int
    text: str

    @property
    def commands(self) -> list[str]:
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


def blocks(readme: str) -> Iterator[Block]:
    """Every `console` block of a text."""
    for found in _BLOCK.finditer(readme):
        yield Block(found.start(1), found.end(1), found.group(1))


def transcript(block: Block, environ: Mapping[str, str]) -> str:
    """The block as it is when its commands are run now."""
    lines = []
    for command in block.commands:
        ran = subprocess.run(
            ["sh", "-c", command],
            cwd=ROOT,
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines.append(f"$ {command}\n{ran.stdout}")
    return "".join(lines)


def rewritten(readme: str) -> str:
    """The README with every block as its commands print it, all in one sandbox, from top to bottom."""
    with Sandbox("guide") as sandbox:
        environ = {**os.environ, **sandbox.environ, "COLUMNS": "130", "NO_COLOR": "1"}
        environ["PATH"] = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
        fresh = [(block, transcript(block, environ)) for block in blocks(readme)]
    for block, text in reversed(fresh):
        readme = readme[: block.start] + text + readme[block.end :]
    return readme


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")

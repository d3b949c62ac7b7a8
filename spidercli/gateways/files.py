"""Files of the user: read whole, written whole or not at all."""

from __future__ import annotations

import os
import pathlib
import tempfile

from spidercli import userfiles
from spidercli.config import texts
from spidercli.errors import ConfigInvalid, DocumentInvalid, UsageProblem

_OURS = 0o644
_SECRET = 0o600
_LARGEST = 1 << 26
_SHORT = 40  # characters of a file's name, in that of the file that takes its place: both may have 255 bytes at most


def named(text: str, what: str) -> pathlib.Path:
    """The path that a user gave as `what`, for example --out.

    Raises:
        UsageProblem: it is empty, or has characters that no path should have.
    """
    try:
        return pathlib.Path(texts.line(text))
    except ValueError as error:
        raise UsageProblem(f"{what}: {error}") from error


def read(path: pathlib.Path) -> str:
    """The text of a file that the user named.

    Raises:
        DocumentInvalid: it can't be read, is larger than 64 MiB, or is not UTF-8.
    """
    try:
        return userfiles.read(path, most=_LARGEST).decode()
    except OSError as error:
        raise DocumentInvalid(f"{path}: can't be read: {error.strerror}", hint=_hint(path, error)) from error
    except UnicodeDecodeError as error:
        raise DocumentInvalid(f"{path}: is not UTF-8 text", hint="save the file as UTF-8") from error


def _hint(path: pathlib.Path, error: OSError) -> str | None:
    if str(path) == "-":
        return "/dev/stdin is standard input"
    missing = isinstance(error, FileNotFoundError)
    return "`spidercli inventory -o yaml > FILE` saves an inventory" if missing else None


def write(path: pathlib.Path, text: str, *, overwrite: bool = True, secret: bool = False) -> None:
    """Write a file in one step, so that no reader and no crash ever sees half of it.

    Args:
        path: the file; missing folders above it are made.
        text: its content.
        overwrite: whether an existing file may be replaced.
        secret: whether only its owner may read it.

    Raises:
        UsageProblem: the file exists and may not be replaced.
        ConfigInvalid: it can't be written there.
    """
    try:
        if not overwrite and path.exists():
            raise UsageProblem(f"{path} exists already", hint="--force overwrites it")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:_SHORT]}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            pathlib.Path(temporary).chmod(_SECRET if secret else _OURS)
            pathlib.Path(temporary).replace(path)
        except BaseException:
            pathlib.Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigInvalid(f"{path}: can't be written: {error.strerror}") from error


def starts_with(path: pathlib.Path, text: str) -> bool:
    """Whether a file begins with a text."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(text.encode())) == text.encode()
    except OSError:
        return False


def remove(path: pathlib.Path) -> None:
    """Remove a file that we wrote.

    Raises:
        ConfigInvalid: it can't be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigInvalid(f"{path}: can't be removed: {error.strerror}") from error

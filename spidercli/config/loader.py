"""Reads spidercli.yaml, and tells everything that is wrong with it at once, each problem with its line."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Iterator, Mapping

from spidercli import userfiles, yamltext
from spidercli.config import keys, problems
from spidercli.config.schema import Config
from spidercli.errors import ConfigInvalid

LARGEST_FILE = 1 << 20
_HINT = "`spidercli config schema` describes every key, `spidercli init -` prints them with their defaults"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadedConfig:
    """A configuration file's content."""

    config: Config
    where: Mapping[str, str]  # "FILE:LINE" by dotted key path, sections and list items too, as in "pools.exclude[0]"
    path: pathlib.Path


def load(path: pathlib.Path) -> LoadedConfig:
    """Read a file; an empty one is the defaults.

    Raises:
        ConfigInvalid: the file can't be read, or has problems: one line each, "FILE:LINE: key.path: what is wrong".
    """
    return parse(_read(path), path)


def parse(content: bytes, path: pathlib.Path) -> LoadedConfig:
    """The content of a file that was read from `path`, which folders in it are relative to.

    Raises:
        ConfigInvalid: see `load`.
    """
    loaded = _document(content, str(path))
    if loaded.data is not None and not isinstance(loaded.data, dict):
        raise _invalid(f"{path}:{loaded.line(())}: expected KEY: VALUE lines")
    config, found = problems.validate(loaded.data or {}, loaded.line)
    if config is None:
        raise _invalid(problems.told(found, loaded, str(path)))
    where = {keys.dotted(at): f"{path}:{line}" for at, line in _lines(loaded.lines)}
    return LoadedConfig(config=_relative_to(path.parent, config), where=where, path=path)


def _read(path: pathlib.Path) -> bytes:
    try:
        return userfiles.read(path, most=LARGEST_FILE)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigInvalid(
            f"{path}: can't be read: {reason}",
            hint="give a file with --config or SPIDERCLI_CONFIG, or `spidercli init`",
        ) from error


def _document(content: bytes, name: str) -> yamltext.Loaded:
    try:
        return yamltext.load(content.decode("utf-8-sig"), where=name)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigInvalid(f"{name}:{line}: is not UTF-8", hint="save the file as UTF-8") from error
    except yamltext.YamlInvalid as error:
        raise _invalid(str(error)) from error


def _invalid(message: str) -> ConfigInvalid:
    return ConfigInvalid(message, hint=_HINT)


def _lines(tree: yamltext.LineTree, path: keys.Path = ()) -> Iterator[tuple[keys.Path, int]]:
    for step, below in tree.below.items():
        yield (*path, step), below.line
        yield from _lines(below, (*path, step))


def _relative_to(folder: pathlib.Path, config: Config) -> Config:
    """Folders in the file are relative to it, so that the command may run anywhere."""
    if config.templates is None:
        return config
    return config.model_copy(update={"templates": os.fspath(folder / config.templates)})

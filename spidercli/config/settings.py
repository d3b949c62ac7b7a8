"""Which source of a setting wins: flag > SPIDERCLI_ variable > file > variable of another tool > default.

Everything here is pure: flags, environment and the loaded file are arguments. Only `config_path` looks whether a
file exists.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, cast

from spidercli import userfiles
from spidercli.config import keys, options, problems
from spidercli.config.loader import LoadedConfig
from spidercli.config.options import Color, Option, OutputFormat
from spidercli.config.schema import Config
from spidercli.errors import ConfigInvalid

DEFAULT_FILE = pathlib.Path("spidercli.yaml")
DEFAULT = "default"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings as they are in force."""

    config: Config  # the file's, with what flags and variables say instead
    config_file: pathlib.Path | None
    kubeconfig: str | None  # None: the Kubernetes client decides, by KUBECONFIG
    context: str | None
    inventory: pathlib.Path | None
    output: OutputFormat
    verbose: int  # how many -v
    quiet: bool
    color: Color
    timeout: float  # seconds for the whole run, 0 for no limit
    yes: bool
    origins: Mapping[str, str]
    """By dotted key path, or option name for what the file has no key for: "flag --region", "env SPIDERCLI_REGION",
    "spidercli.yaml:3", "default"."""

    @property
    def verbosity(self) -> int:
        """How much to tell: the number of -v, less one for -q."""
        return self.verbose - self.quiet

    @property
    def chosen_region(self) -> str | None:
        """The region that was given to us; variables of other tools only tell about the machine."""
        variables = (name for option in options.ALL if option.key == ("region",) for name in option.foreign)
        foreign = {f"env {name}" for name in variables}
        return None if self.origins.get("region") in foreign else self.config.region


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Found:
    """The source that won."""

    origin: str
    text: str | None  # None: the file's value, or the default


def config_path(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    exists: Callable[[pathlib.Path], bool] = userfiles.exists,
) -> pathlib.Path | None:
    """The file to load: --config, else SPIDERCLI_CONFIG, else ./spidercli.yaml if it exists, else none.

    Where nobody may look whether it exists, it is the one to load: reading it tells why it can't be.

    Raises:
        ConfigInvalid: what was given is no path.
    """
    found = _find(options.CONFIG_FILE, flags, environ, None)
    if found.text is not None:
        return cast("pathlib.Path", _read(options.CONFIG_FILE, found))
    return DEFAULT_FILE if exists(DEFAULT_FILE) else None


def resolve(flags: Mapping[str, object], environ: Mapping[str, str], loaded: LoadedConfig | None) -> Settings:
    """Merge all sources.

    Args:
        flags: what the command line gave, by option name ("ecs_endpoint"); None, or no entry, where it did not.
        environ: the environment; an empty variable counts as not set.
        loaded: the configuration file, None if there is none.

    Raises:
        ConfigInvalid: flags or variables can't be used; one line each, "--region: what is wrong".
    """
    found = {option: _find(option, flags, environ, loaded) for option in options.ALL}
    config, complaints = _merge({option: won for option, won in found.items() if option.key}, loaded)
    values, more = _values({option: won for option, won in found.items() if not option.key})
    if complaints or more:
        raise ConfigInvalid("\n".join(complaints + more))
    origins = {_shown_name(option): won.origin for option, won in found.items()}
    return Settings(
        config=config,
        config_file=loaded.path if loaded else None,
        origins={**loaded.where, **origins} if loaded else origins,
        **values,
    )


def shown(settings: Settings) -> list[tuple[str, object, str]]:
    """Every setting as (key path or option name, value, origin); values have the types that JSON has."""
    given = settings.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    complete = settings.config.model_dump(mode="json", by_alias=True)
    rows = [(keys.dotted(path), _value_at(given, path) or _value_at(complete, path)) for path in _leaves(complete)]
    rows += [(option.name, _plain(getattr(settings, option.name))) for option in options.ALL if not option.key]
    return [(name, value, settings.origins.get(name, DEFAULT)) for name, value in rows]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str | pathlib.Path) else value


def _find(
    option: Option, flags: Mapping[str, object], environ: Mapping[str, str], loaded: LoadedConfig | None
) -> _Found:
    """The first source that has the option."""
    if flags.get(option.name) is not None:
        return _Found(origin=f"flag {option.flag}", text=str(flags[option.name]))
    if environ.get(option.variable):
        return _Found(origin=f"env {option.variable}", text=environ[option.variable])
    place = _place_in_file(option, loaded)
    if place:
        return _Found(origin=place, text=None)
    for variable in option.foreign:
        if environ.get(variable):
            return _Found(origin=f"env {variable}", text=environ[variable])
    return _Found(origin=DEFAULT, text=None)


def _place_in_file(option: Option, loaded: LoadedConfig | None) -> str | None:
    """Where the file has a value for the option; a key without a value is none."""
    if loaded is None or not option.key:
        return None
    value = _value_at(loaded.config.model_dump(by_alias=True), option.key)
    return None if value is None else loaded.where.get(keys.dotted(option.key))


def _merge(found: Mapping[Option, _Found], loaded: LoadedConfig | None) -> tuple[Config, list[str]]:
    """The file's configuration with the texts that beat it, or complaints about those."""
    data = loaded.config.model_dump(mode="json", by_alias=True, exclude_unset=True) if loaded else {}
    labels: dict[keys.Path, str] = {}
    for option, won in found.items():
        if won.text is not None:
            _put(data, option.key, won.text)
            labels[option.key] = _label(won)
    config, wrong = problems.validate(data)
    return config or Config(), [
        f"{labels.get(problem.path, keys.dotted(problem.path))}: {problem.text}" for problem in wrong
    ]


def _values(found: Mapping[Option, _Found]) -> tuple[dict[str, Any], list[str]]:
    """The values of options that the file has no key for, or complaints about their texts."""
    values: dict[str, Any] = {}
    complaints = []
    for option, won in found.items():
        try:
            values[option.name] = _read(option, won)
        except ConfigInvalid as error:
            complaints.append(error.message)
    return values, complaints


def _read(option: Option, won: _Found) -> object:
    if won.text is None:
        return option.default
    try:
        return option.read(won.text)
    except ValueError as error:
        raise ConfigInvalid(f"{_label(won)}: {error}") from error


def _label(won: _Found) -> str:
    """A flag's or variable's own name."""
    return won.origin.partition(" ")[2]


def _shown_name(option: Option) -> str:
    return keys.dotted(option.key) if option.key else option.name


def _leaves(complete: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The keys that have values: those that open no section, and sections that are left out."""
    absent: set[tuple[str, ...]] = set()
    for key in keys.walk():
        if key.path[:-1] in absent:
            continue
        if not key.opens_section:
            yield key.path
        elif _value_at(complete, key.path) is None:
            absent.add(key.path)
            yield key.path


def _value_at(data: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = data
    for step in path:
        value = (value or {}).get(step)
    return value


def _put(data: MutableMapping[str, Any], path: tuple[str, ...], value: str) -> None:
    for step in path[:-1]:
        data = data.setdefault(step, {})
    data[path[-1]] = value


def text(value: object) -> str:
    """A value as a file has it, on one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False)

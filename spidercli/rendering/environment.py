"""Jinja, set up for templates that give YAML: built-in ones, and a user's own in their place."""

from __future__ import annotations

import difflib
import functools
import os
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import jinja2

from spidercli.errors import ConfigInvalid, TemplateInvalid
from spidercli.rendering import bounds, quoting
from spidercli.rendering.placement import StandAlone

_PACKAGE = Path(__file__).parents[1]
_SUFFIXES = frozenset({".j2", ".yaml", ".yml"})
_LARGEST_FILE = 1 << 20
_LONGEST_SENTENCE = 200


@functools.cache
def builtin_folder() -> Path:
    """The folder of the built-in templates: in the wheel's package, or beside it in a checkout."""
    packaged = _PACKAGE / "templates"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "templates"


class Templates:
    """The templates by name, a user's folder before the built-in one."""

    def __init__(self, overrides: Path | None) -> None:
        """Find the templates.

        Raises:
            ConfigInvalid: the folder does not exist.
            TemplateInvalid: a file of the folder would replace nothing.
        """
        self._folders = [builtin_folder()]
        if overrides is not None:
            _check_overrides(overrides)
            self._folders.insert(0, overrides)
        self._environment = bounds.BoundedEnvironment(
            loader=jinja2.FileSystemLoader(self._folders),
            undefined=jinja2.StrictUndefined,
            finalize=quoting.finalize,
            extensions=[StandAlone],
            autoescape=False,  # for HTML; finalize is what quotes values here
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters.update(quote=quoting.quote, tojson=quoting.quote, block=quoting.block)
        self._compiled: dict[str, jinja2.Template] = {}

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """A template filled with values.

        Raises:
            TemplateInvalid: it does not compile or does not render; FILE:LINE where Jinja knows the line.
        """
        template = self._template(name)
        self._environment.steps = 0
        try:
            text = template.render(values)
        except jinja2.TemplateSyntaxError as error:
            raise _syntax_error(error, name) from error
        except Exception as error:  # what a template does can raise anything
            problem = f"{_where(error, self.file(name))}: {_sentence(error)}"
            hint = f"known names: {', '.join(sorted(values))}" if isinstance(error, jinja2.UndefinedError) else None
            raise TemplateInvalid(problem, hint=hint) from error
        if len(text) > bounds.LONGEST_TEXT:
            raise TemplateInvalid(f"{self.file(name)}: gives more than {bounds.LONGEST_TEXT} characters")
        return text

    def file(self, name: str) -> str:
        """The file that a template is read from."""
        return self._template(name).filename or name

    def _template(self, name: str) -> jinja2.Template:
        if name not in self._compiled:
            self._compiled[name] = self._load(name)
        return self._compiled[name]

    def _load(self, name: str) -> jinja2.Template:
        try:
            return self._environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise _syntax_error(error, name) from error
        except (OSError, UnicodeDecodeError, jinja2.TemplateNotFound) as error:
            raise TemplateInvalid(f"{self._path(name)}: the template can't be read: {_sentence(error)}") from error
        except Exception as error:  # Jinja and Python give up on deep nesting, each in its own way
            raise TemplateInvalid(f"{self._path(name)}: the template can't be compiled: {_sentence(error)}") from error

    def _path(self, name: str) -> Path:
        return next((folder / name for folder in self._folders if (folder / name).is_file()), Path(name))


def template_names() -> list[str]:
    """The names of the built-in templates, which an override folder may use."""
    folder = builtin_folder()
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.j2"))


def _check_overrides(folder: Path) -> None:
    if not os.path.isdir(folder):  # noqa: PTH112 - pathlib's raises for a long name
        problem = "is no folder" if os.path.exists(folder) else "does not exist"  # noqa: PTH110 - likewise
        raise ConfigInvalid(
            f"the template folder {folder} {problem}",
            hint="it is named by --templates or by the key templates of the configuration",
        )
    known = template_names()
    for name in _candidates(folder):
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"templates are {', '.join(known)}"
            raise TemplateInvalid(f"{folder / name}: no built-in template has this name", hint=hint)
    for name in known:
        _check_override(folder / name)


def _check_override(path: Path) -> None:
    """Refuse what Jinja would pass over for the built-in template, or choke on."""
    if path.is_file():
        if path.stat().st_size > _LARGEST_FILE:
            raise TemplateInvalid(f"{path}: is larger than {_LARGEST_FILE >> 20} MiB")
    elif path.exists() or path.is_symlink():
        raise TemplateInvalid(f"{path}: is no file", hint="a template is a file, or a link to one")


def _candidates(folder: Path) -> Iterator[str]:
    """Files that look like templates; names that start with "_" are for the user's own includes, "." is hidden."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix in _SUFFIXES and path.is_file() and not any(part[0] in "._" for part in relative.parts):
            yield relative.as_posix()


def _syntax_error(error: jinja2.TemplateSyntaxError, name: str) -> TemplateInvalid:
    return TemplateInvalid(f"{error.filename or error.name or name}:{error.lineno}: {_short(error.message or '')}")


def _where(error: Exception, file: str) -> str:
    """The innermost line of a template that the error passed; Jinja rewrites tracebacks so that they show it."""
    found = file
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith((".j2", ".yaml", ".yml")):
            found = f"{frame.f_code.co_filename}:{line}"
    return found


def _sentence(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return _short(f"there is no template {error.name}")
    if isinstance(error, MemoryError):
        return "it needs too much memory"
    return _short(str(error) or type(error).__name__)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SENTENCE else f"{text[: _LONGEST_SENTENCE - 1]}…"

"""The user's kubeconfig files: which there are, what they say together, and where a context leads.

What they hold never reaches a message: it may be a credential.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from spidercli import userfiles, yamltext
from spidercli.errors import ConfigInvalid

_LARGEST = 1 << 24


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """One context: the server and the user's entry."""

    context: str
    server: str
    user: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """Several kubeconfig files as one; of entries of the same name the first counts, as for kubectl."""

    files: tuple[Path, ...]
    current: str | None
    contexts: Mapping[str, Mapping[str, Any]]
    clusters: Mapping[str, Mapping[str, Any]]
    users: Mapping[str, Mapping[str, Any]]

    @property
    def where(self) -> str:
        """The files, as messages name them."""
        return os.pathsep.join(map(str, self.files))

    def target(self, context: str | None) -> Target:
        """Where a context leads; None is the current one.

        Raises:
            ConfigInvalid: there is no such context, or it leads nowhere.
        """
        known = f"known contexts: {', '.join(sorted(self.contexts)) or 'none'}"
        name = context or self.current
        if name is None:
            raise ConfigInvalid(f"{self.where} has no current-context", hint=f"choose one with --context; {known}")
        if name not in self.contexts:
            raise ConfigInvalid(f"context {name} is not in {self.where}", hint=known)
        chosen = self.contexts[name]
        cluster = self.clusters.get(str(chosen.get("cluster")))
        if cluster is None or not cluster.get("server"):
            raise ConfigInvalid(f"context {name} of {self.where} names no cluster with a server")
        return Target(context=name, server=str(cluster["server"]), user=self.users.get(str(chosen.get("user"))) or {})


def find(kubeconfig: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files to read: the one that is named, else $KUBECONFIG's, else ~/.kube/config, else none.

    Raises:
        ConfigInvalid: what is named does not exist.
    """
    home = environ.get("HOME", "")
    if kubeconfig is not None:
        path = _expanded(str(kubeconfig), home)
        if not userfiles.exists(path):
            raise ConfigInvalid(f"kubeconfig {path} does not exist")
        return (path,)
    named = [_expanded(text, home) for text in environ.get("KUBECONFIG", "").split(os.pathsep) if text]
    found = tuple(path for path in named if userfiles.exists(path))
    if named and not found:
        raise ConfigInvalid(f"KUBECONFIG names no file that exists: {environ['KUBECONFIG']}")
    default = Path(home, ".kube", "config")
    # In many pods HOME is root's, and closed to the user that they run as: the service account is meant then.
    return found or ((default,) if home and os.path.isfile(default) else ())  # noqa: PTH113 - pathlib's raises


def read(files: tuple[Path, ...]) -> Kubeconfig:
    """What the files say together.

    Raises:
        ConfigInvalid: one of them can't be used.
    """
    documents = [_document(path) for path in files]
    currents = (document.get("current-context") for document in documents)
    return Kubeconfig(
        files=files,
        current=next((str(name) for name in currents if name), None),
        contexts=_named(documents, "context"),
        clusters=_named(documents, "cluster"),
        users=_named(documents, "user"),
    )


def _expanded(text: str, home: str) -> Path:
    return Path(home, text[2:]) if text.startswith("~/") else Path(text)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        content = userfiles.read(path, most=_LARGEST)
        _check_depth(content, path)
        document = yaml.load(content, Loader=yaml.CSafeLoader)
    except OSError as error:
        raise ConfigInvalid(f"kubeconfig {path} can't be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigInvalid(f"{path}:{line}: the kubeconfig is not valid YAML") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigInvalid(f"{path}: the kubeconfig is not valid YAML") from error
    if not isinstance(document, dict):
        raise ConfigInvalid(f"{path}: the kubeconfig is empty or not a mapping")
    return document


def _check_depth(content: bytes, path: Path) -> None:
    """Refuse deep nesting, which crashes libyaml's composer, and the process with it."""
    depth = 0
    for event in yaml.parse(content, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > yamltext.MAX_DEPTH:
            raise ConfigInvalid(f"{path}: the kubeconfig is nested too deeply")


def _named(documents: list[Mapping[str, Any]], what: str) -> Mapping[str, Mapping[str, Any]]:
    """The entries of one of kubeconfig's three lists, by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for document in documents:
        entries = document.get(f"{what}s")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get(what), dict):
                found.setdefault(str(entry.get("name")), entry[what])
    return found

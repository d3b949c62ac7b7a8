"""Where the cluster is and who we are: from kubeconfig files as kubectl reads them, or from a pod's service account.

What the files hold never reaches a message: the official loader's own errors quote whole entries, credentials
included, so files are looked through here first and its errors are replaced.
"""

from __future__ import annotations

import dataclasses
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from kubernetes import config as kubernetes_config
from kubernetes.client import Configuration
from kubernetes.config.incluster_config import InClusterConfigLoader

from spidercli import addresses, userfiles, yamltext
from spidercli.errors import ClusterUnauthorized, ClusterUnreachable, ConfigInvalid
from spidercli.gateways.cluster import impersonation, plugins, tls

_LARGEST = 1 << 24
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """One context: the server and the user's entry."""

    context: str
    server: str
    user: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """The way to an API server, and who we are there."""

    configuration: Configuration  # without certificates and keys: those are in `tls`
    context: str | None = None  # the kubeconfig's name for where it leads, None in a pod of the cluster
    tls: ssl.SSLContext | None = None  # None for a server that is not https
    impersonation: impersonation.Headers = ()  # sent with every request


def load(
    *,
    kubeconfig: Path | None,
    context: str | None,
    environ: Mapping[str, str],
    service_account: Path = _SERVICE_ACCOUNT,
) -> Access:
    """The way to the server that a context names; nothing is sent yet.

    Args:
        kubeconfig: the one file to read; None means $KUBECONFIG, then ~/.kube/config, then a pod's service account.
        context: None means the files' current-context.
        environ: for KUBECONFIG, HOME, the proxy variables, and those that a pod has.
        service_account: where a pod finds its token and the cluster's CA.

    Raises:
        ConfigInvalid: a file or a context does not exist or can't be used.
        ClusterUnreachable: there is nothing to find a cluster with.
        ClusterUnauthorized: the login command of the kubeconfig failed.
    """
    # An empty proxy keeps the client from looking into the environment of the process.
    configuration = Configuration(proxy="", no_proxy=_first(environ, "NO_PROXY", "no_proxy") or "")
    files = _files(kubeconfig, environ)
    with tls.keys_removed() as folder:
        target = _from_files(configuration, _read(files), context, folder) if files else None
        if target is None:
            _from_service_account(configuration, environ, service_account)
        if not configuration.proxy and not _is_loopback(configuration.host):
            configuration.proxy = _first(environ, "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
        return Access(
            configuration=configuration,
            context=target.context if target else None,
            tls=tls.secure(configuration),
            impersonation=impersonation.headers(target.user) if target else (),
        )


def _files(kubeconfig: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
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


def _expanded(text: str, home: str) -> Path:
    return Path(home, text[2:]) if text.startswith("~/") else Path(text)


def _read(files: tuple[Path, ...]) -> Kubeconfig:
    documents = [_document(path) for path in files]
    currents = (document.get("current-context") for document in documents)
    return Kubeconfig(
        files=files,
        current=next((str(name) for name in currents if name), None),
        contexts=_named(documents, "context"),
        clusters=_named(documents, "cluster"),
        users=_named(documents, "user"),
    )


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


def _target(kubeconfig: Kubeconfig, context: str | None) -> Target:
    known = f"known contexts: {', '.join(sorted(kubeconfig.contexts)) or 'none'}"
    name = context or kubeconfig.current
    if name is None:
        raise ConfigInvalid(f"{kubeconfig.where} has no current-context", hint=f"choose one with --context; {known}")
    if name not in kubeconfig.contexts:
        raise ConfigInvalid(f"context {name} is not in {kubeconfig.where}", hint=known)
    chosen = kubeconfig.contexts[name]
    cluster = kubeconfig.clusters.get(str(chosen.get("cluster")))
    if cluster is None or not cluster.get("server"):
        raise ConfigInvalid(f"context {name} of {kubeconfig.where} names no cluster with a server")
    return Target(context=name, server=str(cluster["server"]), user=kubeconfig.users.get(str(chosen.get("user"))) or {})


def _from_files(
    configuration: Configuration, kubeconfig: Kubeconfig, context: str | None, folder: str | None
) -> Target:
    target = _target(kubeconfig, context)
    _check_server(target, kubeconfig)
    with plugins.failures() as failures:
        _load(configuration, kubeconfig, target, folder)
    if failures:
        login = target.user.get("exec")
        command = login.get("command", "?") if isinstance(login, dict) else "?"
        raise ClusterUnauthorized(
            f"the login command {command} of context {target.context} failed: {failures[0]}",
            hint="`kubectl get nodes` with the same kubeconfig shows what it says",
        )
    return target


def _load(configuration: Configuration, kubeconfig: Kubeconfig, target: Target, folder: str | None) -> None:
    try:
        kubernetes_config.load_kube_config(
            config_file=kubeconfig.where,
            context=target.context,
            client_configuration=configuration,
            temp_file_path=folder,
        )
    except Exception as error:  # any type: the loader looks into nested values without checking them
        raise ConfigInvalid(
            f"context {target.context} of {kubeconfig.where} can't be used{_known_reason(error)}",
            hint="`kubectl config view` shows the file without its secrets",
        ) from error


def _known_reason(error: Exception) -> str:
    """Those of the loader's messages that hold no secret: about a file that is missing, or that can't be written."""
    text = str(error)
    if text.startswith("File does not exist: "):
        return f": {text}"
    return f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""


def _check_server(target: Target, kubeconfig: Kubeconfig) -> None:
    if _is_usable(target.server):
        return
    raise ConfigInvalid(
        f"context {target.context} of {kubeconfig.where}: the server has to be https://HOST[:PORT]",
        hint="http:// is accepted for this machine only",
    )


def _is_usable(url: str) -> bool:
    """Whether a server's URL is one, and safe to send credentials to."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # brackets without an IPv6 address, or a port that is no number
        return False
    return usable and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(url)))


def _from_service_account(configuration: Configuration, environ: Mapping[str, str], folder: Path) -> None:
    loader = InClusterConfigLoader(
        token_filename=str(folder / "token"), cert_filename=str(folder / "ca.crt"), environ=environ
    )
    try:
        loader.load_and_set(configuration)
    except (kubernetes_config.ConfigException, OSError) as error:
        raise ClusterUnreachable(
            "there is no kubeconfig, and this is not a pod with a service account",
            hint="give --kubeconfig FILE, set KUBECONFIG, or create ~/.kube/config",
        ) from error


def _is_loopback(url: str) -> bool:
    return addresses.is_loopback(urlsplit(url).hostname or "")


def _first(environ: Mapping[str, str], *names: str) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)

"""The way to an API server, and who we are there: from kubeconfigs as kubectl uses them, or from a service account.

The official loader does the rest; its own errors quote whole entries of kubeconfigs, credentials included, so the
files are looked through first and its errors are replaced.
"""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kubernetes import config as kubernetes_config
from kubernetes.client import Configuration
from kubernetes.config.incluster_config import InClusterConfigLoader

from spidercli import addresses
from spidercli.errors import ClusterUnauthorized, ClusterUnreachable, ConfigInvalid
from spidercli.gateways.cluster import impersonation, plugins, tls
from spidercli.gateways.cluster import kubeconfig as kubeconfigs
from spidercli.gateways.cluster.kubeconfig import Kubeconfig, Target

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


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
    files = kubeconfigs.find(kubeconfig, environ)
    with tls.keys_removed() as folder:
        target = _from_files(configuration, kubeconfigs.read(files), context, folder) if files else None
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


def _from_files(
    configuration: Configuration, kubeconfig: Kubeconfig, context: str | None, folder: str | None
) -> Target:
    target = kubeconfig.target(context)
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

"""The programs of the control plane: those that the environment names, else built here."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
import sys
from collections.abc import Mapping

from tests.e2e.controlplane import building
from tests.e2e.controlplane.building import GoToolchain, Say
from tests.e2e.controlplane.errors import Unavailable

_CRDS = "charts/spiderpool/crds/*.yaml"
_HELP = """\
The end-to-end tests can't run: {reason}
They need etcd, kube-apiserver and spiderpool-controller. Install Go 1.26 or newer, which builds them once, or set
  KUBEBUILDER_ASSETS      a folder with etcd, kube-apiserver and kubectl
  SPIDERPOOL_CONTROLLER   the program spiderpool-controller
  SPIDERPOOL_CRDS         the folder charts/spiderpool/crds of the same version of Spiderpool"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Binaries:
    """Paths of the programs, and of the folder with Spiderpool's CRDs."""

    etcd: pathlib.Path
    kube_apiserver: pathlib.Path
    kubectl: pathlib.Path
    spiderpool_controller: pathlib.Path
    crds: pathlib.Path


def find(environ: Mapping[str, str], say: Say = print) -> Binaries:
    """The programs; those that the environment does not name are built, or taken from the cache.

    Raises:
        Unavailable: something is missing and can't be built; the message says what to do.
    """
    try:
        return _Finder(environ, say).find()
    except Unavailable as problem:
        raise Unavailable(_HELP.format(reason=problem)) from problem


def cache_folder(environ: Mapping[str, str]) -> pathlib.Path:
    """Where programs are kept: SPIDERCLI_E2E_CACHE, else a folder of the user's cache."""
    if chosen := environ.get("SPIDERCLI_E2E_CACHE"):
        return pathlib.Path(chosen).absolute()
    home = environ.get("XDG_CACHE_HOME") or pathlib.Path(environ.get("HOME", "~")).expanduser() / ".cache"
    return pathlib.Path(home) / "spidercli-e2e"


def kubectl(environ: Mapping[str, str]) -> pathlib.Path:
    """The kubectl command alone, which is never built.

    Raises:
        Unavailable: there is none.
    """
    if assets := environ.get("KUBEBUILDER_ASSETS"):
        return _given(assets, "kubectl")
    return _installed("kubectl", environ)


class _Finder:
    def __init__(self, environ: Mapping[str, str], say: Say) -> None:
        self._environ = environ
        self._say = say

    def find(self) -> Binaries:
        assets, controller = self._environ.get("KUBEBUILDER_ASSETS"), self._environ.get("SPIDERPOOL_CONTROLLER")
        crds = self._environ.get("SPIDERPOOL_CRDS")
        return Binaries(
            etcd=_given(assets, "etcd") if assets else self._go.program(building.ETCD),
            kube_apiserver=_given(assets, "kube-apiserver") if assets else self._go.program(building.KUBE_APISERVER),
            kubectl=kubectl(self._environ),
            spiderpool_controller=_given(controller)
            if controller
            else self._go.program(building.SPIDERPOOL_CONTROLLER),
            crds=_given(crds) if crds else self._go.charts(building.SPIDERPOOL_CONTROLLER, _CRDS),
        )

    @property
    def _go(self) -> GoToolchain:
        return GoToolchain(cache_folder(self._environ), self._environ, self._say)


def _installed(name: str, environ: Mapping[str, str]) -> pathlib.Path:
    """A program beside this Python, where a development install puts it, or in PATH."""
    folders = [str(pathlib.Path(sys.executable).parent), environ.get("PATH", os.defpath)]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise Unavailable(f"there is no {name} command")
    return pathlib.Path(found)


def _given(*parts: str) -> pathlib.Path:
    path = pathlib.Path(*parts).absolute()
    if not path.exists():
        raise Unavailable(f"there is no {path}")
    return path

"""Programs built with the Go toolchain from the modules in `go/`, once for each version."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping

from tests.e2e.controlplane.errors import Unavailable

Say = Callable[[str], None]
_MODULES = pathlib.Path(__file__).with_name("go")
_OUTPUT_LINES = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """Where a program is built from: a package of a dependency of one of our modules."""

    name: str
    package: str
    module: str
    folder: pathlib.Path  # of our module
    version_variable: str = ""  # the Go variable that is set to the version when linking

    @property
    def version(self) -> str:
        """The dependency's version, such as v1.36.3, as our module requires it."""
        text = (self.folder / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        assert found is not None
        return found[1]

    @property
    def linker_flags(self) -> str:
        """Flags of `go tool link`: no symbol tables, and the version."""
        setting = f" -X {self.version_variable}={self.version}" if self.version_variable else ""
        return f"-s -w{setting}"

    @property
    def key(self) -> str:
        """A folder name that changes with whatever goes into the program."""
        digest = hashlib.sha256()
        for part in (self.folder / "go.mod", self.folder / "go.sum"):
            digest.update(part.read_bytes())
        digest.update(self.linker_flags.encode())
        return f"{self.name}-{self.version}-{digest.hexdigest()[:12]}"


ETCD = Source(
    name="etcd",
    package="go.etcd.io/etcd/server/v3",
    module="go.etcd.io/etcd/server/v3",
    folder=_MODULES / "kubernetes",
)
# Without its version the server calls itself v0.0.0, and helm and kubectl take that for an ancient one.
KUBE_APISERVER = Source(
    name="kube-apiserver",
    package="k8s.io/kubernetes/cmd/kube-apiserver",
    module="k8s.io/kubernetes",
    folder=_MODULES / "kubernetes",
    version_variable="k8s.io/component-base/version.gitVersion",
)
SPIDERPOOL_CONTROLLER = Source(
    name="spiderpool-controller",
    package="github.com/spidernet-io/spiderpool/cmd/spiderpool-controller",
    module="github.com/spidernet-io/spiderpool",
    folder=_MODULES / "spiderpool",
)


class GoToolchain:
    """The `go` command, and the cache of what it built.

    Args:
        cache: the folder to keep programs in.
        environ: the environment for `go`.
        say: told about each build, because it takes minutes.

    Raises:
        Unavailable: there is no `go` command in PATH.
    """

    def __init__(self, cache: pathlib.Path, environ: Mapping[str, str], say: Say) -> None:
        go = shutil.which("go", path=environ.get("PATH"))
        if go is None:
            raise Unavailable("there is no go command")
        self._go = go
        self._cache = cache
        self._environ = {**environ, "GOWORK": "off"}
        self._say = say

    def program(self, source: Source) -> pathlib.Path:
        """The program, built unless it is in the cache.

        Raises:
            Unavailable: the build failed; the message has its last lines.
        """
        return self._kept(source.key, lambda folder: self._build(source, folder)) / source.name

    def charts(self, source: Source, pattern: str) -> pathlib.Path:
        """A folder with copies of the files in the source's module that match a pattern.

        Raises:
            Unavailable: the module can't be downloaded.
        """
        return self._kept(f"{source.key}-files", lambda folder: self._copy(source, pattern, folder))

    def _kept(self, key: str, fill: Callable[[pathlib.Path], None]) -> pathlib.Path:
        """A folder of the cache, filled by one process at a time and seen complete or not at all."""
        final = self._cache / key
        with self._locked():
            if not final.exists():
                with tempfile.TemporaryDirectory(dir=self._cache, prefix="new-") as new:
                    content = pathlib.Path(new) / "content"
                    content.mkdir()
                    fill(content)
                    content.rename(final)
        return final

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._cache.mkdir(parents=True, exist_ok=True)
        with (self._cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _build(self, source: Source, folder: pathlib.Path) -> None:
        self._say(f"Building {source.name} {source.version}: this takes minutes, once; kept in {self._cache}")
        output = str(folder / source.name)
        flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", f"-ldflags={source.linker_flags}"]
        self._run("build", *flags, "-o", output, source.package, cwd=source.folder)

    def _copy(self, source: Source, pattern: str, folder: pathlib.Path) -> None:
        answer = json.loads(self._run("mod", "download", "-json", source.module, cwd=source.folder))
        for path in sorted(pathlib.Path(answer["Dir"]).glob(pattern)):
            shutil.copyfile(path, folder / path.name)

    def _run(self, *arguments: str, cwd: pathlib.Path) -> str:
        ran = subprocess.run(
            [self._go, *arguments], cwd=cwd, env=self._environ, capture_output=True, text=True, check=False
        )
        if ran.returncode != 0:
            end = "\n".join(ran.stderr.splitlines()[-_OUTPUT_LINES:])
            raise Unavailable(f"go {arguments[0]} failed:\n{end}")
        return ran.stdout

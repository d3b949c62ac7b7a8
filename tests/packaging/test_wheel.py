"""What is installed from an index works from any directory."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tarfile
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(name="dist", scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a wheel and an sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return folder


def _templates() -> list[str]:
    return sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.j2"))


def test_the_wheel_has_the_templates(dist: pathlib.Path) -> None:
    """Every template is in the wheel, beside the package that reads it."""
    (wheel,) = dist.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in _templates() if f"spidercli/templates/{name}" not in names] == []


def test_the_sdist_has_the_templates(dist: pathlib.Path) -> None:
    """A build from the sdist has everything that a build from a clone has."""
    (sdist,) = dist.glob("*.tar.gz")

    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert [name for name in _templates() if f"templates/{name}" not in names] == []


def test_an_installed_wheel_works_from_any_directory(dist: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The installed command renders the guide's objects without the checkout, and reports its own place."""
    (wheel,) = dist.glob("*.whl")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*pip, str(wheel)], check=True, stdout=subprocess.DEVNULL)
    environ = {**os.environ, "PYTHONPATH": str(site)}
    guide = ROOT / "examples" / "guide"
    arguments = ["export", "--inventory", str(guide / "inventory.yaml"), "-c", str(guide / "spidercli.yaml")]

    where = subprocess.run(
        [sys.executable, "-c", "import spidercli; print(spidercli.__file__)"],
        check=True, capture_output=True, text=True, env=environ, cwd=tmp_path,
    )  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", "spidercli", *arguments],
        check=True, capture_output=True, text=True, env=environ, cwd=tmp_path,
    )  # fmt: skip

    assert where.stdout.startswith(str(site))
    assert ran.stdout.count("kind: SpiderIPPool") == 4

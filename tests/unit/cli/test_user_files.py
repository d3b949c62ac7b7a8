"""Files are read whole, and written whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from spidercli.errors import ConfigInvalid, DocumentInvalid, UsageProblem
from spidercli.gateways import files


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Text comes back as it was, from a folder that was made."""
    files.write(tmp_path / "a" / "b.yaml", "名字\n")

    assert files.read(tmp_path / "a" / "b.yaml") == "名字\n"


@pytest.mark.parametrize(("secret", "mode"), [(False, 0o644), (True, 0o600)])
def test_modes(tmp_path: Path, secret: bool, mode: int) -> None:
    """A secret is its owner's; a file that was open before is closed."""
    path = tmp_path / "file"
    path.write_text("")
    path.chmod(0o666)
    files.write(path, "x", secret=secret)

    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    """Unless it may be overwritten."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UsageProblem, match="exists already"):
        files.write(path, "new", overwrite=False)

    assert path.read_text() == "old"


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    """Text that can't be encoded leaves neither half a file nor a temporary one."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        files.write(path, "\ud800")

    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    """The path and the reason are told."""
    with pytest.raises(ConfigInvalid, match="can't be written: Is a directory"):
        files.write(tmp_path, "x")


@pytest.mark.parametrize("problem", ["missing", "folder", "binary"])
def test_what_can_not_be_read(tmp_path: Path, problem: str) -> None:
    """The path and the reason are told."""
    path = tmp_path / problem
    if problem == "folder":
        path.mkdir()
    if problem == "binary":
        path.write_bytes(b"\xff")
    reasons = {
        "missing": "can't be read: No such file",
        "folder": "can't be read: Is a directory",
        "binary": "is not UTF-8 text",
    }

    with pytest.raises(DocumentInvalid, match=f"{path}: {reasons[problem]}"):
        files.read(path)


def test_how_a_file_begins(tmp_path: Path) -> None:
    """Only the beginning counts; a missing file begins with nothing."""
    path = tmp_path / "file"
    path.write_text("# ours\nrest")

    assert files.starts_with(path, "# ours\n")
    assert not files.starts_with(path, "# theirs\n")
    assert not files.starts_with(tmp_path / "missing", "#")


def test_removing(tmp_path: Path) -> None:
    """What is gone is gone, and a folder is not removed."""
    files.remove(tmp_path / "missing")
    with pytest.raises(ConfigInvalid, match="can't be removed"):
        files.remove(tmp_path)

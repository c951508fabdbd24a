"""Files are written whole, links and devices stay what they are, and what is in the way is said before the work."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from dnag.files import check_output, read_text, write_aside


def test_a_link_goes_on_pointing_to_its_file(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to("target")
    write_aside(link, lambda aside: aside.write_text("new"))
    assert link.is_symlink() and target.read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"target", "link"}


def test_a_link_to_nothing_makes_its_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write_aside(tmp_path / "link", lambda aside: aside.write_text("new"))
    assert (tmp_path / "target").read_text() == "new"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=write_aside, args=(pipe, lambda path: path.write_text("through")))
    writer.start()
    assert pipe.read_text() == "through"
    writer.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_folder_is_named_as_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        write_aside(tmp_path, lambda aside: aside.write_text("new"))
    assert caught.value.filename == str(tmp_path) and list(tmp_path.iterdir()) == []


def test_text_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("één\n".encode() + b"\xff")
    with pytest.raises(ValueError, match=r"text is no UTF-8 text, at byte 6"):
        read_text(path)


def test_where_output_can_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("here")
    monkeypatch.chdir(tmp_path)
    for path in (file, tmp_path / "new", tmp_path / "a" / "b", Path("new"), Path("a/b"), Path("file")):
        assert check_output(path) == path
    for path in (tmp_path, tmp_path / "a" / "b", Path("new"), Path(".")):
        assert check_output(path, folder=True) == path
    assert [path.name for path in tmp_path.iterdir()] == ["file"], "nothing was made"
    for path, folder, words in (
        (tmp_path, False, "is a folder; allowed: a file"),
        (file, True, "is a file; allowed: a folder"),
        (file / "below", False, "is no folder"),
        (file / "below" / "it", True, "is no folder"),
    ):
        with pytest.raises(ValueError, match=words):
            check_output(path, folder=folder)


def test_where_nothing_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for folder in (False, True):
        with pytest.raises(ValueError, match=f"cannot write .*new: no permission for {tmp_path}"):
            check_output(tmp_path / "new", folder=folder)

"""Folders of sessions: gone with the last who holds them, and with a server that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dnag.ui import folders
from dnag.ui.folders import PREFIX, SharedFolder

ROOT = Path(__file__).parents[2]
MAKE = """
import sys
from dnag.ui.folders import SharedFolder
folder = SharedFolder("images")
(folder.path / "face.png").write_bytes(b"private")
print(folder.path, flush=True)
sys.stdin.read()
"""


def test_a_folder_goes_with_the_last_who_holds_it() -> None:
    folder = SharedFolder("images")
    (folder.path / "deep").mkdir()
    assert folder.path.stat().st_mode & 0o077 == 0
    assert folder.hold()
    folder.release()
    assert folder.path.is_dir()
    folder.release()
    assert not folder.path.exists()
    assert not folder.hold()


def test_a_forgotten_folder_goes_with_its_object() -> None:
    folder = SharedFolder("images")
    path = folder.path
    del folder
    assert not path.exists()


def test_the_servers_own_folder_is_made_anew_if_somebody_removed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(folders, "_own", None)
    first = folders.server_folder()
    assert folders.server_folder() == first and first.parent == tmp_path
    first.rename(tmp_path / "elsewhere")
    assert folders.server_folder() != first


def server(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that makes a folder, and the server's folder around it."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert folder.is_dir()
    return process, folder.parent


def end(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_what_a_killed_server_left_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    stranger = tmp_path / "other"
    stranger.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(stranger)
    alive, living = server(tmp_path)
    killed, dead = server(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (dead / "lock").exists()
    third, own = server(tmp_path)
    assert not dead.exists()
    assert living.is_dir() and own.is_dir() and stranger.is_dir()
    end(alive)
    end(third)
    assert not living.exists() and not own.exists(), "a server that ends in peace leaves nothing"

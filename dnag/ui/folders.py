"""Folders on the server's disk: each goes with the last who holds it, and none outlives its server for long.

A server keeps all of them in one folder, locked while its process lives. The lock is SQLite's, which the system drops
however the process ends; so a server that finds another's folder without a lock knows that its owner was killed, and
removes it. Nothing here knows Streamlit.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
import threading
import uuid
import weakref
from pathlib import Path

PREFIX, LOCK = "dnag-server-", "lock"

_lock = threading.Lock()
_own: tuple[Path, sqlite3.Connection] | None = None


class SharedFolder:
    """A new, empty folder at ``path`` that only this user may read, held by whoever made it.

    It is deleted when everybody has released it, and should somebody never do so, with this object or the process.
    """

    def __init__(self, kind: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=server_folder()))
        self._lock = threading.Lock()
        self._holders = 1
        self._delete = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def hold(self) -> bool:
        """Keep the folder until :meth:`release`; False if it is gone already."""
        with self._lock:
            self._holders += self.held
            return self.held

    @property
    def held(self) -> bool:
        """Whether it is there."""
        return self._holders > 0

    def release(self) -> None:
        """No longer needed by one of those who held it."""
        with self._lock:
            self._holders -= 1
            if not self.held:
                self._delete()


def server_folder() -> Path:
    """This server's own folder; before it is made, those that killed servers have left are removed."""
    global _own
    with _lock:
        if _own is None or not _own[0].is_dir():
            new = Path(tempfile.mkdtemp(prefix="dnag-new-"))
            lock = _locked(new)
            if lock is None:
                raise OSError(f"{new} cannot be locked")
            path = new.rename(new.with_name(f"{PREFIX}{uuid.uuid4().hex[:12]}"))  # only now can others find it
            _own = path, lock
            atexit.register(shutil.rmtree, path, ignore_errors=True)
            _sweep(path)
        return _own[0]


def _sweep(own: Path) -> None:
    for path in own.parent.glob(f"{PREFIX}*"):
        if path.lstat().st_uid == own.lstat().st_uid and not path.is_symlink() and (lock := _locked(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            lock.close()


def _locked(folder: Path) -> sqlite3.Connection | None:
    """The lock of a folder, None if a living process has it."""
    try:
        lock = sqlite3.connect(os.fspath(folder / LOCK), timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error:
        return None
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        lock.close()
        return None
    return lock

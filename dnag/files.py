"""Files as commands read and write them: whole or not at all, and refused before the work rather than after it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_aside(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then rename it: the old one stays until the new is whole.

    A link goes on pointing to its file, which is the one renamed; devices and pipes are written to as they are.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path = path.resolve()
    if path.exists() and not path.is_file():
        write(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def discard(path: Path) -> None:
    """Remove a file of :func:`write_aside`, and what writers that were killed left beside it."""
    path.unlink(missing_ok=True)
    for part in path.parent.glob(f".{path.name}.*.part"):
        part.unlink(missing_ok=True)


def read_text(path: Path) -> str:
    """The text of a file; ``ValueError`` names one that is no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no UTF-8 text, at byte {error.start:,}") from None


def check_output(path: Path, *, folder: bool = False) -> Path:
    """The path, if a file can be written there, or files into a folder of that name; ``ValueError`` says what is in the
    way. Makes nothing.
    """
    if path.exists() and path.is_dir() != folder:
        raise ValueError(f"{path} is a {'file' if folder else 'folder'}; allowed: a {'folder' if folder else 'file'}")
    there = path if path.exists() else path.absolute().parent
    while not there.exists():
        there = there.parent
    if there != path and not there.is_dir():
        raise ValueError(f"cannot write {path}: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK if there.is_dir() else os.W_OK):
        raise ValueError(f"cannot write {path}: no permission for {there}")
    return path

r"""Unpacking archives that others made: into one folder, within limits, without links.

An archive's table of contents is its author's claim: names may lead out of the folder (``../``, ``/``, ``C:``), links
may lead anywhere, and a kilobyte may stand for a gigabyte. So the table is checked before anything is written, no link
is ever made, an existing file is never overwritten, and what is written is counted. When anything is wrong, what was
unpacked is removed and one :class:`ArchiveError` says why.
"""

from __future__ import annotations

import errno
import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

MB = 2**20
SMALL = MB
"""Up to this size an entry may be compressed as well as it likes: a blank picture is no bomb."""


class ArchiveError(ValueError):
    """An archive that is damaged, too large, or meant to do harm; the message names the archive and the entry."""


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold.

    Attributes:
        packed_mb: size of the archive, in MiB.
        unpacked_mb: size of all that is in it, in MiB.
        files: number of entries.
        folders: number of folders that hold any, in a zip archive.
        ratio: unpacked size of an entry of more than a MiB, relative to its packed size.
    """

    packed_mb: int = 1024
    unpacked_mb: int = 4096
    files: int = 100_000
    folders: int = 5000
    ratio: int = 200


LIMITS = ArchiveLimits()


def unpack_zip(
    path: Path, into: Path, limits: ArchiveLimits = LIMITS, keep: Callable[[str], bool] = lambda name: True
) -> list[str]:
    """Unpack the entries whose name ``keep`` accepts into the folder ``into``; returns the names of the others."""
    with _cleared(into, path, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, struct.error):
        _check(path, "MiB packed", path.stat().st_size / MB, limits.packed_mb)
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(path, "files", len(entries), limits.files)
            _check(path, "MiB unpacked", sum(entry.file_size for entry in entries) / MB, limits.unpacked_mb)
            for entry in entries:
                mode = entry.external_attr >> 16
                if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
                    raise ArchiveError(f"{path.name}: {_shown(entry.filename)} is a link or a device; allowed: files")
                if entry.flag_bits & 0x1:
                    raise ArchiveError(f"{path.name} is encrypted ({_shown(entry.filename)}); allowed: no password")
                _ratio(path, entry.filename, entry.file_size, entry.compress_size, limits)
            targets = [(entry, inside(path, entry.filename)) for entry in entries]
            _check(path, "folders", len({name.parent for _, name in targets}), limits.folders)
            left = [entry.filename for entry, _ in targets if not keep(entry.filename)]
            for entry, name in targets:
                if keep(entry.filename):
                    with archive.open(entry) as source:
                        _write(source, into / name, entry.file_size)
    return left


def unpack_tar(
    path: Path, into: Path, limits: ArchiveLimits = LIMITS, progress: Callable[[int], None] | None = None
) -> None:
    """Unpack a ``.tar``, ``.tar.gz``, ``.tar.bz2`` or ``.tar.xz`` into the folder ``into``.

    Args:
        progress: told the number of packed bytes read so far.
    """
    with _cleared(into, path, tarfile.TarError, ValueError, struct.error):
        packed, unpacked, files = path.stat().st_size, 0, 0
        _check(path, "MiB packed", packed / MB, limits.packed_mb)
        with path.open("rb") as raw, tarfile.open(fileobj=raw) as archive:
            for entry in archive:  # one after another: a table of contents would need a pass of its own
                if entry.isdir():
                    continue
                if not entry.isreg():
                    raise ArchiveError(f"{path.name}: {_shown(entry.name)} is a link or a device; allowed: files")
                files, unpacked = files + 1, unpacked + entry.size
                _check(path, "files", files, limits.files)
                _check(path, "MiB unpacked", unpacked / MB, limits.unpacked_mb)
                _ratio(path, "all of it", unpacked, packed, limits)
                source = archive.extractfile(entry)
                assert source is not None
                _write(source, into / inside(path, entry.name), entry.size)
                if progress is not None:
                    progress(raw.tell())


def inside(archive: Path, name: str) -> PurePosixPath:
    """The relative path of an entry; ``ArchiveError`` for one that leads out of the folder."""
    plain = PurePosixPath(name.replace("\\", "/"))
    if plain.is_absolute() or ".." in plain.parts or "\0" in name or name[1:2] == ":" or not plain.parts:
        raise ArchiveError(f"{archive.name}: entry {_shown(name)} leads out of the folder; allowed: paths inside it")
    return plain


def _check(path: Path, what: str, found: float, allowed: int) -> None:
    if found > allowed:
        raise ArchiveError(f"{path.name} has {found:,.0f} {what}; allowed: up to {allowed:,}")


def _ratio(path: Path, name: str, unpacked: int, packed: int, limits: ArchiveLimits) -> None:
    if unpacked > SMALL and unpacked > limits.ratio * max(1, packed):
        grows = f"{unpacked / max(1, packed):,.0f} times its packed size"
        raise ArchiveError(f"{path.name}: {_shown(name)} unpacks to {grows}; allowed: up to {limits.ratio}")


def _write(source: IO[bytes], target: Path, size: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:  # x: an entry that comes twice must not overwrite
        left = size
        while left >= 0 and (block := source.read(MB)):
            left -= len(block)
            file.write(block)
        if left != 0:
            raise EOFError(f"{_shown(target.name)} is not as long as it says")


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:40]}...{name[-15:]}")


@contextmanager
def _cleared(into: Path, path: Path, *damages: type[Exception]) -> Iterator[None]:
    """An empty folder, removed again if the block fails; what damaged archives raise becomes an ``ArchiveError``."""
    into.mkdir(parents=True)
    try:
        yield
    except BaseException as error:
        shutil.rmtree(into, ignore_errors=True)
        if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
            raise ArchiveError(f"{path.name} holds {_shown(Path(error.filename).name)} twice") from None
        if isinstance(error, OSError) and error.errno not in (None, errno.ENAMETOOLONG, errno.EINVAL):
            raise  # of the disk, not of the archive
        damaged: tuple[type[BaseException], ...] = (EOFError, zlib.error, lzma.LZMAError, OSError, *damages)
        if isinstance(error, damaged) and not isinstance(error, ArchiveError):
            reason = getattr(error, "strerror", None) or error
            raise ArchiveError(f"{path.name} is damaged or no archive: {reason}") from None
        raise

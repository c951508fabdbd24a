r"""Downloads of what the paper uses and this project may not ship: a table of sources, and a careful way to get them.

A file is written to ``NAME.part`` and renamed once its size and, where known, its MD5 are right. A download that was
cut off goes on where it was (``Range``), from a server that cannot do that it starts again. What a server says is
believed only as far as it can be checked: a web page in place of a file, a length that differs, a range that was not
asked for are errors or cause another try. urllib heeds the proxy variables. Archives are unpacked by
:mod:`dnag.archives`; nothing that was fetched is opened otherwise, let alone run.

Where there is no link that a program may use, or it fails, :class:`FetchError` carries the steps to do by hand; a file
put into the folder by hand is then taken as if it had been downloaded.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dnag.archives import ArchiveError, ArchiveLimits, unpack_tar

BLOCK = 2**18
TRIES = 6
TIMEOUT = 30
"""Seconds without a byte until a connection counts as cut off."""
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
MAX_BYTES = 20 * 10**9
"""Of a file whose size is not known."""
LIMITS = ArchiveLimits(packed_mb=20_000, unpacked_mb=40_000, files=200_000)

Progress = Callable[[str, int, int | None], None]
"""``(what, bytes done, bytes in all if known)``."""


class FetchError(ValueError):
    """A download that failed; the message says why, ``steps`` what to do by hand.

    Attributes:
        steps: lines of text.
        lasting: whether another try is in vain.
    """

    def __init__(self, message: str, steps: tuple[str, ...] = (), *, lasting: bool = True):
        super().__init__(message)
        self.steps = steps
        self.lasting = lasting


@dataclass(frozen=True)
class RemoteFile:
    """One file.

    Attributes:
        name: what it is called here.
        url: where a program gets it; empty if only a person can, from ``page``.
        size: in bytes, None if unknown.
        md5: of its content, empty if unknown.
        unpack: name of the folder that it unpacks to, empty if it is no archive.
        page: where a person gets it; default: ``url``.
    """

    name: str
    url: str = ""
    size: int | None = None
    md5: str = ""
    unpack: str = ""
    page: str = ""


@dataclass(frozen=True)
class Item:
    """What can be fetched under one name.

    Attributes:
        label: for users.
        files: in order.
        note: what to know of it, such as its licence.
        use: what to do with it then; ``{folder}`` stands for where it is.
    """

    label: str
    files: tuple[RemoteFile, ...]
    note: str
    use: str


_OXFORD = "https://www.robots.ox.ac.uk/~vgg/data"
_TORONTO = "https://www.cs.toronto.edu/~kriz"
_DRIVE = "https://drive.google.com/file/d"
_DROPBOX = "https://www.dropbox.com/scl/fi"

ITEMS = {
    "cifar10": Item(
        "CIFAR-10, 60,000 images of 10 classes",
        (
            RemoteFile(
                "cifar-10-binary.tar.gz",
                f"{_TORONTO}/cifar-10-binary.tar.gz",
                170_052_171,
                "c32a1d4ab5d03f1284b67883e8d87530",
                unpack="cifar-10-batches-bin",
            ),
        ),
        "no licence named",
        "python -m dnag encode cifar10",
    ),
    "cifar100": Item(
        "CIFAR-100, 60,000 images of 100 classes",
        (
            RemoteFile(
                "cifar-100-binary.tar.gz",
                f"{_TORONTO}/cifar-100-binary.tar.gz",
                168_513_733,
                "03b5dce01913d631647c71ecec9e9cb8",
                unpack="cifar-100-binary",
            ),
        ),
        "no licence named",
        "python -m dnag encode cifar100",
    ),
    "aircraft": Item(
        "FGVC-Aircraft, 10,000 images of 100 variants",
        (
            RemoteFile(
                "fgvc-aircraft-2013b.tar.gz",
                f"{_OXFORD}/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz",
                2_753_340_328,
                "d4acdd33327262359767eeaa97a4f732",
                unpack="fgvc-aircraft-2013b",
            ),
        ),
        "for research, not for commercial use",
        "python -m dnag encode {folder}/fgvc-aircraft-2013b",
    ),
    "pets": Item(
        "Oxford-IIIT Pets, 7,349 images of 37 breeds",
        (
            RemoteFile(
                "images.tar.gz",
                f"{_OXFORD}/pets/data/images.tar.gz",
                791_918_971,
                "5c4f3ee8e5d25df40f4fd59a7f44e54c",
                unpack="images",
            ),
            RemoteFile(
                "annotations.tar.gz",
                f"{_OXFORD}/pets/data/annotations.tar.gz",
                19_173_078,
                "95a8c909bbe2e81eed6a22bccdf3f68f",
                unpack="annotations",
            ),
        ),
        "CC BY-SA 4.0",
        "python -m dnag encode {folder}",
    ),
    "checkpoints": Item(
        "Official checkpoints of DiffusionNAG",
        (
            RemoteFile(
                "mobilenetv3-score.pth.tar",
                f"{_DROPBOX}/r47svpl1tvpm9tos3vtsd/model_best.pth.tar?rlkey=5wpa6zh8cpp4gctuol25wxj0u&dl=1",
            ),
            RemoteFile(
                "mobilenetv3-predictor.pth.tar",
                f"{_DROPBOX}/k896bi61pu0rq87p5argx/model_best.pth.tar?rlkey=qo4ga96c5a3fu4228nnvift6v&dl=1",
            ),
            RemoteFile(
                "mobilenetv3-ranking.pt",
                f"{_DROPBOX}/zfdis3njlfa1g5nsje3h8/ckpt_max_corr.pt?rlkey=1vplo2oiilljv6991ub0a50sb&dl=1",
            ),
            RemoteFile("nasbench201-score.pth.tar", page=f"{_DRIVE}/1-GnItyf03-2r_KbYV3PCHS1FNVFXlNR3/view"),
            RemoteFile("nasbench201-predictor.pth.tar", page=f"{_DRIVE}/1oFXSLBPvorO_Ar-1JQQB49x7L1BX79gd/view"),
            RemoteFile("nasbench201-ranking.pth.tar", page=f"{_DRIVE}/1S2IV6L9t6Hlhh6vGsQkyqMJGt5NnJ8pj/view"),
        ),
        "pickles without a licence file or checksums; fetched only, never opened",
        "",
    ),
    "nats-bench": Item(
        "NATS-Bench, topology space",
        (
            RemoteFile(
                "NATS-tss-v1_0-3ffb9-simple.tar",
                page=f"{_DRIVE}/17_saCsj_krKjlCBLOJEpNtzPXArMCqxU/view",
                unpack="NATS-tss-v1_0-3ffb9-simple",
            ),
        ),
        "MIT",
        "DNAG_DATA={folder} python -m dnag info",
    ),
}


def fetch(what: str, folder: Path, *, progress: Progress | None = None, tries: int = TRIES) -> list[Path]:
    """Download and unpack the files of an item, as far as they are not there; returns where they are.

    Args:
        what: a name of :data:`ITEMS`.
        folder: where to; made if need be.
        progress: told of every block.
        tries: how often a file is tried before giving up.

    Raises:
        FetchError: if anything could not be had; what could be is there.
    """
    if what not in ITEMS:
        raise FetchError(f"unknown item {what!r}; allowed: {', '.join(ITEMS)}")
    return fetch_files(ITEMS[what].files, folder, progress=progress, tries=tries)


def fetch_files(
    files: tuple[RemoteFile, ...], folder: Path, *, progress: Progress | None = None, tries: int = TRIES
) -> list[Path]:
    """Like :func:`fetch`, for files of any table. The others are got even if one fails."""
    folder.mkdir(parents=True, exist_ok=True)
    found, failed = [], []
    for file in files:
        try:
            found.append(_get(file, folder, progress, tries))
        except FetchError as error:
            failed.append((file, error))
    if failed:
        reasons = "; ".join(dict.fromkeys(str(error) for _, error in failed))
        raise FetchError(reasons, tuple(line for file, _ in failed for line in manual_steps(file, folder)))
    return found


def manual_steps(file: RemoteFile, folder: Path) -> tuple[str, ...]:
    """How to get one file with a browser."""
    known = [f"{file.size:,} bytes"] if file.size is not None else []
    known += [f"MD5 {file.md5}"] if file.md5 else []
    check = f" ({', '.join(known)})" if known else ""
    return (f"open {file.page or file.url}", f"save it as {folder / file.name}{check}, then run the same command again")


def _get(file: RemoteFile, folder: Path, progress: Progress | None, tries: int) -> Path:
    unpacked = folder / file.unpack
    if file.unpack and unpacked.is_dir():
        return unpacked
    path = folder / file.name
    if not path.is_file():
        if not file.url:
            raise FetchError("there is no link that a program may use")
        download(file, path, progress=progress, tries=tries)
    else:
        _verify(file, path, progress)  # put there by hand, or by a run that was stopped while unpacking
    return _unpack(file, path, unpacked, progress) if file.unpack else path


def _unpack(file: RemoteFile, path: Path, target: Path, progress: Progress | None) -> Path:
    """Unpack aside, then rename: a folder that is there is whole."""
    aside = path.with_name(f".{path.name}.unpacking")
    shutil.rmtree(aside, ignore_errors=True)
    packed = path.stat().st_size

    def told(done: int) -> None:
        if progress is not None:
            progress(f"unpacking {path.name}", done, packed)

    try:
        unpack_tar(path, aside, LIMITS, told)
    except ArchiveError as error:
        raise FetchError(f"{error}; remove it and run the same command again") from None
    if not (aside / file.unpack).is_dir():
        shutil.rmtree(aside, ignore_errors=True)
        raise FetchError(f"{path.name} holds no folder {file.unpack!r}")
    (aside / file.unpack).replace(target)
    shutil.rmtree(aside, ignore_errors=True)
    return target


# ---------------------------------------------------------------------- one file


def download(
    file: RemoteFile,
    path: Path,
    *,
    progress: Progress | None = None,
    tries: int = TRIES,
    pause: Callable[[float], None] = time.sleep,
    timeout: float = TIMEOUT,
) -> None:
    """Get one file to ``path``; a part that is there already, ``NAME.part``, is gone on with.

    Args:
        tries: how often in a row a connection may fail without having brought a good part of the file.
        pause: called with seconds between tries, 1, 2, 4 and so on.

    Raises:
        FetchError: if it cannot be had, or is not the file that the table describes.
    """
    if not file.url.startswith(("https://", "http://")):
        raise FetchError(f"the link of {file.name} is {file.url!r}; allowed: https:// or http://")
    part = path.with_name(f"{path.name}.part")
    room = shutil.disk_usage(path.parent).free
    needed = (file.size or 0) - (part.stat().st_size if part.is_file() else 0)
    if needed > room:
        raise FetchError(f"{file.name} needs {needed / 1e9:,.2f} GB more on disk; free: {room / 1e9:,.2f} GB")
    failures, restarted, most = 0, False, 0
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            _once(file, part, timeout, progress)
            _verify(file, part, progress)
            break
        except FetchError as error:
            if error.lasting:
                raise
            part.unlink(missing_ok=True)  # what was gone on with may have been another file's beginning
            if before == 0 or restarted:
                raise
            restarted = True
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if isinstance(error, OSError) and (error.filename is not None or error.errno in DISK):
                raise FetchError(f"{file.name} cannot be written: {error.strerror}") from None
            got = part.stat().st_size if part.is_file() else 0
            failures = 1 if got >= most + BLOCK else failures + 1
            most = max(most, got)
            if failures >= tries:
                reason = getattr(error, "reason", None) or error or type(error).__name__
                raise FetchError(f"no connection to {_host(file.url)} after {tries} tries ({reason})") from None
            pause(2.0 ** (failures - 1))
    part.replace(path)


def _once(file: RemoteFile, part: Path, timeout: float, progress: Progress | None) -> None:
    """One request for what is missing. Whatever ends early raises one of the errors of a connection."""
    have = part.stat().st_size if part.is_file() else 0
    if have and have == file.size:
        return
    headers = {"User-Agent": "dnag", "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        answer = _open(urllib.request.Request(file.url, headers=headers), timeout)
    except urllib.error.HTTPError as error:
        with error:
            _refused(file, error, have)
            raise urllib.error.URLError(f"HTTP {error.code} {error.reason}") from None
    with answer:
        if answer.status not in (200, 206):
            raise FetchError(f"{_host(file.url)} answered {answer.status} for {file.name}")
        if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
            raise FetchError(f"the link of {file.name} leads to a web page, not to the file")
        start, total = _extent(answer, have)
        if file.size is not None and total is not None and total != file.size:
            raise FetchError(f"{_host(file.url)} offers {total:,} bytes as {file.name}; expected: {file.size:,}")
        most = total or file.size or MAX_BYTES
        done = start
        with part.open("ab" if start else "wb") as out:
            while block := answer.read(BLOCK):
                done += len(block)
                if done > most:
                    raise FetchError(f"{_host(file.url)} sends more than {most:,} bytes as {file.name}", lasting=False)
                out.write(block)
                if progress is not None:
                    progress(file.name, done, total or file.size)
        if total is not None and done < total:
            raise http.client.IncompleteRead(b"", total - done)
        if total is None and file.size is not None and done < file.size:
            raise http.client.IncompleteRead(b"", file.size - done)


def _open(request: urllib.request.Request, timeout: float) -> http.client.HTTPResponse:
    opener = urllib.request.build_opener()  # anew: a shared one would keep the proxies of its first use
    answer: http.client.HTTPResponse = opener.open(request, timeout=timeout)
    return answer


def _refused(file: RemoteFile, error: urllib.error.HTTPError, have: int) -> None:
    """What an error status means; returns if another try may help."""
    if error.code == 416 and have:
        raise FetchError(f"{_host(file.url)} has no more of {file.name} than {have:,} bytes", lasting=False)
    if 400 <= error.code < 500 and error.code not in (408, 425, 429):
        raise FetchError(f"the link of {file.name} is gone: {_host(file.url)} answers {error.code} {error.reason}")


def _extent(answer: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where an answer starts and how long the whole file is, as far as the server says."""
    if answer.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != have:
            raise FetchError("the server sent another range than was asked for", lasting=False)
        return have, None if match[2] == "*" else int(match[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _verify(file: RemoteFile, path: Path, progress: Progress | None) -> None:
    """Size, MD5 and a look at the first bytes; ``FetchError`` if it is another file."""
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        raise FetchError(f"{file.name} has {size:,} bytes; expected: {file.size:,}", lasting=False)
    digest, done = hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as content:
        start = content.read(512)
        if start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
            raise FetchError(f"{file.name} is a web page, not the file", lasting=False)
        content.seek(0)
        while file.md5 and (block := content.read(2**20)):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(f"checking {file.name}", done, size)
    if file.md5 and digest.hexdigest() != file.md5:
        raise FetchError(f"{file.name} has MD5 {digest.hexdigest()}; expected: {file.md5}", lasting=False)


def _host(url: str) -> str:
    return url.split("/", 3)[2]

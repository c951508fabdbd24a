"""Downloads against a server on this machine that does what servers do on a bad day."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnag import fetch as fetching
from dnag.archives import ArchiveError, unpack_tar
from dnag.cli import main
from dnag.fetch import ITEMS, FetchError, Item, RemoteFile, download, fetch, fetch_files

BODY = np.random.default_rng(0).bytes(600_000)
MD5 = hashlib.md5(BODY).hexdigest()
PAGE = b"<!DOCTYPE html><title>Sorry</title>" + b" " * 1000


@dataclass
class Behaviour:
    """How the server answers.

    Attributes:
        body: what it has.
        cut: bytes after which it hangs up, at most so often as there are entries.
        ranges: whether it heeds Range.
        length: the Content-Length it claims; default: the right one. "" leaves it out.
        statuses: answered first, one a request.
        kind: its Content-Type.
        shift: added to the start of the range it sends.
        delay: seconds between blocks.
        asked: the Range headers it saw.
    """

    body: bytes = BODY
    cut: list[int] = field(default_factory=list)
    ranges: bool = True
    length: str | None = None
    statuses: list[int] = field(default_factory=list)
    kind: str = "application/gzip"
    shift: int = 0
    delay: float = 0
    asked: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@dataclass
class Served:
    how: Behaviour
    port: int

    def file(self, name: str = "a.bin", **given) -> RemoteFile:
        return RemoteFile(name, f"http://127.0.0.1:{self.port}/{name}", **given)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    how = Behaviour()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            how.asked.append(asked)
            how.paths.append(self.path)
            if how.statuses:
                return self.send_error(how.statuses.pop(0))
            start = int(asked[6:-1]) if asked and how.ranges else 0
            if start >= len(how.body):
                return self.send_error(416)
            self.send_response(206 if start else 200)
            content = how.body[start:]
            if start:
                first = start + how.shift
                self.send_header("Content-Range", f"bytes {first}-{len(how.body) - 1}/{len(how.body)}")
            if how.length != "":
                self.send_header("Content-Length", how.length or str(len(content)))
            self.send_header("Content-Type", how.kind)
            self.end_headers()
            if how.cut:
                content = content[: how.cut.pop(0)]
            try:
                for at in range(0, len(content), 2**16):
                    self.wfile.write(content[at : at + 2**16])
                    time.sleep(how.delay)
            except OSError:
                pass  # the client had enough
            return None

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Served(how, running.server_address[1])
        running.shutdown()
        thread.join()


def get(file: RemoteFile, folder: Path, **given) -> list[float]:
    """Download to ``folder``; returns the pauses between tries."""
    pauses: list[float] = []
    download(file, folder / file.name, pause=pauses.append, **given)
    return pauses


def failure(file: RemoteFile, folder: Path, **given) -> str:
    with pytest.raises(FetchError) as error:
        get(file, folder, **given)
    assert not (folder / file.name).exists()
    assert "\n" not in str(error.value)
    return str(error.value)


# --------------------------------------------------------------------------------------------------------- one download


def test_a_file_comes_whole(server, tmp_path):
    seen: list[tuple[str, int, int | None]] = []
    file = server.file(size=len(BODY), md5=MD5)
    assert get(file, tmp_path, progress=lambda *told: seen.append(told)) == []
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert ("a.bin", len(BODY), len(BODY)) in seen and ("checking a.bin", len(BODY), len(BODY)) in seen


def test_a_download_that_is_cut_off_goes_on_where_it_was(server, tmp_path):
    server.how.cut = [100_000, 1, 300_000]
    assert len(get(server.file(md5=MD5), tmp_path)) == 3
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert server.how.asked == [None, "bytes=100000-", "bytes=100001-", "bytes=400001-"]


def test_another_run_goes_on_as_well(server, tmp_path):
    server.how.cut = [100_000] * 9
    assert "no connection to 127.0.0.1" in failure(server.file(size=len(BODY), md5=MD5), tmp_path, tries=2)
    had = (tmp_path / "a.bin.part").stat().st_size
    assert had >= 200_000
    server.how.cut = []
    get(server.file(size=len(BODY), md5=MD5), tmp_path)
    assert server.how.asked[-1] == f"bytes={had}-"
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_server_without_ranges_starts_again(server, tmp_path):
    server.how.ranges, server.how.cut = False, [400_000]
    get(server.file(md5=MD5), tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    server.how.cut = [1000, 2000] * 50  # never gets far, so it is given up
    (tmp_path / "a.bin").unlink()
    assert "after 3 tries" in failure(server.file(md5=MD5), tmp_path, tries=3)


def test_a_slow_server_is_waited_for(server, tmp_path):
    server.how.delay = 0.02
    get(server.file(md5=MD5), tmp_path, timeout=0.5)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_server_that_falls_silent_is_left(server, tmp_path):
    server.how.delay = 1.0
    said = failure(server.file(), tmp_path, timeout=0.05, tries=2)
    assert "no connection to 127.0.0.1" in said and "timed out" in said


def test_a_server_without_length(server, tmp_path):
    server.how.length, server.how.cut = "", [250_000]
    get(server.file(size=len(BODY)), tmp_path)  # that it was cut off shows by the size in the table
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_server_that_promises_too_much(server, tmp_path):
    server.how.length = str(len(BODY) + 10)
    assert "offers 600,010 bytes as a.bin; expected: 600,000" in failure(server.file(size=len(BODY)), tmp_path)
    assert "has no more of a.bin than 600,000 bytes" in failure(server.file(), tmp_path)


def test_a_server_that_promises_too_little(server, tmp_path):
    server.how.length = str(len(BODY) - 10)
    assert "offers 599,990 bytes as a.bin; expected: 600,000" in failure(server.file(size=len(BODY)), tmp_path)
    assert f"expected: {MD5}" in failure(server.file(md5=MD5), tmp_path)


def test_a_server_that_never_ends(server, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_BYTES", 300_000)
    server.how.length = ""
    assert "sends more than 300,000 bytes" in failure(server.file(), tmp_path)


def test_a_server_that_sends_another_range(server, tmp_path):
    server.how.shift, server.how.cut = 7, [100_000]
    get(server.file(md5=MD5), tmp_path)  # begins anew, once
    assert server.how.asked == [None, "bytes=100000-", None]
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_another_file_of_the_same_name(server, tmp_path):
    assert f"a.bin has MD5 {MD5}; expected: {'0' * 32}" in failure(server.file(md5="0" * 32), tmp_path)
    (tmp_path / "a.bin.part").write_bytes(b"x" * 1000)  # the beginning of an older version
    get(server.file(md5=MD5), tmp_path)
    assert server.how.asked[-2:] == ["bytes=1000-", None]
    (tmp_path / "a.bin").unlink()
    (tmp_path / "a.bin.part").write_bytes(b"x" * 700_000)
    get(server.file(md5=MD5), tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == BODY


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/gzip"])
def test_an_error_page_is_no_file(server, tmp_path, kind):
    server.how.body, server.how.kind = PAGE, kind
    assert "a web page, not" in failure(server.file(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_link_that_is_gone(server, tmp_path, status):
    server.how.statuses = [status]
    assert f"the link of a.bin is gone: 127.0.0.1:{server.port} answers {status}" in failure(server.file(), tmp_path)
    assert len(server.how.asked) == 1


def test_a_server_that_is_busy_is_asked_again(server, tmp_path):
    server.how.statuses = [503, 429, 500]
    assert get(server.file(md5=MD5), tmp_path) == [1, 2, 4]
    server.how.statuses = [503] * 3
    (tmp_path / "a.bin").unlink()
    assert "after 3 tries (HTTP 503 Service Unavailable)" in failure(server.file(), tmp_path, tries=3)


def test_no_network(server, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise fetching.urllib.error.URLError(OSError(-3, "Temporary failure in name resolution"))

    monkeypatch.setattr(fetching, "_open", refuse)
    assert "name resolution" in failure(server.file(), tmp_path, tries=2)


def test_only_web_links(tmp_path):
    assert "allowed: https:// or http://" in failure(RemoteFile("a", "file:///etc/passwd"), tmp_path)


def test_no_room(server, tmp_path):
    assert "GB more on disk; free:" in failure(server.file(size=10**18), tmp_path)


def test_a_proxy_is_heeded(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    get(RemoteFile("a.bin", "http://data.invalid/a.bin", md5=MD5), tmp_path)
    assert server.how.paths == ["http://data.invalid/a.bin"]


# ---------------------------------------------------------------------------------------------------------------- items


def tarred(entries: dict[str, bytes], mode: str = "gz", extra: tuple[tarfile.TarInfo, ...] = ()) -> bytes:
    file = io.BytesIO()
    kind: Any = f"w:{mode}"
    with tarfile.open(fileobj=file, mode=kind) as archive:
        for name, data in entries.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
        for about in extra:
            archive.addfile(about)
    return file.getvalue()


def test_an_archive_is_unpacked_once(server, tmp_path):
    server.how.body = tarred({"set/a/1.txt": b"one", "set/b.txt": b"two"})
    file = server.file("set.tar.gz", unpack="set")
    assert fetch_files((file,), tmp_path / "to") == [tmp_path / "to" / "set"]
    assert (tmp_path / "to" / "set" / "a" / "1.txt").read_bytes() == b"one"
    assert fetch_files((file,), tmp_path / "to") == [tmp_path / "to" / "set"]
    assert len(server.how.asked) == 1
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == ["set", "set.tar.gz"]


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, target
    return about


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tarred({"set/../../evil": b"x"}), "leads out of the folder"),
        (tarred({"/evil": b"x"}), "leads out of the folder"),
        (tarred({}, extra=(link("set/l", "/etc/passwd"),)), "is a link or a device"),
        (tarred({}, extra=(link("set/l", "../evil", tarfile.LNKTYPE),)), "is a link or a device"),
        (tarred({}, extra=(link("set/l", "", tarfile.FIFOTYPE),)), "is a link or a device"),
        (tarred({"set/a": bytes(3 * 2**20)}), "times its packed size; allowed: up to 200"),
        (tarred({"set/a": b"x", "set/a/b": b"y"}), "twice"),
        (tarred({"set/a": np.random.default_rng(0).bytes(10**5)})[:5000], "is damaged or no archive"),
        (b"hello", "is damaged or no archive"),
        (tarred({"other/a": b"x"}), "holds no folder 'set'"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,  # an archive holds the time at which it was made
)
def test_hostile_and_damaged_archives(server, tmp_path, data, message):
    server.how.body = data
    with pytest.raises(FetchError, match=message):
        fetch_files((server.file("set.tar.gz", unpack="set"),), tmp_path / "to")
    assert [path.name for path in tmp_path.rglob("*")] == ["to", "set.tar.gz"]


@pytest.mark.parametrize("mode", ["", "gz", "bz2", "xz"])
def test_kinds_of_tar(tmp_path, mode):
    (tmp_path / "a.tar").write_bytes(tarred({"set/a": b"x"}, mode))
    unpack_tar(tmp_path / "a.tar", tmp_path / "to")
    assert (tmp_path / "to" / "set" / "a").read_bytes() == b"x"


def test_limits_of_a_tar(tmp_path):
    (tmp_path / "a.tar").write_bytes(tarred({f"set/{n}": bytes(2**19) for n in range(6)}, ""))
    for limits, message in (
        (fetching.ArchiveLimits(files=5), "6 files; allowed: up to 5"),
        (fetching.ArchiveLimits(unpacked_mb=2), "MiB unpacked; allowed: up to 2"),
        (fetching.ArchiveLimits(packed_mb=2), "3 MiB packed; allowed: up to 2"),
    ):
        with pytest.raises(ArchiveError, match=message):
            unpack_tar(tmp_path / "a.tar", tmp_path / "to", limits)
        assert not (tmp_path / "to").exists()


def test_what_only_a_person_can_get(server, tmp_path):
    hand = RemoteFile("b.bin", page="https://example.invalid/view", size=3)
    with pytest.raises(FetchError, match="no link that a program may use") as error:
        fetch_files((hand, server.file()), tmp_path)
    assert error.value.steps == (
        "open https://example.invalid/view",
        f"save it as {tmp_path / 'b.bin'} (3 bytes), then run the same command again",
    )
    assert (tmp_path / "a.bin").is_file(), "the other one is got all the same"
    (tmp_path / "b.bin").write_bytes(b"abcd")
    with pytest.raises(FetchError, match=r"b\.bin has 4 bytes; expected: 3"):
        fetch_files((hand,), tmp_path)
    (tmp_path / "b.bin").write_bytes(b"abc")
    assert fetch_files((hand,), tmp_path) == [tmp_path / "b.bin"]


def test_the_table_of_items():
    assert set(ITEMS) == {"cifar10", "cifar100", "aircraft", "pets", "checkpoints", "nats-bench"}
    for item in ITEMS.values():
        for file in item.files:
            assert file.url.startswith("https://") or file.page.startswith("https://")
            assert file.md5 == "" or (len(file.md5) == 32 and file.size)
            assert Path(file.name).name == file.name and Path(file.unpack).name == file.unpack
        assert len({file.name for file in item.files}) == len(item.files)
    with pytest.raises(FetchError, match="unknown item 'x'; allowed: cifar10, cifar100, aircraft, pets"):
        fetch("x", Path("never"))


# --------------------------------------------------------------------------------------------------------- command line


def test_fetch_on_the_command_line(server, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server.how.body = tarred({"set/a": b"one"})
    file = server.file("set.tar.gz", unpack="set", size=len(server.how.body))
    monkeypatch.setitem(ITEMS, "pets", Item("Pets", (file,), "free", "look at {folder}"))
    assert main(["fetch", "pets"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "data/pets/set\n"
    assert "Pets, 0.00 GB (free) to data/pets" in captured.err and "next: look at data/pets" in captured.err
    monkeypatch.setitem(ITEMS, "pets", Item("Pets", (server.file("b", page="https://x.invalid"),), "", ""))
    server.how.statuses = [404]
    assert main(["fetch", "pets", "--to", "there"]) == 1
    captured = capsys.readouterr()
    assert "dnag: the link of b is gone" in captured.err
    assert "  1. open https://x.invalid\n  2. save it as there/b, then" in captured.err


def test_fetch_lists_what_there_is(capsys):
    assert main(["fetch"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(ITEMS) and "2.75 GB" in listed[2]
    assert main(["fetch", "everything"]) == 2
    assert f"unknown item 'everything'; allowed: {', '.join(ITEMS)}" in capsys.readouterr().err

"""A store of runs: each owner's own, within bounds, shared by threads, and none the worse for a killed process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnag import run_store
from dnag.run_archive import NamedRun, RunArchiveError
from dnag.run_result import RunResult
from dnag.run_store import RunStore
from tests.small_runs import MODELS, same, small_runs


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    return small_runs(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("place", ["memory", "file"])
def test_each_owner_has_its_own_runs(results: dict[str, RunResult], tmp_path: Path, place: str) -> None:
    store = RunStore(tmp_path / "runs.sqlite" if place == "file" else None)
    result = results["nasbench201"]
    assert store.add("ann", "1", result, created=1.0) == []
    store.add("ann", "2", results["mobilenetv3"], name="mine", created=2.0)
    store.add("bob", "1", results["own"], created=3.0)
    store.add("ann", "1", results["own"], created=9.0)  # there already
    assert [(r.id, r.name, r.created) for r in store.runs("ann")] == [("2", "mine", 2.0), ("1", "", 1.0)]
    assert store.runs("eve") == []
    assert store.get("eve", "1", MODELS) is None
    told = store.runs("ann")[1]
    assert told.settings["space"] == "nasbench201"
    assert told.summary["distinct"] == result.unique
    assert told.summary["best"] == result.candidates[0].architecture
    again = store.get("ann", "1", MODELS)
    assert again is not None
    same(result, again)
    store.rename("bob", "2", "stolen")
    store.rename("ann", "1", "  first  ")
    assert [r.name for r in store.runs("ann")] == ["mine", "first"]
    assert store.delete("bob", ["2"]) == 0
    assert store.delete("ann", ["2", "none"]) == 1
    store.close()
    if place == "file":
        assert [(r.id, r.name) for r in RunStore(tmp_path / "runs.sqlite").runs("ann")] == [("1", "first")]


def test_the_oldest_without_a_name_make_room(results: dict[str, RunResult]) -> None:
    store, result = RunStore(max_runs=3), results["nasbench201"]
    for number, name in enumerate(["kept", "", "", ""]):
        gone = store.add("ann", str(number), result, name=name, created=float(number))
    assert gone == ["1"]
    assert [run.id for run in store.runs("ann")] == ["3", "2", "0"]
    store.add("ann", "old", result, created=-1.0)  # the new one stays, whatever its time
    assert [run.id for run in store.runs("ann")] == ["3", "0", "old"]


def test_a_number_belongs_to_a_run_for_good(results: dict[str, RunResult], tmp_path: Path) -> None:
    store, result = RunStore(tmp_path / "runs.sqlite"), results["own"]

    def numbers(owner: str = "ann") -> list[tuple[str, int]]:
        return [(run.id, run.number) for run in store.runs(owner)]

    for time, run in enumerate("abc"):
        store.add("ann", run, result, created=float(time))
    store.add("ann", "b", result)  # there already: takes no number
    store.add("bob", "x", result)
    assert numbers() == [("c", 3), ("b", 2), ("a", 1)]
    assert numbers("bob") == [("x", 1)]
    store.delete("ann", ["a", "c"])
    store.close()
    store = RunStore(tmp_path / "runs.sqlite")
    store.add("ann", "d", result, created=4.0)
    assert numbers() == [("d", 4), ("b", 2)]
    named = [(run, NamedRun("", created, result)) for run, created in (("new", 9.0), ("old", 8.0))]
    store.add_all("ann", named)  # a zip begins with the newest
    assert numbers()[:2] == [("new", 6), ("old", 5)]


def test_what_was_deleted_is_remembered_until_it_is_kept_again(
    results: dict[str, RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, result = RunStore(), results["own"]
    store.add("ann", "1", result)
    assert store.holds("ann", "1") and not store.holds("bob", "1") and not store.deleted("ann", "1")
    store.delete("ann", ["1", "never there"])
    assert store.deleted("ann", "1") and not store.holds("ann", "1")
    assert not store.deleted("ann", "never there") and not store.deleted("bob", "1")
    store.add("ann", "1", result)
    assert store.holds("ann", "1") and not store.deleted("ann", "1")
    monkeypatch.setattr(run_store, "MAX_DELETED", 2)
    for run in "xyz":
        store.add("ann", run, result)
        store.delete("ann", [run])
    assert [store.deleted("ann", run) for run in "xyz"] == [False, True, True]


FORMER = """
CREATE TABLE runs (
    id TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL, settings TEXT NOT NULL,
    summary TEXT NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (owner, id)
);
CREATE INDEX sizes ON runs (owner, created, size);
PRAGMA user_version = 1;
"""


def test_an_owner_can_be_forgotten(results: dict[str, RunResult]) -> None:
    store, result = RunStore(), results["nasbench201"]
    for owner in ("ann", "bob"):
        for run in "12":
            store.add(owner, run, result)
        store.delete(owner, ["1"])
    store.forget("ann")
    assert store.runs("ann") == [] and not store.deleted("ann", "1")
    assert [run.id for run in store.runs("bob")] == ["2"] and store.deleted("bob", "1")
    store.add("ann", "3", result)
    assert [run.number for run in store.runs("ann")] == [1]


def test_a_file_of_the_format_before_is_brought_up_to_date(results: dict[str, RunResult], tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(f"{FORMER}PRAGMA application_id = {run_store.APPLICATION};")
        for owner, run, created in (("ann", "late", 7.0), ("ann", "early", 3.0), ("bob", "only", 5.0)):
            row = (run, owner, "", created, "{}", "{}", 1, b"0")
            db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    db.close()
    store = RunStore(path)
    assert [(run.id, run.number) for run in store.runs("ann")] == [("late", 2), ("early", 1)]
    store.add("ann", "new", results["own"])
    assert store.runs("ann")[0].number == 3
    store.close()
    assert len(RunStore(path).runs("bob")) == 1  # and once only


def test_an_owner_and_the_whole_file_have_a_size(results: dict[str, RunResult]) -> None:
    result, probe = results["nasbench201"], RunStore()
    probe.add("ann", "1", result)
    mb = probe.runs("ann")[0].size / 2**20
    tight = RunStore(max_owner_mb=1.5 * mb)
    tight.add("ann", "a", result)
    assert tight.add("ann", "b", result) == ["a"]
    with pytest.raises(RunArchiveError, match=r"runs of 0 MiB; allowed: up to 0\.0001 in all"):
        RunStore(max_owner_mb=0.0001).add("ann", "a", result)
    full = RunStore(max_mb=3.5 * mb)
    for owner, run in (("ann", "1"), ("bob", "1"), ("bob", "2"), ("eve", "1")):
        full.add(owner, run, result)
    assert [len(full.runs(owner)) for owner in ("ann", "bob", "eve")] == [1, 1, 1]


def test_many_come_together_or_not_at_all(results: dict[str, RunResult]) -> None:
    store = RunStore()

    def broken() -> Iterator[tuple[str, NamedRun]]:
        yield "1", NamedRun("", 1.0, results["own"])
        raise RunArchiveError("the second is damaged")

    with pytest.raises(RunArchiveError, match="the second is damaged"):
        store.add_all("ann", broken())
    assert store.runs("ann") == []


def test_threads_share_a_store(results: dict[str, RunResult], tmp_path: Path) -> None:
    stores = [RunStore(tmp_path / "runs.sqlite")] * 2 + [RunStore(tmp_path / "runs.sqlite")]

    def add(store: RunStore, owner: str) -> None:
        for number in range(5):
            store.add(owner, str(number), results["nasbench201"])

    owners = ("ann", "bob", "eve")
    threads = [threading.Thread(target=add, args=pair) for pair in zip(stores, owners, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(stores[0].runs(owner)) for owner in owners] == [5, 5, 5]


WRITER = """
import sys, zlib
from pathlib import Path
from dnag.run_store import RunStore
store = RunStore(Path(sys.argv[1]))
blob = bytes(10**6)
number = 0
while True:
    with store._transaction() as db:
        for part in range(3):
            row = (f"{number}-{part}", "ann", "", float(number), "{}", "{}", len(blob), blob, 3 * number + part)
            db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    number += 1
    print(number, flush=True)
"""


def test_a_process_killed_while_it_writes_leaves_whole_runs(results: dict[str, RunResult], tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    written = int(next(line for line in writer.stdout if int(line) >= 3))
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    store = RunStore(path)
    found = [run.id for run in store.runs("ann")]
    assert len(found) % 3 == 0  # each transaction wrote three
    assert len(found) >= 3 * written
    assert store.add("bob", "1", results["own"]) == []
    store.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_others_on_the_machine_cannot_read_the_file(tmp_path: Path) -> None:
    RunStore(tmp_path / "runs.sqlite")
    assert (tmp_path / "runs.sqlite").stat().st_mode & 0o077 == 0


def test_what_was_deleted_is_not_in_the_file(results: dict[str, RunResult], tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    store = RunStore(path)
    store.add("ann", "1", results["own"], name="a name found nowhere else")
    store.delete("ann", ["1"])
    store.close()
    assert b"a name found nowhere else" not in path.read_bytes()


def test_places_where_nothing_can_be_kept_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunArchiveError, match=r"runs cannot be kept in runs\.sqlite: No such file or directory"):
        RunStore(tmp_path / "missing" / "runs.sqlite")
    with pytest.raises(RunArchiveError, match=r"runs cannot be kept in .*: Is a directory"):
        RunStore(tmp_path)
    path = tmp_path / "other.sqlite"
    path.write_text("no database, but long enough to be looked at " * 50)
    with pytest.raises(RunArchiveError, match=r"runs cannot be kept in other\.sqlite: file is not a database"):
        RunStore(path)
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE songs (name TEXT)")
    db.close()
    with pytest.raises(RunArchiveError, match=r"other\.sqlite is a database of something else"):
        RunStore(path)
    path.unlink()
    RunStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(RunArchiveError, match=r"other\.sqlite has format 9; this version reads format 2"):
        RunStore(path)


def test_a_store_that_fails_later_says_so(results: dict[str, RunResult], tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.sqlite")
    store.close()
    with pytest.raises(RunArchiveError, match=r"runs cannot be kept in runs\.sqlite: "):
        store.add("ann", "1", results["own"])

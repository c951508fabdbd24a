r"""Many runs by owner, in one SQLite file or in memory.

Nobody is shown the runs of another owner, and every method does one short transaction, so that several threads and
processes may share a file, and one that is killed loses nothing but what it was about to write. Room is bounded: of an
owner's runs the oldest without a name go first, then the oldest; where the whole file is full, those of the owner who
takes most of it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dnag.bundle import ModelStore
from dnag.databases import claim
from dnag.run_archive import MAX_RUNS, MB, NAME_LENGTH, NamedRun, RunArchiveError, pack, unpack
from dnag.run_result import RunResult

MAX_OWNER_MB = 64
MAX_MB = 4096
MAX_DELETED = 1000
"""Ids of deleted runs that are remembered of an owner."""
VERSION = 2
APPLICATION = 0x444E5247
"""``DNRG``, which SQLite keeps in the file's header."""

_TRACES = """
CREATE TABLE numbers (owner TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE deleted (owner TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner, id));
"""
"""What stays of runs that are gone, so that neither their numbers nor they themselves come back."""

_SCHEMA = f"""
CREATE TABLE runs (
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    settings TEXT NOT NULL,
    summary TEXT NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE INDEX sizes ON runs (owner, created, size);
{_TRACES}"""

_NUMBERED = f"""
ALTER TABLE runs ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET number = (
    SELECT count(*) FROM runs AS other
    WHERE other.owner = runs.owner AND (other.created, other.rowid) <= (runs.created, runs.rowid)
);
{_TRACES}
INSERT INTO numbers SELECT owner, max(number) FROM runs GROUP BY owner;
"""


@dataclasses.dataclass(frozen=True)
class StoredRun:
    """What a list of runs shows of one.

    Attributes:
        id: of the job that made it.
        number: counts the owner's runs from 1; a run has it for good, and no other run ever.
        created: seconds since 1970.
        settings: of the run, by name.
        summary: see :func:`summary`.
        size: of its bytes.
    """

    id: str
    number: int
    name: str
    created: float
    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    size: int


def summary(result: RunResult) -> dict[str, Any]:
    """What a list shows of a run: the share of ``valid`` samples, ``distinct`` architectures, predicted ``mean_pct``
    and ``best_pct``, and the ``best`` architecture with its ``ops``.
    """
    best = result.candidates[0] if result.candidates else None
    return {
        "valid": result.raw_valid / result.requested,
        "distinct": result.unique,
        "mean_pct": result.expected_pct(),
        "best_pct": best and best.predicted_accuracy_pct,
        "best": best and best.architecture,
        "ops": best and best.ops,
    }


class RunStore:
    """The file at ``path``, made if it is not there, for this user's eyes only; None keeps runs in memory, as long as
    this object lives. ``RunArchiveError`` if it cannot be used, then or later.

    Args:
        max_runs: of one owner.
        max_owner_mb: of one owner's runs together, in MiB.
        max_mb: of all runs together, in MiB.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        max_runs: int = MAX_RUNS,
        max_owner_mb: float = MAX_OWNER_MB,
        max_mb: float = MAX_MB,
    ) -> None:
        self.path, self.max_runs, self.max_owner_mb, self.max_mb = path, max_runs, max_owner_mb, max_mb
        self._lock = threading.Lock()
        with self._explained():
            if path is not None:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA secure_delete = ON")  # what is deleted is not to be read in the file either
        with self._transaction() as db:
            claim(
                db,
                self.name,
                "a store of runs",
                application=APPLICATION,
                version=VERSION,
                schema=_SCHEMA,
                error=RunArchiveError,
                upgrades={1: _NUMBERED},
            )

    @property
    def name(self) -> str:
        """Of the file; empty for one in memory."""
        return "" if self.path is None else self.path.name

    # ------------------------------------------------------------------ runs

    def add(
        self, owner: str, run: str, result: RunResult, *, name: str = "", created: float | None = None
    ) -> list[str]:
        """Keep a run; one that is there already stays as it is. Returns the ids of the owner's runs that had to go."""
        return self.add_all(owner, [(run, NamedRun(name, time.time() if created is None else created, result))])

    def add_all(self, owner: str, runs: Iterable[tuple[str, NamedRun]]) -> list[str]:
        """The same with many, all of them or none; ``runs`` may end with an error."""
        rows = [_row(owner, run, named) for run, named in runs]
        size = sum(len(row[-1]) for row in rows)
        if size > self.max_owner_mb * MB:
            raise RunArchiveError(f"runs of {size / MB:.0f} MiB; allowed: up to {self.max_owner_mb:g} in all")
        with self._transaction() as db:
            for row in sorted(rows, key=lambda row: row[3]):  # numbered in the order they were made
                _insert(db, row)
            gone = self._make_room(db, owner, {run for run, *_ in rows})
            self._shrink(db, owner)
        return gone

    def _make_room(self, db: sqlite3.Connection, owner: str, new: set[str]) -> list[str]:
        rows = db.execute("SELECT id, name != '', created, size FROM runs WHERE owner = ?", (owner,)).fetchall()
        count, size = len(rows), sum(row[-1] for row in rows)
        gone = []
        for run, _, _, bytes_ in sorted(rows, key=lambda row: (row[0] in new, *row[1:3])):
            if count <= self.max_runs and size <= self.max_owner_mb * MB:
                break
            db.execute("DELETE FROM runs WHERE owner = ? AND id = ?", (owner, run))
            count, size = count - 1, size - bytes_
            gone.append(run)
        return gone

    def _shrink(self, db: sqlite3.Connection, owner: str) -> None:
        """Keep the whole file within bounds, at the cost of whoever else takes most of it."""
        while _one(db, "SELECT total(size) FROM runs") > self.max_mb * MB:
            largest = db.execute(
                "SELECT owner FROM runs WHERE owner != ? GROUP BY owner ORDER BY sum(size) DESC LIMIT 1", (owner,)
            ).fetchone()
            oldest = "SELECT rowid FROM runs WHERE owner = ? ORDER BY name != '', created LIMIT 1"
            if largest is None:
                return
            db.execute(f"DELETE FROM runs WHERE rowid = ({oldest})", largest)

    def runs(self, owner: str) -> list[StoredRun]:
        """All runs of an owner, the newest first."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT id, number, name, created, settings, summary, size FROM runs WHERE owner = ? "
                "ORDER BY created DESC, rowid DESC",
                (owner,),
            ).fetchall()
        return [
            StoredRun(run, number, name, created, json.loads(settings), json.loads(told), size)
            for run, number, name, created, settings, told, size in rows
        ]

    def get(self, owner: str, run: str, models: ModelStore) -> RunResult | None:
        """The result of a run, None if the owner has no such run."""
        with self._transaction() as db:
            row = db.execute("SELECT data FROM runs WHERE owner = ? AND id = ?", (owner, run)).fetchone()
        return None if row is None else unpack(row[0], models)

    def holds(self, owner: str, run: str) -> bool:
        """Whether the owner has such a run."""
        with self._transaction() as db:
            return _has(db, "runs", owner, run)

    def rename(self, owner: str, run: str, name: str) -> None:
        """Give a run a name; an empty one takes it away."""
        with self._transaction() as db:
            values = (name.strip()[:NAME_LENGTH], owner, run)
            db.execute("UPDATE runs SET name = ? WHERE owner = ? AND id = ?", values)

    def delete(self, owner: str, runs: Iterable[str]) -> int:
        """Remove runs for good; returns how many of them the owner had."""
        with self._transaction() as db:
            there = [(owner, run) for run in runs if _has(db, "runs", owner, run)]
            db.executemany("DELETE FROM runs WHERE owner = ? AND id = ?", there)
            db.executemany("INSERT OR REPLACE INTO deleted VALUES (?, ?)", there)
            latest = "SELECT rowid FROM deleted WHERE owner = ? ORDER BY rowid DESC LIMIT ?"
            values = (owner, owner, MAX_DELETED)
            db.execute(f"DELETE FROM deleted WHERE owner = ? AND rowid NOT IN ({latest})", values)
        return len(there)

    def deleted(self, owner: str, run: str) -> bool:
        """Whether the owner deleted this run, and did not keep it again; the last ``MAX_DELETED`` are remembered."""
        with self._transaction() as db:
            return _has(db, "deleted", owner, run)

    def forget(self, owner: str) -> None:
        """Remove all that is known of an owner."""
        with self._transaction() as db:
            for table in ("runs", "numbers", "deleted"):
                db.execute(f"DELETE FROM {table} WHERE owner = ?", (owner,))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    # ------------------------------------------------------------------ inside

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, alone: others wait for their turn."""
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RunArchiveError(f"runs cannot be kept in {self.name or 'memory'}: {reason}") from None


def _row(owner: str, run: str, named: NamedRun) -> tuple[Any, ...]:
    data = pack(named.result)
    settings = json.dumps(dataclasses.asdict(named.result.settings))
    told = json.dumps(summary(named.result))
    return run, owner, named.name.strip()[:NAME_LENGTH], named.created, settings, told, len(data), data


def _insert(db: sqlite3.Connection, row: tuple[Any, ...]) -> None:
    """Put a run under the next number of its owner, unless it is there already."""
    run, owner, *_ = row
    if _has(db, "runs", owner, run):
        return
    db.execute("INSERT INTO numbers VALUES (?, 1) ON CONFLICT (owner) DO UPDATE SET last = last + 1", (owner,))
    (number,) = db.execute("SELECT last FROM numbers WHERE owner = ?", (owner,)).fetchone()
    db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, number))
    db.execute("DELETE FROM deleted WHERE owner = ? AND id = ?", (owner, run))


def _has(db: sqlite3.Connection, table: str, owner: str, run: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} WHERE owner = ? AND id = ?", (owner, run)).fetchone() is not None


def _one(db: sqlite3.Connection, query: str) -> float:
    return float(db.execute(query).fetchone()[0])

r"""What is known of all trials, in one SQLite file that many processes share.

Every method opens the file, does one short transaction and closes it, so a process may be killed anywhere: what was
committed stays, what was not never was. A trial is claimed in a worker's name; who claimed it last owns it, and what
others report of it is not taken. So a trial that was called off, or begun anew elsewhere, is lost to its old worker,
whenever that notices. A trial moves

    queued -> running -> done | failed,    back to queued if its worker stops or dies,    queued | running -> cancelled
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.special import stdtrit

from dnag.databases import claim
from dnag.metrics import spearman
from dnag.trials.recipe import Recipe
from dnag.trials.train import EpochPoint

STATUSES = ("queued", "running", "done", "failed", "cancelled")
VERSION = 1
APPLICATION = 0x444E4147
"""``DNAG``, which SQLite keeps in the file's header."""

_SCHEMA = """
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY,
    space TEXT NOT NULL,
    dataset TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    recipe TEXT NOT NULL,
    created REAL NOT NULL,
    UNIQUE (space, dataset, fingerprint, recipe)
);
CREATE TABLE trials (
    id INTEGER PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiments,
    architecture TEXT NOT NULL,
    seed INTEGER NOT NULL,
    predicted_pct REAL,
    status TEXT NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    worker TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    accuracy_pct REAL,
    seconds REAL,
    error TEXT,
    UNIQUE (experiment, architecture, seed)
);
CREATE INDEX queue ON trials (experiment, status, id);
CREATE TABLE epochs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trial INTEGER NOT NULL REFERENCES trials,
    epoch INTEGER NOT NULL,
    train_loss REAL NOT NULL,
    test_accuracy_pct REAL NOT NULL,
    seconds REAL NOT NULL,
    UNIQUE (trial, epoch)
);
"""


class StoreError(ValueError):
    """A file that is no store of trials, an experiment that is not in it, or one that somebody else runs."""


@dataclass(frozen=True)
class Experiment:
    """A row: which space, dataset (its name, and the fingerprint of its images) and recipe the trials share."""

    id: int
    space: str
    dataset: str
    fingerprint: str
    recipe: Recipe
    created: float


@dataclass(frozen=True)
class Trial:
    """A row: one training. ``status`` is one of ``STATUSES``; ``tries`` counts how often it was begun."""

    id: int
    experiment: int
    architecture: str
    seed: int
    predicted_pct: float | None
    status: str
    worker: str | None
    tries: int
    accuracy_pct: float | None
    seconds: float | None
    error: str | None


@dataclass(frozen=True)
class News:
    """A point of a curve as it came in; ``cursor`` increases."""

    cursor: int
    trial: int
    architecture: str
    seed: int
    point: EpochPoint


@dataclass(frozen=True)
class Interval:
    """Mean of ``n`` values and half the width of its 95 % interval, None for a single one."""

    mean: float
    half_width: float | None
    n: int


@dataclass(frozen=True)
class Row:
    """What is known of one architecture: its accuracies by seed in %, and how many of its trials stand where."""

    architecture: str
    predicted_pct: float | None
    accuracies_pct: Mapping[int, float]
    trained: Interval | None
    statuses: Mapping[str, int]
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """Architectures, the best mean first, and Spearman's correlation of predicted with trained accuracy."""

    rows: tuple[Row, ...]
    rank_correlation: float | None
    statuses: Mapping[str, int]


def interval(values: Sequence[float]) -> Interval:
    """Mean and 95 % interval by Student's t: ``t_{0.975, n-1} s / sqrt(n)``. ``ValueError`` without a value."""
    n = len(values)
    if n == 0:
        raise ValueError("no values; allowed: 1 or more")
    mean = sum(values) / n
    if n == 1:
        return Interval(mean, None, 1)
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)
    return Interval(mean, float(stdtrit(n - 1, 0.975)) * (variance / n) ** 0.5, n)


def difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Mean of ``first`` minus that of ``second``, with Welch's 95 % interval (Biometrika 34, 1947), which does not
    take the two groups for equally spread. ``ValueError`` if one is empty; no interval if one has a single value.
    """
    means = [interval(values).mean for values in (first, second)]
    count, between = len(first) + len(second), means[0] - means[1]
    if min(len(first), len(second)) < 2:
        return Interval(between, None, count)
    errors = [statistics.variance(values) / len(values) for values in (first, second)]
    if not sum(errors):
        return Interval(between, 0.0, count)
    shares = [error**2 / (len(values) - 1) for error, values in zip(errors, (first, second), strict=True)]
    freedom = sum(errors) ** 2 / sum(shares)
    return Interval(between, float(stdtrit(freedom, 0.975)) * math.sqrt(sum(errors)), count)


@dataclass(frozen=True)
class TrialStore:
    """The file at ``path``, made if it is not there. ``StoreError`` if it holds something else."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path).absolute())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as db:
            claim(
                db,
                self.path.name,
                "a store of trials",
                application=APPLICATION,
                version=VERSION,
                schema=_SCHEMA,
                error=StoreError,
            )

    @property
    def states(self) -> Path:
        """The folder beside the file where trials under way keep their state."""
        return self.path.with_name(f"{self.path.name}.states")

    def state_path(self, trial: int) -> Path:
        """Where a trial keeps its state until it is done."""
        return self.states / f"trial-{trial}.pt"

    # ------------------------------------------------------------------ what is to be done

    def experiment(self, space: str, dataset: str, fingerprint: str, recipe: Recipe) -> int:
        """The experiment's number; it is made if it is not there."""
        values = (space, dataset, fingerprint, recipe.to_json())
        with self._transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO experiments (space, dataset, fingerprint, recipe, created) "
                "VALUES (?, ?, ?, ?, ?)",
                (*values, time.time()),
            )
            return _one(
                db, "SELECT id FROM experiments WHERE (space, dataset, fingerprint, recipe) = (?, ?, ?, ?)", values
            )

    def add(
        self,
        experiment: int,
        architectures: Iterable[str],
        seeds: Iterable[int],
        predicted_pct: Mapping[str, float] | None = None,
    ) -> int:
        """Queue a trial for every architecture (text form) and seed that has none; returns how many are new.

        Seeds go round: every architecture has its first before one has its second. A prediction replaces the old one.
        """
        self.get(experiment)
        names, predicted = list(dict.fromkeys(architectures)), predicted_pct or {}
        with self._transaction() as db:
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO trials (experiment, architecture, seed) VALUES (?, ?, ?)",
                [(experiment, name, seed) for seed in seeds for name in names],
            )
            added = db.total_changes - before
            db.executemany(
                "UPDATE trials SET predicted_pct = ? WHERE experiment = ? AND architecture = ?",
                [(predicted[name], experiment, name) for name in names if name in predicted],
            )
            return added

    def cancel(self, experiment: int) -> int:
        """Call off what is queued or runs, which its workers notice within a second; returns how many trials."""
        return self._change("SET status = 'cancelled', worker = NULL", "status IN ('queued', 'running')", experiment)

    def requeue(
        self, experiment: int, architectures: Iterable[str] | None = None, seeds: Iterable[int] | None = None
    ) -> int:
        """Queue again what was cancelled or failed, with its tries forgotten; returns how many trials.

        Only of some architectures (text form) and seeds, if given.
        """
        changes = "SET status = 'queued', worker = NULL, tries = 0, error = NULL"
        condition, values = "status IN ('cancelled', 'failed')", []
        for column, wanted in (("architecture", architectures), ("seed", seeds)):
            if wanted is not None:
                condition += f" AND {column} IN (SELECT value FROM json_each(?))"
                values.append(json.dumps(list(wanted)))
        return self._change(changes, condition, experiment, values)

    @contextlib.contextmanager
    def running(self, experiment: int) -> Iterator[None]:
        """Only one runner at a time: ``StoreError`` if another, alive, runs the experiment.

        The lock is SQLite's own, on a file among the states; the system drops it when its process dies. Trials that a
        dead runner has left behind go back to the queue.
        """
        self.get(experiment)
        self.states.mkdir(exist_ok=True)
        lock = sqlite3.connect(self.states / f"experiment-{experiment}.lock", timeout=0, isolation_level=None)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise StoreError(
                    f"experiment {experiment} of {self.path.name} is being run by another process"
                ) from None
            # It did not fail, its runner did: the try does not count.
            self._change("SET status = 'queued', worker = NULL, tries = tries - 1", "status = 'running'", experiment)
            yield
        finally:
            lock.close()

    # ------------------------------------------------------------------ what workers report

    def claim(self, experiment: int, worker: str) -> Trial | None:
        """The next queued trial, now ``worker``'s; None if nothing waits."""
        with self._transaction() as db:
            found = db.execute(
                "SELECT id FROM trials WHERE experiment = ? AND status = 'queued' ORDER BY tries, id LIMIT 1",
                (experiment,),
            ).fetchone()
            if found is None:
                return None
            db.execute(
                "UPDATE trials SET status = 'running', worker = ?, tries = tries + 1, error = NULL WHERE id = ?",
                (worker, *found),
            )
            return _trials(db, "id = ?", found)[0]

    def owns(self, trial: int, worker: str) -> bool:
        """Is the trial still ``worker``'s?"""
        with self._reading() as db:
            return bool(db.execute(f"SELECT 1 FROM trials WHERE {_OWNED}", (trial, worker)).fetchone())

    def record(self, trial: int, worker: str, point: EpochPoint) -> bool:
        """Keep a point of the curve, in place of one for the same epoch; False if the trial is not ``worker``'s."""
        with self._transaction() as db:
            if not db.execute(f"SELECT 1 FROM trials WHERE {_OWNED}", (trial, worker)).fetchone():
                return False
            db.execute(
                "INSERT OR REPLACE INTO epochs (trial, epoch, train_loss, test_accuracy_pct, seconds) "
                "VALUES (?, ?, ?, ?, ?)",
                (trial, point.epoch, point.train_loss, point.test_accuracy_pct, point.seconds),
            )
            return True

    def finish(self, trial: int, worker: str, curve: Sequence[EpochPoint], seconds: float) -> bool:
        """Keep the whole curve and its last accuracy as the result; False if the trial is not ``worker``'s."""
        with self._transaction() as db:
            changes = "SET status = 'done', worker = NULL, accuracy_pct = ?, seconds = ?, error = NULL"
            last = curve[-1].test_accuracy_pct
            if not db.execute(f"UPDATE trials {changes} WHERE {_OWNED}", (last, seconds, trial, worker)).rowcount:
                return False
            known = {epoch for (epoch,) in db.execute("SELECT epoch FROM epochs WHERE trial = ?", (trial,))}
            db.executemany(
                "INSERT INTO epochs (trial, epoch, train_loss, test_accuracy_pct, seconds) VALUES (?, ?, ?, ?, ?)",
                [
                    (trial, point.epoch, point.train_loss, point.test_accuracy_pct, point.seconds)
                    for point in curve
                    if point.epoch not in known
                ],
            )
            return True

    def fail(self, trial: int, worker: str, error: str, *, max_tries: int = 1) -> bool:
        """The try went wrong: back to the queue, or failed after ``max_tries``; False if it is not ``worker``'s."""
        changes = "SET status = iif(tries < ?, 'queued', 'failed'), worker = NULL, error = ?"
        with self._transaction() as db:
            found = db.execute(f"UPDATE trials {changes} WHERE {_OWNED}", (max_tries, error, trial, worker))
            return bool(found.rowcount)

    def release(self, trial: int, worker: str) -> bool:
        """``worker`` stops: back to the queue, without counting the try; False if the trial is not its own."""
        changes = "SET status = 'queued', worker = NULL, tries = tries - 1"
        with self._transaction() as db:
            return bool(db.execute(f"UPDATE trials {changes} WHERE {_OWNED}", (trial, worker)).rowcount)

    def lost(self, worker: str, error: str, *, max_tries: int) -> int:
        """``worker`` died: what it was at goes as with :meth:`fail`; returns how many trials that were."""
        with self._reading() as db:
            owned = db.execute("SELECT id FROM trials WHERE status = 'running' AND worker = ?", (worker,)).fetchall()
        return sum(self.fail(trial, worker, error, max_tries=max_tries) for (trial,) in owned)

    # ------------------------------------------------------------------ what is known

    def experiments(self) -> list[Experiment]:
        """All of them, the newest first."""
        with self._reading() as db:
            rows = db.execute(f"{_EXPERIMENTS} ORDER BY id DESC").fetchall()
        return [_experiment(row) for row in rows]

    def get(self, experiment: int) -> Experiment:
        """One experiment; ``StoreError`` lists those there are."""
        with self._reading() as db:
            row = db.execute(f"{_EXPERIMENTS} WHERE id = ?", (experiment,)).fetchone()
            known = [str(number) for (number,) in db.execute("SELECT id FROM experiments ORDER BY id")]
        if row is None:
            raise StoreError(f"no experiment {experiment!r} in {self.path.name}; allowed: {', '.join(known) or 'none'}")
        return _experiment(row)

    def trials(self, experiment: int) -> list[Trial]:
        """All trials, in the order they were queued."""
        with self._reading() as db:
            return _trials(db, "experiment = ?", (experiment,))

    def counts(self, experiment: int) -> dict[str, int]:
        """Status -> number of trials, all statuses."""
        with self._reading() as db:
            query = "SELECT status, count(*) FROM trials WHERE experiment = ? GROUP BY status"
            return dict.fromkeys(STATUSES, 0) | dict(db.execute(query, (experiment,)).fetchall())

    def curve(self, trial: int) -> list[EpochPoint]:
        """The points so far, by epoch."""
        with self._reading() as db:
            query = "SELECT epoch, train_loss, test_accuracy_pct, seconds FROM epochs WHERE trial = ? ORDER BY epoch"
            return [EpochPoint(*row) for row in db.execute(query, (trial,))]

    def news(self, experiment: int, after: int = 0) -> list[News]:
        """Points that came in after the one with cursor ``after``, in the order they came in."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT epochs.id, trial, architecture, seed, epoch, train_loss, test_accuracy_pct, epochs.seconds "
                "FROM epochs JOIN trials ON trials.id = trial WHERE experiment = ? AND epochs.id > ? "
                "ORDER BY epochs.id",
                (experiment, after),
            )
            return [News(cursor, trial, arch, seed, EpochPoint(*point)) for cursor, trial, arch, seed, *point in rows]

    def summary(self, experiment: int, architectures: Iterable[str] | None = None) -> Summary:
        """Mean and interval per architecture, and how well the predictions rank; of some architectures if given."""
        wanted = None if architectures is None else set(architectures)
        groups: dict[str, list[Trial]] = {}
        for trial in self.trials(experiment):
            if wanted is None or trial.architecture in wanted:
                groups.setdefault(trial.architecture, []).append(trial)
        rows = [_row(name, trials) for name, trials in groups.items()]
        rows.sort(key=lambda row: -row.trained.mean if row.trained else 1.0)
        pairs = [(row.predicted_pct, row.trained.mean) for row in rows if row.trained and row.predicted_pct is not None]
        statuses = {status: sum(row.statuses.get(status, 0) for row in rows) for status in STATUSES}
        return Summary(tuple(rows), spearman([a for a, _ in pairs], [b for _, b in pairs]), statuses)

    # ------------------------------------------------------------------ inside

    def _change(self, changes: str, condition: str, experiment: int, values: Sequence[str] = ()) -> int:
        with self._transaction() as db:
            query = f"UPDATE trials {changes} WHERE {condition} AND experiment = ?"
            return db.execute(query, (*values, experiment)).rowcount

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as db:
                if db.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
                    raise StoreError(f"{self.path.name} lies where SQLite cannot share it, such as on a network drive")
                yield db
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path.name} is no store of trials, or cannot be written: {error}") from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, alone: others wait for their turn."""
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


_OWNED = "id = ? AND status = 'running' AND worker = ?"
_EXPERIMENTS = "SELECT id, space, dataset, fingerprint, recipe, created FROM experiments"
_TRIALS = (
    "SELECT id, experiment, architecture, seed, predicted_pct, status, worker, tries, accuracy_pct, seconds, error "
    "FROM trials"
)


def _one(db: sqlite3.Connection, query: str, values: Sequence[Any]) -> int:
    return int(db.execute(query, values).fetchone()[0])


def _experiment(row: Sequence[Any]) -> Experiment:
    number, space, dataset, fingerprint, recipe, created = row
    return Experiment(number, space, dataset, fingerprint, Recipe.from_json(recipe), created)


def _trials(db: sqlite3.Connection, condition: str, values: Sequence[Any]) -> list[Trial]:
    return [Trial(*row) for row in db.execute(f"{_TRIALS} WHERE {condition} ORDER BY id", values)]


def _row(name: str, trials: Sequence[Trial]) -> Row:
    accuracies = {trial.seed: trial.accuracy_pct for trial in trials if trial.accuracy_pct is not None}
    statuses = [trial.status for trial in trials]
    return Row(
        architecture=name,
        predicted_pct=next((trial.predicted_pct for trial in trials if trial.predicted_pct is not None), None),
        accuracies_pct=accuracies,
        trained=interval(list(accuracies.values())) if accuracies else None,
        statuses={status: statuses.count(status) for status in dict.fromkeys(statuses)},
        errors=tuple(dict.fromkeys(trial.error for trial in trials if trial.error)),
    )

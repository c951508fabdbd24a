r"""Runs that outlive their process: a result as bytes and back, many of them in a zip, and a store of them by owner.

A run is one safetensors file, compressed: a JSON header with the settings and the candidates, and the arrays

    level (K,), probability (K,B,N,F) uint8, value (K,B)        the trajectory, where one was kept
    unguided (V,), exact (2,A)                                  what it is compared with, where it was

which is about 0.4 MB for 256 samples of NAS-Bench-201 and 60 frames. Nothing is pickled. What is read may come from
anybody: settings pass through ``RunSettings``, architectures through their space, arrays through a check of their
shapes, and costs are worked out again from the installed models rather than believed.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import sqlite3
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from dnag.bundle import ModelStore
from dnag.generate import Trajectory
from dnag.runs import Candidate, RunResult, RunSettings, devices
from dnag.spaces.base import spaces

FORMAT = 1
MB = 2**20
MAX_RUN_MB = 64
"""Of one run, unpacked."""
MAX_RUNS = 200
MAX_OWNER_MB = 64
NAME_LENGTH = 80
MANIFEST, RUN_FILE = "manifest.json", "run.dnag"

_PLAIN = ("requested", "raw_valid", "unique", "novel", "violations", "nfe", "seconds", "paper_scale", "measured_note")


class RunArchiveError(ValueError):
    """Bytes that hold no run, or an archive that holds none; the message says what is wrong with them."""


# ---------------------------------------------------------------------- one run


def pack(result: RunResult) -> bytes:
    """A run as bytes."""
    header = {
        "format": FORMAT,
        "settings": dataclasses.asdict(result.settings),
        "candidates": [dataclasses.asdict(candidate) for candidate in result.candidates],
        "device": result.device,
        "width": result.width,
        **{name: getattr(result, name) for name in _PLAIN},
    }
    tensors: dict[str, Tensor] = {}
    if (trajectory := result.trajectory) is not None:
        tensors |= {"level": trajectory.level, "probability": trajectory.probability}
        if trajectory.value is not None:
            tensors["value"] = trajectory.value
    if result.unguided_pct is not None:
        tensors["unguided"] = result.unguided_pct
    if result.exact is not None:
        tensors["exact"] = torch.stack(result.exact)
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return zlib.compress(safetensors.torch.save(whole, {"dnag": json.dumps(header)}), 6)


def unpack(data: bytes, store: ModelStore) -> RunResult:
    """The run that :func:`pack` made bytes of. ``RunArchiveError`` says what is wrong with others.

    Args:
        store: installed models, for the costs of the candidates.
    """
    try:
        header, tensors = _read(data)
        given = dict(_mapping(header, "settings"))
        if given.get("device") not in devices():  # of the machine that made the run
            given["device"] = "auto"
        settings = RunSettings(**given)
        space = spaces[settings.space]()
        candidates = [_candidate(row, settings) for row in _list(header, "candidates")]
        trajectory, samples = _trajectory(tensors, space.num_nodes, space.num_ops)
        if samples is not None and any(candidate.sample >= samples for candidate in candidates):
            raise RunArchiveError("a candidate of a sample that is not there")
        exact = tensors.get("exact")
        _check(exact is None or (exact.dtype.is_floating_point and exact.shape == (2, space.size)), "exact", exact)
        unguided = tensors.get("unguided")
        _check(unguided is None or (unguided.dtype.is_floating_point and unguided.ndim == 1), "unguided", unguided)
        plain = {name: _plain(name, header.get(name)) for name in _PLAIN}
        width = float(_number(header.get("width"), "width"))
        bundle = store.bundle(settings.space)  # not what the settings name, which may be any file
        return RunResult(
            settings=settings,
            candidates=candidates,
            trajectory=trajectory,
            unguided_pct=unguided,
            exact=None if exact is None else (exact[0], exact[1]),
            device=str(header.get("device"))[:40],
            width=width,
            costs=bundle.costs(settings.dataset, settings.resolution, width),
            **plain,
        )
    except RunArchiveError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise RunArchiveError(f"no run of this version: {error}") from None


def _read(data: bytes) -> tuple[Mapping[str, Any], dict[str, Tensor]]:
    try:
        packer = zlib.decompressobj()
        whole = packer.decompress(data, MAX_RUN_MB * MB)
        if packer.unconsumed_tail:
            raise RunArchiveError(f"a run of more than {MAX_RUN_MB} MiB; allowed: up to that")
        (length,) = struct.unpack_from("<Q", whole)
        header = json.loads(json.loads(whole[8 : 8 + length])["__metadata__"]["dnag"])
        tensors = safetensors.torch.load(whole)
    except (zlib.error, struct.error, SafetensorError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, RunArchiveError):
            raise
        raise RunArchiveError(f"no run, or a damaged one ({type(error).__name__})") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        found = header.get("format") if isinstance(header, dict) else None
        raise RunArchiveError(f"a run of format {found!r}; this version reads format {FORMAT}")
    return header, tensors


def _check(condition: bool, name: str, found: object) -> None:
    if not condition:
        shown = f"{found.dtype} {tuple(found.shape)}" if isinstance(found, Tensor) else repr(found)[:60]
        raise RunArchiveError(f"{name} is {shown}, which does not fit the rest")


def _mapping(header: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    _check(isinstance(header.get(name), dict), name, header.get(name))
    return header[name]


def _list(header: Mapping[str, Any], name: str) -> list[Any]:
    _check(isinstance(header.get(name), list), name, header.get(name))
    return header[name]


def _number(value: Any, name: str) -> float:
    _check(isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value), name, value)
    return value


def _plain(name: str, value: Any) -> Any:
    if name == "measured_note":
        return str(value)[:500]
    if name == "violations":
        _check(isinstance(value, dict), name, value)
        return {str(kind)[:80]: int(_number(count, name)) for kind, count in value.items()}
    if name == "paper_scale" and value is None:
        return None
    number = _number(value, name)
    _check(number >= 0, name, value)
    return float(number) if name in ("seconds", "paper_scale") else int(number)


def _candidate(row: Any, settings: RunSettings) -> Candidate:
    _check(isinstance(row, dict), "candidate", row)
    arch = spaces[settings.space]().parse(str(row["architecture"]))
    numbers: dict[str, Any] = {}
    for name in ("predicted_accuracy_pct", "predicted_std_pct", "measured_accuracy_pct"):
        numbers[name] = None if row[name] is None else float(_number(row[name], name))
    whole: dict[str, Any] = {name: int(_number(row[name], name)) for name in ("rank", "count", "sample")}
    _check(min(whole.values()) >= 0, "candidate", whole)
    latency = {str(device): float(_number(value, "latency")) for device, value in row["latency_ms"].items()}
    source, inside = row["measured_source"], row["inside_budget"]
    _check(inside is None or isinstance(inside, bool), "inside_budget", inside)
    return Candidate(
        architecture=str(row["architecture"]),
        ops=arch.ops,
        measured_source=None if source is None else str(source)[:200],
        params_m=float(_number(row["params_m"], "params_m")),
        macs_m=float(_number(row["macs_m"], "macs_m")),
        disconnected=bool(row["disconnected"]),
        novel=bool(row["novel"]),
        latency_ms=latency,
        inside_budget=inside,
        **whole,
        **numbers,
    )


def _trajectory(tensors: Mapping[str, Tensor], nodes: int, ops: int) -> tuple[Trajectory | None, int | None]:
    """The trajectory, and how many samples it has."""
    level, probability, value = (tensors.get(name) for name in ("level", "probability", "value"))
    if level is None or probability is None:
        return None, None
    _check(level.ndim == 1 and level.dtype.is_floating_point and len(level) > 0, "level", level)
    shape = (len(level), *probability.shape[1:2], nodes, ops)
    _check(probability.dtype == torch.uint8 and probability.shape == shape, "probability", probability)
    _check(value is None or (value.dtype.is_floating_point and value.shape == shape[:2]), "value", value)
    return Trajectory(level, probability, value), int(shape[1])


# ---------------------------------------------------------------------- many in a zip


def export_zip(runs: Mapping[str, tuple[str, RunResult]]) -> bytes:
    """A folder for each run (id -> name, result): the run, its candidates as CSV, its result as JSON; a manifest."""
    made = io.BytesIO()
    listed = []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, result) in enumerate(runs.values(), start=1):
            folder = f"run-{number:03d}"
            listed.append({"folder": folder, "name": name})
            archive.writestr(f"{folder}/{RUN_FILE}", pack(result))
            archive.writestr(f"{folder}/candidates.csv", result.to_csv())
            archive.writestr(f"{folder}/result.json", result.to_json())
        archive.writestr(MANIFEST, json.dumps({"format": FORMAT, "runs": listed}, indent=2))
    return made.getvalue()


def import_zip(data: bytes, store: ModelStore) -> list[tuple[str, RunResult]]:
    """Names and results of the runs in an archive of :func:`export_zip`, which may come from anybody.

    Nothing is written: what the archive's names say does not matter, and what is unpacked is bounded.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest = json.loads(_member(archive, MANIFEST, MB))
            _check(isinstance(manifest, dict) and manifest.get("format") == FORMAT, "the manifest's format", manifest)
            listed = _list(manifest, "runs")
            if len(listed) > MAX_RUNS:
                raise RunArchiveError(f"{len(listed)} runs; allowed: up to {MAX_RUNS}")
            found = []
            for entry in listed:
                _check(isinstance(entry, dict), "an entry of the manifest", entry)
                folder, name = str(entry.get("folder")), str(entry.get("name") or "")[:NAME_LENGTH]
                run = _member(archive, f"{folder}/{RUN_FILE}", MAX_RUN_MB * MB)
                found.append((name, unpack(run, store)))
            return found
    except RunArchiveError:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise RunArchiveError(f"no zip archive of runs, or a damaged one ({error})") from None


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A file of an archive, of which no more than ``limit`` bytes are ever unpacked."""
    if name not in archive.namelist():
        raise RunArchiveError(f"no {name[:80]} in the archive; allowed: one that this app exported")
    with archive.open(name) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise RunArchiveError(f"{name[:80]} is larger than {limit // MB} MiB; allowed: up to that")
    return data


# ---------------------------------------------------------------------- a store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    summary TEXT NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (owner, id)
);
"""


@dataclasses.dataclass(frozen=True)
class StoredRun:
    """What a list of runs shows of one.

    Attributes:
        id: of the job that made it.
        created: seconds since 1970.
        settings: of the run.
        summary: ``valid`` (a share), ``distinct``, ``best_pct``, ``mean_pct``, ``best``.
        size: of its bytes.
    """

    id: str
    name: str
    created: float
    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    size: int


class RunStore:
    """Runs by owner, in a SQLite file, or in memory. Nobody is shown the runs of another owner.

    Every method does one short transaction, so that several threads may share it and a killed process loses nothing
    but what it was about to write. When an owner has more than ``max_runs`` runs or ``max_mb`` MiB, the oldest without
    a name go, then the oldest.

    Args:
        path: of the file; None keeps runs in memory, as long as this object lives.
    """

    def __init__(self, path: Path | None = None, *, max_runs: int = MAX_RUNS, max_mb: float = MAX_OWNER_MB):
        self.path, self.max_runs, self.max_mb = path, max_runs, max_mb
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=30)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise RunArchiveError(f"runs cannot be kept in {path}: {error}") from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection:
            yield self._connection

    def add(
        self, owner: str, run: str, result: RunResult, *, name: str = "", created: float | None = None
    ) -> list[str]:
        """Keep a run; one that is there already stays as it is. Returns the ids of runs that had to go for it."""
        data = pack(result)
        if len(data) > self.max_mb * MB:
            raise RunArchiveError(f"a run of {len(data) / MB:.0f} MiB; allowed: up to {self.max_mb:g} in all")
        about = json.dumps({"settings": dataclasses.asdict(result.settings), **summary(result)})
        values = (run, owner, name[:NAME_LENGTH], time.time() if created is None else created, about, len(data), data)
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO runs (id, owner, name, created, summary, size, data) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            return self._make_room(connection, owner, run)

    def _make_room(self, connection: sqlite3.Connection, owner: str, newest: str) -> list[str]:
        rows = connection.execute(
            "SELECT id, size FROM runs WHERE owner = ? ORDER BY id = ?, name != '', created, rowid", (owner, newest)
        ).fetchall()
        count, size = len(rows), sum(row[1] for row in rows)
        gone = []
        for run, bytes_ in rows[:-1]:
            if count <= self.max_runs and size <= self.max_mb * MB:
                break
            connection.execute("DELETE FROM runs WHERE owner = ? AND id = ?", (owner, run))
            count, size = count - 1, size - bytes_
            gone.append(run)
        return gone

    def runs(self, owner: str) -> list[StoredRun]:
        """All runs of an owner, the newest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT id, name, created, summary, size FROM runs WHERE owner = ? ORDER BY created DESC, rowid DESC",
                (owner,),
            ).fetchall()
        found = []
        for run, name, created, about, size in rows:
            told = json.loads(about)
            found.append(StoredRun(run, name, created, told.pop("settings"), told, size))
        return found

    def get(self, owner: str, run: str, store: ModelStore) -> RunResult | None:
        """The result of a run, None if the owner has no such run."""
        with self._transaction() as connection:
            row = connection.execute("SELECT data FROM runs WHERE owner = ? AND id = ?", (owner, run)).fetchone()
        return None if row is None else unpack(row[0], store)

    def rename(self, owner: str, run: str, name: str) -> None:
        """Give a run a name; an empty one takes it away."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE runs SET name = ? WHERE owner = ? AND id = ?", (name.strip()[:NAME_LENGTH], owner, run)
            )

    def delete(self, owner: str, run: str) -> bool:
        """Remove a run; returns whether the owner had it."""
        with self._transaction() as connection:
            return connection.execute("DELETE FROM runs WHERE owner = ? AND id = ?", (owner, run)).rowcount > 0

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()


def summary(result: RunResult) -> dict[str, Any]:
    """What a list shows of a run."""
    best = result.candidates[0] if result.candidates else None
    return {
        "valid": result.raw_valid / result.requested,
        "distinct": result.unique,
        "mean_pct": result.expected_pct(),
        "best_pct": best and best.predicted_accuracy_pct,
        "best": best and best.architecture,
        "seconds": result.seconds,
    }

r"""Runs that outlive their process: a result as bytes and back, and many of them in a zip.

A run is one safetensors file: a JSON header with the settings and the candidates, and the arrays

    level (K,), probability (K,B,N,F) uint8, value (K,B)        the trajectory, where one was kept
    unguided (V,), exact (2,A)                                  what it is compared with, where it was

In a store it is compressed, 0.3 to 0.5 MB for 256 samples of 20 steps; in a zip it is a file that other programs read.
Nothing is pickled. What is read may come from anybody: settings pass through ``RunSettings``, architectures through
their space, arrays through a check of their shapes, and costs are worked out again from the installed models rather
than believed.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from dnag.archives import ArchiveError, ArchiveLimits, unpack_zip
from dnag.bundle import ModelStore
from dnag.checkpoint import CheckpointError
from dnag.costs import CostModel
from dnag.devices import devices
from dnag.generate import Trajectory
from dnag.run_result import Candidate, RunResult
from dnag.run_settings import RunSettings
from dnag.spaces.base import spaces

FORMAT = 1
MB = 2**20
MAX_RUN_MB = 64
"""Of one run, unpacked."""
MAX_RUNS = 200
NAME_LENGTH = 80
MANIFEST, RUN_FILE = "manifest.json", "run.safetensors"
ZIP_LIMITS = ArchiveLimits(packed_mb=64, unpacked_mb=512, files=3 * MAX_RUNS + 1, folders=MAX_RUNS + 1)

_COUNTS = ("requested", "raw_valid", "unique", "novel", "nfe")
_TEXTS = ("under", "maximize", "minimize", "checkpoint", "predictor", "features")
_ACCURACIES = ("predicted_accuracy_pct", "predicted_std_pct", "measured_accuracy_pct")
_LONGEST = 1000
_AS_PLAIN = str.maketrans("[]<>", "()()")
"""Notes are shown as Markdown, where a picture from elsewhere would start with a bracket."""
_DAY_S = 86_400.0


class RunArchiveError(ArchiveError):
    """Bytes that hold no run, or an archive that holds none; the message says what is wrong with them."""


# ---------------------------------------------------------------------- out


def pack(result: RunResult) -> bytes:
    """A run as few bytes."""
    return zlib.compress(to_safetensors(result), 1)  # a fifteenth larger than at level 6, in a seventh of the time


def to_safetensors(result: RunResult) -> bytes:
    """A run as a safetensors file."""
    header = {
        "format": FORMAT,
        "settings": dataclasses.asdict(result.settings),
        "candidates": [dataclasses.asdict(candidate) for candidate in result.candidates],
        **{name: getattr(result, name) for name in _COUNTS},
        "violations": result.violations,
        "seconds": result.seconds,
        "paper_scale": result.paper_scale,
        "measured_note": result.measured_note,
        "device": result.device,
        "width": result.width,
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
    return safetensors.torch.save(whole, {"dnag": json.dumps(header)})


# ---------------------------------------------------------------------- in


def unpack(data: bytes, models: ModelStore) -> RunResult:
    """The run that :func:`pack` made bytes of. ``RunArchiveError`` says what is wrong with others.

    Args:
        models: installed models, for the costs of the candidates.
    """
    packer = zlib.decompressobj()
    try:
        whole = packer.decompress(data, MAX_RUN_MB * MB + 1)
    except zlib.error:
        raise RunArchiveError("no run, or a damaged one") from None
    return from_safetensors(whole, models)


def from_safetensors(data: bytes, models: ModelStore) -> RunResult:
    """The run that :func:`to_safetensors` made a file of; errors as of :func:`unpack`."""
    header, tensors = _read(data)
    try:
        return _consistent(_result(header, tensors, models))
    except RunArchiveError:
        raise
    except CheckpointError as error:
        raise RunArchiveError(f"no models to show the run with: {error}") from None
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise RunArchiveError(f"no run of this version: {error}") from None


def _read(data: bytes) -> tuple[Mapping[str, Any], dict[str, Tensor]]:
    if len(data) > MAX_RUN_MB * MB:
        raise RunArchiveError(f"a run of more than {MAX_RUN_MB} MiB; allowed: up to that")
    try:
        tensors = safetensors.torch.load(data)
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["dnag"])
    except (SafetensorError, struct.error, KeyError, TypeError, ValueError, RecursionError) as error:
        raise RunArchiveError(f"no run, or a damaged one ({type(error).__name__})") from None
    found = header.get("format") if isinstance(header, dict) else None
    if found != FORMAT:
        raise RunArchiveError(f"a run of format {str(found)[:20]}; this version reads format {FORMAT}")
    return header, tensors


def _result(header: Mapping[str, Any], tensors: Mapping[str, Tensor], models: ModelStore) -> RunResult:
    settings = _settings(_of(dict, "settings", header["settings"]))
    space = spaces[settings.space]()
    candidates = [_candidate(_of(dict, "candidate", row), settings) for row in _of(list, "", header["candidates"])]
    trajectory = _trajectory(tensors, (settings.samples, space.num_nodes, space.num_ops))
    unguided, exact = _floats(tensors, "unguided", None), _floats(tensors, "exact", 2, space.size)
    violations = _of(dict, "violations", header["violations"])
    scale, width = header["paper_scale"], _number("width", header["width"])
    return RunResult(
        settings=settings,
        candidates=candidates,
        **{name: _count(name, header[name]) for name in _COUNTS},
        violations={_words("violation", kind): _count("violations", count) for kind, count in violations.items()},
        seconds=_number("seconds", header["seconds"], 0.0),
        paper_scale=None if scale is None else _number("paper_scale", scale, 0.0),
        measured_note=_words("measured_note", header["measured_note"]),
        trajectory=trajectory,
        unguided_pct=unguided,
        exact=None if exact is None else (exact[0], exact[1]),
        device=_words("device", header["device"]),
        width=width,
        costs=_costs(settings, width, candidates, models),
    )


def _settings(given: Mapping[str, Any]) -> RunSettings:
    for name in _TEXTS:
        _words(name, given.get(name, ""))
    here = given.get("device") in devices()  # else of the machine that made the run
    return RunSettings(**(given if here else {**given, "device": "auto"}))


def _candidate(row: Mapping[str, Any], settings: RunSettings) -> Candidate:
    text, source = _words("architecture", row["architecture"]), row["measured_source"]
    latency = _of(dict, "latency_ms", row["latency_ms"])
    return Candidate(
        rank=_count("rank", row["rank"]),
        architecture=text,
        ops=spaces[settings.space]().parse(text).ops,
        count=_count("count", row["count"]),
        sample=_count("sample", row["sample"]),
        **{name: None if row[name] is None else _number(name, row[name]) for name in _ACCURACIES},
        measured_source=None if source is None else _words("measured_source", source).translate(_AS_PLAIN),
        params_m=_number("params_m", row["params_m"]),
        macs_m=_number("macs_m", row["macs_m"]),
        disconnected=_of(bool, "disconnected", row["disconnected"]),
        novel=_of(bool, "novel", row["novel"]),
        latency_ms={_words("device", device): _number("latency_ms", value) for device, value in latency.items()},
        inside_budget=_of(bool, "inside_budget", row["inside_budget"]) if settings.budgets else None,
    )


def _trajectory(tensors: Mapping[str, Tensor], sizes: tuple[int, int, int]) -> Trajectory | None:
    """The trajectory of samples, nodes and operations of these ``sizes``."""
    probability = tensors.get("probability")
    if probability is None:
        return None
    frames = len(probability)
    _check("probability", probability, probability.dtype == torch.uint8 and probability.shape == (frames, *sizes))
    level = _floats(tensors, "level", frames)
    _check("level", level, level is not None and frames > 0)
    assert level is not None
    return Trajectory(level, probability, _floats(tensors, "value", frames, sizes[0]))


def _costs(
    settings: RunSettings, width: float, candidates: Sequence[Candidate], models: ModelStore
) -> dict[str, CostModel]:
    """Costs of the installed models that every candidate has a value of; what steered the run is among them."""
    bundle = models.bundle(settings.space)  # not the files that the settings name, which may be any
    _check("width", width, width in bundle.space.widths)
    known = bundle.costs(settings.dataset, settings.resolution, width)
    found = {name: cost for name, cost in known.items() if all(c.value(name) is not None for c in candidates)}
    for name in (*settings.budgets, *settings.weights):
        if name not in found:
            raise RunArchiveError(f"a run steered by {name[:40]}, which is not known here; known: {', '.join(found)}")
    return found


def _consistent(result: RunResult) -> RunResult:
    """The result, if its parts agree with each other."""
    settings, found, trajectory = result.settings, result.candidates, result.trajectory
    _check("requested", result.requested, result.requested == settings.samples)
    _check("raw_valid", result.raw_valid, sum(c.count for c in found) == result.raw_valid <= result.requested)
    _check("unique", result.unique, len(found) == result.unique)
    _check("novel", result.novel, result.novel == sum(candidate.novel for candidate in found))
    _check("rank", [c.rank for c in found], [c.rank for c in found] == list(range(1, len(found) + 1)))
    _check("count", 0, all(candidate.count > 0 for candidate in found))
    samples = [candidate.sample for candidate in found]
    _check("sample", max(samples, default=0), all(sample < settings.samples for sample in samples))
    frames = 2 if trajectory is None else len(trajectory.level)
    _check("frames", frames, 2 <= frames <= settings.steps + 1)
    return result


def _check(name: str, found: object, fits: bool) -> None:
    if not fits:
        shown = f"{found.dtype} {tuple(found.shape)}" if isinstance(found, Tensor) else repr(found)[:60]
        raise RunArchiveError(f"a damaged run: {name} is {shown}, which does not fit the rest")


def _of(kind: type[Any], name: str, value: Any) -> Any:
    _check(name, value, type(value) is kind)
    return value


def _words(name: str, value: Any) -> str:
    _check(name, value, isinstance(value, str) and len(value) <= _LONGEST)
    return value


def _number(name: str, value: Any, least: float = -math.inf) -> float:
    _check(name, value, type(value) in (int, float) and math.isfinite(value) and value >= least)
    return float(value)


def _count(name: str, value: Any) -> int:
    _check(name, value, type(value) is int and 0 <= value < 2**31)
    return value


def _floats(tensors: Mapping[str, Tensor], name: str, *shape: int | None) -> Tensor | None:
    """A tensor of finite float32 in this shape (None: any length), or None if there is none."""
    found = tensors.get(name)
    if found is not None:
        fits = len(shape) == found.ndim and all(a in (None, b) for a, b in zip(shape, found.shape, strict=True))
        _check(name, found, fits and found.dtype == torch.float32 and bool(found.isfinite().all()))
    return found


# ---------------------------------------------------------------------- many in a zip


@dataclasses.dataclass(frozen=True)
class NamedRun:
    """A run with what its owner knows of it: a name (or none), and when it was made, in seconds since 1970."""

    name: str
    created: float
    result: RunResult


def export_zip(runs: Iterable[NamedRun]) -> bytes:
    """A folder for each run: the run, its candidates as CSV, its result as JSON; and a manifest of them all."""
    made, listed = io.BytesIO(), []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, run in enumerate(runs, start=1):
            folder = f"run-{number:03d}"
            listed.append({"folder": folder, "name": run.name, "created": run.created})
            archive.writestr(f"{folder}/{RUN_FILE}", to_safetensors(run.result))
            archive.writestr(f"{folder}/candidates.csv", run.result.to_csv())
            archive.writestr(f"{folder}/result.json", run.result.to_json())
        archive.writestr(MANIFEST, json.dumps({"format": FORMAT, "runs": listed}, indent=2))
    return made.getvalue()


def import_zip(path: Path, models: ModelStore) -> Iterator[NamedRun]:
    """The runs of an archive of :func:`export_zip`, one after another.

    It may come from anybody: it is unpacked within ``ZIP_LIMITS``, into a folder that is gone afterwards.
    ``ArchiveError`` says what is wrong with it, and in which of its runs.
    """
    with tempfile.TemporaryDirectory(prefix="dnag-runs-") as made:
        into = Path(made) / "runs"
        unpack_zip(path, into, ZIP_LIMITS, lambda name: name == MANIFEST or name.endswith(f"/{RUN_FILE}"))
        for folder, name, created in _manifest(into / MANIFEST):
            try:
                yield NamedRun(name, created, from_safetensors((folder / RUN_FILE).read_bytes(), models))
            except FileNotFoundError:
                raise RunArchiveError(f"{folder.name} has no {RUN_FILE}, which the manifest promises") from None
            except RunArchiveError as error:
                raise RunArchiveError(f"{folder.name}: {error}") from None


def _manifest(path: Path) -> list[tuple[Path, str, float]]:
    """Folder, name and time of every run that the archive says it holds."""
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RunArchiveError(f"no {MANIFEST} in the archive; allowed: one that this app exported") from None
    except (ValueError, RecursionError):
        raise RunArchiveError(f"{MANIFEST} is damaged; allowed: an archive that this app exported") from None
    manifest = _of(dict, "the manifest", told)
    if (form := manifest.get("format")) != FORMAT:
        raise RunArchiveError(f"an archive of format {str(form)[:20]}; this version reads format {FORMAT}")
    found = [_of(dict, "an entry of the manifest", entry) for entry in _of(list, "runs", manifest.get("runs"))]
    if not 0 < len(found) <= MAX_RUNS:
        raise RunArchiveError(f"{len(found)} runs; allowed: 1 to {MAX_RUNS}")
    folders = [_words("folder", entry.get("folder")) for entry in found]
    # Names of a fixed form lead nowhere else, and twice the same would be work out of nothing.
    _check("folder", folders, set(folders) == {f"run-{number:03d}" for number in range(1, len(found) + 1)})
    latest = time.time() + _DAY_S
    return [
        (
            path.parent / folder,
            _words("name", entry.get("name", ""))[:NAME_LENGTH],
            min(_number("created", entry.get("created", latest - _DAY_S), 0.0), latest),
        )
        for folder, entry in zip(folders, found, strict=True)
    ]

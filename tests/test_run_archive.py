"""Runs as bytes and in zips: what goes in comes out, and nothing else gets in."""

from __future__ import annotations

import dataclasses
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from dnag.archives import ArchiveError
from dnag.bundle import ModelStore
from dnag.run_archive import (
    NamedRun,
    RunArchiveError,
    export_zip,
    from_safetensors,
    import_zip,
    pack,
    to_safetensors,
    unpack,
)
from dnag.run_result import RunResult
from tests.small_runs import KINDS, MODELS, same, small_runs


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    return small_runs(tmp_path_factory.mktemp("cache"))


# ---------------------------------------------------------------------- one run


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_comes_back_as_it_was(results: dict[str, RunResult], kind: str) -> None:
    again = unpack(pack(results[kind]), MODELS)
    same(results[kind], again)
    assert again.to_json() == results[kind].to_json()
    assert again.player_payload(0) == results[kind].player_payload(0)


def test_a_run_without_a_trajectory_and_without_candidates_comes_back(results: dict[str, RunResult]) -> None:
    bare = dataclasses.replace(
        results["nasbench201"], candidates=[], raw_valid=0, unique=0, novel=0,
        trajectory=None, unguided_pct=None, exact=None, paper_scale=None,
    )  # fmt: skip
    same(bare, unpack(pack(bare), MODELS))


def taken_apart(result: RunResult) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    whole = to_safetensors(result)
    length = int.from_bytes(whole[:8], "little")
    return json.loads(json.loads(whole[8 : 8 + length])["__metadata__"]["dnag"]), safetensors.torch.load(whole)


def changed(result: RunResult, header: Mapping[str, Any] | None = None, **tensors: torch.Tensor | None) -> bytes:
    """The file of a run of which something is not as it should be; None takes an array away."""
    about, arrays = taken_apart(result)
    kept = {name: value for name, value in (arrays | tensors).items() if value is not None}
    return safetensors.torch.save(kept, {"dnag": json.dumps(about | dict(header or {}))})


DEEP = zlib.compress(b"[" * 10**6)

#: What becomes of the settings, the first candidate, other parts of the header, or an array; and what is said of it.
FORGED: list[tuple[dict[str, Any], str]] = [
    ({"header": {"format": 99}}, "format 99"),
    ({"header": {"settings": []}}, "settings is"),
    ({"settings": {"space": "x"}}, "unknown space 'x'; allowed: "),
    ({"settings": {"evil": 1}}, "evil"),
    ({"settings": {"seed": -1}}, "seed is -1"),
    ({"settings": {"guidance_scale": float("nan")}}, "guidance scale is nan"),
    ({"settings": {"checkpoint": ["a"]}}, "checkpoint is"),
    ({"settings": {"under": "a" * 2000}}, "under is"),
    ({"settings": {"under": "latency_ms@abacus=5"}}, "inside_budget"),
    ({"settings": {"minimize": "latency_ms@abacus=5"}}, "steered by latency_ms@abacus, which is not known here"),
    ({"settings": {"samples": 9}}, "does not fit the rest"),
    ({"settings": {"steps": 2}}, "frames is"),
    ({"candidate": {"architecture": "rm -rf"}}, "rm -rf"),
    ({"candidate": {"architecture": 5}}, "architecture is 5"),
    ({"candidate": {"sample": 99}}, "sample is 99"),
    ({"candidate": {"rank": 2}}, "rank is"),
    ({"candidate": {"count": 0}}, "does not fit"),
    ({"candidate": {"count": 10**400}}, "count is"),
    ({"candidate": {"params_m": float("nan")}}, "params_m is nan"),
    ({"candidate": {"params_m": 10**400}}, "no run of this version"),
    ({"candidate": {"predicted_accuracy_pct": "94"}}, "predicted_accuracy_pct is '94'"),
    ({"candidate": {"novel": 1}}, "novel is 1"),
    ({"candidate": {"latency_ms": {"a": None}}}, "latency_ms is None"),
    ({"header": {"candidates": [{}]}}, "no run of this version"),
    ({"header": {"candidates": {}}}, "is {}"),
    ({"header": {"nfe": "many"}}, "nfe is 'many'"),
    ({"header": {"nfe": True}}, "nfe is True"),
    ({"header": {"requested": 0}}, "requested is 0"),
    ({"header": {"unique": 1000}}, "unique is 1000"),
    ({"header": {"novel": 1000}}, "novel is 1000"),
    ({"header": {"seconds": -1}}, "seconds is -1"),
    ({"header": {"width": 3.0}}, "width is 3.0"),
    ({"header": {"violations": {"x": 0.5}}}, "violations is 0.5"),
    ({"probability": torch.zeros(5, 8, 3, 3, dtype=torch.uint8)}, r"probability is torch.uint8 \(5, 8, 3, 3\)"),
    ({"probability": torch.zeros(5, 8, 8, 7)}, "probability is torch.float32"),
    ({"level": None}, "level is None"),
    ({"level": torch.full((5,), torch.nan)}, "level is"),
    ({"value": torch.zeros(2, 2)}, "value is"),
    ({"exact": torch.zeros(2, 7)}, "exact is"),
    ({"unguided": torch.zeros(2, 7)}, "unguided is"),
    ({"unguided": torch.zeros(2, dtype=torch.bfloat16)}, "unguided is torch.bfloat16"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), FORGED, ids=[f"{number}" for number in range(len(FORGED))])
def test_a_run_that_was_tampered_with_is_refused(
    results: dict[str, RunResult], change: dict[str, Any], words: str
) -> None:
    result = results["nasbench201"]
    about, _ = taken_apart(result)
    header = dict(change.get("header", {}))
    if "settings" in change:
        header["settings"] = about["settings"] | change["settings"]
    if "candidate" in change:
        header["candidates"] = [about["candidates"][0] | change["candidate"], *about["candidates"][1:]]
    arrays = {name: value for name, value in change.items() if name not in ("header", "settings", "candidate")}
    with pytest.raises(RunArchiveError, match=words):
        from_safetensors(changed(result, header, **arrays), MODELS)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"nothing", "no run, or a damaged one"),
        (zlib.compress(b"\x80\x04pickle" * 10), "no run, or a damaged one"),
        (zlib.compress(bytes(65 * 2**20)), "more than 64 MiB"),
        (DEEP, "no run, or a damaged one"),
    ],
)
def test_bytes_that_are_no_run_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(RunArchiveError, match=words):
        unpack(data, MODELS)


def test_a_run_that_was_cut_short_is_refused(results: dict[str, RunResult]) -> None:
    with pytest.raises(RunArchiveError, match="damaged"):
        unpack(pack(results["own"])[:-50], MODELS)


def test_a_header_nested_without_end_is_refused(results: dict[str, RunResult]) -> None:
    file = safetensors.torch.save({"level": torch.zeros(2)}, {"dnag": "[" * 10**5})
    with pytest.raises(RunArchiveError, match="damaged"):
        from_safetensors(file, MODELS)


def test_notes_cannot_hold_a_picture(results: dict[str, RunResult]) -> None:
    about, _ = taken_apart(results["nasbench201"])
    rows = [row | {"measured_source": "![x](http://a) <b>"} for row in about["candidates"]]
    again = from_safetensors(changed(results["nasbench201"], {"candidates": rows}), MODELS)
    assert again.candidates[0].measured_source == "!(x)(http://a) (b)"


def test_a_run_of_a_machine_with_another_device_is_shown(results: dict[str, RunResult]) -> None:
    given = dataclasses.asdict(results["nasbench201"].settings) | {"device": "cuda:7"}
    file = changed(results["nasbench201"], {"settings": given})
    assert from_safetensors(file, MODELS).settings.device == "auto"


def test_a_cost_that_the_run_has_no_column_of_is_left_out(results: dict[str, RunResult]) -> None:
    about, _ = taken_apart(results["nasbench201"])
    rows = [row | {"latency_ms": {"fpga": -0.01}} for row in about["candidates"]]  # as predicted for empty cells
    again = from_safetensors(changed(results["nasbench201"], {"candidates": rows}), MODELS)
    assert list(again.costs) == ["macs_m", "params_m", "latency_ms@fpga"]


def test_a_run_without_its_models_says_so(results: dict[str, RunResult], tmp_path: Path) -> None:
    with pytest.raises(RunArchiveError, match=r"no models to show the run with: .*nasbench201-score"):
        unpack(pack(results["nasbench201"]), ModelStore(tmp_path))


# ---------------------------------------------------------------------- many in a zip


def test_zip_out_and_in(results: dict[str, RunResult], tmp_path: Path) -> None:
    runs = [NamedRun(kind, float(number), result) for number, (kind, result) in enumerate(results.items())]
    path = tmp_path / "runs.zip"
    path.write_bytes(export_zip(runs))
    with zipfile.ZipFile(path) as archive:
        files = ("run.safetensors", "candidates.csv", "result.json")
        assert archive.namelist() == [*(f"run-{n:03d}/{file}" for n in (1, 2, 3) for file in files), "manifest.json"]
        assert json.loads(archive.read("run-002/result.json"))["space"] == "mobilenetv3"
    found = list(import_zip(path, MODELS))
    assert [(run.name, run.created) for run in found] == [(run.name, run.created) for run in runs]
    for again, run in zip(found, runs, strict=True):
        same(run.result, again.result)


def manifest(*folders: str, form: int = 1, **more: Any) -> bytes:
    return json.dumps({"format": form, "runs": [{"folder": folder, "name": "x"} | more for folder in folders]}).encode()


ONE = {"manifest.json": manifest("run-001")}
HARMFUL: list[tuple[dict[str, bytes], str]] = [
    ({"other": b"x"}, "no manifest.json in the archive"),
    ({"manifest.json": b"{"}, "manifest.json is damaged"),
    ({"manifest.json": b"[" * 10**5}, "manifest.json is damaged"),
    ({"manifest.json": b"[]"}, "the manifest is"),
    ({"manifest.json": manifest(form=7)}, "an archive of format 7; this version reads format 1"),
    ({"manifest.json": manifest()}, "0 runs; allowed: 1 to 200"),
    ({"manifest.json": manifest(*["run-001"] * 201)}, "201 runs; allowed: 1 to 200"),
    ({"manifest.json": manifest("run-001", "run-001")}, "folder is"),
    ({"manifest.json": manifest("../../etc")}, "folder is"),
    ({"manifest.json": manifest("run-001", created=float("inf")), "run-001/run.safetensors": b"x"}, "created is inf"),
    (ONE, "run-001 has no run.safetensors"),
    (ONE | {"run-001/run.safetensors": b"x"}, "run-001: no run, or a damaged one"),
    (ONE | {"run-001/run.safetensors": bytes(3 * 2**20)}, "times its packed size; allowed: up to 200"),
    (ONE | {"../run.safetensors": b"x"}, "leads out of the folder"),
]


@pytest.mark.parametrize(("files", "words"), HARMFUL, ids=[f"{number}" for number in range(len(HARMFUL))])
def test_archives_that_do_harm_are_refused(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    path = tmp_path / "runs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(ArchiveError, match=words):
        list(import_zip(path, MODELS))


@pytest.mark.parametrize("damage", [lambda data: b"nothing", lambda data: data[: len(data) // 2]])
def test_files_that_are_no_archive_are_refused(
    results: dict[str, RunResult], tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "runs.zip"
    path.write_bytes(damage(export_zip([NamedRun("", 0.0, results["nasbench201"])])))
    with pytest.raises(ArchiveError, match=r"runs\.zip is damaged or no archive"):
        list(import_zip(path, MODELS))


def test_a_time_to_come_becomes_the_present(results: dict[str, RunResult], tmp_path: Path) -> None:
    path = tmp_path / "runs.zip"
    path.write_bytes(export_zip([NamedRun("", 1e12, results["nasbench201"])]))
    (run,) = import_zip(path, MODELS)
    assert run.created < 1e11

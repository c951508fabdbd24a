"""Runs as bytes, in zips and in a store: what goes in comes out, and nothing else gets in."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from dnag.bundle import ModelStore
from dnag.datasets.features import FeatureSet
from dnag.run_archive import (
    RunArchiveError,
    RunStore,
    export_zip,
    import_zip,
    pack,
    unpack,
)
from dnag.runs import RunResult, RunSettings, run
from dnag.transfer import settings_for

STORE = ModelStore()


def settings_of(kind: str) -> RunSettings:
    small: dict[str, Any] = {"samples": 8, "steps": 4, "device": "cpu"}
    if kind == "own":
        features = torch.randn(3, 4, 1280, generator=torch.Generator().manual_seed(0))
        own = FeatureSet("pets", ("a", "b", "c"), features, "efficientnet_lite0", 128)
        return RunSettings(**settings_for("nasbench201", own, STORE), **small)
    if kind == "mobilenetv3":
        return RunSettings(space=kind, under="macs_m=300", resolution=192, **small)
    return RunSettings(space=kind, **small)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        kinds = ("nasbench201", "mobilenetv3", "own")
        return {kind: run(settings_of(kind), store=STORE, keep_frames=5, compare=True) for kind in kinds}


def same(first: RunResult, second: RunResult) -> None:
    for field in dataclasses.fields(RunResult):
        one, two = getattr(first, field.name), getattr(second, field.name)
        if field.name == "costs":
            assert one.keys() == two.keys()
        elif field.name == "trajectory":
            assert all(torch.equal(getattr(one, n), getattr(two, n)) for n in ("level", "probability", "value"))
        elif field.name in ("exact", "unguided_pct"):
            assert (one is None) == (two is None)
            pairs = zip(one, two, strict=True) if isinstance(one, tuple) else [(one, two)] if one is not None else []
            assert all(torch.equal(a, b) for a, b in pairs)
        else:
            assert one == two, field.name


@pytest.mark.parametrize("kind", ["nasbench201", "mobilenetv3", "own"])
def test_a_run_comes_back_as_it_was(results: dict[str, RunResult], kind: str) -> None:
    again = unpack(pack(results[kind]), STORE)
    same(results[kind], again)
    assert again.to_json() == results[kind].to_json() and again.player_payload(0) == results[kind].player_payload(0)


def changed(result: RunResult, header: dict[str, Any] | None = None, **tensors: torch.Tensor | None) -> bytes:
    """The bytes of a run of which something is not as it should be."""
    whole = zlib.decompress(pack(result))
    length = int.from_bytes(whole[:8], "little")
    about = json.loads(json.loads(whole[8 : 8 + length])["__metadata__"]["dnag"])
    about |= header or {}
    kept = {name: value for name, value in (safetensors.torch.load(whole) | tensors).items() if value is not None}
    return zlib.compress(safetensors.torch.save(kept, {"dnag": json.dumps(about)}))


def test_what_is_no_run_is_refused(results: dict[str, RunResult]) -> None:
    result = results["nasbench201"]
    row = dataclasses.asdict(result.candidates[0])
    cases: list[tuple[bytes, str]] = [
        (b"nothing", "no run, or a damaged one"),
        (pack(result)[:-50], "no run, or a damaged one"),
        (zlib.compress(b"\x80\x04pickle" * 10), "no run, or a damaged one"),
        (zlib.compress(bytes(65 * 2**20)), "more than 64 MiB"),
        (changed(result, {"format": 99}), "format 99"),
        (changed(result, {"settings": {"space": "x"}}), "unknown space|space is 'x'"),
        (changed(result, {"settings": {"evil": 1}}), "evil"),
        (changed(result, {"settings": []}), "settings is"),
        (changed(result, {"candidates": [row | {"architecture": "rm -rf"}]}), "rm -rf"),
        (changed(result, {"candidates": [row | {"sample": 99}]}), "sample that is not there"),
        (changed(result, {"candidates": [row | {"params_m": float("nan")}]}), "params_m"),
        (changed(result, {"candidates": [{}]}), "no run of this version"),
        (changed(result, {"nfe": "many"}), "nfe"),
        (changed(result, {"seconds": -1}), "seconds"),
        (changed(result, probability=torch.zeros(5, 8, 3, 3, dtype=torch.uint8)), r"probability is torch.uint8 \(5, 8"),
        (changed(result, value=torch.zeros(2, 2)), "value is"),
        (changed(result, exact=torch.zeros(2, 7)), "exact is"),
        (changed(result, unguided=torch.zeros(2, 7)), "unguided is"),
    ]
    for data, text in cases:
        with pytest.raises(RunArchiveError, match=text):
            unpack(data, STORE)


def test_a_run_of_a_machine_with_another_device_is_shown(results: dict[str, RunResult]) -> None:
    given = dataclasses.asdict(results["nasbench201"].settings) | {"device": "cuda:7"}
    assert unpack(changed(results["nasbench201"], {"settings": given}), STORE).settings.device == "auto"


def test_zip_out_and_in(results: dict[str, RunResult]) -> None:
    data = export_zip({str(number): (kind, result) for number, (kind, result) in enumerate(results.items())})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "run-001/candidates.csv" in archive.namelist() and "manifest.json" in archive.namelist()
    found = import_zip(data, STORE)
    assert [name for name, _ in found] == list(results)
    for (_, again), result in zip(found, results.values(), strict=True):
        same(result, again)


def zipped(**files: bytes | str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), data)
    return made.getvalue()


def test_archives_that_do_harm_are_refused() -> None:
    def manifest(*folders: str, form: int = 1) -> str:
        return json.dumps({"format": form, "runs": [{"folder": folder, "name": "x"} for folder in folders]})

    cases = [
        (b"nothing", "no zip archive of runs"),
        (zipped(other="x"), "no manifest.json"),
        (zipped(manifest_json="{"), "no zip archive of runs"),
        (zipped(manifest_json=manifest(form=7)), "format"),
        (zipped(manifest_json=manifest("../../etc")), "no ../../etc/run.dnag"),
        (zipped(manifest_json=manifest(*["run-001"] * 201)), "201 runs; allowed: up to 200"),
        (zipped(manifest_json=" " * (2**20 + 1)), "larger than 1 MiB"),
        (zipped(manifest_json=manifest("a"), **{"a__run.dnag": bytes(65 * 2**20)}), "larger than 64 MiB"),
        (zipped(manifest_json=manifest("a"), **{"a__run.dnag": b"x"}), "no run, or a damaged one"),
    ]
    for data, text in cases:
        with pytest.raises(RunArchiveError, match=text):
            import_zip(data, STORE)


# ---------------------------------------------------------------------- the store


@pytest.mark.parametrize("place", ["memory", "file"])
def test_each_owner_has_its_own_runs(results: dict[str, RunResult], tmp_path: Path, place: str) -> None:
    store = RunStore(tmp_path / "runs.sqlite" if place == "file" else None)
    result = results["nasbench201"]
    assert store.add("ann", "1", result, created=1.0) == []
    store.add("ann", "2", results["mobilenetv3"], name="mine", created=2.0)
    store.add("bob", "1", results["own"], created=3.0)
    store.add("ann", "1", results["own"], created=9.0)  # there already
    assert [(r.id, r.name, r.created) for r in store.runs("ann")] == [("2", "mine", 2.0), ("1", "", 1.0)]
    assert store.runs("eve") == [] and store.get("eve", "1", STORE) is None
    told = store.runs("ann")[1]
    assert told.settings["space"] == "nasbench201" and told.summary["distinct"] == result.unique
    again = store.get("ann", "1", STORE)
    assert again is not None
    same(result, again)
    store.rename("bob", "2", "stolen")
    store.rename("ann", "1", "  first  ")
    assert [r.name for r in store.runs("ann")] == ["mine", "first"]
    assert not store.delete("bob", "2") and store.delete("ann", "2") and len(store.runs("ann")) == 1
    store.close()
    if place == "file":
        assert len(RunStore(tmp_path / "runs.sqlite").runs("ann")) == 1


def test_the_oldest_without_a_name_make_room(results: dict[str, RunResult]) -> None:
    store = RunStore(max_runs=3)
    for number, name in enumerate(["kept", "", "", ""]):
        gone = store.add("ann", str(number), results["nasbench201"], name=name, created=float(number))
    assert gone == ["1"] and [run.id for run in store.runs("ann")] == ["3", "2", "0"]
    size = store.runs("ann")[0].size
    tight = RunStore(max_mb=1.5 * size / 2**20)
    tight.add("ann", "a", results["nasbench201"])
    assert tight.add("ann", "b", results["nasbench201"]) == ["a"]
    with pytest.raises(RunArchiveError, match="allowed: up to"):
        RunStore(max_mb=0.0001).add("ann", "a", results["nasbench201"])


def test_threads_share_a_store(results: dict[str, RunResult], tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.sqlite")

    def add(owner: str) -> None:
        for number in range(5):
            store.add(owner, str(number), results["nasbench201"])

    threads = [threading.Thread(target=add, args=(owner,)) for owner in ("ann", "bob", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(store.runs(owner)) for owner in ("ann", "bob", "eve")] == [5, 5, 5]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunArchiveError, match="runs cannot be kept in"):
        RunStore(tmp_path / "missing" / "runs.sqlite")
    (tmp_path / "text.sqlite").write_text("no database, but long enough to be looked at " * 50)
    with pytest.raises(RunArchiveError, match="runs cannot be kept in"):
        RunStore(tmp_path / "text.sqlite")

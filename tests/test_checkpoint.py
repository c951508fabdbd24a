"""Checkpoints: what is saved comes back, and what is no checkpoint is one clear error."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Generator, nn

from dnag.checkpoint import (
    DIRECTORY,
    Checkpoint,
    CheckpointError,
    installed,
    installed_names,
    load,
    read_header,
    save,
    score_network,
)
from dnag.exact import ExactDenoiser
from dnag.nets.property_predictor import PropertyPredictor, PropertyPredictorConfig
from dnag.nets.ranking_predictor import RankingPredictor, RankingPredictorConfig
from dnag.spaces import SearchSpace

SIZES = {"width": 16, "depth": 2, "heads": 2, "hidden": 16, "head": 16}


def several(space: SearchSpace) -> dict[str, nn.Module]:
    ranking = RankingPredictorConfig(8, 7, 3, space.identity_ops, space.zero_ops, width=8, hidden=8)
    guidance = PropertyPredictorConfig(space.num_nodes, space.num_ops, context=3, width=8, depth=1, condition=8)
    return {
        "ranking.0": RankingPredictor(ranking, adjacency=space.adjacency),
        "ranking.1": RankingPredictor(ranking, adjacency=space.adjacency),
        "guidance": PropertyPredictor(guidance, posterior=ExactDenoiser(space).posterior),
        "score": score_network(space, **SIZES).eval(),
    }


@pytest.fixture
def score(nasbench201, tmp_path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save(path, Checkpoint("score", "nasbench201", {"score": score_network(nasbench201, **SIZES)}, {"steps": 7}))
    return path


def rewrite(path: Path, change) -> None:
    """Write the file again with an altered header."""
    header = read_header(path)
    change(header)
    save_file(load_file(path), path, metadata={"dnag": json.dumps(header)})


def test_a_score_network_comes_back(nasbench201, tmp_path):
    network = score_network(nasbench201, **SIZES).eval()
    path = tmp_path / "new" / "folder" / "score.safetensors"
    extra = {"prediction": "denoised", "steps": 10, "nested": {"list": [1, 2.5, None, "text"]}}
    save(path, Checkpoint("score", "nasbench201", {"score": network}, extra))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    found = load(path, kind="score", space="nasbench201")
    assert (found.kind, found.space, found.extra) == ("score", "nasbench201", extra)
    again: Any = found.modules["score"]
    assert asdict(again.config) == asdict(network.config)
    x, t = torch.randn(5, 8, 7, generator=Generator().manual_seed(0)), torch.linspace(0, 1, 5)
    assert torch.equal(again(x, t), network(x, t))
    assert not again.training and not any(p.requires_grad for p in again.parameters())


def test_several_networks_come_back_each_by_its_name(nasbench201, tmp_path):
    modules = several(nasbench201)
    path = tmp_path / "predictor.safetensors"
    save(path, Checkpoint("predictor", "nasbench201", modules))
    found = load(path, kind="predictor").modules
    assert list(found) == list(modules)
    x, t = torch.rand(4, 8, 7, generator=Generator().manual_seed(1)), torch.rand(4)
    context = torch.eye(3)[[0, 1, 2, 0]]
    assert torch.equal(found["score"](x, t), modules["score"](x, t))
    values = [found[name](x, context) for name in ("ranking.0", "ranking.1")]
    assert torch.equal(values[0], modules["ranking.0"](x, context)) and not torch.equal(*values)
    assert torch.equal(values[1], modules["ranking.1"](x, context))


def test_no_checkpoint_in_this_format_is_a_pickle(score):
    content = score.read_bytes()
    assert int.from_bytes(content[:8], "little") < len(content) and content[8:9] == b"{"
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert json.loads(header["__metadata__"]["dnag"]) == read_header(score)


def test_saving_again_replaces_the_file_and_a_failure_does_not(score, nasbench201, monkeypatch):
    before = score.read_bytes()
    other = Checkpoint("score", "nasbench201", {"score": score_network(nasbench201, **SIZES)}, {"bad": object()})
    with pytest.raises(TypeError):
        save(score, other)
    monkeypatch.setattr("dnag.files.os.replace", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    other.extra.clear()
    with pytest.raises(OSError, match="disk full"):
        save(score, other)
    assert score.read_bytes() == before and list(score.parent.iterdir()) == [score]
    monkeypatch.undo()
    save(score, other)
    assert score.read_bytes() != before and load(score, kind="score").extra == {}


@pytest.mark.parametrize("start", [b"\x80", b"PK"])
def test_a_file_whose_length_looks_like_a_pickle_is_none(nasbench201, tmp_path, start):
    """A safetensors file begins with the length of its header, a multiple of 8: one in 32 begins as pickles do."""
    path, network = tmp_path / "tiny.safetensors", score_network(nasbench201, **SIZES)
    wanted = int.from_bytes(start.ljust(2, b"\x20"), "little")
    save(path, Checkpoint("score", "nasbench201", {"score": network}, {"note": ""}))
    length = int.from_bytes(path.read_bytes()[:8], "little")
    assert length < wanted
    save(path, Checkpoint("score", "nasbench201", {"score": network}, {"note": "x" * (wanted - length)}))
    assert path.read_bytes().startswith(start)
    assert load(path, kind="score").extra["note"].startswith("xxx")


def test_missing(tmp_path):
    for path in (tmp_path / "gone.safetensors", tmp_path):
        with pytest.raises(CheckpointError, match=f"no checkpoint {path.name}"):
            load(path, kind="score")


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 100, 0.5, -1])
def test_truncated(score, keep):
    content = score.read_bytes()
    score.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(CheckpointError, match=r"tiny\.safetensors is damaged or no safetensors file"):
        load(score, kind="score")


@pytest.mark.parametrize("content", [b"text", b"\0" * 64, b"\xff" * 64, b"\x08\0\0\0\0\0\0\0notjson!"])
def test_other_files(tmp_path, content):
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"other\.safetensors is damaged or no safetensors file"):
        load(path, kind="score")


class Attack:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
def test_a_pickle_is_refused_and_not_run(tmp_path, protocol):
    path, made = tmp_path / "pickle.safetensors", tmp_path / "made"
    path.write_bytes(pickle.dumps(Attack(made), protocol))
    with pytest.raises(CheckpointError, match=r"pickle\.safetensors is (a pickle|damaged)"):
        load(path, kind="score")
    assert not made.exists()
    pickle.loads(path.read_bytes())  # the attack is real
    assert made.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_of_torch_save_is_refused_and_not_run(tmp_path, zipped):
    path, made = tmp_path / "model.pt", tmp_path / "made"
    torch.save({"model": Attack(made)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        CheckpointError, match=r"model\.pt is a pickle, which could run code; allowed: dnag safetensors"
    ):
        load(path, kind="score")
    assert not made.exists()


def test_another_space(score):
    with pytest.raises(CheckpointError, match=r"tiny.* belongs to search space 'nasbench201'; wanted: 'mobilenetv3'"):
        load(score, kind="score", space="mobilenetv3")


def test_another_kind(score):
    with pytest.raises(CheckpointError, match=r"tiny\.safetensors is a 'score' checkpoint; wanted: 'predictor'"):
        load(score, kind="predictor")


def test_no_header(tmp_path):
    path = tmp_path / "plain.safetensors"
    save_file({"weight": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match=r"plain\.safetensors is a safetensors file without a dnag header"):
        load(path, kind="score")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "has a damaged header"),
        ("[]", r"has format \[\]; this version reads format 1"),
        ("{}", "has format None; this version reads format 1"),
        ('{"format": 2}', "has format 2; this version reads format 1"),
        ('{"format": 1}', "has a header without kind, space, modules, extra"),
        ('{"format": 1, "kind": "score", "space": "nasbench201", "extra": {}}', "has a header without modules"),
        (
            '{"format": 1, "kind": "score", "space": "x", "modules": {}, "extra": {}}',
            "unknown search space 'x'; allowed: ",
        ),
        ('{"format": 1, "kind": "score", "space": [], "modules": {}, "extra": {}}', r"unknown search space \[\]"),
        (
            '{"format": 1, "kind": "score", "space": "", "extra": {}, '
            '"modules": {"score": {"class": "ScoreNetwork", "config": {}}}}',
            "needs a search space; the file names none",
        ),
        (
            '{"format": 1, "kind": "score", "space": "nasbench201", "modules": 5, "extra": {}}',
            "does not hold the weights",
        ),
    ],
)
def test_bad_headers(tmp_path, text, message):
    path = tmp_path / "odd.safetensors"
    save_file({"score/weight": torch.ones(2)}, path, metadata={"dnag": text})
    with pytest.raises(CheckpointError, match=rf"odd\.safetensors.*{message}"):
        load(path, kind="score")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda module: module.update({"class": "Module"}), "unknown network class 'Module'; allowed: ScoreNetwork"),
        (lambda module: module.pop("config"), "config"),
        (lambda module: module["config"].update({"width": 32}), "size mismatch"),
        (lambda module: module["config"].update({"depth": 3}), "Missing key"),
        (lambda module: module["config"].update({"colour": 1}), "colour"),
        (lambda module: module["config"].update({"heads": 3}), "not a multiple of heads"),
    ],
)
def test_a_header_that_describes_other_weights(score, change, message):
    rewrite(score, lambda header: change(header["modules"]["score"]))
    with pytest.raises(CheckpointError, match=rf"(?s)tiny\.safetensors does not hold the weights .*{message}"):
        load(score, kind="score")


def test_a_module_without_weights(score):
    rewrite(score, lambda header: header["modules"].update(second=header["modules"]["score"]))
    with pytest.raises(CheckpointError, match="does not hold the weights"):
        load(score, kind="score")


def test_installed_lists_what_can_be_read(score, tmp_path):
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    (tmp_path / "card.md").write_text("# a card")
    (tmp_path / "gone.safetensors").symlink_to("nowhere")
    (tmp_path / "folder.safetensors").mkdir()
    found = installed(tmp_path)
    assert list(found) == ["tiny"] and found["tiny"]["kind"] == "score" and found["tiny"]["extra"] == {"steps": 7}
    assert installed(tmp_path / "nowhere") == {}


def test_installed_names_are_those_of_a_kind_and_a_space():
    assert installed_names("score", "nasbench201") == ["nasbench201-score-half", "nasbench201-score"]
    assert set(installed_names("score")) == {"mobilenetv3-score", *installed_names("score", "nasbench201")}
    assert installed_names("score", "nowhere") == installed_names("nothing") == []


def test_what_is_installed_later_is_seen(score, tmp_path):
    assert list(installed(tmp_path)) == ["tiny"]
    (tmp_path / "more.safetensors").write_bytes(score.read_bytes())
    assert list(installed(tmp_path)) == ["more", "tiny"]
    score.unlink()
    assert list(installed(tmp_path)) == ["more"]


@pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*.safetensors")), ids=lambda path: path.stem)
def test_the_shipped_checkpoints_load(path):
    header = read_header(path)
    found = load(path, kind=header["kind"], space=header["space"])
    assert list(found.modules) == list(header["modules"])
    for module in found.modules.values():
        assert all(bool(value.isfinite().all()) for value in module.state_dict().values())
    assert path.stat().st_size <= 5_000_000

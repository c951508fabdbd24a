"""The trainer: what it minimises, and that a run which was broken off ends as one that was not."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from dnag.files import discard, write_aside
from dnag.training import TrainConfig, TrainProgress, train

CONFIG = TrainConfig(steps=60, lr=1e-2, warmup=5, ema_decay=0.9, weight_decay=0.01, seed=3, save_every=20)


class StopError(Exception):
    """Breaks a run off."""


def network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.BatchNorm1d(16), nn.Linear(16, 1))


def loss(module, generator):
    x = torch.randn(32, 3, generator=generator)
    return (module(x).squeeze(1) - x.prod(1)).square()


def weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def stop_at(step: int):
    def callback(progress: TrainProgress) -> None:
        if progress.step == step:
            raise StopError

    return callback


def assert_same(first: nn.Module, second: nn.Module) -> None:
    for (name, a), (other, b) in zip(first.state_dict().items(), second.state_dict().items(), strict=True):
        assert name == other and torch.equal(a, b), name


def test_training_lowers_the_loss_and_tells_how():
    told: list[TrainProgress] = []
    module = network()
    before = weights(module)
    result = train(module, loss, replace(CONFIG, steps=400), callback=told.append)
    assert [p.step for p in told] == list(range(1, 401)) and {p.total for p in told} == {400}
    assert sum(p.loss for p in told[-40:]) < 0.5 * sum(p.loss for p in told[:40])
    assert not torch.equal(before["0.weight"], module.state_dict()["0.weight"])
    assert not result.module.training and not any(p.requires_grad for p in result.module.parameters())


def test_the_result_is_the_average_not_the_last_weights():
    module = network()
    result = train(module, loss, CONFIG)
    assert not torch.equal(result.module.state_dict()["0.weight"], module.state_dict()["0.weight"])
    near = train(network(), loss, replace(CONFIG, ema_decay=0.0))
    assert torch.equal(near.module.state_dict()["0.weight"], module.state_dict()["0.weight"])


def test_the_curve_averages_the_losses_between_its_points():
    told: list[float] = []
    result = train(network(), loss, CONFIG, callback=lambda p: told.append(p.loss), curve_points=7)
    every = 60 // 7
    assert [step for step, _ in result.curve] == [*range(every, 60, every), 60]
    begin = 0
    for step, value in result.curve:
        assert value == pytest.approx(sum(told[begin:step]) / (step - begin))
        begin = step


def test_the_same_seed_gives_the_same_bits_and_the_global_generator_plays_no_part():
    first = train(network(), loss, CONFIG)
    torch.rand(3)
    before = torch.get_rng_state()
    assert_same(first.module, train(network(), loss, CONFIG).module)
    assert torch.equal(torch.get_rng_state(), before)
    other = train(network(), loss, replace(CONFIG, seed=4))
    assert not torch.equal(first.module.state_dict()["0.weight"], other.module.state_dict()["0.weight"])


@pytest.mark.parametrize("stops", [(19,), (20,), (47,), (25, 45), (21, 30, 41, 59)])
def test_a_run_broken_off_and_resumed_ends_with_the_same_bits(tmp_path, stops):
    path = tmp_path / "state.pt"
    whole = train(network(), loss, CONFIG, curve_points=6)
    for stop in stops:
        with pytest.raises(StopError):
            train(network(), loss, CONFIG, state_path=path, callback=stop_at(stop), curve_points=6)
        assert path.exists() == (stop >= 20)
    module, told = network(), []
    result = train(module, loss, CONFIG, state_path=path, callback=lambda p: told.append(p.step), curve_points=6)
    assert told == list(range(stops[-1] // 20 * 20 + 1, 61))
    assert_same(result.module, whole.module)
    assert result.curve == whole.curve
    assert list(tmp_path.iterdir()) == []  # the state is of no more use, and nothing else was left


def test_a_state_of_other_settings_is_refused_and_kept(tmp_path):
    path = tmp_path / "state.pt"
    with pytest.raises(StopError):
        train(network(), loss, CONFIG, state_path=path, callback=stop_at(30))
    content = path.read_bytes()
    for change in ({"seed": 9}, {"steps": 70}, {"lr": 0.5}, {"save_every": 10}):
        with pytest.raises(ValueError, match=r"state\.pt belongs to other settings .*; remove it to start afresh"):
            train(network(), loss, replace(CONFIG, **change), state_path=path)
    assert path.read_bytes() == content


def test_a_state_is_read_without_unpickling_objects(tmp_path):
    path, made = tmp_path / "state.pt", tmp_path / "made"

    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(made),)

    torch.save({"config": asdict(CONFIG), "module": Attack()}, path)
    with pytest.raises(Exception, match="mkdir"):
        train(network(), loss, CONFIG, state_path=path)
    assert not made.exists()


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "folder" / "file"
    write_aside(path, lambda aside: aside.write_text("old"))

    def fail(aside: Path) -> None:
        aside.write_text("half of the n")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_aside(path, fail)
    assert path.read_text() == "old" and [p.name for p in path.parent.iterdir()] == ["file"]
    write_aside(path, lambda aside: aside.write_text("new"))
    assert path.read_text() == "new" and [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_state_that_cannot_be_written_leaves_the_last_one(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    save, calls = torch.save, 0

    def failing(state, file):
        nonlocal calls
        calls += 1
        if calls == 2:
            Path(file).write_bytes(b"half")
            raise OSError("disk full")
        save(state, file)

    monkeypatch.setattr(torch, "save", failing)
    with pytest.raises(OSError, match="disk full"):
        train(network(), loss, CONFIG, state_path=path)
    assert torch.load(path, weights_only=True)["step"] == 20
    assert_same(train(network(), loss, CONFIG, state_path=path).module, train(network(), loss, CONFIG).module)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_state(tmp_path):
    path = tmp_path / "state.pt"
    calls = 0

    def breaking(module, generator):
        nonlocal calls
        calls += 1
        return loss(module, generator) * (float("nan") if calls == 33 else 1.0)

    with pytest.raises(FloatingPointError, match="loss is nan at step 33"):
        train(network(), breaking, CONFIG, state_path=path)
    state = torch.load(path, weights_only=True)
    assert state["step"] == 20
    assert all(bool(value.isfinite().all()) for value in state["module"].values())


def test_the_learning_rate_warms_up_and_decays():
    config = TrainConfig(steps=100, warmup=10)
    rates = [config.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) <= 1
    assert rates[:10] == sorted(rates[:10]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[50] == pytest.approx(0.5) and 0 < rates[-1] < 0.001
    assert TrainConfig(steps=10, warmup=0).rate(0) == 1


def test_gradients_are_clipped():
    module = nn.Linear(1, 1)
    start = weights(module)
    train(module, lambda m, g: 1e6 * m(torch.ones(1, 1)), TrainConfig(steps=1, lr=0.1, warmup=1, clip=0.01))
    assert float((module.weight.detach() - start["weight"]).abs()) <= 0.1 + 1e-6
    assert module.weight.grad is not None and float(module.weight.grad.abs()) <= 0.01


@pytest.mark.parametrize("steps", [0, -5])
def test_bad_lengths(steps):
    with pytest.raises(ValueError, match=f"steps is {steps}; allowed: 1 or more"):
        TrainConfig(steps=steps)


def test_what_a_killed_writer_left_goes_with_the_file(tmp_path):
    path, other = tmp_path / "a.state", tmp_path / ".b.state.7.part"
    for file in (path, tmp_path / ".a.state.7.part", other):
        file.write_text("x")
    discard(path)
    discard(path)  # there need not be one
    assert list(tmp_path.iterdir()) == [other]

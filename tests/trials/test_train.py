"""One trial: it learns, its seed decides everything, and being broken off changes nothing."""

import os
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from dnag.progress import Cancelled
from dnag.spaces.base import spaces
from dnag.trials import train as module_under_test
from dnag.trials.runner import network
from dnag.trials.train import resolve_precision, train_candidate

CELL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
EMPTY = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
SMALL = "_".join(["2-3-3", "2-3-3", "0-0-0", "0-0-0"] * 5)


class BreakError(Exception):
    """Breaks a trial off."""


def make(text, recipe, data):
    space = spaces["nasbench201" if "|" in text else "mobilenetv3"]()
    return partial(network, space, text, recipe, data)


def trained(data, recipe, seed=777, text=CELL, **more):
    return train_candidate(make(text, recipe, data), data, recipe, seed, **more)


def same(first, second):
    assert first == second
    for (name, a), b in zip(first.module.state_dict().items(), second.module.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize(("text", "epochs"), [(CELL, 8), (SMALL, 12)])
def test_a_small_network_of_either_space_learns(data, recipe, text, epochs):
    told = []
    result = trained(data, replace(recipe, epochs=epochs, cutout=0), text=text, progress=told.append)
    assert result.accuracy_pct == result.curve[-1].test_accuracy_pct >= 90
    assert result.curve[-1].train_loss < 0.5 * result.curve[0].train_loss
    assert [point.epoch for point in result.curve] == list(range(1, epochs + 1))
    assert [p.point for p in told if p.point is not None] == list(result.curve)
    assert [(p.epoch, p.step) for p in told if p.point is None] == [
        (e, s) for e in range(1, epochs + 1) for s in range(1, 7)
    ]
    assert {(p.epochs, p.steps) for p in told} == {(epochs, 6)}
    assert result.seconds >= sum(point.seconds for point in result.curve) * 0.9 > 0
    assert not result.module.training


def test_the_seed_decides_everything_and_the_global_generator_plays_no_part(data, recipe):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = trained(data, recipe)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    same(trained(data, recipe), first)
    assert trained(data, recipe, seed=888).curve != first.curve


@pytest.mark.parametrize("step", [1, 6, 7, 16])
def test_a_cancelled_trial_goes_on_to_the_bit(data, recipe, tmp_path, step):
    whole, path, asked = trained(data, recipe), tmp_path / "trial.pt", iter(range(1, 100))
    with pytest.raises(Cancelled):
        trained(data, recipe, checkpoint_path=path, cancelled=lambda: next(asked) > step)
    assert path.exists()
    told = []
    same(trained(data, recipe, checkpoint_path=path, progress=told.append), whole)
    done_before = step // 6 * 6 + step % 6
    assert sum(p.point is None for p in told) == 24 - done_before
    assert path.exists(), "only the caller knows when the result is safe"
    same(trained(data, recipe, checkpoint_path=path), whole)


def test_a_broken_trial_goes_on_from_its_last_state(data, recipe, tmp_path, monkeypatch):
    whole, path = trained(data, recipe), tmp_path / "trial.pt"
    for at in ((1, 3), (2, 2), (3, 5)):  # as by a kill, three times

        def stop(progress, at=at):
            if progress.point is None and (progress.epoch, progress.step) == at:
                raise BreakError

        with pytest.raises(BreakError):
            trained(data, recipe, checkpoint_path=path, progress=stop)
    monkeypatch.setattr(module_under_test, "SAVE_S", 0.0)  # a state after every step
    with pytest.raises(BreakError):
        trained(data, recipe, checkpoint_path=path, progress=stop)
    told = []
    same(trained(data, recipe, checkpoint_path=path, progress=told.append), whole)
    assert (told[0].epoch, told[0].step) == (3, 5)
    assert os.listdir(tmp_path) == ["trial.pt"], "states are written aside and renamed"


def test_a_cell_without_any_operation_is_trained_as_well(data, recipe):
    result = trained(data, recipe, text=EMPTY)
    assert 0 <= result.accuracy_pct <= 100


def test_no_batch_holds_a_single_image(data, recipe):
    few = replace(data, train_images=data.train_images[:5], train_labels=data.train_labels[:5])
    told = []
    trained(few, replace(recipe, epochs=1, batch_size=2, warmup=0.0), text=SMALL, progress=told.append)
    assert told[0].steps == 2


def test_bfloat16_and_clipping_train_too(data, recipe):
    plain = replace(recipe, epochs=6, cutout=0)
    rough = trained(data, replace(plain, precision="bfloat16"))
    assert rough.curve != trained(data, plain).curve and rough.accuracy_pct >= 60
    assert trained(data, replace(recipe, clip=0.01)).curve != trained(data, recipe).curve


@pytest.mark.parametrize(
    ("name", "device", "allowed"),
    [
        ("float16", "cpu", "auto, float32, bfloat16"),
        ("float16", "mps", "auto, float32"),
        ("bfloat16", "mps", "auto, float32"),
    ],
)
def test_a_precision_the_device_lacks_is_named(name, device, allowed):
    with pytest.raises(ValueError, match=f"precision is '{name}' on {device}; allowed there: {allowed}$"):
        resolve_precision(name, torch.device(device))


def test_auto_precision(monkeypatch):
    assert resolve_precision("auto", torch.device("cpu")) == torch.float32
    for there, wanted in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda there=there, **_: there)
        assert resolve_precision("auto", torch.device("cuda")) == wanted


def test_foreign_states_are_refused(data, recipe, tmp_path):
    path, asked = tmp_path / "trial.pt", iter(range(100))
    with pytest.raises(Cancelled):
        trained(data, recipe, checkpoint_path=path, cancelled=lambda: next(asked) > 2)
    for changes, what in (
        ({"recipe": replace(recipe, lr=0.2)}, "recipe"),
        ({"seed": 1}, "seed"),
        ({"data": replace(data, class_names=("a", "b", "c"))}, "data"),
        ({"text": EMPTY}, "network"),
    ):
        with pytest.raises(ValueError, match=f"trial.pt belongs to another {what}"):
            trained(**{"data": data, "recipe": recipe, "checkpoint_path": path, **changes})
    for content in (path.read_bytes()[:200], b"", b"text"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"trial\.pt is no state of a trial; remove it to start afresh"):
            trained(data, recipe, checkpoint_path=path)
    torch.save([1], path)
    with pytest.raises(ValueError, match=r"trial\.pt is no state of a trial"):
        trained(data, recipe, checkpoint_path=path)


class Diverging(nn.Module):
    """Fine at first, then not a number."""

    def __init__(self):
        super().__init__()
        self.layer, self.calls = nn.Linear(3, 3), 0

    def forward(self, x):
        self.calls += self.training
        return self.layer(x.mean((2, 3))) * (1.0 if self.calls <= 8 else float("nan"))


def test_a_loss_that_is_no_number_ends_the_trial_with_the_good_state_kept(data, recipe, tmp_path):
    path = tmp_path / "trial.pt"
    with pytest.raises(FloatingPointError, match="loss is nan in epoch 2; the last good state is kept"):
        train_candidate(Diverging, data, recipe, 777, checkpoint_path=path)
    state = torch.load(path, weights_only=True)
    assert state["epoch"] == 1 and all(bool(value.isfinite().all()) for value in state["module"].values())

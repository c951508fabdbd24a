"""The moving average of weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from dnag.ema import EMA


def module(value: float) -> Any:
    made: Any = nn.BatchNorm1d(2)
    with torch.no_grad():
        made.weight.fill_(value)
        made.running_mean.fill_(value)
    return made


def shadow(ema: EMA) -> Any:
    return ema.module


def test_it_follows_the_formula_with_its_warm_up():
    followed = module(0.0)
    ema = EMA(followed, decay=0.3)
    expected = 0.0
    for n, value in enumerate([1.0, -2.0, 5.0, 3.0, 8.0, 1.0], start=1):
        decay = min(0.3, (1 + n) / (10 + n))
        assert (decay == 0.3) == (n >= 3)  # both regimes are met
        expected = decay * expected + (1 - decay) * value
        ema.update(module(value))
        assert shadow(ema).weight.tolist() == pytest.approx([expected] * 2, rel=1e-6)
    assert ema.updates == 6


def test_buffers_are_copied_not_averaged():
    ema = EMA(module(0.0))
    ema.update(module(4.0))
    assert shadow(ema).running_mean.tolist() == [4.0, 4.0]
    ema.update(module(7.0))
    assert shadow(ema).running_mean.tolist() == [7.0, 7.0]


def test_the_two_modules_are_apart():
    followed = module(1.0)
    followed.train()
    ema = EMA(followed, 0.5)
    ema.update(module(3.0))
    assert followed.weight.tolist() == [1.0, 1.0] and followed.weight.requires_grad and followed.training
    assert not shadow(ema).training
    assert not any(parameter.requires_grad for parameter in shadow(ema).parameters())
    with torch.no_grad():
        followed.weight.fill_(100.0)
    assert float(shadow(ema).weight.max()) < 4


def test_a_module_of_another_form_is_refused():
    with pytest.raises(ValueError, match=r"zip\(\)"):
        EMA(module(0.0)).update(nn.LayerNorm(2, bias=False))


@pytest.mark.parametrize("decay", [-0.1, 1.0, 2.0, float("nan")])
def test_bad_decays(decay):
    with pytest.raises(ValueError, match=r"EMA decay is .*; allowed: 0 <= decay < 1"):
        EMA(module(0.0), decay)

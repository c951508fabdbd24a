"""Broadcasting, centring, and noise that does not depend on the batch."""

from __future__ import annotations

import pytest
import torch
from torch import Generator

from dnag.tensors import Noise, centre, expand, sample_seeds, uncentre


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 4, 5), (3, 1, 2, 6)])
def test_expand_broadcasts_over_the_batch(shape):
    values, like = torch.tensor([1.0, 2.0, 3.0]), torch.ones(shape)
    product = expand(values, like) * like
    assert product.shape == shape
    for value, row in zip(values, product, strict=True):
        assert bool((row == value).all())


def test_centre_and_back():
    onehot = torch.eye(5)
    assert set(centre(onehot).unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(uncentre(centre(onehot)), onehot)


def test_the_first_seeds_are_the_same_whatever_the_count():
    many = sample_seeds(Generator().manual_seed(3), 100)
    few = sample_seeds(Generator().manual_seed(3), 7)
    assert many.dtype == torch.int64 and torch.equal(many[:7], few)
    assert len(set(many.tolist())) == 100
    assert not torch.equal(sample_seeds(Generator().manual_seed(4), 7), few)


def test_noise_is_standard_normal_and_every_draw_is_new():
    noise = Noise.from_generator(Generator().manual_seed(0), (200, 4, 5))
    draws = torch.stack([noise() for _ in range(40)])  # more than are made ahead at a time
    assert noise.shape == (200, 4, 5) and draws.shape == (40, 200, 4, 5)
    count = draws.numel()
    assert abs(float(draws.mean())) < 4 / count**0.5
    assert abs(float(draws.var()) - 1) < 4 * (2 / count) ** 0.5
    assert abs(float((draws**4).mean()) - 3) < 4 * (96 / count) ** 0.5
    assert len(draws.flatten().unique()) > 0.99 * count  # neither samples nor draws repeat


def test_noise_of_a_sample_does_not_depend_on_its_batch():
    seeds = sample_seeds(Generator().manual_seed(1), 6)
    together = Noise(seeds, (2, 3))
    apart = [Noise(part, (2, 3)) for part in seeds.split([1, 3, 2])]
    for _ in range(20):
        assert torch.equal(together(), torch.cat([part() for part in apart]))


def test_the_same_generator_gives_the_same_bits_and_the_global_one_plays_no_part():
    first = Noise.from_generator(Generator().manual_seed(2), (3, 2))
    before = torch.get_rng_state()
    draws = [first() for _ in range(18)]
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)
    again = Noise.from_generator(Generator().manual_seed(2), (3, 2))
    assert all(torch.equal(draw, again()) for draw in draws)


def test_noise_is_made_on_the_cpu_and_moved():
    assert Noise(torch.tensor([1]), (2,), "meta")().device.type == "meta"
    assert Noise(torch.tensor([1]), (2,))().device.type == "cpu"

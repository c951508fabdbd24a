"""Figures of merit against values worked out by other means."""

import pytest
import torch
from scipy import stats
from torch import Generator

from dnag.metrics import (
    expected_uniqueness,
    novelty,
    operation_frequencies,
    spearman,
    total_variation,
    training_frequencies,
)
from dnag.spaces import Architecture, spaces


@pytest.mark.parametrize("name", sorted(spaces))
def test_drawn_frequencies_approach_the_exact_ones(name):
    space = spaces[name]()
    drawn = operation_frequencies(space.sample_ops(20_000, Generator().manual_seed(0)), space.num_ops)
    expected = training_frequencies(space)
    torch.testing.assert_close(expected.sum(1), torch.ones(space.num_nodes, dtype=torch.double))
    assert float(total_variation(drawn, expected).max()) < 0.02


def test_expected_uniqueness_of_a_uniform_space_is_the_closed_form():
    uniform = torch.full((15_625,), 1 / 15_625)
    assert expected_uniqueness(uniform, 1024) == pytest.approx(15_625 / 1024 * (1 - (1 - 1 / 15_625) ** 1024), rel=1e-6)
    assert expected_uniqueness(uniform, 1024) == pytest.approx(0.968, abs=5e-4)
    assert expected_uniqueness(torch.tensor([1.0]), 10) == pytest.approx(0.1)


def test_spearman_agrees_with_scipy_with_and_without_ties():
    generator = Generator().manual_seed(1)
    a, b = torch.randn(200, generator=generator), torch.randn(200, generator=generator)
    assert spearman(a, a + b) == pytest.approx(stats.spearmanr(a, a + b).statistic)
    coarse = (2 * a).round()
    assert spearman(coarse, b) == pytest.approx(stats.spearmanr(coarse, b).statistic)


def test_spearman_of_too_little_is_none():
    assert spearman([1.0, 2.0], [1.0, 2.0]) is None
    assert spearman([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None


def test_novelty_counts_distinct_architectures():
    a, b, c = (Architecture("s", (i,)) for i in range(3))
    assert novelty([a, a, b], [b, c]) == 0.5
    assert novelty([], [a]) == 0.0

"""Searches to compare with: they ask as often as they say, and the chains end where they should."""

import pytest
import torch
from torch import Generator

from dnag.search import random_search, regularized_evolution, tempered_chains
from dnag.spaces import spaces


def value_fn(space):
    weights = torch.randn(space.num_nodes, space.num_ops, generator=Generator().manual_seed(7))
    return lambda ops: (space.encode_ops(ops) * weights).sum((1, 2))


@pytest.mark.parametrize("name", sorted(spaces))
@pytest.mark.parametrize("calls", [20, 120])
def test_a_search_asks_as_often_as_it_says(name, calls):
    space = spaces[name]()
    for found in (
        random_search(space, value_fn(space), calls, Generator().manual_seed(0)),
        regularized_evolution(space, value_fn(space), calls, 0),
    ):
        assert found.ops.shape == (calls, space.num_nodes)
        assert all(space.check(row) is None for row in found.ops.tolist())
        torch.testing.assert_close(found.values, value_fn(space)(found.ops))
        assert found.best == float(found.values.max())


@pytest.mark.parametrize("name", sorted(spaces))
def test_evolution_finds_better_than_drawing(name):
    space = spaces[name]()
    drawn = [random_search(space, value_fn(space), 300, Generator().manual_seed(s)).best for s in range(3)]
    evolved = [regularized_evolution(space, value_fn(space), 300, s).best for s in range(3)]
    assert sum(evolved) > sum(drawn)
    assert evolved[0] == regularized_evolution(space, value_fn(space), 300, 0).best


@pytest.mark.parametrize("name", sorted(spaces))
def test_chains_end_in_the_tilted_distribution(name):
    space = spaces[name]()
    ask = value_fn(space)
    found = tempered_chains(space, ask, 0.5, 400, Generator().manual_seed(0), moves=400)
    weights = torch.randn(space.num_nodes, space.num_ops, generator=Generator().manual_seed(7))
    mean = 0.0  # in closed form, as the value adds up over factors
    for factor in space.factors:
        worth = (space.encode_ops(factor.choices) * weights[list(factor.nodes)]).sum((1, 2))
        mean += float((factor.log_weights + 0.5 * worth).softmax(0) @ worth)
    assert float(found.values.mean()) == pytest.approx(mean, abs=4 * float(found.values.std()) / 20)

"""Additive properties: exact for costs, refused for what does not add up."""

import pytest
import torch
from torch import Generator

from dnag.additive import Additive, NotAdditiveError
from dnag.spaces import spaces


@pytest.mark.parametrize("name", sorted(spaces))
@pytest.mark.parametrize("cost", ["macs_m", "params_m"])
def test_costs_add_up_over_nodes(name, cost):
    space = spaces[name]()
    additive = Additive.of(space, lambda arch: getattr(space.cost(arch), cost))
    archs = space.sample(100, Generator().manual_seed(5))
    exact = torch.tensor([getattr(space.cost(arch), cost) for arch in archs])
    torch.testing.assert_close(additive(torch.tensor([arch.ops for arch in archs])), exact, rtol=1e-6, atol=1e-5)


def test_the_range_is_that_of_the_whole_space():
    space = spaces["nasbench201"]()
    additive = Additive.of(space, lambda arch: space.cost(arch).macs_m)
    every = additive(space.all_ops)
    assert additive.range(space) == pytest.approx((float(every.min()), float(every.max())), rel=1e-6)
    assert additive.range(space) == pytest.approx((7.78304, 220.11968), abs=1e-4)


def test_what_does_not_add_up_is_refused():
    space = spaces["nasbench201"]()
    with pytest.raises(NotAdditiveError, match="does not add up over the nodes of nasbench201"):
        Additive.of(space, lambda arch: float(space.disconnected(arch)))


def test_a_fit_finds_the_additive_part_of_noisy_values():
    space = spaces["mobilenetv3"]()
    generator = Generator().manual_seed(0)
    ops = space.sample_ops(4000, generator)
    true = Additive(3.0, torch.randn(20, 9, generator=generator))
    fitted = Additive.fit(space, ops, true(ops) + 0.1 * torch.randn(4000, generator=generator))
    fresh = space.sample_ops(500, generator)
    assert float((fitted(fresh) - true(fresh)).abs().mean()) < 0.03

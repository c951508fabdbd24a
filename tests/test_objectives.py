"""Contract of every objective: finite gradients, and a step along them raises the value."""

import math

import pytest
import torch

from dnag.additive import Additive
from dnag.exact import ExactDenoiser
from dnag.guidance import gradient
from dnag.objectives import ObjectiveContext, objectives
from dnag.objectives.cost_budget import CostBudget
from dnag.objectives.predicted_property import PredictedProperty
from dnag.objectives.weighted_sum import WeightedSum
from dnag.registry import from_config, to_config
from dnag.spaces import spaces
from dnag.tensors import centre

SPACE = spaces["nasbench201"]()
BOTH = WeightedSum(((2.0, PredictedProperty(certainty_scale=2.0)), (1.0, CostBudget("macs_m", 60.0))))
MACS = Additive.of(SPACE, lambda arch: SPACE.cost(arch).macs_m)
DENOISER = ExactDenoiser(SPACE)


def _property(scale):
    weights = torch.linspace(-1, 1, SPACE.num_nodes * SPACE.num_ops)
    return lambda x, t: torch.tanh(x.flatten(1) @ weights / 10) * (1 + scale) - t


CONTEXT = ObjectiveContext(SPACE, {"accuracy": _property}, {"macs_m": MACS}, DENOISER.posterior)
EVERY = [*(objectives[name]() for name in sorted(objectives)), BOTH]


@pytest.mark.parametrize("objective", EVERY, ids=lambda objective: objective.name)
@pytest.mark.parametrize("time", [0.01, 0.5, 1.0])
def test_a_small_step_along_the_gradient_raises_the_value(objective, time):
    bound = objective.bind(CONTEXT)
    generator = torch.Generator().manual_seed(0)
    x0 = centre(SPACE.encode_ops(SPACE.sample_ops(6, generator)))
    x, t = x0 + time * torch.randn(x0.shape, generator=generator), torch.full((6,), time)
    slope = gradient(bound, x, t)
    assert bool(slope.isfinite().all())
    step = 1e-4 * slope / slope.flatten(1).norm(dim=1).clamp_min(1e-9)[:, None, None]
    gain = bound(x + step, t) - bound(x, t)
    assert bool((gain > -1e-6).all())  # a budget that is kept anyway has nothing to gain
    assert time == 0.01 or float(gain.sum()) > 0  # there, every operation is decided


@pytest.mark.parametrize("objective", EVERY, ids=lambda objective: objective.name)
def test_an_objective_survives_its_config(objective):
    assert from_config(objectives, to_config(objective)) == objective


def test_an_unknown_property_is_named():
    with pytest.raises(ValueError, match="unknown property 'speed'; allowed: accuracy"):
        CONTEXT.property("speed", 0.0)
    with pytest.raises(ValueError, match="unknown property 'speed'; allowed: macs_m"):
        CostBudget("speed").bind(CONTEXT)


@pytest.mark.parametrize("limit", [20.0, 60.0, 100.0, 180.0])
@pytest.mark.parametrize("level", [0.3, 0.7, 1.5, 5.0])
def test_a_budget_is_the_log_probability_of_keeping_it(limit, level):
    generator = torch.Generator().manual_seed(2)
    x0 = centre(SPACE.encode_ops(SPACE.sample_ops(16, generator)))
    y, t = x0 + level * torch.randn(x0.shape, generator=generator), torch.full((16,), level)
    value = CostBudget("macs_m", limit, softness=0.05, margin=0.0).bind(CONTEXT)(y, t)
    cells, costs = centre(SPACE.encode_ops(SPACE.all_ops)).double(), MACS(SPACE.all_ops).double()
    posterior = (torch.einsum("bnf,anf->ba", y.double(), cells) / level**2).log_softmax(1)  # all cells weigh the same
    kept = torch.special.log_ndtr((limit - costs) / (0.05 * limit))
    exact = (posterior + kept).logsumexp(1)
    likely = exact > -12  # beyond, both say no in their own way
    assert bool(likely.any())
    torch.testing.assert_close(value[likely].double(), exact[likely], rtol=0.1, atol=0.8)


def test_several_standard_deviations_out_the_tail_is_that_of_the_sum_and_not_of_a_normal_distribution():
    y, t = torch.zeros(1, SPACE.num_nodes, SPACE.num_ops), torch.tensor([50.0])  # nothing is known
    found = float(CostBudget("macs_m", 15.0, softness=0.05, margin=0.0).bind(CONTEXT)(y, t))
    kept = torch.special.log_ndtr((15.0 - MACS(SPACE.all_ops).double()) / 0.75)
    assert found == pytest.approx(float(kept.logsumexp(0)) - math.log(SPACE.size), abs=0.8)


def test_a_budget_far_out_of_reach_still_has_a_gradient():
    x0 = centre(SPACE.encode_ops(torch.tensor([[0, 5, 5, 5, 5, 5, 5, 1]])))  # the dearest cell
    budget = CostBudget("macs_m", limit=1.0, softness=1e-4).bind(CONTEXT)
    slope = gradient(budget, x0, torch.tensor([1.0]))
    assert bool(slope.isfinite().all())
    assert float((slope[0, 1:7] * MACS.weights[1:7]).sum()) < 0  # towards cheaper operations


def test_a_weighted_sum_is_the_sum():
    x = torch.randn(4, SPACE.num_nodes, SPACE.num_ops, generator=torch.Generator().manual_seed(1))
    t = torch.full((4,), 0.5)
    parts = [weight * term.bind(CONTEXT)(x, t) for weight, term in BOTH.terms]
    torch.testing.assert_close(BOTH.bind(CONTEXT)(x, t), parts[0] + parts[1])


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="budget of macs_m is -3"):
        CostBudget("macs_m", -3)
    with pytest.raises(ValueError, match="no objectives"):
        WeightedSum(())

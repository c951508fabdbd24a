"""Contract of every objective: finite gradients, and a step along them raises the value."""

import math

import pytest
import torch

from dnag.guidance import gradient
from dnag.objectives import ObjectiveContext, objectives
from dnag.objectives.cost_budget import CostBudget
from dnag.objectives.predicted_property import PredictedProperty
from dnag.objectives.weighted_sum import WeightedSum
from dnag.registry import from_config, to_config
from dnag.spaces import spaces

SPACE = spaces["nasbench201"]()
BOTH = WeightedSum(((2.0, PredictedProperty(certainty_scale=2.0)), (1.0, CostBudget("macs_m", 1.0))))


def _property(scale):
    weights = torch.linspace(-1, 1, SPACE.num_nodes * SPACE.num_ops)
    return lambda x, t: torch.tanh(x.flatten(1) @ weights / 10) * (1 + scale) - t


def _moments(x, t):
    return 100 + 3 * x.flatten(1).mean(1), 4 * t**2


CONTEXT = ObjectiveContext(SPACE, {"accuracy": _property}, {"macs_m": _moments})
EVERY = [*(objectives[name]() for name in sorted(objectives)), BOTH]


@pytest.mark.parametrize("objective", EVERY, ids=lambda objective: objective.name)
@pytest.mark.parametrize("time", [0.01, 0.5, 1.0])
def test_a_small_step_along_the_gradient_raises_the_value(objective, time):
    bound = objective.bind(CONTEXT)
    x = torch.randn(6, SPACE.num_nodes, SPACE.num_ops, generator=torch.Generator().manual_seed(0))
    t = torch.full((6,), time)
    slope = gradient(bound, x, t)
    assert bool(slope.isfinite().all())
    assert bool((bound(x + 1e-2 * slope, t) > bound(x, t)).all())


@pytest.mark.parametrize("objective", EVERY, ids=lambda objective: objective.name)
def test_an_objective_survives_its_config(objective):
    assert from_config(objectives, to_config(objective)) == objective


def test_an_unknown_property_is_named():
    with pytest.raises(ValueError, match="unknown property 'speed'; allowed: accuracy"):
        CONTEXT.property("speed", 0.0)
    with pytest.raises(ValueError, match="unknown property 'speed'; allowed: macs_m"):
        CostBudget("speed").bind(CONTEXT)


def test_a_budget_is_the_log_probability_of_keeping_it():
    x, t = torch.zeros(3, SPACE.num_nodes, SPACE.num_ops), torch.tensor([0.5, 1.0, 2.0])
    value = CostBudget("macs_m", limit=99.0, softness=0.01).bind(CONTEXT)(x, t)
    deviation = [math.hypot(2 * time, 0.99) for time in t.tolist()]
    expected = [math.log(0.5 * math.erfc(1.0 / (sigma * math.sqrt(2)))) for sigma in deviation]
    assert value.tolist() == pytest.approx(expected, rel=1e-4)


def test_a_budget_far_out_of_reach_still_has_a_gradient():
    budget = CostBudget("macs_m", limit=1.0, softness=1e-4).bind(CONTEXT)
    slope = gradient(budget, torch.zeros(1, SPACE.num_nodes, SPACE.num_ops), torch.zeros(1))
    assert bool(slope.isfinite().all()) and float(slope.sum()) < 0


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

"""Contract of every objective: finite gradients, and a step along them raises the value."""

import pytest
import torch

from dnag.guidance import gradient
from dnag.objectives import ObjectiveContext, objectives
from dnag.registry import from_config, to_config
from dnag.spaces import spaces

SPACE = spaces["nasbench201"]()


def _property(scale):
    weights = torch.linspace(-1, 1, SPACE.num_nodes * SPACE.num_ops)
    return lambda x, t: torch.tanh(x.flatten(1) @ weights / 10) * (1 + scale) - t


CONTEXT = ObjectiveContext(SPACE, {"accuracy": _property})


@pytest.mark.parametrize("name", sorted(objectives))
@pytest.mark.parametrize("time", [0.01, 0.5, 1.0])
def test_a_small_step_along_the_gradient_raises_the_value(name, time):
    bound = objectives[name]().bind(CONTEXT)
    x = torch.randn(6, SPACE.num_nodes, SPACE.num_ops, generator=torch.Generator().manual_seed(0))
    t = torch.full((6,), time)
    slope = gradient(bound, x, t)
    assert bool(slope.isfinite().all())
    assert bool((bound(x + 1e-2 * slope, t) > bound(x, t)).all())


@pytest.mark.parametrize("name", sorted(objectives))
def test_an_objective_survives_its_config(name):
    objective = objectives[name]()
    assert from_config(objectives, to_config(objective)) == objective


def test_an_unknown_property_is_named():
    with pytest.raises(ValueError, match="unknown property 'speed'; allowed: accuracy"):
        CONTEXT.property("speed", 0.0)

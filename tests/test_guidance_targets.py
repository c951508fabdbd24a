"""Targets of the noise-aware predictor where no list of the space exists, against those from the list."""

import pytest
import torch
from torch import Generator

from dnag.additive import Additive
from dnag.exact import Enumeration, ExactDenoiser
from dnag.losses import sampled_guidance_batch
from dnag.nets.property_model import Labels
from dnag.nets.property_predictor import PropertyPredictor, PropertyPredictorConfig
from dnag.recipes import Task, varied_ops
from dnag.spaces import spaces
from dnag.tensors import centre

SPACE = spaces["nasbench201"]()
SHAPE = (SPACE.num_nodes, SPACE.num_ops)


def value_fn(onehot):
    """A sum over nodes and one over neighbouring pairs of them."""
    generator = Generator().manual_seed(5)
    single, pair = torch.randn(SHAPE, generator=generator), torch.randn(SHAPE[1], SHAPE[1], generator=generator)
    neighbours = torch.einsum("bnf,fg,bng->b", onehot[:, 1:-2], pair, onehot[:, 2:-1])
    return 90 + (onehot * single).sum((1, 2)) + 0.4 * neighbours


@pytest.mark.parametrize("scale", [0.0, 0.5, 3.0, 12.0])
def test_estimates_agree_with_the_list_of_the_space(scale):
    enumeration, values = Enumeration(SPACE), value_fn(SPACE.encode_ops(SPACE.all_ops))
    additive = Additive.fit(SPACE, SPACE.all_ops, values)
    x0 = centre(SPACE.encode_ops(SPACE.sample_ops(24, Generator().manual_seed(0))))
    batch = sampled_guidance_batch(
        ExactDenoiser(SPACE),
        x0,
        value_fn,
        additive.weights,
        Labels.of(values),
        torch.ones(1),
        scale,
        factors=[factor.nodes for factor in SPACE.factors],
        draws=400,
        generator=Generator().manual_seed(1),
    )
    found = [
        enumeration.certainty_equivalent(batch.y[i : i + 1], batch.level[i : i + 1], values, scale) for i in range(24)
    ]
    value, slope = (torch.cat(parts) for parts in zip(*found, strict=True))
    assert float((batch.value - value).abs().mean()) < 0.05 * float(values.std())
    error = (batch.slope - slope).flatten(1).norm(dim=1)
    assert float(error.mean()) < 0.12 * float(slope.flatten(1).norm(dim=1).mean())


def test_the_additive_part_is_exact_before_any_training():
    weights = torch.randn(SHAPE, generator=Generator().manual_seed(2))
    predictor = PropertyPredictor(
        PropertyPredictorConfig(*SHAPE, width=16, depth=1, additive=True), posterior=ExactDenoiser(SPACE).posterior
    )
    for parameter in predictor.head[1].parameters():
        torch.nn.init.zeros_(parameter)
    predictor.weights.copy_(weights[None])
    predictor.offset.fill_(3.0)
    predictor.best.fill_(10.0)
    predictor.spread.fill_(2.0)
    values = 3 + (SPACE.encode_ops(SPACE.all_ops) * weights).sum((1, 2))
    generator = Generator().manual_seed(3)
    y = torch.randn(8, *SHAPE, generator=generator)
    level = torch.full((8,), 0.8)
    for scale in (0.0, 0.3, 4.0):
        exact, slope = Enumeration(SPACE).certainty_equivalent(y, level, values, scale)
        noisy = y.clone().requires_grad_(True)
        output = predictor(noisy, level, None, torch.full((8,), scale))
        torch.testing.assert_close(10 + 2 * output, exact, rtol=0, atol=2e-3)
        (gradient,) = torch.autograd.grad(output.sum(), noisy)
        torch.testing.assert_close(2 * 0.8**2 * gradient, slope, rtol=0, atol=5e-3)


@pytest.mark.parametrize("name", sorted(spaces))
def test_varied_architectures_reach_from_cheap_to_dear_and_from_bad_to_good(name):
    space = spaces[name]()
    generator = Generator().manual_seed(0)
    value = 0.3 * torch.randn(space.num_nodes, space.num_ops, generator=generator)
    cost = torch.rand(space.num_nodes, space.num_ops, generator=generator)
    ops = varied_ops(space, [value, cost], 4000, generator)
    assert len(ops) == 4000 and all(space.check(row) is None for row in ops[:200].tolist())
    random = space.sample_ops(4000, generator)
    for weights in (value, cost):
        additive = Additive(0.0, weights)
        _, high = additive.range(space)
        assert float(additive(ops).max()) > float(additive(random).mean()) + 0.8 * (
            high - float(additive(random).mean())
        )
        assert float(additive(ops).std()) > float(additive(random).std())
    assert float(Additive(0.0, cost)(ops).min()) < float(Additive(0.0, cost)(random).quantile(0.02))


def test_a_task_knows_its_additive_part_and_how_far_its_values_go():
    task = Task.of(SPACE, value_fn, [torch.rand(SHAPE, generator=Generator().manual_seed(0))])
    values = value_fn(SPACE.encode_ops(SPACE.all_ops))
    assert task.labels.spread == pytest.approx(float(values.std()), rel=0.03)
    assert float(values.max()) - 1e-3 <= task.labels.best <= float(values.max()) + 1.1 * task.labels.spread
    assert float((task.additive(SPACE.all_ops) - values).std()) < 0.7 * float(values.std())

"""Steering a score by a gradient."""

from __future__ import annotations

import pytest
import torch
from torch import Generator

from dnag.benchmarks import measured
from dnag.exact import Enumeration, ExactGuidedScore, ExactScore
from dnag.guidance import GuidedScore, gradient
from dnag.sdes import sdes
from dnag.tensors import centre, expand


def parts(count: int = 4, shape=(3, 2)):
    generator = Generator().manual_seed(0)
    return torch.randn(count, *shape, generator=generator), torch.rand(count, generator=generator)


def cubes(x, t):
    return (1 + t) * (x**3).flatten(1).sum(1)


def test_gradient_is_each_samples_own():
    x, t = parts()
    found = gradient(cubes, x, t)
    torch.testing.assert_close(found, 3 * (1 + t)[:, None, None] * x**2)
    torch.testing.assert_close(gradient(cubes, x[2:3], t[2:3]), found[2:3])
    assert not found.requires_grad


@pytest.mark.parametrize("shape", [(), (5,), (3, 2), (2, 3, 4)])
def test_every_rank(shape):
    x, t = parts(shape=shape)
    guided = GuidedScore(lambda x, t: -x, lambda x, t: x.reshape(len(x), -1).sum(1), lambda t: 2 * t)
    torch.testing.assert_close(guided(x, t), -x + 2 * expand(t, x))


def test_it_adds_the_scaled_gradient():
    x, t = parts()
    score = torch.randn(x.shape, generator=Generator().manual_seed(1))

    def score_fn(x, t):
        return score

    for scale in (0.0, 1.0, 2.5, -1.0):
        expected = score + scale * 3 * (1 + t)[:, None, None] * x**2
        torch.testing.assert_close(GuidedScore(score_fn, cubes, scale)(x, t), expected)
    torch.testing.assert_close(GuidedScore(score_fn, cubes)(x, t), GuidedScore(score_fn, cubes, 1.0)(x, t))
    torch.testing.assert_close(
        GuidedScore(score_fn, cubes, lambda t: t**2)(x, t), score + 3 * (t**2 * (1 + t))[:, None, None] * x**2
    )


def test_it_works_where_gradients_are_off_and_leaves_none_behind():
    x, t = parts()
    weight = torch.ones((), requires_grad=True)
    guided = GuidedScore(lambda x, t: -x, lambda x, t: weight * cubes(x, t))
    expected = guided(x, t)
    assert not expected.requires_grad
    with torch.no_grad():
        assert torch.equal(guided(x, t), expected)
    assert weight.grad is None and not x.requires_grad


def test_guides_can_be_stacked():
    x, t = parts()
    twice = GuidedScore(GuidedScore(lambda x, t: -x, cubes, 0.5), cubes, 1.5)
    torch.testing.assert_close(twice(x, t), GuidedScore(lambda x, t: -x, cubes, 2.0)(x, t))


@pytest.mark.parametrize("name", list(sdes))
def test_the_certainty_equivalent_guides_exactly_and_the_mean_does_not(name, nasbench201):
    """``score + gamma * grad m_gamma`` is the score of the tilted distribution; the first-order form is biased."""
    scale, sde, enumeration = 2.0, sdes[name](), Enumeration(nasbench201)
    source = measured("nasbench201", "cifar10")
    assert source is not None
    values = source.table("cifar10")
    levels = torch.tensor([0.8, 1.5, 3.0])
    t, generator = sde.time_of(levels), Generator().manual_seed(2)
    alpha, sigma = sde.marginal(t)
    x0 = centre(nasbench201.encode_ops(nasbench201.sample_ops(3, generator)))
    x = sde.perturb(x0, t, torch.randn(x0.shape, generator=generator))

    def value(gamma):
        def certainty_equivalent(x, t):
            y = x / expand(alpha, x)
            joint = enumeration.log_likelihood(y, sigma / alpha) + enumeration.log_weights
            if gamma == 0:
                return joint.softmax(1) @ values
            best = values.max()
            return best + ((joint + gamma * (values - best)).logsumexp(1) - joint.logsumexp(1)) / gamma

        return certainty_equivalent

    plain = ExactScore(nasbench201, sde)
    exact = ExactGuidedScore(enumeration, sde, scale * values)(x, t)
    calibrated, first_order = GuidedScore(plain, value(scale), scale)(x, t), GuidedScore(plain, value(0), scale)(x, t)
    size = (exact - plain(x, t)).abs().max()
    assert float((calibrated - exact).abs().max()) < 0.01 * size
    assert float((first_order - exact).abs().max()) > 0.1 * size

"""Closed-form denoisers, against brute force and against published figures."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from dnag.benchmarks import measured
from dnag.exact import Enumeration, ExactGuidedScore, ExactScore, Mixture
from dnag.samplers import samplers
from dnag.sdes import SDE, sdes
from dnag.sdes.ve import VE
from dnag.spaces import Architecture, spaces
from dnag.spaces.base import ABSENT, Factor
from dnag.tensors import Noise, centre, expand, uncentre

LEVELS = torch.tensor([0.05, 0.3, 0.8, 1.5, 3.0, 10.0])


@pytest.fixture(scope="module")
def enumeration(nasbench201) -> Enumeration:
    return Enumeration(nasbench201)


@pytest.fixture(params=list(sdes))
def sde(request) -> SDE:
    return sdes[request.param]()


@pytest.fixture(scope="module")
def values() -> Tensor:
    """Some accuracies of all cells: those of the installed re-training."""
    source = measured("nasbench201", "cifar10")
    assert source is not None
    return source.table("cifar10")


def noisy(space, levels: Tensor = LEVELS, seed: int = 0) -> Tensor:
    """One noisy architecture per level."""
    generator = Generator().manual_seed(seed)
    x0 = centre(space.encode_ops(space.sample_ops(len(levels), generator)))
    return x0 + expand(levels, x0) * torch.randn(x0.shape, generator=generator)


def posterior(space, y: Tensor, level: float, log_tilt: Tensor | None = None) -> Tensor:
    """p(a | y) of one matrix, from the Gaussian density of every architecture, in double precision."""
    centres = centre(space.encode_ops(space.all_ops)).double()
    log_density = -(y.double() - centres).square().sum((1, 2)) / (2 * level**2)
    tilt = 0 if log_tilt is None else log_tilt.double()
    return (log_density + space.all_log_weights.double() + tilt).softmax(0)


def test_the_denoiser_is_the_posterior_mean_over_the_whole_space(nasbench201, sde):
    y = noisy(nasbench201)
    found = ExactScore(nasbench201, sde).denoised(y, LEVELS)
    centres = centre(nasbench201.encode_ops(nasbench201.all_ops)).double()
    for index, level in enumerate(LEVELS.tolist()):
        expected = torch.einsum("a,anf->nf", posterior(nasbench201, y[index], level), centres)
        torch.testing.assert_close(found[index].double(), expected, rtol=0, atol=1e-4)


def test_the_score_is_the_gradient_of_the_log_density(nasbench201, sde):
    t = sde.time_of(torch.tensor([0.4, 1.0, 3.0], dtype=torch.float64))
    alpha, sigma = sde.marginal(t)
    x = (expand(alpha.float(), torch.ones(3, 8, 7)) * noisy(nasbench201, torch.tensor([0.4, 1.0, 3.0]))).double()
    x.requires_grad_(True)
    centres = centre(nasbench201.encode_ops(nasbench201.all_ops)).double()
    for index in range(3):
        squares = (x[index] - alpha[index] * centres).square().sum((1, 2))
        log_density = torch.logsumexp(-squares / (2 * sigma[index] ** 2) + nasbench201.all_log_weights.double(), 0)
        (gradient,) = torch.autograd.grad(log_density, x)
        score = ExactScore(nasbench201, sde)(x.detach().float(), t.float())
        scale = float(gradient[index].abs().max())
        torch.testing.assert_close(score[index].double(), gradient[index], rtol=0, atol=2e-3 * scale)


def test_factors_of_the_posterior_are_probabilities(nasbench201):
    probability = ExactScore(nasbench201, sdes["ve"]()).posterior(noisy(nasbench201), LEVELS).probability
    assert probability.shape == (6, 8, 7)
    torch.testing.assert_close(probability.sum(2), torch.ones(6, 8))


def test_little_noise_names_the_architecture_and_much_noise_says_nothing(nasbench201, enumeration):
    x0 = centre(nasbench201.encode_ops(nasbench201.sample_ops(4, Generator().manual_seed(1))))
    zero = torch.zeros(nasbench201.size)
    exact = ExactScore(nasbench201, sdes["ve"]())
    for denoised in (exact.denoised, lambda y, level: enumeration.denoised(y, level, zero)):
        torch.testing.assert_close(denoised(x0, torch.full((4,), 0.03)), x0)
        mean = uncentre(denoised(x0, torch.full((4,), 1e4)))[:, 1:-1]
        torch.testing.assert_close(mean[..., 2:], torch.full((4, 6, 5), 0.2), atol=1e-4, rtol=0)


def test_the_tilted_denoiser_is_the_tilted_posterior_mean(nasbench201, enumeration, values):
    y, log_tilt = noisy(nasbench201, seed=2), 1.7 * values
    found = enumeration.denoised(y, LEVELS, log_tilt - log_tilt.max())
    centres = centre(nasbench201.encode_ops(nasbench201.all_ops)).double()
    for index, level in enumerate(LEVELS.tolist()):
        expected = torch.einsum("a,anf->nf", posterior(nasbench201, y[index], level, log_tilt), centres)
        torch.testing.assert_close(found[index].double(), expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0, 12.0])
def test_certainty_equivalent_and_its_slope(nasbench201, enumeration, values, scale):
    y, levels = noisy(nasbench201, LEVELS[1:], seed=3), LEVELS[1:]
    m, slope = enumeration.certainty_equivalent(y, levels, values, scale)
    assert m.shape == (5,) and slope.shape == y.shape
    centres = centre(nasbench201.encode_ops(nasbench201.all_ops)).double()
    for index, level in enumerate(levels.tolist()):
        point = y[index].double().requires_grad_(True)
        log_posterior = (-(point - centres).square().sum((1, 2)) / (2 * level**2)).log_softmax(0)
        value = torch.logsumexp(log_posterior + scale * values.double(), 0) / scale
        (gradient,) = torch.autograd.grad(value, point)
        assert float(m[index]) == pytest.approx(value.item(), abs=2e-3)
        torch.testing.assert_close(slope[index].double(), level**2 * gradient, rtol=0, atol=2e-3 / min(1, scale))
    assert bool((m <= values.max()).all()) and bool((m >= values.min()).all())


def test_certainty_equivalent_at_scale_zero_is_the_mean_and_the_limit(nasbench201, enumeration, values):
    y, levels = noisy(nasbench201, LEVELS[1:], seed=4), LEVELS[1:]
    mean, slope = enumeration.certainty_equivalent(y, levels, values, 0.0)
    for index, level in enumerate(levels.tolist()):
        expected = posterior(nasbench201, y[index], level) @ values.double()
        assert float(mean[index]) == pytest.approx(float(expected), abs=1e-3)
    # slope: in double precision, since a small scale divides a small difference
    double = Enumeration(nasbench201)
    double.centres, double.log_weights = double.centres.double(), double.log_weights.double()
    near = double.certainty_equivalent(y.double(), levels.double(), values.double(), 1e-5)
    torch.testing.assert_close(near[0].float(), mean, rtol=0, atol=2e-2)
    torch.testing.assert_close(near[1].float(), slope, rtol=0, atol=2e-2)


def test_certainty_equivalent_rises_with_the_scale(nasbench201, enumeration, values):
    y, levels = noisy(nasbench201, LEVELS[2:], seed=5), LEVELS[2:]
    m = torch.stack([enumeration.certainty_equivalent(y, levels, values, s)[0] for s in (0.0, 0.05, 0.5, 2.0, 12.0)])
    assert bool((m.diff(dim=0) > -1e-3).all()) and bool((m[-1] > m[0] + 0.1).all())


def test_the_arguments_are_left_alone(nasbench201, enumeration, values):
    y, kept, weights = noisy(nasbench201), values.clone(), enumeration.log_weights.clone()
    before = y.clone()
    enumeration.certainty_equivalent(y, LEVELS, values, 2.0)
    enumeration.denoised(y, LEVELS, values)
    assert torch.equal(y, before) and torch.equal(values, kept) and torch.equal(enumeration.log_weights, weights)


def test_exactly_guided_at_scale_zero_is_unguided(nasbench201, enumeration, values, sde):
    levels = torch.tensor([0.3, 1.0, 4.0])
    t = sde.time_of(levels)
    x = expand(sde.marginal(t)[0], torch.ones(3, 8, 7)) * noisy(nasbench201, levels, seed=6)
    plain = ExactScore(nasbench201, sde)(x, t)
    guided = ExactGuidedScore(enumeration, sde, 0.0 * values)(x, t)
    torch.testing.assert_close(guided, plain, rtol=1e-3, atol=1e-3 * float(plain.abs().max()))


def test_a_constant_value_guides_nowhere(nasbench201, enumeration, sde):
    t = sde.time_of(torch.tensor([1.0, 3.0]))
    x = noisy(nasbench201, torch.tensor([1.0, 3.0]), seed=7)
    flat = torch.full((nasbench201.size,), 93.0)
    guided = ExactGuidedScore(enumeration, sde, 5.0 * flat)(x, t)
    torch.testing.assert_close(guided, ExactGuidedScore(enumeration, sde, 0.0 * flat)(x, t))


@pytest.mark.parametrize(
    ("dataset", "means", "sizes"),
    [
        ("cifar10", (90.65, 92.15, 92.72, 93.26, 93.91, 94.23), (14205, 9839, 6531, 3009, 379, 40)),
        ("cifar100", (66.27, 69.08, 70.47, 72.29, 73.29, 73.46), (13326, 6660, 2399, 172, 10, 3)),
        ("imagenet16-120", (38.79, 43.27, 44.80, 46.00, 47.02, 47.25), (12662, 4241, 1434, 257, 11, 3)),
    ],
)
def test_tilted_distributions_of_the_published_table(enumeration, shared_data, dataset, means, sizes):
    source = measured("nasbench201", dataset, table=shared_data("nb201_accuracy.csv"))
    assert source is not None and source.name == "csv"
    accuracy = source.table(dataset)
    for scale, mean, size in zip((0.1, 0.5, 1, 2, 5, 10), means, sizes, strict=True):
        p = enumeration.tilted(accuracy, scale)
        assert float(p.sum()) == pytest.approx(1, abs=1e-4)
        assert float(p.double() @ accuracy.double()) == pytest.approx(mean, abs=0.01)
        entropy = -(p.double() * p.double().clamp_min(1e-300).log()).sum()
        assert math.exp(entropy) == pytest.approx(size, rel=0.01, abs=0.5)
    torch.testing.assert_close(enumeration.tilted(accuracy, 0.0), torch.full((15_625,), 1 / 15_625))


@pytest.mark.parametrize(
    ("name", "steps", "scale"),
    [
        ("heun", 10, 0.0),
        ("heun", 10, 1.0),
        ("heun", 10, 5.0),
        ("dpm_solver", 10, 0.0),
        ("dpm_solver", 10, 5.0),
        ("reverse_diffusion", 80, 1.0),
    ],
)
def test_sampling_with_the_exact_score_draws_from_the_tilted_distribution(
    nasbench201, enumeration, values, name, steps, scale
):
    count, sde = 200, VE(sigma_min=0.03, sigma_max=10.0)
    noise = Noise.from_generator(Generator().manual_seed(8), (count, 8, 7))
    x = samplers[name](num_steps=steps).sample(sde, ExactGuidedScore(enumeration, sde, scale * values), noise)
    drawn = nasbench201.decode(uncentre(x))
    valid = [arch for arch in drawn if isinstance(arch, Architecture)]
    assert len(valid) >= 0.98 * count
    place = {tuple(ops): index for index, ops in enumerate(nasbench201.all_ops.tolist())}
    accuracy = values[[place[arch.ops] for arch in valid]].double()
    p = enumeration.tilted(values, scale).double()
    mean = p @ values.double()
    spread = (p @ (values.double() - mean) ** 2).sqrt()
    assert float(accuracy.mean()) == pytest.approx(float(mean), abs=4 * float(spread) / count**0.5)


def test_a_space_too_large_to_list_is_refused(nasbench201, monkeypatch):
    monkeypatch.setattr("dnag.spaces.base.MAX_ENUMERATED", 10_000)
    fresh = type(nasbench201)()
    assert not fresh.enumerable
    with pytest.raises(ValueError, match=r"nasbench201 has 1.56e\+04 architectures; enumeration stops at 10,000"):
        Enumeration(fresh)
    ExactScore(fresh, sdes["ve"]())  # needs no list


def test_a_factor_as_a_mixture_of_products():
    weights = torch.tensor([0.1, 0.6, 0.3])
    mixture = Mixture.of([Factor((0, 1), torch.tensor([[0, 1], [0, 2], [1, ABSENT]]), weights.log())], 3)
    order = mixture.log_mass.argsort()  # one component without the second node, one with it
    assert mixture.log_mass[order].exp().tolist() == pytest.approx([0.3, 0.7])
    alone, both = mixture.log_marginals[order].exp()
    assert alone.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert both.flatten().tolist() == pytest.approx([1, 0, 0, 0, 0, 1 / 7, 6 / 7, 0])


def test_a_factor_that_is_no_mixture_of_products_has_a_component_for_every_choice():
    factor = Factor((0, 1), torch.tensor([[0, 0], [1, 1]]), torch.tensor([0.25, 0.75]).log())
    mixture = Mixture.of([factor], 2)
    assert mixture.log_mass.exp().tolist() == pytest.approx([0.25, 0.75])
    assert mixture.log_marginals.exp().tolist() == [[[1, 0, 0], [1, 0, 0]], [[0, 1, 0], [0, 1, 0]]]


# ---------------------------------------------------------------------- tilts, moments and draws of the posterior


@pytest.mark.parametrize("name", sorted(spaces))
def test_a_tilt_of_the_posterior_is_the_tilt_of_its_choices(name):
    space = spaces[name]()
    generator = Generator().manual_seed(3)
    levels = torch.tensor([0.2, 0.7, 2.0, 20.0])
    x0 = centre(space.encode_ops(space.sample_ops(len(levels), generator)))
    y = x0 + levels[:, None, None] * torch.randn(x0.shape, generator=generator)
    weights = torch.randn(space.num_nodes, space.num_ops, generator=generator)
    posterior = ExactScore(space, VE()).posterior(y, levels)
    tilted = posterior.tilted(0.7 * weights)
    evidence, mean, variance = torch.zeros(3, len(levels), dtype=torch.double)
    probability = torch.zeros(tilted.probability.shape, dtype=torch.double)
    for factor in space.factors:  # by hand: every choice of every factor
        nodes = list(factor.nodes)
        onehot = space.encode_ops(factor.choices).double()
        worth = (onehot * weights[nodes]).sum((1, 2))
        scores = 2 * torch.einsum("bnf,cnf->bc", y[:, nodes].double(), onehot) / levels[:, None].double() ** 2
        plain = (factor.log_weights.double() + scores).log_softmax(1)
        evidence += (plain + 0.7 * worth).logsumexp(1)
        p = (plain + 0.7 * worth).softmax(1)
        mean += p @ worth
        variance += p @ worth**2 - (p @ worth) ** 2
        probability[:, nodes] = torch.einsum("bc,cnf->bnf", p, onehot)
    torch.testing.assert_close(tilted.log_evidence.double(), evidence, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(tilted.probability.double(), probability, rtol=0, atol=1e-5)
    found = tilted.moments(weights)
    torch.testing.assert_close(found[0].double(), mean, rtol=0, atol=1e-4)
    torch.testing.assert_close(found[1].double(), variance, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", sorted(spaces))
def test_draws_from_the_posterior_have_its_probabilities(name):
    space = spaces[name]()
    generator = Generator().manual_seed(4)
    levels = torch.tensor([0.5, 1.5])
    y = levels[:, None, None] * torch.randn(2, space.num_nodes, space.num_ops, generator=generator)
    posterior = ExactScore(space, VE()).posterior(y, levels)
    ops = posterior.sample(4000, generator)
    assert all(space.check(row) is None for row in ops[0, :50].tolist())
    frequency = space.encode_ops(ops.flatten(0, 1)).view(2, 4000, space.num_nodes, -1).mean(1)
    torch.testing.assert_close(frequency, posterior.probability, rtol=0, atol=0.04)

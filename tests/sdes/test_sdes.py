"""What every noise process must fulfil; the names come from the registry."""

from __future__ import annotations

import pytest
import torch
from torch import Generator

from dnag.sdes import SDE, sdes
from dnag.sdes.subvp import SubVP
from dnag.sdes.ve import VE
from dnag.sdes.vp import VP
from dnag.tensors import expand


@pytest.fixture(params=list(sdes))
def sde(request) -> SDE:
    return sdes[request.param]()


def times(sde: SDE, count: int = 101) -> torch.Tensor:
    return torch.linspace(sde.t_min, sde.t_max, count, dtype=torch.float64)


def derivative(function, t):
    """A function of each t alone, and its derivative."""
    t = t.clone().requires_grad_(True)
    value = function(t)
    if not value.requires_grad:  # constant
        return value, torch.zeros_like(t)
    return value.detach(), torch.autograd.grad(value.sum(), t)[0]


def test_coefficients_belong_to_the_marginal(sde):
    t = times(sde)
    f, g = sde.coefficients(t)
    alpha, alpha_slope = derivative(lambda t: sde.marginal(t)[0], t)
    variance, variance_slope = derivative(lambda t: sde.marginal(t)[1] ** 2, t)
    torch.testing.assert_close(f, alpha_slope / alpha, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(g**2, variance_slope - 2 * f * variance, rtol=1e-9, atol=1e-12)
    assert bool((g > 0).all())


def test_signal_to_noise_falls_strictly(sde):
    alpha, sigma = sde.marginal(times(sde, 10_001))
    assert bool(((alpha / sigma) ** 2).diff().lt(0).all())
    assert bool(sde.noise_level(times(sde, 10_001)).diff().gt(0).all())


def test_data_at_the_start_and_noise_at_the_end(sde):
    alpha, sigma = sde.marginal(torch.tensor([sde.t_min, sde.t_max], dtype=torch.float64))
    assert float(alpha[0]) == pytest.approx(1, abs=1e-3) and float(sigma[0]) <= 0.1 + 1e-4
    assert float(sigma[1] / alpha[1]) >= 5 - 1e-9


@pytest.mark.parametrize("shape", [(2,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_every_rank_broadcasts(sde, shape):
    generator = Generator().manual_seed(0)
    x, z = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    t = torch.tensor([0.2, 0.7], dtype=torch.float64)
    alpha, sigma = sde.marginal(t)
    f, g = sde.coefficients(t)
    together = {
        "perturb": sde.perturb(x, t, z),
        "denoised": sde.denoised(x, t, z),
        "score": sde.score(x, t, z),
        "sde": sde.reverse_drift(x, t, z, ode=False),
        "ode": sde.reverse_drift(x, t, z, ode=True),
    }
    for i in range(2):
        torch.testing.assert_close(together["perturb"][i], alpha[i] * x[i] + sigma[i] * z[i])
        torch.testing.assert_close(together["denoised"][i], (x[i] + sigma[i] ** 2 * z[i]) / alpha[i])
        torch.testing.assert_close(together["score"][i], (alpha[i] * z[i] - x[i]) / sigma[i] ** 2)
        torch.testing.assert_close(together["sde"][i], f[i] * x[i] - g[i] ** 2 * z[i])
        torch.testing.assert_close(together["ode"][i], f[i] * x[i] - g[i] ** 2 * z[i] / 2)


def test_perturb_has_the_stated_mean_and_variance(sde):
    count = 40_000
    generator = Generator().manual_seed(1)
    for time in (sde.t_min, 0.3, sde.t_max):
        t = torch.full((count,), time)
        x = sde.perturb(torch.full((count, 1), 0.7), t, torch.randn(count, 1, generator=generator))
        alpha, sigma = (float(value[0]) for value in sde.marginal(t))
        assert float(x.mean()) == pytest.approx(0.7 * alpha, abs=4 * sigma / count**0.5)
        assert float(x.var()) == pytest.approx(sigma**2, rel=4 * (2 / count) ** 0.5)


def test_transition_joins_two_times(sde):
    s, t = (torch.tensor(values, dtype=torch.float64) for values in ([0.1, 0.4, 0.9], [0.2, 0.8, 0.95]))
    a, b = sde.transition(s, t)
    (alpha_s, sigma_s), (alpha_t, sigma_t) = sde.marginal(s), sde.marginal(t)
    torch.testing.assert_close(a * alpha_s, alpha_t)
    torch.testing.assert_close((a * sigma_s) ** 2 + b**2, sigma_t**2)
    a, b = sde.transition(t, t)
    torch.testing.assert_close((a, b), (torch.ones_like(t), torch.zeros_like(t)))


def test_time_of_inverts_the_noise_level(sde):
    t = times(sde)
    torch.testing.assert_close(sde.time_of(sde.noise_level(t)), t, rtol=1e-6, atol=1e-9)
    level = torch.tensor([0.3, 1.0, 4.0], dtype=torch.float64)
    torch.testing.assert_close(sde.noise_level(sde.time_of(level)), level, rtol=1e-9, atol=0)
    outside = sde.time_of(torch.tensor([0.0, 1e9]))
    assert outside.dtype == torch.float32
    assert outside.tolist() == pytest.approx([sde.t_min, sde.t_max])


def test_score_and_denoised_are_inverse(sde):
    generator = Generator().manual_seed(2)
    x, score = torch.randn(2, 5, 3, 4, generator=generator, dtype=torch.float64)
    t = torch.linspace(0.1, sde.t_max, 5, dtype=torch.float64)
    torch.testing.assert_close(sde.score(x, t, sde.denoised(x, t, score)), score)


def test_the_score_of_known_data_denoises_to_them(sde):
    generator = Generator().manual_seed(3)
    x0, z = torch.randn(2, 6, 2, 2, generator=generator, dtype=torch.float64)
    t = torch.linspace(0.1, sde.t_max, 6, dtype=torch.float64)
    x = sde.perturb(x0, t, z)
    score = -z / expand(sde.marginal(t)[1], z)  # of N(alpha x0, sigma^2) at x
    torch.testing.assert_close(sde.denoised(x, t, score), x0)


def test_prior_is_the_noise_of_the_last_time(sde):
    x = sde.prior((4000, 5, 2), generator=Generator().manual_seed(4))
    sigma = float(sde.marginal(torch.tensor([sde.t_max]))[1])
    assert float(x.std()) == pytest.approx(sigma, rel=0.015)
    assert abs(float(x.mean())) < 4 * sigma / x.numel() ** 0.5
    assert torch.equal(x, sde.prior((4000, 5, 2), generator=Generator().manual_seed(4)))


def test_time_label_tells_times_apart(sde):
    labels = sde.time_label(times(sde))
    assert labels.shape == (101,) and bool(labels.diff().gt(0).all())


def test_single_precision_agrees_with_double(sde):
    t = times(sde)
    for single, double in zip(
        (*sde.marginal(t.float()), *sde.coefficients(t.float())), (*sde.marginal(t), *sde.coefficients(t)), strict=True
    ):
        torch.testing.assert_close(single.double(), double, rtol=2e-4, atol=1e-7)


@pytest.mark.parametrize("bounds", [(-0.1, 1.0), (0.5, 0.5), (0.7, 0.2), (float("nan"), 1.0), (0.0, float("nan"))])
def test_bad_times(sde, bounds):
    with pytest.raises(ValueError, match=r"t_min, t_max are .*; allowed: 0 <= t_min < t_max"):
        type(sde)(t_min=bounds[0], t_max=bounds[1])


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (2, 1), (1, 1), (float("nan"), 1), (1, float("nan"))])
def test_bad_schedules(low, high):
    with pytest.raises(ValueError, match=r"sigma_min, sigma_max are .*; allowed: 0 < sigma_min < sigma_max"):
        VE(sigma_min=low, sigma_max=high)
    for cls in (VP, SubVP):
        with pytest.raises(ValueError, match=r"beta_min, beta_max are .*; allowed: 0 < beta_min < beta_max"):
            cls(beta_min=low, beta_max=high)


def test_known_values():
    half = torch.tensor([0.5], dtype=torch.float64)
    assert [float(v) for v in VE(0.1, 10.0).marginal(half)] == pytest.approx([1.0, 1.0])
    alpha, sigma = (float(v) for v in VP().marginal(half))  # log alpha = -0.25 * 19.9 / 4 - 0.5 * 0.1 / 2
    assert alpha == pytest.approx(0.281183, abs=1e-6) and alpha**2 + sigma**2 == pytest.approx(1)
    assert float(SubVP().marginal(half)[1]) == pytest.approx(1 - alpha**2)
    assert float(VP().coefficients(half)[1]) == pytest.approx(10.05**0.5)


def test_sub_vp_has_less_noise_than_vp():
    t = times(VP())
    assert bool((SubVP().marginal(t)[1] < VP().marginal(t)[1]).all())

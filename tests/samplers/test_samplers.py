"""What every sampler must fulfil, with every noise process; the names come from the registries.

The data of these tests are Gaussian, ``x_0 ~ N(mu, tau^2)``, whose score is exact and whose backward equations have a
solution in closed form: from ``x_t`` the flow and the mean of the reverse SDE reach

    alpha_s mu + k (x_t - alpha_t mu),    k = sqrt(v_s / v_t)  (flow),    k = alpha_t v_s / (alpha_s v_t)  (SDE)

with ``v = alpha^2 tau^2 + sigma^2``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from dnag.samplers import Sampler, StepInfo, samplers
from dnag.samplers.base import log_noise_grid, uniform_grid
from dnag.samplers.predictor_corrector import PredictorCorrector
from dnag.sdes import SDE, sdes
from dnag.tensors import Noise, expand

MU, TAU = 0.4, 0.7
SHAPE = (8, 7)


@pytest.fixture(params=list(sdes))
def sde(request) -> SDE:
    return sdes[request.param]()


@pytest.fixture(params=list(samplers))
def method(request) -> type[Sampler]:
    return samplers[request.param]


def exact_score(sde: SDE) -> Callable[[Tensor, Tensor], Tensor]:
    def score(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = (expand(value, x) for value in sde.marginal(t))
        return -(x - alpha * MU) / (alpha**2 * TAU**2 + sigma**2)

    return score


class CountedNoise(Noise):
    """Counts the draws; with ``still`` all but the first, where sampling starts, are zero."""

    still = False
    calls = 0

    def __call__(self) -> Tensor:
        self.calls += 1
        drawn = super().__call__()
        return torch.zeros_like(drawn) if self.still and self.calls > 1 else drawn


def noise(count: int, seed: int = 0) -> CountedNoise:
    return CountedNoise.from_generator(Generator().manual_seed(seed), (count, *SHAPE))  # type: ignore[return-value]


def solution(sde: SDE, start: float, end: float, first: Tensor, *, flow: bool) -> tuple[Tensor, float]:
    """Mean at ``end`` of what starts as ``sigma(start) * first``, and the variance the reverse SDE adds on the way."""
    alpha, sigma = sde.marginal(torch.tensor([end, start], dtype=torch.float64))
    v = alpha**2 * TAU**2 + sigma**2
    k = (v[0] / v[1]).sqrt() if flow else alpha[1] * v[0] / (alpha[0] * v[1])
    mean = alpha[0] * MU + k * (sigma[1] * first - alpha[1] * MU)
    return mean.float(), 0.0 if flow else float(v[0] - k**2 * v[1])


def test_it_recovers_a_gaussian_from_its_exact_score(method, sde):
    count = 300
    source = noise(count)
    x = method(num_steps=200).sample(sde, exact_score(sde), source)
    flow = source.calls == 1
    expected, added = solution(sde, sde.t_max, sde.t_min, noise(count)(), flow=flow)
    if flow:  # every single point has its place; how fast it gets there is the next test
        torch.testing.assert_close(x, expected, atol=0.1, rtol=0)
    else:  # 16,800 numbers; Langevin steps of finite size add some 3 % of spread
        assert float(x.mean()) == pytest.approx(float(expected.mean()), abs=0.03)
        assert float(x.std()) == pytest.approx((float(expected.var()) + added) ** 0.5, rel=0.06)
    assert float(x.mean()) == pytest.approx(MU, abs=0.08)
    assert float(x.std()) == pytest.approx(TAU, rel=0.08)


def claimed_orders() -> dict[str, int]:
    """Sampler -> the order its module's docstring states, for those that state one."""
    docs = {name: sys.modules[cls.__module__].__doc__ or "" for name, cls in samplers.items()}
    found = {name: re.search(r"[Oo]rder (\d)", doc) for name, doc in docs.items()}
    return {name: int(match[1]) for name, match in found.items() if match}


def test_the_methods_whose_order_is_known_state_it():
    known = {"euler_maruyama": 1, "reverse_diffusion": 1, "heun": 2, "dpm_solver": 2}
    assert known.items() <= claimed_orders().items()


@pytest.mark.parametrize(("name", "claim"), claimed_orders().items())
def test_the_order_of_convergence_is_the_one_its_docstring_claims(name, claim, sde):
    method, errors = samplers[name], []
    for steps in (32, 64):
        times = sde.time_of(torch.logspace(0.6, -0.4, steps + 1, dtype=torch.float64))  # noise levels 4 to 0.4
        source = noise(30)
        source.still = True  # the equation is linear: without noise the mean remains
        x = method(num_steps=steps).sample(sde, exact_score(sde), source, timesteps=times)
        flow = source.calls == 1
        expected, _ = solution(sde, float(times[0]), float(times[-1]), noise(30)(), flow=flow)
        errors.append(float((x - expected).abs().mean()))
    if errors[1] < 1e-6:
        assert method.name == "reverse_diffusion" and sde.name == "ve"  # exact in the mean, for Gaussian data
    else:
        order = torch.tensor(errors[0] / errors[1]).log2()
        assert float(order) == pytest.approx(claim, abs=0.25)


def test_the_same_generator_gives_the_same_bits(method, sde):
    def run(seed):
        return method(num_steps=8).sample(sde, exact_score(sde), noise(5, seed))

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))


def test_a_sample_does_not_depend_on_its_batch(method, sde):
    source = noise(7)
    together = method(num_steps=20).sample(sde, exact_score(sde), source)
    seeds = [generator.initial_seed() for generator in source._generators]
    parts = [
        method(num_steps=20).sample(sde, exact_score(sde), Noise(torch.tensor(part), SHAPE))
        for part in (seeds[:1], seeds[1:5], seeds[5:])
    ]
    torch.testing.assert_close(torch.cat(parts), together, rtol=0, atol=0)


def test_nothing_random_comes_from_elsewhere(method, sde):
    before = torch.get_rng_state()
    method(num_steps=3).sample(sde, exact_score(sde), noise(2))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("steps", [1, 2, 11])
def test_the_callback_sees_every_step(method, sde, steps):
    seen: list[StepInfo] = []
    sampler = method(num_steps=steps)
    x = sampler.sample(sde, exact_score(sde), noise(3), callback=seen.append)
    assert [info.index for info in seen] == list(range(1, steps + 1))
    assert all(info.total == steps for info in seen)
    times = [info.t for info in seen]
    assert times == sorted(times, reverse=True) and times[-1] == pytest.approx(sde.t_min, rel=1e-6)
    assert times == pytest.approx(sampler.grid(sde)[1:].tolist(), rel=1e-5)
    assert torch.equal(seen[-1].x_mean, x)
    for info in seen:
        assert info.x.shape == info.x_mean.shape == info.x0_hat.shape == info.seen_x.shape == (3, *SHAPE)
        torch.testing.assert_close(
            info.x0_hat, sde.denoised(info.seen_x, info.seen_t, exact_score(sde)(info.seen_x, info.seen_t))
        )


@pytest.mark.parametrize("steps", [1, 2, 11])
def test_the_number_of_evaluations_is_the_one_it_states(method, sde, steps):
    calls = 0

    def score(x, t):
        nonlocal calls
        calls += 1
        assert t.shape == (3,) and x.shape == (3, *SHAPE)
        return exact_score(sde)(x, t)

    told: list[int] = []
    sampler = method(num_steps=steps)
    sampler.sample(sde, score, noise(3), callback=lambda info: told.append(info.nfe))
    assert calls == sampler.evaluations(steps) == told[-1]


def test_an_exception_of_the_callback_ends_the_run(method, sde):
    class CancelledError(Exception):
        pass

    calls = 0

    def callback(info: StepInfo) -> None:
        nonlocal calls
        calls += 1
        if info.index == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        method(num_steps=10).sample(sde, exact_score(sde), noise(2), callback=callback)
    assert calls == 3


def test_the_grid_is_an_argument(method, sde):
    times = uniform_grid(sde, 5)
    told: list[float] = []
    method(num_steps=2).sample(
        sde, exact_score(sde), noise(2), timesteps=times, callback=lambda info: told.append(info.t)
    )
    assert told == pytest.approx(times[1:].tolist(), rel=1e-5)


@pytest.mark.parametrize("grid", [uniform_grid, log_noise_grid])
@pytest.mark.parametrize("steps", [1, 7, 1000])
def test_grids_fall_from_the_last_time_to_the_first(sde, grid, steps):
    times = grid(sde, steps)
    assert times.shape == (steps + 1,)
    assert (float(times[0]), float(times[-1])) == (sde.t_max, sde.t_min)
    assert bool((times.diff() < 0).all())
    step = (times if grid is uniform_grid else sde.noise_level(times).log()).diff()
    torch.testing.assert_close(step, step.mean().expand_as(step), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([], r"timesteps are \[\].*; allowed: a strictly decreasing list of two or more"),
        ([0.5], r"timesteps are \[0\.5\].*; allowed: a strictly decreasing list"),
        (0.5, "allowed: a strictly decreasing list"),
        ([[0.9, 0.1]], "allowed: a strictly decreasing list"),
        ([0.1, 0.9], "allowed: a strictly decreasing list"),
        ([0.9, 0.5, 0.5], "allowed: a strictly decreasing list"),
        ([0.9, float("nan"), 0.1], "allowed: a strictly decreasing list"),
        ([1.5, 0.5], r"timesteps span 0\.5 to 1\.5; allowed: 0?\.?[0-9e-]+ to [01]"),
        ([0.5, -0.5], r"timesteps span -0\.5 to 0\.5; allowed: 0?\.?[0-9e-]+ to [01]"),
    ],
)
def test_bad_grids(sde, times, message):
    with pytest.raises(ValueError, match=message):
        samplers["heun"]().sample(sde, exact_score(sde), noise(1), timesteps=torch.tensor(times, dtype=torch.float64))


@pytest.mark.parametrize("steps", [0, -3, 2.5, "10", None])
def test_bad_numbers_of_steps(method, steps):
    with pytest.raises(ValueError, match=r"num_steps is .*; allowed: a whole number, 1 or more"):
        method(num_steps=steps)


def test_bad_settings_of_the_corrector():
    for snr in (0, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"snr is .*; allowed: greater than 0"):
            PredictorCorrector(snr=snr)
    with pytest.raises(ValueError, match="corrector_steps is -1; allowed: 0 or more"):
        PredictorCorrector(corrector_steps=-1)


def test_without_corrector_steps_only_the_solver_remains(sde):
    plain = samplers["euler_maruyama"](num_steps=6).sample(sde, exact_score(sde), noise(2))
    corrected = PredictorCorrector(num_steps=6, corrector_steps=0).sample(sde, exact_score(sde), noise(2))
    assert torch.equal(plain, corrected)


def test_the_corrector_keeps_the_marginal(sde):
    # many Langevin steps at one time leave N(alpha mu, v) in place, up to the bias of the step size
    t, s = torch.full((400,), 0.5), torch.full((400,), 0.499)
    alpha, sigma = (float(value[0]) for value in sde.marginal(t))
    v = alpha**2 * TAU**2 + sigma**2
    source, corrector = noise(400), PredictorCorrector(snr=0.1)
    x = alpha * MU + v**0.5 * source()
    for _ in range(100):
        x = corrector.correct(sde, exact_score(sde), x, t, s, source)
    assert float(x.mean()) == pytest.approx(alpha * MU, abs=0.03 * v**0.5)
    assert float(x.std()) == pytest.approx(v**0.5, rel=0.05)


def test_every_sampler_has_a_label():
    labels = [cls.label for cls in samplers.values()]
    assert len(set(labels)) == len(labels) and all(labels)


def test_the_start_is_drawn_around_the_mean_of_the_data(method, sde):
    # without it the noise of the start, of mean 0, stands for data of another mean than MU
    t = torch.tensor([sde.t_max])
    alpha = float(sde.marginal(t)[0])
    seen: list[Tensor] = []

    def score(x: Tensor, t: Tensor) -> Tensor:
        seen.append(x)
        return exact_score(sde)(x, t)

    method(num_steps=2).sample(sde, score, noise(3))
    method(num_steps=2).sample(sde, score, noise(3), data_mean=torch.full(SHAPE, MU))
    torch.testing.assert_close(seen[len(seen) // 2], seen[0] + alpha * MU)

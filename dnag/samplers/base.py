r"""Numerical methods that run an SDE backwards from noise to data.

A sampler walks down a grid ``t_max = t_0 > t_1 > ... > t_n = t_min`` and calls a score function; it knows neither
networks nor guidance. :meth:`Sampler.sample` owns the loop, a member only says how to get from ``t`` to ``s < t``.

``step`` returns the new state and its mean. They differ for stochastic methods, and the mean of the last step is the
result (the noise added last carries no information; Song et al., 2021, call it denoising).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from dnag.registry import Registry
from dnag.sdes.base import SDE
from dnag.shapes import ScoreFn
from dnag.tensors import Noise

samplers: Registry[Sampler] = Registry("sampler", "dnag.samplers")


@dataclass(frozen=True)
class StepInfo:
    """What a callback is told after each step.

    Attributes:
        index, total: step number from 1, and how many there are.
        t: the time reached.
        x, x_mean: the state there and its mean, (B,N,F), centred.
        seen_x, seen_t: where the score was evaluated last, (B,N,F) and (B,).
        x0_hat: the denoised estimate that this score implies (Tweedie), (B,N,F).
        nfe: score evaluations so far.
    """

    index: int
    total: int
    t: float
    x: Tensor
    x_mean: Tensor
    seen_x: Tensor
    seen_t: Tensor
    x0_hat: Tensor
    nfe: int


StepCallback = Callable[[StepInfo], None]


class RecordingScore:
    """A score function that counts its evaluations and remembers the last one."""

    def __init__(self, score_fn: ScoreFn):
        self.score_fn = score_fn
        self.nfe = 0
        self.last: tuple[Tensor, Tensor, Tensor] | None = None

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        score = self.score_fn(x, t)
        self.nfe += 1
        self.last = (x, t, score)
        return score


def uniform_grid(sde: SDE, num_steps: int) -> Tensor:
    """``num_steps + 1`` times, evenly spaced from ``t_max`` down to ``t_min``."""
    return torch.linspace(sde.t_max, sde.t_min, num_steps + 1, dtype=torch.float64)


def log_noise_grid(sde: SDE, num_steps: int) -> Tensor:
    """``num_steps + 1`` times at which the noise level ``sigma / alpha`` falls by equal factors."""
    ends = sde.noise_level(torch.tensor([sde.t_max, sde.t_min], dtype=torch.float64)).log()
    times = sde.time_of(torch.linspace(float(ends[0]), float(ends[1]), num_steps + 1, dtype=torch.float64).exp())
    times[0], times[-1] = sde.t_max, sde.t_min
    return times


def check_grid(timesteps: Tensor, sde: SDE) -> None:
    """``ValueError`` unless the grid has a step and falls strictly within the SDE's range."""
    if timesteps.ndim != 1 or len(timesteps) < 2 or not bool((timesteps.diff() < 0).all()):
        raise ValueError(
            f"timesteps are {timesteps.flatten()[:4].tolist()}...; allowed: a strictly decreasing list of two or more"
        )
    high, low = float(timesteps[0]), float(timesteps[-1])
    if low < sde.t_min - 1e-9 or high > sde.t_max + 1e-9:
        raise ValueError(f"timesteps span {low:g} to {high:g}; allowed: {sde.t_min:g} to {sde.t_max:g}")


@dataclass(frozen=True)
class Sampler(ABC):
    """Base of all samplers. Members add their settings as fields and define :meth:`step`."""

    name: ClassVar[str]
    label: ClassVar[str]
    num_steps: int = 20

    def __post_init__(self) -> None:
        if not isinstance(self.num_steps, int) or self.num_steps < 1:
            raise ValueError(f"num_steps is {self.num_steps!r}; allowed: a whole number, 1 or more")

    @abstractmethod
    def step(
        self, sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise, memory: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        """One step from ``t (B,)`` to ``s (B,)``, s < t: returns ``x_s (B,N,F)`` and its mean.

        ``memory`` is empty at the start of every run and is where a multistep method keeps what it needs of the past.
        """

    def evaluations(self, num_steps: int) -> int:
        """Score evaluations of a run of ``num_steps``."""
        return num_steps

    def grid(self, sde: SDE) -> Tensor:
        """The default time grid, (num_steps + 1,)."""
        return log_noise_grid(sde, self.num_steps)

    def sample(
        self,
        sde: SDE,
        score_fn: ScoreFn,
        noise: Noise,
        *,
        timesteps: Tensor | None = None,
        data_mean: Tensor | None = None,
        callback: StepCallback | None = None,
    ) -> Tensor:
        """Run the whole grid from pure noise; the last mean, (B,*).

        Args:
            noise: where all randomness comes from, one stream per sample; gives shape and device.
            timesteps: strictly decreasing times, (steps + 1,); default :meth:`grid`.
            data_mean: ``E[x_0]``, which the first state is drawn around; default zero. The largest noise does not drown
                it quite, and what the start gets wrong of it, the result gets wrong too.
            callback: called after every step. An exception it raises ends the run, which is how a run is cancelled.
        """
        times = self.grid(sde) if timesteps is None else timesteps
        check_grid(times, sde)
        times = times.to(device=noise.device, dtype=torch.float32)
        recorded = RecordingScore(score_fn)
        memory: dict[str, Any] = {}
        batch = noise.shape[0]
        t = times[0].expand(batch)
        alpha, sigma = sde.marginal(t[:1])
        x = mean = sigma * noise() + (0.0 if data_mean is None else alpha * data_mean)
        for index in range(1, len(times)):
            s = times[index].expand(batch)
            x, mean = self.step(sde, recorded, x, t, s, noise, memory)
            if callback is not None:
                assert recorded.last is not None
                seen_x, seen_t, score = recorded.last
                callback(
                    StepInfo(
                        index=index,
                        total=len(times) - 1,
                        t=float(times[index]),
                        x=x,
                        x_mean=mean,
                        seen_x=seen_x,
                        seen_t=seen_t,
                        x0_hat=sde.denoised(seen_x, seen_t, score),
                        nfe=recorded.nfe,
                    )
                )
            t = s
        return mean

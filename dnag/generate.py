r"""One call from a score function to architectures.

The score may be a network's, an exact one, or either of them guided; the call does not know. Samples are drawn in
batches whose size changes nothing but speed and memory: sample i has its own stream of noise (``dnag.tensors.Noise``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from dnag.metrics import training_frequencies
from dnag.samplers.base import Sampler, StepInfo
from dnag.sdes.base import SDE
from dnag.shapes import PropertyFn, ScoreFn
from dnag.spaces.base import Architecture, SearchSpace, Violation
from dnag.tensors import Noise, centre, sample_seeds, uncentre

MAX_SAMPLES = 10_000
_TRAJECTORY_BYTES = 24_000_000


@dataclass(frozen=True)
class GenerateConfig:
    """How many samples, in batches of what size, from which seed, and how many frames of the trajectory to keep."""

    num_samples: int
    batch_size: int = 256
    seed: int = 0
    keep_frames: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.num_samples <= MAX_SAMPLES:
            raise ValueError(f"num_samples is {self.num_samples!r}; allowed: 1 to {MAX_SAMPLES:,}")
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size!r}; allowed: 1 or more")


@dataclass(frozen=True)
class Trajectory:
    """The denoised estimate along the way.

    Attributes:
        level: noise level ``sigma / alpha`` of each frame, (K,).
        probability: (K, B, N, F) uint8, ``255 * (E[x_0 | x_t] + 1) / 2``: the probability of every operation.
        value: what the monitor said of each frame, (K, B), or None.
    """

    level: Tensor
    probability: Tensor
    value: Tensor | None


@dataclass(frozen=True)
class Generation:
    """What came out.

    Attributes:
        decoded: by the paper's rule, an architecture or the reason why not, per sample.
        projected: the nearest valid architecture, per sample; equal to ``decoded`` where that is valid.
        x: final matrices, (B, N, F) in about [0, 1].
        nfe: score evaluations per sample.
    """

    decoded: list[Architecture | Violation]
    projected: list[Architecture]
    x: Tensor
    trajectory: Trajectory | None
    nfe: int
    seconds: float

    @property
    def valid(self) -> list[Architecture]:
        """Architectures valid by the paper's rule, one per valid sample."""
        return [result for result in self.decoded if isinstance(result, Architecture)]

    @property
    def validity(self) -> float:
        """Share of samples that are valid by the paper's rule."""
        return len(self.valid) / len(self.decoded)

    @property
    def uniqueness(self) -> float:
        """Share of distinct architectures among the valid ones; 0 if there are none."""
        return len(set(self.valid)) / len(self.valid) if self.valid else 0.0


def kept_steps(total: int, keep: int) -> list[int]:
    """At most ``keep`` step numbers from 1 to ``total``, evenly spread, the last one among them."""
    if keep < 1:
        return []
    keep = min(keep, total)
    return sorted({round(total - index * (total - 1) / max(1, keep - 1)) for index in range(keep)})


def generate(
    score_fn: ScoreFn,
    sde: SDE,
    space: SearchSpace,
    sampler: Sampler,
    config: GenerateConfig,
    *,
    monitor: PropertyFn | None = None,
    progress: Callable[[int, int], None] | None = None,
    device: torch.device | str = "cpu",
) -> Generation:
    """Sample, decode, and keep the trajectory.

    Args:
        monitor: evaluated on every kept frame; its values stand in ``trajectory.value``.
        progress: told ``(steps done, steps in all)`` over all batches, before the first and after each. An exception
            from it ends the run.
    """
    began = time.perf_counter()
    shape = (space.num_nodes, space.num_ops)
    seeds = sample_seeds(Generator().manual_seed(config.seed), config.num_samples)
    batches: Sequence[Tensor] = seeds.split(config.batch_size)
    frame_bytes = config.num_samples * shape[0] * shape[1]
    wanted = set(kept_steps(sampler.num_steps, min(config.keep_frames, max(2, _TRAJECTORY_BYTES // frame_bytes))))
    data_mean = centre(training_frequencies(space)[:, :-1]).float().to(device)
    finals, histories = [], []
    steps_done, nfe = 0, 0
    if progress is not None:
        progress(0, sampler.num_steps * len(batches))
    for part in batches:
        levels: list[Tensor] = []
        frames: list[Tensor] = []
        values: list[Tensor] = []

        def step(
            info: StepInfo, levels: list[Tensor] = levels, frames: list[Tensor] = frames, values: list[Tensor] = values
        ) -> None:
            nonlocal steps_done, nfe
            steps_done, nfe = steps_done + 1, info.nfe
            if info.index in wanted:
                levels.append(sde.noise_level(info.seen_t[:1]).cpu())
                frames.append(to_bytes(info.x0_hat))
                if monitor is not None:
                    values.append(monitor(info.seen_x, info.seen_t).cpu())
            if progress is not None:
                progress(steps_done, sampler.num_steps * len(batches))

        with torch.no_grad():
            final = sampler.sample(sde, score_fn, Noise(part, shape, device), data_mean=data_mean, callback=step)
            if wanted:
                end = torch.full((len(part),), sde.t_min, device=final.device)
                levels.append(sde.noise_level(end[:1]).cpu())
                ops = torch.tensor([arch.ops for arch in space.project(uncentre(final).cpu())])
                frames.append(to_bytes(centre(space.encode_ops(ops))))  # what the sample is read as
                if monitor is not None:
                    values.append(monitor(final * sde.marginal(end[:1])[0], end).cpu())
        finals.append(uncentre(final).cpu())
        histories.append((levels, frames, values))
    x = torch.cat(finals)
    trajectory = None
    if wanted:
        level = torch.cat(histories[0][0])
        probability = torch.cat([torch.stack(frames) for _, frames, _ in histories], dim=1)
        value = torch.cat([torch.stack(values) for *_, values in histories], dim=1) if monitor is not None else None
        trajectory = Trajectory(level, probability, value)
    decoded = space.decode(x)
    repaired = iter(space.project(x[[isinstance(result, Violation) for result in decoded]]))
    projected = [next(repaired) if isinstance(result, Violation) else result for result in decoded]
    return Generation(decoded, projected, x, trajectory, nfe, time.perf_counter() - began)


def to_bytes(centred: Tensor) -> Tensor:
    """A centred estimate as probabilities in 0..255, uint8 on the CPU."""
    return (uncentre(centred).clamp(0, 1) * 255).round().to(torch.uint8).cpu()

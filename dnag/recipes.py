r"""How the shipped checkpoints are trained: one function each, run by ``python -m dnag train``.

The score network and the noise-aware predictor take most of the time and can be resumed; the members of the ranking
ensemble, a minute or so each, are trained in one go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import huber_loss

from dnag.additive import Additive
from dnag.checkpoint import Checkpoint, score_network
from dnag.exact import Enumeration, ExactDenoiser
from dnag.losses import (
    GuidanceBatch,
    ValueFn,
    guidance_batch,
    guidance_loss,
    sampled_guidance_batch,
    score_matching_loss,
)
from dnag.nets.property_model import Labels
from dnag.nets.property_predictor import PropertyPredictor, PropertyPredictorConfig
from dnag.nets.ranking_predictor import RankingPredictor, RankingPredictorConfig
from dnag.nets.score_model import ScoreModel
from dnag.sdes.ve import VE
from dnag.spaces.base import SearchSpace
from dnag.tensors import centre, expand
from dnag.training import TrainConfig, TrainProgress, TrainResult, train

Callback = Callable[[TrainProgress], None]


def initialised(make: Callable[[], nn.Module], seed: int) -> Any:
    """A network whose initial weights depend on ``seed`` alone; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def training_half(space: SearchSpace, seed: int = 0) -> Tensor:
    """Operation indices of a random half of an enumerable space, (size // 2, N): the training set for novelty."""
    order = torch.randperm(space.size, generator=Generator().manual_seed(seed))
    return space.all_ops[order[: space.size // 2]]


TARGETS = ("sample", "posterior")


def train_score(
    space: SearchSpace,
    config: TrainConfig,
    *,
    half: bool = False,
    target: str = "sample",
    batch_size: int = 256,
    sizes: dict[str, Any] | None = None,
    device: str | torch.device = "cpu",
    state_path: Path | None = None,
    callback: Callback | None = None,
) -> tuple[Checkpoint, TrainResult]:
    """The score network of a space, on draws from its training distribution, or on a fixed half of it.

    Args:
        target: ``"sample"``, the architecture that the noise was added to, as in the paper; or ``"posterior"``, its
            mean given the noisy one, which is known where the whole distribution is. The minimiser is the same, but the
            loss no longer is mostly noise, which large spaces need.
    """
    if target not in TARGETS or (half and target != "sample"):
        raise ValueError(f"target is {target!r}; allowed: {', '.join(TARGETS)} (of half a space: sample)")
    posterior_mean = ExactDenoiser(space, device).denoised if target == "posterior" else None
    network = initialised(lambda: score_network(space, **(sizes or {})), config.seed).to(device)
    data = training_half(space) if half else None

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        if data is None:
            ops = space.sample_ops(batch_size, generator)
        else:
            ops = data[torch.randint(len(data), (batch_size,), generator=generator)]
        model = ScoreModel(module, VE(), "denoised")
        x0 = centre(space.encode_ops(ops)).to(device)
        return score_matching_loss(model, x0, posterior_mean=posterior_mean, generator=generator)

    result = train(network, loss, config, state_path=state_path, callback=callback)
    extra = {
        "prediction": "denoised",
        "half": half,
        "target": target,
        "batch_size": batch_size,
        "steps": config.steps,
        "seed": config.seed,
    }
    return Checkpoint("score", space.name, {"score": result.module}, extra), result


SMALLEST_SCALE = 0.05
"""The calibrated predictor is trained on gamma = 0 and from here to the largest of ``SearchSpace.guidance_scales``."""


def train_guidance(
    space: SearchSpace,
    values: Mapping[str, Tensor],
    config: TrainConfig,
    *,
    contexts: Tensor | None = None,
    batch_size: int = 128,
    width: int = 256,
    device: str | torch.device = "cpu",
    state_path: Path | None = None,
    callback: Callback | None = None,
) -> tuple[PropertyPredictor, TrainResult]:
    """The noise-aware predictor of an enumerable space: one network for all datasets and guidance scales.

    A regression on single draws has the certainty equivalent as its minimiser, but at large gamma nearly all draws
    weigh nothing. Where the space can be listed, the target is known in closed form (``Enumeration``), and so is its
    gradient; the network learns both. Noisy inputs come from the tilted distributions that guided runs pass through.

    Args:
        values: dataset -> value of every architecture, in the order of ``space.all_ops``.
        contexts: what the predictor is told of each dataset, (T,Z); default: which of them it is.
    """
    names = list(values)
    tables = [values[name].to(device) for name in names]
    contexts = (torch.eye(len(names)) if contexts is None else contexts).to(device)
    enumeration = Enumeration(space, device)
    sizes = PropertyPredictorConfig(space.num_nodes, space.num_ops, context=contexts.shape[1], width=width)
    posterior = ExactDenoiser(space, device).posterior
    network = initialised(lambda: PropertyPredictor(sizes, posterior=posterior), config.seed).to(device)
    low, high = math.log(SMALLEST_SCALE), math.log(space.guidance_scales[1])
    groups = 4  # of one dataset and scale each

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        parts = []
        for _ in range(groups):
            which = int(torch.randint(len(names), (), generator=generator))
            first_order, strength, share = torch.rand(3, generator=generator).tolist()
            drawn = math.exp(low + (high - low) * strength)
            scale = 0.0 if first_order < 0.2 else drawn
            proposal = drawn * min(1.0, max(0.0, 1.8 * share - 0.4))  # untilted, fully tilted, or between
            tilted = enumeration.tilted(tables[which], proposal).cpu()
            index = torch.multinomial(tilted, batch_size // groups, replacement=True, generator=generator)
            x0 = enumeration.centres[index.to(device)]
            parts.append(guidance_batch(enumeration, x0, tables[which], contexts[which], scale, generator=generator))
        return guidance_loss(module, GuidanceBatch.cat(parts))

    result = train(network, loss, config, state_path=state_path, callback=callback)
    return result.module, result  # type: ignore[return-value]


def varied_ops(space: SearchSpace, weights: Sequence[Tensor], n: int, generator: Generator) -> Tensor:
    """Architectures of every kind, (n, N): random ones, and such as guidance gives, cheap and expensive.

    Drawn from tilts of the training distribution by additive properties, in chunks of a random strength each.

    Args:
        weights: the properties to tilt by, (N,F) each: first the one that is steered to, then costs.
    """
    prior = ExactDenoiser(space).posterior(torch.zeros(1, space.num_nodes, space.num_ops), torch.ones(1))
    value, *costs = (table / prior.moments(table)[1].sqrt() for table in weights)  # per standard deviation
    chunk, drawn = 64, []
    largest = space.guidance_scales[1] * float(prior.moments(weights[0])[1].sqrt())
    for _ in range(-(-n // chunk)):
        plain, strength, *signed = torch.rand(2 + len(costs), generator=generator).tolist()
        tilt = torch.zeros_like(value)
        if plain > 0.25:
            tilt = math.exp(math.log(0.1) + strength * math.log(largest / 0.1)) * value
            if plain > 0.5:  # with a budget, as it were: dearer or cheaper than accuracy alone would have it
                for cost, share in zip(costs, signed, strict=True):
                    tilt = tilt + 6 * (0.5 - share) * (1 + 0.3 * float(tilt.abs().max())) * cost
        drawn.append(prior.tilted(tilt).sample(chunk, generator)[0])
    return torch.cat(drawn)[:n]


@dataclass(frozen=True)
class Task:
    """A property to learn where the space cannot be listed: what it is of any architecture, and what is known of it."""

    value_fn: ValueFn
    additive: Additive
    labels: Labels

    @classmethod
    def of(cls, space: SearchSpace, value_fn: ValueFn, costs: Sequence[Tensor], seed: int = 0) -> Task:
        """Fit the additive part on random architectures, and see how far the values go."""
        generator = Generator().manual_seed(seed)
        ops = space.sample_ops(20_000, generator)
        values = value_fn(space.encode_ops(ops))
        additive = Additive.fit(space, ops, values)
        varied = value_fn(space.encode_ops(varied_ops(space, [additive.weights, *costs], 20_000, generator)))
        spread = float(values.std())
        return cls(value_fn, additive, replace(Labels.of(varied, margin=spread), spread=spread))


def train_sampled_guidance(
    space: SearchSpace,
    tasks: Mapping[str, Task],
    costs: Sequence[Tensor],
    config: TrainConfig,
    *,
    batch_size: int = 128,
    draws: int = 16,
    width: int = 256,
    device: str | torch.device = "cpu",
    state_path: Path | None = None,
    callback: Callback | None = None,
) -> tuple[PropertyPredictor, TrainResult]:
    """The noise-aware predictor of a space that cannot be listed: additive part in closed form, the rest learned.

    A third as many steps follow in which most targets are of architectures with next to no noise.

    Args:
        tasks: name -> property; one network for all, told which by a one-hot context.
        costs: (N,F) additive costs; guidance under a budget visits other architectures than guidance without.
    """
    names = list(tasks)
    contexts = torch.eye(len(names), device=device)
    sizes = PropertyPredictorConfig(space.num_nodes, space.num_ops, context=len(names), width=width, additive=True)
    denoiser = ExactDenoiser(space, device)
    network = initialised(lambda: PropertyPredictor(sizes, posterior=denoiser.posterior), config.seed).to(device)
    network.weights.copy_(torch.stack([tasks[name].additive.weights for name in names]))
    for buffer, values in (
        (network.offset, [tasks[name].additive.offset for name in names]),
        (network.best, [tasks[name].labels.best for name in names]),
        (network.spread, [tasks[name].labels.spread for name in names]),
    ):
        buffer.copy_(torch.tensor(values))
    low, high = math.log(SMALLEST_SCALE), math.log(space.guidance_scales[1])

    def drawn_task(generator: Generator) -> tuple[int, Task, float]:
        which = int(torch.randint(len(names), (), generator=generator))
        first_order, strength = torch.rand(2, generator=generator).tolist()
        scale = 0.0 if first_order < 0.2 else math.exp(low + (high - low) * strength**0.7)
        return which, tasks[names[which]], scale

    def noisy(generator: Generator, groups: int) -> GuidanceBatch:
        parts = []
        for _ in range(groups):  # of one task and scale each
            which, task, scale = drawn_task(generator)
            ops = varied_ops(space, [task.additive.weights, *costs], batch_size // 4, generator)
            parts.append(
                sampled_guidance_batch(
                    denoiser,
                    centre(space.encode_ops(ops)).to(device),
                    task.value_fn,
                    task.additive.weights.to(device),
                    task.labels,
                    contexts[which],
                    scale,
                    factors=[factor.nodes for factor in space.factors],
                    draws=draws,
                    generator=generator,
                )
            )
        return GuidanceBatch.cat(parts)

    def clean(module: nn.Module, generator: Generator) -> Tensor:
        """With next to no noise, the value is the architecture's own at any scale; such targets cost little."""
        losses = []
        for _ in range(4):
            which, task, scale = drawn_task(generator)
            x0 = space.encode_ops(varied_ops(space, [task.additive.weights, *costs], batch_size, generator)).to(device)
            level = (math.log(0.03) + math.log(8) * torch.rand(len(x0), generator=generator)).exp().to(device)
            y = centre(x0) + expand(level, x0) * torch.randn(x0.shape, generator=generator).to(device)
            output = module(y, level, contexts[which].expand(len(x0), -1), torch.full_like(level, scale))
            target = (task.value_fn(x0) - task.labels.best) / task.labels.spread
            losses.append(huber_loss(output, target, reduction="none"))
        return torch.cat(losses)

    def told(progress: TrainProgress, done: int) -> None:
        if callback is not None:
            callback(TrainProgress(done + progress.step, config.steps + polish.steps, progress.loss))

    polish = replace(config, steps=max(1, config.steps // 3), lr=0.7 * config.lr, warmup=min(100, config.warmup))
    result = train(
        network,
        lambda module, generator: guidance_loss(module, noisy(generator, 4)),
        config,
        state_path=state_path,
        callback=lambda progress: told(progress, 0),
    )
    polished = train(
        result.module.requires_grad_(True).train(),
        lambda module, generator: torch.cat([guidance_loss(module, noisy(generator, 2)), clean(module, generator)]),
        polish,
        callback=lambda progress: told(progress, config.steps),
    )
    curve = result.curve + [(config.steps + step, value) for step, value in polished.curve]
    return polished.module, TrainResult(polished.module, curve)  # type: ignore[return-value]


def ranking_sizes(space: SearchSpace, context: int, *, width: int = 48, shift: bool = False) -> RankingPredictorConfig:
    """Sizes of a ranking predictor: on a chain, where a graph network has nothing to add, an MLP alone."""
    chain = bool((space.adjacency == torch.ones_like(space.adjacency, dtype=torch.long).triu(1).tril(1)).all())
    return RankingPredictorConfig(
        space.num_nodes,
        space.num_ops,
        context,
        space.identity_ops,
        space.zero_ops,
        width=0 if chain else width,
        hidden=256 if chain else 128,
        shift=shift,
    )


def train_ranking(
    space: SearchSpace,
    ops: Tensor,
    values: Mapping[str, Tensor],
    config: TrainConfig,
    *,
    members: int = 5,
    labels: Mapping[str, Labels] | None = None,
    batch_size: int = 384,
    width: int = 48,
    device: str | torch.device = "cpu",
    callback: Callback | None = None,
) -> list[RankingPredictor]:
    """An ensemble of clean predictors on labelled architectures: members differ in initial weights and batches.

    Args:
        ops: the labelled architectures, (n, N).
        values: dataset -> their values, (n,).
        labels: what is known of the values; default: what these say.
    """
    names = list(values)
    known = labels or {name: Labels.of(values[name]) for name in names}
    targets = torch.stack([known[name].rank_target(values[name]) for name in names]).to(device)
    contexts = torch.eye(len(names), device=device)
    sizes = ranking_sizes(space, len(names), width=width)

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        index = torch.randint(len(ops), (batch_size,), generator=generator)
        which = torch.randint(len(names), (batch_size,), generator=generator).to(device)
        onehot = space.encode_ops(ops[index]).to(device)
        return (module(onehot, contexts[which]) - targets[which, index.to(device)]).square()

    ensemble = []
    for member in range(members):
        seed = config.seed + member
        network = initialised(lambda: RankingPredictor(sizes, adjacency=space.adjacency), seed).to(device)

        def told(progress: TrainProgress, member: int = member) -> None:
            if callback is not None:
                done = member * config.steps + progress.step
                callback(TrainProgress(done, members * config.steps, progress.loss))

        result = train(network, loss, replace(config, seed=seed), callback=told)
        ensemble.append(result.module)
    return ensemble  # type: ignore[return-value]


TAUGHT = 300_000
"""Architectures that a ranking ensemble learns from a teacher."""


def train_taught_ranking(
    space: SearchSpace,
    tasks: Mapping[str, Task],
    costs: Sequence[Tensor],
    config: TrainConfig,
    *,
    device: str | torch.device = "cpu",
    callback: Callback | None = None,
) -> list[RankingPredictor]:
    """An ensemble of clean predictors on what the tasks say of architectures of every kind."""
    generator = Generator().manual_seed(config.seed)
    tables = [task.additive.weights for task in tasks.values()]
    share = TAUGHT // len(tables)
    ops = torch.cat([varied_ops(space, [table, *costs], share, generator) for table in tables])
    values = {
        name: torch.cat([task.value_fn(space.encode_ops(part)) for part in ops.split(8192)])
        for name, task in tasks.items()
    }
    labels = {name: task.labels for name, task in tasks.items()}
    return train_ranking(space, ops, values, config, labels=labels, device=device, callback=callback)


def measured_split(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Indices of the half of ``count`` measured architectures that calibrates, and of the half that judges."""
    order = torch.randperm(count, generator=Generator().manual_seed(seed))
    return order[: count // 2], order[count // 2 :]


def predictor_checkpoint(
    space: SearchSpace,
    labels: Mapping[str, Labels],
    guidance: PropertyPredictor,
    ranking: list[RankingPredictor],
    extra: Mapping[str, Any],
) -> Checkpoint:
    """Noise-aware predictor and ranking ensemble in one checkpoint, with what is known of the labels per task."""
    modules: dict[str, nn.Module] = {"guidance": guidance}
    modules |= {f"ranking.{index}": member for index, member in enumerate(ranking)}
    contexts = torch.eye(len(labels)).tolist()
    datasets = {
        name: {"labels": asdict(known), "context": context}
        for (name, known), context in zip(labels.items(), contexts, strict=True)
    }
    return Checkpoint("predictor", space.name, modules, {"datasets": datasets, **extra})

"""The score that a run follows: the learned or the exact one, steered by what its settings ask for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from dnag.benchmarks.base import Benchmark, measured_values
from dnag.bundle import ModelBundle
from dnag.costs import CostModel
from dnag.exact import ExactGuidedScore, ExactScore, Posterior
from dnag.guidance import GuidedScore
from dnag.objectives.base import Objective, ObjectiveContext
from dnag.objectives.cost_budget import CostBudget
from dnag.objectives.predicted_property import PredictedProperty
from dnag.objectives.weighted_sum import WeightedSum
from dnag.run_settings import ACCURACY, RunSettings
from dnag.sdes.base import SDE
from dnag.shapes import PropertyFn, ScoreFn
from dnag.tensors import expand


def run_score(
    settings: RunSettings, bundle: ModelBundle, sde: SDE, benchmark: Benchmark | None, costs: Mapping[str, CostModel]
) -> ScoreFn:
    """The score that the settings describe: learned or exact, guided or not."""
    if settings.guidance == "exact":
        if not settings.guided:
            return ExactScore(bundle.space, sde, bundle.device)
        return ExactGuidedScore(bundle.enumeration, sde, exact_log_tilt(settings, bundle, benchmark, costs))
    score = bundle.score_fn(sde)
    if not settings.guided:
        return score
    gamma = settings.guidance_scale if settings.steers_accuracy else 0.0
    calibrated = settings.guidance == "calibrated"
    terms: list[tuple[float, Objective]] = []
    if gamma:
        terms.append((gamma, PredictedProperty(ACCURACY, gamma if calibrated else 0.0)))
    terms += [(nats, PredictedProperty(name, nats if calibrated else 0.0)) for name, nats in settings.weights.items()]
    terms += [(1.0, CostBudget(name, limit)) for name, limit in settings.budgets.items()]
    context = _context(settings, bundle, sde, costs, gamma)
    if len(terms) == 1:
        weight, objective = terms[0]
        return GuidedScore(score, objective.bind(context), weight)
    return GuidedScore(score, WeightedSum(tuple(terms)).bind(context))


def _context(
    settings: RunSettings, bundle: ModelBundle, sde: SDE, costs: Mapping[str, CostModel], gamma: float
) -> ObjectiveContext:
    """What objectives may use in a run. Costs are judged among architectures as guidance by accuracy leaves them: of
    ``E[exp(gamma * accuracy) 1[cost <= limit]]`` the budget is the second factor, a probability under the tilt.
    """
    space, device = bundle.space, bundle.device
    tilt = torch.zeros(space.num_nodes, space.num_ops, device=device)
    if gamma and (settings.weights or settings.budgets):
        tilt = gamma * bundle.additive_accuracy(settings.dataset, settings.resolution).weights.to(device)
    for name, nats in settings.weights.items():
        tilt = tilt + nats * costs[name].additive.weights.to(device)

    def belief(x: Tensor, t: Tensor, shift: Tensor) -> Posterior:
        alpha, sigma = sde.marginal(t)
        return bundle.denoiser.posterior(x / expand(alpha, x), sigma / alpha).tilted(shift)

    def equivalent(name: str) -> Callable[[float], PropertyFn]:
        additive = costs[name].additive.to(device)
        others = tilt - settings.weights.get(name, 0.0) * additive.weights

        def at(scale: float) -> PropertyFn:
            def of(x: Tensor, t: Tensor) -> Tensor:
                around = belief(x, t, others)
                if scale == 0:
                    return additive.offset + around.moments(additive.weights)[0]
                return additive.offset + around.tilted(scale * additive.weights).log_evidence / scale

            return of

        return at

    properties: dict[str, Callable[[float], PropertyFn]] = {name: equivalent(name) for name in costs}
    properties[ACCURACY] = lambda scale: bundle.property_fn(settings.dataset, sde, scale, settings.resolution)
    known = {name: cost.additive.to(device) for name, cost in costs.items()}
    return ObjectiveContext(space, properties, known, lambda x, t: belief(x, t, tilt))


def exact_log_tilt(
    settings: RunSettings, bundle: ModelBundle, benchmark: Benchmark | None, costs: Mapping[str, CostModel]
) -> Tensor:
    """What the settings make every architecture of an enumerable space more likely by, in nats, (A,)."""
    tilt = torch.zeros(bundle.space.size, device=bundle.device)
    if settings.steers_accuracy:
        tilt = settings.guidance_scale * _exact_values(settings, bundle, benchmark)
    for name, limit in settings.budgets.items():
        outside = costs[name].additive(bundle.space.all_ops) > limit
        tilt = tilt.masked_fill(outside.to(tilt.device), -math.inf)
    return tilt


def _exact_values(settings: RunSettings, bundle: ModelBundle, benchmark: Benchmark | None) -> Tensor:
    if settings.exact_values == "predictor":
        return bundle.predicted_values(settings.dataset)
    values = measured_values(benchmark, settings.dataset)
    if values is None:
        raise ValueError(
            f"exact_values 'measured' needs a measured accuracy for every architecture on {settings.dataset}; "
            f"none is installed; allowed: predictor"
        )
    return values.to(bundle.device)

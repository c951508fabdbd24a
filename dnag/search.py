r"""Searches to compare generation with: they ask a predictor about architectures, one call each.

* ``random_search``: draws from the space.
* ``regularized_evolution`` (Real et al., 2019): a queue of architectures; the best of a random few is changed in one
  node, its child is put in, the oldest falls out.
* ``tempered_chains``: Metropolis chains that end in ``p(a) exp(scale * value(a))``, what an exactly guided model would
  draw. Slow, but right in the limit, also where a space cannot be listed.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from dnag.spaces.base import Architecture, SearchSpace

ValueFn = Callable[[Tensor], Tensor]
"""``ops (B,N) -> (B,)``: what a search asks for."""


@dataclass(frozen=True)
class Found:
    """Operation indices (n, N) that a search asked about, with their values (n,), in the order of asking."""

    ops: Tensor
    values: Tensor

    @property
    def best(self) -> float:
        """The largest value."""
        return float(self.values.max())


def random_search(space: SearchSpace, value_fn: ValueFn, calls: int, generator: Generator) -> Found:
    """``calls`` draws from the training distribution."""
    ops = space.sample_ops(calls, generator)
    return Found(ops, value_fn(ops))


def regularized_evolution(
    space: SearchSpace, value_fn: ValueFn, calls: int, seed: int, *, population: int = 50, sample: int = 10
) -> Found:
    """Evolution by ageing with ``calls`` calls in all, the first ``population`` of them at random architectures."""
    choose = random.Random(seed)
    first = space.sample_ops(min(population, calls), Generator().manual_seed(seed))
    rows, values = first.tolist(), value_fn(first).tolist()
    queue = deque(zip(rows, values, strict=True), maxlen=population)
    while len(rows) < calls:
        parent, _ = max(choose.sample(list(queue), min(sample, len(queue))), key=lambda pair: pair[1])
        child = list(choose.choice(space.neighbours(Architecture(space.name, tuple(parent)))).ops)
        value = float(value_fn(torch.tensor([child])))
        rows.append(child)
        values.append(value)
        queue.append((child, value))
    return Found(torch.tensor(rows), torch.tensor(values))


def tempered_chains(
    space: SearchSpace, value_fn: ValueFn, scale: float, chains: int, generator: Generator, *, moves: int = 600
) -> Found:
    """The states of ``chains`` Metropolis chains after ``moves`` moves, the first half of them while ``scale`` rises.

    A move draws one factor of the space anew, or one node of it; both leave ``p(a)`` as it is.
    """
    state = space.sample_ops(chains, generator)
    values = value_fn(state)
    owner = torch.empty(space.num_nodes, dtype=torch.long)
    for index, factor in enumerate(space.factors):
        owner[list(factor.nodes)] = index
    several = any(len(factor.nodes) > 1 for factor in space.factors)
    rows = torch.arange(chains)
    for move in range(moves):
        fresh = space.sample_ops(chains, generator)
        if several and move % 4:
            # one node takes the operation it has elsewhere, where both are there: kernels and expansions move alone
            node = torch.randint(space.num_nodes, (chains,), generator=generator)
            proposal, new = state.clone(), fresh[rows, node]
            both = (new >= 0) & (state[rows, node] >= 0)
            proposal[rows, node] = torch.where(both, new, state[rows, node])
        else:
            which = torch.randint(len(space.factors), (chains,), generator=generator)
            proposal = torch.where(owner == which[:, None], fresh, state)
        proposed = value_fn(proposal)
        heat = scale * min(1.0, 2 * (move + 1) / moves)
        accepted = torch.rand(chains, generator=generator).log() < heat * (proposed - values)
        state = torch.where(accepted[:, None], proposal, state)
        values = torch.where(accepted, proposed, values)
    return Found(state, values)

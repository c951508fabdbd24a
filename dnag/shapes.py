"""Shape legend and the three callables everything else is built around.

Letters used in every docstring and end-of-line comment:

====  =====================================================================
B     batch (architectures)
N     nodes of the architecture graph
F     operation types, the columns of the one-hot encoding
K     kept frames of a trajectory
Z     width of a dataset context
C     centres of one factor of the data distribution (see ``exact``)
====  =====================================================================

Operations are diffused in the *centred* encoding ``2 * onehot - 1``, entries in {-1, +1}.
"""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

ScoreFn = Callable[[Tensor, Tensor], Tensor]
"""``(x (B,N,F), t (B,)) -> (B,N,F)``: the score, the gradient of the log density at noise level ``t``."""

PropertyFn = Callable[[Tensor, Tensor], Tensor]
"""``(x (B,N,F), t (B,)) -> (B,)``: a property of the noisy architecture; larger is better."""


class Belief(Protocol):
    """What noisy architectures say about the clean ones: see ``dnag.exact.Posterior``."""

    @property
    def probability(self) -> Tensor:
        """Of every operation of every node, (B,N,F)."""

    @property
    def log_evidence(self) -> Tensor:
        """Log of the normaliser with respect to what it was made from, (B,)."""

    def tilted(self, tilt: Tensor, /) -> "Belief":
        """The same times ``exp <tilt, a>``, normalised; tilt (N,F) or (B,N,F)."""

    def moments(self, weights: Tensor, /) -> tuple[Tensor, Tensor]:
        """Mean and variance (B,) of ``sum_i weights[i, a_i]``; weights (N,F)."""


BeliefFn = Callable[[Tensor, Tensor], Belief]
"""``(x (B,N,F), t (B,)) -> Belief``, differentiable in ``x``; or of ``y = x / alpha`` and its noise level."""

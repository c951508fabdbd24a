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

from torch import Tensor

ScoreFn = Callable[[Tensor, Tensor], Tensor]
"""``(x (B,N,F), t (B,)) -> (B,N,F)``: the score, the gradient of the log density at noise level ``t``."""

PropertyFn = Callable[[Tensor, Tensor], Tensor]
"""``(x (B,N,F), t (B,)) -> (B,)``: a property of the noisy architecture; larger is better."""

"""What is evaluated, and that figures say what they compare with."""

import pytest

from dnag.bundle import ModelStore
from dnag.costs import measured_devices
from dnag.evaluation import EvaluationSettings, Figure, evaluate, to_markdown
from dnag.metrics import trait_distances
from dnag.spaces import spaces


@pytest.mark.parametrize("name", sorted(spaces))
def test_exact_draws_are_near_the_training_distribution(name):
    import torch

    space = spaces[name]()
    distances = trait_distances(space, space.sample_ops(20_000, torch.Generator().manual_seed(0)))
    assert set(distances) == {trait.kind for trait in space.traits}
    assert all(distance < 0.02 for distance in distances.values())
    one = space.sample_ops(1, torch.Generator().manual_seed(1)).expand(500, -1)
    assert min(trait_distances(space, one).values()) > 0.3


@pytest.mark.parametrize("name", sorted(spaces))
def test_latency_figures_are_those_of_the_checkpoint(name):
    figures = evaluate(EvaluationSettings(space=name, only=("latency",)))
    known = measured_devices(ModelStore().bundle(name).latency)
    assert known and [figure.value for figure in figures] == [about["error_pct"] for about in known.values()]
    assert all(0 <= about["error_pct"] < 25 for about in known.values())


def test_a_table_has_a_row_for_every_figure():
    text = to_markdown([Figure("speed", 1.234, "s", None, "2 s"), Figure("rank", 0.98765, exact=1.0)])
    assert text.splitlines()[2:] == ["| speed | 1.23 s |  | 2 s |", "| rank | 0.9877 | 1.0000 |  |"]

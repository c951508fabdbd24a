"""What is evaluated, and that figures say what they compare with."""

from types import SimpleNamespace

import pytest

from dnag.bundle import ModelStore
from dnag.costs import measured_devices
from dnag.evaluation import EvaluationSettings, Figure, evaluate, listed, to_markdown
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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"samples": 0}, "samples is 0; allowed: "),
        ({"sampler": "x"}, "unknown sampler 'x'"),
        ({"scales": (1.0, 99.0)}, "guidance scale is 99"),
        ({"datasets": ("imagenet1k",)}, "unknown dataset 'imagenet1k'"),
        ({"seeds": -1}, "seeds is -1; allowed: 0 or more"),
        *(({"retrain": n}, f"retrain is {n}; allowed: 0, or 2 to 15,623") for n in (-1, 1, 15_624)),
        ({"space": "mobilenetv3", "retrain": 100}, "retrain is 100; allowed: 0, since mobilenetv3 cannot be listed"),
    ],
)
def test_what_cannot_be_evaluated_is_said_at_once(given, said):
    with pytest.raises(ValueError, match=said):
        EvaluationSettings(**given)


def test_a_best_of_nothing_is_no_figure(monkeypatch):
    monkeypatch.setattr(listed, "run", lambda *_, **__: SimpleNamespace(candidates=[]))
    bundle = ModelStore().bundle("nasbench201")
    settings = EvaluationSettings(scales=(), seeds=2)
    truth = bundle.predicted_values("cifar10").cpu()
    *_, best = listed.listed_figures(
        settings, ModelStore(), bundle, "cifar10", truth, "predicted", None, lambda _: None
    )
    assert "best of the top 5" in best.name and best.value is None
    assert best.note == "no seed gave a valid architecture"

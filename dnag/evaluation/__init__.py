r"""How good the shipped models are, as figures with the value a perfect model would have beside them.

Every figure is a :class:`Figure`: a name, what came out, what the exact distribution gives (where it is known), and
what was aimed at. Nothing here decides pass or fail; the numbers are printed and written down.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dnag.benchmarks.base import measured, measured_values
from dnag.bundle import ModelStore
from dnag.devices import resolve_device
from dnag.evaluation.base import SCALES, EvaluationSettings, Figure, to_markdown
from dnag.evaluation.latency import latency_figures
from dnag.evaluation.listed import listed_figures, retrained
from dnag.evaluation.unguided import unguided_figures
from dnag.evaluation.unlisted import unlisted_figures

PARTS = ("unguided", "guided", "latency")

__all__ = ["PARTS", "SCALES", "EvaluationSettings", "Figure", "evaluate", "to_markdown"]


def evaluate(
    settings: EvaluationSettings,
    *,
    store: ModelStore | None = None,
    measured_table: Path | None = None,
    teacher: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Figure]:
    """All figures, in order; ``progress`` is told what is being measured.

    Args:
        teacher: the accuracy predictor that the models of an unlisted space learned from, to compare with it.
    """
    store = store or ModelStore()
    tell = progress or (lambda _: None)
    bundle = store.bundle(settings.space, device=resolve_device(settings.device))
    space = bundle.space
    wanted = settings.only or PARTS
    figures = list(unguided_figures(settings, store, space, tell)) if "unguided" in wanted else []
    if bundle.predictor is not None and "guided" in wanted:
        for dataset in settings.datasets or tuple(space.datasets):
            benchmark = measured(settings.space, dataset, table=measured_table)
            if not space.enumerable:
                figures += unlisted_figures(settings, store, bundle, dataset, benchmark, teacher, tell)
                continue
            values = measured_values(benchmark, dataset)
            source = benchmark.label if benchmark is not None and values is not None else "predicted"
            truth = values if values is not None else bundle.predicted_values(dataset).cpu()
            figures += listed_figures(settings, store, bundle, dataset, truth, source, measured_table, tell)
            if settings.retrain:
                tell(f"training on {settings.retrain} architectures of {dataset}")
                figures.append(retrained(settings, space, dataset, values))
    if "latency" in settings.only:
        figures += latency_figures(bundle)
    return figures

"""Chapter 6: why there are two predictors, and what calibration under noise is."""

from __future__ import annotations

import streamlit as st
import torch

from dnag.benchmarks.base import measured, measured_values
from dnag.lessons import LEVELS, Calibration, calibration, noisy_predictions
from dnag.metrics import spearman
from dnag.ui import figures, lesson, lesson_figures, text

KINDS = ("noise_aware", "clean")
SHOWN = tuple(level for level in LEVELS if 0.1 <= level <= 5)
CELLS, POINTS, TOP = 1600, 400, 1000
ASKED_LEVEL = 2.0
LOWEST_PCT = 60.0
CHART_HEIGHT = 340  # px


def title() -> str:
    """Its name among the buttons."""
    return text.learn_ranking.TITLE


@st.cache_data(show_spinner=False)
def _truth() -> tuple[torch.Tensor, bool]:
    """Accuracy of every cell in %, and whether it was measured."""
    models, dataset = lesson.bundle(), lesson.dataset()
    values = measured_values(measured(lesson.SPACE, dataset), dataset)
    return (models.predicted_values(dataset), False) if values is None else (values.float(), True)


@st.cache_data(show_spinner=False, max_entries=256)
def predictions(kind: str, level: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Predicted through noise and true accuracy of some random cells, in %."""
    models, values = lesson.bundle(), _truth()[0]
    chosen = torch.randperm(len(values), generator=torch.Generator().manual_seed(0))[:CELLS]
    ops = models.space.all_ops[chosen]
    seen = noisy_predictions(models, lesson.dataset(), ops, level, 0, noise_aware=kind == KINDS[0])
    return seen, values[chosen]


@st.cache_data(show_spinner=False)
def _errors() -> dict[str, list[float]]:
    """Calibration error of each predictor at every level."""
    return {kind: [calibration(*predictions(kind, level)).error for level in SHOWN] for kind in KINDS}


@st.cache_data(show_spinner=False)
def _top() -> dict[str, float | None]:
    """Rank correlation of each predictor among the best cells, at next to no noise."""
    models, values = lesson.bundle(), _truth()[0]
    best = values.topk(TOP).indices
    return {
        kind: spearman(
            noisy_predictions(
                models, lesson.dataset(), models.space.all_ops[best], SHOWN[0], 0, noise_aware=kind == KINDS[0]
            ),
            values[best],
        )
        for kind in KINDS
    }


def show() -> None:
    """All of the chapter."""
    words = text.learn_ranking
    controls, picture = lesson.layout(words, ("noise_aware", "ranking", "calibration", "spearman", "level"))
    with controls:
        chosen = st.segmented_control(
            words.PREDICTOR,
            KINDS,
            required=True,
            default=KINDS[0],
            key="predictor-kind",
            format_func=words.PREDICTORS.__getitem__,
            persist_state="session",
        )
        kind = chosen or KINDS[0]
        level = lesson.level_slider(SHOWN, 0.5, key="noise")
    predicted, truth = predictions(kind, level)
    found = calibration(predicted, truth)
    with picture:
        _figures(found, _top()[kind])
        scatter, errors = st.columns([1.25, 1], gap="medium")
        with scatter:
            _scatter(predicted, truth, found)
        with errors:
            _error_curves(level)
        judged = words.MEASURED if _truth()[1] else words.PREDICTED
        st.caption(judged.format(dataset=lesson.bundle().space.dataset(lesson.dataset()).label))
    asked = calibration(*predictions(KINDS[1], ASKED_LEVEL)).error
    lesson.questions("ranking", [lesson.Number(words.BLIND, asked, 0.3, digits=1), lesson.Choice(words.SHRINK, 2)])


def _figures(found: Calibration, top: float | None) -> None:
    words = text.learn_ranking

    def rounded(rho: float | None) -> str:
        return text.MISSING if rho is None else f"{rho:.2f}"

    lesson.metrics(
        (words.ERROR, words.ERROR_VALUE.format(error=found.error), words.ERROR_HELP),
        (words.RANK, rounded(found.rank_correlation), words.RANK_HELP.format(cells=CELLS)),
        (words.TOP, rounded(top), words.TOP_HELP),
    )


def _scatter(predicted: torch.Tensor, truth: torch.Tensor, found: Calibration) -> None:
    words = text.learn_ranking
    figure = lesson_figures.calibration(
        predicted[:POINTS].tolist(),
        truth[:POINTS].tolist(),
        found.bins,
        (words.POINTS.format(shown=POINTS, cells=CELLS), words.GROUPS),
        (words.CHART_X, words.CHART_Y),
        LOWEST_PCT,
    )
    st.markdown(f"##### {words.CHART}")
    figures.show(figure, "calibration", words.CHART_ALT, CHART_HEIGHT)


def _error_curves(level: float) -> None:
    words = text.learn_ranking
    figure = lesson_figures.lines(
        [SHOWN] * len(KINDS),
        [_errors()[kind] for kind in KINDS],
        [words.PREDICTORS[kind] for kind in KINDS],
        x_title=text.learn.LEVEL,
        y_axis={"title": {"text": words.ERRORS_Y}, "rangemode": "tozero"},
        log=True,
        at=level,
    )
    st.markdown(f"##### {words.ERRORS}")
    figures.show(figure, "calibration-errors", words.ERRORS_ALT, CHART_HEIGHT)

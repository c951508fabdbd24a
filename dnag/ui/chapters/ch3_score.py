"""Chapter 3: the learned denoiser beside the exact one, at the same noisy matrix."""

from __future__ import annotations

import streamlit as st
import torch

from dnag.lessons import LEVELS, Denoisers, denoiser_distances, denoisers, drawn_nodes
from dnag.ui import figures, lesson, lesson_figures, matrix, text

CHART_HEIGHT = 280  # px
PRIOR_PCT = 20  # one of five operations


def title() -> str:
    """Its name among the buttons."""
    return text.learn_score.TITLE


@st.cache_data(show_spinner=False, max_entries=256)
def _both(ops: tuple[int, ...], level: float, seed: int) -> Denoisers:
    return denoisers(lesson.bundle(), torch.tensor([ops]), level, seed)


@st.cache_data(show_spinner=False)
def _distances() -> list[float]:
    return denoiser_distances(lesson.bundle(), LEVELS)


def show() -> None:
    """All of the chapter."""
    words = text.learn_score
    space, ops = lesson.bundle().space, lesson.cell()
    controls, picture = lesson.layout(words, ("score", "denoiser", "posterior", "level", "distance"))
    with controls:
        level = lesson.level_slider(LEVELS, 1.0)
        seed = lesson.seed_input()
    found = _both(ops, level, seed)
    nodes = drawn_nodes(space)
    columns, names = matrix.drawn_operations(space)
    with picture:
        for place, estimate, caption in zip(
            st.columns(2, gap="medium"), (found.learned, found.exact), (words.LEARNED, words.EXACT), strict=True
        ):
            with place:
                matrix.table(
                    100 * estimate[0, nodes][:, columns].clamp(0, 1),
                    [matrix.node_names(space)[node] for node in nodes],
                    names,
                    caption=caption,
                    style=".0f",
                    marked=[columns.index(ops[node]) for node in nodes],
                    full=100,
                )
        largest = (found.learned - found.exact)[0, nodes][:, columns].abs().max()
        lesson.metrics(
            (words.DISTANCE, f"{100 * found.distance:.1f} %", words.DISTANCE_HELP),
            (words.LARGEST, words.LARGEST_VALUE.format(points=100 * largest), words.LARGEST_HELP),
            (words.SCORE_ERROR, f"{100 * found.score_error:.2g} %", words.SCORE_ERROR_HELP),
        )
        figure = lesson_figures.lines(
            [LEVELS],
            [[100 * distance for distance in _distances()]],
            [words.SERIES],
            x_title=text.learn.LEVEL,
            y_axis={"title": {"text": words.CHART_AXIS}, "rangemode": "tozero"},
            log=True,
            at=level,
        )
        st.markdown(f"##### {words.CHART}")
        figures.show(figure, "denoiser-distance", words.CHART_ALT, CHART_HEIGHT)
    lesson.questions("score", [lesson.Number(words.PRIOR, PRIOR_PCT, 2), lesson.Choice(words.MIDDLE, 1)])

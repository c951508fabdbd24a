"""Chapter 2: noise is added, and the matrix dissolves; VE and VP side by side."""

from __future__ import annotations

import streamlit as st

from dnag.lessons import LEVELS, perturbed, still_readable
from dnag.ui import figures, lesson, lesson_figures, matrix, text

CHART_HEIGHT = 210  # px
HALF_SIGNAL = 3**0.5  # the noise level at which alpha = 1 / sqrt(1 + n^2) is one half


def title() -> str:
    """Its name among the buttons."""
    return text.learn_noise.TITLE


def show() -> None:
    """All of the chapter."""
    words = text.learn_noise
    space, ops = lesson.bundle().space, lesson.cell()
    controls, picture = lesson.layout(words, ("xt", "alpha", "sigma", "z", "level", "ve", "vp"))
    with controls:
        level = lesson.level_slider(LEVELS, 0.5)
        seed = lesson.seed_input()
    noisy = {name: perturbed(space, ops, name, level, seed) for name in ("ve", "vp")}
    ve, vp = noisy["ve"], noisy["vp"]
    with picture:
        for place, found, caption in zip(st.columns(2, gap="medium"), (ve, vp), (words.VE, words.VP), strict=True):
            with place:
                matrix.table(
                    found.x,
                    matrix.node_names(space),
                    matrix.all_operations(space),
                    caption=caption.format(alpha=found.alpha, sigma=found.sigma),
                    style="+.1f",
                    marked=ops,
                    full=2,
                )
        drawn = len(space.drawing.slots)
        lesson.metrics(
            (words.READABLE, f"{still_readable(space, ops, ve.x)} / {drawn}", words.READABLE_HELP),
            (words.SIGNAL, f"{level**-2:.3g}", words.SIGNAL_HELP),
            (words.SIZE_VE, f"{ve.alpha**2 + ve.sigma**2:.4g}", None),
            (words.SIZE_VP, f"{vp.alpha**2 + vp.sigma**2:.4g}", None),
        )
        _chart(level)
    lesson.questions(
        "noise", [lesson.Number(words.HALF, HALF_SIGNAL, 0.3, digits=2), lesson.Choice(words.DIFFERENCE, 1)]
    )


def _chart(level: float) -> None:
    words = text.learn_noise
    scales = {
        name: [perturbed(lesson.bundle().space, lesson.START, name, n, 0) for n in LEVELS] for name in ("ve", "vp")
    }
    known = {
        "ve_sigma": [found.sigma for found in scales["ve"]],
        "vp_alpha": [found.alpha for found in scales["vp"]],
        "vp_sigma": [found.sigma for found in scales["vp"]],
    }
    figure = lesson_figures.lines(
        [LEVELS] * len(known),
        list(known.values()),
        [words.SERIES[name] for name in known],
        x_title=text.learn.LEVEL,
        y_axis={"range": [0, 2]},
        log=True,
        at=level,
    )
    st.markdown(f"##### {words.CHART}")
    figures.show(figure, "noise-scales", words.CHART_ALT, CHART_HEIGHT)

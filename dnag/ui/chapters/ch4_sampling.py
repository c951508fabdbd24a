"""Chapter 4: three samplers from the same noise, step by step, and what they cost for how good a result."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dnag.lessons import Quality, chance_distance, sample
from dnag.playback import player_payload
from dnag.ui import figures, lesson, lesson_figures, text
from dnag.ui.player import player

METHODS = ("euler_maruyama", "predictor_corrector", "heun")
STEPS = (2, 3, 4, 5, 6, 8, 10, 15, 20)
CHARTED = STEPS[:-2]
SAMPLES = 48
PLAYING_S = 3.0
ENOUGH = 0.95
CHART_HEIGHT = 165  # px


def title() -> str:
    """Its name among the buttons."""
    return text.learn_sampling.TITLE


@st.cache_data(show_spinner=False, max_entries=128)
def _sampled(method: str, steps: int, seed: int) -> tuple[dict[str, Any], Quality]:
    """The player's data for the first sample, and the quality of all."""
    models = lesson.bundle()
    made, quality = sample(models, method, steps, SAMPLES, seed, keep_frames=steps)
    assert made.trajectory is not None
    kept = made.trajectory.probability[:, 0]
    final = models.space.format(made.projected[0])
    return player_payload(models.space, made.trajectory.level, kept, None, title="", final=final), quality


@st.cache_data(show_spinner=False)
def qualities() -> list[Quality]:
    """Of every method at every number of steps that the chart shows."""
    return [sample(lesson.bundle(), method, steps, SAMPLES, 0)[1] for method in METHODS for steps in CHARTED]


def enough() -> int:
    """The fewest evaluations at which Heun's samples are valid often enough."""
    return min(found.nfe for found in qualities() if found.sampler == METHODS[-1] and found.validity >= ENOUGH)


def show() -> None:
    """All of the chapter."""
    words = text.learn_sampling
    controls, picture = lesson.layout(
        words, ("sampler", "score", "sde", "flow", "euler", "langevin", "heun", "evaluations", "validity")
    )
    with controls:
        method = st.selectbox(words.METHOD, METHODS, 2, key="method", format_func=text.name, persist_state="session")
        left, right = st.columns(2)
        with left:
            steps = st.select_slider(words.STEPS, STEPS, 8, key="steps-learn", persist_state="session")
        with right:
            seed = lesson.seed_input()
    payload, quality = _sampled(method, steps, seed)
    with picture:
        named = words.PLAYER.format(samples=SAMPLES, method=text.name(method), steps=steps)
        player(
            payload | {"title": named, "fps": max(2.0, payload["frames"] / PLAYING_S), "autoplay": True},
            key="learn-player",
        )
        chart, strip = st.columns([2, 1], gap="medium")
        with strip:
            _figures(quality)
        with chart:
            _chart(quality)
    lesson.questions("sampling", [lesson.Number(words.ENOUGH, enough(), 0), lesson.Choice(words.SAME, 0)])


def _figures(quality: Quality) -> None:
    words = text.learn_sampling
    chance = chance_distance(lesson.bundle().space, SAMPLES)
    lesson.metrics(
        (words.VALID, f"{quality.validity:.0%}", words.VALID_HELP.format(samples=SAMPLES)),
        (words.EVALUATIONS, f"{quality.nfe}", words.EVALUATIONS_HELP),
        (words.DISTANCE, f"{quality.distance:.3f}", words.DISTANCE_HELP.format(chance=chance)),
        width=96,
    )


def _chart(quality: Quality) -> None:
    words = text.learn_sampling
    curves = [[found for found in qualities() if found.sampler == method] for method in METHODS]
    figure = lesson_figures.lines(
        [[found.nfe for found in curve] for curve in curves],
        [[found.validity for found in curve] for curve in curves],
        [text.name(method) for method in METHODS],
        x_title=words.CHART_X,
        y_axis={"tickformat": ".0%", "range": [-0.05, 1.08]},
        at=quality.nfe,
        points=True,
    )
    st.markdown(f"##### {words.CHART}")
    figures.show(figure, "validity", words.CHART_ALT, CHART_HEIGHT)

"""Chapter 5: the generated distribution beside the exact tilted one, as the guidance scale moves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dnag.lessons import Tilt, tilts
from dnag.runs import RunSettings, run
from dnag.ui import figures, lesson, lesson_figures, loaders, text

SCALES = tuple(index / 2 for index in range(25))
FORMS = ("calibrated", "first_order")
SAMPLES = 128
SAMPLER, STEPS = "dpm_solver", 10  # as near to the exact distribution as Heun's method, at half the evaluations
REACHED_PCT = 94.0


def title() -> str:
    """Its name among the buttons."""
    return text.learn_guidance.TITLE


@st.cache_data(show_spinner=False)
def exact() -> list[Tilt]:
    """The exact tilted distribution at every scale."""
    models = lesson.bundle()
    return tilts(models, models.predicted_values(lesson.dataset()), SCALES, SAMPLES)


@st.cache_data(show_spinner=False, max_entries=128)
def _generated(scale: float, form: str) -> tuple[np.ndarray, np.ndarray]:
    """Predicted accuracy of the distinct cells in %, and how often each was drawn."""
    settings = RunSettings(
        space=lesson.SPACE,
        dataset=lesson.dataset(),
        guidance_scale=scale,
        guidance=form,
        samples=SAMPLES,
        sampler=SAMPLER,
        steps=STEPS,
        device="cpu",
    )
    found = run(settings, store=loaders.store()).candidates
    return np.array([c.predicted_accuracy_pct for c in found]), np.array([c.count for c in found])


def show() -> None:
    """All of the chapter."""
    words = text.learn_guidance
    controls, picture = lesson.layout(words, ("guidance", "gamma", "tilted", "certainty", "first_order", "calibrated"))
    with controls:
        scale = st.slider(
            words.SCALE, SCALES[0], SCALES[-1], 2.0, 0.5, key="gamma", bind="query-params", persist_state="session"
        )
        form = st.segmented_control(
            words.FORM,
            FORMS,
            required=True,
            default=FORMS[0],
            key="form",
            format_func=text.name,
            persist_state="session",
        )
    accuracy, counts = _generated(scale, form or FORMS[0])
    with picture:
        _figures(scale, accuracy, counts)
        _batch(scale, accuracy, counts)
        _curves(scale, accuracy, counts)
    reached = next(tilt.scale for tilt in exact() if tilt.mean_pct >= REACHED_PCT - 0.05)
    lesson.questions("guidance", [lesson.Number(words.REACH, reached, 0.5, digits=1), lesson.Choice(words.TOO_MUCH, 2)])


def _figures(scale: float, accuracy: np.ndarray, counts: np.ndarray) -> None:
    words = text.learn_guidance
    tilt = exact()[SCALES.index(scale)]
    lesson.metrics(
        (words.MEAN, f"{np.average(accuracy, weights=counts):.2f} %", words.MEAN_HELP.format(samples=SAMPLES)),
        (words.MEAN_EXACT, f"{tilt.mean_pct:.2f} %", words.MEAN_EXACT_HELP),
        (words.DISTINCT, f"{len(accuracy)}", words.DISTINCT_HELP.format(samples=SAMPLES)),
        (words.DISTINCT_EXACT, f"{tilt.distinct * SAMPLES:.0f}", words.DISTINCT_EXACT_HELP.format(samples=SAMPLES)),
    )


def _batch(scale: float, accuracy: np.ndarray, counts: np.ndarray) -> None:
    words, models = text.learn_guidance, lesson.bundle()
    values = models.predicted_values(lesson.dataset())
    probability = models.enumeration.tilted(values, scale)
    unguided = np.repeat(*_generated(0.0, FORMS[0]))
    figure = figures.distribution(accuracy, counts, unguided, (values.numpy(), probability.numpy()))
    st.markdown(f"##### {words.BATCH}")
    figures.show(figure, "tilted", words.BATCH_ALT)


def _curves(scale: float, accuracy: np.ndarray, counts: np.ndarray) -> None:
    words = text.learn_guidance
    mean, distinct = float(np.average(accuracy, weights=counts)), len(accuracy) / counts.sum()
    for place, key, heading, alt, series, value, axis in zip(
        st.columns(2, gap="medium"),
        ("mean", "distinct"),
        (words.CHART_MEAN, words.CHART_DISTINCT),
        (words.CHART_MEAN_ALT, words.CHART_DISTINCT_ALT),
        ([tilt.mean_pct for tilt in exact()], [tilt.distinct for tilt in exact()]),
        (mean, distinct),
        ({"range": [86, 95]}, {"tickformat": ".0%", "range": [0, 1.08]}),
        strict=True,
    ):
        with place:
            figure = lesson_figures.lines(
                [SCALES], [series], [text.EXACT], x_title=words.SCALE, y_axis=axis, mark=(scale, value, words.GENERATED)
            )
            st.markdown(f"##### {heading}")
            figures.show(figure, f"tilt-{key}", alt, lesson_figures.SMALL)

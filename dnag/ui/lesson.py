"""What all chapters of the Learn page are made of: text beside a picture, and questions that are checked at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dnag.ui import glossary, loaders, text

if TYPE_CHECKING:
    from dnag.bundle import ModelBundle

SPACE = "nasbench201"
CELL = "learn-cell"
"""Key of the editor of the first chapter; later chapters go on with the cell that it shows."""
START = (0, 5, 3, 4, 3, 5, 6, 1)
TEXT_SHARE = 0.42  # width of the text, to that of the picture
METRIC_WIDTH = 140  # px


def bundle() -> ModelBundle:
    """The models that the chapters show; ``CheckpointError`` or ``OSError`` where they are not installed."""
    return loaders.models(SPACE, "cpu")


def dataset() -> str:
    """The dataset whose accuracies the chapters speak of."""
    return next(iter(bundle().space.datasets))


def cell() -> tuple[int, ...]:
    """The architecture that the viewer made in the first chapter, or the one it begins with."""
    return st.session_state.get(f"_{CELL}", (SPACE, START, START))[2]


def set_cell(ops: tuple[int, ...]) -> None:
    """Callback: go on with another architecture."""
    st.session_state[f"_{CELL}"] = (SPACE, START, ops)


def styles() -> None:
    """The style sheet of all chapters."""
    st.html(Path(__file__).with_name("lesson.css"))


def layout(words: Any, symbols: Sequence[str]) -> tuple[Any, Any]:
    """A chapter's text; returns where its controls go (below the text) and where its picture goes.

    Args:
        words: the catalogue of the chapter: HEADING, BEFORE (text above the formula), FORMULA, AFTER, TRY.
        symbols: keys of the glossary that the chapter uses.
    """
    left, right = st.columns([TEXT_SHARE, 1], gap="medium")
    with left, st.container(key="lesson-text", gap="xsmall"):
        st.subheader(words.HEADING, anchor=False)
        st.markdown(words.BEFORE)
        st.latex(words.FORMULA)
        st.markdown(words.AFTER)
        glossary.popover(symbols)
        st.markdown(f"**{text.learn.TRY}** {words.TRY}")
        controls = st.container(key="controls", gap="xsmall")
    return controls, right.container(key="picture")


def level_slider(levels: Sequence[float], start: float, key: str = "level") -> float:
    """The slider for the noise level."""
    return st.select_slider(
        text.learn.LEVEL,
        levels,
        start,
        key=key,
        format_func=lambda level: f"{level:g}",
        help=glossary.meaning("level"),
        bind="query-params",
        persist_state="session",
    )


def seed_input() -> int:
    """The input for the seed of the noise."""
    return int(
        st.number_input(
            text.learn.SEED, 0, 9999, 0, key="learn-seed", help=text.learn.SEED_HELP, persist_state="session"
        )
    )


def metrics(*shown: tuple[str, str, str | None], width: int = METRIC_WIDTH) -> None:
    """A strip of figures: label, value, help; each at least ``width`` px wide."""
    with st.container(key="figures"), st.grid(len(shown), min_column_width=width, gap="small"):
        for label, value, help_ in shown:
            st.metric(label, value, help=help_)


# --- questions --------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Choice:
    """A question with a few answers: ``words`` has ``ask`` and ``options``, pairs of an answer and what is to be said
    about it; ``right`` is the index of the right one.
    """

    words: Mapping[str, Any]
    right: int

    def ask(self, key: str) -> tuple[bool, str] | None:
        """The question on the page; whether the answer is right and why, once there is one."""
        options = self.words["options"]
        chosen = st.radio(
            self.words["ask"],
            range(len(options)),
            index=None,
            key=key,
            format_func=lambda index: options[index][0],
            persist_state="session",
        )
        return None if chosen is None else (chosen == self.right, options[chosen][1])


@dataclasses.dataclass(frozen=True)
class Number:
    """A question for a number: ``words`` has ``ask``, and what is to be said of a ``right`` and a ``wrong`` answer, in
    which ``{answer}`` stands for the right one.
    """

    words: Mapping[str, Any]
    answer: float
    tolerance: float
    digits: int = 0

    def ask(self, key: str) -> tuple[bool, str] | None:
        """As that of :class:`Choice`."""
        given = st.number_input(
            self.words["ask"],
            value=None,
            step=10.0**-self.digits,
            format=f"%.{self.digits}f",
            key=key,
            placeholder=text.learn.NUMBER,
            persist_state="session",
        )
        if given is None:
            return None
        right = abs(given - self.answer) <= self.tolerance + 1e-9
        return right, self.words["right" if right else "wrong"].format(answer=f"{self.answer:.{self.digits}f}")


def questions(chapter: str, asked: Sequence[Choice | Number]) -> None:
    """The questions of a chapter side by side, each answer judged as soon as it is given."""
    with st.container(key="questions"):
        for index, (place, question) in enumerate(zip(st.columns(len(asked)), asked, strict=True)):
            with place.container(border=True, height="stretch"):
                judged = question.ask(f"answer-{chapter}-{index}")
                with st.container(key=f"verdict-{index}"):
                    if judged is None:
                        st.caption(text.learn.UNANSWERED)
                    else:
                        right, why = judged
                        st.markdown(f"{text.learn.RIGHT if right else text.learn.WRONG} {why}")

"""Chapter 1: an architecture as a graph and as a matrix; an edge is changed, and everything else follows."""

from __future__ import annotations

import streamlit as st
import torch

from dnag.tensors import centre
from dnag.ui import lesson, matrix, text
from dnag.ui.cell_editor import cell_editor

CONV3 = (0, 5, 5, 5, 5, 5, 5, 1)
_DRAWN = "_learn_drawn"


def title() -> str:
    """Its name among the buttons."""
    return text.learn_graph.TITLE


@st.cache_data(show_spinner=False)
def best() -> tuple[int, ...]:
    """The cell that the ranking predictors put first."""
    models = lesson.bundle()
    index = int(models.predicted_values(lesson.dataset()).argmax())
    return tuple(models.space.all_ops[index].tolist())


def _random() -> None:
    drawn = st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1
    lesson.set_cell(lesson.bundle().space.sample(1, torch.Generator().manual_seed(drawn))[0].ops)


def show() -> None:
    """All of the chapter."""
    words = text.learn_graph
    space = lesson.bundle().space
    controls, picture = lesson.layout(words, ("architecture", "x0", "nodes", "macs"))
    with controls.container(horizontal=True):
        st.button(words.RANDOM, key="random-cell", icon=":material/casino:", on_click=_random)
        st.button(words.BEST, key="best-cell", icon=":material/trophy:", on_click=lambda: lesson.set_cell(best()))
    with picture:
        graph, numbers = st.columns([1.5, 1], gap="medium", vertical_alignment="center")
        with graph:
            ops = cell_editor(space, lesson.START, key=lesson.CELL)
        x0 = centre(space.encode_ops(torch.tensor([ops])))[0]
        with numbers:
            columns = matrix.all_operations(space)
            matrix.table(x0, matrix.node_names(space), columns, caption=words.MATRIX, style="+.0f", marked=ops, full=2)
        _figures(ops)
        st.code(space.format(space.architecture(ops)), language=None, wrap_lines=True)
    lesson.questions(
        "graph",
        [
            lesson.Number(words.NEIGHBOURS, len(space.neighbours(space.architecture(ops))), 0),
            lesson.Number(words.COST, space.cost(space.architecture(CONV3)).macs_m, 0.5, digits=1),
        ],
    )


def _figures(ops: tuple[int, ...]) -> None:
    words, models = text.learn_graph, lesson.bundle()
    cost = models.space.cost(models.space.architecture(ops))
    mean, spread = models.predict([models.space.architecture(ops)], lesson.dataset())
    label = models.space.dataset(lesson.dataset()).label
    lesson.metrics(
        (words.MACS, f"{cost.macs_m:.1f} M", None),
        (words.PARAMS, f"{cost.params_m:.2f} M", None),
        (words.ACCURACY.format(dataset=label), f"{mean[0]:.2f} ± {spread[0]:.2f} %", words.ACCURACY_HELP),
    )

"""The matrix of an architecture on the page: a real table, one row for each node, one column for each operation."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st
from torch import Tensor

from dnag.playback import slot_ops
from dnag.spaces.base import SearchSpace
from dnag.ui import figures, text


def node_names(space: SearchSpace) -> list[str]:
    """What every node is called: its place in the drawing, or the one operation it always has."""
    named = {slot.node: slot.label for slot in space.drawing.slots}
    always = [space.op_styles[space.choices_of(node)[0]].symbol for node in range(space.num_nodes)]
    return [named.get(node) or text.said(symbol) for node, symbol in enumerate(always)]


def table(
    values: Tensor,
    rows: Sequence[str],
    columns: Sequence[tuple[str, str]],
    *,
    caption: str,
    style: str,
    marked: Sequence[int] = (),
    full: float = 1.0,
) -> None:
    """Show a matrix (rows, columns) with its numbers, tinted by size: ``full`` has the strongest tint.

    Args:
        columns: symbol and name of each.
        caption: what the matrix is; part of the table for those who do not see it.
        style: of the numbers, as in ``format``; what rounds to nothing is shown as a faint zero.
        marked: the column to outline in every row.
    """
    colours = figures.palette()
    heads = "".join(
        f'<th scope="col"><abbr title="{html.escape(name)}">{html.escape(symbol)}</abbr></th>'
        for symbol, name in columns
    )
    body = []
    for index, (row, numbers) in enumerate(zip(rows, values.tolist(), strict=True)):
        cells = "".join(
            _cell(number, style, full, outlined=bool(marked) and marked[index] == column)
            for column, number in enumerate(numbers)
        )
        body.append(f'<tr><th scope="row">{html.escape(row)}</th>{cells}</tr>')
    st.html(
        f'<table class="dnag-matrix" style="--more:{colours["accent"]};--less:{colours["mute"]}">'
        f"<caption>{html.escape(caption)}</caption><thead><tr><td></td>{heads}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _cell(number: float, style: str, full: float, *, outlined: bool) -> str:
    tint = 46 * min(1.0, abs(number) / full)  # percent: up to here the ink of either theme stands out against it
    kind = " ".join(["less"] * (number < 0) + ["true"] * outlined)
    words = format(number, style).replace("-", "−")
    return f'<td class="{kind}" style="--tint:{tint:.0f}%">{html.escape(words)}</td>'


def all_operations(space: SearchSpace) -> list[tuple[str, str]]:
    """Symbol and name of every column of the matrix."""
    return [(text.said(style.symbol), text.said(style.label)) for style in space.op_styles]


def drawn_operations(space: SearchSpace) -> tuple[list[int], list[tuple[str, str]]]:
    """Columns that the drawn nodes choose from, with symbol and name."""
    ops = slot_ops(space)
    return ops, [all_operations(space)[op] for op in ops]

"""The budget: costs to stay under, chosen by name, with a slider each.

What the sliders say is one text, ``macs_m=300,latency_ms@note10=30``, in settings, address and command line.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dnag.ui import loaders, state, text

if TYPE_CHECKING:
    from dnag.costs import CostModel
    from dnag.spaces.base import SearchSpace

CHOSEN = "budget"


@dataclasses.dataclass(frozen=True)
class Known:
    """What can be limited: ``models`` of the costs at the ``width`` that goes with those ``chosen`` so far, and the
    ``labels`` of all that may be chosen beside them.
    """

    width: float
    models: dict[str, CostModel]
    chosen: list[str]
    labels: dict[str, str]


def slider_key(cost: str) -> str:
    """The key of a cost's slider."""
    return f"{CHOSEN}-{cost}"


def known(values: Mapping[str, Any], wanted: Sequence[str]) -> Known:
    """Those of the costs ``wanted`` that can be limited together, and what may join them.

    A device may have been measured with networks of one width only, so that two devices can exclude each other.
    """
    from dnag.costs import cost_models
    from dnag.spaces.base import spaces

    space = spaces[values["space"]]()
    bundle = loaders.installed(space.name)
    latency = None if bundle is None else bundle.latency
    widths = (values["width"],) if values["width"] else space.widths
    tables = {width: cost_models(space, latency, values["dataset"], values["resolution"], width) for width in widths}

    def fitting(names: Sequence[str]) -> list[float]:
        return [width for width, models in tables.items() if all(name in models for name in names)]

    chosen: list[str] = []
    for name in wanted:
        if fitting([*chosen, name]):
            chosen.append(name)
    joined = [name for models in tables.values() for name in models if fitting([*chosen, name])]
    found = {name: model for models in tables.values() for name, model in models.items()}
    labels = {name: text.cost(name, found[name].label) for name in sorted(set(joined), key=lambda n: _order(found[n]))}
    width = fitting(chosen)[0]
    return Known(width, tables[width], chosen, labels)


def _order(cost: CostModel) -> tuple[Any, ...]:
    """MACs and parameters first, then devices by name, the numbers in it by size."""
    pieces = [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", cost.label)]
    return (cost.error_pct is not None, *pieces)


def scale(cost: CostModel, space: SearchSpace) -> tuple[float, float, float]:
    """Ends and step of a cost's slider: round numbers, around what the space's architectures cost."""
    smallest, largest = cost.additive.range(space)
    step = state.round_step(largest - smallest)
    low = max(1, math.ceil(smallest / step - 1e-9))
    return state.on_grid(low, step), state.on_grid(math.ceil(largest / step - 1e-9), step), step


def problem(settings: Any) -> str | None:
    """Why the form cannot show the budgets (and weights) of ``settings``; None if it can."""
    from dnag.costs import check_cost, check_limits, widths_of

    names = [*settings.budgets, *settings.weights]
    bundle = loaders.installed(settings.space)
    if not names or bundle is None:
        return None
    space = bundle.space
    width = settings.width or (widths_of(space, bundle.latency, names) or space.widths)[0]
    models = bundle.costs(settings.dataset, settings.resolution, width)
    where = f"{settings.dataset} at {settings.resolution} pixels, width {width:g}"
    try:
        for name in names:
            check_cost(name, models, bundle.latency, where)
        check_limits(settings.budgets, models, space)
    except ValueError as error:
        return str(error)
    for name, limit in settings.budgets.items():
        low, high, _ = scale(models[name], space)
        if not low <= limit <= high:
            return text.BUDGET_RANGE.format(name=name, limit=f"{limit:g}", low=f"{low:g}", high=f"{high:g}")
    return None


def _current() -> str:
    """The budgets as the sliders stand, as text."""
    from dnag.costs import format_numbers

    limits = {name: st.session_state.get(slider_key(name)) for name in st.session_state.get(CHOSEN, [])}
    return format_numbers({name: limit for name, limit in limits.items() if limit is not None})


def control(label: str, values: Mapping[str, Any], link: str) -> str:
    """The costs to limit, a slider for each, and what they mean; returns the budgets as text.

    ``link``: the text that the session began with, which :func:`problem` had nothing against.
    """
    from dnag.costs import parse_numbers
    from dnag.spaces.base import spaces

    space = spaces[values["space"]]()
    if CHOSEN not in st.session_state:
        limits = parse_numbers(link, "under")
        st.session_state.update({CHOSEN: list(limits), **{slider_key(name): value for name, value in limits.items()}})
    costs = known(values, st.session_state[CHOSEN])
    if costs.chosen != st.session_state[CHOSEN]:
        st.session_state[CHOSEN] = costs.chosen
    chosen = st.multiselect(
        label,
        list(costs.labels),
        key=CHOSEN,
        format_func=costs.labels.__getitem__,
        placeholder=text.BUDGET_NONE,
        help=text.BUDGET_HELP,
        select_all=False,
        persist_state="session",
    )
    for name in chosen:
        cost = costs.models[name]
        low, high, step = scale(cost, space)
        middle = state.on_grid(round((low + high) / 2 / step), step)
        limit = state.slider(
            f"{costs.labels[name]} ({cost.unit})",
            slider_key(name),
            (low, high, step),
            middle,
            help=None if not cost.error_pct else text.BUDGET_ERROR.format(error=f"{cost.error_pct:.2g}"),
        )
        ends = {"low": f"{low:g}", "high": f"{high:g}"}
        words = text.BUDGET_WORDS.format(limit=text.limit(name, cost.label, limit), **ends)
        if costs.width != space.widths[0]:
            words += " " + text.BUDGET_WIDTH.format(width=f"{costs.width:g}")
        st.caption(words)
    return _current()

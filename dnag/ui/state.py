"""What one browser session knows: who looks, at which run, and what its link asked for.

Only plain data lives in the session; results stay in the job manager, found by id. The id is in the link, so that a
reload finds the run again.
"""

from __future__ import annotations

import dataclasses
import math
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from dnag.knobs import Knob, knobs
from dnag.ui import text
from dnag.ui.offers import Offer, offer

VIEWER, LINK, NOTICE = "_viewer", "_link", "_notice"
JOB, LEFT, REMADE, SHOWN = "_job", "_left", "_remade", "_shown"
TRAINING, ASKED = "_training", "_asked"
JOB_PARAMETER, TRAINING_PARAMETER = "job", "training"
PAGE = "_page"
OF_A_PAGE = (LINK, JOB, LEFT, REMADE, SHOWN, TRAINING)


@dataclasses.dataclass
class Link:
    """What the address asked for when the session began."""

    job: str | None
    values: dict[str, Any]
    problems: list[str]
    deleted: bool = False
    """Whether this browser deleted the run that it names."""


def viewer() -> str:
    """A name for this browser session, so that a shared run stops only when nobody wants it."""
    return st.session_state.setdefault(VIEWER, uuid.uuid4().hex)


def enter(page: str) -> None:
    """Every page looks at a run of its own: put aside that of the page before, and take this one's up again."""
    before = st.session_state.get(PAGE, page)
    st.session_state[PAGE] = page
    if before == page:
        return
    st.session_state.pop(ASKED, None)
    for key in OF_A_PAGE:
        if key in st.session_state:
            st.session_state[f"{before}{key}"] = st.session_state.pop(key)
        if f"{page}{key}" in st.session_state:
            st.session_state[key] = st.session_state.pop(f"{page}{key}")
    mirror(JOB_PARAMETER, job_id() or "", "")
    mirror(TRAINING_PARAMETER, st.session_state.setdefault(TRAINING, None) or "", "")


def read_link(owner: type, problem: Callable[[Any], str | None]) -> Link:
    """Read the address once per session, before the widgets bind to it.

    Streamlit drops values that a widget cannot take without a word; here they are found first, so that the page can
    say what came and what is allowed. ``problem`` says what else the form has against settings with a text in them.
    """
    if LINK not in st.session_state:
        defaults = {f.name: f.default for f in dataclasses.fields(owner)}
        link = Link(st.query_params.get(JOB_PARAMETER), {}, [])
        seen: dict[str, Any] = {}
        for name, knob in sorted(knobs(owner).items(), key=lambda item: item[1].text):  # texts speak of the others
            given = st.query_params.get(name)
            there = offer(name, knob, defaults[name], seen)
            seen[name] = there.start
            if given is None:
                continue
            try:
                if knob.text:
                    value: Any = given
                    if found := problem(owner(**seen | {name: given})):
                        raise ValueError(found)
                else:
                    value = parse(knob, there, given)
            except ValueError as error:
                words = text.LINK_BAD_TEXT if knob.text else text.LINK_BAD_ITEM
                link.problems.append(
                    words.format(name=text.said(knob.label), value=repr(given), allowed=text.said(error))
                )
                del st.query_params[name]
            else:
                link.values[name] = seen[name] = value
        st.session_state[LINK] = link
    return st.session_state[LINK]


def parse(knob: Knob, there: Offer, given: str) -> Any:
    """The value a link's text stands for; ``ValueError`` says what is allowed."""
    if knob.choices is not None:
        if given in there.options:
            return given
        raise ValueError(", ".join(filter(None, there.options)))
    kind = "a whole number" if knob.whole else "a number"
    span = f"{there.low:,.0f} to {there.high:,.0f}" if knob.whole else f"{there.low:g} to {there.high:g}"
    if there.options:
        span = ", ".join(f"{option:g}" for option in there.options)
    try:
        number: float = int(given) if knob.whole else float(given)
    except ValueError:
        raise ValueError(span if there.options else f"{kind} from {span}") from None
    if number not in there.options if there.options else not there.low <= number <= there.high:
        raise ValueError(span)
    return number


def round_step(span: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that makes about a hundred of ``span``."""
    power = 10.0 ** math.floor(math.log10(span / 100))
    return max(step * power for step in (1, 2, 5) if step * power <= span / 100 * (1 + 1e-9))


def on_grid(count: int, step: float) -> float:
    """``count`` steps, without the noise of binary fractions."""
    return round(count * step, 9)


def slider(label: str, key: str, scale: tuple[float, float, float], start: float, help: str | None = None) -> float:
    """A slider whose ends and start (low, high, step) may change under it: a value that was moved and still fits stays,
    any other gives way to the new start.
    """
    low, high, step = scale
    memory, now = f"_{key}", (*scale, start)
    before: Any = st.session_state.get(memory)
    value: Any = st.session_state.get(key)
    if before != now or value is None:
        moved = value is not None and (before is None or value != before[-1])
        st.session_state[key] = value if moved and low <= value <= high else start
        st.session_state[memory] = now
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return st.slider(label, low, high, step=step, format=f"%.{decimals}f", key=key, help=help, persist_state="session")


def mirror(name: str, value: Any, default: Any) -> None:
    """Keep a setting in the address under the name that the command line uses; the default stays out of it.

    Streamlit's own binding would write the words shown, which change with the language.
    """
    words = value if isinstance(value, str) else f"{value:g}"
    if value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != words:
        st.query_params[name] = words


def ask(what: str) -> None:
    """Button: ``what`` is to start. It does once the form is drawn, with the settings that the form then shows: what
    the browser sent along with the press may be choices of a search space that was left a moment ago.
    """
    st.session_state[ASKED] = what


def asked(what: str) -> bool:
    """Whether that button was pressed; told once."""
    if st.session_state.get(ASKED) != what:
        return False
    del st.session_state[ASKED]
    return True


def job_id() -> str | None:
    """The run this session looks at."""
    return st.session_state.get(JOB)


def jobs_seen() -> set[str]:
    """The runs that this session looked at last, on any page."""
    return {value for key, value in st.session_state.items() if str(key).endswith((JOB, SHOWN)) and value}


def let_go(jobs: Collection[str]) -> None:
    """No page of this session looks at these runs any more."""
    for key, value in list(st.session_state.items()):
        if str(key).endswith((JOB, SHOWN)) and value in jobs:
            st.session_state[key] = None


def look_at(job: str | None) -> None:
    """Look at another run, or at none; the address follows."""
    st.session_state[JOB] = job
    st.session_state[LEFT] = None
    if job is None:
        st.query_params.pop(JOB_PARAMETER, None)
    else:
        st.query_params[JOB_PARAMETER] = job


def link_to(settings: Any, job: str, skip: tuple[str, ...] = ("device",), more: Mapping[str, Any] | None = None) -> str:
    """An address that opens the same settings and the same result, whatever the defaults are by then; ``more``: other
    parameters of the page.
    """
    values: Mapping[str, Any] = dataclasses.asdict(settings)
    # A dataset of the user's own is nothing a link can name; the result it led to is.
    skip = (*skip, "dataset") if settings.features else skip
    named = {name: values[name] for name in knobs(settings) if name not in skip}
    parts = urlsplit(st.context.url or "")
    query = urlencode({**named, **(more or {}), JOB_PARAMETER: job})
    return urlunsplit(parts._replace(path=parts.path or "/", query=query, fragment=""))

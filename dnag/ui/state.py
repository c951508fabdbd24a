"""What one browser session knows: who looks, at which run, and what its link asked for.

Only plain data lives in the session; results stay in the job manager, found by id. The id is in the link, so that a
reload finds the run again.
"""

from __future__ import annotations

import dataclasses
import math
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from dnag.knobs import Knob, knobs
from dnag.ui import loaders, text

VIEWER, LINK, NOTICE = "_viewer", "_link", "_notice"
JOB, LEFT, REMADE, SHOWN = "_job", "_left", "_remade", "_shown"
JOB_PARAMETER = "job"


@dataclasses.dataclass
class Link:
    """What the address asked for when the session began."""

    job: str | None
    values: dict[str, Any]
    problems: list[str]


def viewer() -> str:
    """A name for this browser session, so that a shared run stops only when nobody wants it."""
    return st.session_state.setdefault(VIEWER, uuid.uuid4().hex)


def read_link(owner: type) -> Link:
    """Read the address once per session, before the widgets bind to it.

    Streamlit drops values that a widget cannot take without a word; here they are found first, so that the page can
    say what came and what is allowed.
    """
    if LINK not in st.session_state:
        defaults = {f.name: f.default for f in dataclasses.fields(owner)}
        link = Link(st.query_params.get(JOB_PARAMETER), {}, [])
        for name, knob in knobs(owner).items():
            given = st.query_params.get(name)
            if given is None:
                continue
            try:
                link.values[name] = parse(name, knob, defaults[name], given)
            except ValueError as error:
                link.problems.append(text.LINK_BAD_ITEM.format(name=knob.label, value=repr(given), allowed=error))
                del st.query_params[name]
        st.session_state[LINK] = link
    return st.session_state[LINK]


def parse(name: str, knob: Knob, default: Any, given: str) -> Any:
    """The value a link's text stands for; ``ValueError`` says what is allowed."""
    if knob.choices is not None:
        allowed = loaders.offered(name, knob)
        if given in allowed:
            return given
        raise ValueError(", ".join(allowed))
    if isinstance(default, bool):
        if given.lower() in ("true", "false"):
            return given.lower() == "true"
        raise ValueError("true, false")
    whole = isinstance(default, int)
    span = f"{knob.low:,.0f} to {knob.high:,.0f}" if whole else f"{knob.low:g} to {knob.high:g}"
    try:
        number = int(given) if whole else float(given)
    except ValueError:
        raise ValueError(f"{'a whole number' if whole else 'a number'} from {span}") from None
    assert knob.low is not None
    assert knob.high is not None
    if not math.isfinite(number) or not knob.low <= number <= knob.high:
        raise ValueError(span)
    return number


def mirror(name: str, value: str, default: str) -> None:
    """Keep a choice in the address under the name that the command line uses; the default stays out of it.

    Streamlit's own binding would write the words shown, which change with the language.
    """
    if value != default:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def job_id() -> str | None:
    """The run this session looks at."""
    return st.session_state.get(JOB)


def look_at(job: str | None) -> None:
    """Look at another run, or at none; the address follows."""
    st.session_state[JOB] = job
    st.session_state[LEFT] = None
    if job is None:
        st.query_params.pop(JOB_PARAMETER, None)
    else:
        st.query_params[JOB_PARAMETER] = job


def link_to(settings: Any, job: str, skip: tuple[str, ...] = ("device",)) -> str:
    """An address that opens the same settings and the same result, whatever the defaults are by then."""
    values: Mapping[str, Any] = dataclasses.asdict(settings)
    named = {name: values[name] for name in knobs(settings) if name not in skip}
    parts = urlsplit(st.context.url or "")
    query = urlencode({**named, JOB_PARAMETER: job})
    return urlunsplit(parts._replace(path=parts.path or "/", query=query, fragment=""))

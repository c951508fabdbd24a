"""The trajectory player: one script, one style sheet and one data format for every page that shows denoising.

The picture is animated in the browser. A server that sends frames competes with the sampler for the processor and
stutters; here a whole trajectory travels once, as a plain dictionary with one byte for each probability, and the
script beside this file draws it: in the app, or in an exported page of its own.

``T`` frames, ``S`` slots (places that take an operation), ``K`` operations. A slot sits on the edge between two
vertices of a cell, or, where ``vertices`` is empty, is itself a layer in one of the ``columns``.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_HERE = Path(__file__).parent
SCRIPT = (_HERE / "player.js").read_text(encoding="utf-8")
STYLE = (_HERE / "player.css").read_text(encoding="utf-8")
HOST = '<div class="dnag-player-host"></div>'
"""What the script builds everything in."""
VERTEX_KINDS = ("input", "output", "inner")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

#: Every word the player shows or speaks; ``payload["labels"]`` or ``player_data(labels=...)`` may replace any of them.
WORDS = {
    "play": "Play",
    "pause": "Pause",
    "back": "One step back",
    "next": "One step forward",
    "speed": "Playing speed",
    "scrubber": "Denoising step",
    "status": "step {step} of {steps} · noise level σ {sigma}",
    "graph": "Graph of the architecture: each operation takes on colour as it becomes certain",
    "bars": "Probability of every operation",
    "slot": "{slot}: {op} {percent} %",
    "settled": "settled at step {step}",
    "settled_here": "settled here: {slots}",
    "settled_count": "{settled} of {slots} operations settled",
    "absent": "absent",
    "final": "Result",
}


def encode_frames(probs: np.ndarray) -> str:
    """Probabilities ``(T, S, K)`` as base64 of one byte each (255 = certain).

    A row is scaled to add up to what it did before rounding, so that the player can tell "this layer is absent with
    probability 0.3" (a row that adds up to 0.7) from mere rounding.

    >>> encode_frames(np.array([[[1.0, 0.0]]]))
    '/wA='
    """
    probs = np.asarray(probs, dtype=np.float64)
    if probs.ndim != 3:
        raise ValueError(f"probs has shape {probs.shape}; allowed: three axes (frames, slots, operations)")
    if not np.isfinite(probs).all() or (probs < -1e-6).any() or (probs.sum(-1) > 1 + 1e-3).any():
        raise ValueError("probs has values that are no probabilities; allowed: 0 or more, at most 1 in all per slot")
    levels = np.clip(probs, 0, 1) * 255
    floor = np.floor(levels)
    # Largest remainders get the bytes that rounding down lost.
    missing = np.rint(levels.sum(-1) - floor.sum(-1)).astype(int)[..., None]
    order = np.argsort(np.argsort(floor - levels, axis=-1, kind="stable"), axis=-1, kind="stable")
    return base64.b64encode((floor + (order < missing)).astype(np.uint8).tobytes()).decode("ascii")


def _require(condition: bool, name: str, came: object, allowed: str) -> None:
    """Raise a ValueError that names the field, what came and what is allowed."""
    if not condition:
        shown = repr(came)
        raise ValueError(f"{name} is {shown if len(shown) <= 80 else shown[:77] + '...'}; allowed: {allowed}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _check_place(item: Mapping[str, Any], name: str) -> None:
    for axis in ("x", "y"):
        value: Any = item.get(axis)
        _require(_is_number(value) and 0 <= value <= 1, f"{name}.{axis}", value, "a number from 0 to 1")


def _check_items(payload: Mapping[str, Any], name: str, *, empty: bool = False) -> Sequence[Mapping[str, Any]]:
    items: Any = payload.get(name)
    _require(_is_list(items) and (empty or len(items) > 0), name, items, "a list" + ("" if empty else ", not empty"))
    for index, item in enumerate(items):
        _require(isinstance(item, Mapping), f"{name}[{index}]", item, "a dictionary")
        label = item.get("label")
        _require(isinstance(label, str), f"{name}[{index}].label", label, "a text")
    return items


def _check_series(payload: Mapping[str, Any], name: str, frames: int, *, gaps: bool = False) -> None:
    values: Any = payload.get(name)
    allowed = f"a list of {frames} numbers" + (" or None" if gaps else "")
    _require(_is_list(values) and len(values) == frames, name, values, allowed)
    for index, value in enumerate(values):
        _require(_is_number(value) or (gaps and value is None), f"{name}[{index}]", value, "a finite number")


def validate_payload(payload: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless ``payload`` can be drawn; the message names what came and what is allowed.

    ============  =====================================================================================================
    ops           ``[{"label", "symbol", "color": "#rrggbb", "empty"?: True for "no connection"}]``, K of them
    vertices      ``[{"label", "x", "y", "kind": input | output | inner}]``; empty where slots are layers
    slots         ``[{"label", "source", "target", "x", "y"}]``, S of them; source and target index vertices, or None
    links         ``[[i, j]]``: slots joined in this order (layer spaces); optional
    columns       headings of the columns of slots; optional
    frames        T
    probs         base64 of uint8 (T, S, K), see :func:`encode_frames`; what a row lacks to 255 is "absent"
    sigma         T noise levels
    value         T numbers or None (a gap), or None altogether; with ``value_label`` and ``value_unit``
    steps         T whole numbers: the sampler's step shown for each frame; optional, 0 to T - 1 otherwise
    group         a text; players on a page with the same one follow each other, each at the same share of its own
                  trajectory: whichever is played, paused or moved leads; optional
    title, final  texts;  fps: frames a second at speed 1;  autoplay: bool;  labels: replaces any of ``WORDS``
    ============  =====================================================================================================
    """
    _require(isinstance(payload, Mapping), "payload", payload, "a dictionary")
    for index, op in enumerate(_check_items(payload, "ops")):
        _require(isinstance(op.get("symbol"), str), f"ops[{index}].symbol", op.get("symbol"), "a text")
        colour = op.get("color")
        _require(isinstance(colour, str) and bool(_COLOUR.fullmatch(colour)), f"ops[{index}].color", colour, "#rrggbb")
    vertices = _check_items(payload, "vertices", empty=True)
    for index, vertex in enumerate(vertices):
        _check_place(vertex, f"vertices[{index}]")
        kind = vertex.get("kind")
        _require(kind in VERTEX_KINDS, f"vertices[{index}].kind", kind, ", ".join(VERTEX_KINDS))
    slots = _check_items(payload, "slots")
    for index, slot in enumerate(slots):
        _check_place(slot, f"slots[{index}]")
        for end in ("source", "target"):
            value = slot.get(end)
            if vertices:
                known = isinstance(value, int) and 0 <= value < len(vertices)
                _require(known, f"slots[{index}].{end}", value, f"0 to {len(vertices) - 1}, an index of vertices")
            else:
                _require(value is None, f"slots[{index}].{end}", value, "None, as there are no vertices")
    for index, link in enumerate(payload.get("links") or []):
        known = _is_list(link) and len(link) == 2 and all(isinstance(i, int) and 0 <= i < len(slots) for i in link)
        _require(known, f"links[{index}]", link, f"two indices of slots, 0 to {len(slots) - 1}")
    columns = payload.get("columns") or []
    _require(_is_list(columns) and all(isinstance(c, str) for c in columns), "columns", columns, "a list of texts")
    frames: Any = payload.get("frames")
    _require(isinstance(frames, int) and frames >= 1, "frames", frames, "a whole number, 1 or more")
    probs: Any = payload.get("probs")
    _require(isinstance(probs, str), "probs", probs, "base64 of bytes")
    try:
        size = len(base64.b64decode(probs, validate=True))
    except binascii.Error as error:
        raise ValueError(f"probs is no base64 ({error}); allowed: base64 of bytes, see encode_frames") from error
    expected = frames * len(slots) * len(payload["ops"])
    _require(size == expected, "probs", f"{size} bytes", f"{expected} bytes (frames x slots x ops)")
    _check_series(payload, "sigma", frames)
    if payload.get("value") is not None:
        _check_series(payload, "value", frames, gaps=True)
    if payload.get("steps") is not None:
        _check_series(payload, "steps", frames)
    for name in ("title", "final", "group", "value_label", "value_unit"):
        _require(isinstance(payload.get(name, ""), str), name, payload.get(name), "a text")
    fps: Any = payload.get("fps", 10)
    _require(_is_number(fps) and 0 < fps <= 120, "fps", fps, "above 0, at most 120")
    labels = payload.get("labels") or {}
    unknown = sorted(set(labels) - set(WORDS))
    _require(not unknown, "labels", ", ".join(map(str, unknown)), ", ".join(WORDS))


def player_data(
    payload: Mapping[str, Any], *, labels: Mapping[str, str] | None = None, report_step: bool = False
) -> dict[str, Any]:
    """The payload with every optional field filled in: what ``mount`` in player.js takes, in any page."""
    validate_payload(payload)
    defaults: dict[str, Any] = {"links": [], "columns": [], "value": None, "steps": None, "fps": 10, "autoplay": False}
    defaults |= dict.fromkeys(("title", "final", "group", "value_label", "value_unit"), "")
    words = {**WORDS, **(payload.get("labels") or {}), **(labels or {})}
    return {**defaults, **payload, "labels": words, "report_step": report_step}

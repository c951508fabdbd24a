"""What a player needs to show one sample's denoising: the space's drawing, and probabilities frame by frame.

Plain JSON, one byte per probability, so that the same data serve the app, an exported page and any other client.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from torch import Tensor

from dnag.generate import kept_steps
from dnag.spaces.base import SearchSpace

PLAYING_S = 3.0
"""Seconds that a trajectory takes at speed 1, within reason."""


def slot_ops(space: SearchSpace) -> list[int]:
    """Operations that the drawing's slots can take, in the order of the encoding."""
    drawn = {slot.node for slot in space.drawing.slots}
    found = {op for factor in space.factors if drawn & set(factor.nodes) for op in factor.choices.unique().tolist()}
    return sorted(op for op in found if op >= 0)


def shown_steps(steps: int, frames: int) -> list[int]:
    """The sampler's step that each of so many frames shows: what it saw before a step, and at last its end."""
    return [*(step - 1 for step in kept_steps(steps, frames - 1)), steps]


def player_payload(
    space: SearchSpace,
    level: Tensor,
    probability: Tensor,
    value: Tensor | None,
    *,
    title: str,
    final: str,
    steps: int | None = None,
) -> dict[str, Any]:
    """The player's data for one sample.

    Args:
        level: noise level of each frame, (K,).
        probability: of every operation of every node, (K, N, F) uint8.
        value: predicted accuracy in % at each frame, (K,), or None.
        steps: how many steps the sampler took; default: one between each two frames.
    """
    drawing, ops = space.drawing, slot_ops(space)
    shown = probability[:, [slot.node for slot in drawing.slots]][:, :, ops].contiguous()  # (K, slots, ops)
    return {
        "ops": [asdict(space.op_styles[op]) | {"empty": op in space.zero_ops} for op in ops],
        "vertices": [asdict(vertex) for vertex in drawing.vertices],
        "slots": [{key: item for key, item in asdict(slot).items() if key != "node"} for slot in drawing.slots],
        "links": [list(link) for link in drawing.links],
        "columns": list(drawing.columns),
        "frames": len(level),
        "probs": base64.b64encode(shown.numpy().tobytes()).decode(),
        "sigma": [round(float(item), 4) for item in level],
        "value": None if value is None else [round(float(item), 2) for item in value],
        "value_label": "predicted on the way",
        "value_unit": "%",
        "steps": shown_steps(len(level) - 1 if steps is None else steps, len(level)),
        "fps": min(30.0, max(5.0, len(level) / PLAYING_S)),
        "title": title,
        "final": final,
    }

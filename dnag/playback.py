"""What a player needs to show one sample's denoising: the space's drawing, and probabilities frame by frame.

Plain JSON, one byte per probability, so that the same data serve the app, an exported page and any other client.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from torch import Tensor

from dnag.spaces.base import SearchSpace


def slot_ops(space: SearchSpace) -> list[int]:
    """Operations that the drawing's slots can take, in the order of the encoding."""
    drawn = {slot.node for slot in space.drawing.slots}
    found = {op for factor in space.factors if drawn & set(factor.nodes) for op in factor.choices.unique().tolist()}
    return sorted(op for op in found if op >= 0)


def player_payload(
    space: SearchSpace, level: Tensor, probability: Tensor, value: Tensor | None, *, title: str, final: str
) -> dict[str, Any]:
    """The player's data for one sample.

    Args:
        level: noise level of each frame, (K,).
        probability: of every operation of every node, (K, N, F) uint8.
        value: predicted accuracy in % at each frame, (K,), or None.
    """
    drawing, ops = space.drawing, slot_ops(space)
    shown = probability[:, [slot.node for slot in drawing.slots]][:, :, ops].contiguous()  # (K, slots, ops)
    return {
        "ops": [asdict(space.op_styles[op]) for op in ops],
        "vertices": [asdict(vertex) for vertex in drawing.vertices],
        "slots": [{key: item for key, item in asdict(slot).items() if key != "node"} for slot in drawing.slots],
        "links": [list(link) for link in drawing.links],
        "columns": list(drawing.columns),
        "frames": len(level),
        "probs": base64.b64encode(shown.numpy().tobytes()).decode(),
        "sigma": [round(float(item), 4) for item in level],
        "value": None if value is None else [round(float(item), 2) for item in value],
        "title": title,
        "final": final,
    }

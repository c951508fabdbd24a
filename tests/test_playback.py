"""The player's data: the right bytes for the right slots."""

import base64

import numpy as np
import pytest
import torch

from dnag.playback import player_payload, slot_ops
from dnag.spaces import spaces


@pytest.mark.parametrize("name", sorted(spaces))
def test_bytes_are_the_probabilities_of_the_slots(name):
    space = spaces[name]()
    frames = torch.randint(
        0, 256, (3, space.num_nodes, space.num_ops), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    payload = player_payload(
        space, torch.tensor([5.0, 1.0, 0.1]), frames, torch.tensor([1.0, 2.0, 3.0]), title="t", final="f"
    )
    ops = slot_ops(space)
    shape = (3, len(payload["slots"]), len(ops))
    data = np.frombuffer(base64.b64decode(payload["probs"]), np.uint8).reshape(shape)
    nodes = [slot.node for slot in space.drawing.slots]
    assert (data == frames[:, nodes][:, :, ops].numpy()).all()
    assert [op["label"] for op in payload["ops"]] == [space.op_styles[op].label for op in ops]
    assert payload["value"] == [1.0, 2.0, 3.0]
    assert payload["frames"] == 3


def test_cell_slots_take_the_five_operations():
    assert slot_ops(spaces["nasbench201"]()) == [2, 3, 4, 5, 6]

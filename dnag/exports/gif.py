"""GIF: the denoising as a film that plays everywhere."""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from dnag.drawing.graph import MARGIN, probability_scene
from dnag.drawing.raster import to_image
from dnag.drawing.scene import Box, Label, Scene, Shape
from dnag.exports.base import Subject, TrajectoryExporter, exporters
from dnag.playback import slot_ops
from dnag.spaces.base import SearchSpace

MOST_FRAMES = 120
LEAST_MS = 20  # browsers slow down films that are faster
LAST_MS = 2000
"""How long the finished architecture stands before the film starts again."""
COLORS = 128
HEAD, FOOT = 40.0, 22.0  # px above and below the graph


@exporters.register("gif")
class Gif(TrajectoryExporter):
    """One picture for each frame of the trajectory, up to 120 of them, evenly spread."""

    label = "GIF film"
    about = "The denoising as a film, for slides and chats."
    suffix = ".gif"
    media_type = "image/gif"

    def content(self, subject: Subject) -> bytes:
        assert subject.trajectory is not None
        # Without dithering: flat colours stay flat, and most of a frame is like the one before.
        first, *rest = (
            to_image(scene).quantize(COLORS, dither=Image.Dither.NONE)
            for scene in scenes(subject.space, subject.trajectory)
        )
        whole = 1000 * subject.trajectory["frames"] / subject.trajectory.get("fps", 10)
        pause = max(LEAST_MS, round(whole / (1 + len(rest))))
        file = io.BytesIO()
        durations = [pause] * len(rest) + [LAST_MS]
        first.save(file, "GIF", save_all=True, append_images=rest, duration=durations, loop=0, optimize=True)
        return file.getvalue()


def scenes(space: SearchSpace, trajectory: Mapping[str, Any]) -> Iterator[Scene]:
    """The film, frame by frame: the graph, and in words and as a bar how far it is."""
    frames = trajectory["frames"]
    shown = (
        range(frames) if frames <= MOST_FRAMES else torch.linspace(0, frames - 1, MOST_FRAMES).round().int().tolist()
    )
    beliefs = probabilities(space, trajectory)
    for frame in shown:
        graph = probability_scene(space, beliefs[frame])
        shapes = [_moved(shape, HEAD) for shape in graph.shapes] + _words(trajectory, frame, graph.width)
        height = HEAD + graph.height + FOOT
        share = (frame + 1) / frames
        bar = graph.width - 2 * MARGIN
        shapes += [
            Box(graph.width / 2, height - 12, bar, 5, 2.5, "line", "line"),
            Box(MARGIN + bar * share / 2, height - 12, bar * share, 5, 2.5, "accent", "accent"),
        ]
        yield Scene(graph.width, height, tuple(shapes))


def probabilities(space: SearchSpace, trajectory: Mapping[str, Any]) -> Tensor:
    """What :func:`dnag.playback.player_payload` packed: of every operation of every node, (K, N, F), 0 elsewhere."""
    slots, ops = [slot.node for slot in space.drawing.slots], slot_ops(space)
    packed = torch.frombuffer(bytearray(base64.b64decode(trajectory["probs"])), dtype=torch.uint8)
    shown = packed.view(trajectory["frames"], len(slots), len(ops)).float() / 255
    total = shown.sum(-1, keepdim=True)
    # As in the player: too much is scaled down, and where nothing may be absent, too little is scaled up.
    shown = shown / (total if space.drawing.vertices else total.clamp(min=1)).clamp(min=1e-6)
    whole = torch.zeros(trajectory["frames"], space.num_nodes, space.num_ops)
    whole[:, torch.tensor(slots)[:, None], torch.tensor(ops)] = shown
    return whole


def _words(trajectory: Mapping[str, Any], frame: int, width: float) -> list[Shape]:
    steps = trajectory.get("steps") or range(trajectory["frames"])
    moment = f"step {steps[frame]} of {steps[-1]}, noise level {trajectory['sigma'][frame]:.2g}"
    values = trajectory.get("value")
    if values and values[frame] is not None:
        moment += f", {trajectory.get('value_label', '')} {values[frame]:.1f} {trajectory.get('value_unit', '')}"
    return [
        Label(MARGIN, 20, trajectory.get("title", ""), size=13, anchor="start"),
        Label(width - MARGIN, 20, moment, "mute", bold=False, anchor="end"),
    ]


def _moved(shape: Shape, down: float) -> Shape:
    if isinstance(shape, Box | Label):
        return dataclasses.replace(shape, y=shape.y + down)
    return dataclasses.replace(shape, points=tuple((x, y + down) for x, y in shape.points))

r"""How a candidate is trained: SGD with momentum on the cross-entropy, at a learning rate that warms up and falls.

    lr(e) = lr * min(1, e / warmup) * (1 + cos(pi e / epochs)) / 2,        e in epochs, a fraction inside one.

The presets, and where they differ from the official code (https://github.com/CownowAn/DiffusionNAG):

* ``quick``: a smaller network of the same architecture, for a ranking in minutes on a CPU.
* ``paper``: NAS-Bench-201 as the official code trains its candidates for new datasets: 200 epochs, 3 seeds, no
  augmentation.
* ``ofa``: MobileNetV3 as the official code fine-tunes it: 20 epochs, 3 seeds, 224 pixels. It starts from once-for-all's
  weights, keeps the learning rate (its schedule is made and never stepped), and adds AutoAugment, dropout 0.2 and
  drop-path 0.2; here training starts afresh, without these, and the rate follows the cosine.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnag.knobs import choice, knob, validate
from dnag.registry import UnknownNameError

PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Recipe:
    """How to train. Checked when made: ``ValueError`` names the setting, what came and what is allowed."""

    epochs: int = knob(12, "Epochs", 1, 2000)
    batch_size: int = knob(128, "Batch size", 2, 8192, unit="images")
    lr: float = knob(0.1, "Learning rate", 1e-6, 10, help="The largest; it falls to 0 by a cosine.")
    momentum: float = knob(0.9, "Momentum", 0, 0.999)
    nesterov: bool = True
    weight_decay: float = knob(5e-4, "Weight decay", 0, 1)
    warmup: float = knob(0.0, "Warm-up", 0, 100, unit="epochs", help="Over so many epochs the rate rises from 0.")
    label_smoothing: float = knob(0.0, "Label smoothing", 0, 0.9)
    clip: float = knob(0.0, "Clipping", 0, 1000, help="Largest norm of the gradient; 0 does not clip.")
    crop: int = knob(0, "Crop", 0, 64, unit="px", help="Images are shifted by up to so many pixels; 0 does not.")
    flip: bool = False
    cutout: int = knob(0, "Cutout", 0, 512, unit="px", help="Side of a square that is blanked out; 0 blanks none.")
    width: float = knob(1.0, "Width", 0.0625, 4, help="Multiplier of the numbers of channels.")
    cells: int = knob(0, "Cells", 0, 20, help="Cells in a stage of NAS-Bench-201; 0: the benchmark's five.")
    image_size: int = knob(0, "Image size", 0, 1024, unit="px", help="Images are scaled to it; 0 leaves them.")
    precision: str = choice(
        "auto", "Precision", lambda: PRECISIONS, help="auto: bfloat16 or float16 on a GPU, float32 elsewhere."
    )

    def __post_init__(self) -> None:
        validate(self)
        for name in ("nesterov", "flip"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} is {getattr(self, name)!r}; allowed: true or false")
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov is true with momentum 0; allowed: a momentum above 0, or nesterov false")
        if self.warmup > self.epochs:
            raise ValueError(f"warmup is {self.warmup:g} epochs of {self.epochs}; allowed: at most all of them")

    def rate(self, epoch: float) -> float:
        """Learning rate after ``epoch`` epochs, a number in [0, epochs]."""
        warm = min(1.0, epoch / self.warmup) if self.warmup else 1.0
        return self.lr * warm * 0.5 * (1 + math.cos(math.pi * epoch / self.epochs))

    def to_json(self) -> str:
        """One line; :meth:`from_json` reads it back. Equal recipes give equal text."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """``ValueError`` for what is no recipe, and for a setting that there is not."""
        try:
            settings = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{text[:80]!r} is no recipe: {error}") from None
        if not isinstance(settings, dict):
            raise ValueError(f"{text[:80]!r} is no recipe; allowed: a JSON object")
        known = [field.name for field in dataclasses.fields(cls)]
        for name in settings:
            if name not in known:
                raise ValueError(f"unknown setting {name!r} of a recipe; allowed: {', '.join(known)}")
        return cls(**settings)


@dataclass(frozen=True)
class Preset:
    """A recipe with a name, how many seeds go with it, and in words what it is for.

    Attributes:
        space: the search space whose networks it is for; None: any.
    """

    label: str
    help: str
    recipe: Recipe
    seeds: int
    space: str | None = None


PRESETS: Mapping[str, Preset] = {
    "quick": Preset(
        "Quick",
        "Half the channels and one cell a stage: a ranking in minutes on a CPU, not the network's accuracy.",
        Recipe(epochs=12, batch_size=64, crop=4, flip=True, warmup=1, width=0.5, cells=1),
        seeds=1,
    ),
    "paper": Preset(
        "Paper, NAS-Bench-201",
        "200 epochs of the whole network, 3 seeds. For a GPU.",
        Recipe(epochs=200, batch_size=256, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, image_size=32),
        seeds=3,
        space="nasbench201",
    ),
    "ofa": Preset(
        "Paper, MobileNetV3",
        "20 epochs at 224 pixels, 3 seeds. For a GPU.",
        Recipe(
            epochs=20,
            batch_size=96,
            lr=0.01,
            nesterov=False,
            weight_decay=4e-5,
            clip=5,
            flip=True,
            cutout=16,
            image_size=224,
        ),
        seeds=3,
        space="mobilenetv3",
    ),
}


def preset(name: str) -> Preset:
    """The preset called ``name``; ``ValueError`` lists those there are."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownNameError("recipe", name, list(PRESETS)) from None


def presets_of(space: str) -> dict[str, Preset]:
    """Those for networks of ``space``, by name."""
    return {name: found for name, found in PRESETS.items() if found.space in (None, space)}


def seeds(count: int) -> tuple[int, ...]:
    """The first ``count`` seeds, those of the paper in front: 777, 888, 999, 1110, ..."""
    if not 1 <= count <= 100:
        raise ValueError(f"seeds is {count!r}; allowed: a whole number from 1 to 100")
    return tuple(777 + 111 * index for index in range(count))


def changed(recipe: Recipe, **settings: Any) -> Recipe:
    """The recipe with the settings that are not None."""
    return dataclasses.replace(recipe, **{name: value for name, value in settings.items() if value is not None})

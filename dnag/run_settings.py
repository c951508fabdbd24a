"""The settings of a run: everything that decides what it gives, validated when made."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnag.costs import parse_numbers
from dnag.devices import devices
from dnag.generate import MAX_SAMPLES
from dnag.knobs import choice, knob, text, validate
from dnag.samplers.base import samplers
from dnag.sdes.base import sdes
from dnag.spaces.base import is_custom, spaces

GUIDANCE = ("calibrated", "first_order", "exact")
EXACT_VALUES = ("predictor", "measured")
ACCURACY = "accuracy"


def _datasets() -> list[str]:
    return list(dict.fromkeys(name for space in spaces.values() for name in space.datasets))


def _score_networks() -> list[str]:
    from dnag.checkpoint import installed_names

    return installed_names("score")


@dataclass(frozen=True)
class RunSettings:
    """Everything that decides what a run gives. Validated when made: ``ValueError`` names what came and what is
    allowed.
    """

    space: str = choice("nasbench201", "Search space", lambda: list(spaces))
    dataset: str = choice(
        "",
        "Dataset",
        _datasets,
        help="What the architectures are meant for. Default: the first of the space.",
        admits=is_custom,
    )
    guidance_scale: float = knob(
        None,
        "Guidance scale",
        0.0,
        1000.0,
        unit="nats per point",
        help="At 1, an architecture one point of accuracy better is e times as likely. At 0 accuracy steers nothing.",
    )
    resolution: int = knob(
        0, "Image size", 0, 4096, unit="pixels", help="Height and width of the images. Default: the dataset's own."
    )
    under: str = text("", "Budget", help="Costs to stay under, NAME=LIMIT, such as macs_m=300 or latency_ms@note10=30.")
    samples: int = knob(256, "Samples", 1, MAX_SAMPLES, help="How many architectures are drawn.")
    steps: int = knob(20, "Steps", 1, 2000, help="Solver steps from noise to architecture.")
    sampler: str = choice("heun", "Sampler", lambda: list(samplers), help="The numerical method.")
    seed: int = knob(0, "Seed", 0, 2**31 - 1, help="The same seed and settings give the same architectures.")
    guidance: str = choice(
        "calibrated",
        "Guidance",
        lambda: GUIDANCE,
        help="Calibrated: the predictor knows the scale. First order: the paper's form. Exact: by enumeration.",
        advanced=True,
    )
    sde: str = choice("ve", "SDE", lambda: list(sdes), help="The noise process that is run backwards.", advanced=True)
    exact_values: str = choice(
        "predictor",
        "Values for exact guidance",
        lambda: EXACT_VALUES,
        help="Accuracies that exact guidance steers by: the shipped predictor's, or the measured ones where installed.",
        advanced=True,
    )
    maximize: str = text(
        ACCURACY,
        "Maximize",
        help="What to steer towards: accuracy at the guidance scale, and costs with NAME=NATS per unit.",
        advanced=True,
    )
    minimize: str = text(
        "", "Minimize", help="Costs to steer away from, NAME=NATS per unit, such as macs_m=0.02.", advanced=True
    )
    width: float = knob(
        0.0,
        "Width",
        0.0,
        10.0,
        help="Multiplier of the numbers of channels, for the costs. Default: 1, or the one that all tables have.",
        advanced=True,
    )
    device: str = choice("auto", "Device", devices, help="Where the networks run.", advanced=True)
    batch_size: int = knob(256, "Batch size", 1, MAX_SAMPLES, help="Changes speed and memory only.", advanced=True)
    checkpoint: str = choice(
        "",
        "Score network",
        _score_networks,
        help="What denoises, if not the shipped network: a name, on the command line also a path.",
        admits=lambda name: True,  # what it is worth is seen when it is loaded
        advanced=True,
    )
    predictor: str = field(default="")
    features: str = field(default="")

    def __post_init__(self) -> None:
        if self.space in spaces:
            if not self.dataset and not self.features:
                object.__setattr__(self, "dataset", next(iter(spaces[self.space].datasets)))
            if vars(self)["guidance_scale"] is None:
                object.__setattr__(self, "guidance_scale", spaces[self.space].guidance_scales[0])
        if (is_custom(self.dataset) and not self.features) or (self.features and not self.dataset):
            raise ValueError(
                f"dataset is {self.dataset!r} with features {self.features!r}; a dataset of your own needs both: "
                "custom-CLASSES and the id of its features"
            )
        validate(self)
        space = spaces[self.space]()
        dataset = space.dataset(self.dataset)
        if not self.resolution:
            object.__setattr__(self, "resolution", dataset.resolution)
        if self.resolution not in dataset.resolutions:
            allowed = ", ".join(str(pixels) for pixels in dataset.resolutions)
            raise ValueError(f"resolution is {self.resolution}; {dataset.label} allows: {allowed}")
        if self.width and self.width not in space.widths:
            allowed = ", ".join(f"{width:g}" for width in space.widths)
            raise ValueError(f"width is {self.width:g}; {self.space} allows: {allowed}")
        largest = space.guidance_scales[1]
        if self.guidance == "calibrated" and self.guidance_scale > largest:  # the predictor was trained up to there
            raise ValueError(
                f"guidance scale is {self.guidance_scale:g}; {self.space} allows: a finite number from 0 to {largest:g}"
            )
        if self.guidance == "exact" and not space.enumerable:
            raise ValueError(
                f"guidance 'exact' needs a space that can be listed; {self.space} allows: calibrated, first_order"
            )
        names = [*self.budgets, *self.weights]  # reads the texts, so that a bad one is said at once
        if self.guidance == "exact" and self.weights:
            raise ValueError(f"guidance 'exact' knows accuracy and budgets; {names[-1]} needs: calibrated, first_order")

    @property
    def steers_accuracy(self) -> bool:
        """Is accuracy among what the run maximizes, at a scale above 0?"""
        return ACCURACY in self._maximized and self.guidance_scale > 0

    @property
    def guided(self) -> bool:
        """Does anything steer the run?"""
        return self.steers_accuracy or bool(self.budgets or self.weights)

    @property
    def _maximized(self) -> list[str]:
        return [piece.strip() for piece in self.maximize.split(",") if piece.strip()]

    @property
    def budgets(self) -> dict[str, float]:
        """Cost -> limit."""
        return parse_numbers(self.under, "under")

    @property
    def weights(self) -> dict[str, float]:
        """Cost -> nats per unit: above 0 where more is better, below 0 where less is."""
        more = parse_numbers(",".join(piece for piece in self._maximized if piece != ACCURACY), "maximize")
        less = parse_numbers(self.minimize, "minimize")
        for name in (ACCURACY, *more):
            if name in less:
                raise ValueError(f"minimize names {name}, which can only be maximized here; allowed: other costs")
        return {**more, **{name: -value for name, value in less.items()}}

    @property
    def solver_steps(self) -> int:
        """Steps of the solver over all batches: what a run reports its progress in."""
        return self.steps * -(-self.samples // self.batch_size)

    @property
    def label(self) -> str:
        """The settings in a few words."""
        solver = f"{self.sampler} × {self.steps}"
        under = "".join(f" · {name} ≤ {limit:g}" for name, limit in self.budgets.items())
        own = spaces[self.space]().dataset(self.dataset).resolution
        where = self.dataset if self.resolution == own else f"{self.dataset} at {self.resolution} px"
        return f"{self.space} · {where} · γ {self.guidance_scale:g}{under} · {solver} · seed {self.seed}"

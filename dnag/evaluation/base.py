"""What a figure of merit is, and what is to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from dnag.run_settings import RunSettings
from dnag.spaces.base import spaces

SCALES = (0.1, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        exact: the value of the exact distribution, for comparison.
        target: what was aimed at, in words.
    """

    name: str
    value: float | None
    unit: str = ""
    exact: float | None = None
    target: str = ""
    note: str = ""


@dataclass(frozen=True)
class EvaluationSettings:
    """What to evaluate; ``ValueError`` says what cannot be. ``retrain`` trains a fresh ranking ensemble on that many
    random architectures and judges it on the rest; ``only`` names the parts wanted, all but latency if it is empty.
    """

    space: str = "nasbench201"
    datasets: tuple[str, ...] = ()
    scales: tuple[float, ...] = SCALES
    forms: tuple[str, ...] = ("calibrated", "first_order")
    steps: int = 20
    sampler: str = "heun"
    sde: str = "ve"
    device: str = "auto"
    samples: int = 2048
    seeds: int = 20
    retrain: int = 0
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        space = spaces[self.space]()
        for scale in self.scales:
            run_settings(self, (self.datasets or tuple(space.datasets))[0], scale, samples=self.samples)
        if self.seeds < 0:
            raise ValueError(f"seeds is {self.seeds}; allowed: 0 or more")
        most = space.size - 2 if space.enumerable else 0  # two on either side have a rank correlation
        if self.retrain and not 2 <= self.retrain <= most:
            allowed = f"0, or 2 to {most:,}" if most else f"0, since {space.name} cannot be listed"
            raise ValueError(f"retrain is {self.retrain}; allowed: {allowed}")


def run_settings(
    settings: EvaluationSettings, dataset: str, scale: float, seed: int = 0, **more: object
) -> RunSettings:
    """The settings of one run of the evaluation."""
    return RunSettings(
        space=settings.space,
        dataset=dataset,
        guidance_scale=scale,
        steps=settings.steps,
        sampler=settings.sampler,
        sde=settings.sde,
        seed=seed,
        device=settings.device,
        **more,  # type: ignore[arg-type]
    )


def to_markdown(figures: list[Figure]) -> str:
    """A table for cards and the README."""
    lines = ["| figure | value | exact | aim |", "|---|---|---|---|"]
    for figure in figures:
        cells = [_number(figure.value, figure.unit), _number(figure.exact, figure.unit), figure.target]
        lines.append(f"| {figure.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.2f} {unit}" if unit else f"{value:.4f}"

r"""Runs side by side: one setting varied, the same seed, and figures that tell the batches apart.

Sample i starts from the same noise in every run of one space, so that what differs between two columns is what the
setting does, and not chance.

* *Novelty* here is against the other columns: the share of a column's distinct architectures that no other drew.
  Against the training set it means nothing where that was the whole space; for a network trained on part of it
  ``outside_training`` is the usual figure.
* *Diversity* is the mean edit distance over all pairs of valid samples: at how many nodes two architectures differ.

Guidance trades diversity for quality. :func:`sweep` measures that for both forms of guidance, :func:`exact_tradeoff`
computes it for the distributions ``p_gamma`` that guidance aims at, where a space can be listed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from dnag.bundle import ModelStore
from dnag.devices import resolve_device
from dnag.knobs import Knob, knobs
from dnag.metrics import diversity, expected_distance, novelty
from dnag.progress import Progress
from dnag.run_result import Candidate, RunResult
from dnag.run_settings import ACCURACY, RunSettings
from dnag.runs import bundle_of, run
from dnag.spaces.base import ABSENT, Architecture, SearchSpace, spaces
from dnag.tables import to_csv

FEWEST, MOST = 2, 4
LETTERS = "ABCD"
TOP = 5
FORMS = ("calibrated", "first_order")
EXACT_POINTS = 41
OF_A_CANDIDATE = ("rank", "architecture", "count", "predicted_accuracy_pct", "measured_accuracy_pct")
OF_A_SPACE: dict[str, Any] = {
    "dataset": "",
    "guidance_scale": None,
    "resolution": 0,
    "under": "",
    "maximize": ACCURACY,
    "minimize": "",
    "width": 0.0,
    "checkpoint": "",
    "predictor": "",
    "features": "",
}
"""Settings that mean nothing in another space, and the values that stand for that space's own."""
OF_A_DATASET: dict[str, Any] = {"resolution": 0, "features": ""}
BROUGHT = {"space": OF_A_SPACE, "dataset": OF_A_DATASET}

# ---------------------------------------------------------------------- what is compared


def split_values(name: str, text: str) -> tuple[str, ...]:
    """``0,2,8`` in its parts; texts may hold commas, so that semicolons part them."""
    known = knobs(RunSettings).get(name)
    mark = ";" if known is not None and known.text else ","
    return tuple(part.strip() for part in text.split(mark)) if text.strip() else ()


def join_values(name: str, values: Sequence[Any]) -> str:
    """The text that :func:`split_values` parts."""
    mark = ";" if knobs(RunSettings)[name].text else ","
    return mark.join(value if isinstance(value, str) else f"{value:g}" for value in values)


def vary(settings: RunSettings, name: str, values: Sequence[Any]) -> list[RunSettings]:
    """Settings that differ in one, for 2 to 4 different ``values`` of it (numbers may be texts).

    Another space brings its own dataset, guidance scale and image size, and no budget; another dataset its own image
    size. ``ValueError`` says what came and what is allowed.
    """
    known = knobs(RunSettings)
    if name not in known:
        raise ValueError(f"unknown setting {name!r}; allowed: {', '.join(known)}")
    columns = []
    for value in values:
        read = _read(name, known[name], value)
        own = BROUGHT.get(name, {}) if read != getattr(settings, name) else {}
        columns.append(replace(settings, **{**own, name: read}))
    if not FEWEST <= len(columns) <= MOST or len(set(columns)) < len(columns):
        given = join_values(name, [getattr(column, name) for column in columns]) or "none"
        raise ValueError(f"values of {name} are {given}; allowed: {FEWEST} to {MOST} different ones")
    return columns


def _read(name: str, knob: Knob, value: Any) -> Any:
    if not isinstance(value, str) or knob.low is None:
        return value
    try:
        return int(value) if knob.whole else float(value)
    except ValueError:
        kind = "a whole number" if knob.whole else "a number"
        raise ValueError(
            f"a value of {name} is {value!r}; allowed: {kind} from {knob.low:g} to {knob.high:g}"
        ) from None


def examples(space: str) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Comparisons worth a look, by name: what to vary, and its values."""
    usual, largest = spaces[space].guidance_scales
    return {
        "guidance": ("guidance_scale", (0.0, usual, min(4 * usual, largest))),
        "forms": ("guidance", FORMS),
        "samplers": ("sampler", ("heun", "dpm_solver", "euler_maruyama", "predictor_corrector")),
        "steps": ("steps", (5, 10, 20, 50)),
    }


@dataclass(frozen=True)
class Variation:
    """Settings of which one is varied; :func:`vary` says what may be asked for.

    Attributes:
        values: as they came, then as the columns have them.
    """

    settings: RunSettings
    name: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        columns = vary(self.settings, self.name, self.values)
        object.__setattr__(self, "values", tuple(getattr(column, self.name) for column in columns))

    @property
    def columns(self) -> list[RunSettings]:
        """The settings of each run."""
        return vary(self.settings, self.name, self.values)


def differing(columns: Sequence[RunSettings]) -> tuple[str, ...]:
    """Names of the settings in which the columns are not all alike, without those that another space or dataset brings
    along.
    """
    names = [name for name in knobs(RunSettings) if len({getattr(column, name) for column in columns}) > 1]
    brought = {name for owner in names for name in BROUGHT.get(owner, ())}
    return tuple(name for name in names if name not in brought)


def run_all(
    columns: Sequence[RunSettings],
    *,
    store: ModelStore | None = None,
    keep_frames: int = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[RunResult]:
    """One run after another; ``progress`` is told of all of them together. The rest as in :func:`dnag.runs.run`."""
    store = store or ModelStore()
    total = sum(settings.solver_steps for settings in columns)
    results: list[RunResult] = []
    before = 0

    def told(done: int, _: int) -> None:
        if progress is not None:
            progress(before + done, total)

    for settings in columns:
        results.append(run(settings, store=store, keep_frames=keep_frames, progress=told, cancelled=cancelled))
        before += settings.solver_steps
    return results


# ---------------------------------------------------------------------- figures that tell batches apart


@dataclass(frozen=True)
class Column:
    """One run in figures. Shares lie in [0, 1]; None stands for what is not known.

    Attributes:
        column: its letter.
        validity: share of samples that are valid as drawn.
        uniqueness: share of distinct architectures among the valid samples.
        novelty: share of the distinct ones that no other column drew.
        outside_training: share of the distinct ones that the score network was not trained on; None where it was
            trained on the whole space.
        diversity: mean edit distance between two valid samples.
        predicted_mean_pct: mean predicted accuracy of valid samples, repeats counted.
        predicted_best_pct: best predicted accuracy among the first ``top`` candidates.
        measured_best_pct: best measured accuracy among them.
        nfe: score evaluations per sample.
    """

    column: str
    validity: float
    uniqueness: float
    novelty: float
    outside_training: float | None
    diversity: float
    predicted_mean_pct: float | None
    predicted_best_pct: float | None
    measured_best_pct: float | None
    nfe: int
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """Two to four finished runs.

    Attributes:
        names: the settings that tell them apart.
        top: how many of the candidates ranked first may give the best.
    """

    results: tuple[RunResult, ...]
    names: tuple[str, ...]
    top: int = TOP

    @cached_property
    def columns(self) -> list[Column]:
        """The runs in figures."""
        return compare(self.results, self.top)

    def rows(self) -> list[dict[str, Any]]:
        """The table: letter, what differs, figures."""
        found = []
        for column, result in zip(self.columns, self.results, strict=True):
            figures = asdict(column)
            differs = {name: getattr(result.settings, name) for name in self.names}
            found.append({"column": figures.pop("column"), **differs, **figures})
        return found

    def candidate_rows(self) -> list[dict[str, Any]]:
        """Every candidate of every column: the data of the distributions."""
        return [
            {"column": letter, **{name: candidate.value(name) for name in OF_A_CANDIDATE}}
            for letter, result in zip(LETTERS, self.results, strict=False)
            for candidate in result.candidates
        ]

    def candidates_csv(self) -> str:
        """The same as text; the heading alone where no sample is valid."""
        return to_csv(self.candidate_rows(), ("column", *OF_A_CANDIDATE))

    def to_csv(self) -> str:
        """The table as text."""
        return to_csv(self.rows())

    def to_json(self) -> str:
        """The table, and every run with its settings and candidates."""
        runs = [result.to_dict() for result in self.results]
        return json.dumps({"differs": self.names, "top": self.top, "table": self.rows(), "runs": runs}, indent=2)


def compare(results: Sequence[RunResult], top: int = TOP) -> list[Column]:
    """Every run in figures; ``top``: how many of the candidates ranked first may give the best.

    ``ValueError`` unless there are 2 to 4 runs, and ``top`` is 1 or more.
    """
    if not FEWEST <= len(results) <= MOST:
        raise ValueError(f"{len(results)} runs to compare; allowed: {FEWEST} to {MOST}")
    if top < 1:
        raise ValueError(f"top is {top}; allowed: 1 or more")
    drawn = [{Architecture(result.settings.space, found.ops) for found in result.candidates} for result in results]
    columns = []
    for index, result in enumerate(results):
        others = set().union(*(archs for other, archs in enumerate(drawn) if other != index))
        first = result.candidates[:top]
        columns.append(
            Column(
                column=LETTERS[index],
                validity=result.raw_valid / result.requested,
                uniqueness=result.unique / result.raw_valid if result.raw_valid else 0.0,
                novelty=novelty(drawn[index], others),
                outside_training=result.novel / result.unique if result.novel else None,
                diversity=diversity_of(result),
                predicted_mean_pct=result.expected_pct(),
                predicted_best_pct=_best(first, "predicted_accuracy_pct"),
                measured_best_pct=_best(first, "measured_accuracy_pct"),
                nfe=result.nfe,
                seconds=result.seconds,
            )
        )
    return columns


def diversity_of(result: RunResult) -> float:
    """Mean edit distance between two valid samples of a run."""
    ops = torch.tensor([candidate.ops for candidate in result.candidates]).reshape(-1, result.space.num_nodes)
    counts = torch.tensor([candidate.count for candidate in result.candidates], dtype=torch.long)
    return diversity(ops.repeat_interleave(counts, dim=0), result.space.num_ops)


def _best(candidates: Sequence[Candidate], name: str) -> float | None:
    known = [value for candidate in candidates if (value := candidate.value(name)) is not None]
    return max(known, default=None)


# ---------------------------------------------------------------------- quality against diversity


@dataclass(frozen=True)
class TradeOff:
    """What a form of guidance (or ``exact``) gives at one scale: mean predicted accuracy in %, and the mean edit
    distance between two samples. ``validity`` is None for the exact distribution, all of which is valid.
    """

    guidance: str
    guidance_scale: float
    mean_pct: float | None
    diversity: float
    validity: float | None = None


@dataclass(frozen=True)
class Sweep:
    """Measured points, form by form and by rising scale; ``exact`` along the whole range, or empty where unknown."""

    settings: RunSettings
    points: list[TradeOff]
    exact: list[TradeOff]

    def rows(self) -> list[dict[str, Any]]:
        """All points as a table."""
        return [asdict(point) for point in (*self.points, *self.exact)]

    def to_csv(self) -> str:
        """The table as text."""
        return to_csv(self.rows())


def usual_scales(space: str) -> tuple[float, ...]:
    """Seven guidance scales from none to the largest that the space allows."""
    usual, largest = spaces[space].guidance_scales
    return (0.0, usual / 4, usual / 2, usual, 2 * usual, 4 * usual, largest)


def sweep_columns(settings: RunSettings, scales: Sequence[float]) -> list[RunSettings]:
    """The runs of a sweep: every form at every scale; without guidance there is one form only.

    ``ValueError`` for fewer than two different scales, and where accuracy is not what the settings maximize.
    """
    ordered = sorted(set(scales))
    if len(ordered) < 2:
        raise ValueError(f"a sweep over {len(ordered)} guidance scales; allowed: 2 or more different ones")
    if not replace(settings, guidance_scale=ordered[-1]).steers_accuracy:
        raise ValueError(f"maximize is {settings.maximize!r}; a sweep needs {ACCURACY} in it")
    forms = [form for form in FORMS for scale in ordered]
    pairs = list(zip(forms, ordered * len(FORMS), strict=True))
    return [
        replace(settings, guidance=form, guidance_scale=scale) for form, scale in pairs if scale > 0 or form == FORMS[0]
    ]


def sweep(
    settings: RunSettings,
    scales: Sequence[float] = (),
    *,
    store: ModelStore | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sweep:
    """Quality and diversity of both forms of guidance over ``scales`` (default: :func:`usual_scales`), from the same
    noise, beside the exact trade-off where the space can be listed and accuracy alone steers.
    """
    store = store or ModelStore()
    scales = scales or usual_scales(settings.space)
    results = run_all(sweep_columns(settings, scales), store=store, progress=progress, cancelled=cancelled)
    points = [_point(result, result.settings.guidance) for result in results]
    if points[0].guidance_scale == 0:  # where nothing steers, both forms are one
        unguided = replace(points[0], guidance=FORMS[1])
        points.insert(1 + sum(point.guidance == FORMS[0] for point in points[1:]), unguided)
    exact: list[TradeOff] = []
    if spaces[settings.space]().enumerable and not settings.budgets and not settings.weights:
        bundle = bundle_of(settings, store, resolve_device(settings.device))
        low, high = min(scales), max(scales)
        # Denser where the curve bends most: near no guidance.
        along = {low + (high - low) * (step / (EXACT_POINTS - 1)) ** 2 for step in range(EXACT_POINTS)}
        values = bundle.predicted_values(settings.dataset).cpu()
        exact = exact_tradeoff(values, bundle.space, sorted(along.union(scales)))
    return Sweep(settings, points, exact)


def _point(result: RunResult, form: str) -> TradeOff:
    validity = result.raw_valid / result.requested
    return TradeOff(form, result.settings.guidance_scale, result.expected_pct(), diversity_of(result), validity)


def exact_tradeoff(values: Tensor, space: SearchSpace, scales: Sequence[float]) -> list[TradeOff]:
    """The same for the distributions ``p_gamma(a) ~ p(a) exp(gamma * value(a))``, without a sample.

    Args:
        values: (A,) accuracy in % of every architecture, in the order of ``space.all_ops``.
    """
    if len(values) != space.size:
        raise ValueError(f"{len(values)} values; allowed: one for each of the {space.size:,} architectures")
    labels = torch.where(space.all_ops == ABSENT, space.num_ops, space.all_ops)
    onehot = torch.nn.functional.one_hot(labels, space.num_ops + 1).double()
    log_weights, values = space.all_log_weights.double(), values.double()
    found = []
    for scale in scales:
        probability = (log_weights + scale * values).softmax(0)
        frequencies = torch.einsum("a,ank->nk", probability, onehot)
        found.append(TradeOff("exact", scale, float(probability @ values), expected_distance(frequencies)))
    return found

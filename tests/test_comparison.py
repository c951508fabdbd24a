"""Comparisons: what is varied, and figures with known answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch

from dnag.bundle import ModelStore
from dnag.comparison import (
    Comparison,
    compare,
    differing,
    exact_tradeoff,
    examples,
    join_values,
    run_all,
    split_values,
    sweep,
    sweep_columns,
    usual_scales,
    vary,
)
from dnag.run_result import Candidate, RunResult
from dnag.run_settings import RunSettings
from dnag.runs import run
from dnag.spaces.base import Architecture, SearchSpace, spaces

OPS = spaces["nasbench201"].op_names
SKIP, CONV, POOL = (OPS.index(name) for name in ("skip_connect", "nor_conv_3x3", "avg_pool_3x3"))
BASE = RunSettings(samples=24, steps=4, device="cpu")


@pytest.fixture(scope="module")
def store() -> ModelStore:
    return ModelStore()


def result_of(space: SearchSpace, drawn: list[tuple[list[int], int]], **settings: Any) -> RunResult:
    """A finished run that drew cells of these operations (indices on the six edges) so often."""
    candidates = []
    for index, (edges, count) in enumerate(drawn):
        arch = space.architecture([OPS.index("input"), *edges, OPS.index("output")])
        candidates.append(
            Candidate(
                rank=index + 1,
                architecture=space.format(arch),
                ops=arch.ops,
                count=count,
                sample=index,
                predicted_accuracy_pct=90.0 - index,
                predicted_std_pct=0.1,
                measured_accuracy_pct=80.0 + index,
                measured_source="test",
                params_m=1.0,
                macs_m=1.0,
                disconnected=False,
                novel=False,
            )
        )
    valid = sum(count for _, count in drawn)
    return RunResult(
        settings=replace(BASE, **settings),
        candidates=candidates,
        requested=8,
        raw_valid=valid,
        unique=len(drawn),
        novel=0,
        violations={},
        nfe=7,
        seconds=1.0,
        paper_scale=None,
        measured_note="",
        trajectory=None,
    )


def test_columns_differ_in_what_is_varied_and_share_the_seed() -> None:
    columns = vary(replace(BASE, seed=5), "guidance_scale", ("0", "2", 8))
    assert [column.guidance_scale for column in columns] == [0, 2, 8]
    assert {column.seed for column in columns} == {5}
    assert differing(columns) == ("guidance_scale",)
    assert [column.steps for column in vary(BASE, "steps", ("5", "10"))] == [5, 10]


def test_another_space_or_dataset_brings_what_is_its_own() -> None:
    base = RunSettings(space="mobilenetv3", resolution=192, under="macs_m=300", guidance_scale=40.0)
    same, other = vary(base, "space", ("mobilenetv3", "nasbench201"))
    assert same == base
    assert other == RunSettings(space="nasbench201")
    assert [c.resolution for c in vary(BASE, "dataset", ("cifar10", "imagenet16-120"))] == [32, 16]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("guidance", ("calibrated",), "values of guidance are calibrated; allowed: 2 to 4 different ones"),
        ("steps", ("5", "5"), "values of steps are 5,5; allowed: 2 to 4 different ones"),
        ("steps", (1, 2, 3, 4, 5), "values of steps are 1,2,3,4,5; allowed: 2 to 4"),
        ("steps", (), "values of steps are none; allowed: 2 to 4"),
        ("steps", ("5", "few"), "a value of steps is 'few'; allowed: a whole number from 1 to 2000"),
        ("guidance_scale", ("0", "x"), "a value of guidance_scale is 'x'; allowed: a number from 0 to 1000"),
        ("guidance_scale", (0, 99), "guidance scale is 99; nasbench201 allows: a finite number from 0 to 12"),
        ("sampler", ("heun", "magic"), "unknown sampler 'magic'; allowed: .*heun"),
        ("colour", ("red", "blue"), "unknown setting 'colour'; allowed: space, dataset, guidance_scale"),
    ],
)
def test_what_cannot_be_varied_says_what_is_allowed(name: str, values: tuple[object, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        vary(BASE, name, values)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("guidance_scale", "0,2.5,8", ("0", "2.5", "8")),
        ("sampler", "heun, dpm_solver", ("heun", "dpm_solver")),
        ("under", "macs_m=100,params_m=1;", ("macs_m=100,params_m=1", "")),
        ("steps", " ", ()),
    ],
)
def test_values_as_text(name: str, text: str, values: tuple[str, ...]) -> None:
    assert split_values(name, text) == values
    if values:
        assert split_values(name, join_values(name, values)) == values


@pytest.mark.parametrize("space", list(spaces))
def test_every_example_can_be_run(space: str) -> None:
    for name, values in examples(space).values():
        assert len(vary(RunSettings(space=space), name, values)) == len(values)


def test_figures_of_hand_made_runs(nasbench201: SearchSpace) -> None:
    a, b, c = [SKIP] * 6, [CONV, *[SKIP] * 5], [POOL] * 6
    first, second = result_of(nasbench201, [(a, 2), (b, 2)]), result_of(nasbench201, [(a, 1), (c, 1)], guidance_scale=0)
    left, right = compare([first, second], top=1)
    assert (left.column, right.column) == ("A", "B")
    assert (left.validity, right.validity) == (0.5, 0.25)
    assert (left.uniqueness, right.uniqueness) == (0.5, 1.0)
    assert (left.novelty, right.novelty) == (0.5, 0.5)  # b and c: a was drawn by both
    assert left.diversity == pytest.approx(4 / 6)  # one edge differs in 4 of 6 pairs
    assert right.diversity == 6
    assert left.predicted_mean_pct == 89.5
    assert (left.predicted_best_pct, left.measured_best_pct) == (90, 80)
    assert compare([first, second], top=2)[0].measured_best_pct == 81
    assert left.outside_training is None


def test_a_run_without_a_valid_sample_has_no_accuracy(nasbench201: SearchSpace) -> None:
    column = compare([result_of(nasbench201, []), result_of(nasbench201, [([SKIP] * 6, 3)])])[0]
    assert (column.validity, column.uniqueness, column.novelty, column.diversity) == (0, 0, 0, 0)
    assert column.predicted_mean_pct is column.predicted_best_pct is column.measured_best_pct is None


def test_too_few_runs_or_candidates_are_refused(nasbench201: SearchSpace) -> None:
    one = result_of(nasbench201, [([SKIP] * 6, 3)])
    with pytest.raises(ValueError, match="1 runs to compare; allowed: 2 to 4"):
        compare([one])
    with pytest.raises(ValueError, match="top is 0; allowed: 1 or more"):
        compare([one, one], top=0)


def test_runs_of_a_comparison_are_those_of_the_settings_alone(store: ModelStore) -> None:
    columns = vary(BASE, "guidance_scale", (0, 8))
    told: list[tuple[int, int]] = []
    results = run_all(columns, store=store, progress=lambda done, total: told.append((done, total)))
    assert [r.rows() for r in results] == [run(c, store=store).rows() for c in columns]
    assert told[-1] == (8, 8) and told == sorted(told)
    made = Comparison(tuple(results), ("guidance_scale",))
    assert [row["guidance_scale"] for row in made.rows()] == [0, 8]
    assert made.to_csv().splitlines()[0].startswith("column,guidance_scale,validity,uniqueness,novelty")
    assert sum(row["count"] for row in made.candidate_rows()) == sum(r.raw_valid for r in results)
    heading = "column,rank,architecture,count,predicted_accuracy_pct,measured_accuracy_pct"
    assert made.candidates_csv().splitlines()[0] == heading
    nothing = tuple(replace(result, candidates=[]) for result in results)
    assert Comparison(nothing, ("guidance_scale",)).candidates_csv() == f"{heading}\n"
    unguided, guided = (column.predicted_mean_pct or 0.0 for column in made.columns)
    assert guided > unguided > 0


def test_any_sample_can_be_played(store: ModelStore) -> None:
    result = run(BASE, store=store, keep_frames=4)
    for candidate in result.candidates[:3]:
        payload = result.sample_payload(candidate.sample, "one")
        assert (payload["title"], payload["final"]) == ("one", candidate.architecture)
    with pytest.raises(ValueError, match="sample is 24; allowed: 0 to 23"):
        result.sample_payload(24, "one")


def test_exact_tradeoff_starts_at_the_uniform_distribution_and_rises(nasbench201: SearchSpace) -> None:
    values = torch.randn(nasbench201.size, generator=torch.Generator().manual_seed(0)) + 90
    points = exact_tradeoff(values, nasbench201, (0, 0.5, 1, 4, 1000))
    assert points[0].mean_pct == pytest.approx(float(values.double().mean()))
    assert points[0].diversity == pytest.approx(6 * (1 - 1 / 5))
    assert all(a < b for a, b in pairwise(point.mean_pct or 0.0 for point in points))
    assert points[-1].mean_pct == pytest.approx(float(values.max()))
    assert points[-1].diversity == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="3 values; allowed: one for each of the 15,625 architectures"):
        exact_tradeoff(values[:3], nasbench201, (0,))


def test_exact_tradeoff_of_an_additive_value(nasbench201: SearchSpace) -> None:
    ops = nasbench201.all_ops
    best = nasbench201.op_names.index("nor_conv_3x3")
    [point] = exact_tradeoff((ops == best).sum(-1).float(), nasbench201, (1.0,))
    share = torch.tensor(1.0).exp() / (torch.tensor(1.0).exp() + 4)  # edge by edge: the tilt is a product
    others = (1 - share) / 4
    assert point.mean_pct == pytest.approx(6 * float(share))
    assert point.diversity == pytest.approx(6 * float(1 - share**2 - 4 * others**2))


def test_a_sweep_gives_both_forms_and_the_exact_curve(store: ModelStore) -> None:
    made = sweep(BASE, (4, 0), store=store)
    found = [(point.guidance, point.guidance_scale) for point in made.points]
    assert found == [("calibrated", 0), ("calibrated", 4), ("first_order", 0), ("first_order", 4)]
    assert made.points[0].mean_pct == made.points[2].mean_pct
    assert {0, 4} <= {point.guidance_scale for point in made.exact}
    assert made.exact[0].diversity == pytest.approx(4.8)
    assert len(made.rows()) == len(made.points) + len(made.exact)
    assert sweep(replace(BASE, under="macs_m=100"), (0, 4), store=store).exact == []


def test_sweeps_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="over 1 guidance scales; allowed: 2 or more"):
        sweep_columns(BASE, (2, 2))
    with pytest.raises(ValueError, match="maximize is ''; a sweep needs accuracy in it"):
        sweep_columns(replace(BASE, maximize=""), (0, 2))
    assert all(len(set(usual_scales(space))) == 7 for space in spaces)


def test_architectures_of_different_spaces_are_never_the_same(nasbench201: SearchSpace) -> None:
    assert Architecture("nasbench201", (1,)) != Architecture("mobilenetv3", (1,))

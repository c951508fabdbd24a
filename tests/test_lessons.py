"""What the lessons compute, against known answers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator

from dnag.bundle import ModelBundle, ModelStore
from dnag.lessons import (
    LEVELS,
    calibration,
    chance_distance,
    denoiser_distances,
    denoisers,
    drawn_nodes,
    noisy_predictions,
    perturbed,
    process,
    sample,
    still_readable,
    tilts,
)
from dnag.metrics import operation_frequencies, total_variation, training_frequencies
from dnag.spaces.base import SearchSpace

CELL = (0, 5, 3, 4, 3, 5, 6, 1)


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    return ModelStore().bundle("nasbench201")


@pytest.mark.parametrize("level", LEVELS)
def test_ve_keeps_the_data_and_vp_the_variance(level: float, nasbench201: SearchSpace) -> None:
    ve, vp = (perturbed(nasbench201, CELL, name, level, seed=3) for name in ("ve", "vp"))
    assert ve.alpha == 1 and ve.sigma == pytest.approx(level, rel=1e-6)
    assert vp.alpha**2 + vp.sigma**2 == pytest.approx(1, rel=1e-6)
    assert vp.sigma / vp.alpha == pytest.approx(level, rel=1e-6)
    assert torch.allclose(vp.x / vp.alpha, ve.x, atol=1e-4)


def test_an_unknown_process_is_named() -> None:
    with pytest.raises(ValueError, match="process is 'subvp'; allowed: ve, vp"):
        process("subvp")


def test_what_can_be_read_gets_less_with_noise(nasbench201: SearchSpace) -> None:
    def mean(level: float) -> float:
        seeds = range(50)
        return (
            sum(still_readable(nasbench201, CELL, perturbed(nasbench201, CELL, "ve", level, s).x) for s in seeds) / 50
        )

    assert mean(LEVELS[0]) == 6
    assert mean(1.0) < 6
    assert 6 / 5 * 0.6 < mean(LEVELS[-1]) < 6 / 5 * 1.6  # by chance one of five


def test_without_noise_both_denoisers_return_the_architecture(bundle: ModelBundle) -> None:
    found = denoisers(bundle, torch.tensor([CELL]), LEVELS[0], seed=0)
    onehot = bundle.space.encode_ops(torch.tensor([CELL]))
    assert torch.allclose(found.exact, onehot, atol=1e-6)
    assert torch.allclose(found.learned, onehot, atol=0.05)
    assert found.distance < 0.02


def test_under_much_noise_the_exact_denoiser_says_what_was_known_before(bundle: ModelBundle) -> None:
    found = denoisers(bundle, torch.tensor([CELL]), LEVELS[-1], seed=0)
    cell_ops = found.exact[0, drawn_nodes(bundle.space)][:, 2:]
    assert torch.allclose(cell_ops, torch.tensor(0.2), atol=0.04)
    assert torch.allclose(cell_ops.sum(1), torch.tensor(1.0), atol=1e-5)


def test_the_exact_denoiser_is_a_softmax_of_each_row(bundle: ModelBundle) -> None:
    level = 0.8
    x = perturbed(bundle.space, CELL, "ve", level, seed=5).x
    found = denoisers(bundle, torch.tensor([CELL]), level, seed=5).exact[0]
    for node in drawn_nodes(bundle.space):
        assert torch.allclose(found[node, 2:], (2 * x[node, 2:] / level**2).softmax(0), atol=1e-5)


def test_the_learned_denoiser_is_close_at_every_level(bundle: ModelBundle) -> None:
    distances = denoiser_distances(bundle, LEVELS, count=32)
    assert len(distances) == len(LEVELS)
    assert max(distances) < 0.05


def test_heun_needs_fewer_evaluations_and_keeps_to_its_start(bundle: ModelBundle) -> None:
    few, heun = sample(bundle, "heun", 6, 24, 0)
    many, _ = sample(bundle, "heun", 10, 24, 0)
    assert few.projected == many.projected
    assert heun.nfe == 11 and heun.validity == 1
    _, euler = sample(bundle, "euler_maruyama", 5, 24, 0)
    assert euler.nfe == 5 and euler.validity < 0.5
    _, corrector = sample(bundle, "predictor_corrector", 5, 24, 0)
    assert corrector.nfe == 10


def test_perfect_draws_are_as_far_away_as_chance_says(nasbench201: SearchSpace) -> None:
    nodes, exact = drawn_nodes(nasbench201), training_frequencies(nasbench201)
    found = []
    for seed in range(200):
        ops = nasbench201.sample_ops(48, Generator().manual_seed(seed))
        apart = total_variation(operation_frequencies(ops, nasbench201.num_ops), exact)
        found.append(float(apart[nodes].mean()))
    assert chance_distance(nasbench201, 48) == pytest.approx(sum(found) / 200, rel=0.05)
    assert chance_distance(nasbench201, 1) == pytest.approx(0.8)  # one draw: all on one of five


def test_no_tilt_is_the_training_distribution_and_more_of_it_is_better_and_less_diverse(bundle: ModelBundle) -> None:
    values = bundle.predicted_values("cifar10")
    flat, some, much = tilts(bundle, values, (0.0, 2.0, 12.0), draws=128)
    assert flat.mean_pct == pytest.approx(float(values.mean()), abs=0.01)
    assert flat.distinct == pytest.approx(1 - 127 / 2 / bundle.space.size, abs=1e-4)
    assert flat.mean_pct < some.mean_pct < much.mean_pct < float(values.max())
    assert flat.distinct > some.distinct > much.distinct


def test_without_noise_the_clean_predictor_sees_the_cell_itself(bundle: ModelBundle) -> None:
    values = bundle.predicted_values("cifar10")
    chosen = torch.arange(0, bundle.space.size, 500)
    seen = noisy_predictions(bundle, "cifar10", bundle.space.all_ops[chosen], LEVELS[0], 0, noise_aware=False)
    assert torch.equal(seen, values[chosen])


def test_under_noise_only_the_noise_aware_predictor_stays_calibrated(bundle: ModelBundle) -> None:
    values = bundle.predicted_values("cifar10")
    chosen = torch.randperm(len(values), generator=Generator().manual_seed(1))[:800]
    ops = bundle.space.all_ops[chosen]
    aware, clean = (
        calibration(noisy_predictions(bundle, "cifar10", ops, 3.0, 0, noise_aware=kind), values[chosen])
        for kind in (True, False)
    )
    assert aware.error < 2 < 4 < clean.error


def test_calibration_of_known_predictions() -> None:
    truth = torch.arange(80.0)
    perfect = calibration(truth, truth)
    assert perfect.error == 0 and perfect.rank_correlation == pytest.approx(1)
    assert perfect.bins[0] == (4.5, 4.5) and len(perfect.bins) == 8
    shifted = calibration(truth + 3, truth)
    assert shifted.error == pytest.approx(3) and shifted.rank_correlation == pytest.approx(1)
    assert calibration(torch.zeros(80), truth).rank_correlation is None
    assert math.isclose(calibration(-truth, truth).rank_correlation or 0, -1)


def test_calibration_of_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="3 predictions for 3 values; allowed: equally many, 8 or more"):
        calibration(torch.zeros(3), torch.zeros(3))

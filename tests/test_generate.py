"""One call from a score to architectures: independence of batches, trajectories, cancelling."""

from typing import Any

import pytest
import torch

from dnag.exact import ExactScore
from dnag.generate import MAX_SAMPLES, GenerateConfig, Generation, generate, kept_steps
from dnag.samplers import samplers
from dnag.sdes import sdes
from dnag.spaces import Architecture, spaces

SPACE, SDE = spaces["nasbench201"](), sdes["ve"]()


def draw(sampler: str, steps: int, config: GenerateConfig, **more: Any) -> Generation:
    return generate(ExactScore(SPACE, SDE), SDE, SPACE, samplers[sampler](num_steps=steps), config, **more)


@pytest.mark.parametrize("name", sorted(samplers))
def test_the_batch_size_changes_nothing(name):
    runs = [draw(name, 6, GenerateConfig(10, size, seed=3)) for size in (10, 4, 1)]
    assert runs[0].projected == runs[1].projected == runs[2].projected
    torch.testing.assert_close(runs[0].x, runs[2].x, atol=1e-4, rtol=1e-4)


def test_more_samples_begin_with_the_same_ones():
    few = draw("heun", 5, GenerateConfig(4, seed=1))
    many = draw("heun", 5, GenerateConfig(9, seed=1))
    assert many.projected[:4] == few.projected


def test_another_seed_gives_other_samples():
    one, other = (draw("heun", 5, GenerateConfig(8, seed=s)) for s in (0, 1))
    assert one.projected != other.projected


def test_valid_samples_decode_to_what_projection_finds():
    result = draw("dpm_solver", 10, GenerateConfig(64))
    pairs = [(a, b) for a, b in zip(result.decoded, result.projected, strict=True) if isinstance(a, Architecture)]
    assert len(pairs) == 64 == len(result.valid)
    assert all(a == b for a, b in pairs)
    assert result.validity == 1.0
    assert result.uniqueness == len(set(result.projected)) / 64


def test_the_trajectory_ends_at_the_result_and_starts_near_the_average():
    result = draw("heun", 8, GenerateConfig(5, 2, keep_frames=60))
    trajectory = result.trajectory
    assert trajectory is not None
    assert trajectory.probability.shape == (9, 5, SPACE.num_nodes, SPACE.num_ops)
    assert trajectory.probability.dtype == torch.uint8
    assert bool((trajectory.level.diff() <= 0).all())
    assert trajectory.level[-1] == pytest.approx(0.1, rel=1e-3)
    ends = [Architecture(SPACE.name, tuple(row)) for row in trajectory.probability[-1].argmax(-1).tolist()]
    assert ends == result.projected
    first = trajectory.probability[0, :, 1:7, 2:].float() / 255
    assert float((first - 0.2).abs().mean()) < 0.1
    assert trajectory.value is None


def test_the_monitor_is_asked_at_every_kept_frame():
    result = draw("heun", 4, GenerateConfig(3, keep_frames=60), monitor=lambda x, t: x.sum((1, 2)))
    assert result.trajectory is not None
    assert result.trajectory.value is not None
    assert result.trajectory.value.shape == (5, 3)
    torch.testing.assert_close(result.trajectory.value[-1], (2 * result.x - 1).sum((1, 2)))


def test_progress_counts_steps_over_batches():
    told = []
    draw(
        "dpm_solver",
        3,
        GenerateConfig(5, 2),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(i, 9) for i in range(10)]


def test_an_exception_from_progress_ends_the_run():
    class StopError(Exception):
        pass

    def stop(done, total):
        if done == 2:
            raise StopError

    with pytest.raises(StopError):
        draw("dpm_solver", 5, GenerateConfig(2), progress=stop)


@pytest.mark.parametrize(
    ("total", "keep", "steps"),
    [(5, 0, []), (5, 9, [1, 2, 3, 4, 5]), (5, 2, [1, 5]), (1, 3, [1]), (100, 3, [1, 50, 100]), (7, 1, [7])],
)
def test_kept_steps(total, keep, steps):
    assert kept_steps(total, keep) == steps


@pytest.mark.parametrize("count", [0, -1, MAX_SAMPLES + 1])
def test_a_bad_number_of_samples_is_named(count):
    with pytest.raises(ValueError, match=f"num_samples is {count}; allowed: 1 to 10,000"):
        GenerateConfig(count)

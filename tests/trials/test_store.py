"""The file of results: who may write, what survives, and the figures made of it."""

import multiprocessing
import re
import sqlite3

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind

from dnag.metrics import spearman
from dnag.trials.recipe import Recipe
from dnag.trials.store import STATUSES, StoreError, TrialStore, difference, interval
from dnag.trials.train import EpochPoint


def points(*accuracies):
    return [EpochPoint(epoch, 1 / epoch, value, 0.5) for epoch, value in enumerate(accuracies, start=1)]


@pytest.fixture
def experiment(store):
    number = store.experiment("nasbench201", "blobs", "f" * 16, Recipe())
    store.add(number, ["a", "b", "c"], (777, 888))
    return number


def done(store, experiment, worker, *accuracies):
    trial = store.claim(experiment, worker)
    assert store.finish(trial.id, worker, points(*accuracies), 2.0)
    return trial


def status(store, experiment):
    return {name: count for name, count in store.counts(experiment).items() if count}


# ---------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("values", "mean", "half_width"),
    [
        ([5.0], 5.0, None),
        ([1.0, 3.0], 2.0, 12.7062047),  # t(1) = tan(0.475 pi), times s / sqrt 2 = 1
        ([1.0, 2.0, 3.0], 2.0, 4.3026527 / 3**0.5),  # t(2) = 0.95 sqrt(2 / (1 - 0.95²)), times 1 / sqrt 3
        ([4.0] * 5, 4.0, 0.0),
    ],
)
def test_the_interval_is_students(values, mean, half_width):
    found = interval(values)
    assert (found.mean, found.n) == (mean, len(values))
    assert found.half_width == (None if half_width is None else pytest.approx(half_width, rel=1e-6))


def test_the_interval_agrees_with_scipy_and_needs_a_value():
    values = [91.3, 92.0, 90.1, 91.8]
    low, high = student.interval(0.95, 3, np.mean(values), np.std(values, ddof=1) / 2)
    assert interval(values).mean == pytest.approx(91.3)
    assert interval(values).half_width == pytest.approx((high - low) / 2, rel=1e-6)
    with pytest.raises(ValueError, match="no values; allowed: 1 or more"):
        interval([])


def test_the_difference_of_two_groups_is_welchs():
    first, second = [91.3, 92.0, 90.1, 91.8], [88.0, 90.5, 85.2]
    low, high = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    found = difference(first, second)
    assert found.mean == pytest.approx((low + high) / 2, rel=1e-6)
    assert found.half_width == pytest.approx((high - low) / 2, rel=1e-6)
    assert difference([90.0], second).half_width is None
    assert difference([90.0, 90.0], [80.0, 80.0]).half_width == 0.0
    with pytest.raises(ValueError, match="no values; allowed: 1 or more"):
        difference([], second)


def test_the_summary_ranks_and_correlates(store, experiment):
    for accuracy in (60.0, 90.0, 70.0, 64.0, 80.0):  # a, b, c with the first seed; a, b with the second
        done(store, experiment, "w", 10.0, accuracy)
    store.add(experiment, ["a", "b", "c"], (777,), {"a": 71.0, "b": 95.0, "c": 66.0})
    summary = store.summary(experiment)
    assert [row.architecture for row in summary.rows] == ["b", "c", "a"]
    best = summary.rows[0]
    assert best.accuracies_pct == {777: 90.0, 888: 80.0} and best.trained == interval([90.0, 80.0])
    assert best.predicted_pct == 95.0 and best.statuses == {"done": 2}
    assert summary.rows[1].statuses == {"done": 1, "queued": 1}
    assert summary.statuses == {**dict.fromkeys(STATUSES, 0), "done": 5, "queued": 1}
    assert summary.rank_correlation == spearman([95.0, 66.0, 71.0], [85.0, 70.0, 62.0]) == pytest.approx(0.5)
    part = store.summary(experiment, ["a", "b"])
    assert [row.architecture for row in part.rows] == ["b", "a"] and part.rank_correlation is None


# ---------------------------------------------------------------------- the queue


def test_asking_again_adds_only_what_is_new(store, experiment):
    assert store.experiment("nasbench201", "blobs", "f" * 16, Recipe()) == experiment
    assert store.experiment("nasbench201", "blobs", "f" * 16, Recipe(epochs=3)) == experiment + 1
    assert store.add(experiment, ["a", "d", "d"], (777, 888, 999)) == 4
    assert store.counts(experiment)["queued"] == 10
    assert [found.id for found in store.experiments()] == [experiment + 1, experiment]
    assert store.get(experiment).recipe == Recipe()


def test_seeds_go_round(store, experiment):
    order = [store.claim(experiment, "w") for _ in range(6)]
    assert [(trial.architecture, trial.seed) for trial in order] == [(a, s) for s in (777, 888) for a in "abc"]
    assert store.claim(experiment, "w") is None


def test_points_are_kept_once_and_told_in_order(store, experiment):
    trial = store.claim(experiment, "w")
    first, second = points(10.0, 20.0)
    assert store.record(trial.id, "w", first) and store.record(trial.id, "w", second)
    assert store.record(trial.id, "w", second), "again, as after a resumption"
    assert store.curve(trial.id) == [first, second]
    news = store.news(experiment)
    assert [(item.architecture, item.seed, item.point) for item in news] == [("a", 777, first), ("a", 777, second)]
    assert store.news(experiment, news[0].cursor) == news[1:] and store.news(experiment, news[1].cursor) == []
    assert store.finish(trial.id, "w", points(10.0, 20.0, 30.0), 4.0)
    assert store.curve(trial.id) == points(10.0, 20.0, 30.0)
    result = store.trials(experiment)[0]
    assert (result.status, result.accuracy_pct, result.seconds, result.worker) == ("done", 30.0, 4.0, None)


def test_what_is_no_longer_ones_own_cannot_be_written(store, experiment):
    trial = store.claim(experiment, "old")
    store.release(trial.id, "old")
    again = store.claim(experiment, "new")
    assert again.id == trial.id and again.tries == 1, "stopping is no try"
    assert not store.owns(trial.id, "old") and store.owns(trial.id, "new")
    before = store.trials(experiment)
    assert not store.record(trial.id, "old", points(1.0)[0])
    assert not store.finish(trial.id, "old", points(1.0), 1.0)
    assert not store.fail(trial.id, "old", "no")
    assert not store.release(trial.id, "old")
    assert store.lost("old", "died", max_tries=1) == 0
    assert store.trials(experiment) == before and store.curve(trial.id) == []


def test_a_failure_is_tried_again_after_the_others_and_then_reported(store, experiment):
    for _ in range(3):
        while (trial := store.claim(experiment, "w")).architecture != "a" or trial.seed != 777:
            store.finish(trial.id, "w", points(50.0), 1.0)
        store.fail(trial.id, "w", "RuntimeError: out of memory", max_tries=3)
    assert status(store, experiment) == {"failed": 1, "done": 5}
    failed = store.trials(experiment)[0]
    assert (failed.tries, failed.error) == (3, "RuntimeError: out of memory")
    row = next(row for row in store.summary(experiment).rows if row.architecture == "a")
    assert row.errors == ("RuntimeError: out of memory",) and row.statuses == {"failed": 1, "done": 1}
    assert store.requeue(experiment) == 1
    assert store.claim(experiment, "w").tries == 1 and store.trials(experiment)[0].error is None


def test_a_dead_worker_loses_its_trial(store, experiment):
    trial = store.claim(experiment, "w")
    assert store.lost("w", "killed", max_tries=2) == 1
    assert store.trials(experiment)[0].status == "queued"
    store.cancel(experiment)
    store.requeue(experiment)
    assert store.claim(experiment, "w").id == trial.id
    assert store.lost("w", "killed", max_tries=1) == 1
    assert store.trials(experiment)[0].status == "failed"


def test_called_off_and_queued_again(store, experiment):
    trial = store.claim(experiment, "w")
    done(store, experiment, "v", 70.0)
    assert store.cancel(experiment) == 5
    assert status(store, experiment) == {"done": 1, "cancelled": 5}
    assert not store.owns(trial.id, "w") and store.claim(experiment, "w") is None
    assert store.requeue(experiment, ["a", "z"], [888, 999]) == 1
    assert status(store, experiment) == {"done": 1, "cancelled": 4, "queued": 1}
    assert store.requeue(experiment) == 4
    assert status(store, experiment) == {"done": 1, "queued": 5}


def test_one_runner_at_a_time_and_what_a_dead_one_left(store, experiment):
    with store.running(experiment):
        store.claim(experiment, "w")
        message = f"experiment {experiment} of trials.sqlite is being run by another"
        with pytest.raises(StoreError, match=message), store.running(experiment):
            pass
        assert store.counts(experiment)["running"] == 1
    with store.running(experiment):
        assert store.trials(experiment)[0].status == "queued" and store.trials(experiment)[0].tries == 0


def claim_all(store, worker, path):
    while trial := store.claim(1, worker):
        for point in points(40.0, 50.0, 60.0):
            assert store.record(trial.id, worker, point)
        assert store.finish(trial.id, worker, store.curve(trial.id), 1.0)
        with path.open("a") as file:
            file.write(f"{trial.id}\n")


def test_processes_share_the_queue_without_doubling_a_trial(store, tmp_path):
    experiment = store.experiment("nasbench201", "blobs", "f" * 16, Recipe())
    store.add(experiment, [f"arch {n}" for n in range(60)], (777,))
    context = multiprocessing.get_context("fork")  # the quickest to start; nothing but the store is used there
    workers = [context.Process(target=claim_all, args=(store, name, tmp_path / name)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    taken = [
        int(line) for name in "abc" if (tmp_path / name).exists() for line in (tmp_path / name).read_text().split()
    ]
    assert sorted(taken) == [trial.id for trial in store.trials(experiment)]
    assert {(trial.status, trial.tries) for trial in store.trials(experiment)} == {("done", 1)}
    assert len(store.news(experiment)) == 180


# ---------------------------------------------------------------------- what is refused


def test_an_experiment_that_is_not_there_is_named(store, experiment):
    with pytest.raises(StoreError, match=re.escape(f"no experiment 7 in trials.sqlite; allowed: {experiment}")):
        store.get(7)
    with pytest.raises(StoreError, match="no experiment 7"):
        store.add(7, ["a"], (1,))


def test_files_that_are_no_store_are_named(tmp_path):
    path = tmp_path / "other.sqlite"
    path.write_text("just a text, and long enough to be no header of a database" * 20)
    with pytest.raises(StoreError, match=r"other\.sqlite is no store of trials, or cannot be written"):
        TrialStore(path)
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE songs (name TEXT)")
    db.close()
    with pytest.raises(StoreError, match=r"other\.sqlite is a database of something else"):
        TrialStore(path)
    path.unlink()
    TrialStore(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(StoreError, match=r"other\.sqlite has format 9; this version reads format 1"):
        TrialStore(path)
    with pytest.raises(StoreError, match="is no store of trials, or cannot be written"):
        TrialStore(tmp_path)

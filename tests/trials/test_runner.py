"""The queue worked off: failures, deaths and interruptions leave the same results as a quiet run."""

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from dnag.progress import Cancelled
from dnag.spaces.base import spaces
from dnag.trials import runner
from dnag.trials.runner import run_experiment, submit
from dnag.trials.store import StoreError, TrialStore

ROOT = Path(__file__).resolve().parents[2]
CELLS = (
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
    "|none~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|nor_conv_1x1~2|",
)
SMALL = "_".join(["2-3-3", "2-3-3", "0-0-0", "0-0-0"] * 5)


def queued(store, data, recipe, texts=CELLS, seeds=(777,), space="nasbench201", **more):
    family = spaces[space]()
    return submit(store, family, [family.parse(text) for text in texts], data, recipe, seeds, dataset="blobs", **more)


def results(store, experiment):
    """Everything that training decides."""
    return {(trial.architecture, trial.seed): store.curve(trial.id) for trial in store.trials(experiment)}


@pytest.fixture(scope="module")
def quiet(data, recipe, tmp_path_factory):
    """The results of a run that nothing happened to."""
    store = TrialStore(tmp_path_factory.mktemp("quiet") / "trials.sqlite")
    experiment = queued(store, data, recipe, seeds=(777, 888))
    told = []
    summary = run_experiment(store, experiment, data, told=told.append)
    assert summary.statuses["done"] == 4
    assert [(news.architecture, news.seed) for news in told[::4]] == [(a, s) for s in (777, 888) for a in CELLS]
    assert [news.point.epoch for news in told] == [1, 2, 3, 4] * 4
    assert os.listdir(store.states) == [f"experiment-{experiment}.lock"], "the states of what is done are removed"
    return results(store, experiment)


def test_both_spaces_are_trained_and_what_is_done_is_not_done_again(store, data, recipe):
    mobile = queued(store, data, recipe, (SMALL,), space="mobilenetv3", predicted_pct={SMALL: 70.0})
    cell = queued(store, data, recipe, CELLS[:1])
    for experiment in (mobile, cell):
        summary = run_experiment(store, experiment, data)
        (row,) = summary.rows
        assert row.trained is not None and row.trained.n == 1 and row.statuses == {"done": 1}
        told = []
        assert run_experiment(store, experiment, data, told=told.append) == summary
        assert told == []
    assert store.summary(mobile).rows[0].predicted_pct == 70.0


def test_a_cancelled_run_goes_on_where_it_was(store, data, recipe, quiet):
    experiment = queued(store, data, recipe, seeds=(777, 888))
    steps = 0

    def progress(trial, step):
        nonlocal steps
        steps += step.point is None

    for limit in (9, 30):

        def enough(limit=limit):
            return steps >= limit

        with pytest.raises(Cancelled):
            run_experiment(store, experiment, data, progress=progress, cancelled=enough)
        assert steps == limit
        assert store.counts(experiment)["running"] == 0
    run_experiment(store, experiment, data, progress=progress)
    assert steps == 4 * 4 * 6, "no step was done twice"
    assert results(store, experiment) == quiet
    assert {trial.tries for trial in store.trials(experiment)} == {1}


def test_trials_called_off_in_the_store_stop_and_can_be_resumed(store, data, recipe, quiet, monkeypatch):
    monkeypatch.setattr(runner, "POLL_S", 0.0)
    monkeypatch.setattr(runner.Every.__init__, "__defaults__", (0.0,))
    experiment = queued(store, data, recipe, seeds=(777, 888))

    def progress(trial, step):
        if (step.epoch, step.step) == (2, 3):
            store.cancel(experiment)

    summary = run_experiment(store, experiment, data, progress=progress)
    assert summary.statuses == {"queued": 0, "running": 0, "done": 0, "failed": 0, "cancelled": 4}
    assert len(store.news(experiment)) == 1
    store.requeue(experiment)
    run_experiment(store, experiment, data)
    assert results(store, experiment) == quiet


def test_an_exception_of_the_caller_is_the_callers(store, data, recipe, quiet):
    experiment = queued(store, data, recipe, seeds=(777, 888))
    for callback in ("told", "progress"):

        def broken(*arguments):
            raise KeyError("shown")

        with pytest.raises(KeyError, match="shown"):
            run_experiment(store, experiment, data, **cast(Any, {callback: broken}))
        assert store.counts(experiment)["queued"] == 4
    run_experiment(store, experiment, data)
    assert results(store, experiment) == quiet


class Flaky:
    """Stands for ``train_candidate``, and fails as told: seed -> errors in turn."""

    def __init__(self, errors):
        self.errors, self.train = errors, runner.train_candidate

    def __call__(self, module_fn, data, recipe, seed, **more):
        if self.errors.get(seed):
            raise self.errors[seed].pop(0)
        return self.train(module_fn, data, recipe, seed, **more)


def test_a_failed_trial_is_tried_again_and_reported(store, data, recipe, monkeypatch):
    errors = {
        777: [RuntimeError("out of\nmemory")] * 2,
        888: [RuntimeError("out of memory")] * 3,
        999: [FloatingPointError("loss is nan")],
    }
    monkeypatch.setattr(runner, "train_candidate", Flaky(errors))
    experiment = queued(store, data, recipe, CELLS[:1], seeds=(777, 888, 999))
    summary = run_experiment(store, experiment, data, max_tries=3)
    assert [(trial.status, trial.tries) for trial in store.trials(experiment)] == [
        ("done", 3),
        ("failed", 3),
        ("failed", 1),
    ]
    assert summary.rows[0].errors == ("RuntimeError: out of memory", "FloatingPointError: loss is nan")
    assert summary.rows[0].trained is not None and summary.rows[0].trained.n == 1
    assert store.requeue(experiment) == 2
    assert run_experiment(store, experiment, data).statuses["done"] == 3


@pytest.fixture
def processes(monkeypatch):
    """The workers' processes that are started, in order."""
    begun, start = [], runner._Child.start

    def noted(orders):
        child = start(orders)
        begun.append(child.process)
        return child

    monkeypatch.setattr(runner._Child, "start", noted)
    return begun


def test_processes_give_the_same_bits_and_a_killed_one_is_replaced(store, data, recipe, quiet, processes):
    """One worker's process is killed at its first point, as by the system when memory runs out."""
    experiment = queued(store, data, recipe, seeds=(777, 888))
    killed = []

    def told(news):
        if not killed:
            killed.append(next(process for process in processes if process.poll() is None))
            killed[0].kill()

    summary = run_experiment(store, experiment, data, workers=2, told=told)
    assert killed and summary.statuses["done"] == 4
    assert results(store, experiment) == quiet
    assert sum(trial.tries for trial in store.trials(experiment)) in (4, 5), "5 unless it was between two trials"
    assert None not in [process.poll() for process in processes]


def test_in_the_background_one_worker_too_has_a_process(store, data, recipe, quiet, processes):
    experiment = queued(store, data, recipe, seeds=(777, 888))
    told = []
    assert run_experiment(store, experiment, data, background=True, told=told.append).statuses["done"] == 4
    assert results(store, experiment) == quiet and told
    assert [process.poll() for process in processes] == [0]


def test_processes_stop_when_told(store, data, recipe, processes):
    experiment = queued(store, data, replace(recipe, epochs=500), seeds=(777, 888))
    told = []
    with pytest.raises(Cancelled):
        run_experiment(store, experiment, data, workers=2, told=told.append, cancelled=lambda: bool(told))
    assert store.counts(experiment)["queued"] == 4 and [process.poll() for process in processes] == [0, 0]
    assert {trial.tries for trial in store.trials(experiment)} == {0}


def test_workers_that_never_begin_are_reported(store, data, recipe, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RuntimeError, match="2 workers died before they began a trial, the last one exit code 1"):
        run_experiment(store, queued(store, data, recipe), data, workers=2, max_tries=1)


LONG = ["--epochs", "40", "--seeds", "2", "--device", "cpu"]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_kill_loses_nothing_and_doubles_nothing(tmp_path, npz, data, workers):
    """The command is killed midway, with its workers, and given again: the results are those of a run in one piece."""
    cells = tmp_path / "cells.txt"
    cells.write_text("\n".join(CELLS))
    store = TrialStore(tmp_path / "trials.sqlite")
    command = [
        sys.executable,
        "-m",
        "dnag",
        "train-candidates",
        *LONG,
        "--architectures",
        str(cells),
        "--data",
        str(npz),
    ]
    command += ["--workers", str(workers), "--store", str(store.path)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not store.experiments() or len(store.news(1)) < 50:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate()
    curves = {trial.id: store.curve(trial.id) for trial in store.trials(1)}
    assert store.counts(1)["done"] < 4 and sum(map(len, curves.values())) >= 50
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, again.stderr
    assert store.counts(1)["done"] == 4 and {trial.tries for trial in store.trials(1)} == {1}
    for trial, before in curves.items():
        after = store.curve(trial)
        assert after[: len(before)] == before and [point.epoch for point in after] == list(range(1, 41))
    whole = TrialStore(tmp_path / "whole.sqlite")
    about = store.get(1)
    experiment = queued(whole, replace(data, class_names=("0", "1", "2")), about.recipe, seeds=(777, 888))
    run_experiment(whole, experiment, replace(data, class_names=("0", "1", "2")))
    assert results(whole, experiment) == results(store, 1)
    assert [path.name for path in store.states.iterdir()] == ["experiment-1.lock"]


def test_only_one_run_of_an_experiment(store, data, recipe):
    experiment = queued(store, data, recipe)
    begun, go_on = threading.Event(), threading.Event()

    def progress(*_):
        begun.set()
        go_on.wait(60)

    first = threading.Thread(target=run_experiment, args=(store, experiment, data), kwargs={"progress": progress})
    first.start()
    begun.wait(60)
    with pytest.raises(StoreError, match="is being run by another"):
        run_experiment(store, experiment, data)
    go_on.set()
    first.join(60)
    assert store.counts(experiment)["done"] == 2


def test_what_cannot_be_run_is_named(store, data, recipe):
    with pytest.raises(ValueError, match="no architecture to train; allowed: 1 or more"):
        queued(store, data, recipe, ())
    with pytest.raises(ValueError, match="image size is 30"):
        queued(store, data, replace(recipe, image_size=30))
    assert store.experiments() == []
    experiment = queued(store, data, recipe)
    other = replace(data, class_names=("a", "b", "c"))
    with pytest.raises(StoreError, match=f"experiment {experiment} was made with other images of blobs"):
        run_experiment(store, experiment, other)
    for name, value in (("workers", 0), ("threads", 0), ("max_tries", 0)):
        with pytest.raises(ValueError, match=f"{name} is 0; allowed: 1 or more"):
            run_experiment(store, experiment, data, **cast(Any, {name: value}))
    with pytest.raises(ValueError, match="devices is 0"):
        run_experiment(store, experiment, data, devices=())

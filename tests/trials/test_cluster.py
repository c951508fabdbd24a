"""Trials through Ray: with a stand-in that runs tasks at once, and for real where Ray is installed."""

import importlib.util
import os
import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from dnag.progress import Cancelled
from dnag.spaces.base import spaces
from dnag.trials import cluster
from dnag.trials.cluster import ClusterError, load_ray, run_on_ray
from dnag.trials.runner import run_experiment, submit
from dnag.trials.store import TrialStore
from dnag.trials.train import EpochPoint

CELLS = (
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
    "|none~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|nor_conv_1x1~2|",
)


class RayError(Exception):
    """What Ray raises when a worker dies."""


class Reference:
    """What stands for a task."""

    def __init__(self, value):
        self.value = value


class FakeRay:
    """As much of Ray as is used. A task runs when it is made; of those numbered in ``deaths`` the worker dies."""

    def __init__(self, deaths=(), **resources):
        self.deaths, self.resources, self.tasks, self.asked, self.up = (
            set(deaths),
            resources or {"CPU": 2.0},
            0,
            [],
            False,
        )
        self.exceptions = SimpleNamespace(RayError=RayError)

    def is_initialized(self):
        return self.up

    def init(self, **settings):
        if settings["address"] == "nowhere:1":
            raise ConnectionError("could not\nconnect")
        self.up, self.settings = True, settings

    def shutdown(self):
        self.up = False

    def cluster_resources(self):
        return self.resources

    def put(self, value):
        return value

    def get(self, value):
        if isinstance(value, Exception):
            raise value
        return value.value if isinstance(value, Reference) else value

    def wait(self, tasks, num_returns, timeout):
        return tasks, []

    def remote(self, **options):
        self.asked.append(options)

        def wrap(target):
            if not isinstance(target, type):
                return SimpleNamespace(remote=lambda *arguments: self.task(target, arguments))

            def actor():
                it = target()
                names = [name for name in dir(it) if not name.startswith("_") and callable(getattr(it, name))]
                return SimpleNamespace(**{name: SimpleNamespace(remote=getattr(it, name)) for name in names})

            return SimpleNamespace(remote=actor)

        return wrap

    def task(self, target, arguments):
        self.tasks += 1
        if self.tasks in self.deaths:
            return RayError()
        return Reference(target(*arguments))


@pytest.fixture
def fake(monkeypatch):
    def use(**settings):
        ray = FakeRay(**settings)
        monkeypatch.setattr(cluster, "load_ray", lambda: ray)
        return ray

    return use


def queued(store, data, recipe, seeds=(777,)):
    space = spaces["nasbench201"]()
    return submit(store, space, [space.parse(text) for text in CELLS], data, recipe, seeds, dataset="blobs")


def results(store, experiment):
    return {(trial.architecture, trial.seed): store.curve(trial.id) for trial in store.trials(experiment)}


@pytest.fixture(scope="module")
def quiet(data, recipe, tmp_path_factory):
    store = TrialStore(tmp_path_factory.mktemp("quiet") / "trials.sqlite")
    experiment = queued(store, data, recipe)
    run_experiment(store, experiment, data)
    return results(store, experiment)


def test_trials_have_their_share_and_the_same_results(store, data, recipe, quiet, fake):
    ray, told = fake(CPU=4.0, GPU=1.0), []
    experiment = queued(store, data, recipe)
    summary = run_on_ray(store, experiment, data, cpus=1, gpus=0.25, told=told.append)
    assert summary.statuses["done"] == 2 and results(store, experiment) == quiet
    assert ray.asked[-1] == {"num_cpus": 1, "num_gpus": 0.25, "max_retries": 0}
    assert ray.settings["address"] == "local" and "runtime_env" not in ray.settings and not ray.up
    assert len(told) == 8 and [path.suffix for path in store.states.iterdir()] == [".lock"]
    run_on_ray(store, experiment, data, address="auto")
    assert ray.tasks == 2 and ray.settings["runtime_env"]["py_modules"][0].endswith("dnag")


def test_a_dead_worker_is_replaced_until_its_tries_are_spent(store, data, recipe, quiet, fake):
    fake(deaths={1})
    experiment = queued(store, data, recipe)
    run_on_ray(store, experiment, data)
    assert results(store, experiment) == quiet and [trial.tries for trial in store.trials(experiment)] == [2, 1]
    other = queued(store, data, recipe, seeds=(888,))
    fake(deaths={1, 2, 3, 4})
    summary = run_on_ray(store, other, data, max_tries=2)
    assert summary.statuses["failed"] == 2 and summary.rows[0].errors == ("the worker died: RayError",)


def test_a_cancelled_run_goes_on_where_it_was(store, data, recipe, quiet, fake, monkeypatch):
    ray = fake()
    experiment = queued(store, data, recipe)
    with pytest.raises(Cancelled):
        run_on_ray(store, experiment, data, cancelled=lambda: True)
    assert ray.tasks == 0 and store.counts(experiment)["queued"] == 2
    monkeypatch.setattr(cluster.Mailbox, "called_off", lambda self, worker: True)
    monkeypatch.setattr(cluster.Every.__init__, "__defaults__", (0.0,))
    with pytest.raises(Cancelled):
        run_on_ray(store, experiment, data, cancelled=lambda: ray.tasks > 0)
    assert store.counts(experiment)["queued"] == 2 and len(list(store.states.glob("*.pt"))) == 2
    monkeypatch.undo()
    monkeypatch.setattr(cluster, "load_ray", lambda: ray)
    run_on_ray(store, experiment, data)
    assert results(store, experiment) == quiet


def test_what_a_mailbox_holds():
    mailbox = cluster.Mailbox()
    point = EpochPoint(1, 0.5, 90.0, 1.0)
    mailbox.post(1, "w", point)
    assert mailbox.take() == [(1, "w", point)] and mailbox.take() == []
    mailbox.call_off("w")
    assert mailbox.called_off("w") and not mailbox.called_off("v")


def test_what_cannot_be_run_is_named(store, data, recipe, fake):
    fake(CPU=2.0)
    experiment = queued(store, data, recipe)
    with pytest.raises(ClusterError, match=r"the cluster has 2 cores and 0 GPUs; a trial wants 1 and 0\.5"):
        run_on_ray(store, experiment, data, gpus=0.5)
    with pytest.raises(
        ClusterError, match=re.escape("no Ray at 'nowhere:1' (could not connect); allowed: local, auto")
    ):
        run_on_ray(store, experiment, data, address="nowhere:1")
    bad: list[tuple[dict[str, Any], str]] = [
        ({"cpus": 0}, "cpus is 0; allowed: 0.01 or more"),
        ({"gpus": -1}, "gpus is -1; allowed: 0 or more"),
        ({"max_tries": 0}, "max_tries is 0; allowed: 1 or more"),
    ]
    for settings, message in bad:
        with pytest.raises(ValueError, match=message):
            run_on_ray(store, experiment, data, **settings)
    assert store.counts(experiment)["queued"] == 2


def test_without_ray_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=re.escape("Ray is not installed; allowed: pip install dnag[cluster]")):
        load_ray()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install dnag[cluster]")
def test_ray_itself(store, data, recipe, quiet, tmp_path, monkeypatch):
    """Two trials on a Ray of this machine; the first to begin kills its worker, once."""
    import ray

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    mark = tmp_path / "died"
    train = cluster._remote

    def deadly(*arguments):
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return train(*arguments)
        os._exit(1)

    monkeypatch.setattr(cluster, "_remote", deadly)
    experiment = queued(store, data, recipe)
    summary = run_on_ray(store, experiment, data)
    assert not ray.is_initialized() and mark.exists()
    assert summary.statuses["done"] == 2 and results(store, experiment) == quiet
    assert sorted(trial.tries for trial in store.trials(experiment)) == [1, 2]

r"""The queue of an experiment, worked off through Ray (https://www.ray.io): on this machine or on a cluster.

The driver claims trials as the cluster has room for them, each a Ray task with its share of cores and GPUs, and alone
writes to the store: points of curves come to it through an actor, results as what tasks return. Ray is told not to
repeat a task; one whose worker died goes back into the queue like any other, so there is one count of tries. States are
written under the store's own path: where machines share that folder, a trial goes on elsewhere from where it stood;
where they do not, it begins anew.

Ray is optional: ``pip install dnag[cluster]``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import dnag
from dnag.progress import Cancelled
from dnag.trials.data import TrialData
from dnag.trials.runner import POLL_S, Every, Listener, Outcome, Told, attempt, check_data, settle, worker_name
from dnag.trials.store import Experiment, Summary, Trial, TrialStore
from dnag.trials.train import EpochPoint, TrialProgress

LOCAL = "local"


class ClusterError(ValueError):
    """Ray is not installed, a cluster is not to be reached, or it lacks what a trial needs."""


def load_ray() -> Any:
    """The module; ``ClusterError`` says how to install it."""
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise ClusterError("Ray is not installed; allowed: pip install dnag[cluster], or training without it") from None
    return ray


def run_on_ray(
    store: TrialStore,
    experiment: int,
    data: TrialData,
    *,
    address: str = LOCAL,
    cpus: float = 1,
    gpus: float | None = None,
    max_tries: int = 3,
    told: Told | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Summary:
    """Train what is queued, as many trials at once as there is room for.

    Args:
        address: ``"local"`` starts Ray here; ``"auto"``, ``host:port`` or ``ray://host:port`` join a cluster.
        cpus: cores of one trial, also its number of threads.
        gpus: share of a GPU that a trial takes, such as 0.25; None: a whole one where the cluster has any, else none.
        max_tries, told, cancelled: as in :func:`dnag.trials.runner.run_experiment`.

    Raises:
        ClusterError: Ray is not installed or not reached, or the cluster has no room for even one trial.
        ValueError, StoreError, Cancelled: as there.
    """
    for name, value, low in (("cpus", cpus, 0.01), ("gpus", gpus or 0, 0), ("max_tries", max_tries, 1)):
        if not value >= low:
            raise ValueError(f"{name} is {value!r}; allowed: {low} or more")
    check_data(store.get(experiment), data)
    ray = load_ray()
    listener = Listener(store, experiment, told)
    with store.running(experiment):
        begun = _connect(ray, address)
        try:
            _drive(ray, store, store.get(experiment), data, cpus, gpus, max_tries, listener, cancelled)
        finally:
            if begun:
                ray.shutdown()
    listener.poll()
    if cancelled is not None and cancelled():
        raise Cancelled
    return store.summary(experiment)


def _connect(ray: Any, address: str) -> bool:
    """Join or start Ray; False if this process was part of a cluster before."""
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        settings["include_dashboard"] = False
    else:  # machines that have PyTorch need not have this package
        settings["runtime_env"] = {"py_modules": [str(Path(dnag.__file__).parent)]}
    try:
        ray.init(address=address, **settings)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ClusterError(
            f"no Ray at {address!r} ({reason}); allowed: local, auto, host:port, ray://host:port"
        ) from None
    return True


def _room(ray: Any, cpus: float, gpus: float) -> int:
    """How many trials the cluster holds at once; ``ClusterError`` if none."""
    there = ray.cluster_resources()
    room = int(there.get("CPU", 0) / cpus + 1e-9)
    if gpus:
        room = min(room, int(there.get("GPU", 0) / gpus + 1e-9))
    if room < 1:
        has = f"{there.get('CPU', 0):g} cores and {there.get('GPU', 0):g} GPUs"
        raise ClusterError(f"the cluster has {has}; a trial wants {cpus:g} and {gpus:g}")
    return room


def _drive(
    ray: Any,
    store: TrialStore,
    about: Experiment,
    data: TrialData,
    cpus: float,
    gpus: float | None,
    max_tries: int,
    listener: Listener,
    cancelled: Callable[[], bool] | None,
) -> None:
    if gpus is None:
        gpus = min(1.0, ray.cluster_resources().get("GPU", 0))
    _room(ray, cpus, gpus)
    mailbox = ray.remote(num_cpus=0)(Mailbox).remote()
    remote = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(_remote)
    shared = ray.put(data)
    under_way: dict[Any, tuple[Trial, str]] = {}
    stopping = False
    try:
        while True:
            for trial, worker, point in ray.get(mailbox.take.remote()):
                store.record(trial, worker, point)
            listener.poll()
            stopping = stopping or (cancelled is not None and cancelled())
            for trial, worker in under_way.values():
                if stopping or not store.owns(trial.id, worker):
                    mailbox.call_off.remote(worker)
            while not stopping and len(under_way) < _room(ray, cpus, gpus):
                worker = worker_name()  # a new one for every try: a task that was called off is not taken for its heir
                claimed = store.claim(about.id, worker)
                if claimed is None:
                    break
                path = str(store.state_path(claimed.id))
                task = remote.remote(about, claimed, worker, shared, path, max(1, int(cpus)), bool(gpus), mailbox)
                under_way[task] = claimed, worker
            if not under_way:
                return
            ready, _ = ray.wait(list(under_way), num_returns=len(under_way), timeout=POLL_S)
            for task in ready:
                trial, worker = under_way.pop(task)
                try:
                    outcome = ray.get(task)
                except ray.exceptions.RayError as error:
                    outcome = Outcome(error=f"the worker died: {type(error).__name__}")
                settle(store, trial, worker, outcome, max_tries)
    finally:
        for trial, worker in under_way.values():
            store.release(trial.id, worker)


class Mailbox:
    """Where the tasks leave points of curves, and ask whether they are still wanted. An actor of Ray."""

    def __init__(self) -> None:
        self.points: list[tuple[int, str, EpochPoint]] = []
        self.unwanted: set[str] = set()

    def post(self, trial: int, worker: str, point: EpochPoint) -> None:
        """A task has a point of its trial's curve."""
        self.points.append((trial, worker, point))

    def take(self) -> list[tuple[int, str, EpochPoint]]:
        """All points since the last call."""
        taken, self.points = self.points, []
        return taken

    def call_off(self, worker: str) -> None:
        """What a worker is at is no longer wanted."""
        self.unwanted.add(worker)

    def called_off(self, worker: str) -> bool:
        """Should the worker end?"""
        return worker in self.unwanted


def _remote(
    about: Experiment,
    trial: Trial,
    worker: str,
    data: TrialData,
    state_path: str,
    threads: int,
    on_gpu: bool,
    mailbox: Any,
) -> Outcome:
    """One trial, in a worker's process of Ray, which shows it only the GPU it may use."""
    ray = load_ray()
    torch.set_num_threads(threads)
    device = torch.device("cuda" if on_gpu and torch.cuda.is_available() else "cpu")

    def heard(step: TrialProgress) -> None:
        if step.point is not None:
            mailbox.post.remote(trial.id, worker, step.point)

    unwanted = Every(lambda: bool(ray.get(mailbox.called_off.remote(worker))))
    return attempt(about, trial, data, device, Path(state_path), heard, unwanted)

r"""The queue of an experiment, worked off: here, by one or several processes (``cluster``: by many machines).

Workers claim trials one at a time and report to the store, never to each other. Whatever dies is noticed by who is
left: a worker's process by the runner, which puts its trial back into the queue; the runner by its workers, which stop,
and by the next runner. Since a trial resumes to the bit, none of this shows in the results.

A worker's process (:mod:`dnag.trials.worker`) is told what to do through its standard input, and to stop by its end.
It is none of :mod:`multiprocessing`, which would run the main script again in it: under Streamlit, a page.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from dnag.files import discard
from dnag.progress import Cancelled
from dnag.spaces.base import Architecture, SearchSpace, spaces
from dnag.trials.data import TrialData
from dnag.trials.recipe import Recipe
from dnag.trials.store import Experiment, News, StoreError, Summary, Trial, TrialStore
from dnag.trials.train import EpochPoint, TrialProgress, train_candidate

POLL_S = 0.5
"""Seconds between two looks at the store: at whether a trial is still wanted, and at what others reported."""
STOP_S = 60.0
"""Seconds that a worker's process has for writing its state when it is to stop."""

Told = Callable[[News], None]
Progress = Callable[[Trial, TrialProgress], None]


@dataclass(frozen=True)
class Outcome:
    """How a try ended: with a curve and its seconds, with an error, or with neither, if it was stopped.

    Attributes:
        final: would another try end the same way?
    """

    curve: tuple[EpochPoint, ...] = ()
    seconds: float = 0.0
    error: str = ""
    final: bool = False


def network(space: SearchSpace, architecture: str, recipe: Recipe, data: TrialData) -> nn.Module:
    """The network that a recipe trains, freshly initialised. ``ValueError`` if the images do not fit it."""
    height, width = data.image_size
    if not recipe.image_size and height != width:
        raise ValueError(f"images are {height}×{width}; allowed: square ones, or a recipe with an image size")
    return space.scaled_module(
        space.parse(architecture),
        data.num_classes,
        width=recipe.width,
        cells=recipe.cells,
        image_size=recipe.image_size or height,
    )


def submit(
    store: TrialStore,
    space: SearchSpace,
    architectures: Sequence[Architecture],
    data: TrialData,
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    dataset: str,
    predicted_pct: Mapping[str, float] | None = None,
) -> int:
    """Queue a trial for every architecture and seed that has none yet; returns the experiment's number.

    The same space, dataset and recipe are one experiment, so that asking again adds what is new and repeats nothing.

    Args:
        dataset: what to call the data.
        predicted_pct: text form -> predicted accuracy in %, to compare with.
    """
    names = [space.format(arch) for arch in architectures]
    if not names:
        raise ValueError("no architecture to train; allowed: 1 or more")
    with torch.device("meta"):  # what does not fit is said now, not by every trial
        network(space, names[0], recipe, data)
    experiment = store.experiment(space.name, dataset, data.fingerprint, recipe)
    store.add(experiment, names, seeds, predicted_pct)
    return experiment


def run_experiment(
    store: TrialStore,
    experiment: int,
    data: TrialData,
    *,
    workers: int = 1,
    devices: Sequence[str | torch.device] = ("cpu",),
    threads: int = 1,
    max_tries: int = 3,
    background: bool = False,
    told: Told | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Summary:
    """Train what is queued.

    Args:
        workers: 1 trains in this process, one trial after another; more start so many processes.
        devices: worker i trains on device ``i % len(devices)``.
        threads: CPU threads of each process that is started; this one's are left alone.
        max_tries: tries that a trial has, if it fails for a reason that another try may not meet.
        background: a single worker too gets a process, and all give way to whatever else runs on this machine.
        told: called with every new point of a curve, in this thread.
        progress: called after every step; only without processes.
        cancelled: asked now and then; when true, trials under way keep their state and go back to the queue, and the
            run ends with :class:`Cancelled`. (:meth:`TrialStore.cancel` calls trials off from anywhere.)

    Raises:
        ValueError: the data are not the experiment's, or a number is out of range.
        StoreError: another process runs the experiment.
    """
    for name, value in (
        ("workers", workers),
        ("threads", threads),
        ("max_tries", max_tries),
        ("devices", len(devices)),
    ):
        if value < 1:
            raise ValueError(f"{name} is {value!r}; allowed: 1 or more")
    check_data(store.get(experiment), data)
    listener = Listener(store, experiment, told)
    with store.running(experiment):
        if workers == 1 and not background:

            def after(trial: Trial, step: TrialProgress) -> None:
                if progress is not None:
                    progress(trial, step)
                if step.point is not None:
                    listener.poll()

            work(store, experiment, data, worker_name(), torch.device(devices[0]), max_tries, after, cancelled)
        else:
            crew = [
                Orders(store, experiment, data, str(devices[place % len(devices)]), threads, max_tries, background)
                for place in range(workers)
            ]
            _supervise(crew, listener, cancelled)
    listener.poll()
    if cancelled is not None and cancelled():
        raise Cancelled
    return store.summary(experiment)


class Listener:
    """Passes on every point that comes in after it was made."""

    def __init__(self, store: TrialStore, experiment: int, told: Told | None):
        self.store, self.experiment, self.told = store, experiment, told
        self.cursor = max((news.cursor for news in store.news(experiment)), default=0)

    def poll(self) -> None:
        """Tell what is new."""
        if self.told is None:
            return
        for news in self.store.news(self.experiment, self.cursor):
            self.cursor = news.cursor
            self.told(news)


def check_data(experiment: Experiment, data: TrialData) -> None:
    """``StoreError`` if these are not the images the experiment was made with."""
    if experiment.fingerprint != data.fingerprint:
        raise StoreError(
            f"experiment {experiment.id} was made with other images of {experiment.dataset}: "
            f"{experiment.fingerprint}, not {data.fingerprint}"
        )


def worker_name() -> str:
    """A name that no other worker has or had."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


# ---------------------------------------------------------------------- one worker


def attempt(
    experiment: Experiment,
    trial: Trial,
    data: TrialData,
    device: torch.device,
    state_path: Path,
    progress: Callable[[TrialProgress], None],
    cancelled: Callable[[], bool],
) -> Outcome:
    """Train one trial, whatever comes of it."""
    try:
        space = spaces[experiment.space]()
        result = train_candidate(
            lambda: network(space, trial.architecture, experiment.recipe, data),
            data,
            experiment.recipe,
            trial.seed,
            device=device,
            checkpoint_path=state_path,
            progress=progress,
            cancelled=cancelled,
        )
    except Cancelled:
        return Outcome()
    except Exception as error:  # a worker outlives its trials
        message = f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
        return Outcome(error=message, final=isinstance(error, ValueError | FloatingPointError))
    return Outcome(result.curve, result.seconds)


def settle(store: TrialStore, trial: Trial, worker: str, outcome: Outcome, max_tries: int) -> None:
    """Write down how a try ended."""
    if outcome.error:
        store.fail(trial.id, worker, outcome.error, max_tries=1 if outcome.final else max_tries)
    elif not outcome.curve:
        store.release(trial.id, worker)
    elif store.finish(trial.id, worker, outcome.curve, outcome.seconds):
        discard(store.state_path(trial.id))  # only now that the result is safe


class Every:
    """Asks ``question`` at most every ``seconds``; once the answer was yes it stays so."""

    def __init__(self, question: Callable[[], bool], seconds: float = POLL_S):
        self.question, self.seconds = question, seconds
        self.answer, self.asked = False, time.monotonic()

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self.answer and now - self.asked >= self.seconds:
            self.answer, self.asked = self.question(), now
        return self.answer


def work(
    store: TrialStore,
    experiment: int,
    data: TrialData,
    worker: str,
    device: torch.device,
    max_tries: int,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    """Claim and train until nothing waits, or ``cancelled``."""
    about = store.get(experiment)
    stopped = cancelled or (lambda: False)
    while not stopped():
        trial = store.claim(experiment, worker)
        if trial is None:
            return
        try:
            _one(store, about, trial, data, worker, device, max_tries, progress, stopped)
        except BaseException:  # an interrupt, or a callback that raised
            store.release(trial.id, worker)
            raise


def _one(
    store: TrialStore,
    about: Experiment,
    trial: Trial,
    data: TrialData,
    worker: str,
    device: torch.device,
    max_tries: int,
    progress: Progress | None,
    stopped: Callable[[], bool],
) -> None:
    lost = Every(lambda: not store.owns(trial.id, worker))
    trouble: list[Exception] = []

    def heard(step: TrialProgress) -> None:
        try:
            if step.point is not None:
                store.record(trial.id, worker, step.point)
            if progress is not None:
                progress(trial, step)
        except Exception as error:  # the fault of who listens, not of the trial
            trouble.append(error)

    outcome = attempt(
        about, trial, data, device, store.state_path(trial.id), heard, lambda: bool(trouble) or stopped() or lost()
    )
    settle(store, trial, worker, outcome, max_tries)
    if trouble:
        raise trouble[0]


# ---------------------------------------------------------------------- several processes


@dataclass(frozen=True, eq=False)
class Orders:
    """What a worker's process is told: the arguments of :func:`work`, its CPU threads, and whether it gives way."""

    store: TrialStore
    experiment: int
    data: TrialData
    device: str
    threads: int
    max_tries: int
    background: bool


@dataclass(frozen=True, eq=False)
class _Child:
    """A worker and its process, which stops when its standard input ends: at our end, or when that of this process."""

    name: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, orders: Orders) -> _Child:
        name = worker_name()
        process = subprocess.Popen(
            [sys.executable, "-m", "dnag.trials.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died; who supervises it will notice
            pickle.dump((name, orders), process.stdin)
            process.stdin.flush()
        return cls(name, process)

    def stop(self) -> None:
        """Tell it to stop; it writes its state first."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


def _supervise(crew: Sequence[Orders], listener: Listener, cancelled: Callable[[], bool] | None) -> None:
    """Keep a process at work for each of the ``crew`` until nothing waits; one that dies is replaced."""
    store, experiment, max_tries = crew[0].store, crew[0].experiment, crew[0].max_tries
    children: dict[int, _Child] = {}
    idle_deaths = 0
    with _dismissing(children):
        while cancelled is None or not cancelled():
            for place, child in list(children.items()):
                code = child.process.poll()
                if code is None:
                    continue
                del children[place]
                child.stop()
                if not code:
                    continue
                how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
                if not store.lost(child.name, f"the worker died: {how}", max_tries=max_tries):
                    idle_deaths += 1
                if idle_deaths > max_tries:
                    raise RuntimeError(f"{idle_deaths} workers died before they began a trial, the last one {how}")
            waiting = store.counts(experiment)["queued"]
            if not children and not waiting:
                break
            for place, orders in enumerate(crew):
                if place not in children and waiting > 0:
                    waiting -= 1
                    children[place] = _Child.start(orders)
            listener.poll()
            time.sleep(POLL_S / 2)


@contextlib.contextmanager
def _dismissing(children: dict[int, _Child]) -> Iterator[None]:
    """At the end, whatever it is, every process is told to stop and waited for."""
    try:
        yield
    finally:
        for child in children.values():
            child.stop()
        deadline = time.monotonic() + STOP_S
        for child in children.values():
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

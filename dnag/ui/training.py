"""Real training as a job: some candidates, a recipe, some seeds, and what is known of them so far.

A session keeps its trials in one file, so what was trained before, or stopped midway, is not begun anew when it is
chosen again. The work is done by a process of its own, which gives way to everything else. Nothing here knows
Streamlit.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property, partial

import torch

from dnag.datasets import DatasetError
from dnag.devices import resolve_device
from dnag.spaces.base import spaces
from dnag.tables import to_csv
from dnag.trials.cli import summary_rows
from dnag.trials.data import TrialData
from dnag.trials.recipe import Recipe
from dnag.trials.runner import run_experiment, submit
from dnag.trials.store import News, Summary, TrialStore
from dnag.trials.train import EpochPoint
from dnag.ui.folders import SharedFolder
from dnag.ui.jobs import Job, JobManager
from dnag.ui.workspace import Arrays

IMAGE_SIZE = 32  # px, where the recipe has none


@dataclass(frozen=True)
class Images:
    """What to train on: its name for users, how to read it, and the folder it needs until the training has ended."""

    name: str
    read: Arrays
    folder: SharedFolder | None = None

    @property
    def there(self) -> bool:
        """Whether they can still be read."""
        return self.folder is None or self.folder.held


@dataclass(frozen=True)
class Chosen:
    """A candidate: its architecture as text, its short name, and its predicted accuracy in %."""

    architecture: str
    name: str
    predicted_pct: float | None


@dataclass(frozen=True)
class Curve:
    """One trial so far."""

    name: str
    seed: int
    points: tuple[EpochPoint, ...]


@dataclass(eq=False)
class Training:
    """What is trained and how; ``experiment`` is its number in the file, None until the images were read."""

    space: str
    candidates: tuple[Chosen, ...]
    recipe_name: str
    recipe: Recipe
    seeds: tuple[int, ...]
    device: str
    images: Images
    folder: SharedFolder
    experiment: int | None = None

    @cached_property
    def store(self) -> TrialStore:
        """The session's trials."""
        return TrialStore(self.folder.path / "trials.sqlite")

    @property
    def names(self) -> dict[str, str]:
        """Architecture -> short name."""
        return {chosen.architecture: chosen.name for chosen in self.candidates}

    def work(
        self, report: Callable[[int, int], None], cancelled: Callable[[], bool], *, background: bool = True
    ) -> None:
        """Train what is missing; the steps reported are epochs, of all candidates and seeds."""
        data = TrialData.of(self.images.read(self.recipe.image_size or IMAGE_SIZE))
        space, store, names = spaces[self.space](), self.store, list(self.names)
        predicted = {c.architecture: c.predicted_pct for c in self.candidates if c.predicted_pct is not None}
        self.experiment = submit(
            store,
            space,
            [space.parse(name) for name in names],
            data,
            self.recipe,
            self.seeds,
            dataset=self.images.name,
            predicted_pct=predicted,
        )
        heard: set[tuple[int, int]] = set()
        try:
            store.requeue(self.experiment, names, self.seeds)
            missing = self._missing()
            report(0, missing)

            def told(news: News) -> None:
                heard.add((news.trial, news.point.epoch))  # a trial that was begun anew repeats its epochs
                report(min(len(heard), missing), missing)

            run_experiment(
                store,
                self.experiment,
                data,
                devices=(resolve_device(self.device),),
                threads=torch.get_num_threads(),
                background=background,
                told=told,
                cancelled=cancelled,
            )
        finally:
            store.cancel(self.experiment)  # or what still waits would be trained with what is chosen next

    def _missing(self) -> int:
        wanted = [trial for trial in self.store.trials(self.experiment or 0) if trial.status == "queued"]
        return sum(self.recipe.epochs - len(self.store.curve(trial.id)) for trial in wanted)

    def summary(self) -> Summary | None:
        """Predicted against trained accuracy of what was chosen, as far as it is known."""
        return None if self.experiment is None else self.store.summary(self.experiment, self.names)

    def curves(self) -> list[Curve]:
        """Of every trial that was begun, candidates in the order they were chosen."""
        if self.experiment is None:
            return []
        names = self.names
        trials = [trial for trial in self.store.trials(self.experiment) if trial.architecture in names]
        trials.sort(key=lambda trial: (list(names).index(trial.architecture), trial.seed))
        found = [Curve(names[t.architecture], t.seed, tuple(self.store.curve(t.id))) for t in trials]
        return [curve for curve in found if curve.points]

    def to_csv(self) -> str:
        """The table: a row per candidate."""
        summary = self.summary()
        return "" if summary is None else to_csv(summary_rows(summary, self.names))

    def to_json(self) -> str:
        """How it was trained, the table, and the curves."""
        summary = self.summary()
        return json.dumps(
            {
                "space": self.space,
                "dataset": self.images.name,
                "recipe": {"name": self.recipe_name, **asdict(self.recipe)},
                "seeds": self.seeds,
                "rank_correlation": summary and summary.rank_correlation,
                "candidates": summary_rows(summary, self.names) if summary else [],
                "curves": [asdict(curve) for curve in self.curves()],
            },
            indent=2,
        )


class Desk:
    """The trainings of a session: stopped, and their files deleted, once its browser is gone.

    Args:
        jobs: what runs them, one at a time for all sessions.
        viewer: the session's name there.
        background: train in a process of its own; tests do without.
    """

    def __init__(self, jobs: JobManager[None], viewer: str, *, background: bool = True) -> None:
        self._jobs, self._viewer, self._background = jobs, viewer, background
        self._own: SharedFolder | None = None
        self._others: list[SharedFolder] = []  # of trainings taken up by their links
        self._watched: dict[str, Training] = {}

    @property
    def folder(self) -> SharedFolder:
        """Where the session's trials are."""
        if self._own is None:
            self._own = SharedFolder("trials")
        return self._own

    def start(self, training: Training) -> Job[None]:
        """Queue a training. ``DatasetError`` if its images are gone, ``QueueFullError`` if too many wait."""
        held, images = contextlib.ExitStack(), training.images
        try:
            for folder in (training.folder, images.folder):
                if folder is not None and not folder.hold():
                    raise DatasetError(f"the images of {images.name} are not here any more")
                if folder is not None:
                    held.callback(folder.release)
            work = partial(training.work, background=self._background)
            job = self._jobs.submit(training, work, viewer=self._viewer, ended=held.close)
        except BaseException:
            held.close()
            raise
        self._watched[job.id] = training
        return job

    def watch(self, job_id: str) -> Job[None] | None:
        """The training of that number, if it is still known and its files are there."""
        job = self._jobs.get(job_id)
        if job is None or not isinstance(job.key, Training):
            return None
        if job_id not in self._watched:
            if not job.key.folder.hold():
                return None
            self._others.append(job.key.folder)
            self._watched[job_id] = job.key
        return self._jobs.touch(job_id, viewer=self._viewer)

    def close(self) -> None:
        """The session has ended."""
        for job in self._watched:
            self._jobs.cancel(job, viewer=self._viewer)
        for folder in (self._own, *self._others):
            if folder is not None:
                folder.release()
        self._own, self._others, self._watched = None, [], {}

"""Datasets of a client's own: features that ``python -m dnag encode`` made, kept for a while under an id.

The id stands for the dataset in later requests. What is kept is bounded in number and size, and forgotten when nobody
has named it for a while, unless a run of it waits or goes on; whoever still wants it sends it again, and gets the same
id.
"""

from __future__ import annotations

import dataclasses
import re
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnag.api.limits import Limits, Problem

if TYPE_CHECKING:
    from dnag.datasets.features import FeatureSet

OWN = "own-"
PATTERN = rf"{OWN}[0-9a-f]{{16}}"


@dataclass(frozen=True)
class OwnDataset:
    """A dataset of a client's own: the id that stands for it in later requests, and what is known of it."""

    id: str
    name: str
    classes: tuple[str, ...]
    images_per_class: int
    extractor: str
    forgotten_after_s: int


def _of_runs() -> set[str]:
    """Datasets of the runs that wait or go on; a run reads the features when it starts."""
    from dnag.ui import loaders

    return {f"{OWN}{getattr(job.key, 'features', '')}" for job in loaders.manager().jobs() if job.active}


class OwnDatasets:
    """Those that clients sent, the least recently named forgotten first. Safe to use from many threads."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic):
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, FeatureSet]] = OrderedDict()
        self._written: set[str] = set()  # files that nobody had before: they go with what is forgotten

    def add(self, body: bytes) -> OwnDataset:
        """Keep the features in a file of ``dnag encode``; :class:`Problem` 422 says what is wrong with another."""
        from dnag.datasets.base import DatasetError
        from dnag.datasets.features import FeatureSet, id_of, is_kept, keep

        try:
            with tempfile.TemporaryDirectory(prefix="dnag-features-") as folder:
                path = Path(folder) / "the body"  # the name that messages show
                path.write_bytes(body)
                made = FeatureSet.load(path)
        except DatasetError as error:
            raise Problem(422, f"{error}; allowed: a file that python -m dnag encode wrote") from None
        classes, images, _ = made.features.shape
        if not 2 <= classes <= self._limits.classes:
            raise Problem(422, f"{classes:,} classes came; allowed: 2 to {self._limits.classes:,}")
        name = f"{OWN}{id_of(made)}"
        with self._lock:
            if not is_kept(id_of(made)):
                keep(made)
                self._written.add(name)
            self._kept.pop(name, None)
            self._kept[name] = (self._clock(), made)
        self.sweep()
        return OwnDataset(name, made.name, made.class_names, images, made.extractor, self._limits.dataset_s)

    def get(self, name: str) -> FeatureSet:
        """The features of an id, which are kept for longer by that; :class:`Problem` 422 for one that is unknown."""
        self.sweep()
        with self._lock:
            if (found := self._kept.pop(name, None)) is None:
                forgotten = f"one that nobody names for {self._limits.dataset_s // 60} minutes is forgotten"
                raise Problem(422, f"no dataset {name!r} here; {forgotten}: send it again")
            self._kept[name] = (self._clock(), found[1])
            return found[1]

    def close(self) -> None:
        """Forget them all."""
        with self._lock:
            for name in list(self._kept):
                self._drop(name)

    def sweep(self) -> None:
        """Forget those that nobody named for long, and the first of too many, unless a run needs them."""
        oldest = self._clock() - self._limits.dataset_s
        with self._lock:
            needed = _of_runs() if self._kept else set()
            idle = [name for name in self._kept if name not in needed]
            for place, name in enumerate(idle, start=self._limits.datasets - len(idle)):
                if place < 0 or self._kept[name][0] < oldest:
                    self._drop(name)

    def _drop(self, name: str) -> None:
        from dnag.datasets.features import forget

        del self._kept[name]
        if name in self._written:
            self._written.remove(name)
            forget(name.removeprefix(OWN))

    def settings(self, data: dict[str, Any], read: Callable[[dict[str, Any]], Any]) -> Any:
        """What ``read`` makes of a request, for the dataset of the client's own if it names one."""
        from dnag.checkpoint import CheckpointError
        from dnag.spaces.base import spaces
        from dnag.transfer import check_features, settings_for, what_is_missing
        from dnag.ui import loaders

        named = data.get("dataset")
        if not isinstance(named, str) or not re.fullmatch(PATTERN, named):
            return read(data)
        settings = read({key: value for key, value in data.items() if key != "dataset"})
        made = self.get(named)
        if missing := what_is_missing(settings.space, loaders.store()):
            raise Problem(422, f"{named} came for {spaces[settings.space].label}. {missing}")
        try:
            check_features(made, settings.space, loaders.store())
        except CheckpointError as error:
            raise Problem(422, f"{named} has {error}") from None
        return dataclasses.replace(settings, **settings_for(settings.space, made, loaders.store()))

"""Taking an architecture home: as code, as a network for other runtimes, as data, as a picture, as a film.

A format is one file with one class. It may need a package or a piece of the subject that is not there: ``missing`` says
so before any work is done.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from dnag.registry import Registry
from dnag.spaces.base import Architecture, SearchSpace

if TYPE_CHECKING:
    from dnag.runs import RunResult

MAX_CLASSES, MAX_RESOLUTION = 100_000, 4096
EPOCH = (1980, 1, 1, 0, 0, 0)
"""When the files of an archive were made: the same subject gives the same bytes."""

GROUPS = ("network", "picture", "film", "data", "reference")

exporters: Registry[Exporter] = Registry("format", "dnag.exports")


class ExportError(ValueError):
    """A format that this subject, or this machine, does not allow; the message says what is missing."""


@dataclass(frozen=True)
class Subject:
    """One architecture, with what is known about it.

    Attributes:
        dataset: one of the space's, which decides the number of classes and the image size unless they are given.
        resolution: height and width of the images in pixels.
        width: multiplier of the numbers of channels.
        facts: the candidate's columns in its run, such as ``rank`` and ``predicted_accuracy_pct``.
        trajectory: how it was denoised, as ``dnag.playback.player_payload`` gives it.
        weights: of the network, by the names of ``space.to_module``; fresh ones where there are none.
        language: of the person who takes it home, as HTML names languages, such as ``en``.
        words: in that language, what stands in for entries of ``trajectory``: its title, names of operations and so on.
            Formats whose letters are the reader's (HTML) use them. Pictures in pixels speak English: the letters are
            those of a font found where they are drawn, which need not have more than Latin ones.
    """

    space: SearchSpace
    arch: Architecture
    dataset: str = ""
    num_classes: int = 0
    resolution: int = 0
    width: float = 1.0
    facts: Mapping[str, Any] = field(default_factory=dict)
    trajectory: Mapping[str, Any] | None = None
    weights: Mapping[str, Tensor] | None = None
    language: str = "en"
    words: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        dataset = self.dataset or next(iter(self.space.datasets))
        info = self.space.dataset(dataset)
        for what, value, most in (
            ("number of classes", self.num_classes, MAX_CLASSES),
            ("resolution", self.resolution, MAX_RESOLUTION),
        ):
            if not isinstance(value, int) or not 0 <= value <= most:
                raise ExportError(f"{what} is {value!r}; allowed: 1 to {most:,}, or 0 for the dataset's own")
        if self.width not in self.space.widths:
            raise ExportError(f"width is {self.width!r}; allowed: {', '.join(f'{w:g}' for w in self.space.widths)}")
        object.__setattr__(self, "dataset", dataset)
        object.__setattr__(self, "num_classes", self.num_classes or info.num_classes)
        object.__setattr__(self, "resolution", self.resolution or info.resolution)

    @property
    def text(self) -> str:
        """The architecture in the text form of its space."""
        return self.space.format(self.arch)

    @property
    def stem(self) -> str:
        """What its files are called, fit for a Python module: the space, the dataset and the rank, or a short hash."""
        rank = self.facts.get("rank")
        last = hashlib.sha256(self.text.encode()).hexdigest()[:6] if rank is None else f"rank{rank}"
        return re.sub(r"\W+", "_", f"{self.space.name}_{self.dataset}_{last}", flags=re.ASCII)

    def module(self) -> nn.Module:
        """The network, ready to be looked at; ``ExportError`` if the weights are those of another one."""
        module = self.space.scaled_module(self.arch, self.num_classes, width=self.width)
        if self.weights is not None:
            try:
                module.load_state_dict(dict(self.weights))
            except RuntimeError as error:
                reason = " ".join(str(error).split())[:300]
                raise ExportError(
                    f"the weights do not fit this network of {self.num_classes} classes: {reason}"
                ) from None
        return module.eval()


class Exporter(ABC):
    """A format.

    Attributes:
        name: in the registry.
        label: a few words for users.
        about: a sentence on what the file is good for.
        suffix: of the file's name, with its dot.
        media_type: of the content.
        group: what it is listed with, one of ``GROUPS``.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]
    suffix: ClassVar[str]
    media_type: ClassVar[str]
    group: ClassVar[str]

    def missing(self, subject: Subject) -> str | None:
        """What keeps this subject from this format, and what helps; None if nothing does. Cheap: imports nothing."""
        return None

    @abstractmethod
    def content(self, subject: Subject) -> bytes:
        """The file's content, of a subject that lacks nothing."""

    def export(self, subject: Subject) -> bytes:
        """The file's content; ``ExportError`` says what is missing."""
        missing = self.missing(subject)
        if missing is not None:
            raise ExportError(missing)
        return self.content(subject)


class TrajectoryExporter(Exporter):
    """A format that shows how the architecture was denoised."""

    group = "film"

    def missing(self, subject: Subject) -> str | None:
        if subject.trajectory is None:
            return f"{self.name} shows how an architecture was denoised, and no trajectory came with this one"
        return None


def listed() -> list[Exporter]:
    """All formats, those that belong together next to each other."""
    return sorted((make() for make in exporters.values()), key=lambda exporter: GROUPS.index(exporter.group))


def file_name(subject: Subject, exporter: Exporter) -> str:
    """What the file of a format is called."""
    return subject.stem + exporter.suffix


def archive(subject: Subject, names: Iterable[str] | None = None) -> bytes:
    """A zip file of the named formats; of all that the subject allows if none are named."""
    found = [exporters[name]() for name in (exporters if names is None else names)]
    if names is None:
        found = [exporter for exporter in found if exporter.missing(subject) is None]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for exporter in found:
            info = zipfile.ZipInfo(f"{subject.stem}/{file_name(subject, exporter)}", EPOCH)
            packed.writestr(info, exporter.export(subject), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def subject_of(result: RunResult, index: int) -> Subject:
    """Candidate ``index`` (0-based position in ``candidates``) of a run, with its trajectory where the run kept any."""
    candidate, settings = result.candidates[index], result.settings
    return Subject(
        result.space,
        Architecture(settings.space, candidate.ops),
        settings.dataset,
        resolution=settings.resolution,
        width=result.width,
        facts=candidate.row(),
        trajectory=None if result.trajectory is None else result.player_payload(index),
    )

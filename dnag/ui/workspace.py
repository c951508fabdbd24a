"""The images a session works with: in a folder of its own, gone with the session or with the images that follow.

Nothing here knows Streamlit. A picture is shown as text inside the page, never as a file that the server offers.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from dnag.archives import ArchiveLimits
from dnag.datasets import (
    DatasetError,
    ImageDataset,
    ImageLimits,
    ImageSet,
    ImageSource,
    decoded,
    image_source,
    read_images,
)
from dnag.datasets.base import Pixels
from dnag.ui.folders import SharedFolder

UPLOAD_MB = 50
#: What an upload may hold: the disk is everybody's.
UPLOAD_LIMITS = ImageLimits(
    archive=ArchiveLimits(packed_mb=UPLOAD_MB, unpacked_mb=200, files=10_000, folders=500, ratio=100),
    files=10_000,
    total_mb=200,
    image_mb=10,
    pixels=20_000_000,
    classes=100,
)
Arrays = Callable[[int], ImageDataset]
SHOWN = 12  # classes with pictures
SIDE = 64  # px: four of them, two by two, stand for a class


class Workspace:
    """At most one data set at a time.

    Attributes:
        origin: where it came from; None before the first.
        source: its images; None if they could not be read: then ``error`` says why.
        arrays: reads all of them for training, as arrays of so many pixels; None as ``source`` is.
        pictures: of its first classes, as addresses that hold the picture itself.
        folder: where images are unpacked; whoever else holds it keeps them; None while there are none.
    """

    def __init__(self) -> None:
        self.folder: SharedFolder | None = None
        self.origin: tuple[str, str] | None = None
        self.source: ImageSource | None = None
        self.arrays: Arrays | None = None
        self.pictures: tuple[str, ...] = ()
        self.error = ""

    def take(self, origin: tuple[str, str], read: Callable[[Path], ImageSource], arrays: Arrays | None = None) -> None:
        """Let go of what is here and read something else; ``read`` may unpack into the folder it is given.

        ``arrays`` reads what does not come as image files.
        """
        self.close()
        self.origin = origin
        self.folder = SharedFolder("images")
        try:
            source = read(self.folder.path)
            if len(source.class_names) < 2:
                raise DatasetError(f"{source.name} has one class only: nothing to tell apart; allowed: 2 or more")
            self.pictures = tuple(picture(source, label) for label in range(min(SHOWN, len(source.class_names))))
            self.source = source
            self.arrays = partial(decoded, source) if isinstance(source, ImageSet) else arrays
        except DatasetError as error:
            self.close()
            self.origin, self.error = origin, str(error)

    def close(self) -> None:
        """Delete the images, unless a training still needs them."""
        if self.folder is not None:
            self.folder.release()
        self.folder = None
        self.origin, self.source, self.arrays, self.pictures, self.error = None, None, None, (), ""


def read_upload(name: str, content: bytes, folder: Path) -> ImageSource:
    """The images of an uploaded zip archive, unpacked into ``folder``; the archive itself is not kept."""
    stem = re.sub(r"[^\w.-]+", "_", re.sub(r"\.zip$", "", Path(name).name, flags=re.IGNORECASE)).strip("._")[:60]
    path = folder / "upload" / f"{stem or 'images'}.zip"
    path.parent.mkdir()
    path.write_bytes(content)
    try:
        return read_images(path, work=folder, limits=UPLOAD_LIMITS)
    finally:
        path.unlink()


def server_path(name: str, parents: tuple[Path, ...]) -> Path:
    """A folder of the server, if it lies where that is allowed; ``DatasetError`` otherwise."""
    try:
        path = Path(name.strip()).expanduser().resolve()
        inside = any(path.is_relative_to(parent) for parent in parents) and path.is_dir()
    except (OSError, RuntimeError, ValueError):  # no path at all
        inside = False
    if not inside:
        allowed = ", ".join(map(str, parents))
        raise DatasetError(f"{name.strip()[:200]!r} is no folder that may be read here; allowed: folders in {allowed}")
    return path


def read_folder(name: str, parents: tuple[Path, ...]) -> ImageSource:
    """The images of a folder of the server, if it lies where that is allowed."""
    return image_source(server_path(name, parents))


def picture(source: ImageSource, label: int) -> str:
    """Four images of a class, two by two, as a ``data:`` address; one where there are fewer, blank if none decodes."""
    found: list[Pixels] = []
    for index in range(min(12, source.counts[label])):
        if len(found) == 4:
            break
        try:
            found.append(source.pixels(label, index, SIDE))
        except DatasetError:
            continue
    tiles = (found if len(found) == 4 else found[:1]) or [np.full((SIDE, SIDE, 3), 255, np.uint8)]
    whole = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])]) if len(tiles) == 4 else tiles[0]
    file = io.BytesIO()
    Image.fromarray(whole).save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()

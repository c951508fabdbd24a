"""What the tests of pages share: opening a page, uploading made images, waiting for jobs."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from streamlit.runtime.caching.cache_resource_api import clear_session_cache
from streamlit.testing.v1 import AppTest

from dnag.ui import dataset_panel, loaders
from dnag.ui.jobs import Job, JobManager

ROOT = Path(__file__).parents[2]
CLASSES = ("cat", "dog", "emu")


def end_session() -> None:
    """What Streamlit does when a session ends; AppTest calls all its sessions the same."""
    clear_session_cache("test session id")


def picture(seed: int, size: int = 24) -> bytes:
    """A PNG file of noise."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def archive(classes: Sequence[str] = CLASSES, count: int = 8, more: Mapping[str, bytes] | None = None) -> bytes:
    """A zip of noise, a folder per class."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for label, name in enumerate(classes):
            for index in range(count):
                packed.writestr(f"{name}/{index}.png", picture(100 * label + index))
        for name, content in (more or {}).items():
            packed.writestr(name, content)
    return file.getvalue()


def shown(elements: Iterable[Any]) -> str:
    """The words of messages as people see them: without the backslashes that keep them from being Markdown."""
    return re.sub(r"\\(\W|_)", r"\1", "\n".join(element.value for element in elements))


def open_page(path: Path, /, **parameters: Any) -> AppTest:
    """A page as a new session sees it."""
    at = AppTest.from_file(str(path), default_timeout=120)
    for name, value in parameters.items():
        at.query_params[name] = value
    return at.run()


def upload(at: AppTest, content: bytes, name: str = "animals.zip") -> AppTest:
    """Choose a file on the page "Your dataset"."""
    return at.file_uploader(key=dataset_panel.FILE).set_value((name, content, "application/zip")).run()


def end(at: AppTest, key: str, jobs: JobManager[Any] | None = None) -> Job[Any]:
    """Draw the page until the job named in the session has ended, as the polling fragment of a browser does."""
    for _ in range(4000):
        job = (jobs or loaders.manager()).get(at.session_state[key])
        assert job is not None
        if not job.active:
            at.run()
            return job
        job.finished.wait(0.1)
        at.run()
    raise AssertionError("the job did not end")


def finish(at: AppTest, key: str, jobs: JobManager[Any] | None = None) -> AppTest:
    """The same for a job that must come to a good end."""
    job = end(at, key, jobs)
    assert job.state == "done", job.trace
    return at

"""Tensors kept in the user's cache folder, found by a hash of what they were made from.

One safetensors file each, in ``$XDG_CACHE_HOME/dnag`` (default ``~/.cache/dnag``). Finding one renews its time; when
the folder has grown over its bound, the files unused for longest go. A cache never fails: what cannot be read or
written is made anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from dnag.files import write_aside

MAX_MB = 256


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/dnag``; the specification has a relative path ignored."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if os.path.isabs(given) else Path.home() / ".cache") / "dnag"


class TensorCache:
    """A bounded folder of tensors, least recently used out first.

    Args:
        folder: where; made when the first tensor is kept.
        max_mb: its bound in MiB.
    """

    def __init__(self, folder: Path | None = None, max_mb: float = MAX_MB):
        self.folder = cache_folder() / "features" if folder is None else folder
        self.max_mb = max_mb

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"

    def get(self, key: str) -> Tensor | None:
        """The tensor kept under ``key``, a hexadecimal hash; None if there is none that can be read."""
        path = self._path(key)
        try:
            tensor = load_file(path)["value"]
            os.utime(path)
        except (OSError, SafetensorError, KeyError):
            return None
        return tensor

    def put(self, key: str, value: Tensor) -> None:
        """Keep a tensor, and let go of the oldest if there is no room."""
        try:
            write_aside(self._path(key), lambda aside: save_file({"value": value.contiguous()}, aside))
            self._trim()
        except (OSError, SafetensorError):
            return

    def _trim(self) -> None:
        files = [(path.stat(), path) for path in self.folder.glob("*.safetensors")]
        room = self.max_mb * 2**20
        for about, path in sorted(files, key=lambda file: file[0].st_mtime_ns, reverse=True):
            room -= about.st_size
            if room < 0:
                path.unlink(missing_ok=True)

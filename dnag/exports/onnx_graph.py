"""ONNX: the network for other runtimes. It is run once, by onnxruntime, before it is handed out."""

from __future__ import annotations

import importlib.util
import tempfile
import threading
import warnings
from pathlib import Path

import torch
from torch import nn

from dnag.exports.base import Exporter, ExportError, Subject, exporters
from dnag.recipes import initialised

PACKAGES = ("onnx", "onnxruntime")
TOLERANCE = 1e-4
"""Largest difference from PyTorch's logits that is let through, in parts of the largest logit, or of 1."""
SEED = 0
_lock = threading.Lock()  # the exporter of PyTorch keeps state of its own


@exporters.register("onnx")
class Onnx(Exporter):
    """Input ``images`` (batch, 3, H, W), output ``logits`` (batch, classes); the batch may have any size."""

    label = "ONNX"
    about = "The network for other runtimes, to time it or to run it; its weights are fresh unless you give some."
    suffix = ".onnx"
    media_type = "application/octet-stream"
    group = "network"

    def missing(self, subject: Subject) -> str | None:
        lacking = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
        return f"ONNX needs {', '.join(lacking)}: pip install 'dnag[onnx]'" if lacking else None

    def content(self, subject: Subject) -> bytes:
        size = (2, 3, subject.resolution, subject.resolution)
        images = torch.randn(size, generator=torch.Generator().manual_seed(SEED))
        with _lock:
            module = initialised(subject.module, SEED)
            content = to_onnx(module, images)
        difference = deviation(module, content, images)
        if difference > TOLERANCE:
            raise ExportError(
                f"onnxruntime's logits are {difference:.1e} away from PyTorch's, more than {TOLERANCE:.0e}"
            )
        return content


def to_onnx(module: nn.Module, images: torch.Tensor) -> bytes:
    """A model for images of this size, (B, 3, H, W), in batches of any size.

    By tracing, which for networks without branches says all there is. It takes half a second; PyTorch's newer exporter
    needs nine, 200 MB and two more packages for the same graph.
    """
    with tempfile.TemporaryDirectory(prefix="dnag-") as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # the version of PyTorch is pinned
        torch.onnx.export(
            module,
            (images,),
            path := Path(folder) / "network.onnx",
            input_names=["images"],
            output_names=["logits"],
            dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
            dynamo=False,
        )
        return path.read_bytes()


def deviation(module: nn.Module, content: bytes, images: torch.Tensor) -> float:
    """Largest difference between the logits of onnxruntime and of PyTorch, in parts of the largest logit, or of 1."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(["logits"], {"images": images.numpy()})
    with torch.no_grad():
        expected = module(images)
    return float((torch.from_numpy(found) - expected).abs().max() / max(1.0, float(expected.abs().max())))

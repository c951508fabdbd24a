"""An architecture as code to copy: what a user pastes into Python or a terminal to go on with it there."""

from __future__ import annotations

import shlex

from dnag.spaces.base import Architecture, spaces


def python_snippet(arch: Architecture, dataset: str) -> str:
    """Python that reads the architecture, prints its cost for a dataset of its space, and builds the network."""
    space = spaces[arch.space]()
    classes = space.dataset(dataset).num_classes
    return f"""\
from dnag.spaces import spaces

space = spaces["{arch.space}"]()
arch = space.parse("{space.format(arch)}")
print(space.cost(arch, "{dataset}"))
network = space.to_module(arch, num_classes={classes})  # a torch.nn.Module, freshly initialised
"""


def shell_snippet(arch: Architecture, dataset: str, resolution: int = 0) -> str:
    """The command that prints predicted and measured accuracy and the cost; ``resolution`` 0: the dataset's own."""
    space = spaces[arch.space]()
    size = f" --resolution {resolution}" if resolution not in (0, space.dataset(dataset).resolution) else ""
    text = shlex.quote(space.format(arch))
    return f"echo {text} |\n  python -m dnag predict --space {arch.space} --dataset {dataset}{size} --architectures -"

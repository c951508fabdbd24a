"""Code to copy: it runs, and gives the architecture it was made of."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from torch import Generator, nn

from dnag.snippets import python_snippet, shell_snippet
from dnag.spaces.base import spaces


@pytest.mark.parametrize("name", list(spaces))
def test_the_python_runs_and_builds_the_network(name, capsys):
    space = spaces[name]()
    arch = space.sample(1, Generator().manual_seed(1))[0]
    dataset, about = next(iter(space.datasets.items()))
    names: dict[str, Any] = {}
    exec(python_snippet(arch, dataset), names)
    assert names["arch"] == arch
    assert isinstance(names["network"], nn.Module)
    assert sum(p.numel() for p in names["network"].parameters()) == round(1e6 * space.cost(arch, dataset).params_m)
    assert str(space.cost(arch, dataset)) in capsys.readouterr().out
    assert f"num_classes={about.num_classes}" in python_snippet(arch, dataset)


@pytest.mark.parametrize("name", list(spaces))
def test_the_command_names_the_architecture_and_only_unusual_sizes(name):
    space = spaces[name]()
    arch = space.sample(1, Generator().manual_seed(1))[0]
    dataset, about = next(iter(space.datasets.items()))
    words = shlex.split(shell_snippet(arch, dataset))
    assert space.parse(words[1]) == arch
    assert words[words.index("predict") :] == ["predict", "--space", name, "--dataset", dataset, "--architectures", "-"]
    assert shell_snippet(arch, dataset, about.resolution) == shell_snippet(arch, dataset)
    assert "--resolution 31 " in shell_snippet(arch, dataset, 31)

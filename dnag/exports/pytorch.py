"""A Python file with the network in it, to be read, run, trained and changed without this project."""

from __future__ import annotations

import re
import textwrap

from dnag.exports.base import Exporter, Subject, exporters

_FILE = '''\
"""{title}

{architecture}

{cost}
{accuracy}Written by dnag. It needs PyTorch alone:

    from {stem} import Network

    network = Network()
    logits = network(images)  # (B, 3, H, W) -> (B, {classes})
"""

from __future__ import annotations

import torch
{imports}from torch import Tensor, nn


{classes_text}

if __name__ == "__main__":
    network = Network().eval()
    images = torch.zeros(1, 3, {resolution}, {resolution})
    print(f"{{sum(p.numel() for p in network.parameters()):,}} parameters, logits {{tuple(network(images).shape)}}")
'''


@exporters.register("pytorch")
class PyTorchFile(Exporter):
    """Weights of ``space.to_module`` load into it: both call them the same."""

    label = "PyTorch module"
    about = "The network as Python to read, train and change; needs PyTorch only."
    suffix = ".py"
    media_type = "text/x-python"
    group = "network"

    def missing(self, subject: Subject) -> str | None:
        if subject.space.source(subject.arch, width=subject.width) is None:
            return f"{subject.space.name} does not say how its networks are written as Python"
        return None

    def content(self, subject: Subject) -> bytes:
        classes = subject.space.source(subject.arch, width=subject.width) or ""
        classes = classes.replace("num_classes: int)", f"num_classes: int = {subject.num_classes})")
        return _FILE.format(
            title=f"A {subject.space.label} network for {subject.space.dataset(subject.dataset).label}.",
            architecture=wrapped(subject.text),
            cost=_cost(subject),
            accuracy=_accuracy(subject),
            stem=subject.stem,
            classes=subject.num_classes,
            imports="import torch.nn.functional as F\n" if re.search(r"\bF\.", classes) else "",
            classes_text=classes,
            resolution=subject.resolution,
        ).encode()


def wrapped(architecture: str) -> str:
    """The text of an architecture, indented, on lines of a length to read."""
    breakable = re.sub(r"([_+])(?=\d-|\|)", r"\1 ", architecture)  # after a layer, or a vertex
    lines = textwrap.wrap(breakable, 100, break_long_words=False, break_on_hyphens=False)
    return "\n".join("    " + line.replace(" ", "") for line in lines)


def _cost(subject: Subject) -> str:
    cost = subject.space.cost(subject.arch, subject.dataset, resolution=subject.resolution, width=subject.width)
    size = f"{subject.resolution} x {subject.resolution} pixels"
    return f"{cost.params_m:.3g} M parameters, {cost.macs_m:.4g} M multiply-accumulate operations for {size}."


def _accuracy(subject: Subject) -> str:
    """What is known of how good it is, if anything."""
    words = []
    for kind in ("predicted", "measured"):
        value = subject.facts.get(f"{kind}_accuracy_pct")
        if isinstance(value, int | float):
            words.append(f"{kind} {value:.2f} %")
    return f"Accuracy: {', '.join(words)}.\n" if words else ""

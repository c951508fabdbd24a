"""Networks that leave the project: as Python and as ONNX they give what ``space.to_module`` gives."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dnag.exports import ExportError, exporters, file_name
from dnag.exports.onnx_graph import PACKAGES
from dnag.exports.pytorch import wrapped
from dnag.spaces.base import spaces

ALONE = """
import importlib.util, runpy, sys, torch
assert importlib.util.find_spec("dnag") is None
for path in sys.argv[1:]:
    network = runpy.run_path(path)["Network"]()
    given = torch.load(path + ".given", weights_only=True)
    network.load_state_dict(given["state"])
    with torch.no_grad():
        torch.save({"keys": list(network.state_dict()), "logits": network.eval()(given["images"])}, path + ".found")
"""
NONE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
MIXED = "|none~0|+|skip_connect~0|avg_pool_3x3~1|+|nor_conv_1x1~0|nor_conv_3x3~1|avg_pool_3x3~2|"


def trained(subject) -> nn.Module:
    """The subject's network with weights that are not the ones it starts with, and batch norms that saw images."""
    torch.manual_seed(0)
    module = subject.space.scaled_module(subject.arch, subject.num_classes, width=subject.width)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        module(torch.randn(8, 3, subject.resolution, subject.resolution))
    return module.eval()


def test_the_python_file_runs_alone_and_gives_the_same(subject_of, tmp_path):
    """One process for all, because importing PyTorch takes seconds."""
    subjects = [
        *(subject_of(name) for name in spaces),
        *(subject_of("nasbench201", arch=spaces["nasbench201"]().parse(text), facts={}) for text in (NONE, MIXED)),
        subject_of("mobilenetv3", width=1.2, facts={}),
    ]
    paths, modules, images = [], [], torch.randn(2, 3, 32, 32)
    for subject in subjects:
        path = tmp_path / file_name(subject, exporters["pytorch"]())
        path.write_bytes(exporters["pytorch"]().export(subject))
        module = trained(subject)
        torch.save({"state": module.state_dict(), "images": images}, f"{path}.given")
        paths.append(str(path))
        modules.append(module)
    # Isolated: neither this folder nor PYTHONPATH is searched.
    done = subprocess.run([sys.executable, "-I", "-c", ALONE, *paths], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for path, module in zip(paths, modules, strict=True):
        found = torch.load(f"{path}.found", weights_only=True)
        assert found["keys"] == list(module.state_dict())
        with torch.no_grad():
            torch.testing.assert_close(
                found["logits"], module(images), rtol=1e-5, atol=1e-6
            )  # threads add up in any order


def test_the_python_file_is_written_to_be_read(subject):
    text = exporters["pytorch"]().export(subject).decode()
    tree = ast.parse(text)
    assert max(map(len, text.splitlines())) <= 120 and "\t" not in text
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes[-1].name == "Network" and all(ast.get_docstring(node) for node in classes)
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"__future__", "torch", "torch.nn.functional"}
    assert ("F." in text) == ("torch.nn.functional" in imported)
    docstring = ast.get_docstring(tree) or ""
    assert subject.text in "".join(line.strip() for line in docstring.splitlines())
    assert "predicted 93.46 %" in docstring and "measured" not in docstring


def test_a_long_architecture_is_broken_after_a_layer():
    space = spaces["mobilenetv3"]()
    text = space.format(space.sample(1, torch.Generator().manual_seed(0))[0])
    lines = wrapped(text).splitlines()
    assert len(lines) == 2 and all(line.startswith("    ") and len(line) <= 110 for line in lines)
    assert lines[0].endswith("_") and "".join(line.strip() for line in lines) == text


def test_a_space_that_cannot_be_written_as_python_says_so(subject_of, monkeypatch):
    subject = subject_of("nasbench201")
    monkeypatch.setattr(type(subject.space), "source", lambda *_, **__: None)
    with pytest.raises(ExportError, match="nasbench201 does not say how its networks are written as Python"):
        exporters["pytorch"]().export(subject)


needs_onnx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in PACKAGES), reason=f"needs {', '.join(PACKAGES)}"
)


@needs_onnx
def test_onnx_gives_what_pytorch_gives(subject, subject_of):
    import onnxruntime

    module = trained(subject)
    subject = subject_of(subject.space.name, weights=module.state_dict())
    session = onnxruntime.InferenceSession(exporters["onnx"]().export(subject), providers=["CPUExecutionProvider"])
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("images", ["batch", 3, 32, 32])]
    images = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    (found,) = session.run(["logits"], {"images": images.numpy()})
    with torch.no_grad():
        expected = module(images).numpy()
    assert expected.std() > 1e-3 and np.abs(found - expected).max() < 1e-4


@needs_onnx
def test_onnx_that_differs_is_not_handed_out(subject_of, monkeypatch):
    monkeypatch.setattr("dnag.exports.onnx_graph.TOLERANCE", -1.0)
    with pytest.raises(ExportError, match=r"onnxruntime's logits are .* away from PyTorch's"):
        exporters["onnx"]().export(subject_of("nasbench201"))


@needs_onnx
def test_weights_of_another_network_are_refused(subject_of):
    subject = subject_of("nasbench201", weights={"stem.0.weight": torch.zeros(1)})
    with pytest.raises(ExportError, match=r"the weights do not fit this network of 7 classes: .*Missing key"):
        exporters["onnx"]().export(subject)


def test_without_its_packages_onnx_says_what_to_install(subject_of, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"ONNX needs onnx, onnxruntime: pip install 'dnag\[onnx\]'"):
        exporters["onnx"]().export(subject_of("nasbench201"))


def test_the_exported_file_says_how_large_it_is(subject_of, tmp_path: Path):
    subject = subject_of("nasbench201")
    path = tmp_path / "cell.py"
    path.write_bytes(exporters["pytorch"]().export(subject))
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True)
    params = sum(parameter.numel() for parameter in subject.module().parameters())
    assert done.stdout == f"{params:,} parameters, logits (1, 7)\n", done.stderr

"""Official artefacts: files of exactly the released names and shapes, and the official formulas stated a second time.

No released file is here. The tests write such files themselves, with random weights: the names and shapes are listed
again below, and so is every formula, on the official names, as loops over nodes and heads.
"""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import re
import sys
import types
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Generator, Tensor

from dnag.benchmarks.csv_table import CsvTable
from dnag.bundle import ModelBundle, ModelStore
from dnag.checkpoint import CheckpointError, load, read_header
from dnag.cli import main
from dnag.datasets.extractors.resnet18 import ResNet18
from dnag.datasets.features import FeatureSet, keep
from dnag.generate import GenerateConfig, generate
from dnag.guidance import GuidedScore, gradient
from dnag.nets.official import OfficialPropertyModel
from dnag.official import Features, OfficialError, import_official, vertex_types
from dnag.official.weights import legacy_mask, vertex_graph
from dnag.run_settings import RunSettings
from dnag.runs import bundle_of, run
from dnag.samplers import samplers
from dnag.sdes.ve import VE
from dnag.sdes.vp import VP
from dnag.spaces import spaces
from dnag.tensors import centre
from dnag.transfer import read_features
from tests.commands import out_of, refused

Weights = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]

# ---------------------------------------------------------------------- names and shapes


def linear(name: str, out: int, inputs: int, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (out, inputs), **({f"{name}.bias": (out,)} if bias else {})}


def norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def transformer_shapes(ops: int, depth: int, hidden: int, width: int = 64) -> Shapes:
    found = linear("opEmb.fc", width, ops) | linear("timeEmb1", 4 * width, width) | linear("timeEmb2", width, 4 * width)
    for number in range(depth):
        layer = f"graph_encoder.encoder_f.layers.{number}"
        found |= norm(f"{layer}.self_attn.norm", width)
        for index in range(4):
            found |= linear(f"{layer}.self_attn.attn.linears.{index}", width, width)
        found |= norm(f"{layer}.feed_forward.norm", width)
        found |= linear(f"{layer}.feed_forward.feed_forward.w_1", hidden, width)
        found |= linear(f"{layer}.feed_forward.feed_forward.w_2", width, hidden)
    for number in range(depth):
        found |= norm(f"graph_encoder.encoder_f.norms.{number}", width)
    read = depth * width
    for index, (inputs, out) in enumerate(pairwise([read, 2 * read, 2 * read, ops])):
        found |= linear(f"final.linears.{index}", out, inputs)
    return found


def set_shapes(z: int = 56) -> Shapes:
    found: Shapes = {}
    for pool, inputs in (("intra_setpool", 512), ("inter_setpool", z)):
        for place, width in (("enc.0", inputs), ("enc.1", z), ("dec.0", z)):
            if place == "dec.0":
                found[f"{pool}.dec.0.S"] = (1, 1, z)
            for letter, size in (("q", width), ("k", width), ("v", width), ("o", z)):
                found |= linear(f"{pool}.{place}.mab.fc_{letter}", z, size)
        found |= linear(f"{pool}.dec.1", z, z)
    return found | linear("set_fc.0", z, 512)


def joint_shapes(inputs: int, hidden: int) -> Shapes:
    return linear("pred_fc.0", hidden, inputs) | linear("pred_fc.2", 1, hidden)


def graph_shapes(hidden: int, width: int = 144) -> Shapes:
    found: Shapes = {}
    for number, inputs in enumerate([7, width, width, width]):
        found |= {f"gcn.{number}.weight1": (inputs, width), f"gcn.{number}.weight2": (inputs, width)}
    found |= linear("fc1", 128, width, bias=False)
    found |= linear("timeEmb1", 4 * width, width) | linear("timeEmb2", width, 4 * width)
    return found | set_shapes() | joint_shapes(56 + 128, hidden)


def chain_shapes() -> Shapes:
    found = (
        transformer_shapes(9, 2, 32) | linear("regeress.linears.0", 360, 180) | linear("regeress.linears.1", 360, 360)
    )
    return found | set_shapes() | joint_shapes(56 + 360, 512)


def ranking_shapes(vertices: int, kinds: int, width: int = 512) -> Shapes:
    found: Shapes = {}
    for cell in ("grue_forward", "grue_backward"):
        found |= {f"{cell}.weight_ih": (3 * width, kinds), f"{cell}.weight_hh": (3 * width, width)}
        found |= {f"{cell}.bias_ih": (3 * width,), f"{cell}.bias_hh": (3 * width,)}
    found |= linear("fc1", 56, width) | linear("fc2", 56, width)
    for name, bias in (
        ("gate_forward", True),
        ("gate_backward", True),
        ("mapper_forward", False),
        ("mapper_backward", False),
    ):
        found |= linear(f"{name}.0", width, width + vertices, bias)
    found |= linear("hv_unify.0", width, 2 * width) | linear("hg_unify.0", width, 2 * width)
    return found | set_shapes() | joint_shapes(112, 512)


NETWORKS: dict[str, tuple[Shapes, int, int]] = {  # shapes, and how many parameters and tensors the official code counts
    "A": (transformer_shapes(7, 12, 128), 3_989_575, 228),
    "B": (graph_shapes(32), 505_865, 73),
    "B2": (graph_shapes(512), 595_145, 73),
    "C": (ranking_shapes(8, 7), 4_020_361, 82),
    "D": (transformer_shapes(9, 12, 128), 3_992_777, 228),
    "E": (chain_shapes(), 774_866, 112),
    "F": (ranking_shapes(22, 29), 4_116_617, 82),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_lists_have_as_many_tensors_and_parameters_as_the_official_networks(name):
    shapes, parameters, tensors = NETWORKS[name]
    assert (sum(map(math.prod, shapes.values())), len(shapes)) == (parameters, tensors)


def random_weights(shapes: Shapes, seed: int = 0) -> Weights:
    """Weights at which every part of the network shows in its output: no part is drowned, no tanh is saturated."""
    generator, found = Generator().manual_seed(seed), {}
    gains = {"intra_setpool": 0.7, "inter_setpool": 0.7, "pred_fc": 0.7, "gcn": 3.0}
    for name, shape in shapes.items():
        fan = shape[0] if name.startswith("gcn") else shape[-1]
        if len(shape) > 1:
            gain = 4.0 if "fc_k" in name else gains.get(name.split(".")[0], 1.5)
            found[name] = gain * torch.randn(shape, generator=generator) / math.sqrt(fan)
        else:
            found[name] = 0.2 * torch.randn(shape, generator=generator) + (
                1.0 if "norm" in name and "weight" in name else 0
            )
    return found


# ---------------------------------------------------------------------- files


class ConfigDict:
    """What ``ml_collections`` pickles: an object whose state has these keys."""

    def __init__(self, **fields: Any):
        self.__dict__ |= {"_fields": fields, "_locked": False, "_type_safe": True, "_convert_dict": True}


class Graph:
    """What ``igraph`` pickles."""

    def __init__(self, *parts: Any):
        self.parts = parts

    def __reduce__(self):
        return Graph, (8, [(0, 1), (1, 2)], True, {}, {"type": list(range(8))}, {}), {}


@pytest.fixture(autouse=True)
def official_modules(monkeypatch):
    """The classes can be pickled under the names that the released files have."""
    for module, cls in (("ml_collections.config_dict.config_dict", ConfigDict), ("igraph", Graph)):
        fake = types.ModuleType(module)
        monkeypatch.setattr(cls, "__module__", module)
        setattr(fake, cls.__name__, cls)
        parts = module.split(".")
        for end in range(1, len(parts)):
            monkeypatch.setitem(sys.modules, ".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
        monkeypatch.setitem(sys.modules, module, fake)


def config(space: str, *, predictor: bool = False, sigma_max: float = 5.0, **model: Any) -> ConfigDict:
    """A configuration as the shipped ones are, with much of what nobody needs."""
    small = space == "nasbench201"
    sizes: dict[str, Any] = {"n_layers": 12, "d_model": 64, "n_head": 8, "d_ff": 128, "dropout": 0.1}
    if predictor:
        sizes = {"gcn_hidden": 144, "gcn_layers": 4} if small else {**sizes, "n_layers": 2, "n_head": 2, "d_ff": 32}
    meta = {"input_type": "DA", "hs": 512, "nz": 56, "num_sample": 20} if predictor else {"pos_enc_type": 2}
    model = {
        "nonlinearity": "swish",
        "sigma_min": 0.1,
        "sigma_max": sigma_max,
        "beta_min": 0.1,
        "beta_max": 5.0,
        **meta,
        **model,
    }
    ops, nodes, algorithm = (7, 8, "floyd") if small else (9, 20, "none")
    return ConfigDict(
        seed=42,
        device=torch.device("cuda:0"),
        exp_name=None,
        training=ConfigDict(sde="vesde", continuous=True, batch_size=256),
        sampling=ConfigDict(predictor="euler_maruyama", corrector="langevin", snr=0.16),
        data=ConfigDict(centered=True, n_vocab=ops, max_node=nodes, aug_mask_algo=algorithm, label_list=["meta-acc"]),
        model=ConfigDict(graph_encoder=ConfigDict(**sizes, n_vocab=ops), num_scales=1000, **model),
    )


def set_field(settings: ConfigDict, name: str, value: Any) -> ConfigDict:
    *sections, last = name.split(".")
    part: Any = settings
    for section in sections:
        part = vars(part)["_fields"][section]
    if value is None:
        del vars(part)["_fields"][last]
    else:
        vars(part)["_fields"][last] = value
    return settings


def score_content(name: str, settings: ConfigDict | None = None, seed: int = 0) -> dict[str, Any]:
    """A score checkpoint whose last weights differ from the averaged ones, ``random_weights(shapes, seed)``."""
    shapes, space = NETWORKS[name][0], {"A": "nasbench201", "D": "mobilenetv3"}[name]
    average = random_weights(shapes, seed)
    return {
        "optimizer": {"state": {0: {"step": 3, "exp_avg": torch.ones(64, 7)}}, "param_groups": [{"lr": 2e-5}]},
        "model": {key: torch.zeros(shape) for key, shape in shapes.items()},
        "ema": {"decay": 0.9999, "num_updates": 7, "shadow_params": list(average.values())},
        "step": 250_000,
        "config": settings or config(space, sigma_max=5.0 if name == "A" else 1.0),
    }


def predictor_content(name: str, settings: ConfigDict | None = None, seed: int = 0) -> dict[str, Any]:
    space = "mobilenetv3" if name == "E" else "nasbench201"
    weights = random_weights(NETWORKS[name][0], seed)
    return {"optimizer": {}, "model": weights, "step": 10_000, "config": settings or config(space, predictor=True)}


@pytest.fixture
def written(tmp_path):
    """``written(content, name)``: a file of ``torch.save``."""

    def write(content: Any, name: str = "checkpoint.pth.tar", *, zipped: bool = True) -> Path:
        path = tmp_path / name
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        return path

    return write


def imported(path: Path, kind: str, module: str, **options: Any) -> Any:
    """The network that a file becomes, read back from what was written."""
    found = import_official(path, path.parent / "official", **options)
    assert len(found.files) == 1
    return load(found.files[0], kind=kind, space=found.space).modules[module]


# ---------------------------------------------------------------------- the formulas once more


def affine(w: Weights, name: str, x: Tensor) -> Tensor:
    return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", torch.zeros(()))


def normed(w: Weights, name: str, x: Tensor) -> Tensor:
    spread = (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    return (x - x.mean(-1, keepdim=True)) / spread * w[f"{name}.weight"] + w[f"{name}.bias"]


def elu(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, x.exp() - 1)


def time_features(w: Weights, sigma: Tensor, width: int) -> Tensor:
    half = width // 2
    angles = torch.stack([sigma * 10_000 ** (-k / (half - 1)) for k in range(half)], dim=1)
    hidden = affine(w, "timeEmb1", torch.cat([angles.sin(), angles.cos()], dim=1))
    return affine(w, "timeEmb2", hidden / (1 + (-hidden).exp()))


def sinusoids(place: list[int], width: int = 64) -> Tensor:
    rows = [[p / 10_000 ** (2 * (d // 2) / width) for d in range(width)] for p in place]
    return torch.tensor([[math.cos(a) if d % 2 else math.sin(a) for d, a in enumerate(row)] for row in rows])


def transformer(
    w: Weights, x: Tensor, sigma: Tensor, edges: set[tuple[int, int]], heads: int, place: list[int] | None
) -> Tensor:
    """Of each node: the MLP over the normed outputs of all blocks."""
    batch, nodes, _ = x.shape
    h = 8 * affine(w, "opEmb.fc", x) + time_features(w, sigma, 64)[:, None]
    if place is not None:
        h = h + sinusoids(place)
    outputs, number, size = [], 0, 64 // heads
    while f"graph_encoder.encoder_f.norms.{number}.weight" in w:
        layer = f"graph_encoder.encoder_f.layers.{number}"
        seen = normed(w, f"{layer}.self_attn.norm", h)
        q, k, v = (affine(w, f"{layer}.self_attn.attn.linears.{index}", seen) for index in range(3))
        mixed = torch.zeros(batch, nodes, 64)
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            for i in range(nodes):
                after = [j for j in range(nodes) if (i, j) in edges]
                if after:
                    logits = torch.stack([(q[:, i, part] * k[:, j, part]).sum(-1) for j in after]) / math.sqrt(size)
                    shares = logits.exp() / logits.exp().sum(0)
                else:  # nowhere to look: everywhere alike
                    after = list(range(nodes))
                    shares = torch.full((nodes, batch), 1 / nodes)
                mixed[:, i, part] = sum(share[:, None] * v[:, j, part] for share, j in zip(shares, after, strict=True))
        h = h + affine(w, f"{layer}.self_attn.attn.linears.3", mixed)
        seen = normed(w, f"{layer}.feed_forward.norm", h)
        inner = affine(w, f"{layer}.feed_forward.feed_forward.w_1", seen).clamp_min(0)
        h = h + affine(w, f"{layer}.feed_forward.feed_forward.w_2", inner)
        outputs.append(normed(w, f"graph_encoder.encoder_f.norms.{number}", h))
        number += 1
    inner = elu(affine(w, "final.linears.0", torch.cat(outputs, dim=-1)))
    return affine(w, "final.linears.2", elu(affine(w, "final.linears.1", inner)))


def mab(w: Weights, name: str, x: Tensor, y: Tensor) -> Tensor:
    """For one set: x (n, p), y (m, q) -> (n, 56)."""
    q, k, v = affine(w, f"{name}.fc_q", x), affine(w, f"{name}.fc_k", y), affine(w, f"{name}.fc_v", y)
    heads = []
    for part in torch.arange(56).chunk(4):
        logits = q[:, part] @ k[:, part].T / math.sqrt(56)
        heads.append(q[:, part] + logits.softmax(1) @ v[:, part])
    h = torch.cat(heads, dim=1)
    return h + affine(w, f"{name}.fc_o", h).clamp_min(0)


def pooled(w: Weights, name: str, x: Tensor) -> Tensor:
    for index in range(2):
        x = mab(w, f"{name}.enc.{index}.mab", x, x)
    return affine(w, f"{name}.dec.1", mab(w, f"{name}.dec.0.mab", w[f"{name}.dec.0.S"][0], x))[0]


def dataset_vector(w: Weights, features: Tensor) -> Tensor:
    return pooled(w, "inter_setpool", torch.stack([pooled(w, "intra_setpool", images) for images in features]))


def joined(w: Weights, d: Tensor, a: Tensor) -> Tensor:
    return affine(w, "pred_fc.2", affine(w, "pred_fc.0", torch.cat([d.expand(len(a), -1), a], dim=1)).tanh())[:, 0]


def graph_predictor(w: Weights, x: Tensor, sigma: Tensor, edges: set[tuple[int, int]], d: Tensor) -> Tensor:
    arrows = torch.tensor([[float((i, j) in edges or i == j) for j in range(8)] for i in range(8)])
    arrows = arrows / arrows.sum(1, keepdim=True)
    back = arrows.T / arrows.T.sum(1, keepdim=True)
    for number in range(4):
        first, second = w[f"gcn.{number}.weight1"], w[f"gcn.{number}.weight2"]
        x = torch.stack([((arrows @ h @ first).clamp_min(0) + (back @ h @ second).clamp_min(0)) / 2 for h in x])
    return joined(w, d, affine(w, "fc1", x.mean(1) + time_features(w, sigma, 144)))


def chain_predictor(w: Weights, x: Tensor, sigma: Tensor, d: Tensor) -> Tensor:
    nodes = transformer(w, x, sigma, set(pairwise(range(20))), 2, None)
    read = affine(w, "regeress.linears.1", elu(affine(w, "regeress.linears.0", nodes.flatten(1))))
    return joined(w, d, read)


def gru(w: Weights, name: str, x: Tensor, h: Tensor) -> Tensor:
    own = (x @ w[f"{name}.weight_ih"].T + w[f"{name}.bias_ih"]).chunk(3, dim=-1)
    past = (h @ w[f"{name}.weight_hh"].T + w[f"{name}.bias_hh"]).chunk(3, dim=-1)
    reset, keep = (own[0] + past[0]).sigmoid(), (own[1] + past[1]).sigmoid()
    return (1 - keep) * (own[2] + reset * past[2]).tanh() + keep * h


def ranking_predictor(w: Weights, types: Tensor, edges: set[tuple[int, int]], d: Tensor) -> Tensor:
    """One architecture at a time."""
    vectors = []
    for graph in types:
        count, ends = len(graph), []
        for direction, order in (("forward", range(count)), ("backward", range(count - 1, -1, -1))):
            states: dict[int, Tensor] = {}
            for v in order:
                h = torch.zeros(512)
                for u in order:
                    if u in states and ((u, v) if direction == "forward" else (v, u)) in edges:
                        told = torch.cat([states[u], torch.eye(count)[u]])
                        gate = affine(w, f"gate_{direction}.0", told).sigmoid()
                        h = h + gate * affine(w, f"mapper_{direction}.0", told)
                states[v] = gru(w, f"grue_{direction}", graph[v], h)
            ends.append(states[order[-1]])
        vectors.append(affine(w, "fc1", affine(w, "hg_unify.0", torch.cat(ends))))
    return joined(w, d, torch.stack(vectors))


CELL = {(0, 1), (0, 2), (0, 3), (1, 4), (1, 5), (2, 6), (3, 7), (4, 6), (5, 7), (6, 7)}
CLOSED = {(0, j) for j in range(1, 8)} | {
    (1, 4),
    (1, 5),
    (1, 6),
    (1, 7),
    (2, 6),
    (2, 7),
    (3, 7),
    (4, 6),
    (4, 7),
    (5, 7),
    (6, 7),
}
CHAIN = set(pairwise(range(20)))


def edges_of(mask: Tensor) -> set[tuple[int, int]]:
    return {(i, j) for i, j in mask.nonzero().tolist()}


def noisy(space: str, count: int = 3, seed: int = 5) -> tuple[Tensor, Tensor]:
    owner, generator = spaces[space](), Generator().manual_seed(seed)
    x = centre(owner.encode(owner.sample(count, generator)))
    return x + 0.7 * torch.randn(x.shape, generator=generator), torch.tensor([0.1, 0.9, 4.5])[:count]


def close(found: Tensor, wanted: Tensor) -> bool:
    """Equal but for rounding, as measured by how much the values differ among each other."""
    return float((found - wanted).abs().max()) < 1e-3 * float(wanted.std())


# ---------------------------------------------------------------------- parity


def test_legacy_masks():
    cell, chain = spaces["nasbench201"](), spaces["mobilenetv3"]()
    assert edges_of(legacy_mask(cell, "floyd")) == edges_of(legacy_mask(cell, "none")) == CELL
    assert edges_of(legacy_mask(cell, "floyed")) == CLOSED
    assert edges_of(legacy_mask(chain, "none")) == CHAIN
    own = edges_of(cell.adjacency)
    swap = {3: 4, 4: 3}
    assert {(swap.get(i, i), swap.get(j, j)) for i, j in CELL} == own != CELL
    assert edges_of(vertex_graph(cell)) == {*pairwise(range(8)), (1, 3), (1, 5), (2, 6), (3, 6)}
    assert edges_of(vertex_graph(chain)) == set(pairwise(range(22)))
    with pytest.raises(OfficialError, match="'long_range'"):
        legacy_mask(cell, "long_range")


@pytest.mark.parametrize("closure", [False, True])
def test_score_network_of_nasbench201(written, closure):
    network = imported(written(score_content("A", seed=1)), "score", "score", closure=closure)
    x, sigma = noisy("nasbench201")
    w = random_weights(NETWORKS["A"][0], 1)
    assert close(network(x, sigma), transformer(w, x, sigma, CLOSED if closure else CELL, 8, list(range(8))))


def test_places_are_left_out_where_the_configuration_says_so(written):
    settings = config("nasbench201", pos_enc_type=1)
    network = imported(written(score_content("A", settings)), "score", "score")
    x, sigma = noisy("nasbench201")
    assert close(network(x, sigma), transformer(random_weights(NETWORKS["A"][0]), x, sigma, CELL, 8, None))


def test_score_network_of_mobilenetv3(written):
    settings = config("mobilenetv3", sigma_max=1.0, pos_enc_type=4)  # which the official code does not look at
    network = imported(written(score_content("D", settings)), "score", "score")
    x, sigma = noisy("mobilenetv3")
    wanted = transformer(random_weights(NETWORKS["D"][0]), x, sigma, CHAIN, 8, [0, 1, 2, 3] * 5)
    assert close(network(x, sigma), wanted)


def features_of(classes: int, images: int) -> Tensor:
    """Classes that differ, and images in them."""
    generator = Generator().manual_seed(9)
    common = torch.randn(classes, 1, 512, generator=generator)
    return (common + torch.randn(classes, images, 512, generator=generator)).relu()


FEATURES = features_of(3, 20)


@pytest.mark.parametrize("name", ["B", "B2"])
@pytest.mark.parametrize("closure", [False, True])
def test_noise_aware_predictor_of_nasbench201(written, name, closure):
    path = written(predictor_content(name))
    network = imported(path, "meta_predictor", "guidance", closure=closure)
    w = random_weights(NETWORKS[name][0])
    context = network.encoder(FEATURES)
    assert close(context, dataset_vector(w, FEATURES))
    x, sigma = noisy("nasbench201")
    wanted = graph_predictor(w, x, sigma, CLOSED if closure else CELL, dataset_vector(w, FEATURES))
    assert close(network(x, sigma, context.expand(3, -1)), wanted)


def test_noise_aware_predictor_of_mobilenetv3(written):
    network = imported(written(predictor_content("E")), "meta_predictor", "guidance")
    w = random_weights(NETWORKS["E"][0])
    context = network.encoder(FEATURES)
    x, sigma = noisy("mobilenetv3")
    assert close(network(x, sigma, context.expand(3, -1)), chain_predictor(w, x, sigma, dataset_vector(w, FEATURES)))


def test_ranking_predictor_of_nasbench201(written):
    path = written(random_weights(NETWORKS["C"][0]), "unnoised_checkpoint.pth.tar")
    network = imported(path, "meta_predictor", "ranking")
    space, w = spaces["nasbench201"](), random_weights(NETWORKS["C"][0])
    types = vertex_types(space, space.sample_ops(3, Generator().manual_seed(0)))
    edges = {*pairwise(range(8)), (1, 3), (1, 5), (2, 6), (3, 6)}
    context = network.encoder(FEATURES)
    wanted = ranking_predictor(w, types, edges, dataset_vector(w, FEATURES))
    assert close(network(types, context.expand(3, -1)), wanted)


def test_ranking_predictor_of_mobilenetv3(written):
    path = written(random_weights(NETWORKS["F"][0]), "ckpt_max_corr.pt")
    network = imported(path, "meta_predictor", "ranking")
    space, w = spaces["mobilenetv3"](), random_weights(NETWORKS["F"][0])
    ops = space.sample_ops(3, Generator().manual_seed(0))
    types = vertex_types(space, ops, Generator().manual_seed(1))
    context = network.encoder(FEATURES)
    wanted = ranking_predictor(w, types, set(pairwise(range(22))), dataset_vector(w, FEATURES))
    assert close(network(types, context.expand(3, -1)), wanted)


def test_vertex_types_of_mobilenetv3():
    space = spaces["mobilenetv3"]()
    arch = space.parse(
        "_".join(["2-3-3", "2-7-6", "0-0-0", "0-0-0", *["4-5-4"] * 4] + ["2-3-3", "2-3-3", *["0-0-0"] * 2] * 3)
    )
    ops = torch.tensor([arch.ops])
    types = vertex_types(space, ops)[0]
    assert types.shape == (22, 29) and torch.allclose(types.sum(1), torch.ones(22))
    assert types[0, 0] == types[21, 1] == 1
    assert types[1, 2] == types[2, 2 + 8] == types[5, 2 + 18 + 4] == 1  # 9 (d - 2) + 3 kernel + expansion
    assert torch.allclose(types[3, 2:], torch.full((27,), 1 / 27)) and float(types[3, :2].sum()) == 0
    drawn = [vertex_types(space, ops, Generator().manual_seed(seed))[0] for seed in (0, 0, 1)]
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[1], drawn[2])
    assert all(int(table.max(1).values.sum()) == 22 for table in drawn)
    assert torch.equal(drawn[0][1], types[1])


# ---------------------------------------------------------------------- what is kept


def test_what_a_score_checkpoint_becomes(written, tmp_path):
    path = written(score_content("D"), "model_best.pth.tar")
    found = import_official(path, tmp_path / "new" / "folder")
    assert [file.name for file in found.files] == ["mobilenetv3-official-score.safetensors"]
    assert sorted(file.name for file in found.files[0].parent.iterdir()) == [found.files[0].name]
    assert (found.what, found.space) == ("score network", "mobilenetv3")
    assert set(found.left_out) == {"optimizer", "model"}
    header = read_header(found.files[0])
    assert header["kind"] == "score" and header["extra"]["prediction"] == "score"
    assert header["extra"]["sde"] == {"type": "ve", "sigma_min": 0.1, "sigma_max": 1.0, "t_min": 1e-5, "t_max": 1.0}
    assert header["extra"]["legacy"] == {"adjacency": True, "mask": "none"}
    official = header["extra"]["official"]
    assert (official["step"], official["file"], len(official["sha256"])) == (250_000, "model_best.pth.tar", 64)
    assert official["config"]["device"] == "cuda:0" and official["config"]["sampling"]["corrector"] == "langevin"
    sizes = header["modules"]["score"]["config"]
    assert sizes["heads"] == 8 and sizes["head"] == 1536 and sizes["period"] == 4
    tensors = load_file(found.files[0])
    assert len(tensors) == 228 + 1 and "score/trunk.mask" in tensors


def test_what_predictors_become(written, tmp_path):
    found = import_official(written(predictor_content("B")), tmp_path)
    assert found.files[0].name == "nasbench201-official-guidance.safetensors"
    assert "set_fc" in found.left_out
    extra = read_header(found.files[0])["extra"]
    assert extra["labels"] == {"mean": 71.572, "spread": 6.693} and extra["sde"]["sigma_max"] == 5.0
    found = import_official(written(random_weights(NETWORKS["F"][0])), tmp_path)
    assert found.files[0].name == "mobilenetv3-official-ranking.safetensors"
    assert "fc2, hv_unify, set_fc" in found.left_out
    assert "labels" not in read_header(found.files[0])["extra"]


def test_a_score_checkpoint_without_average_and_with_a_prefix(written):
    content = score_content("A")
    weights = random_weights(NETWORKS["A"][0], 3)
    content["model"] = {f"module.{name}": value for name, value in weights.items()}
    del content["ema"]
    path = written(content)
    assert "no moving average" in import_official(path, path.parent / "x").kept["weights"]
    x, sigma = noisy("nasbench201", 2)
    network = imported(path, "score", "score")
    assert close(network(x, sigma), transformer(weights, x, sigma, CELL, 8, list(range(8))))


def test_the_format_before_torch_1_6_gives_the_same(written, tmp_path):
    files = []
    for zipped in (True, False):
        path = written(predictor_content("B"), zipped=zipped)
        files.append(import_official(path, tmp_path / str(zipped)).files[0])
    assert all(torch.equal(value, load_file(files[1])[name]) for name, value in load_file(files[0]).items())


def test_other_noise_processes(written):
    settings = set_field(config("nasbench201", beta_max=7.0), "training.sde", "vpsde")
    path = written(score_content("A", settings))
    found = import_official(path, path.parent)
    extra = read_header(found.files[0])["extra"]
    assert extra["sde"]["type"] == "vp" and extra["sde"]["beta_max"] == 7.0 and extra["prediction"] == "noise"
    bundle = ModelStore().bundle("nasbench201", checkpoint=str(found.files[0]))
    x, t = noisy("nasbench201", 2)[0], torch.tensor([0.2, 0.9])
    sde = bundle.sde("vp")
    assert sde == VP(0.1, 7.0)
    network: Any = bundle.score.modules["score"]
    assert torch.allclose(bundle.score_fn(sde)(x, t), -network(x, 999 * t) / sde.marginal(t)[1][:, None, None])


# ---------------------------------------------------------------------- use


@pytest.mark.parametrize(("name", "space", "sigma_max"), [("A", "nasbench201", 20.0), ("D", "mobilenetv3", 1.0)])
def test_generate_with_an_imported_score_network(written, capsys, name, space, sigma_max):
    path = written(score_content(name, config(space, sigma_max=sigma_max)))
    assert main(["import-official", str(path), "--out", str(path.parent), "--space", space]) == 0
    printed = capsys.readouterr().out
    file = path.parent / f"{space}-official-score.safetensors"
    assert f"sigma_max {sigma_max}" in printed and "left out, optimizer" in printed and str(file) in printed
    quick = [
        "--samples",
        "2",
        "--steps",
        "2",
        "--sampler",
        "euler_maruyama",
        "--device",
        "cpu",
        "--guidance-scale",
        "0",
    ]
    assert main(["generate", "--space", space, "--checkpoint", str(file), *quick, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["requested"], data["nfe"], data["space"]) == (2, 2, space)
    sde = ModelStore().bundle(space, checkpoint=str(file)).sde("ve")
    assert sde == VE(0.1, sigma_max)


def test_a_run_asks_the_network_at_the_noise_it_was_trained_at(written):
    path = written(score_content("A", config("nasbench201", sigma_max=20.0)))
    file = import_official(path, path.parent).files[0]
    bundle = ModelStore().bundle("nasbench201", checkpoint=str(file))
    x, t = noisy("nasbench201", 2)[0], torch.tensor([0.2, 1.0])
    sigma = 0.1 * 200**t
    wanted = transformer(random_weights(NETWORKS["A"][0]), x, sigma, CELL, 8, list(range(8)))
    assert close(bundle.score_fn(bundle.sde("ve"))(x, t), wanted)


def test_an_imported_score_network_refuses_other_spaces_and_noise_processes(written):
    path = written(score_content("A"))
    file = str(import_official(path, path.parent).files[0])
    with pytest.raises(CheckpointError, match="belongs to search space 'nasbench201'; wanted: 'mobilenetv3'"):
        ModelStore().bundle("mobilenetv3", checkpoint=file)
    settings = RunSettings(checkpoint=file, sde="vp", samples=2, steps=1, guidance_scale=0.0, device="cpu")
    with pytest.raises(ValueError, match="sde is 'vp'; the score network was trained for one noise process: ve"):
        run(settings)


def test_imported_predictors_guide(written, tmp_path):
    out = tmp_path / "out"
    bylabel = {0: [torch.rand(25, 512)], 1: [torch.rand(20, 512)]}
    features = Features.load(import_official(written(bylabel, "cifar10bylabel.pt"), out).files[0])
    network: Any = imported(written(predictor_content("B2")), "meta_predictor", "guidance")
    drawn = features.draw(Generator().manual_seed(0))
    assert drawn.shape == (2, 20, 512)
    sde = VE()
    model = OfficialPropertyModel(network, sde, network.encoder(drawn), 71.572, 6.693)
    x, t = noisy("nasbench201", 2)[0], torch.tensor([0.1, 0.9])
    raw = network(x, sde.marginal(t)[1], network.encoder(drawn).expand(2, -1))
    assert torch.allclose(model(x, t), 71.572 + 669.3 * raw)
    found = generate(
        GuidedScore(lambda x, t: torch.zeros_like(x), model, 1.0),
        sde,
        spaces["nasbench201"](),
        samplers["euler_maruyama"](num_steps=2),
        GenerateConfig(2),
    )
    assert bool(found.x.isfinite().all())


def test_the_example_of_the_documentation_works(written, monkeypatch):
    text = (Path(__file__).parents[1] / "docs" / "official.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    out = written(predictor_content("B")).parent / "official"
    import_official(out.parent / "checkpoint.pth.tar", out)
    import_official(written({0: [FEATURES[0]], 1: [FEATURES[1]]}, "cifar10bylabel.pt"), out)
    monkeypatch.chdir(out.parent)
    names: dict[str, Any] = {}
    exec(example, names)
    assert names["model"](noisy("nasbench201")[0], torch.tensor([0.1, 0.5, 1.0])).shape == (3,)


def test_features_are_drawn_class_by_class(written, tmp_path):
    bylabel = {1: [torch.full((21, 512), 1.0) + torch.arange(21)[:, None]], 0: [torch.zeros(30, 512)]}
    features = Features.load(import_official(written(bylabel, "petsbylabel.pt"), tmp_path).files[0])
    drawn = features.draw(Generator().manual_seed(0), classes=[1, 0])
    assert float(drawn[1].abs().max()) == 0 and len(drawn[0, :, 0].unique()) == 20
    assert torch.equal(drawn, features.draw(Generator().manual_seed(0), classes=[1, 0]))
    with pytest.raises(ValueError, match="class 1 has 21 images; allowed: 22 or more"):
        features.draw(Generator(), images=22)
    other = tmp_path / "other.npz"
    np.savez(other, x=np.ones(2))
    with pytest.raises(OfficialError, match=r"other\.npz holds no image features"):
        Features.load(other)
    np.savez(other, features=np.ones((2, 512)), label=np.ones(3))
    with pytest.raises(OfficialError, match=r"other\.npz has features \(2, 512\), labels \(3,\)"):
        Features.load(other)


# ---------------------------------------------------------------------- predictors in runs


@dataclass(frozen=True)
class Release:
    """Imported files, as the command line wants them, and the weights that went in."""

    guidance: str
    ranking: str
    features: str
    drawn: FeatureSet
    w_guidance: Weights
    w_ranking: Weights


@pytest.fixture
def release(written, tmp_path, monkeypatch) -> Release:
    """A noise-aware and a ranking predictor of NAS-Bench-201, and features of CIFAR-10 for two draws."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    out = tmp_path / "official"
    bylabel = {label: [images] for label, images in enumerate(features_of(10, 41))}
    contents: tuple[Any, ...] = (predictor_content("B2"), random_weights(NETWORKS["C"][0]), bylabel)
    names = ("checkpoint.pth.tar", "unnoised_checkpoint.pth.tar", "cifar10bylabel.pt")
    files = [
        import_official(written(content, name), out).files[0] for content, name in zip(contents, names, strict=True)
    ]
    drawn = read_features(str(files[2]))
    guidance, ranking, features = map(str, files)
    return Release(guidance, ranking, features, drawn, contents[0]["model"], contents[1])


SMALL: dict[str, Any] = {"samples": 4, "steps": 2, "device": "cpu", "guidance": "first_order"}
GENTLY = ["--steps", "6", "--guidance-scale", "0.0008"]  # random weights have large gradients
QUICK = ["--samples", "4", "--steps", "2", "--device", "cpu", "--format", "json"]


def told(release: Release, predictor: str, dataset: str = "cifar10", **settings: Any) -> ModelBundle:
    given = RunSettings(
        dataset=dataset,
        predictor=predictor,
        features=keep(release.drawn),
        **{**SMALL, "guidance_scale": 0.0, **settings},
    )
    return bundle_of(given, ModelStore(), torch.device("cpu"))


def test_features_hold_whole_draws_of_every_class(release):
    assert release.drawn.features.shape == (10, 40, 512) and release.drawn.name == "cifar10"
    assert (release.drawn.extractor, release.drawn.class_names[3]) == ("resnet18", "3")
    assert read_features(keep(release.drawn)).name == "cifar10"
    many = Features(torch.zeros(2 * 250, 512), torch.arange(2).repeat_interleave(250))
    assert many.feature_set("x").features.shape == (2, 200, 512)


@pytest.mark.parametrize("sde", [VE(), VE(0.1, 20.0), VP()])
def test_guidance_of_an_imported_predictor_is_the_gradient_of_the_official_formula(release, sde):
    bundle = told(release, release.guidance)
    x, _ = noisy("nasbench201")
    t = torch.tensor([0.1, 0.6, 1.0])
    alpha, sigma = (part[:, None, None] for part in sde.marginal(t))
    found = gradient(bundle.property_fn("cifar10", sde), x, t)
    d = dataset_vector(release.w_guidance, release.drawn.features[:, :20])
    leaf = x.clone().requires_grad_(True)
    value = 71.572 + 669.3 * graph_predictor(release.w_guidance, leaf / alpha, (sigma / alpha).flatten(), CELL, d)
    (wanted,) = torch.autograd.grad(value.sum(), leaf)
    assert close(found, wanted)
    assert bundle.spread("cifar10") == 6.693


def test_an_imported_predictor_of_another_process_is_asked_at_the_same_noise(written):
    settings = set_field(config("nasbench201", predictor=True), "training.sde", "vpsde")
    network = imported(written(predictor_content("B2", settings)), "meta_predictor", "guidance")
    own, context = VP(0.1, 5.0), network.encoder(FEATURES)
    clean, t = noisy("nasbench201")[0], torch.tensor([0.2, 0.5, 0.9])
    alpha, _ = own.marginal(t)
    run_time = VE().time_of(own.noise_level(t))  # where VE has as much noise
    asked = OfficialPropertyModel(network, VE(), context, trained=own)(clean, run_time)
    assert close(asked, OfficialPropertyModel(network, own, context)(clean * alpha[:, None, None], t))


def test_ranking_of_an_imported_predictor_is_the_mean_of_its_answers_to_every_draw(release, capsys, tmp_path):
    texts, ops = cells(4)
    path = tmp_path / "cells.txt"
    path.write_text("\n".join(texts))
    given = ["--dataset", "cifar10", "--predictor", release.ranking, "--features", release.features]
    rows = json.loads(out_of(capsys, "predict", *given, "--architectures", str(path), "--format", "json"))["candidates"]
    w, edges = release.w_ranking, {*pairwise(range(8)), (1, 3), (1, 5), (2, 6), (3, 6)}
    types = vertex_types(spaces["nasbench201"](), ops)
    draws = [dataset_vector(w, draw) for draw in release.drawn.features.split(20, dim=1)]
    outputs = torch.stack([ranking_predictor(w, types, edges, d) for d in draws])
    best_first = outputs.mean(0).argsort(descending=True).tolist()
    assert [row["architecture"] for row in rows] == [texts[index] for index in best_first]
    wanted = 71.572 + 669.3 * outputs[:, best_first]
    assert [row["predicted_accuracy_pct"] for row in rows] == pytest.approx(wanted.mean(0).tolist(), abs=0.01)
    assert [row["predicted_std_pct"] for row in rows] == pytest.approx(wanted.std(0).tolist(), abs=0.01)


def test_generate_with_two_imported_predictors(release, capsys):
    both = f"{release.guidance},{release.ranking}"
    given = ["generate", "--predictor", both, "--features", release.features, "--guidance", "first_order", *QUICK]
    data = json.loads(out_of(capsys, *given, "--dataset", "cifar10", "--guidance-scale", "14.94"))
    assert data["paper_scale"] == pytest.approx(10_000, abs=2)  # the official one
    own = json.loads(out_of(capsys, *given, *GENTLY))
    assert own["dataset"] == "custom-10" and own["candidates"][0]["predicted_accuracy_pct"] is not None


def test_what_an_imported_predictor_does_not_do_the_shipped_one_does(release):
    space = spaces["nasbench201"]()
    onehot = space.encode_ops(space.all_ops[::4000])
    shipped = ModelStore().bundle("nasbench201")
    guide, judge = told(release, release.guidance), told(release, release.ranking)
    assert torch.equal(guide.ranking("cifar10")(onehot)[0], shipped.ranking("cifar10")(onehot)[0])
    x, t = noisy("nasbench201")[0], torch.tensor([0.1, 0.5, 1.0])
    assert torch.equal(judge.property_fn("cifar10", VE(), 2.0)(x, t), shipped.property_fn("cifar10", VE(), 2.0)(x, t))
    assert judge.spread("cifar10") == shipped.spread("cifar10")


def test_for_a_dataset_of_ones_own_the_noise_aware_predictor_ranks_at_its_least_noise(release):
    space = spaces["nasbench201"]()
    onehot = space.encode_ops(space.all_ops[::4000])
    values, spread = told(release, release.guidance, "custom-10").ranking("custom-10")(onehot)
    d = dataset_vector(release.w_guidance, release.drawn.features[:, :20])
    sigma = VE().marginal(torch.full((len(onehot),), 1e-5))[1]
    assert close(values, 71.572 + 669.3 * graph_predictor(release.w_guidance, centre(onehot), sigma, CELL, d))
    assert not spread.any()


def test_a_ranking_predictor_alone_for_a_dataset_of_ones_own(release):
    settings = RunSettings(
        dataset="custom-10", predictor=release.ranking, features=keep(release.drawn), guidance_scale=0.0, **SMALL
    )
    result = run(settings, keep_frames=2)
    assert result.candidates[0].predicted_accuracy_pct is not None and result.paper_scale is None
    with pytest.raises(ValueError, match=r"only ranks and the shipped one does not know 'custom-10'.*--predictor A,B"):
        run(replace(settings, guidance_scale=1.0))


def test_imported_predictors_of_mobilenetv3_need_their_labels(written, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    features = keep(FeatureSet("mine", ("a", "b", "c"), FEATURES, "resnet18", 32))
    shapes = NETWORKS["F"][0]
    for content, name in ((predictor_content("E"), "model_best.pth.tar"), (random_weights(shapes), "ckpt_max_corr.pt")):
        out_of(capsys, "import-official", str(written(content, name)), "--out", str(tmp_path))
    files = [str(tmp_path / f"mobilenetv3-official-{role}.safetensors") for role in ("guidance", "ranking")]
    given = ["--space", "mobilenetv3", "--predictor", ",".join(files), "--features", features]
    run_it = ["generate", *given, "--guidance", "first_order", *QUICK]
    assert "does not say what accuracies it was trained with" in refused(capsys, *run_it)
    for name in ("model_best.pth.tar", "ckpt_max_corr.pt"):
        path = str(tmp_path / name)
        printed = out_of(capsys, "import-official", path, "--out", str(tmp_path), "--labels", "91.2,2.5")
        assert "labels: mean 91.2 and standard deviation 2.5" in printed
    data = json.loads(out_of(capsys, *run_it, *GENTLY))
    assert data["dataset"] == "custom-3" and data["paper_scale"] == 0.2
    space = spaces["mobilenetv3"]()
    archs = [space.parse(row["architecture"]) for row in data["candidates"]]
    types = vertex_types(space, torch.tensor([arch.ops for arch in archs]))
    wanted = ranking_predictor(
        random_weights(shapes), types, set(pairwise(range(22))), dataset_vector(random_weights(shapes), FEATURES)
    )
    found = [row["predicted_accuracy_pct"] for row in data["candidates"]]
    assert found == pytest.approx((91.2 + 250 * wanted).tolist(), abs=0.02)
    assert found == sorted(found, reverse=True)


def test_images_are_read_as_imported_predictors_read_them(release, tmp_path, monkeypatch, capsys):
    class Pixels(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((2, 3)).repeat(1, 171)[:, :512]

    monkeypatch.setattr(ResNet18, "missing", classmethod(lambda cls: None))
    monkeypatch.setattr("dnag.datasets.extractors.resnet18._network", Pixels)
    for name in ("red", "blue"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        Image.new("RGB", (40, 40), name).save(tmp_path / "pictures" / name / "0.png")
    given = ["generate", "--predictor", f"{release.guidance},{release.ranking}", "--guidance", "first_order", *QUICK]
    data = json.loads(out_of(capsys, *given, *GENTLY, "--images", str(tmp_path / "pictures")))
    assert data["dataset"] == "custom-2" and data["candidates"][0]["predicted_accuracy_pct"] is not None


def test_what_imported_predictors_refuse(release, tmp_path, capsys):
    both = f"{release.guidance},{release.ranking}"
    given = ["generate", "--dataset", "cifar10", "--predictor", both, *QUICK]
    with_features = [*given, "--features", release.features]
    text = refused(capsys, *given)
    assert "know cifar10 by features of its images alone" in text and "--features FILE" in text and "--images" in text
    assert "guidance is 'calibrated'; imported predictors allow: first_order, exact" in refused(capsys, *with_features)
    assert "features of 10 classes; dataset cifar100 has 100" in refused(
        capsys, *with_features, "--dataset", "cifar100"
    )
    assert "allowed: one of them" in refused(capsys, *with_features, "--images", "digits")
    assert "features is 'x.txt'; allowed: a file of encode" in refused(capsys, *given, "--features", "x.txt")
    assert "gone.npz" in refused(capsys, *given, "--features", str(tmp_path / "gone.npz"))
    twice = refused(capsys, *with_features, "--predictor", f"{release.ranking},{release.ranking}")
    assert "are both for ranking; allowed: one imported predictor that guides, one that ranks" in twice
    other = FeatureSet("x", tuple("abcdefghij"), torch.zeros(10, 20, 1280), "efficientnet_lite0", 128)
    text = refused(capsys, *given, "--features", keep(other))
    assert "features of efficientnet_lite0, 1280 wide; imported predictors read: resnet18, 512 wide" in text
    for labels in ("91", "91,0", "x,2", "91,2,3", "nan,1"):
        text = refused(capsys, "import-official", release.guidance, "--labels", labels)
        assert text == f"dnag: labels is '{labels}'; allowed: MEAN,SPREAD in percent, such as 71.572,6.693"


def test_a_score_network_has_no_labels(written):
    assert "has no labels; allowed with labels: predictors" in refusal(written(score_content("A")), labels=(90.0, 2.0))


# ---------------------------------------------------------------------- tables


def cells(count: int) -> tuple[list[str], Tensor]:
    space = spaces["nasbench201"]()
    ops = space.all_ops[torch.randperm(space.size, generator=Generator().manual_seed(2))[:count]]
    return [space.format(space.architecture(row)) for row in ops.tolist()], ops


def info_content(count: int = 40) -> dict[str, Any]:
    texts, ops = cells(count)
    values = {
        name: [50 + i / 7 + k for i in range(count)] for k, name in enumerate(("cifar10", "cifar100", "ImageNet16-120"))
    }
    values["cifar10-valid"] = [80.0] * count
    matrices = list(spaces["nasbench201"]().encode_ops(ops))
    return {
        "g": [Graph()] * count,
        "x": matrices,
        "matrix": [np.zeros((4, 4))] * count,
        "str": texts,
        "val-acc": values,
        "test-acc": {**values, "cifar100": [np.float64(value) for value in values["cifar100"]]},
        "flops": values,
        "params": values,
        "latency": values,
    }


def test_accuracies(written, tmp_path, monkeypatch):
    found = import_official(written(info_content(), "nasbench201_info.pt"), tmp_path / "data")
    assert (found.what, found.space) == ("accuracies", "nasbench201")
    assert {"g", "x", "matrix", "val-acc", "flops", "params", "latency", "test-acc of cifar10-valid"} == set(
        found.left_out
    )
    table = CsvTable.find(spaces["nasbench201"](), tmp_path / "data")
    assert table is not None and table.datasets == ("cifar10", "cifar100", "imagenet16-120")
    space = spaces["nasbench201"]()
    for number in (0, 7, 39):
        record = table.query(space.parse(cells(40)[0][number]), "cifar100")
        assert record is not None and record.accuracy_pct == pytest.approx(51 + number / 7, abs=1e-3)


def records_content(count: int = 30) -> dict[str, Any]:
    texts, ops = cells(count)
    few = [0.5] * count
    return {
        "acc": [60 + i / 3 for i in range(count)],
        "task": [i % 5 for i in range(count)],
        "g": [Graph()] * count,
        "x": list(spaces["nasbench201"]().encode_ops(ops)),
        "adj": [torch.ones(8, 8)] * count,
        **dict.fromkeys(("flops", "latency", "params"), few),
        "str": texts,
        "matrix": [[[0] * 4] * 4] * count,
    }


def test_meta_training_records(written, tmp_path):
    path = written(records_content(), "meta_train_tasks_predictor.pt")
    found = import_official(path, tmp_path / "out")
    assert {"classes of the tasks", "which records were kept for evaluation"} <= set(found.left_out)
    with np.load(found.files[0], allow_pickle=False) as arrays:
        assert set(arrays) == {"architecture", "accuracy_pct", "task"}
        assert arrays["architecture"].tolist() == cells(30)[0]
        assert arrays["accuracy_pct"][4] == pytest.approx(60 + 4 / 3) and arrays["task"].tolist() == [0, 1, 2, 3, 4] * 6


def test_meta_training_records_with_the_files_beside_them(written, tmp_path):
    written([torch.arange(20) + i for i in range(5)], "meta_train_task_lst.pt")
    written(torch.arange(29, -1, -1), "meta_train_tasks_predictor_idx.pt")
    path = written(records_content(), "meta_train_tasks_predictor.pt")
    found = import_official(path, tmp_path / "out")
    with np.load(found.files[0], allow_pickle=False) as arrays:
        assert arrays["task_classes"].shape == (5, 20) and arrays["task_classes"][3, 0] == 3
        assert bool(arrays["evaluation"].all())  # the first 400 of 30
    written([list(range(20))] * 4, "meta_train_task_lst.pt")
    with pytest.raises(OfficialError, match=r"meta_train_task_lst\.pt has 4 tasks; the records, more"):
        import_official(path, tmp_path / "out")
    written([list(range(20))] * 5, "meta_train_task_lst.pt")
    written([0] * 30, "meta_train_tasks_predictor_idx.pt")
    with pytest.raises(OfficialError, match=r"_idx\.pt is no permutation of the 30 records"):
        import_official(path, tmp_path / "out")
    path.with_name("meta_train_tasks_predictor_idx.pt").write_bytes(b"nothing")
    with pytest.raises(OfficialError, match=r"meta_train_tasks_predictor_idx\.pt beside it: no file of torch\.save"):
        import_official(path, tmp_path / "out")


@pytest.mark.parametrize("listed", [True, False])
def test_image_features(written, tmp_path, listed):
    parts = [torch.rand(4, 512), torch.rand(3, 512)]
    content = [[part] for part in parts] if listed else {number: [part] for number, part in enumerate(parts)}
    found = import_official(written(content, "imgnet32bylabel.pt"), tmp_path)
    assert found.files[0].name == "imgnet32-features.npz" and found.space is None
    with np.load(found.files[0], allow_pickle=False) as arrays:
        assert np.array_equal(arrays["features"], torch.cat(parts).numpy())
        assert arrays["label"].tolist() == [0] * 4 + [1] * 3


@pytest.mark.parametrize("listed", [True, False])
def test_networks_of_once_for_all(written, tmp_path, listed):
    space = spaces["mobilenetv3"]()
    ops = space.sample_ops(50, Generator().manual_seed(0))
    onehot = space.encode_ops(ops)
    stored = list(onehot) if listed else onehot
    content = {"x_none2zero": stored, "x": stored, "node_type": [[0] * 20] * 50, "net_setting": [{"d": [2] * 5}] * 50}
    found = import_official(written(content, "ofa_database_500000.pt"), tmp_path)
    assert found.space == "mobilenetv3" and set(found.left_out) == {"x", "node_type", "net_setting"}
    with np.load(found.files[0], allow_pickle=False) as arrays:
        assert np.array_equal(arrays["ops"], ops.numpy())


# ---------------------------------------------------------------------- what is refused


class Attack:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def refusal(path: Path, **options: Any) -> str:
    """The one error; nothing is written."""
    out = path.parent / "refused"
    with pytest.raises(OfficialError) as error:
        import_official(path, out, **options)
    assert not out.exists() or not list(out.iterdir())
    assert str(error.value).startswith(path.name)
    return str(error.value)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["config", "model", "step", "optimizer"])
def test_code_in_a_checkpoint_is_refused_and_not_run(written, tmp_path, zipped, place):
    made = tmp_path / "made"
    content = {**predictor_content("B"), place: Attack(os.mkdir, str(made))}
    path = written(content, zipped=zipped)
    message = refusal(path)
    assert (
        "asks for posix.mkdir; allowed: " in message and "ml_collections.config_dict.config_dict.ConfigDict" in message
    )
    assert not made.exists()
    torch.load(path, weights_only=False)  # the attack is real
    assert made.exists()


@pytest.mark.parametrize("function", [eval, getattr, torch.load, io.open, np.load, types.SimpleNamespace])
def test_no_other_name_is_admitted(written, function):
    assert "the file asks for" in refusal(written({"model": Attack(function, "x")}))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.0, 1e-5, 0.01, 0.5, 0.9, 0.999])
def test_truncated(written, zipped, share):
    path = written(predictor_content("B"), zipped=zipped)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert "damaged" in (message := refusal(path)) or "no file of torch.save" in message


def test_damaged_bytes(written):
    path = written(predictor_content("B"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    assert "damaged" in refusal(path)


def test_other_files(written, tmp_path):
    path = tmp_path / "other.pt"
    for content in (b"", b"text", b"\x80\x02.", pickle.dumps({"model": {}}), b"\0" * 5000):
        path.write_bytes(content)
        assert "no file of torch.save" in refusal(path)
    for data, described in (
        ({"model": {"x": torch.ones(1)}}, r"its weights (x) are of no official network"),
        ({"a": 1, "b": 2}, "a dictionary of 2 (a, b)"),
        ({}, "a dictionary of 0 (nothing)"),
        ([1, 2], "a list of 2"),
        (torch.ones(2), "a tensor of shape (2,)"),
        (config("nasbench201"), "a configuration alone"),
        (3, "but a int"),
    ):
        assert described in refusal(written(data, "other.pt"))
    with pytest.raises(FileNotFoundError):
        import_official(tmp_path / "gone.pt", tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "space"),
    [
        ("checkpoint.pth.tar", lambda: score_content("A"), "mobilenetv3"),
        ("model_best.pth.tar", lambda: predictor_content("E"), "nasbench201"),
        ("ckpt_max_corr.pt", lambda: random_weights(NETWORKS["F"][0]), "nasbench201"),
        ("nasbench201_info.pt", info_content, "mobilenetv3"),
    ],
)
def test_files_of_the_other_space(written, capsys, name, content, space):
    path = written(content(), name)
    assert "belongs to search space" in (message := refusal(path, space=space)) and f"wanted: {space!r}" in message
    assert main(["import-official", str(path), "--space", space, "--out", str(path.parent / "refused")]) == 2
    assert capsys.readouterr().err.strip() == f"dnag: {message}"


def score_refusal(written, *, change: Any = None, field: str = "", value: Any = None) -> str:
    settings = config("nasbench201")
    if field:
        set_field(settings, field, value)
    content = score_content("A", settings)
    if change is not None:
        change(content)
    return refusal(written(content))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model.nonlinearity", "relu", "model.nonlinearity = 'relu'; allowed: swish"),
        ("data.centered", False, "data.centered = False; allowed: True"),
        ("training.continuous", False, "training.continuous = False; allowed: True"),
        ("training.sde", "edm", "training.sde = 'edm'; allowed: vesde, vpsde, subvpsde"),
        ("training.sde", None, "training.sde = None; allowed: vesde"),
        ("model.sigma_max", None, "no finite number model.sigma_max"),
        ("model.sigma_max", math.inf, "no finite number model.sigma_max"),
        ("model.sigma_max", math.nan, "no finite number model.sigma_max"),
        ("model.sigma_max", 10**400, "no finite number model.sigma_max"),
        ("model.sigma_max", 0.05, "allowed: 0 < sigma_min < sigma_max"),
        ("model.graph_encoder.n_head", None, "no finite number model.graph_encoder.n_head"),
        ("model.graph_encoder.n_head", math.inf, "no finite number model.graph_encoder.n_head"),
        ("model.graph_encoder.n_head", 0, "heads"),
        ("model.graph_encoder.n_head", 1e38, "heads"),
        ("model.graph_encoder.n_head", 7, "width 64 is not an even multiple of heads 7"),
        ("data.n_vocab", 9, "its weights belong to nasbench201 and its configuration says data.n_vocab = 9, not 7"),
        ("data.max_node", 20, "data.max_node = 20, not 8"),
        ("data.aug_mask_algo", "long_range", "'long_range', which no known configuration uses"),
    ],
)
def test_configurations_that_do_not_fit(written, field, value, message):
    assert message in score_refusal(written, field=field, value=value)


def test_a_configuration_that_holds_itself(written):
    settings = config("nasbench201")
    assert "a configuration without fields, or one that holds itself" in score_refusal(
        written, change=lambda content: content.update(config=set_field(settings, "model.more", settings))
    )


FIRST = "opEmb.fc.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("config"), "weights of a score network without the 'config'"),
        (lambda c: c.update(config={"model": 1}), "its 'config' is a dict; allowed: a ConfigDict"),
        (lambda c: c["ema"].pop("shadow_params"), "no list of tensors 'shadow_params'"),
        (lambda c: c["ema"]["shadow_params"].pop(), "227 averaged tensors do not fit the 228"),
        (lambda c: c["ema"]["shadow_params"].reverse(), "228 averaged tensors do not fit the 228"),
        (lambda c: c["model"].update({"more": 3}), "an entry 'more' that is no tensor"),
        (
            lambda c: c["model"].pop("timeEmb1.bias") is c["ema"]["shadow_params"].pop(3),
            "lacks tensors, trunk.embed_time.mlp.0.bias",
        ),
        (
            lambda c: c["model"].update({FIRST: torch.zeros(64, 8)}),
            "opEmb.fc.weight has shape (64, 8); allowed in dimension 1",
        ),
        (
            lambda c: c["ema"]["shadow_params"][0].fill_(math.nan),
            "numbers in trunk.embed_op.weight (in our names) that are not",
        ),
    ],
)
def test_weights_that_do_not_fit(written, change, message):
    assert message in score_refusal(written, change=change)


def test_weights_of_other_shapes(written):
    weights = random_weights(NETWORKS["C"][0])
    path = written({**weights, "hg_unify.0.weight": torch.zeros(512, 1000)})
    assert "has unify.weight (in our names) of shape (512, 1000), not (512, 1024)" in refusal(path)
    path = written({**weights, "gate_forward.0.weight": torch.zeros(512, 534)})
    assert "knows 22 vertices; graphs of nasbench201 have 8" in refusal(path)
    path = written({**weights, "extra.weight": torch.zeros(1)})
    assert "has a tensor 'extra.weight' that the official one does not have" in refusal(path)
    path = written({name: value for name, value in weights.items() if name != "intra_setpool.dec.0.S"})
    assert "tensors that do not fit together: 'intra_setpool.dec.0.S'" in refusal(path)
    path = written(
        {**predictor_content("B"), "model": {**random_weights(NETWORKS["B"][0]), "gcn.9.weight1": torch.zeros(2, 2)}}
    )
    assert "lacks tensors" in refusal(path) or "more tensors" in refusal(path)
    path = written(
        {**predictor_content("B", set_field(config("nasbench201", predictor=True), "model.input_type", "A"))}
    )
    assert "model.input_type = 'A'; allowed: DA" in refusal(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update({"str": ["|x~0|"]}), "its 'str' holds no architecture of nasbench201"),
        (lambda c: c.update({"str": [3]}), "its 'str' is no list of architectures as text"),
        (lambda c: c.update({"test-acc": [1]}), "its 'test-acc' is a list; allowed: a dictionary"),
        (lambda c: c.update({"test-acc": {"mnist": [1]}}), "its 'test-acc' has mnist; allowed: cifar10, cifar100"),
        (
            lambda c: c["test-acc"].update(cifar10=[0.9] * 40),
            "test-acc of cifar10 runs from 0.9 to 0.9; allowed: accuracy in %",
        ),
        (lambda c: c["test-acc"].update(cifar10=[90.0] * 39), r"test-acc of cifar10 has shape (39,); allowed: (40,)"),
        (lambda c: c["test-acc"].update(cifar10=["x"] * 40), "test-acc of cifar10 holds other things than numbers"),
        (lambda c: c["test-acc"].update(cifar10=[math.nan] * 40), "allowed: accuracy in %"),
    ],
)
def test_tables_that_do_not_fit(written, change, message):
    content = info_content()
    content["test-acc"] = dict(content["test-acc"])
    change(content)
    assert message in refusal(written(content, "nasbench201_info.pt"))


def test_records_that_do_not_fit(written):
    content = {**records_content(), "task": [-1] * 30}
    assert "its task holds other numbers than 0, 1, 2" in refusal(written(content))


def test_features_that_do_not_fit(written):
    content = {0: [torch.ones(2, 512)], 1: [torch.ones(2, 100)]}
    assert "its class 1 holds no features" in refusal(written(content, "xbylabel.pt"))
    assert "no official artefact" in refusal(written({0: [torch.ones(2, 512)], 1: ["x"]}, "xbylabel.pt"))


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([torch.zeros(20, 9)], "a matrix that is no network: slot 1.1 is empty"),
        ([torch.ones(20, 9)], "a row that is neither one-hot nor zero"),
        ([torch.full((20, 9), 0.5)], "a row that is neither one-hot nor zero"),
        (torch.zeros(3, 8, 7), "shape (3, 8, 7); allowed: (n, 20, 9)"),
        ([], "no list of matrices of one shape"),
        ([torch.zeros(20, 9), torch.zeros(20, 8)], "no list of matrices of one shape"),
        (["x"], "no list of matrices of one shape"),
    ],
)
def test_networks_that_do_not_fit(written, stored, message):
    assert message in refusal(written({"x_none2zero": stored}, "ofa_database_500000.pt"))


def test_the_command_line_says_what_is_wrong_in_one_line(tmp_path, capsys):
    assert main(["import-official", str(tmp_path / "gone.pt")]) == 2
    assert "gone.pt" in capsys.readouterr().err
    assert main(["import-official", str(tmp_path), "--space", "nasbench201"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert main(["import-official", str(tmp_path), "--space", "chain"]) == 2
    assert "unknown search space 'chain'" in capsys.readouterr().err

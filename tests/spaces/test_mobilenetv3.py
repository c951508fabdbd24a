"""The once-for-all space: measured costs, text, JSON, validity, projection, networks, and generic machinery on it."""

from __future__ import annotations

import csv
import itertools
import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from dnag.checkpoint import score_network
from dnag.exact import ExactScore
from dnag.generate import GenerateConfig, generate
from dnag.metrics import operation_frequencies, total_variation, training_frequencies
from dnag.playback import player_payload
from dnag.player import validate_payload
from dnag.samplers import samplers
from dnag.sdes.ve import VE
from dnag.spaces import Architecture, ArchitectureError, Violation, spaces
from dnag.spaces.base import ABSENT
from dnag.spaces.mobilenetv3 import (
    DEPTHS,
    EXPANSIONS,
    KERNELS,
    MobileNetV3,
    MobileNetV3Space,
    depths,
    divisible,
    expansion_of,
    kernel_of,
    network_cost,
    stage_choices,
)
from dnag.tensors import centre


@pytest.fixture(scope="module")
def space() -> MobileNetV3Space:
    return MobileNetV3Space()


@pytest.fixture(scope="module")
def sample(space) -> list[Architecture]:
    return space.sample(1000, Generator().manual_seed(0))


def full(space, op: str = "7-6", depth: int = 4) -> Architecture:
    index = space.op_names.index(op)
    return space.architecture([index if node % 4 < depth else ABSENT for node in range(20)])


# ---------------------------------------------------------------------- the space


def test_size_order_and_positions(space):
    assert space.size == 7371**5 == 21758655492572485851
    assert not space.enumerable
    assert space.op_names == ("3-3", "3-4", "3-6", "5-3", "5-4", "5-6", "7-3", "7-4", "7-6")
    assert [(kernel_of(op), expansion_of(op)) for op in range(9)] == list(itertools.product(KERNELS, EXPANSIONS))
    assert space.positions[:6].tolist() == [[0, 0], [1, 0], [2, 0], [3, 0], [0, 1], [1, 1]]
    assert space.adjacency.nonzero().tolist() == [[node, node + 1] for node in range(19)]


def test_the_table_of_a_stage_is_shared(space):
    first, *others = space.factors
    assert all(other.choices is first.choices and other.log_weights is first.log_weights for other in others)
    assert spaces["mobilenetv3"]().factors[0].choices is first.choices
    choices, log_weights = stage_choices()
    for depth in DEPTHS:
        here = (choices != ABSENT).sum(1) == depth
        assert int(here.sum()) == 9**depth
        assert float(log_weights[here].exp().sum()) == pytest.approx(1 / 3, abs=1e-5)


def test_draws_are_uniform_in_depth_kernel_and_expansion(space):
    ops = space.sample_ops(20_000, Generator().manual_seed(1))
    for stage in range(5):
        part = ops[:, 4 * stage : 4 * stage + 4]
        depth = (part != ABSENT).sum(1)
        shares = torch.stack([(depth == d).double().mean() for d in DEPTHS])
        assert float((shares - 1 / 3).abs().max()) < 0.015
        present = part[part != ABSENT]
        for index in (present // 3, present % 3):
            assert float((index.bincount() / len(index) - 1 / 3).abs().max()) < 0.01
    distance = total_variation(operation_frequencies(ops, 9), training_frequencies(space))
    assert float(distance.max()) < 0.02


def test_frequencies_in_closed_form(space):
    frequencies = training_frequencies(space)
    for node in range(20):
        presence = (1, 1, 2 / 3, 1 / 3)[node % 4]
        assert frequencies[node, :9].tolist() == pytest.approx([presence / 9] * 9, abs=1e-5)
        assert float(frequencies[node, 9]) == pytest.approx(1 - presence, abs=1e-5)


# ---------------------------------------------------------------------- text and JSON


def test_a_change_is_one_kernel_one_expansion_or_one_layer(space, sample):
    for arch in sample[:20]:
        depth = depths(arch.ops)
        expected = 4 * sum(depth) + 9 * sum(d < 4 for d in depth) + sum(d > 2 for d in depth)
        assert len(space.changes(arch)) == expected
    assert space.op_parts(5) == (5, 6)


def test_known_text(space):
    ops = [8, 1, ABSENT, ABSENT, 0, 4, 2, ABSENT, *[5] * 4, *[3] * 4, *[6] * 4]
    text = "2-7-6_2-3-4_0-0-0_0-0-0_3-3-3_3-5-4_3-3-6_0-0-0" + "_4-5-6" * 4 + "_4-5-3" * 4 + "_4-7-3" * 4
    arch = space.architecture(ops)
    assert space.format(arch) == text
    assert space.parse(text) == arch
    assert depths(arch.ops) == [2, 3, 4, 4, 4]
    config = space.to_ofa(arch)
    assert config["d"] == [2, 3, 4, 4, 4]
    assert config["ks"] == [7, 3, 0, 0, 3, 5, 3, 0, *[5] * 8, *[7] * 4]
    assert config["e"] == [6, 4, 0, 0, 3, 4, 6, 0, *[6] * 4, *[3] * 8]
    assert space.to_ofa(arch, 192) == {**config, "r": 192}


def test_json_round_trip(space, sample):
    for arch in sample:
        assert space.from_ofa(space.to_ofa(arch)) == arch
        assert space.parse(json.dumps(space.to_ofa(arch, 224))) == arch


def test_json_beyond_the_depth_is_ignored(space):
    config: dict[str, Any] = {"ks": [3] * 20, "e": [4] * 20, "d": [2, 3, 4, 2, 3], "wid": None, "r": [224]}
    arch = space.from_ofa(config)
    assert depths(arch.ops) == config["d"]
    assert set(arch.ops) == {1, ABSENT}
    for node, op in enumerate(arch.ops):
        if op == ABSENT:
            config["ks"][node], config["e"][node] = None, 99
    assert space.from_ofa(config) == arch


GOOD = "_".join(["2-3-3", "2-3-3", "0-0-0", "0-0-0"] * 5)


def put(node: int, token: str) -> str:
    tokens = GOOD.split("_")
    tokens[node] = token
    return "_".join(tokens)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "_0-0-0", ["21 tokens", "allowed: 20 tokens"]),
        (put(1, "2-3"), ["slot 1.2", "'2-3'", "d-ks-e"]),
        (put(1, "2-4-3"), ["kernel in slot 1.2 is 4", "allowed: 3, 5, 7"]),
        (put(4, "2-3-5"), ["expansion in slot 2.1 is 5", "allowed: 3, 4, 6"]),
        (put(4, "5-3-3"), ["depth in slot 2.1 is 5", "allowed: 2, 3, 4"]),
        (put(4, "0-0-0"), ["depth in slot 2.1 is 0", "allowed: 2, 3, 4"]),
        (put(1, "0-0-0"), ["slot 1.2 is '0-0-0'", "allowed: 2-ks-e"]),
        (put(5, "3-3-3"), ["slot 2.2 is '3-3-3'", "depth 2"]),
        (put(2, "2-3-3"), ["slot 1.3 is '2-3-3'", "allowed: 0-0-0"]),
        (put(1, "2-٣-3"), ["slot 1.2"]),
        ('{"ks": [', ["is no JSON", "allowed: {"]),
        ("{" * 100_000, ["is no JSON", "allowed: {"]),
        ('{"e": [], "d": []}', ["no 'ks', only e, d", "allowed: {"]),
    ],
)
def test_texts_that_are_none_name_the_slot(space, text, words):
    with pytest.raises(ArchitectureError) as error:
        space.parse(text)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ks": [3] * 19}, "ks has 19 values; allowed: 20"),
        ({"e": [3] * 25}, "e has 25 values; allowed: 20"),
        ({"d": [2] * 4}, "d has 4 values; allowed: 5"),
        ({"d": 2}, "d is '2'; allowed: a list of 5 numbers"),
        ({"ks": "3" * 20}, "ks is '33333333333333333333'; allowed: a list of 20 numbers"),
        ({"d": [2, 2, 1, 2, 2]}, "depth of stage 3 is 1; allowed: 2, 3, 4"),
        ({"d": [2, 2, True, 2, 2]}, "depth of stage 3 is True; allowed: 2, 3, 4"),
        ({"ks": [3, 9, *[3] * 18]}, "kernel in slot 1.2 is 9; allowed: 3, 5, 7"),
        ({"e": [3, 3, 3, 3, 3.5, *[3] * 15]}, "expansion in slot 2.1 is 3.5; allowed: 3, 4, 6"),
        ({"e": ["3"] * 20}, "expansion in slot 1.1 is 3; allowed: 3, 4, 6"),
    ],
)
def test_json_that_is_none_names_the_place(space, change, words):
    with pytest.raises(ArchitectureError) as error:
        space.from_ofa({"ks": [3] * 20, "e": [3] * 20, "d": [2] * 5} | change)
    assert str(error.value) == words


def test_json_of_another_kind(space):
    with pytest.raises(ArchitectureError, match="no dictionary"):
        space.from_ofa([1, 2])
    with pytest.raises(ArchitectureError, match="20 tokens"):
        space.parse("[1, 2]")


# ---------------------------------------------------------------------- validity


@pytest.mark.parametrize(
    ("empty", "kind", "node"),
    [
        ((1, 2, 3), "stage too short", 1),
        ((16, 17, 18, 19), "stage too short", 16),
        ((4,), "stage too short", 4),
        ((2,), "gap in a stage", 3),
        ((18,), "gap in a stage", 19),
        ((2, 16), "stage too short", 16),  # the paper asks for the first two layers of all stages first
        ((), None, None),
        ((3,), None, None),
        ((2, 3, 19), None, None),
    ],
)
def test_the_rule_of_the_paper(space, empty, kind, node):
    x = space.encode([full(space)])
    x[0, list(empty)] = 0
    (result,) = space.decode(x)
    if kind is None:
        assert isinstance(result, Architecture)
        assert [n for n, op in enumerate(result.ops) if op == ABSENT] == list(empty)
    else:
        assert isinstance(result, Violation)
        assert (result.kind, result.node) == (kind, node)
        assert f"slot {node // 4 + 1}.{node % 4 + 1} " in result.reason


def test_operations_that_do_not_exist(space):
    for wrong in (-2, 9):
        ops = [*full(space).ops]
        ops[7] = wrong
        violation = space.check(ops)
        assert violation is not None and (violation.kind, violation.node) == ("unknown operation", 7)
        assert f"operation {wrong}" in violation.reason
    violation = space.check([0] * 19)
    assert violation is not None and violation.kind == "wrong length"


def test_project_is_the_nearest_of_a_stage(space):
    x = torch.randn(3, 20, 9, generator=Generator().manual_seed(5)) * 0.6 + 0.2
    found = space.project(x)
    centres = space.encode_ops(stage_choices()[0]).double()  # (7371, 4, 9)
    for matrix, arch in zip(x.double(), found, strict=True):
        for stage in range(5):
            part = slice(4 * stage, 4 * stage + 4)
            distances = (centres - matrix[part]).square().sum((1, 2))
            assert stage_choices()[0][int(distances.argmin())].tolist() == list(arch.ops[part])


def test_project_does_not_depend_on_the_batch(space):
    x = torch.randn(1500, 20, 9, generator=Generator().manual_seed(6))
    found = space.project(x)
    assert len(found) == 1500
    assert [space.project(x[i : i + 1])[0] for i in (0, 1023, 1024, 1499)] == [found[i] for i in (0, 1023, 1024, 1499)]
    assert space.project(x[:0]) == []


# ---------------------------------------------------------------------- cost and networks


def test_costs_are_those_of_the_measured_networks(space, shared_data):
    with shared_data("ofa_mbv3_w1.0_r224_measured.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1081
    for row in rows:
        arch = space.from_ofa({key: [int(value) for value in row[key].split("-")] for key in ("ks", "e", "d")})
        assert network_cost(arch.ops) == (int(row["macs"]), int(row["params"]))
        cost = space.cost(arch, "imagenet1k")
        assert (cost.macs_m * 1e6, cost.params_m * 1e6) == pytest.approx(network_cost(arch.ops), rel=1e-12)


def counted_macs(module: torch.nn.Module, resolution: int) -> int:
    """Multiply-accumulate operations of every convolution and linear layer, seen while an image passes."""
    total = 0

    def count(layer: torch.nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, torch.nn.Conv2d):
            total += layer.weight.numel() * output.shape[2] * output.shape[3]
        elif isinstance(layer, torch.nn.Linear):
            total += layer.weight.numel()

    for layer in module.modules():
        layer.register_forward_hook(count)
    with torch.no_grad():
        module.eval()(torch.zeros(1, 3, resolution, resolution))
    return total


@pytest.mark.parametrize(
    ("width", "resolution", "classes"),
    [(1.0, 224, 1000), (1.2, 224, 1000), (1.2, 160, 10), (1.0, 97, 3), (0.35, 64, 7), (1.0, 1, 1)],
)
def test_the_network_costs_what_the_formula_says(space, width, resolution, classes):
    for arch in (full(space), full(space, "3-3", 2), space.sample(1, Generator().manual_seed(7))[0]):
        module = MobileNetV3(arch.ops, classes, width)
        params = sum(parameter.numel() for parameter in module.parameters())
        expected = network_cost(arch.ops, width=width, resolution=resolution, num_classes=classes)
        assert (counted_macs(module, resolution), params) == expected


def test_the_network_runs_and_learns(space):
    module = space.to_module(space.sample(1, Generator().manual_seed(8))[0], 10)
    logits = module(torch.randn(2, 3, 64, 64, generator=Generator().manual_seed(0)))
    assert logits.shape == (2, 10)
    logits.square().sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


def test_squeeze_excite_and_hard_swish_stand_where_they_should(space):
    names = [type(layer).__name__ for layer in MobileNetV3(full(space).ops, 10).modules()]
    assert names.count("SqueezeExcite") == 12  # stages 2, 4 and 5
    assert names.count("Hardswish") == 1 + 2 * 12 + 2  # stem, stages 3 to 5, the end
    assert names.count("InvertedBottleneck") == 21


def test_rounding_of_channels():
    widths = (16, 24, 40, 80, 112, 160, 960, 1280)
    assert [divisible(width) for width in widths] == list(widths)
    assert [divisible(1.2 * width) for width in widths] == [24, 32, 48, 96, 136, 192, 1152, 1536]
    assert [divisible(channels) for channels in (1, 8, 11.9, 12, 18)] == [8, 8, 16, 16, 24]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0.0}, "width is 0.0; allowed: a number above 0"),
        ({"width": float("nan")}, "width is nan"),
        ({"width": float("inf")}, "width is inf"),
        ({"resolution": 0}, "resolution is 0; allowed: a whole number, 1 or more"),
        ({"num_classes": -1}, "num_classes is -1"),
    ],
)
def test_impossible_networks(space, settings, message):
    with pytest.raises(ValueError, match=message):
        network_cost(full(space).ops, **settings)


# ---------------------------------------------------------------------- how it is shown


def test_drawing(space):
    drawing = space.drawing
    assert drawing.columns == ("stage 1", "stage 2", "stage 3", "stage 4", "stage 5")
    assert [slot.label for slot in drawing.slots[:5]] == ["1.1", "1.2", "1.3", "1.4", "2.1"]
    assert len({slot.x for slot in drawing.slots}) == 5 and len({slot.y for slot in drawing.slots}) == 4
    assert drawing.links[:4] == ((0, 1), (1, 2), (2, 3), (3, 4)) and len(drawing.links) == 19
    assert (space.op_styles[8].label, space.op_styles[8].symbol) == ("7×7, expand 6", "7·6")


# Machado et al. (2009), severity 1: what dichromats see, in linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = np.cbrt(np.asarray(to_xyz) @ linear / [0.95047, 1, 1.08883])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_colours_can_be_told_apart(space, vision):
    seen = []
    for style in space.op_styles:
        rgb = np.array([int(style.color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        seen.append(lab(np.clip(np.asarray(VISION[vision]) @ linear, 0, 1)))
    assert min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)) > 20
    for kernel in range(3):  # darker with the expansion
        light = [seen[3 * kernel + expansion][0] for expansion in range(3)]
        assert light[0] > light[1] + 10 > light[2] + 20


# ---------------------------------------------------------------------- the generic machinery


def test_the_score_network_knows_layer_and_stage(space):
    network = score_network(space)
    assert network.config.positions == (4, 5)
    assert bool(network.mask.all())  # in a chain every node is an ancestor or a descendant
    assert network(torch.randn(2, 20, 9), torch.ones(2)).shape == (2, 20, 9)


def test_the_exact_score_is_the_posterior_over_all_choices(space):
    levels = torch.tensor([0.05, 0.3, 1.0, 4.0]).repeat_interleave(8)
    generator = Generator().manual_seed(9)
    x0 = centre(space.encode_ops(space.sample_ops(len(levels), generator)))
    y = x0 + levels[:, None, None] * torch.randn(x0.shape, generator=generator)
    exact = ExactScore(space, VE())
    choices, log_weights = stage_choices()
    centres = centre(space.encode_ops(choices)).flatten(1)
    stages = [
        (log_weights + levels[:, None] ** -2 * (part.flatten(1) @ centres.T)).softmax(1) @ centres
        for part in y.split(4, dim=1)
    ]
    expected = torch.cat([stage.view(-1, 4, 9) for stage in stages], dim=1)
    torch.testing.assert_close(exact.denoised(y, levels), expected, rtol=0, atol=2e-5)


def test_generation_from_the_exact_score(space):
    result = generate(
        ExactScore(space, VE()),
        VE(),
        space,
        samplers["heun"](num_steps=20),
        GenerateConfig(1024, seed=0, keep_frames=8),
    )
    assert result.validity == 1.0 and result.uniqueness == 1.0
    assert result.projected == result.decoded
    ops = torch.tensor([arch.ops for arch in result.valid])
    present = ops != ABSENT
    # Around zero instead of the mean of the data, nearly half of the stages would come out four layers deep.
    assert float((present.float().mean(0).view(5, 4) - torch.tensor([1, 1, 2 / 3, 1 / 3])).abs().max()) < 0.06
    for index in (ops // 3, ops % 3):
        assert float((index[present].bincount() / present.sum() - 1 / 3).abs().max()) < 0.04
    assert result.trajectory is not None
    level, probability = result.trajectory.level, result.trajectory.probability[:, 0]
    text = space.format(result.valid[0])
    validate_payload(player_payload(space, level, probability, None, title="one", final=text))


def test_what_is_not_valid_is_repaired(space):
    def broken(x: Tensor, t: Tensor) -> Tensor:
        return VE().score(x, t, torch.full_like(x, -1.0))  # a network of empty slots only

    result = generate(broken, VE(), space, samplers["heun"](num_steps=4), GenerateConfig(3))
    assert result.validity == 0 and result.uniqueness == 0
    assert all(isinstance(found, Violation) and found.kind == "stage too short" for found in result.decoded)
    assert result.projected == space.project(result.x)
    assert all(depths(arch.ops) == [2] * 5 for arch in result.projected)

"""Facts about NAS-Bench-201, against the published table where it is at hand."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import Any

import pytest
import torch
from torch import Generator, nn

from dnag.graph import attention_mask, line_graph, reachability
from dnag.spaces import Architecture, ArchitectureError, Violation
from dnag.spaces.nasbench201 import CONV1, CONV3, EDGES, INPUT, NONE, OUTPUT, POOL, SKIP, NASBench201

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"
OFFICIAL = {0: [1, 2, 3], 1: [4, 5], 2: [6], 3: [7], 4: [6], 5: [7], 6: [7]}  # the adjacency of the official code


@pytest.fixture(scope="module")
def space() -> NASBench201:
    return NASBench201()


@pytest.fixture(scope="module")
def everything(space) -> list[Architecture]:
    return [Architecture(space.name, tuple(ops)) for ops in space.all_ops.tolist()]


@pytest.fixture(scope="module")
def table(shared_data) -> list[dict[str, Any]]:
    with shared_data("nb201_accuracy.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def cell(*ops: int) -> Architecture:
    return Architecture("nasbench201", (INPUT, *ops, OUTPUT))


def test_size(space, everything):
    assert space.size == len(everything) == 5**6 == 15_625
    assert (space.num_nodes, space.num_ops) == (8, 7)


def test_text_and_encoding_of_a_known_cell(space):
    arch = space.parse(CELL)
    assert arch == cell(CONV3, CONV3, POOL, SKIP, CONV1, NONE)  # edges 0-1; 0-2, 1-2; 0-3, 1-3, 2-3
    assert space.format(arch) == CELL
    assert space.encode([arch])[0].argmax(-1).tolist() == [0, 5, 5, 6, 3, 4, 2, 1]


def test_adjacency_is_the_line_graph_of_the_edge_list(space):
    expected = {0: [1, 2, 4], 1: [3, 5], 2: [6], 3: [6], 4: [7], 5: [7], 6: [7], 7: []}
    assert {i: row.nonzero().flatten().tolist() for i, row in enumerate(space.adjacency)} == expected
    assert torch.equal(space.adjacency, line_graph(EDGES, 0, 3))


def test_the_official_adjacency_belongs_to_another_order(space):
    official = torch.zeros(8, 8, dtype=torch.bool)
    for node, following in OFFICIAL.items():
        official[node, following] = True
    assert int((official != space.adjacency).sum()) == 8
    order = [0, 1, 2, 4, 3, 5, 6, 7]  # nodes 3 and 4 change places
    assert torch.equal(official[order][:, order], space.adjacency)
    assert int(reachability(space.adjacency).sum()) == int(reachability(official).sum()) == 18


def test_attention_mask(space):
    mask = attention_mask(space.adjacency)
    assert int((~mask).sum()) == 2 * 10  # of the 28 pairs of nodes, 18 lie on a common path
    assert bool(mask[0].all()) and bool(mask[7].all()) and mask[1, 3] and not mask[2, 3]


def test_isomorphism_classes(space, everything):
    assert len({space.canonical(arch) for arch in everything}) == 6466


def test_isomorphism_classes_are_those_of_the_table(space, table):
    ours, theirs = {}, {}
    for row in table:
        canonical = space.canonical(space.parse(row["arch_str"]))
        assert ours.setdefault(canonical, row["iso_rep"]) == row["iso_rep"]
        assert theirs.setdefault(row["iso_rep"], canonical) == canonical
    assert len(ours) == len(theirs) == 6466


def test_disconnected_cells(space, everything):
    assert sum(space.disconnected(arch) for arch in everything) == 341
    assert space.disconnected(cell(NONE, NONE, CONV3, NONE, CONV3, CONV3))
    assert not space.disconnected(cell(SKIP, NONE, SKIP, NONE, NONE, SKIP))


def test_every_row_of_the_table(space, table, everything):
    assert {space.parse(row["arch_str"]) for row in table} == set(everything) and len(table) == 15_625
    for row in table:
        arch = space.parse(row["arch_str"])
        cost = space.cost(arch, "cifar10")
        assert round(cost.params_m * 1e6) == int(row["params_c10"])
        assert round(cost.macs_m * 1e6) == int(row["macs_c10"])
        assert space.disconnected(arch) == (row["disconnected"] == "1")


def test_known_costs(space, everything):
    first = space.parse(
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    assert space.cost(first).params_m == 0.129306 and space.cost(first).macs_m == pytest.approx(15.64736)
    costs = [space.cost(arch) for arch in everything]
    assert (min(c.params_m for c in costs), max(c.params_m for c in costs)) == (0.073306, 1.531546)
    assert min(c.macs_m for c in costs) == pytest.approx(7.783, abs=5e-4)
    assert max(c.macs_m for c in costs) == pytest.approx(220.120, abs=5e-4)


def test_classes_change_only_the_classifier_and_pixels_everything(space, everything):
    for arch in everything[::500]:
        ten, hundred, small = (space.cost(arch, name) for name in ("cifar10", "cifar100", "imagenet16-120"))
        assert round((hundred.params_m - ten.params_m) * 1e6) == 90 * (64 + 1)
        assert round((small.params_m - ten.params_m) * 1e6) == 110 * (64 + 1)
        assert round((hundred.macs_m - ten.macs_m) * 1e6) == 90 * 64
        assert round((ten.macs_m * 1e6 - 10 * 64) / 4) == round(
            small.macs_m * 1e6 - 120 * 64
        )  # a quarter of the pixels


def test_every_cell_has_24_neighbours(space, everything):
    for arch in everything[::100]:
        assert len(space.neighbours(arch)) == 24
        assert [change.arch for change in space.changes(arch)] == space.neighbours(arch)  # six edges, four others each


def counted_macs(module: nn.Module, images: torch.Tensor) -> int:
    """Multiplications of convolutions and linear layers as they happen."""
    total = 0

    def hook(layer, inputs, output):
        nonlocal total
        total += layer.weight.numel() * output[0, 0].numel()  # linear: output[0, 0] is one number

    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(hook)
    with torch.no_grad():
        module(images)
    return total


def test_the_network_runs_and_costs_what_is_said(space):
    for number, arch in enumerate(space.sample(20, Generator().manual_seed(5))):
        name, dataset = list(space.datasets.items())[number % 3]
        module = space.to_module(arch, dataset.num_classes).eval()
        images = torch.rand(1, 3, dataset.resolution, dataset.resolution)
        assert module(images).shape == (1, dataset.num_classes)
        cost = space.cost(arch, name)
        assert sum(parameter.numel() for parameter in module.parameters()) == round(cost.params_m * 1e6)
        assert counted_macs(module, images) == round(cost.macs_m * 1e6)


def test_the_network_learns_through_every_convolution(space):
    module = space.to_module(cell(CONV3, CONV1, CONV3, POOL, CONV1, CONV3), 10)
    module(torch.rand(2, 3, 16, 16, generator=Generator().manual_seed(0))).sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in module.parameters())


def test_a_disconnected_network_ignores_its_cells(space):
    module = space.to_module(cell(*[NONE] * 6), 10).eval()
    first, second = module(torch.rand(2, 3, 32, 32, generator=Generator().manual_seed(1))).unbind()
    assert torch.equal(first, second)  # zeros from every last cell on: the images do not matter
    other = space.to_module(cell(SKIP, NONE, NONE, NONE, SKIP, NONE), 10).eval()
    first, second = other(torch.rand(2, 3, 32, 32, generator=Generator().manual_seed(1))).unbind()
    assert not torch.equal(first, second)


def test_isomorphic_cells_are_found_by_hand(space):
    a = cell(SKIP, CONV3, NONE, NONE, NONE, POOL)
    classes = defaultdict(list)
    for arch in (a, cell(SKIP, NONE, CONV3, NONE, NONE, POOL), cell(SKIP, CONV1, NONE, NONE, NONE, POOL)):
        classes[space.canonical(arch)].append(arch)
    assert sorted(len(group) for group in classes.values()) == [1, 2]


@pytest.mark.parametrize(
    ("node", "hot", "violation"),
    [
        (3, [], Violation("no operation", "node 3 has no operation", 3)),
        (5, [CONV1, POOL], Violation("several operations", "node 5 has 2 operations", 5)),
        (0, [CONV1], Violation("misplaced end", "node 0 is not the input", 0)),
        (0, [OUTPUT], Violation("misplaced end", "node 0 is not the input", 0)),
        (7, [INPUT], Violation("misplaced end", "node 7 is not the output", 7)),
        (2, [INPUT], Violation("end inside the cell", "node 2 is no operation of a cell edge", 2)),
        (6, [OUTPUT], Violation("end inside the cell", "node 6 is no operation of a cell edge", 6)),
    ],
)
def test_each_kind_of_violation(space, node, hot, violation):
    x = space.encode([space.parse(CELL)])
    x[0, node] = 0.4
    x[0, node, hot] = 0.6
    assert space.decode(x) == [violation]


def test_a_cell_of_the_wrong_length(space):
    assert space.check((INPUT, CONV1, OUTPUT)) == Violation("wrong length", "3 operations; a cell has 8 nodes", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"'' is not a NAS-Bench-201 cell; allowed: \|op~0\|\+\|op~0\|op~1\|\+"),
        ("|none~0|", "is not a NAS-Bench-201 cell"),
        (CELL.replace("~2", "~1"), "is not a NAS-Bench-201 cell"),
        (CELL.replace("+", "-"), "is not a NAS-Bench-201 cell"),
        (CELL + CELL, "is not a NAS-Bench-201 cell"),
        (
            CELL.replace("none", "nor_conv_5x5"),
            "unknown operation 'nor_conv_5x5'; allowed: none, skip_connect, nor_conv",
        ),
        (CELL.replace("none", "input"), "unknown operation 'input'"),
        (CELL.replace("none", "NONE"), "unknown operation 'NONE'"),
    ],
)
def test_texts_that_are_no_cell(space, text, message):
    with pytest.raises(ArchitectureError, match=message):
        space.parse(text)

"""What every search space must fulfil; the names come from the registry."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from dnag.spaces import Architecture, ArchitectureError, Cost, SearchSpace, Violation, spaces
from dnag.spaces.base import ABSENT, MAX_ENUMERATED, Change, Factor, product_names, single_choice


@pytest.fixture(params=list(spaces), scope="module")
def space(request) -> SearchSpace:
    return spaces[request.param]()


@pytest.fixture(scope="module")
def sample(space) -> list[Architecture]:
    return space.sample(1000, Generator().manual_seed(0))


def test_encode_and_decode_are_inverse(space, sample):
    x = space.encode(sample)
    assert x.shape == (1000, space.num_nodes, space.num_ops)
    assert set(x.unique().tolist()) == {0.0, 1.0}
    assert bool((x.sum(-1) <= 1).all())
    assert space.decode(x) == sample
    assert space.encode([]).shape == (0, space.num_nodes, space.num_ops) and space.decode(space.encode([])) == []


def test_format_and_parse_are_inverse(space, sample):
    texts = [space.format(arch) for arch in sample]
    assert [space.parse(text) for text in texts] == sample
    assert len(set(texts)) == len(set(sample))
    assert space.parse(f"  {texts[0]}\n") == sample[0]
    assert all("\n" not in text for text in texts)


def test_samples_are_valid_varied_and_repeatable(space, sample):
    assert all(space.check(arch.ops) is None and arch.space == space.name for arch in sample)
    assert all(space.architecture(arch.ops) == arch for arch in sample)
    assert len(set(sample)) > 0.9 * -space.size * math.expm1(-1000 / space.size)
    assert space.sample(1000, Generator().manual_seed(0)) == sample
    assert space.sample(1000, Generator().manual_seed(1)) != sample


def test_texts_that_are_none_say_what_is_allowed(space, sample):
    text = space.format(sample[0])
    for wrong in (
        "",
        " ",
        "cell",
        text[:-1],
        text[1:],
        text + text,
        text.replace(text[1:4], "xyz", 1),
        "\0",
        "|" * 500,
    ):
        with pytest.raises(ArchitectureError, match="allowed") as error:
            space.parse(wrong)
        assert len(str(error.value)) < 600


def test_adjacency_is_strictly_upper_triangular(space):
    adjacency = space.adjacency
    assert adjacency.dtype == torch.bool and adjacency.shape == (space.num_nodes, space.num_nodes)
    assert not bool(adjacency.tril().any())
    assert bool((adjacency.any(0) | adjacency.any(1)).all())  # no node stands alone


def test_positions_tell_the_nodes_apart(space):
    positions = space.positions
    assert positions.dtype == torch.int64 and positions.ndim == 2 and len(positions) == space.num_nodes
    assert bool((positions >= 0).all())
    assert len(positions.unique(dim=0)) == space.num_nodes


def test_factors_cover_every_node_once(space):
    nodes = [node for factor in space.factors for node in factor.nodes]
    assert sorted(nodes) == list(range(space.num_nodes))
    for factor in space.factors:
        assert factor.choices.shape == (len(factor.choices), len(factor.nodes))
        assert factor.log_weights.shape == (len(factor.choices),)
        assert float(factor.log_weights.exp().sum()) == pytest.approx(1, abs=1e-5)
        assert bool(((factor.choices >= ABSENT) & (factor.choices < space.num_ops)).all())
        assert len(factor.choices.unique(dim=0)) == len(factor.choices)
    assert space.size == math.prod(len(factor.choices) for factor in space.factors)


def test_samples_follow_the_weights_of_the_factors(space):
    ops = space.sample_ops(20_000, Generator().manual_seed(3))
    for factor in space.factors:
        part = ops[:, list(factor.nodes)]
        for choice in range(min(5, len(factor.choices))):
            probability = float(factor.log_weights[choice].exp())
            share = float((part == factor.choices[choice]).all(1).float().mean())
            assert share == pytest.approx(
                probability, abs=4 * math.sqrt(probability * (1 - probability) / 20_000) + 1e-9
            )


def test_enumeration_lists_everything_once(space):
    assert space.enumerable == (space.size <= MAX_ENUMERATED)
    if not space.enumerable:
        with pytest.raises(ValueError, match=space.name):
            _ = space.all_ops
        return
    assert space.all_ops.shape == (space.size, space.num_nodes)
    assert len(space.all_ops.unique(dim=0)) == space.size
    assert float(space.all_log_weights.exp().sum()) == pytest.approx(1, abs=1e-4)
    assert all(space.check(ops) is None for ops in space.all_ops[:: max(1, space.size // 500)].tolist())


def distance(space: SearchSpace, archs: list[Architecture], x: Tensor) -> Tensor:
    """Squared distances (A,) of architectures to one matrix (N,F)."""
    return (space.encode(archs).double() - x.double()).square().sum((1, 2))


def test_project_agrees_with_decode_on_architectures(space, sample):
    assert space.project(space.encode(sample)) == sample
    shaken = space.encode(sample) + 0.3 * (torch.rand(space.encode(sample).shape, generator=Generator()) - 0.5)
    assert space.project(shaken) == space.decode(shaken) == sample


def test_project_is_the_nearest(space, sample):
    x = torch.randn(6, space.num_nodes, space.num_ops, generator=Generator().manual_seed(4)) + 0.3
    if space.enumerable:
        everything = [Architecture(space.name, tuple(ops)) for ops in space.all_ops.tolist()]
    for matrix, found in zip(x, space.project(x), strict=True):
        assert space.check(found.ops) is None
        others = everything if space.enumerable else sample + space.neighbours(found)
        distances = distance(space, others, matrix)
        mine = distance(space, [found], matrix)[0]
        assert float(mine) <= float(distances.min()) + 1e-9
        if space.enumerable:
            assert others[int(distances.argmin())] == found


def test_neighbours_differ_in_one_node(space, sample):
    for arch in sample[:20]:
        neighbours = space.neighbours(arch)
        assert neighbours and len(set(neighbours)) == len(neighbours)
        for other in neighbours:
            assert space.check(other.ops) is None
            assert sum(a != b for a, b in zip(arch.ops, other.ops, strict=True)) == 1
            assert arch in space.neighbours(other)


def test_changes_are_one_choice_and_can_be_undone(space, sample):
    for arch in sample[:20]:
        changes = space.changes(arch)
        archs = [change.arch for change in changes]
        assert changes and len(set(archs)) == len(archs) and arch not in archs
        assert set(archs) <= set(space.neighbours(arch))
        for change in changes:
            assert space.check(change.arch.ops) is None
            assert (arch.ops[change.node], change.arch.ops[change.node]) == (change.before, change.after)
            back = Change(change.node, change.after, change.before, arch)
            assert back in space.changes(change.arch)


def test_matrices_that_are_none_give_a_reason(space, sample):
    x = space.encode(sample[:1])
    for matrix in (torch.zeros_like(x), torch.full_like(x, float("nan"))):
        (result,) = space.decode(matrix)
        assert isinstance(result, Violation) and result.kind and result.reason
    (result,) = space.decode(torch.ones_like(x))
    assert result == Violation("several operations", f"node 0 has {space.num_ops} operations", 0)
    two = x.clone()
    two[0, -2, :2] = 0.5  # the threshold counts
    (result,) = space.decode(two)
    assert isinstance(result, Violation) and result.node == space.num_nodes - 2 and "operations" in result.reason


def test_good_and_bad_matrices_do_not_mix(space, sample):
    x = space.encode(sample[:3])
    x[1] = 1
    first, second, third = space.decode(x)
    assert (first, third) == (sample[0], sample[2]) and isinstance(second, Violation)


def test_operations_that_are_no_architecture_are_refused(space, sample):
    ops = sample[0].ops
    for wrong in ((), ops[:-1], (*ops, ops[-1]), (space.num_ops, *ops[1:]), (-2, *ops[1:])):
        with pytest.raises(ArchitectureError, match=f"not an architecture of {space.name}"):
            space.architecture(wrong)


def test_every_operation_is_named_and_drawn(space):
    assert len(space.op_names) == len(space.op_styles) == space.num_ops == len(set(space.op_names))
    assert len({style.symbol for style in space.op_styles}) == space.num_ops  # colour is never the only cue
    assert len({style.label for style in space.op_styles}) == space.num_ops
    assert {*space.identity_ops, *space.zero_ops} <= set(range(space.num_ops))


def test_the_drawing_has_a_place_for_every_node_that_is_free(space):
    drawing = space.drawing
    free = {node for factor in space.factors if len(factor.choices) > 1 for node in factor.nodes}
    assert free <= {slot.node for slot in drawing.slots} <= set(range(space.num_nodes))
    points = [(slot.x, slot.y) for slot in drawing.slots] + [(vertex.x, vertex.y) for vertex in drawing.vertices]
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points) and len(set(points)) == len(points)
    for slot in drawing.slots:
        assert (slot.source is None) == (slot.target is None)
        if slot.source is not None and slot.target is not None:
            assert slot.source != slot.target and max(slot.source, slot.target) < len(drawing.vertices)
    assert all(0 <= end < len(drawing.slots) for link in drawing.links for end in link)


def test_cost_is_positive_and_depends_on_the_dataset_as_named(space, sample):
    first = next(iter(space.datasets))
    for arch in sample[:20]:
        cost = space.cost(arch)
        assert isinstance(cost, Cost) and cost.macs_m > 0 and cost.params_m > 0
        assert cost == space.cost(arch, first)
    with pytest.raises(ValueError, match=rf"unknown dataset 'mnist' for {space.name}; allowed: {first}"):
        space.cost(sample[0], "mnist")


def test_the_module_has_the_parameters_that_cost_counts(space, sample):
    for arch in sample[:3]:
        for name, dataset in space.datasets.items():
            module = space.to_module(arch, dataset.num_classes)
            count = sum(parameter.numel() for parameter in module.parameters())
            assert count == round(space.cost(arch, name).params_m * 1e6)


def test_canonical_is_a_property_of_the_architecture(space, sample):
    assert all(hash(space.canonical(arch)) == hash(space.canonical(arch)) for arch in sample[:50])
    assert len({space.canonical(arch) for arch in sample}) > min(100, space.size // 2)
    assert all(isinstance(space.disconnected(arch), bool) for arch in sample[:50])


def test_helpers():
    factor = single_choice(3, [2, 5])
    assert factor.nodes == (3,) and factor.choices.tolist() == [[2], [5]]
    assert factor.log_weights.exp().tolist() == pytest.approx([0.5, 0.5])
    assert isinstance(factor, Factor)
    assert product_names(["3", "5"], ["3", "4", "6"]) == ("3-3", "3-4", "3-6", "5-3", "5-4", "5-6")


@pytest.mark.parametrize("name", list(spaces))
def test_an_operation_can_be_changed_and_no_more_changes_than_must(name):
    space = spaces[name]()
    for arch in space.sample(5, Generator().manual_seed(3)):
        for node in range(space.num_nodes):
            assert space.with_op(arch, node, arch.ops[node]) == arch
            for op in space.choices_of(node):
                found = space.with_op(arch, node, op)
                assert space.check(found.ops) is None and found.ops[node] == op
                alone = (*arch.ops[:node], op, *arch.ops[node + 1 :])
                if space.check(alone) is None:
                    assert found.ops == alone


def test_a_gap_in_a_stage_is_filled_with_the_layer_beyond_it_and_layers_beyond_a_gap_go():
    space = spaces["mobilenetv3"]()
    shallow = Architecture("mobilenetv3", (0, 1, ABSENT, ABSENT) * 5)
    deep = space.with_op(shallow, 3, 7)
    assert deep.ops[:8] == (0, 1, 7, 7, 0, 1, ABSENT, ABSENT)
    assert space.with_op(deep, 2, ABSENT) == shallow


@pytest.mark.parametrize(("node", "op"), [(8, 5), (-1, 5), (1, 0), (1, ABSENT), (0, 5)])
def test_an_operation_that_a_node_never_has_is_refused(node, op, nasbench201):
    arch = nasbench201.architecture((0, 5, 5, 5, 3, 5, 5, 1))
    with pytest.raises(ArchitectureError, match="cannot have operation"):
        nasbench201.with_op(arch, node, op)

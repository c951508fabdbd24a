"""Graphs derived from an edge list."""

from __future__ import annotations

import itertools

import pytest
import torch

from dnag.graph import attention_mask, has_path, line_graph, reachability

EDGES = ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3))


def test_line_graph_of_a_small_cell():
    # input, 0-1, 0-2, 1-2, 1-3, 2-3, output
    follows = {0: {1, 2}, 1: {3, 4}, 2: {5}, 3: {5}, 4: {6}, 5: {6}, 6: set()}
    adjacency = line_graph(EDGES, source=0, sink=3)
    assert adjacency.dtype == torch.bool and adjacency.shape == (7, 7)
    assert {i: set(row.nonzero().flatten().tolist()) for i, row in enumerate(adjacency)} == follows


def test_line_graph_of_a_single_edge_is_a_chain():
    assert line_graph([(4, 9)], source=4, sink=9).nonzero().tolist() == [[0, 1], [1, 2]]


@pytest.mark.parametrize("seed", range(5))
def test_reachability_is_the_sum_of_all_powers(seed):
    size = 7
    drawn = torch.rand(size, size, generator=torch.Generator().manual_seed(seed)) < 0.3
    adjacency = drawn.triu(1)
    power, total = adjacency.double(), torch.zeros(size, size, dtype=torch.double)
    for _ in range(size):
        total, power = total + power, power @ adjacency.double()
    kept = adjacency.clone()
    assert torch.equal(reachability(adjacency), total > 0)
    assert torch.equal(adjacency, kept)  # the argument is left alone


def test_reachability_follows_cycles():
    ring = torch.tensor([[0, 1, 0], [0, 0, 1], [1, 0, 0]]).bool()
    assert bool(reachability(ring).all())


def test_attention_mask_lets_a_node_see_itself_its_ancestors_and_its_descendants():
    mask = attention_mask(line_graph(EDGES, source=0, sink=3))
    assert torch.equal(mask, mask.T) and bool(mask.diagonal().all())
    assert bool(mask[0].all()) and bool(mask[-1].all())  # everything lies between input and output
    assert not mask[1, 2]  # 0-1 and 0-2 lie on no common path
    assert mask[1, 5] and not mask[2, 4]  # 0-1, 1-2, 2-3 do; 0-2 and 1-3 do not


def test_has_path_against_every_subset_of_edges():
    for keep in itertools.product([False, True], repeat=len(EDGES)):
        kept = [edge for edge, flag in zip(EDGES, keep, strict=True) if flag]
        frontier, reached = [0], {0}
        while frontier:
            tail = frontier.pop()
            for head in {head for start, head in kept if start == tail} - reached:
                reached.add(head)
                frontier.append(head)
        assert has_path(EDGES, keep, 0, 3) == (3 in reached)


def test_has_path_wants_a_flag_per_edge():
    with pytest.raises(ValueError, match=r"zip\(\)"):
        has_path(EDGES, [True], 0, 3)

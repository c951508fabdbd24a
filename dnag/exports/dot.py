"""DOT: the graph for Graphviz, which lays it out anew. Only the text is made here, so no program is needed."""

from __future__ import annotations

import graphviz

from dnag.drawing.scene import ink_on
from dnag.exports.base import Exporter, Subject, exporters
from dnag.spaces.base import OpStyle

_DISC = {"shape": "circle", "style": "filled"}
_CHIP = {"shape": "box", "style": "rounded,filled"}


@exporters.register("dot")
class Dot(Exporter):
    """Operations on the edges between vertices, or layers as nodes, in a cluster for each stage."""

    label = "Graphviz DOT"
    about = "The graph as text, for Graphviz and other programs that lay out graphs."
    suffix = ".dot"
    media_type = "text/vnd.graphviz"
    group = "data"

    def content(self, subject: Subject) -> bytes:
        graph = graphviz.Digraph(
            subject.stem,
            graph_attr={"rankdir": "LR", "label": subject.space.label, "fontname": "sans-serif"},
            node_attr={"fontname": "sans-serif", "fontsize": "11"},
            edge_attr={"fontname": "sans-serif", "fontsize": "11"},
        )
        if subject.space.drawing.vertices:
            _cell(graph, subject)
        else:
            _layers(graph, subject)
        return graph.source.encode()


def _cell(graph: graphviz.Digraph, subject: Subject) -> None:
    drawing, styles = subject.space.drawing, subject.space.op_styles
    for index, vertex in enumerate(drawing.vertices):
        graph.node(f"v{index}", vertex.label, fillcolor="#ffffff", **_DISC)
    for slot in drawing.slots:
        op = subject.arch.ops[slot.node]
        style = "dashed" if op in subject.space.zero_ops else "solid"
        graph.edge(f"v{slot.source}", f"v{slot.target}", styles[op].label, color=styles[op].color, style=style)


def _layers(graph: graphviz.Digraph, subject: Subject) -> None:
    """The layers that are there, each linked to the next one that is."""
    space, ops = subject.space, subject.arch.ops
    slots = space.drawing.slots
    there = [index for index, slot in enumerate(slots) if ops[slot.node] >= 0]
    columns = sorted({slots[index].x for index in there})
    for number, x in enumerate(columns):
        with graph.subgraph(name=f"cluster{number}") as cluster:
            headings = space.drawing.columns
            cluster.attr(label=headings[number] if headings else "", color="#c9ced6", style="rounded")
            for index in (index for index in there if slots[index].x == x):
                style: OpStyle = space.op_styles[ops[slots[index].node]]
                color = {"fillcolor": style.color, "fontcolor": ink_on(style.color)}
                cluster.node(f"s{index}", style.label, **color, **_CHIP)
    for index, following in _chain(space.drawing.links, set(there)):
        graph.edge(f"s{index}", f"s{following}")


def _chain(links: tuple[tuple[int, int], ...], there: set[int]) -> list[tuple[int, int]]:
    """Links between slots that are there; a path through absent ones becomes one link."""
    after: dict[int, list[int]] = {}
    for one, other in links:
        after.setdefault(one, []).append(other)

    def reached(slot: int) -> set[int]:
        return {slot} if slot in there else {end for other in after.get(slot, []) for end in reached(other)}

    return [(one, end) for one in sorted(there) for other in after.get(one, []) for end in sorted(reached(other))]

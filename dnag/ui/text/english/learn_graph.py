"""The words of chapter 1: an architecture as a graph and as a matrix."""

from __future__ import annotations

TITLE = "Graph"
HEADING = "An architecture is a graph, and a matrix"
BEFORE = """
A cell of NAS-Bench-201 has six edges, and each carries one of five operations. Fifteen copies of the cell make a
network, so six choices decide all of it.

A diffusion model needs numbers: a row for each operation in the graph, with +1 in the column of the one it is and −1 in
all others.
"""
FORMULA = r"x_0 \in \{-1,+1\}^{N\times F},\quad N=8,\ F=7"
AFTER = "Six edges with five operations give $5^6 = 15{,}625$ cells, few enough to list them all."
TRY = "Choose an edge, then another operation for it. Everything else follows."
RANDOM = "Random cell"
BEST = "Best predicted"
MATRIX = "Clean matrix x₀"
MACS = "MACs"
PARAMS = "Parameters"
ACCURACY = "Predicted on {dataset}"
ACCURACY_HELP = "Mean and spread of the ranking predictors."
TEXT = "Text form"

NEIGHBOURS = {
    "ask": "How many cells differ from this one in exactly one edge?",
    "right": "Each of the 6 edges can change to 4 other operations: {answer}.",
    "wrong": "Every edge can change to four other operations. How many edges are there?",
}
COST = {
    "ask": "How many million MACs does a cell with a 3×3 convolution on every edge need?",
    "right": "{answer} million: six convolutions in each of fifteen cells, and a little for the rest.",
    "wrong": "Set all six edges to 3×3 conv and read the MACs.",
}

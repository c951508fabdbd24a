"""The words of the first page."""

from __future__ import annotations

HEADLINE = "Architectures out of noise"
WORDS = """
A diffusion model learns what neural networks look like, as graphs of operations. Run backwards from pure noise it makes
new ones, and the gradient of an accuracy predictor steers each step towards networks that will be good on *your* data.
Everything here runs on this machine, with models you can take apart.
"""
RUN = "Run it now"
RUN_HELP = "Draws 64 architectures for CIFAR-10 and ranks them."
LEARN = "How it works"
DATASET = "Use your own images"
SOURCE = "An et al., [DiffusionNAG](https://arxiv.org/abs/2305.16943), ICLR 2024."
PLAYER = "One cell for {dataset} takes shape in {steps} steps, guidance scale {scale:g}"
CARDS = "Installed models"
CARD_KINDS = {
    "score": "Score network",
    "predictor": "Accuracy predictor",
    "meta": "Predictor for any dataset",
    "latency": "Latency predictors",
}
CARD_AIM = "aim: {aim}"
CARD_EXACT = "exact: {exact}"
CARD_MORE = "All {count} figures"
CARD_COLUMNS = {"name": "Figure", "value": "Value", "exact": "Exact", "aim": "Aim"}
CARD_NO_FIGURES = "No figures are written down for it."
CARDS_ALT = "All figures of {name}"
MISSING = "Not installed"
MISSING_NONE = "Nothing: every part that the app can use is there."
MISSING_GPU = "No GPU: runs use the CPU, a second or two each."

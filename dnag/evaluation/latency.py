"""Latency predictors: their errors on networks that were held out of training, as the checkpoint states them."""

from __future__ import annotations

from dnag.bundle import ModelBundle
from dnag.costs import measured_devices
from dnag.evaluation.base import Figure


def latency_figures(bundle: ModelBundle) -> list[Figure]:
    """Mean relative error of every device, with the rank correlation in the note."""
    return [
        Figure(
            f"{about['label']}: mean error on held-out networks",
            about["error_pct"],
            "%",
            note=f"{about['mae_ms']:g} ms; Spearman {about['spearman']:g}; learned from {about['networks']:,}",
        )
        for about in measured_devices(bundle.latency).values()
    ]

"""The words of chapter 2: adding noise."""

from __future__ import annotations

TITLE = "Noise"
HEADING = "Noise dissolves the matrix"
BEFORE = """
Diffusion models learn to undo noise, so noise is added first. The clean matrix is scaled by α, and normal noise with
standard deviation σ is added to every entry:
"""
FORMULA = r"x_t = \alpha\,x_0 + \sigma\,z,\quad z \sim \mathcal{N}(0, I)"
AFTER = """
*Variance exploding* (VE), the paper's choice, keeps α = 1 and lets σ grow. *Variance preserving* (VP) shrinks the data
so that α² + σ² = 1. What can still be read depends on the noise level n = σ/α alone.
"""
TRY = "Slide the noise level. True operations are outlined; the largest entry of a row is the best guess."
VE = "VE: α = {alpha:.2f}, σ = {sigma:.2f}"
VP = "VP: α = {alpha:.2f}, σ = {sigma:.2f}"
READABLE = "Edges still right"
READABLE_HELP = "Edges whose largest entry, among the five operations, is still the true one."
SIZE_VE = "α² + σ², VE"
SIZE_VP = "α² + σ², VP"
SIGNAL = "Signal to noise"
SIGNAL_HELP = "α² / σ² = 1 / n², the same for both processes."
CHART = "Signal and noise of both processes"
CHART_ALT = "Lines of α and σ against the noise level, for VE and VP, with the chosen level marked."
SERIES = {"ve_sigma": "σ of VE", "vp_alpha": "α of VP", "vp_sigma": "σ of VP"}

HALF = {
    "ask": "At which noise level does VP keep half of the signal, α = 0.5?",
    "right": "α = 1/√(1 + n²) is one half at n = √3 ≈ {answer}.",
    "wrong": "Slide until α of VP reads 0.5, and answer with the noise level there.",
}
DIFFERENCE = {
    "ask": "At the same noise level, how do the two noisy matrices differ?",
    "options": (
        ("VP has less noise on it", "Less noise, but as much less signal: σ/α is the same."),
        ("By one factor for all entries", "VP is VE times α. The order of entries in a row is the same."),
        ("Other operations come out on top", "Look at the strongest entry of each row: it is the same in both."),
    ),
}

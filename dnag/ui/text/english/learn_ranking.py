"""The words of chapter 6: from predictor to ranking."""

from __future__ import annotations

TITLE = "Ranking"
HEADING = "Two predictors, two jobs"
BEFORE = """
Guidance needs a gradient at noisy matrices. Its predictor is *noise-aware*, like the classifier of Dhariwal and Nichol
(2021): it sees the noisy matrix and its noise level, and learns the mean accuracy of what could be behind it:
"""
FORMULA = r"m_0(x_t) = \mathbb{E}\bigl[\mathrm{acc}(x_0) \mid x_t\bigr]"
AFTER = """
It is *calibrated* if its points lie on the diagonal on average, however much noise there is. Ranking is another job:
finished cells, tenths of a point. That is done by *clean* predictors, which never see noise.
"""
TRY = "Raise the noise for each predictor. The clean one is shown the cell nearest to the noisy matrix."
PREDICTOR = "Predictor"
PREDICTORS = {"noise_aware": "Noise-aware", "clean": "Clean"}
MEASURED = "Judged by measured accuracy on {dataset}."
PREDICTED = "No measured accuracies are installed: judged by the clean predictors on {dataset}."
ERROR = "Calibration error"
ERROR_VALUE = "{error:.1f} points"
ERROR_HELP = "Mean distance of the eight groups from the diagonal, in points of accuracy."
RANK = "Rank correlation"
RANK_HELP = "Spearman's ρ of prediction and truth over these {cells:,} noisy cells."
TOP = "ρ, best 1,000, no noise"
TOP_HELP = "Spearman's ρ of this predictor among the 1,000 best cells, at the smallest noise level."
CHART = "Prediction against truth"
CHART_ALT = "Scatter of prediction against true accuracy, the means of eight groups, and the diagonal."
CHART_X = "predicted through noise, %"
CHART_Y = "accuracy, %"
GROUPS = "means of eight groups"
POINTS = "{shown} of {cells:,} cells"
ERRORS = "Calibration error against noise"
ERRORS_ALT = "Lines of the calibration error of both predictors against the noise level, with the chosen level marked."
ERRORS_Y = "points"

BLIND = {
    "ask": "At noise level 2, how large is the clean predictor's calibration error, in points?",
    "right": "{answer} points: it takes whatever the noise made of the cell at its word.",
    "wrong": "Choose the clean predictor, slide to noise level 2, and read its calibration error.",
}
SHRINK = {
    "ask": "Why do the noise-aware predictions move together as noise grows?",
    "options": (
        ("It becomes unsure and gives up", "It is exactly as sure as it can be: its points stay on the diagonal."),
        (
            "It was trained on few noisy cells",
            "It was trained at every noise level. Its calibration error stays small.",
        ),
        ("It gives a mean over all cells that could be behind", "And with much noise, nearly all of them could be."),
    ),
}

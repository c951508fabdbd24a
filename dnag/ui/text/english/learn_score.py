"""The words of chapter 3: the score."""

from __future__ import annotations

TITLE = "Score"
HEADING = "The score points back"
BEFORE = """
The *score* is the direction in which a noisy matrix becomes more likely. Learning it is the same as learning to denoise
(Vincent, 2011): from the mean D of all clean matrices that could be behind x follows
"""
FORMULA = r"s(x,t) = \nabla_x \log p_t(x) = \frac{\alpha\,D(x,n) - x}{\sigma^2}"
AFTER = """
Here every operation is equally likely on every edge, so the perfect denoiser is known: for each edge a softmax of the
entries of $2x/(\\alpha n^2)$. It is the yardstick for the trained network.
"""
TRY = "Slide the noise level: both denoisers look at the same noisy matrix of your cell from chapter 1."
LEARNED = "Learned: probability, %"
EXACT = "Exact: probability, %"
DISTANCE = "Distance here"
DISTANCE_HELP = "Total variation between the learned and the exact probabilities of an edge, mean over the six edges."
LARGEST = "Largest difference"
LARGEST_VALUE = "{points:.1f} points"
LARGEST_HELP = "Of a single probability, in percentage points."
SCORE_ERROR = "Error of the score"
SCORE_ERROR_HELP = "Norm of the difference of the two scores, relative to the exact one's."
CHART = "Distance of the learned denoiser from the exact one, mean of 64 noisy cells"
CHART_ALT = "Line of the mean total variation, in percent, against the noise level, with the chosen level marked."
CHART_AXIS = "total variation, %"
SERIES = "mean of 64 cells"

PRIOR = {
    "ask": "At the largest noise level, about what probability in % does the exact denoiser give every operation?",
    "right": "Nothing can be seen any more, so it says what was known before: one of five, {answer} %.",
    "wrong": "Slide to the right end and read the exact table.",
}
MIDDLE = {
    "ask": "Why is the network furthest from exact at middling noise?",
    "options": (
        ("It was not trained there", "It was trained at all levels from 0.03 to 30 alike."),
        (
            "Only there the answer depends on every detail",
            "With little noise the answer is plain, with much it is 1 in 5.",
        ),
        ("The exact formula is wrong there", "The formula is exact at every level."),
    ),
}

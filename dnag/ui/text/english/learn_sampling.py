"""The words of chapter 4: sampling."""

from __future__ import annotations

TITLE = "Sampling"
HEADING = "Sampling runs backwards"
BEFORE = """
From pure noise, the score leads back to an architecture. Backwards in time, the noise process is (Song et al., 2021)
"""
FORMULA = r"dx = \bigl[f x - g^2 s(x,t)\bigr]\,dt + g\,d\bar{w}"
AFTER = """
*Euler–Maruyama* takes such steps with fresh noise. *Predictor–corrector*, the paper's, adds a Langevin step that moves
along the score at constant noise. *Heun* (Karras et al., 2022) follows an equation without noise, half the score term,
and averages the slopes at both ends of a step.
"""
TRY = "Choose a method and its steps, and play the sample. Equal seeds start from equal noise."
METHOD = "Method"
STEPS = "Steps"
PLAYER = "One of {samples} samples: {method}, {steps} steps"
VALID = "Valid"
VALID_HELP = "Share of {samples} samples that are an architecture as drawn."
EVALUATIONS = "Evaluations"
EVALUATIONS_HELP = "Of the score network, for each sample."
DISTANCE = "Distance"
DISTANCE_HELP = (
    "Total variation of an edge's operations from the training distribution, mean over six edges. Perfect samples, as "
    "many, would have {chance:.3f} by chance."
)
CHART = "Valid samples against evaluations"
CHART_ALT = "Lines of the share of valid samples against the number of evaluations, one for each method."
CHART_X = "evaluations of the network for a sample"

ENOUGH = {
    "ask": "How many evaluations does Heun need until 95 % of samples are valid?",
    "right": "{answer} evaluations, three steps of two, of which the last does without its second.",
    "wrong": "Look along Heun's line for the first point above 95 %.",
}
SAME = {
    "ask": "Why does one seed give Heun the same cell at 6 and at 10 steps?",
    "options": (
        (
            "Heun adds no noise on the way",
            "Its path is decided by the start alone; more steps only follow it better. Compare Euler–Maruyama.",
        ),
        ("Heun is of second order", "That makes it accurate, but accuracy alone would not fix which cell comes out."),
        ("Heun makes more evaluations", "Euler–Maruyama with as many evaluations would still draw fresh noise."),
    ),
}

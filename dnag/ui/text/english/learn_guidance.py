"""The words of chapter 5: guidance."""

from __future__ import annotations

TITLE = "Guidance"
HEADING = "Guidance tilts the odds"
BEFORE = """
Guided sampling draws from a tilted distribution, in which one point more of accuracy makes a cell $e^\\gamma$ times as
likely:
"""
FORMULA = r"""
\begin{aligned}
p_\gamma(a) &\propto p(a)\,e^{\gamma\,\mathrm{acc}(a)} \\
s_\gamma(x,t) &= s(x,t) + \gamma\,\nabla_x m_\gamma(x_t)
\end{aligned}
"""
AFTER = """
The paper climbs the predicted mean $m_0$ (*first order*), which is right for small γ. *Calibrated* guidance climbs
$m_\\gamma = \\frac{1}{\\gamma} \\log \\mathbb{E}\\bigl[e^{\\gamma\\,\\mathrm{acc}} \\mid x_t\\bigr]$, which is right at
any γ. All 15,625 cells can be listed, so the exact $p_\\gamma$ is known.
"""
TRY = "Move γ and compare what was generated with the exact distribution."
SCALE = "Guidance scale γ"
FORM = "Form"
MEAN = "Mean, generated"
MEAN_HELP = "Mean predicted accuracy of the {samples} guided samples."
MEAN_EXACT = "Mean, exact"
MEAN_EXACT_HELP = "Of the tilted distribution over all cells."
DISTINCT = "Distinct, generated"
DISTINCT_HELP = "Different cells among the {samples} samples."
DISTINCT_EXACT = "Distinct, exact"
DISTINCT_EXACT_HELP = "Expected among {samples} exact draws."
BATCH = "Where the batch landed"
BATCH_ALT = "Distribution of predicted accuracy: generated with guidance, without, and the exact tilted one."
CHART_MEAN = "Mean accuracy against γ"
CHART_MEAN_ALT = "Line of the exact mean accuracy against the guidance scale, with a mark for the generated batch."
CHART_DISTINCT = "Distinct cells against γ"
CHART_DISTINCT_ALT = (
    "Line of the share of distinct cells expected against the guidance scale, with a mark for the batch."
)
GENERATED = "generated"

REACH = {
    "ask": "At which γ does the exact mean first reach 94 %?",
    "right": "At about {answer}. From there on every further tenth of a point costs much diversity.",
    "wrong": "Move γ until the exact mean reads 94 %.",
}
TOO_MUCH = {
    "ask": "What does a very large γ do?",
    "options": (
        ("Samples become invalid", "Not here: the score still leads to one operation on every edge."),
        ("The mean keeps rising as fast", "Most of the rise comes before γ = 2; the best cell is a ceiling."),
        (
            "The same few cells come again and again",
            "Diversity falls: the tilt leaves hardly anything but the top cells.",
        ),
    ),
}

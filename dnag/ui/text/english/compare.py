"""The words of the page Compare, in English."""

from __future__ import annotations

# --- what to compare --------------------------------------------------------------------------------------------------
EXAMPLE = "Examples"
EXAMPLES = {
    "guidance": "Guidance off, usual, strong",
    "forms": "Calibrated against first order",
    "samplers": "Samplers",
    "steps": "Steps",
}
VARY = "What differs"
VALUES = "Values, 2 to 4"
VALUES_HELP = "Separated by commas."
VALUES_TEXT_HELP = "Separated by semicolons, as in: macs_m=100; macs_m=200"
NUMBERS_EXAMPLE = "for example 0, 2, 8"
TEXTS_EXAMPLE = "for example macs_m=100; macs_m=200"
BUTTON = "Compare"
REST = "Everything else, the seed too, is as set in the sidebar."
BAD = "These values cannot be compared: {error}"
LINK_BAD = "The comparison of the link: {error}"
WAITING = "Something is under way"

# --- nothing yet ------------------------------------------------------------------------------------------------------
EMPTY_TITLE = "Nothing compared yet"
EMPTY = """
Choose a setting and two to four values of it, or one of the examples, then press **Compare** (or the key **G**).

Every column starts from the same noise, so that what differs between them is what the setting does.
"""

# --- runs chosen in the gallery ---------------------------------------------------------------------------------------
CHOSEN = "Runs chosen in the gallery."
CHOSEN_GONE = "The runs chosen in the gallery are not in memory any more. Run them again to compare them."
CHOSEN_LEAVE = "Vary a setting instead"

# --- results ----------------------------------------------------------------------------------------------------------
SUBTITLE = "{runs} batches of {samples}, seed {seed}"
COUNT_RANGE = "{least:,} to {most:,}"
TABLE_CSV = "Table"
TABLE_CSV_HELP = "The table below as CSV"
CANDIDATES_CSV = "Candidates"
CANDIDATES_CSV_HELP = "Every candidate of every column as CSV: the data of the distributions"
JSON_HELP = "All runs with their settings and candidates, and the table"

PLAYERS = "How they take shape"
FOLLOW = "Play, pause or move one of them, also with the space bar and the arrow keys: the others follow."
SHOW = "What is played"
NOISE, BEST = "Same noise", "Best of each"
SAMPLE = "Sample"
SAMPLE_HELP = "Sample {first} to {last}: in every column it starts from the same noise."
NO_SAMPLE = "No valid architecture in this column."

TABLE = "In figures"
TABLE_ALT = "Table of the columns A to D: validity, uniqueness, novelty, diversity, accuracy, evaluations and time."
TOP = "Best of the top"
COLUMNS = {
    "column": "",
    "validity": "Valid, %",
    "uniqueness": "Unique, %",
    "novelty": "Novel, %",
    "outside_training": "Unseen, %",
    "diversity": "Diversity",
    "predicted_mean_pct": "Mean, %",
    "predicted_best_pct": "Best predicted, %",
    "measured_best_pct": "Best measured, %",
    "nfe": "Evals",
    "seconds": "Time, s",
}
COLUMNS_HELP = {
    "validity": "Share of samples that are an architecture as drawn, before any correction.",
    "uniqueness": "Share of different architectures among the valid samples.",
    "novelty": "Share of the different architectures that no other column drew. The shipped models learned from "
    "samples of the whole space, so that novelty against their training set would say nothing.",
    "outside_training": "Share of the different architectures that the diffusion model was not trained on.",
    "diversity": "In how many operations two valid samples differ, on average.",
    "predicted_mean_pct": "Mean predicted accuracy of the valid samples.",
    "predicted_best_pct": "Best predicted accuracy among the first {top} candidates.",
    "measured_best_pct": "Best measured accuracy among the first {top} candidates: {source}.",
    "nfe": "Evaluations of the network for each sample.",
    "seconds": "Time of the whole run on this machine.",
}
DISTRIBUTION = "Where the batches landed"
DISTRIBUTION_HELP = "Shares of valid samples. The lowest tenth of the broadest batch is gathered at the left edge."
DISTRIBUTION_ALT = "Distributions of predicted accuracy. {means}"
DISTRIBUTION_MEAN = "{column}, {about}: mean {mean:.1f} %."

# --- quality against diversity ----------------------------------------------------------------------------------------
SWEEP = "Quality against diversity"
SWEEP_WORDS = (
    "Stronger guidance finds better architectures, and more alike ones. {scales} guidance scales from 0 to "
    "{largest:g}, in both forms, from the same noise: {runs} batches of {samples:,}."
)
SWEEP_EXACT = "The dotted line is the exact distribution that guidance aims at."
SWEEP_NO_EXACT = "An exact curve is known only where the space can be listed and accuracy alone steers."
SWEEP_BUTTON = "Sweep guidance"
SWEEP_CHANGED = "The settings have changed since this sweep."
SWEEP_CSV_HELP = "The points and the exact curve as CSV"
SWEEP_HOVER = "guidance scale %{text}<br>diversity %{x:.2f}, mean %{y:.2f} %"
SWEEP_ALT = "Mean predicted accuracy against diversity over guidance scales. {ends}"
SWEEP_END = "{name}: from {first:.1f} % at diversity {wide:.1f} to {last:.1f} % at {narrow:.1f}."
DIVERSITY_AXIS = "diversity: operations that differ"
QUALITY_AXIS = "mean predicted accuracy, %"

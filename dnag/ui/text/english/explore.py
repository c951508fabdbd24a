"""The words of the Explore page."""

from __future__ import annotations

NO_MODEL = "There is nothing to show for {space}: {error}"

# --- the architecture looked at ---------------------------------------------------------------------------------------
ARCHITECTURE = "Architecture"
ARCHITECTURE_HELP = "Type or paste one in the text form of the space, and press Enter."
ARCHITECTURE_HELP_JSON = "Type or paste one in the text form of the space or as once-for-all's JSON, and press Enter."
UNREADABLE = "That is no architecture of this space, so the one before stays. {error}"
RANDOM = "Random"
RANDOM_HELP = "Draw an architecture of the space"
BEST = "Best predicted"
BEST_HELP = "The architecture that is predicted to be most accurate of the {count:,} on the map"
ABSENT = "no layer"
EDGE = "edge {slot}"
LAYER = "layer {slot}"
PREDICTED = "Predicted"
PREDICTED_HELP = "Mean of the ranking predictors; the spread between them is {spread:.2f} points."
STANDING = "In the top"
STANDING_HELP = "The share of {of} that are predicted to be no less accurate."
ABOVE = "above all"
MEASURED = "Measured"
MEASURED_HELP = "Accuracy after training: {source}."
UNMEASURED_HELP = "No measured value is installed for it on {dataset}."
MACS = "MACs"
MACS_HELP = "Multiply-accumulate operations of one image."
PARAMS = "Parameters"
DISCONNECTED = "No path carries the input to the output: whatever is learned, the output does not depend on the image."

# --- neighbours and the walk ------------------------------------------------------------------------------------------
NEIGHBOURS = "One change away"
NEIGHBOURS_COUNT = "{count} neighbours, {better} predicted better"
NEIGHBOURS_HINT = "Select a row to go there. Click a heading to sort."
NEIGHBOURS_ALT = "Table of the architectures one change away, best first. Select a row to go there."
CHANGE = "{place}: {before} → {after}"
CHANGE_WIDTH = 195  # px, of a column of changes in a cell
COLUMNS = {
    "change": "Change",
    "predicted": "Predicted",
    "difference": "Δ",
    "measured": "Measured",
    "macs_m": "MACs, M",
    "params_m": "Params, M",
}
COLUMNS_HELP = {
    "difference": "Predicted accuracy beside that of the architecture above, in points.",
    "measured": "Accuracy after training, in percent: {source}.",
}
BACK = "Back"
BACK_HELP = "To the architecture before"
WALK = "Walk"
WALK_STEP = "{predicted:.2f} %"

# --- the map ----------------------------------------------------------------------------------------------------------
MAP = "Map of the space"
MAP_GRID = (
    "All {count:,} architectures, each in a cell of its own: {across} and {up} decide the block, the others the cell."
)
MAP_PLANE = "{count:,} random networks of the space, by size and by the accuracy that size does not explain."
MAP_PROPERTIES = "{count:,} architectures by two of their properties; one may hide another."
MAP_HINT = "Click a point to go there."
AXES = "Axes"
AXES_KINDS = {"map": "Map", "properties": "Properties"}
COLOUR = "Colour"
ACROSS = "Across"
UP = "Up"
ACCURACY_PREDICTED = "Predicted accuracy"
ACCURACY_MEASURED = "Measured accuracy"
NUMBER_OF = "Number of {op}"
NUMBER_OF_LAYERS = "Number of layers"
WITH_UNIT = "{name}, {unit}"
PLANE_UP = "accuracy that size does not explain, points"
PLANE_ACROSS = "MACs, M"
AT_MOST = "≤ {value}"
SELECTED = "looked at"
NEIGHBOUR = "one change away"
GENERATED = "generated"
MAP_ALT = "Map of architectures coloured by {colour}. The tables and the text field reach every one of them as well."

# --- the generated ones -----------------------------------------------------------------------------------------------
BATCH = "Where the generated ones sit"
BATCH_WORDS = (
    "**{distinct:,} distinct architectures** of your last run, {run}. Their best, {best:.2f} %, is {best_standing}. "
    "Their mean, {mean:.2f} %, is {mean_standing}."
)
AMONG = "among the best {share} of {of}"
ABOVE_ALL = "above {of}"
BEST_OF = "the best of {of}"
OF_ALL = "all {count:,} architectures"
OF_SAMPLE = "{count:,} random networks"
SPACE = "the space"
SPACE_SAMPLED = "random networks"
BATCH_ALT = "Histogram of predicted accuracy: the whole space, with the generated batch on top."
BATCH_NONE = (
    "Nothing generated yet. Press **Generate** on the page of that name, come back, and see where the batch lies: on "
    "the map, and beside the whole space."
)

# --- code -------------------------------------------------------------------------------------------------------------
CODE = "Copy as code"
CODE_PYTHON = "Python"
CODE_SHELL = "Command line"

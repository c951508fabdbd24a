"""The words of the app in English. Those of a page of its own are in a file of its own."""

from __future__ import annotations

import dnag.player

APP = "DiffusionNAG Studio"
OVERVIEW = "Overview"
GENERATE = "Generate"
DATASET = "Your dataset"
LEARN = "Learn"
GLOSSARY = "Glossary"
COMPARE = "Compare"
EXPLORE = "Explore"
GALLERY = "Gallery"
LANGUAGE = "Language"

#: Names that the core uses as identifiers, as people write them; others are shown with spaces for underscores.
NAMES = {
    "auto": "Automatic",
    "shipped": "The shipped one",
    "cpu": "CPU",
    "cuda": "GPU (CUDA)",
    "mps": "GPU (Apple)",
    "ve": "VE",
    "vp": "VP",
    "subvp": "sub-VP",
    "heun": "Heun",
    "euler_maruyama": "Euler–Maruyama",
    "reverse_diffusion": "Reverse diffusion",
    "predictor_corrector": "Predictor–corrector",
    "paper": "The paper's (1,000 steps)",
    "dpm_solver": "DPM-Solver++",
    "calibrated": "Calibrated",
    "first_order": "First order",
    "exact": "Exact, by enumeration",
    "none": "None",
    "learned": "Learned",
}

# --- controls ---------------------------------------------------------------------------------------------------------
MISSING = "–"  # a value that is not known
MORE_SETTINGS = "More settings"
SHORTCUT_HELP = "Or press the key G"
SCALE_OFF = "No guidance: every architecture is as likely as the diffusion model makes it."
SCALE_WORDS = "An architecture one point more accurate becomes {factor} times as likely."
SCALE_TENTH = "An architecture a tenth of a point more accurate becomes {factor} times as likely."
SCALE_PAPER = "The paper's scale: {paper}."
BUDGET_NONE = "No limit"
BUDGET_HELP = "Costs that architectures are to stay under. Guidance makes those that do likely; few go beyond."
BUDGET_WORDS = "At most {limit}. The space goes from {low} to {high}."
BUDGET_WIDTH = "Networks of width {width}."
BUDGET_ERROR = "Predicted; off by {error} % on average for networks that were measured but not learned from."
BUDGET_RANGE = "{name} is {limit}; allowed: {low} to {high}"
LATENCY = "Latency, {device}"
COSTS = {"macs_m": "MACs", "params_m": "parameters"}
COST_LATENCY = "latency on {device}"
LIMITS = {"macs_m": "{limit:g} M MACs", "params_m": "{limit:g} M parameters"}
LIMIT_LATENCY = "{limit:g} ms on {device}"

# --- a run under way --------------------------------------------------------------------------------------------------
SECONDS = "{seconds} s"
MINUTES = "{minutes} min {seconds} s"
STARTING = "Starting …"
QUEUED = "Waiting: {ahead} ahead in the queue"
RUNNING = "Step {step} of {total} · {elapsed} so far"
RUNNING_ETA = "Step {step} of {total} · {elapsed} so far · about {remaining} to go"
CANCEL = "Cancel"
CANCELLED = "Cancelled after {step} of {total} steps. Change a setting or press **{button}** to run again."
CANCELLED_QUEUED = "Cancelled before it started. Press **{button}** to run again."
LAPSED = "Nobody was looking at this run any more, so it was stopped. Press **{button}** to run it again."
FAILED = "The run ended with an error: {error}"
FAILED_DETAILS = "Details"
LINK_BAD = "The link asks for something that is not there, so the default is used instead:"
LINK_BAD_ITEM = "{name} is {value}; allowed: {allowed}"
LINK_BAD_TEXT = "{name}: {allowed}"
LINK_DELETED = "You deleted the run of this link. **Generate** makes it again from the settings."
LINK_RERUN = "This run was not in memory any more; it is made again from the link. The result is the same."
SETTINGS_BAD = "These settings cannot run: {error}"
CHANGED = "The settings have changed since this run. Press **{button}** to apply them."

# --- nothing yet ------------------------------------------------------------------------------------------------------
EMPTY_TITLE = "No architectures yet"
EMPTY = """
Choose a dataset and how strongly accuracy should steer, then press **Generate** (or the key **G**).

Noise turns into architecture graphs step by step. You get a ranked list of candidates, the way each of them took shape,
and how the batch compares with one that nothing steered.
"""
EMPTY_BUTTON = "Start a first run"

# --- results ----------------------------------------------------------------------------------------------------------
SUBTITLE = "{samples:,} architectures for {dataset}"
SUBTITLE_OWN = "your dataset"
SUBTITLE_SIZE = " at {pixels} pixels"
SUBTITLE_WIDTH = " in width {width:g}"
SUBTITLE_ACCURACY = "steered by predicted accuracy at guidance scale {scale:g}"
SUBTITLE_MORE = "{cost} pushed up ({nats:g} nats per {unit})"
SUBTITLE_LESS = "{cost} pushed down ({nats:g} nats per {unit})"
SUBTITLE_LIMIT = "at most {limit}"
SUBTITLE_UNGUIDED = "not steered"
COPY_LINK = "Copy link"
KEEP = "Keep"
KEEP_HELP = "Somebody else's run: puts it into your gallery."
KEPT = "The run is in your gallery."
COPY_LINK_HELP = "Opens this page with the same settings and the same result."
CSV = "CSV"
CSV_HELP = "The ranked candidates as a table"
JSON = "JSON"
JSON_HELP = "The whole result with its settings"

VALID = "Valid"
VALID_HELP = "Share of the {requested:,} samples that are an architecture as drawn, before any correction."
DISTINCT = "Distinct"
DISTINCT_HELP = "Different architectures among the {valid:,} valid samples."
INSIDE = "Inside budget"
INSIDE_HELP = "Share of the {valid:,} valid samples that keep every limit of the budget."
PREDICTED_MEAN = "Predicted, mean"
PREDICTED_MEAN_HELP = "Mean predicted accuracy of the batch, each architecture counted as often as it was drawn."
UNGUIDED_MEAN = "Unguided mean"
UNGUIDED_MEAN_HELP = "Mean predicted accuracy of architectures drawn without guidance."
BEST = "Best candidate"
BEST_HELP = "Predicted accuracy of the candidate ranked first."
EFFORT = "Evals · time"
EFFORT_HELP = "Evaluations of the network for each sample, and the time of the whole run."

NONE_VALID = "None of the samples is an architecture by the paper's rule. More steps, or less guidance, help."
PREDICTED = "predicted on the way"
PLAYER_TITLE = "Denoising of candidate {rank}"
TABLE = "Ranked candidates"
TABLE_COUNT = "{shown:,} of {all:,} distinct"
TABLE_ALT = "Table of candidates, best first. Select a row to see its graph and how it took shape."
TABLE_HINT = "Select a row to see it in the player. Click a heading to sort."
FILTER = "Filter"
FILTER_TEXT = "Architecture contains"
FILTER_TEXT_EXAMPLE = "for example skip_connect~0"
FILTER_CONNECTED = "Connected only"
FILTER_MEASURED = "Measured only"
FILTER_INSIDE = "Inside the budget only"
FILTER_EMPTY = "No candidate passes the filter. Widen it to see candidates again."
COLUMNS = {
    "rank": "#",
    "cell": "Operations",
    "predicted": "Predicted",
    "std": "±",
    "measured": "Measured",
    "stages": "Layers, stage by stage",
    "macs_m": "MACs, M",
    "params_m": "Params, M",
    "over": "Budget",
    "count": "Drawn",
    "disconnected": "Disconnected",
    "architecture": "Architecture",
}
COLUMNS_HELP = {
    "cell": "Operations in the order of the architecture's text; the letters are those of the player's legend.",
    "predicted": "Mean of the ranking predictors, in percent.",
    "std": "Spread between the ranking predictors, in points.",
    "measured": "Accuracy after training, in percent: {source}.",
    "stages": "Kernel and expansion of every layer, as in the player's legend.",
    "over": "Whether the candidate costs more than the budget allows.",
    "macs_m": "Multiply-accumulate operations of one image.",
    "count": "How often this architecture was drawn.",
    "disconnected": "No path carries the input to the output.",
}
OVER = "over"
COLUMN_LATENCY = "Latency, ms"
COLUMN_DEVICE = "{device}, ms"
NO_MEASURED = "No measured value installed for {dataset}. DNAG_DATA names a folder with the benchmark's files."
NO_MEASURED_OWN = "No measured values beside the predicted ones: nobody has trained these networks on your images."

DISTRIBUTION = "Where the batch landed"
DISTRIBUTION_ALT = "Histogram of predicted accuracy: the guided batch beside the unguided one."
GUIDED = "guided"
UNGUIDED = "unguided"
EXACT = "exact"
PREDICTED_AXIS = "predicted accuracy, %"
MEASURED_AXIS = "measured accuracy, %"
OUTSIDE = "{n} more off the chart"
SCATTER = "Predicted against measured"
SCATTER_ALT = "Scatter of predicted against measured accuracy, one point per candidate."
SPEARMAN = "ρ {rho:.2f}"
SPEARMAN_HELP = (
    "ρ: Spearman's rank correlation over the {n} candidates with a measured value ({source}): 1 is the same order."
)
COST = "Accuracy against cost"
COST_AXIS = "Cost"
COST_HOVER = "%{{text}}<br>{cost}: %{{x:.4g}}, predicted %{{y:.2f}} %"
COST_ALT = "Scatter of predicted accuracy against cost ({cost}), one point per candidate, and the front of the best."

# --- a dataset of one's own -------------------------------------------------------------------------------------------
IMAGES = "Images"
IMAGES_FROM = "Where they come from"
IMAGES_KINDS = {"upload": "Upload", "builtin": "Known data set", "folder": "Folder of the server"}
IMAGES_FILE = "A zip archive with a folder of images for each class"
IMAGES_FILE_HELP = (
    "Up to {packed} MiB packed and {unpacked} MiB unpacked, {files:,} files and {classes} classes; an image up to "
    "{image} MiB and {pixels:g} million pixels. PNG, JPEG, BMP, GIF, WebP, TIFF, PPM."
)
IMAGES_PRIVATE = (
    "Only you see these images. They are on the server's disk while this page is open, and deleted when it is closed "
    "or other images are chosen, or once a training on them has ended; what stays in its cache are the features, 1,280 "
    "numbers an image."
)
IMAGES_NAME = "Data set"
IMAGES_NAME_NONE = "Choose one that is installed"
IMAGES_FOLDER = "Folder"
IMAGES_FOLDER_HELP = "A folder with a folder of images for each class, inside {folders}."
IMAGES_READING = "Reading the images …"
IMAGES_READ = "**{name}**: {classes:,} classes, {images:,} images, {each} a class"
IMAGES_RANGE = "{least:,} to {most:,}"
IMAGES_COUNT = "{count:,} images"
IMAGES_MORE = "and {count:,} more classes"
IMAGES_ALT = "Images of class {name}"
ENCODE = "Encode"
ENCODE_HELP = "A fixed network looks at 20 images of each class; its features tell the predictors about your data."
ENCODE_FIRST = "First choose images and encode them"
ENCODE_FAILED = "The images could not be encoded: {error}"
ENCODE_CANCELLED = "Encoding was stopped. Press **Encode** to go on."
ENCODED = ":material/check: Encoded: {classes:,} classes × {count} images × {width:,} features. Now **Generate**."
DATASET_LINK_GONE = "The run of this link is not in memory any more, and images are not kept. Choose them once more."
DATASET_EMPTY = """
Choose images and encode them, then press **Generate** (or the key **G**).

Architectures are ranked, and steered, by how accurate they are predicted to be on *these* images.
"""

# --- the player -------------------------------------------------------------------------------------------------------
#: Every word the player shows or speaks; ``payload["labels"]`` or ``player(labels=...)`` may replace any of them.
PLAYER = dnag.player.WORDS

"""The words of the gallery of runs."""

from __future__ import annotations

KEPT_MEMORY = (
    "Your runs are kept in the server's memory, for this browser alone, until {minutes:.0f} minutes after its last "
    "page was closed: up to {runs} runs and {size:g} MiB, then the oldest without a name go. Export those that matter."
)
KEPT_FILE = (
    "Your runs are kept on the server, in a file, for this browser alone: a random key in a cookie of this browser "
    "finds them again. Up to {runs} runs and {size:g} MiB, then the oldest without a name go."
)
UNUSABLE = "Runs cannot be kept: {error}"
NOT_KEPT = "This run is not kept: {error}"
EMPTY_TITLE = "No runs yet"
EMPTY = "Every run that finishes is kept here: press **Generate** on the page of that name, or import runs below."
TABLE_ALT = "Table of runs, the newest first. Select one or more to open, compare, export or delete them."
TABLE_HINT = "Select runs by their boxes. Click a heading to sort."
WHEN = "D MMM, HH:mm"  # as Moment.js writes it
COLUMNS = {
    "picture": "Graph",
    "name": "Name",
    "when": "When",
    "space": "Space",
    "dataset": "Dataset",
    "scale": "Guidance",
    "solver": "Sampler × steps",
    "samples": "Samples",
    "valid": "Valid, %",
    "mean": "Mean, %",
    "best": "Best, %",
    "architecture": "Best architecture",
    "size": "MiB",
}
COLUMNS_HELP = {
    "picture": "The best candidate, its operations in the colours of the player.",
    "scale": "Nats per point of accuracy.",
    "valid": "Share of the samples that are an architecture as drawn.",
    "mean": "Mean predicted accuracy of the valid samples.",
    "best": "Predicted accuracy of the best candidate.",
    "size": "What the run takes in the store.",
}
UNNAMED = "run {number}"
OPEN = "Open"
OPEN_HELP = "Shows the run on the page it was made on, with its settings. Select one."
COMPARE = "Compare"
COMPARE_HELP = "Shows two to four runs side by side."
EXPORT = "Export"
EXPORT_HELP = "The selected runs as one zip: each with its settings, candidates and trajectory."
NAME = "Name"
NAME_HELP = "Runs with a name are the last to make room."
NAME_WHICH = "Select one run"
DELETE = "Delete"
DELETE_HELP = "Removes the selected runs for good."
DELETE_SURE = "Delete for good? Runs selected: {count}."
DELETE_YES = "Yes, delete"
IMPORT = "Import"
IMPORT_FILE = "A zip of runs that this app exported"
IMPORT_BUTTON = "Import the runs"
IMPORTED = "Runs imported: {count}."
IMPORT_FAILED = "Nothing was imported. {error}"
GONE = "That run is not kept any more."

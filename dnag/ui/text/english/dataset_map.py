"""Words of "Your dataset" about known data sets, mixes of classes, and where a data set lies among them."""

from __future__ import annotations

# --- choosing ---------------------------------------------------------------------------------------------------------
MIX_KIND = "ImageNet classes"
FEATURES_ONLY = "{label}, features without images"
PROTOTYPES_ONLY = "{label}, features of its classes without images"
MISSING = "What else there is"
MISSING_INTRO = "These data sets may not be shipped. Once they are on the server, they can be chosen here."
MISSING_ITEM = "- **{label}**: `{command}`"
MISSING_FOLDERS = (
    "`fetch` puts a data set into the folder `data` of the app. One that is elsewhere is found in a folder that the "
    "environment variable `{variable}` names; features alone, written by `python -m dnag encode`, will do as well."
)
FEATURES = (
    ":material/check: **{name}**: {classes:,} classes, known by their features; there are no images. Now **Generate**."
)
MIX = "Classes"
MIX_HELP = (
    "Each class is known by the mean features of one picture in ten views, in a reduced form that comes with the app. "
    "The order of predicted architectures is as good as with the views; predicted accuracy may be off by a point."
)
MIX_NONE = "Choose two or more, or draw some"
MIX_SEED = "Seed of the draw"
MIX_DRAW = "{count} at random"

# --- where it lies ----------------------------------------------------------------------------------------------------
TITLE = "Where your classes lie"
MAP_ALT = (
    "Map of {imagenet:,} ImageNet classes; your {classes:,} classes are numbered points among them, and classes of "
    "known data sets have other shapes."
)
IMAGENET = "ImageNet classes"
OWN = "your classes"
MAP_HELP = (
    "Neighbours on the map look alike to the feature extractor; longer distances and directions mean nothing. A class "
    "stands at the weighted mean of its {nearest} nearest ImageNet classes, so between them where they lie apart."
)
TABLE = "Nearest ImageNet classes"
TABLE_ALT = "Table of your classes with the ImageNet classes nearest to each, and how near they are."
TABLE_HELP = (
    "In brackets how near: the cosine between mean features, 1 the same and 0 unrelated. ImageNet is known by one "
    "picture a class at 32 pixels, so this says what looks alike, not what a class is."
)
COLUMN_CLASS = "Your class"
COLUMNS = ("Nearest", "2nd", "3rd")
NEAR = "{name} ({value:.2f})"
DATASETS = "Nearest known data sets"
DATASETS_HELP = "In brackets how far: energy distance of the sets of classes, 0 the same to 1 nothing in common."

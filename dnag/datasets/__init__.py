"""Any data set in: images, real data sets, and features of their classes; see :mod:`dnag.datasets.base`."""

from dnag.datasets.base import DatasetError, ImageSource
from dnag.datasets.builtin import BUILTIN, ImageDataset, Split, decoded, image_dataset, image_source, installed_images
from dnag.datasets.features import FeatureSet, encode
from dnag.datasets.images import ImageLimits, ImageSet, read_images

__all__ = [
    "BUILTIN",
    "DatasetError",
    "FeatureSet",
    "ImageDataset",
    "ImageLimits",
    "ImageSet",
    "ImageSource",
    "Split",
    "decoded",
    "encode",
    "image_dataset",
    "image_source",
    "installed_images",
    "read_images",
]

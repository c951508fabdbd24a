"""Feature extractors; see :mod:`dnag.datasets.extractors.base`."""

from dnag.datasets.extractors.base import Extractor, ExtractorError, extractors

__all__ = ["Extractor", "ExtractorError", "extractors"]

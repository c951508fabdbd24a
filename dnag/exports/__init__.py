"""Taking an architecture home; see :mod:`dnag.exports.base`."""

from dnag.exports.base import Exporter, ExportError, Subject, archive, exporters, file_name, listed, subject_of

__all__ = ["ExportError", "Exporter", "Subject", "archive", "exporters", "file_name", "listed", "subject_of"]

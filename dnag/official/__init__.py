"""The released files of the official code (https://github.com/CownowAn/DiffusionNAG), read without running them."""

from dnag.official.importing import Imported, import_official
from dnag.official.using import Features, vertex_types
from dnag.official.weights import OfficialError

__all__ = ["Features", "Imported", "OfficialError", "import_official", "vertex_types"]

"""BibTeX: whom to cite."""

from __future__ import annotations

from dnag import __version__
from dnag.exports.base import Exporter, Subject, exporters

METHOD = """@inproceedings{an2024diffusionnag,
  title     = {{DiffusionNAG}: Predictor-guided Neural Architecture Generation with Diffusion Models},
  author    = {Sohyun An and Hayeon Lee and Jaehyeong Jo and Seanie Lee and Sung Ju Hwang},
  booktitle = {The Twelfth International Conference on Learning Representations},
  year      = {2024}
}"""
SOFTWARE = f"""@software{{dnag,
  title     = {{{{DiffusionNAG Studio}}}},
  author    = {{{{dnag contributors}}}},
  year      = {{2026}},
  version   = {{{__version__}}},
  license   = {{MIT}}
}}"""


def citation(citations: str) -> str:
    """Entries for the method, for what ``citations`` holds (a search space's own entry) and for this software."""
    return "\n\n".join(entry for entry in (METHOD, citations, SOFTWARE) if entry) + "\n"


@exporters.register("bibtex")
class BibTeX(Exporter):
    """The method, the search space and this software."""

    label = "Citation"
    about = "BibTeX entries of the method, the search space and this software."
    suffix = ".bib"
    media_type = "application/x-bibtex"
    group = "reference"

    def content(self, subject: Subject) -> bytes:
        return citation(subject.space.citation).encode()

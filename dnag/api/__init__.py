"""The app for programs: runs, predictions and what is installed, over HTTP beside the pages. See docs/api.md.

It shares the pages' process, models and job manager, so that there is one queue, and a run that a page began is the one
that a program gets for the same settings.
"""

from dnag.api.app import Api
from dnag.api.limits import LOOPBACK, Guard, Limits, Rate

__all__ = ["LOOPBACK", "Api", "Guard", "Limits", "Rate"]

"""Taking a candidate home."""

from __future__ import annotations

TAKE_HOME = "Take it home"
TAKE_HOME_HELP = "Candidate {rank} as files. Each is made when you press its button; ONNX and the film take seconds."
ALL = "All as zip"
ALL_HELP = "One archive of every format that can be made here."

"""Architectures as users write them: one a line, as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dnag.spaces.base import Architecture, ArchitectureError, SearchSpace


def read_architectures(space: SearchSpace, lines: Sequence[str], source: str) -> list[Architecture]:
    """One architecture a line, as text or as JSON (a string, a list of operation names, an object with
    ``architecture``, or the space's own); empty lines are passed over. ``ArchitectureError`` names the line.
    """
    found = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        try:
            found.append(_architecture(space, text))
        except ArchitectureError as error:
            raise ArchitectureError(f"{source}, line {number}: {error}") from None
    if not found:
        raise ArchitectureError(f"{source} holds no architecture")
    return found


def _architecture(space: SearchSpace, text: str) -> Architecture:
    if text[0] not in '"[{':
        return space.parse(text)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ArchitectureError(f"not JSON: {error}") from None
    except (ValueError, RecursionError):
        raise ArchitectureError(
            f"{text[:40]!r}... is nested too deeply or holds too long a number; allowed: a text, a list of operation "
            "names, or an object with the key 'architecture'"
        ) from None
    if isinstance(data, dict):
        if "architecture" not in data and space.reads_json:
            return space.parse(text)
        if not isinstance(data.get("architecture"), str):
            raise ArchitectureError(
                f"a JSON object needs the key 'architecture'; it has: {', '.join(map(str, data)) or 'none'}"
            )
        data = data["architecture"]
    if isinstance(data, str):
        return space.parse(data)
    unknown = [name for name in data if name not in space.op_names]
    if unknown:
        raise ArchitectureError(f"unknown operation {unknown[0]!r}; allowed: {', '.join(space.op_names)}")
    return space.architecture([space.op_names.index(name) for name in data])

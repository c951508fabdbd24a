"""``info``: what is installed."""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
from typing import Any

import torch

from dnag import __version__
from dnag.benchmarks.base import how_to_add, installed_benchmarks
from dnag.checkpoint import DIRECTORY, installed
from dnag.runs import devices
from dnag.spaces.base import spaces


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``info`` to the parser."""
    command = commands.add_parser("info", help="what is installed: spaces, datasets, checkpoints, benchmarks, devices")
    command.add_argument("--format", default="table", choices=("table", "json"))
    command.set_defaults(run=_info)


def info() -> dict[str, Any]:
    """What ``info`` prints: version, devices, and per space its datasets, checkpoints and benchmarks."""
    found: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "devices": devices(),
        "checkpoints": _checkpoints(""),
        "spaces": {},
    }
    for name, cls in spaces.items():
        space = cls()
        found["spaces"][name] = {
            "label": space.label,
            "architectures": space.size,
            "datasets": {key: dataclasses.asdict(value) for key, value in space.datasets.items()},
            "benchmarks": [
                {"label": source.label, "datasets": list(source.datasets), "note": source.note}
                for source in installed_benchmarks(space)
            ],
            "checkpoints": _checkpoints(name),
        }
    return found


def _checkpoints(space: str) -> dict[str, dict[str, Any]]:
    """Those of a space, or those of none: kind, file and card by name."""
    return {
        stem: {
            "kind": header["kind"],
            "file": f"{stem}.safetensors",
            "card": f"{stem}.md" if (DIRECTORY / f"{stem}.md").exists() else None,
        }
        for stem, header in installed().items()
        if header["space"] == space
    }


def _checkpoint_lines(checkpoints: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"  checkpoint {stem}: {found['kind']}{f', card checkpoints/{card}' if (card := found['card']) else ''}"
        for stem, found in checkpoints.items()
    ]


def _info(arguments: argparse.Namespace) -> None:
    found = info()
    if arguments.format == "json":
        print(json.dumps(found, indent=2))
        return
    versions = f"dnag {found['version']}, Python {found['python']}, torch {found['torch']}"
    print(f"{versions}; devices: {', '.join(found['devices'])}")
    for line in _checkpoint_lines(found["checkpoints"]):
        print(line)
    for name, space in found["spaces"].items():
        print(f"\n{space['label']} ({name}): {space['architectures']:,} architectures")
        for key, dataset in space["datasets"].items():
            print(f"  dataset {key}: {dataset['label']}, {dataset['num_classes']} classes, {dataset['resolution']} px")
        for line in _checkpoint_lines(space["checkpoints"]):
            print(line)
        for source in space["benchmarks"]:
            print(f"  benchmark {source['label']}: {', '.join(source['datasets'])}. {source['note']}")
        covered = {dataset for source in space["benchmarks"] for dataset in source["datasets"]}
        for key in space["datasets"]:
            if key not in covered:
                print(f"  {how_to_add(name, key)}")

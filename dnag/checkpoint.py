r"""Checkpoints: one safetensors file each, weights plus the JSON that rebuilds the modules.

The metadata key ``dnag`` holds ``{"format": 1, "kind", "space", "modules": {name: {"class", "config"}}, "extra"}``;
the tensors of module ``name`` are stored as ``name/parameter``. Nothing is pickled. A Markdown card of the same name
stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dnag.exact import ExactDenoiser
from dnag.files import write_aside
from dnag.graph import attention_mask
from dnag.nets import official
from dnag.nets.additive_predictor import AdditivePredictor, AdditivePredictorConfig
from dnag.nets.class_prototypes import ClassPrototypes, ClassPrototypesConfig
from dnag.nets.dataset_encoder import DatasetEncoder, DatasetEncoderConfig
from dnag.nets.property_predictor import PropertyPredictor, PropertyPredictorConfig
from dnag.nets.ranking_predictor import RankingPredictor, RankingPredictorConfig
from dnag.nets.score_network import ScoreNetwork, ScoreNetworkConfig
from dnag.places import HOME
from dnag.registry import UnknownNameError
from dnag.spaces.base import SearchSpace, spaces

FORMAT = 1
DIRECTORY = HOME / "checkpoints"


class CheckpointError(ValueError):
    """A checkpoint that is missing, damaged, of another kind or space; the message names the file and what is wrong."""


@dataclass
class Checkpoint:
    """The contents of one file.

    Attributes:
        kind: ``"score"``, ``"predictor"``, ``"latency"``, ``"meta"``, ``"meta_predictor"`` (imported) or
            ``"class-map"``.
        space: name of the search space; empty where what is in it concerns none.
        modules: name -> network.
        extra: any JSON the owner needs (label statistics, training settings).
    """

    kind: str
    space: str
    modules: dict[str, nn.Module]
    extra: dict[str, Any] = field(default_factory=dict)


def score_network(space: SearchSpace, **sizes: Any) -> ScoreNetwork:
    """A freshly initialised score network for ``space``; ``sizes`` are fields of :class:`ScoreNetworkConfig`."""
    counts = tuple(int(column.max()) + 1 for column in space.positions.T)
    sizes.setdefault("positions", counts)
    sizes.setdefault("num_ops", space.num_ops)
    return ScoreNetwork(ScoreNetworkConfig(**sizes), mask=attention_mask(space.adjacency), positions=space.positions)


def _build(space: SearchSpace | None, description: Mapping[str, Any], device: str | torch.device) -> nn.Module:
    config = dict(description["config"])
    if description["class"] == "ClassPrototypes":
        return ClassPrototypes(ClassPrototypesConfig(**config))
    if space is None:
        raise ValueError(f"network class {description['class']!r} needs a search space; the file names none")
    match description["class"]:
        case "ScoreNetwork":
            return score_network(space, **config)
        case "PropertyPredictor":
            return PropertyPredictor(
                PropertyPredictorConfig(**config), posterior=ExactDenoiser(space, device).posterior
            )
        case "RankingPredictor":
            return RankingPredictor(RankingPredictorConfig(**config), adjacency=space.adjacency)
        case "DatasetEncoder":
            return DatasetEncoder(DatasetEncoderConfig(**config))
        case "AdditivePredictor":
            return AdditivePredictor(AdditivePredictorConfig(**config))
        case name if name in official.NETWORKS:
            network, sizes = official.NETWORKS[name]
            return network(sizes(**config))
        case other:
            ours = (
                "ScoreNetwork, PropertyPredictor, RankingPredictor, DatasetEncoder, AdditivePredictor, ClassPrototypes"
            )
            allowed = ", ".join([ours, *official.NETWORKS])
            raise ValueError(f"unknown network class {other!r}; allowed: {allowed}")


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write the file aside and rename it."""
    tensors: dict[str, Tensor] = {}
    for name, module in checkpoint.modules.items():
        tensors |= {f"{name}/{key}": value.contiguous().cpu() for key, value in module.state_dict().items()}
    header = {
        "format": FORMAT,
        "kind": checkpoint.kind,
        "space": checkpoint.space,
        "modules": {
            name: {"class": type(module).__name__, "config": asdict(module.config)}  # type: ignore[call-overload]
            for name, module in checkpoint.modules.items()
        },
        "extra": checkpoint.extra,
    }
    write_aside(path, lambda aside: save_file(tensors, aside, metadata={"dnag": json.dumps(header)}))


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a checkpoint, without its tensors. ``CheckpointError`` says what is wrong with the file."""
    if not path.is_file():
        raise CheckpointError(f"no checkpoint {path.name} in {path.parent.name or path.parent}")
    with path.open("rb") as file:
        start = file.read(9)  # a safetensors file: the length of its header in 8 bytes, which may be any, and a brace
    if start[8:] != b"{" and (start[:1] == b"\x80" or start[:2] == b"PK"):
        raise CheckpointError(f"{path.name} is a pickle, which could run code; allowed: dnag safetensors files")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except Exception as error:
        raise CheckpointError(f"{path.name} is damaged or no safetensors file: {error}") from None
    if "dnag" not in metadata:
        raise CheckpointError(f"{path.name} is a safetensors file without a dnag header")
    try:
        header = json.loads(metadata["dnag"])
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path.name} has a damaged header: {error}") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        found = header.get("format") if isinstance(header, dict) else header
        raise CheckpointError(f"{path.name} has format {found!r}; this version reads format {FORMAT}")
    missing = [key for key in ("kind", "space", "modules", "extra") if key not in header]
    if missing:
        raise CheckpointError(f"{path.name} has a header without {', '.join(missing)}")
    return header


def load(path: Path, *, kind: str, space: str | None = None, device: str | torch.device = "cpu") -> Checkpoint:
    """Read a checkpoint and rebuild its modules, in evaluation mode.

    Args:
        kind: what it must be; another kind is a ``CheckpointError``.
        space: the search space it must belong to, if any.
    """
    header = read_header(path)
    if header["kind"] != kind:
        raise CheckpointError(f"{path.name} is a {header['kind']!r} checkpoint; wanted: {kind!r}")
    if space is not None and header["space"] != space:
        raise CheckpointError(f"{path.name} belongs to search space {header['space']!r}; wanted: {space!r}")
    modules: dict[str, nn.Module] = {}
    try:
        owner = None if header["space"] == "" else spaces[header["space"]]()
    except UnknownNameError as error:
        raise CheckpointError(f"{path.name} belongs to an {error}") from None
    try:
        with safetensors.safe_open(path, framework="pt", device=str(device)) as file:
            tensors: dict[str, dict[str, Tensor]] = {}
            for key in file.keys():  # noqa: SIM118 (not a dict)
                name, parameter = key.split("/", 1)
                tensors.setdefault(name, {})[parameter] = file.get_tensor(key)
        for name, description in header["modules"].items():
            module = _build(owner, description, device)
            module.load_state_dict(tensors.get(name, {}))
            modules[name] = module.to(device).eval().requires_grad_(False)
    except Exception as error:
        raise CheckpointError(f"{path.name} does not hold the weights its header describes: {error}") from None
    return Checkpoint(header["kind"], header["space"], modules, header["extra"])


def installed(directory: Path = DIRECTORY) -> dict[str, dict[str, Any]]:
    """File stem -> header of every readable checkpoint of a directory. Files that have not changed are read once."""
    files = [path for path in sorted(directory.glob("*.safetensors")) if path.is_file()]
    return dict(_headers(tuple((path, path.stat().st_mtime_ns) for path in files)))


def installed_names(kind: str, space: str | None = None) -> list[str]:
    """Names of the installed checkpoints of a kind, of one space or of all."""
    return [
        name
        for name, header in installed().items()
        if header["kind"] == kind and (space is None or header["space"] == space)
    ]


@lru_cache(maxsize=8)
def _headers(files: tuple[tuple[Path, int], ...]) -> dict[str, dict[str, Any]]:
    found = {}
    for path, _ in files:
        try:
            found[path.stem] = read_header(path)
        except CheckpointError:
            continue
    return found

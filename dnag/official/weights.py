r"""Official checkpoints as ours: names and sizes, what the file's own configuration decides, and the legacy graphs.

A checkpoint is ``{"model", "optimizer", "step", "config"}``, of a score network also ``"ema"``, whose list of shadow
parameters is in the order of ``"model"``; the ranking predictors are bare state dictionaries. Sizes are read off the
tensors; what tensors do not tell (heads, noise process, mask, places) the configuration does.

**Legacy graphs.** The weights were trained with the official graph of the NAS-Bench-201 cell, which is right for edges
in the order of their sources, while the rows of the matrix are in the order of their targets (nodes 3 and 4 are
swapped); with arrows to direct successors only, because the configurations ask for an algorithm ``floyd`` that the code
calls ``floyed``; and with a graph of D-VAE's in the ranking predictor. All three are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from dnag.checkpoint import Checkpoint
from dnag.graph import Edge, line_graph, reachability
from dnag.nets import official as nets
from dnag.official.torch_files import StoredConfig, StoredTensor, plain_config
from dnag.registry import to_config
from dnag.sdes.base import SDE
from dnag.sdes.subvp import SubVP
from dnag.sdes.ve import VE
from dnag.sdes.vp import VP
from dnag.spaces.base import SearchSpace, spaces

BY_SOURCE: tuple[Edge, ...] = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
"""The order of edges that the official graph of the NAS-Bench-201 cell belongs to."""
SKIPS: tuple[Edge, ...] = ((1, 3), (1, 5), (2, 6), (3, 6))
"""Arrows of the cell's graph in the ranking predictor, besides the chain of its vertices."""
CLOSURE = "floyed"
LABELS = {"nasbench201": (71.572, 6.693)}
"""Mean and standard deviation of accuracy (%) that predictors were trained with, where they are published."""
UNUSED = ("set_fc", "fc2", "hv_unify")
"""Layers that the official networks have and do not use."""


class OfficialError(ValueError):
    """A file that is no official artefact, or is damaged; the message names the file and what is wrong."""


State = dict[str, StoredTensor]
Rules = tuple[tuple[str, str], ...]

_TRANSFORMER: Rules = (
    (r"opEmb\.fc\.(\w+)", r"trunk.embed_op.\1"),
    (r"timeEmb1\.(\w+)", r"trunk.embed_time.mlp.0.\1"),
    (r"timeEmb2\.(\w+)", r"trunk.embed_time.mlp.2.\1"),
    (r"graph_encoder\.encoder_f\.layers\.(\d+)\.self_attn\.norm\.(\w+)", r"trunk.blocks.\1.norm1.\2"),
    *(
        (
            rf"graph_encoder\.encoder_f\.layers\.(\d+)\.self_attn\.attn\.linears\.{index}\.(\w+)",
            rf"trunk.blocks.\1.attention.{name}.\2",
        )
        for index, name in enumerate(("q", "k", "v", "out"))
    ),
    (r"graph_encoder\.encoder_f\.layers\.(\d+)\.feed_forward\.norm\.(\w+)", r"trunk.blocks.\1.norm2.\2"),
    (r"graph_encoder\.encoder_f\.layers\.(\d+)\.feed_forward\.feed_forward\.w_1\.(\w+)", r"trunk.blocks.\1.mlp.0.\2"),
    (r"graph_encoder\.encoder_f\.layers\.(\d+)\.feed_forward\.feed_forward\.w_2\.(\w+)", r"trunk.blocks.\1.mlp.2.\2"),
    (r"graph_encoder\.encoder_f\.norms\.(\d+)\.(\w+)", r"trunk.norms.\1.\2"),
    (r"final\.linears\.(\d+)\.(\w+)", r"head.layers.\1.\2"),
)
_DATASET: Rules = tuple(
    (rf"{theirs}_setpool\.{name}", rf"encoder.{ours}.{to}")
    for theirs, ours in (("intra", "images"), ("inter", "classes"))
    for name, to in (
        (r"enc\.(\d+)\.mab\.fc_(\w)\.(\w+)", r"mix.\1.\2.\3"),
        (r"dec\.0\.S", r"seed"),
        (r"dec\.0\.mab\.fc_(\w)\.(\w+)", r"pool.\1.\2"),
        (r"dec\.1\.(\w+)", r"out.\1"),
    )
)
_JOINT: Rules = (*_DATASET, (r"pred_fc\.(\d+)\.(\w+)", r"joint.layers.\1.\2"))
_GRU: Rules = tuple(
    (pattern, rf"{ours}.{to}.\1")
    for theirs, ours in (("forward", "ahead"), ("backward", "back"))
    for pattern, to in (
        (rf"grue_{theirs}\.(\w+)", "cell"),
        (rf"gate_{theirs}\.0\.(\w+)", "gate"),
        (rf"mapper_{theirs}\.0\.(\w+)", "mapper"),
    )
)


@dataclass(frozen=True)
class Kind:
    """A kind of official network: what it is, how its file is told, and how it becomes ours.

    Attributes:
        told_by: names of tensors that every such file has, and none of the kinds after it in ``KINDS``.
        rules: patterns of official names, and what they become.
        counted: the official tensor, and its dimension, whose size is the number of operations (or vertex types).
        spaces: that number -> the space it tells.
        network: name of our class, and ``graph`` of its buffer for the mask or the graph.
    """

    name: str
    label: str
    told_by: tuple[str, ...]
    rules: Rules
    counted: tuple[str, int]
    spaces: Mapping[int, str]
    network: str
    graph: str


_OPS = {7: "nasbench201", 9: "mobilenetv3"}
_TYPES = {7: "nasbench201", 29: "mobilenetv3"}

KINDS = (
    Kind(
        "guidance",
        "noise-aware predictor",
        ("opEmb.fc.weight", "regeress.linears.0.weight", "pred_fc.0.weight"),
        (*_TRANSFORMER, (r"regeress\.linears\.(\d+)\.(\w+)", r"read.layers.\1.\2"), *_JOINT),
        ("opEmb.fc.weight", 1),
        _OPS,
        "OfficialTransformerPredictor",
        "trunk.mask",
    ),
    Kind(
        "score",
        "score network",
        ("opEmb.fc.weight", "graph_encoder.encoder_f.norms.0.weight", "final.linears.0.weight"),
        _TRANSFORMER,
        ("opEmb.fc.weight", 1),
        _OPS,
        "OfficialScoreNetwork",
        "trunk.mask",
    ),
    Kind(
        "guidance",
        "noise-aware predictor",
        ("gcn.0.weight1", "fc1.weight", "pred_fc.0.weight"),
        (
            (r"gcn\.(\d+)\.weight1", r"along.\1"),
            (r"gcn\.(\d+)\.weight2", r"against.\1"),
            (r"fc1\.(\w+)", r"read.\1"),
            (r"timeEmb1\.(\w+)", r"embed_time.mlp.0.\1"),
            (r"timeEmb2\.(\w+)", r"embed_time.mlp.2.\1"),
            *_JOINT,
        ),
        ("gcn.0.weight1", 0),
        _OPS,
        "OfficialGraphPredictor",
        "mask",
    ),
    Kind(
        "ranking",
        "ranking predictor",
        ("grue_forward.weight_ih", "gate_forward.0.weight", "pred_fc.0.weight"),
        (*_GRU, (r"hg_unify\.0\.(\w+)", r"unify.\1"), (r"fc1\.(\w+)", r"latent.\1"), *_JOINT),
        ("grue_forward.weight_ih", 1),
        _TYPES,
        "OfficialRankingPredictor",
        "arrows",
    ),
)


def kind_of(names: Mapping[str, Any]) -> Kind | None:
    """Which network has tensors of these names; None if no official one has."""
    return next((kind for kind in KINDS if all(name in names for name in kind.told_by)), None)


class Config:
    """The configuration of a checkpoint, read by ``section.name``; a value that decides and is missing is an error."""

    def __init__(self, values: dict[str, Any] | None):
        self.values = values

    def get(self, name: str, default: Any = None) -> Any:
        found: Any = self.values or {}
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return default if found is None else found

    def number(self, name: str) -> float:
        value = self.get(name)
        most = torch.finfo(torch.float32).max
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            raise OfficialError(f"its configuration has no finite number {name}, which decides how the network is used")
        return value

    def expect(self, name: str, *allowed: Any) -> None:
        """``OfficialError`` if the file says of ``name`` what this version cannot do; nothing said is the usual."""
        value = self.get(name, allowed[0])
        if value not in allowed:
            shown = ", ".join(str(item) for item in allowed)
            raise OfficialError(f"its configuration says {name} = {value!r}; allowed: {shown}")


def legacy_graph(space: SearchSpace) -> Tensor:
    """The official graph of a space, (N, N) bool."""
    return line_graph(BY_SOURCE, source=0, sink=3) if space.name == "nasbench201" else space.adjacency


def legacy_mask(space: SearchSpace, algorithm: str) -> Tensor:
    """The official attention mask, (N, N) bool: the graph, or with ``"floyed"`` its transitive closure."""
    if algorithm == "long_range":
        raise OfficialError("its mask is 'long_range', which no known configuration uses; allowed: floyd, floyed, none")
    graph = legacy_graph(space)
    return reachability(graph) if algorithm == CLOSURE else graph


def vertex_graph(space: SearchSpace) -> Tensor:
    """The graph that the ranking predictor sees, (n, n) bool: 8 vertices, or 22 with input and output."""
    vertices = space.num_nodes if space.name == "nasbench201" else space.num_nodes + 2
    edges = [*pairwise(range(vertices)), *(SKIPS if space.name == "nasbench201" else ())]
    arrows = torch.zeros(vertices, vertices, dtype=torch.bool)
    arrows[tuple(torch.tensor(edges).T)] = True
    return arrows


def noise_process(config: Config) -> SDE:
    """The SDE that a checkpoint was trained for, at its own range of noise."""
    name = config.get("training.sde")
    if name == "vesde":
        return VE(config.number("model.sigma_min"), config.number("model.sigma_max"))
    if name in ("vpsde", "subvpsde"):
        family = VP if name == "vpsde" else SubVP
        return family(config.number("model.beta_min"), config.number("model.beta_max"))
    raise OfficialError(f"its configuration says training.sde = {name!r}; allowed: vesde, vpsde, subvpsde")


def unwrapped(state: Mapping[str, Any]) -> State:
    """A state dictionary of tensors, without the prefix of ``DataParallel``. ``OfficialError`` for anything else."""
    strange = [
        name for name, value in state.items() if not isinstance(value, StoredTensor) or not isinstance(name, str)
    ]
    if strange:
        raise OfficialError(f"its weights have an entry {str(strange[0])[:60]!r} that is no tensor")
    prefix = "module."
    wrapped = all(name.startswith(prefix) for name in state)
    return {name.removeprefix(prefix) if wrapped else name: value for name, value in state.items()}


def averaged(state: State, ema: Any) -> State:
    """The exponential moving average of the parameters, in their order."""
    shadow = ema.get("shadow_params") if isinstance(ema, dict) else None
    if not isinstance(shadow, list) or not all(isinstance(value, StoredTensor) for value in shadow):
        raise OfficialError("its 'ema' has no list of tensors 'shadow_params'")
    if [value.shape for value in shadow] != [value.shape for value in state.values()]:
        raise OfficialError(f"its {len(shadow)} averaged tensors do not fit the {len(state)} of 'model' one by one")
    return dict(zip(state, shadow, strict=True))


def convert(
    content: Mapping[str, Any],
    *,
    space: str | None = None,
    closure: bool = False,
    labels: tuple[float, float] | None = None,
) -> tuple[Kind, Checkpoint, dict[str, str], dict[str, str]]:
    """A checkpoint as ours, what was kept of it, and what was left out and why.

    Args:
        space: the space it must belong to, if any.
        closure: mask with the transitive closure, as the official guided runs do, whatever the configuration says.
        labels: mean and standard deviation of accuracy (%) that a predictor was trained with; default: ``LABELS``.
    """
    stored = content.get("config")
    if stored is not None and not isinstance(stored, StoredConfig):
        raise OfficialError(f"its 'config' is a {type(stored).__name__}; allowed: a ConfigDict")
    config = Config(None if stored is None else plain_config(stored))
    bare = not isinstance(content.get("model"), dict)
    state = unwrapped(content if bare else content["model"])
    kind = kind_of(state)
    if kind is None:
        raise OfficialError(f"its weights ({_names(state)}) are of no official network")
    if labels is not None and kind.name == "score":
        raise OfficialError("it is a score network, which has no labels; allowed with labels: predictors")
    owner = _space(kind, state, config, space)
    _check_config(kind, config)
    kept: dict[str, str] = {}
    left: dict[str, str] = {}
    if not bare:
        left |= {name: _WHY.get(name, "unknown") for name in content if name not in ("model", "ema", "config", "step")}
    if kind.name == "score":
        if "ema" in content:
            state = averaged(state, content["ema"])
            kept["weights"] = "the moving average (ema), as the official code samples with"
            left["model"] = "the last weights of training; the average is used"
        else:
            kept["weights"] = "those of 'model': the file has no moving average"
    unused = [name for name in state if name.split(".")[0] in UNUSED]
    if unused:
        left[", ".join(sorted({name.split(".")[0] for name in unused}))] = "layers that the official code does not use"
    state = {name: value for name, value in state.items() if name not in unused}
    step = None if bare else content.get("step")
    official = {"step": step if isinstance(step, int) else None, "config": config.values}
    extra: dict[str, Any] = {"official": official}
    if kind.name == "ranking":
        graph = vertex_graph(owner)
        kept["graph"] = "the legacy one"
    else:
        algorithm = CLOSURE if closure else str(config.get("data.aug_mask_algo", "none"))
        graph = legacy_mask(owner, algorithm)
        extra |= {"sde": to_config(noise_process(config)), "legacy": {"adjacency": True, "mask": algorithm}}
        kept["noise"] = ", ".join(f"{name} {value}" for name, value in extra["sde"].items())
        kept["mask"] = f"the legacy graph{', transitively closed' if algorithm == CLOSURE else ''}"
    if kind.name == "score":
        extra["prediction"] = "score" if extra["sde"]["type"] == "ve" else "noise"
    elif (known := labels or LABELS.get(owner.name)) is not None:
        extra["labels"] = dict(zip(("mean", "spread"), known, strict=True))
        kept["labels"] = f"mean {known[0]:g} and standard deviation {known[1]:g} points of accuracy"
    else:
        left["labels"] = "mean and standard deviation of accuracy are not in the file; --labels MEAN,SPREAD states them"
    network: Any = _network(kind, owner, state, config, graph)
    kept["sizes"] = ", ".join(f"{name} {value}" for name, value in vars(network.config).items())
    checkpoint = Checkpoint(
        "score" if kind.name == "score" else "meta_predictor", owner.name, {kind.name: network}, extra
    )
    return kind, checkpoint, kept, left


_WHY = {"optimizer": "the optimiser's state, of use only to train on"}


def _names(state: Mapping[str, Any]) -> str:
    return ", ".join(list(map(str, state))[:3]) + ", ..." if len(state) > 3 else ", ".join(map(str, state)) or "none"


def _space(kind: Kind, state: State, config: Config, wanted: str | None) -> SearchSpace:
    tensor, axis = kind.counted
    shape = state[tensor].shape
    name = kind.spaces.get(shape[axis]) if len(shape) == 2 else None
    if name is None:
        allowed = ", ".join(f"{number} ({space})" for number, space in kind.spaces.items())
        raise OfficialError(f"its {tensor} has shape {shape}; allowed in dimension {axis}: {allowed}")
    if wanted is not None and wanted != name:
        raise OfficialError(f"its {kind.label} belongs to search space {name!r}; wanted: {wanted!r}")
    space = spaces[name]()
    for field, number in (("data.n_vocab", space.num_ops), ("data.max_node", space.num_nodes)):
        if config.get(field, number) != number:
            said = f"{field} = {config.get(field)}, not {number}"
            raise OfficialError(f"its weights belong to {name} and its configuration says {said}")
    return space


def _check_config(kind: Kind, config: Config) -> None:
    if kind.name != "ranking":
        if config.values is None:
            raise OfficialError(f"weights of a {kind.label} without the 'config' that says their noise process")
        config.expect("model.nonlinearity", "swish")
        config.expect("data.centered", True)
        config.expect("training.continuous", True)
    config.expect("model.input_type", "DA")


def _renamed(name: str, kind: Kind) -> str | None:
    for pattern, ours in kind.rules:
        match = re.fullmatch(pattern, name)
        if match is not None:
            return match.expand(ours)
    return None


def _network(kind: Kind, space: SearchSpace, state: State, config: Config, graph: Tensor) -> nn.Module:
    """Our network of the file's own sizes, with the file's weights and the graph in it."""
    ours: dict[str, StoredTensor] = {}
    for name, value in state.items():
        new = _renamed(name, kind)
        if new is None:
            raise OfficialError(f"its {kind.label} has a tensor {name[:80]!r} that the official one does not have")
        ours[new] = value
    cls, config_cls = nets.NETWORKS[kind.network]
    try:
        sizes = config_cls(**_sizes(kind, space, state, config))
        with torch.device("meta"):  # no weights are made only to be overwritten
            wanted = {name: tuple(value.shape) for name, value in cls(sizes).named_parameters()}
    except OfficialError:
        raise
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise OfficialError(f"its {kind.label} has tensors that do not fit together: {error}") from None
    for name, shape in wanted.items():
        if name not in ours:
            raise OfficialError(f"its {kind.label} lacks tensors, {name} (in our names) among them")
        if ours[name].shape != shape:
            raise OfficialError(f"its {kind.label} has {name} (in our names) of shape {ours[name].shape}, not {shape}")
    if len(ours) != len(wanted):
        extra = next(name for name in ours if name not in wanted)
        raise OfficialError(f"its {kind.label} has more tensors than fit together, {extra} (in our names) among them")
    weights = {name: value.load().float() for name, value in ours.items()}
    broken = next((name for name, value in weights.items() if not bool(value.isfinite().all())), None)
    if broken is not None:
        raise OfficialError(f"its {kind.label} has numbers in {broken} (in our names) that are not finite")
    network = cls(sizes)
    network.load_state_dict({**weights, kind.graph: graph})
    return network.eval().requires_grad_(False)


def _sizes(kind: Kind, space: SearchSpace, state: State, config: Config) -> dict[str, int]:
    """Sizes of our network, read off the official tensors; heads, which these do not tell, off the configuration."""
    shape = {name: value.shape for name, value in state.items()}

    def count(pattern: str) -> int:
        return sum(re.fullmatch(pattern, name) is not None for name in state)

    found: dict[str, int] = {"num_nodes": space.num_nodes, "num_ops": space.num_ops}
    if "opEmb.fc.weight" in state:
        nodewise = 4 if space.name == "mobilenetv3" else space.num_nodes
        placed = space.name == "mobilenetv3" or config.get("model.pos_enc_type") == 2
        score = kind.name == "score"
        found |= {
            "width": shape["opEmb.fc.weight"][0],
            "depth": count(r"graph_encoder\.encoder_f\.norms\.\d+\.weight"),
            "heads": int(config.number("model.graph_encoder.n_head")),
            "hidden": shape["graph_encoder.encoder_f.layers.0.feed_forward.feed_forward.w_1.weight"][0],
            "head": shape["final.linears.0.weight"][0],
            "period": nodewise if score and placed else 0,
        }
        if not score:
            found["read"] = shape["regeress.linears.1.weight"][0]
    elif kind.name == "guidance":
        found |= {
            "width": shape["gcn.0.weight1"][1],
            "depth": count(r"gcn\.\d+\.weight1"),
            "read": shape["fc1.weight"][0],
        }
    else:
        width = shape["grue_forward.weight_hh"][1]
        found = {
            "num_vertices": shape["gate_forward.0.weight"][1] - width,
            "num_types": shape["grue_forward.weight_ih"][1],
            "width": width,
            "latent": shape["fc1.weight"][0],
        }
        if found["num_vertices"] != len(vertex_graph(space)):
            raise OfficialError(
                f"its ranking predictor knows {found['num_vertices']} vertices; graphs of {space.name} have "
                f"{len(vertex_graph(space))}"
            )
    if kind.name != "score":
        found |= {"context": shape["intra_setpool.dec.0.S"][-1], "joint": shape["pred_fc.0.weight"][0]}
    return found

r"""Official data files as plain ones: CSV for accuracies, npz for the rest; nothing in them needs unpickling again.

    nasbench201_info.pt            {"str": [15,625 texts], "test-acc": {dataset: [%]}, ...}         -> nasbench201.csv
    meta_train_tasks_predictor.pt  {"str", "acc", "task": [index of a task], ...}                   -> npz
    *bylabel.pt                    {class: [features (images, 512)]}                                -> npz
    ofa_database_500000.pt         {"x_none2zero": [matrices (20, 9), a zero row for no layer], ...} -> npz

Two small files beside the meta-training records complete them: the classes of each task, and which records were kept
for evaluation.
"""

from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dnag.files import write_aside
from dnag.official.torch_files import StoredTensor, open_torch
from dnag.official.weights import OfficialError
from dnag.spaces.base import ABSENT, SearchSpace, spaces

TASKS, SPLIT = "meta_train_task_lst.pt", "meta_train_tasks_predictor_idx.pt"
EVALUATED = 400
"""So many records, the first of the permutation in ``SPLIT``, were kept for evaluation."""
Said = dict[str, str]


def write_accuracies(content: Mapping[str, Any], out: Path) -> tuple[Path, Said, Said]:
    """``nasbench201_info.pt`` as a CSV table that ``--measured`` and ``DNAG_DATA`` read."""
    space = spaces["nasbench201"]()
    texts = _texts(content, space)
    known = {str(name).lower(): values for name, values in _mapping(content, "test-acc").items()}
    tables = {
        name: _percent(known[name], f"test-acc of {name}", len(texts)) for name in space.datasets if name in known
    }
    if not tables:
        raise OfficialError(f"its 'test-acc' has {', '.join(known) or 'nothing'}; allowed: {', '.join(space.datasets)}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["arch_str", *tables])
    writer.writerows(zip(texts, *([f"{value:.6g}" for value in column] for column in tables.values()), strict=True))
    path = out / f"{space.name}.csv"
    write_aside(path, lambda aside: aside.write_text(text.getvalue(), encoding="utf-8"))
    left = {name: _REASONS.get(name, "unknown") for name in content if name not in ("str", "test-acc")}
    left |= {f"test-acc of {name}": "no dataset of ours" for name in known if name not in tables}
    return path, {"test-acc": f"{len(texts):,} cells on {', '.join(tables)}"}, left


_REASONS = {
    "g": "graphs of igraph; the text says the same",
    "x": "matrices; the text says the same",
    "adj": "graphs; all are alike",
    "matrix": "matrices; the text says the same",
    "node_type": "operations; the matrix says the same",
    "net_setting": "settings; the matrix says the same",
    "val-acc": "validation accuracy: measured values are test accuracies here",
    "flops": "computed exactly here",
    "params": "computed exactly here",
    "latency": "of an unnamed device",
}


def write_records(content: Mapping[str, Any], path: Path, out: Path) -> tuple[Path, Said, Said]:
    """``meta_train_tasks_predictor.pt`` as ``architecture (n,)`` text, ``accuracy_pct (n,)``, ``task (n,)``; with the
    files beside it ``task_classes (T, 20)`` and ``evaluation (n,)`` bool.
    """
    texts = _texts(content, spaces["nasbench201"]())
    arrays: dict[str, Any] = {
        "architecture": np.array(texts),
        "accuracy_pct": _percent(content["acc"], "acc", len(texts)),
        "task": _whole(content["task"], "task", (len(texts),)),
    }
    kept = {"records": f"{len(texts):,}, on {len(np.unique(arrays['task'])):,} tasks"}
    left = {name: _REASONS.get(name, "unknown") for name in content if name not in ("str", "acc", "task")}
    for name, what in ((TASKS, "classes of the tasks"), (SPLIT, "which records were kept for evaluation")):
        beside = path.with_name(name)
        if not beside.is_file():
            left[what] = f"{name} is not beside {path.name}"
            continue
        with _beside(beside) as other:
            if name == TASKS:
                arrays["task_classes"] = _whole(other, name, (None, None)).astype(np.int16)
                if arrays["task"].max() >= len(arrays["task_classes"]):
                    raise OfficialError(f"{name} has {len(arrays['task_classes']):,} tasks; the records, more")
                kept[what] = f"{len(arrays['task_classes']):,} tasks, from {name}"
            else:
                order = _whole(other, name, (len(texts),))
                if not np.array_equal(np.sort(order), np.arange(len(texts))):
                    raise OfficialError(f"{name} is no permutation of the {len(texts):,} records")
                arrays["evaluation"] = np.isin(np.arange(len(texts)), order[:EVALUATED])
                kept[what] = f"{min(EVALUATED, len(texts))}, from {name}"
    return _npz(out / "nasbench201-meta-train.npz", arrays), kept, left


@contextmanager
def _beside(path: Path) -> Iterator[Any]:
    try:
        with open_torch(path) as content:
            yield content
    except pickle.UnpicklingError as error:
        raise OfficialError(f"{path.name} beside it: {error}") from None


def write_features(content: Mapping[Any, Any] | Sequence[Any], path: Path, out: Path) -> tuple[Path, Said, Said]:
    """``*bylabel.pt`` as ``features (n, width)`` and ``label (n,)``, class by class."""
    classes = dict(content) if isinstance(content, Mapping) else dict(enumerate(content))
    parts: list[Any] = []
    labels: list[Any] = []
    for number in sorted(classes):
        features = _first(classes[number])
        if features is None or len(features.shape) != 2 or (parts and features.shape[1] != parts[0].shape[1]):
            raise OfficialError(f"its class {number} holds no features (images, width) as the others do")
        parts.append(features.load().float().numpy())
        labels.append(np.full(len(parts[-1]), number, np.int32))
    arrays = {"features": np.concatenate(parts), "label": np.concatenate(labels)}
    images, width = arrays["features"].shape
    target = out / f"{path.name.split('.')[0].removesuffix('bylabel') or 'dataset'}-features.npz"
    return _npz(target, arrays), {"features": f"{images:,} images of {len(parts)} classes, width {width}"}, {}


def holds_features(content: Any) -> bool:
    """Is it a ``*bylabel.pt``: numbered classes, each a list with one tensor?"""
    if isinstance(content, Mapping):
        if not content or not all(type(name) is int for name in content):
            return False
        content = list(content.values())
    return isinstance(content, list) and bool(content) and all(_first(value) is not None for value in content)


def _first(value: Any) -> StoredTensor | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, StoredTensor) else None


def write_networks(content: Mapping[str, Any], out: Path) -> tuple[Path, Said, Said]:
    """``ofa_database_500000.pt`` as ``ops (n, 20)`` int8, -1 for no layer."""
    space = spaces["mobilenetv3"]()
    stored = content["x_none2zero"]
    try:
        onehot = stored.load() if isinstance(stored, StoredTensor) else torch.stack([part.load() for part in stored])
    except (TypeError, AttributeError, RuntimeError):
        raise OfficialError("its 'x_none2zero' is no list of matrices of one shape") from None
    if onehot.shape[1:] != (space.num_nodes, space.num_ops) or not len(onehot):
        wanted = f"(n, {space.num_nodes}, {space.num_ops})"
        raise OfficialError(f"its 'x_none2zero' has shape {tuple(onehot.shape)}; allowed: {wanted}")
    if not bool(((onehot == 0) | (onehot == 1)).all()) or not bool((onehot.sum(-1) <= 1).all()):
        raise OfficialError("its 'x_none2zero' has a row that is neither one-hot nor zero")
    ops = torch.where(onehot.sum(-1) == 1, onehot.int().argmax(-1), ABSENT).to(torch.int8)
    distinct = ops.unique(dim=0).tolist()
    violation = next(filter(None, map(space.check, distinct)), None)
    if violation is not None:
        raise OfficialError(f"its 'x_none2zero' has a matrix that is no network: {violation.reason}")
    left = {name: _REASONS.get(name, "unknown") for name in content if name != "x_none2zero"}
    path = _npz(out / "mobilenetv3-networks.npz", {"ops": ops.numpy()})
    return path, {"networks": f"{len(ops):,}, {len(distinct):,} of them distinct"}, left


# ---------------------------------------------------------------------- parts


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content[name]
    if not isinstance(found, Mapping):
        raise OfficialError(f"its {name!r} is a {type(found).__name__}; allowed: a dictionary")
    return found


def _texts(content: Mapping[str, Any], space: SearchSpace) -> list[str]:
    """Every architecture in our text form."""
    texts = content["str"]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise OfficialError("its 'str' is no list of architectures as text")
    try:
        return [space.format(space.parse(text)) for text in texts]
    except ValueError as error:
        raise OfficialError(f"its 'str' holds no architecture of {space.name}: {error}") from None


def _numbers(values: Any) -> Any:
    """Nested lists with the tensors in them read."""
    if isinstance(values, StoredTensor):
        return values.load().tolist()
    return [_numbers(value) for value in values] if isinstance(values, list | tuple) else values


def _array(values: Any, name: str, shape: tuple[int | None, ...]) -> Any:
    try:
        found = np.array(_numbers(values), dtype=np.float64)
    except (TypeError, ValueError):
        raise OfficialError(f"its {name} holds other things than numbers, or rows of unequal length") from None
    if found.ndim != len(shape) or any(want not in (None, have) for want, have in zip(shape, found.shape, strict=True)):
        raise OfficialError(f"its {name} has shape {found.shape}; allowed: {shape}")
    return found


def _percent(values: Any, name: str, count: int) -> Any:
    found = _array(values, name, (count,))
    if not bool(((found >= 0) & (found <= 100)).all()) or found.max() <= 1:
        raise OfficialError(f"its {name} runs from {found.min():g} to {found.max():g}; allowed: accuracy in %")
    return found.astype(np.float32)


def _whole(values: Any, name: str, shape: tuple[int | None, ...]) -> Any:
    found = _array(values, name, shape)
    if not bool(((found == np.floor(found)) & (found >= 0) & (found < 2**15)).all()):
        raise OfficialError(f"its {name} holds other numbers than 0, 1, 2, ...")
    return found.astype(np.int32)


def _npz(path: Path, arrays: Mapping[str, Any]) -> Path:
    def write(aside: Path) -> None:
        with aside.open("wb") as file:
            np.savez_compressed(file, **arrays)

    write_aside(path, write)
    return path

"""One call from a released file to files of ours; see :func:`import_official`."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnag.checkpoint import load, save
from dnag.official import tables
from dnag.official.torch_files import StoredConfig, StoredTensor, open_torch
from dnag.official.weights import OfficialError, convert, kind_of

ALLOWED = (
    "score networks, noise-aware and ranking predictors of both spaces, nasbench201_info.pt, "
    "meta_train_tasks_predictor.pt, *bylabel.pt, ofa_database_500000.pt"
)


@dataclass(frozen=True)
class Imported:
    """What an official file was, and what it became.

    Attributes:
        what: the artefact in words.
        space: name of its search space; None for image features, which belong to none.
        files: what was written.
        kept: part -> what there is of it.
        left_out: part -> why.
    """

    what: str
    space: str | None
    files: tuple[Path, ...]
    kept: dict[str, str]
    left_out: dict[str, str]


def import_official(
    path: Path,
    out: Path,
    *,
    space: str | None = None,
    closure: bool = False,
    labels: tuple[float, float] | None = None,
) -> Imported:
    """Read a released file, which may run nothing, and write it in our formats.

    Checkpoints become safetensors, ``<space>-official-<score|guidance|ranking>``; tables, CSV or npz. ``OfficialError``
    (of an unknown, damaged or malicious file, or one of another space) names the file and what is wrong; nothing is
    written then.

    Args:
        path: the file, in either format of ``torch.save``.
        out: a directory, made if need be.
        space: the search space it must belong to, if any.
        closure: mask attention with the transitive closure of the graph, as the official guided runs do, whatever the
            file's configuration says.
        labels: mean and standard deviation of the accuracies (%) that a predictor was trained with; default: the
            published ones of NAS-Bench-201, none for MobileNetV3.
    """
    options = {"space": space, "closure": closure, "labels": labels}
    try:
        with open_torch(path) as content:
            found = _import(content, path, out, options)
    except (ValueError, pickle.UnpicklingError) as error:
        raise OfficialError(f"{path.name}: {error}") from None
    return found


def _import(content: Any, path: Path, out: Path, options: Mapping[str, Any]) -> Imported:
    if isinstance(content, Mapping) and all(isinstance(name, str) for name in content):
        if isinstance(content.get("model"), Mapping) or kind_of(_unprefixed(content)) is not None:
            return _checkpoint(content, path, out, options)
        for keys, what, owner, write in (
            (("str", "test-acc"), "accuracies", "nasbench201", lambda: tables.write_accuracies(content, out)),
            (("str", "acc", "task"), "meta-training", "nasbench201", lambda: tables.write_records(content, path, out)),
            (("x_none2zero",), "networks", "mobilenetv3", lambda: tables.write_networks(content, out)),
        ):
            if all(key in content for key in keys):
                _check_space(owner, options["space"])
                file, kept, left = write()
                return Imported(what, owner, (file,), kept, left)
    if tables.holds_features(content):
        file, kept, left = tables.write_features(content, path, out)
        return Imported("image features", None, (file,), kept, left)
    raise OfficialError(f"no official artefact, but {_described(content)}; allowed: {ALLOWED}")


def _checkpoint(content: Mapping[str, Any], path: Path, out: Path, options: Mapping[str, Any]) -> Imported:
    kind, checkpoint, kept, left = convert(content, **options)
    checkpoint.extra["official"] |= {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    target = out / f"{checkpoint.space}-official-{kind.name}.safetensors"
    save(target, checkpoint)
    load(target, kind=checkpoint.kind, space=checkpoint.space)
    return Imported(kind.label, checkpoint.space, (target,), kept, left)


def _unprefixed(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("module."): value for name, value in content.items()}


def _check_space(owner: str, wanted: str | None) -> None:
    if wanted is not None and wanted != owner:
        raise OfficialError(f"it belongs to search space {owner!r}; wanted: {wanted!r}")


def _described(content: Any) -> str:
    if isinstance(content, StoredConfig):
        return "a configuration alone, which the checkpoints hold as well"
    if isinstance(content, Mapping):
        names = ", ".join(str(name)[:40] for name in list(content)[:6])
        return f"a dictionary of {len(content)} ({names or 'nothing'}{', ...' if len(content) > 6 else ''})"
    if isinstance(content, StoredTensor):
        return f"a tensor of shape {content.shape}"
    return f"a {type(content).__name__}" + (f" of {len(content)}" if isinstance(content, list | tuple | str) else "")

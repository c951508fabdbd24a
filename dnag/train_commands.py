"""``train``: a shipped model made anew, from measured values where it needs any."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from dnag import recipes, transfer_commands
from dnag.benchmarks.base import measured
from dnag.benchmarks.ofa_measured import OfaMeasured
from dnag.benchmarks.ofa_teacher import OfaTeacher
from dnag.bundle import task_name
from dnag.checkpoint import DIRECTORY, load, save
from dnag.costs import exact_cost
from dnag.devices import resolve_device
from dnag.figures import loss_curve_svg
from dnag.files import write_aside
from dnag.nets.property_model import Labels, RankingEnsemble
from dnag.options import add_settings, dataset_names
from dnag.parsing import out_folder
from dnag.run_settings import RunSettings
from dnag.spaces.base import SearchSpace, spaces
from dnag.terminal import Bar, table
from dnag.training import TrainConfig, TrainResult

Labelled = tuple[torch.Tensor, dict[str, torch.Tensor]]
"""Operation indices (n, N) of labelled architectures, and dataset -> their accuracies in %, (n,)."""
STATES = Path("runs") / "train"


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``train`` to the parser."""
    command = commands.add_parser("train", help="train a shipped model anew")
    command.add_argument("what", choices=("score", "predictor", "latency", "meta-predictor", "class-map", "all"))
    add_settings(command, ["space", "device", "seed"])
    command.add_argument("--steps", type=int, default=0, help="optimiser steps; default: those of the shipped model")
    command.add_argument("--half", action="store_true", help="score: train on a random half of the space, for novelty")
    command.add_argument(
        "--target", default="sample", metavar="X", help=f"score: what to learn. One of: {', '.join(recipes.TARGETS)}."
    )
    command.add_argument("--measured", type=Path, metavar="FILE", help="predictor: CSV of accuracies to learn from")
    command.add_argument(
        "--teacher", type=Path, metavar="FILE", help="predictor: once-for-all's accuracy predictor (.npz)"
    )
    command.add_argument(
        "--latencies", type=Path, metavar="FILE", help="latency: measured latencies of networks (.npz)"
    )
    command.add_argument(
        "--layers",
        action="append",
        default=[],
        metavar="DEVICE=FILE",
        help="latency: measured latencies of layers (JSON of once-for-all). May be given several times.",
    )
    transfer_commands.add_meta_arguments(command)
    command.add_argument(
        "--known",
        action="append",
        default=[],
        metavar="DIR|ZIP|NAME",
        help="class-map: one more data set to compare with (see encode). May be given several times.",
    )
    command.add_argument("--datasets", default="", help="predictor: comma-separated; default: all of the space")
    command.add_argument("--threads", type=int, default=0, help="CPU threads; default: all but one")
    command.add_argument("--out", type=out_folder, default=DIRECTORY, metavar="DIR", help="where checkpoints go")
    command.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> None:
    if arguments.steps < 0:
        raise ValueError(f"steps is {arguments.steps}; allowed: 1 or more")
    given = {name: value for name in ("space", "device", "seed") if (value := getattr(arguments, name)) is not None}
    settings = RunSettings(**given)
    space, device = spaces[settings.space](), resolve_device(settings.device)
    if arguments.half and not space.enumerable:
        listed = ", ".join(name for name, kind in spaces.items() if kind().enumerable)
        raise ValueError(f"half of {space.name} cannot be drawn, as it cannot be listed; allowed: {listed}")
    if arguments.what == "latency":
        _train_latency(space, settings.seed, arguments)
        return
    if arguments.what == "class-map":
        transfer_commands.train_class_map(arguments)
        return
    if arguments.what == "meta-predictor":
        state = STATES / f"{space.name}-meta-{arguments.steps}-{settings.seed}.state"
        made = transfer_commands.train_meta_predictor(space, settings.seed, arguments.steps, arguments, state)
        _keep(arguments.out, f"{space.name}-meta", *made)
        return
    labels, tasks = None, None
    if arguments.what in ("predictor", "all"):  # what is missing is said before hours of training, not after
        if space.enumerable:
            labels = labelled(space, arguments.measured, dataset_names(space, arguments.datasets))
        else:
            tasks = taught(space, arguments.teacher, arguments.measured)
    if arguments.what in ("score", "all"):
        halves = [arguments.half] if arguments.what == "score" else [False, True] if space.enumerable else [False]
        for half in halves:
            _train_score(space, settings.seed, arguments.steps or 6000, half, arguments.target, device, arguments.out)
    if tasks is not None:
        _train_taught(space, settings.seed, arguments.steps or 6000, tasks, device, arguments.out)
    if labels is not None:
        _train_predictor(space, settings.seed, arguments.steps or 7000, labels, device, arguments.out)


def _train_score(
    space: SearchSpace, seed: int, steps: int, half: bool, target: str, device: torch.device, out: Path
) -> None:
    name = f"{space.name}-score{'-half' if half else ''}"
    with Bar(name) as bar:
        checkpoint, result = recipes.train_score(
            space,
            TrainConfig(steps=steps, seed=seed),
            half=half,
            target=target,
            device=device,
            state_path=STATES / f"{name}-{target}-{steps}-{seed}.state",
            callback=bar.train,
        )
    _keep(out, name, checkpoint, result)


def _train_predictor(
    space: SearchSpace, seed: int, steps: int, labels: Labelled, device: torch.device, out: Path
) -> None:
    name = f"{space.name}-predictor"
    ops, values = labels
    complete = len(ops) == space.size
    config = TrainConfig(
        steps=max(1, steps * 6 // 7), lr=3e-3, warmup=100, weight_decay=1e-4 if complete else 1e-2, seed=seed
    )
    with Bar(f"{name}, ranking") as bar:
        ranking = recipes.train_ranking(space, ops, values, config, device=device, callback=bar.train)
    known = values if complete else _filled(space, ops, values, ranking, device)
    with Bar(f"{name}, guidance") as bar:
        guidance, result = recipes.train_guidance(
            space,
            known,
            TrainConfig(steps=steps, seed=seed),
            device=device,
            state_path=STATES / f"{name}-{steps}-{seed}.state",
            callback=bar.train,
        )
    extra = {"labelled": len(ops), "steps": steps, "seed": seed}
    _keep(
        out,
        name,
        recipes.predictor_checkpoint(
            space, {name: Labels.of(table) for name, table in known.items()}, guidance, ranking, extra
        ),
        result,
    )


def _train_taught(
    space: SearchSpace,
    seed: int,
    steps: int,
    taught: tuple[dict[str, recipes.Task], dict[str, Any]],
    device: torch.device,
    out: Path,
) -> None:
    """The predictors of a space that cannot be listed, from a teacher that answers for any architecture."""
    name = f"{space.name}-predictor"
    tasks, about = taught
    costs = [exact_cost(space.name, "macs_m", dataset, 0, 1.0).weights for dataset in space.datasets]
    with Bar(f"{name}, guidance") as bar:
        guidance, result = recipes.train_sampled_guidance(
            space,
            tasks,
            costs,
            TrainConfig(steps=steps, seed=seed),
            device=device,
            state_path=STATES / f"{name}-{steps}-{seed}.state",
            callback=bar.train,
        )
    with Bar(f"{name}, ranking") as bar:
        config = TrainConfig(steps=steps, lr=2e-3, warmup=100, seed=seed)
        ranking = recipes.train_taught_ranking(space, tasks, costs, config, device=device, callback=bar.train)
    extra = {"steps": steps, "seed": seed, **about}
    labels = {task: known.labels for task, known in tasks.items()}
    _keep(out, name, recipes.predictor_checkpoint(space, labels, guidance, ranking, extra), result)


def taught(
    space: SearchSpace, teacher: Path | None, table: Path | None
) -> tuple[dict[str, recipes.Task], dict[str, Any]]:
    """A task for each dataset and image size, in percent as measured; and how the teacher was calibrated.

    Half of the measured networks, chosen at random, calibrate; the others are left to judge by.
    """
    dataset, about = next(iter(space.datasets.items()))
    benchmark = measured(space.name, dataset, table=table)
    missing = []
    if teacher is None:
        missing.append("--teacher FILE, the accuracy predictor of once-for-all (.npz)")
    if not isinstance(benchmark, OfaMeasured):
        missing.append("--measured FILE, a CSV of measured networks with the columns ks, e, d and top1")
    if teacher is None or not isinstance(benchmark, OfaMeasured):
        raise ValueError(f"{space.name} cannot be listed, so its predictors learn from a teacher; give {missing[0]}")
    network = OfaTeacher.load(teacher)
    ops, top1 = benchmark.all()
    calibrating, _ = recipes.measured_split(len(ops))
    slope, intercept = network.calibrated(ops[calibrating], top1[calibrating], about.resolution)

    def value(resolution: int) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda onehot: slope * network(onehot, resolution) + intercept

    costs = [exact_cost(space.name, "macs_m", dataset, 0, 1.0).weights]
    tasks = {
        task_name(space, dataset, resolution): recipes.Task.of(space, value(resolution), costs)
        for resolution in about.resolutions
    }
    calibration = {"slope": slope, "intercept": intercept, "networks": len(calibrating)}
    return tasks, {"calibration": calibration}


def _train_latency(space: SearchSpace, seed: int, arguments: argparse.Namespace) -> None:
    from dnag.benchmarks.latency_records import read_latencies
    from dnag.benchmarks.layer_table import LayerTable
    from dnag.latency import train_latency

    tables = {}
    for text in arguments.layers:
        device, equals, path = text.partition("=")
        if not equals or not device:
            raise ValueError(f"layers is {text!r}; allowed: DEVICE=FILE, such as note10=note10.json")
        tables[device.strip()] = LayerTable.load(Path(path))
    if not tables and arguments.latencies is None:
        raise ValueError("nothing to learn latency from; give --latencies FILE, or --layers DEVICE=FILE")
    records = None if arguments.latencies is None else read_latencies(arguments.latencies, space)
    checkpoint = train_latency(space, records, tables, seed=seed)
    path = arguments.out / f"{space.name}-latency.safetensors"
    save(path, checkpoint)
    rows = [{"device": name, **about} for name, about in checkpoint.extra["devices"].items()]
    shown = ("device", "label", "measured", "networks", "mae_ms", "error_pct", "spearman")
    print(table([{key: row[key] for key in shown} for row in rows]))
    print(f"{path} ({path.stat().st_size / 1e6:.2f} MB)")


def labelled(space: SearchSpace, table: Path | None, datasets: Sequence[str]) -> Labelled:
    """Architectures with a measured accuracy on every one of ``datasets``; ``ValueError`` says what is missing."""
    tables, missing = {}, []
    for dataset in datasets:
        benchmark = measured(space.name, dataset, table=table)
        if benchmark is None:
            missing.append(dataset)
        else:
            tables[dataset] = benchmark.table(dataset)
    if missing:
        advice = (
            "give --measured FILE, a CSV with the columns arch_str and one per dataset, or leave them out of --datasets"
        )
        raise ValueError(f"no measured accuracies to learn {', '.join(missing)} from; {advice}")
    there = ~torch.stack(list(tables.values())).isnan().any(0)
    if int(there.sum()) < 10:
        found = f"{int(there.sum())} architectures have a value on all of {', '.join(tables)}"
        raise ValueError(f"{found}; allowed: 10 or more")
    return space.all_ops[there], {dataset: values[there] for dataset, values in tables.items()}


def _filled(
    space: SearchSpace,
    ops: torch.Tensor,
    values: dict[str, torch.Tensor],
    ranking: list[Any],
    device: torch.device,
) -> dict[str, torch.Tensor]:
    """A value for every architecture: the measured one, or the ranking ensemble's where there is none."""
    position = {tuple(row): index for index, row in enumerate(space.all_ops.tolist())}
    where = torch.tensor([position[tuple(row)] for row in ops.tolist()])
    onehot = space.encode_ops(space.all_ops).to(device)
    filled = {}
    for index, (dataset, known) in enumerate(values.items()):
        context = torch.eye(len(values))[index]
        predicted = RankingEnsemble(ranking, Labels.of(known), context)(onehot)[0].cpu()
        filled[dataset] = predicted.index_copy(0, where, known)
    return filled


def _keep(out: Path, name: str, checkpoint: Any, result: TrainResult) -> None:
    path = out / f"{name}.safetensors"
    save(path, checkpoint)
    load(path, kind=checkpoint.kind, space=checkpoint.space)
    figure = out / f"{name}.loss.svg"
    write_aside(figure, lambda aside: aside.write_text(loss_curve_svg(result.curve, name), encoding="utf-8"))
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB), loss curve {figure}")

"""``python -m dnag train-candidates``: architectures in, epochs, and a table of predicted and trained accuracies."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from dnag.architectures import read_architectures
from dnag.bundle import ModelStore
from dnag.devices import devices, resolve_device
from dnag.files import read_text
from dnag.spaces.base import Architecture, SearchSpace, spaces
from dnag.tables import to_csv
from dnag.terminal import table
from dnag.trials.cluster import load_ray, run_on_ray
from dnag.trials.data import TrialData
from dnag.trials.recipe import PRESETS, changed, preset, seeds
from dnag.trials.runner import run_experiment, submit
from dnag.trials.store import News, Summary, TrialStore

STORE = Path("runs") / "trials.sqlite"
HEADINGS = {"trained_accuracy_pct": "trained %", "interval_pct": "± 95 %"}


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``train-candidates`` to the parser."""
    command = commands.add_parser("train-candidates", help="train architectures for real and compare with predictions")
    command.add_argument("--space", default="nasbench201", metavar="X", help=f"one of: {', '.join(spaces)}")
    command.add_argument("--architectures", required=True, metavar="FILE|-", help="one a line, as text or JSON")
    text = "images and labels: an .npz file with x_train, y_train, x_test, y_test (uint8, n×height×width×3)"
    command.add_argument("--data", required=True, type=Path, metavar="NPZ", help=text)
    command.add_argument("--recipe", default="quick", metavar="X", help=f"one of: {', '.join(PRESETS)}. Default: quick")
    command.add_argument("--epochs", type=int, help="default: the recipe's")
    command.add_argument("--precision", metavar="X", help="auto, float32, bfloat16 or float16; default: auto")
    command.add_argument("--seeds", type=int, metavar="N", help="trainings of each architecture; default: the recipe's")
    text = "dataset of the space whose shipped predictor to compare with; default: no comparison"
    command.add_argument("--dataset", metavar="X", help=text)
    text = f"where results are kept; what is there already is not trained again. Default: {STORE}"
    command.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=text)
    command.add_argument("--workers", type=int, default=1, metavar="N", help="processes that train. Default: 1")
    command.add_argument("--device", default="auto", metavar="X", help="auto, cpu, cuda, cuda:1, ... Default: auto")
    text = "train through Ray: local, or the address of a cluster, such as auto or ray://host:10001"
    command.add_argument("--ray", metavar="ADDRESS|local", help=text)
    command.add_argument("--cpus", type=float, default=1, metavar="X", help="Ray: cores of a trial. Default: 1")
    command.add_argument("--gpus", type=float, metavar="X", help="Ray: share of a GPU of a trial, such as 0.25")
    command.add_argument("--tries", type=int, default=3, metavar="N", help="tries of a trial that fails. Default: 3")
    command.add_argument(
        "--threads", type=int, default=0, help="CPU threads of a process; default: all but one, shared"
    )
    command.add_argument("--format", default="table", choices=("table", "json", "csv"))
    command.set_defaults(run=_train_candidates)


def _train_candidates(arguments: argparse.Namespace) -> int:
    space, chosen = spaces[arguments.space](), preset(arguments.recipe)
    recipe = changed(chosen.recipe, epochs=arguments.epochs, precision=arguments.precision)
    wanted = seeds(chosen.seeds if arguments.seeds is None else arguments.seeds)
    if arguments.ray is not None:
        load_ray()
    used = _devices(arguments.device)
    for name in ("workers", "tries"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"{name} is {getattr(arguments, name)}; allowed: 1 or more")
    if arguments.architectures == "-":
        lines, source = sys.stdin.read().splitlines(), "standard input"
    else:
        lines, source = read_text(Path(arguments.architectures)).splitlines(), arguments.architectures
    archs = list(dict.fromkeys(read_architectures(space, lines, source)))
    data = TrialData.load(arguments.data)
    predicted = _predicted(space, archs, arguments.dataset) if arguments.dataset else {}
    store = TrialStore(arguments.store)
    experiment = submit(store, space, archs, data, recipe, wanted, dataset=arguments.data.stem, predicted_pct=predicted)
    store.requeue(experiment)  # asked for again: what failed gets another chance
    print(_announcement(arguments, store, experiment, data), file=sys.stderr, flush=True)
    short = {space.format(arch): f"#{number}" for number, arch in enumerate(archs, start=1)}

    def told(news: News) -> None:
        point, name = news.point, short.get(news.architecture, news.architecture)
        print(
            f"{name} seed {news.seed} epoch {point.epoch}/{recipe.epochs}: loss {point.train_loss:.3f}, "
            f"test {point.test_accuracy_pct:.2f} %, {point.seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )

    settings: dict[str, Any] = {"max_tries": arguments.tries, "told": told}
    if arguments.ray is not None:
        run_on_ray(store, experiment, data, address=arguments.ray, cpus=arguments.cpus, gpus=arguments.gpus, **settings)
    else:
        threads = arguments.threads or max(1, torch.get_num_threads() // arguments.workers)
        run_experiment(store, experiment, data, workers=arguments.workers, devices=used, threads=threads, **settings)
    summary = store.summary(experiment, short)
    rows = summary_rows(summary, short)
    if arguments.format == "json":
        print(json.dumps({"rank_correlation": summary.rank_correlation, "candidates": rows}, indent=2))
    elif arguments.format == "csv":
        print(to_csv(rows), end="")
    else:
        print(table([{HEADINGS.get(name, name): value for name, value in row.items()} for row in rows]))
        if summary.rank_correlation is not None:
            print(f"\nrank correlation of predicted with trained accuracy: {summary.rank_correlation:.3f}")
    for row in summary.rows:
        for error in row.errors:
            print(f"dnag: {short[row.architecture]} {error}", file=sys.stderr)
    return 1 if summary.statuses["failed"] else 0


def _announcement(arguments: argparse.Namespace, store: TrialStore, experiment: int, data: TrialData) -> str:
    counts = store.counts(experiment)
    waiting = counts["queued"] + counts["running"]
    images = f"{len(data.train_images):,} training and {len(data.test_images):,} test images"
    return (
        f"{waiting} trainings to do, {counts['done']} done before; recipe {arguments.recipe}; {images}; "
        f"kept in {arguments.store}"
    )


def _devices(name: str) -> list[str]:
    """``cuda`` is every GPU, in turn; anything else one device."""
    if name not in devices():
        raise ValueError(f"unknown device {name!r}; allowed: {', '.join(devices())}")
    device = resolve_device(name)
    if str(device) == "cuda":
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return [str(device)]


def _predicted(space: SearchSpace, archs: Sequence[Architecture], dataset: str) -> dict[str, float]:
    space.dataset(dataset)
    bundle = ModelStore().bundle(space.name)
    if bundle.predictor is None:
        raise ValueError(f"no predictor is installed for {space.name}; leave out --dataset")
    means, _ = bundle.predict(list(archs), dataset)
    return {space.format(arch): float(mean) for arch, mean in zip(archs, means, strict=True)}


def summary_rows(summary: Summary, short: dict[str, str]) -> list[dict[str, Any]]:
    """The table's rows: predicted and trained accuracy of every architecture, the best trained first."""
    return [
        {
            "candidate": short[row.architecture],
            "architecture": row.architecture,
            "predicted_accuracy_pct": row.predicted_pct,
            "trained_accuracy_pct": row.trained and row.trained.mean,
            "interval_pct": row.trained and row.trained.half_width,
            "seeds": " ".join(f"{value:.2f}" for value in row.accuracies_pct.values()),
            "failed": row.statuses.get("failed", 0) or None,
        }
        for row in summary.rows
    ]

"""The commands of transfer: from images to architectures, and how the meta-predictor that does it is made."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Generator

from dnag.benchmarks.base import measured
from dnag.benchmarks.meta_records import read_meta_records
from dnag.bundle import ModelStore
from dnag.checkpoint import Checkpoint, save
from dnag.evaluation.base import Figure
from dnag.files import write_aside
from dnag.options import dataset_names
from dnag.parsing import out_folder
from dnag.run_result import RunResult
from dnag.run_settings import RunSettings
from dnag.runs import run
from dnag.spaces.base import Architecture, SearchSpace, spaces
from dnag.terminal import Bar, narrow, table
from dnag.training import TrainResult
from dnag.trials.store import Interval, Summary, difference, interval

if TYPE_CHECKING:
    from dnag.trials.recipe import Recipe

IMAGE_SIZE = 32
TRAINED = "trials.sqlite"
LEFT_OUT = Path("runs/left-out")


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``transfer`` to the parser; what it needs is imported when it runs."""
    command = commands.add_parser("transfer", help="architectures for a dataset of your own, from its images")
    command.add_argument("--space", default="nasbench201", metavar="X", help=f"one of: {', '.join(spaces)}")
    text = "a folder or zip of images with a folder per class, an .npz file, or a name (see encode)"
    command.add_argument("--images", required=True, metavar="DIR|ZIP|NAME", help=text)
    command.add_argument("--samples", type=int, default=64, metavar="N", help="architectures drawn. Default: 64")
    command.add_argument("--guidance-scale", type=float, metavar="X", help="nats per point; default: the space's")
    command.add_argument("--under", action="append", default=[], metavar="NAME=LIMIT", help="budgets, as in generate")
    command.add_argument("--seed", type=int, default=0, metavar="N")
    command.add_argument("--per-class", type=int, default=20, metavar="N", help="images a class to read. Default: 20")
    command.add_argument("--train-top", type=int, default=0, metavar="N", help="train the first N candidates for real")
    text = "train also N architectures drawn at random, to compare with"
    command.add_argument("--train-random", type=int, default=0, metavar="N", help=text)
    command.add_argument("--epochs", type=int, metavar="N", help="of that training; default: the quick recipe's")
    command.add_argument("--seeds", type=int, default=1, metavar="N", help="trainings of each candidate. Default: 1")
    command.add_argument("--device", default="auto", metavar="X", help="auto, cpu, cuda, ... Default: auto")
    command.add_argument("--out", type=out_folder, required=True, metavar="DIR", help="where the results go")
    command.set_defaults(run=transfer)


def transfer(arguments: argparse.Namespace) -> int:
    """Encode the images, generate, rank, and train the best for real if asked to."""
    from dnag.datasets import encode, image_source
    from dnag.transfer import settings_for, what_is_missing

    for name in ("train_top", "train_random"):
        if getattr(arguments, name) < 0:
            raise ValueError(f"{name.replace('_', ' ')} is {getattr(arguments, name)}; allowed: 0 or more")
    if arguments.train_random and not arguments.train_top:
        raise ValueError("train random is for comparison; allowed: together with --train-top")
    store = ModelStore()
    missing = what_is_missing(arguments.space, store) if arguments.space in spaces else None
    chosen: dict[str, Any] = {
        "space": arguments.space,
        "samples": arguments.samples,
        "guidance_scale": arguments.guidance_scale,
        "under": ",".join(arguments.under),
        "seed": arguments.seed,
        "device": arguments.device,
    }
    # A bad setting is said before the images are read.
    RunSettings(**chosen)
    _trainings(arguments)
    most = max(0, spaces[arguments.space]().size - arguments.train_top)
    if arguments.train_random > most:
        raise ValueError(f"train random is {arguments.train_random}; allowed: 0 to {most:,}, what --train-top leaves")
    with tempfile.TemporaryDirectory(prefix="dnag-") as work:
        source = image_source(arguments.images, work=Path(work))
        with Bar(f"encoding {source.name}") as bar:
            features = encode(source, per_class=arguments.per_class, progress=bar.show)
    for warning in features.warnings:
        print(f"note: {warning}", file=sys.stderr)
    if missing is not None:
        print(f"note: {missing}", file=sys.stderr)
    settings = RunSettings(**{**chosen, **settings_for(arguments.space, features, store)})
    with Bar("sampling") as bar:
        result = run(settings, store=store, progress=bar.show)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, text in (("result.json", result.to_json()), ("candidates.csv", result.to_csv())):
        write_aside(arguments.out / name, lambda aside, text=text: aside.write_text(text, encoding="utf-8"))  # type: ignore[misc]
    about = f"{features.name}: {len(features.class_names)} classes, {features.features.shape[1]} images each"
    print(f"{about}\n{result.raw_valid} of {result.requested} valid, {result.unique} distinct\n")
    print(table(narrow(result.rows()[:10], [*settings.budgets, *settings.weights])))
    print(f"\nall of them in {arguments.out}")
    return _train_best(arguments, result) if arguments.train_top and result.candidates else 0


def _train_best(arguments: argparse.Namespace, result: RunResult) -> int:
    """Train the first candidates on the images themselves; predicted beside trained accuracy."""
    from dnag.datasets import image_dataset
    from dnag.trials.cli import HEADINGS, summary_rows
    from dnag.trials.data import TrialData
    from dnag.trials.runner import run_experiment, submit
    from dnag.trials.store import News, TrialStore

    with tempfile.TemporaryDirectory(prefix="dnag-") as work:
        images = image_dataset(arguments.images, size=IMAGE_SIZE, work=Path(work))
    data = TrialData.of(images)
    best = result.candidates[: arguments.train_top]
    archs = [Architecture(result.settings.space, candidate.ops) for candidate in best]
    names = {candidate.architecture: f"#{candidate.rank}" for candidate in best}
    others = _random(result, arguments.train_random, set(names))
    archs += others
    names |= {result.space.format(arch): f"random {number}" for number, arch in enumerate(others, start=1)}
    predicted = {candidate.architecture: candidate.predicted_accuracy_pct or 0.0 for candidate in best}
    recipe, repeats = _trainings(arguments)
    store = TrialStore(arguments.out / TRAINED)
    experiment = submit(store, result.space, archs, data, recipe, repeats, dataset=images.name, predicted_pct=predicted)

    def told(news: News) -> None:
        where = f"{names[news.architecture]} seed {news.seed} epoch {news.point.epoch}/{recipe.epochs}"
        print(f"{where}: test {news.point.test_accuracy_pct:.2f} %", file=sys.stderr, flush=True)

    run_experiment(store, experiment, data, told=told)
    summary = store.summary(experiment, names)
    rows = [{HEADINGS.get(key, key): value for key, value in row.items()} for row in summary_rows(summary, names)]
    print(f"\ntrained for real ({recipe.epochs} epochs of the quick recipe):\n{table(rows)}")
    if others:
        print(_generated_against_random(summary, {candidate.architecture for candidate in best}))
    return 1 if summary.statuses["failed"] else 0


def _trainings(arguments: argparse.Namespace) -> tuple[Recipe, tuple[int, ...]]:
    """How each candidate is trained, and with which seeds; ``ValueError`` for what cannot be."""
    from dnag.trials.recipe import changed, preset, seeds

    return changed(preset("quick").recipe, epochs=arguments.epochs), seeds(arguments.seeds)


def _random(result: RunResult, count: int, besides: set[str]) -> list[Architecture]:
    """Architectures drawn at random by the run's seed, all different and none of ``besides``."""
    space, generator = result.space, Generator().manual_seed(result.settings.seed)
    found: dict[Architecture, None] = {}  # in their order
    while len(found) < count:
        (ops,) = space.sample_ops(1, generator).tolist()
        arch = Architecture(space.name, tuple(ops))
        if space.format(arch) not in besides:
            found[arch] = None
    return list(found)


def _generated_against_random(summary: Summary, generated: set[str]) -> str:
    """Mean trained accuracy of both groups, and of their difference, with 95 % intervals over architectures."""
    means: tuple[list[float], list[float]] = ([], [])
    for row in summary.rows:
        if row.trained is not None:
            means[row.architecture not in generated].append(row.trained.mean)
    if not all(means):
        return "\none of the two groups has no finished training, so they cannot be compared"
    lines = [
        f"{name}: {_interval(interval(group))}" for name, group in zip(("generated", "random"), means, strict=True)
    ]
    return "\n".join(["", *lines, f"generated - random: {_interval(difference(*means))}"])


def _interval(found: Interval) -> str:
    half = "" if found.half_width is None else f" ± {found.half_width:.2f}"
    return f"{found.mean:.2f}{half} points"


# ---------------------------------------------------------------------- the meta-predictor itself


def add_meta_arguments(command: argparse.ArgumentParser) -> None:
    """What ``train meta-predictor``, ``train class-map`` and their evaluations learn from."""
    command.add_argument("--records", type=Path, metavar="FILE", help="meta-training records (.npz)")
    command.add_argument("--pictures", type=Path, metavar="FILE", help="a picture of each ImageNet class (.npz)")
    command.add_argument("--cifar10", type=Path, metavar="FILE", help="CIFAR-10 pictures (.npz)")


def read_class_map_data(arguments: argparse.Namespace, tell: Any) -> Any:
    """Features of the pictures that the command line names; ``ValueError`` says what is missing."""
    from dnag.class_map_training import read_class_features

    for name in ("pictures", "cifar10"):
        if getattr(arguments, name) is None:
            raise ValueError(f"the map of classes needs --{name} FILE")
    return read_class_features(arguments.pictures, arguments.cifar10, tell)


def train_class_map(arguments: argparse.Namespace) -> None:
    """``train class-map``."""
    from dnag.class_map_training import neighbours, train_class_map
    from dnag.datasets.class_map import NAME, ClassMap

    with Bar(NAME) as bar:
        data = read_class_map_data(arguments, bar.say)
        made = train_class_map(data, arguments.known, bar.say)
    path = arguments.out / f"{NAME}.safetensors"
    save(path, made)
    found = ClassMap.load(arguments.out)
    print(table(neighbours(found, data)))
    print(f"{path} ({path.stat().st_size / 1e6:.2f} MB): {', '.join(known.label for known in found.known.values())}")


def evaluate_class_map(space: SearchSpace, arguments: argparse.Namespace, tell: Any) -> list[Figure]:
    """``evaluate --only class-map``."""
    from dnag.class_map_training import class_map_figures
    from dnag.datasets.class_map import ClassMap

    return class_map_figures(ClassMap.load(), read_class_map_data(arguments, tell), arguments.pictures, tell)


def meta_data(space: SearchSpace, arguments: argparse.Namespace, tell: Any) -> Any:
    """Read what the command line names; ``ValueError`` says what is missing."""
    from dnag.meta_training import read_meta_data

    tables = ("cifar10", "measured") if space.enumerable else ()  # benchmarks that name every architecture
    for name in ("records", "pictures", *tables):
        if getattr(arguments, name) is None:
            raise ValueError(f"the meta-predictor needs --{name} FILE")
    records = read_meta_records(arguments.records, space)
    accuracies = {}
    for dataset in space.datasets if tables else ():
        benchmark = measured(space.name, dataset, table=arguments.measured)
        if benchmark is not None:
            accuracies[dataset] = benchmark.table(dataset)
    return read_meta_data(space, records, arguments.pictures, arguments.cifar10, accuracies, tell)


def train_meta_predictor(
    space: SearchSpace, seed: int, steps: int, arguments: argparse.Namespace, state_path: Path
) -> tuple[Checkpoint, TrainResult]:
    """``train meta-predictor``."""
    from dnag.meta_training import train_meta

    with Bar(f"{space.name}-meta") as bar:
        data = meta_data(space, arguments, bar.say)
        given = {"steps": steps, "guidance_steps": steps} if steps else {}
        return train_meta(space, data, seed=seed, tell=bar.say, callback=bar.train, state_path=state_path, **given)


def evaluate_transfer(space: SearchSpace, arguments: argparse.Namespace, tell: Any) -> list[Figure]:
    """``evaluate --only transfer``."""
    from dnag.meta_training import transfer_figures

    return transfer_figures(space, meta_data(space, arguments, tell), tell=tell)


def evaluate_left_out(space: SearchSpace, arguments: argparse.Namespace, tell: Any) -> list[Figure]:
    """``evaluate --only left-out``: trains three meta-predictors, which takes three quarters of an hour."""
    from dnag.evaluation.left_out import left_out_figures

    data = meta_data(space, arguments, tell)
    tables = dataset_names(space, arguments.datasets) if arguments.datasets else ()
    return left_out_figures(space, data, ModelStore(), LEFT_OUT, tables=tables, tell=tell)


PARTS = {"transfer": evaluate_transfer, "left-out": evaluate_left_out, "class-map": evaluate_class_map}
"""Parts of ``evaluate`` that are named alone: each needs more than the shipped models."""

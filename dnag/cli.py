"""The command line: ``python -m dnag COMMAND``. Options come from the same knobs as the app's controls.

Exit codes: 0 done, 1 the work failed, 2 a bad argument (one line that names it and what is allowed), 130 interrupted.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from dnag import __version__, compare_commands, data_commands, export_commands, launch, recipes, transfer_commands
from dnag.benchmarks.base import how_to_add, installed_benchmarks, measured
from dnag.benchmarks.ofa_measured import OfaMeasured
from dnag.benchmarks.ofa_teacher import OfaTeacher
from dnag.bundle import ModelStore, task_name
from dnag.checkpoint import DIRECTORY, installed, load, save
from dnag.costs import LATENCY, exact_cost
from dnag.datasets.extractors import extractors
from dnag.datasets.features import FeatureSet, keep
from dnag.evaluation import PARTS, SCALES, EvaluationSettings, Figure, evaluate, to_markdown
from dnag.figures import loss_curve_svg
from dnag.knobs import knobs
from dnag.nets.property_model import Labels, RankingEnsemble
from dnag.parsing import Parser
from dnag.presets import PRESETS, preset
from dnag.runs import (
    RunResult,
    RunSettings,
    devices,
    predict,
    resolve_device,
    run,
    to_csv,
)
from dnag.spaces.base import Architecture, ArchitectureError, SearchSpace, custom_dataset, is_custom, spaces
from dnag.training import TrainConfig, TrainProgress, TrainResult, write_aside
from dnag.transfer import extractor_of, read_features
from dnag.trials.cli import add_train_candidates

Labelled = tuple[torch.Tensor, dict[str, torch.Tensor]]
"""Operation indices (n, N) of labelled architectures, and dataset -> their accuracies in %, (n,)."""
FORMATS = ("table", "json", "csv")
STATES = Path("runs") / "train"
REPEATED = ("under", "maximize", "minimize")
MODELS = {
    "checkpoint": "name or path of a score network to use instead of the shipped one",
    "predictor": "name or path of a predictor to use instead of the shipped one; two imported ones as A,B",
    "features": "file of a dataset's features (of encode or import-official) to tell the predictors of it",
}
USE = {
    "score network": "generate --space {space} --checkpoint {file}",
    "noise-aware predictor": "generate --space {space} --predictor {file} --guidance first_order --features FILE",
    "ranking predictor": "predict --space {space} --predictor {file} --features FILE --architectures FILE",
    "image features": "generate --predictor PREDICTOR --guidance first_order --features {file}",
}
"""What an imported file is -> a command that uses it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    # One core is left to others: with a thread on every core, small networks spend their time waiting for each other.
    torch.set_num_threads(getattr(arguments, "threads", 0) or max(1, (os.cpu_count() or 2) - 1))
    try:
        return arguments.run(arguments) or 0
    except (ValueError, FileNotFoundError, PermissionError, IsADirectoryError) as error:
        print(f"dnag: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dnag: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split())


# ---------------------------------------------------------------------- arguments


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="dnag", description="Neural architectures from a guided diffusion model.")
    parser.add_argument("--version", action="version", version=f"dnag {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    command = commands.add_parser("app", help="open the app in the browser; with --api, answer programs too")
    launch.add_arguments(command)
    command.set_defaults(run=launch.start)

    command = commands.add_parser("generate", help="draw architectures and rank them")
    command.add_argument("--preset", default="default", help=f"named settings: {', '.join(PRESETS)}")
    _add_settings(command, [field.name for field in dataclasses.fields(RunSettings)])
    _add_output(command)
    command.add_argument("--measured", type=Path, metavar="FILE", help="CSV of measured accuracies to judge by")
    command.add_argument(
        "--trajectory", type=Path, metavar="FILE", help="write every step's probabilities to an .npz file"
    )
    command.set_defaults(run=_generate)

    command = commands.add_parser("predict", help="predicted accuracy and cost of given architectures")
    _add_settings(command, ["space", "dataset", "resolution", "width", "device", "predictor", "features"])
    command.add_argument("--architectures", required=True, metavar="FILE|-", help="one a line, as text or JSON")
    _add_output(command)
    command.add_argument("--measured", type=Path, metavar="FILE", help="CSV of measured accuracies")
    command.set_defaults(run=_predict)

    command = commands.add_parser("info", help="what is installed: spaces, datasets, checkpoints, benchmarks, devices")
    command.add_argument("--format", default="table", choices=("table", "json"))
    command.set_defaults(run=_info)

    command = commands.add_parser("evaluate", help="figures of merit of the shipped models")
    _add_settings(command, ["space", "steps", "sampler", "sde", "device"])
    command.add_argument("--datasets", default="", help="comma-separated; default: all of the space")
    command.add_argument("--scales", default="", help="guidance scales, comma-separated; default: five for the space")
    command.add_argument("--samples", type=int, default=2048, help="samples per guided mean")
    command.add_argument("--seeds", type=int, default=20, help="seeds for the best of the top 5; 0 leaves it out")
    command.add_argument(
        "--retrain", type=int, default=0, metavar="N", help="also train a predictor on N architectures"
    )
    command.add_argument("--measured", type=Path, metavar="FILE", help="CSV of measured accuracies to judge by")
    command.add_argument(
        "--teacher", type=Path, metavar="FILE", help="once-for-all's accuracy predictor (.npz) to compare with"
    )
    command.add_argument(
        "--only", default="", help=f"parts, comma-separated, of: {', '.join((*PARTS, *transfer_commands.PARTS))}"
    )
    transfer_commands.add_meta_arguments(command)
    _add_figures(command, "figures")
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("bench", help="time, memory, evaluations, cold start")
    _add_settings(command, ["space", "device"])
    command.add_argument("--app", action="store_true", help="also start the app and time its first page in Chromium")
    text = "also have N browsers generate at once, and time and weigh that"
    command.add_argument("--sessions", type=int, default=0, metavar="N", help=text)
    command.add_argument("--repeats", type=int, default=5)
    _add_figures(command, "bench")
    command.set_defaults(run=_bench)

    command = commands.add_parser("train", help="train a shipped model anew")
    command.add_argument("what", choices=("score", "predictor", "latency", "meta-predictor", "class-map", "all"))
    _add_settings(command, ["space", "device", "seed"])
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
    command.add_argument("--out", type=Path, default=DIRECTORY, metavar="DIR", help="where checkpoints go")
    command.set_defaults(run=_train)

    command = commands.add_parser("import-official", help="read a file that the authors of the paper released")
    command.add_argument("path", type=Path, metavar="PATH", help="a checkpoint or a data file, as downloaded")
    command.add_argument("--out", type=Path, default=Path("official"), metavar="DIR", help="where the new files go")
    command.add_argument("--space", metavar="X", help=f"refuse files of others. One of: {', '.join(spaces)}.")
    command.add_argument("--closure", action="store_true", help="attention mask of the official guided runs")
    text = "mean and standard deviation of the accuracies, in percent, that a predictor was trained with"
    command.add_argument("--labels", metavar="MEAN,SPREAD", help=text)
    command.set_defaults(run=_import_official)
    data_commands.register(commands)
    transfer_commands.register(commands)
    export_commands.register(commands)
    compare_commands.register(commands)
    add_train_candidates(commands)
    return parser


def _add_settings(command: argparse.ArgumentParser, names: Sequence[str]) -> None:
    described = knobs(RunSettings)
    defaults = {field.name: field.default for field in dataclasses.fields(RunSettings)}
    for name in names:
        knob = described.get(name)
        # Values are checked by RunSettings, so that the command line and the app say the same of a bad one.
        number = knob is not None and knob.low is not None
        kind: Callable[[str], Any] = (_whole if knob and knob.whole else _real) if number else str
        text = (knob.help or knob.label) if knob else MODELS[name]
        if name in REPEATED:
            text = f"{text} May be given several times."
        if knob is not None and knob.choices is not None:
            text += f" One of: {', '.join(knob.choices())}."
        command.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            type=kind,
            default=None,
            action="append" if name in REPEATED else "store",
            metavar="X",
            help=(text if defaults[name] in ("", 0, None) else f"{text} Default: {defaults[name]}").replace("%", "%%"),
        )
    if "features" in names:
        text = "the images of a dataset instead of its features: a folder, a zip, an .npz file, or a name (see encode)"
        command.add_argument("--images", metavar="DIR|ZIP|NAME", help=text)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _add_figures(command: argparse.ArgumentParser, mark: str) -> None:
    command.add_argument("--format", default="table", choices=("table", "json", "markdown"))
    text = f"put the table into FILE, between its {mark} marks"
    command.add_argument("--update", type=Path, action="append", default=[], metavar="FILE", help=text)


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", default="table", choices=FORMATS)
    command.add_argument("--out", type=Path, metavar="FILE", help="write there instead of to the terminal")


def _settings(arguments: argparse.Namespace, **more: Any) -> RunSettings:
    given = {
        field.name: getattr(arguments, field.name)
        for field in dataclasses.fields(RunSettings)
        if getattr(arguments, field.name, None) is not None
    }
    given |= {name: ",".join(given[name]) for name in REPEATED if name in given}
    given = {**more, **given}
    features, images = given.pop("features", None), getattr(arguments, "images", None)
    if features is not None and images is not None:
        raise ValueError("features and images are both given; allowed: one of them")
    if features is not None:
        found = read_features(features)
    elif images is not None:
        # A bad setting is said before images are read.
        settings = RunSettings(**{name: value for name, value in given.items() if not is_custom(value)})
        found = _read_images(images, settings)
    else:
        return RunSettings(**given)
    return RunSettings(**{"dataset": custom_dataset(len(found.class_names)), **given, "features": keep(found)})


def _read_images(images: str, settings: RunSettings) -> FeatureSet:
    """Features of images, as the predictors that the settings name read them."""
    from dnag.datasets import encode, image_source

    store = ModelStore()
    bundle = store.bundle(settings.space, checkpoint=settings.checkpoint, predictor=settings.predictor)
    extractor = extractors[extractor_of(store, bundle)]()
    with tempfile.TemporaryDirectory(prefix="dnag-") as work:
        source = image_source(images, work=Path(work))
        with Bar(f"encoding {source.name}") as bar:
            features = encode(source, extractor, progress=bar.show)
    for warning in features.warnings:
        print(f"note: {warning}", file=sys.stderr)
    return features


def _numbers(text: str, name: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(f"{name} is {text!r}; allowed: numbers separated by commas") from None


def _names(space: SearchSpace, text: str) -> tuple[str, ...]:
    """Datasets named in a comma-separated text; all of the space if it is empty. Unknown ones are a ``ValueError``."""
    names = tuple(part.strip() for part in text.split(",") if part.strip()) or tuple(space.datasets)
    for name in names:
        space.dataset(name)
    return names


# ---------------------------------------------------------------------- commands


def _generate(arguments: argparse.Namespace) -> None:
    settings = _settings(arguments, **preset(arguments.preset))
    path = arguments.trajectory
    if path is not None and path.suffix != ".npz":
        raise ValueError(f"trajectory file is {str(path)!r}; allowed: a name that ends in .npz")
    with Bar("sampling") as bar:
        result = run(
            settings,
            measured_table=arguments.measured,
            keep_frames=settings.steps if path is not None else 0,
            progress=bar.show,
        )
    if path is not None:
        _write_trajectory(path, result)
    if arguments.format == "json":
        text = result.to_json()
    elif arguments.format == "csv":
        text = result.to_csv()
    else:
        shown = [*settings.budgets, *settings.weights]
        text = f"{_summary(result)}\n\n{_table(_narrow(result.rows(), shown))}"
        if result.candidates and result.candidates[0].measured_accuracy_pct is None:
            text += f"\n\n{how_to_add(settings.space, settings.dataset)}"
    _emit(text, arguments.out)


def _summary(result: RunResult) -> str:
    settings = result.settings
    mean = result.expected_pct()
    parts = [
        settings.label,
        f"{result.raw_valid} of {result.requested} valid, {result.unique} distinct",
        *([f"predicted mean {mean:.2f} %"] if mean is not None else []),
        f"{result.nfe} evaluations, {result.seconds:.2f} s on {result.device}",
    ]
    if result.inside is not None:
        names = " and ".join(f"{name} ≤ {limit:g}" for name, limit in settings.budgets.items())
        parts.append(f"{100 * result.inside:.1f} % inside {names}")
        for name in settings.budgets:
            front = ", ".join(f"#{candidate.rank}" for candidate in result.front(name)[:12])
            parts.append(f"Pareto front against {name}: {front}")
    if result.paper_scale is not None:
        parts.append(f"the paper's scale: {result.paper_scale:,.0f}")
    return "\n".join(parts)


def _write_trajectory(path: Path, result: RunResult) -> None:
    import numpy as np

    trajectory = result.trajectory
    assert trajectory is not None
    arrays: dict[str, Any] = {"noise_level": trajectory.level.numpy(), "probability": trajectory.probability.numpy()}
    if trajectory.value is not None:
        arrays["predicted_accuracy_pct"] = trajectory.value.numpy()
    arrays["sample"] = np.array([candidate.sample for candidate in result.candidates])
    arrays["architecture"] = np.array([candidate.architecture for candidate in result.candidates])

    def write(aside: Path) -> None:
        with aside.open("wb") as file:
            np.savez_compressed(file, **arrays)

    write_aside(path, write)


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


def _predict(arguments: argparse.Namespace) -> None:
    settings = _settings(arguments)
    if arguments.architectures == "-":
        lines, source = sys.stdin.read().splitlines(), "standard input"
    else:
        lines, source = Path(arguments.architectures).read_text(encoding="utf-8").splitlines(), arguments.architectures
    archs = read_architectures(spaces[settings.space](), lines, source)
    data = predict(settings, archs, measured_table=arguments.measured)
    rows = data["candidates"]
    if arguments.format == "json":
        text = json.dumps(data, indent=2)
    else:
        text = to_csv(rows) if arguments.format == "csv" else _table(_narrow(rows, ()))
    _emit(text, arguments.out)


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


def _evaluate(arguments: argparse.Namespace) -> None:
    given = {
        name: getattr(arguments, name)
        for name in ("space", "steps", "sampler", "sde", "device")
        if getattr(arguments, name) is not None
    }
    space = spaces[given.get("space", "nasbench201")]()
    names = _names(space, arguments.datasets)
    largest = space.guidance_scales[1]
    usual = SCALES if largest < 20 else (1.0, 5.0, 20.0, largest)
    scales = _numbers(arguments.scales, "scales") or usual
    only = tuple(part.strip() for part in arguments.only.split(",") if part.strip())
    for part in only:
        if part not in (*PARTS, *transfer_commands.PARTS):
            raise ValueError(f"only is {part!r}; allowed: {', '.join((*PARTS, *transfer_commands.PARTS))}")
    for scale in scales:
        RunSettings(space=space.name, dataset=next(iter(space.datasets)), guidance_scale=scale)
    settings = EvaluationSettings(
        **given,
        datasets=names,
        scales=scales,
        samples=arguments.samples,
        seeds=arguments.seeds,
        retrain=arguments.retrain,
        only=only,
    )
    mark = "left-out" if only == ("left-out",) else "figures"  # a table of its own, beside the others
    for path in arguments.update:
        _marked(path, mark)  # said before the work, not after
    with Bar("evaluating") as bar:
        if len(only) == 1 and only[0] in transfer_commands.PARTS:
            figures = transfer_commands.PARTS[only[0]](space, arguments, bar.say)
        else:
            figures = evaluate(settings, measured_table=arguments.measured, teacher=arguments.teacher, progress=bar.say)
    _print_figures(figures, arguments, mark=mark)


def _bench(arguments: argparse.Namespace) -> None:
    from dnag.bench import BenchSettings, bench

    for name, least in (("repeats", 1), ("sessions", 0)):
        if getattr(arguments, name) < least:
            raise ValueError(f"{name} is {getattr(arguments, name)}; allowed: {least} or more")
    settings = _settings(arguments)
    for path in arguments.update:
        _marked(path, "bench")
    with Bar("measuring") as bar:
        figures = bench(
            BenchSettings(settings.space, settings.device, arguments.repeats, arguments.app, arguments.sessions),
            progress=bar.say,
        )
    _print_figures(figures, arguments, mark="bench")


def _print_figures(figures: list[Figure], arguments: argparse.Namespace, mark: str) -> None:
    for path in arguments.update:
        _replace_between(path, mark, to_markdown(figures))
    if arguments.format == "json":
        print(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=2))
    elif arguments.format == "markdown":
        print(to_markdown(figures))
    else:
        rows = [
            {
                "figure": figure.name,
                "value": figure.value,
                "exact": figure.exact,
                "unit": figure.unit,
                "aim": figure.target,
            }
            for figure in figures
        ]
        print(_table(rows))


def _marked(path: Path, mark: str) -> tuple[str, str, str]:
    """A file's text and its marks ``<!-- mark:begin -->`` and ``<!-- mark:end -->``; ``ValueError`` without them."""
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    old = path.read_text(encoding="utf-8")
    if begin not in old or end not in old:
        raise ValueError(f"{path} has no {begin} ... {end}")
    return old, begin, end


def _replace_between(path: Path, mark: str, text: str) -> None:
    """Put ``text`` between the marks of a file."""
    old, begin, end = _marked(path, mark)
    head, rest = old.split(begin, 1)
    tail = rest.split(end, 1)[1]
    write_aside(path, lambda aside: aside.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8"))


def _train(arguments: argparse.Namespace) -> None:
    if arguments.steps < 0:
        raise ValueError(f"steps is {arguments.steps}; allowed: 1 or more")
    given = {name: value for name in ("space", "device", "seed") if (value := getattr(arguments, name)) is not None}
    settings = RunSettings(**given)
    space, device = spaces[settings.space](), resolve_device(settings.device)
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
            labels = labelled(space, arguments.measured, _names(space, arguments.datasets))
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
    print(_table([{key: row[key] for key in shown} for row in rows]))
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


def _import_official(arguments: argparse.Namespace) -> None:
    from dnag.official import import_official

    if arguments.space is not None:
        spaces[arguments.space]  # an unknown space is the clearer error
    labels = None if arguments.labels is None else _labels(arguments.labels)
    found = import_official(
        arguments.path, arguments.out, space=arguments.space, closure=arguments.closure, labels=labels
    )
    print(f"{arguments.path}: {found.what}{f' of {found.space}' if found.space else ''}")
    for name, text in found.kept.items():
        print(f"  {name}: {text}")
    for name, text in found.left_out.items():
        print(f"  left out, {name}: {text}")
    for file in found.files:
        print(f"{file} ({file.stat().st_size / 1e6:.2f} MB)")
    if found.what in USE:
        print(f"python -m dnag {USE[found.what].format(file=found.files[0], space=found.space)}")


def _labels(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        mean, spread = map(float, parts)
        if not (math.isfinite(mean) and 0 < spread < math.inf):
            raise ValueError
    except ValueError:
        raise ValueError(f"labels is {text!r}; allowed: MEAN,SPREAD in percent, such as 71.572,6.693") from None
    return mean, spread


# ---------------------------------------------------------------------- output


class Bar:
    """A progress line on the error stream: a bar on a terminal, now and then a line elsewhere."""

    def __init__(self, what: str):
        self.what = what
        self.live = sys.stderr.isatty()
        self.began = self.shown = time.monotonic()
        self.loss: float | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.shown < (0.1 if self.live else 30) and done < total:
            return
        self.shown = now
        elapsed = now - self.began
        left = f", {elapsed / done * (total - done):.0f} s left" if done else ""
        loss = f", loss {self.loss:.4g}" if self.loss is not None else ""
        if self.live:
            filled = round(24 * done / max(1, total))
            line = f"\r\033[K{self.what} [{'█' * filled}{'·' * (24 - filled)}] {done}/{total}{loss}{left}"
            print(line, end="", file=sys.stderr, flush=True)
        elif elapsed > 30:
            print(f"{self.what}: {done}/{total}{loss}{left}", file=sys.stderr, flush=True)

    def train(self, progress: TrainProgress) -> None:
        self.loss = progress.loss if self.loss is None else 0.98 * self.loss + 0.02 * progress.loss
        self.show(progress.step, progress.total)

    def say(self, message: str) -> None:
        if self.live:
            print(f"\r\033[K{self.what}: {message}", end="", file=sys.stderr, flush=True)
        else:
            print(f"{self.what}: {message}", file=sys.stderr, flush=True)


def _emit(text: str, out: Path | None) -> None:
    if out is None:
        print(text)
    else:
        write_aside(out, lambda aside: aside.write_text(text + "\n", encoding="utf-8"))
        print(f"written to {out}", file=sys.stderr)


def _narrow(rows: list[dict[str, Any]], wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Rows without the latencies of devices that nobody asked for, which the CSV and JSON forms have."""
    return [
        {name: value for name, value in row.items() if not name.startswith(LATENCY) or name in wanted} for row in rows
    ]


_HEADINGS = {
    "rank": "#",
    "predicted_accuracy_pct": "predicted %",
    "predicted_std_pct": "± points",
    "measured_accuracy_pct": "measured %",
    "measured_source": "source",
    "params_m": "params M",
    "macs_m": "MACs M",
    "inside_budget": "inside",
    "mean_pct": "mean %",
    "predicted_mean_pct": "predicted mean %",
    "predicted_best_pct": "best predicted %",
    "measured_best_pct": "best measured %",
}


def _table(rows: list[dict[str, Any]]) -> str:
    """Aligned columns; numbers to the right, missing values as a dash, columns without any value left out."""
    if not rows:
        return "nothing to show"
    names = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [[_cell(row[name]) for name in names] for row in rows]
    heads = [_HEADINGS.get(name, name.replace("_", " ")) for name in names]
    widths = [max(len(head), *(len(line[i]) for line in cells)) for i, head in enumerate(heads)]
    right = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    lines = []
    for line in [heads, *cells]:
        padded = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        )
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        f"{value:.4g}"
        if isinstance(value, float) and abs(value) < 1
        else f"{value:.2f}"
        if isinstance(value, float)
        else str(value)
    )

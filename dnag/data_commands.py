"""The commands about data: ``encode`` makes features of a data set, ``fetch`` downloads what may not be shipped."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from dnag.parsing import out_file, out_folder
from dnag.terminal import Bar


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add both commands to the parser; what they need is imported when they run."""
    command = commands.add_parser("encode", help="features of a data set's classes, for dataset-conditioned predictors")
    command.add_argument("data", metavar="DIR|ZIP|NAME", help="a folder or zip of images, an .npz file, or a name")
    command.add_argument("-o", "--out", type=out_file, metavar="FILE", help="default: NAME.features.safetensors here")
    command.add_argument("--extractor", default="efficientnet_lite0", metavar="NAME", help="default: %(default)s")
    command.add_argument("--per-class", type=int, default=20, metavar="N", help="images a class; default: %(default)s")
    command.add_argument("--size", type=int, metavar="PX", help="image size; default: the extractor's")
    command.add_argument("--seed", type=int, default=0, help="of the choice of images; default: %(default)s")
    command.set_defaults(run=_encode)

    command = commands.add_parser("fetch", help="download data sets, official checkpoints and benchmarks")
    command.add_argument("what", nargs="?", metavar="WHAT", help="without it, what there is")
    command.add_argument("--to", type=out_folder, metavar="DIR", help="default: data/WHAT")
    command.set_defaults(run=_fetch)


def _encode(arguments: argparse.Namespace) -> None:
    from dnag.datasets import encode, image_source
    from dnag.datasets.extractors import extractors

    if not 0 <= arguments.seed < 2**63:
        raise ValueError(f"seed is {arguments.seed}; allowed: a whole number from 0")
    if arguments.out is not None and arguments.out.suffix != ".safetensors":  # by which commands know it
        raise ValueError(f"out is {arguments.out}; allowed: a file whose name ends in .safetensors")
    extractor, given = extractors[arguments.extractor](), Path(arguments.data)
    with tempfile.TemporaryDirectory(prefix="dnag-") as work:
        images = image_source(arguments.data, work=Path(work))
        with Bar(f"encoding {images.name}") as bar:
            found = encode(
                images,
                extractor,
                per_class=arguments.per_class,
                seed=arguments.seed,
                size=arguments.size,
                progress=bar.show,
            )
    place = given.resolve()
    path = arguments.out or Path(f"{place.name if given.is_dir() else place.stem}.features.safetensors")
    found.save(path)
    classes, count, width = found.features.shape
    for warning in found.warnings:
        print(f"note: {warning}", file=sys.stderr)
    print(f"{path}: {classes} classes × {count} images × {width} features of {found.extractor} at {found.size} px")


def _fetch(arguments: argparse.Namespace) -> int:
    from dnag.fetch import ITEMS, FetchError, fetch

    if arguments.what is None:
        for name, item in ITEMS.items():
            known = [file.size for file in item.files if file.size is not None]
            print(f"{name:12} {item.label}, {f'{sum(known) / 1e9:.2f} GB' if known else 'size unknown'}; {item.note}")
        return 0
    if arguments.what not in ITEMS:
        raise ValueError(f"unknown item {arguments.what!r}; allowed: {', '.join(ITEMS)}")
    item, folder = ITEMS[arguments.what], arguments.to or Path("data", arguments.what)
    sizes = [file.size for file in item.files]
    total = f", {sum(size or 0 for size in sizes) / 1e9:.2f} GB" if all(sizes) else ""
    print(f"{item.label}{total} ({item.note}) to {folder}", file=sys.stderr)
    try:
        with Bar(arguments.what) as bar:

            def show(what: str, done: int, total: int | None) -> None:
                bar.what = f"{what}, MB"
                bar.show(done // 10**6, max(1, (done if total is None else total) // 10**6))

            paths = fetch(arguments.what, folder, progress=show)
    except FetchError as error:
        print(f"dnag: {error}", file=sys.stderr)
        for number, step in enumerate(error.steps, start=1):
            print(f"  {number}. {step}", file=sys.stderr)
        return 1
    for path in paths:
        print(path)
    if item.use:
        print(f"next: {item.use.format(folder=folder)}", file=sys.stderr)
    return 0

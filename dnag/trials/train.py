r"""One trial: a network trained from a seed, resumable to the bit.

Nothing random is carried along. What is drawn in step ``k`` of epoch ``e`` comes from a generator seeded by
``(seed, e, k)``, so the state of a trial is its weights, the optimiser's momentum and where it stands; a trial that was
broken off anywhere goes on as if it had not been. (On one device and number of threads. A network that draws in its
forward pass, as dropout does, is outside of this promise; those of the spaces do not.)
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from dnag.files import write_aside
from dnag.progress import Cancelled
from dnag.trials.data import TrialData as TrialData
from dnag.trials.data import augmented, prepared
from dnag.trials.recipe import Recipe

RESIDENT = 4 << 30
"""Bytes of pixels that are kept on the device; more stay in memory and go there batch by batch."""
SAVE_S = 60.0
"""Seconds after which the state is written inside an epoch, not only at its end."""
TEST_BATCH = 500

_building = threading.Lock()


@dataclass(frozen=True)
class EpochPoint:
    """A point of the curve: epoch from 1, mean loss over it, accuracy after it in %, and its seconds."""

    epoch: int
    train_loss: float
    test_accuracy_pct: float
    seconds: float = field(compare=False)


@dataclass(frozen=True)
class TrialProgress:
    """What a callback is told after every step, and with ``point`` after every epoch. Counts start at 1."""

    epoch: int
    epochs: int
    step: int
    steps: int
    point: EpochPoint | None = None


@dataclass(frozen=True)
class TrialResult:
    """The curve, the last accuracy on the test images in %, the seconds of all sittings, and the trained network."""

    curve: tuple[EpochPoint, ...]
    accuracy_pct: float
    seconds: float = field(compare=False)
    module: nn.Module = field(compare=False, repr=False)


def train_candidate(
    module_fn: Callable[[], nn.Module],
    data: TrialData,
    recipe: Recipe,
    seed: int,
    *,
    device: str | torch.device = "cpu",
    checkpoint_path: Path | None = None,
    progress: Callable[[TrialProgress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TrialResult:
    """Train ``module_fn()``, images (B, 3, H, W) -> logits (B, classes), and test it after every epoch.

    Args:
        module_fn: makes the network. It is called under ``seed``, so its weights follow from it.
        device: where to train.
        checkpoint_path: where the state is kept for resuming, every epoch, every minute, and when stopped. If the file
            exists, training goes on from it. Whoever called removes it once the result is safe.
        cancelled: asked before every step; when true the state is written and :class:`Cancelled` raised.

    Raises:
        ValueError: the state belongs to another recipe, seed, dataset or network, or is no state; or the device cannot
            do the precision.
        FloatingPointError: the loss is not a number; the last good state is kept.
    """
    device = torch.device(device)
    precision = resolve_precision(recipe.precision, device)
    identity = {"recipe": asdict(recipe), "seed": seed, "data": data.fingerprint}
    with _building, torch.random.fork_rng(devices=[]):  # the lock: threads share the generator that layers draw from
        torch.manual_seed(seed)
        module = module_fn()
    on_gpu = device.type == "cuda"
    layout = torch.contiguous_format if device.type == "mps" else torch.channels_last  # as the pixels lie; faster
    module = module.to(device, memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(
        module.parameters(),
        lr=recipe.lr,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        weight_decay=recipe.weight_decay,
    )
    scaler = torch.amp.GradScaler("cuda" if on_gpu else "cpu", enabled=precision == torch.float16)
    autocast = partial(torch.autocast, device.type, precision, enabled=precision != torch.float32)
    mean, std = (values.to(device) for values in data.statistics)
    size = (recipe.image_size, recipe.image_size) if recipe.image_size else data.image_size
    images, labels = _placed(data.train_images, data.train_labels, device)
    steps = min(math.ceil(len(images) / recipe.batch_size), len(images) // 2)

    begun = time.perf_counter()
    epoch, step, spent, epoch_spent = 0, 0, 0.0, 0.0
    total = torch.zeros((), dtype=torch.float if device.type == "mps" else torch.double, device=device)
    curve: list[EpochPoint] = []
    if checkpoint_path is not None and checkpoint_path.exists():
        state = _read(checkpoint_path, identity)
        try:
            module.load_state_dict(state["module"])
            optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"{checkpoint_path.name} belongs to another network: {reason}") from None
        scaler.load_state_dict(state["scaler"])
        total.fill_(state["total"])
        epoch, step, spent, epoch_spent = state["epoch"], state["step"], state["seconds"], state["epoch_seconds"]
        curve = [EpochPoint(**point) for point in state["curve"]]
    saved = time.monotonic()
    epoch_begun = time.perf_counter() - epoch_spent

    def save() -> None:
        nonlocal saved
        if checkpoint_path is None:
            return
        if not math.isfinite(float(total)):
            raise FloatingPointError(f"loss is {float(total)} in epoch {epoch + 1}; the last good state is kept")
        state = {
            "identity": identity,
            "module": module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scaler": scaler.state_dict(),
            "total": float(total),
            "epoch": epoch,
            "step": step,
            "seconds": spent + time.perf_counter() - begun,
            "epoch_seconds": time.perf_counter() - epoch_begun,
            "curve": [asdict(point) for point in curve],
        }
        write_aside(checkpoint_path, partial(torch.save, state))
        saved = time.monotonic()

    with _repeatable(on_gpu):
        while epoch < recipe.epochs:
            module.train()
            # Parts of equal size, up to one: batch norm cannot work on a remainder of a single image.
            batches = torch.randperm(len(images), generator=_generator(seed, epoch)).tensor_split(steps)
            for batch in batches[step:]:
                if cancelled is not None and cancelled():
                    save()
                    raise Cancelled
                for group in optimizer.param_groups:
                    # The middle of the step, so that neither a warm-up's first nor the last step is lost at rate 0.
                    group["lr"] = recipe.rate(epoch + (step + 0.5) / steps)
                batch = batch.to(images.device)
                x = prepared(images[batch].to(device, non_blocking=True), mean, std, size)
                x = augmented(x, recipe, _generator(seed, epoch, step))
                target = labels[batch].to(device, non_blocking=True)
                with autocast():
                    loss = F.cross_entropy(module(x), target, label_smoothing=recipe.label_smoothing)
                optimizer.zero_grad(set_to_none=True)
                scaler.scale(loss).backward()
                if recipe.clip:
                    scaler.unscale_(optimizer)
                    nn.utils.clip_grad_norm_(module.parameters(), recipe.clip)
                scaler.step(optimizer)
                scaler.update()
                total += loss.detach() * len(batch)
                step += 1
                if progress is not None:
                    progress(TrialProgress(epoch + 1, recipe.epochs, step, steps))
                if step < steps and time.monotonic() - saved > SAVE_S:
                    save()
            value = float(total) / len(images)
            if not math.isfinite(value):
                raise FloatingPointError(f"loss is {value} in epoch {epoch + 1}; the last good state is kept")
            with autocast():
                accuracy = accuracy_pct(module, data, size, device)
            epoch, step = epoch + 1, 0
            curve.append(EpochPoint(epoch, value, accuracy, time.perf_counter() - epoch_begun))
            total.zero_()
            epoch_begun = time.perf_counter()
            save()
            if progress is not None:
                progress(TrialProgress(epoch, recipe.epochs, steps, steps, curve[-1]))
    seconds = spent + time.perf_counter() - begun
    return TrialResult(tuple(curve), curve[-1].test_accuracy_pct, seconds, module.eval())


@torch.no_grad()
def accuracy_pct(module: nn.Module, data: TrialData, size: tuple[int, int], device: torch.device) -> float:
    """Share in % of the test images, scaled to ``size``, whose largest logit is the label's."""
    module.eval()
    mean, std = (values.to(device) for values in data.statistics)
    right = 0
    for start in range(0, len(data.test_images), TEST_BATCH):
        part = slice(start, start + TEST_BATCH)
        x = prepared(torch.from_numpy(data.test_images[part]).to(device), mean, std, size)
        labels = torch.from_numpy(data.test_labels[part]).to(device)
        right += int((module(x).argmax(1) == labels).sum())
    return 100 * right / len(data.test_images)


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """``auto`` -> bfloat16 on a GPU that has it, float16 on another, float32 elsewhere.

    ``ValueError`` for a precision that the device cannot train in.
    """
    if name == "auto":
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if (name == "float16" and device.type != "cuda") or (name == "bfloat16" and device.type == "mps"):
        allowed = "auto, float32" if device.type == "mps" else "auto, float32, bfloat16"
        raise ValueError(f"precision is {name!r} on {device.type}; allowed there: {allowed}")
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[name]


def _placed(images: Any, labels: Any, device: torch.device) -> tuple[Tensor, Tensor]:
    home = device if images.nbytes <= RESIDENT else torch.device("cpu")
    return torch.from_numpy(images).to(home), torch.from_numpy(labels).long().to(home)


def _generator(seed: int, epoch: int, step: int = -1) -> Generator:
    """For one step, or with -1 for the order of an epoch: no two of a trial's are seeded alike."""
    return Generator().manual_seed((seed * 100_003 + epoch) * 1_000_003 + step + 1)


@contextlib.contextmanager
def _repeatable(on_gpu: bool) -> Iterator[None]:
    """On a GPU: only convolutions that give the same bits every time."""
    with torch.backends.cudnn.flags(deterministic=True, benchmark=False) if on_gpu else contextlib.nullcontext():
        yield


def _read(path: Path, identity: dict[str, Any]) -> dict[str, Any]:
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        found = state["identity"]
    except Exception as error:  # what the reader of pickles raises on other bytes is anything
        reason = " ".join(str(error).split())[:80]
        raise ValueError(f"{path.name} is no state of a trial; remove it to start afresh ({reason})") from None
    for name, wanted in identity.items():
        if found.get(name) != wanted:
            raise ValueError(f"{path.name} belongs to another {name}: {found.get(name)}; remove it to start afresh")
    return state

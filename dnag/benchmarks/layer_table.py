r"""Per-layer latency tables of once-for-all: the latency of a network as the sum of what its layers were measured at.

Two formats of JSON are read. Both key a layer by its shapes and settings; all values are milliseconds.

- *nested* (once-for-all's own estimator; Galaxy Note10, width 1.2): ``{resolution: {key: ms}}``, or ``{"mean": ms}`` in
  place of a number; ``expand`` is a number of channels, ``hs`` says whether the activation is hard swish, and global
  pooling has a key of its own.
- *flat* (NSGANetV2; Intel i7-8700K, widths 1.0 and 1.2): ``{key: ms}``; ``expand`` is the factor, there is no ``hs``
  and no pooling (nothing is counted for it).

In both, ``idskip`` is 1 exactly where a block has a shortcut, ``se`` where it has squeeze-excite, and a stride of 2
halves the sides, rounded up.

The two known files hold no key twice, and every key of theirs is needed. The Note10 has 160, 176, 192, 208 and 224 px,
96 keys each; the i7 has 96 to 256 px in steps of 4, each complete at both widths. The values are measured and noisy: in
48 of 5,160 pairs of the i7 a larger kernel or expansion is faster, by up to 21 %. At 224 px and width 1.2 networks take
18 to 92 ms on the Note10, random ones 25 to 64, and 8 to 46 ms on the i7.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dnag.benchmarks.base import BenchmarkError
from dnag.spaces.base import ABSENT, spaces
from dnag.spaces.mobilenetv3 import NODES, BlockSpec, blocks, scaled_widths

SPACE = "mobilenetv3"
MAX_BYTES = 20 * 10**6
MAX_MS = 1e6
CLASSES = 1000

_PIXELS = re.compile("[1-9][0-9]{0,2}")
_STEM = re.compile(rf"first_conv-input:({_PIXELS.pattern})x\1x3-")


@dataclass(frozen=True)
class Layers:
    """The latencies of every network of one width at one resolution, in ms.

    Attributes:
        fixed: of the layers that all of them have.
        choices: of each operation in each slot, (20, 9).
    """

    fixed: float
    choices: Tensor


@dataclass(frozen=True)
class LayerTable:
    """A table that was read.

    Attributes:
        widths: the width multipliers that it answers for.
        resolutions: the sizes in pixels at which, for each of ``widths``, it has every layer of every network.
        layers: width and resolution -> latencies.
    """

    widths: tuple[float, ...]
    resolutions: tuple[int, ...]
    layers: Mapping[tuple[float, int], Layers]

    @classmethod
    def load(cls, path: Path) -> LayerTable:
        """Read either format. ``BenchmarkError`` names the file and what is wrong with it."""
        nested, values = _read(path)
        stems = (match for key in values.get(None, {}) if (match := _STEM.match(key)))
        pixels = {int(match[1]) for match in stems} if not nested else {pixel for pixel in values if pixel}
        found: dict[tuple[float, int], Layers] = {}
        missing: list[tuple[int, str]] = []
        for width in spaces[SPACE].widths:
            for resolution in sorted(pixels):
                table = values.get(resolution if nested else None, {})
                gaps = _keys(width, resolution, nested) - table.keys()
                if not gaps:
                    found[width, resolution] = _layers(table, width, resolution, nested)
                else:
                    text = f"at width {width}, {resolution} px {len(gaps)} layers are missing, such as {min(gaps)}"
                    missing.append((len(gaps), text))
        widths = tuple(dict.fromkeys(width for width, _ in found))
        complete = tuple(pixel for pixel in sorted(pixels) if all((width, pixel) in found for width in widths))
        if not found or not complete:
            reason = min(missing)[1] if missing else "it has no first convolution of three channels"
            raise BenchmarkError(f"{path.name} is no latency table of once-for-all layers: {reason}")
        return cls(widths, complete, found)

    def at(self, *, width: float, resolution: int) -> Layers:
        """Latencies by slot and operation; ``ValueError`` for a width or resolution that the table does not have."""
        for name, value, allowed in (("width", width, self.widths), ("resolution", resolution, self.resolutions)):
            if value not in allowed:
                shown = ", ".join(str(number) for number in allowed)
                raise ValueError(f"{name} is {value!r}; the latency table has: {shown}")
        return self.layers[width, resolution]

    def latency_ms(self, ops: Sequence[int], *, width: float, resolution: int) -> float:
        """Latency in ms of a network, operation indices (20,); ``ValueError`` if it is none or not in the table."""
        layers = self.at(width=width, resolution=resolution)
        ops = spaces[SPACE]().architecture(ops).ops
        return layers.fixed + sum(float(layers.choices[node, op]) for node, op in enumerate(ops) if op != ABSENT)


def _read(path: Path) -> tuple[bool, dict[int | None, dict[str, float]]]:
    """Is the file nested, and resolution (None where it is not) -> key -> ms."""

    def error(text: str) -> BenchmarkError:
        return BenchmarkError(f"{path.name} is no latency table of once-for-all layers: {text}")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise error(f"{twice[:120]!r} comes twice")
        return dict(pairs)

    def milliseconds(key: str, value: Any) -> float:
        if isinstance(value, dict) and "mean" in value:
            value = value["mean"]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_MS:
            raise error(f"{key[:120]!r} is {str(value)[:40]}; allowed: milliseconds, a number from 0 to {MAX_MS:.0f}")
        return float(value)

    try:
        if path.stat().st_size > MAX_BYTES:
            raise error(f"it is larger than {MAX_BYTES // 10**6} MB")
        content = json.loads(path.read_bytes(), object_pairs_hook=unique)
    except OSError as problem:
        raise BenchmarkError(f"no latency table can be read from {path}: {problem.strerror}") from None
    except BenchmarkError:
        raise
    except (ValueError, RecursionError) as problem:  # JSON's and Unicode's errors are ValueErrors
        raise error(f"no JSON ({problem})") from None
    if not isinstance(content, dict) or not content:
        came = "no layers" if content == {} else f"a {type(content).__name__}"
        raise error(f"{came}; allowed: an object of layers, or one such object per resolution")
    nested = all(_PIXELS.fullmatch(name) for name in content)
    if not nested:
        return False, {None: {key: milliseconds(key, value) for key, value in content.items()}}
    if not all(isinstance(table, dict) for table in content.values()):
        raise error("a resolution without layers")
    return True, {
        int(name): {key: milliseconds(key, value) for key, value in table.items()} for name, table in content.items()
    }


def _keys(width: float, resolution: int, nested: bool) -> set[str]:
    """Every key that some network needs: a layer depends on its place and its own operation, so nine networks do."""
    networks = ([op] * NODES for op in range(len(spaces[SPACE].op_names)))
    return {key for ops in networks for _, key in layer_keys(ops, width, resolution, nested)}


def _layers(table: Mapping[str, float], width: float, resolution: int, nested: bool) -> Layers:
    kinds = len(spaces[SPACE].op_names)
    choices = torch.empty(NODES, kinds, dtype=torch.float64)
    for op in range(kinds):
        pairs = list(layer_keys([op] * NODES, width, resolution, nested))
        for node, key in pairs:
            if node is not None:
                choices[node, op] = table[key]
        fixed = sum(table[key] for node, key in pairs if node is None)
    return Layers(fixed, choices)


def layer_keys(ops: Sequence[int], width: float, resolution: int, nested: bool) -> Iterator[tuple[int | None, str]]:
    """The slot, None for a layer every network has, and the key of each layer of a network, in order.

    Args:
        ops: operation indices (20,), of a valid architecture.
        nested: the format, see the module.
    """
    stem, *_, last, before_pool, before_classifier = scaled_widths(width)
    side = -(-resolution // 2)
    yield None, f"{'Conv' if nested else 'first_conv'}-input:{resolution}x{resolution}x3-output:{side}x{side}x{stem}"
    places: list[int | None] = [None, *(node for node, op in enumerate(ops) if op != ABSENT)]
    for node, block in zip(places, blocks(ops, width), strict=True):
        out = -(-side // block.stride)
        yield node, _block_key(block, side, out, nested)
        side = out
    shape = f"{side}x{side}x{before_pool}"
    yield None, f"{'Conv_1' if nested else 'final_expand_layer'}-input:{side}x{side}x{last}-output:{shape}"
    if nested:
        yield None, f"AvgPool2D-input:{shape}-output:1x1x{before_pool}"
    name = "Conv_2" if nested else "feature_mix_layer"
    yield None, f"{name}-input:1x1x{before_pool}-output:1x1x{before_classifier}"
    name, shape = ("Logits", f"1x1x{before_classifier}") if nested else ("classifier", str(before_classifier))
    yield None, f"{name}-input:{shape}-output:{CLASSES}"


def _block_key(block: BlockSpec, side: int, out: int, nested: bool) -> str:
    name, expand = ("expanded_conv", block.middle) if nested else ("MBConv", block.middle // block.c_in)
    key = (
        f"{name}-input:{side}x{side}x{block.c_in}-output:{out}x{out}x{block.c_out}-expand:{expand}"
        f"-kernel:{block.kernel}-stride:{block.stride}-idskip:{int(block.residual)}-se:{int(block.squeeze > 0)}"
    )
    return f"{key}-hs:{int(block.hard_swish)}" if nested else key

"""Latency tables of layers: made ones in both formats, and the two that lie beside the repository."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Generator

from dnag.benchmarks import BenchmarkError
from dnag.benchmarks.layer_table import LayerTable, layer_keys
from dnag.metrics import spearman
from dnag.spaces import spaces
from dnag.spaces.base import ABSENT

SMALL = [0, 0, ABSENT, ABSENT] * 5
LARGE = [8] * 20


def made(width: float, resolution: int, nested: bool) -> dict[str, float]:
    """Every layer takes as many ms as its key has characters."""
    keys = (key for op in range(9) for _, key in layer_keys([op] * 20, width, resolution, nested))
    return {key: float(len(key)) for key in keys}


@pytest.fixture
def write(tmp_path):
    def to(content: object, name: str = "table.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return to


@pytest.fixture
def networks():
    return spaces["mobilenetv3"]().sample_ops(50, Generator().manual_seed(0)).tolist()


def test_keys_of_the_nested_format():
    keys = [key for _, key in layer_keys(SMALL, 1.2, 224, nested=True)]
    assert keys[:4] == [
        "Conv-input:224x224x3-output:112x112x24",
        "expanded_conv-input:112x112x24-output:112x112x24-expand:24-kernel:3-stride:1-idskip:1-se:0-hs:0",
        "expanded_conv-input:112x112x24-output:56x56x32-expand:72-kernel:3-stride:2-idskip:0-se:0-hs:0",
        "expanded_conv-input:56x56x32-output:56x56x32-expand:96-kernel:3-stride:1-idskip:1-se:0-hs:0",
    ]
    assert keys[8] == "expanded_conv-input:14x14x96-output:14x14x136-expand:288-kernel:3-stride:1-idskip:0-se:1-hs:1"
    assert keys[-4:] == [
        "Conv_1-input:7x7x192-output:7x7x1152",
        "AvgPool2D-input:7x7x1152-output:1x1x1152",
        "Conv_2-input:1x1x1152-output:1x1x1536",
        "Logits-input:1x1x1536-output:1000",
    ]


def test_keys_of_the_flat_format():
    pairs = list(layer_keys(SMALL, 1.0, 100, nested=False))
    assert [key for _, key in pairs[:3]] == [
        "first_conv-input:100x100x3-output:50x50x16",
        "MBConv-input:50x50x16-output:50x50x16-expand:1-kernel:3-stride:1-idskip:1-se:0",
        "MBConv-input:50x50x16-output:25x25x24-expand:3-kernel:3-stride:2-idskip:0-se:0",
    ]
    assert [key for _, key in pairs[-3:]] == [
        "final_expand_layer-input:4x4x160-output:4x4x960",  # 25, 13, 7, 7, 4: halves are rounded up
        "feature_mix_layer-input:1x1x960-output:1x1x1280",
        "classifier-input:1280-output:1000",
    ]
    assert [node for node, _ in pairs] == [None] * 2 + [0, 1, 4, 5, 8, 9, 12, 13, 16, 17] + [None] * 3


@pytest.mark.parametrize("nested", [True, False])
def test_the_latency_is_the_sum_over_layers(write, networks, nested):
    tables = {pixels: made(1.2, pixels, nested) for pixels in (160, 224)}
    content = {str(pixels): table for pixels, table in tables.items()} if nested else tables[160] | tables[224]
    table = LayerTable.load(write(content))
    assert (table.widths, table.resolutions) == ((1.2,), (160, 224))
    for ops in [*networks, SMALL, LARGE]:
        expected = sum(len(key) for _, key in layer_keys(ops, 1.2, 224, nested))
        assert table.latency_ms(ops, width=1.2, resolution=224) == pytest.approx(expected)
    layers = table.at(width=1.2, resolution=160)
    assert layers.choices.shape == (20, 9)
    total = layers.fixed + float(layers.choices[:, 8].sum())
    assert total == pytest.approx(table.latency_ms(LARGE, width=1.2, resolution=160))


def test_means_in_place_of_numbers(write):
    plain = made(1.0, 224, True)
    table = LayerTable.load(write({"224": {key: {"mean": value, "count": 3} for key, value in plain.items()}}))
    same = LayerTable.load(write({"224": plain}))
    assert table.latency_ms(SMALL, width=1.0, resolution=224) == same.latency_ms(SMALL, width=1.0, resolution=224)


def test_only_complete_resolutions_are_offered(write):
    partial = made(1.0, 192, False)
    dropped = next(key for key in partial if "expand:6" in key)
    rest = {key: value for key, value in partial.items() if key != dropped}
    content = rest | made(1.0, 224, False) | made(1.2, 224, False)
    content = {key: value for key, value in content.items() if key != dropped}
    table = LayerTable.load(write(content))
    assert (table.widths, table.resolutions) == ((1.0, 1.2), (224,))


def test_questions_it_cannot_answer(write):
    table = LayerTable.load(write(made(1.0, 224, False) | made(1.0, 192, False)))
    with pytest.raises(ValueError, match=r"^width is 1\.2; the latency table has: 1\.0$"):
        table.latency_ms(SMALL, width=1.2, resolution=224)
    with pytest.raises(ValueError, match=r"^resolution is 208; the latency table has: 192, 224$"):
        table.latency_ms(SMALL, width=1.0, resolution=208)
    with pytest.raises(ValueError, match=r"slot 1\.2 is empty"):
        table.latency_ms([0, ABSENT, ABSENT, ABSENT] * 5, width=1.0, resolution=224)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"no JSON \(Expecting"),
        ("[" * 100_000, "no JSON"),
        ("[]", "a list; allowed: an object of layers, or one such object per resolution"),
        ("{}", "no layers; allowed"),
        ({"224": 3}, "a resolution without layers"),
        ({"224": {}}, r"at width 1\.0, 224 px \d+ layers are missing"),
        ({"a": 1.0}, "it has no first convolution"),
        ('{"a": 1, "a": 2}', "'a' comes twice"),
        ({"a": -1}, "'a' is -1; allowed: milliseconds, a number from 0 to 1000000"),
        ({"a": 10**400}, "'a' is 1000"),
        ({"a": True}, "'a' is True"),
        ({"a": "3"}, "'a' is 3"),
        ({"a": {"median": 3}}, r"'a' is \{'median': 3\}"),
        ('{"224": {"a": NaN}}', "'a' is nan"),
        ('{"224": {"a": {"mean": Infinity}}}', "'a' is inf"),
        (
            {"first_conv-input:224x224x3-output:112x112x16": 1.0},
            r"at width 1\.0, 224 px \d+ layers are missing, such as",
        ),
    ],
)
def test_files_that_are_none(write, content, message):
    with pytest.raises(BenchmarkError, match=rf"^table\.json is no latency table of once-for-all layers: {message}"):
        LayerTable.load(write(content))


def test_a_missing_layer_is_named(write):
    content = made(1.0, 224, False)
    content.pop("classifier-input:1280-output:1000")
    with pytest.raises(BenchmarkError, match=r"width 1\.0, 224 px 1 layers are missing, such as classifier-input:1280"):
        LayerTable.load(write(content))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(BenchmarkError, match=r"no latency table can be read from .*gone\.json: No such file"):
        LayerTable.load(tmp_path / "gone.json")
    with (tmp_path / "big.json").open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(BenchmarkError, match=r"big\.json .* it is larger than 20 MB"):
        LayerTable.load(tmp_path / "big.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xff\x00{")
    with pytest.raises(BenchmarkError, match=r"bytes\.json .* no JSON"):
        LayerTable.load(tmp_path / "bytes.json")


def test_the_phone(shared_data, networks):
    table = LayerTable.load(shared_data("ofa_note10_w1.2_latency_lut.json"))
    assert (table.widths, table.resolutions) == ((1.2,), (160, 176, 192, 208, 224))
    smallest, largest = (table.latency_ms(ops, width=1.2, resolution=224) for ops in (SMALL, LARGE))
    assert 15 < smallest < 20 and 85 < largest < 95
    each = [table.latency_ms(ops, width=1.2, resolution=224) for ops in networks]
    assert all(20 < value < 70 for value in each)
    means = [sum(table.latency_ms(ops, width=1.2, resolution=r) for ops in networks) for r in table.resolutions]
    assert means == sorted(means)


def test_the_processor(shared_data, networks):
    table = LayerTable.load(shared_data("ofa_i7-8700K_latency_lut.json"))
    assert (table.widths, table.resolutions) == ((1.0, 1.2), tuple(range(96, 257, 4)))
    narrow, wide = (
        torch.tensor([table.latency_ms(ops, width=width, resolution=224) for ops in networks]) for width in table.widths
    )
    assert bool((narrow < wide).all())
    space = spaces["mobilenetv3"]()
    macs = torch.tensor([space.cost(space.architecture(ops)).macs_m for ops in networks])
    correlation = spearman(narrow, macs)
    assert correlation is not None and correlation > 0.8

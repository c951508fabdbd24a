"""The atlas of a space: its layouts, its properties, and shares of it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator

from dnag.additive import Additive
from dnag.atlas import COUNT, LAYERS, MEASURED, PREDICTED, SAMPLED, STEP, Atlas, NestedGrid, SizePlane, View, top_share
from dnag.benchmarks import Benchmark
from dnag.bundle import ModelStore
from dnag.knobs import knobs
from dnag.run_settings import RunSettings
from dnag.spaces.base import Architecture


@pytest.fixture(scope="module")
def grid() -> Atlas:
    return Atlas.of(ModelStore().bundle("nasbench201"), "cifar10")


@pytest.fixture(scope="module")
def plane() -> Atlas:
    return Atlas.of(ModelStore().bundle("mobilenetv3"), "imagenet1k", 160)


def test_every_cell_has_a_place_of_its_own_on_the_grid(grid):
    assert isinstance(grid.layout, NestedGrid)
    assert grid.places.shape == (15625, 2)
    assert len(grid.places.unique(dim=0)) == 15625
    assert all(len(column.unique()) == 125 for column in grid.places.T)
    gaps = grid.places[:, 0].unique().diff()
    assert float(gaps.min()) == STEP and float(gaps.max()) > 2 * STEP  # cells touch, blocks are apart


def test_one_change_moves_along_one_axis_of_the_grid(grid):
    for index in (0, 777, 15624):
        arch = grid.architecture(index)
        ops = torch.tensor([change.arch.ops for change in grid.space.changes(arch)])
        moved = grid.layout(ops) != grid.places[index]
        assert bool((moved.sum(1) == 1).all())


def test_the_weightiest_factor_is_the_coarsest_and_its_choices_rise_with_their_effect(nasbench201):
    weights = torch.zeros(nasbench201.num_nodes, nasbench201.num_ops)
    weights[3, 2:] = torch.tensor([5.0, 1.0, 4.0, 2.0, 3.0])
    layout = NestedGrid.of(nasbench201, Additive(0.0, weights))
    assert layout.across[0].factor.nodes == (3,)
    assert layout.across[0].shifts.argsort().tolist() == [1, 3, 4, 2, 0]


def test_the_plane_separates_size_from_what_is_left_of_accuracy(plane):
    assert isinstance(plane.layout, SizePlane)
    x, y = plane.places.double().T
    assert len(x) == SAMPLED
    assert torch.corrcoef(torch.stack([x, y]))[0, 1].abs() < 1e-3
    assert float(y.mean()) == pytest.approx(0, abs=1e-3)
    usual = ModelStore().bundle("mobilenetv3").costs("imagenet1k")["macs_m"].additive
    assert torch.allclose(x.float(), usual(plane.ops))
    arch = plane.architecture(0)
    near = plane.layout(torch.tensor([change.arch.ops for change in plane.space.changes(arch)]))
    assert bool(((near - plane.places[0]).abs() < 0.5 * (plane.places.amax(0) - plane.places.amin(0))).all())


def test_the_same_atlas_every_time(grid, plane):
    for atlas, dataset, resolution in ((grid, "cifar100", 0), (plane, "imagenet1k", 224)):
        again = Atlas.of(ModelStore().bundle(atlas.space.name), dataset, resolution)
        assert torch.equal(again.ops, atlas.ops)
        assert torch.equal(again.places, atlas.places)  # wherever one looks


def test_properties_are_those_of_the_space(grid, plane):
    arch = Architecture("nasbench201", (0, 5, 5, 3, 4, 2, 6, 1))
    values = {name: float(found.of(torch.tensor([arch.ops]))) for name, found in grid.properties.items()}
    cost = grid.space.cost(arch, "cifar10")
    assert values["macs_m"] == pytest.approx(cost.macs_m, rel=1e-5)
    assert values["params_m"] == pytest.approx(cost.params_m, rel=1e-5)
    assert [values[f"{COUNT}{op}"] for op in range(2, 7)] == [1, 1, 1, 2, 1]
    assert LAYERS not in values and MEASURED not in values
    assert float(plane.values(LAYERS).min()) >= 10 and float(plane.values(LAYERS).max()) <= 20
    assert len(grid.values(PREDICTED)) == 15625
    index = int(torch.where((grid.ops == torch.tensor(arch.ops)).all(1))[0])
    assert values[PREDICTED] == pytest.approx(float(grid.values(PREDICTED)[index]), abs=1e-3)
    assert grid.best == grid.architecture(int(grid.values(PREDICTED).argmax()))


class Table(Benchmark):
    """A value for some architectures."""

    label, note, space, datasets = "made up", "", "nasbench201", ("cifar10",)

    def __init__(self, known: bool) -> None:
        self.known = known

    @classmethod
    def find(cls, space, directory):
        return None

    def lookup(self, arch, dataset):
        return 50.0 if self.known and arch.ops[1] == 2 else None


def test_measured_values_are_a_property_where_there_are_any():
    bundle = ModelStore().bundle("nasbench201")
    values = Atlas.of(bundle, "cifar10", benchmark=Table(known=True)).values(MEASURED)
    assert int(values.isnan().sum()) == 15625 * 4 // 5
    assert float(values.nanmean()) == 50
    assert MEASURED not in Atlas.of(bundle, "cifar10", benchmark=Table(known=False)).properties


def test_the_share_that_is_no_less():
    values = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert [top_share(values, value) for value in (0.0, 1.0, 3.0, 3.5, 4.0, 4.1)] == [1, 1, 0.5, 0.25, 0.25, 0]
    sample = torch.randn(10_000, generator=Generator().manual_seed(0))
    assert top_share(sample, 1.6449) == pytest.approx(0.05, abs=0.01)
    assert math.isfinite(top_share(values, float("nan")))


def test_a_view_asks_for_the_same_as_a_run():
    assert knobs(View) == {name: knobs(RunSettings)[name] for name in ("space", "dataset", "resolution")}

"""Families found by their files."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from dnag.registry import Registry, UnknownNameError, from_config, to_config
from dnag.samplers import samplers
from dnag.sdes import sdes
from dnag.spaces import spaces

BASE = """
from dnag.registry import Registry
shapes = Registry("shape", "{package}")
"""
MEMBER = """
from dataclasses import dataclass
from {package}.base import shapes

@shapes.register("{name}")
@dataclass(frozen=True)
class {title}:
    size: float = 1.0
    corners: int = 4
"""


@pytest.fixture
def family(tmp_path, monkeypatch):
    """``family(*members)`` -> a registry of that many freshly written files, and its folder."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def make(*members: str) -> tuple[Registry, Path]:
        package = f"family_{tmp_path.name}_{len(made)}"
        made.append(package)
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "base.py").write_text(BASE.format(package=package))
        for name in members:
            (folder / f"{name}.py").write_text(MEMBER.format(package=package, name=name, title=name.title()))
        importlib.invalidate_caches()
        return importlib.import_module(f"{package}.base").shapes, folder

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


def test_members_are_found_by_file_in_order_of_name(family):
    registry, _ = family("square", "circle")
    assert list(registry) == ["circle", "square"]
    assert len(registry) == 2 and "square" in registry and "line" not in registry
    assert registry["circle"].__name__ == "Circle" and registry["circle"].name == "circle"


def test_each_question_alone_discovers(family):
    for ask in (len, list, lambda registry: registry["square"], lambda registry: "square" in registry):
        assert ask(family("square")[0])


def test_an_unknown_name_lists_what_is_allowed(family):
    registry, _ = family("square", "circle")
    for name in ("line", None, ["square"]):
        with pytest.raises(UnknownNameError) as error:
            registry[name]
        assert str(error.value) == f"unknown shape {name!r}; allowed: circle, square"


def test_a_member_that_fails_to_import_fails_every_time(family):
    registry, folder = family("square")
    (folder / "broken.py").write_text("raise RuntimeError('half written')")
    importlib.invalidate_caches()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="half written"):
            list(registry)


def test_a_member_may_ask_the_registry_while_it_is_imported(family):
    registry, folder = family("square")
    (folder / "aware.py").write_text(f"from {folder.name}.base import shapes\nknown = list(shapes)\n")
    importlib.invalidate_caches()
    assert list(registry) == ["square"]
    assert sys.modules[f"{folder.name}.aware"].known == ["square"]


def test_two_classes_of_one_name_are_refused_and_a_reload_is_fine(family):
    registry, folder = family("square")
    first = registry["square"]
    again = importlib.reload(sys.modules[f"{folder.name}.square"]).Square
    assert again is not first and registry["square"] is again
    with pytest.raises(ValueError, match=r"shape 'square' is registered twice: by .*square\.Square and by .*Other"):

        @registry.register("square")
        class Other: ...

    assert registry["square"] is again


@pytest.mark.parametrize("registry", [sdes, samplers], ids=["sdes", "samplers"])
def test_every_member_survives_a_round_trip_through_json(registry):
    for name, cls in registry.items():
        member = cls()
        config = to_config(member)
        assert config["type"] == name
        assert from_config(registry, config) == member


def test_changed_fields_survive_the_round_trip(family):
    registry, _ = family("square")
    member = registry["square"](size=2.5, corners=5)
    assert to_config(member) == {"type": "square", "size": 2.5, "corners": 5}
    assert from_config(registry, to_config(member)) == member
    assert from_config(registry, {"type": "square"}) == registry["square"]()


def test_bad_configurations_name_what_is_allowed(family):
    registry, _ = family("square")
    with pytest.raises(ValueError, match="unknown field 'colour' for shape 'square'; allowed: size, corners"):
        from_config(registry, {"type": "square", "colour": "red"})
    with pytest.raises(UnknownNameError, match="unknown shape 'line'; allowed: square"):
        from_config(registry, {"type": "line"})
    with pytest.raises(UnknownNameError, match="unknown shape None"):
        from_config(registry, {"size": 1.0})

    @registry.register("point")
    @dataclass(frozen=True)
    class Point: ...

    with pytest.raises(ValueError, match="allowed: none"):
        from_config(registry, {"type": "point", "size": 1.0})


def test_the_families_of_the_project_hold_what_the_paper_uses():
    assert {"nasbench201"} <= set(spaces)
    assert {"ve", "vp", "subvp"} <= set(sdes)
    assert {"euler_maruyama", "reverse_diffusion", "predictor_corrector", "heun", "dpm_solver"} <= set(samplers)

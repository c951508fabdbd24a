"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dnag.spaces.base import SearchSpace, spaces

DEALT_OUT = ("test_every_control.py", "test_every_page.py")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_configure() -> None:
    torch.set_num_threads(1)  # small tensors: threads cost more than they bring, and the machine may be shared


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays with one worker, for what its tests share; tests that share nothing and take long are dealt out."""
    for item in items:
        if item.path.name not in DEALT_OUT:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """``shared_data(name)``: a file of the data that lie beside the repository; the test is skipped without it."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.is_file():
            pytest.skip(f"needs {name} in ../shared/data, which a clone of the repository does not have")
        return path

    return find


@pytest.fixture(scope="session")
def nasbench201() -> SearchSpace:
    return spaces["nasbench201"]()

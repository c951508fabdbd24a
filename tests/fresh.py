"""A fixture that the tests of pages and of the API share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dnag.ui import loaders


@pytest.fixture(autouse=True)
def fresh_manager() -> Iterator[None]:
    """Each test has a job manager of its own; models stay loaded."""
    loaders.manager.clear()
    yield
    loaders.manager().close()
    loaders.manager.clear()

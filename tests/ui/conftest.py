"""Fixtures of the tests of pages."""

from tests.fresh import fresh_manager

__all__ = ["fresh_manager"]

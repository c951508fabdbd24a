"""Measured values to compare predictions with; see :mod:`dnag.benchmarks.base`."""

from dnag.benchmarks.base import (
    NOT_INSTALLED,
    Benchmark,
    BenchmarkError,
    OutOfDomainError,
    Record,
    benchmarks,
    how_to_add,
    installed_benchmarks,
    measured,
)

__all__ = [
    "NOT_INSTALLED",
    "Benchmark",
    "BenchmarkError",
    "OutOfDomainError",
    "Record",
    "benchmarks",
    "how_to_add",
    "installed_benchmarks",
    "measured",
]

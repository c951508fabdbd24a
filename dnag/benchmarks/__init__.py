"""Measured values to compare predictions with; see :mod:`dnag.benchmarks.base`."""

from dnag.benchmarks.base import (
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
    "Benchmark",
    "BenchmarkError",
    "OutOfDomainError",
    "Record",
    "benchmarks",
    "how_to_add",
    "installed_benchmarks",
    "measured",
]

r"""Reading pickles that others made, without letting them run anything.

A pickle names functions and classes that its reader imports and calls; an unrestricted reader runs whatever the file's
author wrote. Here every name must be in a table of the caller's, which also says what stands in for it; all else is
refused before anything is imported. Numbers, texts, lists, tuples, sets and dictionaries need no name.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

Allowed = Mapping[tuple[str, str], Any]
"""``(module, name) -> what stands in for it``."""


class RestrictedUnpickler(pickle.Unpickler):
    """An unpickler for which the names in ``allowed`` are all there is; any other is an ``UnpicklingError``."""

    def __init__(self, file: IO[bytes], allowed: Allowed, encoding: str = "ASCII"):
        super().__init__(file, encoding=encoding)
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._allowed[module, name]
        except KeyError:
            names = ", ".join(sorted({f"{module}.{name}" for module, name in self._allowed})) or "none"
            raise pickle.UnpicklingError(f"the file asks for {module}.{name}; allowed: {names}") from None


def read_pickle(file: IO[bytes], allowed: Allowed, *, max_bytes: int, encoding: str = "ASCII") -> Any:
    """The object in ``file``, of ``max_bytes`` at most; whatever is wrong with the file is one ``UnpicklingError``.

    ``encoding`` is that of texts which Python 2 wrote; ``"bytes"`` leaves them as they are.
    """
    try:
        data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise pickle.UnpicklingError(f"more than {max_bytes:,} bytes")
        return RestrictedUnpickler(io.BytesIO(data), allowed, encoding).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise pickle.UnpicklingError(f"damaged: {type(error).__name__} {error}") from None


def check_memo(file: IO[bytes]) -> None:
    """Look through the next pickle of a file, and go back: ``UnpicklingError`` if it numbers more objects than it has.

    Python makes room for as many as the largest number, up to gigabytes for a few damaged bytes.
    """
    start = file.tell()
    largest = 0
    for code, argument, _ in pickletools.genops(file):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            largest = max(largest, argument or 0)
    if largest > file.tell() - start:
        raise pickle.UnpicklingError(f"damaged: object number {largest:,} in {file.tell() - start:,} bytes")
    file.seek(start)


def plain_names() -> dict[tuple[str, str], Any]:
    """Stand-ins for ordered dictionaries and NumPy scalars, which become plain Python numbers.

    They are made anew for each reading, so that a file that alters a class alters nothing that lasts.
    """

    class DType:
        def __init__(self, code: str, align: bool = False, copy: bool = True):
            if code not in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
                raise pickle.UnpicklingError(f"the file holds NumPy values of type {code!r}; allowed: numbers")
            self.code = code

        def __setstate__(self, state: tuple[Any, ...]) -> None:
            if state[1] not in ("<", ">", "=", "|"):
                raise pickle.UnpicklingError(f"the file holds NumPy values of byte order {state[1]!r}")
            self.code = state[1] + self.code[-2:]

    def scalar(dtype: DType, raw: bytes) -> bool | int | float:
        (value,) = np.frombuffer(raw, np.dtype(dtype.code))
        return value.item()

    return {
        ("collections", "OrderedDict"): OrderedDict,
        ("numpy", "dtype"): DType,
        ("numpy.core.multiarray", "scalar"): scalar,
        ("numpy._core.multiarray", "scalar"): scalar,
    }

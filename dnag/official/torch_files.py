r"""Reading files of ``torch.save`` without ``torch.load``: nothing in them is run, and only what is asked for is read.

Such a file is a pickle that refers to storages by key, and the bytes of the storages. In the format of today it is an
uncompressed zip archive with a member per storage; in the one before torch 1.6, the storages follow the pickle one by
one, each after its length. The pickle goes through the restricted unpickler. A tensor in it becomes a
:class:`StoredTensor`, which knows where its numbers are; the optimiser's state, most of a checkpoint, is never read.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import torch
from torch import Tensor

from dnag.unpickling import Allowed, RestrictedUnpickler, check_memo, plain_names

MAX_PICKLE_BYTES = 2**30
MOST = 2**63 - 1  # of anything that torch counts
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_DTYPES = {
    "Float": torch.float32,
    "Double": torch.float64,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
}


# Tuples, because a pickle can alter the attributes of what it makes, but not the items of a tuple.
class Storage(NamedTuple):
    """``size`` numbers of one type, whose bytes ``read`` gives."""

    dtype: torch.dtype
    size: int
    read: Callable[[], bytearray]


class StoredTensor(NamedTuple):
    """A tensor in a file: a strided view of a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def load(self) -> Tensor:
        """The numbers. ``UnpicklingError`` if the storage does not hold them."""
        dtype, size = self.storage.dtype, self.storage.size
        if 0 in self.shape:
            return torch.empty(self.shape, dtype=dtype)
        reach = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))
        if reach >= size or math.prod(self.shape) > size:
            raise pickle.UnpicklingError(f"damaged: a tensor of shape {self.shape} in a storage of {size:,} numbers")
        data = self.storage.read()
        if len(data) != size * dtype.itemsize:
            raise pickle.UnpicklingError(f"damaged: a storage of {len(data):,} bytes for {size:,} numbers")
        return torch.frombuffer(data, dtype=dtype).as_strided(self.shape, self.stride, self.offset).clone()


class StoredConfig:
    """A ``ConfigDict`` of ml_collections in a file, as its fields."""

    fields: dict[str, Any]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.fields = dict(state["_fields"])


# No method: a file can alter the methods of its own class.
def plain_config(config: StoredConfig) -> dict[str, Any]:
    """The fields of a configuration, and of those in it, as JSON has them."""
    try:
        return _plain(config)
    except (RecursionError, AttributeError):
        raise pickle.UnpicklingError("damaged: a configuration without fields, or one that holds itself") from None


def _plain(value: Any) -> Any:
    if isinstance(value, StoredConfig):
        return {str(name): _plain(field) for name, field in value.fields.items()}
    if isinstance(value, dict):
        return {str(name): _plain(field) for name, field in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str | None) else type(value).__name__


class Unread:
    """What a file holds and nobody needs, such as graphs of igraph: its parts are taken and forgotten."""

    def __init__(self, *parts: Any):
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def torch_names() -> dict[tuple[str, str], Any]:
    """Stand-ins for the names in the released files, made anew for each reading (see ``plain_names``)."""

    def tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> StoredTensor:
        numbers = (offset, *shape, *stride)
        if not isinstance(storage, Storage) or any(
            type(number) is not int or not 0 <= number <= MOST for number in numbers
        ):
            raise pickle.UnpicklingError("damaged: a tensor without a storage, or of no shape")
        if len(shape) != len(stride):
            raise pickle.UnpicklingError(f"damaged: a tensor with shape {shape} and strides {stride}")
        return StoredTensor(storage, offset, tuple(shape), tuple(stride))

    def device(*parts: Any) -> str:
        return ":".join(str(part) for part in parts)

    def encode(text: str, encoding: str) -> bytes:
        if encoding != "latin1":
            raise pickle.UnpicklingError(f"the file asks for bytes in {encoding!r}; allowed: latin1")
        return text.encode("latin1")

    def unread(*parts: Any) -> Unread:
        return Unread()

    return {
        **plain_names(),
        ("_codecs", "encode"): encode,
        ("torch._utils", "_rebuild_tensor_v2"): tensor,
        ("torch", "device"): device,
        **{("torch", f"{name}Storage"): dtype for name, dtype in _DTYPES.items()},
        ("ml_collections.config_dict.config_dict", "ConfigDict"): type("ConfigDict", (StoredConfig,), {}),
        ("igraph", "Graph"): unread,
        ("numpy", "ndarray"): unread,
        ("numpy.core.multiarray", "_reconstruct"): unread,
        ("numpy._core.multiarray", "_reconstruct"): unread,
    }


class _Unpickler(RestrictedUnpickler):
    def __init__(self, file: IO[bytes], allowed: Allowed, storage: Callable[[str, torch.dtype, int], Storage]):
        super().__init__(file, allowed)
        self._storage = storage

    def persistent_load(self, pid: Any) -> Storage:
        kind, dtype, key, _, size, *view = pid
        if (
            kind != "storage"
            or not isinstance(dtype, torch.dtype)
            or not isinstance(key, str)
            or view not in ([], [None])
        ):
            raise pickle.UnpicklingError(f"damaged: a reference to {str(pid)[:80]}")
        if type(size) is not int or not 0 <= size <= MOST:
            raise pickle.UnpicklingError(f"damaged: a storage of {size!r} numbers")
        return self._storage(key, dtype, size)


@contextmanager
def open_torch(path: Path) -> Iterator[Any]:
    """The object in a file of ``torch.save``, with tensors as :class:`StoredTensor`, to be loaded before the file is
    closed again. Whatever is wrong with the file is one ``UnpicklingError``; a file that cannot be opened, ``OSError``.
    """
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                if file.peek(2)[:2] == b"PK":
                    raise pickle.UnpicklingError("damaged: a zip archive without its end")
                yield _stream(file)
                return
            with zipfile.ZipFile(file) as archive:
                yield _archive(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:  # what zipfile raises
        raise pickle.UnpicklingError(f"damaged: {error}") from None


def _load(unpickler: Callable[[IO[bytes], Allowed], pickle.Unpickler], file: IO[bytes], allowed: Allowed) -> Any:
    """The next object in a file that can be rewound."""
    try:
        check_memo(file)
        return unpickler(file, allowed).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise pickle.UnpicklingError(f"damaged: {type(error).__name__} {error}") from None


def _archive(archive: zipfile.ZipFile) -> Any:
    members = {info.filename: info for info in archive.infolist()}
    roots = [name.removesuffix("data.pkl") for name in members if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(roots) != 1:
        raise pickle.UnpicklingError("a zip archive, but not of torch.save: it has no data.pkl")
    root = roots[0]

    @lru_cache(maxsize=1)  # many small tensors may share one storage
    def member(name: str) -> bytearray:
        info = members.get(root + name)
        if info is None:
            raise pickle.UnpicklingError(f"damaged: no member {name}")
        if info.compress_type != zipfile.ZIP_STORED:  # torch.save does not; a small file could become a large one
            raise pickle.UnpicklingError(f"member {name} is compressed; allowed: members as torch.save writes them")
        return bytearray(archive.read(info))

    if root + "byteorder" in members and member("byteorder") != b"little":
        raise pickle.UnpicklingError(f"byte order {bytes(member('byteorder')[:20])!r}; allowed: little")
    if (size := members[root + "data.pkl"].file_size) > MAX_PICKLE_BYTES:
        raise pickle.UnpicklingError(f"a pickle of {size:,} bytes; allowed: {MAX_PICKLE_BYTES:,}")

    def storage(key: str, dtype: torch.dtype, size: int) -> Storage:
        return Storage(dtype, size, lambda: member(f"data/{key}"))

    return _load(partial(_Unpickler, storage=storage), io.BytesIO(member("data.pkl")), torch_names())


def _stream(file: IO[bytes]) -> Any:
    """The format before torch 1.6: four pickles, the list of keys, and the storages in its order."""
    sizes: dict[str, int] = {}
    places: dict[str, int] = {}
    plain: Allowed = {}
    end = file.seek(0, io.SEEK_END)
    file.seek(0)

    @lru_cache(maxsize=1)
    def data(key: str) -> bytearray:
        if key not in places:
            raise pickle.UnpicklingError(f"damaged: no storage {key}")
        file.seek(places[key])
        return bytearray(file.read(sizes[key]))

    def storage(key: str, dtype: torch.dtype, size: int) -> Storage:
        sizes[key] = size * dtype.itemsize
        return Storage(dtype, size, lambda: data(key))

    try:
        start = _load(RestrictedUnpickler, file, plain)
    except pickle.UnpicklingError:
        start = None
    if start != _MAGIC:
        raise pickle.UnpicklingError("no file of torch.save; allowed: its zip format, or the one of before torch 1.6")
    protocol, system = (_load(RestrictedUnpickler, file, plain) for _ in range(2))
    if protocol != _PROTOCOL or not isinstance(system, dict) or not system.get("little_endian"):
        raise pickle.UnpicklingError(f"protocol {protocol!r}, {system!r}; allowed: {_PROTOCOL}, little-endian")
    content = _load(partial(_Unpickler, storage=storage), file, torch_names())
    keys = _load(RestrictedUnpickler, file, plain)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise pickle.UnpicklingError("damaged: no list of storages")
    place = file.tell()
    for key in keys:
        places[key] = place + 8  # after its length
        place += 8 + sizes.get(key, 0)
    if place > end:
        raise pickle.UnpicklingError(f"damaged: its storages need {place:,} bytes, and it has {end:,}")
    return content

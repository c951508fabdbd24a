"""Files of ``torch.save`` without ``torch.load``: what is in them comes back, what is wrong with them is one error."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dnag.official.torch_files import StoredTensor, Unread, open_torch


def loaded(value: Any) -> Any:
    if isinstance(value, StoredTensor):
        return value.load()
    if isinstance(value, dict):
        return {name: loaded(item) for name, item in value.items()}
    return [loaded(item) for item in value] if isinstance(value, list | tuple) else value


def read(path: Path) -> Any:
    with open_torch(path) as content:
        return loaded(content)


def refused(path: Path) -> str:
    with pytest.raises(pickle.UnpicklingError) as error:
        read(path)
    return str(error.value)


@pytest.fixture
def saved(tmp_path):
    def save(value: Any, *, zipped: bool = True) -> Path:
        path = tmp_path / "file.pt"
        torch.save(value, path, _use_new_zipfile_serialization=zipped)
        return path

    return save


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "dtype",
    [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool],
)
def test_tensors_come_back(saved, zipped, dtype):
    whole = torch.arange(24).reshape(2, 3, 4).to(dtype)
    views = {"whole": whole, "part": whole[1, 1:], "turned": whole.mT, "one": whole[0, 0, 1], "none": whole[:0]}
    found = read(saved(OrderedDict(views), zipped=zipped))
    assert list(found) == list(views)
    assert all(torch.equal(found[name], value) and found[name].dtype == dtype for name, value in views.items())


@pytest.mark.parametrize("zipped", [True, False])
def test_what_is_not_asked_for_is_not_read(saved, zipped):
    path = saved({"small": torch.ones(2), "large": torch.zeros(100_000)}, zipped=zipped)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # in the large one
    path.write_bytes(data)
    with open_torch(path) as content:
        assert torch.equal(content["small"].load(), torch.ones(2))


def test_a_large_storage_is_read_once_for_many_views(saved, monkeypatch):
    path = saved(list(torch.arange(3000.0).reshape(1000, 3)))
    reads: list[Any] = []
    plain = zipfile.ZipFile.read

    def counted(archive: zipfile.ZipFile, member: Any) -> bytes:
        reads.append(member)
        return plain(archive, member)

    monkeypatch.setattr(zipfile.ZipFile, "read", counted)
    assert torch.equal(torch.stack(read(path)), torch.arange(3000.0).reshape(1000, 3))
    assert len(reads) <= 3  # byte order, pickle, storage


@pytest.mark.parametrize("change", ["compressed", "big", "no pickle", "no storage", "short storage"])
def test_archives_that_torch_does_not_write(saved, change):
    path = saved({"x": torch.ones(3)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if change == "compressed" else zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            if change == "big" and name.endswith("byteorder"):
                data = b"big"
            if change == "short storage" and name.endswith("data/0"):
                data = data[:-4]
            gone = {"no pickle": "data.pkl", "no storage": "data/0"}.get(change)
            if gone is None or not name.endswith(gone):
                archive.writestr(name, data)
    wanted = {
        "compressed": "is compressed; allowed: members as torch.save writes them",
        "big": "byte order b'big'; allowed: little",
        "no pickle": "a zip archive, but not of torch.save",
        "no storage": "damaged: no member data/0",
        "short storage": "damaged: a storage of 8 bytes for 3 numbers",
    }
    assert wanted[change] in refused(path)


class Rebuilt:
    """Pickles as a tensor of any storage, offset, shape and strides."""

    def __init__(self, storage: Any, offset: Any, shape: Any, stride: Any):
        self.parts = storage, offset, shape, stride, False, OrderedDict()

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.parts


STORAGE = torch.storage.TypedStorage(
    wrap_storage=torch.arange(6.0).untyped_storage(), dtype=torch.float32, _internal=True
)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((0, (7,), (1,)), "a tensor of shape (7,) in a storage of 6 numbers"),
        ((4, (2, 2), (2, 1)), "a tensor of shape (2, 2) in a storage of 6 numbers"),
        ((0, (10**9,), (0,)), "a tensor of shape (1000000000,)"),
        ((-1, (2,), (1,)), "without a storage, or of no shape"),
        ((0, (2,), (-1,)), "without a storage, or of no shape"),
        ((0, ("2",), (1,)), "without a storage, or of no shape"),
        ((0, (2,), (1, 1)), "shape (2,) and strides (1, 1)"),
        ((0, 5, (1,)), "damaged: TypeError"),
    ],
)
def test_tensors_beyond_their_storage(saved, parts, message):
    assert message in refused(saved([Rebuilt(STORAGE, *parts)]))
    assert "without a storage" in refused(saved([Rebuilt([1, 2], 0, (2,), (1,))]))


class Altering:
    """Pickles as a tensor whose shape the file alters afterwards."""

    def __reduce__(self):
        state = (None, {"shape": (10**6,)})
        return torch._utils._rebuild_tensor_v2, (STORAGE, 0, (2,), (1,), False, OrderedDict()), state


def test_a_file_cannot_alter_what_was_checked(saved):
    assert "damaged: AttributeError" in refused(saved([Altering()]))


def test_arrays_are_passed_over(saved):
    found = read(saved({"a": np.ones((4, 4)), "b": np.float32(0.5)}))
    assert isinstance(found["a"], Unread) and found["b"] == 0.5


def test_streams_that_torch_does_not_write(saved, tmp_path):
    path = tmp_path / "stream.pt"
    magic, protocol, system = 0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}

    def write(*parts: Any) -> Path:
        path.write_bytes(b"".join(pickle.dumps(part, 2) for part in parts))
        return path

    assert read(write(magic, protocol, system, {"x": 1}, [])) == {"x": 1}
    assert "protocol 7" in refused(write(magic, 7, system, {}, []))
    assert "little-endian" in refused(write(magic, protocol, {"little_endian": False}, {}, []))
    for keys in (3, [["0"]]):
        assert "no list of storages" in refused(write(magic, protocol, system, {}, keys))
    assert "damaged: ValueError pickle exhausted" in refused(write(magic, protocol, system, {}))
    assert "no file of torch.save" in refused(write(magic + 1, protocol, system, {}, []))
    data = saved({"x": torch.ones(3)}, zipped=False).read_bytes()
    path.write_bytes(data[:-4])
    assert f"damaged: its storages need {len(data)} bytes, and it has {len(data) - 4}" in refused(path)


@pytest.mark.parametrize("size", [2, 10**12, 2**62, 10**30, -1])
def test_a_storage_is_no_larger_than_its_file(tmp_path, size):
    class Claiming(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", torch.FloatStorage, "0", "cpu", size) if value is STORAGE else None

    path = tmp_path / "stream.pt"
    with path.open("wb") as file:
        for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, Rebuilt(STORAGE, 0, (1,), (1,)), ["0"]):
            Claiming(file, 2).dump(part)
        file.write(bytes(12))
    assert "damaged: " in refused(path)

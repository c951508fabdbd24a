"""The restricted unpickler: reads what it may, refuses the rest before it runs."""

from __future__ import annotations

import io
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from dnag.unpickling import check_memo, plain_names, read_pickle


def read(data: bytes, allowed=None, max_bytes: int = 10_000):
    return read_pickle(io.BytesIO(data), plain_names() if allowed is None else allowed, max_bytes=max_bytes)


class Calls:
    """Pickles as a call of ``function(*args)``."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_come_back(protocol):
    data = {"a": [1, 2.5, None, True, "text"], ("k", 3): OrderedDict(x=1), "s": {1, 2}} if protocol > 3 else {"a": [1]}
    assert read(pickle.dumps(data, protocol)) == data


@pytest.mark.parametrize(
    "value", [np.float64(93.25), np.float32(0.5), np.int64(-7), np.bool_(True), np.dtype(">f4").type(2.0)]
)
def test_numpy_scalars_become_python_numbers(value):
    number = read(pickle.dumps(value, 4))
    assert number == value
    assert type(number) in (bool, int, float)


@pytest.mark.parametrize(
    ("function", "args", "name"),
    [
        (os.system, ("touch {path}",), "posix.system"),
        (eval, ("open('{path}', 'w')",), "builtins.eval"),
        (os.mkdir, ("{path}",), "posix.mkdir"),
        (getattr, (dict, "fromkeys"), "builtins.getattr"),
        (np.frombuffer, (b"12345678",), "frombuffer"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_other_names_are_refused_and_not_run(tmp_path, function, args, name, protocol):
    path = tmp_path / "made"
    args = tuple(arg.format(path=path) if isinstance(arg, str) else arg for arg in args)
    data = pickle.dumps(Calls(function, *args), protocol)
    if protocol == 2 and function is os.mkdir:
        pickle.loads(data)  # that is what an ordinary reader does with it
        assert path.exists()
        path.rmdir()
    with pytest.raises(pickle.UnpicklingError, match=r"allowed: collections\.OrderedDict") as error:
        read(data)
    if protocol == 4:
        assert name in str(error.value)
    assert not path.exists()


def test_module_and_attribute_paths_are_no_way_around():
    hand_made = b"\x80\x04\x8c\x0bcollections\x8c\x0fOrderedDict.sys\x93."  # STACK_GLOBAL collections, OrderedDict.sys
    with pytest.raises(pickle.UnpicklingError, match=r"collections\.OrderedDict\.sys"):
        read(hand_made)
    with pytest.raises(pickle.UnpicklingError, match="allowed: none"):
        read(pickle.dumps(OrderedDict()), allowed={})


def test_a_file_that_alters_a_stand_in_alters_nothing_that_lasts():
    # BUILD with a (state, slots) pair sets attributes on whatever is on the stack, here the stand-in for scalar itself
    attack = b"cnumpy.core.multiarray\nscalar\n(N}S'__doc__'\nS'altered'\nstb."
    assert read(attack).__doc__ == "altered"
    assert plain_names()["numpy.core.multiarray", "scalar"].__doc__ != "altered"
    assert read(pickle.dumps(np.float64(1.5), 4)) == 1.5


def test_numpy_objects_and_unknown_types_are_refused():
    scalar = b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'%s'\ntRS'12345678'\ntR."
    for code in (b"O8", b"V8", b"M8"):
        with pytest.raises(pickle.UnpicklingError, match="NumPy values of type"):
            read(scalar % code)


def test_persistent_ids_extensions_and_damage_are_one_error():
    whole = pickle.dumps({"key": list(range(100))}, 4)
    for data in (b"", b"not a pickle", whole[:-3], b"P1\n.", b"\x80\x04\x82\x01.", b"\x80\xff."):
        with pytest.raises(pickle.UnpicklingError):
            read(data)


def test_a_few_bytes_cannot_ask_for_gigabytes():
    file = io.BytesIO(b"]r\xff\xff\xff\x7f." + pickle.dumps([1], 2))  # LONG_BINPUT, which makes room for 2^31 objects
    with pytest.raises(pickle.UnpicklingError, match="object number 2,147,483,647 in 7 bytes"):
        check_memo(file)
    file.seek(7)
    check_memo(file)
    assert pickle.load(file) == [1]


def test_size_limit():
    data = pickle.dumps("x" * 5000)
    assert len(read(data, max_bytes=len(data))) == 5000
    with pytest.raises(pickle.UnpicklingError, match="more than 4,000 bytes"):
        read(data, max_bytes=4000)

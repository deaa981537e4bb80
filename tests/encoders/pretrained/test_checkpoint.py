"""Checkpoints in torch's old form: written here by hand, so that torch need not be there."""

import io
import os
import pickle
import sys
from collections import OrderedDict
from types import ModuleType

import numpy as np
import pytest

from sparing.encoders.pretrained.checkpoint import MAGIC, PROTOCOL, read_checkpoint
from sparing.errors import SourceError

SYSTEM = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {}}


class FloatStorage:
    pass


class Tensor:
    def __init__(self, key, offset, shape, strides, size):
        self.parts = key, offset, shape, strides, size

    def __reduce__(self):
        key, offset, shape, strides, size = self.parts
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (Storage(key, size), offset, shape, strides, False, OrderedDict())


class Storage:
    def __init__(self, key, size):
        self.key, self.size = key, size


class Writer(pickle.Pickler):
    def persistent_id(self, what):
        if isinstance(what, Storage):
            return "storage", sys.modules["torch"].FloatStorage, what.key, "cpu", what.size, None
        return None


@pytest.fixture
def checkpoint(monkeypatch):
    """Return what writes a checkpoint as torch would."""

    def _rebuild_tensor_v2(*args):
        raise AssertionError("never called")

    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    kind = type("FloatStorage", (), {"__module__": "torch"})
    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = (
        "torch._utils",
        "_rebuild_tensor_v2",
    )
    torch.FloatStorage, torch._utils = kind, utils
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    def write(named, storages):
        stream = io.BytesIO()
        for part in (MAGIC, PROTOCOL, SYSTEM):
            pickle.dump(part, stream, protocol=2)
        Writer(stream, protocol=2).dump(named)
        pickle.dump(list(storages), stream, protocol=2)
        for values in storages.values():
            stream.write(len(values).to_bytes(8, "little"))
            stream.write(np.asarray(values, "<f4").tobytes())
        return stream.getvalue()

    return write


def test_strides_are_followed(checkpoint):
    named = OrderedDict(
        rows=Tensor("0", 0, (2, 3), (3, 1), 7),
        columns=Tensor("0", 1, (2, 3), (1, 2), 7),
        number=Tensor("0", 6, (), (), 7),
    )
    found = read_checkpoint(checkpoint(named, {"0": range(7)}))
    assert found["rows"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["columns"].tolist() == [[1, 3, 5], [2, 4, 6]]
    assert found["columns"].flags.c_contiguous
    assert found["number"].item() == 6


def test_what_reaches_beyond_its_storage_is_refused(checkpoint):
    for offset, shape, strides in ((5, (2, 3), (3, 1)), (0, (2,), (9,)), (0, (3,), (-1,))):
        named = OrderedDict(a=Tensor("0", offset, shape, strides, 7))
        with pytest.raises(SourceError, match="beyond what is stored"):
            read_checkpoint(checkpoint(named, {"0": range(7)}))


def test_no_code_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trapped"),)

    stream = io.BytesIO()
    for part in (MAGIC, PROTOCOL, SYSTEM, OrderedDict(a=Trap())):
        pickle.dump(part, stream, protocol=2)
    with pytest.raises(SourceError, match=r"asks for .*mkdir"):
        read_checkpoint(stream.getvalue())
    assert not list(tmp_path.iterdir())
    with pytest.raises(SourceError, match="asks for"):
        read_checkpoint(pickle.dumps(Trap()))


def test_broken_files_are_named(checkpoint):
    whole = checkpoint(OrderedDict(a=Tensor("0", 0, (7,), (1,), 7)), {"0": range(7)})
    for content in (b"", b"PK\x03\x04", whole[:40], whole[:-1], pickle.dumps(1) * 5):
        with pytest.raises(SourceError):
            read_checkpoint(content)

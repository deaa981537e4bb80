"""Arrays out of a file that ``torch.save`` wrote in its old form, without torch.

Such a file is a pickle, and a pickle may call whatever it likes. This reader knows four names, of
which none does anything: whatever else is asked for is refused, and nothing is ever run.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from sparing.errors import SourceError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
AnyArray = npt.NDArray[Any]
_Key = tuple[str, str]


def read_checkpoint(content: bytes) -> dict[str, AnyArray]:
    """Return the arrays of a checkpoint by name, each laid out in C order.

    Parameters
    ----------
    content : of the file: magic number, protocol, facts of the system, an ordered dict of tensors,
        the keys of the storages, then the storages, each behind its number of values

    Raises
    ------
    SourceError : it is no such file, is damaged, or holds anything but plain tensors

    References
    ----------
    torch/serialization.py, ``_legacy_load``
    """
    stream = io.BytesIO(content)
    try:
        head = [_Tensors(stream).load() for _ in range(3)]
        if head[:2] != [MAGIC, PROTOCOL] or not head[2]["little_endian"]:
            raise SourceError("It is no checkpoint of the kind that is read here.")
        reader = _Tensors(stream)
        named = reader.load()
        keys = _Tensors(stream).load()
        storages = {key: _storage(stream, *reader.storages[key]) for key in keys}
        return {name: view(storages) for name, view in named.items()}
    except SourceError:
        raise
    except Exception as error:  # a broken pickle may raise anything
        raise SourceError(f"It is no checkpoint, or it is damaged: {error}") from error


class _Tensors(pickle.Unpickler):
    """Reads the one kind of object that is expected, and refuses all names beside."""

    KNOWN: Mapping[_Key, Any] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch", "FloatStorage"): np.dtype("<f4"),
        ("torch", "LongStorage"): np.dtype("<i8"),
    }

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, tuple[np.dtype[Any], int]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) not in self.KNOWN:
            raise SourceError(f"It asks for {module}.{name}, and only plain tensors are read.")
        return self.KNOWN[module, name]

    def persistent_load(self, pid: Any) -> str:
        kind, dtype, key, _place, size, *_ = pid
        if kind != "storage":
            raise SourceError("It holds something that is no tensor.")
        self.storages[key] = (dtype, size)
        return str(key)


def _tensor(
    key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> Callable[[Mapping[str, AnyArray]], AnyArray]:
    """Return what makes the array once its storage is there."""

    def view(storages: Mapping[str, AnyArray]) -> AnyArray:
        storage = storages[key][offset:]
        last = sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if min(shape, default=1) < 1 or min(strides, default=0) < 0 or last >= len(storage):
            raise SourceError("A tensor reaches beyond what is stored.")
        steps = [step * storage.itemsize for step in strides]
        return np.ascontiguousarray(as_strided(storage, shape, steps, writeable=False))

    return view


def _storage(stream: io.BytesIO, dtype: np.dtype[Any], size: int) -> AnyArray:
    n_bytes = size * dtype.itemsize
    count, content = stream.read(8), stream.read(n_bytes)
    if int.from_bytes(count, "little") != size or len(content) < n_bytes:
        raise SourceError("It ends too early.")
    return np.frombuffer(content, dtype)

"""The IDX format of MNIST: a magic number, big-endian sizes, then the values; plain or gzip."""

import gzip
import math
import zlib
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.errors import SourceError

ELEMENTS = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Unpacked:
    """What could be unpacked from a file.

    Parameters
    ----------
    raw : (n_bytes,) the bytes after gunzip
    flaw : what is wrong with the file, or empty
    """

    raw: Bytes
    flaw: str


def unpack(path: Path, limit: int) -> Unpacked:
    """Read a plain or gzip file of at most ``limit`` bytes after gunzip.

    A damaged file gives the bytes up to the damage, so that the caller can name their checksum.
    No more than ``limit`` bytes are ever taken, whatever a hostile file unpacks to.

    Raises
    ------
    SourceError : the file cannot be opened or read
    """
    buffer, filled, flaw = np.empty(limit, np.uint8), 0, ""
    view = buffer.data
    try:
        with _opened(path) as stream:
            while got := stream.readinto(view[filled : filled + BLOCK]):
                filled += got
            if stream.read(1):
                flaw = f"longer than {limit} bytes"
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        flaw = f"damaged gzip: {str(error).rstrip('.')}"
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from None
    return Unpacked(buffer[:filled], flaw)


def _opened(path: Path) -> BufferedIOBase:
    with path.open("rb") as file:
        is_gzip = file.read(2) == GZIP_MAGIC  # the name may lie: browsers unpack .gz silently
    return gzip.open(path) if is_gzip else path.open("rb")


def parse_idx(raw: bytes | Bytes, name: str) -> npt.NDArray[Any]:
    """Return the array that an unpacked IDX file holds, a read-only view of ``raw``.

    Parameters
    ----------
    raw : all bytes of the file, after gunzip
    name : what to call the file in an error

    Raises
    ------
    SourceError : no IDX file, or not of the length that its header states

    Examples
    --------
    >>> parse_idx(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]), "three pixels")
    array([[7, 8, 9]], dtype=uint8)

    References
    ----------
    LeCun, Cortes & Burges, "The MNIST database of handwritten digits" (file format)
    """
    content = np.frombuffer(raw, np.uint8)
    start = content[:4].tobytes()
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in ELEMENTS:
        raise SourceError(f"{name} is not an IDX file: it starts with bytes '{start.hex(' ')}'.")
    header = 4 + 4 * start[3]
    shape = tuple(int.from_bytes(content[i : i + 4].tobytes()) for i in range(4, header, 4))
    dtype = np.dtype(ELEMENTS[start[2]])
    expected = header + math.prod(shape) * dtype.itemsize
    if content.size != expected or content.size < header:
        raise SourceError(f"{name} has {content.size} bytes; its IDX header asks for {expected}.")
    try:
        values = content[header:].view(dtype).reshape(shape)
    except ValueError:
        raise SourceError(f"{name} is not an IDX file: no array has {shape} values.") from None
    values.flags.writeable = False
    return values

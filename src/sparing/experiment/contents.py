"""What items contain, as hashes: equal items are found, and a data set has a fingerprint."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from sparing.datasets.decoding import read_bytes
from sparing.datasets.items import Labeled
from sparing.types import IntArray

SIZE = 16


def content_ids(values: Any) -> tuple[list[bytes], IntArray]:
    """Return the hash of each item, and for each item the number of its content.

    Parameters
    ----------
    values : (n,) paths, texts, or an array whose first axis is the items

    Returns
    -------
    (n,) hashes, and (n,) numbers in [0, n_distinct) that are equal where the hashes are

    Examples
    --------
    >>> content_ids(["a", "b", "a"])[1]
    array([0, 1, 0])
    """
    hashes = [blake2b(_bytes(value), digest_size=SIZE).digest() for value in values]
    numbers: dict[bytes, int] = {}
    return hashes, np.array([numbers.setdefault(h, len(numbers)) for h in hashes])


def hash_of_set(hashes: Sequence[bytes], data: Labeled) -> str:
    """Return a hash of all items and their labels, in their order.

    Examples
    --------
    >>> from sparing.datasets.items import Items
    >>> data = Labeled(Items("texts", ["a"], ["line 1"], "t"), ["x"])
    >>> len(hash_of_set(content_ids(["a"])[0], data))
    32
    """
    digest = blake2b(f"{data.items.kind} {len(data)}".encode(), digest_size=SIZE)
    for item, label in zip(hashes, data.labels, strict=True):
        digest.update(item)
        digest.update(f"{type(label).__name__} {label!r}\n".encode())
    return digest.hexdigest()


def _bytes(value: Any) -> bytes:
    if isinstance(value, Path):
        return read_bytes(value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return np.ascontiguousarray(value).tobytes()
    return repr(value.tolist() if isinstance(value, np.ndarray) else value).encode()

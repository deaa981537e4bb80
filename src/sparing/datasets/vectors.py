"""NumPy files: vectors or images in one, labels in another."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.datasets.items import ItemKind, Items, Labeled, Skipped, rows_where
from sparing.datasets.label_cells import read_cells
from sparing.errors import InvalidInputError, SourceError

CHANNELS = (3, 4)
BLOCK_VALUES = 1 << 22


def read_vectors(path: Path) -> Items:
    """Read a .npy file: (n, n_features) numbers, or images (n, h, w) or (n, h, w, 3 or 4).

    The array stays a memory map unless rows have to be left out: those with NaN or infinity.

    Raises
    ------
    SourceError : the file is missing, damaged, empty, or an array of something else
    """
    array = _load(path)
    kind = _kind(array, path)
    finite = _finite_rows(array)
    names = [f"row {i + 1}" for i in rows_where(finite)]
    bad = [Skipped(f"row {i + 1}", "NaN or infinity") for i in rows_where(~finite)]
    if not names:
        raise SourceError(f"{path} has no row of finite numbers.")
    values = array[finite] if bad else array
    if kind == "vectors" and not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float32)
    return Items(kind, values, names, str(path), tuple(bad))


def read_vector_pair(path: Path, labels_path: Path | None = None) -> Labeled:
    """Read items and their labels from two .npy files; items without a label are skipped.

    Parameters
    ----------
    path : the items
    labels_path : (n,) labels; if not given, ``y.npy`` or ``labels.npy`` beside the items

    Raises
    ------
    SourceError : a file is missing or damaged
    InvalidInputError : not as many labels as items
    """
    labels_path = labels_path or _labels_beside(path)
    labels = np.atleast_1d(_load(labels_path))
    n_items = len(_load(path))
    if labels.shape != (n_items,):
        raise InvalidInputError(
            f"{labels_path.name} has shape {labels.shape}; it must hold one label for each of "
            f"the {n_items:,} items of {path.name}."
        )
    items = read_vectors(path)
    read = read_cells(labels.tolist())
    texts = {f"row {i + 1}": label for i, label in enumerate(read.labels)}
    there = np.array([texts[name] is not None for name in items.names])
    if not there.any():
        raise SourceError(f"{labels_path} has no label of an item that can be read.")
    without = [Skipped(items.names[i], "no label") for i in rows_where(~there)]
    names = [items.names[i] for i in rows_where(there)]
    values = items.values[there] if without else items.values
    skipped = (*items.skipped, *without)
    kept = Items(items.kind, values, names, items.source, skipped, (*items.notes, *read.notes))
    return Labeled(kept, [texts[name] or "" for name in names])


def _labels_beside(path: Path) -> Path:
    for name in ("y.npy", "labels.npy"):
        if (found := path.parent / name).is_file() and found != path:
            return found
    raise SourceError(f"{path} holds items: name the file of their labels with --labels.")


def _load(path: Path) -> npt.NDArray[Any]:
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SourceError(f"{path} is not a .npy file of numbers or text.") from error
    if not isinstance(array, np.ndarray) or not array.size:
        raise SourceError(f"{path} is empty or not a single array.")
    return array


def _kind(array: npt.NDArray[Any], path: Path) -> ItemKind:
    if np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_:
        if array.ndim == 2:
            return "vectors"
        if array.ndim == 3 or (array.ndim == 4 and array.shape[3] in CHANNELS):
            return "images"
    raise SourceError(
        f"{path} has shape {array.shape} and type {array.dtype}; items are numbers of shape "
        "(n, features), or images (n, height, width) or (n, height, width, 3)."
    )


def _finite_rows(array: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    n = len(array)
    finite = np.ones(n, dtype=bool)
    if np.issubdtype(array.dtype, np.inexact):
        step = max(1, BLOCK_VALUES * n // array.size)
        for start in range(0, n, step):
            block = array[start : start + step]
            finite[start : start + step] = np.isfinite(block).reshape(len(block), -1).all(axis=1)
    return finite

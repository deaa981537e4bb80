"""Labels from any container, as a list of plain values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing._validate import _Phrase, invalid
from sparing.types import IntArray, Label


def label_values(labels: Any, name: str, where: str) -> list[Label]:
    """Return labels as a list of plain values; what has no order, or no one reading, is refused.

    Parameters
    ----------
    labels : a sequence, an array or tensor, a Series, an Arrow array, or a table of one column
    name, where : for the error

    Raises
    ------
    InvalidInputError : a text, a set, a dict, a table of several columns

    Examples
    --------
    >>> label_values(np.array([[1], [2]]), "labels", "teach")
    [1, 2]
    """
    if isinstance(labels, str | bytes | set | frozenset | Mapping) or not np.iterable(labels):
        raise invalid(name, where, "a list of label values", labels)
    labels = _one_column(labels, name, where)
    if hasattr(labels, "to_pylist"):  # Arrow
        return list(labels.to_pylist())
    dates = np.asarray(labels) if _kind(labels) in ("m", "M") else None
    if dates is not None and dates.dtype.kind in ("m", "M"):  # those of a zone come as objects
        return _dates(dates, name, where)
    listed = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    is_column = getattr(labels, "ndim", 1) == 2 and labels.shape[1] == 1
    return [row[0] for row in listed] if is_column else listed


def labels_of(rows: IntArray, labels: Any, where: str) -> list[Label]:
    """Return one label for each row; a dict of rows says itself which label is whose.

    Raises
    ------
    InvalidInputError : not one label a row, or a dict of other rows

    Examples
    --------
    >>> labels_of(np.array([4, 2]), {2: "dog", 4: "cat"}, "teach")
    ['cat', 'dog']
    """
    if isinstance(labels, Mapping):
        if set(labels) != set(rows.tolist()):
            got = _Phrase(f"a dict with the keys {list(labels)[:5]}")
            raise invalid("labels", where, "a list, or a dict whose keys are the indices", got)
        return label_values([labels[row] for row in rows.tolist()], "labels", where)
    values = label_values(labels, "labels", where)
    if len(values) != len(rows):
        raise invalid("labels", where, f"as many as rows, {len(rows)}", len(values))
    return values


def one_a_row(
    rows: IntArray, given: Any, name: str, where: str, *, one: str, many: str
) -> list[Any]:
    """Return what is given for each row where that is several values: of a list, or of a dict.

    Parameters
    ----------
    rows : (n_rows,) rows
    given : a list in their order, or a dict from row
    name, where : for the error
    one, many : what each row is given, in words: ``"a set of labels"``, ``"sets"``

    Raises
    ------
    InvalidInputError : not one a row, or a dict of other rows

    Examples
    --------
    >>> rows = np.array([4, 2])
    >>> one_a_row(rows, {2: [], 4: ["a"]}, "labels", "teach", one="a set of labels", many="sets")
    [['a'], []]
    """
    if isinstance(given, Mapping):
        if set(given) != set(rows.tolist()):
            raise invalid(name, where, "a dict whose keys are the indices", list(given))
        return [given[row] for row in rows.tolist()]
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise invalid(name, where, f"{one} for each index", given)
    listed = list(given)
    if len(listed) != len(rows):
        raise invalid(name, where, f"as many {many} as indices, {len(rows)}", len(listed))
    return listed


def _one_column(labels: Any, name: str, where: str) -> Any:
    """Return the only column of a table; anything else as it is."""
    columns = getattr(labels, "column_names", getattr(labels, "columns", None))  # of Arrow, pandas
    if columns is None:
        return labels
    if len(columns) != 1:
        got = _Phrase(f"a table of {len(columns)} columns")
        raise invalid(name, where, "label values, or a table of one column", got)
    return labels.iloc[:, 0] if hasattr(labels, "iloc") else labels[columns[0]]


def _kind(labels: Any) -> str:
    return getattr(getattr(labels, "dtype", None), "kind", "")


def _dates(values: np.ndarray[Any, Any], name: str, where: str) -> list[Label]:
    """Return dates; NumPy turns nanoseconds into bare numbers."""
    coarse = values.astype(f"{values.dtype.kind}8[us]")
    if values.dtype != coarse.dtype and not np.array_equal(
        coarse.astype(values.dtype), values, equal_nan=True
    ):
        raise invalid(name, where, "dates in whole microseconds", _Phrase("finer ones"))
    return list((values if "[D]" in str(values.dtype) else coarse).ravel().tolist())


def plain(label: Any) -> Any:
    """Return a NumPy, Arrow or tensor scalar as the Python value that it holds."""
    if isinstance(label, np.datetime64 | np.timedelta64):
        return _dates(np.atleast_1d(np.asarray(label)), "labels", "teach")[0]
    if hasattr(label, "as_py"):
        return label.as_py()
    if hasattr(label, "item") and getattr(label, "ndim", None) == 0:
        return label.item()
    return label


def goes_by_identity(label: Any) -> bool:
    """Tell whether equal values would hash apart, as tensors do: each would be its own class."""
    kind: Any = type(label)
    return bool(kind.__hash__ == object.__hash__ and kind.__eq__ != object.__eq__)


def label_array(values: Sequence[Label]) -> npt.NDArray[Any]:
    """Return label values as an array that indexing can decode: typed if all are of one type.

    Examples
    --------
    >>> label_array(["cat", "dog"])[[1, 0]].tolist(), label_array([("a",), ()])[[0]].tolist()
    (['dog', 'cat'], [('a',)])
    """
    kinds = {type(value) for value in values}
    if len(kinds) == 1 and kinds <= {str, int, float, bool}:
        return np.array(values)
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):  # as a whole, tuples would become a second axis
        array[i] = value
    return array

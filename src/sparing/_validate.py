"""The only checks of values from outside; every message says what, where, expected and got."""

from collections.abc import Callable
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse

from sparing.errors import InvalidInputError
from sparing.types import Features, FloatArray, IntArray

LARGEST = 1e18  # the sum of a few squares of it still fits into float32
EXACT_FLOAT32, EXACT_FLOAT64 = 1 << 24, 1 << 53  # up to these all integers are told apart
SIMPLEX_TOLERANCE = 1e-3  # float32 softmax over 1,000 classes stays well inside


def invalid(name: str, where: str, expected: str, got: object) -> InvalidInputError:
    """Make the error in the one message form of the package.

    Examples
    --------
    >>> print(invalid("batch_size", "query", "an int in [1, 40]", 0))
    The 'batch_size' parameter of query must be an int in [1, 40]. Got 0 instead.
    """
    text = got if isinstance(got, _Phrase) else repr(got)
    return InvalidInputError(
        f"The '{name}' parameter of {where} must be {expected}. Got {text} instead."
    )


class _Phrase(str):
    """A description of a value that is too big to show; printed without quotes."""

    __slots__ = ()


def check_int(name: str, where: str, value: object, low: int, high: int | None = None) -> int:
    """Return ``value`` as an int in [low, high]; ``high=None`` means no upper end."""
    ok = isinstance(value, Integral) and not isinstance(value, bool | np.bool_)
    if ok and low <= int(value) and (high is None or int(value) <= high):  # type: ignore[call-overload]
        return int(value)  # type: ignore[call-overload,no-any-return]
    expected = f"an int >= {low}" if high is None else f"an int in [{low}, {high}]"
    raise invalid(name, where, expected, value)


def check_fraction(name: str, where: str, value: object) -> float:
    """Return ``value`` as a float strictly between 0 and 1."""
    if isinstance(value, Real) and 0 < float(value) < 1:
        return float(value)
    raise invalid(name, where, "a number strictly between 0 and 1", value)


def check_share(name: str, where: str, value: object) -> float:
    """Return ``value`` as a float from 0 to 1, both included."""
    if isinstance(value, Real) and 0 <= float(value) <= 1:
        return float(value)
    raise invalid(name, where, "a number from 0 to 1", value)


def check_positive(name: str, where: str, value: object) -> float:
    """Return ``value`` as a finite float above 0."""
    if isinstance(value, Real) and 0 < float(value) < float("inf"):
        return float(value)
    raise invalid(name, where, "a finite number > 0", value)


def check_features(X: Any, where: str, name: str = "X") -> Features:
    """Return ``X`` as it is if it is a finite 2-D float matrix or CSR; convert only if it must.

    Memory maps stay memory maps: values are checked in blocks of rows, and nothing is copied
    unless they are not floating-point numbers.
    """
    if sparse.issparse(X):
        X = X if X.format == "csr" else X.tocsr()
        if X.dtype.kind == "c":
            raise invalid(name, where, "numeric", _Phrase(f"values of type {X.dtype}"))
        if X.dtype.kind != "f":
            X = X.astype(_float_type(X.data, name, where))
        _check_values(X.data, partial(_csr_place, X), name, where)
        return X
    X = _plain_array(X, name, where)
    if X.ndim != 2 or not X.size:
        got = _Phrase(f"an array of shape {X.shape}")
        raise invalid(name, where, "a non-empty 2-D array (n_items, n_features)", got)
    if not np.issubdtype(X.dtype, np.floating):
        X = _as_float(X, name, where)
    n_columns = X.shape[1]
    rows = max(1, (1 << 22) // n_columns)
    for start in range(0, X.shape[0], rows):
        first = start * n_columns
        _check_values(X[start : start + rows], partial(_dense_place, first, n_columns), name, where)
    return X


def _dense_place(first: int, n_columns: int, i: int) -> tuple[int, int]:
    return divmod(first + i, n_columns)


def _plain_array(X: Any, name: str, where: str) -> np.ndarray[Any, Any]:
    """Return an array without the meanings of its own that a subclass gives to products."""
    if np.ma.isMaskedArray(X):
        masked = np.argwhere(np.ma.getmaskarray(X))
        if masked.size:
            place = ", ".join(map(str, masked[0]))
            raise invalid(name, where, "without masked values", _Phrase(f"one at [{place}]"))
        return np.asarray(X.data)
    own = isinstance(X, np.ndarray) and not isinstance(X, np.matrix)
    try:
        return X if own else np.asarray(X)
    except ValueError:
        expected = "a non-empty 2-D array (n_items, n_features)"
        raise invalid(name, where, expected, _Phrase("rows of different lengths")) from None


def _as_float(X: np.ndarray[Any, Any], name: str, where: str) -> FloatArray:
    """Return floats; integers that float32 would round become float64."""
    if X.dtype.kind in "biu":
        return X.astype(_float_type(X, name, where))
    try:
        if X.dtype.kind == "c":  # NumPy would drop the imaginary part
            raise TypeError
        X = X.astype(np.float64)
    except (TypeError, ValueError):
        raise invalid(name, where, "numeric", _Phrase(f"values of type {X.dtype}")) from None
    with np.errstate(invalid="ignore"):
        return X if np.any(np.abs(X) > EXACT_FLOAT32) else X.astype(np.float32)


def _float_type(values: np.ndarray[Any, Any], name: str, where: str) -> type[np.floating[Any]]:
    """Return the smallest type of float that keeps these integers apart."""
    if values.dtype.kind not in "iu" or not values.size:
        return np.float32
    largest = max(int(values.max()), -int(values.min()))
    if largest > EXACT_FLOAT64:
        expected = f"integers up to {EXACT_FLOAT64:,}, which floats tell apart"
        raise invalid(name, where, expected, largest)
    return np.float32 if largest <= EXACT_FLOAT32 else np.float64


def _csr_place(X: Any, i: int) -> tuple[int, int]:
    return int(np.searchsorted(X.indptr, i, side="right")) - 1, int(X.indices[i])


def _check_values(
    values: FloatArray, place: Callable[[int], tuple[int, int]], name: str, where: str
) -> None:
    """Refuse NaN, infinity and what is too large to be squared, by row and column."""
    flat = values.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.dot(flat, flat) <= LARGEST**2:  # false where it is NaN
            return
        bad = np.flatnonzero(~(np.abs(flat) <= LARGEST))
    if bad.size:
        row, column = place(int(bad[0]))
        value = flat[bad[0]]
        if np.isfinite(value):
            expected, got = f"of values up to {LARGEST:g} in size", f"{value:g}"
        else:
            expected, got = "finite", "NaN or infinity"
        raise invalid(name, where, expected, _Phrase(f"{got} in row {row}, column {column}"))


def check_proba(proba: Any, where: str, n_items: int | None = None) -> FloatArray:
    """Return ``proba`` as a float matrix whose rows are probabilities (sum to 1)."""
    P = np.asarray(proba)
    P = P if np.issubdtype(P.dtype, np.floating) else P.astype(np.float64)
    wrong_rows = n_items is not None and P.ndim == 2 and P.shape[0] != n_items
    if P.ndim != 2 or P.shape[1] == 0 or wrong_rows:
        rows = "n_items" if n_items is None else str(n_items)
        got = _Phrase(f"an array of shape {P.shape}")
        raise invalid("proba", where, f"of shape ({rows}, n_classes)", got)
    off = np.abs(P.sum(axis=1) - 1)
    if not P.size or (np.all(off <= SIMPLEX_TOLERANCE) and P.min() >= -SIMPLEX_TOLERANCE):
        return P
    worst = int(np.argmax(np.where(np.isfinite(off), off, np.inf)))
    got = _Phrase(f"a row {worst} that sums to {P[worst].sum():.4g}")
    raise invalid("proba", where, "rows of probabilities that sum to 1", got)


def check_indices(indices: Any, where: str, n_items: int) -> IntArray:
    """Return ``indices`` as distinct rows of the pool, shape (k,)."""
    rows = np.atleast_1d(np.asarray(indices))
    expected = f"distinct row numbers in [0, {n_items - 1}]"
    if rows.size == 0:
        return rows.astype(np.int64).reshape(0)
    if rows.ndim != 1 or not np.issubdtype(rows.dtype, np.integer):
        got = _Phrase(f"an array of shape {rows.shape} and type {rows.dtype}")
        raise invalid("indices", where, expected, got)
    outside = rows[(rows < 0) | (rows >= n_items)]
    if outside.size:
        raise invalid("indices", where, expected, int(outside[0]))
    values, counts = np.unique(rows, return_counts=True)
    if values.size < rows.size:
        got = _Phrase(f"row {int(values[counts > 1][0])} twice")
        raise invalid("indices", where, expected, got)
    return rows.astype(np.int64, copy=False)


def is_null(label: Any) -> bool:
    """Tell whether a value stands for none: None, NaN, NaT, pd.NA.

    Examples
    --------
    >>> [is_null(v) for v in (None, float("nan"), np.datetime64("NaT"), "", 0)]
    [True, True, True, False, False]
    """
    try:
        return label is None or bool(label != label)
    except (TypeError, ValueError):  # pd.NA is neither equal to itself nor unequal
        return True

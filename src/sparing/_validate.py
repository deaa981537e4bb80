"""The only checks of values from outside; every message says what, where, expected and got."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse

from sparing.errors import InvalidInputError
from sparing.types import Features, FloatArray, IntArray

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

    Memory maps stay memory maps: finiteness is checked in blocks of rows, and nothing is copied
    unless the values are not floating-point numbers.
    """
    if sparse.issparse(X):
        X = X if X.format == "csr" else X.tocsr()
        _check_finite(X.data, name, where)
        return X
    X = X if isinstance(X, np.ndarray) else np.asarray(X)
    if X.ndim != 2 or not X.size:
        got = _Phrase(f"an array of shape {X.shape}")
        raise invalid(name, where, "a non-empty 2-D array (n_items, n_features)", got)
    if not np.issubdtype(X.dtype, np.floating):
        X = _as_float(X, name, where)
    _check_finite(X, name, where)
    return X


def _as_float(X: np.ndarray[Any, Any], name: str, where: str) -> FloatArray:
    try:
        return X.astype(np.float32)
    except (TypeError, ValueError):
        raise invalid(name, where, "numeric", _Phrase(f"values of type {X.dtype}")) from None


def _check_finite(values: FloatArray, name: str, where: str) -> None:
    rows = max(1, (1 << 22) // max(1, values.size // max(1, values.shape[0])))
    for start in range(0, values.shape[0], rows):
        # A sum is finite only if all terms are, or if it overflowed: then look closely.
        block = values[start : start + rows]
        with np.errstate(over="ignore", invalid="ignore"):
            total = block.sum()
        if not np.isfinite(total) and not np.isfinite(block).all():
            bad = int(np.argwhere(~np.isfinite(block))[0][0]) + start
            raise invalid(name, where, "finite", _Phrase(f"NaN or infinity in row {bad}"))


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

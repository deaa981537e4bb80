"""The parameters of a learner, checked before anything is computed."""

from collections.abc import Sequence
from typing import Any
from warnings import warn

import numpy as np
from scipy import sparse

from sparing._validate import invalid
from sparing.models.answers import check_classifies
from sparing.models.choice import AUTO
from sparing.models.registry import get_model
from sparing.strategies.base import QueryStrategy
from sparing.strategies.registry import get_strategy
from sparing.types import Classifier, Features, Label

N_LOOKED_AT = 10_000  # rows, to see whether float32 will do
BLUR = 0.01  # of a column's deviation


def check_single(values: Sequence[Any], known: Sequence[Label]) -> None:
    """Refuse several labels of one item, which would become a class of their own.

    Raises
    ------
    InvalidInputError : a value is a list, set or tuple, and no known class

    Examples
    --------
    >>> check_single(["cat", ("a", "b")], [("a", "b")])
    """
    for value in values:
        if isinstance(value, tuple | list | set | frozenset) and value not in known:
            expected = (
                "one label an item; several need ActiveLearner(kind='labels'), and tuples that are "
                "classes have to be named in 'classes'"
            )
            raise invalid("labels", "teach", expected, value)


def checked_items(items: Any, n_items: int) -> Sequence[Any] | None:
    """Return what a notebook is to show, one a row.

    Raises
    ------
    InvalidInputError : not as many as rows
    """
    if items is None:
        return None
    items = items.to_numpy() if hasattr(items, "to_numpy") else items  # a Series by position
    if len(items) != n_items:
        raise invalid("items", "ActiveLearner", f"as many as rows of X, {n_items}", len(items))
    return items  # type: ignore[no-any-return]


def tell_of_rounding(X: Features) -> None:
    """Say so where a column is so far from 0 that float32, in which near items are found, blurs it.

    Such as times in seconds: 1,700,000,001 and 1,700,000,002 are one number there.
    """
    if sparse.issparse(X) or X.dtype.itemsize <= 4:
        return
    some = np.asarray(X[:: -(-len(X) // N_LOOKED_AT)])
    error = np.abs(some).max(axis=0) * np.finfo(np.float32).eps
    blurred = np.flatnonzero((error > some.std(axis=0) * BLUR) & (some.std(axis=0) > 0))
    if len(blurred):
        warn(
            f"Column {blurred[0]} of X has values far from 0 that differ by little: 'auto' and the "
            "strategies that look for near items blur them. Subtract its smallest value.",
            stacklevel=3,
        )


def checked_model(model: Classifier | str) -> Classifier | str:
    """Return the model of that name, or the one that is given, with ``fit`` and ``predict``.

    Raises
    ------
    UnknownNameError : no model has that name
    InvalidInputError : it is a class, a regressor, or cannot be fitted
    """
    if isinstance(model, str):
        return get_model(model)
    if isinstance(model, Classifier) and not isinstance(model, type):
        check_classifies(model, "ActiveLearner")
        return model
    expected = "the name of a model, or an object with fit and predict"
    raise invalid("model", "ActiveLearner", expected, model)


def checked_strategy(strategy: QueryStrategy | str) -> QueryStrategy | str:
    """Return the strategy as it was given, if there is one of that name.

    Raises
    ------
    UnknownNameError, CapabilityError, InvalidInputError : as of ``get_strategy``
    """
    if strategy != AUTO:
        get_strategy(strategy)
    return strategy

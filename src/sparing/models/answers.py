"""What foreign classifiers answer, read as class ids and probabilities, or refused in a line."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import clone

from sparing._validate import check_proba, invalid
from sparing.errors import CapabilityError, InvalidInputError, TrainingError
from sparing.types import Features, FloatArray, IntArray

PROBA, SCORES = "predict_proba", "decision_function"
N_TRIED = 20  # rows on which a model is tried that does not tell before its fit what it gives


def check_classifies(model: Any, where: str) -> None:
    """Refuse what says of itself that it predicts something else than classes.

    Raises
    ------
    InvalidInputError : it is a regressor, a clusterer, ...

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> check_classifies(LinearRegression(), "ActiveLearner")
    Traceback (most recent call last):
    sparing.errors.InvalidInputError: The 'model' parameter of ActiveLearner must be a classifier.
    Got LinearRegression, a regressor, instead.
    """
    kind = getattr(model, "_estimator_type", None)
    if kind is None and hasattr(model, "__sklearn_tags__"):
        kind = _tags(model, "estimator_type")
    if kind not in (None, "classifier"):
        name = type(model).__name__
        raise InvalidInputError(
            f"The 'model' parameter of {where} must be a classifier. Got {name}, a {kind}, instead."
        )


def _tags(model: Any, name: str) -> Any:
    try:
        return getattr(model.__sklearn_tags__(), name)
    except (AttributeError, TypeError, ValueError):  # it cannot tell yet, such as an empty pipeline
        return None


def gives_proba(model: object) -> bool:
    """Tell whether a model answers with probabilities."""
    return hasattr(model, PROBA)


def check_can_be_judged(model: Any, X: Features | None = None) -> None:
    """Refuse a model that gives neither probabilities nor scores a class.

    Parameters
    ----------
    model : unfitted; one that does not tell yet, such as a stack, is tried
    X : features to try it on; None: it is believed until it is fitted

    Raises
    ------
    CapabilityError : strategies that go by a model's doubt cannot use it
    """
    if gives_proba(model):
        return
    name = type(model).__name__
    if hasattr(model, SCORES):
        if any(key.endswith("function_shape") and v == "ovo" for key, v in _params(model).items()):
            raise CapabilityError(
                f"{name} scores pairs of classes, not classes: take decision_function_shape='ovr'."
            )
        return
    may_come = hasattr(type(model), PROBA) or hasattr(type(model), SCORES)
    if may_come and (X is None or _comes_with_a_fit(model, X)):
        return
    raise CapabilityError(
        f"{name} gives no probabilities (it has neither predict_proba nor decision_function): "
        "take a model that does, or a strategy that needs none, such as 'random'."
    )


def _params(model: Any) -> dict[str, Any]:
    return model.get_params() if hasattr(model, "get_params") else {}


def _comes_with_a_fit(model: Any, X: Features) -> bool:
    """Fit a copy on made-up labels, to see what it gives then; True if that cannot be seen."""
    try:
        fitted = clone(model, safe=False).fit(X[:N_TRIED], np.arange(len(X[:N_TRIED])) % 2)
    except Exception:  # noqa: BLE001  # it wants other labels: what it gives will be seen then
        return True
    return gives_proba(fitted) or hasattr(fitted, SCORES)


def read_classes(answer: Any, n_labels: int, name: str) -> IntArray:
    """Return (n_items,) positions of classes from what ``predict`` gave, (n,) or (n, 1).

    Raises
    ------
    TrainingError : it is no whole number from 0 to ``n_labels`` - 1

    Examples
    --------
    >>> read_classes([[1.0], [0.0]], 2, "CatBoostClassifier")
    array([1, 0])
    """
    values = np.asarray(answer)
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim != 1 or values.dtype.kind not in "biuf":
        got = f"an array of shape {values.shape} and type {values.dtype}"
        raise TrainingError(f"{name} was fitted, but its predict gave {got}, and no classes.")
    odd = ~((values >= 0) & (values < n_labels) & (values == np.floor(values)))
    if odd.any():
        raise TrainingError(
            f"{name} was fitted, but its predict gave {values[odd][0]}, which is no class."
        )
    return values.astype(np.int64)


def read_proba(answer: Any, labels: Any, n_labels: int) -> FloatArray:
    """Return (n_items, n_labels) probabilities from what ``predict_proba`` gave.

    Networks have a fixed number of outputs: those of classes that were in no label are left out,
    and a single one is the probability of the second of two classes.

    Parameters
    ----------
    answer : (n_items, n_columns), (n_items,) or (n_items, 1)
    labels : (n_columns,) the model's ``classes_``; None: it has none, its outputs are in order
    n_labels : classes that it was fitted on, as 0 to ``n_labels`` - 1

    Raises
    ------
    InvalidInputError : rows that do not sum to 1, or too few columns

    Examples
    --------
    >>> read_proba([[0.2, 0.6, 0.2]], None, 2)
    array([[0.25, 0.75]])
    >>> read_proba([[0.25]], None, 2)
    array([[0.75, 0.25]])
    """
    P = np.asarray(answer)
    P = P[:, None] if P.ndim == 1 else P
    if n_labels == 2 and P.ndim == 2 and P.shape[1] == 1:
        P = np.hstack([1 - P, P])
    P = check_proba(_equal_where_zero(P), PROBA)
    n_columns = P.shape[1]
    told = np.arange(n_columns) if labels is None else np.asarray(labels)
    if n_columns < n_labels or told.shape != (n_columns,):
        raise invalid("proba", PROBA, f"of {n_labels} columns, one a class", P.shape)
    if np.array_equal(told, np.arange(n_labels)):
        return P
    order = np.argsort(told, kind="stable")
    order = order[np.isin(told[order], np.arange(n_labels))]
    if len(order) != n_labels:
        raise invalid("classes_", "the model", f"{n_labels} classes and more", told)
    return with_sum_one(P[:, order])


def with_sum_one(P: FloatArray) -> FloatArray:
    """Return probabilities that sum to 1 in a row; NaN stays, and rows of zeros become equal."""
    P = np.asarray(_equal_where_zero(P))
    return np.asarray(P / P.sum(axis=1, keepdims=True))


def _equal_where_zero(P: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return equal shares for rows of zeros, by which one against the rest says that it is none."""
    if P.ndim != 2 or P.dtype.kind not in "biuf":
        return P
    empty = np.asarray(~P.any(axis=1))
    return np.where(empty[:, None], 1 / P.shape[1], P) if empty.any() else P


def proba_of_scores(scores: npt.ArrayLike, n_labels: int) -> FloatArray:
    """Return (n_items, n_labels) shares that rank as the scores of ``decision_function`` do.

    They are no calibrated probabilities: logistic of one score, softmax of several.

    Raises
    ------
    InvalidInputError : not one score a class, or for two classes one score

    Examples
    --------
    >>> proba_of_scores([0.0, 2.0], 2).round(2)
    array([[0.5 , 0.5 ],
           [0.12, 0.88]])
    """
    values = np.asarray(scores, dtype=np.float64)
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim == 1 and n_labels == 2:
        P = np.column_stack([expit(-values), expit(values)])
    elif values.ndim == 2 and values.shape[1] == n_labels:
        P = softmax(values, axis=1)
    else:
        raise invalid("scores", SCORES, f"of {n_labels} columns, one a class", values.shape)
    return check_proba(P, SCORES)

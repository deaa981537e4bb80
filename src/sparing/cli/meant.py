"""Which class of the model an answer means that was saved as another number: 1.0 for 1."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

from sparing.pool.class_names import is_whole, one_number
from sparing.pool.predictions import Predictions

T = TypeVar("T")
L = TypeVar("L")


def as_meant(predictions: Predictions, answers: Iterable[tuple[T, L]]) -> list[tuple[T, L | str]]:
    """Return the answers by classes of the model, where they are such as numbers.

    Parameters
    ----------
    predictions : of the model
    answers : pairs of anything and a label as it was written; None = skipped

    Examples
    --------
    >>> from sparing.pool.classes import ClassTable
    >>> p = Predictions([0, 1], [0.9, 0.8], [-1, -1], ClassTable(("1", "2")))
    >>> as_meant(p, [("a", "1.0"), ("b", "2"), ("c", "3.0"), ("d", None)])
    [('a', '1'), ('b', '2'), ('c', '3.0'), ('d', None)]
    """
    given: list[tuple[T, L | str]] = list(answers)
    labels = {label for _, label in given if isinstance(label, str)}
    if not any(map(is_whole, labels)):
        return given  # nearly always: the predictions may be many
    taken = one_number(labels, _of_the_model(predictions))
    return [(one, taken.get(str(label), label)) for one, label in given]


def _of_the_model(predictions: Predictions) -> Sequence[str]:
    """Return the classes without those that are known only as people have written them."""
    predicted, said = (
        set(np.unique(codes).tolist()) for codes in (predictions.codes, predictions.y)
    )
    values = enumerate(predictions.classes.values)
    return [str(value) for code, value in values if code in predicted or code not in said]

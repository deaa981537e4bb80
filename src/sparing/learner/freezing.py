"""Answers of any kind as predictions that an audit can be drawn from, for a certificate."""

from collections.abc import Mapping, Sequence

import numpy as np

from sparing.pool.classes import ClassTable
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.pool.predictions import Predictions
from sparing.types import FloatArray, IntArray, Label


def frozen_answers(
    said: Sequence[Label],
    confidence: FloatArray,
    taught: Mapping[int, Label],
    skipped: IntArray,
    model_version: int,
    items: str = "",
) -> Predictions:
    """Return what a model says of every item, one class a distinct answer.

    An answer is right where it is the same as the person's in every unit, so that the certificates
    of one class an item hold for it as they are.

    Parameters
    ----------
    said : (n_items,) the model's answer for each, hashable
    confidence : (n_items,) how likely each is right exactly
    taught : what people said, by row
    skipped : rows that are no part of the data
    model_version, items : as of :class:`~sparing.pool.predictions.Predictions`

    Examples
    --------
    >>> p = frozen_answers([("a",), (), ("a",)], np.array([0.9, 0.8, 0.7]), {1: ("b",)}, [], 3)
    >>> p.codes, p.y, p.classes.values
    (array([0, 1, 0], dtype=int32), array([-1,  2, -1], dtype=int32), (('a',), (), ('b',)))
    """
    table = ClassTable().with_values([*said, *taught.values()])
    y = np.full(len(said), UNLABELED)
    rows = np.array(list(taught), dtype=np.int64)
    y[rows] = table.encode(taught.values())
    y[np.asarray(skipped, dtype=np.int64)] = SKIPPED
    codes = table.encode(said).astype(np.int32)
    sure = np.clip(confidence, 0, 1).astype(np.float32)
    return Predictions(codes, sure, y.astype(np.int32), table, model_version, items)

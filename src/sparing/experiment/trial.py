"""One trial: split, encode, then ask and teach to the end of the budget, measuring on the way."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

import numpy as np

from sparing.encoders import encode
from sparing.encoders.choice import named_encoder
from sparing.experiment.grid import Cell, CellResult
from sparing.experiment.prepared import Prepared
from sparing.experiment.protocol import Protocol
from sparing.experiment.statistics import balanced_accuracy
from sparing.learner.learner import ActiveLearner
from sparing.pool.views import Views
from sparing.strategies.base import QueryStrategy
from sparing.types import Classifier, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the vectors of one seed depend on; equal keys give equal vectors.

    Parameters
    ----------
    key : names data, encoder, split and seed
    prepared : the data
    encoder : its name, or ``"default"``
    pool, test : rows of the items
    """

    key: tuple[str, str, float, int]
    prepared: Prepared = field(compare=False)
    encoder: str = field(compare=False)
    pool: IntArray = field(compare=False)
    test: IntArray = field(compare=False)

    @classmethod
    def of(cls, prepared: Prepared, encoder: str, protocol: Protocol, seed: int) -> Self:
        """Return the encoding of one seed's split."""
        key = (prepared.fingerprint, encoder, protocol.test_share, seed)
        return cls(key, prepared, encoder, *prepared.split(protocol, seed))


@lru_cache(maxsize=1)  # the trials of one seed come one after the other
def encoded(encoding: Encoding) -> tuple[FloatArray, FloatArray, Views | None]:
    """Return the vectors of the pool and of the test, and which columns see them in which way.

    An encoder that learns from items learns from the pool alone. One that learns nothing encodes
    everything once, and keeps it on the disk for the next seed.
    """
    items, pool, test = encoding.prepared.data.items, encoding.pool, encoding.test
    encoder = named_encoder(encoding.encoder, items.kind, items.values)
    if not encoder.learned and items.kind != "vectors":
        vectors = encode(encoder, items.values)
        return vectors[pool], vectors[test], encoder.views
    X = encoder.fit_transform(items.take(pool))
    return X, encoder.transform(items.take(test)), encoder.views


def run_trial(
    cell: Cell,
    prepared: Prepared,
    protocol: Protocol,
    model: str | Classifier,
    strategy: str | QueryStrategy,
) -> CellResult:
    """Run one trial.

    Parameters
    ----------
    cell : what it is called, and its seed
    prepared : the data
    protocol : how it goes
    model, strategy : what the cell's names stand for
    """
    encoding = Encoding.of(prepared, cell.encoder, protocol, cell.seed)
    X, X_test, views = encoded(encoding)
    codes, test_codes = prepared.codes[encoding.pool], prepared.codes[encoding.test]
    start = time.perf_counter()
    classes = range(len(prepared.classes))
    learner = ActiveLearner(X, classes, model, strategy, seed=cell.seed, views=views)
    result = CellResult(cell, protocol.label_counts(), [], [], 0.0)
    for rows in _batches(learner, protocol, cell.seed):
        learner.teach(rows, codes[rows])
        predicted = np.asarray(learner.predict(X_test))
        result.accuracy.append(float(np.mean(predicted == test_codes)))
        result.balanced_accuracy.append(balanced_accuracy(test_codes, predicted))
    return CellResult(
        cell,
        result.labels,
        result.accuracy,
        result.balanced_accuracy,
        time.perf_counter() - start,
    )


def _batches(learner: ActiveLearner, protocol: Protocol, seed: int) -> Iterator[IntArray]:
    """Yield the rows to teach in each round, the first ones drawn if the protocol says so."""
    counts = protocol.label_counts()
    if protocol.n_initial:
        rng = np.random.default_rng(seed)
        yield rng.choice(len(learner.pool), protocol.n_initial, replace=False)
        counts = counts[1:]
    for count in counts:
        yield learner.query(count - len(learner.pool.labeled)).indices

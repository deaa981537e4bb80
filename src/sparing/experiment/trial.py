"""One trial: split, encode, then ask and teach to the end of the budget, measuring on the way."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

import numpy as np
from sklearn.metrics import f1_score

from sparing.encoders import encode
from sparing.encoders.choice import named_encoder
from sparing.experiment.grid import Cell, CellResult
from sparing.experiment.prepared import Prepared
from sparing.experiment.protocol import Protocol
from sparing.experiment.statistics import balanced_accuracy
from sparing.learner.labels import THRESHOLDS
from sparing.learner.learner import ActiveLearner
from sparing.pool.views import Views
from sparing.strategies.base import QueryStrategy
from sparing.types import BoolArray, Classifier, FloatArray, IntArray


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
    answers: Any = prepared.codes if prepared.present is None else prepared.present
    known, unseen = answers[encoding.pool], answers[encoding.test]
    kind, scores = ("class", _scores) if prepared.present is None else ("labels", _f1_scores)
    start = time.perf_counter()
    classes = range(len(prepared.classes))
    learner = ActiveLearner(X, classes, model, strategy, seed=cell.seed, views=views, kind=kind)
    result = CellResult(cell, protocol.label_counts(), [], [], 0.0)
    for rows in _batches(learner, protocol, cell.seed):
        learner.teach(rows, known[rows])
        accuracy, balanced = scores(learner, X_test, unseen)
        result.accuracy.append(accuracy)
        result.balanced_accuracy.append(balanced)
    return CellResult(
        cell,
        result.labels,
        result.accuracy,
        result.balanced_accuracy,
        time.perf_counter() - start,
    )


def _scores(learner: ActiveLearner, X: FloatArray, codes: IntArray) -> tuple[float, float]:
    """Return accuracy and balanced accuracy."""
    predicted = np.asarray(learner.predict(X))
    return float(np.mean(predicted == codes)), balanced_accuracy(codes, predicted)


def _f1_scores(learner: ActiveLearner, X: FloatArray, present: BoolArray) -> tuple[float, float]:
    """Return micro and macro F1, each of what is predicted for it."""
    proba, of_pool = learner.predict_proba(X), learner.predict_proba()
    micro, macro = (
        float(f1_score(present, proba >= threshold(of_pool), average=average, zero_division=0))
        for average, threshold in THRESHOLDS.items()
    )
    return micro, macro


def _batches(learner: ActiveLearner, protocol: Protocol, seed: int) -> Iterator[IntArray]:
    """Yield the rows to teach in each round, the first ones drawn if the protocol says so."""
    counts = protocol.label_counts()
    if protocol.n_initial:
        rng = np.random.default_rng(seed)
        yield rng.choice(len(learner.pool), protocol.n_initial, replace=False)
        counts = counts[1:]
    for count in counts:
        yield learner.query(count - len(learner.pool.labeled)).indices

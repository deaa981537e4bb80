"""One trial: split, encode, then ask and teach to the end of the budget, measuring on the way."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from sparing.datasets.items import Labeled
from sparing.encoders import encode
from sparing.encoders.choice import named_encoder
from sparing.errors import InvalidInputError
from sparing.experiment.contents import content_ids, fingerprint
from sparing.experiment.grid import Cell, CellResult, Protocol
from sparing.experiment.split import draw_test
from sparing.experiment.statistics import balanced_accuracy
from sparing.loop import ActiveLearner
from sparing.strategies.base import QueryStrategy
from sparing.types import BoolArray, Classifier, FloatArray, IntArray, Label


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """A data set as the trials need it.

    Parameters
    ----------
    data : items and labels
    classes : the distinct label values, sorted
    codes : (n,) positions in ``classes``
    contents : (n,) numbers that are equal where items are
    fingerprint : hash of items and labels
    """

    data: Labeled
    classes: list[Label]
    codes: IntArray
    contents: IntArray
    fingerprint: str

    def test(self, protocol: Protocol, seed: int) -> BoolArray:
        """Return (n,) True where an item is in this seed's test set."""
        return draw_test(self.codes, self.contents, protocol.test_share, seed)


def prepare(name: str, data: Labeled, protocol: Protocol) -> Prepared:
    """Check that the data can be compared on, and number its labels and contents.

    Raises
    ------
    InvalidInputError : a single class, nearly as many classes as items, all items the same, or
        fewer items to choose from than the budget
    """
    classes = sorted(dict.fromkeys(data.labels), key=lambda value: (str(type(value)), value))
    n = len(data)
    if len(classes) < 2:
        raise InvalidInputError(
            f"All {n:,} items of {name} have the label '{classes[0]}': there is nothing to learn."
        )
    if len(classes) > max(2, n // 2):
        raise InvalidInputError(
            f"The {n:,} items of {name} have {len(classes):,} different labels: "
            "that column names no classes."
        )
    hashes, contents = content_ids(data.items.values)
    if len(set(hashes)) == 1:
        raise InvalidInputError(f"All {n:,} items of {name} are the same: nothing to choose from.")
    numbers = {value: i for i, value in enumerate(classes)}
    codes = np.array([numbers[label] for label in data.labels])
    prepared = Prepared(data, classes, codes, contents, fingerprint(hashes, data))
    _check_budget(name, prepared, protocol)
    return prepared


def _check_budget(name: str, prepared: Prepared, protocol: Protocol) -> None:
    n_test = int(prepared.test(protocol, 0).sum())
    n_pool = len(prepared.codes) - n_test
    if not n_test or protocol.budget > n_pool:
        raise InvalidInputError(
            f"A budget of {protocol.budget:,} labels is more than {name} has to choose from: of "
            f"its {n_pool + n_test:,} items {n_test:,} are the test, {n_pool:,} are left."
        )


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the vectors of one seed depend on; equal keys give equal vectors.

    Parameters
    ----------
    key : names data, encoder, split and seed
    prepared : the data
    encoder : its name, or ``"default"``
    is_test : (n,) the split
    """

    key: tuple[str, str, float, int]
    prepared: Prepared = field(compare=False)
    encoder: str = field(compare=False)
    is_test: BoolArray = field(compare=False)


@lru_cache(maxsize=1)  # the trials of one seed come one after the other
def encoded(encoding: Encoding) -> tuple[FloatArray, FloatArray]:
    """Return the vectors of the pool and of the test.

    An encoder that learns from items learns from the pool alone. One that learns nothing encodes
    everything once, and keeps it on the disk for the next seed.
    """
    items, is_test = encoding.prepared.data.items, encoding.is_test
    encoder = named_encoder(encoding.encoder, items.kind, items.values)
    if not encoder.learned and items.kind != "vectors":
        vectors = encode(encoder, items.values)
        return vectors[~is_test], vectors[is_test]
    pool = encoder.fit_transform(items.take(np.flatnonzero(~is_test)))
    return pool, encoder.transform(items.take(np.flatnonzero(is_test)))


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
    is_test = prepared.test(protocol, cell.seed)
    key = (prepared.fingerprint, cell.encoder, protocol.test_share, cell.seed)
    X, X_test = encoded(Encoding(key, prepared, cell.encoder, is_test))
    codes, test_codes = prepared.codes[~is_test], prepared.codes[is_test]
    start = time.perf_counter()
    learner = ActiveLearner(X, range(len(prepared.classes)), model, strategy, seed=cell.seed)
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

"""The founding article's experiments, in its protocol: early stopping on the test set included.

Pool: the first 4,000 training digits; test: the first 400 test digits. The names ``reset``,
``fit`` and ``label_manually`` are the article's.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from sparing.datasets.mnist import Mnist
from sparing.models.softmax import Adam, Score, Weights, cross_entropy, share_right, train
from sparing.types import FloatArray, IntArray

POOL_SIZE, TEST_SIZE = 4000, 400
BATCH_SIZE, N_ROUNDS = 10, 40
N_MANUAL = BATCH_SIZE * N_ROUNDS
N_CLASSES = 10
PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Published:
    """The accuracies that the article prints, as fractions."""

    all: float
    first_400: float
    active: float
    most_confident_first: float
    curve: dict[int, float]


def _published_curve() -> dict[int, float]:
    runs = (  # last number of labels, accuracy from the label count before on
        "20 .4975, 30 .535, 40 .5475, 50 .59, 60 .64, 70 .6475, 80 .6925, 90 .6975, 100 .73, "
        "110 .745, 120 .7625, 150 .7725, 170 .7875, 180 .8175, 200 .8225, 210 .825, 230 .8425, "
        "240 .845, 300 .8525, 340 .86, 350 .865, 360 .8775, 380 .8825, 390 .885, 400 .8975"
    )
    curve: dict[int, float] = {}
    first = 20
    for run in runs.split(", "):
        last, share = run.split()
        curve |= dict.fromkeys(range(first, int(last) + 1, BATCH_SIZE), float(share))
        first = int(last) + BATCH_SIZE
    return curve


PUBLISHED = Published(0.9225, 0.8375, 0.8975, 0.9050, _published_curve())


@dataclass(frozen=True, eq=False, slots=True)
class Digits:
    """The pool and the test digits, as rows of pixels in [0, 1].

    Parameters
    ----------
    X : (n_pool, 784)
    y : (n_pool,) digits; the oracle's knowledge
    X_test : (n_test, 784) all test digits there are; the article's are the first 400
    y_test : (n_test,)
    """

    X: FloatArray
    y: IntArray
    X_test: FloatArray
    y_test: IntArray

    @classmethod
    def of_article(cls, mnist: Mnist, dtype: type[np.floating] = np.float32) -> "Digits":
        """Take the article's pool and all test digits out of MNIST."""
        return cls(
            _pixels(mnist.train_images[:POOL_SIZE], dtype),
            mnist.train_labels[:POOL_SIZE].astype(np.int64),
            _pixels(mnist.test_images, dtype),
            mnist.test_labels.astype(np.int64),
        )

    def shuffled(self, rng: np.random.Generator) -> "Digits":
        """Return the same digits with the pool in another order."""
        order = rng.permutation(len(self.y))
        return Digits(self.X[order], self.y[order], self.X_test, self.y_test)


def _pixels(images: np.ndarray, dtype: type[np.floating]) -> FloatArray:
    return (images.reshape(len(images), -1) / 255).astype(dtype)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How the optimiser computes; the defaults are the article's."""

    divide: bool = False
    textbook: bool = False
    epsilon: float = 1e-8


# What to train on and what to watch, given the labeled samples in the order of labeling and how
# many of them a person labeled; those come first.
Watch = Callable[[FloatArray, IntArray, int], tuple[FloatArray, IntArray, Score]]


def watch_test(digits: Digits) -> Watch:
    """Stop early on the article's 400 test digits, as it does: a leak, faithfully kept."""
    X_test, y_test = digits.X_test[:TEST_SIZE], digits.y_test[:TEST_SIZE]
    return lambda X, y, _: (X, y, lambda weights: (share_right(weights, X_test, y_test),))


def watch_held_out(X: FloatArray, y: IntArray, n_manual: int) -> tuple[FloatArray, IntArray, Score]:
    """Stop early on every fifth sample that a person labeled, which is not trained on: no leak.

    The score is the accuracy there, ties decided by the loss. A sample stays on its side from
    round to round, so the warm start leaks nothing either. The model's own labels are never held
    out: it would only confirm itself.
    """
    held = (np.arange(len(y)) % 5 == 4) & (np.arange(len(y)) < n_manual)
    X_held, y_held = X[held], y[held]

    def score(weights: Weights) -> tuple[float, float]:
        proba = weights.proba(X_held)
        return float(np.mean(proba.argmax(axis=1) == y_held)), -cross_entropy(proba, y_held)

    return X[~held], y[~held], score


def one_blas_thread() -> Any:
    """Return a context in which products use one thread: the sums, and so the path, stay the same.

    On matrices with ten columns more threads gain nothing.
    """
    return threadpool_limits(1, "blas")


class LabelingSession:
    """One labeling session of the article: a model, a labeled and an unlabeled list.

    Parameters
    ----------
    digits : the pool with the oracle's labels
    watch : what early stopping looks at
    arithmetic : how the optimiser computes
    """

    def __init__(
        self,
        digits: Digits,
        watch: Watch,
        arithmetic: Arithmetic = Arithmetic(),
    ) -> None:
        self.digits = digits
        self.watch = watch
        self.arithmetic = arithmetic
        # Samples in the order of labeling, so that a fit reads them without gathering.
        self._X = np.empty_like(digits.X)
        self._y = np.empty_like(digits.y)
        self.reset()

    def reset(self) -> None:
        """Nothing labeled, weights zero, a fresh optimiser."""
        n_features, dtype = self.digits.X.shape[1], self.digits.X.dtype
        a = self.arithmetic
        self.weights = Weights.zeros(n_features, N_CLASSES, dtype)
        self._adam = Adam(self.weights, 0.1, epsilon=a.epsilon, textbook=a.textbook)
        self.unlabeled = np.arange(len(self.digits.y))
        self.labeled = self.unlabeled[:0]
        self.n_manual = 0

    @property
    def n_steps(self) -> int:
        """Optimiser steps since the last reset."""
        return self._adam.t

    def fork(self) -> "LabelingSession":
        """Return a session that goes on from here by itself and shares the digits."""
        return copy.deepcopy(self, {id(self.digits): self.digits, id(self.watch): self.watch})

    def label_manually(self, n: int) -> None:
        """Let the person label the first ``n`` of the unlabeled list."""
        rows, self.unlabeled = self.unlabeled[:n], self.unlabeled[n:]
        self._append(rows, self.digits.y[rows])
        self.n_manual += len(rows)

    def label_automatically(self, n: int) -> None:
        """Let the model label the last ``n`` of the unlabeled list: the most confident ones."""
        cut = max(0, len(self.unlabeled) - n)
        rows, self.unlabeled = self.unlabeled[cut:], self.unlabeled[:cut]
        self._append(rows, self.weights.logits(self.digits.X[rows]).argmax(axis=1))

    def fit(self) -> None:
        """Train from the current weights until the watched score stops rising."""
        n = len(self.labeled)
        X, y, score = self.watch(self._X[:n], self._y[:n], self.n_manual)
        train(self._adam, X, y, score, patience=PATIENCE, divide=self.arithmetic.divide)

    def sort_by_confidence(self) -> FloatArray:
        """Sort the unlabeled list, least confident first; return the sorted confidences."""
        # The whole pool at once is cheaper than gathering the unlabeled rows first.
        confidence: FloatArray = self.weights.proba(self.digits.X).max(axis=1)[self.unlabeled]
        order = np.argsort(confidence, kind="stable")
        self.unlabeled = self.unlabeled[order]
        return confidence[order]

    def accuracy(self, n_test: int | None = TEST_SIZE) -> float:
        """Return the accuracy on the first ``n_test`` test digits; all of them if None."""
        d = self.digits
        return share_right(self.weights, d.X_test[:n_test], d.y_test[:n_test])

    def _append(self, rows: IntArray, labels: IntArray) -> None:
        new = slice(len(self.labeled), len(self.labeled) + len(rows))
        self._X[new], self._y[new] = self.digits.X[rows], labels
        self.labeled = np.concatenate([self.labeled, rows])


def fit_first(session: LabelingSession, n: int) -> None:
    """Label the first ``n`` of the pool and fit: the article's "ground truth" and "random"."""
    session.reset()
    session.label_manually(n)
    session.fit()


def active_rounds(session: LabelingSession) -> Iterator[FloatArray]:
    """Label 40 batches of the ten least confident; yield the sorted confidences after each fit.

    The first batch is the first ten of the pool.
    """
    session.reset()
    for _ in range(N_ROUNDS):
        session.label_manually(BATCH_SIZE)
        session.fit()
        yield session.sort_by_confidence()


def auto_label_all(session: LabelingSession) -> None:
    """Label all the rest by the model and fit once."""
    session.label_automatically(len(session.unlabeled))
    session.fit()


def most_confident_first(session: LabelingSession) -> Iterator[FloatArray]:
    """Let the model label its ten most confident and fit, to the end; yield as above."""
    confidence = session.sort_by_confidence()
    while len(session.unlabeled):
        session.label_automatically(BATCH_SIZE)
        session.fit()
        yield confidence
        confidence = session.sort_by_confidence()

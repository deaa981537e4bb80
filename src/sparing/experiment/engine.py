"""The article's digits with this project's engine: encoder, graph model and ``auto``."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sparing.encoders import get_encoder
from sparing.experiment.article import TEST_SIZE, Digits, one_blas_thread
from sparing.learner.learner import ActiveLearner
from sparing.types import FloatArray, IntArray

BUDGETS = (10, 20, 30, 50, 70, 100, 150, 200, 300, 400)
ENCODER = "glyph"
FIRST_ASKED = 20


@dataclass(frozen=True, eq=False, slots=True)
class EngineResult:
    """One run of ``auto`` on the article's pool; no test label is used for anything but scoring.

    Parameters
    ----------
    labels : answers given at each look
    accuracy : on the article's test digits, at each look
    accuracy_all : on all test digits
    rules : which rule of ``auto`` chose the last answers before each look, and why
    asked : rows of the pool in the order in which they were asked
    predicted : (n_test,) what the model says of the test digits in the end
    """

    labels: list[int]
    accuracy: list[float]
    accuracy_all: list[float]
    rules: list[str]
    asked: IntArray
    predicted: IntArray


def run_engine(digits: Digits, seed: int, tick: Callable[[int, int], None]) -> EngineResult:
    """Ask for labels by ``auto`` up to the article's 400, and look at the test digits on the way.

    Parameters
    ----------
    digits : the article's pool and test digits
    seed : of the learner
    tick : told (answers so far, answers in all)
    """
    with one_blas_thread():
        return _run(digits, seed, tick)


def _run(digits: Digits, seed: int, tick: Callable[[int, int], None]) -> EngineResult:
    encoder = get_encoder(ENCODER)
    X, X_test = (_images(pixels) for pixels in (digits.X, digits.X_test))
    learner = ActiveLearner(encoder.fit(X).transform(X), seed=seed)
    Z_test = encoder.transform(X_test)
    result = EngineResult([], [], [], [], np.empty(0, np.int64), np.empty(0, np.int64))
    asked: list[IntArray] = []
    tick(0, BUDGETS[-1])
    for before, budget in zip((0, *BUDGETS), BUDGETS, strict=False):
        query = learner.query(budget - before)
        learner.teach(query.indices, digits.y[query.indices])
        asked.append(query.indices)
        predicted = np.asarray(learner.predict(Z_test), dtype=np.int64)
        right = predicted == digits.y_test
        result.labels.append(budget)
        result.accuracy.append(float(right[:TEST_SIZE].mean()))
        result.accuracy_all.append(float(right.mean()))
        result.rules.append(f"{query.strategy}: {query.reason}")
        tick(budget, BUDGETS[-1])
    return EngineResult(
        *(result.labels, result.accuracy, result.accuracy_all, result.rules),
        asked=np.concatenate(asked),
        predicted=predicted,
    )


def _images(pixels: FloatArray) -> FloatArray:
    side = round(pixels.shape[1] ** 0.5)
    return pixels.reshape(-1, side, side)

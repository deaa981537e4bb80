"""How fragile the article's path is: one last bit, or one choice, changed."""

from dataclasses import dataclass

import numpy as np

from sparing.datasets.mnist import Mnist
from sparing.experiment.article import (
    BATCH_SIZE,
    PUBLISHED,
    TEST_SIZE,
    Arithmetic,
    Digits,
    LabelingSession,
    active_rounds,
    watch_test,
)

SAME = 1 / (2 * TEST_SIZE)  # of shares of the test digits: less than half a digit is none

VARIANTS: dict[str, tuple[type[np.floating], Arithmetic]] = {
    "as published: float32, times 1/n": (np.float32, Arithmetic()),
    "divided by n instead: a last bit": (np.float32, Arithmetic(divide=True)),
    "float64": (np.float64, Arithmetic()),
    "Adam's epsilon 1e-7": (np.float32, Arithmetic(epsilon=1e-7)),
    "Adam as in its paper": (np.float32, Arithmetic(textbook=True)),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """The active-learning experiment under one arithmetic.

    Parameters
    ----------
    name : what was changed
    accuracy : after each of the 40 rounds, on the test digits that the article uses
    points_matched : how many of the article's 39 published points are met exactly
    """

    name: str
    accuracy: list[float]
    points_matched: int


def run_variant(mnist: Mnist, name: str) -> Variant:
    """Run the active-learning experiment under the arithmetic called ``name``."""
    dtype, arithmetic = VARIANTS[name]
    digits = Digits.of_article(mnist, dtype)
    session = LabelingSession(digits, watch_test(digits), arithmetic)
    accuracy = [session.accuracy() for _ in active_rounds(session)]
    return Variant(name, accuracy, points_matched(accuracy))


def points_matched(accuracy: list[float]) -> int:
    """Count the published points, at 20 to 400 labels, that ``accuracy`` meets.

    Parameters
    ----------
    accuracy : after 10, 20, ... labels
    """
    ours = {BATCH_SIZE * (i + 1): share for i, share in enumerate(accuracy)}
    return sum(abs(ours[n] - share) < SAME for n, share in PUBLISHED.curve.items())

"""When to stop marking spans or boxes: the price of a point of F1, and what models agree on."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparing.audit.stopping import TOO_EARLY, Advice, expected_gain, stabilizing_predictions
from sparing.project.learning.advice import (
    LEAST_STEP,
    SPACING,
    n_random,
    needed,
    random_accuracy,
    standing,
)
from sparing.store import Version, VersionFacts
from sparing.types import IntArray

LEAST_ITEMS = 20  # drawn at random: with fewer the interval of F1 is some 30 points wide
N_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Price:
    """In what a person pays, and how much a point of F1 is worth to most people."""

    unit: str
    per_point: float
    shown: int  # of which a sentence says what they bring


TOKENS = Price("tokens", 2000.0, 1000)  # to read
BOXES = Price("boxes", 100.0, 100)  # to draw


class Course:
    """How the versions of a project have gone: what the last of them say of the same items."""

    def __init__(self, price: Price = TOKENS) -> None:
        self._price = price
        self._watched: deque[tuple[int, IntArray]] = deque(maxlen=N_ROUNDS)

    def is_due(self, n_labels: int) -> bool:
        """Tell whether a version stands well apart from the one before.

        Those that differ by a few labels agree whatever they are worth: they are passed over.
        """
        last = self._watched[-1][0] if self._watched else 0
        return n_labels >= max(LEAST_STEP, last + LEAST_STEP, last / SPACING)

    def note(self, n_labels: int, predicted: IntArray) -> None:
        """Remember what a version predicts for a fixed random set of items."""
        if self._watched and len(self._watched[-1][1]) != len(predicted):
            self._watched.clear()  # a label has come: what was said without it is another thing
        self._watched.append((n_labels, predicted))

    def advice(
        self, facts: VersionFacts, versions: Iterable[Version], units_an_item: float
    ) -> Advice:
        """Say whether to stop, by the versions so far and the facts of the next one."""
        if n_random(facts) < LEAST_ITEMS:
            why = f"{TOO_EARLY}{needed(LEAST_ITEMS - n_random(facts))}."
            return Advice("course", False, why, float("nan"), LEAST_ITEMS)
        whole = (v for v in versions if not v.is_draft)
        known = ((f.n_labels, random_accuracy(f)) for f in standing([*whole, Version(0, 0, facts)]))
        points = {n: found[0] for n, found in known if found is not None}
        predicted = [said for _, said in self._watched]
        return agreed(points, predicted, units_an_item, self._price)


def agreed(
    points: Mapping[int, float],
    watched: Sequence[IntArray],
    units_an_item: float,
    price: Price = TOKENS,
) -> Advice:
    """Say whether to stop: by the price of a point, unless the models are seen to differ still.

    To be shown only where :func:`sparing.project.learning.advice.too_early` has nothing against it.

    Parameters
    ----------
    points : rough F1 by the number of items with an answer
    watched : what the last models, well apart, predict for the same items
    units_an_item : how many tokens or boxes such an item has in the mean
    price : of these

    Examples
    --------
    A curve of few random items may be flat by luck:

    >>> flat = {20: 0.9, 40: 0.9, 60: 0.9}
    >>> odd, even = np.arange(40) % 2, np.arange(1, 41) % 2
    >>> agreed(flat, [odd, even, odd, even], 9.0).stop, agreed(flat, [odd] * 4, 9.0).stop
    (False, True)
    >>> print(agreed({50: 0.5, 100: 0.6, 200: 0.68}, [], 20.0).sentence)
    Go on: the next 1,000 tokens should bring about 2.4 points of F1.
    """
    settled = stabilizing_predictions(watched)
    numbers = spaced(points)
    if len(numbers) < 3:  # what the rule asks for
        return settled
    values = [points[n] for n in numbers]
    paid = [n * units_an_item for n in numbers]
    gain = _in_f1(expected_gain(paid, values, answers_per_point=price.per_point), price)
    still_differ = not settled.stop and not np.isnan(settled.value)
    return settled if gain.stop and still_differ else gain


def _in_f1(gain: Advice, price: Price) -> Advice:
    """Return the price of a point as what the next tokens or boxes bring."""
    n, bring = price.shown, price.shown / gain.value
    said = f"the next {n:,} {price.unit} should bring about {bring:.1f} points of F1"
    if gain.stop:
        return replace(gain, sentence=f"Stop: {said} (limit: {n / price.per_point:g}).")
    return replace(gain, sentence=f"Go on: {said}.")


def spaced(numbers: Iterable[int]) -> list[int]:
    """Return the largest number and smaller ones that each stand well apart from the next.

    Points of a curve that differ by an answer or two say nothing of its slope.

    Examples
    --------
    >>> spaced([10, 11, 12, 48, 49, 50, 60])
    [10, 12, 50, 60]
    """
    kept: list[int] = []
    for n in sorted(numbers, reverse=True):
        if not kept or 0 < n <= SPACING * kept[-1]:
            kept.append(n)
    return kept[::-1]

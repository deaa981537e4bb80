"""When to stop marking spans: the price of a point by their rough F1, and what taggers agree on."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

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

LEAST_TEXTS = 20  # drawn at random: with fewer the interval of F1 is some 30 points wide
ANSWERS_PER_POINT = 100.0  # what a point of F1 is worth to most people
N_ROUNDS = 4


class Course:
    """How the versions of a project have gone: what the last of them say of the same items."""

    def __init__(self) -> None:
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

    def advice(self, facts: VersionFacts, versions: Iterable[Version]) -> Advice:
        """Say whether to stop, by the versions so far and the facts of the next one."""
        if n_random(facts) < LEAST_TEXTS:
            why = f"{TOO_EARLY}{needed(LEAST_TEXTS - n_random(facts))}."
            return Advice("course", False, why, float("nan"), LEAST_TEXTS)
        whole = (v for v in versions if not v.is_draft)
        known = ((f.n_labels, random_accuracy(f)) for f in standing([*whole, Version(0, 0, facts)]))
        points = {n: found[0] for n, found in known if found is not None}
        return agreed(points, [predicted for _, predicted in self._watched])


def agreed(points: Mapping[int, float], watched: Sequence[IntArray]) -> Advice:
    """Say whether to stop: by the price of a point, unless the models are seen to differ still.

    To be shown only where :func:`sparing.project.learning.advice.too_early` has nothing against it.

    Parameters
    ----------
    points : rough accuracy by the number of labels
    watched : what the last models, well apart, predict for the same items

    Examples
    --------
    A curve of few random items may be flat by luck:

    >>> flat = {20: 0.9, 40: 0.9, 60: 0.9}
    >>> odd, even = np.arange(40) % 2, np.arange(1, 41) % 2
    >>> agreed(flat, [odd, even, odd, even]).stop, agreed(flat, [odd] * 4).stop
    (False, True)
    """
    settled = stabilizing_predictions(watched)
    numbers = spaced(points)
    if len(numbers) < 3:  # what the rule asks for
        return settled
    values = [points[n] for n in numbers]
    gain = expected_gain(numbers, values, answers_per_point=ANSWERS_PER_POINT)
    still_differ = not settled.stop and not np.isnan(settled.value)
    return settled if gain.stop and still_differ else gain


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

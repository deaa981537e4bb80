"""When to stop marking spans: the price of a point by their rough F1, and what taggers agree on."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

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
TOKENS_PER_POINT = 2000.0  # to read: what a point of F1 is worth to most people
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

    def advice(
        self, facts: VersionFacts, versions: Iterable[Version], tokens_a_text: float
    ) -> Advice:
        """Say whether to stop, by the versions so far and the facts of the next one."""
        if n_random(facts) < LEAST_TEXTS:
            why = f"{TOO_EARLY}{needed(LEAST_TEXTS - n_random(facts))}."
            return Advice("course", False, why, float("nan"), LEAST_TEXTS)
        whole = (v for v in versions if not v.is_draft)
        known = ((f.n_labels, random_accuracy(f)) for f in standing([*whole, Version(0, 0, facts)]))
        points = {n: found[0] for n, found in known if found is not None}
        return agreed(points, [predicted for _, predicted in self._watched], tokens_a_text)


def agreed(
    points: Mapping[int, float], watched: Sequence[IntArray], tokens_a_text: float
) -> Advice:
    """Say whether to stop: by the price of a point, unless the models are seen to differ still.

    To be shown only where :func:`sparing.project.learning.advice.too_early` has nothing against it.

    Parameters
    ----------
    points : rough F1 by the number of texts with an answer
    watched : what the last models, well apart, predict for the same items
    tokens_a_text : how many tokens such a text has in the mean

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
    tokens = [n * tokens_a_text for n in numbers]
    gain = _in_f1(expected_gain(tokens, values, answers_per_point=TOKENS_PER_POINT))
    still_differ = not settled.stop and not np.isnan(settled.value)
    return settled if gain.stop and still_differ else gain


def _in_f1(gain: Advice) -> Advice:
    """Return the price of a point as what the next thousand tokens bring."""
    said = f"the next 1,000 tokens should bring about {1000 / gain.value:.1f} points of F1"
    if gain.stop:
        return replace(gain, sentence=f"Stop: {said} (limit: {1000 / TOKENS_PER_POINT:g}).")
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

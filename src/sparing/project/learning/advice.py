"""Whether to stop: what the evidence allows to be said, and which versions it is read from."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from sparing.audit.stopping import TOO_EARLY, Advice, expected_gain, stabilizing_predictions
from sparing.store import Version, VersionFacts
from sparing.types import BoolArray, IntArray

LEAST_SHOWN = 10  # random answers: with fewer the interval spans most of what is possible
LEAST_TO_STOP = 20  # with fewer it is some 30 points wide
ANSWERS_PER_POINT = 100.0  # what a point of accuracy is worth to most people
SPACING = 0.85  # of one point of the curve to the next
CLEARLY = 2.0  # standard errors
N_ROUNDS = 4
LEAST_STEP = 10  # labels between versions that are compared


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
        whole = (v for v in versions if not v.is_draft)
        known = ((f.n_labels, random_accuracy(f)) for f in standing([*whole, Version(0, 0, facts)]))
        points = {n: found[0] for n, found in known if found is not None}
        return advised(points, [predicted for _, predicted in self._watched])


@dataclass(frozen=True, slots=True)
class Grounds:
    """What any advice on stopping has to rest on.

    Parameters
    ----------
    n_random : answers to items drawn at random, by which a model that had not seen them is judged
    unseen : names of classes that no item has been given yet
    has_skill : whether out-of-fold predictions clearly beat always naming the commonest class;
        None where that was never looked at
    """

    n_random: int
    unseen: tuple[str, ...]
    has_skill: bool | None


def too_early(grounds: Grounds) -> str | None:
    """Return why nothing can be said of stopping yet; None where something can.

    Examples
    --------
    >>> print(too_early(Grounds(3, ("dog",), has_skill=False)))
    It is too early to say: 17 more answers to items drawn at random are needed.
    >>> print(too_early(Grounds(20, ("dog",), has_skill=False)))
    It is too early to say: no item has been called 'dog' yet.
    >>> too_early(Grounds(20, (), has_skill=True))
    """
    if grounds.n_random < LEAST_TO_STOP:
        why = _needed(LEAST_TO_STOP - grounds.n_random)
    elif grounds.unseen:
        why = f"no item has been called '{grounds.unseen[0]}' yet"
    elif grounds.has_skill is None:
        why = "the model has not been compared with always naming the commonest class"
    elif not grounds.has_skill:
        why = "the model is not clearly better than always naming the commonest class"
    else:
        return None
    return f"{TOO_EARLY}{why}."


def wanting(n_random: int) -> str:
    """Say how many more answers a number needs that tells how good the model is.

    Examples
    --------
    >>> wanting(9)
    '1 more answer to an item drawn at random is needed'
    """
    return _needed(LEAST_SHOWN - n_random)


def _needed(n: int) -> str:
    if n == 1:
        return "1 more answer to an item drawn at random is needed"
    return f"{n} more answers to items drawn at random are needed"


def beats_commonest(right: BoolArray, codes: IntArray) -> bool:
    """Tell whether out-of-fold predictions clearly beat always naming the commonest class.

    Clearly: of the items that only one of the two gets right, it is the model by two standard
    errors more often.

    Parameters
    ----------
    right : (n_labeled,) whether out-of-fold predictions are right
    codes : (n_labeled,) which answers are the same

    Examples
    --------
    >>> codes = np.array([0, 0, 1] * 10)
    >>> beats_commonest(codes == codes, codes), beats_commonest(codes == 0, codes)
    (True, False)
    """
    common = codes == np.bincount(codes).argmax()
    only_model, only_common = int(np.sum(right & ~common)), int(np.sum(common & ~right))
    return only_model - only_common > CLEARLY * sqrt(only_model + only_common)


def random_accuracy(facts: VersionFacts) -> tuple[float, float, float, int] | None:
    """Return estimate, limits and number of random answers of a version; None if too few."""
    return facts.accuracy if n_random(facts) >= LEAST_SHOWN else None


def n_random(facts: VersionFacts) -> int:
    """Return by how many random answers a version was judged."""
    return facts.accuracy[-1] if facts.accuracy else 0


def standing(versions: Iterable[Version]) -> list[VersionFacts]:
    """Return the facts of the newest version for each number of labels, fewest labels first.

    What was learned from more labels than there are now is void: they have been taken back.

    Examples
    --------
    >>> made = [Version(i, 0, VersionFacts(n)) for i, n in enumerate((4, 8, 30, 9))]
    >>> [facts.n_labels for facts in standing(made)]
    [4, 8, 9]
    """
    kept: list[VersionFacts] = []
    for version in versions:
        while kept and kept[-1].n_labels >= version.facts.n_labels:
            kept.pop()
        kept.append(version.facts)
    return kept


def advised(points: Mapping[int, float], watched: Sequence[IntArray]) -> Advice:
    """Say whether to stop: by the price of a point, unless the models are seen to differ still.

    To be shown only where :func:`too_early` has nothing against it.

    Parameters
    ----------
    points : rough accuracy by the number of labels
    watched : what the last models, well apart, predict for the same items

    Examples
    --------
    A curve of few random items may be flat by luck:

    >>> flat = {20: 0.9, 40: 0.9, 60: 0.9}
    >>> odd, even = np.arange(40) % 2, np.arange(1, 41) % 2
    >>> advised(flat, [odd, even, odd, even]).stop, advised(flat, [odd] * 4).stop
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

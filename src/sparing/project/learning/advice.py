"""Whether to stop: what the evidence allows to be said, and which versions it is read from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from sparing.audit.outlook import Outlook, next_labels
from sparing.audit.stopping import TOO_EARLY, Advice
from sparing.store import Version, VersionFacts
from sparing.types import BoolArray, IntArray

LEAST_SHOWN = 10  # random answers: with fewer the interval spans most of what is possible
LEAST_TO_STOP = 5  # with fewer nothing would contradict a model that is wrong of itself
SPACING = 0.85  # of the number of labels of one model that is remembered to the next
LEAST_STEP = 10  # labels from one model that is remembered to the next
LATELY = 0.75  # of the present labels: models that were taught no fewer are asked together
LEAST_MODELS = 2
CLEARLY = 2.0  # standard errors


@dataclass(frozen=True, slots=True)
class Grounds:
    """What any advice on stopping has to rest on.

    Parameters
    ----------
    n_random : answers to items drawn at random, by which a model that had not seen them is judged
    unseen : names of classes that no item has been given yet
    has_skill : whether out-of-fold predictions clearly beat always giving the commonest answer;
        None where that was never looked at
    says_stop : whether it is to stop; to go on comes with a price, which takes more evidence
    """

    n_random: int
    unseen: tuple[str, ...]
    has_skill: bool | None
    says_stop: bool = True


def too_early(grounds: Grounds) -> str | None:
    """Return why nothing can be said of stopping yet; None where something can.

    Examples
    --------
    >>> print(too_early(Grounds(3, ("dog",), has_skill=False)))
    It is too early to say: 2 more answers to items drawn at random are needed.
    >>> print(too_early(Grounds(20, ("dog",), has_skill=False)))
    It is too early to say: no item has been called 'dog' yet.
    >>> too_early(Grounds(20, (), has_skill=True))
    """
    least = LEAST_TO_STOP if grounds.says_stop else LEAST_SHOWN
    if grounds.n_random < least:
        why = needed(least - grounds.n_random)
    elif grounds.unseen:
        why = f"no item has been called '{grounds.unseen[0]}' yet"
    elif grounds.has_skill is None:
        why = "the model has not been compared with always giving the commonest answer"
    elif not grounds.has_skill:
        why = "the model is not clearly better than always giving the commonest answer"
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
    return needed(LEAST_SHOWN - n_random)


def needed(n: int) -> str:
    """Say how many more random answers something needs."""
    if n == 1:
        return "1 more answer to an item drawn at random is needed"
    return f"{n} more answers to items drawn at random are needed"


def beats_commonest(right: BoolArray, codes: IntArray) -> bool:
    """Tell whether out-of-fold predictions clearly beat always giving the commonest answer.

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


def advised(facts: VersionFacts, earlier: Sequence[VersionFacts], n_left: int) -> Advice:
    """Say whether to stop: by what the models of late expect of more labels.

    To be shown only where :func:`too_early` has nothing against it.

    Parameters
    ----------
    facts : of the present version
    earlier : of those before it that stand, fewest labels first
    n_left : items that can still be labeled

    Examples
    --------
    >>> [older, now] = [VersionFacts(n, (0.9, 0.7, 0.97, 20), pace=0.1) for n in (190, 200)]
    >>> advised(now, [older], 3000).sentence
    'Stop: getting 1 more item in 100 right would take more answers than are left (170 or more).'
    >>> print(advised(now, [], 3000).sentence)
    It is too early to say: fewer than 2 models can be compared with older ones.
    """
    outlook = outlook_of([*earlier, facts], n_left)
    if outlook is None:
        return _unknown(f"fewer than {LEAST_MODELS} models can be compared with older ones")
    if facts.accuracy and facts.belief is not None and facts.belief > facts.accuracy[2]:
        return _unknown("the model gets fewer of the items drawn at random right than it expects")
    return next_labels(outlook, said_stop=bool(earlier) and _said_stop(earlier[-1]))


def outlook_of(versions: Sequence[VersionFacts], n_left: int) -> Outlook | None:
    """Return what versions of late expect together; None where they are too few.

    Parameters
    ----------
    versions : fewest labels first; the last is the present one
    n_left : items that can still be labeled
    """
    n = versions[-1].n_labels
    paces = [f.pace for f in versions if f.pace is not None and f.n_labels >= LATELY * n]
    return Outlook(n, float(np.mean(paces)), n_left) if len(paces) >= LEAST_MODELS else None


def _unknown(why: str) -> Advice:
    return Advice("next_labels", False, f"{TOO_EARLY}{why}.", float("nan"), float("nan"))


def _said_stop(facts: VersionFacts) -> bool:
    """Tell whether a version said stop, on all the evidence that can be seen from it."""
    shown = too_early(Grounds(n_random(facts), (), facts.has_skill)) is None
    return shown and facts.advice is not None and facts.advice[0]


def comparable(
    watched: Mapping[int, IntArray], n_labels: int, predicted: IntArray
) -> dict[int, IntArray]:
    """Return what older models predicted of the same items, by the number of their labels.

    What was said before a label came that is there now, or by labels taken back since, is void.
    """
    return {
        number: said
        for number, said in watched.items()
        if number < n_labels and len(said) == len(predicted)
    }


def remembered(
    watched: Mapping[int, IntArray], n_labels: int, predicted: IntArray
) -> dict[int, IntArray]:
    """Add what a model predicts, if it stands well apart from the last one.

    Examples
    --------
    >>> first, said = remembered({}, 40, np.zeros(3, int)), np.ones(3, int)
    >>> sorted(remembered(first, 45, said)), sorted(remembered(first, 50, said))
    ([40], [40, 50])
    """
    last = max(watched, default=0)
    apart = n_labels >= max(last + LEAST_STEP, last / SPACING)
    return {**watched, n_labels: predicted} if apart else dict(watched)

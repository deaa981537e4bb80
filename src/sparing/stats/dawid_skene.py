"""What holds where several people have labeled: Dawid and Skene's consensus.

Each person has a confusion matrix: how often they say ``l`` where ``k`` is true. The labels of all
people and the truth of all items explain one another, and are found together by expectation
maximization (EM). Where people agree anyway this is the majority; where they differ, those who are
usually right count for more.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sparing._validate import check_int, check_positive, invalid, is_null
from sparing.types import FloatArray, IntArray

STRENGTH = 5.0
"""How many imagined answers stand behind what is believed of a person before any are seen."""
RIGHT = 0.8
"""Share of those imagined answers that are right."""


@dataclass(frozen=True, eq=False, slots=True)
class Votes:
    """Labels of several people in numbers; made by :func:`count_votes`.

    Parameters
    ----------
    items, annotators, classes : the distinct values, sorted; their places are the numbers
    item, annotator, label : (n_labels,) numbers, one row a label
    """

    items: tuple[Hashable, ...]
    annotators: tuple[Hashable, ...]
    classes: tuple[Hashable, ...]
    item: IntArray
    annotator: IntArray
    label: IntArray

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many items, annotators and classes."""
        return len(self.items), len(self.annotators), len(self.classes)

    def counts(self) -> IntArray:
        """(n_items, n_classes) how many people gave an item a label."""
        n_items, _, n_classes = self.shape
        flat = np.bincount(self.item * n_classes + self.label, minlength=n_items * n_classes)
        return flat.reshape(n_items, n_classes)


def count_votes(
    items: Sequence[Hashable], annotators: Sequence[Hashable], labels: Sequence[Hashable]
) -> Votes:
    """Number the items, people and labels of a list of labels.

    Parameters
    ----------
    items, annotators, labels : of the same length; row by row: which item, who, what. A row whose
        label is missing (None, NaN, NaT, pandas.NA) is left out: nobody said anything there.

    Raises
    ------
    InvalidInputError : lengths differ, there are none, or a person labels an item twice

    Examples
    --------
    >>> count_votes(["a", "a", "b"], ["Ada", "Ben", "Ada"], ["cat", "dog", "cat"]).counts()
    array([[1, 1],
           [1, 0]])

    What Ben did not label does not count:

    >>> count_votes(["a", "a"], ["Ada", "Ben"], ["cat", None]).counts()
    array([[1]])
    """
    columns = {"items": items, "annotators": annotators, "labels": labels}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or lengths == {0}:
        got = ", ".join(f"{len(column)} {name}" for name, column in columns.items())
        raise invalid("items", "count_votes", "one a label, and at least one", got)
    there = [i for i, label in enumerate(labels) if not is_null(label)]
    if not there:
        raise invalid("labels", "count_votes", "at least one that is not missing", "none")
    numbered = [_numbered([column[i] for i in there]) for column in map(list, columns.values())]
    (item_names, item), (people, annotator), (classes, label) = numbered
    if len(np.unique(item * len(people) + annotator)) < len(item):
        raise invalid("annotators", "count_votes", "people who label an item once", "one twice")
    return Votes(item_names, people, classes, item, annotator, label)


def _numbered(values: Sequence[Hashable]) -> tuple[tuple[Hashable, ...], IntArray]:
    plain = [v.item() if isinstance(v, np.generic) else v for v in values]
    try:
        distinct = sorted(set(plain))  # type: ignore[type-var]
    except TypeError:  # of several types: as they come
        distinct = list(dict.fromkeys(plain))
    place = {value: i for i, value in enumerate(distinct)}
    return tuple(distinct), np.array([place[value] for value in plain], dtype=np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class Consensus:
    """What people's labels come to.

    Parameters
    ----------
    votes : the labels, and what the numbers stand for
    posterior : (n_items, n_classes) probability of each class
    confusion : (n_annotators, n_classes, n_classes) probability that a person says the third
        where the second is true
    prior : (n_classes,) share of each class
    objective : log posterior after each step of EM; it never falls
    """

    votes: Votes
    posterior: FloatArray
    confusion: FloatArray
    prior: FloatArray
    objective: FloatArray

    @property
    def labels(self) -> list[Hashable]:
        """The most probable class of each item."""
        return [self.votes.classes[code] for code in self.posterior.argmax(axis=1).tolist()]

    @property
    def confidence(self) -> FloatArray:
        """(n_items,) the probability of that class."""
        highest: FloatArray = self.posterior.max(axis=1)
        return highest


def dawid_skene(votes: Votes, *, max_steps: int = 200, tolerance: float = 1e-6) -> Consensus:
    """Find the truth of items and the confusions of people from their labels alone.

    EM begins at the shares of the votes, so that the labels cannot change places, and everybody is
    believed beforehand to be right in four of five answers, with the weight of five answers:
    without that belief, a few items in common would let the data say that one person is always
    right and the other always wrong. Between two people of whom nothing else is known, a
    difference therefore stays near one half, with a lean to the commoner class. Where only one
    person has labeled anything at all, their labels stand untouched.

    Parameters
    ----------
    votes : by :func:`count_votes`
    max_steps : of EM
    tolerance : EM ends when a step gains less than this a label

    References
    ----------
    Dawid & Skene (1979), Maximum likelihood estimation of observer error-rates using the EM
    algorithm, Applied Statistics 28.

    Examples
    --------
    Ada and Ben agree with each other, Cleo with nobody; on the last item Ada and Cleo differ.

    >>> items = [i for i in range(9) for _ in range(3)] + [9, 9]
    >>> people = ["Ada", "Ben", "Cleo"] * 9 + ["Ada", "Cleo"]
    >>> said = ["cat", "cat", "dog", "dog", "dog", "dog", "cat", "cat", "dog"] * 3 + ["cat", "dog"]
    >>> found = dawid_skene(count_votes(items, people, said))
    >>> found.labels[9], found.confidence[9].round(2)
    ('cat', np.float64(0.9))
    """
    check_int("max_steps", "dawid_skene", max_steps, 1)
    check_positive("tolerance", "dawid_skene", tolerance)
    counts = votes.counts()
    posterior = counts / counts.sum(axis=1, keepdims=True)
    said = _said(votes)
    if len(votes.annotators) == 1 or len(votes.classes) == 1:
        confusion, prior = _maximized(said, posterior, votes)
        return Consensus(votes, posterior, confusion, prior, np.zeros(0))
    objective: list[float] = []
    for _ in range(max_steps):
        confusion, prior = _maximized(said, posterior, votes)
        posterior, value = _expected(said, confusion, prior)
        objective.append(value)
        if len(objective) > 1 and value - objective[-2] < tolerance * len(votes.label):
            break
    return Consensus(votes, posterior, confusion, prior, np.array(objective))


def _said(votes: Votes) -> sparse.csr_matrix:
    """(n_items, n_annotators * n_classes) 1 where a person gave an item a label."""
    n_items, n_annotators, n_classes = votes.shape
    column = votes.annotator * n_classes + votes.label
    ones = np.ones(len(votes.label))
    return sparse.csr_matrix((ones, (votes.item, column)), (n_items, n_annotators * n_classes))


def _imagined(n_classes: int) -> FloatArray:
    """(n_classes, n_classes) the answers of any person before any are seen."""
    wrong = STRENGTH * (1 - RIGHT) / max(1, n_classes - 1)
    table = np.full((n_classes, n_classes), wrong)
    np.fill_diagonal(table, STRENGTH * RIGHT)
    return table


def _maximized(
    said: sparse.csr_matrix, posterior: FloatArray, votes: Votes
) -> tuple[FloatArray, FloatArray]:
    """Return the confusions and shares that suit the truth as it is believed now."""
    _, n_annotators, n_classes = votes.shape
    told = (said.T @ posterior).reshape(n_annotators, n_classes, n_classes)  # person, said, true
    confusion = told.transpose(0, 2, 1) + _imagined(n_classes)
    confusion /= confusion.sum(axis=2, keepdims=True)
    prior = posterior.sum(axis=0) + 1
    return confusion, prior / prior.sum()


def _expected(
    said: sparse.csr_matrix, confusion: FloatArray, prior: FloatArray
) -> tuple[FloatArray, float]:
    """Return what the truth is under these confusions, and the log posterior of them."""
    n_annotators, n_classes, _ = confusion.shape
    log = np.log(confusion)
    by_said = log.transpose(0, 2, 1).reshape(n_annotators * n_classes, n_classes)
    joint = said @ by_said + np.log(prior)
    top = joint.max(axis=1, keepdims=True)
    odds = np.exp(joint - top)
    total = odds.sum(axis=1, keepdims=True)
    value = float((top + np.log(total)).sum() + (_imagined(n_classes) * log).sum())
    return odds / total, value + float(np.log(prior).sum())

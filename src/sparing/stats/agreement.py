"""How far people agree beyond chance, with intervals: kappa, alpha, per class, per person.

All intervals rest on the items, which are taken to be drawn at random. Where fewer than ten items
are in dispute (or fewer than ten are not), resampling knows too little, and an exact interval for
the share of items in dispute is used in its place: twenty agreements of twenty are not certainty.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sparing._validate import check_fraction, check_int, invalid
from sparing.stats.dawid_skene import Votes, count_votes
from sparing.stats.hypergeometric import clopper_pearson
from sparing.types import BoolArray, FloatArray, IntArray

FEW = 10
N_RESAMPLES = 2000
LEAST_ITEMS = 10
"""With fewer items in common a figure would say nothing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its interval, and on how many items it rests.

    Parameters
    ----------
    value : the estimate
    low, high : limits of its interval
    n_items : items that several people have labeled, of those it is about
    """

    value: float
    low: float
    high: float
    n_items: int

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f}), {self.n_items:,} items"


@dataclass(frozen=True, eq=False, slots=True)
class _Items:
    """The items that count: (n_items, k) what was said of each, and whether people differ."""

    counts: IntArray
    is_disputed: BoolArray

    @classmethod
    def of(cls, counts: IntArray) -> "_Items":
        """Take counts a class, or of one class and all others."""
        return cls(counts, counts.max(axis=1) < counts.sum(axis=1))


Measure = Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]
"""(n_samples, n_kinds) how often each kind of item comes, (n_kinds, k) what was said of it ->
(n_samples,) disagreement that is seen, and that chance (or all that could be) would give."""


def krippendorff_alpha(votes: Votes, *, alpha: float = 0.05, seed: int = 0) -> Figure:
    """Return Krippendorff's alpha for names: any number of people, any of them missing anywhere.

    Parameters
    ----------
    votes : by :func:`sparing.stats.dawid_skene.count_votes`
    alpha : how often the interval may miss
    seed : of the bootstrap over items

    Raises
    ------
    InvalidInputError : fewer than two items have two labels, or all of these are the same

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability.

    Examples
    --------
    >>> from sparing.stats.dawid_skene import count_votes
    >>> items = [i for i in range(40) for _ in range(2)]
    >>> said = ["cat", "cat", "dog", "dog"] * 18 + ["cat", "dog"] * 4
    >>> print(krippendorff_alpha(count_votes(items, ["Ada", "Ben"] * 40, said)))
    0.80 (0.53 to 0.94), 40 items
    """
    items = _Items.of(_paired(votes, "krippendorff_alpha"))
    return _figure(items, _alpha, alpha, seed, "krippendorff_alpha")


def fleiss_kappa(votes: Votes, *, alpha: float = 0.05, seed: int = 0) -> Figure:
    """Return Fleiss' kappa: every item labeled by the same number of people, whoever they are.

    Parameters
    ----------
    votes, alpha, seed : as for :func:`krippendorff_alpha`

    Raises
    ------
    InvalidInputError : items differ in the number of labels; use Krippendorff's alpha

    References
    ----------
    Fleiss (1971), Measuring nominal scale agreement among many raters, Psychological Bulletin 76.

    Examples
    --------
    >>> from sparing.stats.dawid_skene import count_votes
    >>> items = [i for i in range(40) for _ in range(2)]
    >>> said = ["cat", "cat", "dog", "dog"] * 18 + ["cat", "dog"] * 4
    >>> print(fleiss_kappa(count_votes(items, ["Ada", "Ben"] * 40, said)))
    0.80 (0.53 to 0.94), 40 items
    """
    items = _Items.of(_paired(votes, "fleiss_kappa"))
    if len(np.unique(votes.counts().sum(axis=1))) > 1:
        raise invalid(
            "votes", "fleiss_kappa", "as many labels for each item", "numbers that differ"
        )
    return _figure(items, _fleiss, alpha, seed, "fleiss_kappa")


def cohen_kappa(votes: Votes, *, alpha: float = 0.05, seed: int = 0) -> Figure:
    """Return Cohen's kappa of two people, over the items that both have labeled.

    Parameters
    ----------
    votes, alpha, seed : as for :func:`krippendorff_alpha`

    Raises
    ------
    InvalidInputError : there are not two people, or they have fewer than two items in common

    References
    ----------
    Cohen (1960), A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20.

    Examples
    --------
    >>> from sparing.stats.dawid_skene import count_votes
    >>> items = [i for i in range(40) for _ in range(2)]
    >>> said = ["cat", "cat", "dog", "dog"] * 18 + ["cat", "dog"] * 4
    >>> print(cohen_kappa(count_votes(items, ["Ada", "Ben"] * 40, said)))
    0.80 (0.53 to 0.94), 40 items
    """
    if len(votes.annotators) != 2:
        raise invalid("votes", "cohen_kappa", "the labels of two people", len(votes.annotators))
    said = np.full((len(votes.items), 2), -1)
    said[votes.item, votes.annotator] = votes.label
    both = said[(said >= 0).all(axis=1)]
    if len(both) < 2:
        raise invalid("votes", "cohen_kappa", "labels with two items in common", len(both))
    return _figure(_Items(both, both[:, 0] != both[:, 1]), _cohen, alpha, seed, "cohen_kappa")


def class_agreement(
    votes: Votes, class_: object, *, alpha: float = 0.05, seed: int = 0
) -> Figure | None:
    """Return the agreement on one class: if one person gives it, does another give it too?

    The specific agreement of Spitzer and Fleiss: among all pairs of labels of one item of which
    the first is this class, the share in which the second is. None where nobody has given the
    class to an item with two labels.

    Parameters
    ----------
    votes, alpha, seed : as for :func:`krippendorff_alpha`
    class_ : one of ``votes.classes``

    References
    ----------
    Spitzer & Fleiss (1974), A re-analysis of the reliability of psychiatric diagnosis, British
    Journal of Psychiatry 125.

    Examples
    --------
    >>> from sparing.stats.dawid_skene import count_votes
    >>> items = [i for i in range(40) for _ in range(2)]
    >>> said = ["cat", "cat", "dog", "dog"] * 18 + ["cat", "dog"] * 4
    >>> print(class_agreement(count_votes(items, ["Ada", "Ben"] * 40, said), "cat"))
    0.90 (0.75 to 0.97), 22 items
    """
    if class_ not in votes.classes:
        raise invalid("class_", "class_agreement", "one of the classes", class_)
    counts = _paired(votes, "class_agreement")
    own = counts[:, votes.classes.index(class_)]
    pairs = np.column_stack([own, counts.sum(axis=1) - own])[own > 0]
    if not len(pairs):
        return None
    return _figure(_Items.of(pairs), _specific, alpha, seed, "class_agreement")


def person_agreement(votes: Votes, person: object, *, alpha: float = 0.05) -> Figure | None:
    """Return the share of items in which a person says what most of the others say.

    Items on which the others are divided equally count for neither. The interval is Clopper and
    Pearson's. None where there is no such item.

    Parameters
    ----------
    votes, alpha : as for :func:`krippendorff_alpha`
    person : one of ``votes.annotators``

    Examples
    --------
    >>> from sparing.stats.dawid_skene import count_votes
    >>> items = [i for i in range(20) for _ in range(3)]
    >>> said = ["cat", "cat", "dog"] * 2 + ["cat", "cat", "cat"] * 18
    >>> votes = count_votes(items, ["Ada", "Ben", "Cleo"] * 20, said)
    >>> print(person_agreement(votes, "Cleo"))
    0.90 (0.68 to 0.99), 20 items
    """
    if person not in votes.annotators:
        raise invalid("person", "person_agreement", "one of the annotators", person)
    check_fraction("alpha", "person_agreement", alpha)
    own = votes.annotator == votes.annotators.index(person)
    item, label = votes.item[own], votes.label[own]
    others = votes.counts()[item]
    others[np.arange(len(item)), label] -= 1
    most = others.max(axis=1, initial=0)
    is_clear = (most > 0) & ((others == most[:, None]).sum(axis=1) == 1)
    n = int(is_clear.sum())
    if not n:
        return None
    right = int((others.argmax(axis=1) == label)[is_clear].sum())
    low, high = clopper_pearson(right, n, alpha)
    return Figure(right / n, float(low), float(high), n)


@dataclass(frozen=True, eq=False, slots=True)
class Agreement:
    """How far people agree: on all, for each class, each person, each two people.

    Parameters
    ----------
    n_items : items with two labels or more
    note : why there is no figure, or ``""``
    overall : Krippendorff's alpha
    fleiss : Fleiss' kappa, of three people or more where every item has as many labels
    classes : (class, specific agreement)
    people : (person, share of the items in which they say what most of the others say)
    pairs : (person, other person, Cohen's kappa)
    labels : of several labels an item: (label, Krippendorff's alpha of giving it)
    """

    n_items: int
    note: str = ""
    overall: Figure | None = None
    fleiss: Figure | None = None
    classes: tuple[tuple[Hashable, Figure], ...] = ()
    people: tuple[tuple[Hashable, Figure], ...] = ()
    pairs: tuple[tuple[Hashable, Hashable, Figure], ...] = ()
    labels: tuple[tuple[Hashable, Figure], ...] = ()


def agreement(votes: Votes | None, *, alpha: float = 0.05, seed: int = 0) -> Agreement:
    """Return all figures that the labels bear, and why not where they bear none.

    Parameters
    ----------
    votes : by :func:`sparing.stats.dawid_skene.count_votes`; None: there are none
    alpha : how often each interval may miss
    seed : of the bootstrap over items

    Examples
    --------
    >>> from sparing.stats.dawid_skene import count_votes
    >>> items = [i for i in range(40) for _ in range(2)]
    >>> said = ["cat", "cat", "dog", "dog"] * 18 + ["cat", "dog"] * 4
    >>> found = agreement(count_votes(items, ["Ada", "Ben"] * 40, said))
    >>> for name, figure in found.people:
    ...     print(name, figure)
    Ada 0.90 (0.76 to 0.97), 40 items
    Ben 0.90 (0.76 to 0.97), 40 items
    >>> agreement(count_votes([1, 1], ["Ada", "Ben"], ["cat", "dog"])).note
    'One item has two labels: figures come from 10 items on.'
    """
    n = 0 if votes is None else int((votes.counts().sum(axis=1) > 1).sum())
    if votes is None or n < LEAST_ITEMS:
        many = {0: "No item has", 1: "One item has"}.get(n, f"{n} items have")
        return Agreement(n, f"{many} two labels: figures come from {LEAST_ITEMS} items on.")
    shares = [(p, person_agreement(votes, p, alpha=alpha)) for p in votes.annotators]
    people = tuple((p, figure) for p, figure in shares if figure)
    if np.count_nonzero(_paired(votes, "agreement").sum(axis=0)) < 2:
        note = "All these items have the same label: what chance would give is not known."
        return Agreement(n, note, people=people)
    by_class = [(c, class_agreement(votes, c, alpha=alpha, seed=seed)) for c in votes.classes]
    every = [(a, b, _pair(votes, a, b, alpha, seed)) for a, b in combinations(votes.annotators, 2)]
    return Agreement(
        n,
        overall=krippendorff_alpha(votes, alpha=alpha, seed=seed),
        fleiss=_fleiss_if_even(votes, alpha, seed),
        classes=tuple((c, figure) for c, figure in by_class if figure),
        people=people,
        pairs=tuple((a, b, figure) for a, b, figure in every if figure),
    )


def _fleiss_if_even(votes: Votes, alpha: float, seed: int) -> Figure | None:
    sizes = np.unique(votes.counts().sum(axis=1))
    if len(sizes) > 1 or sizes[0] < 3:
        return None
    return fleiss_kappa(votes, alpha=alpha, seed=seed)


def _pair(votes: Votes, one: Hashable, other: Hashable, alpha: float, seed: int) -> Figure | None:
    """Return Cohen's kappa; None where the two have little in common, or one label alone."""
    both = [votes.annotators.index(person) for person in (one, other)]
    rows = np.isin(votes.annotator, both)
    item, common = np.unique(votes.item[rows], return_counts=True)
    rows &= np.isin(votes.item, item[common > 1])
    label = votes.label[rows]
    if rows.sum() < 2 * LEAST_ITEMS or len(np.unique(label)) < 2:
        return None
    two = count_votes(votes.item[rows].tolist(), votes.annotator[rows].tolist(), label.tolist())
    return cohen_kappa(two, alpha=alpha, seed=seed)


def _paired(votes: Votes, where: str) -> IntArray:
    """Return (n_items, n_classes) the counts of the items that have two labels or more."""
    counts = votes.counts()
    paired: IntArray = counts[counts.sum(axis=1) > 1]
    if len(paired) < 2:
        raise invalid("votes", where, "labels with two items in common", len(paired))
    return paired


def _figure(items: _Items, measure: Measure, alpha: float, seed: int, where: str) -> Figure:
    """Return a measure of items with its interval.

    Items of which the same was said are one kind: what is resampled is how often each kind comes.
    """
    check_fraction("alpha", where, alpha)
    check_int("seed", where, seed, 0)
    kinds, first, times = np.unique(items.counts, axis=0, return_index=True, return_counts=True)
    n = int(times.sum())
    seen, chance = (float(part[0]) for part in measure(times[None].astype(np.float64), kinds))
    if not chance > 0:
        raise invalid("votes", where, "labels of two classes", "the same label everywhere")
    value = 1 - seen / chance
    n_disputed = int(times[items.is_disputed[first]].sum())
    if min(n_disputed, n - n_disputed) < FEW:
        low, high = _exact(seen, chance, n_disputed / n, clopper_pearson(n_disputed, n, alpha))
        if measure is _specific:
            low, high = _exact_specific(clopper_pearson(n_disputed, n, alpha))
    else:
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(n, times / n, size=N_RESAMPLES).astype(np.float64)
        some, all_ = measure(drawn, kinds)
        low, high = np.quantile(1 - some[all_ > 0] / all_[all_ > 0], [alpha / 2, 1 - alpha / 2])
    return Figure(value, float(min(low, value)), float(max(high, value)), n)


def _exact(
    seen: float, chance: float, share: float, limits: tuple[FloatArray, FloatArray]
) -> tuple[float, float]:
    """Return limits from those of the share of items in dispute; chance stays as it was seen."""
    an_item = seen / share if share else 1.0  # what one item in dispute comes to; of two people: 1
    return 1 - an_item * float(limits[1]) / chance, 1 - an_item * float(limits[0]) / chance


def _exact_specific(limits: tuple[FloatArray, FloatArray]) -> tuple[float, float]:
    """Return limits of a specific agreement, as for two people.

    Of the items to which at least one of two gives the class, q differ: 2 (1 - q) / (2 - q).
    """
    least, most = float(limits[0]), float(limits[1])
    return 2 * (1 - most) / (2 - most), 2 * (1 - least) / (2 - least)


def _alpha(times: FloatArray, kinds: IntArray) -> tuple[FloatArray, FloatArray]:
    size = kinds.sum(axis=1)
    differ = (size**2 - (kinds**2).sum(axis=1)) / (size - 1)
    n = times @ size
    by_class = times @ kinds
    chance = (n**2 - (by_class**2).sum(axis=1)) / np.maximum(n - 1, 1)
    return times @ differ / n, chance / n


def _fleiss(times: FloatArray, kinds: IntArray) -> tuple[FloatArray, FloatArray]:
    size = kinds.sum(axis=1)
    differ = (size**2 - (kinds**2).sum(axis=1)) / (size * (size - 1))
    share = times @ kinds / (times @ size)[:, None]
    return times @ differ / times.sum(axis=1), 1 - (share**2).sum(axis=1)


def _cohen(times: FloatArray, kinds: IntArray) -> tuple[FloatArray, FloatArray]:
    """As the others; ``kinds`` are pairs of codes."""
    each = np.eye(int(kinds.max()) + 1)
    n = times.sum(axis=1)
    one, other = (times @ each[kinds[:, who]] / n[:, None] for who in (0, 1))
    return times @ (kinds[:, 0] != kinds[:, 1]) / n, 1 - (one * other).sum(axis=1)


def _specific(times: FloatArray, kinds: IntArray) -> tuple[FloatArray, FloatArray]:
    """As the others; ``kinds`` are how many gave the class, and how many another one."""
    own, rest = kinds[:, 0], kinds[:, 1]
    return times @ (own * rest), times @ (own * (own + rest - 1))

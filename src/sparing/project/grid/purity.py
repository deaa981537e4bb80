"""How pure a cluster is, from a few of its items, drawn at random and answered without a hint."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparing.stats.hypergeometric import clopper_pearson

N_TESTED = 10
"""Items that test the class which one more, the first, has named."""
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Purity:
    """What a few random items say of a cluster.

    Parameters
    ----------
    class_name : what the first of them is
    n_like, n_tested : how many of the others are that too, and how many they are
    low, high : limits of the share of the cluster that is, at 95 %
    """

    class_name: str
    n_like: int
    n_tested: int
    low: float
    high: float

    @property
    def sentence(self) -> str:
        """The figure in one sentence, without its end.

        Examples
        --------
        >>> Purity("cat", 10, 10, 0.6915, 1.0).sentence
        '10 of 10 random items are cat: 69 % to 100 % of the cluster, with 95 % certainty'
        """
        share = f"{_percent(self.low)} to {_percent(self.high)} of the cluster"
        seen = f"{self.n_like} of {self.n_tested} random items are {self.class_name}"
        return f"{seen}: {share}, with 95 % certainty"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def estimated(answers: Sequence[str | None]) -> Purity | None:
    """Return what the answers of a uniform draw say; None if they say nothing.

    The first item that has a class names the class, and all others test it: a class chosen by
    the majority of the very items that are counted would look purer than it is.

    Parameters
    ----------
    answers : class of each item, in the order of the draw; None for one that was skipped

    References
    ----------
    Clopper & Pearson (1934): exact where items are put back, on the safe side where not

    Examples
    --------
    >>> found = estimated(["cat"] + ["cat"] * 9 + ["dog"])
    >>> found.class_name, found.n_like, found.n_tested, round(found.low, 3), round(found.high, 3)
    ('cat', 9, 10, 0.555, 0.997)
    """
    named = next((name for name in answers if name is not None), None)
    if named is None or len(answers) < 2:
        return None
    n_like, n_tested = sum(name == named for name in answers) - 1, len(answers) - 1
    low, high = clopper_pearson(np.array([n_like]), n_tested, ALPHA)
    return Purity(named, n_like, n_tested, float(low[0]), float(high[0]))

"""What more labels will bring, told from what the last ones brought: no label is set aside for it.

Where two models differ, the one that was taught more says how likely each of them is right. The sum
of that is what the labels between them have brought, by its own account, and it is a quiet number:
it counts neither the items that change to and fro between two equally likely answers, nor the luck
of a few test items. Errors are taken to fall as a power of the number of labels; so from two or
three older models follows what the next labels will bring.

The account is the model's own. So an outlook is advice, not evidence: it is to be believed only as
far as answers to items drawn at random do not contradict the model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from sparing._validate import check_int, invalid
from sparing.audit.stopping import Advice

POINT = 0.01  # one more item in a hundred right
AHEAD = 500  # labels that are looked ahead
# Chosen on the tuning sets of benchmarks/stopping.py.
DECLINE = 0.5  # errors fall as labels to the power of minus this
AGO = (1.5, 2.0, 3.0)  # how many times fewer labels the older models were taught
NEAR = 0.25  # difference in the logarithm of that which is near enough
STOP_BELOW, GO_ABOVE = 0.0045, 0.009  # a forecast; between them nobody changes their mind
# Nine times in ten the true gain of the next labels is between these shares of the forecast, less
# or more what a curve wavers anyway.
LOW, HIGH, WAVER = 0.4, 3.5, 0.006


@dataclass(frozen=True, slots=True)
class Outlook:
    """How fast a model learns: from n to m labels it gains ``pace`` (n^-1/2 - m^-1/2).

    Parameters
    ----------
    n_labels : that the model was taught
    pace : of the gain in accuracy
    n_left : labels that can be given at all

    Examples
    --------
    >>> now = Outlook(400, 1.0, 3000)
    >>> round(now.gain(500), 4), round(now.labels_for(POINT))
    (0.0167, 225)
    """

    n_labels: int
    pace: float
    n_left: int

    def gain(self, more: int) -> float:
        """Return the gain in accuracy that so many more labels are expected to bring."""
        n = self.n_labels
        return float(self.pace * (n**-DECLINE - (n + min(more, self.n_left)) ** -DECLINE))

    def labels_for(self, gain: float) -> float:
        """Return how many more labels are expected to bring this gain; infinite if none do."""
        rest = self.n_labels**-DECLINE - gain / self.pace if self.pace > 0 else 0.0
        return float(rest ** (-1 / DECLINE)) - self.n_labels if rest > 0 else inf

    def limits(self) -> "tuple[Outlook, Outlook]":
        """Return the slowest and the fastest that is to be reckoned with, nine times in ten."""
        unbounded = Outlook(self.n_labels, 1.0, AHEAD).gain(AHEAD)
        ahead = self.pace * unbounded
        slow, fast = max(LOW * ahead - WAVER, 0.0), HIGH * ahead + WAVER
        return (
            Outlook(self.n_labels, slow / unbounded, self.n_left),
            Outlook(self.n_labels, fast / unbounded, self.n_left),
        )


def gained(belief_now: npt.ArrayLike, belief_before: npt.ArrayLike) -> float:
    """Return by how much a model expects to be right more often than an older one.

    Parameters
    ----------
    belief_now, belief_before : (n_items,) how likely the present model holds its own answers to be
        right, and those of the older model; of items drawn at random

    Examples
    --------
    They differ on the second item, where the older one may be right as well:

    >>> round(gained([0.9, 0.6], [0.9, 0.4]), 12)
    0.1
    """
    return float(np.mean(np.asarray(belief_now) - np.asarray(belief_before)))


def pace(n_labels: int, gains: Mapping[int, float]) -> float:
    """Return the pace of :class:`Outlook` that fits what was gained since older models.

    Parameters
    ----------
    n_labels : that the present model was taught
    gains : what it gained, by the number of labels of each older model

    Returns
    -------
    the mean over the older models that are wanted and there; NaN if there is none

    Examples
    --------
    >>> round(pace(400, {100: 0.05, 200: 0.02}), 3)
    0.966
    """
    n = check_int("n_labels", "pace", n_labels, 1)
    if any(not 0 < before < n for before in gains):
        raise invalid("gains", "pace", f"by numbers of labels below {n}", sorted(gains))
    found = [gains[before] / (before**-DECLINE - n**-DECLINE) for before in _ago(n, sorted(gains))]
    return float(np.mean(found)) if found else float("nan")


def _ago(n: int, numbers: list[int]) -> Iterator[int]:
    """Yield the number nearest to each of those that are wanted, if it is near enough."""
    for ago in AGO:
        nearest = min(numbers, key=lambda before: abs(np.log(n / before / ago)), default=0)
        if nearest and abs(np.log(n / nearest / ago)) <= NEAR:
            yield nearest


def next_labels(outlook: Outlook, *, said_stop: bool = False) -> Advice:
    """Say whether to stop, by what the next labels are expected to bring.

    Parameters
    ----------
    outlook : of the present model
    said_stop : whether it was said before; then it takes more to go on again, so that advice does
        not go to and fro

    Examples
    --------
    >>> print(next_labels(Outlook(100, 0.5, 5000)).sentence)
    Go on: about 56 more answers (12 or more) should get 1 more item in 100 right.
    >>> print(next_labels(Outlook(2000, 0.5, 5000)).sentence)  # doctest: +NORMALIZE_WHITESPACE
    Stop: getting 1 more item in 100 right would take more answers than are left (490 or more).
    """
    coming = outlook.gain(AHEAD)
    limit = GO_ABOVE if said_stop else STOP_BELOW
    stop = coming < limit
    slow, fast = outlook.limits()
    about, least, most = (
        _rounded(one.labels_for(POINT), outlook.n_left) for one in (outlook, fast, slow)
    )
    between = f"{least} to {most}" if most and least else f"{least} or more" if least else ""
    between = f" ({between})" if between else ""
    if stop:
        needed = f"about {about} more answers" if about else "more answers than are left"
        sentence = f"Stop: getting 1 more item in 100 right would take {needed}{between}."
    elif about:
        sentence = (
            f"Go on: about {about} more answers{between} should get 1 more item in 100 right."
        )
    else:
        n_left, is_last = outlook.n_left, outlook.n_left <= AHEAD
        answers = (
            f"the {n_left:,} answers that are left" if is_last else f"the next {AHEAD} answers"
        )
        sentence = f"Go on: {answers} should get {100 * coming:.1f} more items in 100 right."
    return Advice("next_labels", stop, sentence, coming, limit)


def _rounded(n: float, n_left: int) -> str:
    """Return a number of answers as a person says it; ``""`` where there are not as many left."""
    return f"{float(f'{n:.2g}'):,.0f}" if n <= n_left else ""

"""How far suggestions sway people: some items are asked without them, drawn by chance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot
from statistics import median
from zlib import crc32

import numpy as np
from scipy.special import stdtrit

from sparing.project.log.marked import is_suggested
from sparing.project.settings import BOXES, SPANS
from sparing.store import Event, Kind
from sparing.store.contents import units_in

ONE_IN = 20  # items are asked without suggestions
LEAST_ITEMS = 10  # without suggestions: with fewer the interval spans most of what is possible
ALPHA = 0.05
NOUNS = {SPANS: "texts", BOXES: "pictures"}
DONE = {SPANS: "marked", BOXES: "drawn"}


def is_unswayed(seed: int, item_id: str) -> bool:
    """Tell whether an item is asked without suggestions, whoever answers it."""
    return crc32(f"{seed} {item_id}".encode()) % ONE_IN == 0


@dataclass(frozen=True, slots=True)
class Sway:
    """What people marked with suggestions on the screen, and without.

    Parameters
    ----------
    shown, unshown : spans or boxes of each item
    seconds, unshown_seconds : how long items were on the screen, where that was measured
    kind : of the answers
    """

    shown: tuple[int, ...] = ()
    unshown: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()
    unshown_seconds: tuple[float, ...] = ()
    kind: str = SPANS

    def said(self) -> list[str]:
        """Return it in sentences; none where nobody has seen suggestions.

        Examples
        --------
        >>> Sway((1, 2) * 20, (1, 2) * 3).said()[0]
        'How far suggestions sway is told from 10 texts asked without them; so far there are 6.'
        >>> print(Sway((1, 1, 2, 2) * 20, (2, 2, 2, 3) * 5).said()[0])
        With suggestions 1.50 spans a text are marked (80 texts), without 2.25 (20): 0.75 fewer \
(0.52 to 0.98).
        """
        if len(self.shown) < 2:
            return []
        n, n_blind, nouns = len(self.shown), len(self.unshown), NOUNS[self.kind]
        if n_blind < LEAST_ITEMS:
            wanted = f"told from {LEAST_ITEMS} {nouns} asked without them"
            return [f"How far suggestions sway is {wanted}; so far there are {n_blind}."]
        value, low, high = fewer(self.shown, self.unshown)
        with_, without = np.mean(self.shown), np.mean(self.unshown)
        said = (
            f"With suggestions {with_:.2f} {self.kind} a {nouns[:-1]} are {DONE[self.kind]}"
            f" ({n:,} {nouns}), without"
            f" {without:.2f} ({n_blind:,}): {value:.2f} fewer ({low:.2f} to {high:.2f})."
        )
        if not self.seconds or not self.unshown_seconds:
            return [said]
        took = (
            f"The middle one of the {nouns} with suggestions was on the screen for"
            f" {median(self.seconds):.1f} s, of those without for"
            f" {median(self.unshown_seconds):.1f} s."
        )
        return [said, took]


def fewer(some: Sequence[int], others: Sequence[int]) -> tuple[float, float, float]:
    """Return by how much the mean of some is below that of others, with 95 % limits.

    References
    ----------
    Welch (1947), on means of two samples whose variances differ

    Examples
    --------
    >>> [round(x, 2) for x in fewer([1, 2, 1, 2], [2, 3, 2, 3])]
    [1.0, 0.0, 2.0]
    """
    gap = float(np.mean(others) - np.mean(some))
    spreads = [float(np.var(x, ddof=1) / len(x)) for x in (some, others)]
    total = sum(spreads)
    if not total:
        return gap, gap, gap
    parts = (s / np.sqrt(len(x) - 1) for s, x in zip(spreads, (some, others), strict=True))
    reach = float(stdtrit(total**2 / hypot(*parts) ** 2, 1 - ALPHA / 2)) * total**0.5
    return gap, gap - reach, gap + reach


def sway_of(answers: Iterable[Event], seed: int, kind: str = SPANS) -> Sway:
    """Return what people who use suggestions marked with them, and without.

    They do from the first answer on of which a model suggested a part. What they picked
    themselves, and what was asked to check a model, had no suggestion by another cause.

    Parameters
    ----------
    answers : that count
    seed : of the project
    kind : of the answers; nothing is told of others than spans and boxes
    """
    if kind not in NOUNS:
        return Sway()
    with_them: set[str] = set()
    told: dict[bool, list[Event]] = {False: [], True: []}
    for event in sorted(answers, key=lambda event: event.seq):
        if event.kind is not Kind.LABEL or event.purpose != "train" or not event.model_version:
            continue
        if event.confirmed or is_suggested(event.value):
            with_them.add(event.annotator)
        if event.annotator in with_them:
            told[is_unswayed(seed, event.item_id or "")].append(event)
    numbers = [tuple(len(units_in(e.content or "[]")) for e in told[b]) for b in (False, True)]
    times = [tuple(e.seconds for e in told[b] if e.seconds is not None) for b in (False, True)]
    return Sway(numbers[0], numbers[1], times[0], times[1], kind)

"""How far people agree on boxes: matched one to one first, then alpha over what was matched."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from sparing.stats.agreement import LEAST_ITEMS, N_RESAMPLES, Agreement
from sparing.stats.span_agreement import figure_of, ratio
from sparing.types import FloatArray

ALL, OVERLAP = "all boxes", "overlap of the matched"


@dataclass(frozen=True, slots=True)
class MatchedPicture:
    """What people drew in a picture, two of them at a time.

    Parameters
    ----------
    classes : of each box that either has, its class by the one and by the other; None: only one of
        the two has it
    overlaps : intersection over union of those that both have
    """

    classes: tuple[tuple[Hashable, Hashable], ...]
    overlaps: tuple[float, ...]


def box_agreement(
    pictures: Sequence[MatchedPicture], *, alpha: float = 0.05, seed: int = 0
) -> Agreement:
    """Return how far people agree on the boxes of some pictures.

    ``overall`` is Krippendorff's nominal alpha over boxes, of which one that only one of two people
    has is of no class by the other; ``classes`` are F1 of one person's boxes by another's, and the
    mean overlap of those that both have. Intervals rest on whole pictures.

    Parameters
    ----------
    pictures : that two people or more have answered
    alpha : how often each interval may miss
    seed : of the bootstrap over pictures

    Examples
    --------
    >>> same = MatchedPicture((("cat", "cat"), ("dog", "dog")), (0.9, 0.7))
    >>> other = MatchedPicture((("cat", None), ("dog", "dog")), (0.8,))
    >>> found = box_agreement([same] * 15 + [other] * 15)
    >>> [(name, round(figure.value, 2)) for name, figure in found.classes]
    [('all boxes', 0.86), ('overlap of the matched', 0.8)]

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability
    """
    n = len(pictures)
    if n < LEAST_ITEMS:
        many = {0: "No picture has", 1: "One picture has"}.get(n, f"{n} pictures have")
        return Agreement(n, f"{many} two answers: figures come from {LEAST_ITEMS} pictures on.")
    disputed = np.array([any(a != b for a, b in p.classes) for p in pictures])
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    times = drawn.astype(np.float64)
    agreed, sizes, differ, counts, overlap, n_both = _totals(pictures)

    def alpha_of(w: FloatArray) -> FloatArray:
        totals = w @ counts
        m = totals.sum(axis=1)
        return 1 - ratio((m - 1) * (w @ differ), m**2 - (totals**2).sum(axis=1))

    measures = (
        (ALL, lambda w: ratio(w @ agreed, w @ sizes)),
        (OVERLAP, lambda w: ratio(w @ overlap, w @ n_both)),
    )
    figures = ((name, figure_of(measure, times, disputed, alpha)) for name, measure in measures)
    return Agreement(
        n,
        overall=figure_of(alpha_of, times, disputed, alpha),
        classes=tuple((name, found) for name, found in figures if found is not None),
    )


def _totals(pictures: Sequence[MatchedPicture]) -> tuple[FloatArray, ...]:
    """Return of each picture: 2 agreed, boxes, values that differ, values by class, overlaps."""
    names = sorted({c for p in pictures for pair in p.classes for c in pair}, key=str)
    code = {name: i for i, name in enumerate(names)}
    n = len(pictures)
    agreed, sizes, differ, overlap, n_both = np.zeros((5, n))
    counts = np.zeros((n, len(names)))
    for i, picture in enumerate(pictures):
        for a, b in picture.classes:
            agreed[i] += 2 * (a == b)
            sizes[i] += (a is not None) + (b is not None)
            differ[i] += 2 * (a != b)
            counts[i, code[a]] += 1
            counts[i, code[b]] += 1
        overlap[i], n_both[i] = sum(picture.overlaps), len(picture.overlaps)
    return agreed, sizes, differ, counts, overlap, n_both

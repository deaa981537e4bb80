"""Tags: a class and whether it begins or goes on, one a token; spans and back.

Tag 0 is outside; of class c a span begins with tag 2c + 1 and goes on with tag 2c + 2 (IOB2).
"""

import numpy as np

from sparing.annotations.values import ACCEPTED, Unit, Value
from sparing.types import BoolArray, IntArray

OUTSIDE = 0


def n_tags(n_classes: int) -> int:
    """Return how many tags there are for so many classes: one outside, a first and a next for each.

    Examples
    --------
    >>> n_tags(2)
    5
    """
    return 2 * n_classes + 1


def begins(tags: IntArray) -> BoolArray:
    """Tell which tags begin a span.

    Examples
    --------
    >>> begins(np.array([0, 1, 2, 3]))
    array([False,  True, False,  True])
    """
    return np.asarray(tags % 2 == 1)


def allowed(n_classes: int) -> BoolArray:
    """Return (n_tags, n_tags) whether the second tag may follow the first.

    Nothing goes on that did not begin.

    Examples
    --------
    >>> allowed(1).astype(int)
    array([[1, 1, 0],
           [1, 1, 1],
           [1, 1, 1]])
    """
    tags = np.arange(n_tags(n_classes))
    goes_on = (tags % 2 == 0) & (tags > 0)
    same = (tags[:, None] - 1) // 2 == (tags[None, :] - 1) // 2
    return np.asarray(~goes_on[None, :] | (same & (tags > 0)[:, None]))


def tags_of(value: Value, offsets: IntArray) -> IntArray:
    """Return (n_tokens,) tags of one text; a token that a span touches is in it.

    Parameters
    ----------
    value : spans that do not cross
    offsets : (n_tokens, 2) of the text

    Examples
    --------
    >>> tags_of((Unit((0, 7), 1),), np.array([[0, 3], [4, 7], [8, 9]]))
    array([3, 4, 0])
    """
    tags = np.zeros(len(offsets), dtype=np.int64)
    for unit in value:
        start, end = unit.place
        first = int(np.searchsorted(offsets[:, 1], start, side="right"))
        last = int(np.searchsorted(offsets[:, 0], end, side="left"))
        inside = np.arange(first, last)
        inside = inside[tags[inside] == OUTSIDE]  # two spans in one token: the first has it
        tags[inside] = 2 * unit.class_id + 2
        tags[inside[:1]] -= 1
    return tags


def segments(tags: IntArray, starts: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the spans in a row of tags: first token, the token after the last, and class.

    Parameters
    ----------
    tags : (n_tokens,) of all sentences
    starts : (n + 1,) where each sentence begins; no span crosses there

    Examples
    --------
    >>> segments(np.array([1, 2, 0, 3, 1]), np.array([0, 3, 5]))
    (array([0, 3, 4]), array([2, 4, 5]), array([0, 1, 0]))
    """
    first = np.flatnonzero(begins(tags))
    ends_here = ~((tags > 0) & ~begins(tags))  # this token does not go on: what was before ended
    ends_here[starts[:-1][starts[:-1] < len(tags)]] = True
    stops = np.append(np.flatnonzero(ends_here), len(tags))
    after = stops[np.searchsorted(stops, first, side="right")]
    return first, after, (tags[first] - 1) // 2


def spans_of(tags: IntArray, offsets: IntArray, version: int | None = None) -> Value:
    """Return the spans of one text's tags, as the suggestion of a model version.

    Examples
    --------
    >>> spans_of(np.array([1, 2, 0]), np.array([[0, 3], [4, 7], [8, 9]]))[0].place
    (0, 7)
    """
    found = segments(tags, np.array([0, len(tags)]))
    return tuple(
        Unit((int(offsets[a, 0]), int(offsets[b - 1, 1])), int(c), ACCEPTED, version)
        for a, b, c in zip(*found, strict=True)
    )

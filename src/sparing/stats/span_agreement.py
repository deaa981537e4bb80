"""How far people agree on spans: F1 between two of them, and alpha over tokens; by whole texts."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sparing.stats.agreement import FEW, LEAST_ITEMS, N_RESAMPLES, Agreement, Figure
from sparing.stats.hypergeometric import clopper_pearson
from sparing.types import BoolArray, FloatArray, IntArray

_Unit = tuple[int, int, Hashable]
ALL = "all spans"


@dataclass(frozen=True, eq=False, slots=True)
class MarkedText:
    """A text that several people have marked.

    Parameters
    ----------
    tokens : (n_tokens, 2) offsets
    said : by person, the spans: start, end and class
    """

    tokens: IntArray
    said: Mapping[str, frozenset[_Unit]]


def span_agreement(texts: Sequence[MarkedText], *, alpha: float = 0.05, seed: int = 0) -> Agreement:
    """Return how far people agree on the spans of some texts.

    ``overall`` is Krippendorff's alpha over tokens, each of the class of the span that it is in or
    of none; ``classes`` are F1, exact in ends and class, of one person's spans by another's: of all
    spans, and of each class. Intervals rest on whole texts, as spans within one are not
    independent.

    Parameters
    ----------
    texts : that two people or more have marked
    alpha : how often each interval may miss
    seed : of the bootstrap over texts

    Examples
    --------
    >>> tokens = np.array([[0, 3], [4, 7]])
    >>> one, other = frozenset({(0, 3, "x")}), frozenset({(4, 7, "x")})
    >>> texts = [MarkedText(tokens, {"Ada": one, "Ben": one}) for _ in range(15)]
    >>> texts += [MarkedText(tokens, {"Ada": one, "Ben": other}) for _ in range(15)]
    >>> found = span_agreement(texts)
    >>> round(found.overall.value, 2), found.classes[0][1].value
    (0.01, 0.5)

    References
    ----------
    Hripcsak & Rothschild (2005), Agreement, the F-measure, and reliability in information retrieval
    """
    n = len(texts)
    if n < LEAST_ITEMS:
        many = {0: "No text has", 1: "One text has"}.get(n, f"{n} texts have")
        return Agreement(n, f"{many} two answers: figures come from {LEAST_ITEMS} texts on.")
    every = sorted({unit[2] for t in texts for units in t.said.values() for unit in units}, key=str)
    disputed = np.array([len(set(text.said.values())) > 1 for text in texts])
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES).astype(np.float64)

    def figure(measure: Callable[[FloatArray], FloatArray]) -> Figure | None:
        return figure_of(measure, drawn, disputed, alpha)

    classes = ((name, figure(_f1(texts, name))) for name in (ALL, *every))
    return Agreement(
        n,
        overall=figure(_token_alpha(texts, every)),
        classes=tuple((name, found) for name, found in classes if found is not None),
    )


def figure_of(
    measure: Callable[[FloatArray], FloatArray],
    drawn: FloatArray,
    disputed: BoolArray,
    alpha: float,
) -> Figure | None:
    """Return a measure with its limits; where few texts are in dispute, or few are not, exact ones.

    Resampling knows too little then: the limits are those of the share of texts in dispute.
    """
    n = len(disputed)
    value = float(measure(np.ones((1, n)))[0])
    if np.isnan(value):
        return None
    n_disputed = int(disputed.sum())
    if min(n_disputed, n - n_disputed) < FEW:
        share = n_disputed / n
        a_text = (1 - value) / share if share else 1.0  # what one text in dispute comes to
        least, most = (float(limit) for limit in clopper_pearson(n_disputed, n, alpha))
        low, high = 1 - a_text * most, 1 - a_text * least
    else:
        found = measure(drawn)
        low, high = np.quantile(found[~np.isnan(found)], [alpha / 2, 1 - alpha / 2])
    return Figure(value, float(min(low, value)), float(max(high, value)), n)


def _f1(texts: Sequence[MarkedText], name: Hashable) -> Callable[[FloatArray], FloatArray]:
    """Return what gives F1 for how often each text counts."""
    shared, sizes = np.zeros((2, len(texts)))
    for i, text in enumerate(texts):
        own = [{u for u in units if name in (ALL, u[2])} for units in text.said.values()]
        for a, b in combinations(own, 2):
            shared[i] += 2 * len(a & b)
            sizes[i] += len(a) + len(b)
    return lambda times: ratio(times @ shared, times @ sizes)


def _token_alpha(
    texts: Sequence[MarkedText], names: Sequence[Hashable]
) -> Callable[[FloatArray], FloatArray]:
    """Return what gives alpha over tokens for how often each text counts."""
    code = {name: i + 1 for i, name in enumerate(names)}
    seen, counts = np.zeros(len(texts)), np.zeros((len(texts), len(names) + 1))
    for i, text in enumerate(texts):
        tags = np.array([_tags(text.tokens, units, code) for units in text.said.values()])
        of_token = np.stack([(tags == c).sum(axis=0) for c in range(len(names) + 1)], axis=1)
        m = len(text.said)
        seen[i] = (m * m - (of_token**2).sum(axis=1)).sum() / max(m - 1, 1)
        counts[i] = of_token.sum(axis=0)

    def measure(times: FloatArray) -> FloatArray:
        totals = times @ counts
        n = totals.sum(axis=1)
        return 1 - ratio((n - 1) * (times @ seen), n**2 - (totals**2).sum(axis=1))

    return measure


def _tags(tokens: IntArray, units: frozenset[_Unit], code: Mapping[Hashable, int]) -> IntArray:
    tags = np.zeros(len(tokens), dtype=np.int64)
    for start, end, name in units:
        tags[(tokens[:, 0] < end) & (tokens[:, 1] > start)] = code[name]
    return tags


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return the shares of parts in wholes; NaN where there is nothing."""
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))

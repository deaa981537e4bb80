"""Evidence: what an answered audit proves, by the hypergeometric distribution alone.

Two claims can be certified.

Whole data set ("Ship A"). The items are walked down from the most confident, and the walk ends
before audited error number K + 1; every audited error on the way is corrected. More than
``allowed`` wrong labels remain only if of the first ``allowed + K + 1`` wrong items at most K were
drawn, which has a hypergeometric probability; K is the largest number for which it is <= delta.
Where the walk ends may depend on the audit: the argument is about ranks, fixed beforehand. An audit
may have several looks, each with its K: all of them together fail with probability <= delta, so
the person may stop at any (:mod:`sparing.audit.sequential`).

Auto-labels alone ("Ship B"). The error among them is not monotone in the threshold, so thresholds
chosen from confidences alone are tested in order, the most confident first, until one fails.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaincc, ndtri

from sparing.audit.audit import Audit, Claim
from sparing.audit.findings import Findings
from sparing.audit.sequential import risk_of_looks, tolerated_at
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import first_failure, p_value
from sparing.types import BoolArray, FloatArray, IntArray

N_LEVELS = 64
# A model may be surer than it should be, or less: (how often it errs of what it says, weight).
SCENARIOS = ((0.25, 0.2), (0.5, 0.2), (1.0, 0.4), (2.0, 0.2))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One hypergeometric test: ``n_refuted`` wrong items would hardly have shown so few.

    Parameters
    ----------
    scope : "all", or the predicted class that it is about
    code : id of that class; None for all
    n_items, n_audited : size of the set tested, and of the draw from it
    n_wrong : errors that the audit may show (whole data set: K) or did show (auto-labels)
    n_refuted : number of wrong items that is refuted
    risk : probability to show so few errors if ``n_refuted`` items are wrong
    delta : what the risk may be
    threshold : no item with a lower confidence is auto-labeled; None if none is at all
    n_auto : labels that the model gives here
    looks : whole data set: size of the draw and K at each look that the risk is about
    """

    scope: str
    code: int | None
    n_items: int
    n_audited: int
    n_wrong: int
    n_refuted: int
    risk: float
    delta: float
    threshold: float | None
    n_auto: int
    looks: tuple[tuple[int, int], ...] = ()


def whole_set(
    predictions: Predictions, audit: Audit, findings: Findings, claim: Claim
) -> tuple[Evidence, ...]:
    """Bound the error of the finished data set: how far down the model's labels may stand.

    Returns
    -------
    one piece for each look of the audit that ``findings`` reach; all hold together
    """
    n = int(audit.eligible.sum())
    allowed = math.floor(claim.epsilon * predictions.n_total)
    tolerated = tolerated_at(n, audit.looks, allowed, audit.delta)
    risk = risk_of_looks(n, allowed, audit.looks, tolerated) if tolerated[-1] >= 0 else 1.0
    planned = tuple(zip(audit.looks, tolerated, strict=True))
    start = Evidence("all", None, n, 0, -1, allowed, risk, audit.delta, None, 0, planned)
    reached = [(m, k) for m, k in planned if m <= len(findings.wrong)]
    items = np.sort(predictions.confidence[audit.eligible]) if reached else np.zeros(0)
    drawn = predictions.confidence[audit.drawn]
    return tuple(_kept_down_to(start, items, drawn[:m], findings.wrong[:m], k) for m, k in reached)


def _kept_down_to(
    start: Evidence, items: FloatArray, drawn: FloatArray, is_wrong: BoolArray, k: int
) -> Evidence:
    """Walk down to the audited error that is one too many; confidences, of ``items`` ascending."""
    m = len(drawn)
    wrong = np.sort(drawn[is_wrong])[::-1]
    # Items as confident as the error that ends the walk are left out with it: ties move together.
    barrier = np.inf if k < 0 else wrong[k] if len(wrong) > k else -np.inf
    kept = items[np.searchsorted(items, barrier, side="right") :]
    return replace(
        start,
        n_audited=m,
        n_wrong=k,
        n_refuted=start.n_refuted + k + 1,
        threshold=float(kept[0]) if len(kept) else None,
        n_auto=len(kept) - int((drawn > barrier).sum()),
    )


def auto_labels(
    predictions: Predictions, audit: Audit, findings: Findings, claim: Claim
) -> tuple[Evidence, ...]:
    """Bound the error among the labels of the model alone; per class, each with delta / c."""
    codes = np.unique(predictions.codes[audit.eligible]).tolist() if claim.per_class else [None]
    scopes = [_scope(predictions, audit, findings, code) for code in codes]
    return tuple(_fixed_sequence(s, claim.epsilon, audit.delta / len(codes)) for s in scopes)


@dataclass(frozen=True, eq=False, slots=True)
class _Scope:
    """The items of one claim and their audit, confidences ascending."""

    name: str
    code: int | None
    items: FloatArray
    audited: FloatArray
    wrong: FloatArray


def _scope(predictions: Predictions, audit: Audit, findings: Findings, code: int | None) -> _Scope:
    inside, drawn = audit.eligible, np.ones(len(audit.drawn), dtype=bool)
    if code is not None:
        inside = inside & (predictions.codes == code)
        drawn = predictions.codes[audit.drawn] == code
    confidence = predictions.confidence
    return _Scope(
        "all" if code is None else str(predictions.classes.values[code]),
        code,
        np.sort(confidence[inside]),
        np.sort(confidence[audit.drawn[drawn]]),
        np.sort(confidence[audit.drawn[drawn & findings.wrong]]),
    )


def _fixed_sequence(scope: _Scope, epsilon: float, delta: float) -> Evidence:
    levels = levels_of(scope.items, len(scope.audited), epsilon, delta)
    n_audited = _count_above(scope.audited, levels.thresholds)
    n_wrong = _count_above(scope.wrong, levels.thresholds)
    risk = p_value(n_wrong, levels.n_items, levels.n_refuted, n_audited)
    risk = np.where(n_audited <= levels.most_audited, risk, 1.0)
    last = first_failure(risk, delta) - 1
    at = max(last, 0)
    return Evidence(
        scope=scope.name,
        code=scope.code,
        n_items=int(levels.n_items[at]),
        n_audited=int(n_audited[at]),
        n_wrong=int(n_wrong[at]),
        n_refuted=int(levels.n_refuted[at]),
        risk=float(risk[at]),
        delta=delta,
        threshold=None if last < 0 else float(levels.thresholds[at]),
        n_auto=0 if last < 0 else int(levels.n_items[at] - n_audited[at]),
    )


def _count_above(ascending: FloatArray, thresholds: FloatArray) -> IntArray:
    below: IntArray = np.searchsorted(ascending, thresholds, side="left")
    return len(ascending) - below


@dataclass(frozen=True, eq=False, slots=True)
class Levels:
    """Nested sets of the most confident items, each (n_levels,), smallest set first.

    Parameters
    ----------
    thresholds : the least confidence in each set
    n_items : size of each set
    most_audited : a level with more draws in it than this fails
    n_refuted : number of wrong items that passing the level refutes
    """

    thresholds: FloatArray
    n_items: IntArray
    most_audited: IntArray
    n_refuted: IntArray


def levels_of(confidence: FloatArray, n_drawn: int, epsilon: float, delta: float) -> Levels:
    """Choose up to 64 levels before any answer is seen.

    The claim is about the labels that the model alone gives, so audited items do not count: at a
    level at most ``epsilon`` times the items that are left may be wrong, and how many are left is
    fixed beforehand by a most that the draw hardly ever exceeds. A level contains all smaller
    ones, so the first need not be small: it is the one most likely to pass, if the model errs
    about as often as it says.

    Parameters
    ----------
    confidence : (n_items,) ascending
    n_drawn : size of the uniform draw from these items
    epsilon, delta : of the claim

    Examples
    --------
    >>> levels = levels_of(np.linspace(0.9, 1, 640), 200, 0.1, 0.05)
    >>> levels.n_items[[0, -1]], levels.n_refuted[[0, -1]]
    (array([270, 640]), array([17, 45]))
    """
    n = len(confidence)
    sizes = np.unique(np.linspace(n / N_LEVELS, n, N_LEVELS).round().astype(np.int64))
    thresholds = np.unique(confidence[n - np.maximum(sizes, 1)])[::-1]
    n_items = _count_above(confidence, thresholds)
    mean = n_drawn * n_items / n
    spread = np.sqrt(mean * (1 - n_items / n))
    most = np.minimum(np.ceil(mean + 3 * spread), np.minimum(n_drawn, n_items)).astype(np.int64)
    n_refuted = np.floor(epsilon * (n_items - most)).astype(np.int64) + 1
    expected = np.cumsum(1.0 - confidence[::-1], dtype=np.float64)[n_items - 1]
    first = int(np.argmax(chance_to_start(n_items, n_refuted, n_drawn / n, expected, delta)))
    return Levels(thresholds[first:], n_items[first:], most[first:], n_refuted[first:])


def chance_to_start(
    size: FloatArray | IntArray,
    marked: FloatArray | IntArray,
    rate: FloatArray | float,
    expected_errors: FloatArray,
    delta: float,
) -> FloatArray:
    """Guess how likely levels pass if the model errs a quarter to twice as often as it says.

    Parameters
    ----------
    size, marked, rate, delta : as for :func:`chance_to_pass`
    expected_errors : errors in each level if the model errs as often as it says
    """
    return np.asarray(sum(
        weight * chance_to_pass(size, marked, rate, factor * expected_errors, delta)
        for factor, weight in SCENARIOS
    ))  # fmt: skip


def chance_to_pass(
    size: FloatArray | IntArray,
    marked: FloatArray | IntArray,
    rate: FloatArray | float,
    expected_errors: FloatArray,
    delta: float,
) -> FloatArray:
    """Guess how likely levels pass, if so many errors are in them.

    Drawn errors are taken as Poisson; this serves plans and the choice of levels, no proof.

    Parameters
    ----------
    size, marked : items of each level, and how many wrong ones passing it refutes
    rate : share of the items that is drawn
    expected_errors : in each level
    delta : of the test
    """
    drawn = np.minimum(rate * size / np.maximum(size - (marked - 1) / 2, 1), 1 - 1e-9)
    mean = -marked * np.log1p(-drawn)  # exact where no error is seen, close for more
    tolerated = np.floor((np.sqrt(mean) + ndtri(delta) / 2) ** 2 - 0.9)
    possible = (mean >= -math.log(delta)) & (tolerated >= 0)
    chance = gammaincc(np.maximum(tolerated, 0) + 1, rate * expected_errors)
    return np.asarray(possible * chance)

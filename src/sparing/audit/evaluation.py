"""How good a frozen model is, from few labels and without a test set.

Every number says what it is about. *This pool*: the items nobody had labeled when the audit was
drawn, a finite set. *New items*: others from the same source as those; items that a strategy had
picked before are not among them, so where many were picked, new items may be harder.
Unanswered and disputed audit items count as wrong, as in a certificate.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from sparing._validate import check_fraction, check_int, invalid
from sparing.audit.audit import BY_CLASS, BY_CONFIDENCE, UNIFORM, Audit
from sparing.audit.findings import Findings
from sparing.errors import CapabilityError
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import clopper_pearson, lower_limit, upper_limit, wilson
from sparing.stats.intervals import (
    FEW,
    Interval,
    PoolConfidence,
    Strata,
    stratified_interval,
    uniform_interval,
    weighted_limits,
)
from sparing.types import BoolArray, FloatArray, IntArray, Label

POOL = "pool"
NEW = "new"
N_BOOTSTRAP = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, and what both are about.

    Parameters
    ----------
    value, low, high : the estimate and the limits of its interval
    confidence : how often such an interval holds the truth: at least, where ``rough`` is False
        and the method is exact; in simulation 94 % of 95 %, where it is prediction-powered
    about : which items
    method : how the interval was made
    n_audited, n_wrong : what was seen
    rough : True where the interval is approximate, or the labels were drawn for something else
    """

    value: float
    low: float
    high: float
    confidence: float
    about: str
    method: str
    n_audited: int
    n_wrong: int
    rough: bool = False

    def __str__(self) -> str:
        """Return one line for a person."""
        numbers = f"{100 * self.value:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"
        rough = "roughly " if self.rough else ""
        return f"{rough}{numbers}, {self.about}; {self.n_audited} audited, {self.method}"


def accuracy(
    predictions: Predictions,
    audit: Audit,
    findings: Findings,
    *,
    about: str = POOL,
    alpha: float = 0.05,
) -> Estimate:
    """Estimate the share of right predictions, with a 1 - ``alpha`` interval.

    Prediction-powered: the model's confidences on all items correct for the luck of the draw;
    their weight is estimated on other folds of the audit. With fewer than ten errors (or right
    answers) the interval is exact instead, and no confidence is believed. An audit drawn by
    confidence is weighted back by strata, and is treated as Poisson when errors are few.

    Parameters
    ----------
    predictions, audit, findings : the frozen model, the draw, and its
        :func:`sparing.audit.findings.judge`
    about : ``"pool"`` or ``"new"``
    alpha : how often the interval may miss

    Raises
    ------
    VoidAuditError : ``predictions`` are not those that the audit froze

    References
    ----------
    Angelopoulos, Duchi & Zrnic (2023), PPI++, arXiv 2311.01453; Fay & Feuer (1997), Confidence
    intervals for directly standardized rates, Statistics in Medicine 16.

    Examples
    --------
    >>> from sparing import ClassTable
    >>> from sparing.audit.findings import judge
    >>> from sparing.audit.sampling import draw_audit
    >>> p = Predictions(np.zeros(900), np.ones(900), np.full(900, -1), ClassTable(("cat",)))
    >>> audit = draw_audit(p, 100)
    >>> print(accuracy(p, audit, judge(audit, p, [(i, "cat") for i in audit.drawn.tolist()])))
    100.0 % (96.7 to 100.0), of the 900 items; 100 audited, exact
    """
    audit.check(predictions)
    audit, findings = _first_look(audit, findings)
    check_fraction("alpha", "accuracy", alpha)
    if about not in (POOL, NEW):
        raise invalid("about", "accuracy", f"'{POOL}' or '{NEW}'", about)
    if audit.design == UNIFORM:
        found = _uniform(predictions, audit, findings, about == NEW, alpha)
        method = "exact" if found.few[0] else "prediction-powered"
    else:
        found = _stratified(predictions, audit, findings, about == NEW, alpha)
        method = "stratified, Poisson" if found.few[0] else "stratified"
    value, low, high = (float(limit[0]) for limit in (found.value, found.low, found.high))
    text = _text(about, int(audit.eligible.sum()))
    return Estimate(value, low, high, 1 - alpha, text, method, *_counts(findings))


def _first_look(audit: Audit, findings: Findings) -> tuple[Audit, Findings]:
    """Leave out what came after the first look: whether it came depends on what was seen there."""
    m = audit.looks[0]
    if m == len(audit.drawn):
        return audit, findings
    return replace(audit, drawn=audit.drawn[:m], looks=(m,)), findings.first(m)


def _counts(findings: Findings) -> tuple[int, int]:
    return len(findings.wrong), int(findings.wrong.sum())


def _text(about: str, n: int) -> str:
    if about == POOL:
        return f"of the {n:,} items"
    return f"of new items like these {n:,}"


def _uniform(
    predictions: Predictions, audit: Audit, findings: Findings, new: bool, alpha: float
) -> Interval:
    right = (~findings.wrong).astype(np.float64)
    confidence = predictions.confidence[audit.drawn].astype(np.float64)
    pool = PoolConfidence.of(predictions.confidence[audit.eligible])
    return uniform_interval(right[None], confidence[None], pool, new, alpha)


def _stratified(
    predictions: Predictions, audit: Audit, findings: Findings, new: bool, alpha: float
) -> Interval:
    rows = np.flatnonzero(audit.eligible)
    stratum = audit.strata(predictions, rows)
    size = np.bincount(stratum)
    there = size > 0
    drawn = audit.strata(predictions, audit.drawn)
    m = np.bincount(drawn, minlength=len(size))
    if np.any(m[there] == 0):
        raise CapabilityError("Of some of the items none was checked: their accuracy is unknown.")
    wrong = np.bincount(drawn, weights=findings.wrong, minlength=len(size)).astype(np.float64)
    return stratified_interval(wrong[there][None], Strata(size[there], m[there]), new, alpha)


def per_class_accuracy(
    predictions: Predictions,
    audit: Audit,
    findings: Findings,
    *,
    by: str = "predicted",
    alpha: float = 0.05,
) -> dict[Label, Estimate]:
    """Estimate the accuracy within each class, exactly; classes without an audit are left out.

    Parameters
    ----------
    predictions, audit, findings : as of :func:`accuracy`
    by : ``"predicted"``: of the items called so, how many are so; ``"true"``: of those that are
        so, how many are called so
    alpha : how often each interval may miss, of itself

    Raises
    ------
    CapabilityError : the audit was drawn by confidence (or ``by="true"`` from one per class)

    Examples
    --------
    >>> from sparing import ClassTable
    >>> from sparing.audit.findings import judge
    >>> from sparing.audit.sampling import draw_audit
    >>> codes = np.arange(900) % 2
    >>> p = Predictions(codes, np.ones(900), np.full(900, -1), ClassTable(("cat", "dog")))
    >>> audit = draw_audit(p, 100)
    >>> found = judge(audit, p, [(i, "cat") for i in audit.drawn.tolist()])
    >>> print(per_class_accuracy(p, audit, found)["dog"])
    0.0 % (0.0 to 6.7), of the 450 items called 'dog'; 49 audited, exact
    """
    audit.check(predictions)
    audit, findings = _first_look(audit, findings)
    if by not in ("predicted", "true"):
        raise invalid("by", "per_class_accuracy", "'predicted' or 'true'", by)
    if audit.design == BY_CONFIDENCE or (by == "true" and audit.design == BY_CLASS):
        raise CapabilityError(f"Accuracy by {by} class needs a uniform audit.")
    predicted = predictions.codes[audit.drawn]
    codes = predicted if by == "predicted" else findings.codes
    sizes = np.bincount(predictions.codes[audit.eligible], minlength=len(predictions.classes))
    estimates: dict[Label, Estimate] = {}
    for code in np.unique(codes[codes >= 0]).tolist():
        of = codes == code
        m, wrong = int(of.sum()), int(findings.wrong[of].sum())
        value = findings.classes.values[code]
        if by == "predicted":
            n = int(sizes[code])
            low = int(lower_limit(m - wrong, n, m, alpha / 2)) / n
            high = int(upper_limit(m - wrong, n, m, alpha / 2)) / n
            about = f"of the {n:,} items called '{value}'"
        else:  # how many there are is unknown: the binomial limits hold for any number
            low, high = (float(limit) for limit in clopper_pearson(m - wrong, m, alpha))
            about = f"of the items that are '{value}'"
        share = min(max((m - wrong) / m, low), high)  # as in uniform_interval
        estimates[value] = Estimate(share, low, high, 1 - alpha, about, "exact", m, wrong)
    return estimates


def macro_f1(
    predictions: Predictions,
    audit: Audit,
    findings: Findings,
    *,
    alpha: float = 0.05,
    seed: int = 0,
) -> Estimate:
    """Estimate the mean over classes of F1 in this pool; approximate, by a stratified bootstrap.

    How often the model predicts each class is known for the whole pool; what the items truly are
    is drawn again within each predicted class, by what the audit showed and one error more for the
    lower limit, one right answer more for the upper: few errors are no proof of none. What has no
    agreed answer counts as an error.

    Raises
    ------
    CapabilityError : fewer than ten audited items are called, or are, some class

    Examples
    --------
    >>> from sparing import ClassTable
    >>> from sparing.audit.findings import judge
    >>> from sparing.audit.sampling import draw_audit
    >>> codes = np.arange(900) % 2
    >>> p = Predictions(codes, np.ones(900), np.full(900, -1), ClassTable(("cat", "dog")))
    >>> audit = draw_audit(p, 100)
    >>> answers = [(i, "cat" if i % 2 == 0 or i < 100 else "dog") for i in audit.drawn.tolist()]
    >>> print(macro_f1(p, audit, judge(audit, p, answers)))
    roughly 94.9 % (88.2 to 98.3), macro F1 of the 900 items; 100 audited, bootstrap
    """
    audit.check(predictions)
    audit, findings = _first_look(audit, findings)
    if audit.design == BY_CONFIDENCE:
        raise CapabilityError("Macro F1 needs a uniform audit, or one per class.")
    c = len(findings.classes)
    truth = np.where(findings.agreed, findings.codes, c)
    pairs = np.zeros((c, c + 1))  # predicted x true, as audited; last: nobody knows
    np.add.at(pairs, (predictions.codes[audit.drawn], truth), 1)
    called = np.bincount(predictions.codes[audit.eligible], minlength=c)
    known = pairs[:, :c].sum(axis=0)
    exists = (called > 0) | (known > 0)
    few = exists & (np.minimum(pairs.sum(axis=1), known) < FEW)
    if few.any():
        value = findings.classes.values[int(np.argmax(few))]
        raise CapabilityError(
            f"Macro F1 needs {FEW} audited items called and {FEW} that are each class;"
            f" class '{value}' has fewer."
        )
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(called > 0)
    seen, size = pairs[rows], called[rows][:, None]
    value = float(_macro_f1((seen / seen.sum(axis=1, keepdims=True) * size)[None], rows, exists)[0])
    is_hit = np.arange(c + 1) == rows[:, None]
    worse, better = seen + np.where(is_hit, 0.0, 1 / c), seen + is_hit
    low, high = (
        float(np.quantile(_macro_f1(_redrawn(one, rng) * size, rows, exists), at))
        for one, at in ((worse, alpha / 2), (better, 1 - alpha / 2))
    )
    low, high = min(low, value), max(high, value)
    about = f"macro F1 {_text(POOL, int(audit.eligible.sum()))}"
    return Estimate(value, float(low), float(high), 1 - alpha, about, "bootstrap", len(audit.drawn),
                    int(findings.wrong.sum()), rough=True)  # fmt: skip


def _redrawn(counts: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return (n, n_rows, n_columns) shares of each row, such as may have led to these counts."""
    weights = rng.standard_gamma(counts, (N_BOOTSTRAP, *counts.shape))
    shares: FloatArray = weights / weights.sum(axis=2, keepdims=True)
    return shares


def _macro_f1(pairs: FloatArray, rows: IntArray, exists: BoolArray) -> FloatArray:
    """Return (n,) the mean F1 of the existing classes; ``pairs`` (n, n_rows, n_classes + 1)."""
    hits = np.zeros((len(pairs), len(exists)))
    hits[:, rows] = pairs[:, np.arange(len(rows)), rows]
    called = np.zeros_like(hits)
    called[:, rows] = pairs.sum(axis=2)
    score = 2 * hits / np.maximum(called + pairs[:, :, :-1].sum(axis=1), 1e-12)
    mean: FloatArray = score[:, exists].mean(axis=1)
    return mean


def live_accuracy(
    right: npt.ArrayLike,
    confidence: npt.ArrayLike = (),
    left: npt.ArrayLike = (),
    *,
    alpha: float = 0.05,
) -> Estimate:
    """Say roughly how good the model is between audits, from items drawn uniformly for training.

    Parameters
    ----------
    right : (m,) whether the out-of-fold prediction of each uniformly drawn item was right; rows
        that a strategy picked must not be among them
    confidence, left : (m,) how sure the model was of these, out of fold, and (n,) is of the items
        that nobody has labeled. With both the estimate is of the latter: what is hard was asked,
        so the rest is easier than what was drawn, by as much as the model is surer of it. Where it
        is less sure of the rest, that is expected to be harder, but may be as easy: the upper
        limit stays
    alpha : how often the interval may miss

    Notes
    -----
    Rough, because the loop has adapted to these labels, and each is judged by a model that saw
    fewer labels than the present one.

    Examples
    --------
    >>> print(live_accuracy([True] * 18 + [False] * 2))
    roughly 90.0 % (69.9 to 97.2), of items drawn uniformly so far; 20 audited, out of fold
    >>> print(live_accuracy([True] * 18 + [False] * 2, [0.9] * 20, [0.9, 0.96, 0.96]))
    roughly 94.0 % (73.9 to 100.0), of items that nobody has labeled; 20 audited, out of fold
    >>> print(live_accuracy([True] * 20, [0.94] * 20, [0.9, 0.9]))
    roughly 96.0 % (79.9 to 100.0), of items that nobody has labeled; 20 audited, out of fold
    """
    seen = np.asarray(right, dtype=bool)
    check_int("the number of uniform draws", "live_accuracy", seen.size, 1)
    low, high = wilson(int(seen.sum()), seen.size, check_fraction("alpha", "live_accuracy", alpha))
    drawn, rest = (np.asarray(sure, dtype=np.float64) for sure in (confidence, left))
    of_left = drawn.size > 0 < rest.size
    easier = float(rest.mean() - drawn.mean()) if of_left else 0.0
    moved = [seen.mean() + easier, low + easier, high + max(easier, 0.0)]
    value, low, high = np.clip(moved, 0.0, 1.0).tolist()
    return Estimate(
        value, low, high, 1 - alpha,
        "of items that nobody has labeled" if of_left else "of items drawn uniformly so far",
        "out of fold", seen.size, int((~seen).sum()), rough=True,
    )  # fmt: skip


def lure(
    loss: npt.ArrayLike, propensity: npt.ArrayLike, n_pool: int, *, alpha: float = 0.05
) -> Estimate:
    """Estimate the mean loss of a pool from a test drawn item by item with known probabilities.

    Only for draws that were really random: each item was drawn, without replacement, from those
    left with the probability that is stated.

    Parameters
    ----------
    loss : (m,) of the drawn items in the order of the draw, such as 1 where the model is wrong
    propensity : (m,) probability with which each was drawn from those left
    n_pool : items in the pool
    alpha : how often the interval may miss

    Returns
    -------
    unbiased estimate; the interval is rough: a normal approximation, or, where fewer than ten
    losses are not zero, one of a weighted sum of counts, which supposes losses of at most 1

    References
    ----------
    Farquhar, Gal & Rainforth (2021), arXiv 2101.11665; Kossen et al. (2021), Active Testing,
    arXiv 2103.05331.

    Examples
    --------
    With even probabilities it is the plain mean:

    >>> even = 1 / np.arange(10, 6, -1)
    >>> round(lure([1, 0, 0, 1], even, 10).value, 12)
    0.5
    """
    values, q = np.asarray(loss, dtype=np.float64), np.asarray(propensity, dtype=np.float64)
    m = check_int("the number of draws", "lure", len(values), 1, n_pool)
    if q.shape != values.shape or not np.all((q > 0) & (q <= 1)):
        raise invalid("propensity", "lure", f"{m} probabilities in (0, 1]", propensity)
    drawn = np.arange(1, m + 1)
    weight = 1 + (n_pool - m) / np.maximum(n_pool - drawn, 1) * (1 / ((n_pool - drawn + 1) * q) - 1)
    terms = weight * values
    half = -float(stdtrit(max(m - 1, 1), alpha / 2)) * terms.std(ddof=min(1, m - 1)) / np.sqrt(m)
    mean = float(terms.mean())
    low, high = max(mean - half, 0.0), mean + half
    if np.count_nonzero(values) < FEW:
        exact = weighted_limits(terms / m, float(weight.max()) / m, alpha)
        low, high = min(low, float(exact[0])), max(high, float(exact[1]))
    return Estimate(
        mean, low, high, 1 - alpha, f"mean loss {_text(POOL, n_pool)}",
        "weighted by propensity", m, int((values > 0).sum()), rough=True,
    )  # fmt: skip

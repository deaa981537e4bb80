"""When to stop: rules that each say stop or go on, and why in one sentence.

No rule wins everywhere (Pullar-Strecker et al. 2021, arXiv 2110.03802): stopping trades a
person's time against accuracy, and only the person knows the rate. The one to rely on is
:func:`target_accuracy`, since it rests on an audit; a budget is firm; the others need no label
and are advice: predictions can settle on a wrong model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sparing._validate import check_fraction, check_int, check_proba, invalid
from sparing.audit.audit import UNIFORM, Audit
from sparing.audit.findings import Findings
from sparing.errors import CapabilityError
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import clopper_pearson, lower_limit, spend
from sparing.types import FloatArray

N_POINTS = 5
TOO_EARLY = "It is too early to say: "  # begins each sentence that has no evidence to go by


@dataclass(frozen=True, slots=True)
class Advice:
    """What a rule says.

    Parameters
    ----------
    rule : its name
    stop : whether to stop
    sentence : why, for the person
    value : the number that was looked at; NaN if there is not enough to go by
    threshold : what it was compared with
    """

    rule: str
    stop: bool
    sentence: str
    value: float
    threshold: float


def budget(n_answers: int, n_allowed: int) -> Advice:
    """Stop when all answers that were allowed are given.

    Examples
    --------
    >>> budget(60, 100).sentence
    'Go on: 60 of 100 answers are given.'
    """
    given = check_int("n_answers", "budget", n_answers, 0)
    allowed = check_int("n_allowed", "budget", n_allowed, 0)
    stop = given >= allowed
    sentence = f"{_verb(stop)}: {given:,} of {allowed:,} answers are given."
    return Advice("budget", stop, sentence, given, allowed)


def target_accuracy(
    predictions: Predictions,
    audit: Audit,
    findings: Findings,
    *,
    target: float,
    delta: float = 0.05,
) -> Advice:
    """Stop when a fresh audit shows that the model is as good as asked.

    The lower limit is exact. Each look is a fresh audit and spends its share of ``delta``, by the
    number of audits before it, so that looking often does not make a false stop likelier.

    Parameters
    ----------
    predictions, audit, findings : the frozen model, its uniform draw, what the person said
    target : accuracy wanted on the items nobody had labeled, in (0, 1)
    delta : probability of ever stopping too early

    Raises
    ------
    VoidAuditError : the predictions changed after the draw
    CapabilityError : the audit was not drawn uniformly

    Examples
    --------
    >>> from sparing import ClassTable
    >>> from sparing.audit.findings import judge
    >>> from sparing.audit.sampling import draw_audit
    >>> p = Predictions(np.zeros(900), np.ones(900), np.full(900, -1), ClassTable(("cat",)))
    >>> audit = draw_audit(p, 100)
    >>> found = judge(audit, p, [(i, "cat") for i in audit.drawn.tolist()])
    >>> print(target_accuracy(p, audit, found, target=0.95).sentence)
    Stop: the accuracy is at least 96.8 % (look 1, 100 audited); 95 % were asked for.
    """
    audit.check(predictions)
    if audit.design != UNIFORM:
        raise CapabilityError("A target accuracy needs a uniform audit.")
    m, n = audit.looks[0], int(audit.eligible.sum())  # the rest may depend on what was seen there
    right = m - int(findings.wrong[:m].sum())
    low = int(lower_limit(right, n, m, spend(delta, audit.attempt))) / n
    return _reached("target_accuracy", low, target, f"look {audit.attempt}, {m} audited")


def standing_accuracy(
    right: npt.ArrayLike, *, target: float, look: int, delta: float = 0.05
) -> Advice:
    """Stop when a standing sample, that no choice and no training sees, shows the target.

    The same sample serves every model; so each look, counted from 1, spends its share of
    ``delta``. The limit is Clopper and Pearson's, about new items.

    Examples
    --------
    >>> print(standing_accuracy([True] * 200, target=0.99, look=1).sentence)
    Go on: the accuracy is at least 98.3 % (look 1, 200 in the sample); 99 % were asked for.
    """
    seen = np.asarray(right, dtype=bool)
    m = check_int("the size of 'right'", "standing_accuracy", seen.size, 1)
    # One-sided: the lower limit of a two-sided interval at twice the risk.
    low = float(clopper_pearson(int(seen.sum()), m, 2 * spend(delta, look))[0])
    return _reached("standing_accuracy", low, target, f"look {look}, {m} in the sample")


def _reached(rule: str, low: float, target: float, how: str) -> Advice:
    check_fraction("target", rule, target)
    stop = low >= target
    sentence = (
        f"{_verb(stop)}: the accuracy is at least {100 * low:.1f} % ({how});"
        f" {100 * target:g} % were asked for."
    )
    return Advice(rule, stop, sentence, low, target)


def stabilizing_predictions(
    predictions: Sequence[npt.ArrayLike], *, threshold: float = 0.99, n_rounds: int = 3
) -> Advice:
    """Stop when consecutive models agree on a fixed random set of items: mean kappa over rounds.

    Parameters
    ----------
    predictions : of each model so far, oldest first, (n_items,) class ids on the same items,
        drawn at random once and not trained on
    threshold : mean Cohen's kappa that counts as agreement
    n_rounds : pairs of consecutive models to average

    References
    ----------
    Bloodgood & Vijay-Shanker (2009), arXiv 1409.5165.

    Examples
    --------
    >>> same = [0, 1, 1, 0]
    >>> stabilizing_predictions([same, same, same, same]).sentence
    'Stop: the last 4 models say the same of nearly all items (they differ on 0 %).'

    Models that know one class alone agree whatever they are worth:

    >>> stabilizing_predictions([[0, 0, 0]] * 4).sentence
    'It is too early to say: a model of late predicts one class alone.'
    """
    rule = "stabilizing_predictions"
    if len(predictions) <= n_rounds:
        return _unknown(rule, threshold, f"fewer than {n_rounds + 1} models can be compared")
    last = [np.asarray(p) for p in predictions[-n_rounds - 1 :]]
    if any(p.shape != last[0].shape or not p.size for p in last):
        raise invalid("predictions", rule, "of the same items", [p.shape for p in last])
    if any(np.all(p == p.flat[0]) for p in last):
        return _unknown(rule, threshold, "a model of late predicts one class alone")
    kappa = float(np.mean([_kappa(a, b) for a, b in pairwise(last)]))
    differ = 100 * float(np.mean([np.mean(a != b) for a, b in pairwise(last)]))
    stop = kappa >= threshold
    if stop:
        found = f"say the same of nearly all items (they differ on {differ:.2g} %)"
    else:
        found = f"still differ on {differ:.2g} % of the items"
    sentence = f"{_verb(stop)}: the last {n_rounds + 1} models {found}."
    return Advice(rule, stop, sentence, kappa, threshold)


def _kappa(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> float:
    """Return Cohen's kappa of two models, each of which predicts several classes."""
    c = int(max(a.max(), b.max())) + 1
    pairs = np.bincount(a.astype(np.int64) * c + b, minlength=c * c).reshape(c, c) / a.size
    agree = float(np.trace(pairs))
    by_chance = float(pairs.sum(axis=1) @ pairs.sum(axis=0))
    return (agree - by_chance) / (1 - by_chance)


def classification_change(
    before: npt.ArrayLike, now: npt.ArrayLike, *, threshold: float = 0.0
) -> Advice:
    """Stop when the last answers changed (almost) no prediction.

    Parameters
    ----------
    before, now : (n_items,) class ids that two consecutive models predict
    threshold : share of changed predictions that counts as none

    References
    ----------
    Zhu, Wang & Hovy (2008), Multi-criteria-based strategy to stop active learning.

    Examples
    --------
    >>> classification_change([0, 1, 1, 0], [0, 1, 1, 1]).sentence
    'Go on: the last answers changed 1 of 4 predictions (25 %).'
    """
    a, b = np.asarray(before), np.asarray(now)
    if a.shape != b.shape or not a.size:
        raise invalid("now", "classification_change", f"of shape {a.shape}, not empty", b.shape)
    changed = int(np.count_nonzero(a != b))
    share = changed / a.size
    stop = share <= threshold
    sentence = (
        f"{_verb(stop)}: the last answers changed {changed:,} of {a.size:,} predictions"
        f" ({100 * share:.2g} %)."
    )
    return Advice("classification_change", stop, sentence, share, threshold)


def overall_uncertainty(proba: npt.ArrayLike, *, threshold: float = 0.01) -> Advice:
    """Stop when the model is sure of all that is left: mean entropy, as a share of the largest.

    Parameters
    ----------
    proba : (n_items, n_classes) of items that nobody has labeled
    threshold : mean normalized entropy that counts as sure

    References
    ----------
    Zhu, Wang & Hovy (2008), Multi-criteria-based strategy to stop active learning.

    Examples
    --------
    >>> overall_uncertainty([[1.0, 0.0], [0.5, 0.5]]).sentence
    'Go on: the mean uncertainty of what is left is 0.500 (0.01 would do).'
    """
    P = check_proba(proba, "overall_uncertainty")
    rows = max(1, (1 << 20) // P.shape[1])
    total = sum(_entropy(P[i : i + rows]) for i in range(0, len(P), rows))
    mean = total / (max(len(P), 1) * np.log(max(P.shape[1], 2)))
    stop = mean <= threshold
    sentence = (
        f"{_verb(stop)}: the mean uncertainty of what is left is {mean:.3f}"
        f" ({threshold:g} would do)."
    )
    return Advice("overall_uncertainty", stop, sentence, float(mean), threshold)


def _entropy(P: FloatArray) -> float:
    return -float((P * np.log(np.maximum(P, np.finfo(np.float32).tiny))).sum(dtype=np.float64))


def expected_gain(
    n_labels: npt.ArrayLike, accuracies: npt.ArrayLike, *, answers_per_point: float
) -> Advice:
    """Stop when one more point of accuracy costs more answers than it is worth.

    The error is taken to fall as a power of the number of labels, fitted to the last five points
    of the curve after errors that rise were averaged out.

    Parameters
    ----------
    n_labels : (n_points,) ascending, positive
    accuracies : (n_points,) estimates in [0, 1], such as those of :mod:`sparing.audit.evaluation`
    answers_per_point : how many answers a point (0.01) of accuracy is worth

    Examples
    --------
    >>> curve = [50, 100, 200, 400], [0.8, 0.9, 0.95, 0.975]
    >>> print(expected_gain(*curve, answers_per_point=100).sentence)
    Stop: getting 1 more item in 100 right would take about 270 more answers (limit: 100).
    """
    x = np.asarray(n_labels, dtype=np.float64)[-N_POINTS:]
    error = 1 - np.asarray(accuracies, dtype=np.float64)[-N_POINTS:]
    if x.shape != error.shape or np.any(np.diff(x) <= 0) or np.any((error < 0) | (error > 1)):
        raise invalid("n_labels", "expected_gain", "ascending, one for each accuracy", n_labels)
    if len(x) < 3:
        return _unknown("expected_gain", answers_per_point, "the curve has fewer than 3 points")
    needed = _answers_for_a_point(x, np.maximum(_falling(error), 1e-6))
    stop = not needed <= answers_per_point
    n = f"{float(f'{needed:.2g}'):,.0f}"
    if not stop:
        sentence = f"Go on: about {n} more answers should get 1 more item in 100 right."
    elif np.isfinite(needed):
        sentence = (
            f"Stop: getting 1 more item in 100 right would take about {n} more answers"
            f" (limit: {answers_per_point:g})."
        )
    else:
        sentence = "Stop: no number of answers is expected to get 1 more item in 100 right."
    return Advice("expected_gain", stop, sentence, needed, answers_per_point)


def _falling(error: FloatArray) -> FloatArray:
    """Return the closest sequence that never rises."""
    from sklearn.isotonic import isotonic_regression

    fitted: FloatArray = isotonic_regression(error, increasing=False)
    return fitted


def _answers_for_a_point(x: FloatArray, error: FloatArray) -> float:
    """Return how many more labels lower the fitted error by 0.01; infinite if none do."""
    slope, _ = np.polyfit(np.log(x), np.log(error), 1)
    now = error[-1]
    if slope >= -1e-9 or now <= 0.01:
        return np.inf
    return float(x[-1] * (((now - 0.01) / now) ** (1 / slope) - 1))


def _verb(stop: bool) -> str:
    return "Stop" if stop else "Go on"


def _unknown(rule: str, threshold: float, why: str) -> Advice:
    return Advice(rule, False, f"{TOO_EARLY}{why}.", float("nan"), threshold)

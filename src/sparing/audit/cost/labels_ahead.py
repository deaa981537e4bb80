"""Whether to audit now, or to label more first: where the answers in all are expected least.

A guess, as every plan is: the model is taken to doubt what is left less and less, as a power of the
number of its labels, and its most doubtful items to be those that are labeled on the way.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sparing.audit.audit import Claim
from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.audit.cost.plan import AuditPlan, plan_audit
from sparing.pool.predictions import Predictions

RATE = 0.35  # doubts fall as labels to the power of minus this: docs/benchmarks/planning.md
MORE = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # labels, as a share of those so far
AT_RANDOM = 0.1  # of what is labeled on the way; the rest is what the model doubts most
LEAST_MORE = 10
LEAST_GAIN = 0.05  # of the answers in all; for less nobody should wait


def plan_ahead(
    predictions: Predictions, claim: Claim, *, attempt: int = 1, seen: DoubtCounts | None = None
) -> AuditPlan:
    """Plan an audit, and say after how many more labels one is expected to cost least in all.

    Parameters
    ----------
    predictions, claim, attempt, seen : as of :func:`sparing.audit.cost.plan.plan_audit`

    Examples
    --------
    >>> from sparing import ClassTable
    >>> y = np.r_[np.zeros(200), np.full(3800, -1)]
    >>> sure = 1 - np.linspace(0, 0.7, 4000) ** 1.5
    >>> p = Predictions(np.zeros(4000), sure, y, ClassTable(("cat", "dog")))
    >>> print(plan_ahead(p, Claim(0.02)).ahead)
    Audit now: about 2,439 answers in all. After 800 more labels: about 1,956, these included.
    """
    now = plan_audit(predictions, claim, attempt=attempt, seen=seen)
    answers = _answers(now)
    n_labeled, n_left = int((predictions.y >= 0).sum()), int(predictions.eligible.sum())
    steps = {max(LEAST_MORE, round(float(f"{share * n_labeled:.2g}"))) for share in MORE}
    # No more than the audit itself would ask: else there is nothing to be saved.
    steps = {more for more in steps if n_labeled and more < min(answers, n_left)}
    surest = _surest_first(predictions) if steps else np.zeros(0, np.uint32)  # sorted once
    in_all = {0: answers}
    for more in sorted(steps):
        in_all[more] = more + _answers(
            plan_audit(
                _after(predictions, surest, n_labeled, more), claim, attempt=attempt, seen=seen
            )
        )
    best = min(in_all, key=lambda more: in_all[more])
    if in_all[best] > (1 - LEAST_GAIN) * answers:
        best = 0
    return replace(now, more_labels=best, in_all=in_all[best], ahead=_said(in_all, best, n_left))


def _answers(plan: AuditPlan) -> int:
    return plan.expected_audits + plan.expected_remainder


def _surest_first(predictions: Predictions) -> npt.NDArray[np.uint32]:
    """Return the rows that are left, the surest first, of equal ones the first first.

    Doubt and row are sorted as one number: in the memory of two floats an item, and soon.
    """
    left = np.flatnonzero(predictions.eligible)
    pairs = np.empty((len(left), 2), dtype="<u4")
    pairs[:, 0] = left
    sure = predictions.confidence[left] + np.float32(0)  # there is no -0
    np.invert(sure.view("<u4"), out=pairs[:, 1])
    pairs.view("<u8")[:, 0].sort()
    return pairs[:, 0].copy()


def _after(
    predictions: Predictions, surest: npt.NDArray[np.uint32], n_labeled: int, more: int
) -> Predictions:
    """Return what the model is expected to say after so many more labels."""
    n_doubted = round((1 - AT_RANDOM) * more)
    others = surest[: len(surest) - n_doubted]
    spread = others[np.linspace(0, len(others) - 1, more - n_doubted).round().astype(np.int64)]
    y = predictions.y.copy()
    labeled = np.concatenate([surest[len(others) :], spread])
    y[labeled] = predictions.codes[labeled]
    confidence = 1 - predictions.confidence
    confidence *= (n_labeled / (n_labeled + more)) ** RATE
    np.subtract(1, confidence, out=confidence)
    y.flags.writeable = confidence.flags.writeable = False
    return Predictions(predictions.codes, confidence, y, predictions.classes)


def _said(in_all: dict[int, int], best: int, n_left: int) -> str:
    if not n_left:
        return ""
    now = f"Audit now: about {in_all[0]:,} answers in all."
    if not best:
        return f"{now} More labels first are not expected to save much."
    return f"{now} After {best:,} more labels: about {in_all[best]:,}, these included."

"""Whether to audit now, or to label more first: where the answers in all are expected least.

A guess, as every plan is: the model is taken to doubt what is left less and less, as a power of the
number of its labels, and its most doubtful items to be those that are labeled on the way.
"""

from dataclasses import replace

from sparing.audit.audit import Claim
from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.audit.cost.left_items import LeftItems
from sparing.audit.cost.plan import AuditPlan, cheapest_split, plan_of
from sparing.pool.predictions import Predictions

MORE = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # labels, as a share of those so far
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
    >>> import numpy as np
    >>> from sparing import ClassTable
    >>> y = np.r_[np.zeros(200), np.full(3800, -1)]
    >>> sure = 1 - np.linspace(0, 0.7, 4000) ** 1.5
    >>> p = Predictions(np.zeros(4000), sure, y, ClassTable(("cat", "dog")))
    >>> print(plan_ahead(p, Claim(0.02)).ahead)
    Audit now: about 2,439 answers in all. After 800 more labels: about 1,956, these included.
    """
    left = LeftItems.of(predictions, claim)
    now = plan_of(predictions, claim, left, attempt=attempt, seen=seen)
    answers = now.expected_audits + now.expected_remainder
    steps = {max(LEAST_MORE, round(float(f"{share * left.n_labeled:.2g}"))) for share in MORE}
    # No more than the audit itself would ask: else there is nothing to be saved.
    steps = {more for more in steps if left.n_labeled and more < min(answers, len(left))}
    in_all = {0: answers}
    for more in sorted(steps):
        _, mix = cheapest_split(left.after(more), claim, attempt=attempt, seen=seen)
        in_all[more] = more + round(mix.audits) + round(mix.remainder)
    best = min(in_all, key=lambda more: in_all[more])
    if in_all[best] > (1 - LEAST_GAIN) * answers:
        best = 0
    return replace(now, more_labels=best, in_all=in_all[best], ahead=_said(in_all, best, len(left)))


def _said(in_all: dict[int, int], best: int, n_left: int) -> str:
    if not n_left:
        return ""
    now = f"Audit now: about {in_all[0]:,} answers in all."
    if not best:
        return f"{now} More labels first are not expected to save much."
    return f"{now} After {best:,} more labels: about {in_all[best]:,}, these included."

"""When an audit has shown enough: at a look where going on would cost more than it can save."""

import math

from sparing.audit.audit import WHOLE, Audit
from sparing.audit.error_bounds import whole_set
from sparing.audit.findings import Findings
from sparing.pool.predictions import Predictions


def audits_needed(predictions: Predictions, audit: Audit, findings: Findings, n_seen: int) -> int:
    """Return how many of the drawn items, in their order, are to be answered before it ends.

    The audit ends at the first look at which what the walk hands back of the audited set is no
    more than the answers up to the next look. This is advice about cost: the guarantee holds
    at every look, whoever ends it and why.

    Parameters
    ----------
    predictions, audit, findings : the frozen model, its draw, what was said so far
    n_seen : how many of the drawn, in order, were answered or skipped

    Examples
    --------
    >>> import numpy as np
    >>> from sparing import ClassTable
    >>> from sparing.audit.audit import Claim
    >>> from sparing.audit.findings import judge
    >>> from sparing.audit.sampling import draw_audit
    >>> p = Predictions(np.zeros(900), np.ones(900), np.full(900, -1), ClassTable(("cat", "dog")))
    >>> audit = draw_audit(p, (80, 130), claim=Claim(0.05))
    >>> cats = [(row, "cat") for row in audit.drawn.tolist()[:80]]
    >>> audits_needed(p, audit, judge(audit, p, cats), 80)
    80
    >>> audits_needed(p, audit, judge(audit, p, [*cats[:-1], (cats[-1][0], "dog")]), 80)
    130
    """
    claim = audit.claim
    if claim is None or claim.kind != WHOLE:
        return len(audit.drawn)
    looks = whole_set(predictions, audit, findings.first(n_seen), claim)
    following = (*audit.looks[1:], math.inf)
    for look, more in zip(looks, following, strict=False):  # as far as was seen
        handed_back = look.n_items - look.n_audited - look.n_auto
        if handed_back <= more - look.n_audited:
            return look.n_audited
    return audit.looks[len(looks)]

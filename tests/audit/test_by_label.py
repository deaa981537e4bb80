"""Limits for each label by itself: over all draws none fails more often than is allowed."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from sparing import ClassTable
from sparing.audit.audit import Claim
from sparing.audit.certifying import certify
from sparing.audit.findings import Findings
from sparing.audit.sampling import draw_audit
from sparing.pool.predictions import Predictions

N, M, DELTA = 9, 4, 0.4
CLASSES = ClassTable(("answer",))
P = Predictions(np.zeros(N), np.linspace(1, 0.5, N), np.full(N, -1), CLASSES)
AUDIT = draw_audit(P, M, claim=Claim(0.4, DELTA))


def limits(drawn, wrong):
    """Return the limits that a draw gives, where the model is wrong about labels on such items."""
    audit = replace(AUDIT, drawn=np.array(drawn))
    here = {label: rows[list(drawn)] for label, rows in wrong.items()}
    found = Findings(np.zeros(M, int), np.any([*here.values()], axis=0), np.zeros(M, bool), CLASSES,
                     here)  # fmt: skip
    return certify(P, audit, found).by_label


@pytest.mark.parametrize("n_wind", range(0, N + 1, 3))
@pytest.mark.parametrize("n_rain", range(0, N + 1, 2))
def test_all_limits_together_fail_no_more_often_than_is_allowed(n_rain, n_wind):
    """Wrong items of one label are the first, of the other the last: some have both."""
    rows = np.arange(N)
    wrong = {"rain": rows < n_rain, "wind": rows >= N - n_wind}
    draws = list(combinations(range(N), M))
    failed = 0
    for drawn in draws:
        told = limits(drawn, wrong)
        left = {
            label: int(where.sum() - where[list(drawn)].sum()) for label, where in wrong.items()
        }
        failed += any(left[label] > told[label] for label in wrong)
    assert failed / len(draws) <= AUDIT.delta


def test_only_the_first_look_counts_as_what_is_drawn_later_depends_on_it():
    audit = replace(AUDIT, looks=(2, M), drawn=np.arange(M))
    late = Findings(np.zeros(M, int), np.zeros(M, bool), np.zeros(M, bool), CLASSES,
                    {"rain": np.array([False, False, True, True])})  # fmt: skip
    none = replace(late, by_label={"rain": np.zeros(M, bool)})
    assert certify(P, audit, late).by_label == certify(P, audit, none).by_label

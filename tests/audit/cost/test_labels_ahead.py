import numpy as np
import pytest

from sparing import ClassTable
from sparing.audit.audit import Claim
from sparing.audit.cost.labels_ahead import plan_ahead
from sparing.audit.cost.plan import plan_audit
from sparing.pool.predictions import Predictions

CLASSES = ClassTable(("cat", "dog"))


def predictions(doubt, n_labeled):
    y = np.full(len(doubt), -1)
    y[:n_labeled] = 0
    return Predictions(np.zeros(len(doubt)), 1 - doubt, y, CLASSES)


def test_a_doubtful_model_of_few_labels_is_to_be_taught_more_first():
    p = predictions(0.7 * np.linspace(0, 1, 4000) ** 1.5, 100)
    plan = plan_ahead(p, Claim(0.02))
    now = plan.expected_audits + plan.expected_remainder
    assert plan.more_labels >= 100
    assert plan.more_labels < plan.in_all < 0.95 * now
    assert f"about {now:,} answers" in plan.ahead
    assert f"After {plan.more_labels:,} more labels: about {plan.in_all:,}" in plan.ahead


def test_a_model_that_is_sure_is_to_be_audited_now():
    plan = plan_ahead(predictions(np.zeros(4000), 100), Claim(0.02))
    assert (plan.more_labels, plan.in_all) == (0, plan.expected_audits)
    assert plan.ahead.endswith("More labels first are not expected to save much.")


@pytest.mark.parametrize("n_labeled", [0, 300])
def test_it_is_the_plan_of_today_besides(n_labeled):
    p = predictions(np.linspace(0, 0.4, 300) ** 2, n_labeled)
    ahead, plan = plan_ahead(p, Claim(0.05)), plan_audit(p, Claim(0.05))
    assert (ahead.n_audit, ahead.cut, ahead.sentence) == (plan.n_audit, plan.cut, plan.sentence)
    assert ahead.more_labels == 0


def test_claims_for_each_class_are_planned_ahead_too():
    codes = np.arange(3000) % 2
    y = np.where(np.arange(3000) < 100, codes, -1)
    sure = 1 - 0.5 * np.linspace(0, 1, 3000) ** 2
    plan = plan_ahead(
        Predictions(codes, sure, y, CLASSES), Claim(0.05, kind="auto", per_class=True)
    )
    assert plan.in_all <= plan.expected_audits + plan.expected_remainder

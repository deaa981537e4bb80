from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import cohen_kappa_score

from sparing import ClassTable
from sparing.audit.findings import judge
from sparing.audit.sampling import draw_audit, draw_stratified
from sparing.audit.stopping import (
    budget,
    classification_change,
    expected_gain,
    overall_uncertainty,
    stabilizing_predictions,
    standing_accuracy,
    target_accuracy,
)
from sparing.errors import CapabilityError, InvalidInputError, VoidAuditError
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import lower_limit, spend

CLASSES = ClassTable(("cat", "dog"))


def test_a_budget_ends_with_its_last_answer():
    assert [budget(n, 40).stop for n in (0, 39, 40, 41)] == [False, False, True, True]
    assert budget(40, 40).sentence == "Stop: 40 of 40 answers are given."
    with pytest.raises(InvalidInputError, match="n_allowed"):
        budget(3, -1)


def looked(wrong=(), previous=(), m=200, seed=0):
    p = Predictions(np.zeros(2000), np.ones(2000), np.full(2000, -1), CLASSES)
    audit = draw_audit(p, m, previous=previous, key=str(seed))
    answers = [(r, "dog" if r in wrong else "cat") for r in audit.drawn.tolist()]
    return p, audit, judge(audit, p, answers)


def test_the_target_is_compared_with_an_exact_lower_limit():
    p, audit, found = looked()
    advice = target_accuracy(p, audit, found, target=0.98)
    assert advice.value == lower_limit(200, 2000, 200, spend(0.05, 1)) / 2000
    assert advice.stop is (advice.value >= 0.98)
    assert advice.stop
    assert not target_accuracy(p, audit, found, target=0.999).stop


def test_each_look_may_risk_less():
    p, first, _ = looked()
    values = []
    previous = []
    for _ in range(3):
        p, audit, found = looked(previous=previous)
        values.append(target_accuracy(p, audit, found, target=0.9).value)
        previous.append(first)
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 3


def test_ten_looks_rarely_ever_stop_too_early():
    rng = np.random.default_rng(0)
    n, m, target, delta = 1000, 60, 0.9, 0.3
    wrong = np.arange(n) < 101  # the accuracy is just below the target
    early = 0
    for _ in range(400):
        limits = [
            lower_limit(m - wrong[rng.choice(n, m, replace=False)].sum(), n, m, spend(delta, t)) / n
            for t in range(1, 11)
        ]
        early += max(limits) >= target
    assert 0 < early / 400 <= delta


def test_a_target_needs_a_uniform_audit_of_this_model():
    p, audit, found = looked()
    other = Predictions(p.codes, p.confidence, p.y, CLASSES, model_version=3)
    with pytest.raises(VoidAuditError):
        target_accuracy(other, audit, found, target=0.9)
    with pytest.raises(CapabilityError, match="uniform"):
        target_accuracy(p, draw_stratified(p, 20), found, target=0.9)
    with pytest.raises(InvalidInputError, match="target"):
        target_accuracy(p, audit, found, target=1.2)


def test_a_standing_sample_is_clopper_pearson_at_the_looks_share():
    right = np.arange(100) >= 4
    advice = standing_accuracy(right, target=0.85, look=3)
    assert advice.value == pytest.approx(beta.ppf(spend(0.05, 3), 96, 5))
    assert advice.stop
    assert "look 3" in advice.sentence


def test_kappa_is_scikit_learns():
    rng = np.random.default_rng(0)
    models = [rng.integers(4, size=300) for _ in range(5)]
    expected = np.mean([cohen_kappa_score(a, b) for a, b in pairwise(models[1:])])
    assert stabilizing_predictions(models).value == pytest.approx(expected)


def test_predictions_are_stable_when_three_pairs_agree():
    a = np.arange(100) % 3
    b = np.where(np.arange(100) < 30, 0, a)
    assert stabilizing_predictions([b, a, a, a, a]).stop
    assert not stabilizing_predictions([b, b, a, a]).stop
    waiting = stabilizing_predictions([a, a, a])
    assert not waiting.stop
    assert np.isnan(waiting.value)
    assert waiting.sentence == "It is too early to say: fewer than 4 models can be compared."
    with pytest.raises(InvalidInputError, match="same items"):
        stabilizing_predictions([a, a, a, a[:50]])


def test_models_that_predict_one_class_alone_are_no_evidence():
    """Their kappa is 0 / 0: they agree whatever they are worth."""
    one, two = np.zeros(1000, int), np.arange(1000) % 2
    for models in ([one] * 4, [one, two, two, two], [two, two, two, one]):
        advice = stabilizing_predictions(models)
        assert not advice.stop
        assert np.isnan(advice.value)
        assert "too early to say" in advice.sentence
    assert stabilizing_predictions([two] * 4).stop


def test_classification_change_counts():
    a = np.zeros(1000, int)
    b = a.copy()
    b[:3] = 1
    assert classification_change(a, a).stop
    assert not classification_change(a, b).stop
    assert classification_change(a, b, threshold=0.005).stop
    assert "changed 3 of 1,000 predictions (0.3 %)" in classification_change(a, b).sentence
    with pytest.raises(InvalidInputError, match="now"):
        classification_change(a, b[:5])


def test_overall_uncertainty_by_hand():
    even = np.full((3, 4), 0.25)
    assert overall_uncertainty(even).value == pytest.approx(1.0)
    assert overall_uncertainty(np.eye(4)).stop
    half = overall_uncertainty([[0.5, 0.5, 0.0, 0.0]])
    assert half.value == pytest.approx(0.5)
    with pytest.raises(InvalidInputError, match="proba"):
        overall_uncertainty([[0.5, 0.6]])


def test_the_gain_of_a_power_law():
    """error = 1 / n: from 50 labels (2 %) one point costs 50 more."""
    n = np.array([10, 20, 30, 40, 50])
    advice = expected_gain(n, 1 - 1 / n, answers_per_point=60)
    assert advice.value == pytest.approx(50, rel=1e-6)
    assert not advice.stop
    assert advice.sentence == "Go on: about 50 more answers should get 1 more item in 100 right."
    assert expected_gain(n, 1 - 1 / n, answers_per_point=40).stop


def test_a_flat_or_finished_curve_stops():
    n = [10, 20, 30]
    assert expected_gain(n, [0.8, 0.8, 0.8], answers_per_point=1e6).stop
    assert expected_gain(n, [0.9, 0.8, 0.7], answers_per_point=1e6).stop
    assert expected_gain(n, [0.99, 0.995, 1.0], answers_per_point=1e6).stop
    assert "no number of answers" in expected_gain(n, [0.8] * 3, answers_per_point=9).sentence


def test_a_curve_needs_three_points_in_order():
    assert not expected_gain([10, 20], [0.5, 0.6], answers_per_point=10).stop
    for n, acc in (([10, 10, 20], [0.5] * 3), ([10, 20, 30], [0.5] * 2), ([1, 2, 3], [0.5, 2, 0])):
        with pytest.raises(InvalidInputError, match="n_labels"):
            expected_gain(n, acc, answers_per_point=10)

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import f1_score

from sparing import ClassTable
from sparing.audit.audit import Claim
from sparing.audit.evaluation import accuracy, live_accuracy, lure, macro_f1, per_class_accuracy
from sparing.audit.findings import judge
from sparing.audit.sampling import draw_audit, draw_stratified
from sparing.errors import CapabilityError, InvalidInputError, VoidAuditError
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import lower_limit

CLASSES = ClassTable(("ant", "bee", "cat"))


def world(n=3000, seed=0, error=0.2):
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=n)
    chance = error * 2 * rng.random(n)
    codes = np.where(rng.random(n) < chance, (truth + 1) % 3, truth)
    y = np.full(n, -1)
    y[: n // 10] = truth[: n // 10]
    return Predictions(codes, 1 - chance, y, CLASSES), truth


def told(audit, truth):
    return [(row, CLASSES.values[truth[row]]) for row in audit.drawn.tolist()]


def audited(p, truth, m=200, draw=draw_audit, **kwargs):
    audit = draw(p, m, **kwargs)
    return audit, judge(audit, p, told(audit, truth))


def test_the_audit_says_how_good_the_model_is_and_about_what():
    p, truth = world()
    audit, found = audited(p, truth)
    here = accuracy(p, audit, found)
    there = accuracy(p, audit, found, about="new")
    true = (p.codes == truth)[300:].mean()
    assert here.low < true < here.high
    assert there.high - there.low > here.high - here.low
    assert "of the 2,700 items" in str(here)
    assert "of new items like these 2,700" in str(there)
    assert here.method == "prediction-powered"
    assert (here.n_audited, here.n_wrong) == (200, int(found.wrong.sum()))


def test_few_errors_switch_to_the_exact_interval():
    p, truth = world(error=0.01)
    audit, found = audited(p, truth, 100)
    here = accuracy(p, audit, found)
    right = 100 - int(found.wrong.sum())
    assert here.method == "exact"
    assert here.low == lower_limit(right, 2700, 100, 0.025) / 2700
    there = accuracy(p, audit, found, about="new")
    assert there.low == pytest.approx(beta.ppf(0.025, right, 101 - right))


def test_a_stratified_audit_is_weighted_back():
    p, truth = world()
    true = (p.codes == truth)[300:].mean()
    values, plain = [], []
    for seed in range(40):
        audit, found = audited(p, truth, draw=draw_stratified, key=str(seed))
        values.append(accuracy(p, audit, found).value)
        plain.append(1 - found.wrong.mean())
    assert abs(np.mean(values) - true) < 0.01
    assert np.mean(plain) < true - 0.01  # it looked more often where errors are


def test_unanswered_items_count_as_wrong():
    p, truth = world(error=0.01)
    audit = draw_audit(p, 100)
    some = judge(audit, p, told(audit, truth)[:60])
    assert accuracy(p, audit, some).high < 0.75


def test_a_smaller_alpha_is_wider_and_limits_are_shares():
    p, truth = world()
    audit, found = audited(p, truth)
    wide, narrow = (accuracy(p, audit, found, alpha=a) for a in (0.01, 0.2))
    assert 0 <= wide.low < narrow.low < narrow.high < wide.high <= 1


def test_per_class_by_prediction_is_exact_by_hand():
    n = 400
    codes = np.arange(n) % 2
    p = Predictions(codes, np.ones(n), np.full(n, -1), CLASSES)
    truth = np.zeros(n, dtype=int)
    audit, found = audited(p, truth, 80)
    by = per_class_accuracy(p, audit, found)
    m = int((codes[audit.drawn] == 0).sum())
    assert by["ant"].value == 1
    assert by["ant"].low == lower_limit(m, 200, m, 0.025) / 200
    assert by["bee"].value == by["bee"].low == 0
    assert "cat" not in by


def test_per_class_by_truth_is_recall():
    p, truth = world()
    audit, found = audited(p, truth, 400)
    by = per_class_accuracy(p, audit, found, by="true")
    for code, value in enumerate(CLASSES.values):
        of = truth[audit.drawn] == code
        assert by[value].value == pytest.approx((p.codes == truth)[audit.drawn][of].mean())
        recall = (p.codes == truth)[300:][truth[300:] == code].mean()
        assert by[value].low <= recall <= by[value].high
        assert f"of the items that are '{value}'" in by[value].about


def test_an_audit_per_class_gives_precision_but_no_recall():
    p, truth = world()
    claim = Claim(0.1, kind="auto", per_class=True)
    audit, found = audited(p, truth, {0: 50, 1: 60, 2: 70}, claim=claim)
    assert [e.n_audited for e in per_class_accuracy(p, audit, found).values()] == [50, 60, 70]
    with pytest.raises(CapabilityError, match="uniform"):
        per_class_accuracy(p, audit, found, by="true")
    true = (p.codes == truth)[300:].mean()
    estimate = accuracy(p, audit, found)
    assert estimate.low < true < estimate.high


def test_a_class_without_an_audit_leaves_the_accuracy_unknown():
    p, truth = world()
    claim = Claim(0.1, kind="auto", per_class=True)
    audit, found = audited(p, truth, {0: 50, 1: 60}, claim=claim)
    with pytest.raises(CapabilityError, match="none was checked"):
        accuracy(p, audit, found)


def test_macro_f1_of_a_census_is_scikit_learns():
    p, truth = world(n=900)
    audit, found = audited(p, truth, 810)
    expected = f1_score(truth[90:], p.codes[90:], average="macro")
    assert macro_f1(p, audit, found).value == pytest.approx(expected)


def test_macro_f1_mostly_holds_the_truth_and_says_it_is_rough():
    p, truth = world()
    true = f1_score(truth[300:], p.codes[300:], average="macro")
    held = 0
    for seed in range(200):
        audit, found = audited(p, truth, 200, key=str(seed))
        estimate = macro_f1(p, audit, found)
        held += estimate.low <= true <= estimate.high
    assert held >= 175
    assert estimate.rough
    assert str(estimate).startswith("roughly ")


def test_macro_f1_is_refused_below_ten_audits_a_class():
    p, truth = world()
    audit, found = audited(p, truth, 27)
    with pytest.raises(CapabilityError, match=r"Macro F1 needs 10 .* class '\w+' has fewer"):
        macro_f1(p, audit, found)
    audit, found = audited(p, truth, 300, draw=draw_stratified)
    with pytest.raises(CapabilityError, match="uniform"):
        macro_f1(p, audit, found)


def test_lure_with_even_probabilities_is_the_mean():
    loss = np.array([1.0, 0.0, 0.0, 0.5])
    even = 1 / np.arange(50, 46, -1)
    assert lure(loss, even, 50).value == pytest.approx(loss.mean())


def test_lure_is_unbiased_whatever_the_probabilities():
    rng = np.random.default_rng(0)
    n, m = 30, 10
    loss = (rng.random(n) < 0.3).astype(float)
    score = 0.2 + rng.random(n) + loss
    values = []
    for _ in range(4000):
        left, rows, q = np.arange(n), [], []
        for _ in range(m):
            chance = score[left] / score[left].sum()
            i = rng.choice(len(left), p=chance)
            rows.append(left[i])
            q.append(chance[i])
            left = np.delete(left, i)
        values.append(lure(loss[rows], np.array(q), n).value)
    assert abs(np.mean(values) - loss.mean()) < 4 * np.std(values) / np.sqrt(4000)


def test_lure_of_everything_is_exact():
    loss = np.array([1.0, 0.0, 1.0])
    assert lure(loss, np.array([0.5, 0.9, 1.0]), 3).value == pytest.approx(2 / 3)


@pytest.mark.parametrize("q", [[0.5], [0.5, 0.0], [0.5, 1.5], [0.5, np.nan]])
def test_lure_needs_probabilities(q):
    with pytest.raises(InvalidInputError, match="propensity"):
        lure([1, 0], q, 10)


def test_the_live_figure_is_rough():
    figure = live_accuracy(np.array([True] * 45 + [False] * 5))
    assert figure.rough
    assert figure.value == 0.9
    assert figure.low < 0.9 < figure.high
    assert "uniformly" in figure.about
    with pytest.raises(InvalidInputError, match="uniform draws"):
        live_accuracy([])


def test_what_is_left_is_easier_by_as_much_as_the_model_is_surer_of_it():
    """The strategy takes what is hard: a tenth of the pool is always wrong, and asked first."""
    rng = np.random.default_rng(0)
    hard = rng.random(10_000) < 0.1
    confidence, right = np.where(hard, 0.5, 0.98), ~hard
    drawn, left = rng.choice(10_000, 400, replace=False), ~hard
    plain = live_accuracy(right[drawn])
    figure = live_accuracy(right[drawn], confidence[drawn], confidence[left])
    assert figure.value == pytest.approx(plain.value + 0.98 - confidence[drawn].mean())
    assert abs(plain.value - 1) > 0.08
    assert abs(figure.value - 1) < 0.06
    assert "nobody has labeled" in figure.about
    assert live_accuracy(right[drawn], confidence[drawn], []) == plain  # nothing is left


def test_doubt_of_what_is_left_does_not_rule_out_that_all_of_it_is_right():
    figure = live_accuracy([True] * 33, [0.96] * 33, [0.94] * 200)
    assert figure.value == pytest.approx(0.98)
    assert figure.high == 1, "33 of 33 were right: nothing speaks against 100 %"


def test_bad_input():
    p, truth = world()
    audit, found = audited(p, truth)
    other = Predictions(p.codes, p.confidence, p.y, CLASSES, model_version=2)
    for call in (accuracy, per_class_accuracy, macro_f1):
        with pytest.raises(VoidAuditError):
            call(other, audit, found)
    with pytest.raises(InvalidInputError, match="about"):
        accuracy(p, audit, found, about="all")
    with pytest.raises(InvalidInputError, match="by"):
        per_class_accuracy(p, audit, found, by="called")
    for alpha in (0, 1, -1, np.nan):
        with pytest.raises(InvalidInputError, match="alpha"):
            accuracy(p, audit, found, alpha=alpha)


def test_a_faultless_audit_is_no_proof_of_a_faultless_model():
    """Both said "100.0 to 100.0" after fifty answers."""
    codes = np.arange(900) % 3
    p = Predictions(codes, np.ones(900), np.full(900, -1), CLASSES)
    audit, found = audited(p, codes, 60)
    score = macro_f1(p, audit, found)
    assert (score.value, score.high, score.rough) == (1.0, 1.0, True)
    assert 0.85 < score.low < 0.97
    loss = lure(np.zeros(50), 1 / np.arange(900, 850, -1), 900)
    assert (loss.value, loss.low) == (0.0, 0.0)
    assert 0.05 < loss.high < 0.1


def test_few_errors_are_held_as_often_as_is_said():
    """Macro F1 and LURE of a model that is seldom wrong: they held 36 to 67 %."""
    rng = np.random.default_rng(3)
    n = 900
    truth = np.arange(n) % 3
    codes = np.where(rng.random(n) < 0.02, (truth + 1) % 3, truth)
    p = Predictions(codes, np.ones(n), np.full(n, -1), CLASSES)
    true_f1, true_loss = f1_score(truth, codes, average="macro"), np.mean(codes != truth)
    held = []
    for _ in range(100):
        audit = draw_audit(p, 60, rng=rng)
        if min(np.bincount(truth[audit.drawn], minlength=3)) < 11:
            continue
        score = macro_f1(p, audit, judge(audit, p, told(audit, truth)))
        loss = lure(codes[audit.drawn] != truth[audit.drawn], 1 / np.arange(n, n - 60, -1), n)
        held.append((score.low <= true_f1 <= score.high, loss.low <= true_loss <= loss.high))
    assert len(held) > 80
    assert np.all(np.mean(held, axis=0) >= 0.93)


def test_macro_f1_counts_what_has_no_answer_as_wrong():
    codes = np.arange(900) % 3
    p = Predictions(codes, np.ones(900), np.full(900, -1), CLASSES)
    audit = draw_audit(p, 90)
    answers = told(audit, codes)
    full = macro_f1(p, audit, judge(audit, p, answers))
    some = macro_f1(p, audit, judge(audit, p, answers[:-9]))
    assert full.value == 1.0
    assert 0.9 < some.value < 0.97  # a tenth of what the model says is not confirmed

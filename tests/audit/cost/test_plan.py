import numpy as np
import pytest
from sklearn.datasets import load_digits

from sparing import ActiveLearner, ClassTable
from sparing.audit.audit import Claim, share_of
from sparing.audit.certifying import certify
from sparing.audit.cost.error_scenarios import powers, wrong_if
from sparing.audit.cost.plan import plan_audit
from sparing.audit.early_stop import audits_needed
from sparing.audit.findings import judge
from sparing.audit.sampling import draw_audit
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import draws_needed

CLASSES = ClassTable(("cat", "dog"))


def pool(n, error, *, codes=None, seed=0):
    """Return predictions whose errors are as likely as their confidences say, and the truth."""
    rng = np.random.default_rng(seed)
    codes = np.zeros(n, dtype=int) if codes is None else codes
    truth = np.where(rng.random(n) < error, 1 - codes, codes)
    return Predictions(codes, 1 - error, np.full(n, -1), CLASSES), truth


def answers_in_all(p, truth, claim, plan, seed, classes=CLASSES):
    """Audit until it is enough, and return the answers given and still to be given."""
    audit = draw_audit(p, plan.n_audit, claim=claim, cut=plan.cut, key=str(seed))
    answers = [(row, classes.values[truth[row]]) for row in audit.drawn.tolist()]
    seen, needed = 0, audit.looks[0]
    while needed > seen:
        seen = needed
        found = judge(audit, p, answers[:seen])
        needed = audits_needed(p, audit, found, seen)
    return seen + certify(p, audit, found).n_handback


def test_what_was_planned_for_auto_labels_is_about_what_it_costs():
    said = 0.5 * np.linspace(0, 1, 4000) ** 8
    middle = powers(said.mean(), 0.0)[4]
    claim = Claim(0.02, kind="auto")
    p = Predictions(np.zeros(4000), 1 - said, np.full(4000, -1), CLASSES)
    truth = pool(4000, wrong_if(said, middle))[1]
    plan = plan_audit(p, claim)
    costs = [answers_in_all(p, truth, claim, plan, seed) for seed in range(60)]
    assert 0.5 < np.median(costs) / (plan.expected_audits + plan.expected_remainder) < 1.5


@pytest.mark.parametrize("epsilon", [0.01, 0.02])
def test_what_was_planned_is_the_middle_of_what_it_costs_in_all_scenarios(epsilon):
    said = 0.5 * np.linspace(0, 1, 4000) ** 8
    claim, plan = Claim(epsilon), plan_audit(pool(4000, said)[0], Claim(epsilon))
    p = Predictions(np.zeros(4000), 1 - said, np.full(4000, -1), CLASSES)
    costs = []
    for power in powers(said.mean(), 0.0):
        error = wrong_if(said, power)
        costs += [
            answers_in_all(p, pool(4000, error, seed=seed)[1], claim, plan, seed)
            for seed in range(22)
        ]
    planned = plan.expected_audits + plan.expected_remainder
    assert 0.75 < planned / np.median(costs) < 1.33
    assert 0.7 < np.mean(np.array(costs) <= plan.most) < 0.9


def test_what_is_announced_for_a_real_model_is_about_what_it_needs():
    pictures, digits = load_digits(return_X_y=True)
    learner = ActiveLearner(pictures, range(10))
    while len(learner.pool.labeled) < 120:
        query = learner.query(batch_size=40)
        learner.teach(query.indices, digits[query.indices])
    classes = learner.pool.classes
    p = Predictions.from_proba(learner.predict_proba(), classes, learner.pool.y)
    claim = Claim(0.05)
    plan = plan_audit(p, claim)
    truth = [classes.values.index(digit) for digit in digits.tolist()]
    costs = [answers_in_all(p, truth, claim, plan, seed, classes) for seed in range(20)]
    assert 0.6 < (plan.expected_audits + plan.expected_remainder) / np.median(costs) < 1.6
    assert np.mean(np.array(costs) <= plan.most) >= 0.8


def test_a_model_that_is_better_than_it_says_ends_the_audit_early():
    said = 0.3 * np.linspace(0, 1, 4000) ** 6
    claim = Claim(0.05)
    p, truth = pool(4000, said)
    plan = plan_audit(p, claim)
    few = pool(4000, 0.03 * said)[1]
    better = np.median([answers_in_all(p, few, claim, plan, seed) for seed in range(20)])
    as_said = np.median([answers_in_all(p, truth, claim, plan, seed) for seed in range(20)])
    assert better == plan.n_audit[0] + (p.confidence < np.float32(plan.cut)).sum()
    assert better < 0.5 * as_said


def test_a_perfect_model_costs_one_faultless_audit():
    p, _ = pool(3600, np.zeros(3600))
    plan = plan_audit(p, Claim(0.02))
    assert plan.n_audited == draws_needed(3600, 73, 0, share_of(0.05, 1))
    assert (plan.cut, plan.expected_remainder) == (0.0, 0)


def test_it_is_cheaper_than_other_sizes_on_average():
    error = 0.5 * np.linspace(0, 1, 4000) ** 6
    p, truth = pool(4000, error)
    claim = Claim(0.02)
    plan = plan_audit(p, claim)

    def mean_cost(n_audit):
        import dataclasses

        other = dataclasses.replace(plan, n_audit=n_audit)
        return np.mean([answers_in_all(p, truth, claim, other, seed) for seed in range(60)])

    best = mean_cost(plan.n_audit)
    assert best < 1.05 * mean_cost(plan.n_audit // 2)
    assert best < 1.05 * mean_cost(plan.n_audit * 3)


def test_a_small_claim_and_a_doubtful_model_have_a_bad_case_beyond_the_typical_one():
    p, _ = pool(4000, 0.5 * np.linspace(0, 1, 4000) ** 6)
    plan = plan_audit(p, Claim(0.01))
    assert plan.most > plan.expected_audits + plan.expected_remainder
    assert f"seldom more than {plan.most:,} answers" in plan.sentence
    assert plan.expected_auto == 4000 - plan.expected_audits - plan.expected_remainder


def test_a_hopeless_model_is_not_worth_an_audit():
    p, _ = pool(500, np.full(500, 0.5))
    plan = plan_audit(p, Claim(0.01))
    assert (plan.n_audit, plan.expected_auto) == (0, 0)
    assert "label the 500 that are left" in plan.sentence


def test_a_later_attempt_costs_more():
    p, _ = pool(3600, np.zeros(3600))
    sizes = [plan_audit(p, Claim(0.02), attempt=t).n_audit for t in (1, 2, 5)]
    assert sizes == sorted(set(sizes))


def test_per_class_plans_name_each_class_that_is_worth_it():
    n = 4000
    codes = np.arange(n) % 2
    error = np.where(codes == 0, 0.001, 0.4)
    plan = plan_audit(pool(n, error, codes=codes)[0], Claim(0.05, kind="auto", per_class=True))
    assert list(plan.n_audit) == [0]
    assert plan.n_audited == plan.n_audit[0]


def test_the_sentence_and_the_warning():
    codes = np.where(np.arange(4000) < 20, 1, 0)
    p, _ = pool(4000, np.zeros(4000), codes=codes)
    plan = plan_audit(p, Claim(0.02))
    start = "At most 2 % wrong, with 95 % certainty: about"
    assert plan.sentence.startswith(f"{start} {plan.n_audit} items to check, then 0 more by hand; ")
    assert "Nothing is promised of class 'dog' by itself" in plan.note
    assert plan_audit(p, Claim(0.004)).note is None


def test_equal_confidences_and_an_empty_pool():
    p, _ = pool(300, np.full(300, 0.01))
    assert plan_audit(p, Claim(0.05)).n_audited > 0
    done = Predictions([0, 1], [0.9, 0.9], [0, 1], CLASSES)
    plan = plan_audit(done, Claim(0.05))
    assert plan.n_audit == 0
    start = "At most 5 % wrong, with 95 % certainty"
    assert plan.sentence == f"{start}: nothing is left to check; people have labeled every item."

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing import ClassTable, Pool
from sparing.audit.audit import Claim
from sparing.audit.autolabel import all_at_once, certified, most_confident_first
from sparing.audit.sampling import draw_audit
from sparing.errors import InvalidInputError, VoidAuditError
from sparing.pool.predictions import Predictions

CLASSES = ClassTable(("cat", "dog"))


def case(n=600, wrong=(550,)):
    """Return predictions of cats, of which ``wrong`` are dogs; the first ten are labeled."""
    y = np.full(n, -1)
    y[:10] = 0
    y[10] = -2
    truth = np.zeros(n, dtype=int)
    truth[list(wrong)] = 1
    p = Predictions(np.zeros(n), np.linspace(1, 0.5, n), y, CLASSES, model_version=7)
    return p, truth


def done_with(p, truth, n_audit=150, **kwargs):
    audit = draw_audit(p, n_audit, claim=Claim(0.05, **kwargs), key="2")
    return audit, certified(p, audit, [(r, CLASSES.values[truth[r]]) for r in audit.drawn.tolist()])


def test_every_label_says_where_it_came_from():
    p, truth = case()
    audit, done = done_with(p, truth)
    assert set(done.source[:10]) == {"person"}
    assert done.source[10] == ""
    assert set(done.source[audit.drawn]) == {"audit"}
    by_model = done.source == "model"
    assert by_model.sum() == done.certificate.n_auto == done.n_auto
    np.testing.assert_array_equal(done.confidence[by_model], p.confidence[by_model])
    assert np.isnan(done.confidence[~by_model]).all()
    assert done.model_version == 7
    assert len(done.remainder) == done.certificate.n_handback
    assert set(done.source[done.remainder]) <= {""}


def test_the_persons_answer_replaces_the_prediction():
    p, _ = case()
    audit = draw_audit(p, 100, claim=Claim(0.05))
    first = int(audit.drawn[0])
    answers = [(row, "cat") for row in audit.drawn.tolist()[1:]] + [(first, "fox")]
    done = certified(p, audit, answers)
    assert done.classes.values == ("cat", "dog", "fox")
    assert done.labels()[first] == "fox"


def test_skipped_items_stay_skipped_and_have_no_label():
    p, truth = case()
    _, done = done_with(p, truth)
    assert done.codes[10] == -2
    assert done.labels()[10] is None
    assert 10 not in done.remainder


def test_an_unanswered_audit_item_is_handed_back():
    p, _ = case()
    audit = draw_audit(p, 150, claim=Claim(0.05))
    done = certified(p, audit, [(row, "cat") for row in audit.drawn.tolist()[1:]])
    assert audit.drawn[0] in done.remainder


def test_hand_back_completes_the_set():
    p, truth = case(wrong=range(400, 600, 10))
    _, done = done_with(p, truth)
    rows = done.remainder
    assert len(rows) > 0
    full = done.with_remainder(rows, [CLASSES.values[truth[r]] for r in rows])
    assert len(full.remainder) == 0
    assert set(full.source[rows]) == {"handback"}
    assert (full.codes != truth)[p.y != -2].sum() <= 0.05 * p.n_total
    assert len(done.remainder) == len(rows)  # the first is unchanged


def test_hand_back_takes_what_was_handed_back_only():
    p, truth = case(wrong=range(400, 600, 10))
    _, done = done_with(p, truth)
    with pytest.raises(InvalidInputError, match="rows handed back"):
        done.with_remainder([0], ["cat"])
    with pytest.raises(InvalidInputError, match="one a row"):
        done.with_remainder(done.remainder[:2], ["cat"])


@pytest.mark.parametrize("kind", ["whole", "auto"])
def test_the_finished_set_keeps_the_promise_over_many_draws(kind):
    """Simulation through the public functions; more errors than the claim allows."""
    rng = np.random.default_rng(0)
    n, epsilon, delta = 400, 0.1, 0.3
    confidence = rng.random(n)
    truth = (rng.random(n) < 0.6 * (1 - confidence)).astype(int)
    p = Predictions(np.zeros(n), confidence, np.full(n, -1), CLASSES)
    broken = some = 0
    for seed in range(400):
        audit = draw_audit(p, 80, claim=Claim(epsilon, delta, kind), key=str(seed))
        done = certified(p, audit, [(r, CLASSES.values[truth[r]]) for r in audit.drawn.tolist()])
        auto = done.source == "model"
        base = n if kind == "whole" else auto.sum()
        broken += (done.codes != truth)[auto].sum() > epsilon * base
        some += auto.any()
    assert broken / 400 <= delta
    assert some > 200


def test_bad_input():
    p, _truth = case()
    audit = draw_audit(p, 20, claim=Claim(0.05))
    with pytest.raises(InvalidInputError, match="rows of the draw only"):
        certified(p, audit, [(0, "cat")])
    changed = Predictions(p.codes, p.confidence, p.y, CLASSES, model_version=8)
    with pytest.raises(VoidAuditError):
        certified(changed, audit, [])
    with pytest.raises(InvalidInputError, match="drawn for a claim"):
        certified(p, draw_audit(p, 20), [])


def test_all_at_once_labels_all_that_is_left():
    p, _ = case()
    done = all_at_once(p)
    assert done.n_auto == 600 - 11
    assert done.certificate is None
    assert len(done.remainder) == 0


def test_most_confident_first_by_hand():
    """The surest item of each round is labeled, and the next model sees it."""
    X = np.array([[0.0], [1.0], [2.0], [3.0], [10.0], [9.0]])
    pool = Pool(X).with_labels([0, 4], ["low", "high"])
    seen = []

    def refit(rows, codes):
        seen.append(sorted(rows.tolist()))
        return LogisticRegression().fit(X[rows], codes).predict_proba

    done = most_confident_first(pool, refit, batch_size=2)
    assert done.labels() == ["low", "low", "low", "low", "high", "high"]
    assert seen == [[0, 4], [0, 1, 4, 5]]
    assert done.source.tolist() == ["person", "model", "model", "model", "person", "model"]
    assert np.isnan(done.confidence[[0, 4]]).all()


def test_most_confident_first_needs_a_label_and_leaves_the_skipped():
    X = np.array([[0.0], [1.0], [5.0]])
    with pytest.raises(InvalidInputError, match="no label"):
        most_confident_first(Pool(X), lambda rows, codes: None)
    pool = Pool(X).with_labels([0, 2], ["a", "b"]).with_skips([1])
    assert most_confident_first(pool, lambda rows, codes: None).labels() == ["a", None, "b"]
    with pytest.raises(InvalidInputError, match="batch_size"):
        most_confident_first(pool, lambda rows, codes: None, batch_size=0)

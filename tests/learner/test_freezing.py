"""Certificates for whole answers: sentences with all spans right, items with all labels right."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from sparing import ActiveLearner
from sparing.annotations.tagging import spans_of
from sparing.audit.audit import Claim
from sparing.audit.autolabel import certified, plan_audit
from sparing.audit.sampling import draw_audit
from sparing.learner.sequences import SequenceLearner
from sparing.testing.texts import sentences_with_names


def certificate(frozen, answer):
    """Audit by the truth, and return the labels with their certificate."""
    claim = Claim(0.1)
    plan = plan_audit(frozen, claim)
    audit = draw_audit(frozen, plan.n_audit, claim=claim, cut=plan.cut)
    return certified(frozen, audit, [(row, answer(row)) for row in audit.drawn.tolist()])


def test_sentences_with_all_spans_right_are_certified():
    sentences, tags, _ = sentences_with_names(400, seed=0)
    names = ["person", "place"]

    def truth(row):
        at = slice(sentences.starts[row], sentences.starts[row + 1])
        found = spans_of(tags[at], sentences.offsets[at])
        return [(*unit.place, names[unit.class_id]) for unit in found]

    learner = SequenceLearner(sentences, names)
    learner.teach(np.arange(60), [truth(row) for row in range(60)])
    learner.skip([399])
    frozen = learner.frozen()
    assert frozen.n_total == 399
    assert int((frozen.y >= 0).sum()) == 60
    done = certificate(frozen, lambda row: learner.as_answer(truth(row)))
    assert "are wrong" in done.certificate.statement
    assert done.n_auto > 200
    kept = [row for row, label in enumerate(done.labels()) if label is not None]
    wrong = sum(done.labels()[row] != learner.as_answer(truth(row)) for row in kept)
    assert wrong <= 0.1 * 399


def test_items_with_all_labels_right_are_certified():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    Y = X[:, :2] > 0
    learner = ActiveLearner(X, ["a", "b"], LogisticRegression(C=100), kind="labels")
    learner.teach(np.arange(100), Y[:100])

    def truth(row):
        return tuple(name for name, there in zip("ab", Y[row], strict=True) if there)

    done = certificate(learner.frozen(), truth)
    assert done.n_auto > 200
    assert np.mean([label == truth(row) for row, label in enumerate(done.labels()) if label]) > 0.9


def test_answers_are_the_same_in_whatever_order_spans_came():
    as_answer = SequenceLearner.as_answer
    assert as_answer([(4, 5, "x"), (0, 3, "y")]) == as_answer([[0, 3, "y"], (np.int64(4), 5, "x")])

from dataclasses import replace

import numpy as np
import pytest

from sparing import ClassTable
from sparing.audit.audit import Claim
from sparing.audit.certifying import certify
from sparing.audit.findings import judge, judge_contents
from sparing.audit.sampling import draw_audit
from sparing.audit.verification import verify
from sparing.errors import InvalidInputError, VoidAuditError
from sparing.pool.predictions import Predictions, items_digest

CLASSES = ClassTable(("cat", "dog"))


def predictions(n=200):
    rng = np.random.default_rng(0)
    y = np.full(n, -1)
    y[:20] = 0
    return Predictions(np.arange(n) % 2, rng.random(n), y, CLASSES, 1)


def found_in(answers, p=None):
    p = p or predictions()
    audit = draw_audit(p, 10, claim=Claim(0.1))
    return audit, judge(audit, p, answers(audit.drawn.tolist(), p))


def truth(rows, p):
    return [(row, CLASSES.values[p.codes[row]]) for row in rows]


def test_right_answers_are_right():
    audit, found = found_in(truth)
    assert not found.wrong.any()
    assert found.codes.tolist() == predictions().codes[audit.drawn].tolist()


def test_a_skipped_or_missing_answer_counts_as_wrong():
    def answers(rows, p):
        return [(rows[0], None), *truth(rows[2:], p)]

    _, found = found_in(answers)
    assert found.wrong.tolist() == [True, True] + [False] * 8
    assert found.n_unanswered == 2
    assert found.codes[:2].tolist() == [-1, -1]


def test_annotators_who_disagree_count_as_wrong():
    def answers(rows, p):
        return [*truth(rows, p), (rows[3], "cat"), (rows[3], "dog"), *truth(rows[4:6], p)]

    _, found = found_in(answers)
    assert np.flatnonzero(found.wrong).tolist() == [3]
    assert (found.n_disputed, found.n_unanswered) == (1, 0)


def test_one_who_skips_and_one_who_knows_make_an_answer():
    _, found = found_in(lambda rows, p: [(rows[0], None), *truth(rows, p)])
    assert not found.wrong.any()


def test_a_class_the_model_does_not_know_is_wrong_and_kept():
    _, found = found_in(lambda rows, p: [(rows[0], "fox"), *truth(rows[1:], p)])
    assert found.wrong.tolist() == [True] + [False] * 9
    assert found.classes.values == ("cat", "dog", "fox")
    assert found.codes[0] == 2


def test_merged_classes_are_one_class():
    classes = CLASSES.with_values(["puppy"]).with_merge("puppy", into="dog")
    p = Predictions(np.ones(9), np.ones(9), np.full(9, -1), classes)
    audit = draw_audit(p, 9)
    found = judge(audit, p, [(row, v) for row in range(9) for v in ("dog", "puppy")])
    assert not found.wrong.any()


def test_an_answer_for_a_row_that_was_not_drawn():
    with pytest.raises(InvalidInputError, match="rows of the draw only"):
        found_in(lambda rows, p: [(0, "cat")])


def test_answers_that_are_no_classes_get_the_same_certificate():
    """Sets of tags: a certificate asks of an item only whether the model is right."""
    rng = np.random.default_rng(1)
    n, tags = 900, ["", "cat", "cat+dog", "dog+fox", "fox"]
    model = [tags[i] for i in rng.integers(0, 5, n)]
    truth = ["hen" if rng.random() < 0.02 else said for said in model]
    sure, y = rng.random(n), np.full(n, -1)
    ids = [str(i) for i in range(n)]
    p = Predictions(np.zeros(n), sure, y, ClassTable(("answer",)), 0, items_digest(ids, model))
    audit = draw_audit(p, (150, 250), claim=Claim(0.05))
    answers = [(row, truth[row]) for row in audit.drawn.tolist()]
    contents = {row: model[row] for row in audit.drawn.tolist()}
    found = judge_contents(audit, p, contents, answers)
    certificate = certify(p, audit, found)
    assert certificate.n_auto > 0
    assert (certificate.majority, certificate.recall) == (None, {})
    # The same where right and wrong are two classes.
    right = np.array([a == b for a, b in zip(model, truth, strict=True)])
    q = Predictions(np.zeros(n), sure, y, CLASSES)
    as_classes = [(row, CLASSES.values[int(not right[row])]) for row in audit.drawn.tolist()]
    same = judge(replace(audit, predictions=q.digest), q, as_classes)
    assert found.wrong.tolist() == same.wrong.tolist()
    other = Predictions(np.zeros(n), sure, y, p.classes, 0, items_digest(ids, truth))
    with pytest.raises(VoidAuditError):  # what the model says of an item is bound, too
        judge_contents(audit, other, contents, answers)
    assert all(check.ok for check in verify(certificate, p, audit, found))

import numpy as np
import pytest

from sparing import ClassTable
from sparing.audit.audit import Audit, Claim
from sparing.audit.certifying import auto_labeled, certify
from sparing.audit.early_stop import audits_needed
from sparing.audit.error_bounds import whole_set
from sparing.audit.findings import judge
from sparing.audit.sampling import draw_audit
from sparing.audit.sequential import tolerated_at
from sparing.audit.verification import verify
from sparing.errors import InvalidInputError
from sparing.pool.predictions import Predictions

CLASSES = ClassTable(("cat", "dog"))
LOOKS = (200, 320, 420)


def drawn(n=2000, **kwargs):
    p = Predictions(np.zeros(n), np.linspace(1, 0.5, n), np.full(n, -1), CLASSES)
    return p, draw_audit(p, LOOKS, claim=Claim(0.02), key="3", **kwargs)


def told(audit, n, wrong=()):
    """Answer the first ``n`` drawn items; ``wrong`` are places in the draw."""
    rows = audit.drawn.tolist()[:n]
    return [(row, "dog" if place in wrong else "cat") for place, row in enumerate(rows)]


def least_confident(audit, n):
    return [int(np.argmax(audit.drawn[:n]))]


def most_confident(audit, n):
    return [int(np.argmin(audit.drawn[:n]))]


def test_the_looks_are_part_of_the_draw():
    p, audit = drawn()
    assert audit.looks == LOOKS
    assert len(audit.drawn) == LOOKS[-1]
    assert Audit.from_json(audit.to_json()).looks == LOOKS
    assert audit.digest != draw_audit(p, LOOKS[-1], claim=Claim(0.02), key="3").digest


def test_a_faultless_first_look_is_enough():
    p, audit = drawn()
    assert tolerated_at(2000, LOOKS, 40, audit.delta)[0] >= 0
    assert audits_needed(p, audit, judge(audit, p, []), 0) == 200
    found = judge(audit, p, told(audit, 200))
    assert audits_needed(p, audit, found, 200) == 200
    certificate = certify(p, audit, found)
    assert (certificate.n_audited, certificate.n_unanswered) == (200, 0)
    assert (certificate.n_auto, certificate.n_handback) == (1800, 0)
    auto = auto_labeled(p, audit, certificate)
    assert auto.sum() == 1800
    assert auto[audit.drawn[200:]].all()  # drawn, but never asked: the model's label stands


def test_one_error_too_many_at_the_top_asks_for_the_next_look():
    p, audit = drawn()
    k = tolerated_at(2000, LOOKS, 40, audit.delta)[0]
    wrong = np.argsort(audit.drawn[:200])[: k + 1].tolist()
    found = judge(audit, p, told(audit, 200, wrong))
    assert audits_needed(p, audit, found, 200) == 320
    assert audits_needed(p, audit, found, 250) == 320


def test_an_error_near_the_end_is_cheaper_handed_back():
    p, audit = drawn()
    k = tolerated_at(2000, LOOKS, 40, audit.delta)[0]
    wrong = np.argsort(-audit.drawn[:200])[: k + 1].tolist()
    found = judge(audit, p, told(audit, 200, wrong))
    assert audits_needed(p, audit, found, 200) == 200
    assert 0 < certify(p, audit, found).n_handback <= 120


def test_the_certificate_takes_the_look_that_leaves_least():
    p, audit = drawn()
    k = tolerated_at(2000, LOOKS, 40, audit.delta)[0]
    wrong = np.argsort(audit.drawn[:200])[: k + 1].tolist()
    found = judge(audit, p, told(audit, 320, wrong))
    certificate = certify(p, audit, found)
    assert certificate.n_audited == 320
    assert certificate.n_handback == 0
    assert certificate.n_wrong == k + 1


def test_answers_beyond_the_look_stay_the_persons():
    from sparing.audit.autolabel import certified

    p, audit = drawn()
    done = certified(p, audit, told(audit, 230))
    assert done.certificate.n_audited == 200
    assert (done.source[audit.drawn[200:230]] == "audit").all()
    assert done.n_auto == 1770
    assert len(done.remainder) == 0


def test_it_is_verified_at_the_look_that_was_taken_whatever_was_answered_later():
    p, audit = drawn()
    certificate = certify(p, audit, judge(audit, p, told(audit, 200)))
    of_a_new_class = [*told(audit, 200), (int(audit.drawn[200]), "fox")]
    later = told(audit, 420, least_confident(audit, 420))
    for answers in (told(audit, 200), later, of_a_new_class):
        checks = verify(certificate, p, audit, answers)
        assert all(check.ok for check in checks), [c.what for c in checks if not c.ok]
    changed = told(audit, 200, most_confident(audit, 200))
    assert not all(check.ok for check in verify(certificate, p, audit, changed))


@pytest.mark.parametrize("looks", [((200, 0), (320, 3)), ((200, 9), (320, 9), (420, 9)), ()])
def test_numbers_that_do_not_prove_the_claim_are_found(looks):
    import dataclasses

    p, audit = drawn()
    certificate = certify(p, audit, judge(audit, p, told(audit, 200)))
    (evidence,) = certificate.evidence
    forged = dataclasses.replace(
        certificate, evidence=(dataclasses.replace(evidence, looks=looks),)
    )
    assert not all(check.ok for check in verify(forged))


def test_no_stopping_rule_breaks_the_promise():
    """The person sees everything and stops at the look that is worst for the truth."""
    n, epsilon, delta = 300, 0.1, 0.4
    rng = np.random.default_rng(1)
    confidence = rng.random(n)
    bad = rng.random(n) < 0.35
    p = Predictions(np.zeros(n), confidence, np.full(n, -1), CLASSES)
    claim = Claim(epsilon, delta)
    broken = some = 0
    for seed in range(500):
        audit = draw_audit(p, (25, 40, 60, 90), claim=claim, key=str(seed))
        answers = [(row, "dog" if bad[row] else "cat") for row in audit.drawn.tolist()]
        found = judge(audit, p, answers)
        left = []
        for look in whole_set(p, audit, found, claim):
            auto = p.confidence >= np.float32(2 if look.threshold is None else look.threshold)
            auto[audit.drawn[: look.n_audited]] = False
            left.append(int((auto & bad).sum()))
            some += auto.any()
        broken += max(left) > epsilon * n
    assert broken / 500 <= delta
    assert some > 500


@pytest.mark.parametrize("looks", [(), (30, 20), (20, 20), (0, 5), (2.5,)])
def test_looks_ascend(looks):
    p, _ = drawn()
    with pytest.raises(InvalidInputError, match="n_audit"):
        draw_audit(p, looks, claim=Claim(0.1))


def test_only_a_whole_data_set_has_looks():
    p, _ = drawn()
    for claim in (None, Claim(0.1, kind="auto")):
        with pytest.raises(InvalidInputError, match="whole"):
            draw_audit(p, (20, 30), claim=claim)

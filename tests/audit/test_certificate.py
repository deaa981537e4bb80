import json
import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from sparing import ClassTable
from sparing.audit.audit import VERSION, Audit, Claim, share_of
from sparing.audit.certificate import Certificate, Origins
from sparing.audit.certifying import auto_labeled, certify
from sparing.audit.error_bounds import Evidence, auto_labels, whole_set
from sparing.audit.findings import Findings, judge
from sparing.audit.sampling import draw_audit, draw_stratified
from sparing.audit.verification import verify
from sparing.audit.wording import GLANCE, class_shares
from sparing.errors import InvalidInputError, VoidAuditError
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import is_refuted, tolerated_errors, upper_limit

CLASSES = ClassTable(("cat", "dog"))


def made(confidence, wrong, *, n_known=0, epsilon=0.1, delta=0.05, kind="whole", codes=None):
    """Return predictions, the truth, and a claim; ``wrong`` are the rows predicted wrongly."""
    n = len(confidence)
    codes = np.zeros(n, dtype=int) if codes is None else np.asarray(codes)
    truth = codes.copy()
    truth[wrong] = 1 - truth[wrong]
    y = np.full(n, -1)
    y[n - n_known :] = truth[n - n_known :]
    return Predictions(codes, confidence, y, CLASSES), truth, Claim(epsilon, delta, kind)


def chosen(p, rows, claim):
    """Return an audit of just these rows, whatever the seed would have drawn."""
    return Audit(p.digest, p.eligible, np.array(rows), "uniform", (), claim, 0.0, "")


def told(audit, truth):
    return [(row, CLASSES.values[truth[row]]) for row in audit.drawn.tolist()]


def certified(p, truth, claim, rows):
    audit = chosen(p, rows, claim)
    certificate = certify(p, audit, judge(audit, p, told(audit, truth)))
    return certificate, auto_labeled(p, audit, certificate)


PATTERNS = {
    "the least confident": lambda n, rng: list(range(n - 5, n)),
    "the most confident": lambda n, rng: list(range(5)),
    "anywhere": lambda n, rng: rng.choice(n, 4, replace=False).tolist(),
    "half": lambda n, rng: list(range(0, n, 2)),
    "one more than allowed": lambda n, rng: list(range(n - 3, n)),
    "all": lambda n, rng: list(range(n)),
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("kind", ["whole", "auto"])
def test_over_all_draws_the_claim_fails_no_more_often_than_it_may(pattern, ties, kind):
    """Exact coverage: every possible audit of a small pool, for a fixed pattern of errors."""
    n, m, delta, epsilon = 12, 7, 0.5, 0.25
    rng = np.random.default_rng(3)
    confidence = np.linspace(0.9, 0.1, n)
    confidence = np.round(confidence, 1) if ties else confidence
    p, truth, claim = made(
        confidence, PATTERNS[pattern](n, rng), epsilon=epsilon, delta=delta, kind=kind
    )
    bad = truth != p.codes
    prove = {"whole": whole_set, "auto": auto_labels}[kind]
    broken = some = 0
    draws = list(combinations(range(n), m))
    for rows in map(list, draws):
        found = Findings(truth[rows], bad[rows], bad[rows] & False, CLASSES)
        (evidence,) = prove(p, chosen(p, rows, claim), found, claim)
        auto = p.confidence >= np.float32(evidence.threshold or 2)
        auto[rows] = False
        broken += int((auto & bad).sum()) > epsilon * (n if kind == "whole" else auto.sum())
        some += auto.any()
        assert int(auto.sum()) == evidence.n_auto
    assert broken / len(draws) <= share_of(delta, 1)
    if pattern == "the least confident":
        assert some > 0


@pytest.mark.parametrize(
    ("n", "m", "epsilon"), [(3600, 400, 0.02), (3600, 600, 0.01), (900, 90, 0.05)]
)
def test_the_failure_probability_is_the_hypergeometrics_and_at_most_delta(n, m, epsilon):
    rng = np.random.default_rng(0)
    allowed = math.floor(epsilon * n)
    tolerated = tolerated_errors(n, m, allowed, share_of(0.05, 1))
    exact = hypergeom.cdf(tolerated, n, allowed + tolerated + 1, m)
    assert exact <= share_of(0.05, 1)
    # The same by simulation of the walk: wrong items everywhere, more than may be.
    wrong = np.sort(rng.choice(n, 3 * allowed, replace=False))
    broken = 0
    for _ in range(4000):
        drawn = rng.random(n).argpartition(m)[:m]
        met = np.sort(wrong[np.isin(wrong, drawn)])
        stop = met[tolerated] if len(met) > tolerated else n
        left = np.count_nonzero(wrong < stop) - np.count_nonzero(met < stop)
        broken += left > allowed
    assert abs(broken / 4000 - exact) < 4 * math.sqrt(exact * (1 - exact) / 4000)


def test_the_walk_ends_before_the_first_error_too_many():
    n, m = 2000, 400
    confidence = np.linspace(1, 0, n)
    wrong = [300, 900, 1000, 1500, 1900]
    p, truth, claim = made(confidence, wrong, epsilon=0.02)
    rows = np.unique([*wrong, *range(0, n, 5)])[:m]
    certificate, auto = certified(p, truth, claim, rows)
    (evidence,) = certificate.evidence
    tolerated = tolerated_errors(n, m, 40, share_of(0.05, 1))
    assert tolerated == evidence.n_wrong == 4
    stop = wrong[tolerated]
    assert not auto[stop:].any()
    assert auto[:stop].sum() == stop - np.count_nonzero(np.array(rows) < stop)
    assert evidence.threshold == p.confidence[stop - 1]


def test_ties_move_together():
    confidence = np.full(2000, 0.9)
    confidence[:500] = 0.95
    p, truth, claim = made(confidence, [600, 700, 800, 900, 1000, 1100, 1200], epsilon=0.02)
    certificate, auto = certified(p, truth, claim, [*list(range(500, 900)), 900, 1000, 1100, 1200])
    assert certificate.evidence[0].n_wrong < 7
    assert not auto[500:].any()
    assert auto[:500].all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_items_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    n = 300
    confidence = rng.random(n).round(2)
    p, truth, claim = made(confidence, rng.choice(n, 20, replace=False), epsilon=0.1)
    rows = rng.choice(n, 100, replace=False)
    _, auto = certified(p, truth, claim, rows)
    order = rng.permutation(n)
    back = np.argsort(order)
    q = Predictions(p.codes[order], p.confidence[order], p.y[order], CLASSES)
    _, other = certified(q, truth[order], claim, back[rows])
    np.testing.assert_array_equal(auto[order], other)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["whole", "auto"]))
def test_one_more_error_never_certifies_more(seed, kind):
    rng = np.random.default_rng(seed)
    n = 400
    wrong = rng.choice(n, 12, replace=False)
    rows = rng.choice(n, 150, replace=False)
    confidence = rng.random(n)
    p, truth, claim = made(confidence, wrong, epsilon=0.08, kind=kind)
    before, _ = certified(p, truth, claim, rows)
    truth[rows[0]] = 1 - p.codes[rows[0]]  # a drawn item turns out wrong
    after, _ = certified(p, truth, claim, rows)
    assert after.n_auto <= before.n_auto


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_looser_claim_never_certifies_less(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.random(500)
    rows = rng.choice(500, 150, replace=False)
    wrong = rng.choice(500, 15, replace=False)
    counts = []
    for epsilon in (0.02, 0.05, 0.1):
        p, truth, claim = made(confidence, wrong, epsilon=epsilon)
        counts.append(certified(p, truth, claim, rows)[0].n_auto)
    assert counts == sorted(counts)


def test_an_unanswered_item_costs_as_much_as_a_wrong_one_and_is_handed_back():
    confidence = np.linspace(1, 0.5, 1000)
    p, truth, claim = made(confidence, [], epsilon=0.05)
    audit = chosen(p, range(0, 1000, 5), claim)
    full = told(audit, truth)
    some = certify(p, audit, judge(audit, p, full[:-20]))
    assert some.n_unanswered == 20
    wrong = [(row, "dog") for row, _ in full[-20:]]
    as_wrong = certify(p, audit, judge(audit, p, [*full[:-20], *wrong]))
    assert some.n_auto == as_wrong.n_auto
    assert some.n_handback == as_wrong.n_handback + 20
    assert "20 items of the check have no answer" in some.notes[0]


def test_disputed_items_are_said():
    p, truth, claim = made(np.linspace(1, 0.5, 1000), [], epsilon=0.05)
    audit = chosen(p, range(0, 1000, 5), claim)
    found = judge(audit, p, [*told(audit, truth), (0, "dog")])
    certificate = certify(p, audit, found)
    assert certificate.n_disputed == 1
    assert any("People differ on 1 of the checked items" in note for note in certificate.notes)


def test_too_small_an_audit_certifies_nothing_and_says_so():
    p, truth, claim = made(np.linspace(1, 0.5, 1000), [], epsilon=0.01)
    certificate, auto = certified(p, truth, claim, range(20))
    assert not auto.any()
    assert certificate.n_auto == 0
    assert certificate.evidence[0].threshold is None
    assert "no label is left to the model" in certificate.notes[0]
    assert certificate.n_handback == 980


def test_known_labels_count_in_the_whole_but_not_among_auto_labels():
    confidence = np.linspace(1, 0.5, 1000)
    rows = range(0, 900, 3)
    whole = made(confidence, [], n_known=100, epsilon=0.02)
    (evidence,) = certified(*whole, rows)[0].evidence
    assert evidence.n_items == 900
    assert evidence.n_refuted == 20 + evidence.n_wrong + 1
    auto = made(confidence, [], n_known=100, epsilon=0.02, kind="auto")
    (evidence,) = certified(*auto, rows)[0].evidence
    assert evidence.n_refuted - 1 <= 0.02 * evidence.n_auto
    assert is_refuted(0, evidence.n_items, evidence.n_refuted, evidence.n_audited, evidence.delta)


def test_a_claim_per_class_certifies_the_good_class_alone():
    n = 4000
    codes = np.arange(n) % 2
    confidence = np.tile(np.linspace(1, 0.5, n // 2), 2)[
        np.argsort(np.argsort(codes, kind="stable"))
    ]
    wrong = np.flatnonzero(codes == 1)[::3]  # a third of the dogs
    p, truth, _ = made(confidence, wrong, codes=codes)
    claim = Claim(0.05, kind="auto", per_class=True)
    audit = draw_audit(p, {0: 300, 1: 300}, claim=claim, key="a")
    certificate = certify(p, audit, judge(audit, p, told(audit, truth)))
    cat, dog = certificate.evidence
    assert (cat.scope, dog.scope) == ("cat", "dog")
    assert cat.delta == dog.delta == share_of(0.05, 1) / 2
    assert cat.n_auto == 1700
    assert dog.n_auto == 0
    auto = auto_labeled(p, audit, certificate)
    assert not (auto & (codes == 1)).any()
    assert "per class" in certificate.statement


def test_a_class_that_was_not_drawn_is_handed_back():
    n = 2000
    codes = np.arange(n) % 2
    p, truth, _ = made(np.linspace(1, 0.5, n), [], codes=codes)
    audit = draw_audit(p, {0: 300}, claim=Claim(0.05, kind="auto", per_class=True), key="c")
    certificate = certify(p, audit, judge(audit, p, told(audit, truth)))
    assert [e.n_auto > 0 for e in certificate.evidence] == [True, False]


def test_the_majority_rival_and_recall_are_bounded_by_the_same_audit():
    n = 1000
    codes = np.where(np.arange(n) % 10 == 0, 1, 0)  # a tenth are dogs
    p, truth, claim = made(np.linspace(1, 0.5, n), [], codes=codes, epsilon=0.05)
    rows = list(range(0, n, 4))
    certificate, _ = certified(p, truth, claim, rows)
    k = int((truth[rows] != 0).sum())
    limit = int(upper_limit(k, n, len(rows), share_of(0.05, 1)))
    assert certificate.majority == pytest.approx((limit - k) / n)
    assert certificate.majority > 0.07  # truly 0.1, of which 0.025 were audited
    assert 0.5 < certificate.recall["dog"] < 1
    assert certificate.recall["cat"] > 0.95


def test_recall_is_rarely_bounded_above_the_truth():
    rng = np.random.default_rng(1)
    n = 600
    codes = np.where(np.arange(n) < 60, 1, 0)
    truth = codes.copy()
    truth[60:80] = 1  # a quarter of the dogs are called cats
    p = Predictions(codes, rng.random(n), np.full(n, -1), CLASSES)
    claim = Claim(0.2, 0.3)
    broken = 0
    for _ in range(300):
        rows = rng.choice(n, 150, replace=False)
        certificate, auto = certified(p, truth, claim, rows)
        missed = np.count_nonzero(auto & (truth == 1) & (codes == 0))
        broken += certificate.recall["dog"] > 1 - missed / 80
    assert broken / 300 <= 0.3


def test_the_whole_set_bound_is_empty_where_a_class_is_rarer_than_epsilon():
    codes = np.where(np.arange(1000) < 15, 1, 0)
    p, truth, claim = made(np.linspace(1, 0.5, 1000), [], codes=codes, epsilon=0.02)
    certificate, _ = certified(p, truth, claim, range(0, 1000, 4))
    assert class_shares(p).tolist() == [0.985, 0.015]
    note = certificate.notes[-1]
    assert "Nothing is promised of class 'dog' by itself" in note
    assert "limits the errors among the labels of each class" in note
    p, truth, claim = made(np.linspace(1, 0.5, 1000), [], codes=codes, epsilon=0.01)
    assert not any(
        "Nothing is promised of" in n
        for n in certified(p, truth, claim, range(0, 1000, 2))[0].notes
    )


def small_case():
    p, truth, claim = made(np.linspace(1, 0.5, 800), [700, 750], epsilon=0.05)
    audit = draw_audit(p, 200, claim=claim, key="5")
    answers = told(audit, truth)
    return p, audit, answers, certify(p, audit, judge(audit, p, answers))


def test_json_there_and_back():
    *_, certificate = small_case()
    text = certificate.to_json()
    assert Certificate.from_json(text) == certificate
    d = json.loads(text)
    assert d["how_to_check"]
    assert "handed back get their labels by people" in d["assumptions"][-1]
    assert len(text) < 5000


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", '{"sparing_certificate": 2}'])
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(InvalidInputError, match="not a certificate"):
        Certificate.from_json(text)


@pytest.mark.parametrize(("field", "value"), [("n_auto", 9), ("statement", "x"), ("attempt", 2)])
def test_a_changed_certificate_is_refused(field, value):
    *_, certificate = small_case()
    d = json.loads(certificate.to_json())
    d[field] = value
    with pytest.raises(InvalidInputError, match="hash does not fit"):
        Certificate.from_json(json.dumps(d))


@pytest.mark.parametrize("inner", [False, True])
def test_a_certificate_or_audit_that_says_a_field_twice_is_refused(inner):
    _, audit, _, certificate = small_case()
    text = certificate.to_json()
    twice = (
        text.replace('"claim": {', '"claim": {"epsilon": 0.001, ', 1)
        if inner
        else (text.replace("{", '{"statement": "At most 0 of all 800 labels are wrong.",', 1))
    )
    field = "epsilon" if inner else "statement"
    with pytest.raises(InvalidInputError, match=f"it says '{field}' twice"):
        Certificate.from_json(twice)
    with pytest.raises(VoidAuditError, match="it says 'cut' twice"):
        Audit.from_json(audit.to_json().replace("{", '{"cut": 0.5,', 1))


@pytest.mark.parametrize("field", ["assumptions", "not_checked", "how_to_check"])
def test_what_every_certificate_says_cannot_be_left_out(field):
    *_, certificate = small_case()
    d = json.loads(certificate.to_json())
    d[field] = d[field][:-1]
    with pytest.raises(InvalidInputError, match="hash does not fit"):
        Certificate.from_json(json.dumps(d))


def test_a_certificate_of_version_1_is_read_and_verified_by_the_series_of_old():
    """Made by the code of before: a second attempt, by a seed."""
    stored = json.loads((Path(__file__).parent / "version_1.json").read_text())
    certificate = Certificate.from_json(json.dumps(stored["certificate"]))
    audit = Audit.from_json(json.dumps(stored["audit"]))
    assert json.loads(certificate.to_json())["seed"] == 5
    assert Certificate.from_json(certificate.to_json()) == certificate
    assert audit.digest == Audit.from_json(audit.to_json()).digest == certificate.audit
    n = 120
    y = np.where(np.arange(n) < 20, np.arange(n) % 2, -1)
    p = Predictions(np.arange(n) % 2, np.linspace(1, 0.5, n), y, CLASSES, 3)
    answers = told(audit, p.codes)[:-1]
    assert failed(verify(certificate, p, audit, answers)) == []
    assert certificate.evidence[0].delta == share_of(0.05, 2, version=1) > share_of(0.05, 2)
    again = draw_audit(p, 30, claim=Claim(0.2), previous=[audit])  # what follows is of today
    assert again.version == VERSION
    more = replace(certificate, version=2, key="5")
    assert "the risk of being wrong is no more than attempt 2 may take" in failed(verify(more))


def test_a_certificate_of_version_2_is_read_and_verified_by_the_draw_of_old():
    """Made by the code of before: a draw without a key, in which class ids had a part."""
    stored = json.loads((Path(__file__).parent / "version_2.json").read_text())
    certificate = Certificate.from_json(json.dumps(stored["certificate"]))
    audit = Audit.from_json(json.dumps(stored["audit"]))
    assert json.loads(certificate.to_json()) == stored["certificate"]
    n = 120
    y = np.where(np.arange(n) < 20, 1 - np.arange(n) % 2, -1)
    p = Predictions(1 - np.arange(n) % 2, np.linspace(1, 0.5, n), y, CLASSES, 3)
    answers = told(audit, p.codes)[:-1]
    assert failed(verify(certificate, p, audit, answers)) == []
    again = draw_audit(p, 60, claim=Claim(0.2))
    assert again.version == VERSION
    assert again.drawn.tolist() != audit.drawn.tolist()


def test_who_said_it_when_and_how_is_in_the_certificate():
    p, truth, claim = made(np.linspace(1, 0.5, 800), [], n_known=3, epsilon=0.05)
    audit = draw_audit(p, 200, claim=claim)
    again = told(audit, truth)
    found = judge(audit, p, again)
    said = [(row, f"Ada: {label}") for row, label in again]
    origins = Origins(said, {"alone": 2, GLANCE: 1})
    certificate = certify(p, audit, found, origins)
    assert "1 labels of people were given at a glance" in certificate.notes[0]
    assert failed(verify(certificate, p, audit, again, origins)) == []
    other = replace(origins, said=[(row, line.replace("Ada", "Eve")) for row, line in said])
    assert failed(verify(certificate, p, audit, again, other)) == [
        "the answers are those that were certified, and who gave them, when and how"
    ]
    more = replace(certificate, taught={"alone": 4})
    assert "no count contradicts another" in failed(verify(more))


@pytest.mark.parametrize(
    ("where", "field", "value"),
    [
        ("certificate", "n_total", None),
        ("certificate", "n_auto", "9"),
        ("certificate", "n_handback", 1.5),
        ("evidence", "n_items", []),
        ("evidence", "delta", float("nan")),
        ("evidence", "looks", [[200]]),
        ("evidence", "looks", [[200, "1"]]),
    ],
)
def test_values_that_are_no_numbers_make_no_certificate(where, field, value):
    *_, certificate = small_case()
    d = json.loads(certificate.to_json())
    (d if where == "certificate" else d["evidence"][0])[field] = value
    with pytest.raises(InvalidInputError, match="not a certificate"):
        Certificate.from_json(json.dumps(d))


def test_everything_can_be_verified():
    p, audit, answers, certificate = small_case()
    checks = verify(certificate, p, audit, answers)
    assert len(checks) == 12
    assert all(check.ok for check in checks)
    assert len(verify(certificate)) == 7


def failed(checks):
    return [check.what for check in checks if not check.ok]


def test_verifying_finds_what_was_changed():
    p, audit, answers, certificate = small_case()
    (evidence,) = certificate.evidence
    stronger = replace(certificate, evidence=(replace(evidence, n_audited=30),))
    assert "what the answers rule out, they rule out at the stated risk" in failed(verify(stronger))
    looser = replace(certificate, evidence=(replace(evidence, n_refuted=500),))
    assert "what they rule out is what the statement forbids" in failed(verify(looser))
    assert "the labels add up" in failed(verify(replace(certificate, n_auto=1)))
    assert failed(verify(replace(certificate, attempt=2)))
    said = replace(certificate, statement="No label is wrong.")
    assert failed(verify(said)) == ["the statement is what the numbers say"]
    # Each of these would prove anything: no errors tolerated, few items, more labels than items.
    free = replace(evidence, n_wrong=-1, looks=((evidence.n_audited, -1),))
    few = replace(evidence, n_items=300)
    for forged in (free, few):
        assert failed(verify(replace(certificate, evidence=(forged,))))
    more = replace(certificate, n_total=900, n_auto=certificate.n_auto + 100)
    assert "the labels add up" in failed(verify(more))
    other = [(row, "dog") for row, _ in answers]
    assert failed(verify(certificate, p, audit, other)) == [
        "the answers are those that were certified, and who gave them, when and how",
        "counting the answers again gives the same certificate",
    ]
    changed = Predictions(p.codes, p.confidence / 2, p.y, CLASSES)
    assert failed(verify(certificate, changed, audit, answers)) == [
        "the predictions are those that were certified"
    ]


def from_nothing(**changes):
    """Return a certificate of nothing at all: no answer, and a tolerance that risks no path."""
    n, allowed = 600, 30
    evidence = Evidence("all", None, n, 1, n, allowed + n + 1, 0.0, 0.03, 0.5, 599, ((1, n),))
    given = {
        "statement": "At most 30 of all 600 labels (5 %) are wrong, with probability 95 % or more.",
        "claim": Claim(0.05), "attempt": 1, "key": "", "n_total": n, "n_by_people": 1,
        "n_auto": 599, "n_handback": 0, "n_audited": 1, "n_wrong": 0, "n_unanswered": 0,
        "n_disputed": 0, "evidence": (evidence,), "majority": None, "recall": {}, "notes": (),
        "model_version": 1, "predictions": "", "audit": "", "previous": (),
    }  # fmt: skip
    return Certificate(**given | changes)


def test_a_certificate_from_nothing_is_found_out():
    assert failed(verify(from_nothing())) == ["no count contradicts another"]


def test_auto_labels_after_fewer_than_no_errors_are_found_out():
    said = "Of the 590 labels by the model alone, at most 5 % are wrong"
    said += ", with probability 95 % or more."
    evidence = Evidence("all", None, 600, 10, -1, 30, 0.0, 0.03, 0.5, 590)
    forged = from_nothing(
        claim=Claim(0.05, kind="auto"), statement=said, evidence=(evidence,), n_auto=590,
        n_by_people=10, n_audited=10,
    )  # fmt: skip
    assert failed(verify(forged)) == ["no count contradicts another"]


@pytest.mark.parametrize(
    "changes",
    [
        {"n_wrong": 301}, {"n_wrong": -1}, {"n_unanswered": 7}, {"n_disputed": -1},
        {"n_audited": 0}, {"n_by_people": 99}, {"recall": {"cat": 1.5}}, {"majority": -0.1},
        {"majority": 2},
    ],
)  # fmt: skip
def test_counts_that_cannot_be_together_are_found_out(changes):
    _, _, _, certificate = small_case()
    assert "no count contradicts another" in failed(verify(replace(certificate, **changes)))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["whole", "auto"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_true_certificate_passes(seed, kind, per_class):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 400))
    codes = rng.integers(0, 2, n)
    p, truth, _ = made(
        rng.random(n), rng.random(n) < rng.choice([0, 0.05, 0.5]), codes=codes,
        n_known=int(rng.integers(0, n // 2)), kind=kind,
    )  # fmt: skip
    claim = Claim(float(rng.choice([0.02, 0.2, 0.6])), 0.1, kind, per_class and kind == "auto")
    there = np.bincount(p.codes[p.eligible], minlength=2)
    size = {c: int(rng.integers(1, k + 1)) for c, k in enumerate(there.tolist()) if k}
    drawn = draw_audit(
        p, size if claim.per_class else sum(size.values()), claim=claim, key=str(seed)
    )
    answers = [
        (row, CLASSES.values[truth[row]] if rng.random() < 0.9 else None)
        for row in drawn.drawn.tolist()
    ]
    answers += [(row, "dog") for row, _ in answers if rng.random() < 0.05]  # some disagree
    certificate = certify(p, drawn, judge(drawn, p, answers))
    assert failed(verify(certificate, p, drawn, answers)) == []
    assert Certificate.from_json(certificate.to_json()) == certificate


def test_audits_that_cannot_certify():
    p, _truth, claim = made(np.linspace(1, 0.5, 800), [])
    nothing = Findings(np.zeros(0, int), np.zeros(0, bool), np.zeros(0, bool), CLASSES)
    with pytest.raises(InvalidInputError, match="drawn for a claim"):
        certify(p, draw_audit(p, 10), nothing)
    with pytest.raises(InvalidInputError, match="drawn for a claim"):
        certify(p, draw_stratified(p, 10), nothing)
    other = Predictions(p.codes, p.confidence, p.y, CLASSES, model_version=8)
    with pytest.raises(VoidAuditError):
        certify(other, chosen(p, range(10), claim), nothing)

import hashlib
import json
from itertools import permutations

import numpy as np
import pytest

from sparing import ClassTable
from sparing.audit import sampling
from sparing.audit.audit import Audit, Claim, Phase, share_of
from sparing.audit.findings import judge
from sparing.audit.sampling import draw_audit, draw_stratified, is_repeatable
from sparing.errors import InvalidInputError, PoolExhaustedError, VoidAuditError
from sparing.pool.predictions import Predictions, items_digest

CLASSES = ClassTable(("cat", "dog"))


def predictions(n=200, *, n_known=20, seed=0, version=1):
    rng = np.random.default_rng(seed)
    y = np.full(n, -1)
    y[:n_known] = 0
    return Predictions(np.arange(n) % 2, rng.random(n), y, CLASSES, version)


def test_what_the_model_trained_on_is_never_drawn():
    p = predictions(60, n_known=30)
    for seed in range(50):
        assert draw_audit(p, 30, key=str(seed)).drawn.min() >= 30


def test_skipped_items_are_not_drawn_and_not_in_the_total():
    y = np.array([-1, -2, -1, 1])
    p = Predictions([0, 0, 1, 1], np.ones(4), y, CLASSES)
    assert sorted(draw_audit(p, 2).drawn.tolist()) == [0, 2]
    assert p.n_total == 3


def test_the_draw_is_uniform():
    p = predictions(30, n_known=10)
    n = 3000
    counts = np.zeros(30)
    for seed in range(n):
        counts[draw_audit(p, 5, key=str(seed)).drawn] += 1
    expected, spread = n * 5 / 20, np.sqrt(n * 0.25 * 0.75)
    assert np.all(np.abs(counts[10:] - expected) < 4.5 * spread)
    assert counts[:10].sum() == 0


def test_pairs_are_drawn_as_often_as_they_should_be():
    p = predictions(12, n_known=0)
    together = np.mean(
        [{0, 1} <= set(draw_audit(p, 6, key=str(seed)).drawn.tolist()) for seed in range(2000)]
    )
    assert abs(together - 6 * 5 / (12 * 11)) < 4 * np.sqrt(0.227 * 0.773 / 2000)


def test_the_order_of_asking_says_nothing_about_the_row():
    p = predictions(100, n_known=0)
    first = [draw_audit(p, 50, key=str(seed)).drawn[0] for seed in range(400)]
    assert abs(np.mean(first) - 49.5) < 4 * 28.9 / 20


def test_a_draw_can_be_repeated_and_depends_on_everything_it_should():
    p = predictions()
    audit = draw_audit(p, 30, claim=Claim(0.05), key="3")
    assert audit.drawn.tolist() == draw_audit(p, 30, claim=Claim(0.05), key="3").drawn.tolist()
    assert is_repeatable(audit, p)
    assert audit.drawn.tolist() != draw_audit(p, 30, key="4").drawn.tolist()
    assert audit.drawn.tolist() != draw_audit(p, 30, key="3", previous=[audit]).drawn.tolist()


def test_without_a_key_only_items_predictions_and_labels_decide_the_draw():
    """No option and no name has a part in it: the best of many tries is always the same one."""
    p = predictions()
    drawn = draw_audit(p, 30, claim=Claim(0.05)).drawn.tolist()
    again = [
        draw_audit(predictions(version=2), 30, claim=Claim(0.05)),
        draw_audit(Predictions(p.codes, p.confidence, p.y, ClassTable(("a", "b"))), 30),
        draw_audit(p, 30, claim=Claim(0.01, 0.2, "auto"), cut=0.0),
        draw_audit(p, (30, 40), claim=Claim(0.05)),
    ]
    assert all(audit.drawn.tolist()[:30] == drawn for audit in again)
    assert all(is_repeatable(audit, p) for audit in again[2:])
    # What may be drawn changes, not the order of those that still may.
    cut = draw_audit(p, 30, claim=Claim(0.05), cut=0.3).drawn.tolist()
    assert [row for row in drawn if p.confidence[row] >= 0.3] == cut[: len(set(drawn) & set(cut))]
    for other in (predictions(seed=1), predictions(n_known=21)):
        assert draw_audit(other, 30, claim=Claim(0.05)).drawn.tolist() != drawn
    named = Predictions(p.codes, p.confidence, p.y, CLASSES, items=items_digest(["a"] * 200))
    assert draw_audit(named, 30).drawn.tolist() != drawn


@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_the_order_of_classes_has_no_part_in_the_draw(monkeypatch, block):
    """It may follow from their names, which anybody can choose."""
    rng = np.random.default_rng(0)
    codes, sure = rng.integers(1, 5, 60), rng.random(60)  # nothing is predicted to be the first
    y = np.where(np.arange(60) < 20, rng.integers(0, 6, 60) * rng.integers(0, 2, 60), -1)
    y[7] = -2
    drawn = set()
    names = ClassTable(tuple("abcdef"))
    for order in permutations(range(6)):
        other = np.append(order, [-2, -1])
        p = Predictions(other[codes], sure, other[y], names)
        drawn.add(p.draw_key)
    assert len(drawn) == 1
    monkeypatch.setattr("sparing.pool.predictions.BLOCK", block)
    assert {Predictions(codes, sure, y, names).draw_key} == drawn
    altered = np.append(codes[:-1], codes[-1] % 4 + 1)
    assert Predictions(altered, sure, y, names).draw_key not in drawn
    # Who is labeled as what the model says is another matter than who is not.
    p = Predictions([0, 1], [1, 1], [0, -1], ClassTable(("a", "b")))
    q = Predictions([0, 1], [1, 1], [1, -1], ClassTable(("a", "b")))
    assert p.draw_key != q.draw_key


def test_classes_are_numbered_as_they_are_first_predicted_and_then_as_labeled():
    p = Predictions([3, 1, 3, 2], [1, 0.5, 1, 1], [-1, 4, 0, -2], ClassTable(tuple("abcde")))
    q = Predictions([0, 1, 0, 2], [1, 0.5, 1, 1], [-1, 3, 4, -2], ClassTable(tuple("abcde")))
    assert p.draw_key == q.draw_key
    digest = hashlib.sha256(b'["draw", ""]')
    for numbers, kind in (([0, 1, 0, 2, -1, 3, 4, -2], "<i4"), ([1, 0.5, 1, 1], "<f4")):
        digest.update(np.array(numbers, kind).tobytes())
    assert p.draw_key == digest.hexdigest()


def test_a_simulation_draws_anew_each_time():
    rng = np.random.default_rng(0)
    one, other = (draw_audit(predictions(), 30, rng=rng) for _ in range(2))
    assert one.drawn.tolist() != other.drawn.tolist()
    assert is_repeatable(one, predictions())


def test_a_draw_that_was_picked_by_hand_is_not_repeatable():
    p = predictions()
    audit = draw_audit(p, 10)
    chosen = Audit(p.digest, audit.eligible, np.arange(20, 30), "uniform", (), None, 0.0, "")
    assert not is_repeatable(chosen, p)


def test_nothing_below_the_cut_is_drawn():
    p = predictions()
    audit = draw_audit(p, 40, cut=0.6)
    assert p.confidence[audit.drawn].min() >= np.float32(0.6)
    assert not audit.eligible[p.confidence < np.float32(0.6)].any()


def test_an_audit_cannot_be_changed():
    audit = draw_audit(predictions(), 5)
    with pytest.raises(AttributeError):
        audit.key = "1"
    with pytest.raises(ValueError, match="read-only"):
        audit.drawn[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        audit.eligible[0] = True


def test_predictions_keep_nothing_of_the_callers_arrays():
    confidence = np.full(4, 0.5, dtype=np.float32)
    p = Predictions([0, 1, 0, 1], confidence, np.full(4, -1, dtype=np.int32), CLASSES)
    before = p.digest
    confidence[:] = 0.9
    assert p.confidence[0] == np.float32(0.5)
    assert p.digest == before
    with pytest.raises(ValueError, match="read-only"):
        p.codes[0] = 1


def test_every_part_of_the_predictions_is_in_the_hash():
    base = {
        "codes": [0, 1],
        "confidence": [0.5, 0.6],
        "y": [-1, -1],
        "classes": CLASSES,
        "model_version": 1,
    }
    changed = [
        {"codes": [1, 1]},
        {"confidence": [0.5, 0.7]},
        {"y": [-1, 0]},
        {"classes": ClassTable(("cat", "fox"))},
        {"model_version": 2},
    ]
    digests = [Predictions(**{**base, **change}).digest for change in ({}, *changed)]
    assert len(set(digests)) == len(digests)
    assert Predictions(**base).digest == digests[0]


def test_a_class_called_1_is_not_a_class_called_one_as_text():
    a, b = (Predictions([0], [0.5], [-1], ClassTable((v,))) for v in (1, "1"))
    assert a.digest != b.digest


@pytest.mark.parametrize("design", ["uniform", "class", "confidence"])
def test_json_there_and_back(design):
    p = predictions()
    if design == "confidence":
        audit = draw_stratified(p, 30, previous=[draw_audit(p, 3)])
    elif design == "class":
        audit = draw_audit(p, {0: 5, 1: 9}, claim=Claim(0.1, 0.2, "auto", per_class=True), key="4")
    else:
        audit = draw_audit(p, 30, claim=Claim(0.02), cut=0.3, key="9")
    again = Audit.from_json(audit.to_json())
    assert again.digest == audit.digest
    assert again.drawn.tolist() == audit.drawn.tolist()
    assert again.eligible.tolist() == audit.eligible.tolist()
    assert (again.claim, again.cut, again.key, again.previous, again.design, again.edges) == (
        audit.claim, audit.cut, audit.key, audit.previous, audit.design, audit.edges,
    )  # fmt: skip
    assert is_repeatable(again, p)


@pytest.mark.parametrize("field", ["drawn", "claim", "key", "eligible", "previous"])
def test_a_changed_file_is_refused(field):
    p = predictions()
    d = json.loads(draw_audit(p, 5, claim=Claim(0.02)).to_json())
    other = json.loads(draw_audit(p, 6, claim=Claim(0.03), cut=0.5, key="1").to_json())
    d[field] = ["0" * 64] if field == "previous" else other[field]
    with pytest.raises(VoidAuditError, match="hash does not fit"):
        Audit.from_json(json.dumps(d))


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"eligible": "%%"}'])
def test_what_is_no_audit_is_refused_in_one_line(text):
    with pytest.raises(VoidAuditError, match="not an audit"):
        Audit.from_json(text)


def test_each_attempt_spends_its_share():
    p = predictions()
    first = draw_audit(p, 5, claim=Claim(0.02, 0.1))
    second = draw_audit(p, 5, claim=Claim(0.02, 0.1), previous=[first])
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.previous == (first.digest,)
    assert first.delta == pytest.approx(0.09)
    assert second.delta == pytest.approx(0.06 / np.pi**2)


def test_no_series_of_attempts_of_old_and_new_risks_more_than_delta():
    """However many attempts of version 1 went before: 100,000 more, and the tail beyond them."""
    later = np.arange(1, 100_001)
    tail = 1 / later[-1]  # of the sum of 1 / t^2 beyond
    for n_old in range(20):
        old = sum(share_of(0.05, t, version=1) for t in range(1, n_old + 1))
        first = 0.9 * 0.05 if n_old == 0 else share_of(0.05, n_old + 1)
        rest = 0.005 * 6 / np.pi**2 * ((1 / (later + n_old) ** 2).sum() + tail)
        assert old + first + rest <= 0.05 * 1.0001  # the tail is bounded from above
        assert share_of(0.05, n_old + 2) == pytest.approx(0.005 * 6 / np.pi**2 / (n_old + 1) ** 2)


def test_an_audit_without_a_claim_may_risk_nothing():
    with pytest.raises(InvalidInputError, match="without a claim"):
        _ = draw_audit(predictions(), 5).delta


def test_fewer_items_than_the_audit():
    with pytest.raises(PoolExhaustedError, match="181 items was asked for and 180 may be drawn"):
        draw_audit(predictions(), 181)
    with pytest.raises(PoolExhaustedError, match="500"):
        draw_stratified(predictions(), 500)
    with pytest.raises(PoolExhaustedError, match="91"):
        draw_audit(predictions(), {0: 91}, claim=Claim(0.1, kind="auto", per_class=True))


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True, "3"])
def test_the_size_of_an_audit_is_a_positive_int(wrong):
    with pytest.raises(InvalidInputError, match="n_audit"):
        draw_audit(predictions(), wrong)


def test_a_claim_per_class_needs_sizes_per_class():
    with pytest.raises(InvalidInputError, match="mapping"):
        draw_audit(predictions(), 5, claim=Claim(0.1, kind="auto", per_class=True))
    with pytest.raises(InvalidInputError, match="mapping"):
        draw_audit(predictions(), {0: 5}, claim=Claim(0.1))


@pytest.mark.parametrize("value", [0, 1, -0.01, 2, float("nan"), "x", None])
def test_epsilon_and_delta_lie_between_0_and_1(value):
    with pytest.raises(InvalidInputError, match="epsilon"):
        Claim(value)
    with pytest.raises(InvalidInputError, match="delta"):
        Claim(0.1, value)


def test_claims_that_make_no_sense():
    with pytest.raises(InvalidInputError, match="kind"):
        Claim(0.1, kind="most")
    with pytest.raises(InvalidInputError, match="per_class"):
        Claim(0.1, per_class=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"codes": [0, 2]},
        {"codes": [0, -1]},
        {"codes": []},
        {"y": [-1]},
        {"y": [-3, 0]},
        {"confidence": [0.5, float("nan")]},
        {"confidence": [0.5, 1.2]},
        {"confidence": [[0.5], [0.1]]},
    ],
)
def test_predictions_that_cannot_be(wrong):
    fine = {"codes": [0, 1], "confidence": [0.5, 0.5], "y": [-1, -1], "classes": CLASSES}
    with pytest.raises(InvalidInputError):
        Predictions(**{**fine, **wrong})


def test_a_model_changed_after_the_draw():
    audit = draw_audit(predictions(), 10)
    for other in (predictions(version=2), predictions(seed=1), predictions(n_known=21)):
        with pytest.raises(VoidAuditError, match=r"changed after the audit was drawn.*attempt 2"):
            judge(audit, other, [])


def test_phases_lead_on_and_hold_the_audit_back_from_training():
    assert [phase.next for phase in Phase] == [*list(Phase)[1:], Phase.DONE]
    assert [phase.audit_may_train for phase in Phase] == [False, False, True, True, True]


def test_strata_by_confidence_look_more_often_where_errors_are_likely():
    rng = np.random.default_rng(0)
    p = Predictions(np.zeros(2000), 1 - 0.5 * rng.random(2000) ** 3, np.full(2000, -1), CLASSES)
    audit = draw_stratified(p, 200)
    counts = np.bincount(audit.strata(p, audit.drawn))
    assert counts.sum() == 200
    assert np.all(np.diff(counts) < 0)
    assert counts.min() >= 25  # half of the audit is spread evenly


def test_strata_of_equal_confidences_are_one():
    p = Predictions(np.zeros(50), np.full(50, 0.7), np.full(50, -1), CLASSES)
    audit = draw_stratified(p, 10)
    assert len(set(audit.strata(p, audit.drawn).tolist())) == 1


@pytest.mark.parametrize("block", [1, 7, 64, 10_000])
def test_the_draw_has_the_smallest_keys_in_blocks_of_any_size(monkeypatch, block):
    p = predictions(500, n_known=40)
    looked_at = {
        "uniform": draw_audit(p, 30),
        "class": draw_audit(p, {0: 5, 1: 9}, claim=Claim(0.1, kind="auto", per_class=True)),
        "confidence": draw_stratified(p, 40),
    }
    monkeypatch.setattr(sampling, "BLOCK", block)
    for audit in looked_at.values():
        assert is_repeatable(audit, p)
    words = np.frombuffer(hashlib.sha256(f"{p.draw_key} 1".encode()).digest(), ">u4").tolist()
    keys = np.random.Philox(np.random.SeedSequence(words)).random_raw(500)
    by_key = [row for row in np.argsort(keys).tolist() if row >= 40]
    assert looked_at["uniform"].drawn.tolist() == by_key[:30]
    even = [row for row in by_key if p.codes[row] == 0][:5]
    odd = [row for row in by_key if p.codes[row] == 1][:9]
    assert set(looked_at["class"].drawn.tolist()) == {*even, *odd}


def test_arrays_that_nobody_can_change_are_not_held_twice():
    codes, sure, y = np.zeros(9, "<i4"), np.ones(9, "<f4"), np.full(9, -1, "<i4")
    codes.flags.writeable = sure.flags.writeable = False
    p = Predictions(codes, sure, y, CLASSES)
    assert p.codes is codes
    assert p.confidence is sure
    y[0] = 1
    assert p.y[0] == -1

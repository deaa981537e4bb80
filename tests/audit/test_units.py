"""Precision of single units: exact over all draws, by the rule of any kind of annotation."""

from dataclasses import replace
from itertools import combinations
from typing import ClassVar

import numpy as np
import pytest

from sparing import ClassTable
from sparing.annotations.base import Match
from sparing.annotations.registry import KINDS, get_kind
from sparing.annotations.spans import SpanSet
from sparing.audit.units import NOT_COVERED, UnitPool, unit_precision
from sparing.errors import InvalidInputError, VoidAuditError

CLASSES = ClassTable(("person", "place"))
SPANS = get_kind("spans")
TEXTS = ["Eve met Tim in Rome", "It rained", "Ada left Oslo"]


def parsed(*spans):
    return [SPANS.parse(some, CLASSES, text) for some, text in zip(spans, TEXTS, strict=True)]


SAID = parsed([(0, 3, "person"), (8, 11, "person")], [], [(0, 3, "person"), (9, 13, "person")])
TRUTH = parsed([(0, 3, "person"), (8, 11, "person"), (15, 19, "place")], [],
               [(0, 3, "person"), (9, 13, "place")])  # fmt: skip


def pool(said=SAID):
    return UnitPool.of(SPANS, said, TEXTS, CLASSES)


@pytest.mark.parametrize("n_wrong", range(9))
def test_over_all_draws_the_limit_fails_no_more_often_than_is_allowed(n_wrong):
    n, m, delta = 8, 4, 0.3
    units = UnitPool.of(
        get_kind("labels"), [get_kind("labels").parse(["person"], CLASSES)] * n,
        [f"text {i}" for i in range(n)], CLASSES,
    )  # fmt: skip
    audit, failed = units.draw(m), 0
    draws = list(combinations(range(n), m))
    for drawn in draws:
        here = replace(audit, drawn=np.array(drawn))
        right = {row: row >= n_wrong for row in drawn}
        failed += unit_precision(units, here, right, delta).most_wrong < n_wrong
    assert failed / len(draws) <= 0.9 * delta


def test_a_unit_is_right_where_a_person_has_it_in_the_item_and_what_is_missed_does_not_count():
    units = pool()
    assert len(units) == 4
    right = {row: units.is_right(row, TRUTH[item]) for row, (item, _) in enumerate(units.places)}
    assert list(right.values()) == [True, True, True, False]
    audit = units.draw(4)
    found = unit_precision(units, audit, right)
    assert (found.n_wrong, found.most_wrong, found.least_right) == (1, 1, 0.75)
    assert found.statement.startswith("Of the 4 spans that the model gives at most 1 are wrong")
    assert found.not_covered == NOT_COVERED


def test_units_without_a_verdict_count_as_wrong_and_no_other_may_have_one():
    units = pool()
    audit = units.draw(2)
    first, second = audit.drawn.tolist()
    assert unit_precision(units, audit, {first: True}).n_wrong == 1
    other = next(row for row in range(4) if row not in (first, second))
    with pytest.raises(InvalidInputError, match="of rows of the draw only"):
        unit_precision(units, audit, {other: True})


def test_another_place_class_or_item_is_another_pool():
    audit = pool().draw(2)
    moved = parsed([(0, 3, "person"), (8, 10, "person")], [], [(0, 3, "person"), (9, 13, "person")])
    for other in (moved, TRUTH):
        with pytest.raises(VoidAuditError):
            unit_precision(pool(other), audit, {})


def test_later_draws_may_risk_less():
    units = pool([SAID[0]] * 3)
    first = units.draw(3)
    second = units.draw(3, previous=[first])
    sure = [unit_precision(units, a, dict.fromkeys(a.drawn.tolist(), True), 0.9).most_wrong
            for a in (first, second)]  # fmt: skip
    assert sure[0] < sure[1]


def test_when_two_units_are_the_same_is_said_by_their_kind():
    class Loose(SpanSet):
        sameness: ClassVar[str] = "Two spans are the same if they begin together."

        def match(self, a, b):
            begun = {unit.place[0]: unit for unit in b}
            pairs = tuple((u, begun[u.place[0]]) for u in a if u.place[0] in begun)
            return Match(pairs, (), (), ())

    units = UnitPool.of(Loose(), SAID, TEXTS, CLASSES)
    assert units.is_right(3, TRUTH[2])
    found = unit_precision(units, units.draw(4), dict.fromkeys(range(4), True))
    assert found.statement.endswith("95 % or more. Two spans are the same if they begin together.")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_annotation_has_units_to_draw(name):
    kind = get_kind(name)
    classes, good = ClassTable(kind.examples.classes), kind.examples.good[0]
    value = kind.parse(good, classes, kind.examples.item)
    units = UnitPool.of(kind, [value, value], ["a", "b"], classes)
    assert all(units.is_right(row, value) for row in range(len(units)))
    assert not any(units.is_right(row, ()) for row in range(len(units)))


def test_what_is_no_pool_of_units_is_refused():
    with pytest.raises(InvalidInputError, match="one an item"):
        UnitPool.of(SPANS, SAID, ["a"], CLASSES)
    with pytest.raises(InvalidInputError, match="at least one unit"):
        UnitPool.of(SPANS, [()], ["a"], CLASSES)

"""Every kind of annotation of the registry passes the common checks."""

import pytest

from sparing.annotations.labels import LabelSet
from sparing.annotations.registry import KINDS, get_kind
from sparing.annotations.spans import SpanSet, text_hash
from sparing.annotations.values import Unit, digest, dump, load, resolved
from sparing.errors import InvalidInputError, UnknownNameError
from sparing.pool.classes import ClassTable
from sparing.testing import yield_annotation_checks

CASES = [
    pytest.param(name, check, id=f"{name}-{check.__name__}")
    for name in sorted(KINDS)
    for check in yield_annotation_checks()
]
PEOPLE = ClassTable(("person", "place"))


@pytest.mark.parametrize(("name", "check"), CASES)
def test_every_kind_passes_the_common_checks(name, check):
    check(get_kind(name))


def test_a_kind_that_nobody_knows_is_named_with_the_closest():
    with pytest.raises(UnknownNameError, match="Did you mean 'spans'"):
        get_kind("span")


def test_checks_notice_a_kind_that_forgets_a_unit():
    class Forgetful(LabelSet):
        """Gives back the first label alone."""

        def plain(self, value, classes):
            return super().plain(value[:1], classes)

    broken = Forgetful()
    failed = set()
    for check in yield_annotation_checks():
        try:
            check(broken)
        except AssertionError:
            failed.add(check.__name__)
    assert failed == {"check_plain_form_is_read_back", "check_columns_are_read_back"}


def test_offsets_count_code_points():
    text = "e\u0301 \U0001f469\u200d\U0001f467 \u0645\u0631\u062d\u0628\u0627"
    whole = SpanSet().parse([(0, len(text), "person")], PEOPLE, text)
    assert whole[0].place == (0, 12)
    with pytest.raises(InvalidInputError, match="within its text of 12 characters"):
        SpanSet().parse([(0, 13, "person")], PEOPLE, text)


@pytest.mark.parametrize(
    ("spans", "says"),
    [
        ([(0, 5, "person"), (3, 8, "place")], "cross or lie in each other: 0-5 and 3-8"),
        ([(2, 2, "person")], "of start < end. Got 2-2 'person'"),
        ([(0, 2, "persn")], "Did you mean 'person'"),
        ([(0, 2, "person"), (0, 2, "person")], "distinct"),
        ([{"start": 0, "end": 2, "label": "person", "by": "magic"}], "drawn, accepted, edited"),
    ],
)
def test_each_bad_span_has_its_own_line(spans, says):
    with pytest.raises(InvalidInputError, match=says):
        SpanSet().parse(spans, PEOPLE, "Ada in Paris")


def test_the_units_of_two_answers_are_matched_by_place():
    kind = SpanSet()
    a = kind.parse([(0, 3, "person"), (7, 12, "place"), (13, 15, "place")], PEOPLE)
    b = kind.parse([(0, 3, "person"), (7, 12, "person"), (16, 18, "person")], PEOPLE)
    match = kind.match(a, b)
    assert [x.place for x, _ in match.pairs] == [(0, 3)]
    assert [(x.class_id, y.class_id) for x, y in match.moved] == [(1, 0)]
    assert [x.place for x in match.only_a] == [(13, 15)]
    assert [x.place for x in match.only_b] == [(16, 18)]


def test_the_origin_of_a_unit_is_kept_and_makes_no_difference():
    drawn, accepted = Unit((0, 3), 1), Unit((0, 3), 1, by="accepted", version=7)
    assert digest((drawn,)) == digest((accepted,))
    assert load(dump((accepted,)))[0].version == 7


def test_labels_that_were_merged_become_one():
    value = LabelSet().parse(["a", "b", "c"], ClassTable(("a", "b", "c")))
    merged = resolved(value, (0, 0, 2))
    assert [unit.class_id for unit in merged] == [0, 2]


def test_a_damaged_stored_answer_is_refused():
    with pytest.raises(InvalidInputError, match="damaged"):
        load('[{"at": 3}]')


def test_texts_that_look_alike_hash_apart():
    assert text_hash("caf\u00e9") != text_hash("cafe\u0301")

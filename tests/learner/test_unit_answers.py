"""UnitAnswers: what each move leaves, which classes come of answers, whose row is at fault."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.annotations.spans import SpanSet
from sparing.annotations.values import Unit
from sparing.errors import InvalidInputError, UnknownNameError
from sparing.learner.unit_answers import LABELED, UnitAnswers, read_values
from sparing.pool.classes import ClassTable
from sparing.pool.pool import SKIPPED, UNLABELED

ONE, OTHER = (Unit((0, 3), 0),), (Unit((4, 7), 0),)
MOVES = st.lists(
    st.tuples(st.sampled_from(["teach", "skip", "forget"]), st.sets(st.integers(0, 4))), max_size=8
)


def rows(*listed):
    return np.array(listed, dtype=np.int64)


def test_answers_are_left_as_they_were_by_what_comes_of_them():
    before = UnitAnswers.of(3, ["name"]).with_values(rows(0, 2), [ONE, ()])
    after = before.with_values(rows(2), [OTHER]).with_skips(rows(0)).without_values(rows(2))
    assert before.labeled.tolist() == [0, 2]
    assert before.values == {0: ONE, 2: ()}
    assert after.values == {}
    assert after.state.tolist() == [SKIPPED, UNLABELED, UNLABELED]
    assert after.skipped.tolist() == [0]
    assert after.eligible.tolist() == [False, True, True]


@given(MOVES)
def test_whatever_happens_the_labeled_rows_are_those_with_an_answer(moves):
    answers, expected = UnitAnswers.of(5, None), {}
    for move, chosen in moves:
        at = rows(*sorted(chosen))
        expected = {row: value for row, value in expected.items() if row not in chosen}
        if move == "teach":
            answers = answers.with_values(at, [ONE] * len(at))
            expected |= dict.fromkeys(chosen, ONE)
        else:
            answers = answers.with_skips(at) if move == "skip" else answers.without_values(at)
    assert dict(answers.values) == expected
    assert answers.labeled.tolist() == sorted(expected)
    assert (answers.state == LABELED).sum() + answers.eligible.sum() + len(answers.skipped) == 5


def test_labels_become_classes_in_their_order_unless_all_were_named():
    raws = [[(0, 3, "b")], [(0, 3, "a"), (4, 7, "b")]]
    assert UnitAnswers.of(2, None).with_classes_in(SpanSet(), raws).classes.values == ("b", "a")
    assert UnitAnswers.of(2, ["a"]).with_classes_in(SpanSet(), raws).classes.values == ("a",)


def test_what_is_wrong_is_said_with_its_row():
    texts, names = {7: "Ada ran", 9: "it"}, ClassTable(("name",))
    right = [(0, 3, "name")]
    with pytest.raises(InvalidInputError, match=r"^Row 9: "):
        read_values(SpanSet(), rows(7, 9), [right, right], names, texts.__getitem__)
    with pytest.raises(UnknownNameError, match="other"):
        read_values(SpanSet(), rows(7), [[(0, 3, "other")]], names, texts.__getitem__)

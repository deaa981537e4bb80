"""Boxes: how they are read, cut at the edge of a picture, matched and judged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.annotations.boxes import BoxSet
from sparing.annotations.overlap import iou, paired
from sparing.errors import InvalidInputError
from sparing.pool.classes import ClassTable

PETS = ClassTable(("cat", "dog"))
SIZE = (640, 480)


def parsed(*boxes):
    return BoxSet().parse(list(boxes), PETS, SIZE)


def test_a_coordinate_is_kept_to_a_sixteenth_of_a_pixel():
    (unit,) = parsed((1.03, 2, 10.5, 20.97, "cat"))
    assert unit.place == (16, 32, 168, 336)
    assert BoxSet().plain((unit,), PETS) == [{"box": [1, 2, 10.5, 21], "label": "cat"}]


def test_numbers_of_numpy_are_numbers():
    (unit,) = parsed((*np.array([1, 2, 3, 4], dtype=np.float32), "dog"))
    assert unit.place == (16, 32, 48, 64)


def test_a_box_that_reaches_out_by_a_pixel_is_cut_and_more_is_refused():
    (unit,) = parsed((-1, -0.4, 641, 481, "cat"))
    assert unit.place == (0, 0, 640 * 16, 480 * 16)
    with pytest.raises(InvalidInputError, match="within its picture of 640 x 480 pixels"):
        parsed((-1.1, 0, 10, 10, "cat"))


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((5, 5, 5, 9, "cat"), r"left < right and top < bottom. Got \[5, 5, 5, 9\] 'cat'"),
        ((5, 5, float("nan"), 9, "cat"), "four numbers: left, top, right, bottom"),
        ((5, 5, 1e300, 9, "cat"), "four numbers"),
        ((5, 5, 9, 9, "cet"), "Did you mean 'cat'"),
        ({"box": [5, 5, 9, 9], "label": "cat", "by": "magic"}, "drawn, accepted, edited"),
        ({"box": "5 5 9 9", "label": "cat"}, "four numbers"),
    ],
)
def test_each_bad_box_has_its_own_line(box, says):
    with pytest.raises(InvalidInputError, match=says):
        parsed(box)


def test_overlap_by_hand():
    # 10 x 10 and the same moved by 5: 50 in common, 150 together
    assert iou([(0, 0, 10, 10)], [(5, 0, 15, 10)])[0, 0] == pytest.approx(1 / 3)
    assert iou([(0, 0, 10, 10)], [(0, 0, 10, 5)])[0, 0] == 0.5
    assert iou(np.zeros((0, 4)), [(0, 0, 1, 1)]).shape == (0, 1)


def test_a_pair_is_given_up_where_that_makes_two():
    # each of a with the best of b would pair once; one to one there are two pairs
    overlap = np.array([[0.9, 0.6], [0.8, 0.1]])
    assert paired(overlap, np.ones((2, 2), bool)).tolist() == [[0, 1], [1, 0]]


def test_a_box_of_its_class_comes_before_a_closer_one_of_another():
    truth = parsed((0, 0, 100, 100, "dog"), (0, 0, 100, 60, "cat"))
    match = BoxSet().match(parsed((0, 0, 100, 100, "cat")), truth)
    assert [pair[1].place for pair in match.pairs] == [(0, 0, 1600, 960)]
    assert not match.moved
    assert [unit.class_id for unit in match.only_b] == [1]


def test_an_answer_is_right_if_each_box_has_its_own():
    truth = parsed((0, 0, 100, 100, "cat"), (200, 200, 300, 300, "dog"))
    near = parsed((4, 3, 104, 98, "cat"), (200, 210, 300, 300, "dog"))
    assert BoxSet().is_right(near, truth)
    assert not BoxSet().is_right(near[:1], truth)
    assert not BoxSet().is_right(parsed((0, 0, 100, 49, "cat"), (200, 200, 300, 300, "dog")), truth)
    other = parsed((0, 0, 100, 100, "dog"), (200, 200, 300, 300, "dog"))
    assert len(BoxSet().match(other, truth).moved) == 1
    assert not BoxSet().is_right(other, truth)
    assert BoxSet().is_right((), ())


def test_right_does_not_carry_over():
    a, b, c = (parsed((x, 0, x + 100, 100, "cat")) for x in (0, 30, 60))
    assert BoxSet().is_right(a, b)
    assert BoxSet().is_right(b, c)
    assert not BoxSet().is_right(a, c)


box_sets = st.lists(
    st.tuples(
        st.integers(0, 8), st.integers(0, 8), st.integers(1, 4), st.integers(1, 4),
        st.sampled_from(("cat", "dog")),
    ),
    max_size=6,
    unique=True,
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=60)
@given(box_sets, box_sets)
def test_matches_partition_both_sides_and_are_the_same_from_either(a, b):
    one, two = (parsed(*((x, y, x + w, y + h, c) for x, y, w, h, c in s)) for s in (a, b))
    match, back = BoxSet().match(one, two), BoxSet().match(two, one)
    both = [*match.pairs, *match.moved]
    assert sorted([*(u for u, _ in both), *match.only_a]) == list(one)
    assert sorted([*(u for _, u in both), *match.only_b]) == list(two)
    assert [len(match.pairs), len(match.moved)] == [len(back.pairs), len(back.moved)]
    for u, v in both:
        assert iou([u.place], [v.place])[0, 0] >= 0.5

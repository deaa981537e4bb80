"""Tokens, sentences and tags: offsets are the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.annotations.sentences import Sentences, positions_in_ranges
from sparing.annotations.tagging import allowed, segments, spans_of, tags_of
from sparing.annotations.tokens import tokenize
from sparing.annotations.values import Unit


def words(text):
    return [text[start:end] for start, end in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \r\n\t", []),
        ("Ada, Bob.", ["Ada", ",", "Bob", "."]),
        ("Ada\u2019s", ["Ada", "\u2019", "s"]),
        ("cafe\u0301 ok", ["cafe\u0301", "ok"]),
        ("\U0001f469\u200d\U0001f467 hi", ["\U0001f469\u200d\U0001f467", "hi"]),
        (
            "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645",
            ["\u0645\u0631\u062d\u0628\u0627", "\u0628\u0643\u0645"],
        ),
        ("a\r\nb", ["a", "b"]),
    ],
)
def test_tokens_are_words_of_unicode(text, expected):
    assert words(text) == expected


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_tokens_are_apart_in_order_and_leave_out_nothing_but_space(text):
    offsets = tokenize(text)
    assert (offsets[:, 0] < offsets[:, 1]).all()
    assert (offsets[1:, 0] >= offsets[:-1, 1]).all()
    covered = "".join(words(text))
    assert "".join(covered.split()) == "".join(text.split())


def test_a_part_of_the_sentences_keeps_the_numbers_of_words():
    three = Sentences.of_texts(["Ada met Bob", "", "Bob"])
    part = three.take(np.array([2, 0]))
    assert list(part) == [["Bob"], ["Ada", "met", "Bob"]]
    assert part.words is three.words
    assert part.rows.tolist() == [0, 1, 1, 1]


def test_tokens_that_are_given_have_offsets_in_the_joined_text():
    one = Sentences.of_words([["New", "York", "!"]])
    assert one.texts == ("New York !",)
    assert one.offsets.tolist() == [[0, 3], [4, 8], [9, 10]]


def test_ranges_without_length_are_no_positions():
    assert positions_in_ranges(np.array([5, 9, 2]), np.array([1, 0, 2])).tolist() == [5, 2, 3]


def test_a_span_that_cuts_a_token_has_it():
    offsets = tokenize("Adas Haus steht")
    tags = tags_of((Unit((2, 7), 0),), offsets)
    assert tags.tolist() == [1, 2, 0]


def test_two_spans_side_by_side_stay_two():
    offsets = np.array([[0, 1], [2, 3], [4, 5]])
    value = (Unit((0, 3), 0), Unit((4, 5), 0))
    assert spans_of(tags_of(value, offsets), offsets) == value


def test_no_span_crosses_from_one_sentence_to_the_next():
    first, after, classes = segments(np.array([0, 1, 1, 2]), np.array([0, 2, 2, 4]))
    assert first.tolist() == [1, 2]
    assert after.tolist() == [2, 4]
    assert classes.tolist() == [0, 0]


def test_what_may_follow_what():
    may = allowed(2)
    assert not may[0, 2]
    assert may[1, 2]
    assert may[2, 2]
    assert not may[1, 4]
    assert may[:, [0, 1, 3]].all()

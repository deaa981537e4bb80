import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.pool.class_names import can_be_shown, kept_name, name_key, one_spelling, renamed

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # three people, joined to one picture
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
WISH = "می\u200cخواهم"  # Persian, with a joiner that is a part of the word


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cat", "cat"), (" cat\n", "cat"), ("cafe\u0301", "caf\u00e9"), ("1", "1.0"),
        ("-2.00", "-2"), ("a\u00a0b", "a  b"), ("\ufeffcat", "cat"), ("ca\u00adt", "cat"),
        ("❤\ufe0f", "❤"), (WISH, WISH.replace("\u200c", "")),
        (FAMILY, FAMILY.replace("\u200d", "")), ("ÄRGER", "a\u0308rger"),
    ],
)  # fmt: skip
def test_ways_to_write_one_name(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A", "a"),
        ("1.5", "1"),
        ("Maße", "Masse"),
        ("cat", "cats"),
        (SCOTLAND, WALES),
        ("1.0.0", "1"),
    ],
)
def test_two_names(one, other):
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("name", [WISH, FAMILY, SCOTLAND, "❤\ufe0f", "क्ष"])
def test_what_joins_characters_is_kept_and_shown(name):
    assert kept_name(f" {name} ") == unicodedata.normalize("NFC", name)
    assert can_be_shown(name)


@pytest.mark.parametrize("name", ["a\x07b", "a\x00", "\ud83d", "a\ue000"])
def test_what_nobody_can_see_is_no_name(name):
    assert not can_be_shown(kept_name(name))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text(max_size=6))
def test_keeping_a_name_twice_changes_nothing_and_has_one_key(text):
    kept = kept_name(text)
    assert kept_name(kept) == kept
    assert name_key(kept) == name_key(text)


def test_the_commonest_way_to_write_a_name_is_the_name_unless_a_class_is_there():
    names = ["Cat", "cat", "cat", "dog", None]
    assert one_spelling(names) == {"cat": "cat", "Cat": "cat", "dog": "dog"}
    assert one_spelling(names, ["CAT"]) == {"cat": "CAT", "Cat": "CAT", "dog": "dog"}
    both = one_spelling(names, ["Cat", "cat"])  # two classes of an older version stay two
    assert both == {"cat": "cat", "Cat": "Cat", "dog": "dog"}


def test_numbers_lose_their_point_only_where_all_have_one():
    assert one_spelling(["1.0", "2.0", "1.0"]) == {"1.0": "1", "2.0": "2"}
    assert one_spelling(["1.0", "1.5", "2.0"]) == {"1.0": "1.0", "1.5": "1.5", "2.0": "2.0"}
    assert one_spelling(["1.0", "1", "1"]) == {"1": "1", "1.0": "1"}


def test_what_can_be_seen_of_a_change_is_told_and_nothing_else():
    assert renamed(["cafe\u0301", " x "], ["café", "x"]) == ()
    told = renamed(["Cat", "Dog", "Fox", "Owl"], ["cat", "dog", "fox", "owl"])
    (sentence,) = told
    assert sentence.startswith("Classes written in another way: 'Cat' is taken for 'cat', 'Dog'")
    assert sentence.endswith(" for 'dog', 'Fox' for 'fox' and 1 more.")

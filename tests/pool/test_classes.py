import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing import ClassTable, InvalidInputError, UnknownNameError

labels = st.one_of(st.integers(), st.text(max_size=3), st.booleans(), st.tuples(st.integers()))


@given(st.lists(st.lists(labels)))
def test_ids_never_change_and_values_come_back(batches):
    table = ClassTable()
    for batch in batches:
        before = table
        table = table.with_values(batch)
        assert table.values[: len(before)] == before.values
        assert [*map(composed, table.decode(table.encode(batch)))] == [*map(composed, batch)]


def composed(label):
    return unicodedata.normalize("NFC", label) if isinstance(label, str) else label


def test_an_accent_is_one_however_it_is_put_together():
    apart, together = "cafe\u0301", "caf\u00e9"
    table = ClassTable((apart,)).with_values([together, "bar"])
    assert table.values == (apart, "bar")
    assert table.encode([together, apart, "bar"]).tolist() == [0, 0, 1]
    assert ClassTable().with_values([together, apart]).values == (together,)
    both = ClassTable((apart, together))  # as an older version may have kept them
    assert both.encode([apart, together]).tolist() == [0, 1]


def test_numpy_scalars_are_plain_values():
    table = ClassTable().with_values(np.array(["a", "b"]))
    assert table.values == ("a", "b")
    assert type(table.values[0]) is str


def test_merging_is_an_alias_that_later_merges_follow():
    table = ClassTable(("a", "b", "c")).with_merge("a", into="b").with_merge("b", into="c")
    assert table.encode(["a", "b", "c"]).tolist() == [2, 2, 2]
    assert table.values == ("a", "b", "c")
    assert table.with_values(["d"]).encode(["a", "d"]).tolist() == [2, 3]


def test_merging_into_a_merged_class_goes_to_where_that_went():
    table = ClassTable(("a", "b", "c")).with_merge("a", into="b").with_merge("c", into="a")
    assert table.encode(["c"]).tolist() == [1]


@pytest.mark.parametrize("bad", [None, float("nan"), ["list"]])
def test_what_cannot_name_a_class_is_refused(bad):
    with pytest.raises(InvalidInputError, match="hashable values other than None and NaN"):
        ClassTable().with_values([bad])


def test_unknown_and_repeated_values_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'dog'"):
        ClassTable(("dog",)).encode(["dgo"])
    with pytest.raises(InvalidInputError, match="distinct"):
        ClassTable(("a", "a"))

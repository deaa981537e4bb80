"""Rows of tables as vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.datasets.columns import Told
from sparing.encoders import TableEncoder, TextColumnsEncoder, TextEncoder, choice
from sparing.encoders.choice import advice, default_name, named_encoder
from sparing.errors import InvalidInputError

ROWS = [
    ["1", "red", "2024-01-01", None],
    ["3", "blue", "2025-01-01", ""],
    ["?", "red", "2024-07-01T12:00:00+00:00", "na"],
    ["5", "", "NA", "NaN"],
]


def test_kinds_are_read_from_the_values():
    assert TableEncoder().fit(ROWS).kinds_ == ("numbers", "categories", "dates", "numbers")


def test_numbers_by_hand():
    # Median of 1, 3, 5 fills the gap; 1, 3, 3, 5 have mean 3 and deviation sqrt(2). The gap's
    # own indicator 0, 0, 1, 0 has mean 1/4 and deviation sqrt(3)/4.
    Z = TableEncoder().fit_transform([[v] for v in ("1", "3", "?", "5")])
    np.testing.assert_allclose(Z[:, 0], np.array([-2, 0, 0, 2]) / np.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(Z[:, 1], np.array([-1, -1, 3, -1]) / np.sqrt(3), rtol=1e-6)


def test_categories_are_indicators_and_a_gap_is_one_of_them():
    Z = TableEncoder().fit_transform([["red"], ["blue"], ["red"], [None]])
    assert Z.tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_dates_are_in_order_and_a_later_one_goes_on():
    encoder = TableEncoder().fit([[f"20{y}-06-01"] for y in range(10, 20)])
    Z = encoder.transform([["2012-06-01"], ["2013-06-01"], ["2030-06-01"]])[:, 0]
    assert Z[0] < Z[1] < Z[2]


def test_new_rows_with_surprises_stay_finite():
    encoder = TableEncoder().fit(ROWS)
    new = encoder.transform([["a lot", "green", "yesterday", 7], ["inf", None, None, None]])
    assert new.shape[1] == encoder.transform(ROWS).shape[1]
    assert np.isfinite(new).all()


def test_many_categories_share_a_column():
    Z = TableEncoder().fit_transform([[f"word{i}"] for i in range(300)])
    assert Z.shape[1] <= 31


def test_what_was_learned_comes_back_from_arrays():
    rows = [[str(i), f"word{i % 40}", "2024-01-01", None] for i in range(80)]
    encoder = TableEncoder().fit(rows)
    again = TableEncoder().set_state(encoder.get_state())
    new = [*rows, ["?", "never", "x", "7"]]
    np.testing.assert_array_equal(again.transform(new), encoder.transform(new))
    assert again.kinds_ == encoder.kinds_


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(width=32), st.integers(-(10**9), 10**9)),
            st.one_of(st.none(), st.text(max_size=5), st.dates().map(str)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_the_cells_the_vectors_are_finite(rows):
    assert np.isfinite(TableEncoder().fit_transform(rows)).all()


@pytest.mark.parametrize("rows", [[["a"], ["a", "b"]], ["text", "text"], [[]]])
def test_bad_rows_are_refused(rows):
    with pytest.raises(InvalidInputError):
        TableEncoder().fit(rows)


def test_another_number_of_columns_is_refused():
    with pytest.raises(InvalidInputError, match="of 4 columns"):
        TableEncoder().fit(ROWS).transform([["1"]])


def test_words_count_beside_any_other_column():
    rng = np.random.default_rng(0)
    topics = (["goal", "match", "coach", "referee"], ["oven", "butter", "recipe", "flour"])
    rows, y = [], []
    for i in range(60):
        said = rng.choice(topics[i % 2], 3)
        rows.append(
            [
                " ".join([*said, "in", "report", str(i)]),
                str(rng.normal()),
                f"2024-01-{i % 28 + 1:02}",
            ]
        )
        y.append(i % 2)
    encoder = TableEncoder().fit(rows)
    assert encoder.kinds_ == ("text", "numbers", "dates")
    Z, y = encoder.transform(rows), np.array(y)
    centers = np.stack([Z[:30][y[:30] == c].mean(axis=0) for c in (0, 1)])
    nearest = ((Z[30:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == y[30:]).mean() > 0.85  # of the other columns alone half are right
    again = TableEncoder().set_state(encoder.get_state())
    np.testing.assert_array_equal(again.transform(rows), Z)


def test_vectors_in_a_cell_are_as_many_numbers():
    rows = [["[1.0, 2.0]", "a"], ["[3 4]", "b"], [[5.0, 6.0], "a"], ["broken", "b"]] + [
        [f"[{i}, {i * i}]", "ab"[i % 2]] for i in range(30)
    ]
    encoder = TableEncoder().fit(rows)
    assert (encoder.kinds_, encoder.hows_[0]) == (("vectors", "categories"), "2")
    assert np.isfinite(encoder.transform(rows)).all()


def test_the_decimal_mark_that_was_learned_reads_new_rows():
    encoder = TableEncoder().fit([["1,5"], ["2,25"], ["1.234,5"]])
    same = TableEncoder().fit([["1.5"], ["2.25"], ["1234.5"]])
    np.testing.assert_allclose(encoder.transform([["3,5"]]), same.transform([["3.5"]]))


LETTERS = [[f"dear all, letter {i}", "2024-01-01", i % 3, f"sent by {i} friends"] for i in range(9)]


def test_texts_of_a_table_are_read_as_texts_are_beside_the_other_columns(monkeypatch):
    monkeypatch.setattr(choice, "can_read_texts", lambda: True)
    monkeypatch.setattr(choice, "is_foreign", lambda texts: "нет" in texts[0])
    assert default_name("table", LETTERS) == "table+minilm"
    assert advice("table", LETTERS) is None
    assert default_name("table", ROWS) == "table"  # nothing to be read
    foreign = [["нет, нет и нет", i] for i in range(9)]
    assert default_name("table", foreign) == "table"
    monkeypatch.setattr(choice, "can_read_texts", lambda: False)
    assert default_name("table", LETTERS) == "table"
    assert "pip install 'sparing[texts]'" in advice("table", LETTERS)
    assert advice("table", ROWS) is None


def test_an_encoder_of_texts_sees_the_columns_of_texts_alone():
    encoder = named_encoder("text", "table", LETTERS)
    Z = encoder.fit_transform(LETTERS)
    assert encoder.columns_.tolist() == [0, 3]
    texts = [f"{row[0]}\n{row[3]}" for row in LETTERS]
    np.testing.assert_array_equal(Z, TextEncoder().fit_transform(texts))
    again = named_encoder("text", "table", LETTERS).set_state(encoder.get_state())
    others = [[row[0], None, None, row[3]] for row in LETTERS]
    np.testing.assert_allclose(again.transform(others), Z, atol=1e-6)
    both = named_encoder("table+text", "table", LETTERS).fit(LETTERS)
    assert both.views.names == ("table", "text-columns")
    folder = named_encoder("onnx:models/x", "table", LETTERS)
    assert (folder.reader, folder.params) == ("onnx", {"folder": "models/x"})


def test_columns_of_texts_are_found_or_told():
    with pytest.raises(InvalidInputError, match="a column of texts"):
        TextColumnsEncoder().fit(ROWS)
    told = [[Told("red", "text"), "blue"], [Told("green", "text"), "red"]]
    assert TextColumnsEncoder().fit(told).columns_.tolist() == [0]
    with pytest.raises(InvalidInputError, match="more than 3 columns"):
        TextColumnsEncoder().fit(LETTERS).transform([["a letter to all"]])

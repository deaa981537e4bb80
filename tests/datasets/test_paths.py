import numpy as np
import pytest

from sparing.datasets.paths import by_plain_name, plain_path, ways_to_name
from sparing.datasets.vectorfile import VectorFile, joined_by_id, surplus
from sparing.errors import SourceError


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("./a/b.png", "a/b.png"), (".\\a\\b.png", "a/b.png"), ("a//b.png", "a/b.png"),
        (" a.png ", "a.png"), ("cafe\u0301.png", "caf\u00e9.png"), ("a/../b.png", "b.png"),
        ("file:///x/a%20b.png", "/x/a b.png"), ("", ""), ("100%25.png", "100%25.png"),
    ],
)  # fmt: skip
def test_a_path_has_one_way_to_be_written(written, plain):
    assert plain_path(written) == plain


def test_what_leads_to_the_folder_may_stand_before_a_path():
    there = ["C:/x/pics/a/pics/1.png", "a/pics/1.png", "1.png"]
    assert list(ways_to_name("C:\\x\\pics\\a\\pics\\1.png", "pics")) == there
    assert list(ways_to_name("other/1.png", "pics")) == ["other/1.png"]


def test_a_name_that_two_have_stands_for_none():
    assert by_plain_name([("./a", 1), ("a", 1), ("b", 1), (".\\b", 2)]) == {"a": 1, "b": None}


def test_vectors_are_joined_by_the_paths_that_programs_write(tmp_path):
    items = ["cats/caf\u00e9.png", "dogs/1.png", "plain.png"]
    ids = (".\\pics\\dogs\\1.png", "./pics/cats/cafe\u0301.png", "plain.png", "pics/other.png")
    given = VectorFile(tmp_path / "v.npy", np.arange(8.0).reshape(4, 2), ids)
    assert joined_by_id(given, items, "pics")[:, 0].tolist() == [2, 0, 4]
    assert surplus(given, items, "pics") == "1 vectors of v.npy are for no item: 'pics/other.png'."
    with pytest.raises(SourceError, match=r"no vector for 2 of 3 items: 'cats/.*', 'dogs/1.png'"):
        joined_by_id(given, items)

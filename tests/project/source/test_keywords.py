import numpy as np
import pytest

from sparing.project.source.keywords import Keywords


@pytest.mark.parametrize("wanted", ["a", "AB", "ß", "ss", "é", " b ", "ba\0b", "zz", "\ud800"])
def test_it_finds_what_python_finds(wanted):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abAB ßé\0\n"), 6)) for _ in range(400)] + ["", "\ud800x"]
    plain = wanted.casefold().strip().replace("\0", " ")
    found = [i for i, t in enumerate(texts) if plain in t.casefold().replace("\0", " ")]
    assert Keywords(texts).rows(wanted).tolist() == found


def test_a_row_is_found_once_and_no_match_goes_over_the_end_of_a_text():
    words = Keywords(["aaaa", "ab", "ba"])
    assert words.rows("a").tolist() == [0, 1, 2]
    assert words.rows("abba").tolist() == []


def test_an_empty_search_finds_all_and_an_empty_pool_nothing():
    assert Keywords(["x", ""]).rows("  ").tolist() == [0, 1]
    assert Keywords([]).rows("x").tolist() == Keywords([]).rows("").tolist() == []

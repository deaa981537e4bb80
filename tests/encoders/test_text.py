"""Texts as vectors."""

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from sparing.encoders import TextEncoder
from sparing.errors import InvalidInputError

TEXTS = [
    "the cat sat on the mat",
    "a cat and another cat",
    "the dog sat down",
    "stocks fell on Monday",
    "stocks rose and fell",
    "Münster und Munster",
]


def test_equals_scikit_learns_own_chain():
    counter = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, strip_accents="unicode")
    svd = TruncatedSVD(5, random_state=0)
    Z = svd.fit_transform(counter.fit_transform(TEXTS))
    expected = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    got = TextEncoder(n_components=5, min_count=1).fit_transform(TEXTS)
    np.testing.assert_allclose(got @ got.T, expected @ expected.T, atol=1e-4)


def test_accents_do_not_matter_and_unknown_words_give_zero():
    encoder = TextEncoder(n_components=5, min_count=1).fit(TEXTS)
    Z = encoder.transform(["Münster", "Munster", "xylophone", ""])
    np.testing.assert_allclose(Z[0], Z[1])
    assert not Z[2:].any()


def test_state_and_blocks(monkeypatch):
    encoder = TextEncoder(min_count=1).fit(TEXTS)
    Z = encoder.transform(TEXTS)
    restored = TextEncoder().set_state(encoder.get_state())
    monkeypatch.setattr(TextEncoder, "_block_items", lambda self, items: 2)
    np.testing.assert_allclose(restored.transform(np.array(TEXTS)), Z, atol=1e-6)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [("one text", "a list of texts"), (["a b", 3], "item 1 is none"), (["", "!"], "letters")],
)
def test_bad_texts_are_refused(texts, expected):
    with pytest.raises(InvalidInputError, match=expected):
        TextEncoder(min_count=1).fit(texts)


def test_texts_of_few_words_have_as_few_directions():
    texts = [f"{('cold rain', 'warm sun')[i % 2]} number {i}" for i in range(100)]
    assert TextEncoder().fit_transform(texts).shape == (100, 2)


def test_a_single_text_or_a_single_word_still_encodes():
    assert TextEncoder().fit_transform(["word"]).shape == (1, 1)
    assert np.isfinite(TextEncoder().fit_transform(["word word", "word"])).all()


def test_texts_without_spaces_are_read_by_pairs_of_characters():
    good, bad = ("房间里面非常干净", "酒店早餐特别热情"), ("房间里面非常脏乱", "酒店早餐特别冷淡")
    texts = [*good, *bad, "前台非常干净特别热情", "前台非常脏乱特别冷淡"]
    Z = TextEncoder(min_count=1).fit_transform(texts)
    assert Z[4] @ Z[0] > Z[4] @ Z[2]
    assert Z[5] @ Z[2] > Z[5] @ Z[0]


@pytest.mark.parametrize("texts", [["ab", "cd"], ["一二三", "四五六"], ["a", "b", "?"]])
def test_texts_that_share_no_word_are_read_all_the_same(texts):
    encoder = TextEncoder().fit(texts)
    again = TextEncoder().set_state(encoder.get_state())
    Z = encoder.transform(texts)
    assert np.isfinite(Z).all()
    np.testing.assert_array_equal(again.transform(texts), Z)

"""Windows of documents: offsets in the document, whatever is in it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.annotations.windows import Windows


def test_sentences_are_cut_at_their_ends():
    text = 'He said "No." Then left\u2026 \u6771\u4eac\u3002\u4eac\u90fd\nlast  '
    assert Windows.of([text]).texts == (
        'He said "No."',
        "Then left\u2026",
        "\u6771\u4eac\u3002",
        "\u4eac\u90fd",
        "last",
    )


def test_a_sentence_of_5000_tokens_is_cut_between_tokens():
    text = "word " * 5000
    windows = Windows.of([text], most_tokens=100)
    assert len(windows.texts) == 50
    assert {len(piece.split()) for piece in windows.texts} == {100}


def test_a_span_over_an_edge_is_not_cut():
    text = "Mr. X ran. He sat."
    spans = [(0, 5, "person")]
    assert Windows.of([text]).texts == ("Mr.", "X ran.", "He sat.")
    windows = Windows.of([text], [spans])
    assert windows.texts == ("Mr. X ran.", "He sat.")
    assert windows.apart([spans]) == [[(0, 5, "person")], []]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.text("aB. !\n\u00e9\u0301\U0001f642", max_size=40), min_size=1, max_size=3))
def test_windows_are_pieces_of_their_documents_and_nothing_is_lost(texts):
    windows = Windows.of(texts, most_tokens=3)
    for piece, document, start in zip(
        windows.texts, windows.documents, windows.starts, strict=True
    ):
        assert texts[document][start : start + len(piece)] == piece
    for i, text in enumerate(texts):
        kept = "".join(np.array(windows.texts, dtype=object)[windows.documents == i])
        assert "".join(kept.split()) == "".join(text.split())


def test_spans_come_back_as_they_went_apart():
    texts = ["Ada ran. Bob sat.", "", "Eve!"]
    spans = [[(0, 3, "x"), (9, 12, "y")], [], [(0, 3, "x")]]
    windows = Windows.of(texts, spans)
    assert windows.together(windows.apart(spans)) == spans

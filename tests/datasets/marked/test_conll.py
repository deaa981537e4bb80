"""CoNLL columns: schemes told apart, bad lines named, written and read back."""

import numpy as np
import pytest

from sparing.annotations.tagging import tags_of
from sparing.datasets.marked.conll import read_conll, write_conll
from sparing.errors import SourceError


def read(tmp_path, *tags, sep="\t"):
    path = tmp_path / "tags.conll"
    lines = "".join(f"w{i}{sep}{tag}\n" for i, tag in enumerate(tags))
    path.write_text(lines, encoding="utf-8")
    return read_conll(path)


@pytest.mark.parametrize(
    ("tags", "scheme", "spans"),
    [
        (("B-x", "I-x", "B-x", "O"), "IOB2", [(0, 5, "x"), (6, 8, "x")]),
        (("I-x", "I-x", "B-x", "O"), "IOB1", [(0, 5, "x"), (6, 8, "x")]),
        (("B-x", "L-x", "U-x", "O"), "BILOU", [(0, 5, "x"), (6, 8, "x")]),
        (("B-x", "E-x", "S-x", "O"), "BIOES", [(0, 5, "x"), (6, 8, "x")]),
        (("x", "x", "y", "O"), "IO", [(0, 5, "x"), (6, 8, "y")]),
        (("O", "O"), "IO", []),
    ],
)
def test_schemes_are_told_and_said(tmp_path, tags, scheme, spans):
    found = read(tmp_path, *tags)
    assert found.notes == (f"The tags are read as {scheme}.",)
    assert list(found.documents[0].spans) == spans


def test_spans_that_begin_in_two_ways_are_refused_with_a_count(tmp_path):
    with pytest.raises(SourceError, match="1 spans begin with I- and 1 with B-"):
        read(tmp_path, "B-x", "O", "I-x")
    with pytest.raises(SourceError, match="'y' has none"):
        read(tmp_path, "B-x", "y")


@pytest.mark.parametrize(
    "tags",
    [
        ("U-x", "I-x"),  # nothing is begun
        ("U-x", "O", "L-x"),
        ("B-x", "L-y"),  # two classes in one span
        ("B-x", "U-x"),  # nothing is ended
        ("S-x", "B-x", "I-x"),
    ],
)
def test_marked_ends_that_end_nothing_are_refused_with_a_count(tmp_path, tags):
    with pytest.raises(SourceError, match=r"in 1 sentences .* neither BILOU nor BIOES"):
        read(tmp_path, *tags)


def test_a_line_without_a_tag_is_named(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("# text = Ada met\n# O\nAda B-x\nmet\n")
    with pytest.raises(SourceError, match=r"line 4: a token without a tag: 'met'"):
        read_conll(path)


def test_empty_tokens_are_left_out_and_counted(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("-DOCSTART- -X- O O\r\n\r\nAda NNP B-x\r\n\tO\r\n\r\n\r\nBob NNP O\r\n")
    found = read_conll(path)
    assert [d.text for d in found.documents] == ["Ada", "Bob"]
    assert [d.name for d in found.documents] == ["line 3", "line 7"]
    assert "1 tokens that are empty were left out." in found.notes


def test_what_is_written_is_read_back(tmp_path):
    found = read(tmp_path, "B-x", "I-x", "B-y", "O", "B-x")
    sentences, labels = found.sentences, found.labels
    tags = np.concatenate([tags_of(v, sentences.offsets) for v in found.values()])
    path = tmp_path / "again.conll"
    path.write_text(write_conll(sentences, tags, labels))
    assert read_conll(path).documents[0].spans == found.documents[0].spans


def test_a_file_without_sentences_is_refused(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("# text = Ada met\n")
    with pytest.raises(SourceError, match="has no sentence"):
        read_conll(path)

"""Formats both ways: round trips of odd texts, and each bad item with its reason."""

import json

import pytest

from sparing.datasets.marked.brat import write_brat
from sparing.datasets.marked.document import Document
from sparing.datasets.marked.jsonl import write_jsonl_spans
from sparing.datasets.marked.label_studio import write_label_studio
from sparing.datasets.marked.read import read_documents
from sparing.errors import InvalidInputError, SourceError

ODD = [
    Document("\U0001f642 Ada\u2019s cafe\u0301", ((2, 5, "person"), (8, 13, "place"))),
    Document("\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645", ((0, 5, "word"),)),
    Document("first\r\nsecond\r\n", ((0, 13, "both"),)),
    Document("nothing here", ()),
    Document("nobody looked", None),
]


def put_jsonl(folder, form):
    path = folder / "a.jsonl"
    path.write_text(write_jsonl_spans(ODD, form), encoding="utf-8", newline="")
    return path


def put_label_studio(folder):
    path = folder / "a.json"
    path.write_text(write_label_studio(ODD), encoding="utf-8", newline="")
    return path


def put_brat(folder):
    write_brat(folder / "brat", ODD)
    return folder / "brat"


WRITERS = {
    "doccano": lambda folder: put_jsonl(folder, "doccano"),
    "prodigy": lambda folder: put_jsonl(folder, "prodigy"),
    "label studio": put_label_studio,
    "brat": put_brat,
}


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_written_is_read_back(tmp_path, form):
    found = read_documents(WRITERS[form](tmp_path))
    assert not found.skipped
    assert [(d.text, d.spans) for d in found.documents] == [(d.text, d.spans) for d in ODD]


def lines(tmp_path, *rows):
    path = tmp_path / "a.jsonl"
    good = {"text": "Ada", "spans": []}
    path.write_text("".join(json.dumps(row) + "\n" for row in (good, *rows)))
    return path


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "Ada", "label": [[0, 9, "x"]]}, "within its text of 3 characters. Got 0-9 'x'"),
        ({"text": "Ada", "label": [[2, 2, "x"]]}, "of start < end"),
        ({"text": "Ada", "label": [[0, 2, "x"], [1, 3, "x"]]}, "cross"),
        ({"text": "Ada", "label": [[0, 2]]}, "without start, end and label"),
        ({"text": "Ada", "spans": [{"start": 0, "end": 3, "label": "x", "text": "Bob"}]}, "'Bob'"),
        ({"text": "Ada", "spans": [], "answer": "reject"}, "its answer is 'reject'"),
        ({"spans": []}, "no text"),
        ([1], "not a JSON object"),
    ],
)
def test_a_bad_line_is_left_out_with_its_number_and_reason(tmp_path, row, reason):
    found = read_documents(lines(tmp_path, row))
    assert len(found.documents) == 1
    assert found.skipped[0].name == "line 2"
    assert reason in found.skipped[0].reason


def test_offsets_of_utf16_are_offered_and_never_guessed(tmp_path):
    row = {
        "text": "\U0001f642 Ada",
        "spans": [{"start": 3, "end": 6, "label": "x", "text": "Ada"}],
    }
    path = lines(tmp_path, {**row, "text": row["text"] + " ran"})
    assert "offsets='utf16'" in read_documents(path).skipped[0].reason
    assert read_documents(path, offsets="utf16").documents[1].spans == ((2, 5, "x"),)
    path = lines(tmp_path, {"text": "\U0001f642", "label": [[1, 2, "x"]]})
    assert "no place in UTF-16" in read_documents(path, offsets="utf16").skipped[0].reason
    with pytest.raises(InvalidInputError, match="'points' or 'utf16'"):
        read_documents(path, offsets="bytes")


def test_doccanos_newer_form_is_read(tmp_path):
    entity = {"id": 1, "label": "x", "start_offset": 0, "end_offset": 3}
    path = lines(tmp_path, {"text": "Ada", "entities": [entity]})
    assert read_documents(path).documents[1].spans == ((0, 3, "x"),)


def test_of_label_studio_the_first_annotation_counts_and_that_is_said(tmp_path):
    def answer(label, **more):
        value = {"start": 0, "end": 3, "text": "Ada", "labels": [label]}
        return {"result": [{"type": "labels", "value": value}], **more}

    task = {"id": 7, "data": {"text": "Ada"}}
    tasks = [
        {**task, "annotations": [answer("no", was_cancelled=True), answer("a"), answer("b")]},
        {**task, "annotations": [{"result": [{"type": "choices", "value": {}}]}]},
        {**task, "annotations": [{"result": [{"type": "labels", "value": {}}]}]},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(tasks))
    found = read_documents(path)
    assert [d.spans for d in found.documents] == [((0, 3, "a"),), ()]
    assert found.notes == ("1 tasks have several annotations; the first counts.",)
    assert (found.skipped[0].name, found.skipped[0].reason) == (
        "task 7",
        "a span with no label or several",
    )


def test_brats_other_lines_are_counted_and_split_spans_refused(tmp_path):
    (tmp_path / "a.txt").write_text("Ada ran")
    (tmp_path / "a.ann").write_text("T1\tx 0 3\tAda\nR1\trel Arg1:T1 Arg2:T1\n")
    (tmp_path / "b.txt").write_text("Ada ran")
    (tmp_path / "b.ann").write_text("T1\tx 0 1;2 3\tA a\n")
    (tmp_path / "c.txt").write_text("Ada ran")
    (tmp_path / "c.ann").write_text("T1\tx 4 7\tAda\n")
    found = read_documents(tmp_path)
    assert [d.name for d in found.documents] == ["a.txt"]
    assert found.notes == ("1 lines that are no entities were passed over.",)
    assert [s.name for s in found.skipped] == ["b.txt", "c.txt"]
    assert "of one piece" in found.skipped[0].reason
    assert "'ran', and the file says 'Ada'" in found.skipped[1].reason


@pytest.mark.parametrize("name", ["a.pdf", "a.json", "a.jsonl", "a.conll", "folder"])
def test_what_is_none_of_these_is_refused(tmp_path, name):
    path = tmp_path / name
    path.mkdir() if name == "folder" else path.write_text("[1")
    with pytest.raises(SourceError):
        read_documents(path)

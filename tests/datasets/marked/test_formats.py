"""Formats both ways: round trips of odd texts, and each bad item with its reason."""

import json

import pytest

from sparing.datasets.marked.brat import write_brat
from sparing.datasets.marked.document import Document
from sparing.datasets.marked.jsonl import write_jsonl_spans
from sparing.datasets.marked.label_studio import write_label_studio
from sparing.datasets.marked.read import holds_texts, is_marked, read_documents
from sparing.errors import InvalidInputError, SourceError

ODD = [
    Document("\U0001f642 Ada\u2019s cafe\u0301", ((2, 5, "person"), (8, 13, "place"))),
    Document("\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645", ((0, 5, "word"),)),
    Document("first\r\nsecond\r\n", ((0, 13, "both"),)),
    Document("two\tcolumns of it", ((0, 7, "both"), (8, 15, "part"))),
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
        ({"text": "Ada", "label": [[0, 3, ["x"]]]}, "'label' parameter"),
        ({"text": "Ada", "label": [[0, 3, {}]]}, "'label' parameter"),
        ({"text": "Ada", "label": [[0, 3, " "]]}, "'label' parameter"),
        ({"text": "Ada", "label": [[0, 3, 5], [0, 3, "5"]]}, "distinct"),
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


def test_the_text_beside_label_studios_offsets_tells_what_they_count(tmp_path):
    def task(start, **said):
        value = {"start": start, "end": start + 3, "labels": ["x"], **said}
        return {"data": {"text": "\U0001f642 Ada ran"},
                "annotations": [{"result": [{"type": "labels", "value": value}]}]}  # fmt: skip

    path = tmp_path / "tasks.json"
    tasks = [task(2, text="Ada"), task(3, text="Ada"), task(3), task(4, text="Ada")]
    path.write_text(json.dumps(tasks))
    found = read_documents(path)
    assert [one.spans for one in found.documents] == [((2, 5, "x"),)] * 2 + [((3, 6, "x"),)]
    assert "the file says 'Ada'" in found.skipped[0].reason


@pytest.mark.parametrize("start", [None, [1], "0", 0.5])
def test_a_place_that_is_no_number_is_left_out_whatever_offsets_count(tmp_path, start):
    path = lines(tmp_path, {"text": "Ada", "label": [[start, 3, "x"]]})
    for offsets in ("points", "utf16"):
        assert "must be an int >= 0" in read_documents(path, offsets=offsets).skipped[0].reason


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_brackets_without_end_are_not_json(tmp_path, name):
    path = tmp_path / name
    path.write_text("[" * 100_000)
    assert not holds_texts(path)
    with pytest.raises(SourceError, match="not JSON"):
        read_documents(path)


def test_lines_whose_first_is_a_whole_book_are_of_texts(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Ada met Bob. " * 20_000, "label": [[0, 3, "x"]]}) + "\n")
    assert is_marked(path)
    assert holds_texts(path)


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
    assert [d.spans for d in found.documents] == [((0, 3, "a"),)]
    assert found.notes == (
        "1 tasks have several annotations; the first counts.",
        "1 results of the type 'choices' are no spans: passed over.",
    )
    assert [one.reason for one in found.skipped] == [
        "no spans, but choices",
        "a span with no label or several",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"annotations": 5},
        {"annotations": [5]},
        {"annotations": {"result": []}},
        {"annotations": [{"result": 5}]},
        {"annotations": [{"result": [5]}]},
        {"annotations": [{"result": [{"type": "labels", "value": 5}]}]},
        {"annotations": [{"result": [{"type": "labels", "value": {"labels": 5}}]}]},
    ],
)
def test_a_damaged_task_of_label_studio_is_no_reason_to_lose_the_others(tmp_path, more):
    good = {"data": {"text": "Ada"}, "annotations": [{"result": []}]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"data": {"text": "Bob"}} | more, good]))
    found = read_documents(path)
    assert {d.text: d.spans for d in found.documents}["Ada"] == ()
    path.write_text(json.dumps([{"data": ["Ada"]}]))
    with pytest.raises(SourceError, match="each with 'data'"):
        read_documents(path)


def test_an_ann_of_brats_may_be_empty_or_in_another_encoding_and_is_text(tmp_path):
    (tmp_path / "a.txt").write_text("Zo\u00e9 ran")
    path = tmp_path / "a.ann"
    path.write_bytes("T1\tx 0 3\tZo\u00e9\n".encode("latin-1"))
    assert read_documents(tmp_path).documents[0].spans == ((0, 3, "x"),)
    path.write_bytes(b"")
    assert read_documents(tmp_path).documents[0].spans == ()
    path.write_text(f"T1\tx 0 {'9' * 5000}\tZo\u00e9\n", encoding="utf-8")
    assert "of one piece" in read_documents(tmp_path).skipped[0].reason
    path.write_bytes(b"T1\0")
    with pytest.raises(SourceError, match=r"a\.ann is not text"):
        read_documents(tmp_path)


def test_a_class_that_brat_cannot_name_is_said_before_anything_is_written(tmp_path):
    with pytest.raises(SourceError, match="rename the class 'my class'"):
        write_brat(tmp_path, [Document("Ada ran", ((0, 3, "my class"),))])
    assert not list(tmp_path.iterdir())


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


def test_results_that_are_no_spans_are_said_and_no_answer(tmp_path):
    span = {"type": "labels", "value": {"start": 0, "end": 3, "labels": ["x"]}}
    others = [{"type": "choices", "value": {"choices": ["a"]}}, {"type": "relation"}]
    tasks = [
        {"id": i, "data": {"text": "Ada"}, "annotations": [{"result": result}]}
        for i, result in enumerate([others, [span, others[1]], []])
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(tasks))
    found = read_documents(path)
    assert [d.spans for d in found.documents] == [((0, 3, "x"),), ()]
    assert [(one.name, one.reason) for one in found.skipped] == [
        ("task 0", "no spans, but choices, relation")
    ]
    assert "2 results of the type 'relation' are no spans: passed over." in found.notes

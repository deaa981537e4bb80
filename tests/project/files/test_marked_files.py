"""Spans of a project as files of others, and back: nothing is moved, lost or made up on the way."""

import csv
import json

import pytest

from sparing.annotations.spans import text_hash
from sparing.datasets.marked.read import read_documents
from sparing.errors import SourceError, UnknownNameError
from sparing.project import NewEvent, Project
from sparing.project.files.marked import moved
from sparing.store import Kind

TEXTS = [
    "\U0001f642 Ada's cafe\u0301 in Lyon.",
    "وصلت مريم إلى دمشق",
    "It rained.",
    "Ada, again",
    "not asked yet",
]
SPANS = {
    0: [(2, 5, "person"), (8, 13, "place"), (17, 21, "place")],
    1: [(5, 9, "person"), (14, 18, "place")],
    2: [],
    3: [(0, 2, "person")],  # amid a word
}


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "notes.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in TEXTS), encoding="utf-8")
    return path


@pytest.fixture
def project(source):
    with Project.create(source, classes=["person", "place"], kind="spans") as project:
        ids = list(project.items)
        project.teach({ids[i]: spans for i, spans in SPANS.items()}, "Ada")
        yield project


def said(project):
    told = {}
    for item_id in project.items:
        asked = project.asked(item_id)
        if asked.answer is not None and asked.answer.spans is not None:
            told[asked.item.text] = [(s.start, s.end, s.label) for s in asked.answer.spans]
    return told


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_table_has_offsets_the_hash_of_the_text_and_comes_back(project, source, tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    first = next(iter(project.items))
    edited = {"start": 2, "end": 5, "label": "person", "by": "edited", "version": 4}
    project.record([NewEvent(key="e", kind=Kind.LABEL, item_id=first, annotator="Ada",
                             class_name=json.dumps([edited]),
                             seen=project.asked(first).answer.key)])  # fmt: skip
    path = tmp_path / f"out.{form}"
    assert project.files.export(path, form) == 4
    if form == "csv":
        row = next(csv.DictReader(path.read_text("utf-8").splitlines()))
        assert (row["text_sha256"], row["label"]) == (text_hash(TEXTS[0]), "person: Ada")
        assert json.loads(row["spans"]) == [edited]
        assert (row["document"], row["document_start"]) == ("line 1", "0")
    with Project.create(source, tmp_path / "again", kind="spans") as again:
        told = again.files.import_labels(path)
        assert (told.n_stored, [one.reason for one in told.problems]) == (4, ["no label"])
        assert said(again) == said(project)
        assert again.asked(first).answer.spans[0].by == "edited"
        assert again.files.import_labels(path).n_known == 4


def test_a_row_whose_text_is_another_by_now_is_not_taken(project, source, tmp_path):
    path = tmp_path / "out.jsonl"
    project.files.export(path, "jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows[0]["text_sha256"] = text_hash("another text")
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    with Project.create(source, tmp_path / "again", kind="spans") as again:
        told = again.files.import_labels(path)
        assert told.n_stored == 3
        assert "in another text" in {one.row: one.became for one in told.rows}["line 1"]


@pytest.mark.parametrize("form", ["conll", "doccano", "prodigy", "label-studio", "brat"])
def test_formats_of_others_both_ways(project, source, tmp_path, form):
    suffix = {"conll": ".conll", "label-studio": ".json", "brat": ""}.get(form, ".jsonl")
    path = tmp_path / f"out{suffix}"
    assert project.files.export(path, form) == 4
    documents = read_documents(path)
    told = {d.text: [*d.spans] for d in documents.documents if d.spans is not None}
    if form == "conll":  # of a text its tokens are left; a word that is marked in part is parted
        assert told["Ad a , again"] == [(0, 2, "person")]
    else:
        assert told == said(project)
    with Project.create(source, tmp_path / "again", kind="spans") as again:
        report = again.files.import_labels(path)
        assert report.n_stored == 4
        assert {one.reason for one in report.problems} <= {"no label"}  # of a task nobody answered
        assert said(again) == said(project)
        assert again.files.import_labels(path).n_known == 4


EVE, TWICE, LATE = [(0, 3, "person")], [(0, 3, "person"), (9, 12, "person")], [(8, 11, "person")]
SPACED = ["Bob met Eve", "hello there", "Bob met  Eve", "Bob met Eve"]


def answered(tmp_path, texts, spans):
    """Label texts, export them in columns, and say what the rows of a new project have then."""
    source, path = tmp_path / "n.txt", tmp_path / "o.conll"
    source.write_text("\n".join(texts), encoding="utf-8")
    with Project.create(source, classes=["person"], kind="spans") as project:
        ids = list(project.items)
        project.teach({ids[row]: said for row, said in spans.items()}, "Ada")
        project.files.export(path, "conll")
    with Project.create(source, tmp_path / "again", kind="spans") as again:
        told = again.files.import_labels(path)
        answers = [again.asked(item_id).answer for item_id in ids]
        got = {
            row: [(s.start, s.end, s.label) for s in answer.spans]
            for row, answer in enumerate(answers)
            if answer is not None
        }
        known = again.files.import_labels(path)
        assert (known.n_stored, known.n_known) == (0, told.n_stored)
    return told, got


@pytest.mark.parametrize(
    ("texts", "spans"),
    [
        (SPACED, {0: EVE, 1: [], 2: TWICE, 3: LATE}),
        (SPACED, {0: EVE, 1: [], 2: EVE, 3: EVE}),
        (SPACED, {1: [], 0: LATE}),
        # A span amid a word parts it: what is exported has the words of the other text.
        (["BobEve", "Bob Eve"], {0: EVE, 1: []}),
        (["Bob Eve", "BobEve"], {0: [], 1: EVE}),
        # Only one has an answer: it is told by its words, also where a span has parted one.
        (["Bob Eve", "BobEve"], {1: []}),
        (["Bob Eve", "BobEve"], {1: [(0, 2, "person")]}),
        (["BobEve", "Bob Eve"], {1: []}),
    ],
)
def test_columns_bring_texts_alike_but_for_white_space_their_own_answers(tmp_path, texts, spans):
    told, got = answered(tmp_path, texts, spans)
    assert (told.n_stored, told.n_known, told.problems) == (len(spans), 0, ())
    assert got == spans


def test_of_texts_that_columns_cannot_tell_apart_those_without_an_answer_are_last(tmp_path):
    assert answered(tmp_path, SPACED, {2: TWICE, 3: LATE})[1] == {0: [
        (0, 3, "person"), (8, 11, "person")], 2: [(9, 12, "person")]}  # fmt: skip


def test_columns_of_others_find_texts_by_their_words_in_whatever_order(tmp_path):
    (tmp_path / "n.txt").write_text("BobEve\nBob Eve")
    theirs = tmp_path / "o.conll"
    theirs.write_text("Bob\tB-person\nEve\tI-person\n\nBobEve\tO\n\n")
    with Project.create(tmp_path / "n.txt", kind="spans") as project:
        assert project.files.import_labels(theirs).n_stored == 2
        assert said(project) == {"BobEve": [], "Bob Eve": [(0, 7, "person")]}


def test_spacy_reads_the_places_of_what_is_exported(project, tmp_path):
    spacy = pytest.importorskip("spacy")
    project.files.export(tmp_path / "out.jsonl", "prodigy")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        doc = spacy.blank("xx").make_doc(row["text"])
        for one in row["spans"]:
            found = doc.char_span(one["start"], one["end"], one["label"], alignment_mode="expand")
            assert row["text"][one["start"] : one["end"]] in found.text


def test_entities_in_the_columns_are_those_that_seqeval_counts(project, tmp_path):
    metrics = pytest.importorskip("seqeval.metrics.sequence_labeling")
    project.files.export(tmp_path / "out.conll", "conll")
    blocks = (tmp_path / "out.conll").read_text("utf-8").strip().split("\n\n")
    tags = [[line.split("\t")[1] for line in block.splitlines()] for block in blocks]
    assert len(metrics.get_entities(tags)) == sum(map(len, SPANS.values()))


def test_what_fits_no_text_is_named_and_the_rest_is_taken(project, source, tmp_path):
    path = tmp_path / "theirs.jsonl"
    rows = [
        {"text": "elsewhere", "label": [[0, 3, "person"]]},
        {"text": TEXTS[4], "label": [[0, 3, "animal"]]},
        {"text": TEXTS[2], "label": [[0, 99, "person"]]},
        {"text": TEXTS[0], "label": [[0, 1, "person"]]},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    told = project.files.import_labels(path)
    assert told.n_stored == 1
    reasons = {one.name: one.reason for one in told.problems}
    assert "is this one" in reasons["line 1"]
    assert "within its text" in reasons["line 3"]
    assert "another label" in reasons["line 4"]
    assert said(project)[TEXTS[4]] == [(0, 3, "animal")]


def test_a_document_is_parted_as_the_project_has_it(tmp_path):
    long = "Ada ran to the sea. " * 40 + "Bob sat in Rome."
    (tmp_path / "long.txt").write_text(long)
    with Project.create(tmp_path / "long.txt", kind="spans") as project:
        spans = [[0, 3, "person"], [len(long) - 5, len(long) - 1, "place"]]
        path = tmp_path / "marked.jsonl"
        path.write_text(json.dumps({"text": long, "label": spans}))
        assert project.files.import_labels(path).n_stored == 41
        assert said(project)["Bob sat in Rome."] == [(11, 15, "place")]


def test_a_marked_piece_that_is_no_item_is_named(tmp_path):
    ran = "Ada ran to the sea. "
    (tmp_path / "long.txt").write_text(ran * 40)
    with Project.create(tmp_path / "long.txt", kind="spans") as project:
        path = tmp_path / "marked.jsonl"
        spans = [[0, 3, "person"], [14, 23, "far"]]  # the second is in two sentences
        path.write_text(json.dumps({"text": ran * 40, "label": spans}))
        told = project.files.import_labels(path)
    (problem,) = told.problems
    assert (told.n_stored, problem.name) == (38, "line 1")
    assert "no text of the project" in problem.reason


@pytest.mark.parametrize("cell", ["[" * 100_000, "[1]", "[[0, 3]]"])
def test_a_cell_that_is_no_list_of_spans_is_named_and_the_rest_is_taken(project, tmp_path, cell):
    items, path = list(project.items), tmp_path / "theirs.csv"
    rows = [("item_id", "spans"), (items[3], cell), (items[4], '[[0, 3, "person"]]')]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    told = project.files.import_labels(path)
    assert told.n_stored == 1
    assert "no list of spans" in told.problems[0].reason


def test_offsets_in_other_units_are_never_guessed(project, tmp_path):
    path = tmp_path / "theirs.jsonl"
    row = {"text": TEXTS[4], "spans": [{"start": 0, "end": 3, "label": "x", "text": "not"}]}
    smile = {"text": TEXTS[0], "spans": [{"start": 3, "end": 6, "label": "person", "text": "Ada"}]}
    path.write_text("\n".join(json.dumps(one) for one in (row, smile)), encoding="utf-8")
    told = project.files.import_labels(path)
    assert "UTF-16" in " ".join(one.reason for one in told.problems)


def test_only_forms_of_spans_are_offered(project, tmp_path):
    with pytest.raises(UnknownNameError, match="conll"):
        project.files.export(tmp_path / "out", "folders")


def test_spans_move_with_white_space_alone():
    assert moved(" a b", [(1, 4, "x")], "ab") == [(0, 2, "x")]
    assert moved(" a b", [(1, 4, "x"), (0, 1, "y")], "ab") is None
    assert moved(" a b", [(0, 1, "y"), (2, 4, "x")], " a b") == [(0, 1, "y"), (2, 4, "x")]


def imported(source, path, rows):
    """Return what an import of marked texts makes of a project, and what was said of it."""
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    with Project.create(source, path.with_suffix(".sparing"), kind="spans") as made:
        told = made.files.import_labels(path)
        return said(made), [problem.reason for problem in told.problems]


def test_a_text_to_the_letter_goes_before_one_that_differs_in_white_space(tmp_path):
    source = tmp_path / "w.txt"
    source.write_text("nowhere to go\nnow here to go\n")
    marked = {"text": "now here to go", "label": [[0, 8, "x"]]}
    alike = {"text": "now  here to go", "label": [[0, 3, "y"]]}
    assert imported(source, tmp_path / "1.jsonl", [marked])[0] == {"now here to go": [(0, 8, "x")]}
    both, _ = imported(source, tmp_path / "2.jsonl", [marked, alike])
    assert both == {"now here to go": [(0, 8, "x")], "nowhere to go": [(0, 3, "y")]}


def test_spans_with_white_space_at_their_ends_keep_it_where_the_text_is_the_same(tmp_path):
    source = tmp_path / "w.txt"
    source.write_text("Ada met Bob\n")
    spans = [[3, 4, "gap"], [7, 11, "person"]]
    kept, _ = imported(source, tmp_path / "1.jsonl", [{"text": "Ada met Bob", "label": spans}])
    assert kept == {"Ada met Bob": [(3, 4, "gap"), (7, 11, "person")]}
    other = {"text": "Ada  met Bob", "label": [[3, 4, "gap"]]}
    kept, reasons = imported(source, tmp_path / "2.jsonl", [other])
    assert kept == {}
    assert "a span of white space alone" in reasons[0]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_classes_come_back_from_our_tables_to_the_letter(source, tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    with Project.create(source, classes=["NA", "?"], kind="spans") as project:
        first = next(iter(project.items))
        project.teach({first: [(2, 5, "NA"), (8, 13, "?")]}, "Ada")
        project.files.export(tmp_path / f"out.{form}", form)
    with Project.create(source, tmp_path / "again", kind="spans") as again:
        assert again.files.import_labels(tmp_path / f"out.{form}").n_stored == 1
        assert said(again) == {TEXTS[0]: [(2, 5, "NA"), (8, 13, "?")]}


@pytest.mark.parametrize("name", ["none.conll", "none.jsonl", "none.json"])
def test_an_empty_file_is_named(project, tmp_path, name):
    (tmp_path / name).write_text("")
    with pytest.raises(SourceError, match=rf"{name} is empty\."):
        project.files.import_labels(tmp_path / name)


def test_a_text_without_a_token_is_left_out_of_columns_and_counted(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in ("Ada ran", " ", "It rained")))
    with Project.create(path, kind="spans") as project:
        project.teach({item_id: [] for item_id in project.items})
        assert len(project.items) == 3
        assert project.files.export(tmp_path / "out.conll", "conll") == 2
        assert ": 1 without any" in project.files.left_out[0]
        assert "\n\n\n" not in (tmp_path / "out.conll").read_text()
        assert project.files.export(tmp_path / "out.jsonl", "doccano") == 3
        assert project.files.left_out == ()

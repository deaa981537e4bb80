"""A project of spans in texts, from the first question to what the model suggests."""

import json
import re

import pytest

from sparing.annotations.spans import text_hash
from sparing.cli.standing import sentences
from sparing.errors import CapabilityError, InvalidInputError, SourceError
from sparing.project import NewEvent, Project
from sparing.project.log.meaning import as_said
from sparing.project.merging.merge import merge
from sparing.store import Kind

NAMES = {"Ada": "person", "Zoe\u0301": "person", "Paris": "place", "Cape Town": "place"}
FORMS = ["\U0001f642 {} met {}.", "It rained on {} and {}", "{}, said {}, is far", "Nothing here"]
N = 120


def text_of(i):
    names = list(NAMES)
    return FORMS[i % 4].format(names[i % 3], names[(i // 3) % 4]) + f" {i}"


def truth(text):
    found = [(text.find(name), name, label) for name, label in NAMES.items() if name in text]
    return [(start, start + len(name), label) for start, name, label in sorted(found)]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("\n".join(text_of(i) for i in range(N)) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def project(source):
    with Project.create(source, classes=["person", "place"], kind="spans") as project:
        yield project


def answer(project, asked):
    project.teach({a.item.item_id: truth(a.item.text) for a in asked})


def mark(project, item_id, spans, **more):
    said = spans if isinstance(spans, str) else as_said(spans)
    key = more.pop("key", f"key {item_id}")
    event = NewEvent(key=key, kind=Kind.LABEL, item_id=item_id, class_name=said, **more)
    return project.record([event])[0]


def span(start, end, label, **more):
    return {"start": start, "end": end, "label": label, **more}


def test_the_kind_is_fixed_and_an_item_is_a_line_of_the_text(source, project):
    item = project.asked(next(iter(project.items))).item
    assert (item.name, item.text) == ("line 1", text_of(0))
    assert [item.text[a:b] for a, b in zip(item.tokens[::2], item.tokens[1::2], strict=True)][
        :3
    ] == ["\U0001f642", "Ada", "met"]
    folder = project.folder
    project.close()
    with pytest.raises(InvalidInputError, match="are of kind 'spans', and stay so"):
        Project.at(source, kind="class")
    with Project.open(folder) as again:
        assert (again.kind, len(again.items)) == ("spans", N)


@pytest.mark.parametrize(
    ("spans", "line"),
    [
        ([span(2, 2, "person")], "start < end"),
        ([span(0, 900, "person")], "within its text of"),
        ([span(0, 5, "person"), span(3, 8, "place")], "may not cross"),
        ([span(0, 5, "animal")], "animal"),
        ([span(0, 5, 7)], "is a text"),
        ([span(0, 5, "person", by="magic")], "one of drawn, accepted, edited"),
        ([span(0, 5, "person", by="accepted", version=-1)], "an int in [0, 2147483647]"),
        ([span(0, 5, "person", by="accepted", version=10**30)], "an int in [0, 2147483647]"),
        ("person", "each is a list"),
    ],
)
def test_what_cannot_be_marked_is_refused_in_one_line_and_nothing_is_lost(project, spans, line):
    items = list(project.items)
    refused = mark(project, items[0], spans)
    assert (refused.status, mark(project, items[1], []).status) == ("refused", "stored")
    assert line in refused.message
    assert "\n" not in refused.message
    assert project.status().n_labeled == 1


def test_spans_of_another_text_are_refused_and_each_answer_names_its_text(project):
    item = project.items[next(iter(project.items))]
    other = mark(project, item.item_id, [span(0, 1, "person")], text=text_hash("another text"))
    assert "another text" in other.message
    mark(project, item.item_id, [span(2, 5, "person")], key="k2", text=text_hash(item.text))
    (stored,) = [e for e in project.store.events() if e.kind is Kind.LABEL]
    assert stored.text == text_hash(item.text)
    assert json.loads(stored.value)[0]["at"] == [2, 5]


def test_how_long_a_text_was_on_the_screen_is_stored_and_how_far_suggestions_sway_is_told(project):
    answer(project, project.query(12))
    project.retrain()
    asked = project.query(3)
    for i, one in enumerate(asked):
        said = [span(*where, by="accepted", version=1) for where in truth(one.item.text)]
        key, seen = f"s{i}", one.model_version
        mark(project, one.item.item_id, said, key=key, model_version=seen, seconds=1.5)
    stored = [e.seconds for e in project.store.events() if e.kind is Kind.LABEL]
    assert stored == [None] * 12 + [1.5] * 3
    told = [line for line in project.status().weighed if "suggestions sway" in line]
    assert len(told) == 1
    assert told[0] in list(sentences(project.status()))


def test_answers_are_the_same_whatever_their_order_keep_whence_they_came_and_are_undone(project):
    item = next(iter(project.items))
    project.add_classes(["being"])
    first = [span(2, 5, "person", by="accepted", version=3), span(10, 15, "place")]
    assert mark(project, item, first).status == "stored"
    again = mark(project, item, [span(10, 15, "place"), span(2, 5, "person")], key="b")
    assert again.status == "duplicate"
    assert mark(project, item, [span(2, 5, "being")], key="c").status == "conflict"
    shown = project.asked(item).answer
    assert [(s.start, s.end, s.label, s.by, s.version) for s in shown.spans] == [
        (2, 5, "person", "accepted", 3),
        (10, 15, "place", "drawn", None),
    ]
    assert shown.class_name.startswith("person: Ada; place: ")
    project.record([NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="person", text="being")])
    assert project.asked(item).answer.spans[0].label == "being"
    assert project.history("being")[0] == 1
    project.undo()
    project.undo()
    assert project.asked(item).answer is None
    mark(project, item, [], key="none")
    assert project.asked(item).answer.spans == ()
    assert project.history("nothing to mark")[0] == 1


def test_it_learns_suggests_and_says_how_good_it_is(project, tmp_path):
    answer(project, project.query(15))
    project.retrain()
    for _ in range(2):
        asked = project.query(12)
        assert {a.source for a in asked} == {"strategy", "uniform"}
        answer(project, asked)
        project.retrain()
    asked = project.query(20)
    right = [truth(a.item.text) == [(s.start, s.end, s.label) for s in a.guess.spans]
             for a in asked if a.guess]  # fmt: skip
    assert sum(right) > 15
    seen = [s for a in asked if a.guess for s in a.guess.spans]
    assert {(s.by, s.version) for s in seen} == {("accepted", 3)}
    assert all("without suggestions" in a.why for a in asked if a.guess is None)
    project.files.export(tmp_path / "out.jsonl", "jsonl")
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line)["guess"] or "[]" for line in lines]
    guesses = [span for guess in told for span in json.loads(guess)]
    assert {tuple(span) for span in guesses} == {("start", "end", "label")}  # nobody accepted them
    status = project.status()
    assert 0.5 < status.accuracy.estimate <= 1
    assert status.accuracy.low < status.accuracy.high
    assert status.class_counts["person"] > 0
    for refused in (lambda: project.grid.likely("person", 4),
                    lambda: project.learning.trainee(lambda *_: None).model()):  # fmt: skip
        with pytest.raises(CapabilityError, match="this project is of spans"):
            refused()


def test_what_is_likelier_wrong_than_right_is_not_suggested_but_counted(project):
    other = {"person": "place", "place": "person"}
    for i, one in enumerate(project.query(20)):  # every other answer contradicts the one before
        said = truth(one.item.text)
        project.teach({one.item.item_id: [(s, e, other[c]) for s, e, c in said] if i % 2 else said})
    project.retrain()
    guesses = [project.asked(item_id).guess for item_id in project.items]
    assert all(s.certainty >= 0.5 for guess in guesses for s in guess.spans)
    dim = [guess.name for guess in guesses if "unsure" in guess.name]
    assert dim
    assert all(re.fullmatch(r"[\w, ]+, and is unsure of \d+ more", name) for name in dim)


def test_answers_that_look_wrong_are_to_be_looked_at_again_and_the_word_is_named(project):
    asked = project.query(40)
    assert project.look_again() == []
    answer(project, asked)
    wrong = next(a for a in asked if "Paris" in a.item.text and "Ada" not in a.item.text)
    said = [(s, e, "person" if lab == "place" else lab) for s, e, lab in truth(wrong.item.text)]
    project.teach({wrong.item.item_id: said})
    project.retrain()
    (first, reason), *_ = project.look_again()
    assert first.item.item_id == wrong.item.item_id
    assert reason.startswith("a model that had not seen it gives what is said of “Paris”")
    project.teach({wrong.item.item_id: truth(wrong.item.text)})  # settled: not asked again
    assert wrong.item.item_id not in {a.item.item_id for a, _ in project.look_again()}
    project.retrain()
    assert wrong.item.item_id not in {a.item.item_id for a, _ in project.look_again()}


def test_a_class_that_is_deleted_is_not_suggested_any_more(project):
    answer(project, project.query(20))
    project.retrain()
    marked = [a for a in project.query(20) if any(s.label == "place" for s in a.guess.spans)]
    keys = [e.key for e in project.store.events() if "place" in str(e.class_name)]
    assert marked, keys
    for _ in range(20):
        project.undo()
    project.delete_class("place")
    again = project.asked(marked[0].item.item_id)
    assert all(s.label == "person" for s in again.guess.spans)


def test_a_conll_file_is_of_spans_and_says_that_it_has_some(tmp_path):
    path = tmp_path / "some.conll"
    path.write_text("Ada\tB-person\n'll\tO\nrun\tO\n\nIt\tO\nrained\tO\n", encoding="utf-8")
    with Project.create(path) as project:
        assert project.kind == "spans"
        first = project.items[next(iter(project.items))]
        assert (first.text, first.tokens) == ("Ada 'll run", [0, 3, 4, 7, 8, 11])
        wanted = "Texts without an answer that have spans in the source: 1. 'sparing import"
        assert any(note.startswith(wanted) for note in project.status().notes)
        project.files.import_labels(path)
        assert not any("sparing import" in note for note in project.status().notes)


def test_long_documents_are_asked_sentence_by_sentence_and_tables_by_their_text(tmp_path):
    long = "Ada ran to the sea. " * 40 + "Bob sat."
    rows = [{"id": "a", "text": long, "year": 1}, {"id": "b", "text": "It rained.", "year": 2}]
    path = tmp_path / "texts.csv"
    path.write_text(
        "id,text,year\n" + "\n".join(f"{r['id']},{r['text']},{r['year']}" for r in rows)
    )
    with Project.create(path, kind="spans") as project:
        texts = [project.items[i].text for i in project.items]
        assert texts == ["Ada ran to the sea."] * 40 + ["Bob sat.", "It rained."]
        names = [project.items[i].name for i in project.items]
        assert names[1].endswith(", 2")
        ids = list(project.items)
        folder = project.folder
        project.teach({ids[40]: [(0, 3, "person")]})
    path.write_text("id,text,year\nb,It rained.,2\na,Bob sat. Ada ran.,1\n")
    with Project.open(folder) as again:  # another text is another item, and keeps no offsets
        assert again.status().n_labeled == 0
        assert "not in the source: kept" in " ".join(again.status().notes)


def test_a_text_without_a_word_is_no_line_of_conll_and_is_told_of(tmp_path):
    path = tmp_path / "texts.jsonl"
    texts = ("Ada ran", " \u3000")
    path.write_text("".join(json.dumps({"text": t, "label": []}) + "\n" for t in texts))
    with Project.create(path, classes=["person"], kind="spans") as project:
        assert not any("without a word" in note for note in project.status().notes)
        project.teach({item: [] for item in project.items})
        assert any("without a word: 1. CoNLL" in note for note in project.status().notes)


def test_a_source_without_texts_is_refused_in_one_line(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n3,4\n5,6\n")
    with pytest.raises(SourceError, match="Spans are marked in texts") as error:
        Project.create(path, kind="spans")
    assert "\n" not in str(error.value)


def test_texts_with_all_spans_right_are_certified_and_the_check_says_f1(project):
    answer(project, project.query(40))
    project.retrain()
    project.audits.draw(0.2)
    first, *others = project.audits.query(N)
    assert first.guess is None
    last = len(first.item.text)
    more = (last - 1, last, "place")
    project.teach({first.item.item_id: [*truth(first.item.text), more]})
    answer(project, others)
    while asked := project.audits.query(N):
        answer(project, asked)
    certificate = project.audits.certify()
    assert certificate.n_wrong >= 1  # one span that is not there makes a whole text wrong
    assert certificate.n_auto > 0
    assert all(check.ok for check in project.audits.verify(certificate))
    status = project.status()
    assert 0.7 < status.accuracy.estimate < 1
    assert "of these texts have none" in status.accuracy.note
    assert "or more of its spans are right" in status.accuracy.note
    assert "has an F1" in " ".join(sentences(status))
    assert certificate.units.n_wrong == 0 < certificate.units.n_seen  # what it misses is not in it
    path = project.folder / "out.jsonl"
    project.files.export(path, "jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    made = [row for row in rows if row["provenance"] == "automatic"]
    assert len(made) == certificate.n_auto
    texts = {i: project.items[i].text for i in project.items}
    wrong = sum(
        [(s["start"], s["end"], s["label"]) for s in row["spans"]] != truth(texts[row["item_id"]])
        for row in made
    )
    assert wrong <= 0.2 * N


def test_spans_that_were_suggested_are_no_evidence_of_a_check(project):
    answer(project, project.query(40))
    project.retrain()
    project.audits.draw(0.2)
    item = project.audits.query(1)[0].item
    (start, end, label), *_ = [*truth(item.text), (0, 1, "person")]
    for by in ("accepted", "edited"):
        suggested = [span(start, end, label, by=by, version=1)]
        assert "without a guess" in mark(project, item.item_id, suggested, key=by).message
    assert mark(project, item.item_id, [span(start, end, label)], key="own").status == "stored"


def test_no_answer_is_moved_to_another_text_whoever_says_so(project, source):
    items, folder = list(project.items), project.folder
    project.teach({items[1]: [(0, 2, "person")]})
    project.close()
    lines = source.read_text("utf-8").splitlines()
    source.write_text("\n".join([lines[0], "Zoe was here", *lines[2:]]) + "\n", encoding="utf-8")
    with Project.open(folder) as again:
        (gone,) = again.rematching.unmatched()
        (new,) = [i for i in again.items if again.items[i].text == "Zoe was here"]
        assert (gone.item_id, gone.is_now) == (items[1], None)
        with pytest.raises(InvalidInputError, match="asked anew"):
            again.rematching.match({gone.item_id: new})
        assert again.rematching.match_by("place") == 0
        assert again.asked(new).answer is None
        assert again.asked(gone.item_id).answer is not None


def test_people_who_differ_are_settled_and_agree_as_far_as_their_spans_do(project):
    items = list(project.items)[:12]
    project.team.set_overlap(1)
    for i, item in enumerate(items):
        spans = [span(0, 2, "person")]
        mark(project, item, spans, key=f"a{i}", annotator="Ada")
        other = [span(0, 2, "place")] if i == 0 else spans
        mark(project, item, other, key=f"b{i}", annotator="Ben")
    (found,) = project.team.disagreements()
    assert [who for who, _ in found.votes] == ["Ada", "Ben"]
    assert [[s.label for s in spans] for spans in found.spans] == [["person"], ["place"]]
    told = project.team.agreement()
    classes = dict(told.classes)
    assert classes["all spans"].value == pytest.approx(11 / 12)
    assert classes["person"].value == pytest.approx(22 / 23)
    assert 0.5 < told.overall.low < told.overall.value < 1
    settled = NewEvent(key="s", kind=Kind.SETTLED, item_id=items[0], annotator="Cleo",
                       class_name=as_said([span(0, 2, "person")]),
                       seen=found.asked.answer.key)  # fmt: skip
    assert project.record([settled])[0].status == "stored"
    assert not project.team.disagreements()


def test_projects_of_spans_are_merged(project, source, tmp_path):
    items = list(project.items)
    project.teach({items[0]: [(2, 5, "person")]}, "Ada")
    with Project.create(source, tmp_path / "b", classes=["place"], kind="spans") as other:
        other.teach({items[0]: [(2, 5, "being")], items[1]: []}, "Ben")
    project.close()
    merge([project.folder, tmp_path / "b"], tmp_path / "both")
    with Project.open(tmp_path / "both", source=source) as both:
        votes = both.team.disagreements()[0].spans
        assert [[(s.start, s.end, s.label) for s in spans] for spans in votes] == [
            [(2, 5, "person")],
            [(2, 5, "being")],
        ]
        assert both.asked(items[1]).answer.spans == ()
        hashes = {e.text for e in both.store.events() if e.item_id == items[0]}
        assert hashes == {text_hash(both.items[items[0]].text)}


def test_no_column_of_classes_is_offered_as_spans(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"review number {i} has words,{'pos' if i % 2 else 'neg'}" for i in range(6)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    for kind, offered in (("class", "label"), ("spans", None)):
        with Project.create(path, tmp_path / kind, kind=kind) as project:
            assert project.files.offered_labels == offered
            said = any("--label-column" in note for note in project.status().notes)
            assert said == (kind == "class")


def test_a_file_of_spans_is_no_table_of_classes(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("Ada\tB-person\n\n")
    with pytest.raises(SourceError, match="--kind spans"):
        Project.create(path, kind="class")

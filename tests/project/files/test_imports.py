import csv
import json

import pytest
from PIL import Image

from sparing.datasets.rows import Reading
from sparing.errors import InvalidInputError, SourceError, UnknownNameError
from sparing.project import NewEvent, Project
from sparing.store import Kind


@pytest.fixture
def texts(tmp_path):
    source = tmp_path / "texts.jsonl"
    source.write_text(
        '{"t": "the cat sat on it"}\n{"t": "a dog ran off now"}\n{"t": "a dog ran off now"}\n'
    )
    with Project.create(source, classes=["cat"]) as project:
        yield project


def test_each_row_that_was_not_taken_is_named(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text(
        "text,label\n"
        "the cat sat on it,cat\n"
        "nobody said this,cat\n"
        "the cat sat on it,dog\n"
        "a dog ran off now,\n"
        "line 2,dog\n"
    )
    told = texts.files.import_labels(table)
    assert (told.n_stored, told.n_known) == (2, 0)
    assert [(p.name, p.reason) for p in told.problems] == [
        ("line 3", "no such item"),
        ("line 5", "no label"),
        ("line 4", "the item has another label"),
    ]
    assert told.said()[0] == "2 labels imported."
    assert [name for name, _ in texts.classes] == ["cat", "dog"]
    last = texts.store.events()[-1]
    assert (last.kind, last.text) == (Kind.IMPORTED, "labels.csv: 2 labels imported.")


def test_a_folder_in_place_of_a_table_is_called_one(texts, tmp_path):
    (tmp_path / "exported").mkdir()
    with pytest.raises(SourceError, match="exported is a folder, not a table: name a file in it"):
        texts.files.import_labels(tmp_path / "exported")


def test_labels_that_are_there_are_not_overwritten(texts, tmp_path):
    item = texts.query(1)[0].item
    texts.teach({item.item_id: "cat"})
    table = tmp_path / "labels.csv"
    table.write_text(f"item_id,label\n{item.item_id},dog\n")
    assert texts.files.import_labels(table).problems[0].reason == "the item has another label"
    assert texts.asked(item.item_id).answer.class_name == "cat"


def test_labels_by_a_model_never_become_a_persons(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("item,label,provenance\nline 1,cat,automatic\nline 2,cat,person\n")
    told = texts.files.import_labels(table)
    assert [(p.name, p.reason) for p in told.problems] == [("line 2", "a label by a model")]
    assert texts.status().n_labeled == 1


ODD = [
    ("comment", "half \ud800", "half �"),
    ("comment", "zero\0byte", "zerobyte"),
    ("annotator", "Ada\ud800", "Ada�"),
    ("model_version", 1e30, None),
    ("model_version", -7, None),
]


@pytest.mark.parametrize(("column", "cell", "kept"), ODD)
def test_cells_that_no_database_could_hold_are_mended(texts, tmp_path, column, cell, kept):
    export = tmp_path / "all.jsonl"
    texts.files.export(export, "jsonl")
    row = json.loads(export.read_text().splitlines()[0])
    row |= {"label": "cat", "state": "labeled", "provenance": "person", column: cell}
    export.write_text(json.dumps(row))
    assert texts.files.import_labels(export).n_stored == 1
    said = [getattr(e, "text" if column == "comment" else column) for e in texts.store.events()]
    assert kept in said
    assert cell not in said


@pytest.mark.parametrize("name", ["a\x1b]0;b\x07", "two\nlines", "n" * 201])
def test_who_bears_no_name_that_can_be_shown_is_refused_by_row(texts, tmp_path, name):
    export = tmp_path / "all.jsonl"
    texts.files.export(export, "jsonl")
    row = json.loads(export.read_text().splitlines()[0])
    export.write_text(json.dumps(row | {"label": "cat", "annotator": name}))
    told = texts.files.import_labels(export)
    assert (told.n_stored, "printable" in told.problems[0].reason) == (0, True)


def test_what_no_database_could_hold_is_refused_and_the_rest_is_stored(texts):
    item = next(iter(texts.items))
    odd = ({"text": "\ud800"}, {"text": "\0"}, {"annotator": "\x1b[2J"}, {"model_version": 2**31},
           {"model_version": -1})  # fmt: skip
    events = [NewEvent(key=f"k{i}", kind=Kind.COMMENT, item_id=item, **more)
              for i, more in enumerate((*odd, {"text": "fine"}))]  # fmt: skip
    assert [r.status for r in texts.record(events)] == ["refused"] * len(odd) + ["stored"]


def test_columns_can_be_named_and_are_asked_for(texts, tmp_path):
    table = tmp_path / "labels.tsv"
    table.write_text("what\tkind\nline 1\tcat\nline 2\tdog\n")
    with pytest.raises(InvalidInputError, match="no column that names the items"):
        texts.files.import_labels(table)
    with pytest.raises(UnknownNameError, match="Did you mean 'what'"):
        texts.files.import_labels(table, "waht", "kind")
    assert texts.files.import_labels(table, "what", "kind").n_stored == 2
    with pytest.raises(SourceError, match="no file"):
        texts.files.import_labels(tmp_path / "nothing.csv")


def test_a_class_name_that_cannot_be_is_the_rows_problem(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text(f"item,label\nline 1,{'x' * 300}\nline 2,cat\n")
    told = texts.files.import_labels(table)
    assert told.n_stored == 1
    assert "There is no class" in told.problems[0].reason


def test_images_are_found_by_their_whole_path_too(tmp_path):
    from PIL import Image

    photos = tmp_path / "photos"
    (photos / "a").mkdir(parents=True)
    Image.new("L", (8, 8)).save(photos / "a" / "1.png")
    Image.new("L", (8, 8)).save(photos / "2.png")
    table = tmp_path / "labels.csv"
    table.write_text(f"path,label\n{photos / 'a' / '1.png'},cat\n2.png,dog\n{tmp_path},dog\n")
    with Project.create(photos) as project:
        told = project.files.import_labels(table)
        assert told.n_stored == 2
        assert [p.reason for p in told.problems] == ["no such item"]


CARDS = "text,stars\n" + "".join(f"review number {i} has words,{i % 3}\n" for i in range(6))


def became(told):
    return {row.item: row.became for row in told.rows}


def answered(tmp_path, text=CARDS):
    """A project with labels, a skip, a flag and a comment, and its export."""
    source = tmp_path / "t.csv"
    source.write_text(text)
    with Project.create(source, classes=["even", "odd"]) as project:
        keys = list(project.items)
        project.teach({key: ("even", "odd")[i % 2] for i, key in enumerate(keys[:4])})
        more = [
            NewEvent(key="s", kind=Kind.SKIP, item_id=keys[4]),
            NewEvent(key="f", kind=Kind.FLAG, item_id=keys[0]),
            NewEvent(key="c", kind=Kind.COMMENT, item_id=keys[5], text="see this"),
        ]
        project.record(more)
        for form in ("csv", "jsonl"):
            project.files.export(tmp_path / f"out.{form}", form)
    return source


def said_of(project):
    found = {}
    for key, item in project.items.items():
        asked = project.asked(key)
        text = item.text or item.fields["text"]
        kind = asked.answer and (asked.answer.class_name or "skipped")
        found[text.removesuffix("!")] = (kind, asked.flagged, asked.comment)
    return found


RESTORED = {
    "review number 0 has words": ("even", True, ""),
    "review number 1 has words": ("odd", False, ""),
    "review number 2 has words": ("even", False, ""),
    "review number 3 has words": ("odd", False, ""),
    "review number 4 has words": ("skipped", False, ""),
    "review number 5 has words": (None, False, "see this"),
}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace("text,stars", "text,stars,score").replace("words,", "words,7,"),
        lambda text: "".join([text.splitlines(True)[0], *text.splitlines(True)[:0:-1]]),
        lambda text: text.replace("0\n", "9\n").replace("1\n", "8\n"),
    ],
    ids=["as it was", "another column", "sorted", "other stars"],
)
def test_an_export_restores_all_in_another_project_of_the_same_items(tmp_path, form, change):
    source = answered(tmp_path)
    source.write_text(change(CARDS))
    with Project.create(source, tmp_path / "other", columns=["text", "stars"]) as other:
        told = other.files.import_labels(tmp_path / f"out.{form}")
        assert said_of(other) == RESTORED
        assert (told.n_stored, told.n_known) == (5, 0)
        again = other.files.import_labels(tmp_path / f"out.{form}")
        assert (again.n_stored, again.n_known) == (0, 5)
        assert became(again)["line 7"].startswith(
            "no label, and its flag and comment there already"
        )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("lacking", [{"seconds"}, {"seconds", "strategy"}], ids=len)
def test_an_export_of_before_there_were_all_columns_restores_all(tmp_path, form, lacking):
    source = answered(tmp_path)
    path = tmp_path / f"out.{form}"
    if form == "csv":
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
        kept = [i for i, name in enumerate(rows[0]) if name not in lacking]
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([row[i] for i in kept] for row in rows)
    else:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        kept = ({k: v for k, v in row.items() if k not in lacking} for row in rows)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in kept))
    with Project.create(source, tmp_path / "other", columns=["text", "stars"]) as other:
        assert other.files.import_labels(path).n_stored == 5
        assert said_of(other) == RESTORED


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "label-studio"])
def test_how_long_an_item_was_on_the_screen_goes_out_and_comes_back(tmp_path, form):
    source = tmp_path / "days.txt"
    source.write_text("rain today\nsun today\nsnow today\n", encoding="utf-8")
    path = tmp_path / f"out.{'json' if form == 'label-studio' else form}"
    with Project.create(source, tmp_path / "one", classes=["wet"], kind="labels") as project:
        said = {'["wet"]': 4.2, "[]": 0, None: 1.5}
        for key, (labels, seconds) in zip(project.items, said.items(), strict=True):
            project.record([NewEvent(key=key, kind=Kind.LABEL if labels else Kind.SKIP,
                                     item_id=key, class_name=labels, seconds=seconds)])  # fmt: skip
        project.files.export(path, form)
    with Project.create(source, tmp_path / "two", classes=["wet"], kind="labels") as other:
        assert other.files.import_labels(path).n_stored == 3
        there = [e for e in other.store.events() if e.kind in (Kind.LABEL, Kind.SKIP)]
        assert {event.class_name: event.seconds for event in there} == said


def test_an_export_finds_items_by_ids_that_do_not_only_count(tmp_path):
    names = ["q7", "a1", "k9", "b2", "z3", "m4"]
    lines = CARDS.splitlines()
    text = "\n".join(["id," + lines[0], *map(",".join, zip(names, lines[1:], strict=True))])
    source = answered(tmp_path, text)
    source.write_text(text.replace("words,", "words!,").replace("0\n", "9\n"))
    with Project.create(source, tmp_path / "other") as other:
        told = other.files.import_labels(tmp_path / "out.csv")
        assert said_of(other) == RESTORED
        assert "6 found by their ids, and hold something else by now." in told.said()
    source.write_text(text.replace("q7", "1").replace("a1", "2").replace("words,", "words!,"))


def test_a_key_gives_no_label_to_an_item_that_holds_another_thing_by_now(tmp_path):
    names = ["q7", "a1", "k9", "b2", "z3", "m4"]
    lines = CARDS.splitlines()
    rows = [*map(",".join, zip(names, lines[1:], strict=True))]
    source = answered(tmp_path, "\n".join(["id," + lines[0], *rows]))
    with Project.create(source, tmp_path / "other", classes=["odd"]) as other:
        project_keys = list(other.items)
    rows[0] = "q7,review number 71 has words,0"
    source.write_text("\n".join(["id," + lines[0], *rows]))
    Project.open(tmp_path / "other").close()  # the same item, which holds something else
    source.write_text("\n".join(["id," + lines[0], *rows, "w9," + lines[1]]))
    with Project.open(tmp_path / "other") as other:
        other.files.import_labels(tmp_path / "out.csv")
        assert list(other.items)[:6] == project_keys
        said = {item.fields["text"]: other.asked(k).answer for k, item in other.items.items()}
        assert said["review number 71 has words"] is None
        assert said["review number 0 has words"].class_name == "even"


def test_an_export_gives_no_label_to_what_only_stands_in_the_same_line(tmp_path):
    source = answered(tmp_path)
    source.write_text(CARDS.replace("review", "another"))
    with Project.create(source, tmp_path / "other") as other:
        told = other.files.import_labels(tmp_path / "out.csv")
        assert set(became(told).values()) == {"no such item"}
        assert len(told.rows) == 6


def test_answers_to_items_that_are_gone_are_told_as_such(tmp_path):
    source = answered(tmp_path)
    source.write_text("\n".join(CARDS.splitlines()[:4]) + "\n")
    with Project.open(tmp_path / "t.csv.sparing") as project:
        told = project.files.import_labels(tmp_path / "out.csv")
        gone = "there already (of items that are not in the source: kept with them)"
        assert became(told)["line 5"] == became(told)["line 6"] == gone
        assert told.notes == ("3 of items that are not in the source: kept with them.",)


def test_lists_of_one_are_labels_and_others_are_named(texts, tmp_path):
    table = tmp_path / "labels.jsonl"
    table.write_text(
        '{"text": "the cat sat on it", "label": ["cat"]}\n'
        '{"text": "a dog ran off now", "label": ["cat", "dog"]}\n'
        '{"text": "a dog ran off now", "label": {"a": 1}}\n'
        '{"text": "a dog ran off now", "label": []}\n'
    )
    told = texts.files.import_labels(table)
    assert told.n_stored == 1
    assert [p.reason for p in told.problems] == [
        "2 labels, where an item has one",
        "an object, where a label is one word",
        "no label",
    ]
    assert [name for name, _ in texts.classes] == ["cat"]


def test_a_name_of_an_item_that_is_gone_hides_none_that_is_there(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("text\nthe cat sat on it\na dog ran off now\n")
    with Project.create(source, classes=["a"]) as project:
        project.teach(dict.fromkeys(project.items, "a"))
    source.write_text("text\nthe hen flew on it\na cow ran off now\n")
    (tmp_path / "l.csv").write_text("item,label\nline 2,a\n")
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert project.files.import_labels(tmp_path / "l.csv").n_stored == 1
        assert project.status().n_labeled == 1


def test_the_labels_that_the_source_has_are_imported(tmp_path):
    source = tmp_path / "t.jsonl"
    rows = [("the cat sat on it", "cat"), ("a dog ran off", ["dog"]), ("a hen", ["a", "b"])]
    rows += [("nobody knows what this is", None)] * 3
    source.write_text("".join(json.dumps({"text": t, "label": c}) + "\n" for t, c in rows))
    with Project.create(source) as project:
        told = project.files.import_source_labels("label")
        assert (told.n_stored, told.said()[1]) == (
            2,
            "1 skipped, 2 labels, where an item has one: line 3.",
        )
        assert project.files.import_source_labels("label").n_known == 2
        assert project.status().class_counts == {"cat": 1, "dog": 1}
        assert all(item.fields is None for item in project.items.values())
        with pytest.raises(UnknownNameError, match="Did you mean 'label'"):
            project.files.import_source_labels("labl")


def test_files_are_found_by_all_ways_in_which_programs_write_their_paths(tmp_path):
    pics = tmp_path / "pics"
    (pics / "sub").mkdir(parents=True)
    for name in ("cafe\u0301.png", "plain.png", "sub/\u00dcbung.png", "sub/plain.png"):
        Image.new("RGB", (8, 8)).save(pics / name)
    table = tmp_path / "labels.csv"
    written = [
        "caf\u00e9.png,a", ".\\pics\\plain.png,b", "C:\\all\\pics\\sub\\U\u0308bung.png,c",
        "./sub/plain.png,d", "else/plain.png,e",
    ]  # fmt: skip
    table.write_text("file,label\n" + "\n".join(written) + "\n")
    with Project.create(pics) as project:
        told = project.files.import_labels(table)
        found = {project.items[i].name: project.asked(i).answer for i in project.items}
    assert [(p.name, p.reason) for p in told.problems] == [("line 6", "no such item")]
    assert {name: answer.class_name for name, answer in found.items()} == {
        "cafe\u0301.png": "a", "plain.png": "b", "sub/\u00dcbung.png": "c", "sub/plain.png": "d",
    }  # fmt: skip


def test_texts_are_found_however_their_accents_are_put_together(tmp_path):
    source = tmp_path / "texts.txt"
    source.write_text("the caf\u00e9 was nice\nthe bar was not\n")
    table = tmp_path / "labels.csv"
    table.write_text("text,label\nthe cafe\u0301 was nice,good\n")
    with Project.create(source) as project:
        assert project.files.import_labels(table).n_stored == 1


def test_a_table_of_labels_is_read_as_is_said(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_bytes("the cat sat on it;\u0433\u0430\u0432\n".encode("cp1251"))
    with pytest.raises(SourceError):  # its only line was taken for names
        texts.files.import_labels(table)
    told = texts.files.import_labels(table, reading=Reading(header=False, encoding="cp1251"))
    assert told.said()[0] == "1 labels imported."
    assert [name for name, _ in texts.classes] == ["cat", "\u0433\u0430\u0432"]


def test_how_a_table_of_labels_was_read_is_told(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("line 1,dog\nline 2,cat\nline 3,dog\n")
    told = texts.files.import_labels(table)
    assert told.n_stored == 3
    assert told.notes == (
        "Line 1 of labels.csv was taken for data, not for names: --header says otherwise.",
    )
    table.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(InvalidInputError, match=r"names the items: --item-column says which"):
        texts.files.import_labels(table)


def said_by(project, item_id):
    replay = project._guarded._state.replay
    return {
        vote.annotator: None if vote.content is None else replay.class_name(vote.content)
        for vote in replay.of(item_id).votes
    }


def test_what_several_people_said_comes_back_from_an_export(pets, tmp_path):
    pairs = [("fur", "fur"), ("fur", "feathers"), ("feathers", "fur"), ("fur", None)]
    with pets.create(folder=tmp_path / "one") as project:
        project.team.set_overlap(1.0)
        ids = list(project.items)[:4]
        for item, answers in zip(ids, pairs, strict=True):
            for who, name in zip(("Ada", "Ben"), answers, strict=True):
                kind = Kind.LABEL if name else Kind.SKIP
                key = f"{who} {item}"
                said = NewEvent(key=key, kind=kind, item_id=item, class_name=name, annotator=who)
                project.record([said])
        settles = NewEvent(
            key="s", kind=Kind.SETTLED, item_id=ids[2], class_name="fur", annotator="Eve",
            seen=f"Ada {ids[2]}",
        )  # fmt: skip
        assert project.record([settles])[0].status == "stored"
        before = {item: said_by(project, item) for item in ids}
        assert before[ids[1]] == {"Ada": "fur", "Ben": "feathers"}
        project.files.export(tmp_path / "all.csv")
        n_contested = project.status().n_contested
    with pets.create(folder=tmp_path / "two") as project:
        assert project.files.import_labels(tmp_path / "all.csv").n_stored == 4
        assert {item: said_by(project, item) for item in ids} == before
        state = project._guarded._state
        assert state.replay.of(ids[2]).is_settled
        assert project.status().n_contested == n_contested
        project.files.export(tmp_path / "again.csv")
        told = project.files.import_labels(
            tmp_path / "all.csv"
        )  # a second time: nothing is doubled
        assert told.n_stored == 0
        assert {item: said_by(project, item) for item in ids} == before
    columns = ("item_id", "label", "provenance", "state", "opinions")
    first, again = (
        [
            [row[column] for column in columns]
            for row in csv.DictReader((tmp_path / name).read_text().splitlines())
        ]
        for name in ("all.csv", "again.csv")
    )
    assert first == again


def test_a_class_that_may_be_a_slip_is_pointed_out(tmp_path):
    source, table = tmp_path / "notes.txt", tmp_path / "labels.csv"
    source.write_text("the room was clean\nthe food was cold\n", encoding="utf-8")
    table.write_text("text,label\nthe room was clean,Sprots\nthe food was cold,World\n")
    with Project.create(source, classes=["Sports"]) as project:
        told = project.files.import_labels(table)
    assert told.n_stored == 2
    slip = "New classes that may be slips: 'Sprots' for 'Sports'. Merge them if they are."
    assert told.notes == (slip,), "'World' is only new"


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("kind", ["class", "labels"])
def test_our_own_tables_mean_what_they_say(tmp_path, form, kind):
    """A class may be called as others call a gap, and a text be longer than cells often are."""
    if form == "parquet":
        pytest.importorskip("pyarrow")
    source = tmp_path / "long.jsonl"
    source.write_text("".join(json.dumps({"text": f"{w} " * 40_000}) + "\n" for w in "ab"))
    path, names = tmp_path / f"out.{form}", ["NA", "n/a", "null"]
    answers = [["NA", "n/a"], ["null"]] if kind == "labels" else ["NA", "null"]
    with Project.create(source, tmp_path / "one", classes=names, kind=kind) as project:
        project.teach(dict(zip(project.items, answers, strict=True)), "Ada")
        project.files.export(path, form)
    with Project.create(source, tmp_path / "two", classes=names, kind=kind) as other:
        told = other.files.import_labels(path)
        assert (told.n_stored, told.problems) == (2, ())
        asked = [other.asked(item).answer for item in other.items]
    if kind == "labels":
        assert [{*answer.labels} for answer in asked] == [{"NA", "n/a"}, {"null"}]
    else:
        assert [answer.class_name for answer in asked] == ["NA", "null"]


def test_lists_as_python_prints_them_are_lists_of_labels(tmp_path):
    source, table = tmp_path / "days.jsonl", tmp_path / "labels.csv"
    cells = ["['sun', 'rain']", "[]", '["sun"]', "[sun"]
    texts = [f"the weather of day {i}" for i in range(4)]
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "labels"), *zip(texts, cells, strict=True)])
    with Project.create(source, kind="labels") as project:
        told = project.files.import_labels(table)
        assert told.n_stored == 3
        assert [p.reason for p in told.problems] == ["a list of labels that is no JSON"]
        asked = [project.asked(item).answer for item in project.items]
        assert [None if a is None else {*a.labels} for a in asked] == [
            {"sun", "rain"}, set(), {"sun"}, None
        ]  # fmt: skip

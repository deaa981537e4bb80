import sqlite3
from contextlib import closing

from sparing.project import Project
from sparing.project.log.replay import Replay
from sparing.store import Event, Kind, NewEvent
from sparing.store.contents import content_of, stored_text


def told(*events):
    return Replay(
        Event(seq=seq, key=f"k{seq}", at="2026-01-01", **fields) for seq, fields in events
    )


def classes(*names):
    return [
        (seq, {"kind": Kind.ADD_CLASS, "class_name": name}) for seq, name in enumerate(names, 1)
    ]


def labels(*keys):
    return stored_text({"at": [], "class": key} for key in keys)


def answer(seq, item_id, value, **more):
    return seq, {"kind": Kind.LABEL, "item_id": item_id, "value": value, **more}


def test_what_has_become_the_same_by_a_merge_is_the_same_answer():
    replay = told(
        *classes("sport", "football", "money"),
        answer(4, "a", labels("k1", "k2")),
        answer(5, "b", labels("k2")),
        (6, {"kind": Kind.MERGE_CLASS, "class_id": "k2", "into_id": "k1"}),
    )
    first, second = (replay.of(item).answer.content for item in "ab")
    assert first != second
    assert replay.resolve(first) == replay.resolve(second) == content_of([("k1",)])
    assert set(replay.bearing("k1")) == {"a", "b"}
    assert not list(replay.bearing("k3"))


def test_answers_are_shown_by_the_names_of_today_in_the_order_of_the_classes():
    replay = told(
        *classes("sport", "money"),
        answer(3, "a", labels("k2", "k1")),
        answer(4, "b", labels()),
        answer(5, "c", stored_text([{"at": [0, 3], "class": "k2", "by": "edited"}])),
        (6, {"kind": Kind.RENAME_CLASS, "class_id": "k2", "text": "finance"}),
    )
    names = [replay.class_name(replay.of(item).answer.content) for item in "abc"]
    assert names == ["sport, finance", "none of these", "0-3 finance"]


def test_an_answer_holds_only_while_all_its_classes_do():
    events = [
        *classes("sport", "money"),
        answer(3, "a", labels("k1", "k2")),
        (4, {"kind": Kind.DELETE_CLASS, "class_id": "k2"}),
    ]
    assert told(*events).of("a").answer is None
    assert not told(*events).ignored
    back = told(*events, (5, {"kind": Kind.UNDO, "undoes": 4}))
    assert back.of("a").answer.key == "k3"
    # The same events in another order make the same state.
    assert told(*reversed(events)).of("a").answer is None


def test_a_class_that_comes_later_lets_an_answer_hold():
    replay = told(*classes("sport"), answer(2, "a", labels("k1", "k3")))
    assert replay.of("a").answer is None
    assert [one.seq for one in replay.ignored] == [2]
    replay.apply(Event(seq=3, key="k3", at="2026-01-01", kind=Kind.ADD_CLASS, class_name="money"))
    assert replay.of("a").answer.key == "k2"
    assert not replay.ignored


def test_a_value_that_cannot_be_read_is_ignored_and_named():
    odd = ["", "nothing", "{}", '[{"at":"x","class":"k1"}]', '[{"at":[0]}]', "[1]", "[" * 5000]
    replay = told(*classes("sport"), *(answer(seq, "a", text) for seq, text in enumerate(odd, 2)))
    assert replay.of("a").answer is None
    assert [one.seq for one in replay.ignored] == list(range(2, 2 + len(odd)))


def test_people_who_say_the_same_in_another_order_agree():
    replay = told(
        *classes("sport", "money"),
        answer(3, "a", labels("k2", "k1"), annotator="Ada"),
        (4, {"kind": Kind.OPINION, "item_id": "a", "value": labels("k1", "k2"),
             "annotator": "Ben"}),
        (5, {"kind": Kind.OPINION, "item_id": "a", "value": labels(), "annotator": "Cleo"}),
    )  # fmt: skip
    said = replay.labels(replay.of("a"))
    assert said["Ada"] == said["Ben"] != said["Cleo"]
    assert replay.is_contested("a")


def test_no_class_takes_a_key_that_reads_as_a_list(tmp_path):
    (tmp_path / "t.csv").write_text("text\none\ntwo\n")
    with Project.create(tmp_path / "t.csv") as project:
        (done,) = project.record([NewEvent(key='["a"]', kind=Kind.ADD_CLASS, class_name="x")])
    assert done.status == "refused"
    assert "does not begin with" in done.message


def test_a_folder_of_before_there_were_values_opens_unchanged(tmp_path):
    (tmp_path / "t.csv").write_text("text\n" + "\n".join(f"item {i}" for i in range(12)))
    with Project.create(tmp_path / "t.csv", classes=["a", "b"]) as project:
        items = list(project.items)
        project.teach({item: "ab"[i % 2] for i, item in enumerate(items[:6])})
        project.undo()
        before, folder = project.status(), project.folder
        said = [(e.seq, e.content) for e in project.store.events()]
    with closing(sqlite3.connect(next(folder.glob("*.db")))) as database, database:
        for column in ("value", "digest", "strategy", "seconds"):
            database.execute(f"ALTER TABLE events DROP COLUMN {column}")
        database.execute("UPDATE alembic_version SET version_num = '0003'")
    with Project.open(folder) as project:
        after = project.status()
        assert [(e.seq, e.content) for e in project.store.events()] == said
    assert (after.class_counts, after.n_labeled, after.seq) == (
        before.class_counts, before.n_labeled, before.seq)  # fmt: skip

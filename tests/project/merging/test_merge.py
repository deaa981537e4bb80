"""Projects that were made apart, put together: nothing is lost, doubled, or touched."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.audit.certificate import Certificate
from sparing.cli import app
from sparing.errors import ConflictError, InvalidInputError, UnknownNameError
from sparing.project import NewEvent, Project, opening
from sparing.project.backups.backup import backup
from sparing.project.backups.restore import restore
from sparing.project.belongings import mark
from sparing.project.log.replay import Replay
from sparing.project.merging.answers import Log, carry
from sparing.project.merging.items import same_items
from sparing.project.merging.merge import merge
from sparing.project.source.fingerprints import key_of
from sparing.store import Event, ItemRow, Kind


def older_hash(item):
    """The hash of a card as the first version made it."""
    return key_of(repr([cell or None for cell in item.fields.values()]).encode())


def say(project, kind, item_id, name=None, *, who="", text=None, key=None):
    """Say one thing, whatever was said before."""
    current = project._guarded._state.replay.of(item_id).answer
    seen = current.key if current and current.annotator in ("", who) else None
    key = key or f"key-{random.random()}"  # noqa: S311
    event = NewEvent(
        key=key, kind=kind, item_id=item_id, class_name=name, annotator=who, text=text, seen=seen
    )
    (done,) = project.record([event])
    assert done.status == "stored", done
    return key


def label(project, item_id, name, who=""):
    return say(project, Kind.LABEL, item_id, name, who=who)


def votes(project, item_id):
    """Return who gave what class to an item."""
    replay = project._guarded._state.replay
    return {who: replay.class_name(c) for who, c in replay.labels(replay.of(item_id)).items()}


class Two:
    """One source, two projects: ada.sparing and ben.sparing, and where they are put together."""

    def __init__(self, pets, folder):
        self.ada, self.ben, self.both = (folder / f"{n}.sparing" for n in ("ada", "ben", "both"))
        for place, seed in ((self.ada, 1), (self.ben, 2)):
            with Project.create(pets.source, place, ["fur", "feathers"], seed=seed) as project:
                self.ids = list(project.items)

    def merge(self, *more, **options):
        return merge([self.ada, self.ben, *more], self.both, **options)

    def merged(self, **options):
        self.merge(**options)
        return Project.open(self.both)


@pytest.fixture
def two(pets, tmp_path):
    return Two(pets, tmp_path)


def test_what_was_never_read_is_the_same_by_name_and_size_and_that_is_told():
    read, unread = (ItemRow(0, "a", "a.png", size=9, content_hash=c) for c in ("c1", None))
    for here, there in ((read, unread), (unread, read), (unread, unread)):
        found = same_items([here], [there])
        assert (found.ids, found.unread) == ({"a": "a"}, (there,))
    assert same_items([read], [read]).unread == ()
    assert same_items([read], [replace(unread, size=8)]).differing != ()
    other = replace(read, content_hash="c2")
    assert same_items([read], [other]).differing == (other,)


def test_no_file_of_a_folder_is_read_to_merge(tmp_path, monkeypatch):
    source = tmp_path / "texts"
    source.mkdir()
    for i in range(4):
        (source / f"{i}.txt").write_text(f"some text number {i}")
    for name in ("one", "two"):
        Project.create(source, tmp_path / name, ["a", "b"]).close()
    monkeypatch.setattr(opening, "list_source", lambda *_, **__: pytest.fail("it was read"))
    (plan, _) = merge([tmp_path / "one", tmp_path / "two"], tmp_path / "both")
    assert len(plan.same.ids) == 4


def test_a_class_that_was_deleted_in_the_one_comes_back_where_the_other_gives_it(two):
    a, b, *_ = two.ids
    for place in (two.ada, two.ben):
        with Project.open(place) as project:
            label(project, a, "fur")
    two.merge()
    with Project.open(two.both) as project:
        project.delete_class("feathers")
    with Project.open(two.ben) as project:
        label(project, b, "feathers")
    with two.merged() as project:
        assert [n for n, _ in project.classes] == ["fur", "feathers"]
        assert project.status().class_counts == {"fur": 1, "feathers": 1}
        assert Replay(project.store.events()).ignored == []


def test_what_both_said_is_there_with_its_time_and_the_two_are_as_they_were(two):
    a, b, c, d, *_ = two.ids
    with Project.open(two.ada) as project:
        label(project, a, "fur", "Ada")
        label(project, b, "fur", "Ada")
    with Project.open(two.ben) as project:
        label(project, b, "feathers", "Ben")
        say(project, Kind.SKIP, c, who="Ben")
        say(project, Kind.FLAG, d, who="Ben")
        say(project, Kind.COMMENT, d, text="Is this a bat?", who="Ben")
    before = {p: p.read_bytes() for f in (two.ada, two.ben) for p in f.rglob("*") if p.is_file()}
    with Project.open(two.ben, writable=False) as project:
        times = {e.key: (e.at, e.annotator) for e in project.store.events()}
    with two.merged() as both:
        assert votes(both, a) == {"Ada": "fur"}
        assert votes(both, b) == {"Ada": "fur", "Ben": "feathers"}
        assert both._guarded._state.contested() == [b]
        assert both._guarded._state.replay.of(c).answer.kind is Kind.SKIP
        noted = both._guarded._state.replay.of(d)
        assert (noted.flagged, noted.comment) == (True, "Is this a bat?")
        of_ben = [e for e in both.store.events() if e.key in times and e.annotator]
        assert len(of_ben) == 4
        assert all(times[e.key] == (e.at, e.annotator) for e in of_ben)
        answers = [e for e in of_ben if e.kind in (Kind.LABEL, Kind.SKIP, Kind.OPINION)]
        assert {(e.purpose, e.source, e.propensity) for e in answers} == {("train", "person", None)}
        assert [name for name, _ in both.classes] == ["fur", "feathers"]
        both.retrain()
    assert before == {p: p.read_bytes() for p in before}


def test_done_twice_it_doubles_nothing_and_adds_what_is_new(two):
    a, b, *_ = two.ids
    with Project.open(two.ada) as project:
        label(project, a, "fur", "Ada")
    with Project.open(two.ben) as project:
        label(project, a, "feathers", "Ben")
    with two.merged() as both:
        events = both.store.events()
    two.merge()
    with Project.open(two.both) as both:
        assert both.store.events() == events
    with Project.open(two.ben) as project:
        label(project, a, "fur", "Ben")  # he has looked again
        label(project, b, "fur", "Ben")
    with Project.open(two.ada) as project:
        label(project, b, "feathers")
    with two.merged() as both:
        assert votes(both, a) == {"Ada": "fur", "Ben": "fur"}
        assert votes(both, b) == {"": "feathers", "Ben": "fur"}
        assert both.store.events()[: len(events)] == events


def test_what_is_taken_back_is_taken_back_in_both(two):
    a, b, *_ = two.ids
    with Project.open(two.ben) as project:
        label(project, a, "fur", "Ben")
        label(project, b, "fur", "Ben")
    with two.merged() as both:
        assert both.status().n_labeled == 2
    with Project.open(two.ben) as project:
        project.undo()
    with two.merged() as both:
        assert votes(both, a) == {"Ben": "fur"}
        assert votes(both, b) == {}


def test_people_without_a_name_are_told_apart(two):
    a, b, *_ = two.ids
    for place, name in ((two.ada, "fur"), (two.ben, "feathers")):
        with Project.open(place) as project:
            label(project, a, name)
    with Project.open(two.ben) as project:
        label(project, b, "fur")
    with two.merged() as both:
        assert votes(both, a) == {"": "fur", "ben": "feathers"}
        assert votes(both, b) == {"ben": "fur"}
        assert both.team.people() == {"": 1, "ben": 2}


def test_what_one_person_said_last_counts(two):
    a, b, *_ = two.ids
    with Project.open(two.ada) as project:
        label(project, a, "fur", "Eve")
    with Project.open(two.ben) as project:
        label(project, a, "feathers", "Eve")
        label(project, b, "feathers", "Eve")
    with Project.open(two.ada) as project:
        label(project, b, "fur", "Eve")
    plans = two.merge()
    assert plans[1].carried.n == {"instead": 1, "older": 1}
    with Project.open(two.both) as both:
        assert votes(both, a) == {"Eve": "feathers"}
        assert votes(both, b) == {"Eve": "fur"}


def test_what_several_said_there_is_so_here_and_what_settled_it(two, pets):
    a, b, *_ = two.ids
    with Project.open(two.ben) as project:
        project.team.set_overlap(1)
        for item in (a, b):
            label(project, item, "fur", "Ben")
            label(project, item, "feathers", "Cyd")
            label(project, item, "feathers", "Ben")  # the first one has looked again
            label(project, item, "fur", "Ben")
        say_settled(project, a, "feathers", "Dee")
    with Project.open(two.ada) as project:
        label(project, b, "fur", "Ada")
    with two.merged() as both:
        assert votes(both, a) == {"Ben": "fur", "Cyd": "feathers"}
        assert both._guarded._state.replay.of(a).is_settled
        assert votes(both, b) == {"Ada": "fur", "Ben": "fur", "Cyd": "feathers"}
        assert both._guarded._state.contested() == [b]


def say_settled(project, item_id, name, who):
    now = project._guarded._state.replay.of(item_id).answer
    event = NewEvent(key="settle", kind=Kind.SETTLED, item_id=item_id, class_name=name,
                     annotator=who, seen=now.key)  # fmt: skip
    (done,) = project.record([event])
    assert done.status == "stored"


def test_comments_of_both_stand(two):
    a, b, *_ = two.ids
    with Project.open(two.ada) as project:
        say(project, Kind.COMMENT, a, text="Blurred.")
        say(project, Kind.COMMENT, b, text="Same.")
    with Project.open(two.ben) as project:
        say(project, Kind.COMMENT, a, text="Cropped.")
        say(project, Kind.COMMENT, b, text="Same.")
    for _ in range(2):
        with two.merged() as both:
            assert both._guarded._state.replay.of(a).comment == "Blurred.\nCropped."
            assert both._guarded._state.replay.of(b).comment == "Same."


def test_classes_are_joined_by_name_or_as_a_person_says_and_it_is_remembered(two):
    a, b, c, d, *_ = two.ids
    with Project.open(two.ada) as project:
        project.record([NewEvent(key="r", kind=Kind.RENAME_CLASS, class_name="fur", text="coat")])
    with Project.open(two.ben) as project:
        project.add_classes(["Fell", "scales", "Coat"])
        for item, name in ((a, "fur"), (b, "Fell"), (c, "scales"), (d, "feathers")):
            label(project, item, name, "Ben")
    told = []
    plans = two.merge(classes={"Fell": "coat"}, agree=lambda lines: not told.extend(lines))
    assert [(j.name, j.into_name) for j in plans[1].joins if j.into] == [
        ("fur", "coat"), ("feathers", "feathers"), ("Fell", "coat"), ("Coat", "coat"),
    ]  # fmt: skip
    text = "\n".join(told)
    assert "Classes: fur = coat, feathers = feathers, Fell = coat, Coat = coat." in text
    assert "Class 'scales' is new here. --class 'scales=NAME'" in text
    with Project.open(two.ben) as project:
        label(project, two.ids[4], "Fell", "Ben")
    with two.merged() as both:
        wanted = ("coat", "coat", "scales", "feathers", "coat")
        assert [votes(both, i)["Ben"] for i in two.ids[:5]] == list(wanted)
        assert [name for name, _ in both.classes] == ["coat", "feathers", "scales"]
    for wrong, error in (({"no": "coat"}, UnknownNameError), ({"Fell": "no"}, UnknownNameError)):
        with pytest.raises(error, match="There is no class 'no'"):
            two.merge(classes=wrong)


def test_a_copy_that_went_its_own_way_comes_back(two, tmp_path):
    """What was said there in view of what stands here takes its place; the rest is known."""
    a, b, *_ = two.ids
    with Project.open(two.ada) as project:
        label(project, a, "fur", "Ada")
        label(project, b, "fur", "Ada")
    backup(two.ada, tmp_path / "file")
    shutil.rmtree(two.ben)
    restore(tmp_path / "file", two.ben)
    with Project.open(two.ben) as project:
        label(project, a, "feathers", "Ada")
        project.record([NewEvent(key="r", kind=Kind.RENAME_CLASS, class_name="fur", text="coat")])
        label(project, two.ids[2], "coat", "Ada")
    with two.merged() as both:
        assert votes(both, a) == {"Ada": "feathers"}
        assert votes(both, b) == {"Ada": "fur"}
        assert votes(both, two.ids[2]) == {"Ada": "fur"}
        assert [name for name, _ in both.classes] == ["fur", "feathers"]


def certify(project, pets):
    pets.answer(project, project.query(10))
    project.retrain()
    project.audits.draw(0.2)
    pets.answer(project, project.audits.query(60))
    project.audits.certify()


def test_an_open_audit_in_any_of_them_is_refused(two, pets):
    for place in (two.ada, two.ben):
        with Project.open(place) as project:
            pets.answer(project, project.query(10))
            project.retrain()
            project.audits.draw(0.2)
        with pytest.raises(ConflictError, match=rf"An audit is open in {place.name}: answer it"):
            two.merge()
        assert not two.both.exists()
        with Project.open(place) as project:
            project.audits.resume()
    two.merge()
    with Project.open(two.both) as project:
        project.retrain()
        project.audits.draw(0.2)
    with pytest.raises(ConflictError, match=r"An audit is open in both.sparing"):
        two.merge()


def test_merged_answers_void_a_certificate_aloud(two, pets):
    for place in (two.ada, two.ben):
        with Project.open(place) as project:
            certify(project, pets)
            phase = project.phase
    told = []
    two.merge(agree=lambda lines: not told.extend(lines))
    text = "\n".join(told)
    assert "The certificate that both.sparing has covers none of this: it does not hold" in text
    assert "The certificate of ben.sparing holds there alone, and is not taken over." in text
    with Project.open(two.both) as both:
        assert both.phase == "label"
        assert both._guarded._state.replay.attempt == 1  # what it has spent is not forgotten
        written = (two.both / "certificates" / "1.json").read_text()
        (since,) = both.audits.since(Certificate.from_json(written))
        assert "the certificate was given up, and labeling went on" in since
        sources = Counter((e.purpose, e.source) for e in both.store.events() if e.purpose)
        both.retrain()
        assert both.audits.draw(0.2).sentence
    with Project.open(two.ada, writable=False) as project:
        assert project.phase == phase
        own = Counter((e.purpose, e.source) for e in project.store.events() if e.purpose)
    assert sources - own == {("train", "person"): sum(sources.values()) - sum(own.values())}


def test_a_certificate_that_nothing_was_added_to_still_holds(two, pets):
    with Project.open(two.ada) as project:
        certify(project, pets)
        phase = project.phase
    with two.merged() as both:
        assert both.phase == phase


def test_items_that_are_there_alone_wait_for_their_source(tmp_path):
    from PIL import Image

    for name, numbers in (("ada", range(8)), ("ben", range(4, 12))):
        (tmp_path / name / "photos").mkdir(parents=True)
        for i in numbers:
            path = tmp_path / name / "photos" / (f"{i}.png" if i != 5 else f"{name}.png")
            Image.new("L", (28, 28), 20 * i + (name == "ben" and i == 6)).save(path)
        with Project.create(tmp_path / name / "photos", classes=["x"]) as project:
            project.retrain()
            project.teach(dict.fromkeys(project.items, "x"))
    places = [tmp_path / name / "photos.sparing" for name in ("ada", "ben")]
    told = []
    merge(places, tmp_path / "both", agree=lambda lines: not told.extend(lines))
    text = "\n".join(told)
    assert "Items: 3 are the same." in text  # 4, 7, and 5 under another name
    assert "4 are in no source here: 10.png, 11.png, 8.png and 1 more." in text
    assert "1 bear a name that stands for something else here, and are left out: 6.png." in text
    for name in ("8.png", "9.png"):
        shutil.copy(tmp_path / "ben" / "photos" / name, tmp_path / "ada" / "photos")
    with Project.open(tmp_path / "both") as both:
        both.retrain()
        assert both.status().n_labeled == 10
        assert both.status().n_items == 10


def test_answers_that_take_the_place_of_earlier_ones_are_counted_as_such(two):
    """What one person has said in both counts as it was said last, and that is told before."""
    for place, names in ((two.ada, ("fur", "fur")), (two.ben, ("fur", "feathers"))):
        with Project.open(place) as project:
            for item_id, name in zip(two.ids, names, strict=False):
                label(project, item_id, name, "Ada")
    with Project.open(two.ben) as project:
        label(project, two.ids[2], "fur", "Ada")
    *_, plan = two.merge()
    told = "\n".join(plan.said())
    assert "Answers: Ada 3; 1 where there was none, 0 beside another" in told
    assert "2 take the place of an earlier one" in told
    assert "1 of them say the same" in told


def test_projects_without_a_common_item_are_refused(two, tmp_path):
    (tmp_path / "other.csv").write_text("legs,wings,number\n9,9,9\n8,8,8\n")
    Project.create(tmp_path / "other.csv").close()
    with pytest.raises(InvalidInputError, match=r"other.csv.sparing has no item of ada.sparing"):
        two.merge(tmp_path / "other.csv")
    assert not two.both.exists()


def test_it_writes_into_no_folder_that_is_somebodys(two, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes").write_text("mine")
    with pytest.raises(ConflictError, match="is not an empty folder"):
        merge([two.ada, two.ben], tmp_path / "full")
    with pytest.raises(InvalidInputError, match="is one of the projects"):
        merge([two.ada, two.ben], two.ada)
    with pytest.raises(InvalidInputError, match="two projects or more"):
        merge([two.ada, two.ada], two.both)
    two.merge()
    with pytest.raises(ConflictError, match=r"ben.sparing is a project that was not made by merg"):
        merge([two.ada, two.both], two.ben)


def test_it_writes_into_no_folder_inside_of_a_project(two, tmp_path, capsys):
    (tmp_path / "other.csv").write_text("legs,wings\n4,0\n2,2\n")
    Project.create(tmp_path / "other.csv", other := tmp_path / "other").close()
    (shared := tmp_path / "shared").mkdir()
    mark(shared, "postgresql://here/pets")
    (tmp_path / "link").symlink_to(two.ben)
    before = {*tmp_path.rglob("*")}
    for into in (two.ada / "sub", two.ben / "a" / "b", other / "sub", shared / "sub",
                 two.ada / "snapshots", tmp_path / "link" / "sub"):  # fmt: skip
        words = ["merge", *map(str, [two.ada, two.ben]), "--into", str(into), "--yes"]
        assert app.run(words) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{into} is inside of the project" in line
    assert {*tmp_path.rglob("*")} == before


def test_projects_in_use_are_merged_but_not_into_one_in_use(two):
    with Project.open(two.ada) as ada, Project.open(two.ben):
        label(ada, two.ids[0], "fur")
        with two.merged(), pytest.raises(ConflictError, match="is in use by"):
            two.merge()


def test_the_command_shows_what_it_will_do_and_does_it_when_told_to(two, capsys):
    with Project.open(two.ben) as project:
        label(project, two.ids[0], "fur", "Ben")
    arguments = ["merge", str(two.ada), str(two.ben), "--into", str(two.both)]
    assert app.run(arguments) == 0
    told = capsys.readouterr()
    assert told.out.startswith("both.sparing begins as a copy of ada.sparing.\nben.sparing: 1 answ")
    assert "Answers: Ben 1; 1 where there was none, 0 beside another" in told.out
    assert told.err == "Nothing was written: --yes does it.\n"
    assert not two.both.exists()
    assert app.run([*arguments, "--yes", "--class", "fur=feathers"]) == 0
    with Project.open(two.both) as both:
        assert votes(both, two.ids[0]) == {"Ben": "feathers"}
    assert app.run([*arguments, "--class", "fur"]) == 1
    assert "must be NAME=NAME. Got 'fur' instead." in capsys.readouterr().err


def test_projects_on_postgresql_are_merged_too(two, pets, postgresql):
    url = postgresql.new_url()
    with pets.create(folder=url) as project:
        label(project, two.ids[0], "fur", "Pia")
    two.merge(url)
    with Project.open(two.both) as both:
        assert votes(both, two.ids[0]) == {"Pia": "fur"}


WORDS = st.tuples(
    st.integers(0, 3), st.sampled_from(["", "Ada", "Ben"]), st.sampled_from("xyz_")
)  # item, who, class or skip


def log_of(name, words):
    """Make a log of what people said, each in view of all before it."""
    seqs = range(1, len(words) + 4)
    classes = [
        Event(seq=i, key=f"{name}{c}", at="0", kind=Kind.ADD_CLASS, class_name=c)
        for i, c in zip(seqs, "xyz", strict=False)
    ]
    said = [
        Event(seq=seq, key=f"{name}-{seq}", at=f"2026-{seq:03}", annotator=who, item_id=f"i{item}",
              kind=Kind.SKIP if c == "_" else Kind.LABEL, class_id=None if c == "_" else name + c)
        for seq, (item, who, c) in zip(seqs[3:], words, strict=False)
    ]  # fmt: skip
    return [*classes, *said]


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=8), st.lists(WORDS, max_size=8))
def test_whatever_was_said_is_there_once_and_nobody_loses_a_word(ours, theirs):
    here, there = Log(log_of("a", ours)), Log(log_of("b", theirs))
    ids, class_ids = {f"i{n}": f"i{n}" for n in range(4)}, {f"b{c}": f"a{c}" for c in "xyz"}

    def merged(log):
        carried = carry(log, there, ids, class_ids, "them")
        last = log.replay.last_seq
        more = [replace(e, seq=last + i) for i, e in enumerate(carried.events, 1)]
        return Log([*log.events, *more]), carried

    both, carried = merged(here)
    again, nothing = merged(both)
    assert not nothing.events
    assert len(again.events) == len(here.events) + len(carried.events)
    for item_id in ids:
        own, other = here.replay.of(item_id), there.replay.of(item_id)
        now = {vote.annotator: vote for vote in both.replay.of(item_id).votes}
        wanted = {vote.annotator: vote for vote in own.votes}
        for vote in other.votes:
            name = vote.annotator or "them"
            if name not in wanted or wanted[name].at < vote.at:
                wanted[name] = vote
        assert {name: vote.key for name, vote in now.items()} == {
            n: v.key for n, v in wanted.items()
        }


def test_a_project_of_an_older_version_knows_its_rows_by_another_hash(two):
    with Project.open(two.ben) as project:
        label(project, two.ids[0], "fur", "Ben")
        told = json.loads(project.store.settings()["settings"]) | {"layout": None}
        project.store.put_settings({"settings": json.dumps(told)})
        project.store.put_items(
            [
                replace(row, content_hash=older_hash(project.items[row.item_id]), anchor=None)
                for row in project.store.items()
            ]
        )
    with two.merged() as both:
        assert votes(both, two.ids[0]) == {"Ben": "fur"}


KILLED = """
import sys
from sparing.project.merging.merge import merge
print("ready", flush=True)
merge(sys.argv[1:3], sys.argv[3])
print("done", flush=True)
"""


def test_a_killed_merge_has_done_nothing_or_all_of_it(two):
    """kill -9 at random moments, the first time and later: no event is lost, doubled or alone."""
    rng, n_done = random.Random(3), []  # noqa: S311
    for i in range(8):
        with Project.open(two.ben) as project:
            label(project, two.ids[i], "fur", "Ben")
        command = [sys.executable, "-c", KILLED, str(two.ada), str(two.ben), str(two.both)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0, 0.3))
            os.kill(child.pid, signal.SIGKILL)
        if two.both.exists():
            with Project.open(two.both) as both:
                n_done.append(both.status().n_labeled)
        if i == 3:
            two.merge()
    with two.merged() as both:
        assert both.team.people() == {"Ben": 8}
        keys = [event.key for event in both.store.events()]
        assert len(set(keys)) == len(keys)
        assert n_done == sorted(n_done)
    names = {path.name for path in two.both.parent.iterdir()}
    assert not [name for name in names if name.startswith(".both")]

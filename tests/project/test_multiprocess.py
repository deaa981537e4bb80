"""Projects on PostgreSQL: several processes at once, and a server that goes away."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.waiting import until

from sparing.errors import ConflictError, NotFoundError, SourceError, StoreError
from sparing.project import NewEvent, Project
from sparing.project.learning.process import Trainer
from sparing.store import Kind
from sparing.testing.postgresql import throwaway_server

SERVER = """
import sys
from sparing.project import Project
from sparing.project.learning.process import Trainer
with Project.open(sys.argv[1]) as project:
    trainer = Trainer(project.learning, project.map, pause=0.1)
    trainer.start()
    print("ready", flush=True)
    for line in sys.stdin:
        print(*project.status().trainer, project.learning.version, flush=True)
    trainer.stop()
"""


@pytest.fixture
def url(postgresql):
    return postgresql.new_url()


@pytest.fixture
def two(pets, url):
    """Two processes' worth of one project: each has a memory of its own."""
    with pets.create(folder=url) as one, Project.open(url) as other:
        yield one, other


def ask(project, holder, n=3, held=()):
    return project.lending.lend(holder, n, held, project.query)


def ids(asked):
    return [one.item.item_id for one in asked]


def test_what_no_database_can_hold_is_no_failure_of_this_one(two):
    one, _ = two
    (asked,) = ask(one, "holder", n=1).items
    item = asked.item.item_id
    one.lending.let_go("holder", [item, "\0", "nothing"])
    assert not one.lending.hold("holder", ["\0"])
    odd = {"text": "\0"}, {"annotator": "\0"}, {"model_version": 2**31}, {"text": "\ud800"}
    events = [
        NewEvent(key=f"k{i}", kind=Kind.COMMENT, item_id=item, **more)
        for i, more in enumerate((*odd, {"text": "fine", "model_version": 2**31 - 1}))
    ]
    assert [done.status for done in one.record(events)] == ["refused"] * 4 + ["stored"]


def test_a_project_on_postgresql_is_made_asked_and_opened_by_its_url(pets, url):
    with pets.create(folder=url) as project:
        pets.answer(project, project.query(5))
        assert project.status().n_labeled == 5
        project.retrain()
        assert project.learning.version == 1
        folder = project.folder
    assert not (folder / "project.db").exists()
    assert folder.parent == pets.source.parent
    assert not pets.folder.exists()
    with Project.at(url) as project:
        assert project.status().n_labeled == 5
        assert project.learning.version == 1
        assert project.query(1)[0].source == "strategy"
        assert project.folder == folder
    with Project.open(url, writable=False) as project, pytest.raises(StoreError, match="reading"):
        project.add_classes(["scales"])


def test_two_projects_on_one_source_share_no_folder(pets, postgresql):
    urls = postgresql.new_url(), postgresql.new_url()
    with (
        pets.create(folder=urls[0]) as one,
        pets.create(folder=urls[1]) as two,
        pets.create() as three,
    ):
        assert len({one.folder, two.folder, three.folder}) == 3
    with pytest.raises(ConflictError, match="is a project already"):
        pets.create(folder=urls[0])


def test_a_url_without_a_project_is_said_to_be_none_and_nothing_is_made(pets, url):
    secret = url.replace("postgres@", "postgres:hunter2@")
    for call in (Project.open, Project.at):
        with pytest.raises(NotFoundError, match=r"is no project: 'sparing label SOURCE") as error:
            call(secret)
        assert "hunter2" not in str(error.value)
    with pytest.raises(SourceError):
        Project.at(pets.source.with_name("nothing.csv"), folder=url)
    with pytest.raises(NotFoundError):
        Project.open(url)


def test_a_folder_that_is_not_there_is_named(pets, url):
    with pets.create(folder=url) as project:
        folder = project.folder
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(StoreError, match=f"lie in {folder}, which is not there"):
        Project.open(url)


def test_each_process_sees_what_the_other_has_said(pets, two):
    one, other = two
    pets.answer(one, one.query(3))
    one.add_classes(["scales"])
    other.log.refresh()
    assert other.status().n_labeled == 3
    assert [name for name, _ in other.classes] == ["fur", "feathers", "scales"]
    pets.answer(other, other.query(3))
    one.log.refresh()
    assert one.status().n_labeled == 6
    assert [e.seq for e in one.store.events()] == sorted(e.seq for e in other.store.events())


def test_no_request_needs_to_ask_for_it(pets, two):
    one, other = two
    pets.answer(one, one.query(3))
    until(lambda: other.status().n_labeled == 3)
    asked = ids(other.query(60))
    assert len(asked) == 57


def test_an_answer_that_comes_between_is_not_missed(pets, two):
    """The other's event has a lower number than ours, and is not known yet when ours is stored."""
    one, other = two
    first, second = one.query(2)
    pets.answer(other, [first])
    pets.answer(one, [second])
    for project in two:
        project.log.refresh()
        assert project.status().n_labeled == 2
    assert one.asked(first.item.item_id).answer is not None


def test_two_people_who_answer_one_item_at_once_conflict_calmly(two):
    one, other = two
    item = one.query(1)[0].item.item_id
    new = [
        NewEvent(key=name, kind=Kind.LABEL, item_id=item, class_name=name)
        for name in ("fur", "feathers")
    ]
    assert one.record(new[:1])[0].status == "stored"
    told = other.record(new[1:])[0]
    assert told.status == "conflict"
    assert told.current.class_name == "fur"
    again = NewEvent(**{**vars_of(new[1]), "key": "again", "seen": told.current.key})
    assert other.record([again])[0].status == "stored"


def vars_of(event):
    return {name: getattr(event, name) for name in type(event).__dataclass_fields__}


def test_a_model_of_one_process_is_used_by_the_other(pets, two):
    one, other = two
    pets.answer(one, one.query(10))
    one.retrain()
    other.log.refresh()
    assert other.learning.version == 1
    assert other.learning.is_encoded
    assert other.query(1)[0].source == one.query(1)[0].source == "strategy"


def test_two_that_train_at_once_make_one_version_each_and_one_counts(pets, two):
    one, other = two
    pets.answer(one, one.query(10))
    other.log.refresh()
    made = [project.learning.trainee(lambda *_: None).learn(1) for project in two]
    one.learning.adopt(made[0])
    with pytest.raises(ConflictError, match="model version 1"):
        other.learning.adopt(made[1])
    other.log.refresh()
    assert other.learning.version == one.learning.version == 1
    row = other.query(1)[0]
    assert row.item.item_id == one.query(1)[0].item.item_id


def test_an_audit_is_drawn_once_and_answered_by_both(pets, two):
    one, other = two
    pets.answer(one, one.query(12))
    one.retrain()
    one.audits.draw(0.2)
    with pytest.raises(ConflictError, match="An audit is open"):
        other.audits.draw(0.2)
    drawn = one.audits.query(60)
    assert ids(other.audits.query(60)) == ids(drawn)
    pets.answer(one, drawn[::2])
    pets.answer(other, drawn[1::2])
    certificate = other.audits.certify()
    one.log.refresh()
    assert one.status().certificate == certificate
    other.audits.resume()
    until(lambda: one.status().phase == "label")


def test_items_that_came_later_are_known_to_all_once_a_model_knows_them(pets, two):
    one = two[0]
    with pets.source.open("a") as table:
        table.write("4,0,1000\n")
    with Project.open(one.where.url) as third:
        assert len(third.items) == 61
        pets.answer(third, third.query(10))
        third.retrain()
    for project in two:
        project.log.refresh()
        assert len(project.items) == 61
        assert len(project.query(60)) == 51


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, pets):
    """A project on either database."""
    folder = None
    if request.param == "postgresql":
        folder = request.getfixturevalue("url")
    with pets.create(folder=folder) as project:
        yield project


def test_nobody_is_asked_what_another_has_on_the_screen(pets, either):
    first, second = ask(either, "Ada"), ask(either, "Bob")
    assert len(first.items) == len(second.items) == 3
    assert not set(ids(first.items)) & set(ids(second.items))
    pets.answer(either, first.items[:1])
    more = ask(either, "Ada", held=ids(first.items[1:]))
    assert not set(ids(more.items)) & {*ids(first.items), *ids(second.items)}


def test_many_who_ask_at_once_all_get_something(either):
    got = {}

    def take(name):
        got[name] = ids(ask(either, name).items)

    threads = [threading.Thread(target=take, args=(f"person {i}",)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(items) for items in got.values()] == [3] * 16
    assert len({item for items in got.values() for item in items}) == 48


def test_the_last_items_are_said_to_be_elsewhere_and_come_when_they_are_let_go(pets, either):
    everything = ask(either, "Ada", 60)
    assert len(everything.items) == 60
    nothing = ask(either, "Bob")
    assert nothing.items == []
    assert nothing.n_elsewhere == 60
    either.lending.let_go("Ada", ids(everything.items[:2]))
    assert set(ids(ask(either, "Bob").items)) == set(ids(everything.items[:2]))
    assert either.lending.hold("Ada", ids(everything.items[:3])) == ids(everything.items[2:3])


def test_who_leaves_in_mid_lease_frees_the_items_when_it_runs_out(either, monkeypatch):
    everything = ask(either, "Ada", 60)
    assert ask(either, "Bob").items == []
    with monkeypatch.context() as patch:
        patch.setattr("sparing.project.team.lending.LEASE_SECONDS", 0.0)
        either.lending.hold("Ada", ids(everything.items))  # until now, and no longer
    assert len(ask(either, "Bob", 60).items) == len(everything.items) == 60


def test_an_item_answered_between_the_look_and_the_lease_is_not_asked(pets, either):
    """The answer ends the lease a moment before others learn of the answer."""
    answered = []

    def ask_slowly(n, exclude):
        found = either.query(n, exclude)
        if not answered:
            answered.extend(ids(found[:1]))
            either.store.append(
                [NewEvent(key="k", kind=Kind.SKIP, item_id=answered[0])]
            )  # stored, and not yet applied by who has stored it
        return found

    lent = either.lending.lend("Bob", 3, (), ask_slowly)
    assert answered[0] not in ids(lent.items)
    assert len(lent.items) == 2


def test_items_of_an_audit_and_of_a_hand_back_are_leased_too(pets, either):
    pets.answer(either, either.query(12))
    either.retrain()
    either.audits.draw(0.2)
    first = either.lending.lend("Ada", 2, (), either.audits.query)
    second = either.lending.lend("Bob", 2, (), either.audits.query)
    assert len({*ids(first.items), *ids(second.items)}) == 4
    assert all(one.guess is None for one in [*first.items, *second.items])


def test_one_of_two_servers_trains_and_the_other_takes_over_when_it_dies(pets, url):
    with pets.create(folder=url) as project, ExitStack() as stack:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        servers = [
            stack.enter_context(subprocess.Popen([sys.executable, "-c", SERVER, url], **pipes))
            for _ in range(2)
        ]
        try:
            assert [server.stdout.readline() for server in servers] == ["ready\n"] * 2

            def said(server):
                server.stdin.write("?\n")
                server.stdin.flush()
                return server.stdout.readline()

            def resting():
                return [s for s in servers if s.poll() is None and "Another" in said(s)]

            until(lambda: len(resting()) == 1, "for one to rest")
            until(lambda: project.status().model_version, "for a model")
            (idle,) = resting()
            (busy,) = (s for s in servers if s is not idle)
            os.kill(busy.pid, signal.SIGKILL)
            before = project.status().model_version
            pets.answer(project, project.query(5))
            until(lambda: project.status().model_version > before, "for the other to train")
            assert "Another" not in said(idle)
        finally:
            for server in servers:
                server.kill()


def test_a_database_that_goes_away_and_comes_back_loses_and_doubles_nothing(
    pets, postgresql_programs
):
    with (
        throwaway_server(postgresql_programs) as server,
        pets.create(folder=server.new_url()) as project,
    ):
        trainer = Trainer(project.learning, project.map, pause=0.1)
        trainer.start()
        until(lambda: project.learning.version, "for a model")
        items = ids(project.query(20))
        new = [
            NewEvent(key=f"k{i}", kind=Kind.LABEL, item_id=item, class_name="fur")
            for i, item in enumerate(items)
        ]
        assert project.record(new[:5])[0].status == "stored"
        server.stop("immediate")
        for call in (lambda: project.record(new[5:10]), lambda: ask(project, "Ada")):
            with pytest.raises(StoreError, match="cannot be"):
                call()
        server.start()
        assert {told.status for told in project.record(new)} == {"stored", "duplicate"}
        labels = [e.key for e in project.store.events() if e.kind == "label"]
        assert sorted(labels) == sorted(event.key for event in new)
        until(lambda: project.status().n_behind == 0, "for the trainer to go on")
        trainer.stop()


def test_no_process_shows_the_password(pets, url):
    secret = url.replace("postgres@", "postgres:hunter2@")
    with pets.create(folder=secret) as project:
        trainer = Trainer(project.learning, project.map)
        trainer.start()
        until(lambda: project.learning.version, "for a model")
        (child,) = [
            int(p)
            for p in children(os.getpid())
            if b"sparing.project.learning.trainer_main" in command(p)
        ]
        assert b"hunter2" not in command(child)
        trainer.stop()
        texts = [repr(project), project.where.place, project.name, repr(project.store)]
        texts.append(json.dumps([str(e) for e in project.store.events()]))
        texts.append(json.dumps(project.store.settings()))
        assert not any("hunter2" in text for text in texts)


def children(pid):
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return {child for file in listed for child in file.read_text().split()}


def command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""

import threading
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sparing.errors import InvalidInputError, NotFoundError
from sparing.project import NewEvent, Project
from sparing.store import Kind

TOLD = st.characters(exclude_characters="\0")  # what a text may hold


def say(project, kind, item=None, **more):
    more.setdefault("key", uuid4().hex)
    return project.record([NewEvent(kind=Kind(kind), item_id=item, **more)])[0]


def some_item(project):
    return project.query(1)[0].item.item_id


def test_an_answer_is_stored_with_who_asked_for_it(project):
    asked = project.query(1)[0]
    done = say(project, "label", asked.item.item_id, class_name="fur",
               model_version=asked.model_version, annotator="Ada")  # fmt: skip
    event = project.store.events()[-1]
    assert done.status == "stored"
    assert done.seq == event.seq
    assert (event.source, event.purpose, event.annotator) == ("uniform", "train", "Ada")
    assert event.propensity == pytest.approx(1 / 60)


def test_what_a_person_picked_is_never_called_random(project):
    items = list(project.items)
    say(project, "label", items[5], class_name="fur")
    say(project, "label", items[6], class_name="fur", model_version=0)  # was not asked
    assert [e.source for e in project.store.events()[-2:]] == ["person", "person"]


def test_what_the_model_asked_is_credited_to_it_even_by_another_process(pets):
    with pets.create() as project:
        pets.answer(project, project.query(6))
        project.retrain()
        asked = project.query(2)
    with Project.open(pets.folder) as project:
        version = asked[0].model_version
        say(project, "label", asked[0].item.item_id, class_name="fur", model_version=version)
        assert project.store.events()[-1].source == asked[0].source == "strategy"


def test_sent_again_it_counts_once(project):
    item = some_item(project)
    first = say(project, "label", item, class_name="fur", key="k")
    again = say(project, "label", item, class_name="fur", key="k")
    assert (again.status, again.seq) == ("duplicate", first.seq)


def test_two_tabs_do_not_overwrite_each_other(project):
    item = some_item(project)
    say(project, "label", item, class_name="fur", key="mine")
    theirs = say(project, "label", item, class_name="feathers")
    assert theirs.status == "conflict"
    assert (theirs.current.class_name, theirs.current.key) == ("fur", "mine")
    assert say(project, "label", item, class_name="feathers", seen="mine").status == "stored"


def test_nonsense_is_refused_and_the_rest_is_stored(project):
    item = some_item(project)
    batch = [
        NewEvent(key="1", kind=Kind.LABEL, item_id="nobody", class_name="fur"),
        NewEvent(key="2", kind=Kind.LABEL, item_id=item, class_name="scales"),
        NewEvent(key="", kind=Kind.FLAG, item_id=item),
        NewEvent(key="x" * 65, kind=Kind.FLAG, item_id=item),
        NewEvent(key="5", kind=Kind.CERTIFIED),
        NewEvent(key="6", kind=Kind.COMMENT, item_id=item, text="x" * 10_001),
        NewEvent(key="7", kind=Kind.ADD_CLASS, class_name=" \n "),
        NewEvent(key="8", kind=Kind.RENAME_CLASS, class_name="fur", text="feathers"),
        NewEvent(key="9", kind=Kind.MERGE_CLASS, class_name="fur", text="fur"),
        NewEvent(key="10", kind=Kind.UNDO, undoes="nothing"),
        NewEvent(key="11", kind=Kind.LABEL, item_id=item, class_name="fur"),
    ]
    done = project.record(batch)
    assert [d.status for d in done] == ["refused"] * 10 + ["stored"]
    assert all(d.message for d in done[:10])
    assert (
        "Did you mean"
        in project.record([NewEvent(key="2", kind=Kind.LABEL, item_id=item, class_name="furr")])[
            0
        ].message
    )


def test_what_waited_offline_comes_in_one_batch(project):
    item, other = (a.item.item_id for a in project.query(2))
    done = project.record(
        [
            NewEvent(key="1", kind=Kind.ADD_CLASS, class_name="scales"),
            NewEvent(key="2", kind=Kind.LABEL, item_id=item, class_name="scales"),
            NewEvent(key="3", kind=Kind.UNDO),
            NewEvent(key="4", kind=Kind.SKIP, item_id=item),
            NewEvent(key="5", kind=Kind.LABEL, item_id=other, class_name="scales"),
            NewEvent(key="6", kind=Kind.RENAME_CLASS, class_name="scales", text="fish"),
        ]
    )
    assert {d.status for d in done} == {"stored"}
    assert project.asked(item).answer.kind == "skip"
    assert project.asked(other).answer.class_name == "fish"


def test_undo_goes_back_any_number_of_steps(project):
    items = [a.item.item_id for a in project.query(3)]
    project.teach(dict.fromkeys(items, "fur"))
    undone = project.undo(3)
    assert [u.current.item_id for u in undone] == items[::-1]
    assert project.undo(1)[0].status == "refused"
    assert project.status().n_labeled == 0


def test_teaching_corrects_what_was_there(project):
    item = some_item(project)
    project.teach({item: "fur"})
    project.teach({item: "scales"})  # a new class
    assert project.asked(item).answer.class_name == "scales"
    assert [name for name, _ in project.classes] == ["fur", "feathers", "scales"]
    with pytest.raises(InvalidInputError, match="no item"):
        project.teach({"nobody": "fur"})
    with pytest.raises(NotFoundError, match="no item 'nobody'"):
        project.items.get("nobody")


def test_many_threads_answer_at_once(project):
    items = list(project.items)
    done = []

    def answer(part):
        done.extend(say(project, "label", item, class_name="fur") for item in part)

    threads = [threading.Thread(target=answer, args=(items[i::6],)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {d.status for d in done} == {"stored"}
    assert project.status().n_labeled == len(items)
    assert project.query(1) == []


class Session(RuleBasedStateMachine):
    """Everything a person can do with a few items, against dictionaries."""

    pets = None

    def __init__(self):
        super().__init__()
        self.project = Project.create(
            self.pets.source, self.pets.folder.with_name(uuid4().hex), classes=["fur", "feathers"]
        )
        self.items = list(self.project.items)[:3]
        self.live = []  # (key, kind, item, value) of all that is not undone
        self.sent = []

    def send(self, kind, item=None, **more):
        new = NewEvent(key=uuid4().hex, kind=Kind(kind), item_id=item, **more)
        (done,) = self.project.record([new])
        self.sent.append((new, done))
        return new, done

    def current(self, item):
        answers = [e for e in self.live if e[2] == item and e[1] in ("label", "skip")]
        return answers[-1] if answers else None

    @rule(i=st.integers(0, 2), name=st.sampled_from(["fur", "feathers"]), knows=st.booleans())
    def label(self, i, name, knows):
        before = self.current(self.items[i])
        seen = before[0] if before and knows else None
        new, done = self.send("label", self.items[i], class_name=name, seen=seen)
        if before is None or knows:
            assert done.status == "stored"
            self.live.append((new.key, "label", self.items[i], name))
        else:
            same = before[1] == "label" and before[3] == name
            assert done.status == ("duplicate" if same else "conflict")

    @rule(i=st.integers(0, 2))
    def skip(self, i):
        before = self.current(self.items[i])
        new, done = self.send("skip", self.items[i], seen=before[0] if before else None)
        assert done.status == "stored"
        self.live.append((new.key, "skip", self.items[i], None))

    @rule(i=st.integers(0, 2), kind=st.sampled_from(["flag", "unflag"]))
    def flag(self, i, kind):
        new, _ = self.send(kind, self.items[i])
        self.live.append((new.key, kind, self.items[i], None))

    @rule(i=st.integers(0, 2), text=st.text(TOLD, max_size=3))
    def comment(self, i, text):
        new, _ = self.send("comment", self.items[i], text=text)
        self.live.append((new.key, "comment", self.items[i], text))

    @rule()
    def undo_latest(self):
        _, done = self.send("undo")
        assert done.status == ("stored" if self.live else "refused")
        del self.live[-1:]

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def undo_by_key(self, data):
        victim = data.draw(st.sampled_from(self.live))
        _, done = self.send("undo", undoes=victim[0])
        assert done.status == "stored"
        self.live.remove(victim)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data):
        new, before = data.draw(st.sampled_from(self.sent))
        if before.status == "stored":
            (done,) = self.project.record([new])
            assert (done.status, done.seq) == ("duplicate", before.seq)

    @rule()
    def reopen(self):
        folder = self.project.folder
        self.project.close()
        self.project = Project.open(folder)

    @invariant()
    def state_is_that_of_the_dictionaries(self):
        for item in self.items:
            answer, shown = self.current(item), self.project.asked(item)
            assert (shown.answer.key if shown.answer else None) == (answer[0] if answer else None)
            assert (shown.answer.class_name if shown.answer else None) == (
                answer[3] if answer else None
            )
            flags = [e[1] for e in self.live if e[2] == item and e[1] in ("flag", "unflag")]
            assert shown.flagged == (flags[-1:] == ["flag"])
            comments = [e[3] for e in self.live if e[2] == item and e[1] == "comment"]
            assert shown.comment == (comments[-1] if comments else "")

    def teardown(self):
        self.project.close()


def test_any_session_ends_as_the_dictionaries_say(pets):
    machine = type("OneSession", (Session,), {"pets": pets})
    few = settings(
        max_examples=8,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)

"""What an event means is decided where it is stored: nothing that others do comes between."""

import threading
from uuid import uuid4

import pytest

from sparing.errors import ConflictError
from sparing.project import NewEvent, Project
from sparing.project.log.replay import Replay
from sparing.store import Kind

ROUNDS = 12


def event(kind, **more):
    return NewEvent(**({"key": uuid4().hex, "kind": kind} | more))


def merge(one, into):
    return event(Kind.MERGE_CLASS, class_name=one, text=into)


def at_once(*calls):
    """Call from as many threads, as nearly together as threads can be; return what they did."""
    start, done = threading.Barrier(len(calls)), {}

    def run(place, call):
        start.wait()
        done[place] = call()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done[place] for place in range(len(calls))]


@pytest.fixture(params=["threads", "servers"])
def doors(request, pets):
    """Two doors on one project: threads of one process, or servers with a memory of their own."""
    if request.param == "threads":
        with pets.create() as project:
            yield project, project
        return
    url = request.getfixturevalue("postgresql").new_url()
    with pets.create(folder=url) as one, Project.open(url) as other:
        yield one, other


def said(doors, *batches):
    """Let each door say a batch, both at once; return the status of each event."""
    calls = [
        lambda door=door, batch=batch: [r.status for r in door.record(batch)]
        for door, batch in zip(doors, batches, strict=True)
    ]
    return at_once(*calls)


def both_know(doors):
    for door in doors:
        door.log.refresh()
    assert doors[0].classes == doors[1].classes
    assert not doors[0]._guarded._state.replay.ignored
    return [name for name, _ in doors[0].classes]


def test_two_merges_at_once_never_make_a_circle(doors):
    for i in range(ROUNDS):
        a, b = f"a{i}", f"b{i}"
        doors[0].add_classes([a, b])
        doors[1].log.refresh()
        first, second = said(doors, [merge(a, b)], [merge(b, a)])
        assert sorted(first + second) == ["refused", "stored"]
        assert len({a, b} & set(both_know(doors))) == 1


def test_two_renames_to_one_name_at_once_make_one(doors):
    for i in range(ROUNDS):
        names = [f"a{i}", f"b{i}"]
        doors[0].add_classes(names)
        doors[1].log.refresh()
        renames = [[event(Kind.RENAME_CLASS, class_name=n, text=f"c{i}")] for n in names]
        first, second = said(doors, *renames)
        assert sorted(first + second) == ["refused", "stored"]
        assert both_know(doors).count(f"c{i}") == 1


def test_one_name_added_at_once_is_one_class_and_both_label_with_it(doors):
    first, second = (a.item.item_id for a in doors[0].query(2))
    new = {"class_name": "scales"}
    batches = [
        [event(Kind.ADD_CLASS, **new), event(Kind.LABEL, item_id=i, **new)] for i in (first, second)
    ]
    outcomes = said(doors, *batches)
    assert sorted(status for status, _ in outcomes) == ["duplicate", "stored"]
    assert [status for _, status in outcomes] == ["stored"] * 2
    assert both_know(doors).count("scales") == 1
    assert doors[0].status().class_counts["scales"] == 2


def test_a_circle_within_a_batch_is_cut_where_it_closes(project):
    done = project.record([merge("fur", "feathers"), merge("feathers", "fur")])
    assert [d.status for d in done] == ["stored", "refused"]
    assert "one class already" in done[1].message
    assert [name for name, _ in project.classes] == ["feathers"]


def delete(name):
    return event(Kind.DELETE_CLASS, class_name=name)


def test_a_class_goes_while_no_item_bears_it_and_undo_brings_it_back(project):
    first, second = (a.item.item_id for a in project.query(2))
    typo = event(Kind.LABEL, item_id=first, class_name="furr")
    project.record([event(Kind.ADD_CLASS, class_name="furr"), typo])
    refused = project.record([delete("furr")])[0]
    assert (refused.status, refused.message.split(":")[0]) == (
        "refused",
        "The class 'furr' has labels",
    )
    project.delete_class("feathers")
    done = project.record([event(Kind.UNDO, undoes=typo.key), delete("furr")])
    assert [d.status for d in done] == ["stored", "stored"]
    assert [n for n, _ in project.classes] == ["fur"]
    late = event(Kind.LABEL, item_id=second, class_name="furr")
    assert project.record([late])[0].status == "refused"
    project.undo(2)
    assert [n for n, _ in project.classes] == ["fur", "feathers", "furr"]
    with Project.open(project.folder, writable=False) as again:
        assert again.classes == project.classes


def test_a_class_that_another_was_merged_into_on_the_way_is_not_deleted(project):
    (first,) = (a.item.item_id for a in project.query(1))
    project.teach({first: "fur"})
    done = project.record([merge("fur", "feathers"), delete("feathers")])
    assert [d.status for d in done] == ["stored", "refused"]
    assert project.status().class_counts == {"feathers": 1}


def test_a_class_is_not_given_and_deleted_at_once(doors):
    doors[0].add_classes(f"c{i}" for i in range(ROUNDS))
    items = [a.item.item_id for a in doors[0].query(ROUNDS)]
    for i, item_id in enumerate(items):
        given = event(Kind.LABEL, item_id=item_id, class_name=f"c{i}")
        both = said(doors, [given], [delete(f"c{i}")])
        assert sorted(one for (one,) in both) == ["refused", "stored"]
    assert not doors[0].store.events()[0].undoes
    replay = Replay(doors[0].store.events())
    assert replay.ignored == []


def test_a_class_that_was_not_stored_is_given_to_nobody(project):
    first, second = (a.item.item_id for a in project.query(2))
    project.record([event(Kind.LABEL, key="taken", item_id=first, class_name="fur")])
    done = project.record(
        [
            event(Kind.ADD_CLASS, key="taken", class_name="scales"),
            event(Kind.LABEL, item_id=second, class_name="scales"),
        ]
    )
    assert [d.status for d in done] == ["refused", "refused"]
    assert "no class 'scales'" in done[1].message or "scales" in done[1].message
    assert project.status().n_labeled == 1


def test_what_was_sent_again_is_a_duplicate_whatever_has_become_of_the_classes(project):
    events = [
        event(Kind.ADD_CLASS, class_name="scales"),
        event(Kind.RENAME_CLASS, class_name="scales", text="fish"),
        merge("fish", "fur"),
    ]
    for wanted in ("stored", "duplicate"):
        assert {d.status for d in project.record(events)} == {wanted}


def test_an_undo_that_would_make_two_classes_of_one_name_is_refused(project):
    renamed = event(Kind.RENAME_CLASS, class_name="fur", text="hair")
    merged = merge("feathers", "hair")
    project.record([renamed, event(Kind.ADD_CLASS, class_name="fur"), merged])
    project.add_classes(["feathers!", "wings"])
    refused = project.record([event(Kind.UNDO, undoes=renamed.key)])[0]
    assert refused.status == "refused"
    assert "rename one of them first" in refused.message
    assert project.record([event(Kind.UNDO, undoes=merged.key)])[0].status == "stored"
    assert [n for n, _ in project.classes] == ["hair", "feathers", "fur", "feathers!", "wings"]


def test_an_undo_on_which_something_rests_is_refused(project):
    """The name is free because of the merge; undone, both would bear it."""
    merged = merge("fur", "feathers")
    project.record([merged, event(Kind.RENAME_CLASS, class_name="feathers", text="fur")])
    refused = project.record([event(Kind.UNDO, undoes=merged.key)])[0]
    assert refused.status == "refused"
    assert "rests on it" in refused.message
    assert [n for n, _ in project.classes] == ["fur"]


def in_between(project, monkeypatch, act):
    """Do something after the next events are decided and before they are stored."""
    append = project.store.append

    def late(events, check=None, after=0):
        monkeypatch.setattr(project.store, "append", append)
        act()
        return append(events, check, after)

    monkeypatch.setattr(project.store, "append", late)


@pytest.fixture
def learned(pets, project):
    pets.answer(project, project.query(12))
    project.retrain()
    return project


def test_a_page_confirmed_while_an_audit_is_drawn_makes_no_evidence(learned, monkeypatch):
    is_open = [i for i in learned.items if learned.asked(i).answer is None]
    glance = [
        event(Kind.LABEL, item_id=i, class_name="fur", source="grid", confirmed=True)
        for i in is_open
    ]
    in_between(learned, monkeypatch, lambda: learned.audits.draw(0.2))
    done = dict(zip(is_open, learned.record(glance), strict=True))
    drawn = {a.item.item_id for a in learned.audits.query(60)}
    assert drawn
    assert {done[i].status for i in drawn} == {"refused"}
    assert {done[i].status for i in is_open if i not in drawn} <= {"stored", "refused"}
    assert {e.purpose for e in learned.store.events() if e.source == "grid"} <= {"train"}
    assert learned.status().audit.n_answered == 0


def test_an_item_asked_with_its_guess_before_the_draw_is_asked_again(learned, monkeypatch):
    asked = [learned.asked(i) for i in learned.items if learned.asked(i).answer is None]
    learned.audits.draw(0.2)
    drawn = learned.audits.query(1)[0].item.item_id
    before = next(a for a in asked if a.item.item_id == drawn)
    answer = {"item_id": drawn, "class_name": "fur"}
    late = learned.record([event(Kind.LABEL, **answer, asked_for=before.purpose)])[0]
    assert late.status == "refused"
    assert "without a guess" in late.message
    now = learned.audits.query(1)[0]
    assert now.purpose == "audit"
    again = learned.record([event(Kind.LABEL, **answer, asked_for=now.purpose)])[0]
    assert again.status == "stored"


def test_what_is_answered_while_an_audit_is_made_is_not_drawn(pets, learned, monkeypatch):
    rest = [i for i in learned.items if learned.asked(i).answer is None]
    half = {i: pets.truth(learned.items.get(i)) for i in rest[::2]}
    in_between(learned, monkeypatch, lambda: learned.teach(half))
    learned.audits.draw(0.2)
    assert not {a.item.item_id for a in learned.audits.query(60)} & set(half)
    assert learned.status().audit.n_answered == 0


def test_what_is_undone_while_a_certificate_is_made_is_missing_from_it(pets, learned, monkeypatch):
    learned.audits.draw(0.2)
    pets.answer(learned, learned.audits.query(60))
    in_between(learned, monkeypatch, learned.undo)
    with pytest.raises(ConflictError, match="1 items of the audit have no answer yet"):
        learned.audits.certify()
    pets.answer(learned, learned.audits.query(60))
    certificate = learned.audits.certify()
    assert all(check.ok for check in learned.audits.verify(certificate))


def test_classes_are_neither_merged_nor_parted_while_an_audit_is_open(learned, monkeypatch):
    learned.add_classes(["scales"])
    merged = merge("scales", "fur")
    learned.record([merged])
    learned.audits.draw(0.2)
    for one in (event(Kind.UNDO, undoes=merged.key), merge("fur", "feathers")):
        done = learned.record([one])[0]
        assert done.status == "refused"
        assert "while an audit is open" in done.message


def test_what_is_stored_is_what_any_replay_makes_of_it(doors):
    """Both say all that they can about the same few classes; nobody is ever at a loss."""
    doors[0].add_classes(["a", "b", "c"])
    doors[1].log.refresh()
    mine = [merge("a", "b"), event(Kind.RENAME_CLASS, class_name="b", text="d"), event(Kind.UNDO)]
    theirs = [merge("b", "c"), merge("c", "a"), event(Kind.RENAME_CLASS, class_name="c", text="d")]
    for _ in range(ROUNDS // 3):
        fresh = [[event(e.kind, class_name=e.class_name, text=e.text) for e in batch]
                 for batch in (mine, theirs)]  # fmt: skip
        said(doors, *fresh)
        both_know(doors)
    assert Replay(doors[0].store.events()).ignored == []

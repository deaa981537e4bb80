"""Projects whose logs hold what no version would store today: they open, and say what is wrong."""

from uuid import uuid4

import pytest

from sparing.project import NewEvent, Project
from sparing.store import Kind


def event(kind, **more):
    return NewEvent(**({"key": uuid4().hex, "kind": kind} | more))


def stored_unchecked(project, *events):
    """Write events as a program would that checks nothing."""
    assert {o.status for o in project.store.append(events)} == {"stored"}


def merge(one, into):
    return event(Kind.MERGE_CLASS, class_id=one, into_id=into)


def rename(class_id, name):
    return event(Kind.RENAME_CLASS, class_id=class_id, text=name)


def label(item_id, class_id, **more):
    return event(Kind.LABEL, item_id=item_id, class_id=class_id, purpose="train", **more)


def circle(items, fur, feathers):
    return [merge(fur, feathers), merge(feathers, fur)], ["feathers"], "one class already"


def class_of_nobody(items, fur, feathers):
    """As an ``add_class`` under a taken key left it, with a label of it in the same batch."""
    return [label(items[0], "taken")], ["fur", "feathers"], "no such class"


def two_of_one_name(items, fur, feathers):
    return [rename(fur, "x"), rename(feathers, "x")], ["x", "feathers"], "a class 'x' already"


def label_of_nothing(items, fur, feathers):
    return [label(items[0], None)], ["fur", "feathers"], "names no class"


def flag_of_nothing(items, fur, feathers):
    return [event(Kind.FLAG)], ["fur", "feathers"], "names no item"


def merge_into_nothing(items, fur, feathers):
    return [merge(fur, "nobody"), rename("nobody", "x")], ["fur", "feathers"], "no such class"


BROKEN = [circle, class_of_nobody, two_of_one_name, label_of_nothing, flag_of_nothing,
          merge_into_nothing]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_log_opens_and_says_what_it_ignores(pets, tmp_path, broken):
    with pets.create() as project:
        items = list(project.items)
        pets.answer(project, project.query(6))
        fur, feathers = (class_id for _, class_id in project.classes)
        free = [i for i in items if not project.asked(i).answer]
        events, names, said = broken(free, fur, feathers)
        stored_unchecked(project, *events)
    with Project.open(pets.folder) as project:
        status = project.status()
        assert any(said in note for note in status.notes)
        assert list(status.class_counts) == names
        assert status.n_labeled == 6
        assert sum(status.class_counts.values()) == 6
        project.retrain()
        assert project.files.export(tmp_path / "out.csv") == 6
        project.history()
        project.teach({free[0]: names[0]})  # the item that the broken event was about
        assert project.asked(free[0]).answer.class_name == names[0]
        assert project.status().n_labeled == 7


def test_a_sound_log_says_nothing(pets, project):
    pets.answer(project, project.query(6))
    assert not project._guarded._state.replay.ignored


def test_an_answer_that_was_not_blind_is_no_evidence_of_an_old_log(pets, project):
    """Drawn after it was completed and before it was stored, it stood as an answer of the audit."""
    pets.answer(project, project.query(12))
    project.retrain()
    project.audits.draw(0.2)
    drawn = project.audits.query(60)
    item = drawn[0].item
    truth, fur = pets.truth(item), dict(project.classes)
    unseen = label(item.item_id, fur[truth], source="grid", confirmed=True)
    stored_unchecked(project, unseen)
    project.log.refresh()
    assert project.status().audit.n_answered == 0
    asked = project.audits.query(60)
    assert [a.item.item_id for a in asked] == [a.item.item_id for a in drawn]
    assert asked[0].answer is None
    pets.answer(project, [a for a in asked if a.item.item_id != item.item_id])
    assert len(project.audits.query(60)) == 1
    blind = event(Kind.LABEL, item_id=item.item_id, class_name=truth, asked_for="audit")
    assert project.record([blind])[0].status == "stored"
    assert project.store.events()[-1].purpose == "audit"
    certificate = project.audits.certify()
    assert all(check.ok for check in project.audits.verify(certificate))

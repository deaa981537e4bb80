"""The classes against the plainest account of them, whatever is said of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import UnknownNameError
from sparing.project.log import classes as module
from sparing.project.log.classes import Classes
from sparing.project.log.replay import Replay
from sparing.store import Event, Kind, NewEvent

NAMES = ("cat", "dog", "fox")
KEYS = [f"k{i}" for i in range(6)]


def event(key, kind, **more):
    return NewEvent(key=key, kind=kind, **more)


def add(key, name):
    return event(key, Kind.ADD_CLASS, class_name=name)


def rename(class_id, name):
    return event("r", Kind.RENAME_CLASS, class_id=class_id, text=name)


def merge(class_id, into):
    return event("m", Kind.MERGE_CLASS, class_id=class_id, into_id=into)


def delete(class_id):
    return event("d", Kind.DELETE_CLASS, class_id=class_id)


def made(*events):
    classes = Classes()
    for one in events:
        classes.apply(one)
    return classes


@st.composite
def anything(draw):
    """Anything that might be stored about classes: keys are new, the rest is not looked at."""
    events = []
    for key in KEYS[: draw(st.integers(1, 6))]:
        events.append(add(key, draw(st.sampled_from(NAMES))))
        for _ in range(draw(st.integers(0, 3))):
            which, other = (draw(st.sampled_from([*KEYS, None])) for _ in range(2))
            name = draw(st.sampled_from([*NAMES, None]))
            events.append(
                draw(st.sampled_from([rename(which, name), merge(which, other), delete(which)]))
            )
    return events


@given(anything())
def test_whatever_is_said_of_classes_every_one_stands_for_one_that_can_be_given_or_is_gone(events):
    classes = Classes()
    for one in events:
        why, before = classes.why_not(one), (classes.all, classes.live)
        classes.apply(one)
        assert not why or (classes.all, classes.live) == before
        live = {c.class_id: c.name for c in classes.live}
        assert len(set(live.values())) == len(live)
        assert all(classes.bears(name) == class_id for class_id, name in live.items())
        for c in classes.all:
            assert (classes.resolve(c.class_id) in live) == classes.stands(c.class_id)
            if not classes.stands(c.class_id):
                continue
            assert classes.name_of(c.class_id) == live[classes.resolve(c.class_id)]


@given(anything())
def test_a_copy_goes_its_own_way(events):
    classes = made(*events)
    before = classes.all, classes.live
    copy = classes.copy()
    copy.apply(add("new", "owl"))
    copy.apply(merge("k0", "new"))
    assert (classes.all, classes.live) == before


def test_a_circle_of_merges_is_cut():
    classes = made(add("k0", "cat"), add("k1", "dog"), merge("k0", "k1"), merge("k1", "k0"))
    assert [c.name for c in classes.live] == ["dog"]
    assert classes.name_of("k0") == "dog"
    assert "one class already" in classes.why_not(merge("k1", "k0"))
    assert "one class already" in classes.why_not(merge("k1", "k1"))


def test_two_of_one_name_are_not_made_by_renaming():
    classes = made(add("k0", "cat"), add("k1", "dog"), rename("k0", "fox"), rename("k1", "fox"))
    assert [c.name for c in classes.live] == ["fox", "dog"]
    assert "merge the two instead" in classes.why_not(rename("k1", "fox"))


def test_a_deleted_class_takes_those_merged_into_it_along_and_its_name_is_free():
    classes = made(add("k0", "cat"), add("k1", "tabby"), merge("k1", "k0"), delete("k0"))
    assert classes.live == []
    assert not classes.stands("k1")
    for later in (rename("k0", "lion"), merge("k0", "k1"), merge("k1", "k0"), delete("k0")):
        assert classes.why_not(later) == "The class 'cat' was deleted."
    with pytest.raises(UnknownNameError):
        classes.id_of("tabby")
    classes.apply(add("k2", "cat"))
    assert classes.id_of("cat") == "k2"


def test_the_last_of_two_merges_in_an_old_log_counts_for_all_that_went_through_it():
    classes = made(*(add(f"k{i}", f"class {i}") for i in range(4)), merge("k0", "k1"))
    classes.apply(merge("k1", "k2"))
    assert classes.resolve("k0") == "k2"
    classes.apply(merge("k1", "k3"))
    assert classes.resolve("k0") == classes.resolve("k1") == "k3"
    assert [c.class_id for c in classes.live] == ["k2", "k3"]


def test_each_event_about_classes_costs_the_same_however_many_there_are(monkeypatch):
    """Opening took the cube of the number of classes: each event folded all before it anew."""
    made = []
    state = module.ClassState
    monkeypatch.setattr(module, "ClassState", lambda *fields: made.append(1) or state(*fields))
    events = [
        Event(seq=i + 1, key=f"k{i}", at="", kind=Kind.ADD_CLASS, class_name=f"class {i}")
        for i in range(1000)
    ]
    replay = Replay(events)
    assert len(made) == 1000
    for i, class_id in enumerate(("k0", "k1", "k2")):
        into = f"k{i + 1}"
        replay.apply(Event(seq=2000 + i, key=f"m{i}", at="", kind=Kind.MERGE_CLASS,
                           class_id=class_id, into_id=into))  # fmt: skip
    assert len(made) == 1000
    assert replay.class_name("k0") == "class 3"
    assert len(replay.classes) == 997

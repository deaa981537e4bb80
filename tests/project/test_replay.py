import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.audit import Phase
from sparing.errors import UnknownNameError
from sparing.project.replay import Replay
from sparing.store import Event, Kind

ITEMS = ("a", "b", "c")
NAMES = ("cat", "dog", "fox")


def event(seq, kind, **more):
    return Event(seq=seq, key=f"k{seq}", at="2026-01-01T00:00:00+00:00", kind=kind, **more)


def with_classes(*events):
    names = [event(i + 1, Kind.ADD_CLASS, class_name=name) for i, name in enumerate(NAMES)]
    return [*names, *events]


@st.composite
def histories(draw):
    """Any sequence of what a person can do; an undo names any event before it, once."""
    events = with_classes()
    undone = set()
    for _ in range(draw(st.integers(0, 25))):
        seq = len(events) + 1
        kind = draw(st.sampled_from(["label", "skip", "flag", "unflag", "comment", "undo"]))
        open_ = [e for e in events[len(NAMES) :] if e.kind is not Kind.UNDO and e.seq not in undone]
        if kind == "undo":
            if open_:
                victim = draw(st.sampled_from(open_))
                undone.add(victim.seq)
                events.append(event(seq, Kind.UNDO, item_id=victim.item_id, undoes=victim.seq))
            continue
        more = {"item_id": draw(st.sampled_from(ITEMS))}
        if kind == "label":
            more["class_id"] = f"k{draw(st.integers(1, len(NAMES)))}"
        if kind == "comment":
            more["text"] = draw(st.text(max_size=3))
        events.append(event(seq, Kind(kind), **more))
    return events


@dataclass
class Simple:
    """The same in the plainest way: forget what was undone, then do the rest in order."""

    label: dict = field(default_factory=dict)
    flagged: set = field(default_factory=set)
    comment: dict = field(default_factory=dict)

    @classmethod
    def of(cls, events):
        simple = cls()
        undone = {e.undoes for e in events}
        for e in events:
            if e.seq in undone:
                continue
            if e.kind == "label":
                simple.label[e.item_id] = NAMES[int(e.class_id[1:]) - 1]
            if e.kind == "skip":
                simple.label[e.item_id] = None
            if e.kind == "flag":
                simple.flagged.add(e.item_id)
            if e.kind == "unflag":
                simple.flagged.discard(e.item_id)
            if e.kind == "comment":
                simple.comment[e.item_id] = e.text
        return simple


def seen(replay):
    """What a replay says, in the words of the simple one."""
    simple = Simple()
    for item_id, noted in replay.items.items():
        if noted.answer is not None:
            is_label = noted.answer.kind is Kind.LABEL
            name = replay.class_name(noted.answer.class_id) if is_label else None
            simple.label[item_id] = name
        if noted.flagged:
            simple.flagged.add(item_id)
        if noted.comment:
            simple.comment[item_id] = noted.comment
    return simple


@given(histories())
def test_replay_is_the_simple_thing(events):
    wanted = Simple.of(events)
    wanted.comment = {item: text for item, text in wanted.comment.items() if text}
    assert seen(Replay(events)) == wanted


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_events_come_does_not_matter(events, rng: random.Random):
    shuffled = events[len(NAMES) :]
    rng.shuffle(shuffled)
    one, other = Replay(events), Replay([*events[: len(NAMES)], *shuffled])
    assert seen(one) == seen(other)
    assert one.last_seq == other.last_seq
    assert one.latest_undoable() == other.latest_undoable()


@given(histories())
def test_undoing_everything_one_by_one_leaves_nothing(events):
    replay = Replay(events)
    seq = len(events)
    while (latest := replay.latest_undoable()) is not None:
        seq += 1
        replay.apply(event(seq, Kind.UNDO, item_id=latest.item_id, undoes=latest.seq))
    assert seen(replay) == Simple()


def class_events():
    return with_classes(
        event(4, Kind.LABEL, item_id="a", class_id="k1", class_name="cat"),
        event(5, Kind.RENAME_CLASS, class_id="k1", class_name="cat", text="kitten"),
        event(6, Kind.LABEL, item_id="b", class_id="k1", class_name="cat"),
        event(7, Kind.MERGE_CLASS, class_id="k3", into_id="k1", class_name="fox", text="kitten"),
        event(8, Kind.LABEL, item_id="c", class_id="k3", class_name="fox"),
    )


def test_a_class_keeps_its_answers_through_renaming_and_merging():
    replay = Replay(class_events())
    assert [c.name for c in replay.classes] == ["kitten", "dog"]
    assert seen(replay).label == {"a": "kitten", "b": "kitten", "c": "kitten"}
    # Names of before: an answer that was given offline is not lost.
    assert replay.class_id("cat") == replay.class_id("fox") == "k1"


def test_renaming_and_merging_can_be_undone():
    replay = Replay(class_events())
    replay.apply(event(9, Kind.UNDO, undoes=7))
    assert seen(replay).label["c"] == "fox"
    replay.apply(event(10, Kind.UNDO, undoes=5))
    assert seen(replay).label == {"a": "cat", "b": "cat", "c": "fox"}


def test_a_new_class_may_take_an_old_name():
    replay = Replay(class_events()[:5])
    replay.apply(event(9, Kind.ADD_CLASS, class_name="cat"))
    assert [c.name for c in replay.classes] == ["kitten", "dog", "fox", "cat"]
    assert replay.class_id("cat") == "k9"
    assert seen(replay).label["a"] == "kitten"


def test_the_same_class_from_two_tabs_is_one():
    replay = Replay(with_classes(event(4, Kind.ADD_CLASS, class_name="cat")))
    replay.apply(event(5, Kind.LABEL, item_id="a", class_id="k4"))
    assert [c.name for c in replay.classes] == list(NAMES)
    assert replay.resolve("k4") == "k1"


def test_merges_are_followed_to_the_end():
    replay = Replay(
        with_classes(
            event(4, Kind.LABEL, item_id="a", class_id="k1"),
            event(5, Kind.MERGE_CLASS, class_id="k1", into_id="k2"),
            event(6, Kind.MERGE_CLASS, class_id="k2", into_id="k3"),
        )
    )
    assert seen(replay).label == {"a": "fox"}


def test_an_unknown_class_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="Did you mean 'cat'"):
        Replay(with_classes()).class_id("cta")


def test_the_phase_follows_the_last_word():
    replay = Replay()
    assert replay.phase is Phase.LABEL
    for seq, kind, phase in (
        (1, Kind.AUDIT_DRAWN, Phase.AUDIT),
        (2, Kind.RESUMED, Phase.LABEL),
        (3, Kind.AUDIT_DRAWN, Phase.AUDIT),
        (4, Kind.CERTIFIED, Phase.CERTIFIED),
    ):
        replay.apply(event(seq, kind))
        assert replay.phase is phase
    assert replay.attempt == 2

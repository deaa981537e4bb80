import random
from dataclasses import dataclass, field
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.audit.audit import Phase
from sparing.errors import UnknownNameError
from sparing.project.log.replay import Replay
from sparing.store import Event, Kind
from sparing.store.records import ANSWERS

ITEMS = ("a", "b", "c")
PEOPLE = ("Ada", "Ben", "Cleo")
SAID = ("label", "skip", "opinion", "settled")
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
        kind = draw(st.sampled_from([*SAID, "flag", "unflag", "comment", "undo"]))
        open_ = [e for e in events[len(NAMES) :] if e.kind is not Kind.UNDO and e.seq not in undone]
        if kind == "undo":
            if open_:
                victim = draw(st.sampled_from(open_))
                undone.add(victim.seq)
                events.append(event(seq, Kind.UNDO, item_id=victim.item_id, undoes=victim.seq))
            continue
        more = {"item_id": draw(st.sampled_from(ITEMS))}
        if kind in SAID:
            more["annotator"] = draw(st.sampled_from(PEOPLE))
        if kind in ("label", "opinion", "settled"):
            more["class_id"] = f"k{draw(st.integers(1, len(NAMES)))}"
        if kind == "comment":
            more["text"] = draw(st.text(max_size=3))
        events.append(event(seq, Kind(kind), **more))
    return events


@dataclass
class Simple:
    """The same in the plainest way: forget what was undone, then do the rest in order."""

    label: dict = field(default_factory=dict)
    votes: dict = field(default_factory=dict)
    settled: set = field(default_factory=set)
    flagged: set = field(default_factory=set)
    comment: dict = field(default_factory=dict)

    @classmethod
    def of(cls, events):
        simple = cls()
        undone = {e.undoes for e in events}
        live = [e for e in events if e.seq not in undone]
        for e in live:
            if e.kind in ("label", "skip", "settled"):
                simple.label[e.item_id] = e.class_id and NAMES[int(e.class_id[1:]) - 1]
                (simple.settled.add if e.kind == "settled" else simple.settled.discard)(e.item_id)
            if e.kind in ("label", "skip"):  # in place of the answer that was seen
                chain = {f.seq for f in live if f.item_id == e.item_id and f.kind in ANSWERS}
                mine = simple.votes.setdefault(e.item_id, {})
                for who in [who for who, seq in mine.items() if seq in chain]:
                    del mine[who]
                mine.update(simple.opinions(live, e))
                mine[e.annotator] = e.seq
            if e.kind == "opinion":
                simple.votes.setdefault(e.item_id, {})[e.annotator] = e.seq
            if e.kind == "flag":
                simple.flagged.add(e.item_id)
            if e.kind == "unflag":
                simple.flagged.discard(e.item_id)
            if e.kind == "comment":
                simple.comment[e.item_id] = e.text
        simple.leave_the_place_of_undone_answers(live)
        return simple

    def leave_the_place_of_undone_answers(self, live):
        """The first of the opinions takes the place of an answer that was undone."""
        for item_id, said in self.votes.items():
            first = next(e for e in live if e.seq == min(said.values()))
            if item_id not in self.label:
                self.label[item_id] = NAMES[int(first.class_id[1:]) - 1]

    @staticmethod
    def opinions(live, answer):
        """The last opinion of each person on an item, before an answer."""
        before = [e for e in live if e.item_id == answer.item_id and e.seq < answer.seq]
        return {e.annotator: e.seq for e in before if e.kind == "opinion"}


def seen(replay):
    """What a replay says, in the words of the simple one."""
    simple = Simple()
    for item_id, noted in replay.items.items():
        if noted.answer is not None:
            is_label = noted.answer.kind is not Kind.SKIP
            name = replay.class_name(noted.answer.class_id) if is_label else None
            simple.label[item_id] = name
        if noted.votes:
            simple.votes[item_id] = {vote.annotator: vote.seq for vote in noted.votes}
        if noted.is_settled:
            simple.settled.add(item_id)
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
    assert one.latest_undoable("Ben") == other.latest_undoable("Ben")
    assert (one.shared, one.people) == (other.shared, other.people)


@given(histories(), st.integers(0, 30))
def test_what_held_then_is_what_the_events_up_to_then_say(events, seq):
    then = Replay(e for e in events if e.seq <= seq)
    for item in ITEMS:
        assert Replay(events).of_then(item, seq) == then.of(item)


def test_people_differ_until_somebody_settles_it():
    said = with_classes(
        event(4, Kind.LABEL, item_id="a", class_id="k1", annotator="Ada"),
        event(5, Kind.OPINION, item_id="a", class_id="k2", annotator="Ben"),
    )
    replay = Replay(said)
    assert replay.is_contested("a")
    assert replay.labels(replay.of("a")) == {"Ada": "k1", "Ben": "k2"}
    replay.apply(event(6, Kind.SETTLED, item_id="a", class_id="k2", annotator="Cleo"))
    assert not replay.is_contested("a")
    assert replay.of("a").answer.seq == 6
    assert [vote.seq for vote in replay.of("a").votes] == [4, 5]
    replay.apply(event(7, Kind.UNDO, item_id="a", undoes=6))
    assert replay.is_contested("a")
    assert replay.of("a").answer.seq == 4


def test_a_merge_ends_a_difference():
    replay = Replay(
        with_classes(
            event(4, Kind.LABEL, item_id="a", class_id="k1", annotator="Ada"),
            event(5, Kind.OPINION, item_id="a", class_id="k2", annotator="Ben"),
            event(6, Kind.MERGE_CLASS, class_id="k2", into_id="k1"),
        )
    )
    assert not replay.is_contested("a")
    assert replay.shared == {"a"}


def test_a_correction_takes_the_place_of_what_it_saw():
    replay = Replay(
        with_classes(
            event(4, Kind.LABEL, item_id="a", class_id="k1", annotator="Ada"),
            event(5, Kind.LABEL, item_id="a", class_id="k2", annotator="Ben"),
        )
    )
    assert [vote.annotator for vote in replay.of("a").votes] == ["Ben"]


def test_each_answer_has_the_guidelines_of_its_time():
    replay = Replay(
        [event(3, Kind.GUIDELINES, text="Two."), event(1, Kind.GUIDELINES, text="One.")]
    )
    assert [e.text for e in replay.guidelines] == ["One.", "Two."]
    assert [replay.guidelines_at(seq) for seq in (0, 2, 4)] == [0, 1, 2]


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


def deleted_events():
    return with_classes(
        event(4, Kind.LABEL, item_id="a", class_id="k1"),
        event(5, Kind.LABEL, item_id="a", class_id="k2"),
        event(6, Kind.DELETE_CLASS, class_id="k1", class_name="cat"),
    )


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_deleted_class_is_given_to_nothing_and_comes_back_with_its_labels(order):
    """An undo brings an older label to light: of a class that is gone it is none."""
    later = [event(7, Kind.UNDO, item_id="a", undoes=5)]
    events = [*deleted_events(), *later]
    replay = Replay([*events[:3], *(events[3:][i] for i in order)])
    assert [c.name for c in replay.classes] == ["dog", "fox"]
    assert replay.of("a").answer is None
    assert replay.voided("a").seq == 4
    assert replay.apply(event(8, Kind.UNDO, undoes=6)) == {"a"}
    assert seen(replay).label == {"a": "cat"}
    assert (replay.voided("a"), replay.ignored) == (None, [])


def test_a_class_that_comes_out_of_a_deleted_one_has_its_labels_again():
    replay = Replay(
        with_classes(
            event(4, Kind.LABEL, item_id="a", class_id="k1"),
            event(5, Kind.MERGE_CLASS, class_id="k1", into_id="k2"),
            event(6, Kind.DELETE_CLASS, class_id="k2"),
        )
    )
    assert seen(replay).label == {}
    replay.apply(event(7, Kind.UNDO, undoes=5))
    assert seen(replay).label == {"a": "cat"}


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

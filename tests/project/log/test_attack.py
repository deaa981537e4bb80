"""An attack: anything legal or not through two doors, or straight into the store."""

import shutil
from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from sparing.errors import SparingError
from sparing.project import NewEvent, Project, opening
from sparing.project.audits.draws import load_draw
from sparing.project.files.export_rows import export_rows
from sparing.project.folder import ProjectFolder
from sparing.project.log.replay import Replay
from sparing.store import Event, Kind, open_store
from sparing.store.records import AT_A_GLANCE, OF_A_CLASS, OF_AN_ITEM, OF_THE_PHASE

NAMES = ("fur", "feathers", "scales", "shell")
PEOPLE = ("", "Ada", "Ben")
SAID = ("label", "skip", "settled", "flag", "comment", "undo", "add_class", "rename_class",
        "merge_class")  # fmt: skip
ABOUT_CLASSES = ("add_class", "rename_class", "merge_class", "merge_class", "delete_class", "undo")
DOORS = st.integers(0, 1)


def second_door(path):
    """Open a project once more, as another server would: with a memory of its own."""
    folder = ProjectFolder(path)
    store = open_store(folder.store_url, folder.name)
    listing = opening.lister(folder, opening.read_settings(store))()
    return Project(folder, store, opening._view(folder, store, listing), None)


class TwoDoors(RuleBasedStateMachine):
    """Whatever is said, by whom, with whatever view: the log stays one that cannot be wrong."""

    trained = None

    @initialize()
    def open(self):
        folder = self.trained.with_name(uuid4().hex)
        shutil.copytree(self.trained, folder)
        self.doors = Project.open(folder), second_door(folder)
        self.folder = folder
        self.items = list(self.doors[0].items)
        self.few = [i for i in self.items if self.doors[0].asked(i).answer is None][:4]
        self.keys = ["taken"]

    def an_event(self, data, door, kinds=SAID):
        draw = data.draw
        kind = Kind(draw(st.sampled_from(kinds)))
        drawn = [a.item.item_id for a in door.audits.query(2)]
        item = draw(st.sampled_from([*self.few, *drawn, "nobody"]))
        answer = door.asked(item).answer if item in self.items else None
        seen = draw(st.sampled_from([None, answer.key if answer else None, "other"]))
        key = draw(st.sampled_from([uuid4().hex, uuid4().hex, uuid4().hex, self.keys[-1]]))
        self.keys.append(key)
        more = {"annotator": draw(st.sampled_from(PEOPLE))}
        if kind in OF_A_CLASS or kind in (Kind.LABEL, Kind.SETTLED):
            more["class_name"] = draw(st.sampled_from(NAMES))
        if kind in (Kind.RENAME_CLASS, Kind.MERGE_CLASS, Kind.COMMENT):
            more["text"] = draw(st.sampled_from(NAMES))
        if kind is Kind.UNDO:
            more["undoes"] = draw(st.sampled_from([None, *self.keys[-6:]]))
        elif kind not in OF_A_CLASS:
            more |= {"item_id": item, "seen": seen}
        if kind is Kind.LABEL:
            more["source"] = draw(st.sampled_from([None, None, "grid", "cluster"]))
            more["confirmed"] = draw(st.booleans())
            more["asked_for"] = draw(st.sampled_from([None, "train", "audit"]))
        return NewEvent(key=key, kind=kind, **more)

    @rule(door=DOORS, data=st.data(), n=st.integers(1, 4))
    def say(self, door, data, n):
        batch = [self.an_event(data, self.doors[door]) for _ in range(n)]
        done = self.doors[door].record(batch)
        assert [d.key for d in done] == [e.key for e in batch]
        assert all(d.message for d in done if d.status == "refused")

    @rule(door=DOORS, data=st.data(), n=st.integers(2, 5))
    def change_the_classes(self, door, data, n):
        batch = [self.an_event(data, self.doors[door], ABOUT_CLASSES) for _ in range(n)]
        self.doors[door].record(batch)

    @rule(door=DOORS)
    def confirm_a_page(self, door):
        seen = [i for i in self.items if self.doors[door].asked(i).answer is None]
        self.doors[door].record(
            [NewEvent(key=uuid4().hex, kind=Kind.LABEL, item_id=i, class_name="fur",
                      source="grid", confirmed=True) for i in seen[::9]]
        )  # fmt: skip

    @rule(door=DOORS)
    def look_at_what_the_other_did(self, door):
        self.look(door)

    def look(self, door):
        self.doors[door].log.refresh()

    @rule(door=DOORS, share=st.sampled_from([0.0, 1.0]))
    def want_second_opinions(self, door, share):
        self.doors[door].team.set_overlap(share)

    @rule(door=DOORS)
    def draw(self, door):
        self.look(door)  # servers take turns at this, and whose turn it is looks first
        with suppress(SparingError):
            self.doors[door].audits.draw(0.2)

    @rule(door=DOORS)
    def answer_the_draw_and_certify(self, door):
        self.look(door)
        project = self.doors[door]
        for asked in project.audits.query(60):
            project.record([NewEvent(key=uuid4().hex, kind=Kind.LABEL, asked_for=asked.purpose,
                                     item_id=asked.item.item_id, class_name="fur")])  # fmt: skip
        with suppress(SparingError):
            assert all(check.ok for check in project.audits.verify(project.audits.certify()))

    @rule(door=DOORS)
    def resume(self, door):
        self.look(door)
        self.doors[door].audits.resume()

    @invariant()
    def the_log_is_sound(self):
        events = self.doors[0].store.events()
        replay = Replay(events)
        assert replay.ignored == []
        live = {c.class_id: c.name for c in replay.classes}
        assert len(set(live.values())) == len(live)
        for c in replay.all_classes:
            assert (replay.resolve(c.class_id) in live) != replay.is_deleted(c.class_id)
        self.evidence_is_blind(events)

    def evidence_is_blind(self, events):
        """Of an open audit every answer is evidence, and nothing else is."""
        attempt, drawn = 0, set()
        for event in events:
            if event.kind in OF_THE_PHASE:
                attempt += event.kind is Kind.AUDIT_DRAWN
                drawn = self.drawn(attempt) if event.kind is Kind.AUDIT_DRAWN else set()
            if event.kind in (Kind.LABEL, Kind.SKIP, Kind.OPINION):
                assert (event.purpose == "audit") == (event.item_id in drawn)
                assert event.purpose != "audit" or event.source not in AT_A_GLANCE
                assert event.purpose != "audit" or not event.confirmed

    def drawn(self, attempt):
        rows = load_draw(ProjectFolder(self.folder), attempt).audit.drawn.tolist()
        return {self.items[row] for row in rows}

    @invariant()
    def both_doors_agree_once_they_have_looked(self):
        told = []
        for door in self.doors:
            seen = door._guarded._state.replay.last_seq
            replay = Replay(door.store.events())
            if seen == replay.last_seq:
                assert door.classes == [(c.name, c.class_id) for c in replay.classes]
                assert door._guarded._state.stage.decided == replay.phase_event
                told.append((door.status(), list(export_rows(door._guarded._state, "Ben"))))
        if len(told) == 2 and self.doors[0].team.overlap == self.doors[1].team.overlap:
            one, other = told
            assert one[0] == other[0]
            assert one[1] == other[1]

    def teardown(self):
        for door in getattr(self, "doors", ()):
            door.close()
        shutil.rmtree(getattr(self, "folder", ""), ignore_errors=True)


def test_whatever_two_doors_say_the_log_is_sound(pets):
    with pets.create() as project:
        pets.answer(project, project.query(12))
        project.retrain()
        project.add_classes(NAMES)
    machine = type("OnePair", (TwoDoors,), {"trained": pets.folder})
    few = settings(
        max_examples=10,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)


KEYS = [f"k{i}" for i in range(1, 16)]
ANY_KEY = st.sampled_from([None, "nobody", *KEYS])


@st.composite
def garbage(draw):
    """Events of any kind with any fields, but for what any store sees to: numbers and undoing."""
    events = []
    for seq in range(1, draw(st.integers(1, 15)) + 1):
        kind = draw(st.sampled_from(Kind))
        undone = draw(st.sampled_from(events)) if kind is Kind.UNDO and events else None
        item_id = draw(st.sampled_from([None, "a", "b"]))
        if undone:  # as a store fills it in
            item_id = undone.item_id if undone.kind in OF_AN_ITEM else None
        events.append(
            Event(
                seq=seq,
                key=f"k{seq}",
                at="2026-01-01T00:00:00+00:00",
                kind=kind,
                item_id=item_id,
                class_id=draw(ANY_KEY),
                into_id=draw(ANY_KEY),
                class_name=draw(st.sampled_from([None, "", *NAMES])),
                text=draw(st.sampled_from([None, "", *NAMES])),
                purpose=draw(st.sampled_from([None, "train", "audit", "x"])),
                annotator=draw(st.sampled_from(PEOPLE)),
                undoes=undone.seq if undone else None,
            )
        )
    return events


@given(garbage())
def test_a_replay_survives_whatever_is_stored(events):
    replay = Replay(events)
    for item_id, item in replay.items.items():
        replay.labels(item)
        replay.is_contested(item_id)
        replay.of_then(item_id, 7)
        if item.answer is not None and item.answer.class_id is not None:
            replay.class_name(item.answer.class_id)
    live = {c.class_id for c in replay.classes}
    for c in replay.all_classes:
        assert (replay.resolve(c.class_id) in live) != replay.is_deleted(c.class_id)
    assert all(event.why for event in replay.ignored)
    backwards = Replay(events[::-1])
    assert backwards.items == replay.items
    assert backwards.all_classes == replay.all_classes
    assert backwards.ignored == replay.ignored


@pytest.mark.parametrize("seed", range(3))
def test_a_project_opens_whatever_is_stored(pets, tmp_path, seed):
    import numpy as np

    rng = np.random.default_rng(seed)
    with pets.create() as project:
        pets.answer(project, project.query(6))
        items, keys = list(project.items), [k for _, k in project.classes]

        def any_of(*values):
            return values[rng.integers(len(values))]

        project.store.append(
            [
                NewEvent(
                    key=f"g{i}",
                    kind=any_of(*Kind),
                    item_id=any_of(None, *items[:5], "nobody"),
                    class_id=any_of(None, *keys, "nobody", f"g{i // 2}"),
                    into_id=any_of(None, *keys, f"g{i // 3}"),
                    class_name=any_of(None, *NAMES),
                    text=any_of(None, *NAMES),
                    purpose=any_of(None, "train", "audit"),
                    undoes=any_of(None, f"g{i // 2}"),
                    annotator=any_of(*PEOPLE),
                )
                for i in range(120)
            ]
        )
    with Project.open(pets.folder) as project:
        assert any("ignored" in note for note in project.status().notes)
        project.retrain()
        status = project.status()
        assert sum(status.class_counts.values()) == status.n_labeled
        n_sure = project.files.export(tmp_path / "out.csv")
        assert status.n_labeled - status.n_contested <= n_sure <= status.n_labeled
        project.history(annotator="Ada")
        project.team.agreement()
        project.team.disagreements()
        project.audits.resume()
        pets.answer(project, project.query(5))

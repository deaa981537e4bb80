"""The trainer on real projects; most tests put a script of a few lines in its place."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from PIL import Image
from tests.waiting import PATIENCE, until

from sparing.project import Project
from sparing.project.learning import trainee as module
from sparing.project.learning.process import MODULE, Trainer

# What the real one does, without a library: an order a line in, a line out.
FAKE = """
import json, os, sys, time
for line in sys.stdin:
    order = json.loads(line)
"""


def fake(body):
    return [sys.executable, "-c", FAKE + textwrap.indent(textwrap.dedent(body), "    ")]


@pytest.fixture
def project(tmp_path):
    X = np.linspace(-1, 1, 60, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    np.save(tmp_path / "x.npy", X)
    with Project.create(tmp_path / "x.npy", classes=["low", "high"]) as project:
        yield project


def answer(project, n):
    rows = {item: row for row, item in enumerate(project.items)}
    asked = [a.item.item_id for a in project.query(n)]
    project.teach({item: "low" if rows[item] < 30 else "high" for item in asked})


def shown_failure(project):
    """What is shown while it has failed: soon it is at work again, and fails for longer."""
    state, message = project.status().trainer
    return message if state == "failed" else ""


def test_it_learns_whenever_answers_come_is_killed_starts_again_and_ends_when_told(project):
    trainer = Trainer(project.learning, project.map, pause=0.01)
    assert trainer.status().state == "off"
    trainer.start()
    try:
        until(lambda: trainer.status().state == "idle", "for the first order")
        assert project.learning.is_encoded
        assert project.query(1)[0].source == "strategy"
        first = trainer._child
        assert os.getpriority(os.PRIO_PROCESS, first.pid) >= 10
        os.kill(first.pid, signal.SIGKILL)
        answer(project, 10)
        trainer.wake()
        until(lambda: not project.learning.is_behind(), "for the answers to be learned")
        until(lambda: trainer.status().state == "idle")
        assert trainer._child is not first
        assert project.query(1)[0].guess is not None
    finally:
        trainer.stop()
    assert trainer._child.poll() is not None
    assert trainer.status().state == "off"
    trainer.stop()


def test_with_nothing_to_do_it_is_idle(project):
    answer(project, 4)
    project.retrain()
    trainer = Trainer(
        project.learning, project.map, fake('print(json.dumps({"failed": "asked"}), flush=True)')
    )
    trainer.start()
    trainer.wake()
    time.sleep(0.1)
    assert trainer.status().state == "idle"
    trainer.stop()


def test_answers_while_it_computes_are_not_lost(project):
    trainer = Trainer(
        project.learning,
        project.map,
        fake("""
            time.sleep(0.05)
            print(json.dumps({"failed": "busy"}), flush=True)
        """),
    )
    trainer.start()
    try:
        for _ in range(20):
            answer(project, 1)
            trainer.wake()
    finally:
        trainer.stop()
    assert project.status().n_labeled == 20


def test_an_error_that_nobody_foresaw_is_shown_and_it_goes_on_once_it_is_gone(
    project, monkeypatch, capsys
):
    """A thread that dies in silence would leave the status at "training" for ever."""

    def broken(version):
        raise IndexError("boolean index did not match")

    monkeypatch.setattr(project.learning, "adopt", broken)
    answer(project, 6)
    trainer = Trainer(project.learning, project.map, pause=0.01)
    trainer.start()
    try:
        until(lambda: "IndexError: boolean index" in shown_failure(project), "for the error")
        monkeypatch.undo()
        until(lambda: trainer.status().state == "idle" and project.learning.version, "for a model")
    finally:
        trainer.stop()
    assert "IndexError" in capsys.readouterr().err


def test_its_death_is_shown_and_it_starts_again_and_labeling_goes_on(project):
    trainer = Trainer(project.learning, project.map, fake("sys.exit('out of luck')"), pause=0.01)
    trainer.start()
    try:
        until(lambda: "out of luck" in shown_failure(project), "for its last words")
        first = trainer._child.pid
        answer(project, 3)
        until(lambda: trainer._child.pid != first, "for another one")
        pauses = tuple(f"in {0.01 * 2**i:g} s." for i in range(2, 10))
        until(lambda: shown_failure(project).endswith(pauses), "for a longer pause")
    finally:
        trainer.stop()
    assert project.status().n_labeled == 3


def test_what_it_cannot_do_is_said_and_tried_again_with_the_next_answer(project):
    trainer = Trainer(
        project.learning,
        project.map,
        fake('print(json.dumps({"failed": "Nothing fits."}), flush=True)'),
    )
    trainer.start()
    try:
        until(lambda: trainer.status().message == "Nothing fits.")
        assert trainer.status().state == "failed"
        child = trainer._child.pid
        answer(project, 1)
        trainer.wake()
        time.sleep(0.05)
        assert trainer._child.pid == child  # alive
    finally:
        trainer.stop()


def test_a_library_that_prints_does_no_harm(project):
    body = """
        print("Warning: something")
        print("{not json", flush=True)
        print(json.dumps({"progress": ["encoding", 3, 60]}), flush=True)
        time.sleep(0.05)
        print(json.dumps({"failed": "end"}), flush=True)
    """
    trainer = Trainer(project.learning, project.map, fake(body))
    trainer.start()
    try:
        until(lambda: trainer.status().message == "end")
        assert project.status().encoded == (3, 60)
    finally:
        trainer.stop()


def test_a_version_whose_file_is_missing_is_a_failure_not_a_crash(project):
    body = 'print(json.dumps({"trained": [order["version"], 1, "{}"]}), flush=True)'
    trainer = Trainer(project.learning, project.map, fake(body))
    trainer.start()
    try:
        until(lambda: trainer.status().state == "failed")
        assert "not there or damaged" in trainer.status().message
        assert project.learning.version == 0
    finally:
        trainer.stop()


def test_it_ends_with_its_parent_and_has_nothing_to_complain_of(project):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    module = [sys.executable, "-P", "-m", MODULE, str(project.folder)]
    with subprocess.Popen(module, **pipes) as child:
        child.stdin.close()  # what the system does when the parent dies
        assert child.wait(PATIENCE) == 0
        assert child.stderr.read() == b""  # runpy warns of a module that is loaded twice


def test_it_draws_the_map_when_there_is_nothing_to_learn(project):
    trainer = Trainer(project.learning, project.map)
    trainer.start()
    try:
        until(lambda: "neighbors" in project.map.kinds(), "for the map")
        assert trainer.status().state == "idle"
        answer(project, 10)
        trainer.wake()
        until(lambda: not project.learning.is_behind(), "for the answers to be learned")
    finally:
        trainer.stop()
    assert project.map.trouble == ""


def test_a_map_that_cannot_be_made_is_not_tried_for_ever_and_learning_goes_on(project):
    answer(project, 4)
    project.retrain()
    trainer = Trainer(
        project.learning,
        project.map,
        fake('print(json.dumps({"failed": "It does not fit."}), flush=True)'),
    )
    trainer.start()
    try:
        until(lambda: project.map.trouble == "It does not fit.")
        assert not project.map.is_due()
        answer(project, 1)
        trainer.wake()
        until(lambda: trainer.status().state == "failed", "for the order to learn")
    finally:
        trainer.stop()


def test_where_the_whole_order_takes_long_a_quick_one_comes_first(project, monkeypatch):
    monkeypatch.setattr(module, "MANY", 60)
    answer(project, 2)
    trainee = project.learning.trainee(lambda *_: None)
    draft = trainee.draft(1)
    project.learning.take_contents()
    project.learning.adopt(draft)
    asked = project.query(1)[0]
    assert (asked.source, asked.guess) == ("strategy", None)
    assert "group without a label" in asked.why
    assert project.status().advice == (False, "Go on: there is no model yet.")
    assert project.learning.is_behind()
    assert trainee.draft(2) is None
    assert project.retrain() == 2
    assert not project.learning.is_behind()


def test_after_a_quick_order_the_whole_one_is_wanted_though_no_answer_came(project, monkeypatch):
    monkeypatch.setattr(module, "MANY", 60)
    draft = project.learning.trainee(lambda *_: None).draft(1)
    body = f"""
        first = {{"trained": {[draft.version, draft.seq, draft.facts.dump()]}}}
        print(json.dumps(first if order["version"] == 1 else {{"failed": "again"}}), flush=True)
    """
    trainer = Trainer(project.learning, project.map, fake(body))
    trainer.start()
    try:
        until(lambda: trainer.status().message == "again", "for a second order")
        assert project.learning.version == 1
    finally:
        trainer.stop()


def test_what_cannot_be_read_is_told_once_it_was_looked_at(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(3):
        Image.new("L", (8, 8), 40 * i).save(photos / f"{i}.png")
    (photos / "bad.png").write_bytes(b"not an image")
    told = []
    with Project.create(photos, classes=["x"], encoder="pixels") as project:
        project.learning.trainee(lambda *_: None).encode()
        child = fake('print(json.dumps({"encoded": True}), flush=True)')
        trainer = Trainer(project.learning, project.map, child, note=told.append)
        trainer.start()
        try:
            until(lambda: any("bad.png" in note for note in told), "for the picture to be named")
            assert project.status().n_items == 3
        finally:
            trainer.stop()

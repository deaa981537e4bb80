"""kill -9 at random moments, with a trainer beside it: no answer is lost, none is doubled."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sparing.project import Project

N_ANSWERS = 300
N_KILLS = 3

# Sends answers as a browser does: a key each, sent again until it is confirmed, then written down.
SENDER = """
import sys
from pathlib import Path
from sparing.project import NewEvent, Project
from sparing.store import Kind
from sparing.project.learning.process import Trainer
folder, plan, confirmed = map(Path, sys.argv[1:4])
with Project.open(folder) as project, confirmed.open("a") as log:
    trainer = Trainer(project.learning, project.map, pause=0.1)
    trainer.start()
    print("ready", flush=True)
    done = set(confirmed.read_text().split())
    for line in plan.read_text().splitlines():
        key, item, name = line.split()
        if key not in done:
            (got,) = project.record([NewEvent(key=key, kind=Kind.LABEL, item_id=item,
                                              class_name=name)])
            assert got.status in ("stored", "duplicate"), got
            log.write(key + "\\n")
            log.flush()
            trainer.wake()
    trainer.stop()
print("finished", flush=True)
"""


def run_until_killed(arguments, seconds):
    """Start a sender; kill its trainer, then itself; say whether it had finished."""
    with subprocess.Popen(
        [sys.executable, "-c", SENDER, *arguments], stdout=subprocess.PIPE, text=True
    ) as sender:
        assert sender.stdout.readline() == "ready\n"
        if seconds is not None:
            time.sleep(seconds / 2)
            for trainer in children_of(sender.pid):
                os.kill(trainer, signal.SIGKILL)
            time.sleep(seconds / 2)
            os.kill(sender.pid, signal.SIGKILL)
        return sender.stdout.read() == "finished\n"


def children_of(pid):
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in listed for child in file.read_text().split()]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_kill_at_random_moments(tmp_path: Path):
    source = tmp_path / "rows.csv"
    source.write_text("a,b\n" + "".join(f"{i},{i % 7}\n" for i in range(N_ANSWERS)))
    rng = random.Random(7)  # noqa: S311
    with Project.create(source, classes=["x", "y"]) as project:
        plan = [(f"key-{i}", item, rng.choice("xy")) for i, item in enumerate(project.items)]
        folder = project.folder
    (tmp_path / "plan").write_text("\n".join(map(" ".join, plan)))
    confirmed = tmp_path / "confirmed"
    confirmed.touch()
    arguments = [str(folder), str(tmp_path / "plan"), str(confirmed)]
    n_before = []
    for _ in range(N_KILLS):
        n_before.append(len(confirmed.read_text().split()))
        run_until_killed(arguments, rng.uniform(0, 0.3))
        survived(folder, confirmed)
    assert run_until_killed(arguments, None)
    assert any(0 < n < N_ANSWERS for n in n_before)  # some were killed in the middle
    with Project.open(folder) as project:
        labels = [e for e in project.store.events() if e.kind == "label"]
        assert [(e.key, e.item_id, e.class_name) for e in labels] == plan
        assert project.status().n_labeled == N_ANSWERS


def survived(folder, confirmed):
    """Every answer that was confirmed is there, once."""
    with Project.open(folder) as project:
        keys = [e.key for e in project.store.events() if e.kind == "label"]
    assert len(set(keys)) == len(keys)
    assert set(confirmed.read_text().split()) <= set(keys)
    assert json.loads((folder / "lock").read_text())["pid"] == os.getpid()

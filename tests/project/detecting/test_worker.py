"""A detector's command beside the labeling: it is run, watched, ended, and never believed blindly.

The commands are scripts of a few lines in the place of a trainer.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from PIL import Image
from tests.waiting import until

from sparing.errors import InvalidInputError
from sparing.project import Project
from sparing.project.detecting.command import MODULE, DetectorCommand
from sparing.project.detecting.worker import DetectorWorker

N = 8
FINDS = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[-1])
train, asked = (json.loads((folder / f"{n}.json").read_text()) for n in ("train", "predict"))
category = train["annotations"][0]["category_id"]
box = {"category_id": category, "bbox": [1, 1, 8, 8], "score": 0.9}
results = [{"image_id": one["id"], **box} for one in asked["images"]]
"""
WRITES = '(folder / "results.json").write_text(json.dumps(results))\n'
CHILD = """
import subprocess, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(f"{child.pid} {folder}")
time.sleep(600)
"""


def has_gone(pid):
    """Tell whether a process has ended, whoever is to bury it."""
    try:
        return psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(N):
        Image.fromarray(np.full((48, 64, 3), 9 * i, np.uint8)).save(folder / f"{i}.png")
    with Project.create(folder, classes=["cat"], kind="boxes", encoder="pixels") as project:
        yield project


@pytest.fixture
def trainer(tmp_path):
    """Return a command that runs a script, and the script's place."""

    def made(body, *arguments):
        script = tmp_path / "train.py"
        script.write_text(textwrap.dedent(body))
        return DetectorCommand((sys.executable, str(script), *map(str, arguments)))

    return made


class At:
    """A worker at its work, and what it has said in the terminal."""

    def __init__(self, project, command, after=2):
        self.said = []
        self.worker = DetectorWorker(project.detecting, command, after, self.said.append)

    def __enter__(self):
        self.worker.start()
        return self

    def __exit__(self, *_):
        self.worker.stop()

    def hears(self, n):
        until(lambda: len(self.said) >= n, f"for sentence {n}; so far {self.said}")
        return self.said[n - 1]


def answer(project, n):
    open_ones = [i for i in project.items if project.asked(i).answer is None]
    project.teach({i: [(1, 1, 9, 9, "cat")] for i in open_ones[:n]})


def suggestions(project):
    guesses = [project.asked(i).guess for i in project.items]
    return sum(bool(one and one.boxes) for one in guesses)


def on_the_page(project):
    return " ".join(project.status().weighed)


def test_it_runs_after_so_many_answers_and_again(project, trainer):
    with At(project, trainer(FINDS + WRITES)) as at:
        answer(project, 1)
        assert suggestions(project) == 0
        answer(project, 1)
        assert at.hears(1) == "The detector has learned from 2 pictures, and tells of 6."
        assert suggestions(project) == N - 2
        assert at.said[0] in on_the_page(project)
        answer(project, 2)
        assert at.hears(2) == "The detector has learned from 4 pictures, and tells of 4."
    assert "The detector has" not in on_the_page(project)
    answer(project, 1)
    with At(project, trainer(FINDS + WRITES)) as at:  # one answer is not enough
        answer(project, 1)
        assert at.hears(1) == "The detector has learned from 6 pictures, and tells of 2."


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ValueError('no memory')", "ended with exit status 1 (ValueError: no memory)"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("print('done')", "wrote no results.json (done)"),
        (FINDS + '(folder / "results.json").write_text(json.dumps(results)[:40])', "half of it"),
        (FINDS + '(folder / "results.json").write_text("{}")', "no list of COCO's results"),
        (
            FINDS + '(folder / "results.json").symlink_to(folder / "train.json")',
            "wrote no results.json",
        ),
    ],
)
def test_what_fails_is_one_line_and_what_was_there_stays(project, trainer, body, why):
    if os.name == "nt" and "signal" in why:
        pytest.skip("Windows has no signals")
    answer(project, 2)
    project.detecting.publish(project.detecting.begin(), [])
    answer(project, 2)
    with At(project, trainer(body)) as at:
        said = at.hears(1)
        assert why in said
        assert "\n" not in said
        assert "runs again after 2 more answers" in said
        page = on_the_page(project)
        assert why.partition(" (")[0] in page
        for secret in ("no memory", "train.py", sys.executable, "log.txt"):
            assert secret not in page
        assert project.asked(list(project.items)[-1]).guess.boxes == ()  # as it was said before
        trainer(FINDS + WRITES)  # mended; and labeling goes on
        answer(project, 2)
        assert at.hears(2).startswith("The detector has learned from 6 pictures")


def test_bad_results_are_named_and_the_others_count(project, trainer):
    bad = "results[0]['score'] = float('nan'); results[1]['image_id'] = 99\n"
    answer(project, 2)
    with At(project, trainer(FINDS + bad + WRITES)) as at:
        said = at.hears(1)
    assert "tells of 5." in said
    assert "must be a number in [0, 1]. Got nan instead" in said
    assert "not among the pictures that were asked about: image 99" in said
    assert suggestions(project) == 4  # of one nothing was said: no object


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_one_that_hangs_is_ended_with_all_that_it_has_started(
    project, trainer, tmp_path, monkeypatch
):
    noted, hour = tmp_path / "pid", 3600.0

    def clock():  # an hour has gone as soon as it has started something
        return time.monotonic() + hour * (noted.exists() and bool(noted.read_text()))

    fake = SimpleNamespace(monotonic=clock)
    monkeypatch.setattr("sparing.project.detecting.command.time", fake)
    answer(project, 2)
    with At(project, trainer(FINDS + CHILD, noted)) as at:
        assert "took longer than 60 minutes and was ended" in at.hears(1)
    pid, folder = noted.read_text().split(" ", 1)
    until(lambda: has_gone(pid), "for what it has started")
    assert not Path(folder).exists()


def test_it_ends_with_the_server(project, trainer, tmp_path):
    answer(project, 2)
    with At(project, trainer(FINDS + CHILD, tmp_path / "pid")) as at:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        assert "learns from 2 pictures, and is to tell of 6" in on_the_page(project)
    pid, _ = (tmp_path / "pid").read_text().split(" ", 1)
    until(lambda: has_gone(pid))
    assert at.said == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_it_ends_when_the_server_is_killed(trainer, tmp_path):
    body = "import pathlib, sys\nfolder = pathlib.Path(sys.argv[-1])\n" + CHILD
    command = trainer(body, tmp_path / "pid")
    start = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen({[sys.executable, '-P', '-m', MODULE, *command.arguments, 'x']!r},"
        " stdin=subprocess.PIPE, start_new_session=True)\n"
        "time.sleep(600)"
    )
    server = subprocess.Popen([sys.executable, "-c", start])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    server.send_signal(signal.SIGKILL)
    server.wait()
    pid, _ = (tmp_path / "pid").read_text().split(" ", 1)
    until(lambda: has_gone(pid), "for what it has started")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "must name a program that is here. Got ''"),
        ("no-such-program train.py", "Got 'no-such-program' instead"),
        ("python 'train.py", "must be a command line: No closing quotation"),
    ],
)
def test_a_line_that_is_no_command_is_refused(line, why):
    with pytest.raises(InvalidInputError, match=why):
        DetectorCommand.parse(line)


def test_no_shell_reads_the_line(project, tmp_path):
    body = tmp_path / "my trainer.py"
    body.write_text(FINDS + "results = []\n" + WRITES)
    there = tmp_path / "there"
    command = DetectorCommand.parse(f'"{sys.executable}" "{body}" ; touch "{there}" $(touch x)')
    assert command.arguments[2:4] == (";", "touch")
    answer(project, 2)
    with At(project, command) as at:
        assert "tells of 6" in at.hears(1)
    assert not there.exists()


def test_nothing_of_the_command_is_kept(project, trainer, tmp_path):
    answer(project, 2)
    with At(project, trainer(FINDS + WRITES, "--key", "s3cret-of-the-command")) as at:
        at.hears(1)
    for path in project.folder.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes()
    told = json.loads((project.folder / "predictions.json").read_text())
    assert told["name"] == "the detector"


def test_an_error_that_nobody_foresaw_is_told_once_and_labeling_goes_on(
    project, trainer, monkeypatch, capsys
):
    def broken(folder, begun):
        raise ZeroDivisionError

    monkeypatch.setattr("sparing.project.detecting.worker.write_round", broken)
    answer(project, 2)
    with At(project, trainer(FINDS + WRITES)) as at:
        assert "an error that nobody foresaw (ZeroDivisionError())" in at.hears(1)
        monkeypatch.undo()
        answer(project, 2)
        assert at.hears(2) == "The detector has learned from 4 pictures, and tells of 4."
    assert len(at.said) == 2
    assert capsys.readouterr().err.count("Traceback") == 1

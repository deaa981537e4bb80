"""A detector's command beside a real server: the example of the guide, answers to suggestions."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest
from PIL import Image

from sparing.cli.detector import command_of, detecting
from sparing.errors import CapabilityError, NotFoundError
from sparing.project import Project
from sparing.web.app import create_app

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "train.py"
KEPT_BACK = "s3cret-of-the-command"
N, SIDE = 10, 16
PATIENCE = 240.0


def place_of(i):
    return 4 * (i % 4) * 2, 4 * (i % 3) * 2


@pytest.fixture
def photos(tmp_path):
    """Pictures with one bright square each."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(N):
        pixels = np.random.default_rng(i).integers(0, 40, (48, 64), dtype=np.uint8)
        x, y = place_of(i)
        pixels[y : y + SIDE, x : x + SIDE] = 220
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


class Served:
    """``sparing label`` with a detector, and the browser of its owner."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sparing", "label", *map(str, arguments), "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        self.browsers = []
        self.base, token = self.process.stdout.readline().strip().split("/#")
        self.owner = self.browser(token)
        return self

    def __exit__(self, *_):
        for one in self.browsers:
            one.close()
        if self.process.poll() is None:
            self.stop()

    def browser(self, token):
        made = httpx.Client(base_url=self.base, headers={"origin": self.base}, timeout=60)
        self.browsers.append(made)
        assert made.post("/session", json={"token": token}).status_code == 204
        return made

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=120)
        return said

    def answer(self, item_id, boxes):
        event = {"key": uuid4().hex, "kind": "label", "item_id": item_id, "boxes": boxes}
        (done,) = self.owner.post("/api/events", json=[event]).json()
        assert done["status"] == "stored", done

    def weighed(self, browser=None):
        told = (browser or self.owner).get("/api/state").json()
        return " ".join(told["status"]["weighed"])

    def hears(self, what):
        end = time.monotonic() + PATIENCE
        while what not in (said := self.weighed()):
            assert time.monotonic() < end, f"waited in vain for {what}; the page says {said}"
            time.sleep(0.05)
        return said


def test_a_trainer_learns_from_answers_and_suggests_and_nobody_hears_of_its_command(
    photos, tmp_path
):
    line = f'"{sys.executable}" "{EXAMPLE}" --key {KEPT_BACK}'
    start = (photos, "--kind", "boxes", "--classes", "square", "--encoder", "pixels")
    with Served(*start, "--detector", line, "--detector-after", "4") as served:
        asked = served.owner.get("/api/next?n=4").json()["items"]
        for one in asked:
            x, y = place_of(int(Path(one["item"]["name"]).stem))
            box = {"box": [x, y, x + SIDE, y + SIDE], "label": "square"}
            served.answer(one["item"]["item_id"], [box])
        said = served.hears("has learned from 4 pictures, and tells of 6")
        assert "how good they are is not known yet" in said
        status = served.owner.get("/api/state").json()["status"]
        assert status["n_labeled"] == 4  # suggestions are nobody's word
        right = 0
        for one in served.owner.get("/api/next?n=6&guesses=true").json()["items"]:
            x, y = place_of(int(Path(one["item"]["name"]).stem))
            *_, by, (box,), _ = one["guess"]
            assert by == "the detector"
            assert 0.5 < box["score"] <= 1
            right += np.abs(np.subtract(box["box"], [x, y, x + SIDE, y + SIDE])).max() <= 4
        assert right >= 5
        link = served.owner.post("/api/links", json={"role": "annotator"}).json()["token"]
        other = served.browser(link)
        for told in (served.owner, other):
            for path in ("/api/state", "/api/next?guesses=true", "/api/history", "/api/people"):
                assert KEPT_BACK not in told.get(path).text
        said = served.stop()
    assert "The detector has learned from 4 pictures, and tells of 6." in said
    assert KEPT_BACK not in said
    with Project.open(tmp_path / "photos.sparing") as project:
        project.files.export(tmp_path / "out.jsonl", "jsonl")
    backup = [
        sys.executable,
        "-m",
        "sparing",
        "backup",
        str(tmp_path / "photos.sparing"),
        str(tmp_path / "b.zip"),
    ]
    subprocess.run(backup, check=True, capture_output=True)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".png"]
    assert {"b.zip", "out.jsonl", "predictions.json", "project.db"} <= {path.name for path in kept}
    assert all(KEPT_BACK.encode() not in path.read_bytes() for path in kept)
    assert all(EXAMPLE.name.encode() not in path.read_bytes() for path in kept)


def test_a_line_that_is_no_command_makes_no_project(photos, tmp_path):
    asked = [
        sys.executable,
        "-m",
        "sparing",
        "label",
        str(photos),
        "--kind",
        "boxes",
        "--no-browser",
    ]
    done = subprocess.run(
        [*asked, "--detector", "no-such-program x"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "must name a program that is here. Got 'no-such-program' instead." in done.stderr
    with pytest.raises(NotFoundError):
        Project.open(tmp_path / "photos.sparing")


def test_a_detector_is_for_boxes(tmp_path):
    (tmp_path / "notes.csv").write_text("text\nwarm\ncold\n")
    command = command_of(f'"{sys.executable}" x', 1)
    with (
        Project.create(tmp_path / "notes.csv") as project,
        pytest.raises(CapabilityError, match="the answers of this project are of kind 'class'"),
        detecting(project, command, 1),
    ):
        pass


def test_no_request_can_name_a_command(photos):
    with Project.create(photos, classes=["square"], kind="boxes", encoder="pixels") as project:
        told = json.dumps(create_app(project).openapi()).lower()
    assert "boxes" in told
    assert "detector" not in told
    assert "command" not in told

"""Detectors of others in a project: what they learn from, what is checked, and who sees it."""

import json
import math
import re
from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from sparing.annotations.detections import Detections
from sparing.errors import CapabilityError, SourceError, TrainingError
from sparing.project import NewEvent, Project
from sparing.project.detecting.contract import read_results, write_round
from sparing.project.detecting.round import LEAST_SCORE
from sparing.project.learning.scores import read_scores, write_scores
from sparing.project.log.boxed import MarkedBox
from sparing.store import Kind, Version, VersionFacts

N = 12
SIZE = (64, 48)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(N):
        Image.fromarray(np.full((48, 64, 3), 9 * i, np.uint8)).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture
def project(source):
    with Project.create(source, classes=["cat", "dog"], kind="boxes", encoder="pixels") as project:
        yield project


def ids(project):
    return list(project.items)


def taught(project, n=3):
    project.teach({i: [(1, 2, 9, 10, "dog")] for i in ids(project)[:n]})


def said(project, kind, **more):
    (done,) = project.record([NewEvent(key=uuid4().hex, kind=kind, **more)])
    assert done.status == "stored"


def with_a_model(project):
    """Give the project a model version that sees a cat in each picture, as a trainer would."""
    project.retrain()
    folder, (before,) = project.learning.folder, project.store.versions()
    rows = [(row, 0, 0, 80, 80, 0) for row in range(N)]
    scores = replace(
        read_scores(folder.scores(before)),
        proba=np.full((N, 1), 0.9, np.float32),
        class_ids=np.array(list(dict(project.classes).values())),
        boxes=np.array(rows, dtype=np.int64),
        certainty=np.full(N, 0.8),
    )
    write_scores(folder.new_scores(2, ""), scores)
    project.learning.adopt(Version(2, before.seq, VersionFacts(1)))


def result(number, **more):
    return {"image_id": number, "category_id": 1, "bbox": [4, 4, 8, 8], "score": 0.9} | more


def suggested(project, number):
    guess = project.asked(ids(project)[number - 1]).guess
    return None if guess is None else guess.boxes


class Finder:
    """Finds what it was told to find, in every picture."""

    def __init__(self, found):
        self.found = found

    def fit(self, pictures, truth, n_classes):
        self.known = [str(p) for p in pictures], truth, n_classes

    def predict(self, pictures):
        self.asked = [str(p) for p in pictures]
        return [self.found for _ in pictures]


def test_a_detector_is_given_paths_and_codes_and_what_it_finds_is_nobodys_word(project, source):
    with pytest.raises(TrainingError, match="draw some first"):
        project.detecting.learn(Finder(None))
    taught(project)
    finder = Finder(Detections.of([(4, 4, 12, 12), (0, 0, 5, 5)], [0, 1], [0.9, 0.1]))
    told = project.detecting.learn(finder)
    assert (told.n_stored, told.problems) == (N - 3, ())
    paths, truth, n_classes = finder.known
    assert (paths, n_classes) == ([str(source / f"{i:02}.png") for i in range(3)], 2)
    assert (truth[0].boxes.tolist(), truth[0].class_ids.tolist()) == ([[1, 2, 9, 10]], [1])
    assert finder.asked == [str(source / f"{i:02}.png") for i in range(3, N)]
    assert suggested(project, 4) == (MarkedBox((4, 4, 12, 12), "cat", "accepted", None, 0.9),)
    assert suggested(project, 1) is None  # it learned from that: its word would be no news
    assert project.status().n_labeled == 3
    assert "how good they are is not known yet" in " ".join(project.status().weighed)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Detections.of([(4, 4, 12, 12)], [2], [0.9]), r"a class must be in \[0, 1\]"),
        (Detections.of([(4, 4, 12, 12)], [0], [1.5]), r"a score must be a number in \[0, 1\]"),
        (Detections.of([(4, 4, 12, 12)], [0], [math.nan]), r"a score must be"),
        (Detections.of([(4, math.nan, 12, 12)], [0], [0.5]), "a box is no four numbers"),
        (Detections.of([(12, 4, 4, 12)], [0], [0.5]), "left < right"),
        (Detections.of([(4, 4, 12, 12)], [0, 0], [0.5]), "1 boxes, 2 classes and 1 scores"),
        ("a cat", "no detections"),
    ],
)
def test_what_makes_no_sense_is_refused_and_what_was_suggested_stays(project, found, why):
    taught(project)
    project.detecting.learn(Finder(Detections.of([(4, 4, 12, 12)], [0], [0.9])))
    before = suggested(project, 4)
    with pytest.raises(TrainingError, match=f"Finder, picture 0: .*{why}"):
        project.detecting.learn(Finder(found))
    assert suggested(project, 4) == before


def test_a_detector_that_raises_or_says_too_little_is_one_line(project):
    taught(project)

    class Broken(Finder):
        def predict(self, pictures):
            raise RuntimeError("out of memory")

    class Terse(Finder):
        def predict(self, pictures):
            return [self.found]

    with pytest.raises(TrainingError, match="Broken has failed: out of memory"):
        project.detecting.learn(Broken(None))
    with pytest.raises(TrainingError, match=r"was to tell of 9 pictures\. It told of 1 instead"):
        project.detecting.learn(Terse(None))


def test_a_project_without_boxes_takes_none(tmp_path):
    (tmp_path / "notes.csv").write_text("text\nwarm\ncold\n")
    with (
        Project.create(tmp_path / "notes.csv") as project,
        pytest.raises(CapabilityError, match="of kind 'class'"),
    ):
        project.detecting.learn(Finder(None))


def test_the_files_of_a_round_are_coco_with_the_ids_of_exports(project, source, tmp_path):
    taught(project)
    project.teach({ids(project)[3]: []})
    said(project, Kind.SKIP, item_id=ids(project)[4])
    begun = project.detecting.begin()
    write_round(tmp_path, begun)
    project.files.export(tmp_path / "export.json", "coco")
    train, export = (
        json.loads((tmp_path / name).read_text()) for name in ("train.json", "export.json")
    )
    assert (train["annotations"], train["categories"]) == (
        export["annotations"],
        export["categories"],
    )
    assert [i["id"] for i in train["images"]] == [i["id"] for i in export["images"]] == [1, 2, 3, 4]
    assert train["images"][3]["file_name"] == str(source / "03.png")
    asked = json.loads((tmp_path / "predict.json").read_text())
    assert asked["categories"] == train["categories"]
    assert asked["images"][0] == {
        "id": 6, "file_name": str(source / "05.png"), "width": 64, "height": 48,
    }  # fmt: skip
    assert len(asked["images"]) == N - 5


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (result(5, score=1.5), r"a number in \[0, 1\]. Got 1.5"),
        (result(5, score=math.nan), r"a number in \[0, 1\]. Got nan"),
        (result(5, score="0.9"), r"a number in \[0, 1\]"),
        (result(5, score=None), "a box without a score"),
        (result(5, category_id=9), "there is no category 9"),
        (result(5, category_id=1.0), "there is no category 1.0"),
        (result(5, bbox=[4, 4, 90, 8]), "within its picture of 64 x 48 pixels"),
        (result(5, bbox=[4, 4, 0, 8]), "left < right"),
        (result(5, bbox=[4, 4, math.inf, 8]), "four numbers"),
        (result(5, bbox="4 4 8 8"), "four numbers"),
        (result(1), "not among the pictures that were asked about"),
        (result(99), "not among the pictures that were asked about"),
        (result("00.png"), "not among the pictures that were asked about"),
        (result(True), "not among the pictures that were asked about"),
        ([5, 1, 4, 4, 8, 8], "no object of COCO's results"),
        (None, "no object of COCO's results"),
    ],
)
def test_a_bad_result_is_left_out_and_named_and_the_others_count(project, odd, why):
    taught(project)
    told = project.detecting.publish(project.detecting.begin(), [result(4), odd, result(5)])
    (lost,) = told.problems
    assert re.search(why, lost.reason)
    assert [b.label for b in suggested(project, 4)] == ["cat"]
    assert suggested(project, 5) == (
        None if lost.name.endswith("image 5") else suggested(project, 4)
    )
    assert suggested(project, 6) == ()  # asked about, and nothing said: no object


def test_boxes_that_say_the_same_are_one_and_unlikely_ones_are_not_shown(project):
    taught(project)
    results = [result(4, score=0.5), result(4, bbox=[4.01, 4, 8, 8]), result(4, category_id=2)]
    results.append(result(4, bbox=[20, 20, 9, 9], score=LEAST_SCORE / 2))
    told = project.detecting.publish(project.detecting.begin(), results)
    assert told.notes == ("1 boxes are there twice in their picture: taken once.",)
    assert [(b.label, b.score) for b in suggested(project, 4)] == [("cat", 0.9), ("dog", 0.9)]


def test_what_happened_meanwhile_counts(project, source):
    taught(project)
    project.add_classes(["cow"])
    begun = project.detecting.begin()
    project.teach({ids(project)[3]: []})
    said(project, Kind.RENAME_CLASS, class_name="cat", text="lynx")
    project.delete_class("cow")
    Image.fromarray(np.zeros((48, 80, 3), np.uint8)).save(source / "04.png")
    told = project.detecting.publish(
        begun, [result(n) for n in (4, 5, 6)] + [result(7, category_id=3)]
    )
    assert {p.name: p.reason for p in told.problems} == {
        "image 7": "there is no category 3",
        "04.png": "its picture has changed since it was looked at",
    }
    assert suggested(project, 4) is suggested(project, 5) is None
    assert [b.label for b in suggested(project, 6)] == ["lynx"]


def test_it_is_judged_by_what_it_said_before_it_had_learned(project, tmp_path):
    taught(project)
    project.retrain()
    project.detecting.publish(project.detecting.begin(), [result(n) for n in range(4, N + 1)])
    truth = [(4, 4, 12, 12, "cat")]
    asked = [a.item.item_id for a in project.query(9)]
    project.teach(dict.fromkeys(asked[:6], truth))
    said = [one for one in project.status().weighed if "are right in all of" in one]
    project.detecting.publish(project.detecting.begin(), [])  # a worse one that has seen them
    again = [one for one in project.status().weighed if "are right in all of" in one]
    assert said == again
    folder = project.folder
    project.close()
    with Project.open(folder) as opened:
        assert not opened.detecting.is_due(1, 0)  # what it knew is known
        opened.teach({asked[7]: truth})
        assert opened.detecting.is_due(1, 0)
        assert not opened.detecting.is_due(2, 0)


def test_while_a_check_is_open_it_rests_and_what_is_drawn_has_no_suggestion(project):
    taught(project)
    with_a_model(project)
    begun = project.detecting.begin()
    project.audits.draw(0.5)
    assert not project.detecting.is_due(1, 0)
    project.detecting.publish(begun, [result(n) for n in range(4, N + 1)])
    asked = project.audits.query(N)
    assert asked
    assert all(one.guess is None for one in asked)
    foreign = json.loads(project.folder.joinpath("predictions.json").read_text())["said"]
    assert not {one.item.item_id for one in asked} & foreign.keys()


def test_it_waits_for_a_box(project):
    project.teach({item_id: [] for item_id in ids(project)[:4]})
    assert not project.detecting.is_due(2, 0)
    project.teach({ids(project)[5]: [(0, 0, 4, 4, "cat")]})
    assert project.detecting.is_due(2, 0)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "wrote no results.json"),
        ('[{"image_id": 4, "categ', "is not JSON, or half of it"),
        ("", "is not JSON, or half of it"),
        (b"\xff\xfe\x00", "is not JSON, or half of it"),
        ("[" * 100_000, "is not JSON, or half of it"),
        ('{"images": []}', "no list of COCO's results"),
    ],
)
def test_half_a_file_is_no_file(tmp_path, content, why):
    if content is not None:
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "results.json").write_bytes(raw)
    with pytest.raises(SourceError, match=why):
        read_results(tmp_path)


def test_a_link_is_not_followed_and_too_much_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "secret.json").write_text("[]")
    (tmp_path / "results.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(SourceError, match=r"wrote no results\.json"):
        read_results(tmp_path)
    (tmp_path / "results.json").unlink()
    (tmp_path / "results.json").write_text("[1]")
    monkeypatch.setattr("sparing.project.detecting.contract.MOST_BYTES", 2)
    with pytest.raises(SourceError, match="wrote more than"):
        read_results(tmp_path)

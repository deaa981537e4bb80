"""Spans and boxes that go to Label Studio and come from it, in files and live."""

import json

import numpy as np
import pytest
from PIL import Image

from sparing.datasets.label_studio import Interface, interface_for
from sparing.project import Project
from sparing.project.files.studio_answers import shown_in, told_by
from sparing.project.learning.guesses import Guess
from sparing.project.log.boxed import MarkedBox
from sparing.project.log.meaning import as_said
from sparing.store import Kind, NewEvent

TEXTS = ["Ada met Bob.", "Bob sat down.", "Nobody came.", "Ada 😀 Bob ran.", "An open end."]
CONFIG = interface_for("image", ["cat", "dog"], boxes=True)
BOXES = [
    {"box": [1, 2, 11.5, 30], "label": "cat"},
    {"box": [0, 0, 40, 30], "label": "dog", "by": "accepted", "version": 3},
]
SPANS = [
    {"start": 0, "end": 3, "label": "person", "by": "edited", "version": 2},
    {"start": 8, "end": 11, "label": "person"},
]


def texts(tmp_path):
    source = tmp_path / "notes.txt"
    source.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return source


def photos(tmp_path):
    """Five pictures of 40 x 30 pixels; the camera held the first sideways."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(5):
        exif = Image.Exif()
        shape = (40, 30) if i == 0 else (30, 40)
        if i == 0:
            exif[0x0112] = 6
        Image.fromarray(np.full(shape, 50 * i, np.uint8)).save(folder / f"{i}.jpg", exif=exif)
    return folder


MADE = {"spans": (texts, ["person", "place"], SPANS), "boxes": (photos, ["cat", "dog"], BOXES)}


def other_of(source, folder, kind):
    encoder = {"boxes": "pixels"}.get(kind, "auto")
    return Project.create(source, folder, classes=MADE[kind][1], kind=kind, encoder=encoder)


def say(project, key, item_id, said, who, **more):
    kind = Kind.SKIP if said is None else Kind.LABEL
    told = None if said is None else as_said(said)
    event = NewEvent(key=key, kind=kind, item_id=item_id, class_name=told, annotator=who, **more)
    (done,) = project.record([event])
    assert done.status == "stored", done


@pytest.fixture(params=MADE)
def answered(request, tmp_path):
    """A project with answers of two people, who differ on one item; what it is of; its source."""
    kind = request.param
    make, _, parts = MADE[kind]
    source = make(tmp_path)
    with other_of(source, None, kind) as project:
        first, second, third, fourth, _ = project.items
        say(project, "a", first, parts, "Ada", confirmed=True)
        say(project, "b", second, [], "Ada")
        say(project, "c", third, None, "Ben")
        say(project, "d", fourth, parts[:1], "Ada", beside=True)
        say(project, "e", fourth, [], "Ben", beside=True)
        yield project, kind, source


def rows_of(project, tmp_path):
    file = tmp_path / "rows.jsonl"
    project.files.export(file, "jsonl")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    forgotten = ("at", "item_id", "source", "model_version", "propensity", "strategy")
    return [{k: v for k, v in line.items() if k not in forgotten} for line in lines]


@pytest.mark.parametrize("is_back", [False, True], ids=["ours", "back from there"])
def test_nothing_is_lost_on_the_way_there_and_into_another_project(answered, is_back, tmp_path):
    project, kind, source = answered
    file = tmp_path / "tasks.json"
    assert project.files.export(file, "label-studio") == 2  # two agree on nothing, one has skipped
    tasks = json.loads(file.read_text(encoding="utf-8"))
    assert len(tasks) == 5  # those that nobody answered too: they are to be annotated there
    if is_back:  # as its export gives them: by one user, with what a database keeps of numbers
        for i, task in enumerate(tasks):
            task |= {"id": i, "project": 1}
            for j, one in enumerate(task["annotations"]):
                time = f"2026-01-01T00:00:0{j}Z"
                one |= {"id": 10 * i + j, "completed_by": 1, "updated_at": time}
        file.write_text(json.dumps(tasks), encoding="utf-8")
    with other_of(source, tmp_path / "other", kind) as other:
        told = other.files.import_labels(file)
        assert {one.reason for one in told.problems} == {"no label"}
        assert rows_of(other, tmp_path) == rows_of(project, tmp_path)
        again = other.files.import_labels(file)
        assert (again.n_stored, again.n_known) == (0, 4)


def test_what_cannot_be_taken_is_counted_and_named(answered, tmp_path):
    project, kind, _ = answered
    project.files.export(tmp_path / "tasks.json", "label-studio")
    task = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))[4]
    task |= {"annotations": [{"result": [{"type": "polygonlabels", "value": {}}]}],
             "predictions": [{"result": []}]}  # fmt: skip
    foreign = [task, {"data": {"image": "elsewhere.png", "text": "Elsewhere."}, "id": 7}, 3]
    (tmp_path / "tasks.json").write_text(json.dumps(foreign), encoding="utf-8")
    told = project.files.import_labels(tmp_path / "tasks.json")
    assert [one.reason for one in told.problems] == [
        f"no {kind}, but polygonlabels", "no such item", "no task: it has no 'data'",
    ]  # fmt: skip
    assert f"1 results of the type 'polygonlabels' are no {kind}: passed over." in told.said()
    assert "1 predictions are of models, and no person's word: passed over." in told.said()


def test_a_text_may_hold_several_items(tmp_path):
    source = texts(tmp_path)
    value = {"start": 13, "end": 16, "text": "Bob", "labels": ["person"]}
    tasks = [{"data": {"text": "\n".join(TEXTS[:3])},
              "annotations": [{"result": [{"type": "labels", "value": value}]}]}]  # fmt: skip
    (tmp_path / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    with other_of(source, None, "spans") as project:
        assert project.files.import_labels(tmp_path / "tasks.json").n_stored == 3
        second = project.asked([*project.items][1]).answer
        assert [(s.start, s.end, s.label) for s in second.spans] == [(0, 3, "person")]


@pytest.mark.parametrize("kind", ["class", "labels", "spans"])
def test_predictions_there_are_suggestions_here_when_they_are_asked_for(tmp_path, kind):
    value = {"start": 0, "end": 3, "text": "Ada", "labels": ["person"]}
    chosen = {"type": "choices", "value": {"choices": ["person"]}}
    result = {"type": "labels", "value": value} if kind == "spans" else chosen
    tasks = [{"id": 8, "data": {"text": TEXTS[0]}, "predictions": [{"result": [result]}]},
             {"id": 9, "data": {"text": TEXTS[1]}}]  # fmt: skip
    (tmp_path / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    with Project.create(texts(tmp_path), classes=["person", "place"], kind=kind) as project:
        told = project.files.import_predictions(tmp_path / "tasks.json")
        assert told.said() == ["1 predictions imported.", "1 skipped, no prediction: task 9."]
        guess = project.asked(next(iter(project.items))).guess
        assert guess.by == "tasks.json"
        assert "person" in guess.name


@pytest.mark.parametrize("damaged", [
    [["Ada", [{"box": "no", "label": "cat", "start": [1], "end": 2}]], ["Bo"], 7], 8,
])  # fmt: skip
def test_what_is_damaged_in_its_meta_loses_no_answer(answered, damaged, tmp_path):
    project, kind, source = answered
    project.files.export(tmp_path / "tasks.json", "label-studio")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))[:1]
    tasks[0]["meta"]["sparing"] |= {"votes": damaged, kind: damaged}
    (tmp_path / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    with other_of(source, tmp_path / "other", kind) as other:
        assert other.files.import_labels(tmp_path / "tasks.json").n_stored == 1


@pytest.fixture
def project(tmp_path):
    with other_of(photos(tmp_path), None, "boxes") as project:
        yield project


def rectangle(box, label="cat", size=(40, 30), **more):
    x0, y0, x1, y1 = (100 * v / size[i % 2] for i, v in enumerate(box))
    value = {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0, "rotation": 0,
             "rectanglelabels": [label]}  # fmt: skip
    return {"type": "rectanglelabels", "original_width": size[0], "original_height": size[1],
            "image_rotation": 0, "value": value, **more}  # fmt: skip


def hook(project, item_id, result, *, number=1, second=1, **more):
    said = {"id": number, "task": 1, "completed_by": 7, "result": result,
            "updated_at": f"2026-01-01T00:00:{second:02d}Z"}  # fmt: skip
    address = f"/data/local-files/?d=photos/{project.items[item_id].name}"
    task = {"id": 1, "data": {"image": address}}
    told = {"action": "ANNOTATION_UPDATED", "project": {"id": 1}, "annotation": said, "task": task}
    return project.files.studio.take(told | more)


def drawn(project, item_id):
    answer = project.asked(item_id).answer
    return None if answer is None else [(*b.box, b.label, b.by) for b in answer.boxes]


def test_boxes_that_are_drawn_there_are_learned_changed_and_taken_back(project):
    first, second, *_ = project.items
    both = [rectangle((1, 2, 11.5, 30), origin="prediction"), rectangle((0, 0, 4, 4), "dog")]
    assert hook(project, first, both) == {"learned": 1}
    wanted = [(0, 0, 4, 4, "dog", "drawn"), (1, 2, 11.5, 30, "cat", "accepted")]
    assert drawn(project, first) == wanted
    assert hook(project, first, both) == {"known already": 1}
    assert hook(project, first, both[1:], second=2) == {"learned": 1}
    assert drawn(project, first) == wanted[:1]
    assert hook(project, first, both, second=1) == {"late": 1}
    assert hook(project, second, [], number=2) == {"learned": 1}
    assert drawn(project, second) == []  # no object is an answer
    deleted = {"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 1}], "annotation": None}
    assert hook(project, first, [], **deleted) == {"unlearned": 1}
    assert drawn(project, first) is None


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([rectangle((0, 0, 4, 4), size=(30, 40))], "drawn in a picture of 30 x 40 pixels"),
        ([rectangle((0, 0, 4, 4)) | {"image_rotation": 90}], "that is turned"),
        ([rectangle((0, 0, 400, 4))], "must be"),
        ([{"type": "polygonlabels", "value": {}}], "no boxes, but polygonlabels"),
        ([rectangle((0, 0, 4, 4)) | {"value": {}}], "without numbers"),
    ],
)
def test_a_rectangle_that_does_not_fit_is_named_and_no_answer(project, results, why):
    first = next(iter(project.items))
    (told,) = hook(project, first, results)
    assert told.startswith("not learned")
    assert why in told
    assert drawn(project, first) is None


def test_a_rectangle_that_is_there_twice_is_taken_once(project, tmp_path):
    twice = [rectangle((0, 0, 4, 4)), rectangle((0, 0, 4, 4)), rectangle((0, 0, 4, 4), "dog")]
    tasks = [{"data": {"image": "1.jpg"}, "annotations": [{"result": twice}]}]
    (tmp_path / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    told = project.files.import_labels(tmp_path / "tasks.json")
    assert "1 boxes are there twice in their picture: taken once." in told.said()
    _, second, *_ = project.items
    assert {label for *_, label, _ in drawn(project, second)} == {"cat", "dog"}
    assert len(drawn(project, second)) == 2


def test_pictures_are_ordered_as_they_are_asked_by_a_control_for_rectangles(project):
    project.retrain()
    tasks = [{"data": {"image": f"/data/upload/1/0a1b2c3d-{i}.jpg"}} for i in range(5)]
    told = project.files.studio.predict([*tasks, {"data": {"image": "other.jpg"}}], CONFIG)
    scores = [one["score"] for one in told]
    assert scores[5] == 1.0
    assert min(scores) == 0.0
    assert len({*scores[:5]}) > 1
    with pytest.raises(Exception, match="no <RectangleLabels> that mark parts of a picture"):
        project.files.studio.predict(tasks, interface_for("image", ["cat"]))


def test_a_guess_is_shown_with_how_sure_each_box_is(project):
    item = project.items[next(iter(project.items))]
    guess = Guess("", 0.5, boxes=(MarkedBox((10, 0, 20, 15), "cat", score=0.75),))
    (result,) = shown_in(Interface("box", "picture", ()), "boxes", item.within, told_by(guess))
    assert (result["from_name"], result["to_name"]) == ("box", "picture")
    assert result["score"] == 0.75
    assert (result["original_width"], result["original_height"]) == item.size == (40, 30)
    told = [result["value"][key] for key in ("x", "y", "width", "height")]
    assert told == [25, 0, 25, 50]

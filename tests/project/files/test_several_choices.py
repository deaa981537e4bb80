"""Several labels an item on the way to Label Studio and back, and into no folders."""

import json

import pytest

from sparing.cli.app import run
from sparing.datasets.label_studio import interface_for
from sparing.project import NewEvent, Project
from sparing.project.log.meaning import as_said
from sparing.store import Kind

THINGS = ["an umbrella", "a kite", "both of them", "neither", "left out", "who knows", "the last"]
TEXTS = [f"{thing} was seen on a long day in autumn" for thing in THINGS]
NAMES = ["rain", "wind"]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("text\n" + "\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def project(source):
    with Project.create(source, classes=NAMES, kind="labels", encoder="text") as project:
        say(project, 0, ["rain"], "Ada")
        say(project, 1, ["wind"], "Ada", confirmed=True)
        say(project, 2, ["wind", "rain"], "Ada")
        say(project, 3, [], "Ben")
        say(project, 4, None, "Ben")
        say(project, 5, ["rain", "wind"], "Ada", beside=True)
        say(project, 5, ["wind"], "Ben", beside=True)
        yield project


def say(project, place, labels, who, **more):
    event = NewEvent(
        key=f"{place} {who}", kind=Kind.SKIP if labels is None else Kind.LABEL,
        item_id=list(project.items)[place],
        class_name=None if labels is None else as_said(labels), annotator=who, **more,
    )  # fmt: skip
    (done,) = project.record([event])
    assert done.status == "stored", done


def tasks_of(project, tmp_path):
    project.files.export(tmp_path / "tasks.json", "label-studio")
    return json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))


def chosen(result):
    return [one["value"]["choices"] for one in result]


def rows_of(project, tmp_path):
    file = tmp_path / "rows.jsonl"
    project.files.export(file, "jsonl")
    kept = ("item", "label", "labels", "state", "provenance", "annotator", "opinions")
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [{name: line[name] for name in kept} for line in lines]


def test_several_labels_are_several_choices(project, tmp_path):
    said = [task["annotations"] for task in tasks_of(project, tmp_path)]
    assert [[chosen(one["result"]) for one in task] for task in said] == [
        [[["rain"]]], [[["wind"]]], [[["rain", "wind"]]], [[]], [[]],
        [[["rain", "wind"]], [["wind"]]], [],
    ]  # fmt: skip
    assert [task[0]["was_cancelled"] for task in said[:5]] == [False] * 4 + [True]


def test_they_come_back_as_they_were_and_once(project, source, tmp_path):
    tasks_of(project, tmp_path)
    with Project.create(source, folder=tmp_path / "other", kind="labels") as other:
        told = other.files.import_labels(tmp_path / "tasks.json")
        assert {one.reason for one in told.problems} <= {"no label"}
        assert rows_of(other, tmp_path) == rows_of(project, tmp_path)
        assert other.files.import_labels(tmp_path / "tasks.json").n_stored == 0
    assert project.files.import_labels(tmp_path / "tasks.json").n_stored == 0


def test_what_people_chose_there_is_read_whatever_its_order(project, tmp_path):
    tags = {"from_name": "t", "to_name": "text", "type": "choices"}
    said = {"result": [tags | {"value": {"choices": ["wind", "rain"]}}], "completed_by": 1}
    task = {"id": 1, "data": {"text": TEXTS[-1]}, "annotations": [said]}
    (tmp_path / "export.json").write_text(json.dumps([task]), encoding="utf-8")
    assert project.files.import_labels(tmp_path / "export.json").n_stored == 1
    assert rows_of(project, tmp_path)[-1]["labels"] == ["rain", "wind"]


def test_guesses_are_predictions_of_several_choices(project, tmp_path):
    project.retrain()
    ((prediction,),) = [task["predictions"] for task in tasks_of(project, tmp_path)[6:]]
    assert all({*labels} <= {*NAMES} for labels in chosen(prediction["result"]))
    task = {"id": 1, "data": {"text": TEXTS[-1]}}
    config = interface_for("text", NAMES, several=True)
    (live,) = project.files.studio.predict([task], config)
    assert chosen(live["result"]) == chosen(prediction["result"])


def test_a_live_annotation_of_several_choices_is_learned_and_taken_back(project, tmp_path):
    tags = {"type": "choices", "value": {"choices": ["wind", "sun"]}}
    told = {
        "action": "ANNOTATION_CREATED",
        "task": {"id": 1, "data": {"text": TEXTS[-1]}},
        "annotation": {"id": 7, "task": 1, "completed_by": 1, "result": [tags]},
    }
    assert project.files.studio.take(told) == {"learned": 1}
    assert rows_of(project, tmp_path)[-1]["labels"] == ["wind", "sun"]
    told["action"] = "ANNOTATION_DELETED"
    assert project.files.studio.take(told) == {"unlearned": 1}
    assert rows_of(project, tmp_path)[-1]["labels"] is None


def test_a_folder_for_a_set_of_labels_is_refused_in_one_line(project, tmp_path, capsys):
    folder = project.folder
    project.close()
    assert run(["export", str(folder), str(tmp_path / "out"), "--format", "folders"]) == 1
    line = capsys.readouterr().err.strip()
    assert "the items of this project have several labels" in line
    assert "\n" not in line
    assert not (tmp_path / "out").exists()

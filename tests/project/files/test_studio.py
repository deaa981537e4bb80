"""Labels that go to Label Studio and come from it: nothing is lost, and nothing becomes more."""

import json

import pytest

from sparing.cli.app import run
from sparing.project import Project
from sparing.store import Kind, NewEvent

TEXTS = ["warm and soft", "cold & hard", "warm too", "so cold", "neither", "warm", "cold", "last"]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("text\n" + "\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def project(source):
    with Project.create(source, classes=["warm", "cold"]) as project:
        yield project


def ids(project):
    return dict(zip(TEXTS, project.items, strict=True))


def say(project, key, kind, of, **more):
    event = NewEvent(key=key, kind=kind, item_id=ids(project)[of], **more)
    (done,) = project.record([event])
    assert done.status == "stored", done


def annotation(label, **more):
    result = [{"from_name": "l", "to_name": "t", "type": "choices", "value": {"choices": [label]}}]
    return {"result": result if label else [], "was_cancelled": label is None, **more}


def imported(project, tasks, tmp_path):
    file = tmp_path / "export.json"
    file.write_text(json.dumps(tasks), encoding="utf-8")
    return project.files.import_labels(file)


def held(project):
    rows = project.history(limit=100)[1]
    return {row.item.fields["text"]: row.answer.class_name for row in rows if row.answer}


def test_what_people_said_comes_in_and_what_cannot_is_named(project, tmp_path):
    tasks = [
        {"id": 1, "data": {"text": "warm"}, "annotations": [annotation("warm", completed_by=3)]},
        {"id": 2, "data": {"text": "cold"}, "annotations": [annotation(None)]},
        {"id": 3, "data": {"text": "elsewhere"}, "annotations": [annotation("warm")]},
        {"id": 4, "data": {"text": "last"}, "annotations": [{"result": []}]},
        {"id": 5, "data": {"text": "neither"}, "annotations": [annotation("tepid")],
         "predictions": [{"result": []}]},
        {"id": 6, "data": {"text": "so cold"}, "annotations": [
            {"result": [{"type": "rectanglelabels", "value": {}}]}]},
        {"id": 7, "data": {"text": "warm too"}, "annotations": []},
        "no task",
    ]  # fmt: skip
    told = imported(project, tasks, tmp_path)
    assert held(project) == {"warm": "warm", "cold": None, "neither": "tepid"}
    assert told.n_stored == 3
    assert {one.name: one.reason for one in told.problems} == {
        "task 3": "no such item",
        "task 4": "an annotation of nothing",
        "task 6": "no choice, but rectanglelabels",
        "task 7": "no label",
        "task 8": "no task: it has no 'data'",
    }
    assert "1 predictions are of models, and no person's word: passed over." in told.said()
    again = imported(project, tasks, tmp_path)
    assert (again.n_stored, again.n_known) == (0, 3)


def test_of_one_person_the_newest_counts_and_several_stand_beside_each_other(project, tmp_path):
    by = {"email": "ada@x.y"}
    tasks = [
        {"data": {"text": "warm"}, "annotations": [
            annotation("cold", completed_by=by, updated_at="2026-01-02"),
            annotation("warm", completed_by=by, updated_at="2026-01-01")]},
        {"data": {"text": "cold"}, "annotations": [
            annotation("cold", completed_by=1), annotation("warm", completed_by=2)]},
    ]  # fmt: skip
    imported(project, tasks, tmp_path)
    assert held(project)["warm"] == "cold"
    (differ,) = project.team.disagreements()
    assert differ.votes == (("user 1", "cold"), ("user 2", "warm"))


@pytest.fixture
def answered(project):
    """Labels of every provenance that people give."""
    say(project, "a", Kind.LABEL, "warm", class_name="warm", annotator="Ada")
    say(project, "b", Kind.LABEL, "cold", class_name="cold", annotator="Ada", confirmed=True)
    say(project, "c", Kind.SKIP, "neither", annotator="Ben")
    say(project, "d", Kind.LABEL, "so cold", class_name="cold")
    say(project, "e", Kind.FLAG, "last")
    say(project, "f", Kind.COMMENT, "last", text="<b>odd</b>")
    for who, name in (("Ada", "warm"), ("Ben", "cold")):
        say(project, f"g{who}", Kind.LABEL, "warm too", class_name=name, annotator=who,
            beside=True)  # fmt: skip
    return project


def rows_of(project, tmp_path, form="jsonl"):
    file = tmp_path / f"rows.{form}"
    project.files.export(file, form)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    forgotten = ("at", "item_id", "source", "model_version", "propensity", "strategy")
    return [{k: v for k, v in line.items() if k not in forgotten} for line in lines]


def test_nothing_is_lost_on_the_way_to_label_studio_and_into_another_project(
    answered, source, tmp_path
):
    file = tmp_path / "tasks.json"
    answered.files.export(file, "label-studio")
    tasks = json.loads(file.read_text(encoding="utf-8"))
    assert [task["data"] for task in tasks] == [{"text": text} for text in TEXTS]
    with Project.create(source, folder=tmp_path / "other", classes=["warm", "cold"]) as other:
        told = other.files.import_labels(file)
        assert {one.reason for one in told.problems} <= {"no label"}
        assert rows_of(other, tmp_path) == rows_of(answered, tmp_path)


def test_people_keep_their_names_where_label_studio_knows_one_user_alone(
    answered, source, tmp_path
):
    file = tmp_path / "tasks.json"
    answered.files.export(file, "label-studio")
    tasks = json.loads(file.read_text(encoding="utf-8"))
    for i, task in enumerate(tasks):  # as its export gives them back
        task |= {"id": i, "project": 1}
        for j, one in enumerate(task["annotations"]):
            one |= {"id": 10 * i + j, "completed_by": 1, "updated_at": f"2026-01-01T00:00:0{j}Z"}
    with Project.create(source, folder=tmp_path / "other", classes=["warm", "cold"]) as other:
        imported(other, tasks, tmp_path)
        assert rows_of(other, tmp_path) == rows_of(answered, tmp_path)


def test_what_a_model_says_is_a_prediction_and_never_an_annotation(answered, tmp_path):
    answered.retrain()
    file = tmp_path / "tasks.json"
    answered.files.export(file, "label-studio")
    tasks = {t["data"]["text"]: t for t in json.loads(file.read_text(encoding="utf-8"))}
    guessed = tasks["cold & hard"]
    assert guessed["annotations"] == []
    (said,) = guessed["predictions"]
    assert said["model_version"] == f"sparing-{answered.status().model_version}"
    assert 0 <= said["score"] <= 1
    assert tasks["warm"]["predictions"] == []


def test_a_photograph_is_an_address_of_label_studio_and_is_found_by_it(tmp_path):
    import numpy as np
    from PIL import Image

    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a b.png", "c.png", "d.png"):
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(folder / name)
    with Project.create(folder, classes=["cat"]) as project:
        project.files.export(tmp_path / "tasks.json", "label-studio")
        tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
        assert tasks[0]["data"] == {"image": "/data/local-files/?d=photos/a%20b.png"}
        foreign = [
            {"data": tasks[0]["data"], "annotations": [annotation("cat")]},
            {"data": {"image": "/data/upload/1/0a1b2c3d-c.png"}},
        ]
        foreign[1]["annotations"] = [annotation("cat")]
        assert imported(project, foreign, tmp_path).n_stored == 2


def test_the_commands_take_and_make_a_json_file(answered, tmp_path, capsys):
    folder = answered.folder
    answered.close()
    file = tmp_path / "out.json"
    assert run(["export", str(folder), str(file)]) == 0
    assert len(json.loads(file.read_text(encoding="utf-8"))) == len(TEXTS)
    assert run(["import", str(folder), str(file)]) == 0
    assert "0 labels imported, 5 were there already." in capsys.readouterr().out
    rows = [{"item": "line 9", "label": "warm"}]  # a table in JSON is no export of Label Studio
    file.write_text(json.dumps(rows))
    assert run(["import", str(folder), str(file)]) == 0
    assert "1 labels imported." in capsys.readouterr().out

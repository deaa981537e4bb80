"""The backend, by a client that speaks as Label Studio does: what is asked, what is learned."""

import base64
import warnings

import pytest

from sparing.project import Project
from sparing.project.files import live
from sparing.store import Kind, NewEvent
from sparing.web.app import create_app
from sparing.web.studio import PATHS, StudioEntry, create_backend

with warnings.catch_warnings():  # Starlette would rather have httpx2; schemathesis brings httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8123"
CONFIG = """<View><Text name="text" value="$legs"/><Choices name="kind" toName="text">
<Choice value="fur"/><Choice value="feathers"/></Choices></View>"""


class Trainer:
    """Counts how often it is woken; learns when it is told to."""

    woken = 0

    def wake(self):
        self.woken += 1


class Client:
    """Label Studio, as far as a backend sees it."""

    def __init__(self, project, trainer=None, app=None):
        self.project = project
        self.entry = StudioEntry(project.where.secret)
        app = app or create_backend(project, trainer, self.entry)
        self.http = TestClient(app, base_url=BASE)
        self.auth = ("sparing", self.entry.password)
        self.n_said = 0

    def tasks(self):
        return [
            {"id": i, "data": {"legs": "?"}, "meta": {"sparing": {"item_id": item_id}}}
            for i, item_id in enumerate(self.project.items)
        ]

    def predict(self, tasks=None):
        body = {"tasks": self.tasks() if tasks is None else tasks, "project": "1.1",
                "label_config": CONFIG, "params": {"context": None}}  # fmt: skip
        answer = self.http.post("/predict", json=body, auth=self.auth)
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    def annotation(self, number, place, label, *, user=1, at=None):
        self.n_said += 1
        result = [{"from_name": "kind", "to_name": "text", "type": "choices",
                   "value": {"choices": [label]}}]  # fmt: skip
        return {"id": number, "task": place, "completed_by": user, "was_cancelled": label is None,
                "result": result if label else [],
                "updated_at": f"2026-01-01T00:00:{at or self.n_said:02d}Z"}  # fmt: skip

    def hook(self, action, **told):
        body = {"action": action, "project": {"id": 1, "title": "pets"}, **told}
        header = {"x-sparing-token": self.entry.password}
        answer = self.http.post("/webhook", json=body, headers=header)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def annotate(self, number, place, label, *, action="ANNOTATION_CREATED", **more):
        said = self.annotation(number, place, label, **more)
        return self.hook(action, annotation=said, task=self.tasks()[place])


@pytest.fixture
def project(tmp_path):
    source = tmp_path / "pets.csv"
    lines = [f"{2 + 2 * (i % 2)},{1 - i % 2},{i}" for i in range(24)]
    source.write_text("legs,wings,number\n" + "\n".join(lines) + "\n", encoding="utf-8")
    with Project.create(source, classes=["fur", "feathers"]) as project:
        yield project


@pytest.fixture
def client(project):
    return Client(project, Trainer())


def held(project):
    places = {item_id: i for i, item_id in enumerate(project.items)}
    rows = project.history(limit=100)[1]
    return {places[row.item.item_id]: row.answer.class_name for row in rows if row.answer}


def test_it_is_there_and_says_which_model_is_the_newest(client, project):
    assert client.http.get("/health", auth=client.auth).json() == {
        "status": "UP", "model_class": "sparing", "told": {},
    }  # fmt: skip
    told = {"project": "1.17", "schema": CONFIG, "hostname": "http://x", "access_token": "abc"}
    before = client.http.post("/setup", json=told, auth=client.auth).json()["model_version"]
    client.annotate(1, 0, "feathers")
    client.annotate(2, 1, "fur")
    project.retrain()
    after = client.http.post("/setup", json=told, auth=client.auth).json()["model_version"]
    assert before != after == f"sparing-{project.status().model_version}"
    assert client.http.get("/versions", auth=client.auth).json()["versions"][-1] == after
    kept = b"".join(p.read_bytes() for p in project.folder.rglob("*") if p.is_file())
    assert b"abc" not in kept.replace(b"abcdef", b"")  # no token is stored


def test_scores_order_tasks_by_what_the_policy_asks_next(client, project):
    assert len(client.predict()) == 24  # before anything is learned too
    for place in range(6):
        client.annotate(place, place, "fur" if place % 2 else "feathers")
    project.retrain()
    results = client.predict()
    asked = {a.item.item_id: a for a in project.query(5)}
    places = {item_id: i for i, item_id in enumerate(project.items)}
    by_score = sorted(range(24), key=lambda i: results[i]["score"])
    open_ones = [i for i in by_score if i >= 6]
    assert open_ones[:5] == [places[item_id] for item_id in asked]
    assert all(0 <= one["score"] <= 1 for one in results)
    first = results[open_ones[0]]
    (said,) = first["result"]
    assert (said["from_name"], said["to_name"], said["type"]) == ("kind", "text", "choices")
    assert said["meta"]["text"] == [next(iter(asked.values())).why]
    assert said["value"]["choices"][0] in ("fur", "feathers")


def test_what_is_no_item_here_has_an_empty_prediction_and_is_counted(client):
    tasks = [{"id": 1, "data": {"text": "nobody"}}, {"id": 2}, *client.tasks()[:1]]
    results = client.predict(tasks)
    assert [one["result"] for one in results[:2]] == [[], []]
    assert len(results) == 3
    told = client.http.get("/health", auth=client.auth).json()["told"]
    assert told["asked of: no such item"] == 1
    assert told["asked of: no task: it has no 'data'"] == 1


def test_labels_are_learned_changed_and_taken_back(client, project):
    assert client.annotate(1, 0, "feathers") == {"learned": 1}
    assert client.annotate(1, 0, "fur", action="ANNOTATION_UPDATED") == {"learned": 1}
    assert held(project) == {0: "fur"}
    assert client.hook("ANNOTATIONS_DELETED", annotations=[{"id": 1}]) == {"unlearned": 1}
    assert project.status().n_labeled == 0
    client.annotate(2, 3, None)
    assert held(project) == {3: None}
    trainer = client.http.app.state.trainer
    assert trainer.woken == 4
    client.hook("START_TRAINING")
    assert trainer.woken == 5


def test_many_come_at_once(client, project):
    said = [client.annotation(i, i, "fur") for i in range(3)]
    told = client.hook("ANNOTATIONS_CREATED", annotation=said, task=client.tasks()[:3])
    assert told == {"learned": 3}
    assert held(project) == dict.fromkeys(range(3), "fur")
    assert client.hook("ANNOTATIONS_DELETED", annotations=[{"id": i} for i in range(3)]) == {
        "unlearned": 3
    }


def test_what_comes_again_or_late_changes_nothing(client, project):
    first = client.annotation(1, 0, "feathers")
    newer = client.annotation(1, 0, "fur")
    task = client.tasks()[0]
    assert client.hook("ANNOTATION_UPDATED", annotation=newer, task=task) == {"learned": 1}
    assert client.hook("ANNOTATION_CREATED", annotation=first, task=task) == {live.LATE: 1}
    assert client.hook("ANNOTATION_UPDATED", annotation=newer, task=task) == {live.KNOWN: 1}
    assert held(project) == {0: "fur"}
    client.hook("ANNOTATIONS_DELETED", annotations=[{"id": 1}])
    assert client.hook("ANNOTATIONS_DELETED", annotations=[{"id": 1}]) == {live.NOT_KNOWN: 1}
    for said in (first, newer):
        assert client.hook("ANNOTATION_CREATED", annotation=said, task=task) == {live.LATE: 1}
    assert held(project) == {}


def test_what_comes_again_or_late_changes_nothing_after_a_restart_either(project, tmp_path):
    client = Client(project)
    task = client.tasks()[0]
    first, second, blank, newest = (client.annotation(1, 0, "fur") for _ in range(4))
    blank["result"] = []  # submitted, and nothing chosen
    gone, unknown = client.annotation(2, 1, "fur"), client.annotation(3, 2, "fur")
    client.hook("ANNOTATION_UPDATED", annotation=second, task=task)
    client.hook("ANNOTATION_UPDATED", annotation=blank, task=task)
    client.hook("ANNOTATION_CREATED", annotation=gone, task=client.tasks()[1])
    client.hook("ANNOTATIONS_DELETED", annotations=[{"id": 2}, {"id": 3}])
    assert held(project) == {}
    folder = project.folder
    project.close()
    with Project.open(folder) as again:
        client = Client(again)
        for late in (first, second):
            assert client.hook("ANNOTATION_CREATED", annotation=late, task=task) == {live.LATE: 1}
        for late in (gone, unknown):  # one of them was deleted before anything was heard of it
            told = client.hook("ANNOTATION_CREATED", annotation=late, task=client.tasks()[2])
            assert told == {live.LATE: 1}
        assert held(again) == {}
        assert client.hook("ANNOTATION_UPDATED", annotation=newest, task=task) == {"learned": 1}
        assert held(again) == {0: "fur"}
    with Project.open(folder) as third:
        told = Client(third).hook("ANNOTATION_UPDATED", annotation=newest, task=task)
        assert told == {live.KNOWN: 1}
        assert held(third) == {0: "fur"}


def test_nothing_that_is_told_breaks_it(client, project):
    for told in (
        {}, {"annotation": None, "task": None}, {"annotation": {}, "task": {}},
        {"annotation": [1, "a"], "task": [None]}, {"annotation": {"id": 1}, "task": {"data": 3}},
        {"annotations": [None]}, {"annotations": {"id": None}}, {"project": [1]},
    ):  # fmt: skip
        for action in ("ANNOTATION_CREATED", "ANNOTATIONS_DELETED", "PROJECT_UPDATED", None):
            client.hook(action, **told)
    assert project.status().n_labeled == 0
    for path, body in (("/predict", {}), ("/predict", {"tasks": [], "label_config": "<"}),
                       ("/setup", {"schema": ""})):  # fmt: skip
        answer = client.http.post(path, json=body, auth=client.auth)
        assert answer.status_code == 422
        assert answer.json()["error"]["message"]


def test_two_people_stand_beside_each_other_and_a_page_beside_both(client, project):
    item_id = next(iter(project.items))
    key = NewEvent(key="page", kind=Kind.LABEL, item_id=item_id, class_name="fur", annotator="Ada")
    project.record([key])
    assert client.annotate(1, 0, "feathers", user=7) == {"learned": 1}
    (differ,) = project.team.disagreements()
    assert differ.votes == (("Ada", "fur"), ("user 7", "feathers"))
    client.hook("ANNOTATIONS_DELETED", annotations=[{"id": 1}])
    assert held(project) == {0: "fur"}  # of the other person nothing is taken back


def test_while_the_model_is_checked_nothing_is_told_of_what_was_drawn_or_learned_from_it(
    client, project
):
    for place in range(12):
        client.annotate(place, place, "fur" if place % 2 else "feathers")
    project.retrain()
    project.audits.draw(0.3, 0.2)
    drawn = [a.item.item_id for a in project.audits.query(3)]
    places = {item_id: i for i, item_id in enumerate(project.items)}
    results = client.predict()
    assert all(results[places[item_id]]["result"] == [] for item_id in drawn)
    told = client.annotate(99, places[drawn[0]], "fur")
    ((outcome, n),) = told.items()
    assert n == 1
    assert outcome.startswith("not learned: A check of the model rests on this item")
    assert project.audits.query(3)[0].item.item_id == drawn[0]


@pytest.mark.parametrize("path", sorted(PATHS))
def test_nobody_else_comes_in(client, path):
    call = client.http.get if path in ("/health", "/versions") else client.http.post
    wrong = base64.b64encode(b"sparing:wrong").decode()
    other = base64.b64encode(f"ada:{client.entry.password}".encode()).decode()
    for headers in (
        {}, {"authorization": f"Basic {wrong}"}, {"authorization": f"Basic {other}"},
        {"authorization": "Basic \x7f"}, {"x-sparing-token": "wrong"},
        {"x-sparing-token": client.entry.password, "origin": BASE},
        {"x-sparing-token": client.entry.password, "host": "evil.example"},
    ):  # fmt: skip
        answer = call(path, headers=headers)
        assert answer.status_code == 401
        assert client.entry.password not in answer.text


def test_beside_the_page_each_has_a_door_of_its_own(project):
    entry = StudioEntry(project.where.secret)
    with_it = Client(project, app=create_app(project, backend=entry))
    assert with_it.http.get("/health", auth=with_it.auth).json()["status"] == "UP"
    assert with_it.annotate(1, 0, "fur") == {"learned": 1}
    assert with_it.http.get("/api/state", auth=with_it.auth).status_code == 401
    assert "<title>" in with_it.http.get("/").text
    without = Client(project, app=create_app(project))
    assert without.http.get("/health", auth=with_it.auth).status_code in (401, 404)

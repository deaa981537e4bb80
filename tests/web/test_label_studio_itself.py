"""The released Label Studio, on loopback, with the backend beside it: what it does with both.

``.ci/run`` installs it. Skipped where it is not: ``pip install label-studio`` into an environment
of its own, some 290 MB, and ``SPARING_LABEL_STUDIO`` names its command.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
from PIL import Image

from sparing.datasets.label_studio import interface_for
from sparing.project import Project

COMMAND = os.environ.get("SPARING_LABEL_STUDIO") or shutil.which("label-studio")
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105  # of a server that the test starts
USER, PASSWORD = "ada@example.org", "a long password"
SMILE = "🙂 Ada sat."
PATIENCE = 400.0  # seconds: its database is made first
TEXTS = [
    f"{'warm' if i % 2 else 'cold'} {'day' if i % 3 else 'night'} number {i}" for i in range(24)
]
pytestmark = pytest.mark.skipif(
    COMMAND is None, reason="needs Label Studio: SPARING_LABEL_STUDIO names its command"
)


def waited_for(what, patience=PATIENCE):
    end = time.monotonic() + patience
    while True:
        try:
            found = what()
        except httpx.HTTPError:
            found = None
        if found:
            return found
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)


@contextmanager
def running(command, folder, **environment):
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, env=os.environ | environment
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """Its API, as its one user."""
    folder = tmp_path_factory.mktemp("studio")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        COMMAND, "start", "--data-dir", folder, "--internal-host", "127.0.0.1", "-p", str(port),
        "-b", "--username", USER, "--password", PASSWORD, "--user-token",
        TOKEN, "--enable-legacy-api-token",
    ]  # fmt: skip
    allowed = {
        "LABEL_STUDIO_ML_BLOCK_LOCAL_IP": "false",
        "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "false",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
    }
    headers = {"Authorization": f"Token {TOKEN}"}
    base = f"http://127.0.0.1:{port}"
    with (
        running(command, folder, **allowed),
        httpx.Client(base_url=base, headers=headers, timeout=120) as client,
    ):
        waited_for(lambda: client.get("/api/projects").status_code == 200)
        yield client


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("text\n" + "\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


def ok(answer):
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def result(*labels):
    return [{"from_name": "label", "to_name": "text", "type": "choices",
             "value": {"choices": [*labels]}}]  # fmt: skip


def made_there(studio, title, config, tasks):
    """The number of a new project there, with these tasks."""
    number = ok(studio.post("/api/projects", json={"title": title, "label_config": config}))["id"]
    ok(studio.post(f"/api/projects/{number}/import", json=tasks))
    return number


@contextmanager
def connected(studio, number, folder, tmp_path):
    """The backend of a folder, which a project there asks and tells: asks it as that does."""
    command = [sys.executable, "-m", "sparing", "backend", str(folder)]
    with running(command, tmp_path) as backend, httpx.Client(timeout=60) as direct:
        url, user, password = re.search(
            r"(http://\S+/) with user (\S+) and password (\S+)", backend.stdout.readline()
        ).groups()
        header = re.search(r"header (\S+): (\S+)", backend.stdout.readline()).groups()
        direct.base_url, direct.auth = url, (user, password)
        asked = {
            "project": number, "url": url, "title": "sparing", "auth_method": "BASIC_AUTH",
            "basic_auth_user": user, "basic_auth_pass": password,
        }  # fmt: skip
        ok(studio.post("/api/ml", json=asked))
        hook = {"url": url + "webhook", "project": number, "headers": dict([header])}
        ok(studio.post("/api/webhooks/", json=hook | {"send_for_all_actions": True}))
        yield direct


def told(backend):
    return backend.get("/health").json()["told"]


def tasks_there(studio, number):
    there = ok(studio.get("/api/tasks", params={"project": number, "page_size": 100}))
    return {task["data"]["text"]: task["id"] for task in there["tasks"]}


def annotated(studio, task, *labels):
    made = ok(studio.post(f"/api/tasks/{task}/annotations/", json={"result": result(*labels)}))
    return made["id"]


def predicted(studio, number):
    """What the backend says of all tasks of a project there, which asks it."""
    asked = {"selectedItems": {"all": True, "excluded": []}, "project": str(number)}
    action = {"id": "retrieve_tasks_predictions", "project": number}
    ok(studio.post("/api/dm/actions", params=action, json=asked))
    return ok(studio.get("/api/predictions", params={"project": number}))


def newest(backend, config):
    return backend.post("/setup", json={"schema": config}).json()["model_version"]


def exported(studio, number, path):
    export = studio.get(f"/api/projects/{number}/export", params={"exportType": "JSON"})
    path.write_bytes(export.content)
    return path


def labels_of(project):
    rows = project.history(limit=99)[1]
    return {row.item.item_id: row.answer.class_name for row in rows if row.answer}


def test_it_asks_what_the_backend_says_and_what_is_deleted_there_is_unlearned(
    studio, source, tmp_path
):
    with Project.create(source, classes=["warm", "cold"]) as project:
        folder = project.folder
        project.files.export(tmp_path / "tasks.json", "label-studio")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    config = interface_for("text", ["warm", "cold"])
    number = made_there(studio, "days", config, tasks)
    with connected(studio, number, folder, tmp_path) as backend:
        there = tasks_there(studio, number)
        made = {text: annotated(studio, there[text], text.split()[0]) for text in TEXTS[:8]}
        waited_for(lambda: told(backend).get("learned") == 8)
        waited_for(lambda: newest(backend, config) not in ("sparing-0", "sparing-1"))
        said = predicted(studio, number)
        assert len(said) == len(TEXTS)
        (version,) = {one["model_version"] for one in said}
        assert version.startswith("sparing-")
        scores = {one["task"]: one["score"] for one in said}
        open_ones = [there[text] for text in TEXTS if text not in made]
        uncertain = {"sampling": "Uncertainty sampling", "model_version": version}
        ok(studio.patch(f"/api/projects/{number}", json=uncertain))
        first = ok(studio.get(f"/api/projects/{number}/next"))
        assert first["id"] == min(open_ones, key=scores.get)
        ok(studio.delete(f"/api/annotations/{made[TEXTS[0]]}/"))
        waited_for(lambda: told(backend).get("unlearned") == 1)
        ok(studio.patch(f"/api/annotations/{made[TEXTS[1]]}/", json={"result": result("cold")}))
        waited_for(lambda: told(backend).get("learned") == 9)
    export = exported(studio, number, tmp_path / "export.json")
    with (
        Project.open(folder, writable=False) as here,
        Project.create(source, folder=tmp_path / "again", classes=["warm", "cold"]) as again,
    ):
        again.files.import_labels(export)
        assert len(labels_of(here)) == 7
        assert labels_of(again) == labels_of(here)


def test_several_labels_go_there_are_learned_live_and_come_back(studio, source, tmp_path):
    names = ["warm", "day"]
    options = {"classes": names, "kind": "labels", "encoder": "text"}

    def right(text):
        return [name for name in names if name in text.split()]

    with Project.create(source, **options) as project:
        folder, ids = project.folder, dict(zip(TEXTS, project.items, strict=True))
        project.teach({ids[TEXTS[0]]: [], ids[TEXTS[1]]: names}, "Ada")
        project.files.export(tmp_path / "tasks.json", "label-studio")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    config = interface_for("text", names, several=True)
    number = made_there(studio, "tags", config, tasks)
    with connected(studio, number, folder, tmp_path) as backend:
        there = tasks_there(studio, number)
        made = {text: annotated(studio, there[text], *right(text)) for text in TEXTS[2:14]}
        waited_for(lambda: told(backend).get("learned") == 12)
        waited_for(lambda: newest(backend, config) != "sparing-0")
        chosen = {}
        for one in predicted(studio, number):
            found = [name for r in one["result"] for name in r["value"]["choices"]]
            chosen[one["task"]] = found
        assert {*map(len, chosen.values())} <= {0, 1, 2}
        assert any(chosen.values())
        ok(studio.delete(f"/api/annotations/{made[TEXTS[2]]}/"))
        waited_for(lambda: told(backend).get("unlearned") == 1)
    with connected(studio, number, folder, tmp_path) as backend:  # the backend, started again
        change = {"result": result("day", "warm")}
        ok(studio.patch(f"/api/annotations/{made[TEXTS[3]]}/", json=change))
        waited_for(lambda: told(backend).get("learned") == 1)
    export = exported(studio, number, tmp_path / "export.json")
    with (
        Project.open(folder, writable=False) as here,
        Project.create(source, folder=tmp_path / "again", **options) as again,
    ):
        again.files.import_labels(export)
        assert len(labels_of(here)) == 13
        assert labels_of(again) == labels_of(here)


def rectangle(number, label):
    value = {"x": 25, "y": 10, "width": 50, "height": 20, "rotation": 0, "rectanglelabels": [label]}
    return {
        "from_name": "label", "to_name": "image", "type": "rectanglelabels", "id": f"r{number}",
        "original_width": 40, "original_height": 30, "image_rotation": 0, "value": value,
    }  # fmt: skip


def parts_of(project):
    """The parts of each answer, by what is shown of its item."""
    answered = [row for row in project.history(limit=99)[1] if row.answer]
    boxes = {
        row.item.name: [(tuple(one.box), one.label, one.by) for one in row.answer.boxes]
        for row in answered
        if row.answer.boxes is not None
    }
    spans = {
        row.item.text: [(one.start, one.end, one.label, one.by) for one in row.answer.spans]
        for row in answered
        if row.answer.spans is not None
    }
    return {name: sorted(parts) for name, parts in (boxes | spans).items()}


def test_boxes_go_there_are_learned_live_and_come_back(studio, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(4):
        Image.new("L", (40, 30), 60 * i).save(photos / f"{i}.png")
    options = {"classes": ["cat", "dog"], "kind": "boxes", "encoder": "pixels"}
    with Project.create(photos, **options) as project:
        folder, ids = project.folder, list(project.items)
        drawn = [(1, 2, 11.5, 30, "dog"), (0, 0, 4.25, 4, "cat")]
        project.teach({ids[0]: [], ids[1]: drawn}, "Ada")
        project.files.export(tmp_path / "tasks.json", "label-studio")
        before = parts_of(project)
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    number = made_there(studio, "boxes", interface_for("image", ["cat", "dog"], boxes=True), tasks)
    with connected(studio, number, folder, tmp_path) as backend:
        there = {
            task["data"]["image"].rsplit("/", 1)[1]: task["id"]
            for task in ok(studio.get("/api/tasks", params={"project": number}))["tasks"]
        }
        made = [
            ok(studio.post(f"/api/tasks/{there[f'{i}.png']}/annotations/",
                           json={"result": [rectangle(i, "cat")]}))["id"]
            for i in (2, 3)
        ]  # fmt: skip
        waited_for(lambda: told(backend).get("learned") == 2)
        ok(studio.delete(f"/api/annotations/{made[0]}/"))
        waited_for(lambda: told(backend).get("unlearned") == 1)
        ok(studio.patch(f"/api/annotations/{made[1]}/", json={"result": []}))
        waited_for(lambda: told(backend).get("learned") == 3)
    export = exported(studio, number, tmp_path / "export.json")
    with (
        Project.open(folder, writable=False) as here,
        Project.create(photos, folder=tmp_path / "again", **options) as again,
    ):
        again.files.import_labels(export)
        assert parts_of(again) == parts_of(here) == before | {"3.png": []}


def test_spans_go_there_are_shown_where_they_are_and_come_back(studio, tmp_path, browser):
    source = tmp_path / "names.txt"
    source.write_text(f"Ada met Bob.\nBob sat.\nNobody.\n{SMILE}\n", encoding="utf-8")
    options = {"classes": ["person"], "kind": "spans"}
    with Project.create(source, **options) as project:
        ids = list(project.items)
        project.teach({ids[0]: [(0, 3, "person")], ids[2]: [], ids[3]: [(2, 5, "person")]}, "Ada")
        project.files.export(tmp_path / "tasks.json", "label-studio")
        before = parts_of(project)
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    number = made_there(studio, "spans", interface_for("text", ["person"], spans=True), tasks)
    export = exported(studio, number, tmp_path / "export.json")
    with Project.create(source, folder=tmp_path / "again", **options) as again:
        again.files.import_labels(export)
        assert parts_of(again) == before
        assert {row.answer.annotator for row in again.history()[1] if row.answer} == {"Ada"}
    page = browser.new_context().new_page()
    page.goto(f"{studio.base_url}/user/login")
    page.locator("input[name=email]").fill(USER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(f"{studio.base_url}/projects/{number}/data?task={tasks_there(studio, number)[SMILE]}")
    page.wait_for_selector(".htx-highlight", timeout=PATIENCE * 1000)
    assert page.locator(".htx-highlight").all_text_contents() == ["Ada"]

"""The released Label Studio, on loopback, with the backend beside it: what it does with both.

Skipped where it is not installed: ``pip install label-studio`` into an environment of its own, and
``SPARING_LABEL_STUDIO`` names its command. It fetches some 290 MB, too much for every run.
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

from sparing.datasets.label_studio import interface_for
from sparing.project import Project

COMMAND = os.environ.get("SPARING_LABEL_STUDIO") or shutil.which("label-studio")
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105  # of a server that the test starts
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
        "-b", "--username", "ada@example.org", "--password", "a long password", "--user-token",
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


def result(label):
    return [{"from_name": "label", "to_name": "text", "type": "choices",
             "value": {"choices": [label]}}]  # fmt: skip


def test_it_asks_what_the_backend_says_and_what_is_deleted_there_is_unlearned(
    studio, source, tmp_path
):
    with Project.create(source, classes=["warm", "cold"]) as project:
        folder = project.folder
        project.files.export(tmp_path / "tasks.json", "label-studio")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    config = interface_for("text", ["warm", "cold"])
    number = ok(studio.post("/api/projects", json={"title": "days", "label_config": config}))["id"]
    ok(studio.post(f"/api/projects/{number}/import", json=tasks))
    command = [sys.executable, "-m", "sparing", "backend", str(folder)]
    with running(command, tmp_path) as backend, httpx.Client(timeout=60) as direct:
        url, user, password = re.search(
            r"(http://\S+/) with user (\S+) and password (\S+)", backend.stdout.readline()
        ).groups()
        header = re.search(r"header (\S+): (\S+)", backend.stdout.readline()).groups()

        def told():
            return direct.get(url + "health", auth=(user, password)).json()["told"]

        connected = {
            "project": number, "url": url, "title": "sparing", "auth_method": "BASIC_AUTH",
            "basic_auth_user": user, "basic_auth_pass": password,
        }  # fmt: skip
        ok(studio.post("/api/ml", json=connected))
        hook = {"url": url + "webhook", "project": number, "headers": dict([header])}
        ok(studio.post("/api/webhooks/", json=hook | {"send_for_all_actions": True}))
        there = ok(studio.get("/api/tasks", params={"project": number, "page_size": 100}))
        there = {task["data"]["text"]: task["id"] for task in there["tasks"]}
        made = {
            text: ok(studio.post(f"/api/tasks/{there[text]}/annotations/",
                                 json={"result": result(text.split()[0])}))["id"]
            for text in TEXTS[:8]
        }  # fmt: skip
        waited_for(lambda: told().get("learned") == 8)
        schema = {"schema": config}

        def newest():
            answer = direct.post(url + "setup", json=schema, auth=(user, password)).json()
            return answer["model_version"]

        waited_for(lambda: newest() not in ("sparing-0", "sparing-1"))
        asked = {"selectedItems": {"all": True, "excluded": []}, "project": str(number)}
        action = {"id": "retrieve_tasks_predictions", "project": number}
        ok(studio.post("/api/dm/actions", params=action, json=asked))
        said = ok(studio.get("/api/predictions", params={"project": number}))
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
        waited_for(lambda: told().get("unlearned") == 1)
        ok(studio.patch(f"/api/annotations/{made[TEXTS[1]]}/", json={"result": result("cold")}))
        waited_for(lambda: told().get("learned") == 9)
    exported = studio.get(f"/api/projects/{number}/export", params={"exportType": "JSON"})
    (tmp_path / "export.json").write_bytes(exported.content)
    with (
        Project.open(folder, writable=False) as here,
        Project.create(source, folder=tmp_path / "again", classes=["warm", "cold"]) as again,
    ):
        again.files.import_labels(tmp_path / "export.json")
        labels = [
            {row.item.item_id: row.answer.class_name for row in one.history(limit=99)[1]}
            for one in (here, again)
        ]
        assert len(labels[0]) == 7
        assert labels[0] == labels[1]

"""A stand-in for a project, so that the door is tested apart from the engine room."""

import warnings
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from sparing.agreement import Agreement
from sparing.audit import Phase
from sparing.errors import NotFoundError
from sparing.project import Project
from sparing.project.items import Item
from sparing.project.views import Asked, Disagreement, Guidelines, Recorded, Status
from sparing.web.app import create_app

with warnings.catch_warnings():  # Starlette would rather have httpx2; schemathesis brings httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8123"
SAME_ORIGIN = {"origin": BASE, "sec-fetch-site": "same-origin"}


class StandIn:
    """Says the same few things always, of whatever items a test puts in."""

    id, name, secret, phase = "stand-in", "photos", "not very secret", Phase.LABEL
    places = (("cat", 0), ("dog", 1))

    def __init__(self, folder, items):
        self.folder, self.root = folder, folder
        self._by_id = {item.item_id: item for item in items}
        self.items = SimpleNamespace(get=self._get)
        self.events = []

    def _get(self, item_id):
        if item_id not in self._by_id:
            raise NotFoundError(f"There is no item '{item_id}'.")
        return self._by_id[item_id]

    def asked(self, item_id, annotator=""):
        return Asked(self._get(item_id), "because", "strategy", None, 1, ("cat", 0.9))

    def query(self, n, exclude=(), annotator=""):
        ids = [i for i in self._by_id if i not in set(exclude)]
        return [self.asked(item_id) for item_id in ids[:n]]

    audit_next = handback_next = query

    def record(self, events):
        self.events += events
        return [Recorded(e.key, len(self.events), "stored") for e in events]

    def status(self):
        return Status(
            n_items=len(self._by_id), n_labeled=0, n_skipped=0, n_left=len(self._by_id),
            n_flagged=0, class_counts={}, phase=self.phase, accuracy=None, curve=(),
            advice=(False, "Go on."), model_version=0, n_behind=0, encoded=(0, 0),
            trainer=("off", ""), notes=(), audit=None, certificate=None, n_handback_left=0, seq=0,
        )  # fmt: skip

    def history(self, search, offset, limit, annotator=""):
        return 0, []

    def look_again(self, limit, annotator=""):
        return [(self.asked(i), "unlikely") for i in self._by_id]

    overlap = 0.1

    def people(self):
        return {"Ada": 3}

    def agreement(self):
        return Agreement(0, "No item has two labels.")

    def disagreements(self):
        votes = (("Ada", "cat"), ("Ben", None))
        return [Disagreement(self.asked(i), votes, ("cat", 0.5), False) for i in self._by_id]

    def guidelines(self):
        return [Guidelines(1, "k", "2026-01-01T00:00:00+00:00", "Ada", "Look twice.")]

    def set_guidelines(self, text, annotator, seen):
        self.said = (text, annotator, seen)

    def export(self, path, kind):
        Path(path).write_text("item\n", encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    texts = [Item(f"t{i}", f"line {i}", "text", text=f"text {i}") for i in range(3)]
    return StandIn(tmp_path, texts)


@contextmanager
def entered(project):
    app = create_app(project)
    with TestClient(app, base_url=BASE, headers=SAME_ORIGIN) as browser:
        assert browser.post("/session", json={"token": app.state.door.token}).status_code == 204
        yield browser


@pytest.fixture(name="enter")
def enter_fixture():
    """Lets a browser into the page of a project."""
    return entered


@pytest.fixture
def client(project):
    """A browser that came in by the link."""
    with entered(project) as browser:
        yield browser


@pytest.fixture
def real(tmp_path):
    """The same, on a real project of sixty texts."""
    table = tmp_path / "notes.csv"
    lines = [f"{'warm sun' if i % 2 else 'cold rain'} number {i}" for i in range(60)]
    table.write_text("\n".join(["text", *lines]), encoding="utf-8")
    with Project.create(table, classes=["good", "bad"]) as made, entered(made) as browser:
        yield browser


@pytest.fixture
def stranger(project):
    """A browser that did not."""
    with TestClient(create_app(project), base_url=BASE) as browser:
        yield browser

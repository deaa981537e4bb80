"""The library, the command line and the page: one state behind all doors."""

import csv
import warnings
from dataclasses import replace

import numpy as np

from sparing.cli.projects import import_labels, next_items
from sparing.project import Project
from sparing.project.audits import draws
from sparing.web.app import create_app

with warnings.catch_warnings():  # Starlette would rather have httpx2; schemathesis brings httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8123"


def numbers(folder):
    X = np.linspace(-1, 1, 200, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    np.save(folder / "x.npy", X)
    return folder / "x.npy"


def truth(project):
    return {i: "low" if row < 100 else "high" for row, i in enumerate(project.items)}


def answer_by_table(source, labels, path):
    next_items(source, n=200, out=path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    for row in rows:
        row["label"] = labels.get(row["item_id"], "")
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    import_labels(source, path)


def certify_in_the_page(project):
    """Come in by the link, as a browser does, and ask for the certificate."""
    app = create_app(project)
    with TestClient(app, base_url=BASE, headers={"origin": BASE}) as browser:
        browser.post("/session", json={"token": app.state.door.token}).raise_for_status()
        nothing = {"phase": "audit", "items": [], "n_elsewhere": 0}
        assert browser.get("/api/next").json() == nothing
        made = browser.post("/api/certify", json={})
        assert made.status_code == 200
    return made.json()["statement"]


def log(project):
    """The events without what tells one run from another: keys, times, hashes, notes of imports."""
    events = [e for e in project.store.events() if e.kind != "imported"]
    numbered = {e.seq: n for n, e in enumerate(events)}
    ids = {e.key: f"class {e.class_name}" for e in events if e.kind == "add_class"}
    hashed = ("audit_drawn", "certified")  # their text is the hash of a file
    return [
        replace(
            e,
            seq=numbered[e.seq],
            key="",
            at="",
            class_id=ids.get(e.class_id),
            text=None if e.kind in hashed else e.text,
        )
        for e in events
    ]


def test_ask_in_the_library_answer_on_the_command_line_certify_in_the_page(tmp_path, monkeypatch):
    # The key of a draw is fresh; here it is not, so that both projects draw the same items.
    monkeypatch.setattr(draws, "fresh_key", lambda: "5" * 64)
    for name in ("one", "mixed"):
        (tmp_path / name).mkdir()
    with Project.create(numbers(tmp_path / "one"), classes=["low", "high"]) as one:
        right = truth(one)
        one.retrain()
        asked = [a.item.item_id for a in one.query(30)]
        one.teach({item: right[item] for item in asked})
        one.retrain()
        one.audits.draw(0.1)
        drawn = [a.item.item_id for a in one.audits.query(200)]
        one.teach({item: right[item] for item in drawn})
        certificate = one.audits.certify()
        wanted = log(one)

    source = numbers(tmp_path / "mixed")
    folder = tmp_path / "mixed" / "x.npy.sparing"
    with Project.create(source, classes=["low", "high"]) as project:
        project.retrain()
        assert [a.item.item_id for a in project.query(30)] == asked
    answer_by_table(source, {item: right[item] for item in asked}, tmp_path / "ask.csv")
    with Project.open(folder) as project:
        project.retrain()
        project.audits.draw(0.1)
        assert [a.item.item_id for a in project.audits.query(200)] == drawn
    answer_by_table(source, right, tmp_path / "check.csv")
    with Project.open(folder) as project:
        assert certify_in_the_page(project) == certificate.statement
        made = project.status().certificate
        named = {
            name: getattr(made, name)
            for name in ("predictions", "audit", "items", "answers", "log", "event")
        }
        assert replace(certificate, **named) == made  # by hash: this project's classes, its moments
        assert log(project) == wanted

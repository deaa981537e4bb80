"""One odd item never stops the others, behind any door, and is shown as far as it can be."""

import json
import warnings

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from sparing.cli.projects import export, next_items, status
from sparing.encoders import cache
from sparing.project import Project
from sparing.project.source import contents, vectors
from sparing.project.source.listing import list_source
from sparing.web.app import create_app
from sparing.web.bodies import GuessBody, ItemBody

with warnings.catch_warnings():  # Starlette would rather have httpx2; schemathesis brings httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8123"
HALF = "cut off in an emoji about dogs \ud83d"
SHOWN = "cut off in an emoji about dogs �"


@pytest.fixture
def cut(tmp_path):
    """A table of texts, one of which ends in half a character; so does a column's name."""
    rows = [{"text": f"a message about cats number {i}", "n\udc00": "\ud83d"} for i in range(9)]
    lines = [json.dumps(row) for row in [*rows, {"text": HALF}]]
    (tmp_path / "m.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path / "m.jsonl"


def test_half_a_character_stops_no_door(cut, tmp_path, capsys):
    made = Project.create(cut, columns=["text"], classes=["cats", "dogs"])
    with made as project:
        ids = {item.text: item_id for item_id, item in project.items.items()}
        project.teach({ids[SHOWN]: "dogs"})
        with visit(project) as browser:
            asked = browser.get("/api/next", params={"n": 20}).json()["items"]
            assert len(asked) == 9
            history = browser.get("/api/history").json()["rows"]
            assert [row["item"]["text"] for row in history] == [SHOWN]
    next_items(str(cut), n=20, out=tmp_path / "ask.csv")
    for kind in ("csv", "jsonl", "folders"):
        export(str(cut), tmp_path / f"out.{kind}", kind)
    status(str(cut))
    (written,) = (tmp_path / "out.folders").glob("person/dogs/*")
    assert written.read_text() == SHOWN


def test_half_a_character_in_a_row_is_shown_too(cut):
    fields = list_source(str(cut), ["n\udc00", "text"]).item(0).fields
    assert fields == {"n�": "�", "text": "a message about cats number 0"}


def visit(project):
    app = create_app(project)
    browser = TestClient(app, base_url=BASE, headers={"origin": BASE})
    browser.post("/session", json={"token": app.state.door.token}).raise_for_status()
    return browser


def test_a_huge_text_goes_out_by_its_beginning(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "huge.txt").write_text("many words " * 1_000_000)
    (tmp_path / "texts" / "good.txt").write_text("some words")
    with Project.create(tmp_path / "texts", tmp_path / "p") as project, visit(project) as browser:
        answer = browser.get("/api/next", params={"n": 9})
        assert len(answer.content) < 150_000
        shown = {a["item"]["name"]: a["item"]["text"] for a in answer.json()["items"]}
    assert shown["good.txt"] == "some words"
    last = "… The first 100,000 of 11,000,000 characters are shown; the model reads all."
    assert shown["huge.txt"].splitlines()[-1] == last


def test_a_row_of_very_many_columns_goes_out_by_its_first(tmp_path):
    header = ",".join(f"gene{i}" for i in range(3000))
    rows = [",".join(str(i * j % 7) for j in range(3000)) for i in range(4)]
    (tmp_path / "t.csv").write_text("\n".join([header, *rows]) + "\n")
    with Project.create(tmp_path / "t.csv") as project, visit(project) as browser:
        fields = browser.get("/api/next").json()["items"][0]["item"]["fields"]
    assert len(fields) == 201
    assert fields["…"] == "2,800 more columns, which the model reads"


def test_a_picture_that_goes_bad_while_others_are_encoded_is_named(tmp_path, monkeypatch):
    for i in range(5):
        Image.effect_noise((30, 30), 50).save(tmp_path / f"{i}.png")
    real = vectors.vectors_of

    def encoded(*told):
        (tmp_path / "3.png").write_bytes(b"not any more")
        return real(*told)

    monkeypatch.setattr(vectors, "vectors_of", encoded)
    with Project.create(tmp_path, tmp_path / "p") as project:
        project.retrain()
        unread = [(item.name, item.reason) for item in project._guarded._state.unreadable]
    assert unread == [("3.png", "not an image that can be read")]


def test_vectors_of_encoders_that_have_changed_are_made_anew():
    assert contents.VERSION == cache.VERSION


def test_vectors_of_older_versions_are_made_anew(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(8, dtype=np.float32))
    with Project.create(tmp_path / "x.npy") as project:
        rows = project.store.items()
        now = contents.fingerprint(rows, "auto")
        assert now != _before(rows)


def _before(rows):
    from hashlib import blake2b

    digest = blake2b(b"auto", digest_size=16)
    for item in rows:
        digest.update(f"{item.row} {item.item_id} {item.size}:{item.mtime_ns}\n".encode())
    return digest.hexdigest()


def test_of_a_huge_text_nothing_is_marked_behind_what_is_shown():
    item = {"item_id": "a", "name": "a", "kind": "text", "text": "a " * 60_000}
    body = ItemBody(**item, tokens=[e for i in range(0, 120_000, 2) for e in (i, i + 1)])
    assert (len(body.tokens), body.tokens[-1]) == (100_000, 99_999)
    span = {"label": "x", "by": "accepted", "version": 1, "certainty": 0.9}
    spans = [{**span, "start": start, "end": start + 1} for start in (0, 99_999, 100_000)]
    guess = TypeAdapter(GuessBody).validate_python(("x", 0.9, None, spans, "", None, []))
    assert [one.start for one in guess[3]] == [0, 99_999]

"""Who may do what: owners, settlers, annotators; and nobody undoes what others have said."""

import warnings
from contextlib import contextmanager

import pytest

from sparing.project import NewEvent, Project
from sparing.store import Kind
from sparing.store.leasing import MOST_LEASED
from sparing.web.api import MAX_EVENTS
from sparing.web.app import create_app
from sparing.web.roles import Role

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8123"
ANNOTATE, SETTLE, OWN = Role
OF_OWNERS = [
    ("POST", "/api/audit", {"epsilon": 0.1}),
    ("POST", "/api/certify", {}),
    ("POST", "/api/resume", {}),
    ("POST", "/api/folders", {}),
    ("POST", "/api/guidelines", {"text": "Look twice."}),
    ("POST", "/api/rights", {"may_add_classes": False}),
    ("POST", "/api/links", {"role": "owner"}),
    ("POST", "/api/sessions/end-others", {}),
    ("GET", "/api/export", None),
    ("GET", "/api/unmatched", None),
    ("POST", "/api/unmatched/match", {"pairs": {"a": "b"}}),
    ("POST", "/api/unmatched/match-by", {"by": "id"}),
]


@pytest.fixture
def notes(tmp_path):
    table = tmp_path / "notes.csv"
    lines = [f"{'warm sun' if i % 2 else 'cold rain'} number {i}" for i in range(30)]
    table.write_text("\n".join(["text", *lines]), encoding="utf-8")
    with Project.create(table, classes=["good", "bad"]) as project:
        yield project


@pytest.fixture
def let_in(notes):
    """Let in one browser a role, each by a link of its own."""
    app = create_app(notes)

    @contextmanager
    def enter(role, name=""):
        with TestClient(app, base_url=BASE, headers={"origin": BASE}) as browser:
            token = app.state.door.invite(role)
            assert browser.post("/session", json={"token": token}).status_code == 204
            assert browser.post("/api/name", json={"name": name}).status_code == 204
            yield browser

    return enter


def say(browser, key, kind, **more):
    (told,) = browser.post("/api/events", json=[{"key": key, "kind": kind, **more}]).json()
    return told["status"], told["message"]


@pytest.mark.parametrize(("method", "path", "body"), OF_OWNERS)
@pytest.mark.parametrize("role", [ANNOTATE, SETTLE])
def test_what_an_owner_does_is_refused_to_others(let_in, method, path, body, role):
    with let_in(role) as browser:
        answer = browser.request(method, path, json=body)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (403, "not-allowed")
        assert "owner" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "path", "body"), OF_OWNERS)
def test_an_owner_is_not_refused(let_in, method, path, body):
    with let_in(OWN) as browser:
        assert browser.request(method, path, json=body).status_code != 403


def test_each_role_says_what_it_may_and_the_page_is_told_the_role(let_in, notes):
    item = next(iter(notes.items))
    notes.record([NewEvent(key="first", kind=Kind.LABEL, item_id=item, class_name="good")])
    told = {}
    for role in Role:
        with let_in(role, role.value) as browser:
            assert browser.get("/api/state").json()["role"] == role.value
            told[role] = [
                say(browser, f"{role}-{kind}", kind, **more)[0]
                for kind, more in (
                    ("flag", {"item_id": item}),
                    ("add_class", {"class_name": f"by {role}"}),
                    ("settled", {"item_id": item, "class_name": "bad", "seen": "first"}),
                    ("rename_class", {"class_name": "good", "text": "fine"}),
                )
            ]
    assert told[ANNOTATE] == ["stored", "stored", "refused", "refused"]
    assert told[SETTLE] == ["stored", "stored", "stored", "refused"]
    assert told[OWN] == ["stored", "stored", "duplicate", "stored"]


def test_a_key_that_comes_twice_lends_nobody_a_right(let_in, notes):
    item = next(iter(notes.items))
    rename = {"key": "k", "kind": "rename_class", "class_name": "good", "text": "mine"}
    label = {"key": "k", "kind": "label", "item_id": item, "class_name": "bad"}
    for events in ([rename, label], [label, rename]):
        with let_in(ANNOTATE, "Ben") as browser:
            told = browser.post("/api/events", json=events).json()
        assert [t["status"] for t, e in zip(told, events, strict=True) if e is rename] == [
            "refused"
        ]
    assert "mine" not in dict(notes.classes)


def test_what_an_owner_without_a_name_said_of_classes_no_annotator_takes_back(let_in, notes):
    with let_in(OWN) as owner, let_in(ANNOTATE, "Ben") as ben, let_in(ANNOTATE) as nameless:
        say(nameless, "own", "label", item_id=next(iter(notes.items)), class_name="bad")
        say(owner, "rename", "rename_class", class_name="good", text="great")
        assert say(ben, "u1", "undo", undoes="rename")[0] == "refused"
        assert say(nameless, "u2", "undo", undoes="rename")[0] == "refused"
        assert say(nameless, "u3", "undo")[0] == "stored"  # the label: the last that is theirs
        assert dict(notes.classes).keys() == {"great", "bad"}
        assert notes.status().n_labeled == 0
        assert say(owner, "u4", "undo", undoes="rename")[0] == "stored"


def test_what_was_settled_is_replaced_by_those_alone_who_may_settle(let_in, notes):
    item = next(iter(notes.items))
    notes.record([NewEvent(key="a", kind=Kind.LABEL, item_id=item, class_name="good")])
    with let_in(SETTLE, "Sam") as sam, let_in(ANNOTATE, "Ada") as ada:
        settle = {"item_id": item, "class_name": "bad", "seen": "a"}
        assert say(sam, "s", "settled", **settle)[0] == "stored"
        for kind, more in (("label", {"class_name": "good"}), ("skip", {})):
            status, why = say(ada, f"over-{kind}", kind, item_id=item, seen="s", **more)
            assert (status, "decided" in why) == ("refused", True)
        assert say(ada, "u", "undo", undoes="s")[0] == "refused"
        again = {"item_id": item, "class_name": "good", "seen": "s"}
        assert say(sam, "again", "label", **again)[0] == "stored"


def test_an_owner_may_keep_classes_to_themselves(let_in):
    with let_in(OWN) as owner, let_in(ANNOTATE) as other:
        assert owner.post("/api/rights", json={"may_add_classes": False}).status_code == 204
        assert other.get("/api/state").json()["may_add_classes"] is False
        assert say(other, "a", "add_class", class_name="new") == (
            "refused",
            "Adding a class is for an owner of the project.",
        )
        assert say(owner, "b", "add_class", class_name="new")[0] == "stored"


def test_only_who_settles_sees_what_others_said_of_an_item(let_in):
    with let_in(ANNOTATE) as browser:
        assert browser.get("/api/disagreements").status_code == 403
    with let_in(SETTLE) as browser:
        assert browser.get("/api/disagreements").status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_nobody_undoes_anothers_answer_by_its_key(let_in, notes, role):
    item = next(iter(notes.items))
    with let_in(ANNOTATE, "Ada") as ada, let_in(role, "Ben") as ben:
        assert say(ada, "hers", "label", item_id=item, class_name="good")[0] == "stored"
        status, message = say(ben, "undo-1", "undo", undoes="hers")
        assert status == "refused"
        assert "Somebody else" in message
        assert notes.status().n_labeled == 1
        assert say(ada, "undo-2", "undo", undoes="hers")[0] == "stored"
    assert notes.status().n_labeled == 0


def test_a_link_for_others_lets_one_browser_in_and_tells_the_role(let_in):
    with let_in(OWN) as owner:
        token = owner.post("/api/links", json={"role": "annotator"}).json()["token"]
        with TestClient(owner.app, base_url=BASE, headers={"origin": BASE}) as other:
            assert other.post("/session", json={"token": token}).status_code == 204
            assert other.get("/api/state").json()["role"] == "annotator"
            assert other.post("/session", json={"token": token}).status_code == 403
            assert other.get("/api/state").status_code == 200, "a used link closes nothing"


def test_what_is_no_item_is_not_leased_and_nobody_leases_all(let_in, notes):
    with let_in(ANNOTATE, "Ada") as browser:
        there = list(notes.items)[:2]
        body = {"holder": "tab", "keep": [*there, "nobody", "x" * 4000]}
        assert browser.post("/api/leases", json=body).json() == {"held": there}
    assert set(notes.store.leases()) == set(there)
    assert MOST_LEASED == MAX_EVENTS + 2 * 20  # a grid, and the items of two pages more

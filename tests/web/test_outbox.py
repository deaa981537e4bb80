"""Answers that are not saved yet: they go to their own project and person, or stay here."""

import json

import pytest
from tests.web import by_hand
from tests.web.by_hand import saved

from sparing.project import Project
from sparing.web.address import LOCAL
from sparing.web.app import create_app
from sparing.web.gate import Gate
from sparing.web.passwords import Passwords, hashed
from sparing.web.security import MEANT_FOR, PROJECT

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

HTML = (b"text/html", b"<!doctype html><title>Mine</title>")
STORED = (b"application/json", b'[{"key": "k", "status": "stored"}]')


def a_project(tmp_path, name):
    path = tmp_path / f"{name}.csv"
    lines = [f"{name} on a rainy day {i}" for i in range(12)]
    path.write_text("\n".join(["text", *lines]), encoding="utf-8")
    return Project.create(path, classes=["cat", "dog"])


def stranger(status, content, heard):
    """Another program, which answers whatever it is asked in the same way."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        body = (await receive()).get("body", b"")
        heard.append((scope["method"], scope["path"], body))
        headers = [(b"content-type", content[0])]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content[1]})

    return app


@pytest.fixture
def window(browser):
    context = browser.new_context()
    page = context.new_page()
    yield page
    context.close()


def press(page, key):
    page.wait_for_selector("#item .text")
    by_hand.press(page, key)


def entered(page, app, port):
    page.goto("about:blank")
    page.goto(f"http://127.0.0.1:{port}/#{app.state.door.token}")
    page.wait_for_selector("#item .text")


def n_labels(project):
    return sum(event.kind == "label" for event in project.store.events())


def line(page):
    return expect(page.locator("#saved"))


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (404, HTML),
        (403, HTML),
        (405, STORED),
        (429, STORED),
        (422, STORED),
        (200, HTML),
        (200, STORED),
    ],
)
def test_another_program_at_the_address_gets_no_answer_and_throws_none_away(
    tmp_path, served, window, status, content
):
    heard = []
    with a_project(tmp_path, "pets") as project:
        app = create_app(project)
        with served(app) as port:
            entered(window, app, port)
        with served(stranger(status, content, heard), port):
            press(window, "1")
            press(window, "2")
            line(window).to_contain_text("2 unsaved: kept in this browser")
            line(window).to_contain_text("Another program")
        with served(create_app(project), port):
            saved(window)
        assert n_labels(project) == 2
    assert {method for method, *_ in heard} == {"GET"}
    assert not any(body for *_, body in heard)


def test_answers_never_go_into_another_project_that_takes_the_address(tmp_path, served, window):
    with a_project(tmp_path, "pets") as pets, a_project(tmp_path, "wild") as wild:
        app, other = create_app(pets), create_app(wild)
        with served(other) as port:
            entered(window, other, port)  # the same browser is let in there too
        with served(app, port):
            entered(window, app, port)
        with served(other, port):
            press(window, "1")
            line(window).to_contain_text("Another program")
            window.reload()
            expect(window.locator("#name")).to_have_text("wild.csv")
            expect(window.locator("#notice")).to_contain_text("1 answer to another project")
            press(window, "2")
            saved(window)
        assert (n_labels(pets), n_labels(wild)) == (0, 1)
        with served(app, port):
            window.reload()
            expect(window.locator("#name")).to_have_text("pets.csv")
            saved(window)
            expect(window.locator("#count")).to_have_text("1")
        assert (n_labels(pets), n_labels(wild)) == (1, 1)


def test_every_answer_tells_whose_it_is(client, stranger):
    mark = client.app.state.door.mark
    answers = [client.get(path) for path in ("/", "/api/state", "/api/here", "/nope", "/media/t9")]
    answers += [stranger.get("/api/state"), client.post("/api/events", content=b"{")]
    answers += [client.get("/", headers={"host": "evil.example"})]
    assert {answer.headers[PROJECT] for answer in answers} == {mark}


def test_what_is_meant_for_somebody_else_is_not_taken(project, client):
    mine = client.get("/api/state").json()["id"]
    assert client.get("/api/here", headers={MEANT_FOR: mine}).status_code == 204
    event = {"key": "k", "kind": "skip", "item_id": "t0"}
    answer = client.post("/api/events", json=[event], headers={MEANT_FOR: "sparing-other"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "not-yours")
    assert project.events == []


def test_the_answers_of_one_person_are_not_sent_in_the_name_of_the_next(tmp_path, served, window):
    people = Passwords({"Ada": hashed("correct horse"), "Ben": hashed("battery staple")})
    with a_project(tmp_path, "pets") as project:
        app = create_app(project, door=Gate(project.where.secret, people, LOCAL))
        with served(app) as port:
            base = f"http://127.0.0.1:{port}"
            log_in(window, base, "Ada", "correct horse")
            window.route("**/api/events", lambda route: route.abort())
            press(window, "1")
            line(window).to_contain_text("1 unsaved")
            window.context.request.post(
                f"{base}/login",
                headers={"origin": base},
                data={"name": "Ben", "password": "battery staple"},
            )
            window.unroute_all()
            expect(window.locator("#card")).to_contain_text("Somebody else")
            line(window).to_contain_text("1 unsaved: kept in this browser")
            assert n_labels(project) == 0
            log_in(window, base, "Ada", "correct horse")
            window.reload()
            saved(window)
        assert [e.annotator for e in project.store.events() if e.kind == "label"] == ["Ada"]


def log_in(page, base, name, word):
    page.context.request.post(
        f"{base}/login", headers={"origin": base}, data={"name": name, "password": word}
    )
    page.goto(base)
    page.wait_for_selector("#item .text")


def test_without_a_place_to_keep_them_the_page_says_to_stay_open(tmp_path, served, window):
    window.add_init_script("indexedDB.open = () => { throw new Error('private'); };")
    with a_project(tmp_path, "pets") as project:
        app = create_app(project)
        with served(app) as port:
            entered(window, app, port)
        press(window, "1")
        line(window).to_contain_text("1 unsaved: kept in this tab alone")
        with served(create_app(project), port):
            saved(window)
        assert n_labels(project) == 1


def test_what_a_closed_tab_has_left_is_sent_by_the_one_that_is_open(tmp_path, served, window):
    with a_project(tmp_path, "pets") as project:
        app = create_app(project)
        with served(app) as port:
            entered(window, app, port)
            other = window.context.new_page()
            other.route("**/api/events", lambda route: route.abort())
            other.goto(window.url)
            other.wait_for_selector("#item .text")
            press(other, "1")
            line(other).to_contain_text("1 unsaved")
            other.close()
            expect(window.locator("#count")).to_have_text("1")
        assert n_labels(project) == 1


def test_an_answer_that_cannot_be_read_is_refused_by_name_and_said(tmp_path, served, window):
    with a_project(tmp_path, "pets") as project:
        app = create_app(project)
        with served(app) as port:
            entered(window, app, port)

            def spoiled(route):
                events = json.loads(route.request.post_data)
                events = [event | {"item_id": ""} for event in events]
                route.continue_(post_data=json.dumps(events))

            window.route("**/api/events", spoiled, times=1)
            press(window, "1")
            expect(window.locator("#notice")).to_contain_text("item_id")
            saved(window)
            press(window, "1")
            saved(window)
        assert n_labels(project) == 1

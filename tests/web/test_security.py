"""Only this machine, this origin, and a browser that came in by the link."""

import stat
from contextlib import ExitStack

import pytest
from starlette.datastructures import Headers

from sparing.web.door import Door
from sparing.web.pages import PAGES
from sparing.web.roles import Role
from sparing.web.security import MAX_BODY, refusal
from sparing.web.sessions import Sessions

BASE = "http://127.0.0.1:8123"
PATHS = ("/api/state", "/api/next", "/media/t0", "/api/export", "/api/history", "/nothing/here")


def kind(response):
    return response.json()["error"]["kind"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8123", "127.0.0.1.evil.example", "0.0.0.0:8123", "127.1", ""],
)
def test_a_foreign_host_is_refused_even_with_the_cookie(client, host):
    for path in ("/", "/api/state", "/static/main.js"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == 403
        assert kind(answer) == "foreign-host"


def test_the_machine_may_be_called_localhost(client):
    headers = {"host": "localhost:1", "origin": "http://localhost:1"}
    assert client.get("/", headers=headers).status_code == 200


def test_a_second_host_header_is_refused():
    headers = Headers(raw=[(b"host", b"127.0.0.1"), (b"host", b"evil.example")])
    assert refusal("GET", "/", headers, Door("s")).kind == "foreign-host"


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8123", f"{BASE}.x"],
)
def test_a_foreign_origin_is_refused(client, origin):
    answer = client.post("/api/resume", json={}, headers={"origin": origin})
    assert (answer.status_code, kind(answer)) == (403, "foreign-origin")
    assert client.get("/api/state", headers={"origin": origin}).status_code == 403


def test_whoever_changes_something_names_the_origin(client):
    del client.headers["origin"]
    assert client.get("/api/state").status_code == 200
    assert client.post("/api/events", json=[]).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_not_even_read(client, site):
    for path in (*PATHS, "/static/main.js"):
        assert client.get(path, headers={"sec-fetch-site": site}).status_code == 403


def test_a_link_elsewhere_may_open_the_page_but_nothing_else(stranger):
    link = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    }
    assert all(stranger.get(path, headers=link).status_code == 200 for path in PAGES)
    assert stranger.get("/api/state", headers=link).status_code == 403
    assert stranger.get("/", headers=link | {"sec-fetch-dest": "iframe"}).status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_without_the_cookie_there_is_nothing(stranger, path):
    answer = stranger.get(path)
    assert (answer.status_code, kind(answer)) == (401, "no-session")
    assert "'sparing label'" in answer.json()["error"]["message"]


def test_a_forged_or_foreign_cookie_opens_nothing(stranger):
    name = stranger.app.state.door.cookie_name
    for value in (f"{name}=", f"{name}=guess", "other=1", f"other={name}", "=;;;=", "\xff=\xff"):
        headers = {b"cookie": value.encode("latin-1")}
        assert stranger.get("/api/state", headers=headers).status_code == 401


def test_odd_cookies_of_other_local_apps_do_no_harm(client):
    door = client.app.state.door
    own = f"{door.cookie_name}={client.cookies[door.cookie_name]}"
    odd = {"cookie": f'a[]="; {own}; {{"x":1}}'}
    assert client.get("/api/state", headers=odd).status_code == 200


def test_the_link_works_once_and_the_next_token_is_told(project):
    from starlette.testclient import TestClient

    from sparing.web.app import create_app

    told = []
    app = create_app(project, door=Door(project.where.secret, told.append))
    first = app.state.door.token
    origin = {"origin": BASE}
    with TestClient(app, base_url=BASE, headers=origin) as browser:
        assert browser.post("/session", json={"token": first}).status_code == 204
    with TestClient(app, base_url=BASE, headers=origin) as thief:
        again = thief.post("/session", json={"token": first})
        assert (again.status_code, kind(again)) == (403, "used-link")
        assert thief.get("/api/state").status_code == 401
        assert thief.post("/session", json={"token": told[0]}).status_code == 204
        assert thief.get("/api/state").status_code == 200
    assert len(told) == 2
    assert len({first, *told}) == 3


def test_the_cookie_is_the_projects_own_and_out_of_reach_of_scripts(project, stranger):
    door = stranger.app.state.door
    answer = stranger.post("/session", json={"token": door.token}, headers={"origin": BASE})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert door.cookie_name in cookie
    assert door.cookie_name != Door("another secret").cookie_name
    assert project.where.secret not in cookie


def test_a_session_outlives_a_restart_but_not_the_secret(tmp_path):
    before = Door("secret", folder=tmp_path)
    cookie = f"{before.cookie_name}={before.redeem(before.token)}"
    after, other = Door("secret", folder=tmp_path), Door("other", folder=tmp_path)
    assert after.find(cookie)
    assert not other.find(cookie)
    assert not Door("secret").find(cookie), "it is of a folder"


def test_each_browser_has_a_session_of_its_own_that_can_be_ended(project):
    from starlette.testclient import TestClient

    from sparing.web.app import create_app

    app = create_app(project)
    origin = {"origin": BASE}
    with ExitStack() as stack:
        ada, ben, eve = (
            stack.enter_context(TestClient(app, base_url=BASE, headers=origin)) for _ in range(3)
        )
        for one in (ada, ben, eve):
            assert one.post("/session", json={"token": app.state.door.token}).status_code == 204
        assert len({one.cookies[app.state.door.cookie_name] for one in (ada, ben, eve)}) == 3
        assert eve.post("/logout").status_code == 204
        assert [one.get("/api/state").status_code for one in (ada, ben, eve)] == [200, 200, 401]
        assert ada.post("/api/sessions/end-others").json() == {"ended": 1}
        assert [one.get("/api/state").status_code for one in (ada, ben)] == [200, 401]


def test_a_session_has_a_limited_age_and_its_file_is_for_this_user_alone(tmp_path):
    now = [0.0]
    sessions = Sessions(10, 100, tmp_path / "sessions.json", lambda: now[0])
    used, idle = sessions.begin("Ada", Role.OWNER), sessions.begin("", Role.OWNER)
    for _ in range(14):
        now[0] += 8
        assert (sessions.find(used) is not None) == (now[0] < 100)
    assert sessions.find(idle) is None
    file = tmp_path / "sessions.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert used not in file.read_text(), "the file alone opens nothing"
    file.write_text("{")
    assert Sessions(10, 100, file, lambda: 0.0).find(used) is None


def test_a_folder_that_is_moved_away_ends_no_session_and_is_not_made_anew(tmp_path):
    folder = tmp_path / "pets.sparing"
    folder.mkdir()
    sessions = Sessions(10, 100, folder / "sessions.json", lambda: 0.0)
    cookie = sessions.begin("Ada", Role.OWNER)
    folder.rename(tmp_path / "moved")
    assert sessions.find(cookie).name == "Ada"
    sessions.rename(cookie, "Zoe")
    assert not folder.exists()


def test_two_servers_on_one_folder_know_each_others_sessions(tmp_path):
    one, two = (Sessions(10, 100, tmp_path / "sessions.json", lambda: 0.0) for _ in range(2))
    cookie = one.begin("Ada", Role.SETTLER)
    assert two.find(cookie).role is Role.SETTLER
    two.begin("Ben", Role.ANNOTATOR)
    one.end(cookie)
    assert two.find(cookie) is None
    assert len(one) == 1


def test_every_answer_carries_the_headers(client, stranger):
    answers = [client.get(p) for p in ("/", "/static/main.js", "/api/state", "/nope", "/media/t9")]
    answers += [stranger.get("/api/state"), client.get("/", headers={"host": "evil.example"})]
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in answer.headers
    policy = answers[0].headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_no_other_site_gets_a_preflight(client):
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    assert client.options("/api/events", headers=asked).status_code == 403


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_there_is_no_page_that_loads_scripts_from_elsewhere(client, path):
    assert client.get(path).status_code == 404


def test_a_body_that_is_too_long_is_refused(client):
    pieces = (b"[" + b" " * 70_000 for _ in range(MAX_BODY // 70_000 + 2))
    answer = client.post(
        "/api/events", content=pieces, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert "error" in answer.json()


def test_what_breaks_says_so_in_one_line_and_keeps_the_headers(client, project, caplog):
    project.status = lambda annotator: 1 / 0
    answer = client.get("/api/state")
    assert (answer.status_code, kind(answer)) == (500, "broken")
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../security.py",
        "/static/%2e%2e/security.py",
        "/static/..%2f..%2fsecurity.py",
        "/static//etc/passwd",
        "/media/../../../../etc/passwd",
        "/media/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/media//etc/passwd",
        "/media/C:%5cwindows",
        "/media/%00",
    ],
)
def test_no_path_leads_out(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "root:" not in answer.text
    assert "HMAC" not in answer.text

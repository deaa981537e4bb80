"""The way in by name and password, and the name of a browser that came in by the link."""

import warnings

import pytest

from sparing.web.address import HOSTS, Address
from sparing.web.app import create_app
from sparing.web.brake import Brake
from sparing.web.door import Door
from sparing.web.gate import LASTS, N_BUCKETS, Gate
from sparing.web.passwords import Passwords, hashed
from sparing.web.roles import Role
from sparing.web.sessions import MOST_OF_ONE, MOST_SESSIONS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

WORDS = {"Ada": "correct horse", "Ben": "battery staple"}
PEOPLE = Passwords({name: hashed(word) for name, word in WORDS.items()})
EVENT = {"key": "k1", "kind": "label", "item_id": "t0", "class_name": "cat"}
LAN = Address(HOSTS | {"labels.example"}, any_number=True)
TLS = Address(HOSTS | {"labels.example"}, any_number=True, scheme="https")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gate(project, clock):
    return Gate(project.where.secret, PEOPLE, LAN, clock)


@pytest.fixture
def browser(project, gate):
    yield from visitor(project, gate)


def visitor(project, gate):
    base = f"{gate.address.scheme}://labels.example:8123"
    headers = {"origin": base, "sec-fetch-site": "same-origin"}
    with TestClient(create_app(project, door=gate), base_url=base, headers=headers) as opened:
        yield opened


def log_in(browser, name="Ada", word=None):
    return browser.post("/login", json={"name": name, "password": word or WORDS[name]})


def kind(answer):
    return answer.json()["error"]["kind"]


def test_without_a_session_there_is_only_the_page_that_asks(browser):
    assert browser.get("/").status_code == 200
    for path in ("/api/state", "/api/next", "/media/t0", "/api/people", "/api/guidelines"):
        answer = browser.get(path)
        assert (answer.status_code, kind(answer)) == (401, "log-in")


def test_who_logs_in_answers_under_their_name(browser, project):
    assert log_in(browser).status_code == 204
    assert browser.get("/api/state").json()["annotator"] == "Ada"
    assert browser.post("/api/events", json=[EVENT]).status_code == 200
    assert project.events[0].annotator == "Ada"


@pytest.mark.parametrize("more", [{"annotator": "Ben"}, {"beside": True}, {"purpose": "audit"}])
def test_a_body_never_says_who_speaks(browser, project, more):
    log_in(browser)
    assert browser.post("/api/events", json=[EVENT | more]).status_code == 422
    assert project.events == []


@pytest.mark.parametrize("name", ["Ada", "Zoe", "ada", "", "x" * 201])
def test_a_wrong_name_or_password_opens_nothing_and_does_not_say_which(browser, name):
    answer = log_in(browser, name, "not it at all")
    assert answer.status_code in (403, 422)
    assert "set-cookie" not in answer.headers
    if answer.status_code == 403:
        assert answer.json()["error"]["message"] == "The name or the password is not right."
    assert browser.get("/api/state").status_code == 401


def test_the_link_lets_nobody_in_beside_the_passwords(browser):
    assert browser.post("/session", json={"token": "anything"}).status_code == 403


def test_guessing_slows_down_and_says_for_how_long(browser, clock):
    waits = []
    for _ in range(9):
        answer = log_in(browser, "Ada", "wrong horse")
        if answer.status_code == 429:
            assert kind(answer) == "too-early"
            waits.append(int(answer.headers["retry-after"]))
            clock.now += waits[-1]
            assert log_in(browser, "Ada", "wrong horse").status_code == 403
    assert waits == sorted(waits)
    assert waits[0] == 1
    assert len(waits) == 3
    too_early = log_in(browser)
    assert too_early.status_code == 429, "the right password waits like any other"
    clock.now += 400
    assert log_in(browser).status_code == 204


def test_a_name_is_guarded_from_many_addresses_and_nobody_is_locked_out_for_long(gate, clock):
    found = [gate.wait("Ada", f"198.51.100.{i}") for i in range(40)]
    assert found[:10] == [0] * 10
    assert max(found) > 0
    assert gate.wait("Ben", "203.0.113.1") == 0
    clock.now += 31
    assert gate.wait("Ada", "203.0.113.2") == 0


def test_a_name_that_nobody_has_waits_just_as_one_that_somebody_has(project, clock):
    def waits(name):
        gate = Gate(project.where.secret, PEOPLE, LAN, clock)
        return [gate.wait(name, f"198.51.100.{i}") for i in range(20)]

    assert waits("Ada") == waits("Nobody at all")


def test_one_network_of_ipv6_is_one_address(gate):
    assert [gate.wait(f"n{i}", f"2001:db8::{i}") > 0 for i in range(8)][5:] == [False, True, True]


def test_logging_in_does_not_wash_other_guesses_clean(gate):
    """Whoever has one password must not guess another at full speed."""
    client = "198.51.100.1"
    for _ in range(6):
        gate.wait("Ada", client)
    assert gate.wait("Ben", client) > 0
    for _ in range(4):
        gate.log_in("Ben", WORDS["Ben"], client)
    assert len(gate._by_address) == 1


def test_what_is_remembered_of_guesses_is_bounded(gate, clock):
    for i in range(6000):
        gate.wait(f"name {i}", f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}")
    assert len(gate._by_address) <= 4096
    assert len(gate._by_name) <= N_BUCKETS


def test_a_brake_forgets_and_never_overflows():
    clock = Clock()
    brake = Brake(free=1, longest=60, clock=clock)
    for _ in range(2000):
        clock.now += 60
        assert brake.take("a") == 0
    assert brake.take("a") == 60
    clock.now += 20 * 60
    assert [brake.take("a"), brake.take("a")] == [0, 0]


def test_a_session_that_somebody_planted_is_never_taken_over(browser, gate):
    """Fixation: the number is new at each login, and one from outside opens nothing."""
    browser.cookies.set(gate.cookie_name, "planted", domain="labels.example")
    first = log_in(browser)
    number = first.cookies[gate.cookie_name]
    assert number != "planted"
    assert gate.find(f"{gate.cookie_name}=planted") is None
    second = log_in(browser)
    assert second.cookies[gate.cookie_name] != number
    assert gate.find(f"{gate.cookie_name}={number}") is None, "the one before has ended"


def test_after_logging_out_the_cookie_opens_nothing(browser, gate):
    cookie = log_in(browser).cookies[gate.cookie_name]
    answer = browser.post("/logout")
    assert answer.status_code == 204
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert browser.get("/api/state").status_code == 401
    stolen = {"cookie": f"{gate.cookie_name}={cookie}"}
    assert browser.get("/api/state", headers=stolen).status_code == 401


def test_a_session_ends_when_nobody_uses_it(gate, clock):
    header = f"{gate.cookie_name}={gate.log_in('Ada', WORDS['Ada'], 'here')}"
    for _ in range(3):
        clock.now += LASTS - 1
        assert gate.find(header).name == "Ada"
    clock.now += LASTS + 1
    assert gate.find(header) is None


def test_sessions_are_bounded_and_those_in_use_stay(gate, monkeypatch):
    monkeypatch.setattr(PEOPLE, "admit", lambda name, password: True)
    first = f"{gate.cookie_name}={gate.log_in('Ada', 'x', 'here')}"
    for i in range(MOST_SESSIONS + 10):
        gate.log_in(f"Ben {i}", "x", "there")
        assert gate.find(first).name == "Ada"
    assert len(gate.sessions) == MOST_SESSIONS


def test_who_logs_in_again_and_again_ends_nobody_elses_session(gate, monkeypatch):
    monkeypatch.setattr(PEOPLE, "admit", lambda name, password: True)
    ada = f"{gate.cookie_name}={gate.log_in('Ada', 'x', 'here')}"
    for _ in range(MOST_SESSIONS + 10):
        ben = f"{gate.cookie_name}={gate.log_in('Ben', 'x', 'there')}"
    assert gate.find(ada).name == "Ada"
    assert gate.find(ben).name == "Ben"
    assert len(gate.sessions) == MOST_OF_ONE + 1


def test_the_cookie_is_out_of_reach_and_under_tls_it_never_goes_in_the_clear(project, clock):
    for address in (LAN, TLS):
        gate = Gate(project.where.secret, PEOPLE, address, clock)
        for browser in visitor(project, gate):
            cookie = log_in(browser).headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert "path=/" in cookie
            assert ("secure" in cookie) == ("__host-" in cookie) == (address is TLS)


def test_only_names_of_this_host_and_numbers_are_answered(browser):
    for host, status in (
        ("labels.example", 200), ("LABELS.example:8123", 200), ("192.0.2.7:8123", 200),
        ("[2001:db8::1]:8123", 200), ("evil.example", 403), ("labels.example.evil.example", 403),
    ):  # fmt: skip
        headers = {"host": host, "origin": f"http://{host}"}
        assert browser.get("/", headers=headers).status_code == status, host


def test_another_origin_may_not_log_in_for_you(browser):
    for origin in ("http://evil.example", "https://labels.example:8123", "null"):
        answer = browser.post(
            "/login", json={"name": "Ada", "password": WORDS["Ada"]}, headers={"origin": origin}
        )
        assert (answer.status_code, kind(answer)) == (403, "foreign-origin")


def test_unsent_answers_of_one_person_are_not_another_persons(browser):
    log_in(browser)
    ada = browser.get("/api/state").json()["id"]
    log_in(browser, "Ben")
    assert browser.get("/api/state").json()["id"] != ada


def test_by_the_link_a_browser_says_its_name_itself(client, project):
    assert client.get("/api/state").json()["annotator"] == ""
    assert client.post("/api/name", json={"name": "  Ada  "}).status_code == 204
    assert client.get("/api/state").json()["annotator"] == "Ada"
    client.post("/api/events", json=[EVENT])
    assert project.events[0].annotator == "Ada"
    client.post("/api/name", json={"name": ""})
    assert client.get("/api/state").json()["annotator"] == ""
    assert client.post("/api/name", json={"name": "a:b"}).status_code == 422


def test_a_browser_keeps_its_name_when_it_comes_in_anew():
    door = Door("secret")
    first = f"{door.cookie_name}={door.redeem(door.token)}"
    door.rename(first, "Zoë 鍵")
    again = f"{door.cookie_name}={door.redeem(door.token, first)}"
    assert again == first, "another of its tabs may be at work"
    second = f"{door.cookie_name}={door.redeem(door.invite(Role.ANNOTATOR), first)}"
    assert door.find(second).name == "Zoë 鍵"
    assert door.find(first) is None


def test_a_name_under_attack_does_not_keep_its_owner_out(gate, clock):
    """Neither from where the owner has been before, nor by the tries that came too early."""
    home, elsewhere = "192.0.2.7", "192.0.2.8"
    assert gate.wait("Ada", home) == 0
    assert gate.log_in("Ada", WORDS["Ada"], home)
    for i in range(60):
        gate.wait("Ada", f"198.51.100.{i}")
    assert gate.wait("Ada", home) == 0
    for _ in range(20):
        assert gate.wait("Ada", elsewhere) > 0
    assert gate.wait("Ben", elsewhere) == 0, "those tries are not the address's fault"


def test_addresses_of_ipv4_behind_a_socket_of_ipv6_are_each_their_own(gate):
    for _ in range(10):
        gate.wait("Zoe", "::ffff:198.51.100.1")
    assert gate.wait("Zoe", "::ffff:198.51.100.1") > 0
    assert gate.wait("Ben", "::ffff:198.51.100.2") == 0


def test_with_passwords_nobody_chooses_a_name(browser):
    log_in(browser)
    assert browser.post("/api/name", json={"name": "Ben"}).status_code == 422
    assert browser.get("/api/state").json()["annotator"] == "Ada"


def test_by_the_link_nobody_logs_in(client):
    assert log_in(client).status_code == 404

"""Two people in two real browsers on one project, side by side."""

import csv
import re
from contextlib import ExitStack, contextmanager

import pytest
from tests.web.by_hand import press, saved

from sparing.project import NewEvent, Project
from sparing.store import Kind
from sparing.web.address import HOSTS, Address
from sparing.web.app import create_app
from sparing.web.gate import Gate
from sparing.web.passwords import Passwords, hashed

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

N = 24


def notes(tmp_path):
    path = tmp_path / "notes.csv"
    lines = [f"{'warm sunny' if i % 2 else 'cold rainy'} day number {i}" for i in range(N)]
    path.write_text("\n".join(["text", *lines]), encoding="utf-8")
    return path


def text(page):
    return page.inner_text("#item")


@pytest.fixture
def team(door, tmp_path):
    return door(notes(tmp_path), classes=("sun", "rain"))


def truth(page):
    return "1" if "sunny" in text(page) else "2"


def test_the_name_is_asked_once_kept_and_changed(team):
    page = team.enter()
    expect(page.locator("#ask-name")).to_be_visible()
    expect(page.locator("#stage")).to_be_visible()
    press(page, "1")  # nobody has to answer it
    page.get_by_role("button", name="No name").click()
    expect(page.locator("#ask-name")).to_be_hidden()
    page.reload()
    page.wait_for_selector("#item .text")
    expect(page.locator("#ask-name")).to_be_hidden()
    page.get_by_role("button", name="Your name").click()
    page.locator("#own-name").fill("Ada")
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_have_text("You: Ada")
    expect(page.locator("#panel")).to_be_hidden()
    press(page, "1")
    saved(page)
    assert [e.annotator for e in team.project.store.events()[2:]] == ["", "Ada"]


def test_two_people_side_by_side_differ_and_one_of_them_settles_it(team):
    """No item is answered twice but the wanted ones; the export says who said and settled what."""
    team.project.team.set_overlap(0.3)
    covers = team.project._guarded._state.sharing.overlap.covers
    wanted = {item_id for item_id in team.project.items if covers(item_id)}
    assert 3 <= len(wanted) <= 12
    hard = team.project.items.get(min(wanted)).text
    ada, ben = team.enter("Ada"), team.enter("Ben")
    slips = {ben: hard}
    while team.project.status().n_left:
        for page in (ada, ben):
            answer(page, slips)
            page.wait_for_timeout(30)
    finish(team, slips, Ada=ada, Ben=ben)
    answers = {}
    for event in team.project.store.events():
        if event.kind in ("label", "opinion"):
            answers.setdefault(event.item_id, []).append(event)
    assert len(answers) == N
    assert {item for item, events in answers.items() if len(events) == 2} == wanted
    assert all(len(events) <= 2 for events in answers.values())
    assert all({e.annotator for e in answers[item]} == {"Ada", "Ben"} for item in wanted)
    assert len(exported(ada)) == N
    contested = exported(ada)[min(wanted)]
    assert (contested["label"], contested["state"]) == ("", "contested")

    right, wrong = ("sun", "rain") if "sunny" in hard else ("rain", "sun")
    ada.get_by_role("link", name="Settle").click()
    expect(ada.locator("#item")).to_have_text(hard)
    expect(ada.locator("#votes li")).to_have_text([f"Ada{right}", f"Ben{wrong}"])
    ada.keyboard.press(truth(ada))
    expect(ada.locator("#card h2")).to_have_text("All is settled")
    saved(ada)
    rows = exported(ben)
    settled = rows.pop(min(wanted))
    assert (settled["label"], settled["provenance"]) == (right, "settled")
    assert settled["opinions"] == f"Ada: {right}; Ben: {wrong}"
    assert {row["provenance"] for row in rows.values()} == {"person"}
    texts = {item: team.project.items.get(item).text for item in rows}
    assert all((row["label"] == "sun") == ("sunny" in texts[i]) for i, row in rows.items())


def answer(page, slips):
    """Press the key of the right class, where something is asked; but of one item the other's."""
    if not page.locator("#item .text").count():
        return
    key = truth(page)
    page.keyboard.press({"1": "2", "2": "1"}[key] if text(page) == slips.get(page) else key)
    saved(page)


def exported(page):
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    page.keyboard.press("Escape")
    table = csv.DictReader(download.value.path().read_text("utf-8").splitlines())
    return {row["item_id"]: row for row in table}


def finish(team, slips, **pages):
    """Answer what is left to each, such as second opinions: a page hears of them when it asks."""
    sharing = team.project._guarded._state.sharing
    for _ in range(10 * N):
        if not any(list(sharing.wanted_of(name)) for name in pages):
            break
        for page in pages.values():
            answer(page, slips)
        page.wait_for_timeout(200)
    for page in pages.values():
        conflicts = page.locator("#conflicts button", has_text="Keep")
        while conflicts.count():
            conflicts.first.click()


def differing(team):
    """Ada and Ben differ on the first two items; on the second Cleo is with Ada."""
    project = team.project
    project.team.set_overlap(1.0)
    ids = list(project.items)[:14]

    def say(who, item, name):
        new = NewEvent(key=f"{who}-{item}", kind=Kind.LABEL, item_id=item, class_name=name,
                       annotator=who)  # fmt: skip
        assert project.record([new])[0].status == "stored"

    for place, item in enumerate(ids):
        right = "sun" if "sunny" in project.items.get(item).text else "rain"
        other = {"sun": "rain", "rain": "sun"}[right]
        say("Ada", item, right)
        say("Ben", item, other if place < 2 else right)
        if place:
            say("Cleo", item, right)
    return ids


def test_what_people_differ_on_is_settled_by_one_key_and_taken_back(team, tmp_path):
    ids = differing(team)
    page = team.enter(path="settle")
    expect(page.locator("#votes li")).to_have_text(["Adarain", "Bensun"])
    expect(page.locator("#people")).to_contain_text("Agreement beyond chance")
    expect(page.locator("#people tbody").last.locator("tr")).to_have_count(3)
    press(page, "1")
    expect(page.locator("#said")).to_have_text("Settled: sun.")
    saved(page)
    page.keyboard.press("Backspace")
    expect(page.locator("#votes li")).to_have_text(["Adarain", "Bensun"])
    saved(page)
    press(page, "2")
    expect(page.locator("#about")).to_contain_text("The consensus leans to sun")
    saved(page)
    team.project.files.export(tmp_path / "out.csv")
    table = csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines())
    rows = {row["item_id"]: row for row in table}
    settled, consensus = rows[ids[0]], rows[ids[1]]
    assert (settled["label"], settled["provenance"]) == ("rain", "settled")
    assert 0 <= float(settled["seconds"]) < 3600
    assert settled["opinions"] == "Ada: rain; Ben: sun"
    assert (consensus["label"], consensus["provenance"]) == ("sun", "consensus")
    page.keyboard.press("Enter")
    expect(page.locator("#card h2")).to_have_text("All is settled")
    saved(page)
    assert team.project.status().n_contested == 0


SLOW_LIST = """{
    const real = fetch;
    window.fetch = async (path, ...rest) => {
        const answer = await real(path, ...rest);
        const isHeld = path === "/api/disagreements" && window.slow;
        if (isHeld) await new Promise((on) => { window.hear = on; });
        return answer;
    };
}"""


def test_a_list_from_before_takes_no_item_from_under_the_hand(team):
    """It lacks what was just brought back: the next key would settle another item."""
    differing(team)
    team.context.add_init_script(SLOW_LIST)
    page = team.page("settle")
    expect(page.locator("#about")).to_contain_text("line 2")
    page.evaluate("window.slow = true")
    press(page, "1")
    page.wait_for_function("() => window.hear")
    page.keyboard.press("Backspace")
    saved(page)
    with page.expect_response("**/api/disagreements"):
        page.evaluate("() => { window.slow = false; window.hear(); }")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#about")).to_contain_text("line 2")
    expect(page.locator("#notice")).to_be_hidden()


def test_two_people_settle_the_same_item_and_the_second_is_told(team):
    differing(team)
    one, two = team.enter(path="settle"), team.enter(path="settle")
    press(one, "2")
    saved(one)
    two.keyboard.press("1")
    expect(two.locator("#notice")).to_contain_text("has settled it meanwhile: rain")
    assert team.project.team.disagreements()[0].asked.item.item_id != next(iter(team.project.items))


def test_two_people_who_correct_one_item_at_once_see_what_holds(team):
    ada = team.enter("Ada")
    first = text(ada)
    press(ada, "1")
    saved(ada)
    ben = team.enter("Ben")
    for page in (ada, ben):
        page.get_by_role("button", name="History").click()
        page.get_by_role("button", name="Change").first.click()
        expect(page.locator("#item")).to_have_text(first)
    expect(ben.locator("#marks")).to_have_text("Ada said: sun.")
    press(ben, "2")
    saved(ben)
    press(ada, "0")
    conflict = ada.locator("#conflicts p")
    expect(conflict).to_contain_text("was answered by Ben: rain")
    ada.get_by_role("button", name="Keep rain").click()
    expect(conflict).to_have_count(0)


def test_guidelines_are_written_told_once_and_read(team):
    ada = team.enter("Ada")
    ada.keyboard.press("g")
    ada.get_by_role("button", name="Write").click()
    ada.get_by_label("What everybody sees").fill("<b>Clouds</b> count as rain.\nFog does not.")
    ada.get_by_role("button", name="Keep as a new version").click()
    expect(ada.locator(".guidelines")).to_have_text("<b>Clouds</b> count as rain.\nFog does not.")
    ada.keyboard.press("Escape")
    ben = team.enter("Ben")
    expect(ben.locator("#news")).to_contain_text("This project has guidelines.")
    ben.keyboard.press("g")
    expect(ben.locator(".guidelines")).to_contain_text("Fog does not.")
    ben.keyboard.press("Escape")
    expect(ben.locator("#news")).to_be_hidden()
    ben.reload()
    ben.wait_for_selector("#item .text")
    expect(ben.locator("#news")).to_be_hidden()
    team.project.team.set_guidelines(
        "Clouds do not count.", seen=team.project.team.guidelines()[-1].key
    )
    expect(ben.locator("#news")).to_contain_text("The guidelines have changed.")
    ben.get_by_role("button", name="Read").click()
    ben.get_by_text("Earlier versions").click()
    expect(ben.locator("details .guidelines")).to_contain_text("Fog does not.")


SLOW_NAME = """{
    const real = fetch;
    window.fetch = async (path, ...rest) => {
        const answer = await real(path, ...rest);
        if (path === "/api/name") await new Promise((on) => { window.hear = on; });
        return answer;
    };
}"""


def test_what_is_opened_while_a_name_is_on_its_way_stays_open(team):
    """The news may tell the name before its own answer does; that one closed what was open."""
    team.context.add_init_script(SLOW_NAME)
    page = team.page()
    page.get_by_label("Your name", exact=True).fill("Ada")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="You: Ada").wait_for()
    page.keyboard.press("g")
    page.get_by_role("button", name="Write").click()
    field = page.get_by_label("What everybody sees")
    field.fill("Clouds count as rain.")
    with page.expect_response("**/api/state"):
        page.evaluate("hear()")
    page.wait_for_load_state("networkidle")
    expect(field).to_have_value("Clouds count as rain.")
    expect(field).to_be_visible()


def test_settling_works_by_keyboard_and_has_names_for_all(team):
    differing(team)
    page = team.enter(path="settle")
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, input, a')]
        .filter(node => node.checkVisibility())
        .filter(node => !(node.textContent.trim() || node.ariaLabel || node.labels?.length))
        .map(node => node.outerHTML)""")
    assert nameless == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="rain").focus()
    shown = text(page)
    page.keyboard.press("Enter")
    page.wait_for_function("old => document.querySelector('#item').innerText !== old", arg=shown)


@contextmanager
def behind_a_gate(browser, served, tmp_path, scheme="http", **options):
    """A page that asks for passwords, under a name for which browsers offer no secure context."""
    people = Passwords({"Ada": hashed("correct horse"), "Ben": hashed("battery staple")})
    address = Address(HOSTS | {"labels.example"}, any_number=True, scheme=scheme)
    with ExitStack() as stack:
        project = stack.enter_context(Project.create(notes(tmp_path), classes=["sun", "rain"]))
        app = create_app(project, door=Gate(project.where.secret, people, address))
        port = stack.enter_context(served(app))
        context = stack.enter_context(browser.new_context(**options))
        yield project, context.new_page(), port


def log_in(page, name, word):
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(word)
    page.get_by_role("button", name="Log in").click()


def test_with_a_password_one_comes_in_answers_and_goes(browser, served, tmp_path):
    with behind_a_gate(browser, served, tmp_path) as (project, page, port):
        page.goto(f"http://127.0.0.1:{port}/")
        log_in(page, "Ada", "wrong horse")
        expect(page.locator("#login [role=alert]")).to_have_text(
            "The name or the password is not right."
        )
        log_in(page, "Ada", "correct horse")
        page.wait_for_selector("#item .text")
        expect(page.locator("#who")).to_have_text("You: Ada")
        expect(page.locator("#ask-name")).to_be_hidden()
        press(page, "1")
        saved(page)
        assert project.store.events()[-1].annotator == "Ada"
        page.locator("#who").click()
        page.get_by_role("button", name="Log out").click()
        expect(page.locator("#login")).to_be_visible()
        page.goto(f"http://127.0.0.1:{port}/settle")
        expect(page.locator("#login")).to_be_visible()
        assert page.context.cookies() == []


def test_keys_of_events_need_no_secure_context(browser, served, tmp_path):
    """Without TLS a browser offers no crypto.randomUUID to pages of other machines."""
    with behind_a_gate(browser, served, tmp_path) as (project, page, port):
        page.add_init_script("delete Crypto.prototype.randomUUID")
        page.goto(f"http://127.0.0.1:{port}/")
        log_in(page, "Ben", "battery staple")
        page.wait_for_selector("#item .text")
        press(page, "2")
        saved(page)
        assert re.fullmatch("[0-9a-f]{32}", project.store.events()[-1].key)

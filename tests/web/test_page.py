"""The real page in a real browser, on a real server with a real project."""

import csv
import io

import numpy as np
import pytest
from PIL import Image
from tests.web.by_hand import press, saved, show_guesses

from sparing.project import NewEvent, Project
from sparing.store import Kind
from sparing.web.app import create_app

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


def notes(tmp_path, n=40):
    path = tmp_path / "notes.csv"
    lines = [f"{'warm sunny' if i % 2 else 'cold rainy'} day number {i}" for i in range(n)]
    path.write_text("\n".join(["text", *lines]), encoding="utf-8")
    return path


def text(page):
    return page.inner_text("#item")


def test_label_by_keys(door, photos):
    opened = door(photos)
    page = opened.page()
    page.wait_for_selector("#item img")
    assert page.url == opened.base, "the token is gone from the address"
    names = []
    for key in "1221":
        names.append(page.get_attribute("#item img", "alt"))
        press(page, key)
    expect(page.locator("#count")).to_have_text("4")
    saved(page)
    by_name = {opened.project.items.get(i).name: c for i, c in opened.labels().items()}
    assert by_name == dict(zip(names, ["cat", "dog", "dog", "cat"], strict=True))
    assert page.inner_text("#why").startswith("Drawn at random")
    assert page.title() == "photos – sparing"


def test_the_next_picture_is_there_before_it_is_asked_for(door, photos):
    page = door(photos).page()
    page.wait_for_selector("#item img")
    fetched = "performance.getEntriesByType('resource').filter(e => e.name.includes('/media/'))"
    page.wait_for_function(f"() => {fetched}.length > 3")  # a bare expression is eval: refused
    page.wait_for_load_state("networkidle")
    done = page.evaluate("""() => {
        document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '1', bubbles: true}));
        const image = document.querySelector('#item img');
        return image.complete && image.naturalWidth > 0;
    }""")
    assert done


def test_classes_are_named_while_labeling(door, tmp_path):
    opened = door(notes(tmp_path), classes=())
    page = opened.page()
    expect(page.locator("#find-text")).to_be_focused()
    page.keyboard.type("/weather <b>&amp;")
    page.keyboard.press("Enter")
    page.wait_for_selector("#classes button")
    assert page.locator("#classes button").first.inner_text().split("\n") == [
        "1",
        "weather <b>&amp;",
    ]
    press(page, "1")
    press(page, "0")
    page.keyboard.press("/")
    page.keyboard.type("wea")
    expect(page.locator("#find-list [aria-selected=true]")).to_have_text("weather <b>&amp;")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("4")
    saved(page)
    assert sorted(opened.labels().values()) == ["none of these"] + ["weather <b>&amp;"] * 3


def test_undo_any_number_of_steps_even_after_a_reload(door, tmp_path):
    opened = door(notes(tmp_path))
    page = opened.page()
    page.wait_for_selector("#item .text")
    first = text(page)
    for key in ("1", " ", "2", "1"):
        press(page, key)
    press(page, "Backspace")
    press(page, "Backspace")
    expect(page.locator("#count")).to_have_text("1")
    saved(page)
    page.reload()
    page.wait_for_selector("#item .text")
    press(page, "Backspace")
    press(page, "Backspace")
    assert text(page) == first
    saved(page)
    assert opened.labels() == {}
    assert opened.project.status().n_skipped == 0


def test_a_reload_goes_on_where_it_was(door, tmp_path):
    opened = door(notes(tmp_path))
    page = opened.page()
    page.wait_for_selector("#item .text")
    for key in "121":
        press(page, key)
    saved(page)
    page.reload()
    page.wait_for_selector("#item .text")
    expect(page.locator("#count")).to_have_text("3")
    shown = text(page)
    done = {opened.project.items.get(i).text for i in opened.labels()}
    assert shown not in done


def test_two_tabs_are_asked_different_items_and_one_that_is_closed_frees_its_own(door, tmp_path):
    opened = door(notes(tmp_path, 8))
    one = opened.page()
    one.wait_for_selector("#item .text")
    while len(opened.project.store.leases()) < 6:
        one.wait_for_timeout(20)
    two = opened.page()
    two.wait_for_selector("#item .text")
    press(two, "1")
    press(two, "2")
    expect(two.locator("#card")).to_contain_text("6 items are on other screens")
    one.close()
    expect(two.locator("#item .text")).to_be_visible()
    for _ in range(5):
        press(two, "1")
    two.keyboard.press("1")
    expect(two.locator("#card")).to_contain_text("Every item has an answer")
    saved(two)
    assert len(opened.labels()) == 8


def test_two_tabs_see_and_settle_what_differs(door, tmp_path, monkeypatch):
    monkeypatch.setattr("sparing.project.team.lending.LEASE_SECONDS", 0.0)  # as if it had run out
    opened = door(notes(tmp_path))
    one, two = opened.page(), opened.page()
    for page in (one, two):
        page.wait_for_selector("#item .text")
    item = text(one)
    assert item == text(two)
    press(one, "1")
    saved(one)
    press(two, "2")
    conflict = two.locator("#conflicts p")
    expect(conflict).to_contain_text("was answered in another window: cat")
    assert list(opened.labels().values()) == ["cat"]
    two.get_by_role("button", name="Change to dog").click()
    expect(conflict).to_have_count(0)
    saved(two)
    assert list(opened.labels().values()) == ["dog"]


def test_the_item_on_screen_never_changes_under_the_hand(door, photos):
    """Neither when answers are learned, nor when better vectors come in place of the first ones."""
    opened = door(photos, encoder="hog+pixels")
    learning = opened.project.learning
    trainee = learning.trainee(lambda *_: None, patient=False)
    page = opened.page()
    page.wait_for_selector("#item img")
    press(page, "1")
    press(page, "2")
    saved(page)
    shown, name = page.query_selector("#item img"), page.get_attribute("#item img", "alt")
    for number, is_draft in ((1, True), (2, False)):
        made = trainee.learn(number)
        assert made.is_draft == is_draft
        learning.adopt(made)
        expect(page.locator("#model")).to_contain_text(f"Model {number}")
        assert page.get_attribute("#item img", "alt") == name
        assert shown.evaluate("one => one.isConnected")
        trainee.look(60)  # until the network is done
        assert trainee.encode() == is_draft


def test_without_network_answers_wait_survive_a_reload_and_are_sent(door, tmp_path):
    opened = door(notes(tmp_path))
    page = opened.page()
    page.wait_for_selector("#item .text")
    opened.context.route("**/api/events", lambda route: route.abort())
    shown = [text(page)]
    press(page, "1")
    shown.append(text(page))
    press(page, "2")
    expect(page.locator("#saved")).to_contain_text("2 unsaved")
    assert opened.labels() == {}
    page.reload()
    expect(page.locator("#saved")).to_contain_text("2 unsaved")
    assert text(page) not in shown, "what waits to be sent is not asked again"
    opened.context.unroute("**/api/events")
    saved(page)
    by_text = {opened.project.items.get(i).text: c for i, c in opened.labels().items()}
    assert by_text == {shown[0]: "cat", shown[1]: "dog"}


def test_a_server_that_goes_and_comes_back_gets_everything_once(browser, served, tmp_path):
    project = Project.create(notes(tmp_path), classes=["cat", "dog"])
    with project, browser.new_context() as context:
        app = create_app(project)
        with served(app) as port:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/#{app.state.door.token}")
            page.wait_for_selector("#item .text")
            press(page, "1")
            saved(page)
        press(page, "2")
        press(page, "2")
        expect(page.locator("#saved")).to_contain_text("2 unsaved")
        with served(create_app(project), port):
            saved(page)
            press(page, "1")
            saved(page)
        assert sorted(row.answer.class_name for row in project.history()[1]) == [
            "cat", "cat", "dog", "dog",
        ]  # fmt: skip
        assert len(project.store.events()) == 2 + 4


def test_flag_comment_zoom_and_history(door, tmp_path):
    opened = door(notes(tmp_path))
    page = opened.page()
    page.wait_for_selector("#item .text")
    page.keyboard.press("f")
    expect(page.locator("#marks")).to_have_text("Flagged.")
    page.keyboard.press("c")
    expect(page.locator("#comment-text")).to_be_focused()
    page.keyboard.type("1 = unclear")
    page.keyboard.press("Enter")
    expect(page.locator("#marks")).to_contain_text("Comment: 1 = unclear")
    page.keyboard.press("z")
    expect(page.locator("#stage")).to_have_class("zoomed")
    item = text(page)
    press(page, "1")
    press(page, "1")
    saved(page)  # what is not, is in no history
    page.get_by_role("button", name="History").click()
    page.get_by_label("Search").fill("unclear")
    expect(page.locator(".rows li")).to_have_count(1)
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#marks")).to_contain_text("You said: cat.")
    assert text(page) == item
    press(page, "2")
    saved(page)
    assert sorted(opened.labels().values()) == ["cat", "dog"]


def test_classes_are_renamed_and_merged_and_undo_takes_it_back(door, tmp_path):
    opened = door(notes(tmp_path), classes=("cat", "dog", "fox"))
    page = opened.page()
    page.wait_for_selector("#item .text")
    for key in "123":
        press(page, key)
    saved(page)
    page.get_by_role("button", name="Classes").click()
    page.get_by_label("Name of cat").fill("tiger")
    page.get_by_role("button", name="Rename").first.click()
    expect(page.get_by_label("Name of tiger")).to_be_visible()
    page.get_by_label("Merge fox into").select_option("tiger")
    expect(page.get_by_label("Name of fox")).to_have_count(0)
    page.keyboard.press("Escape")
    saved(page)
    assert sorted(opened.labels().values()) == ["dog", "tiger", "tiger"]
    expect(page.locator("#classes button span")).to_have_text(["tiger", "dog", "none of these"])
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(page.locator("#said")).to_have_text("Taken back.")
    saved(page)
    assert sorted(opened.labels().values()) == ["cat", "dog", "fox"]


def test_a_name_that_cannot_be_given_says_so_and_a_slip_is_deleted(door, tmp_path):
    opened = door(notes(tmp_path), classes=("dragonfly", "bee"))
    page = opened.page()
    page.wait_for_selector("#item .text")
    press_in_find(page, "dragonfy")
    expect(page.locator("#notice")).to_contain_text("much like 'dragonfly'")
    page.get_by_role("button", name="Classes").click()
    expect(page.get_by_role("button", name="Delete bee")).to_be_visible()
    expect(page.get_by_role("button", name="Delete dragonfy")).to_be_hidden()
    page.get_by_label("Name of bee").fill("dragonfly")
    page.get_by_role("button", name="Rename").nth(1).click()
    expect(page.locator("#panel-notice")).to_contain_text("merge the two instead")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    press(page, "Backspace")
    page.get_by_role("button", name="Classes").click()
    page.get_by_role("button", name="Delete dragonfy").click()
    expect(page.get_by_label("Name of dragonfy")).to_have_count(0)
    page.keyboard.press("Escape")
    saved(page)
    assert [name for name, _ in opened.project.classes] == ["dragonfly", "bee"]
    opened.project.teach({next(iter(opened.project.items)): "bee"})
    expect(page.locator("#count")).to_have_text("1")
    page.keyboard.press("g")
    page.get_by_role("button", name="Write").click()
    page.get_by_role("button", name="Keep as a new version").click()
    expect(page.locator("#panel-notice")).to_have_text("Guidelines have 1 to 10,000 characters.")


AT_ONCE = """keys => keys.map(key => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})))"""


def test_a_key_is_never_lost_to_what_has_just_closed(door, tmp_path):
    # All keys come before the browser paints: what is hidden would still have the focus then.
    opened = door(notes(tmp_path))
    page = opened.page()
    page.wait_for_selector("#item .text")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    page.keyboard.type("dog")
    page.evaluate(AT_ONCE, ["Enter", "1"])
    expect(page.locator("#count")).to_have_text("2")
    page.keyboard.press("c")
    page.keyboard.type("unclear")
    page.evaluate(AT_ONCE, ["Escape", "2"])
    expect(page.locator("#count")).to_have_text("3")
    page.keyboard.press("?")
    page.get_by_label("Show the model's guess").focus()
    page.evaluate(
        "document.querySelector('#panel').close()"
    )  # as Escape does, and tells of it later
    page.evaluate(AT_ONCE, ["Backspace"])
    expect(page.locator("#count")).to_have_text("2")
    saved(page)
    assert sorted(opened.labels().values()) == ["cat", "dog"]


def press_in_find(page, name):
    page.keyboard.press("/")
    page.keyboard.type(name)
    press(page, "Enter")


def test_what_was_flagged_skipped_or_commented_is_listed_and_shown_again(door, tmp_path):
    opened = door(notes(tmp_path))
    ids, items = list(opened.project.items), opened.project.items
    note = {"flag": ids[5], "skip": ids[6], "comment": ids[7]}
    opened.project.record(
        NewEvent(key=kind, kind=Kind(kind), item_id=item_id, text="why?" * (kind == "comment"))
        for kind, item_id in note.items()
    )
    page = opened.page()
    page.wait_for_selector("#item .text")
    for marked, kind in (("skipped", "skip"), ("commented", "comment"), ("flagged", "flag")):
        page.get_by_role("button", name="History").click()
        page.locator("#marked").select_option(marked)
        expect(page.locator(".rows li")).to_have_count(1)
        expect(page.locator(".rows li")).to_contain_text(items.get(note[kind]).text)
        page.locator(".rows button").click()
        expect(page.locator("#item")).to_have_text(items.get(note[kind]).text)
        expect(page.locator("#item-name")).to_have_text(items.get(note[kind]).name)
    expect(page.locator("#marks")).to_have_text("Flagged.")
    press(page, "1")
    saved(page)
    assert opened.labels() == {ids[5]: "cat"}


def test_a_link_pasted_into_the_address_of_the_closed_page_opens_it(door, tmp_path):
    opened = door(notes(tmp_path))
    page = opened.context.new_page()
    page.goto(opened.base)
    expect(page.locator("#card h2")).to_have_text("This page is closed")
    page.evaluate("token => { location.hash = token; }", opened.app.state.door.token)
    page.wait_for_selector("#item .text")
    assert page.url == opened.base


THIRTY = [*(f"weather {i}" for i in range(27)), "thunderstorm", "heavy precipitation", "fog"]
BROKEN = """() => [...document.querySelectorAll('#classes button span, kbd')].filter(node => {
    const range = document.createRange();
    const text = node.firstChild;
    return [...text.data.matchAll(/\\S+/g)].some(({ 0: word, index }) => {
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        return new Set([...range.getClientRects()].map(at => at.top)).size > 1;
    });
}).map(node => node.textContent)"""


def test_thirty_classes_fit_no_word_is_broken_and_no_text_jumps(door, tmp_path):
    path = tmp_path / "texts.csv"
    lengths = (3, 30, 70, 12, 66)
    path.write_text("\n".join(["text", *("word " * n + f"{n}." for n in lengths)]))
    opened = door(path, classes=THIRTY)
    page = opened.page()
    page.get_by_role("button", name="No name").click()
    expect(page.locator("#classes button")).to_have_count(31)
    assert page.locator("#classes").evaluate("node => node.scrollHeight <= node.clientHeight")
    assert page.evaluate(BROKEN) == []
    places = set()
    for _ in lengths[1:]:
        box = page.locator("#item .text").bounding_box()
        places.add((box["x"], box["y"], box["width"]))
        press(page, "1")
    assert len(places) == 1


STICKING_OUT = """() => [...document.querySelectorAll("#classes button")].filter(button => {
    const [own, text] = [button, button.querySelector("span")].map(n => n.getBoundingClientRect());
    return text.top < own.top || text.bottom > own.bottom;
}).map(button => button.textContent)"""


def test_where_classes_scroll_long_names_keep_within_their_buttons(door, tmp_path):
    long = [f"damage to the {part} that an insurer pays for" for part in "abcdefghijklmnopqrst"]
    page = door(notes(tmp_path), classes=[*long, *THIRTY]).page()
    page.wait_for_selector("#item .text")
    expect(page.locator("#classes button")).to_have_count(51)
    assert page.locator("#classes").evaluate("node => node.scrollHeight > node.clientHeight")
    assert page.evaluate(STICKING_OUT) == []


def test_a_photograph_fills_the_field(door, tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (300, 150), "teal").save(tmp_path / "photos" / "small.png")
    page = door(tmp_path / "photos").page()
    page.wait_for_selector("#item img")
    expect(page.locator("#item-name")).to_have_text("small.png")
    frame, image = (page.locator(at).bounding_box() for at in ("#item .frame", "#item img"))
    assert image == frame
    assert frame["width"] > 700


def test_news_take_no_name_away_that_is_being_typed(door, tmp_path):
    opened = door(notes(tmp_path))
    page = opened.page()
    page.wait_for_selector("#item .text")
    page.get_by_role("button", name="Classes").click()
    field = page.get_by_label("Name of cat")
    field.fill("tig")
    opened.project.teach({next(iter(opened.project.items)): "cat"})
    expect(page.locator(".class-row").first).to_contain_text("1 label")
    expect(field).to_be_focused()
    page.keyboard.type("er")
    expect(field).to_have_value("tiger")


def test_guesses_are_shown_only_on_wish_and_enter_confirms(door, tmp_path):
    opened = door(notes(tmp_path))
    answers = {i: ("cat" if "warm" in opened.project.items.get(i).text else "dog")
               for i in list(opened.project.items)[:12]}  # fmt: skip
    opened.project.teach(answers)
    opened.project.retrain()
    page = opened.page()
    page.wait_for_selector("#item .text")
    expect(page.locator("#marks")).to_have_text("")
    shown = text(page)
    page.keyboard.press("Enter")
    assert text(page) == shown
    show_guesses(page)
    press(page, "1")
    expect(page.locator("#marks")).to_contain_text("The model guesses")
    page.reload()
    expect(page.locator("#marks")).to_contain_text("The model guesses")
    press(page, "Enter")
    saved(page)
    assert opened.project.store.events()[-1].confirmed


def test_items_that_were_on_their_way_when_guesses_were_chosen_come_with_them(door, tmp_path):
    opened = door(notes(tmp_path))
    ids = list(opened.project.items)[:12]
    opened.project.teach({i: ("cat", "dog")[n % 2] for n, i in enumerate(ids)})
    opened.project.retrain()
    page, held = opened.page(), []
    page.wait_for_selector("#item .text")

    def hold(route):
        held.append(route)

    page.route("**/api/next?*guesses=false*", hold)
    with page.expect_request("**/api/next?*guesses=false*"):
        for _ in range(3):
            press(page, "1")
    page.keyboard.press("?")
    page.get_by_label("Show the model's guess").check()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    with page.expect_response("**/api/next?*guesses=true*"):
        held[0].continue_()
    press(page, "1")
    expect(page.locator("#marks")).to_contain_text("The model guesses")


def test_an_answer_that_the_model_doubts_is_looked_at_again_and_corrected(door, tmp_path):
    opened = door(notes(tmp_path))
    items = opened.project.items
    right = {i: "cat" if "warm" in items.get(i).text else "dog" for i in list(items)[:20]}
    slip = next(i for i, name in right.items() if name == "cat")
    opened.project.teach(right | {slip: "dog"})
    opened.project.retrain()
    page = opened.page()
    page.wait_for_selector("#item .text")
    page.get_by_role("button", name="Look again").click()
    first = page.locator(".rows li").first
    expect(first).to_contain_text("A model that had not seen it gives its label")
    expect(first).to_contain_text(items.get(slip).text)
    first.get_by_role("button", name="Change").click()
    expect(page.locator("#marks")).to_contain_text("You said: dog.")
    press(page, "1")
    saved(page)
    assert opened.labels() == right


def test_a_trainer_that_died_is_shown_and_labeling_goes_on(door, tmp_path):
    opened = door(notes(tmp_path))
    said = "The trainer died (SIGKILL); it starts again in 1 s."
    opened.project.learning.note_trainer("failed", said)
    page = opened.page()
    page.wait_for_selector("#item .text")
    expect(page.locator("#trouble")).to_have_text(said)
    press(page, "1")
    saved(page)
    opened.project.learning.note_trainer("idle", "")
    expect(page.locator("#trouble")).to_be_hidden()
    assert list(opened.labels().values()) == ["cat"]


def hard_notes(tmp_path):
    """Write notes of which every fifth says nothing about its class; return it and the truth."""
    path = tmp_path / "notes.csv"
    words = [
        "plain" if i % 5 == 0 else ("warm sunny", "cold rainy")[i % 3 == 0] for i in range(240)
    ]
    lines = [f"{word} day number {i}" for i, word in enumerate(words)]
    path.write_text("\n".join(["text", *lines]), encoding="utf-8")
    return path, {line: "bad" if i % 3 == 0 else "good" for i, line in enumerate(lines)}


def test_from_the_check_to_the_certificate_and_the_export(door, tmp_path):
    path, truth = hard_notes(tmp_path)
    opened = door(path, classes=("good", "bad"))
    items = opened.project.items
    opened.project.teach({i: truth[items.get(i).text] for i in list(items)[:40]})
    opened.project.retrain()
    page = opened.page()

    def answer():
        press(page, "1" if truth[text(page)] == "good" else "2")

    page.get_by_role("button", name="Check now").click()
    page.get_by_label("At most wrong").select_option("0.05")
    expect(page.locator("#panel-body .statement")).to_contain_text("answers now")
    page.get_by_role("button", name="Draw the items").click()
    expect(page.locator("#count-of")).to_contain_text("checked")
    page.wait_for_selector("#item .text")
    for _ in range(opened.project.status().audit.n_drawn):
        assert page.inner_text("#why") == "Drawn at random to check the model."
        assert page.inner_text("#marks") == ""
        answer()
    page.get_by_role("button", name="Work out the result").click()
    expect(page.locator("#card .statement")).to_contain_text("At most 12 of all 240 labels")
    n_handback = opened.project.status().n_remainder_left
    assert n_handback > 0
    page.get_by_role("button", name=f"Label the {n_handback} item").click()
    for _ in range(n_handback):
        page.wait_for_selector("#item .text")
        answer()
    expect(page.locator("#card h2")).to_have_text("Done")
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "CSV"))))
    assert len(rows) == 240
    assert {row["provenance"] for row in rows} == {"person", "automatic"}
    wrong = sum(row["label"] != truth[items.get(row["item_id"]).text] for row in rows)
    assert wrong <= 12
    page.keyboard.press("Escape")
    assert "sparing_certificate" in downloaded(page, "The certificate as a file")
    gone = next(row["item_id"] for row in rows if row["provenance"] == "automatic")
    opened.project.record([NewEvent(key="left out", kind=Kind.SKIP, item_id=gone)])
    expect(page.locator("#card .since")).to_contain_text("239 labels that are left at most 12")


def downloaded(page, link):
    if link == "CSV":
        page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    return download.value.path().read_text(encoding="utf-8")


HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
FORMULA = '=HYPERLINK("http://evil.example","click")'


def test_hostile_texts_names_and_columns_are_shown_as_text(door, tmp_path):
    path = tmp_path / "<b>evil.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow([HOSTILE, "formula"])
        table.writerows([[f"{HOSTILE}!", FORMULA]] * 3)  # else the head looks like a row
    opened = door(path, classes=(HOSTILE,))
    page = opened.page()
    page.wait_for_selector("#item dl")
    assert page.locator("#item dt").first.inner_text() == HOSTILE
    assert page.locator("#item dd").all_inner_texts() == [f"{HOSTILE}!", FORMULA]
    assert page.inner_text("#name") == "<b>evil.csv"
    press(page, "1")
    saved(page)  # what is not, is in no history
    page.get_by_role("button", name="History").click()
    page.wait_for_selector(".rows li")
    assert page.locator("#item img, .rows img, main script, dialog script, main b").count() == 0
    assert page.title() == "<b>evil.csv – sparing"


def test_a_picture_that_cannot_be_shown_says_why_and_is_skipped(door, photos):
    opened = door(photos)
    for path in photos.iterdir():
        path.write_bytes(path.read_bytes()[:400])
    page = opened.page()
    expect(page.locator(".unshown")).to_have_text(
        "The picture cannot be shown: truncated. Space skips it."
    )
    press(page, " ")
    saved(page)
    assert opened.project.status().n_skipped == 1


def test_without_the_link_the_page_is_closed(door, tmp_path):
    opened = door(notes(tmp_path))
    page = opened.context.new_page()
    page.goto(opened.base)
    expect(page.locator("#card h2")).to_have_text("This page is closed")
    page.goto("about:blank")
    page.goto(f"{opened.base}#used-or-wrong")
    expect(page.locator("#card")).to_contain_text("This link was used before")


def test_by_keyboard_alone_and_with_names_for_all_that_can_be_done(door, tmp_path):
    page = door(notes(tmp_path)).page()
    page.wait_for_selector("#classes button")
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, input, select, a')]
        .filter(node => node.checkVisibility())
        .filter(node => !(node.textContent.trim() || node.ariaLabel || node.labels?.length))
        .map(node => node.outerHTML)""")
    assert nameless == []
    reached = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim().split(/\\s+/)[0]"))
    assert {"To", "1cat", "2dog", "Undo", "Skip", "Flag", "History", "Export", "Check"} <= reached
    page.get_by_role("button", name="cat").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown = text(page)
    page.keyboard.press("Enter")
    page.wait_for_function("old => document.querySelector('#item').innerText !== old", arg=shown)
    expect(page.locator("#said")).to_have_text("Labeled cat.")
    page.keyboard.press("?")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_width_and_contrast(door, photos, contrast, scheme):
    opened = door(photos, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page = opened.page()
    page.wait_for_selector("#item img")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate("""() => [...document.querySelectorAll('button')]
        .filter(node => node.checkVisibility() && node.getBoundingClientRect().height < 40)
        .map(node => node.textContent)""")
    assert small == []
    pairs = [("#why", "body"), ("#count", "body"), ("#advice", "body"), (".class span", ".class")]
    for ink, paper in pairs:
        assert contrast(page, ink, paper) >= 4.5, (ink, scheme)
    page.get_by_role("button", name="Classes").click()
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth")


COLORED = """() => {
  const canvas = document.querySelector("#map");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, i) => i % 4 === 3 && value > 0);
}"""


@pytest.fixture
def clouds(tmp_path):
    """Two clouds of vectors, far apart."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(-3, 1, (30, 4)), rng.normal(3, 1, (30, 4))])
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    return tmp_path / "x.npy"


def answered_clouds(opened, n=4):
    ids = list(opened.project.items)
    opened.project.teach(dict.fromkeys(ids[:n], "cat") | dict.fromkeys(ids[-n:], "dog"))
    opened.project.retrain()
    return opened


def map_shown(page):
    page.wait_for_selector("#legend li")
    page.wait_for_function(COLORED)


def place_of(opened, page, row):
    """Return where an item lies on the screen, as the whole map is fitted."""
    maps = opened.project.map
    x, y = maps.places(maps.kinds()[-1], maps.mark)[row] / 65_534
    box = page.locator("#map").bounding_box()
    scale = min(box["width"], box["height"]) * 0.88
    return (
        box["x"] + box["width"] / 2 + (x - 0.5) * scale,
        box["y"] + box["height"] / 2 + (y - 0.5) * scale,
    )


def test_a_click_on_the_map_shows_the_item_and_a_lasso_makes_the_list_that_is_labeled(door, clouds):
    opened = answered_clouds(door(clouds))
    page = opened.page("map")
    map_shown(page)
    legend = page.locator("#legend li").all_inner_texts()
    assert [line.split("\n") for line in legend] == [
        ["cat", "4"], ["dog", "4"], ["no answer yet", "52"],
    ]  # fmt: skip

    page.mouse.click(*place_of(opened, page, 0))
    expect(page.locator("#picked-facts")).to_contain_text("cat")
    expect(page.locator("#picked-facts")).to_contain_text("Picked by a person.")

    x, y = place_of(opened, page, 30)  # one of the second cloud
    page.keyboard.press("l")
    page.mouse.move(x - 25, y - 25)
    page.mouse.down()
    for dx, dy in ((25, -25), (25, 25), (-25, 25), (-25, -25)):
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    expect(page.locator("#selection-count")).to_contain_text("selected")
    expect(page.locator("#selection-list li").first).to_be_visible()
    page.click("#label-them")

    page.wait_for_url(opened.base)
    page.wait_for_selector("#item .fields")
    expect(page.locator("#list-left")).to_contain_text("Your list from the map")
    n_list = int(page.inner_text("#list-left").split(":")[1].split()[0])
    before = opened.labels()
    for left in range(n_list, 0, -1):
        expect(page.locator("#list-left")).to_contain_text(f": {left} left")
        page.keyboard.press("2")
    expect(page.locator("#list")).to_be_hidden()
    expect(page.locator("#saved")).to_have_attribute("aria-busy", "false")
    now = opened.labels()
    assert len(now) == len(before) + n_list
    ids = list(opened.project.items)
    assert {ids.index(item) >= 30 for item in set(now) - set(before)} == {True}
    sources = {
        e.source for e in opened.project.store.events() if e.item_id in set(now) - set(before)
    }
    assert sources == {"person"}


def test_the_map_works_by_keyboard_alone(door, clouds):
    opened = answered_clouds(door(clouds))
    page = opened.page("map")
    map_shown(page)
    page.focus("#map")
    page.keyboard.press("s")
    expect(page.locator("#selection-count")).to_have_text("60 selected")
    expect(page.locator("#label-them")).to_have_text("Label the 52 without an answer")
    expect(page.locator("#said")).to_have_text("60 selected, 52 of them without an answer.")
    for key in ("+", "+", "ArrowRight", "-", "0"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()
    page.locator("#legend button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#legend button").first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")  # of the one color that is shown
    expect(page.locator("#selection-count")).to_have_text("4 selected")
    page.locator("#selection-list button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#picked-facts")).to_contain_text("cat")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"


INKED = """() => {
  const canvas = document.querySelector("#map");
  const ink = getComputedStyle(canvas).getPropertyValue("--ink").trim();
  const [red, green, blue] = ink.match(/[0-9a-f]{2}/g).map(two => parseInt(two, 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) {
    n += data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255;
  }
  return n;
}"""


def test_a_text_is_found_on_the_map_ringed_listed_and_labeled(door, tmp_path):
    opened = answered_clouds(door(notes(tmp_path)))
    page = opened.page("map")
    map_shown(page)
    plain = page.evaluate(INKED)
    page.keyboard.press("f")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type("NUMBER 3")
    page.keyboard.press("Enter")
    expect(page.locator("#selection-count")).to_have_text("11 with “NUMBER 3” in it")
    expect(page.locator("#selection-list li")).to_contain_text(["number 3"] * 11)
    page.wait_for_function(f"least => ({INKED})() > least", arg=plain + 20)  # by the rings
    page.locator("#selection-list button").nth(1).click()
    expect(page.locator("#picked-facts")).to_contain_text("none yet")

    page.locator("#search-text").fill("snow")
    page.keyboard.press("Enter")
    expect(page.locator("#selection-count")).to_have_text("Nothing has “snow” in it")
    expect(page.locator("#label-them")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()

    page.locator("#search-text").fill("number 3")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Label the 6 without an answer").click()  # four at either end
    for _ in range(6):
        expect(page.locator("#item .text")).to_contain_text("number 3")
        press(page, "2")
    saved(page)
    assert [opened.labels()[i] for i in list(opened.project.items)[30:36]] == ["dog"] * 6


def test_what_was_on_the_way_when_the_page_was_left_is_free_for_the_next(door, tmp_path):
    """The page never saw those items, so it let none of them go: they were missing for minutes."""
    opened = door(notes(tmp_path, 8))
    page = opened.context.new_page()
    page.route("**/api/next?*", lambda route: route.fetch())  # taken, but never heard of
    with page.expect_request("**/api/next?*"):
        page.goto(f"{opened.base}#{opened.app.state.door.token}")
    while len(opened.project.store.leases()) < 6:
        page.wait_for_timeout(20)
    page.unroute_all(behavior="ignoreErrors")
    page.goto(f"{opened.base}map")
    page.goto(opened.base)
    page.wait_for_selector("#item .text")
    for _ in range(8):
        press(page, "1")
    saved(page)
    assert len(opened.labels()) == 8


def test_a_better_map_is_offered_and_comes_by_the_persons_hand(door, clouds):
    opened = answered_clouds(door(clouds))
    page = opened.page("map")
    map_shown(page)
    expect(page.locator("#kind")).to_have_value("principal")
    expect(page.locator("#better")).to_be_hidden()
    trainee = opened.project.learning.trainee(lambda *told: None)
    while trainee.map(5.0)[1] < 250:
        pass
    expect(page.locator("#better")).to_be_visible()
    expect(page.locator("#kind")).to_have_value("principal")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#kind")).to_have_value("neighbors")
    expect(page.locator("#better")).to_be_hidden()

"""Spans of texts on the real page: by keyboard, by mouse and by touch; offsets in code points."""

import json

import pytest
from tests.web.by_hand import press, saved, show_guesses

from sparing.project import NewEvent
from sparing.store import Kind
from sparing.web.shortened import MOST_CHARACTERS

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

NAMES = {"Ada Byron": "person", "Zoe\u0301": "person", "دمشق": "place", "Cape Town": "place"}
KEYS = {"person": "1", "place": "2"}
FORMS = ["\U0001f642 {} met {}.", "وصلت {} إلى {}", "It rained on {} and {}"]


def text_of(i):
    names = list(NAMES)
    return f"{FORMS[i % 3].format(names[i % 4], names[(i + 1 + i // 12) % 4])} ({i})"


def truth(text):
    found = [(text.find(name), name, label) for name, label in NAMES.items() if name in text]
    return [(start, start + len(name), label) for start, name, label in sorted(found)]


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("\n".join(text_of(i) for i in range(150)) + "\n", encoding="utf-8")
    return path


def marks(page):
    return page.eval_on_selector_all(
        "#item mark", "all => all.map((one) => [one.dataset.label, one.textContent])"
    )


def expect_marks(page, wanted):
    expect(page.locator("#item mark")).to_have_text([text for _, text in wanted])
    assert marks(page) == [list(one) for one in wanted]


def chosen(page, words):
    page.wait_for_function("words => String(getSelection()) === words", arg=words)


def mark_by_keys(page):
    """Mark what there is by arrows alone, from the first word on."""
    text = page.locator("#item p").text_content()
    tokens = page.evaluate("(text) => text", text)
    page.keyboard.press("Home")
    is_rtl = page.eval_on_selector("#item p", "p => getComputedStyle(p).direction") == "rtl"
    onward = "ArrowLeft" if is_rtl else "ArrowRight"
    wanted = []
    for start, end, label in truth(text):
        words = tokens[start:end].split(" ")
        for _ in range(40):
            if page.evaluate("String(getSelection())") == words[0]:
                break
            page.keyboard.press(onward)
        chosen(page, words[0])
        for _ in words[1:]:
            page.keyboard.press(f"Shift+{onward}")
        chosen(page, text[start:end])
        page.keyboard.press(KEYS[label])
        wanted.append((label, text[start:end]))
        expect_marks(page, wanted)


def test_by_keyboard_alone_whatever_the_script_from_the_first_class_to_the_log(door, notes):
    opened = door(notes, classes=(), kind="spans")
    page = opened.page()
    page.wait_for_selector("#item .text")
    for name in ("person", "place"):  # the first class is asked for; then "/" brings the field back
        page.locator("#find-text").wait_for()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(page.locator("#classes button[aria-pressed=true]")).to_have_attribute(
            "data-name", name
        )
        expect(page.locator("#find")).to_be_hidden()
        if name == "person":
            page.keyboard.press("/")
    page.keyboard.press("Delete")
    expect_marks(page, [])
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Mark something first")
    for _ in range(6):
        mark_by_keys(page)
        press(page, "Enter")
    expect(page.locator("#count")).to_have_text("6")
    press(page, "Backspace")  # back, with all that was marked
    expect(page.locator("#item mark")).to_have_count(2)
    page.keyboard.press("Shift+Tab")
    press(page, "0")  # nothing to mark is an answer, too
    saved(page)
    rows = [row for row in opened.project.history()[1] if row.answer.kind == "label"]
    said = [[(s.start, s.end, s.label) for s in row.answer.spans] for row in rows]
    assert said == [[], *(truth(row.item.text) for row in rows[1:])]
    assert len(said) == 6
    expect(page.locator("#pages a[href='/grid']")).to_be_hidden()


def test_suggestions_by_choice_the_mouse_and_a_finger(door, notes, browser):
    opened = door(notes, classes=("person", "place"), kind="spans")
    project = opened.project
    for _ in range(2):
        asked = project.query(20)
        project.teach({a.item.item_id: truth(a.item.text) for a in asked})
        project.retrain()
    page = opened.page(context=browser.new_context(has_touch=True))
    page.wait_for_selector("#item .text")
    expect_marks(page, [])  # they are shown by choice
    show_guesses(page)
    press(page, " ")
    while "The model suggests" not in page.inner_text("#marks"):  # one in twenty is asked without
        press(page, " ")
    suggested = marks(page)
    assert suggested
    press(page, "Enter")
    saved(page)
    newest = project.history()[1][0].answer
    assert [(s.label, s.by) for s in newest.spans] == [(name, "accepted") for name, _ in suggested]

    while len(marks(page)) < 2:
        press(page, " ")
    first = page.locator("#item mark").first
    first.tap()
    chosen(page, first.text_content())
    page.locator("#spans-list .off").first.tap()  # one is taken off in the list
    expect(page.locator("#item mark")).to_have_count(1)
    left = page.locator("#item mark").text_content()
    text = page.locator("#item p").text_content()
    words = f"{text.split(left)[0].split()[-1]} {left}"
    page.locator("#item p").evaluate(  # the other, and half of the word before it, are selected
        """p => {
          const mark = p.querySelector("mark"), before = mark.previousSibling;
          const [from, to] = [before.length - 2, mark.firstChild.length];
          getSelection().setBaseAndExtent(before, from, mark.firstChild, to);
        }"""
    )
    chosen(page, words)
    page.locator("#classes [data-name=place]").click()
    expect(page.locator("#item mark")).to_have_text(words)
    expect(page.locator("#spans-list")).to_contain_text(f"place {words}")
    press(page, "Enter")
    saved(page)
    (last,) = project.history()[1][0].answer.spans
    assert (last.label, last.by) == ("place", "edited")
    assert project.items[project.history()[1][0].item.item_id].text[last.start : last.end] == words


def test_a_disagreement_is_settled_stretch_by_stretch(door, notes):
    opened = door(notes, classes=("person", "place"), kind="spans")
    project = opened.project
    item = next(project.items[i] for i in project.items if "Cape Town" in project.items[i].text)
    first, second = ({"start": s, "end": e, "label": label} for s, e, label in truth(item.text))
    other = {**first, "label": "place" if first["label"] == "person" else "person"}
    project.team.set_overlap(1)
    for who, spans in (("Ada", [first]), ("Ben", [other, second])):
        project.record([NewEvent(key=who, kind=Kind.LABEL, item_id=item.item_id, annotator=who,
                                 class_name=json.dumps(spans))])  # fmt: skip
    page = opened.page("settle")
    expect(page.locator("#stretch button")).to_have_count(2)
    expect(page.locator("#item mark")).to_have_count(2)
    page.keyboard.press("1")  # the first as Ada has it
    expect(page.locator("#stretch")).to_contain_text("nothing here")
    page.keyboard.press("2")  # the second as Ben has it
    expect(page.locator("#card")).to_contain_text("All is settled")
    saved(page)
    settled = [(s.start, s.end, s.label) for s in project.asked(item.item_id).answer.spans]
    assert settled == truth(item.text)


def test_behind_what_is_shown_of_a_huge_text_nothing_can_be_chosen(door, notes):
    page = door(notes, classes=("person", "place"), kind="spans").page()
    shown, taken = page.evaluate(
        """async () => {
          const { MOST_SHOWN, selected, seenIn } = await import("/static/spans.js");
          const item = { text: "a ".repeat(MOST_SHOWN / 2) + "and more", tokens: [0, 1, 2, 3] };
          const spans = [{ start: MOST_SHOWN + 1, end: MOST_SHOWN + 4, label: "x", by: "drawn" }];
          const state = { item: { item }, spans, chosen: null, guesses: false };
          const at = (start, end) => selected(state, { start, end, exact: true }).chosen;
          const places = [at(MOST_SHOWN - 3, MOST_SHOWN + 5), at(MOST_SHOWN + 1, MOST_SHOWN + 4)];
          return [MOST_SHOWN, [...places.map((one) => one.end), seenIn(state).length]];
        }"""
    )
    assert shown == MOST_CHARACTERS
    assert taken == [MOST_CHARACTERS, 3, 0]

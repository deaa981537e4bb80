"""Several labels an item on the real page: by keyboard, from the first question to the file."""

import csv
import json

import numpy as np
import pytest
from tests.web.by_hand import press, saved, show_guesses

from sparing.project import NewEvent
from sparing.store import Kind

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

THINGS = ["bread and butter", "an umbrella", "a kite", "an umbrella and a kite"]
NONE = ["none of these"]


@pytest.fixture
def days(tmp_path):
    path = tmp_path / "days.csv"
    lines = [f"{THINGS[i % 4]} on day {i}" for i in range(120)]
    path.write_text("text\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def truth(text):
    return [name for name, word in (("rain", "umbrella"), ("wind", "kite")) if word in text]


def chosen(page):
    return page.eval_on_selector_all(
        "#classes [aria-pressed=true]", "found => found.map((one) => one.dataset.name)"
    )


def has_chosen(page, names):
    expect(page.locator("#classes [aria-pressed=true]")).to_have_count(len(names))
    assert chosen(page) == names


def guessed(page, *, is_none):
    """Skip until the model guesses that an item has no label, or some; return them."""
    for _ in range(20):
        expect(page.locator("#marks")).to_contain_text("Enter accepts")
        names = chosen(page)
        if (names == NONE) == is_none:
            return [] if is_none else names
        press(page, " ")
    raise AssertionError("no such guess")


def answer(page):
    """Answer the item on the screen as it is, by keys."""
    labels = truth(page.inner_text("#item"))
    for name in labels:
        page.keyboard.press({"rain": "1", "wind": "2"}[name])
    has_chosen(page, labels)
    press(page, "Enter" if labels else "0")


def test_by_keyboard_alone_from_the_first_class_to_the_export(door, days, tmp_path):
    opened = door(days, classes=(), kind="labels")
    page = opened.page()
    page.wait_for_selector("#item .text")
    ordered = "async () => (await (await fetch('/api/state')).json()).status.model_version > 0"
    page.wait_for_function(ordered)
    expect(page.locator("#model")).to_have_text("")  # an order of the items alone is no model
    for name in ("rain", "wind"):  # the first class is asked for; then "/" brings the field back
        page.locator("#find-text").wait_for()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(page.locator(f"#classes [data-name={name}]")).to_have_attribute(
            "aria-pressed", "true"
        )
        if name == "rain":
            page.keyboard.press("/")
    page.keyboard.press("1")
    page.keyboard.press("2")
    has_chosen(page, [])
    page.keyboard.press("Enter")  # nothing chosen is no answer by mistake
    expect(page.locator("#notice")).to_contain_text("Choose labels first")
    for _ in range(5):
        answer(page)
    expect(page.locator("#count")).to_have_text("5")

    first = page.inner_text("#item")
    page.keyboard.press("1")
    page.keyboard.press("2")
    press(page, "Enter")
    press(page, "Backspace")  # back, with what was chosen
    expect(page.locator("#item")).to_have_text(first)
    has_chosen(page, ["rain", "wind"])
    for name in {"rain", "wind"} - set(truth(first)):
        page.keyboard.press({"rain": "1", "wind": "2"}[name])
    press(page, "Enter" if truth(first) else "0")
    press(page, " ")  # skipped
    expect(page.locator("#count")).to_have_text("6")
    saved(page)
    assert all(
        [*row.answer.labels] == truth(row.item.text)
        for row in opened.project.history()[1] if row.answer.kind == "label"
    )  # fmt: skip
    expect(page.locator("#pages a[href='/grid']")).to_be_hidden()
    opened.project.files.export(tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    labeled = [row for row in rows if row["state"] == "labeled"]
    assert len(labeled) == 6
    assert all(json.loads(row["labels"]) == truth(row["text"]) for row in labeled)


def test_suggestions_are_chosen_by_enter_corrected_by_a_key_and_never_shown_in_a_check(door, days):
    opened = door(days, classes=("rain", "wind"), kind="labels", encoder="text")
    project = opened.project
    for _ in range(2):
        project.teach({a.item.item_id: truth(a.item.text) for a in project.query(20)})
        project.retrain()
    page = opened.page()
    page.wait_for_selector("#item .text")
    has_chosen(page, [])  # they are shown by choice
    show_guesses(page)
    press(page, " ")
    for is_none in (True, False):
        labels = guessed(page, is_none=is_none)
        page.keyboard.press("1")
        has_chosen(page, sorted({"rain"} ^ {*labels}) or NONE)
        page.keyboard.press("1")
        has_chosen(page, labels or NONE)
        press(page, "Enter")
        saved(page)
        newest = project.history()[1][0]
        assert [*newest.answer.labels] == labels
        stored = next(e for e in project.store.events() if e.seq == newest.answer.seq)
        assert stored.confirmed
    expect(page.locator("#accuracy-note")).to_contain_text("if all of its labels are")
    expect(page.locator("#by-label-list li")).to_have_count(2)

    project.audits.draw(0.2)
    page.reload()
    page.wait_for_selector("#item .text")
    expect(page.locator("#count-of")).to_contain_text("checked")
    has_chosen(page, [])
    assert "guesses" not in page.inner_text("#marks")
    answer(page)
    expect(page.locator("#count")).to_have_text("1")

    while asked := project.audits.query(100):
        project.teach({one.item.item_id: truth(one.item.text) for one in asked})
    units = project.audits.certify().units
    page.reload()
    expect(page.locator("#card .statement").first).to_contain_text("any of the labels is wrong")
    expect(page.locator("#card")).to_contain_text("Right of the model's labels")
    expect(page.locator("#card")).to_contain_text(f"{units.n_units} labels that the model gives")


def test_a_label_that_is_worth_a_look_is_marked_and_chosen_by_nobody_but_the_person(door, days):
    opened = door(days, classes=("rain", "wind"), kind="labels", encoder="text")
    project, rng = opened.project, np.random.default_rng(0)
    asked = project.query(60)
    project.teach(
        {a.item.item_id: [n for n in ("rain", "wind") if rng.random() < 0.3] for a in asked}
    )
    project.retrain()
    page = opened.page()
    page.wait_for_selector("#item .text")
    marked = page.locator("#classes button.perhaps")
    expect(marked).to_have_count(0)
    show_guesses(page)
    press(page, " ")
    for _ in range(40):
        expect(page.locator("#marks")).to_contain_text("Enter accepts")
        if marked.count():
            break
        press(page, " ")
    before, name = chosen(page), marked.first.get_attribute("data-name")
    assert name not in before
    expect(page.locator("#marks")).to_contain_text("Less likely, and worth a look: ")
    page.keyboard.press({"rain": "1", "wind": "2"}[name])
    expect(page.locator(f"#classes button.perhaps[data-name={name}]")).to_have_count(0)
    assert set(chosen(page)) == {name, *before} - {*NONE}


def test_a_disagreement_is_settled_by_choosing_labels(door, days):
    opened = door(days, classes=("rain", "wind"), kind="labels")
    project, item = opened.project, next(iter(opened.project.items))
    project.team.set_overlap(1)
    for who, labels in (("Ada", ["rain"]), ("Ben", ["rain", "wind"])):
        project.record([NewEvent(key=who, kind=Kind.LABEL, item_id=item, annotator=who,
                                 class_name=json.dumps(labels))])  # fmt: skip
    page = opened.page("settle")
    expect(page.locator("#votes")).to_contain_text("rain, wind")
    page.keyboard.press("2")
    has_chosen(page, ["wind"])
    page.keyboard.press("Enter")
    expect(page.locator("#card")).to_contain_text("All is settled")
    saved(page)
    assert project.asked(item).answer.labels == ("wind",)

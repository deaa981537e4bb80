"""Items that were answered and are not in the source any more, found again on the page."""

import pytest

from sparing.project import Project

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


def write(path, lines):
    path.write_text("\n".join(["text", *lines]), encoding="utf-8")


def test_what_is_not_in_the_source_is_listed_matched_by_hand_or_left(door, tmp_path):
    table = tmp_path / "notes.csv"
    lines = [f"a note that says number {i}" for i in range(30)]
    write(table, lines)
    with Project.create(table, classes=["cat", "dog"]) as project:
        ids = list(project.items)
        project.teach({ids[3]: "cat", ids[9]: "dog"})
    write(table, [*lines[:3], "a note, quite another one", *lines[4:9], *lines[10:]])
    opened = door(project.folder)
    page = opened.page()
    page.get_by_role("button", name="Find 2 items again").click()
    rows = page.locator(".match-row")
    expect(rows).to_have_count(2)
    first = rows.filter(has_text="cat")
    first.get_by_role("textbox").fill("no such thing")
    first.get_by_role("button", name="Match").click()
    expect(page.locator("#panel-notice")).to_have_text(
        "The source has nothing called 'no such thing'."
    )
    first.get_by_role("textbox").fill("line 5")
    first.get_by_role("button", name="Match").click()
    expect(rows).to_have_count(1)
    assert rows.inner_text().split("\n")[:2] == ["line 11", "dog"]
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Find 1 item again")).to_be_visible()
    assert opened.labels() == {ids[3]: "cat", ids[9]: "dog"}
    assert opened.project.items.get(ids[3]).text == "a note, quite another one"

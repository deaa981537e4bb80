"""The grid in a real browser, on a real server with a real project."""

from collections import Counter

import numpy as np
import pytest
from tests.web.by_hand import saved

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

FREE_OF = """drawn => {
    const shown = [...document.querySelectorAll('.tile')].map(tile => tile.innerText);
    return shown.length > 0 && !shown.some(text => drawn.includes(text));
}"""


def notes(tmp_path, n=200):
    """Write notes of which every third is about rain."""
    path = tmp_path / "notes.csv"
    lines = [f"{'cold rainy' if i % 3 == 0 else 'warm sunny'} day number {i}" for i in range(n)]
    path.write_text("\n".join(["text", *lines]), encoding="utf-8")
    return path


def truth(project, item_id):
    return "rain" if "rainy" in project.items.get(item_id).text else "sun"


def learned(opened, n=12):
    ids = list(opened.project.items)[:n]
    opened.project.teach({item_id: truth(opened.project, item_id) for item_id in ids})
    opened.project.retrain()
    return opened


def tiles(page):
    return page.locator(".tile").all_inner_texts()


def turned(page, key):
    """Press a key and wait until another page is on the screen."""
    first = page.evaluate_handle("document.querySelector('#tiles').firstChild")
    page.keyboard.press(key)
    page.wait_for_function(
        "old => document.querySelector('#tiles').firstChild !== old"
        " && document.querySelector('.tile, #card:not([hidden]) h2')",
        arg=first,
    )


def enter(door, tmp_path, path="grid", n=200, **options):
    opened = door(notes(tmp_path, n), classes=("rain", "sun"), **options)
    learned(opened)
    page = opened.page(path)
    page.wait_for_selector(".tile")
    return opened, page


def provenance(opened):
    events = [e for e in opened.project.store.events()[2 + 12 :] if e.kind == "label"]
    undone = {e.undoes for e in opened.project.store.events()}
    return Counter((e.source, e.confirmed) for e in events if e.seq not in undone)


def test_a_page_is_confirmed_by_keyboard_and_taken_back_in_one_step(door, tmp_path):
    opened, page = enter(door, tmp_path)
    expect(page.locator("#about")).to_have_text("What the model takes for sun, the surest first.")
    shown = tiles(page)
    assert len(shown) > 6
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator(".tile[aria-selected=true]")).to_have_text(shown[1])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    expect(page.locator(".tile[data-as=rain]")).to_have_count(1)
    turned(page, "Enter")
    saved(page)
    n = len(shown) - 2
    assert provenance(opened) == {("grid", True): n, ("grid", False): 1}
    times = {e.seconds for e in opened.project.store.events() if e.source == "grid"}
    assert len(times) == 1  # what the page took, in equal shares
    assert None not in times
    assert not set(shown) & set(tiles(page))
    if page.locator("#card").is_hidden():
        expect(page.locator(".tile").first).to_be_focused()
    turned(page, "Backspace")
    saved(page)
    assert tiles(page) == shown
    expect(page.locator(".tile[aria-selected=true]")).to_have_count(2)
    assert provenance(opened) == {}
    assert opened.project.status().n_labeled == 12


WHOLE = """() => {
    const stage = document.querySelector('#stage').getBoundingClientRect();
    return [...document.querySelectorAll('.tile')].filter(tile => {
        const at = tile.getBoundingClientRect();
        return at.top >= stage.top - 1 && at.bottom <= stage.bottom + 1;
    }).length;
}"""


def test_what_was_not_on_the_screen_is_not_confirmed(door, tmp_path):
    """After + three times the button said 68, and ten were visible."""
    opened, page = enter(door, tmp_path)
    n = page.locator(".tile").count()
    for _ in range(3):
        page.keyboard.press("+")
    visible = page.evaluate(WHOLE)
    assert visible < n
    expect(page.locator("#confirm")).to_contain_text(f"Confirm {visible} ")
    expect(page.locator("#open")).to_contain_text(f"{n - visible} of this page not seen yet")
    turned(page, "Enter")
    saved(page)
    assert len(opened.labels()) == 12 + visible
    left = page.locator(".tile").count()
    assert left == n - visible
    page.keyboard.press("End")
    expect(page.locator("#confirm")).not_to_contain_text(f"Confirm {min(visible, left)} ")
    turned(page, "Backspace")
    expect(page.locator(".tile")).to_have_count(n)
    expect(page.locator("#confirm")).to_contain_text(f"Confirm {visible} ")


def test_a_tab_that_has_not_chosen_holds_no_page_and_no_confirm(door, tmp_path):
    opened, page = enter(door, tmp_path)
    shown = tiles(page)
    page.locator(".tile").nth(1).click()
    for tab, what in (("Clusters", "a cluster"), ("Rare classes", "a class")):
        page.get_by_role("button", name=tab).click()
        expect(page.locator("#card")).to_contain_text(f"Choose {what} above")
        for at in ("#tiles", "#confirm", "#target", "#whole", "#open:not(:empty)"):
            expect(page.locator(at)).to_be_hidden()
    page.keyboard.press(".")
    page.get_by_role("button", name="Classes", exact=True).click()
    assert tiles(page) == shown
    expect(page.locator(".tile[aria-selected=true]")).to_have_text(shown[1])
    page.get_by_role("button", name="Clusters").click()
    page.keyboard.press("Escape")
    page.locator("#choices button").first.click()
    page.wait_for_selector(".tile")
    assert opened.project.status().n_labeled == 12


def test_all_of_a_class_is_confirmed_page_by_page_without_a_mistake(door, tmp_path):
    opened, page = enter(door, tmp_path)
    n_open = opened.project.grid.overview().likely["sun"]
    for _ in range(n_open):
        if page.locator("#card").is_visible():
            break
        for i, note in enumerate(tiles(page)):
            if "rainy" in note:
                page.locator(".tile").nth(i).click()
        turned(page, "Enter")
        page.wait_for_selector("#card h2, .tile")
    expect(page.locator("#card h2")).to_have_text("Nothing more here")
    saved(page)
    labels = opened.labels()
    assert len(labels) > 100
    assert all(name == truth(opened.project, item_id) for item_id, name in labels.items())


def test_what_was_left_for_later_comes_again_when_the_grid_is_chosen_again(door, tmp_path):
    _, page = enter(door, tmp_path, n=60)
    shown = tiles(page)
    turned(page, ".")
    assert not set(shown) & set(tiles(page))
    page.locator("#choices button", has_text="sun").click()
    page.wait_for_selector(".tile")
    assert tiles(page)[: len(shown)] == shown


def test_a_cluster_is_checked_blind_then_labeled_whole_and_taken_back(door, tmp_path):
    opened, page = enter(door, tmp_path)
    page.get_by_role("button", name="Clusters").click()
    page.locator("#choices button").first.click()
    page.get_by_role("button", name="Label the whole cluster").click()
    for i in range(11):
        expect(page.locator("#card")).to_contain_text(f"Item {i + 1} of 11")
        assert "%" not in page.inner_text("#card")
        page.keyboard.press("1" if "rainy" in page.inner_text(".alone") else "2")
    expect(page.locator("#card .statement")).to_contain_text("of 10 random items are")
    expect(page.locator("#card .statement")).to_contain_text("with 95 % certainty")
    assert provenance(opened) == {("person", False): 11}
    spread = page.get_by_role("button", name="Label its")
    n = int(spread.inner_text().split()[2])
    spread.click()
    expect(page.locator("#said")).to_contain_text(f"{n} labeled ")
    saved(page)
    assert provenance(opened) == {("person", False): 11, ("cluster", True): n}
    basis = opened.project.store.events()[-1].text
    assert basis.startswith("cluster ")
    assert "random items are" in basis
    page.keyboard.press("Backspace")
    saved(page)
    assert provenance(opened) == {("person", False): 11}


def test_more_like_this_from_the_label_page_and_the_way_back(door, tmp_path):
    opened = learned(door(notes(tmp_path), classes=("rain", "sun")))
    page = opened.page()
    page.wait_for_selector("#item .text")
    seed = page.inner_text("#item .text")
    page.keyboard.press("=")
    page.wait_for_selector(".tile")
    expect(page.locator("#about")).to_contain_text("What is nearest to line")
    assert seed not in tiles(page)
    word = seed.split()[1]
    assert sum(word in note for note in tiles(page)) > len(tiles(page)) * 0.8
    assert page.locator("#target").input_value() == ""
    page.keyboard.press("2")
    expect(page.locator("#target")).to_have_value("sun")
    page.reload()
    expect(page.locator("#about")).to_contain_text("What is nearest to line")
    page.get_by_role("link", name="Label").click()
    page.wait_for_selector("#item .text")


def test_keywords_rare_classes_and_a_list_from_another_page(door, tmp_path):
    opened, page = enter(door, tmp_path)
    page.keyboard.press("f")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type("NUMBER 19")
    page.keyboard.press("Enter")
    expect(page.locator(".tile")).to_have_count(11)
    assert all("number 19" in note for note in tiles(page))
    page.get_by_role("button", name="Rare classes").click()
    page.locator("#choices button", has_text="rain").click()
    expect(page.locator("#about")).to_contain_text("most like the 4 newest of it")
    assert "rainy" in tiles(page)[0]
    left = {"rows": [*range(150, 155)], "answered": False}  # as the map does
    page.evaluate("list => sessionStorage.setItem('sparing-list', JSON.stringify(list))", left)
    page.goto(f"{opened.base}grid?list")
    expect(page.locator(".tile")).to_have_count(5)


def test_the_map_of_keys_sizes_zoom_and_screen_readers(door, tmp_path):
    _, page = enter(door, tmp_path)
    first = page.locator(".tile").first
    expect(first).to_be_focused()
    assert first.get_attribute("role") == "option"
    assert page.locator(".tile[tabindex='0']").count() == 1
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, input, select, a')]
        .filter(node => node.checkVisibility())
        .filter(node => !(node.textContent.trim() || node.ariaLabel || node.labels?.length))
        .map(node => node.outerHTML)""")
    assert nameless == []
    height = first.bounding_box()["height"]
    page.keyboard.press("+")
    page.wait_for_function("old => document.querySelector('.tile').offsetHeight > old", arg=height)
    page.keyboard.press("z")
    expect(page.locator("#closer")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#closer")).to_contain_text(tiles(page)[1])
    page.keyboard.press("Escape")
    expect(page.locator("#closer")).to_be_hidden()
    page.locator(".tile").nth(2).hover()
    expect(page.locator("#closer")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("Space")
    expect(page.locator("#said")).to_contain_text("picked out")
    page.reload()
    page.wait_for_selector(".tile")
    assert page.locator(".tile").first.bounding_box()["height"] > height


def test_a_check_begun_elsewhere_clears_the_page_and_its_items_come_on_none(door, tmp_path):
    opened, page = enter(door, tmp_path)
    before = page.request.get(f"{opened.base}api/state", headers={"sec-fetch-site": "same-origin"})
    page.route("**/api/state", lambda route: route.fulfill(response=before))
    page.reload()  # what was on its way is dropped: the page is not to know of the check yet
    page.wait_for_selector(".tile")
    opened.project.audits.draw(0.02)  # so strict that more than half of all are drawn
    drawn = {a.item.text for a in opened.project.audits.query(200)}
    assert drawn & set(tiles(page))
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("asked alone")
    assert opened.project.status().audit.n_answered == 0
    page.unroute("**/api/state")
    page.wait_for_function(FREE_OF, arg=sorted(drawn))


def test_without_network_a_page_waits_survives_a_reload_and_is_sent(door, tmp_path):
    opened, page = enter(door, tmp_path)
    opened.context.route("**/api/events", lambda route: route.abort())
    n = page.locator(".tile").count()
    turned(page, "Enter")
    expect(page.locator("#saved")).to_contain_text(f"{n} unsaved")
    page.reload()
    expect(page.locator("#saved")).to_contain_text(f"{n} unsaved")
    assert opened.project.status().n_labeled == 12
    opened.context.unroute("**/api/events")
    saved(page)
    assert opened.project.status().n_labeled == 12 + n


def test_pages_are_taken_back_after_a_reload_too(door, tmp_path):
    opened, page = enter(door, tmp_path)
    first = tiles(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    turned(page, "Enter")
    turned(page, "Enter")
    saved(page)
    assert opened.project.status().n_labeled > 12 + len(first)
    page.reload()
    page.wait_for_selector(".tile")
    turned(page, "Backspace")
    assert not set(first) & set(tiles(page))
    turned(page, "Backspace")
    assert tiles(page) == first
    expect(page.locator(".tile[aria-selected=true]")).to_have_text(first[1])
    saved(page)
    assert opened.project.status().n_labeled == 12
    expect(page.locator("#target")).to_have_value("sun")
    page.keyboard.press("Backspace")
    expect(page.locator("#notice")).to_contain_text("nothing to take back")


def to_the_grid(page):
    page.get_by_role("link", name="Grid").click()
    page.wait_for_selector("#tiles .tile, #card h2")
    return tiles(page)


def chosen(page, name):
    page.locator("#choices button", has_text=name).click()
    page.wait_for_selector(".tile")
    return tiles(page)


def test_two_people_have_pages_of_their_own_until_one_leaves(door, tmp_path):
    opened = learned(door(notes(tmp_path), classes=("rain", "sun")))
    ada, ben = opened.enter("Ada"), opened.enter("Ben")
    asked = ben.inner_text("#item")
    pages = to_the_grid(ada)
    assert asked not in pages
    held = opened.project.store.leases()
    assert set(pages) <= {opened.project.items.get(i).text for i in held}
    assert not set(pages) & set(to_the_grid(ben))
    ada.close()
    expect(ben.locator(".tile").first).to_be_visible()
    assert set(chosen(ben, "sun")) & set(pages)


def test_a_window_finds_that_another_has_the_rest_and_gets_what_it_leaves(door, tmp_path):
    opened, one = enter(door, tmp_path, "grid?class=sun", n=24)
    shown = tiles(one)
    two = opened.page("grid?class=sun")
    expect(two.locator("#card h2")).to_have_text("The others have the rest")
    expect(two.locator("#card p")).to_contain_text(f"{len(shown)} items are on other screens")
    turned(one, ".")  # the whole page is left for later
    assert chosen(two, "sun") == shown


def test_a_whole_cluster_is_labeled_without_what_is_on_other_screens(door, tmp_path):
    opened = learned(door(notes(tmp_path), classes=("rain", "sun")))
    project = opened.project

    def typical(n, taken):
        return project.grid.cluster(0, n, taken)

    there = {one.item.item_id for one in project.lending.lend_page("another", 3, typical).items}
    page = opened.page("grid?cluster=0")
    page.get_by_role("button", name="Label the whole cluster").click()
    while not page.locator("#card .statement").count():
        said = page.inner_text("#card")
        page.keyboard.press("1" if "rainy" in said else "2")
        page.wait_for_function(
            "text => document.querySelector('#card').innerText !== text", arg=said
        )
    drawn = {one for one in there if one in opened.labels()}
    there -= drawn  # the blind items of a cluster are anybody's
    expect(page.locator("#card")).to_contain_text(f"Without {len(there)} item")
    page.get_by_role("button", name="Label its").click()
    expect(page.locator("#card h2")).to_have_text("The others have the rest")
    saved(page)
    assert not there & set(opened.labels())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_width_and_contrast(door, photos, contrast, scheme):
    opened = door(photos, viewport={"width": 360, "height": 740}, color_scheme=scheme, train=True)
    page = opened.page("grid")
    page.wait_for_selector(".tile img")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate("""() => [...document.querySelectorAll('#bar button, #tabs button')]
        .filter(node => node.checkVisibility() && node.getBoundingClientRect().height < 40)
        .map(node => node.textContent)""")
    assert small == []
    page.locator(".tile").first.click()
    for ink, paper in [("#about", "body"), ("#open", "body"), ("#confirm", "#confirm")]:
        assert contrast(page, ink, paper) >= 4.5, (ink, scheme)


def test_two_hundred_real_digits_are_confirmed_by_keyboard(door, mnist, tmp_path):
    n = 300
    np.save(tmp_path / "digits.npy", mnist.train_images[:n].reshape(n, -1) / np.float32(255))
    truth = mnist.train_labels[:n].astype(str)
    opened = door(tmp_path / "digits.npy", classes=[str(c) for c in range(10)])
    ids = list(opened.project.items)
    opened.project.teach(dict(zip(ids[:80], truth[:80], strict=True)))
    opened.project.retrain()
    page = opened.page("grid")
    n_pages = 0
    for digit in "0123456789" * 3:  # again: the card of before may still have been there
        page.locator(f"#choices [data-choice='{digit}']").click()
        page.wait_for_selector(".tile, #card h2")
        while page.locator("#card").is_hidden() and n_pages < 60:
            n_pages += 1
            expect(page.locator("#open")).not_to_contain_text("not seen")  # each picture is there
            turned(page, "Enter")
            page.wait_for_selector(".tile, #card h2")
    saved(page)
    labels = opened.labels()
    assert len(labels) == n
    right = np.mean([labels[item_id] == true for item_id, true in zip(ids, truth, strict=True)])
    assert right > 0.7
    assert n_pages < 60


def test_hostile_texts_are_shown_as_text(door, tmp_path):
    path = tmp_path / "evil.csv"
    hostile = "<img src=x onerror='document.title=1'>"
    path.write_text("text\n" + f"{hostile}\n" * 20, encoding="utf-8")
    opened = door(path, classes=(hostile,), train=True)
    page = opened.page(f"grid?search={hostile}")
    page.wait_for_selector(".tile")
    assert page.locator("main img, main script").count() == 0
    assert tiles(page)[0] == hostile
    assert page.inner_text("#about") == f"What has “{hostile}” in it."


def test_without_the_link_the_grid_is_closed(door, tmp_path):
    opened = door(notes(tmp_path, 30))
    page = opened.context.new_page()
    page.goto(f"{opened.base}grid")
    expect(page.locator("#card h2")).to_have_text("This page is closed")


def test_before_the_items_are_read_the_grid_says_so_and_comes_by_itself(door, tmp_path):
    opened = door(notes(tmp_path, 60))
    page = opened.page("grid")
    expect(page.locator("#card")).to_contain_text("still being read")
    opened.project.retrain()
    page.wait_for_selector(".tile")

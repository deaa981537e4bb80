"""Boxes on the real page: by mouse, keys and fingers; places in pixels of the upright picture."""

import json
import threading
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from tests.web.by_hand import press, saved, show_guesses

from sparing.project import NewEvent
from sparing.project.log.meaning import as_said
from sparing.store import Kind
from sparing.web import media

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

SIZE = (800, 500)
WHITE = 200  # of a picture's light part, as a screenshot shows it
UPRIGHT = 6  # what EXIF says of a camera that was turned by a quarter


def photo(path, size=SIZE, shade=90, **more):
    Image.new("L", size, shade).save(path, **more)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(8):
        photo(folder / f"{i}.png", shade=60 + 9 * i)
    return folder


def seen(page):
    """Wait until the picture of the item is on the screen; give its place."""
    page.wait_for_function("() => document.querySelector('#item .canvas img')?.naturalWidth > 0")
    return page.locator(".canvas .frame").bounding_box()


def at(frame, x, y, size=SIZE):
    """Where a place of the picture is on the screen."""
    return (
        frame["x"] + x * frame["width"] / size[0],
        frame["y"] + y * frame["height"] / size[1],
    )


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def listed(page, *rows):
    expect(page.locator("#boxes-list .of-span")).to_have_text([*rows])


def expect_place(place, wanted, off):
    assert np.allclose(place, wanted, atol=off), (place, wanted)


def newest(project):
    return project.history()[1][0].answer.boxes


def chosen_place(page):
    """Left, top, right and bottom of the chosen box in the list, once there is one."""
    text = page.locator("#boxes-list [aria-pressed=true]").text_content()
    numbers = text.split(" at ")
    wide, high = map(float, numbers[0].split(" ", 1)[1].split(" × "))
    left, top = map(float, numbers[1].split(", ")[:2])
    return left, top, left + wide, top + high


def test_drawn_changed_taken_back_and_said(door, photos):
    opened = door(photos, kind="boxes")
    page = opened.page()
    frame = seen(page)
    pixel = SIZE[0] / frame["width"]
    first = page.locator("#item-name").text_content()
    page.mouse.click(*at(frame, 100, 100))
    press_key = page.keyboard.press
    press_key("Enter")
    expect(page.locator("#notice")).to_contain_text("A box is begun")
    page.mouse.click(*at(frame, 300, 200))  # two clicks
    expect(page.locator("#boxes-list li")).to_have_count(1)
    press_key("2")  # of another class, which stays
    expect(page.locator("#boxes-list li")).to_contain_text("dog")
    drag(page, at(frame, 400, 100), at(frame, 500, 300))
    expect(page.locator("#boxes-list li")).to_have_count(2)
    press_key("e")
    for place in ((600, 300), (700, 250), (760, 350), (650, 400)):  # the outermost points
        page.mouse.click(*at(frame, *place))
    expect(page.locator("#boxes-list li")).to_have_count(3)
    said = [text.split(" ")[0] for text in page.locator("#boxes-list b").all_text_contents()]
    assert said == ["dog", "dog", "dog"]
    press_key("x")
    expect(page.locator("#boxes-list li")).to_have_count(2)
    press_key("Backspace")  # it is there again
    expect(page.locator("#boxes-list li")).to_have_count(3)
    expect_place(chosen_place(page), (600, 250, 760, 400), 2 * pixel)

    press_key("Shift+Tab")
    expect(page.locator("#boxes-list [aria-pressed=true]")).to_have_count(1)
    before = chosen_place(page)
    press_key("ArrowRight")
    press_key("w")  # the lower right corner alone
    press_key("Shift+ArrowDown")
    expect(page.locator("#said")).to_contain_text("3 in the picture")
    wanted = (before[0] + 1, before[1], before[2] + 1, before[3] + 10)
    page.wait_for_function(
        "(y) => Math.abs(document.querySelector('#boxes-list [aria-pressed=true]').textContent"
        ".match(/× ([\\d.]+)/)[1] - y) < 0.2",
        arg=wanted[3] - wanted[1],
    )
    assert chosen_place(page) == pytest.approx(wanted, abs=0.21)
    press_key("Escape")  # lets go of the corner: sides follow the mouse
    drag(page, at(frame, wanted[0], 180), at(frame, 380, 180))
    expect(page.locator("#boxes-list [aria-pressed=true]")).to_contain_text(" at 3")
    press(page, "Enter")
    second = page.locator("#item-name").text_content()
    seen(page)
    press_key("v")  # as in a series
    expect(page.locator("#boxes-list li")).to_have_count(3)
    press(page, "Enter")
    seen(page)
    press(page, "Backspace")  # back to the second, with what was drawn
    expect(page.locator("#item-name")).to_have_text(second)
    expect(page.locator("#boxes-list li")).to_have_count(3)
    press_key("Backspace")
    expect(page.locator("#boxes-list li")).to_have_count(0)
    press(page, "Backspace")  # and to the first
    expect(page.locator("#item-name")).to_have_text(first)
    expect(page.locator("#boxes-list li")).to_have_count(3)
    press(page, "Enter")
    saved(page)
    project = opened.project
    item = next(i for i in project.items if project.items[i].name == first)
    boxes = sorted(project.asked(item).answer.boxes, key=lambda box: box.box)
    assert [(box.label, box.by) for box in boxes] == [("dog", "drawn")] * 3
    for box, place in zip(
        boxes,
        ((100, 100, 300, 200), (380, 100, 501, 310), (600, 250, 760, 400)),
        strict=True,
    ):
        expect_place(box.box, place, 2 * pixel)
    assert all(16 * x == int(16 * x) for box in boxes for x in box.box)


def lighter(page):
    """Left, top, right and bottom of what is light, on the screen."""
    page.mouse.move(0, 0)  # without the crosshair
    whole = np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB")).astype(int)
    frame = page.locator(".canvas .frame").bounding_box()
    left, top = int(frame["x"]) + 2, int(frame["y"]) + 2
    inside = whole[top : int(frame["y"] + frame["height"]) - 2, left:]
    inside = inside[:, : int(frame["width"]) - 4]
    rows, columns = np.nonzero(inside.min(axis=2) > WHITE)
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return np.add(edges, (left, top, left, top)).tolist()


@pytest.mark.parametrize("what", ["turned", "huge"])
def test_what_is_seen_is_what_is_kept(door, tmp_path, what):
    """A light part is drawn around where it is seen; its place is that of the upright picture."""
    folder = tmp_path / "photos"
    folder.mkdir()
    size = (8000, 5000) if what == "huge" else (200, 300)
    pixels = np.full(size[::-1], 40, np.uint8)
    left, top, right, bottom = place = (np.array([*size, *size]) * (0.5, 0.2, 0.9, 0.4)).astype(int)
    pixels[top:bottom, left:right] = 250
    exif = Image.Exif()
    if what == "turned":
        pixels, exif[0x0112] = np.rot90(pixels), UPRIGHT
    Image.fromarray(pixels).save(folder / "a.jpg", quality=90, exif=exif)
    opened = door(folder, kind="boxes")
    page = opened.page()
    frame = seen(page)
    assert frame["width"] / frame["height"] == pytest.approx(size[0] / size[1], rel=0.01)
    x0, y0, x1, y1 = lighter(page)
    if what == "huge":  # nearer, about the corner: it stays under the pointer
        page.mouse.move(x0, y0)
        page.mouse.wheel(0, -600)
        page.wait_for_function(
            "wide => document.querySelector('.frame').getBoundingClientRect().width > 1.5 * wide",
            arg=frame["width"],
        )
        again = page.locator(".canvas .frame").bounding_box()
        grown = again["width"] / frame["width"]
        page.mouse.click(x0, y0)
        page.keyboard.press("z")  # and whole again, for the other corner
        page.wait_for_function(
            "wide => document.querySelector('.frame').getBoundingClientRect().width < 1.01 * wide",
            arg=frame["width"],
        )
        assert grown > 2
        page.mouse.click(x1, y1)
    else:
        drag(page, (x0, y0), (x1, y1))
    expect(page.locator("#boxes-list li")).to_have_count(1)
    press(page, "Enter")
    saved(page)
    (box,) = newest(opened.project)
    expect_place(box.box, place, 1.5 * size[0] / frame["width"])


def test_a_large_picture_is_sharp_under_zoom(door, tmp_path):
    """The smaller copy has lost a pattern of single pixels; what is laid over it shows it."""
    folder = tmp_path / "photos"
    folder.mkdir()
    size = (6000, 4000)
    rows, columns = np.indices(size[::-1])
    Image.fromarray(((rows + columns) % 2 * 255).astype(np.uint8)).save(folder / "a.png")
    page = door(folder, kind="boxes").page()
    frame = seen(page)
    expect(page.locator(".canvas .sharp")).to_have_count(0)
    page.mouse.move(*at(frame, 3000, 2000, size))
    page.mouse.wheel(0, -2500)
    expect(page.locator(".canvas .sharp")).to_have_count(1)
    sharp, near = page.locator(".canvas .sharp").bounding_box(), seen(page)
    scale = near["width"] / size[0]
    asked = page.locator(".canvas .sharp").get_attribute("src").split("part=")[1]
    x0, y0, x1, y1 = map(int, asked.split(","))
    place = page.locator(".canvas").bounding_box()
    assert (sharp["x"], sharp["y"]) == pytest.approx(at(near, x0, y0, size), abs=0.5)
    assert (sharp["width"], sharp["height"]) == pytest.approx(
        ((x1 - x0) * scale, (y1 - y0) * scale), abs=0.5
    )
    assert sharp["x"] <= place["x"] + 0.5
    assert sharp["y"] <= place["y"] + 0.5
    assert sharp["x"] + sharp["width"] >= place["x"] + place["width"] - 0.5
    assert sharp["y"] + sharp["height"] >= place["y"] + place["height"] - 0.5
    screen = np.asarray(Image.open(BytesIO(page.screenshot())).convert("L")).astype(int)
    left, top = int(place["x"]) + 20, int(place["y"]) + 20
    corner = screen[top : top + 60, left : left + 60]  # far from the crosshair
    assert corner.max() - corner.min() > 200
    page.keyboard.press("z")  # of the whole, the copy has enough
    expect(page.locator(".canvas .sharp")).to_have_count(0)


def test_parts_that_nobody_wants_any_more_are_let_go(door, tmp_path, monkeypatch):
    folder, done = tmp_path / "photos", threading.Event()
    folder.mkdir()
    size = (6000, 4000)
    photo(folder / "a.png", size)
    whole = media._whole

    def slow(path):
        assert done.wait(120)
        return whole(path)

    monkeypatch.setattr(media, "_whole", slow)
    page = door(folder, kind="boxes").page()
    frame = seen(page)
    page.mouse.move(*at(frame, 3000, 2000, size))
    try:
        with page.expect_request("**/media/*part=*") as first:
            page.mouse.wheel(0, -2500)
        with page.expect_event("requestfailed") as failed, page.expect_request("**/media/*part=*"):
            page.mouse.wheel(0, -300)
        assert failed.value.url == first.value.url
        assert "ABORTED" in failed.value.failure
    finally:
        done.set()
    expect(page.locator(".canvas .sharp")).to_have_count(1)
    assert not page.locator(".canvas .sharp").get_attribute("src").endswith(first.value.url[-20:])


def predicted(folder, boxes):
    """Write what a detector says of each picture: COCO's results."""
    path = folder.parent / "results.json"
    rows = [
        {"file_name": one.name, "category_id": 1 + k % 2, "bbox": box, "score": 0.5 + 0.1 * (k % 4)}
        for one in sorted(folder.iterdir())
        for k, box in enumerate(boxes)
    ]
    path.write_text(json.dumps(rows))
    return path


def to_suggested(page, count):
    """Go on to a picture with suggestions: one in twenty is asked without."""
    seen(page)
    while page.locator(".boxes .box").count() != count:
        press(page, "s")
        seen(page)
    expect(page.locator(".boxes .box.suggested")).to_have_count(count)
    expect(page.locator("#marks")).to_contain_text("results.json suggests")


def test_suggestions_are_taken_or_changed_by_keys_and_fingers(door, photos, browser):
    opened = door(photos, kind="boxes", encoder="pixels")
    project = opened.project
    project.files.import_predictions(predicted(photos, [(80, 50, 160, 100), (400, 250, 240, 150)]))
    page = opened.page(context=browser.new_context(has_touch=True))
    seen(page)
    expect(page.locator(".boxes .box")).to_have_count(0)  # they are shown by choice
    show_guesses(page)
    press(page, "s")
    to_suggested(page, 2)
    listed(
        page,
        "cat 160 × 100 at 80, 50, 50 % sure (suggested)",
        "dog 240 × 150 at 400, 250, 60 % sure (suggested)",
    )
    press(page, "Enter")
    saved(page)
    assert [(b.box, b.label, b.by) for b in newest(project)] == [
        ((80, 50, 240, 150), "cat", "accepted"),
        ((400, 250, 640, 400), "dog", "accepted"),
    ]

    to_suggested(page, 2)
    page.keyboard.press("Tab")
    expect(page.locator("#said")).to_contain_text("1 of 2, suggested")
    page.locator("#boxes-list .of-span").last.tap()
    expect(page.locator("#boxes-list [aria-pressed=true]")).to_contain_text("dog")
    page.keyboard.press("1")
    page.keyboard.press("Shift+ArrowUp")
    listed(page, "cat 160 × 100 at 80, 50, 50 % sure (suggested)", "cat 240 × 150 at 400, 240")
    frame = seen(page)
    touches = page.context.new_cdp_session(page)
    spots = [at(frame, 60 + 20 * i, 300 + 20 * i) for i in range(4)]
    for kind, points in [("touchStart", spots[:1]), *(("touchMove", [s]) for s in spots[1:])]:
        named = [{"x": x, "y": y} for x, y in points]
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": named})
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#boxes-list li")).to_have_count(3)
    page.get_by_role("button", name="Take off cat, 160").click()
    expect(page.locator(".boxes .box")).to_have_count(2)
    page.get_by_role("button", name="All is right").click()
    saved(page)
    expect(page.locator("#count")).to_have_text("2")
    edited, drawn = sorted(newest(project), key=lambda box: -box.box[0])
    assert (edited.box, edited.label, edited.by) == ((400, 240, 640, 390), "cat", "edited")
    assert (drawn.label, drawn.by) == ("cat", "drawn")
    expect_place(drawn.box, (60, 300, 120, 360), 2 * SIZE[0] / frame["width"])


def test_of_three_hundred_boxes_only_what_changes_is_touched(door, photos):
    opened = door(photos, kind="boxes", encoder="pixels")
    lattice = [(40 * (k % 20), 33 * (k // 20), 30, 25) for k in range(300)]
    opened.project.files.import_predictions(predicted(photos, lattice))
    page = opened.page()
    seen(page)
    show_guesses(page)
    press(page, "s")
    to_suggested(page, 300)
    page.evaluate(
        """() => {
          globalThis.touched = new Set();
          const note = (all) => all.forEach((one) => touched.add(one.target));
          for (const at of ["#item", "#boxes"]) new MutationObserver(note).observe(
            document.querySelector(at), { attributes: true, childList: true, subtree: true });
        }"""
    )
    for key, count in (
        ("Tab", 300),
        ("ArrowRight", 300),
        ("2", 300),
        ("x", 299),
        ("Backspace", 300),
    ):
        page.evaluate("touched.clear()")
        page.keyboard.press(key)
        expect(page.locator("#boxes-list li")).to_have_count(count)
        page.wait_for_function("() => touched.size > 0")
        assert page.evaluate("touched.size") < 30, key
    page.keyboard.press("Tab")
    expect(page.locator("#said")).to_contain_text("2 of 300")


def test_nothing_is_said_of_a_picture_before_it_is_seen(door, photos, browser):
    opened = door(photos, kind="boxes")
    context = browser.new_context()
    context.route("**/media/*", lambda _: None)  # none is answered
    page = opened.page(context=context)
    page.locator(".canvas[aria-busy=true]").wait_for()
    for key in ("Enter", "0"):
        page.keyboard.press(key)
        expect(page.locator("#notice")).to_contain_text("The picture is not here yet")
        page.keyboard.press("Escape")
    context.unroute("**/media/*")  # now they are
    seen(page)
    expect(page.locator(".canvas[aria-busy]")).to_have_count(0)
    press(page, "Enter")
    saved(page)
    assert newest(opened.project) == ()


def test_where_people_differ_boxes_are_settled_place_by_place_or_drawn(door, photos):
    opened = door(photos, kind="boxes")
    project = opened.project
    project.team.set_overlap(1)
    shared, ada, ben = (80, 50, 160, 100), (300, 200, 400, 300), (302, 200, 400, 302)
    second = (600, 300, 700, 400)
    first_item, other_item, near_item = list(project.items)[:3]
    said = {
        first_item: (
            [(shared, "cat"), (ada, "cat")],
            [(shared, "cat"), (ben, "dog"), (second, "dog")],
        ),
        other_item: ([(shared, "cat")], []),
        near_item: ([(ada, "cat")], [(ben, "cat")]),
    }
    for item_id, answers in said.items():
        for who, boxes in zip(("Ada", "Ben"), answers, strict=True):
            told = as_said([{"box": list(place), "label": label} for place, label in boxes])
            project.record([NewEvent(key=f"{who}-{item_id}", kind=Kind.LABEL, item_id=item_id,
                                     annotator=who, class_name=told)])  # fmt: skip
    page = opened.page("settle")
    expect(page.locator("#stretch button")).to_have_text(["11 cat Ada", "21 dog Ben"])
    expect(page.locator(".boxes .agreed.box")).to_have_count(1)
    expect(page.locator(".boxes .open.box")).to_have_count(2)
    page.keyboard.press("2")
    expect(page.locator("#stretch button")).to_have_text(["1nothing here Ada", "21 dog Ben"])
    page.keyboard.press("1")
    expect(page.locator("#about")).to_contain_text(project.items[other_item].name)
    saved(page)
    settled = project.asked(first_item).answer.boxes
    assert [(b.box, b.label) for b in settled] == [(shared, "cat"), (ben, "dog")]

    page.keyboard.press("d")  # the other is drawn
    expect(page.locator("#boxes-list li")).to_have_count(1)
    frame = seen(page)
    page.keyboard.press("x")
    expect(page.locator("#notice")).to_contain_text("Choose a box first")
    page.keyboard.press("2")
    drag(page, at(frame, 500, 300), at(frame, 600, 400))
    expect(page.locator("#boxes-list li")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator("#card")).to_contain_text(
        "All is settled"
    )  # those who are near do not differ
    saved(page)
    kept, drawn = sorted(project.asked(other_item).answer.boxes, key=lambda box: box.box)
    assert (kept.box, kept.label, drawn.label) == (shared, "cat", "dog")
    expect_place(drawn.box, (500, 300, 600, 400), 2 * SIZE[0] / frame["width"])

"""The pictures of the labeling page in the guides, taken from the real page in a real browser.

    SPARING_DATA=... python benchmarks/pictures.py [--out docs/images] [--answers 200]
    python benchmarks/pictures.py --spans
    SPARING_DATA=... python benchmarks/pictures.py --boxes

The article's 4,000 digits are labeled as the page would ask for them, by their true labels; then
comes a check of 2 %. With ``--spans`` only the picture of spans in texts is taken, of sentences
that are made up; with ``--boxes`` those of boxes around digits on canvases, as a made-up detector
suggests them and as two made-up people differ. Needs Playwright and Chromium.
"""

import argparse
import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN

from boxes import canvas
from sparing.annotations.detections import Detections
from sparing.annotations.tagging import spans_of
from sparing.datasets.mnist import load_mnist
from sparing.learner.batches import suggested_batch_size
from sparing.project import NewEvent, Project
from sparing.project.log.meaning import as_said
from sparing.project.map.maps import FURTHEST
from sparing.store import Kind
from sparing.testing.texts import sentences_with_names
from sparing.types import FloatArray
from sparing.web.app import create_app

CHROMIUM = "/usr/bin/chromium"
OUT = Path(__file__).resolve().parent.parent / "docs" / "images"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
EPSILON = 0.02
PLANE = "at => (({ x, y, width, height }) => [x, y, width, height])(at.getBoundingClientRect())"
SLICE = 5.0  # seconds of work on the map at a time
LOOK = 1500  # ms until a map stands still
FITTED = 0.88  # of the plane: the side of the whole map
GAP = 10  # pixels between a group and the lasso around it
APART = 0.015  # of the map: points that far from each other are no neighbors
LEAST, MOST = 25, 150  # items of a small group
N_SHARED = 90  # items that two people answer
N_SENTENCES = 300
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
N_CANVASES = 40
LEAST_BOXES = 6  # of a canvas, for a picture
SHAKEN = 1.5  # pixels by which a made-up detector is off
MARKED = 2  # spans that a text has, for a picture
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu"]


@contextmanager
def served(project: Project) -> Iterator[Callable[[], str]]:
    """Serve the page of a project on loopback; give what makes links that let browsers in."""
    app = create_app(project)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        yield lambda: f"{base}#{app.state.door.token}"
    finally:
        server.should_exit = True
        thread.join()


def answer(project: Project, truth: dict[str, str], n: int) -> None:
    """Label as the page asks, the model catching up after each batch."""
    done = 0
    while done < n:
        asked = project.query(min(suggested_batch_size(done), n - done))
        project.teach({a.item.item_id: truth[a.item.item_id] for a in asked})
        project.retrain()
        done += len(asked)


def page_at(browser: Browser, link: str, **options: object) -> Page:
    """Open the page and wait until an item or the end is on it."""
    page = browser.new_context(**options).new_page()
    page.goto(link)
    page.wait_for_function("document.querySelector('#saved').textContent.includes('saved')")
    page.get_by_role("button", name="No name").click()
    page.evaluate("scrollTo(0, 0)")  # on a phone the button lies below
    page.wait_for_timeout(600)
    return page


def map_at(page: Page, project: Project) -> Page:
    """Go to the map of neighbors, colored by guess, and draw a lasso around a small group apart."""
    trainee = project.learning.trainee(lambda *told: None)
    while "neighbors" not in project.map.kinds():
        trainee.map(SLICE)
    page.get_by_role("link", name="Map").click()
    page.locator("#kind").select_option("neighbors")
    page.locator("#by").select_option("guess")
    page.locator("#legend li").nth(9).wait_for()
    page.wait_for_timeout(LOOK)
    left, top, width, height = page.locator("#map").evaluate(PLANE)
    places = project.map.places("neighbors", project.map.mark)
    shown = (small_group(places / FURTHEST) - 0.5) * FITTED * min(width, height)
    group = shown + np.array([left + width / 2, top + height / 2])
    center = group.mean(axis=0)
    radius = np.linalg.norm(group - center, axis=1).max() + GAP
    around = np.linspace(0, 2 * np.pi, 60)
    outline = center + radius * np.column_stack([np.cos(around), np.sin(around)])
    page.mouse.move(*outline[0])
    page.keyboard.down("Shift")
    page.mouse.down()
    for x, y in outline[1:]:
        page.mouse.move(x, y)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.locator("#selection-list img").nth(8).wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(LOOK)
    return page


def small_group(places: FloatArray) -> FloatArray:
    """Return the places of the small group that is furthest from all others."""
    groups = DBSCAN(APART, min_samples=5).fit_predict(places)
    sizes = np.bincount(groups[groups >= 0])
    small = [groups == group for group in np.flatnonzero((sizes >= LEAST) & (sizes <= MOST))]
    apart = max(small, key=lambda mine: cdist(places[mine], places[~mine]).min())
    return places[apart]


def grid_at(page: Page) -> Page:
    """Go to the grid of what the model takes for 4, and pick out the first five."""
    page.get_by_role("link", name="Grid").click()
    page.locator("#choices [data-choice='4']").click()
    page.locator(".tile img").nth(5).wait_for()
    for place in range(5):
        page.locator(".tile").nth(place).click()
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)
    return page


def say_apart(project: Project, truth: dict[str, str]) -> None:
    """Let two people answer the same items; they differ on every ninth."""
    project.team.set_overlap(1.0)
    for who in ("Ada", "Ben"):
        said = {item: truth[item] for item in list(truth)[:N_SHARED]}
        for item in list(said)[::9] if who == "Ben" else ():
            said[item] = str((int(said[item]) + 1) % 10)
        project.record(
            [
                NewEvent(
                    key=f"{who}-{item}",
                    kind=Kind.LABEL,
                    item_id=item,
                    class_name=name,
                    annotator=who,
                )
                for item, name in said.items()
            ]
        )


def take_people(browser: Browser, link: Callable[[], str], out: Path) -> None:
    """Take the pictures of what several people see."""
    page = page_at(browser, link(), viewport=DESKTOP)
    page.get_by_role("button", name="People").click()
    page.locator(".figures").first.wait_for()
    page.wait_for_timeout(600)
    page.screenshot(path=out / "app-people.png")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Settle").click()
    page.locator("#votes li").first.wait_for()
    page.wait_for_timeout(600)
    page.screenshot(path=out / "app-settle.png")


def take_spans(out: Path) -> None:
    """Take the picture of spans that the model suggests, after eighty sentences were marked."""
    sentences, tags, _ = sentences_with_names(N_SENTENCES, seed=4)
    names = ["person", "place"]
    edges = np.split(np.arange(len(tags)), sentences.starts[1:-1])
    said = [
        [(*unit.place, names[unit.class_id]) for unit in spans_of(tags[at], sentences.offsets[at])]
        for at in edges
    ]
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "notes.txt")
        pairs = [f"{a}, and {b}." for a, b in pairwise(sentences.texts)]
        moved = [
            [*one, *((s + len(a) + 6, e + len(a) + 6, name) for s, e, name in other)]
            for a, one, other in zip(sentences.texts, said, said[1:], strict=False)
        ]
        notes.write_text("\n".join(pairs) + "\n")
        truth = dict(zip(pairs, moved, strict=True))
        with Project.create(notes, classes=names, kind="spans") as project:
            for _ in range(4):
                project.teach({a.item.item_id: truth[a.item.text] for a in project.query(20)})
                project.retrain()
            with served(project) as link, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
                page = page_at(browser, link(), viewport=DESKTOP)
                page.keyboard.press("?")
                page.get_by_label("Show the model's guess").check()
                page.keyboard.press("Escape")
                page.wait_for_timeout(LOOK)
                for _ in range(20):
                    page.keyboard.press(" ")
                    page.wait_for_timeout(LOOK // 3)
                    if page.locator("#item mark").count() > MARKED:
                        break
                page.keyboard.press("Tab")
                page.wait_for_timeout(LOOK)
                page.screenshot(path=out / "app-spans.png")
                browser.close()


def drawn_canvases(folder: Path) -> dict[str, Detections]:
    """Write pictures of digits; return the boxes of each by its name."""
    mnist, rng = load_mnist(), np.random.default_rng(3)
    found = {}
    while len(found) < N_CANVASES:
        pixels, boxes = canvas(mnist.train_images, mnist.train_labels, np.full(10, 0.1), rng)
        if len(boxes.boxes) >= LEAST_BOXES:
            name = f"{len(found):02}.png"
            Image.fromarray(pixels).save(folder / name)
            found[name] = boxes
    return found


def shaken(truth: dict[str, Detections]) -> list[dict[str, object]]:
    """Return what a made-up detector says of pictures, as results of COCO: all a little off."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for name, boxes in truth.items():
        for (x0, y0, x1, y1), label in zip(boxes.boxes, boxes.class_ids, strict=True):
            left, top = np.maximum(0, np.array([x0, y0]) + rng.normal(0, SHAKEN, 2)).round(1)
            box = [left, top, x1 - x0, y1 - y0]
            said = {"file_name": name, "category_id": int(label) + 1, "bbox": box}
            rows.append({**said, "score": round(float(rng.beta(5, 2)), 2)})
    return rows


def take_boxes(out: Path) -> None:
    """Take the pictures of boxes: suggested, and settled."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "canvases")
        folder.mkdir()
        truth = drawn_canvases(folder)
        (folder.parent / "detector.json").write_text(json.dumps(shaken(truth)))
        with Project.create(folder, classes=DIGITS, kind="boxes", encoder="pixels") as project:
            project.files.import_predictions(folder.parent / "detector.json")
            say_boxes_apart(project, truth)
            with served(project) as link, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
                page = suggested_at(page_at(browser, link(), viewport=DESKTOP))
                page.screenshot(path=out / "app-boxes.png")
                page.get_by_role("link", name="Settle").click()
                page.locator("#stretch button").first.wait_for()
                page.wait_for_timeout(LOOK)
                page.screenshot(path=out / "app-boxes-settle.png")
                browser.close()


def suggested_at(page: Page) -> Page:
    """Go on to a picture with suggestions, and choose the second."""
    page.keyboard.press("?")
    page.get_by_label("Show the model's guess").check()
    page.keyboard.press("Escape")
    page.wait_for_timeout(LOOK)
    for _ in range(20):
        page.keyboard.press("s")
        page.wait_for_timeout(LOOK // 3)
        if page.locator(".box.suggested").count() >= LEAST_BOXES:
            break
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.mouse.move(0, 0)
    page.wait_for_timeout(LOOK)
    return page


def say_boxes_apart(project: Project, truth: dict[str, Detections]) -> None:
    """Let two people draw the same pictures; one takes a digit for another."""
    project.team.set_overlap(1.0)
    for item_id in [*project.items][:3]:
        boxes = truth[project.items[item_id].name]
        for who in ("Ada", "Ben"):
            labels = boxes.class_ids.copy()
            labels[1] = (labels[1] + 3 * (who == "Ben")) % 10
            said = [
                {"box": [float(side) for side in box], "label": DIGITS[label]}
                for box, label in zip(boxes.boxes, labels, strict=True)
            ]
            key = f"{who}-{item_id}"
            said_so = NewEvent(
                key=key,
                kind=Kind.LABEL,
                item_id=item_id,
                class_name=as_said(said),
                annotator=who,
            )
            project.record([said_so])


def take(
    browser: Browser, project: Project, link: Callable[[], str], truth: dict[str, str], out: Path
) -> None:
    """Take all pictures, in the order of the work."""
    page = page_at(browser, link(), viewport=DESKTOP)
    page.screenshot(path=out / "app-label.png")
    dark = page_at(browser, link(), viewport=DESKTOP, color_scheme="dark")
    dark.screenshot(path=out / "app-dark.png")
    page_at(browser, link(), viewport=PHONE).screenshot(path=out / "app-phone.png")
    grid_at(page_at(browser, link(), viewport=DESKTOP)).screenshot(path=out / "app-grid.png")
    grid_at(page_at(browser, link(), viewport=PHONE)).screenshot(path=out / "app-grid-phone.png")
    map_page = map_at(page_at(browser, link(), viewport=DESKTOP), project)
    map_page.screenshot(path=out / "app-map.png")
    page.get_by_role("button", name="Check now").click()
    page.wait_for_timeout(600)
    page.screenshot(path=out / "app-check.png")
    project.audits.draw(EPSILON)
    while asked := project.audits.query(200):
        project.teach({a.item.item_id: truth[a.item.item_id] for a in asked})
    project.audits.certify()
    while asked := project.audits.query_remainder(200):
        project.teach({a.item.item_id: truth[a.item.item_id] for a in asked})
    page_at(browser, link(), viewport=DESKTOP).screenshot(path=out / "app-certificate.png")


def main() -> None:
    """Label, check, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--spans", action="store_true", help="take only the picture of spans")
    parser.add_argument("--boxes", action="store_true", help="take only the pictures of boxes")
    args = parser.parse_args()
    if args.boxes:
        take_boxes(args.out)
        return
    if args.spans:
        take_spans(args.out)
        return
    digits = load_mnist().train_labels[:4000].astype(str)
    with (
        tempfile.TemporaryDirectory() as folder,
        Project.create("mnist", Path(folder, "mnist.sparing"), [*"0123456789"]) as project,
    ):
        truth = dict(zip(project.items, digits.tolist(), strict=True))
        answer(project, truth, args.answers)
        with served(project) as link, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            take(browser, project, link, truth, args.out)
            browser.close()
    with (
        tempfile.TemporaryDirectory() as folder,
        Project.create("mnist", Path(folder, "mnist.sparing"), [*"0123456789"]) as project,
    ):
        say_apart(project, dict(zip(project.items, digits.tolist(), strict=True)))
        with served(project) as link, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            take_people(browser, link, args.out)
            browser.close()


if __name__ == "__main__":
    main()

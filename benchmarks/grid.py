"""How long a thousand digits take in the grid, by keyboard, and how quick its pages come.

Usage: python benchmarks/grid.py [--data DIR] [--digits N] [--part digits|functions]

Nobody is watched: a script presses the keys in a real browser and knows the true labels. How long
a person looks is assumed (the constants below) and waited for, so that the minutes are those of a
clock. Writes docs/benchmarks/grid.json and grid.md.
"""

import argparse
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from sparing.datasets.mnist import load_mnist
from sparing.project import Project
from sparing.project.grid.ordering import Nearness, least, likeliest
from sparing.project.learning.process import Trainer
from sparing.project.source.keywords import Keywords
from sparing.web.app import create_app

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
CHROMIUM = "/usr/bin/chromium"
SWITCHES = ["--headless", "--no-sandbox", "--disable-gpu"]
N_POOL = 4000
N_FIRST = 60  # labels given one by one before the grid is opened, as the strategy asks for them
SCREEN = {"width": 1280, "height": 800}

# What a person is assumed to need.
ROW_SECONDS = 1.0  # to look over a row of tiles
WRONG_SECONDS = 1.0  # more for each tile that is wrong: to be sure of it
KEY_SECONDS = 0.15  # to press a key
MOST_WRONG = 5  # on a page; with more the next class is worth more than the next page

TILES = "all => all.map(tile => [tile.ariaLabel, tile.offsetTop, tile.offsetLeft])"
TURNED = "old => document.querySelector('#tiles').firstChild !== old"
DECODED = "() => [...document.querySelectorAll('.tile img')].every(image => image.complete)"


class Person:
    """Presses keys at a human pace; the truth is known."""

    def __init__(self, page: Page, truth: dict[str, str]) -> None:
        self.page, self.truth = page, truth
        self.n_keys = self.n_pages = self.n_answers = self.n_wrong = self.n_rows = 0
        self.waits: list[float] = []

    def press(self, key: str, times: int = 1) -> None:
        """Press a key some times."""
        for _ in range(times):
            self.page.keyboard.press(key)
            time.sleep(KEY_SECONDS)
            self.n_keys += 1

    def page_of(self, digit: str) -> bool:
        """Look over a page, pick out what is wrong, confirm; say whether the next is worth it."""
        places = self.page.locator(".tile").evaluate_all(TILES)
        tops = sorted({top for _, top, _ in places})
        columns = sum(top == tops[0] for _, top, _ in places)
        time.sleep(ROW_SECONDS * len(tops))
        wrong = [i for i, (name, _, _) in enumerate(places) if self.truth[name] != digit]
        at = 0
        for i in wrong:
            time.sleep(WRONG_SECONDS)
            rows, steps = i // columns - at // columns, i % columns - at % columns
            # Sideways first: the last row may be too short for the column that one comes from.
            self.press("ArrowRight" if steps > 0 else "ArrowLeft", abs(steps))
            self.press("ArrowDown", rows)
            self.press(self.truth[places[i][0]])
            at = i
        self.n_pages, self.n_rows = self.n_pages + 1, self.n_rows + len(tops)
        self.n_answers, self.n_wrong = self.n_answers + len(places), self.n_wrong + len(wrong)
        self.turn("Enter")
        return len(wrong) <= MOST_WRONG

    def turn(self, key: str) -> None:
        """Press a key that brings another page, and wait until it is drawn."""
        old = self.page.evaluate_handle("document.querySelector('#tiles').firstChild")
        began = time.perf_counter()
        self.page.keyboard.press(key)
        self.page.wait_for_function(TURNED, arg=old)
        self.page.wait_for_selector(".tile, #card h2")
        self.page.wait_for_function(DECODED)
        self.waits.append(time.perf_counter() - began)
        time.sleep(KEY_SECONDS)
        self.n_keys += 1

    def is_empty(self) -> bool:
        """Tell whether this grid has nothing more to show."""
        return self.page.locator("#card").is_visible()


def digits(data: str | None, folder: Path) -> tuple[Path, dict[str, str]]:
    """Write the article's pool as pictures; return the folder and the truth by name."""
    loaded = load_mnist(data, offline=data is not None)
    photos = folder / "digits"
    photos.mkdir()
    truth = {}
    for i in range(N_POOL):
        Image.fromarray(loaded.train_images[i]).save(photos / f"{i:04}.png")
        truth[f"{i:04}.png"] = str(loaded.train_labels[i])
    return photos, truth


def asked_one_by_one(project: Project, truth: dict[str, str]) -> None:
    project.retrain()
    while project.status().n_labeled < N_FIRST:
        asked = project.query(10)
        project.teach({a.item.item_id: truth[a.item.name] for a in asked})
        project.retrain()


@contextmanager
def opened(app: Any) -> Iterator[Page]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
            page = browser.new_page(viewport=SCREEN)
            port = listener.getsockname()[1]
            page.goto(f"http://127.0.0.1:{port}/grid#{app.state.door.token}")
            page.wait_for_selector(".tile")
            yield page
            browser.close()
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def confirmed(data: str | None, n_digits: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        photos, truth = digits(data, Path(name))
        with Project.create(photos, classes=list("0123456789")) as project:
            asked_one_by_one(project, truth)
            with opened(create_app(project, Trainer(project.learning, project.map))) as page:
                person, seconds = labeled(page, truth, n_digits)
                page.wait_for_selector("#saved[aria-busy=false]")
                time.sleep(1)
            total, rows = project.history(limit=N_POOL)
            right = sum(r.answer.class_name == truth[r.item.name] for r in rows)
            assert total == person.n_answers + N_FIRST  # noqa: S101
            events = [e for e in project.store.events() if e.source == "grid"]
    waits = 1000 * np.array(person.waits)
    return {
        "digits": person.n_answers,
        "seconds": seconds,
        "pages": person.n_pages,
        "rows of tiles": person.n_rows,
        "key presses": person.n_keys,
        "picked out": person.n_wrong,
        "confirmed at a glance": sum(e.confirmed for e in events),
        "labels that are right": right,
        "labels": total,
        "page turn, median ms": float(np.median(waits)),
        "page turn, largest ms": float(waits.max()),
    }


def labeled(page: Page, truth: dict[str, str], n_digits: int) -> tuple[Person, float]:
    """Go from class to class until so many digits have a label."""
    person = Person(page, truth)
    began = time.perf_counter()
    while person.n_answers < n_digits:
        digit = page.locator("#choices [aria-pressed=true] span").inner_text()
        worth_it = not person.is_empty() and person.page_of(digit)
        if person.is_empty() or not worth_it:
            person.turn("PageDown")
    return person, time.perf_counter() - began


def functions(n: int) -> dict[str, float]:
    """Time what a page waits for on the server, in milliseconds: the best of five."""
    rng = np.random.default_rng(0)
    codes, confidence = rng.integers(0, 10, n), rng.random(n, np.float32)
    free = rng.random(n) < 0.9
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "x.npy"), rng.random((n, 64), np.float32))
        X = np.load(Path(folder, "x.npy"), mmap_mode="r")
        near = Nearness(X)
        words = Keywords(f"holiday/IMG_{i:07}.jpg" for i in range(n))
        return {
            "a class": best(lambda: likeliest(codes, confidence, 3, free)[:200]),
            "like one": best(lambda: least(near.squared_to(np.array([7])), free, 200)),
            "like thirty": best(lambda: least(near.squared_to(np.arange(30)), free, 200)),
            "a keyword, few": best(lambda: words.rows("img_0012")),
            "a keyword, all": best(lambda: words.rows("jpg")),
        }


def best(call: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--digits", type=int, default=1000)
    parser.add_argument("--part", choices=["digits", "functions"], help="the other stays as it was")
    options = parser.parse_args()
    kept = OUT / "grid.json"
    found = json.loads(kept.read_text()) if options.part else {}
    if options.part != "functions":
        found["run"] = confirmed(options.data, options.digits)
    if options.part != "digits":
        found["functions"] = {f"{n:,}": functions(n) for n in (60_000, 1_000_000)}
    write(found["run"], found["functions"])


def write(run: dict[str, Any], speed: dict[str, dict[str, float]]) -> None:
    slow = run["seconds"] + ROW_SECONDS * run["rows of tiles"]
    lines = [
        "# The grid",
        "",
        "A script presses the keys in a real browser, the trainer running beside it. It knows the",
        f"truth and never errs; its pace is assumed: {ROW_SECONDS:g} s to look over a row,",
        f"{WRONG_SECONDS:g} s more for each wrong one, {KEY_SECONDS:g} s a key. These were waited",
        "for, so the time is a clock's; that people keep this pace was not observed.",
        f"The {N_POOL:,} digits of the article as PNG files, {N_FIRST} labeled one by one before;",
        f"{SCREEN['width']} x {SCREEN['height']} pixels, tiles of 80; {os.cpu_count()} cores.",
        "",
        f"**{run['digits']:,} digits in {run['seconds'] / 60:.1f} minutes.**",
        f"With {2 * ROW_SECONDS:g} s a row it would be {slow / 60:.1f}.",
        "",
        "| what | |",
        "|---|---|",
        *(f"| {name} | {value:,.0f} |" for name, value in run.items()),
        "",
        "What a page waits for on the server, milliseconds, the best of five; vectors of 64",
        "numbers in a memory map:",
        "",
        f"| items | {' | '.join(next(iter(speed.values())))} |",
        f"|---{'|---' * len(next(iter(speed.values())))}|",
        *(
            f"| {n} | {' | '.join(f'{ms:.1f}' for ms in row.values())} |"
            for n, row in speed.items()
        ),
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "grid.json").write_text(json.dumps({"run": run, "functions": speed}, indent=1) + "\n")
    (OUT / "grid.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

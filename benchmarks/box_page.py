"""How quick the page is that draws boxes: from a key to the paint that shows it, with 300 boxes.

Usage: python benchmarks/box_page.py [--presses N]

Serves pictures of 4000 x 3000 in each of which a detector suggests 300 boxes, and the same
pictures without any: the floor. Writes docs/benchmarks/box_page.json and box_page.md.
"""

import argparse
import json
import os
import tempfile
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pictures import CHROMIUM, DESKTOP, OPTIONS, served
from sparing.project import Project

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
N_PICTURES = 8
SIZE = (4000, 3000)
ACROSS, DOWN = 20, 15  # boxes of a picture
CLASSES = ["car", "bicycle", "person"]
PACE_MS = 60  # between two keys
TARGET_MS = 50
KEYS = {
    "Tab": "the next box",
    "ArrowRight": "moves the chosen box",
    "1 2": "gives it another class",
    "x": "takes it off",
    "Backspace": "takes the last step back",
    "+": "zooms in",
    "-": "zooms out",
    "n": "draws a box",
}

# From the key to the end of the frame that the key has made: the task after a frame's callbacks
# begins once the page is laid out and painted.
PRESS = """
([key, pace]) => new Promise((resolve) => setTimeout(() => {
  const began = performance.now();
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now() - began);
    port2.postMessage(null);
  });
}, pace))
"""


def make_pictures(folder: Path) -> None:
    """Write pictures of smooth noise, which compress about as photographs do."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(N_PICTURES):
        coarse = rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)
        photo.save(folder / f"{i}.jpg", quality=85)


def suggestions() -> list[dict[str, object]]:
    """Return the results of a made-up detector: a lattice of boxes in each picture."""
    wide, high = SIZE[0] / ACROSS, SIZE[1] / DOWN
    return [
        {
            "file_name": f"{i}.jpg",
            "category_id": 1 + k % len(CLASSES),
            "bbox": [k % ACROSS * wide, k // ACROSS * high, 0.6 * wide, 0.6 * high],
            "score": 0.5,
        }
        for i in range(N_PICTURES)
        for k in range(ACROSS * DOWN)
    ]


def shown(page: Page, n_boxes: int) -> None:
    """Go on until a picture with that many boxes is on the screen."""
    page.locator("#item .canvas").wait_for()
    if n_boxes:
        page.keyboard.press("?")
        page.get_by_label("Show the model's guess").check()
        page.keyboard.press("Escape")
    for _ in range(N_PICTURES - 2):
        page.keyboard.press("s")  # some are asked without suggestions
        page.wait_for_timeout(1000)
        if page.locator(".boxes .box").count() == n_boxes:
            break
    page.wait_for_function("() => document.querySelector('#item img').naturalWidth > 0")


def measured(folder: Path, n_boxes: int, presses: int) -> dict[str, list[float]]:
    """Return the times of each key in ms."""
    make_pictures(folder / "photos")
    (folder / "results.json").write_text(json.dumps(suggestions()))
    with Project.create(
        folder / "photos", classes=CLASSES, kind="boxes", encoder="pixels"
    ) as project:
        if n_boxes:
            project.files.import_predictions(folder / "results.json")
        with served(project) as link, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            page = browser.new_page(viewport=DESKTOP)
            page.goto(link())
            shown(page, n_boxes)
            if page.locator(".boxes .box").count() != n_boxes:
                raise SystemExit(f"no picture with {n_boxes} boxes came")
            times = {
                keys: [
                    page.evaluate(PRESS, [key, PACE_MS])
                    for key in islice(cycle(keys.split()), presses)
                ]
                for keys in KEYS
            }
            browser.close()
    return times


def main() -> None:
    """Measure with and without boxes, and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=40)
    options = parser.parse_args()
    busy = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as full, tempfile.TemporaryDirectory() as empty:
        many = measured(Path(full), ACROSS * DOWN, options.presses)
        none = measured(Path(empty), 0, options.presses)
    write(many, none, busy)


def write(many: dict[str, list[float]], none: dict[str, list[float]], busy: float) -> None:
    """Write the table and its figures."""
    rows = {
        key: {
            "what": what,
            "median ms": round(float(np.median(many[key])), 1),
            "p95 ms": round(float(np.quantile(many[key], 0.95)), 1),
            "median ms without boxes": round(float(np.median(none[key])), 1),
        }
        for key, what in KEYS.items()
    }
    every = np.concatenate([*many.values()])
    share = float((every <= TARGET_MS).mean())
    figures = {"cores": os.cpu_count(), "load before": busy, "share within 50 ms": round(share, 4)}
    lines = [
        "# Three hundred boxes on the page",
        "",
        "`python benchmarks/box_page.py`: from a key to the paint that shows it, in Chromium",
        f"without a graphics card. Pictures of {SIZE[0]:,} x {SIZE[1]:,} in each of which a",
        f"detector suggests {ACROSS * DOWN} boxes; beside it the same pictures without any, which",
        f"is the floor: a frame comes every 17 ms. {len(every)} presses on {os.cpu_count()} cores",
        f"with a load of {busy} before the run; {100 * share:.1f} % were painted within",
        f"{TARGET_MS} ms.",
        "",
        "| key | what it does | median, ms | 95 of 100 within, ms | median without boxes, ms |",
        "|---|---|---:|---:|---:|",
        *(f"| `{key}` | {' | '.join(str(x) for x in row.values())} |" for key, row in rows.items()),
    ]
    table = {**figures, "keys": rows}
    (OUT / "box_page.json").write_text(json.dumps(table, indent=1) + "\n")
    (OUT / "box_page.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

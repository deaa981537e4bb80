"""How quick the page is in a real browser: the first picture, and the next one after an answer.

Usage: python benchmarks/page.py [--answers N]

Starts ``sparing label`` on 5,000 photographs as a person does, opens its link in Chromium, and
answers by key while the trainer runs. Writes docs/benchmarks/page.json and page.md.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
CHROMIUM = "/usr/bin/chromium"
N_PHOTOS = 5_000
N_KINDS = 200  # different photographs; the others are copies
SIZE = (1280, 960)
PACE_MS = 200  # between an answer and the next: nobody looks faster
PATIENCE_MS = 30_000
CLASSES = "cat,dog"  # of more than one letter: a class called like a key would have that key
KEYS = ("1", "2")  # in turn: a model needs two classes to learn from

# From the key to the frame after the one that first shows another picture, whole: decoded, not
# only named. By then the picture was drawn; so the time is at most a frame too long.
ANSWER = """
([key, pace, patience]) => new Promise((resolve, reject) => setTimeout(() => {
  const old = document.querySelector('#item img');
  const began = performance.now();
  const done = () => requestAnimationFrame(() => resolve(performance.now() - began));
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  const look = () => {
    const now = document.querySelector('#item img');
    if (now && now !== old && now.complete && now.naturalWidth) now.decode().then(done, reject);
    else if (performance.now() - began > patience) reject(new Error('no other picture came'));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, pace))
"""


def photographs(folder: Path) -> None:
    """Write pictures of smooth noise, which compress about as photographs do."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(N_KINDS):
        coarse = rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)
        photo.save(folder / f"{i:04}.jpg", quality=85)
    for i in range(N_KINDS, N_PHOTOS):
        shutil.copyfile(folder / f"{i % N_KINDS:04}.jpg", folder / f"{i:04}.jpg")


@contextmanager
def labeling(folder: Path) -> Iterator[str]:
    """Run the command; yield the link that it prints."""
    command = [sys.executable, "-m", "sparing", "label", str(folder)]
    with subprocess.Popen(
        [*command, "--classes", CLASSES, "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        if server.stdout is None:
            raise SystemExit("a program without a standard output")
        try:
            yield server.stdout.readline().strip()
        finally:
            server.send_signal(signal.SIGINT)


def wait_for_a_picture(page: Page) -> None:
    shown = "() => document.querySelector('#item img')?.naturalWidth > 0"
    page.wait_for_function(shown, timeout=PATIENCE_MS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=150)
    options = parser.parse_args()
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        photos = Path(name, "photos")
        photographs(photos)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        began = time.perf_counter()
        with labeling(photos) as link:
            printed = time.perf_counter() - began
            page.goto(link)
            wait_for_a_picture(page)
            first = time.perf_counter() - began
            keys = islice(cycle(KEYS), options.answers)
            times = [page.evaluate(ANSWER, [key, PACE_MS, PATIENCE_MS]) for key in keys]
            during = page.inner_text("#model")
        browser.close()
    opening = {
        "cores": os.cpu_count() or 0,
        "load before, of other programs": round(busy, 1),
        "seconds to the link": round(printed, 2),
        "seconds to the first picture": round(first, 2),
    }
    write(opening, np.array(times), during)


def write(opening: dict[str, float], times: np.ndarray, during: str) -> None:
    p50, p99 = np.percentile(times, [50, 99])
    figures = {
        **opening,
        "answers": len(times),
        "next picture, median ms": round(float(p50), 1),
        "next picture, p99 ms": round(float(p99), 1),
        "next picture, largest ms": round(float(times.max()), 1),
        "share within 50 ms": round(float((times <= 50).mean()), 4),
        "the trainer at the end": during,
    }
    lines = [
        "# The first picture, and the next",
        "",
        f"`sparing label` on {N_PHOTOS:,} JPEG files of {SIZE[0]} x {SIZE[1]}, in Chromium on the",
        f"same machine; {PACE_MS} ms between two answers. Times run from the start of the command,",
        "and from the key to the frame after the one in which another picture stands, decoded: at",
        "most a frame, 17 ms, too long.",
        "",
        *(f"- {name}: {value}" for name, value in figures.items()),
    ]
    (OUT / "page.json").write_text(json.dumps(figures, indent=1) + "\n")
    (OUT / "page.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

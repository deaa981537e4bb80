"""The map: how long it takes, how well it keeps neighbours, how smooth it is on the screen.

Usage: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/map.py [4000] [60000] [1000000]
[frames]

Each part writes its figures to docs/benchmarks/map.json, and all that are there to map.md. 4,000
and 60,000 are MNIST's training digits as the glyph encoder sees them; the million is a mixture of
a hundred clusters in 64 dimensions. Frames are measured in headless Chromium at a million points,
without a graphics card.
"""

import json
import resource
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from sklearn.manifold import trustworthiness

from sparing.datasets.mnist import load_mnist
from sparing.encoders import get_encoder
from sparing.numeric.geometry import row_blocks, squared_norms
from sparing.numeric.map_layout import neighbor_map, principal_map

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
MILLION = 1_000_000
N_CLUSTERS = 100
N_JUDGED = 4000
JUDGED_AT_ONCE = 40
K = 15
FRAMES = 60
CHROMIUM = "/usr/bin/chromium"
SWITCHES = ["--headless", "--no-sandbox", "--disable-gpu"]

# Sends an event a frame, and takes the time from one frame to the next.
DRIVER = """async ([kind, frames, delta]) => {
  const map = document.querySelector("#map");
  const box = map.getBoundingClientRect();
  const [clientX, clientY] = [box.left + box.width * 0.55, box.top + box.height * 0.45];
  const usual = { clientX, clientY, bubbles: true, cancelable: true };
  const frame = () => new Promise((on) => requestAnimationFrame(on));
  const times = [];
  let last = await frame();
  for (let i = 0; i < frames; i++) {
    const key = ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"][Math.floor(i / 4) % 4];
    map.dispatchEvent(kind === "wheel"
      ? new WheelEvent("wheel", { ...usual, deltaY: delta })
      : new KeyboardEvent("keydown", { ...usual, key }));
    await frame();
    const now = await frame();
    times.push((now - last) / 2);
    last = now;
  }
  return times;
}"""


def digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    mnist = load_mnist()
    X = get_encoder("glyph").fit_transform(mnist.train_images[:n])
    return X, mnist.train_labels[:n]


def mixture(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((N_CLUSTERS, 64))
    y = rng.integers(0, N_CLUSTERS, n)
    X = np.empty((n, 64), np.float32)
    for rows in row_blocks(n, 64):
        X[rows] = centers[y[rows]] + 0.7 * rng.standard_normal((len(y[rows]), 64))
    return X, y


def nearest(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return (n_rows, K) nearest others of some rows, among all."""
    norms, found = squared_norms(X), np.empty((len(rows), K), np.int64)
    for start in range(0, len(rows), JUDGED_AT_ONCE):
        part = slice(start, start + JUDGED_AT_ONCE)
        gaps = norms - 2 * X[rows[part]] @ X.T
        gaps[np.arange(len(gaps)), rows[part]] = np.inf
        found[part] = np.argpartition(gaps, K, axis=1)[:, :K]
    return found


def judged(X: np.ndarray, Y: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare a map with the features, on a sample of the items."""
    n_judged = N_JUDGED if len(X) < MILLION else N_JUDGED // 4
    rows = np.random.default_rng(0).permutation(len(X))[:n_judged]
    true, near = nearest(X, rows), nearest(Y, rows)
    kept = (true[:, :, None] == near[:, None, :]).any(axis=2).mean()
    return {
        "trustworthiness": float(trustworthiness(X[rows], Y[rows], n_neighbors=K)),
        "neighbors_kept": float(kept),
        "neighbors_of_same_class": float((y[near] == y[rows][:, None]).mean()),
    }


def projection(n: int) -> dict[str, object]:
    X, y = mixture(n) if n >= MILLION else digits(n)
    began: dict[str, float] = {}

    def note(what: str, done: int, total: int) -> None:
        began.setdefault(what, time.perf_counter())

    start = time.perf_counter()
    flat = principal_map(X)
    principal = time.perf_counter()
    Y = neighbor_map(X, progress=note)
    end = time.perf_counter()
    return {
        "principal": {"seconds": principal - start, **judged(X, flat, y)},
        "neighbors": {
            "seconds": end - principal,
            "finding_seconds": began["placing"] - principal,
            **judged(X, Y, y),
        },
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "features_mb": X.nbytes / 1e6,
    }


class Stage:
    """What the page needs of a project: a million places and colors, and nothing else."""

    name, places = "mixture", []
    where = SimpleNamespace(secret="of no weight", root=None, follows_links=False)  # noqa: S106

    def __init__(self, positions: np.ndarray, codes: np.ndarray) -> None:
        from sparing.project.map.maps import Coloring, quantized

        names = tuple(f"cluster {i + 1}" for i in range(N_CLUSTERS))
        self.wire = quantized(positions)
        self.map = SimpleNamespace(
            mark="0" * 32, progress=None, trouble="", is_due=lambda: False, stamp=lambda: "1",
            kinds=lambda: ["neighbors"], places=lambda kind, mark: self.wire,
            coloring=lambda by, who: Coloring(names, codes), items=lambda *rows, **more: [],
        )  # fmt: skip

    def __getattr__(self, name: str) -> object:
        return lambda *given, **more: []

    def status(self) -> object:
        """Say that all is quiet."""
        from sparing.audit.audit import Phase
        from sparing.project.views import Status

        return Status(
            n_items=MILLION, n_labeled=0, n_skipped=0, n_left=MILLION, n_flagged=0,
            class_counts={}, phase=Phase.LABEL, accuracy=None, curve=(), advice=(False, ""),
            model_version=0, n_behind=0, encoded=(0, 0), trainer=("idle", ""), notes=(),
            audit=None, certificate=None, n_remainder_left=0, seq=0,
        )  # fmt: skip


def frames() -> dict[str, object]:
    """Time frames at a million points: a hundred round clusters, as wide as they fall."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, N_CLUSTERS, MILLION)
    positions = 10 * rng.standard_normal((N_CLUSTERS, 2))[y] + rng.standard_normal((MILLION, 2))
    stage = Stage(positions.astype(np.float32), (y + 1).astype(np.uint8))
    told: dict[str, object] = {"bytes_places": stage.wire.nbytes, "bytes_colors": MILLION}
    with _served(stage) as (link, _):
        told |= _driven(link)
    return told


class _served:  # noqa: N801  # a context
    def __init__(self, stage: Stage) -> None:
        import uvicorn

        from sparing.web.app import create_app

        app = create_app(stage)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))
        port = self.listener.getsockname()[1]
        self.link = f"http://127.0.0.1:{port}/map#{app.state.door.token}"

    def __enter__(self) -> tuple[str, object]:
        self.thread.start()
        return self.link, self.server

    def __exit__(self, *error: object) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.listener.close()


def _driven(link: str) -> dict[str, object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        start = time.perf_counter()
        page.goto(link)
        page.wait_for_selector("#legend li", timeout=60_000)
        told: dict[str, object] = {"seconds_to_legend": time.perf_counter() - start}
        page.focus("#map")
        told["pan of the whole map"] = _spread(page.evaluate(DRIVER, ["keys", FRAMES, 0]))
        told["zoom in, 1 to 50"] = _spread(page.evaluate(DRIVER, ["wheel", FRAMES, -41]))
        told["pan at 50"] = _spread(page.evaluate(DRIVER, ["keys", FRAMES, 0]))
        told["zoom out again"] = _spread(page.evaluate(DRIVER, ["wheel", FRAMES, 41]))
        browser.close()
    return told


def _spread(ms: list[float]) -> dict[str, float]:
    return {"median_ms": float(np.median(ms)), "p95_ms": float(np.percentile(ms, 95))}


def report(told: dict[str, dict[str, object]]) -> str:
    lines = [
        "# The map",
        "",
        "Made by `benchmarks/map.py`, one thread. 4,000 and 60,000: MNIST's training digits, 64",
        "features; 1,000,000: a mixture of 100 clusters in 64 dimensions. Judged on a sample of",
        "4,000 items, of the million 1,000: trustworthiness, and how many of the 15 nearest",
        "neighbours are kept or of the same class.",
        "",
        "| items | map | seconds | of them for neighbours | trustworthiness | kept | same class |",
        "|---|---|---|---|---|---|---|",
    ]
    sizes = sorted((name for name in told if name.isdigit()), key=int)
    for size in sizes:
        for kind in ("principal", "neighbors"):
            r = told[size][kind]
            parts = [
                _told(r, "seconds", ".2f"),
                _told(r, "finding_seconds", ".1f"),
                _told(r, "trustworthiness", ".3f"),
                _told(r, "neighbors_kept", ".1%"),
                _told(r, "neighbors_of_same_class", ".1%"),
            ]
            lines.append(f"| {int(size):,} | {kind} | {' | '.join(parts)} |")
    lines.append("")
    for size in (one for one in sizes if "peak_mb" in told[one]):
        r = told[size]
        lines.append(
            f"- {int(size):,} items: at most {r['peak_mb']:,.0f} MB in the whole process, "
            f"{r['features_mb']:,.0f} MB of them the features"
        )
    if "note" in told:
        lines += ["", str(told["note"])]
    if "frames" in told:
        lines += _frame_lines(told["frames"])
    return "\n".join([*lines, ""])


def _told(r: dict[str, float], name: str, form: str) -> str:
    return format(r[name], form) if name in r else ""


def _frame_lines(r: dict[str, object]) -> list[str]:
    wanted = {name: spread for name, spread in r.items() if isinstance(spread, dict)}
    return [
        "",
        "A million points in headless Chromium, 1280 x 800, drawn by the processor alone:",
        "",
        "| what | median ms a frame | 95 % below |",
        "|---|---|---|",
        *(f"| {name} | {s['median_ms']:.1f} | {s['p95_ms']:.1f} |" for name, s in wanted.items()),
        "",
        f"- over the wire: {r['bytes_places'] / 1e6:.0f} MB of places, once",
        f"- and for each coloring: {r['bytes_colors'] / 1e6:.0f} MB",
        f"- from the link to the colored map: {r['seconds_to_legend']:.1f} s",
    ]


def main(parts: list[str]) -> None:
    path = OUT / "map.json"
    told = json.loads(path.read_text()) if path.exists() else {}
    for part in parts or ["4000", "60000", "frames"]:
        told[part] = frames() if part == "frames" else projection(int(part))
        path.write_text(json.dumps(told, indent=1) + "\n")
    (OUT / "map.md").write_text(report(told))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Photographs in both doors: what is right after twelve answers, and how 5,000 of them begin.

    python benchmarks/photographs.py --data DIR [--parts compare,app,many] [--seeds 5]

The pictures are those of cats, dogs and raccoons in ``DIR/photos``; nobody names an encoder.

- ``compare``: accuracy on held-out items after 12 answers by ``auto``, and by shapes alone, on the
  same splits; what ``sparing compare DIR/photos --budget 12`` does.
- ``app``: a project of the same pictures in one folder, the trainer beside it, as the page has it;
  twelve answers, one in two seconds from the first order on, then the accuracy of the guesses at
  all others. The network comes in meanwhile: how soon depends on the machine.
- ``many``: 5,000 different crops of them: seconds to the first item, to the first order by shapes,
  to the first model that learned answers while the network was still at work, and until it was
  done; the memory of both processes at its highest.

Writes ``photographs.json`` and ``.md`` into ``docs/benchmarks``.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sparing.datasets.read import read_labeled
from sparing.encoders.choice import default_name
from sparing.experiment.grid import TrialGrid
from sparing.experiment.prepared import prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.runner import run_grid
from sparing.project import Project
from sparing.project.learning.process import Trainer

N_ANSWERS = 12
N_CROPS = 5_000
LOOK = 0.05  # seconds between two looks at a project
THINKING = 2.0  # seconds that a person takes for an answer
SHAPES = "hog"
HERE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"
FIRST_ITEM = """
import sys
from sparing.project import Project
with Project.create(sys.argv[1], sys.argv[2], classes=["cat", "dog", "raccoon"]) as project:
    print(project.query(1)[0].item.item_id, flush=True)
"""


def by_compare(data: Path, seeds: int) -> dict[str, list[float]]:
    """Return the accuracy after the last answer, one a seed, by the default and by shapes."""
    labeled = read_labeled(data / "photos")
    protocol = Protocol(budget=N_ANSWERS, batch_size=N_ANSWERS // 3)
    chosen = default_name(labeled.items.kind, labeled.items.values)
    datasets = {"photos": prepare("photos", labeled, protocol)}
    grid = TrialGrid(datasets, {"auto": "auto"}, seeds, protocol, encoders=(chosen, SHAPES))
    with tempfile.TemporaryDirectory() as folder:
        results = run_grid(grid, Path(folder), n_jobs=1, tick=lambda *_: None).results
    return {
        name: [r.accuracy[-1] for r in results if r.cell.encoder == name]
        for name in (chosen, SHAPES)
    }


def by_app(data: Path, seeds: int) -> dict[str, list[float]]:
    """Return the accuracy on all that was not answered, one a seed."""
    return {
        encoder: [app_accuracy(data, encoder, seed) for seed in range(seeds)]
        for encoder in ("auto", SHAPES)
    }


def app_accuracy(data: Path, encoder: str, seed: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        truth = flat(data / "photos", Path(name) / "photos")
        classes = sorted(set(truth.values()))
        with (
            Project.create(
                Path(name) / "photos", classes=classes, encoder=encoder, seed=seed
            ) as project,
            at_work(project) as trainer,
        ):
            wait_for(lambda: project.learning.version)
            for _ in range(N_ANSWERS):
                (asked,) = project.query(1)
                project.teach({asked.item.item_id: truth[asked.item.name]})
                trainer.wake()
                time.sleep(THINKING)
            wait_for(lambda: not project.learning.is_behind())
            return guessed_right(project, truth)


def flat(source: Path, folder: Path) -> dict[str, str]:
    """Copy the pictures into one folder; return the class of each by its name there."""
    folder.mkdir()
    truth = {}
    for i, path in enumerate(sorted(source.glob("*/*"))):
        name = f"{i}{path.suffix}"
        shutil.copyfile(path, folder / name)
        truth[name] = path.parent.name
    return truth


@contextmanager
def at_work(project: Project) -> Iterator[Trainer]:
    trainer = Trainer(project.learning, project.map)
    trainer.start()
    try:
        yield trainer
    finally:
        trainer.stop()


def wait_for(there: Callable[[], object]) -> float:
    """Wait until something is there; return the time at which it was."""
    while not there():
        time.sleep(LOOK)
    return time.perf_counter()


def guessed_right(project: Project, truth: dict[str, str]) -> float:
    """Return the share of the items without an answer whose guess is right."""
    answered = {item for item in project.items if project.asked(item).answer is not None}
    told = [project.asked(item) for item in project.items if item not in answered]
    return float(np.mean([a.guess is not None and a.guess[0] == truth[a.item.name] for a in told]))


def many(data: Path, n_crops: int) -> dict[str, float]:
    """Return seconds from the start to each step of a project of crops, and its memory."""
    with tempfile.TemporaryDirectory() as name:
        crops = Path(name) / "crops"
        write_crops(sorted((data / "photos").glob("*/*")), crops, n_crops)
        os.environ["XDG_CACHE_HOME"] = str(Path(name) / "cache")  # nothing was seen before
        first = first_item(crops, Path(name) / "first.sparing")
        began = time.perf_counter()
        with Project.create(crops, classes=["cat", "dog", "raccoon"]) as project:
            learning, answers = project.learning, 0
            with at_work(project) as trainer, Memory(project, trainer) as memory:
                steps = {"first order": wait_for(lambda: learning.version) - began}
                while not learning.is_encoded:
                    (asked,) = project.query(1)
                    project.teach({asked.item.item_id: asked.item.name.partition("-")[0]})
                    trainer.wake()
                    answers += 1
                    time.sleep(THINKING)
                    versions = project.store.versions()
                    if versions[-1].facts.n_labels and "first learned" not in steps:
                        steps["first learned"] = time.perf_counter() - began
                steps["the network's vectors"] = time.perf_counter() - began
                wait_for(lambda: not learning.is_behind())
    return {
        "crops": n_crops,
        "first item": first,
        **steps,
        "answers meanwhile": answers,
        "peak MB": memory.peak / 1e6,
    }


def write_crops(photos: list[Path], folder: Path, n_crops: int) -> None:
    """Write crops of photographs, each different, named after what they show."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(n_crops):
        path = photos[i % len(photos)]
        with Image.open(path) as opened:
            share = rng.uniform(0.6, 0.95)
            size = [max(1, int(share * side)) for side in opened.size]
            x, y = (int(rng.integers(0, a - b + 1)) for a, b in zip(opened.size, size, strict=True))
            crop = opened.convert("RGB").crop((x, y, x + size[0], y + size[1]))
        crop.save(folder / f"{path.parent.name}-{i}.jpg", quality=85)


def first_item(crops: Path, folder: Path) -> float:
    """Return the seconds from the start of Python to the first item."""
    start = time.perf_counter()
    command = [sys.executable, "-c", FIRST_ITEM, str(crops), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        if program.stdout is not None:
            program.stdout.readline()
        return time.perf_counter() - start


class Memory:
    """Looks at the memory of this process and its trainer, and keeps the most."""

    def __init__(self, project: Project, trainer: Trainer) -> None:
        self.peak = 0
        self._trainer = trainer
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(1.0):
            child = self._trainer._child
            pids = [os.getpid()] + ([child.pid] if child is not None else [])
            self.peak = max(self.peak, sum(resident(pid) for pid in pids))


def resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):  # it has just ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def report(found: dict[str, Any]) -> str:
    about = (
        f"`python benchmarks/photographs.py`, {found['machine']}. Cats, dogs and raccoons; nobody"
        " names an encoder; right after 12 answers, %."
    )
    lines = [
        "# Photographs, in both doors",
        "",
        about,
        "",
        "| door | encoder | mean | each seed |",
        "|---|---|---|---|",
    ]
    for door in ("compare", "app"):
        for encoder, values in found.get(door, {}).items():
            each = ", ".join(f"{100 * value:.1f}" for value in values)
            lines.append(f"| {door} | {encoder} | {100 * np.mean(values):.1f} | {each} |")
    if "many" in found:
        lines += ["", "Crops, each different; seconds from the start, load and all:", ""]
        lines += [f"- {name}: {value:,.1f}" for name, value in found["many"].items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--parts", default="compare,app,many", help="many comes last")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--crops", type=int, default=N_CROPS)
    options = parser.parse_args()
    place = HERE / "photographs.json"
    found: dict[str, Any] = json.loads(place.read_text()) if place.exists() else {}
    found["machine"] = f"{os.cpu_count()} cores, {platform.machine()}"
    for part in options.parts.split(","):
        if part == "many":
            found[part] = many(options.data, options.crops) | {"load": os.getloadavg()[0]}
        else:
            run = by_compare if part == "compare" else by_app
            found[part] = run(options.data, options.seeds)
        print(part, found[part], flush=True)
        place.write_text(json.dumps(found, indent=1) + "\n")
        place.with_suffix(".md").write_text(report(found))


if __name__ == "__main__":
    main()

"""How quick the labeling app's engine is, and whether kill -9 costs an answer.

Usage: python benchmarks/app.py [--answers N] [--kills N]

Writes docs/benchmarks/app.json and app.md. Every latency stands beside the machine's own fsync
time, measured in the same run: a durable answer cannot be faster than the disk.
"""

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from sparing.project import Project
from sparing.project.learning.process import Trainer

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
N_ITEMS = 60_000
N_FEATURES = 64
N_CLASSES = 10
N_IMAGES = 5_000
N_FSYNCS = 300
PACE = 0.02  # seconds between two answers: fifty a second, far more than a person gives

# What a new user waits for: everything from the start of the program to the first item.
FIRST_ITEM = """
import sys
from sparing.project import Project
with Project.create(sys.argv[1], classes=["a", "b"]) as project:
    print(project.query(1)[0].why, flush=True)
"""

# Sends answers as a browser does: a key each, sent again until confirmed, then written down.
SENDER = """
import sys
from pathlib import Path
from sparing.project import NewEvent, Project
from sparing.store import Kind
from sparing.project.learning.process import Trainer
folder, plan, confirmed = map(Path, sys.argv[1:4])
with Project.open(folder) as project, confirmed.open("a") as log:
    trainer = Trainer(project.learning, project.map, pause=0.1)
    trainer.start()
    done = set(confirmed.read_text().split())
    print("ready", flush=True)
    for line in plan.read_text().splitlines():
        key, item, name = line.split()
        if key not in done:
            new = NewEvent(key=key, kind=Kind.LABEL, item_id=item, class_name=name)
            (got,) = project.record([new])
            assert got.status in ("stored", "duplicate"), got
            log.write(key + "\\n")
            log.flush()
            trainer.wake()
    trainer.stop()
print("finished", flush=True)
"""


def spread(seconds: list[float]) -> dict[str, float]:
    """Return median, 99th percentile and maximum, in milliseconds."""
    ms = 1000 * np.array(seconds)
    p50, p99 = np.percentile(ms, [50, 99])
    return {"p50_ms": float(p50), "p99_ms": float(p99), "max_ms": float(ms.max()), "n": len(ms)}


def timed(times: list[float], call: Callable[[], object]) -> object:
    start = time.perf_counter()
    result = call()
    times.append(time.perf_counter() - start)
    return result


def fsyncs(folder: Path) -> dict[str, float]:
    """Time what a commit cannot avoid: 4 kB appended and flushed to the disk."""
    times: list[float] = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(N_FSYNCS):
            file.write(b"x" * 4096)
            timed(times, lambda: os.fsync(file.fileno()))
    return spread(times)


def clusters(folder: Path) -> tuple[Path, np.ndarray]:
    """Write 60,000 vectors in ten overlapping clusters; return the file and the truth."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, N_CLASSES, N_ITEMS)
    centers = rng.normal(size=(N_CLASSES, N_FEATURES))
    X = (centers[truth] + 1.5 * rng.normal(size=(N_ITEMS, N_FEATURES))).astype(np.float32)
    np.save(folder / "x.npy", X)
    return folder / "x.npy", truth


def answer_while_training(folder: Path, n_answers: int) -> dict[str, object]:
    source, truth = clusters(folder)
    start = time.perf_counter()
    with Project.create(source, classes=[str(c) for c in range(N_CLASSES)]) as project:
        opened = time.perf_counter() - start
        rows = {item: row for row, item in enumerate(project.items)}
        trainer = Trainer(project.learning, project.map)
        trainer.start()
        while not project.learning.version:
            time.sleep(0.1)
        ordered, whole = time.perf_counter() - start, None
        answers: list[float] = []
        queries: list[float] = []
        states: list[float] = []
        for _ in range(n_answers):
            (asked,) = timed(queries, lambda: project.query(1))
            label = str(truth[rows[asked.item.item_id]])
            timed(answers, lambda a=asked, b=label: project.teach({a.item.item_id: b}))
            trainer.wake()
            if whole is None and project.learning.version > 1:
                whole = time.perf_counter() - start
            timed(states, project.status)
            time.sleep(PACE)
        versions = project.learning.version
        trainer.stop()
    return {
        "answer": spread(answers),
        "next item": spread(queries),
        "status": spread(states),
        "seconds to open": opened,
        "seconds to the first order": ordered,
        "seconds to the one by the neighbour graph": whole,
        "model versions made meanwhile": versions,
    }


def first_item(folder: Path) -> float:
    """Return the seconds from starting Python to the first of 5,000 images."""
    photos = folder / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(photos / "0.jpg", quality=80)
    for i in range(1, N_IMAGES):
        shutil.copyfile(photos / "0.jpg", photos / f"{i}.jpg")
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", FIRST_ITEM, str(photos)], stdout=subprocess.PIPE, text=True
    ) as program:
        said(program).readline()
        return time.perf_counter() - start


def kill_often(folder: Path, n_answers: int, n_kills: int) -> dict[str, int]:
    """Kill server or trainer at random moments; count what was lost or doubled."""
    source = folder / "rows.csv"
    source.write_text("a,b\n" + "".join(f"{i},{i % 7}\n" for i in range(n_answers)))
    rng = random.Random(1)  # noqa: S311
    with Project.create(source, classes=["x", "y"]) as project:
        plan = [(f"key-{i}", item, rng.choice("xy")) for i, item in enumerate(project.items)]
        place = project.folder
    confirmed = folder / "confirmed"
    confirmed.touch()
    (folder / "plan").write_text("\n".join(map(" ".join, plan)))
    arguments = [str(place), str(folder / "plan"), str(confirmed)]
    in_the_middle = trainers = runs = 0
    finished = False
    while not finished:
        runs += 1
        with sender(arguments) as program:
            if runs <= n_kills:
                time.sleep(rng.uniform(0, 0.3))
                if runs % 2:
                    trainers += kill_children(program.pid)
                    time.sleep(rng.uniform(0, 0.2))
                program.kill()
            finished = "finished" in said(program).read()
        in_the_middle += 0 < len(confirmed.read_text().split()) < n_answers
    with Project.open(place) as project:
        labels = [e for e in project.store.events() if e.kind == "label"]
    found = [(e.key, e.item_id, e.class_name) for e in labels]
    return {
        "answers": n_answers,
        "kills of the server": min(runs, n_kills),
        "of them between the first and the last answer": in_the_middle,
        "kills of the trainer": trainers,
        "lost": len(set(plan) - set(found)),
        "doubled": len(found) - len(set(found)),
    }


@contextmanager
def sender(arguments: list[str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", SENDER, *arguments], stdout=subprocess.PIPE, text=True
    ) as program:
        said(program).readline()
        yield program


def said(program: "subprocess.Popen[str]") -> IO[str]:
    if program.stdout is None:
        raise SystemExit("a program without a standard output")
    return program.stdout


def kill_children(pid: int) -> int:
    """Kill what a process has started; return how many."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in listed for child in file.read_text().split()]
    for child in children:
        os.kill(child, signal.SIGKILL)
    return len(children)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=1500)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results["fsync"] = fsyncs(folder)
        results["seconds to the first of 5,000 images"] = first_item(folder)
        results |= answer_while_training(folder, options.answers)
        results["fsync again"] = fsyncs(folder)
        results["kill -9"] = kill_often(folder, 1000, options.kills)
    write(results)


def write(results: dict[str, object]) -> None:
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "system": platform.system()}
    lines = ["| what | median ms | p99 ms | largest ms | n |", "|---|---|---|---|---|"]
    numbers = []
    for name, value in results.items():
        if isinstance(value, dict) and "p50_ms" in value:
            cells = [f"{value[key]:.2f}" for key in ("p50_ms", "p99_ms", "max_ms")]
            lines.append(f"| {name} | {' | '.join(cells)} | {value['n']:,} |")
        elif isinstance(value, float):
            numbers.append(f"- {name}: {value:.2f}")
        elif isinstance(value, dict):
            told = ", ".join(f"{key} {number:,}" for key, number in value.items())
            numbers.append(f"- {name}: {told}")
        else:
            numbers.append(f"- {name}: {value}")
    text = "\n".join(
        [
            "# The page: answers and questions",
            "",
            f"{N_ITEMS:,} items of {N_FEATURES} numbers, the trainer running beside.",
            f"{PACE} s between two answers; {machine['cores']} cores, load {machine['load']:.1f}.",
            "`fsync` is 4 kB appended and flushed to the same disk.",
            "",
            *lines,
            "",
            *numbers,
        ]
    )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "app.json").write_text(json.dumps({"machine": machine, **results}, indent=1) + "\n")
    (OUT / "app.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()

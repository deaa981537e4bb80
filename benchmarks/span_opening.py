"""How long until the page asks of 15,000 sentences, and until it suggests what to mark in them.

Tweets of the Broad Twitter Corpus and of WNUT17 and sentences of GUM, one a line of a text file. A
server of its own, `sparing label notes.txt --kind spans`; a client asks over HTTP, as the page
does, from the moment the server is started, and answers ten sentences: as fast as it can, then,
with a project made anew, at a person's pace. From the tenth answer on the time runs until a
sentence comes with suggestions by a model that has learned from all ten.

Usage: SPARING_DATA=... python benchmarks/span_opening.py [--sentences 15000] [--no-write]

Writes docs/benchmarks/span_opening.json and .md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from load import Browser, Server, served
from rounds import floor
from spans import load as load_set

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
SETS = ("btc", "wnut17", "gum")
NAMES = {
    "person": "person",
    "PER": "person",
    "place": "place",
    "location": "place",
    "LOC": "place",
    "organization": "organization",
    "corporation": "organization",
    "ORG": "organization",
}
N_ANSWERS = 10
PACES = (0.0, 3.0)  # seconds between two answers
PAUSE = 0.05
MOST_SECONDS = 300.0
Truth = dict[str, list[dict[str, object]]]


def sentences(folder: Path, n: int) -> Truth:
    """Return different sentences with the people, places and organizations in them."""
    found: Truth = {}
    for name in SETS:
        texts, values, labels = load_set(folder, name)
        for text, value in zip(texts.texts, values, strict=True):
            named = [(*unit.place, NAMES.get(labels[unit.class_id])) for unit in value]
            spans = [{"start": s, "end": e, "label": label} for s, e, label in named if label]
            found.setdefault(text, spans)
    if len(found) < n:
        raise SystemExit(f"There are {len(found):,} different sentences, and not {n:,}.")
    return dict(list(found.items())[:n])


def opened(source: Path, truth: Truth, pace: float) -> list[dict[str, object]]:
    """Return when the first question, the tenth answer and suggestions were there."""
    arguments = [str(source), "--kind", "spans"]
    with served(arguments, ",".join(dict.fromkeys(NAMES.values()))) as server:
        browser = Browser(server, server.cookie)
        (asked,) = browser.call("GET", "/api/next?n=1")["items"]
        found = [noted(server, "the first question")]
        for i in range(N_ANSWERS):
            time.sleep(pace * (i > 0))
            (asked,) = browser.call("GET", "/api/next?n=1")["items"]
            browser.call("POST", "/api/events", [answer(asked, truth)])
        found.append(noted(server, "the tenth answer"))
        for _ in suggestions_awaited(browser):
            if time.perf_counter() - server.began > MOST_SECONDS:
                raise SystemExit("no suggestion came")
        return [*found, noted(server, "suggestions of a model of all ten")]


def answer(asked: dict, truth: Truth) -> dict[str, object]:
    """Return the event that says what is to be marked in a sentence."""
    item = asked["item"]
    said = {"item_id": item["item_id"], "spans": truth[item["text"]]}
    return {"key": uuid.uuid4().hex, "kind": "label", **said, "seen": None}


def suggestions_awaited(browser: Browser) -> Iterator[None]:
    """Look until a sentence comes with suggestions by a model of all answers."""
    while True:
        asked = browser.call("GET", "/api/next?n=4&guesses=true")["items"]
        # One in twenty comes without.
        learned = browser.call("GET", "/api/state")["status"]["n_learned"]
        if learned == N_ANSWERS and any(one["guess"] is not None for one in asked):
            return
        yield time.sleep(PAUSE)


def noted(server: Server, what: str) -> dict[str, object]:
    """Return the time, and what the server and the trainer have had of a processor."""
    pid = server.trainer()
    times = {
        "seconds": time.perf_counter() - server.began,
        "server": server.processor(server.process.pid),
        "trainer": 0.0 if pid is None else server.processor(pid),
    }
    return {"what": what} | {name: round(seconds, 3) for name, seconds in times.items()}


def python_alone() -> float:
    """Return how long Python takes to start and do nothing."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - start


def measured(folder: Path, n: int) -> dict[str, object]:
    load, truth, at = os.getloadavg()[0], sentences(folder, n), floor()
    alone = min(python_alone() for _ in range(3))
    runs = {}
    for pace in PACES:
        with tempfile.TemporaryDirectory() as name:
            source = Path(name, "notes.txt")
            source.write_text("\n".join(truth) + "\n", encoding="utf-8")
            runs[f"{pace:g}"] = opened(source, truth, pace)
    machine = {"cores": os.cpu_count(), "load": load}
    return {"sentences": n, "runs": runs, "floor": at, "python": alone, **machine}


def page(found: dict) -> str:
    """Return the results as a page."""
    is_quiet = found["load"] <= found["cores"]
    clock = "" if is_quiet else " The clock is left out: other programs ran beside it."
    lines = [
        "# Fifteen thousand sentences",
        "",
        f"A text file of {found['sentences']:,} sentences, `sparing label notes.txt --kind spans`:",
        "processor seconds of the server and of its trainer, a process beside it, since the start",
        "of the command (`benchmarks/span_opening.py`). Ten sentences are answered over HTTP, at",
        "once or with a pause between two; then the server is asked twenty times a second whether",
        "there are suggestions by a model of all ten.",
        f"Python alone took {found['python']:.2f} s to start; the floor, ten products of two",
        f"1,500 x 1,500 matrices, {found['floor']:.2f} processor seconds;",
        f"{found['cores']} cores, load {found['load']:.1f}.{clock}",
        "",
        "| pause, s | what | by the clock | server | trainer | trainer since the tenth answer |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for pace, run in found["runs"].items():
        tenth = run[1]["trainer"]
        for one in run:
            after = f"{one['trainer'] - tenth:.1f}" if one is run[2] else ""
            at = f"{one['seconds']:.1f}" if is_quiet else ""
            cells = [pace, one["what"], at, f"{one['server']:.1f}", f"{one['trainer']:.1f}", after]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sentences", type=int, default=15_000)
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    found = measured(Path(os.environ["SPARING_DATA"]), args.sentences)
    print(page(found))
    if not args.no_write:
        (OUT / "span_opening.json").write_text(json.dumps(found, indent=1) + "\n")
        (OUT / "span_opening.md").write_text(page(found))


if __name__ == "__main__":
    main()

"""How long until the page asks its first question of 60,000 items, and what asks it.

A server of its own, `sparing label x.npy`, over vectors that are there already; a client asks over
HTTP, as the page does, from the moment the server is started, and answers nothing. Told is when
each rule asks first: at random at once, then a quick cover of the pool by groups, then the
strategy with the neighbour graph. How soon a server that knows its items asks again is told too.
Last, one question is answered and read back from the log: its version says what asked.

Usage: python benchmarks/first_question.py [--items 60000]

Writes docs/benchmarks/first_question.json and .md.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from load import Browser, Server, served
from rounds import floor, vectors
from sparing.project import Project

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
N_FEATURES, N_CLASSES, APART = 64, 10, 0.2
PAUSE = 0.02
MOST_SECONDS = 900.0
LAST = 2  # the version of the strategy; the first is the quick cover


def first_questions(source: Path, last: int) -> list[dict[str, object]]:
    """Return seconds, version and reason of the first question by each rule."""
    found: list[dict[str, object]] = []
    with served([str(source)]) as server:
        browser = Browser(server, server.cookie)
        while time.perf_counter() - server.began < MOST_SECONDS:
            (asked,) = browser.call("GET", "/api/next?n=1")["items"]  # holding nothing
            seconds = time.perf_counter() - server.began
            if not found or found[-1]["reason"] != asked["why"]:
                version, source_ = asked["model_version"], asked["source"]
                found.append(
                    {"seconds": seconds, "processor": used(server), "version": version}
                    | {"source": source_, "reason": asked["why"]}
                )
            if (asked["model_version"] or 0) >= last:
                browser.answer(asked, "0")
                return found
            time.sleep(PAUSE)
    raise SystemExit("no model version came")


def used(server: Server) -> float:
    """Return the processor seconds of the server and of its trainer so far."""
    pids = [pid for pid in (server.process.pid, server.trainer()) if pid is not None]
    return sum(map(server.processor, pids))


def measured(n_items: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "x.npy")
        np.save(source, vectors(n_items, N_FEATURES, N_CLASSES, APART)[0])
        at = floor()
        first = first_questions(source, LAST)
        again = first_questions(source, LAST)[:1]
        with Project.open(Path(name, "x.npy.sparing")) as project:
            answers = [event for event in project.store.events() if event.kind == "label"]
            told = [(event.source, event.model_version) for event in answers]
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "floor": at}
    return {"items": n_items, "first": first, "again": again, "answers": told, **machine}


def page(found: dict[str, object]) -> str:
    """Return the results as a page."""
    lines = [
        "# The first question",
        "",
        f"{found['items']:,} ready vectors of {N_FEATURES} numbers: seconds of the clock from the",
        "start of `sparing label` to a question over HTTP, and processor seconds of the server and",
        "of its trainer until then, fifty requests a second among them",
        "(`benchmarks/first_question.py`). The floor, ten products of",
        f"two 1,500 x 1,500 matrices, took {found['floor']:.2f} processor seconds in the same run;",
        f"{found['cores']} cores, load {found['load']:.1f} at the end. Where the load is above the",
        "number of cores, the seconds of the clock are those of a busy machine, and an idle one",
        "takes fewer; processor seconds are what the work costs.",
        "",
        "| server | seconds | of the processor | what asks |",
        "|---|---:|---:|---|",
    ]
    for name, key in (("new", "first"), ("started again", "again")):
        lines += [
            f"| {name} | {one['seconds']:.2f} | {one['processor']:.2f} | {one['reason']} |"
            for one in found[key]
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=60_000)
    args = parser.parse_args()
    found = measured(args.items)
    (OUT / "first_question.json").write_text(json.dumps(found, indent=1) + "\n")
    (OUT / "first_question.md").write_text(page(found))
    print(page(found))


if __name__ == "__main__":
    main()

"""How the labeling app bears twenty people at once, and a million items.

Usage: python benchmarks/load.py [--seconds N] [--only sqlite|postgresql|million]

Writes docs/benchmarks/load.json and load.md. A real server process, `sparing label`, is spoken to
over HTTP on loopback, as the page does; PostgreSQL is started here, with its own fsync on. What was
lost, doubled or asked twice is counted in the event log, not believed.
"""

import argparse
import http.client
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from app import N_CLASSES, N_FEATURES, OUT, clusters, fsyncs, spread
from sparing.store import open_store
from sparing.store.engine import sqlite_url
from sparing.testing.postgresql import find_postgresql, throwaway_server

N_PEOPLE = 20
PACE = 0.2  # seconds between two answers of one person
AHEAD, LOW = 6, 4  # as in the page
POLL = 4.0
PAUSE = 1.0  # seconds of labeling that are thrown away: connections are opened in it
MILLION = 1_000_000
N_QUERIES = 200
CLASSES = ",".join(map(str, range(N_CLASSES)))


class Server:
    """`sparing label` in a process of its own."""

    def __init__(self, arguments: list[str], classes: str) -> None:
        self.began = time.perf_counter()
        command = [sys.executable, "-m", "sparing", "label", *arguments, "--no-browser"]
        self.process = subprocess.Popen(
            [*command, "--classes", classes], stdout=subprocess.PIPE, text=True
        )
        if self.process.stdout is None:
            raise SystemExit("the server has no standard output")
        found = re.match(r"http://(127\.0\.0\.1:\d+)/#(\S+)", self.process.stdout.readline())
        if found is None:
            raise SystemExit("the server did not start")
        self.address, token = found.groups()
        self.cookie = Browser(self, "").enter(token)

    def peak(self, pid: int | None = None) -> float:
        """Return the most memory that a process had, in GB."""
        status = Path(f"/proc/{pid or self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        return int(found[1]) / 1e6 if found else float("nan")

    def processor(self, pid: int) -> float:
        """Return the processor seconds of a process so far."""
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def trainer(self) -> int | None:
        """Return the trainer's process, if it runs."""
        listed = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(child) for file in listed for child in file.read_text().split()]
        return children[0] if children else None

    def stop(self) -> None:
        """Stop as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


@contextmanager
def served(arguments: list[str], classes: str = CLASSES) -> Iterator[Server]:
    server = Server(arguments, classes)
    try:
        yield server
    finally:
        server.stop()


class Browser:
    """One page: a connection that stays open, the session's cookie, a holder of its own."""

    def __init__(self, server: Server, cookie: str) -> None:
        self.address, self.cookie = server.address, cookie
        self.holder = uuid.uuid4().hex
        self.connection = http.client.HTTPConnection(self.address, timeout=30)

    def enter(self, token: str) -> str:
        """Come in by the link; return the cookie."""
        self._send("POST", "/session", {"token": token})
        answer = self.connection.getresponse()
        answer.read()
        return str(answer.headers["set-cookie"]).partition(";")[0]

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return what comes back; anything but success ends the benchmark."""
        self._send(method, path, body)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {content!r}")
        return json.loads(content)

    def next(self, held: list[str], n: int = AHEAD) -> list[dict[str, Any]]:
        """Ask for items, as the holder of some."""
        pairs = [("n", n), ("holder", self.holder), *(("exclude", item) for item in held)]
        return list(self.call("GET", f"/api/next?{urlencode(pairs)}")["items"])

    def answer(self, asked: dict[str, Any], name: str) -> dict[str, Any]:
        """Label an item; return the event, and what became of it."""
        event = {
            "key": uuid.uuid4().hex,
            "kind": "label",
            "item_id": asked["item"]["item_id"],
            "class_name": name,
            "model_version": asked["model_version"],
            "seen": None,
        }
        (told,) = self.call("POST", "/api/events", [event])
        return {**event, "status": told["status"]}

    def _send(self, method: str, path: str, body: object) -> None:
        headers = {"origin": f"http://{self.address}", "cookie": self.cookie}
        content = None if body is None else json.dumps(body)
        if content is not None:
            headers["content-type"] = "application/json"
        self.connection.request(method, path, content, headers)


class Person(threading.Thread):
    """Answers at a steady pace, asks for more as the page does, looks at the state now and then."""

    def __init__(self, server: Server, truth: dict[str, str], delay: float, seconds: float) -> None:
        super().__init__(daemon=True)
        self.browser = Browser(server, server.cookie)
        self.truth, self.delay, self.seconds = truth, delay, seconds
        self.sent: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.times: dict[str, list[float]] = {"answer": [], "next item": [], "state": []}
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Work; what goes wrong is kept for the main thread."""
        try:
            self._work()
        except BaseException as failure:  # noqa: BLE001  # the main thread tells it
            self.failure = failure

    def _work(self) -> None:
        queue: list[dict[str, Any]] = []
        start = time.perf_counter() + self.delay
        polled = start
        for turn in range(int(self.seconds / PACE)):
            time.sleep(max(0.0, start + turn * PACE - time.perf_counter()))
            is_counted = turn * PACE >= PAUSE
            if len(queue) < LOW:
                held = [one["item"]["item_id"] for one in queue]
                queue += self._timed("next item", is_counted, lambda h=held: self.browser.next(h))
                self.asked += [one["item"]["item_id"] for one in queue[len(held) :]]
            on_screen = queue.pop(0)
            name = self.truth[on_screen["item"]["name"]]
            answer = lambda a=on_screen, n=name: self.browser.answer(a, n)  # noqa: E731
            self.sent.append(self._timed("answer", is_counted, answer))
            if time.perf_counter() - polled > POLL:
                polled = time.perf_counter()
                self._timed("state", is_counted, lambda: self.browser.call("GET", "/api/state"))

    def _timed(self, what: str, is_counted: bool, call: Any) -> Any:
        start = time.perf_counter()
        result = call()
        if is_counted:
            self.times[what].append(time.perf_counter() - start)
        return result


def crowd(folder: Path, url: str, place: str, seconds: float) -> dict[str, object]:
    """Let twenty people label 60,000 items; return latencies, and what the event log shows."""
    source, labels = clusters(folder)
    arguments = [str(source), *(["--project", url] if url else [])]
    before = fsyncs(folder)
    with served(arguments) as server:
        while not (first := versions(server)):
            time.sleep(0.5)
        truth = {f"row {i + 1}": str(label) for i, label in enumerate(labels)}
        people = [Person(server, truth, i * PACE / N_PEOPLE, seconds) for i in range(N_PEOPLE)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        failed = [str(person.failure) for person in people if person.failure is not None]
        if failed:
            raise SystemExit(f"{place}: {failed[0]}")
        made = versions(server) - first
        memory = server.peak()
    after = fsyncs(folder)
    times = {
        what: spread([t for person in people for t in person.times[what]])
        for what in ("answer", "next item", "state")
    }
    counts = checked(url or sqlite_url(Path(f"{source}.sparing", "project.db")), people)
    return {
        "place": place,
        "fsync before": before,
        "fsync after": after,
        **times,
        "model versions made meanwhile": made,
        "memory of the server, GB": memory,
        **counts,
    }


def versions(server: Server) -> int:
    """Return the newest model version."""
    state = Browser(server, server.cookie).call("GET", "/api/state")
    return int(state["status"]["model_version"])


def checked(url: str, people: list[Person]) -> dict[str, int]:
    """Compare what was sent and asked with the event log."""
    store = open_store(url, writable=False)
    stored = Counter(e.key for e in store.events() if e.kind == "label")
    items = Counter(e.item_id for e in store.events() if e.kind == "label")
    store.close()
    sent = [one for person in people for one in person.sent]
    asked = Counter(item for person in people for item in set(person.asked))
    again = sum(len(person.asked) - len(set(person.asked)) for person in people)
    return {
        "answers sent": len(sent),
        "lost": sum(one["key"] not in stored for one in sent),
        "doubled": sum(n - 1 for n in stored.values()) + sum(n - 1 for n in items.values()),
        "not stored at the first try": sum(one["status"] != "stored" for one in sent),
        "items asked of two people": sum(n > 1 for n in asked.values()),
        "items asked of one person twice": again,
    }


def million(folder: Path) -> dict[str, object]:
    """Make, label and open again a project of a million vectors."""
    source = folder / "million.npy"
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(source, "w+", np.float32, (MILLION, N_FEATURES))
    centers = rng.normal(size=(N_CLASSES, N_FEATURES))
    for start in range(0, MILLION, 50_000):
        block = centers[rng.integers(0, N_CLASSES, 50_000)]
        X[start : start + 50_000] = block + 1.5 * rng.normal(size=block.shape)
    X.flush()
    del X
    results: dict[str, object] = {"source": f"{MILLION:,} vectors of {N_FEATURES} numbers, .npy"}
    for when in ("made", "opened again"):
        with served([str(source)]) as server:
            results[f"seconds until the link, {when}"] = time.perf_counter() - server.began
            browser = Browser(server, server.cookie)
            browser.next([], 1)
            results[f"seconds until the first item, {when}"] = time.perf_counter() - server.began
            results |= {f"{what}, {when}": s for what, s in one_person(browser).items()}
            results[f"memory of the server, GB, {when}"] = server.peak()
            trainer = server.trainer()
            if trainer is not None:
                results[f"memory of the trainer so far, GB, {when}"] = server.peak(trainer)
    return results


def one_person(browser: Browser) -> dict[str, dict[str, float]]:
    answers, queries = [], []
    for i in range(N_QUERIES):
        start = time.perf_counter()
        (asked,) = browser.next([], 1)
        queries.append(time.perf_counter() - start)
        start = time.perf_counter()
        browser.answer(asked, str(i % N_CLASSES))
        answers.append(time.perf_counter() - start)
        time.sleep(0.02)
    return {"next item": spread(queries), "answer": spread(answers)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--only", choices=("sqlite", "postgresql", "million"))
    options = parser.parse_args()
    file = OUT / "load.json"
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    cores = {"cores": os.cpu_count(), "system": platform.system()}
    for name in [options.only] if options.only else ["sqlite", "postgresql", "million"]:
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as place:
            results[name] = run(name, Path(place), options.seconds)
        results[name]["machine"] = {**cores, "load before": load}
    OUT.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")
    (OUT / "load.md").write_text(table(results))
    print(table(results))


def run(name: str, folder: Path, seconds: float) -> dict[str, object]:
    if name == "million":
        return million(folder)
    if name == "sqlite":
        return crowd(folder, "", "SQLite", seconds)
    programs = find_postgresql()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed")
    with throwaway_server(programs, fsync=True) as server:
        return crowd(folder, server.new_url(), "PostgreSQL", seconds)


def table(results: dict[str, Any]) -> str:
    """Return all figures in Markdown, those that were measured in one run together."""
    lines = [
        "# Twenty people",
        "",
        f"{N_PEOPLE} people, each with an answer every {PACE} s, on one server process over HTTP;",
        "60,000 items of 64 numbers, the trainer running beside on the same machine.",
        "`fsync` is 4 kB appended and flushed to the same disk. Where the load before a run is",
        "above the number of cores, the machine did other work too: the times are of a busy one.",
    ]
    for one in results.values():
        machine = one["machine"]
        title = one.get("place", one.get("source"))
        about = f"{machine['cores']} cores, load {machine['load before']:.1f} before the run."
        rows = ["| what | median ms | p99 ms | largest ms | n |", "|---|---|---|---|---|"]
        numbers = []
        for name, value in one.items():
            if isinstance(value, dict) and "p50_ms" in value:
                cells = [f"{value[key]:.2f}" for key in ("p50_ms", "p99_ms", "max_ms")]
                rows.append(f"| {name} | {' | '.join(cells)} | {value['n']:,} |")
            elif isinstance(value, (int, float)):
                shown = f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
                numbers.append(f"- {name}: {shown}")
        lines += ["", f"## {title}", "", about, "", *rows, "", *numbers]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

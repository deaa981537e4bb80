"""How long a round takes: a fit, a query, a hundred rounds of one label; beside a floor.

Times are processor seconds of one thread, so that a busy machine does not lengthen them much; the
floor, measured before each case, is ten products of two 1,500 x 1,500 float32 matrices.

Usage: OMP_NUM_THREADS=1 python benchmarks/rounds.py [--cases digits,CSR] [--no-write]

Writes docs/benchmarks/rounds.json and .md.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.datasets import load_digits

from sparing import ActiveLearner

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"


def floor() -> float:
    """Return the time of ten products of matrices."""
    A = np.random.default_rng(0).normal(size=(1500, 1500)).astype(np.float32)
    start = time.process_time()
    for _ in range(10):
        A @ A
    return time.process_time() - start


def vectors(n: int, n_features: int, n_classes: int, apart: float):
    """Return items of classes that lie so far apart."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n)
    centers = apart * rng.normal(size=(n_classes, n_features))
    return (centers[y] + rng.normal(size=(n, n_features))).astype(np.float32), y


def texts(n: int, n_words: int, n_classes: int):
    """Return counts of words as CSR; each class likes thirty of them."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n)
    liked = rng.integers(0, n_words, (n_classes, 30))
    own = np.take_along_axis(liked[y], rng.integers(0, 30, (n, 5)), axis=1)
    usual = np.minimum(rng.zipf(1.3, (n, 10)), n_words) - 1
    columns = np.hstack([own, usual]).ravel()
    rows = np.repeat(np.arange(n), 15)
    return sparse.csr_array((np.ones(15 * n, np.float32), (rows, columns)), (n, n_words)), y


def first_and_later(X, y, n_labels: int, batch: int) -> dict[str, float]:
    """Return the time of the first two queries, and of one round with so many labels."""
    learner = ActiveLearner(X, seed=0)
    start = time.process_time()
    asked = learner.query(10).indices
    first = time.process_time() - start
    learner.teach(asked, y[asked].tolist())
    start = time.process_time()
    learner.query(10)
    second = time.process_time() - start
    rows = np.random.default_rng(1).permutation(X.shape[0])[:n_labels]
    learner.teach(rows, y[rows].tolist())
    learner.predict()  # what is made once for a pool
    learner.teach(rows[:1], y[rows[:1]].tolist())
    rows = learner.query(batch).indices
    learner.teach(rows, y[rows].tolist())
    start = time.process_time()
    learner.query(batch)
    learner.predict()
    last = time.process_time() - start
    return {"first query": first, "second query": second, "a round": last}


def one_by_one(X, y, n_rounds: int) -> dict[str, float]:
    """Return the time of many rounds of one label."""
    learner = ActiveLearner(X, seed=0)
    start = time.process_time()
    for _ in range(n_rounds):
        row = learner.query(1).indices
        learner.teach(row, y[row].tolist())
    return {f"{n_rounds} rounds of one label": time.process_time() - start}


CASES: dict[str, Callable[[], dict[str, float]]] = {
    "1,797 digits, batch 1": lambda: one_by_one(*load_digits(return_X_y=True), 100),
    "4,000 x 64, 10 classes, 100 labels": lambda: first_and_later(
        *vectors(4000, 64, 10, 0.5), 100, 10
    ),
    "4,000 x 1,280, 10 classes, 100 labels": lambda: first_and_later(
        *vectors(4000, 1280, 10, 0.2), 100, 10
    ),
    "5,000 texts x 15,000 words (CSR), 77 classes, 300 labels": lambda: first_and_later(
        *texts(5000, 15_000, 77), 300, 20
    ),
    "10,000 x 64, 150 classes, 600 labels": lambda: first_and_later(
        *vectors(10_000, 64, 150, 1.2), 600, 20
    ),
    "60,000 x 64, 10 classes, no groups, 100 labels": lambda: first_and_later(
        *vectors(60_000, 64, 10, 0.2), 100, 10
    ),
}


def page(results: dict[str, dict[str, float]]) -> str:
    """Return the results as a page."""
    lines = [
        "# How long a round takes",
        "",
        "`auto` as shipped, processor seconds of one thread (`benchmarks/rounds.py`). The",
        "floor is ten products of two 1,500 x 1,500 float32 matrices, before each case. The first",
        "query includes the graph of at most 10,000 items; beyond, the second waits for the",
        "whole graph. A round is a query, its fit, and the answer for the whole pool.",
        "",
        "| pool | measured | seconds | floor |",
        "|---|---|---:|---:|",
    ]
    for name, found in results.items():
        times = {what: t for what, t in found.items() if what != "floor"}
        lines += [f"| {name} | {w} | {t:.2f} | {found['floor']:.2f} |" for w, t in times.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="", help="parts of names, by commas")
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    wanted = args.cases.split(",")
    results = {}
    for name, measure in CASES.items():
        if any(part in name for part in wanted):
            at = floor()
            results[name] = {**measure(), "floor": at}
            print(name, results[name], flush=True)
    if not args.no_write:
        (OUT / "rounds.json").write_text(json.dumps(results, indent=1) + "\n")
        (OUT / "rounds.md").write_text(page(results))


if __name__ == "__main__":
    main()

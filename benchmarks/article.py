"""Time the article's two long experiments on one core, and check that the figures are unchanged.

Usage: python benchmarks/article.py [--data DIR]

Writes docs/benchmarks/article.json and article.md. The floor is what the matrix products of all
optimiser steps take by themselves, measured in the same run.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sparing.datasets.mnist import load_mnist
from sparing.experiment.article import (
    PUBLISHED,
    Digits,
    LabelingSession,
    active_rounds,
    most_confident_first,
    one_blas_thread,
    watch_test,
)
from sparing.experiment.reproduce import describe_versions

REPEATS = 3
OUT = Path(__file__).parents[1] / "docs" / "benchmarks"


def timed(session: LabelingSession, rounds: Iterator) -> tuple[float, list[tuple[int, int]]]:
    """Run to the end; return the seconds, and (samples, optimiser steps) of each fit."""
    fits, before, start = [], session.n_steps, time.perf_counter()
    for _ in rounds:
        fits.append((len(session.labeled), session.n_steps - before))
        before = session.n_steps
    return time.perf_counter() - start, fits


def floor(digits: Digits, fits: list[tuple[int, int]]) -> float:
    """Return the seconds of the products alone: forward and backward, test and pool."""
    W, X_test = np.zeros((784, 10), np.float32), digits.X_test[:400]
    residual = np.zeros((len(digits.X), 10), np.float32)
    start = time.perf_counter()
    for n, steps in fits:
        X, P = digits.X[:n], residual[:n]
        for _ in range(steps):
            _ = X @ W, X.T @ P, X_test @ W
        _ = digits.X @ W
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    digits = Digits.of_article(load_mnist(parser.parse_args().data))
    session = LabelingSession(digits, watch_test(digits))

    experiments = {
        "active learning": (active_rounds, PUBLISHED.active),
        "most confident first": (most_confident_first, PUBLISHED.most_confident_first),
    }
    rows: dict[str, list[tuple[float, float, int]]] = {name: [] for name in experiments}
    with one_blas_thread():
        for _ in range(REPEATS):
            session.reset()
            for name, (experiment, published) in experiments.items():
                seconds, fits = timed(session, experiment(session))
                rows[name].append((seconds, floor(digits, fits), sum(s for _, s in fits)))
                if session.accuracy() != published:
                    raise SystemExit(f"{name} ended at {session.accuracy()}, not {published}")
    write(rows)


def write(rows: dict[str, list[tuple[float, float, int]]]) -> None:
    results = {
        name: {
            "seconds": min(r[0] for r in runs),
            "floor_seconds": min(r[1] for r in runs),
            "optimizer_steps": runs[0][2],
        }
        for name, runs in rows.items()
    }
    lines = ["| experiment | seconds | bare products | ratio | steps |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {r['seconds']:.2f} | {r['floor_seconds']:.2f} "
        f"| {r['seconds'] / r['floor_seconds']:.1f} | {r['optimizer_steps']} |"
        for name, r in results.items()
    ]
    table = "\n".join(lines)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "article.json").write_text(
        json.dumps({"versions": describe_versions(), "results": results}, indent=1) + "\n"
    )
    (OUT / "article.md").write_text(
        f"# The article's experiments\n\nBest of {REPEATS} runs on one core.\n\n{table}\n"
    )
    print(table)


if __name__ == "__main__":
    main()

"""How many classes are seen among the first 10 and 20 labels, nothing labeled at the start.

On the 20 sets, splits and vectors of ``auto_versus_random.py``, none of which served to choose
anything: batches of ten, seven tenths of the items to choose from. ``expected at random`` needs no
draws: a class with m of n items is missed by k of them with the hypergeometric probability.

Usage: SPARING_DATA=... python benchmarks/cold_start.py [--seeds 10] [--sets sonar,trec] [--render]

Writes docs/benchmarks/cold_start.json and .md; with --sets the other sets' figures stay.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
from scipy.stats import hypergeom

from auto_versus_random import loaders
from sparing import ActiveLearner
from sparing.experiment.prepared import Prepared, prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.trial import Encoding, encoded

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
MARKS = (10, 20)
RANDOM = "random"
STRATEGIES = ("auto", "max_herding", "typiclust")
PROTOCOL = Protocol(MARKS[-1], MARKS[0])


def seen(prepared: Prepared, seed: int) -> dict[str, list[float]]:
    """Return how many classes each strategy has seen at each mark."""
    encoding = Encoding.of(prepared, "default", PROTOCOL, seed)
    X, _, views = encoded(encoding)
    codes = prepared.codes[encoding.pool]
    found: dict[str, list[float]] = {RANDOM: [at_random(codes, mark) for mark in MARKS]}
    for strategy in STRATEGIES:
        classes = range(len(prepared.classes))
        learner = ActiveLearner(X, classes, strategy=strategy, seed=seed, views=views)
        found[strategy] = []
        for mark in MARKS:
            rows = learner.query(mark - len(learner.pool.labeled)).indices
            learner.teach(rows, codes[rows].tolist())
            found[strategy].append(len(set(codes[learner.pool.labeled].tolist())))
    return found


def at_random(codes: np.ndarray, n_labels: int) -> float:
    """Return how many classes are expected among so many labels drawn at random."""
    sizes = np.bincount(codes)
    return float((1 - hypergeom.pmf(0, len(codes), sizes, n_labels)).sum())


def as_markdown(results: dict) -> str:
    """Return the results as a page."""
    names = ("auto", "max_herding", "typiclust", "expected at random")
    head = " | ".join(f"{name}, {mark}" for mark in MARKS for name in names)
    seeds = {len(result["runs"]) for result in results.values()}
    lines = [
        "# The first labels",
        "",
        f"Classes seen among the first 10 and 20 labels, {'/'.join(map(str, seeds))} seeds;",
        "`benchmarks/cold_start.py` has the protocol.",
        "",
        f"| set (classes) | {head} |",
        "|---|" + "---:|" * (len(MARKS) * len(names)),
    ]
    shares = []
    for name, result in results.items():
        means = np.array([_cells(run) for run in result["runs"]]).mean(axis=0)
        shares.append(100 * means / result["classes"])
        cells = " | ".join(f"{value:.2f}" for value in means)
        lines.append(f"| {name} ({result['classes']}) | {cells} |")
    mean = " | ".join(f"**{share:.1f}**" for share in np.mean(shares, axis=0))
    return "\n".join([*lines, f"| mean, percent of the classes | {mean} |"]) + "\n"


def _cells(run: dict[str, list[float]]) -> list[float]:
    return [run[name][i] for i in range(len(MARKS)) for name in (*STRATEGIES, RANDOM)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sets", default="")
    parser.add_argument("--render", action="store_true", help="only write the page anew")
    args = parser.parse_args()
    path = OUT / "cold_start.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    load = loaders(Path(os.environ["SPARING_DATA"]))
    wanted = args.sets.split(",") if args.sets else list(load)
    for name in () if args.render else wanted:
        prepared = prepare(name, load[name](), PROTOCOL)
        runs = [seen(prepared, seed) for seed in range(args.seeds)]
        known[name] = {"classes": len(prepared.classes), "runs": runs}
        path.write_text(json.dumps(known, indent=1) + "\n")
        print(as_markdown({name: known[name]}).splitlines()[-2], flush=True)
    results = {name: known[name] for name in load if name in known}
    path.write_text(json.dumps(results, indent=1) + "\n")
    (OUT / "cold_start.md").write_text(as_markdown(results))


if __name__ == "__main__":
    main()

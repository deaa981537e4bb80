"""Rare classes: how well the one class that matters is found and ranked with few labels.

Each set has 2 to 5 % positives, cut to that share from sets that anyone can get. None of these cuts
served to choose anything, but other cuts of digits, TREC and CLINC150 did: for the weights of the
ensemble (decision 6). Seventy percent are the pool, stratified; no label at the start, batches
of ten. Scored is the average precision on the other thirty percent, and counted are the positives
among the labels.

- auto: ``strategy="auto"`` with ``model="auto"``
- random: labels at random, the same model
- margin: the classic, logistic regression on scaled features asked by margin; its first ten labels
  are drawn at random, and so are all until a second class is known

Usage: SPARING_DATA=... python benchmarks/rare.py [--seeds 3] [--sets subj,wdbc] [--work FOLDER]
       [--of tuning] [--no-write]

The policy was chosen on nine others (``--of tuning``, printed alone). Writes
docs/benchmarks/rare.json and .md. A run that was stopped goes on from its work folder; delete that
after a change of the code.
"""

import argparse
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tuning
from sparing import ActiveLearner
from sparing.datasets import Labeled
from sparing.encoders import get_encoder
from sparing.files import write_atomically

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
MARKS = (50, 100, 200)
BATCH = 10
MOST_ITEMS = 2000
TEST_SHARE = 0.3
HOW = ("auto", "random", "margin")


def _cut(X: np.ndarray, positive: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Keep all negatives, up to a bound, and so many positives that they are a share."""
    rng = np.random.default_rng(0)
    negatives = rng.permutation(np.flatnonzero(~positive))[:MOST_ITEMS]
    n_positives = round(share * len(negatives) / (1 - share))
    rows = rng.permutation(
        np.concatenate([negatives, rng.permutation(np.flatnonzero(positive))[:n_positives]])
    )
    return X[rows], positive[rows].astype(int)


def _texts(texts: list[str], positive: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    kept, y = _cut(np.array(texts, dtype=object), positive, share)
    return get_encoder("text").fit_transform(kept.tolist()), y


def _lines(folder: Path, name: str, positive: str, share: float) -> tuple[np.ndarray, np.ndarray]:
    lines = (folder / "sentiment_trec" / name).read_bytes().decode("latin-1").split("\n")
    pairs = [line.split(" ", 1) for line in lines if len(line.split()) > 1]
    return _texts([t for _, t in pairs], np.array([label == positive for label, _ in pairs]), share)


def _intents(folder: Path, wanted: set[str]) -> tuple[np.ndarray, np.ndarray]:
    """Some intents among all others."""
    parts = json.loads((folder / "clinc" / "data_small.json").read_text())
    pairs = [pair for name in ("train", "val", "test") for pair in parts[name]]
    return _texts([t for t, _ in pairs], np.array([label in wanted for _, label in pairs]), 0.02)


def _table(folder: Path, name: str, positive: float, share: float):
    rows = np.loadtxt(folder / "tabular" / f"{name}.csv", delimiter=",")
    X = get_encoder("table").fit_transform(rows[:, :-1].astype(object))
    return _cut(X, rows[:, -1] == positive, share)


def _digits(digit: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return _cut(X, y == digit, 0.03)


def _tumors() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_breast_cancer(return_X_y=True)
    return _cut(X, y == 0, 0.05)


def _tuned(load: Callable[[], Labeled]) -> tuple[np.ndarray, np.ndarray]:
    data = load()
    encoder = get_encoder("text" if data.items.kind == "texts" else "table")
    X = encoder.fit_transform(data.items.take(np.arange(len(data))))
    return X, (np.array(data.labels) == "1").astype(int)


CARDS = {"report_lost_card", "card_declined", "damaged_card"}
TRAVEL = {"travel_alert", "travel_notification", "international_visa"}
CARS = {"oil_change_how", "jump_start", "tire_pressure"}


def tuning_loaders(folder: Path) -> dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]]:
    """Return the same of the sets that the policy was chosen on."""
    rare = {n: partial(_tuned, load) for n, load in tuning.SETS.items() if n.startswith("rare-")}
    return rare | {
        "travel": lambda: _intents(folder, TRAVEL),
        "cars": lambda: _intents(folder, CARS),
        "trec-people": lambda: _lines(folder, "TREC.train.all", "3", 0.03),
        "ones": lambda: _digits(1),
    }


def loaders(folder: Path) -> dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]]:
    """Return what loads vectors and 1 for the rare class, by name."""
    return {
        "subj": lambda: _lines(folder, "subj.all", "0", 0.02),
        "trec-places": lambda: _lines(folder, "TREC.train.all", "4", 0.03),
        "lost cards": lambda: _intents(folder, CARDS),
        "eights": lambda: _digits(8),
        "banknote": lambda: _table(folder, "banknote_authentication", 1, 0.03),
        "diabetes": lambda: _table(folder, "pima-indians-diabetes", 1, 0.05),
        "tumors": _tumors,
    }


def split(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pool and test rows, the test with its share of either class."""
    rng = np.random.default_rng(seed)
    parts = [rng.permutation(np.flatnonzero(y == value)) for value in (0, 1)]
    test = np.concatenate([part[: round(TEST_SHARE * len(part))] for part in parts])
    return rng.permutation(np.setdiff1d(np.arange(len(y)), test)), test


def curve(X: np.ndarray, y: np.ndarray, how: str, seed: int) -> dict[str, list[float]]:
    """Return average precision, and positives found, at each mark."""
    pool, test = split(y, seed)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    learner = ActiveLearner(
        X[pool], model=model if how == "margin" else "auto", strategy=how, seed=seed
    )
    if how == "margin":
        learner.teach(np.arange(BATCH), y[pool[:BATCH]].tolist())
    found: dict[str, list[float]] = {"precision": [], "positives": []}
    marks = [mark for mark in MARKS if mark <= len(pool) // 2]
    while len(labeled := learner.pool.labeled) < marks[-1]:
        rows = learner.query(min(BATCH, marks[-1] - len(labeled))).indices
        learner.teach(rows, y[pool[rows]].tolist())
        if len(learner.pool.labeled) in marks:
            found["precision"].append(_precision(learner, X[test], y[test]))
            found["positives"].append(int(y[pool[learner.pool.labeled]].sum()))
    return found


def kept_curve(work: Path, name: str, X: np.ndarray, y: np.ndarray, how: str, seed: int):
    """Return the curve that an earlier run left in the work folder, else find it and leave it."""
    path = work / f"{name}-{how}-{seed}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(curve(X, y, how, seed)).encode())
    return json.loads(path.read_text())


def _precision(learner: ActiveLearner, X: np.ndarray, y: np.ndarray) -> float:
    if 1 not in learner.classes:
        return float(y.mean())
    return float(average_precision_score(y, learner.predict_proba(X)[:, learner.classes.index(1)]))


def table(results: dict) -> str:
    """Return the results as a page."""
    head = " | ".join(f"{how} at {mark}" for mark in MARKS for how in HOW)
    seeds = len(next(iter(next(iter(results.values()))["runs"].values())))
    lines = [
        "# Rare classes",
        "",
        f"Average precision in percent, {seeds} seeds; `benchmarks/rare.py` has the protocol. In",
        "brackets the positives among the labels.",
        "",
        f"| set (positives in the pool) | {head} |",
        "|---|" + "---:|" * (len(MARKS) * len(HOW)),
    ]
    means: dict[tuple[int, str], list[float]] = {}
    for name, result in results.items():
        cells = []
        for i, mark in enumerate(MARKS):
            for how in HOW:
                runs = [run for run in result["runs"][how] if len(run["precision"]) > i]
                if not runs:
                    cells.append("")
                    continue
                value = 100 * np.mean([run["precision"][i] for run in runs])
                positives = np.mean([run["positives"][i] for run in runs])
                means.setdefault((mark, how), []).append(value)
                cells.append(f"{value:.0f} ({positives:.0f})")
        lines.append(f"| {name} ({result['n_positives']}) | {' | '.join(cells)} |")
    columns = [means.get((mark, how), []) for mark in MARKS for how in HOW]
    last = [f"**{np.mean(column):.1f}**" if column else "" for column in columns]
    return "\n".join([*lines, f"| mean | {' | '.join(last)} |"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", default="")
    parser.add_argument("--no-write", action="store_true")
    parser.add_argument("--of", choices=("tuning", "reporting"), default="reporting")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "sparing-rare"))
    args = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    load = tuning_loaders if args.of == "tuning" else loaders
    every = load(Path(os.environ["SPARING_DATA"]))
    results = {}
    for name in args.sets.split(",") if args.sets else every:
        X, y = every[name]()
        seeds = range(args.seeds)
        found = partial(kept_curve, args.work, name, X, y)
        runs = {how: [found(how, seed) for seed in seeds] for how in HOW}
        results[name] = {"n_positives": int(y[split(y, 0)[0]].sum()), "runs": runs}
        print(table({name: results[name]}).splitlines()[-2], flush=True)
    if args.of == "reporting" and not args.no_write:
        (OUT / "rare.json").write_text(json.dumps(results, indent=1) + "\n")
        (OUT / "rare.md").write_text(table(results))
    print(table(results))


if __name__ == "__main__":
    main()

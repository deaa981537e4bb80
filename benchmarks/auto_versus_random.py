"""What ``auto`` is worth: against random labels, and against eight strategies of scikit-activeml.

For each data set and strategy: no labels at the start, batches up to the budget, the model of
``model="auto"`` fitted on what was asked, accuracy on the 30 % that were held out, the same
split for all strategies of a seed. Two questions:

- Is the simultaneous 95 % band of auto minus random ever wholly below zero?
- The best of the eight is chosen on half of the seeds and scored on the other half, and the
  halves change places. How much lower is the area under auto's curve?

Usage: SPARING_DATA=... python benchmarks/auto_versus_random.py [--seeds 10] [--jobs 1]
       [--sets sonar,trec] [--work FOLDER] [--no-write]

Writes docs/benchmarks/auto_versus_random.json and .md. A run that was stopped goes on from its
work folder; delete that after a change of the code.
"""

import argparse
import csv
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from skactiveml import pool
from skactiveml.base import SkactivemlClassifier
from sklearn.datasets import load_breast_cancer, load_svmlight_file
from sklearn.preprocessing import normalize

from sparing import QueryStrategy, Selection
from sparing.datasets import Items, Labeled, read_labeled
from sparing.datasets.rows import Reading
from sparing.experiment.comparison import compare_results
from sparing.experiment.grid import CellResult, TrialGrid
from sparing.experiment.prepared import prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.reproduce import describe_versions
from sparing.experiment.runner import run_grid
from sparing.experiment.statistics import area_under_curve, simultaneous_band

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
BUDGET, BATCH = 100, 10
MOST_ITEMS = 1000  # of a large set; drawn once, the same for all
HALF_A_POINT = 0.005
TABLES = {
    "sonar": "sonar.csv",
    "haberman": "haberman.csv",
    "ionosphere": "ionosphere.csv",
    "breast-wisconsin": "breast-cancer-wisconsin.csv",
    "breast-cancer": "breast-cancer.csv",
    "diabetes": "pima-indians-diabetes.csv",
    "german": "german.csv",
    "banknote": "banknote_authentication.csv",
    "horse-colic": "horse-colic.csv",
    "iris": "iris.csv",
    "wine": "wine.csv",
}
TEXTS = {
    "trec": "TREC.train.all",
    "subj": "subj.all",
    "mpqa": "mpqa.all",
    "movie-reviews": "rt-polarity.all",
    "sst2": "stsa.binary.train",
}


def _table(path: Path) -> Labeled:
    last = len(path.read_text().splitlines()[0].split(","))
    return read_labeled(path, str(last), reading=Reading(header=False))


def _array(X: np.ndarray, y: np.ndarray, name: str) -> Labeled:
    """Return numbers as cells, so that the table encoder scales them as it does a file's."""
    names = [f"row {i + 1}" for i in range(len(y))]
    return Labeled(Items("table", X.astype(object), names, name), [str(v) for v in y])


def _heart(folder: Path) -> Labeled:
    X, y = load_svmlight_file(str(folder / "tabular" / "heart_scale"))
    return _array(X.toarray(), y, "heart")


def _abalone(folder: Path) -> Labeled:
    """Rings in three classes, as is usual: up to 8, 9 and 10, more."""
    data = _table(folder / "tabular" / "abalone.csv")
    rings = np.array(data.labels, dtype=int)
    return _some(Labeled(data.items, np.digitize(rings, [9, 11]).astype(str).tolist()))


def _lines(path: Path) -> Labeled:
    """Read lines of a label and a text."""
    lines = path.read_bytes().decode("latin-1").split("\n")  # splitlines breaks at more
    pairs = [line.split(" ", 1) for line in lines if len(line.split()) > 1]
    names = [f"line {i + 1}" for i in range(len(pairs))]
    items = Items("texts", [text for _, text in pairs], names, path.name)
    return _some(Labeled(items, [label for label, _ in pairs]))


def _news(folder: Path) -> Labeled:
    with (folder / "ag_news" / "test.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    texts = [f"{title}\n{body}" for _, title, body in rows]
    names = [f"line {i + 1}" for i in range(len(rows))]
    return _some(Labeled(Items("texts", texts, names, "ag_news"), [row[0] for row in rows]))


def _some(data: Labeled) -> Labeled:
    """Return at most 1,000 items, drawn by a fixed seed."""
    if len(data) <= MOST_ITEMS:
        return data
    rows = np.sort(np.random.default_rng(0).choice(len(data), MOST_ITEMS, replace=False))
    items = data.items
    names = [items.names[row] for row in rows]
    kept = Items(items.kind, items.take(rows), names, items.source, columns=items.columns)
    return Labeled(kept, [data.labels[row] for row in rows])


def loaders(folder: Path) -> dict[str, Callable[[], Labeled]]:
    """Return what loads each data set."""
    tables = {n: partial(_table, folder / "tabular" / f) for n, f in TABLES.items()}
    texts = {n: partial(_lines, folder / "sentiment_trec" / f) for n, f in TEXTS.items()}
    others = {
        "heart": partial(_heart, folder),
        "abalone": partial(_abalone, folder),
        "wdbc": lambda: _array(*load_breast_cancer(return_X_y=True), "wdbc"),
        "ag-news": partial(_news, folder),
    }
    return tables | others | texts


class Told(SkactivemlClassifier):
    """A classifier whose answers are known: rows in, what our model says of them out."""

    def __init__(self, proba, X, predict, classes=None, missing_label=np.nan, cost_matrix=None):
        super().__init__(classes=classes, missing_label=missing_label, cost_matrix=cost_matrix)
        self.proba, self.X, self.known = proba, X, predict

    def fit(self, X, y, sample_weight=None):
        """Do nothing: it is fitted."""
        return self

    def predict_proba(self, X, with_vectors=False):
        """Return probabilities, for Badge the vectors too, of rows given by their number."""
        rows = X[:, 0].astype(int)
        return (self.proba[rows], self.X[rows]) if with_vectors else self.proba[rows]

    def predict(self, X):
        """Return classes of vectors, as DropQuery wants them for vectors with gaps."""
        return self.known(X).argmax(axis=1)


class Foreign(QueryStrategy):
    """A strategy of scikit-activeml, asked for the same batch from the same model.

    Parameters
    ----------
    method : its name in ``METHODS``
    """

    name: ClassVar[str] = "foreign"
    reason: ClassVar[str] = "scikit-activeml chose it"
    requires: ClassVar[frozenset[str]] = frozenset({"proba", "predict"})

    def __init__(self, method: str) -> None:
        self.method = method

    def utility(self, s):
        """Return nothing of use: it only selects."""
        return np.zeros(len(s.candidates))

    def select(self, s, batch_size, rng):
        """Return what scikit-activeml's query returns."""
        seed = int(rng.integers(2**31 - 1))
        X = np.asarray(s.X, dtype=np.float64)
        y = np.full(len(X), np.nan)
        y[s.labeled] = s.codes
        told = Told(np.asarray(s.proba, float), X, s.predict, classes=list(range(s.n_classes)))
        rows = METHODS[self.method](seed)(X, y, s.candidates, told, batch_size)
        return Selection.chosen(np.asarray(rows, dtype=np.int64), np.zeros(batch_size))


def _of_rows(strategy):
    """Return a query in which items are row numbers, by which the model's answers are found."""

    def query(X, y, candidates, told, k):
        numbers = np.arange(len(X), dtype=float)[:, None]
        return strategy.query(
            numbers, y, clf=told, fit_clf=False, candidates=candidates, batch_size=k
        )

    return query


def _of_vectors(strategy, *, with_model=False, on_sphere=False):
    def query(X, y, candidates, told, k):
        model = {"clf": told, "fit_clf": False} if with_model else {}
        X = normalize(X) if on_sphere else X
        return strategy.query(X, y, candidates=candidates, batch_size=k, **model)

    return query


METHODS = {
    "margin": lambda s: _of_rows(pool.UncertaintySampling("margin_sampling", random_state=s)),
    "entropy": lambda s: _of_rows(pool.UncertaintySampling("entropy", random_state=s)),
    "badge": lambda s: _of_rows(pool.Badge("with_vectors", random_state=s)),
    "drop_query": lambda s: _of_vectors(
        pool.DropQuery(cluster_algo_dict={"random_state": s}, random_state=s), with_model=True
    ),
    "core_set": lambda s: _of_vectors(pool.CoreSet(random_state=s)),
    "typi_clust": lambda s: _of_vectors(
        pool.TypiClust(cluster_algo_dict={"random_state": s}, random_state=s)
    ),
    "prob_cover": lambda s: _of_vectors(
        pool.ProbCover(cluster_algo_dict={"random_state": s}, random_state=s), on_sphere=True
    ),
    "max_herding": lambda s: _of_vectors(pool.MaxHerding(random_state=s)),
}


def summarize(results: list[CellResult]) -> dict:
    """Return the figures of one data set."""
    comparison = compare_results(results)
    labels, accuracy = comparison.labels, comparison.accuracy
    band = simultaneous_band(accuracy["auto"] - accuracy["random"])
    areas = {name: area_under_curve(labels, curves) for name, curves in accuracy.items()}
    halves = np.arange(len(comparison.seeds)) % 2 == 0
    chosen, behind = [], []
    for first in (halves, ~halves):
        best = max(METHODS, key=lambda name: areas[name][first].mean())
        chosen.append(best)
        behind.append(float((areas["auto"] - areas[best])[~first].mean()))
    return {
        "seeds": len(comparison.seeds),
        "labels": labels.tolist(),
        "areas": {name: float(values.mean()) for name, values in areas.items()},
        "auto_minus_random": {
            "mean": band.mean.tolist(),
            "low": band.low.tolist(),
            "high": band.high.tolist(),
        },
        "band_wholly_below_zero": bool((band.high < 0).any()),
        "best_foreign": chosen,
        "auto_minus_best_foreign": float(np.mean(behind)),
    }


def as_markdown(results: dict[str, dict], n_seeds: int) -> str:
    """Return the table, and the two answers."""
    below = [name for name, r in results.items() if r["band_wholly_below_zero"]]
    near = [n for n, r in results.items() if r["auto_minus_best_foreign"] >= -HALF_A_POINT]
    where = f": {', '.join(below)}" if below else ""
    lines = [
        f"""# auto against random and against scikit-activeml

Up to {BUDGET} labels, or a third of the items, in batches of {BATCH} from none; {n_seeds} seeds;
the same features and the same final model for all. `benchmarks/auto_versus_random.py` states the
protocol.

- The simultaneous 95% band of auto minus random is wholly below zero at some point on
  {len(below)} of {len(results)} sets{where}.
- Against the best of eight strategies of scikit-activeml, chosen on half of the seeds and scored
  on the other, auto's area is at most half a point lower on {len(near)} of {len(results)} sets.

Areas are mean accuracies over the curve; differences are in points.

| data | auto | random | minus random | band's least upper edge | best foreign | minus it |
|---|---:|---:|---:|---:|---|---:|"""
    ]
    for name, r in results.items():
        d = r["auto_minus_random"]
        gain = 100 * (r["areas"]["auto"] - r["areas"]["random"])
        lines.append(
            f"| {name} | {r['areas']['auto']:.3f} | {r['areas']['random']:.3f} "
            f"| {gain:+.1f} | {100 * np.min(d['high']):+.1f} "
            f"| {', '.join(dict.fromkeys(r['best_foreign']))} "
            f"| {100 * r['auto_minus_best_foreign']:+.1f} |"
        )
    return "\n".join([*lines, ""])


def run_set(name: str, data: Labeled, n_seeds: int, n_jobs: int, work: Path) -> dict:
    start = time.perf_counter()
    budget = min(BUDGET, len(data) // 3)
    protocol = Protocol(budget, BATCH)
    ours = {"random": "random", "auto": "auto"}
    strategies = ours | {method: Foreign(method) for method in METHODS}
    grid = TrialGrid({name: prepare(name, data, protocol)}, strategies, n_seeds, protocol)
    result = summarize(run_grid(grid, work, n_jobs=n_jobs, tick=lambda *_: None).results)
    seconds = round(time.perf_counter() - start)
    print(name, {n: round(a, 3) for n, a in result["areas"].items()}, f"{seconds} s", flush=True)
    return result | {"items": len(data), "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--sets", default="")
    parser.add_argument("--no-write", action="store_true", help="run trials, write no tables")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "sparing-auto"))
    args = parser.parse_args()
    warnings.filterwarnings("ignore", module="skactiveml|sklearn")  # of theirs, on duplicates
    load = loaders(Path(os.environ["SPARING_DATA"]))
    names = args.sets.split(",") if args.sets else list(load)
    results = {n: run_set(n, load[n](), args.seeds, args.jobs, args.work) for n in names}
    if args.no_write:
        return
    OUT.mkdir(exist_ok=True)
    facts = {"seeds": args.seeds, "versions": describe_versions(), "results": results}
    (OUT / "auto_versus_random.json").write_text(json.dumps(facts, indent=1) + "\n")
    (OUT / "auto_versus_random.md").write_text(as_markdown(results, args.seeds))


if __name__ == "__main__":
    main()

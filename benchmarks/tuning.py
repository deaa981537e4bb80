"""The sets on which ``auto`` was tuned: drawings, and tables and texts that are made up.

Nothing here is a set that results are reported on: scikit-learn's digits, MNIST's training images
from the 4,000th on, and sets drawn from distributions whose like users have: noisy tables, heavy
tails, scores of 1 to 10, a class scattered around another, mixed columns, texts of made-up words,
vectors of a network that was never trained (all positive, all nearly parallel), fifty intents of
CLINC150, and rare classes: cut from AG News, SST-5, abalone and german.

Usage: SPARING_DATA=... python benchmarks/tuning.py [--seeds 4] [--sets moons,texts-2]
       [--strategies random,auto,u_herding] [--work FOLDER]

Prints the area under the curve of each strategy, with the model of ``model="auto"``, from none to
100 labels in batches of 10; accuracy on the 30 % that were held out, balanced accuracy of the sets
with a rare class. Delete the work folder after
a change of the code.
"""

import argparse
import csv
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, make_blobs, make_classification, make_moons
from sklearn.decomposition import PCA

from sparing.datasets import Items, Labeled
from sparing.datasets.mnist import load_mnist
from sparing.experiment.comparison import compare_results
from sparing.experiment.grid import TrialGrid
from sparing.experiment.prepared import prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.runner import run_grid
from sparing.experiment.statistics import area_under_curve

STRATEGIES = "random,auto,typiclust,max_herding,u_herding,badge,margin"
REPORTED_ON = 4000  # of MNIST's training images, the article's own


def _even(y: np.ndarray) -> np.ndarray:
    return y % 2


def _large(y: np.ndarray) -> np.ndarray:
    return (y >= 5).astype(int)


def _labeled(kind: str, values: object, y: np.ndarray, columns: tuple[str, ...] = ()) -> Labeled:
    names = [f"item {i + 1}" for i in range(len(y))]
    return Labeled(Items(kind, values, names, "tuning", columns=columns), [str(v) for v in y])


def _table(X: np.ndarray, y: np.ndarray) -> Labeled:
    return _labeled("table", X.astype(object), y)


def _digits(classes: Callable[[np.ndarray], np.ndarray] = np.asarray) -> Labeled:
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(1).choice(len(X), 700, replace=False)
    return _table(X[rows], classes(y[rows]))


def _mnist(
    classes: Callable[[np.ndarray], np.ndarray] = np.asarray, *, drawn: bool = True
) -> Labeled:
    """Return 800 training images that no result is reported on, as drawings or as numbers."""
    digits = load_mnist(Path(os.environ["SPARING_DATA"], "mnist"))
    n = len(digits.train_images) - REPORTED_ON
    rows = REPORTED_ON + np.random.default_rng(2).choice(n, 800, replace=False)
    images, y = digits.train_images[rows], classes(digits.train_labels[rows])
    if drawn:
        return _labeled("images", images, y)
    return _table(PCA(30, random_state=0).fit_transform(images.reshape(800, -1) / 255.0), y)


def _classification(seed: int, **how: object) -> Labeled:
    return _table(*make_classification(random_state=seed, **how))


def _heavy_tails(seed: int, n: int, rare: float, freedom: float, apart: float) -> Labeled:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < rare).astype(int)
    X = rng.standard_t(freedom, (n, 8))
    X[:, :4] += 1.5 * apart * y[:, None] * rng.random(4)
    return _table(X, y)


def _scores(seed: int, n: int) -> Labeled:
    """Return nine scores from 1 to 10: low throughout in one class, anything in the other."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.35).astype(int)
    severe = np.where(y == 1, rng.gamma(4, 1.2, n), rng.gamma(0.6, 0.8, n))
    X = 1 + severe[:, None] * rng.uniform(0.5, 1.3, 9) + rng.exponential(0.5, (n, 9))
    return _table(np.clip(np.round(X), 1, 10), y)


def _scattered(seed: int, n: int, n_features: int) -> Labeled:
    """Return one dense class amid another that is scattered around it."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.36).astype(int)
    X = rng.normal(size=(n, n_features)) * np.where(y == 1, 2.2, 0.6)[:, None]
    return _table(X + np.where(y == 1, 0, 0.5)[:, None], y)


def _texts(seed: int, n_classes: int, share: float, length: int, n: int = 900) -> Labeled:
    """Return texts of made-up words; a share of them is what a class likes to say."""
    rng = np.random.default_rng(seed)
    usual = 1 / np.arange(1, 4001)
    usual /= usual.sum()
    y = rng.integers(0, n_classes, n)
    topics = np.array([rng.permutation(usual) for _ in range(6)])
    dialects = np.array([rng.permutation(usual) for _ in range(n_classes)])
    texts = []
    for code in y:
        mixture = rng.dirichlet(np.full(6, 0.3)) @ topics
        odds = (1 - share) * (usual + mixture) / 2 + share * dialects[code]
        words = rng.choice(4000, max(4, rng.poisson(length)), p=odds)
        texts.append(" ".join(f"w{word}" for word in words))
    return _labeled("texts", texts, y)


def _mixed(seed: int, n: int) -> Labeled:
    """Return columns of names and of numbers, most of which say little of the class."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(int)
    X = np.empty((n, 9), object)
    for column, (k, shift) in enumerate([(4, 1), (5, 2), (3, 0), (6, 0)]):
        odds = np.arange(1, k + 1) / (k * (k + 1) / 2)
        X[:, column] = [f"{column}{rng.choice(k, p=np.roll(odds, shift * v))}" for v in y]
    X[:, 4] = np.round(rng.lognormal(3, 1, n) * (1 + 0.5 * y))
    X[:, 5] = np.round(rng.normal(40, 12, n) + 5 * y)
    X[:, 6], X[:, 7], X[:, 8] = rng.integers(1, 5, n), rng.normal(size=n), rng.integers(0, 2, n)
    return _labeled("table", X, y, tuple(f"column {i}" for i in range(9)))


def _moons(seed: int) -> Labeled:
    X, y = make_moons(500, noise=0.25, random_state=seed)
    return _table(np.hstack([2 * X, np.random.default_rng(seed).normal(size=(500, 6))]), y)


def _blobs(seed: int) -> Labeled:
    X, y = make_blobs(500, n_features=13, centers=12, cluster_std=4.5, random_state=seed)
    return _table(X, y % 3)


def _network(seed: int) -> Labeled:
    """Return what two layers of a random network with ReLU make of digits: positive, and alike."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(X), 900, replace=False)
    hidden = X[rows] / 16
    for width in (300, 400):
        weights = rng.normal(size=(hidden.shape[1], width)) / np.sqrt(hidden.shape[1])
        hidden = np.maximum(hidden @ weights + 0.5, 0)
    return _labeled("vectors", hidden.astype(np.float32), y[rows])


def _intents(n_intents: int) -> Labeled:
    """Return the first intents of CLINC150 by name."""
    path = Path(os.environ["SPARING_DATA"], "clinc", "data_small.json")
    parts = json.loads(path.read_text(encoding="utf-8"))
    pairs = [pair for name in ("train", "val", "test") for pair in parts[name]]
    wanted = sorted({label for _, label in pairs} - {"oos"})[:n_intents]
    kept = [(text, label) for text, label in pairs if label in wanted]
    rows = np.random.default_rng(20).permutation(len(kept))[:2500]
    texts, labels = zip(*(kept[row] for row in rows), strict=True)
    return _labeled("texts", list(texts), np.array(labels))


def _rare(kind: str, values: list, positive: list[bool], share: float) -> Labeled:
    """Cut the positives down to a share of at most 2,000 items."""
    rng = np.random.default_rng(21)
    is_positive = np.array(positive)
    others = rng.permutation(np.flatnonzero(~is_positive))[:2000]
    few = rng.permutation(np.flatnonzero(is_positive))[: round(share * len(others) / (1 - share))]
    rows = rng.permutation(np.concatenate([others, few]))
    items = [values[row] for row in rows]
    return _labeled(
        kind, np.array(items, object) if kind == "table" else items, is_positive[rows].astype(int)
    )


def _rare_news(topic: str) -> Labeled:
    path = Path(os.environ["SPARING_DATA"], "ag_news", "test.csv")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    return _rare("texts", [f"{r[1]}\n{r[2]}" for r in rows], [r[0] == topic for r in rows], 0.02)


def _rare_reviews() -> Labeled:
    path = Path(os.environ["SPARING_DATA"], "sentiment_trec", "stsa.fine.train")
    lines = path.read_bytes().decode("latin-1").split("\n")
    pairs = [line.split(" ", 1) for line in lines if len(line.split()) > 1]
    return _rare("texts", [text for _, text in pairs], [label == "4" for label, _ in pairs], 0.04)


def _rare_rows(name: str, share: float, is_rare: Callable[[str], bool]) -> Labeled:
    path = Path(os.environ["SPARING_DATA"], "tabular", f"{name}.csv")
    rows = [line.split(",") for line in path.read_text().splitlines()]
    return _rare("table", [row[:-1] for row in rows], [is_rare(row[-1]) for row in rows], share)


NOISY = {"n_samples": 700, "n_features": 10, "n_informative": 4, "class_sep": 0.8, "flip_y": 0.1}
WIDE = {"n_samples": 300, "n_features": 30, "n_informative": 10, "n_redundant": 8, "flip_y": 0.03}
THREE = {"n_classes": 3, "weights": [0.5, 0.3, 0.2], "n_samples": 800, "n_informative": 5}
SETS: dict[str, Callable[[], Labeled]] = {
    "digits": _digits,
    "digits-large": partial(_digits, _large),
    "mnist": _mnist,
    "mnist-even": partial(_mnist, _even),
    "mnist-pixels": partial(_mnist, drawn=False),
    "mnist-pixels-even": partial(_mnist, _even, drawn=False),
    "noisy": partial(_classification, 1, **NOISY),
    "wide": partial(_classification, 2, n_clusters_per_class=3, **WIDE),
    "three": partial(_classification, 3, n_features=8, class_sep=0.8, flip_y=0.1, **THREE),
    "heavy-tails": partial(_heavy_tails, 4, 600, 0.3, 2.0, 1.2),
    "heavy-tails-small": partial(_heavy_tails, 5, 300, 0.4, 3.0, 1.0),
    "scores": partial(_scores, 6, 600),
    "scores-small": partial(_scores, 7, 350),
    "scattered": partial(_scattered, 8, 400, 12),
    "scattered-wide": partial(_scattered, 9, 700, 25),
    "texts-2": partial(_texts, 10, 2, 0.25, 15),
    "texts-2-clear": partial(_texts, 11, 2, 0.5, 20),
    "texts-6": partial(_texts, 12, 6, 0.4, 10),
    "texts-4": partial(_texts, 13, 4, 0.35, 30),
    "mixed": partial(_mixed, 14, 500),
    "mixed-large": partial(_mixed, 15, 900),
    "moons": partial(_moons, 16),
    "blobs": partial(_blobs, 17),
    "network": partial(_network, 18),
    "intents": partial(_intents, 50),
    "rare-business": partial(_rare_news, "3"),
    "rare-sports": partial(_rare_news, "2"),
    "rare-reviews": _rare_reviews,
    "rare-abalone": partial(_rare_rows, "abalone", 0.03, lambda rings: int(rings) >= 15),
    "rare-german": partial(_rare_rows, "german", 0.05, lambda risk: risk == "2"),
}


def areas(name: str, strategies: list[str], n_seeds: int, work: Path) -> dict[str, float]:
    """Return the area under the curve of each strategy."""
    data = SETS[name]()
    protocol = Protocol(min(100, len(data) // 3), 10)
    named = {strategy: strategy for strategy in strategies}
    grid = TrialGrid({name: prepare(name, data, protocol)}, named, n_seeds, protocol)
    found = compare_results(run_grid(grid, work, n_jobs=1, tick=lambda *_: None).results)
    curves = (found.balanced_accuracy if name.startswith("rare-") else found.accuracy).items()
    return {s: float(area_under_curve(found.labels, curve).mean()) for s, curve in curves}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--strategies", default=STRATEGIES)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "sparing-tuning"))
    args = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    strategies = args.strategies.split(",")
    print(" ".join(["set".ljust(20), *(s.rjust(12) for s in strategies)]))
    rows = []
    for name in args.sets.split(","):
        found = areas(name, strategies, args.seeds, args.work)
        rows.append([found[s] for s in strategies])
        print(" ".join([name.ljust(20), *(f"{100 * a:12.1f}" for a in rows[-1])]), flush=True)
    print(" ".join(["mean".ljust(20), *(f"{100 * a:12.1f}" for a in np.mean(rows, axis=0))]))


if __name__ == "__main__":
    main()

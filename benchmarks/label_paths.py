"""What ``auto`` says along the way from 10 labels to 3,000: kept once, for all that is asked of it.

    SPARING_DATA=... python benchmarks/label_paths.py [--sets MR,german] [--seeds 4] [--minutes 14]

For each set and seed a quarter to a third of the items is held out: never asked, but seen and
predicted, so that the accuracy on them is the true one. The rest is labeled as the app asks, with
one item in ten drawn at random; after every step (a tenth of the labels so far, at least five) the
path keeps what the model says of every item, and out of fold of those that it was taught. A run
that was stopped goes on where it was. Planner (``planning.py``) and advice (``stopping.py``) are
chosen on the paths of ``TUNING`` and judged by those of ``REPORTED``.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import tuning
from certificate_models import ENCODERS, TASKS, Task, digits, labeled_lines, root, slug
from sparing import ActiveLearner
from sparing.datasets import Labeled
from sparing.datasets.mnist import load_mnist
from sparing.encoders import get_encoder
from sparing.models.choice import auto_classifier
from sparing.strategies.base import FROM_UNIFORM

FIRST = 10
LEAST_STEP, STEP_SHARE = 5, 0.1
MOST_LABELS, FEWER_LABELS = 3000, 1500  # the first path of a set, and all others
LONG_PATHS = 1
MOST_ITEMS, MOST_HELD_OUT = 9000, 2500
N_WATCHED = 1000


def _of(made: Labeled) -> Task:
    truth = np.unique(made.labels, return_inverse=True)[1]
    values = made.items.values
    rows = [list(row) for row in values] if made.items.kind == "table" else values
    return Task(made.items.kind, rows, truth)


def _late_digits(n_classes: int) -> Task:
    mnist = load_mnist(root())
    left = len(mnist.train_images) - tuning.REPORTED_ON
    rows = tuning.REPORTED_ON + np.random.default_rng(3).choice(left, MOST_ITEMS, replace=False)
    truth = mnist.train_labels[rows].astype(np.int64) % n_classes
    return Task("images", mnist.train_images[rows], truth)


def _test_digits() -> Task:
    mnist = load_mnist(root())
    return Task("images", mnist.test_images, (mnist.test_labels >= 5).astype(np.int64))


def _scikit_digits() -> Task:
    X, y = tuning.load_digits(return_X_y=True)
    return Task("table", [list(row) for row in X], y)


def _intents(first: int, last: int) -> Task:
    """Return the intents of CLINC150 by name, from one to another."""
    parts = json.loads((root() / "clinc/data_small.json").read_text(encoding="utf-8"))
    pairs = [pair for name in ("train", "val", "test") for pair in parts[name]]
    wanted = sorted({label for _, label in pairs} - {"oos"})[first:last]
    texts, labels = zip(*((t, label) for t, label in pairs if label in wanted), strict=True)
    return Task("texts", list(texts), np.unique(labels, return_inverse=True)[1])


def _abalone() -> Task:
    rows = [line.split(",") for line in (root() / "tabular/abalone.csv").read_text().split()]
    return Task("table", [r[:-1] for r in rows], np.array([int(r[-1]) > 9 for r in rows]) * 1)


def _cancer() -> Task:
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    return Task("table", [list(row) for row in X], y)


def _as_made(maker: Callable[..., Labeled], *args: object, **how: object) -> Task:
    return _of(maker(*args, **how))


made = partial(partial, _as_made)
TUNING: dict[str, Callable[[], Task]] = {
    "late digits": partial(_late_digits, 10),
    "late digits, even": partial(_late_digits, 2),
    "scikit-learn's digits": _scikit_digits,
    "reviews": partial(labeled_lines, "rt-polarity.all"),
    "five stars": partial(labeled_lines, "stsa.fine.train"),
    "intents 1-50": partial(_intents, 0, 50),
    "made-up: noisy": made(tuning._classification, 1, **tuning.NOISY | {"n_samples": 6000}),
    "made-up: wide": made(tuning._classification, 2, n_clusters_per_class=3,
                          **tuning.WIDE | {"n_samples": 6000}),
    "made-up: three": made(tuning._classification, 3, n_features=8, class_sep=0.8, flip_y=0.1,
                           **tuning.THREE | {"n_samples": 900}),
    "made-up: heavy tails": made(tuning._heavy_tails, 4, 5000, 0.3, 2.0, 1.2),
    "made-up: scores": made(tuning._scores, 6, 900),
    "made-up: scattered": made(tuning._scattered, 8, 3000, 12),
    "made-up: mixed": made(tuning._mixed, 15, 900),
    "made-up: texts, 2": made(tuning._texts, 10, 2, 0.25, 15, n=8000),
    "made-up: texts, clear": made(tuning._texts, 11, 2, 0.5, 20, n=3000),
    "made-up: texts, 6": made(tuning._texts, 12, 6, 0.4, 10, n=8000),
}  # fmt: skip
REPORTED: dict[str, Callable[[], Task]] = {
    "MNIST 4,000": partial(digits, 4000),
    "MNIST test, 5 or more": _test_digits,
    **{name: TASKS[name][0] for name in TASKS if not name.startswith("MNIST")},
    "opinions (MPQA)": partial(labeled_lines, "mpqa.all"),
    "intents 51-100": partial(_intents, 50, 100),
    "abalone": _abalone,
    "cancer (WDBC)": _cancer,
}


SETS = TUNING | REPORTED
PARTS = ("codes", "sure", "oof", "oof-sure", "watched")  # of what a round says


@dataclass(frozen=True, eq=False)
class Round:
    """What was known after some labels.

    Parameters
    ----------
    n_labels : so many
    codes, confidence : (n_items,) what the model says
    oof_codes, oof_confidence : (n_labels,) out of fold of the labeled items, in the order in which
        they came
    watched : (n_watched, n_classes) probabilities of some items drawn at random from the pool
    """

    n_labels: int
    codes: np.ndarray
    confidence: np.ndarray
    oof_codes: np.ndarray
    oof_confidence: np.ndarray
    watched: np.ndarray


@dataclass(frozen=True, eq=False)
class LabelPath:
    """One set, labeled once.

    Parameters
    ----------
    name, seed : of the set and the path
    truth : (n_items,) class codes
    held_out : (n_items,) items that were never asked
    labeled : (n_labels,) rows in the order in which they were labeled
    uniform : (n_labels,) which of them were drawn at random
    rounds : from few labels to many
    """

    name: str
    seed: int
    truth: np.ndarray
    held_out: np.ndarray
    labeled: np.ndarray
    uniform: np.ndarray
    rounds: list[Round]

    @property
    def true_accuracy(self) -> np.ndarray:
        """(n_rounds,) on the items held out."""
        truth = self.truth[self.held_out]
        return np.array([np.mean(r.codes[self.held_out] == truth) for r in self.rounds])


def path_file(work: Path, name: str, seed: int) -> Path:
    return work / f"{slug(name)}-{seed:02d}.npz"


def load_path(work: Path, name: str, seed: int) -> LabelPath:
    with np.load(path_file(work, name, seed)) as file:
        kept = dict(file)
    rounds = [Round(n, *(kept[f"{n}-{part}"] for part in PARTS)) for n in kept["numbers"].tolist()]
    whole = (kept[part] for part in ("truth", "held_out", "labeled", "uniform"))
    return LabelPath(name, seed, *whole, rounds)


def load_paths(work: Path, names: dict[str, object]) -> Iterator[LabelPath]:
    """Yield all paths that are there of these sets."""
    for name in names:
        for file in sorted(work.glob(f"{slug(name)}-[0-9][0-9].npz")):
            yield load_path(work, name, int(file.stem[-2:]))


def walk(task: Task, X: np.ndarray, seed: int, most: int) -> dict[str, np.ndarray]:
    """Label one path of at most so many labels; return what is kept of it."""
    rng = np.random.default_rng([seed, 16])
    n = len(task.truth)
    held_out = rng.permutation(n) < min(MOST_HELD_OUT, n // (3 if n < 2000 else 4))
    pool = np.flatnonzero(~held_out)
    watched = rng.choice(pool, min(N_WATCHED, len(pool)), replace=False)
    learner = ActiveLearner(X, range(task.n_classes), auto_classifier(X), seed=seed)
    learner.skip(np.flatnonzero(held_out))
    most = min(most, MOST_LABELS if seed < LONG_PATHS else FEWER_LABELS, len(pool))
    order: list[int] = []
    uniform: list[bool] = []
    kept: dict[str, np.ndarray] = {}
    numbers = []
    while len(order) < most:
        step = max(LEAST_STEP, round(STEP_SHARE * len(order))) if order else FIRST
        query = learner.query(min(step, most - len(order)))
        learner.teach(query.indices, task.truth[query.indices].tolist())
        order += query.indices.tolist()
        uniform += (query.source == FROM_UNIFORM).tolist()
        if len(np.unique(task.truth[order])) < 2:
            continue
        numbers.append(len(order))
        kept |= _what_it_says(learner, task.n_classes, np.array(order), watched)
    return kept | {
        "numbers": np.array(numbers), "truth": task.truth.astype(np.int16), "held_out": held_out,
        "labeled": np.array(order), "uniform": np.array(uniform),
    }  # fmt: skip


def _what_it_says(
    learner: ActiveLearner, n_classes: int, order: np.ndarray, watched: np.ndarray
) -> dict[str, np.ndarray]:
    proba, n = learner.predict_proba(), len(order)
    told = learner.version.oof_proba[np.searchsorted(learner.pool.labeled, order)]
    return {
        f"{n}-codes": proba.argmax(axis=1).astype(np.int16),
        f"{n}-sure": proba.max(axis=1).clip(0, 1).astype(np.float32),
        f"{n}-oof": told.argmax(axis=1).astype(np.int16),
        f"{n}-oof-sure": told.max(axis=1).clip(0, 1).astype(np.float32),
        f"{n}-watched": proba[watched].astype(np.float16),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/paths"))
    parser.add_argument("--sets", default=";".join(SETS), help="names, with ; between them")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--most", type=int, default=MOST_LABELS, help="labels of a path")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no path after so many")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    for seed in range(options.seeds):
        for name in options.sets.split(";"):
            file = path_file(options.work, name, seed)
            if file.exists() or time.perf_counter() - start > 60 * options.minutes:
                continue
            began = time.process_time()
            task = SETS[name]()
            kept = walk(task, _encoded(options.work, name, task), seed, options.most)
            temporary = file.with_suffix(".tmp")
            with temporary.open("wb") as stream:
                np.savez_compressed(stream, **kept)
            temporary.rename(file)
            print(f"{name}, path {seed}: {time.process_time() - began:.0f} s", flush=True)


def _encoded(work: Path, name: str, task: Task) -> np.ndarray:
    file = work / f"{slug(name)}.npy"
    if not file.exists():
        np.save(file, get_encoder(ENCODERS[task.kind]).fit_transform(task.items))
    return np.load(file)


if __name__ == "__main__":
    main()

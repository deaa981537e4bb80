"""The models that the certificates' benchmark checks: ``auto`` as shipped, on nine real sets.

Each set is encoded by the encoder that the library chooses for it and labeled by
``ActiveLearner(X)``, ``model="auto"`` and ``strategy="auto"``. Batches are larger than the app's,
which saves time and costs some accuracy: ten items below 50 labels, then a quarter (MNIST 60,000:
half) of the labels so far. What each model says of all items is kept in a file, so that a killed
run goes on where it was.
"""

import argparse
import csv
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from sparing import ActiveLearner, Pool
from sparing.audit.autolabel import most_confident_first
from sparing.datasets.mnist import load_mnist
from sparing.encoders import get_encoder
from sparing.models.choice import auto_classifier
from sparing.models.version import ModelVersion

SMALL_BATCH = 10
MOST_CONFIDENT_ROUNDS = 10
MOST_CONFIDENT_MODELS = 3
LARGE = 20_000

ENCODERS = {"images": "glyph", "texts": "text", "table": "table"}


@dataclass(frozen=True, eq=False)
class Task:
    """Items, by their kind, and the truth."""

    kind: str
    items: object
    truth: np.ndarray

    @property
    def n_classes(self) -> int:
        """Classes of the truth."""
        return int(self.truth.max()) + 1


@dataclass(frozen=True, eq=False)
class Model:
    """What one model says: codes and confidences of all items, and the rows it was taught."""

    codes: np.ndarray
    confidence: np.ndarray
    labeled: np.ndarray
    first_error: float  # share of wrong labels after "most confident first"; NaN if not tried


def digits(n: int) -> Task:
    mnist = load_mnist(root())
    return Task("images", mnist.train_images[:n], mnist.train_labels[:n].astype(np.int64))


def root() -> Path:
    return Path(os.environ["SPARING_DATA"])


def news() -> Task:
    with (root() / "ag_news/test.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return Task("texts", [" ".join(r[1:]) for r in rows], np.array([int(r[0]) - 1 for r in rows]))


def labeled_lines(file: str) -> Task:
    lines = (root() / "sentiment_trec" / file).read_text(encoding="latin-1").split("\n")
    pairs = [line.split(" ", 1) for line in lines if " " in line]
    return Task("texts", [text for _, text in pairs], np.array([int(code) for code, _ in pairs]))


def table(name: str) -> Task:
    with (root() / "tabular" / f"{name}.csv").open() as file:
        rows = [row for row in csv.reader(file) if row]
    truth = np.unique([row[-1] for row in rows], return_inverse=True)[1]
    return Task("table", [row[:-1] for row in rows], truth)


TASKS: dict[str, tuple[Callable[[], Task], tuple[int, ...]]] = {
    "MNIST 4,000": (lambda: digits(4000), (100, 150, 200, 300, 400)),
    "MNIST 60,000": (lambda: digits(60_000), (200, 400, 600)),
    "AG News": (news, (400,)),
    "TREC questions": (lambda: labeled_lines("TREC.train.all"), (600,)),
    "Subjectivity": (lambda: labeled_lines("subj.all"), (400,)),
    "banknote": (lambda: table("banknote_authentication"), (60,)),
    "breast cancer": (lambda: table("breast-cancer-wisconsin"), (40,)),
    "german credit": (lambda: table("german"), (100,)),
    "diabetes": (lambda: table("pima-indians-diabetes"), (100,)),
}


@cache
def task_of(name: str) -> Task:
    return TASKS[name][0]()


def slug(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def model_file(work: Path, name: str, seed: int) -> Path:
    return work / f"{slug(name)}-{seed:02d}.npz"


def load_models(work: Path, name: str, seed: int) -> dict[int, Model]:
    """Return the models of one seed by their number of labels."""
    with np.load(model_file(work, name, seed)) as stored:
        return {
            budget: Model(*(stored[f"{budget}-{part}"] for part in ("codes", "sure", "labeled")),
                          float(stored[f"{budget}-first"]))
            for budget in TASKS[name][1]
        }  # fmt: skip


def train(name: str, seeds: range, work: Path) -> None:
    """Train and keep one set's models that are not there yet."""
    seeds_left = [seed for seed in seeds if not model_file(work, name, seed).exists()]
    if not seeds_left:
        return
    task = task_of(name)
    X = get_encoder(ENCODERS[task.kind]).fit_transform(task.items)
    classifier = auto_classifier(X)  # what depends on the features alone is made once
    for done, seed in enumerate(seeds_left, 1):
        start = time.perf_counter()
        arrays = path_of(name, task, X, classifier, seed)
        file = model_file(work, name, seed)
        temporary = file.with_suffix(".tmp")
        with temporary.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
        temporary.rename(file)
        seconds = time.perf_counter() - start
        left = (len(seeds_left) - done) * seconds / 60
        progress = f"model {done} of {len(seeds_left)}, {seconds:.0f} s, about {left:.0f} min left"
        print(f"{name}: {progress} here", flush=True)


def path_of(name: str, task: Task, X: np.ndarray, classifier, seed: int) -> dict[str, np.ndarray]:
    """Label along one path, and keep what the model says at each budget."""
    learner = ActiveLearner(X, range(task.n_classes), classifier, seed=seed)
    arrays = {}
    for budget in TASKS[name][1]:
        while (n := len(learner.pool.labeled)) < budget:
            query = learner.query(min(batch_size(n, len(X)), budget - n))
            learner.teach(query.indices, task.truth[query.indices].tolist())
        proba = learner.predict_proba()
        tried = seed < MOST_CONFIDENT_MODELS and len(X) <= LARGE
        error = most_confident_error(task, learner.pool, classifier) if tried else np.nan
        arrays |= {
            f"{budget}-codes": proba.argmax(axis=1).astype(np.int8),
            f"{budget}-sure": proba.max(axis=1).clip(0, 1).astype(np.float32),
            f"{budget}-labeled": learner.pool.labeled.astype(np.int32),
            f"{budget}-first": np.array(error),
        }
    return arrays


def batch_size(n_labeled: int, n_items: int) -> int:
    few, share = (30, 1.0) if n_items > LARGE else (50, 0.25)
    return SMALL_BATCH if n_labeled < few else int(share * n_labeled)


def most_confident_error(task: Task, pool: Pool, classifier) -> float:
    """Return the error of the finished set when the model labels the rest, surest first."""

    def refit(rows, codes):
        version = ModelVersion(classifier, Pool(pool.X, classes=pool.classes).with_labels(
            rows, codes.tolist()), 0)  # fmt: skip
        return lambda _: version.proba

    n_left = len(pool) - len(pool.labeled)
    done = most_confident_first(pool, refit, -(-n_left // MOST_CONFIDENT_ROUNDS))
    return float(np.mean(done.codes != task.truth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/certificates"))
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="seed of the first model")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name in options.tasks:
        train(name, range(options.first, options.first + options.models), options.work)


if __name__ == "__main__":
    main()

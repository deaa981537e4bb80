"""What predictions of others bring, and what bad ones cost.

Items that nobody asks about any more, with the same answers asked for by ``auto`` (of sentences by
``mixed``): once without anybody else, and with predictions of every item of the pool by

- old: a model of before, fitted on items of the same kind that are not in the pool
- chance: the same predictions, each given to another item
- hostile: all right where the model of before is surest, in half of the items, and never right in
  the others: another class drawn at random, the contrary of each label, spans of all words with a
  capital that are in none

Classes: news by topic (AG News), questions by what they ask for (TREC), digits (MNIST, on which the
numbers of ``models/others.py`` were chosen). Several labels: kinds of entities in tweets. Spans:
tweets of the Broad Twitter Corpus. Score: accuracy, micro F1, F1 of spans; of what has no answer.

Usage: SPARING_DATA=... python benchmarks/others.py [--seeds 3] [--sets news,tweets] [--no-write]

Keeps what is finished in docs/benchmarks/others.json and writes others.md.
"""

import argparse
import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

import labels as of_labels
import spans as of_spans
from sparing import ActiveLearner
from sparing.annotations.registry import get_kind
from sparing.datasets.mnist import load_mnist
from sparing.encoders import get_encoder
from sparing.learner.sequences import SequenceLearner
from sparing.learner.span_scores import counted
from sparing.pool.classes import ClassTable

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
N_POOL, N_OLD = 1500, 500
MARKS = (20, 50, 100, 200)
BATCH = 10
HOW = ("nobody", "old", "chance", "hostile")
CLASSES, LABELS, SPANS = ("news", "questions", "digits"), ("tweets",), ("names",)
HEAD = """# Predictions of others

Score in percent of items that nobody answered; `benchmarks/others.py` has the protocol. *Alone*:
how good the predictions are by themselves. Of each who is consulted: points above what the same
model reaches without them; from five seeds on with a 95 % interval.

| set | who is consulted | seeds | alone | {head} |"""


def classes(folder: Path, name: str, seed: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """Return vectors and classes of a pool, and what others say of it."""
    items, y = _read(folder, name)
    rows = np.random.default_rng(seed).permutation(len(y))[: N_POOL + N_OLD]
    pool, old = rows[:N_POOL], rows[N_POOL:]
    model = LogisticRegression(max_iter=1000)
    if isinstance(items[0], str):
        items = np.array(items, dtype=object)
        model = make_pipeline(TfidfVectorizer(), model)
        X = get_encoder("text").fit_transform(list(items[pool]))
    else:
        items = np.array(items)
        X = items[pool]
    proba = model.fit(items[old], y[old]).predict_proba(items[pool])
    said = model.classes_[proba.argmax(axis=1)]
    rng = np.random.default_rng([seed, 1])
    n_classes = int(y.max()) + 1
    other = (y[pool] + rng.integers(1, n_classes, N_POOL)) % n_classes
    hostile = np.where(_is_easy(proba.max(axis=1)), y[pool], other)
    return X, y[pool], {"old": said, "chance": rng.permutation(said), "hostile": hostile}


def _is_easy(sure: np.ndarray) -> np.ndarray:
    return sure >= np.median(sure)


def _read(folder: Path, name: str) -> tuple[list, np.ndarray]:
    if name == "digits":
        data = load_mnist()
        pixels = data.train_images[:10_000].reshape(10_000, -1) / np.float32(255)
        return list(pixels), np.asarray(data.train_labels[:10_000])
    if name == "news":
        rows = list(csv.reader((folder / "ag_news" / "test.csv").open(encoding="utf-8")))
        return [f"{r[1]} {r[2]}" for r in rows], np.array([int(r[0]) - 1 for r in rows])
    lines = (folder / "sentiment_trec" / "TREC.train.all").read_text("latin-1").splitlines()
    pairs = [line.split(" ", 1) for line in lines]
    return [text for _, text in pairs], np.array([int(label) for label, _ in pairs])


def of_classes(folder: Path, name: str, seed: int, who: str) -> tuple[float, list[float]]:
    """Return how good others are alone, and accuracy in percent at each mark."""
    X, y, said = classes(folder, name, seed)
    learner = ActiveLearner(X, range(int(y.max()) + 1), seed=seed)
    if who in said:
        learner.consult(np.arange(len(y)), said[who].tolist())
    found = []
    while (n := len(learner.pool.labeled)) < MARKS[-1]:
        asked = learner.query(BATCH).indices
        learner.teach(asked, y[asked].tolist())
        if n + BATCH in MARKS:
            left = learner.pool.y < 0
            found.append(100 * float(np.mean(learner.predict()[left] == y[left])))
    return 100 * float(np.mean(said.get(who, y) == y)), found


def of_sets(folder: Path, name: str, seed: int, who: str) -> tuple[float, list[float]]:
    """Return the same of several labels an item: micro F1."""
    X, Y = of_labels.loaders(folder)[name]()
    rows = np.random.default_rng(seed).permutation(len(X))
    pool, old = rows[N_OLD:], rows[:N_OLD]
    model = OneVsRestClassifier(LogisticRegression(max_iter=1000, class_weight="balanced"))
    proba = model.fit(X[old], Y[old]).predict_proba(X[pool])
    X, Y, told = X[pool], Y[pool], proba > 0.5
    mixed = np.random.default_rng([seed, 1]).permutation(told)
    is_easy = _is_easy(np.maximum(proba, 1 - proba).prod(axis=1))
    said = {"old": told, "chance": mixed, "hostile": np.where(is_easy[:, None], Y, ~Y)}
    learner = ActiveLearner(X, range(Y.shape[1]), seed=seed, kind="labels")
    if who in said:
        learner.consult(np.arange(len(Y)), said[who].astype(int))

    def f1(answers: np.ndarray, rows: np.ndarray) -> float:
        return 100 * float(f1_score(Y[rows], answers[rows], average="micro", zero_division=0))

    n_labels = Y.shape[1]

    found = []
    while (n := len(learner.pool.labeled)) < MARKS[-1]:
        asked = learner.query(BATCH).indices
        learner.teach(asked, Y[asked].astype(int))
        if n + BATCH in MARKS:
            given = of_labels.indicator(learner.predict(for_f1="micro"), n_labels)
            found.append(f1(given, learner.pool.y < 0))
    return f1(said.get(who, Y), np.arange(len(Y))), found


def of_names(folder: Path, name: str, seed: int, who: str) -> tuple[float, list[float]]:
    """Return the same of spans: F1, exact in ends and class."""
    sentences, values, names = of_spans.load(folder, "btc")
    rows = np.random.default_rng(seed).permutation(len(sentences))
    pool, old = np.sort(rows[N_OLD:]), np.sort(rows[:N_OLD])
    known, truth = sentences.take(pool), [values[row] for row in pool.tolist()]
    kind, table = get_kind("spans"), ClassTable(tuple(names))
    before = SequenceLearner(sentences.take(old), names)
    before.teach(np.arange(len(old)), [kind.plain(values[row], table) for row in old.tolist()])
    said = {"old": before.predict(known)}
    mixed = np.random.default_rng([seed, 1]).permutation(len(pool)).tolist()
    said["chance"] = [_within(said["old"][j], known.texts[i]) for i, j in enumerate(mixed)]
    is_easy = _is_easy(before.fitted.tag(known).log_proba)
    said["hostile"] = [
        kind.plain(value, table) if is_easy[row] else _capitals(known, row, value, names)
        for row, value in enumerate(truth)
    ]
    learner = SequenceLearner(known, names, strategy="mixed", seed=seed)
    if who in said:
        learner.consult(np.arange(len(pool)), said[who])
    found = []
    while (n := len(learner.labeled)) < MARKS[-1]:
        asked = learner.query(BATCH).indices
        learner.teach(asked, [kind.plain(truth[row], table) for row in asked.tolist()])
        if n + BATCH in MARKS:
            left = np.flatnonzero(learner.eligible)
            here = [truth[row] for row in left.tolist()]
            found.append(_f1(counted(known, learner.tagging, left, here)))
    return _alone(said.get(who, ()), truth, kind, table), found


def _within(spans: list, text: str) -> list:
    return [span for span in spans if span[1] <= len(text)]


def _capitals(sentences, row: int, value, names: list[str]) -> list:
    at = sentences.offsets[slice(*sentences.starts[row : row + 2])].tolist()
    inside = [unit.place for unit in value]
    words = zip(sentences[row], at, strict=True)
    free = [(s, e) for word, (s, e) in words if word[:1].isupper()]
    return [(s, e, names[0]) for s, e in free if not any(a < e and s < b for a, b in inside)]


def _f1(counts) -> float:
    total = float(counts.predicted.sum() + counts.true.sum())
    return 100 * 2 * float(counts.right.sum()) / total if total else 0.0


def _alone(said, truth, kind, table: ClassTable) -> float:
    if not len(said):
        return 100.0
    theirs = [kind.parse(spans, table) for spans in said]
    right = sum(len(kind.match(a, b).pairs) for a, b in zip(theirs, truth, strict=True))
    return 200 * right / max(sum(map(len, theirs)) + sum(map(len, truth)), 1)


RUNS: dict[str, Callable] = {
    **dict.fromkeys(CLASSES, of_classes),
    **dict.fromkeys(LABELS, of_sets),
    **dict.fromkeys(SPANS, of_names),
}


def page(results: dict) -> str:
    """Return the results as a page."""
    head = " | ".join(f"at {mark}" for mark in MARKS)
    lines = [HEAD.format(head=head), "|---|---|---:|---:|" + "---:|" * len(MARKS)]
    for name, runs in results.items():
        scores = {who: _scores(runs[who]) for who in HOW if who in runs}
        cells = [f"{x:.1f}" for x in scores["nobody"][:, 1:].mean(axis=0)]
        lines.append(f"| {name} | nobody | {len(scores['nobody'])} | | {' | '.join(cells)} |")
        for who in HOW[1:]:
            if who in runs:
                n = min(len(scores[who]), len(scores["nobody"]))
                more = scores[who][:n, 1:] - scores["nobody"][:n, 1:]
                cells = [f"{scores[who][:, 0].mean():.1f}", *map(of_labels.interval, more.T)]
                lines.append(f"| {name} | {who} | {n} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _scores(runs: dict) -> np.ndarray:
    """Return (n_seeds, 1 + n_marks): alone, then at each mark."""
    return np.array([[runs[seed][0], *runs[seed][1]] for seed in sorted(runs, key=int)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", default=",".join(RUNS))
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    kept = OUT / "others.json"
    results = json.loads(kept.read_text()) if kept.exists() and not args.no_write else {}
    for name in args.sets.split(","):
        for seed in range(args.seeds):
            for who in HOW:
                runs = results.setdefault(name, {}).setdefault(who, {})
                if str(seed) not in runs:
                    folder = Path(os.environ["SPARING_DATA"])
                    alone, found = RUNS[name](folder, name, seed, who)
                    runs[str(seed)] = [round(alone, 2), [round(x, 2) for x in found]]
                    print(name, who, seed, runs[str(seed)], flush=True)
                    if not args.no_write:
                        kept.write_text(json.dumps(results) + "\n")
    print(page(results))
    if not args.no_write:
        (OUT / "others.md").write_text(page(results))


if __name__ == "__main__":
    main()

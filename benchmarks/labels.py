"""Several labels an item: micro and macro F1 of ``auto`` against random labels.

Seven sets. Real annotations of texts: which kinds of entities a tweet of the Broad Twitter Corpus
names (three labels), a sentence of GUM (eleven), and a post of WNUT17's later parts (six, all of
them rare). Real texts with labels made of theirs: news by topic (four) with whether they have a
figure and whether they quote, and two questions of TREC in one text, by what is asked for (six).
Made: properties of scikit-learn's handwritten digits (five labels), and its generator of texts with
topics (eight). Thirty percent are the test, drawn anew for each seed; no label at the start,
batches of twenty. F1 is that of ``predict(for_f1=...)``, micro and macro each by its own
thresholds, which are what the model expects of the pool.

Usage: SPARING_DATA=... python benchmarks/labels.py [--seeds 10] [--sets digits,tweets] [--no-write]

Keeps what is finished in docs/benchmarks/labels.json and writes labels.md.
"""

import argparse
import csv
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.metrics import f1_score

from sparing import ActiveLearner
from sparing.datasets.marked.conll import read_conll
from sparing.encoders import get_encoder
from sparing.experiment.statistics import mean_interval

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
MARKS = (60, 100, 200)
BATCH = 20
MOST_ITEMS = 1500
TEST_SHARE = 0.3
HOW = ("auto", "random")
AVERAGES: tuple[Literal["micro", "macro"], ...] = ("micro", "macro")
SETS = ("tweets", "sentences", "posts", "news", "questions", "digits", "topics")
HEAD = """# Several labels an item

F1 in percent on items that nobody labeled, of `predict(for_f1="micro")` and `"macro"`;
`benchmarks/labels.py` has the protocol. *Ahead*: `auto` less random on the same splits, with a
95 % interval over {seeds} seeds.

How `auto` weighs the labels and by which thresholds they are given was chosen on other items: other
tweets, other sentences of GUM, WNUT17's training part, single questions of TREC, pairs of news, and
other topics, four or five seeds each.

| set | strategy | {head} |"""
Data = tuple[np.ndarray, np.ndarray]


def _sentences(paths: Iterable[Path]) -> Data:
    """Return texts by their words, and which labels the spans of each have."""
    files = [read_conll(path) for path in sorted(paths)]
    documents = [document for file in files for document in file.documents]
    labels = sorted({label for file in files for label in file.labels})
    rows = np.random.default_rng(0).permutation(len(documents))[:MOST_ITEMS]
    kept = [documents[row] for row in rows]
    said = [{label for _, _, label in document.spans} for document in kept]
    X = get_encoder("text").fit_transform([document.text for document in kept])
    return X, np.array([[label in names for label in labels] for names in said])


def _news(folder: Path) -> Data:
    """Return news by topic, and whether they have a figure and whether they quote somebody."""
    with (folder / "ag_news" / "test.csv").open(encoding="utf-8", newline="") as stream:
        rows = [(int(topic), f"{title} {text}") for topic, title, text in csv.reader(stream)]
    drawn = np.random.default_rng(0).permutation(len(rows))[:MOST_ITEMS]
    topics, texts = zip(*(rows[row] for row in drawn), strict=True)
    known = np.array([[topic == one for one in range(1, 5)] for topic in topics])
    said = np.array([[any(c.isdigit() for c in text), "quot;" in text] for text in texts])
    return get_encoder("text").fit_transform(list(texts)), np.hstack([known, said])


def _questions(folder: Path) -> Data:
    """Return two questions a text, and which of six things they ask for."""
    lines = (folder / "sentiment_trec" / "TREC.train.all").read_text("latin-1").splitlines()
    drawn = np.random.default_rng(0).permutation(len(lines))[: 2 * MOST_ITEMS]
    pairs = [lines[row].split(" ", 1) for row in drawn]
    asked = np.array([[int(label) == one for one in range(6)] for label, _ in pairs])
    texts = [f"{a} {b}" for (_, a), (_, b) in zip(pairs[::2], pairs[1::2], strict=True)]
    return get_encoder("text").fit_transform(texts), asked[::2] | asked[1::2]


def _digits() -> Data:
    X, y = load_digits(return_X_y=True)
    loops, straight = np.isin(y, [0, 6, 8, 9]), np.isin(y, [1, 4, 7])
    return X, np.column_stack([y % 2 == 0, y > 4, loops, straight, np.isin(y, [2, 3, 5, 7])])


def _topics() -> Data:
    X, Y = make_multilabel_classification(
        MOST_ITEMS, 60, n_classes=8, n_labels=2, length=60, random_state=0
    )
    return np.sqrt(X), Y.astype(bool)


def loaders(folder: Path) -> dict[str, Callable[[], Data]]:
    """Return what loads vectors and labels, by name."""
    return {
        "tweets": lambda: _sentences(folder.glob("btc/*.conll")),
        "sentences": lambda: _sentences(folder.glob("gum/*.tsv")),
        "posts": lambda: _sentences(folder.glob("wnut17/emerging.*")),
        "news": lambda: _news(folder),
        "questions": lambda: _questions(folder),
        "digits": _digits,
        "topics": _topics,
    }


def curve(X: np.ndarray, Y: np.ndarray, how: str, seed: int) -> dict[str, list[float]]:
    """Return micro and macro F1 in percent at each mark."""
    rows = np.random.default_rng(seed).permutation(len(X))
    test, pool = np.split(rows, [round(TEST_SHARE * len(X))])
    learner = ActiveLearner(X[pool], range(Y.shape[1]), strategy=how, seed=seed, kind="labels")
    found: dict[str, list[float]] = {average: [] for average in AVERAGES}
    while (n := len(learner.pool.labeled)) < MARKS[-1]:
        asked = learner.query(BATCH).indices
        learner.teach(asked, Y[pool[asked]])
        if n + BATCH in MARKS:
            for average in AVERAGES:
                said = indicator(learner.predict(X[test], for_f1=average), Y.shape[1])
                score = f1_score(Y[test], said, average=average, zero_division=0)
                found[average].append(round(100 * score, 2))
    return found


def indicator(sets: list[tuple], n_labels: int) -> np.ndarray:
    """Return (n_items, n_labels) which labels each item is given."""
    return np.array([[label in one for label in range(n_labels)] for one in sets])


def page(results: dict) -> str:
    """Return the results as a page."""
    seeds = min(len(runs["auto"]) for runs in results.values())
    head = " | ".join(f"{average} at {mark}" for average in AVERAGES for mark in MARKS)
    lines = [
        HEAD.format(seeds=seeds, head=head),
        "|---|---|" + "---:|" * len(MARKS) * len(AVERAGES),
    ]
    for name in (name for name in SETS if name in results):
        runs = results[name]
        both = {how: _scores(runs[how], seeds) for how in HOW}
        lines += [_row(name, how, [f"{x:.1f}" for x in both[how].mean(axis=0)]) for how in HOW]
        ahead = both["auto"] - both["random"]
        lines.append(_row(name, "ahead", [interval(column) for column in ahead.T]))
    return "\n".join([*lines, ""])


def _scores(runs: dict, seeds: int) -> np.ndarray:
    """Return (n_seeds, n_averages * n_marks)."""
    return np.array([np.concatenate([runs[str(s)][a] for a in AVERAGES]) for s in range(seeds)])


def _row(name: str, how: str, cells: list[str]) -> str:
    return f"| {name} | {how} | {' | '.join(cells)} |"


def interval(values: np.ndarray) -> str:
    """Return a mean with its limits."""
    found = mean_interval(values)
    limits = "" if found.low is None else f" [{found.low:+.1f}, {found.high:+.1f}]"
    return f"{found.value:+.1f}{limits}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    kept = OUT / "labels.json"
    results = json.loads(kept.read_text()) if kept.exists() and not args.no_write else {}
    load = loaders(Path(os.environ.get("SPARING_DATA", "")))
    data = {name: load[name]() for name in args.sets.split(",")}
    for seed in range(args.seeds):  # all sets have as many seeds, should it be stopped
        for name, parts in data.items():
            for how in HOW:
                runs = results.setdefault(name, {}).setdefault(how, {})
                if str(seed) not in runs:
                    runs[str(seed)] = curve(*parts, how, seed)
                    print(name, how, seed, runs[str(seed)], flush=True)
                    if not args.no_write:
                        kept.write_text(json.dumps(results) + "\n")
    print(page(results))
    if not args.no_write:
        (OUT / "labels.md").write_text(page(results))


if __name__ == "__main__":
    main()

"""Named entities: F1 against tokens that a person reads, and what suggestions save.

Three public sets of sentences: the Broad Twitter Corpus, GUM (bare labels: neighbors with one
label are one span) and WNUT17. A fifth of the sentences is the test, drawn anew for each seed; F1
is exact in ends and class. No label at the start, batches of three tenths of what is labeled. Full
F1 is that of the same model with the whole pool labeled.

Simulated actions on a sentence: by hand one an entity. With suggestions, those that the page shows,
which are likelier right than not: one for each that is wrong, for each entity that is missing, for
a right place with the wrong class, and for each token that an edge is off, two at most. Were all
shown, they would be 1.22 in place of .99 while asked on GUM, .83 in place of .81 on BTC, .92 in
place of .93 on WNUT17 (of a seed that is not reported). To choose any stretches by the actions
that they are expected to save, by the exact probabilities of segments, makes .80 of .81 on BTC and
1.01 of .99 on GUM (the same seed): not done. Nobody measured how long an action takes: no minutes
are promised.

Usage: SPARING_DATA=... python benchmarks/spans.py [--seeds 5] [--sets btc,gum] [--strategies mass]
       [--no-write]

Keeps what is finished in docs/benchmarks/spans.json and writes spans.md.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sparing.annotations.registry import get_kind
from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import tags_of
from sparing.annotations.values import Value
from sparing.datasets.marked.conll import read_conll
from sparing.experiment.statistics import labels_needed, mean_interval
from sparing.learner.sequences import SequenceLearner
from sparing.learner.span_scores import counted
from sparing.models.crf.tagger import CrfTagger
from sparing.pool.classes import ClassTable

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
SETS = {
    "btc": ("btc/*.conll", 20_000),
    "gum": ("gum/*.tsv", 40_000),
    "wnut17": ("wnut17/*train.conll", 20_000),
}
STRATEGIES = ("random", "mass", "mnlp", "token_entropy", "longest")
TEST_SHARE = 0.2
FIRST = 10
GROWTH = 0.3
SHOWN = 0.5  # certainty from which on a suggestion is likelier to help than not
SUGGESTED_FOR = 10_000  # tokens
COLUMNS = (
    "set",
    "strategy",
    "seeds",
    "full F1",
    "tokens to 90 %",
    "share of random",
    "tokens to 95 %",
    "entities to 90 %",
    "actions while asked",
    "actions on others",
    "round, s",
    "longest, s",
)
HEAD = f"""# Named entities

How much a person reads until the model finds entities of other sentences nearly as well as with
all of the pool labeled. `benchmarks/spans.py` has the protocol; F1 is exact in ends and class;
means over seeds, each with a test of its own. *Share of random*: tokens to 90 % over those of
random sentences, with a 95 % interval over seeds, paired; at most so much where random sentences
did not get there on some seed with all tokens that they were given. *Actions*: simulated ones with
suggestions over those by hand, first of all sentences asked up to {SUGGESTED_FOR:,} tokens, from
the first one without any suggestion; then of the sentences of the test, with the model that has
read so many. *Round*: the seconds of a processor, at most, from one query to the next with so many
tokens labeled; *longest*: of any round, with all that were (of the last two on GUM beside many
other programs, which makes them longer).

| {" | ".join(COLUMNS)} |
|---|---|{"---:|" * (len(COLUMNS) - 2)}"""


def load(folder: Path, name: str) -> tuple[Sentences, list[Value], list[str]]:
    """Return the sentences of a set, their spans, and the labels."""
    files = [read_conll(path) for path in sorted(folder.glob(SETS[name][0]))]
    documents = [document for file in files for document in file.documents]
    labels = sorted({label for file in files for label in file.labels})
    sentences = Sentences.of_tokens(tuple(d.text for d in documents), [d.tokens for d in documents])
    values = [value or () for file in files for value in file.values(labels)]
    return sentences, values, labels


def split(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of pool and test."""
    rows = np.random.default_rng(seed).permutation(n)
    n_test = round(TEST_SHARE * n)
    return np.sort(rows[n_test:]), np.sort(rows[:n_test])


def exact_f1(tagger: CrfTagger, test: Sentences, values: list[Value]) -> float:
    """Return F1 over all spans of the test."""
    counts = counted(test, tagger.tag(test), np.arange(len(test)), values)
    total = float(counts.predicted.sum() + counts.true.sum())
    return 2 * float(counts.right.sum()) / total if total else 0.0


def full_f1(sentences, values, labels, seed: int) -> float:
    """Return F1 of the model that has every label of the pool."""
    pool, test = split(len(sentences), seed)
    known = sentences.take(pool)
    edges = np.split(known.offsets, known.starts[1:-1])
    tags = [tags_of(values[row], at) for row, at in zip(pool, edges, strict=True)]
    tagger = CrfTagger().prepared(known).fit(known, np.concatenate(tags), len(labels))
    return exact_f1(tagger, sentences.take(test), [values[row] for row in test])


def actions(shown: Value, truth: Value, offsets: np.ndarray) -> int:
    """Return how many keys it takes to make suggestions right; see above."""
    match = get_kind("spans").match(shown, truth)
    missing, total = list(match.only_b), len(match.moved)
    for guess in match.only_a:
        (s, e), cost = guess.place, 1
        near = [unit for unit in missing if unit.place[0] < e and s < unit.place[1]]
        if near:
            missing.remove(near[0])
            edges = zip(offsets.T, guess.place, near[0].place, strict=True)
            steps = sum(
                abs(int(np.searchsorted(at, a) - np.searchsorted(at, b))) for at, a, b in edges
            )
            cost = min(2, steps + (guess.class_id != near[0].class_id))
        total += cost
    return total + len(missing)


def helped(
    learner: SequenceLearner, sentences: Sentences, truth: list[Value], table: ClassTable
) -> Iterator[int]:
    """Yield how many actions each sentence takes with what is suggested."""
    spans = get_kind("spans")
    nothing = [[]] * len(sentences)
    guesses = learner.suggest(sentences) if len(learner.labeled) else nothing
    edges = np.split(sentences.offsets, sentences.starts[1:-1])
    for found, value, offsets in zip(guesses, truth, edges, strict=True):
        shown = [(f.start, f.end, f.label) for f in found if f.certainty >= SHOWN]
        yield actions(spans.parse(shown, table), value, offsets)


def curve(sentences, values, labels, strategy: str, seed: int, budget: int) -> dict[str, list]:
    """Return F1, tokens read, entities, actions and seconds of each round."""
    pool, test = split(len(sentences), seed)
    known, truth = sentences.take(pool), [values[row] for row in pool.tolist()]
    unseen, answers = sentences.take(test), [values[row] for row in test]
    spans, table = get_kind("spans"), ClassTable(tuple(labels))
    learner = SequenceLearner(known, labels, strategy=strategy, seed=seed)
    rounds, sums = [], np.zeros(4)
    while sums[0] < budget and learner.eligible.any():
        start = time.process_time()
        size = max(FIRST, round(GROWTH * len(learner.labeled)))
        rows = learner.query(min(size, int(learner.eligible.sum()))).indices
        seconds = time.process_time() - start
        asked, said = known.take(rows), [truth[row] for row in rows.tolist()]
        n = sum(map(len, said))
        sums += [asked.lengths.sum(), n, n, sum(helped(learner, asked, said, table))]
        start = time.process_time()
        learner.teach(rows, [spans.plain(truth[row], table) for row in rows.tolist()])
        f1 = exact_f1(learner.fitted, unseen, answers)
        seconds += time.process_time() - start
        left = sum(helped(learner, unseen, answers, table))
        rounds.append([*sums, f1, seconds, left / sum(map(len, answers))])
    columns = np.round(np.array(rounds), 4).T.tolist()
    names = ("tokens", "entities", "by_hand", "helped", "f1", "seconds", "left")
    return dict(zip(names, columns, strict=True))


def needed(run: dict[str, list], what: str, target: float) -> float:
    """Return how much of something a curve takes to an F1; infinite if it never gets there."""
    return labels_needed(np.array(run[what]), np.array(run["f1"]), target)


def helped_shares(run: dict[str, list]) -> tuple[float, float]:
    """Return actions with suggestions over those by hand: up to so many tokens, and of the test."""
    at = _suggested_for(run)
    return run["helped"][at] / run["by_hand"][at], run["left"][at]


def _suggested_for(run: dict[str, list]) -> int:
    """Return the round after which so many tokens are labeled."""
    return int(np.searchsorted(run["tokens"], SUGGESTED_FOR).clip(max=len(run["tokens"]) - 1))


def page(results: dict) -> str:
    """Return the results as a page."""
    lines = [HEAD]
    for name, runs in results.items():
        done = {
            how: sorted(set(runs["full"]) & set(runs["random"]) & set(runs[how]))
            for how in STRATEGIES
            if how in runs
        }
        lines += [_row(name, how, runs, seeds) for how, seeds in done.items() if seeds]
    return "\n".join([*lines, ""])


def _row(name: str, strategy: str, runs: dict, seeds: list[str]) -> str:
    of = [runs[strategy][seed] for seed in seeds]
    full = [runs["full"][seed] for seed in seeds]
    at = {
        (what, share): [needed(run, what, share * f) for run, f in zip(of, full, strict=True)]
        for what, share in (("tokens", 0.9), ("tokens", 0.95), ("entities", 0.9))
    }
    random = [
        needed(runs["random"][seed], "tokens", 0.9 * f) for seed, f in zip(seeds, full, strict=True)
    ]
    # Where random sentences did not get there at all, they needed more than they were given.
    given = [runs["random"][seed]["tokens"][-1] for seed in seeds]
    shares = np.array(at["tokens", 0.9]) / np.minimum(random, given)
    at_most = "" if np.isfinite(random).all() or strategy == "random" else "at most "
    cells = [name, strategy, str(len(seeds)), f"{np.mean(full):.3f}", _number(at["tokens", 0.9])]
    cells += [
        "1" if strategy == "random" else at_most + _interval(shares),
        _number(at["tokens", 0.95]),
        _number(at["entities", 0.9]),
    ]
    cells += [f"{share:.2f}" for share in np.mean([helped_shares(run) for run in of], axis=0)]
    cells += [f"{max(run['seconds'][_suggested_for(run)] for run in of):.1f}"]
    cells += [f"{max(max(run['seconds']) for run in of):.1f}"]
    return f"| {' | '.join(cells)} |"


def _number(values: list[float]) -> str:
    return f"{np.mean(values):,.0f}" if np.isfinite(values).all() else "not reached"


def _interval(values: np.ndarray) -> str:
    if not np.isfinite(values).all():
        return "not reached"
    found = mean_interval(values)
    limits = "" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]"
    return f"{found.value:.2f}{limits}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    kept = OUT / "spans.json"
    results = json.loads(kept.read_text()) if kept.exists() and not args.no_write else {}
    for seed in range(args.seeds):
        for name in args.sets.split(","):
            data = load(Path(os.environ["SPARING_DATA"]), name)
            runs = results.setdefault(name, {})
            full = runs.setdefault("full", {})
            if str(seed) not in full:
                full[str(seed)] = round(full_f1(*data, seed), 4)
            for strategy in args.strategies.split(","):
                if str(seed) in runs.setdefault(strategy, {}):
                    continue
                run = curve(*data, strategy, seed, SETS[name][1])
                runs[strategy][str(seed)] = run
                at = needed(run, "tokens", 0.9 * full[str(seed)])
                print(name, strategy, seed, f"full {full[str(seed)]:.3f}, 90 % at {at:,.0f} tokens")
                if not args.no_write:
                    kept.write_text(json.dumps(results) + "\n")
    print(page(results))
    if not args.no_write:
        (OUT / "spans.md").write_text(page(results))


if __name__ == "__main__":
    main()

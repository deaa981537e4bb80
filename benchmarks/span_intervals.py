"""Intervals of F1 from audited sentences: how often they cover, and what the model's help is worth.

On each of three public sets a model learns from 400 random sentences. From the others, all of which
are known here, so many are drawn again and again, and F1 of all is compared with the interval.

Usage: SPARING_DATA=... python benchmarks/span_intervals.py [--draws 1000] [--no-write]

Writes docs/benchmarks/span_intervals.md.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from spans import load
from sparing.annotations.tagging import tags_of
from sparing.learner.span_scores import counted, expected
from sparing.models.crf.tagger import CrfTagger
from sparing.stats.f1 import Counts, f1_interval

OUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "span_intervals.md"
N_LEARNED = 400
SIZES = (50, 100, 200)
HEAD = """# Intervals of F1 from audited sentences

A model of {learned} random sentences; sentences drawn {draws:,} times from all others. *Covered*:
how often the 95 % interval has the F1 of all others in it. *Narrower*: its mean width over that of
the same interval without the model's help. `benchmarks/span_intervals.py` has the protocol.

| set | true F1 | sentences drawn | covered | mean width | narrower |
|---|---:|---:|---:|---:|---:|
"""


def rows_of(part: Counts, rows: np.ndarray) -> Counts:
    """Return the counts of some sentences."""
    return Counts(part.right[rows], part.predicted[rows], part.true[rows])


def counts(folder: Path, name: str) -> tuple[Counts, Counts]:
    """Return what is right, predicted and true in each sentence, and what the model expects."""
    sentences, values, labels = load(folder, name)
    order = np.random.default_rng(0).permutation(len(sentences))
    learned, others = np.sort(order[:N_LEARNED]), np.sort(order[N_LEARNED:])
    known, pool = sentences.take(learned), sentences.take(others)
    edges = np.split(known.offsets, known.starts[1:-1])
    tags = [tags_of(values[row], at) for row, at in zip(learned, edges, strict=True)]
    tagger = CrfTagger().prepared(sentences).fit(known, np.concatenate(tags), len(labels))
    told = tagger.tag(pool)
    truth = counted(pool, told, np.arange(len(pool)), [values[row] for row in others])
    return truth, Counts(*expected(pool, told))


def line(name: str, truth: Counts, model: Counts, size: int, draws: int) -> str:
    """Return one row of the table."""
    rng, n = np.random.default_rng(size), len(truth.right)
    nothing = Counts(*np.ones((3, n)))
    f1 = 2 * truth.right.sum() / (truth.predicted.sum() + truth.true.sum())
    covered, width, plain = 0, 0.0, 0.0
    for _ in range(draws):
        rows = rng.choice(n, size, replace=False)
        found = f1_interval(rows_of(truth, rows), rows_of(model, rows), model)
        blind = f1_interval(rows_of(truth, rows), rows_of(nothing, rows), nothing)
        covered += found.low <= f1 <= found.high
        width += (found.high - found.low) / draws
        plain += (blind.high - blind.low) / draws
    share = f"{covered / draws:.3f}"
    return f"| {name} | {f1:.3f} | {size} | {share} | {width:.3f} | {width / plain:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    lines = []
    for name in ("btc", "gum", "wnut17"):
        both = counts(Path(os.environ["SPARING_DATA"]), name)
        lines += [line(name, *both, size, args.draws) for size in SIZES]
    page = HEAD.format(learned=N_LEARNED, draws=args.draws) + "\n".join([*lines, ""])
    print(page)
    if not args.no_write:
        OUT.write_text(page)


if __name__ == "__main__":
    main()

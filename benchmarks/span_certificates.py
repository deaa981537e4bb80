"""Certificates of whole answers, spans and several labels: how often they are broken.

The code that is shipped, from the draw to the certificate, on answers that are known. Named
entities in three public sets, by a model of 2,000 random sentences (of 400 in WNUT17): a sentence
is right if all its spans are. Several labels: which kinds of entities a tweet names, by a model of
300. The model's predictions stay as they are; the audit is drawn again and again. A certificate is
broken if the finished set, people's labels and the model's, has more wrong items than promised.

Usage: SPARING_DATA=... python benchmarks/span_certificates.py [--draws 1000] [--sets "gum;btc"]

Goes on where it was stopped, keeps what is finished in docs/benchmarks/span_certificates.json and
writes span_certificates.md.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np

import labels as of_labels
from spans import load
from sparing import ActiveLearner
from sparing.annotations.registry import get_kind
from sparing.audit.audit import Claim
from sparing.audit.certifying import auto_labeled, certify
from sparing.audit.findings import judge
from sparing.audit.sampling import draw_audit
from sparing.learner.sequences import SequenceLearner
from sparing.pool.classes import ClassTable
from sparing.pool.predictions import Predictions

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
N_LEARNED = {"btc": 2000, "gum": 2000, "wnut17": 400, "tweets, labels": 300}
EPSILON = 0.05
N_AUDIT = 300
PIECE = 125
DELTA = 0.05
HEAD = """# Certificates of spans and of several labels

An item is right if all of its spans, or labels, are. The model's predictions are fixed, audits are
drawn {draws:,} times, {audit} items each, by the code that is shipped. *Broken*: of all items,
those that people labeled included, more are wrong than promised; allowed are {delta:.0%} of the
audits. *Right alone*: what the model gets right of the others. *By the model*: items that keep its
answer, median. `benchmarks/span_certificates.py` has the protocol.

| set | items | right alone | at most wrong | by the model | broken |
|---|---:|---:|---:|---:|---:|
"""


def spans(name: str) -> tuple[Predictions, list]:
    """Return what a model says of the sentences of a set, and what is true of them."""
    sentences, values, names = load(Path(os.environ["SPARING_DATA"]), name)
    kind, table = get_kind("spans"), ClassTable(tuple(names))
    truth = [kind.plain(value, table) for value in values]
    learner = SequenceLearner(sentences, names)
    rows = np.random.default_rng(0).permutation(len(truth))[: N_LEARNED[name]]
    learner.teach(rows, [truth[row] for row in rows.tolist()])
    said = ([(*unit.place, names[unit.class_id]) for unit in value] for value in values)
    return learner.frozen(), [learner.as_answer(spans) for spans in said]


def tweets() -> tuple[Predictions, list]:
    """Return what a model says of the labels of tweets, and what is true of them."""
    X, Y = of_labels.loaders(Path(os.environ["SPARING_DATA"]))["tweets"]()
    learner = ActiveLearner(X, range(Y.shape[1]), kind="labels")
    rows = np.random.default_rng(0).permutation(len(X))[: N_LEARNED["tweets, labels"]]
    learner.teach(rows, Y[rows].astype(int))
    return learner.frozen(), [tuple(np.flatnonzero(row).tolist()) for row in Y]


def piece(told: Predictions, truth: list, first: int) -> tuple[int, list[int], float]:
    """Return of some audits how many are broken and what each certifies; and what is right alone.

    Parameters
    ----------
    told, truth : what a model says of a set, and what is true
    first : number of the first audit: the seed
    """
    claim, rng = Claim(EPSILON, DELTA), np.random.default_rng(first)
    values = [told.classes.values[code] for code in told.codes]
    wrong = np.array([a != b for a, b in zip(values, truth, strict=True)])
    kept, broken = [], 0
    for _ in range(PIECE):
        audit = draw_audit(told, N_AUDIT, claim=claim, rng=rng)
        answers = [(row, truth[row]) for row in audit.drawn.tolist()]
        certificate = certify(told, audit, judge(audit, told, answers))
        by_model = auto_labeled(told, audit, certificate)
        broken += int(wrong[by_model].sum() > EPSILON * certificate.n_total)
        kept.append(certificate.n_auto)
    return broken, kept, float(1 - wrong[audit.eligible].mean())


def page(results: dict) -> str:
    """Return the results as a page."""
    done = {name: results[name] for name in N_LEARNED if results.get(name, {}).get("kept")}
    draws = min(len(one["kept"]) for one in done.values())
    lines = [
        f"| {name} | {one['items']:,} | {one['alone']:.3f} | {EPSILON:.0%}"
        f" | {np.median(one['kept']):,.0f} | {one['broken'] / len(one['kept']):.3f} |"
        for name, one in done.items()
    ]
    head = HEAD.format(draws=draws, audit=N_AUDIT, delta=DELTA)
    return head + "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--sets", default=";".join(N_LEARNED))
    args = parser.parse_args()
    kept = OUT / "span_certificates.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for name in args.sets.split(";"):
        told, truth = tweets() if "labels" in name else spans(name)
        one = results.setdefault(name, {"items": len(truth), "broken": 0, "kept": []})
        while (n := len(one["kept"])) < args.draws:
            broken, certified, one["alone"] = piece(told, truth, n)
            one["broken"] += broken
            one["kept"] += certified
            kept.write_text(json.dumps(results) + "\n")
    (OUT / "span_certificates.md").write_text(page(results))
    print(page(results))


if __name__ == "__main__":
    main()

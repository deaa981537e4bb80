"""How far the ensemble of ``model="auto"`` is behind the best of its members.

Labels drawn at random, 20 to 200 of them, seven tenths of the items to draw from; accuracy on the
other three tenths and on what is left without a label. Which member is best is said in two ways:

- of the set: the member that was best on the other seeds, so that it was chosen by no score of
  this run: what somebody gets who knows from elsewhere which member suits these items
- with hindsight: the largest of this run's own scores. The largest of five numbers that chance
  moves by two points is ahead of any model, so this says more of the test's size than of models

Usage: SPARING_DATA=... python benchmarks/members.py [--seeds 10] [--of tuning] [--render]

Weights were chosen on the sets of ``tuning.py`` without a rare class (``--of tuning``, printed
only); the 20 of ``auto_versus_random.py`` go to docs/benchmarks/members.json and .md.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
from scipy.stats import t

import tuning
from auto_versus_random import loaders
from sparing.experiment.prepared import Prepared, prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.trial import Encoding, encoded
from sparing.models.ensemble import EnsembleClassifier
from sparing.models.structure import PoolStructure
from sparing.pool.pool import UNLABELED

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
MARKS = (20, 50, 100, 200)
PROTOCOL = Protocol(MARKS[0], MARKS[0])
ENCODERS = {"texts": "text", "images": "glyph", "table": "table", "vectors": "vectors"}
MOST_LABELED = 0.7  # of the pool
ENSEMBLE = "ensemble"
PLACES = ("new", "pool")


def run(prepared: Prepared, seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return by labels, and by new items and those of the pool, how often each model is right."""
    encoding = Encoding.of(prepared, ENCODERS[prepared.data.items.kind], PROTOCOL, seed)
    X, X_test = (np.asarray(part, np.float32) for part in encoded(encoding)[:2])
    structure, codes = PoolStructure(X), prepared.codes[encoding.pool]
    order = np.random.default_rng([seed, 1]).permutation(len(codes))
    found = {}
    for mark in MARKS:
        if mark <= MOST_LABELED * len(codes):
            y = np.where(np.isin(np.arange(len(codes)), order[:mark]), codes, UNLABELED)
            model = EnsembleClassifier(structure).fit(X, y)
            new, left = said_of_new(model, X_test), said_of_pool(model, y == UNLABELED)
            truth = prepared.codes[encoding.test], codes[y == UNLABELED]
            found[str(mark)] = {
                place: {name: float(np.mean(model.classes_[p.argmax(1)] == y)) for name, p in s}
                for place, s, y in zip(PLACES, (new, left), truth, strict=True)
            }
    return found


def said_of_new(model: EnsembleClassifier, X: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return what the ensemble and each member say of new rows."""
    features = model.graph_.structure_.features(X)
    members = [(m.name, m.predict_proba(X, features)) for m in model.members_]
    graph = ("graph", model.graph_.proba_of(features))
    return [(ENSEMBLE, model.predict_proba(X)), graph, *members]


def said_of_pool(model: EnsembleClassifier, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return what the ensemble and each member say of rows of the pool."""
    structure = model.graph_.structure_
    X, features = structure.X[rows], structure.head.features[rows]
    members = [(m.name, m.predict_proba(X, features)) for m in model.members_]
    graph = ("graph", model.graph_.label_distributions_[rows])
    return [(ENSEMBLE, model.label_distributions_[rows]), graph, *members]


def behind(runs: list[dict], mark: int, place: str) -> np.ndarray | None:
    """Return (n_seeds, 3) ensemble's accuracy, points behind the set's best member, and the run's.

    None where the set has too few items for so many labels.
    """
    told = [one[str(mark)][place] for one in runs if str(mark) in one]
    if len(told) < 2:
        return None
    names = [name for name in told[0] if all(name in one for one in told) and name != ENSEMBLE]
    members = 100 * np.array([[one[name] for name in names] for one in told])
    ensemble = 100 * np.array([one[ENSEMBLE] for one in told])
    best = (members.sum(axis=0) - members).argmax(axis=1)
    of_set = members[np.arange(len(told)), best]
    return np.stack([ensemble, of_set - ensemble, members.max(axis=1) - ensemble], axis=1)


def as_markdown(results: dict[str, list[dict]]) -> str:
    """Return the results as a page."""
    n_seeds = max(map(len, results.values()))
    lines = [
        "# The ensemble and its members",
        "",
        f"Accuracy in percent with labels drawn at random, {n_seeds} seeds, and points by which",
        "the best member is ahead: the one that was best on the set's other seeds, with the 95 %",
        "interval of the mean over sets and seeds, paired by seed; and the largest score of the",
        "run itself (`benchmarks/members.py` has the protocol).",
        "",
        "| items | labels | ensemble | best of set ahead | sets by over a point | largest ahead |",
        "|---|---:|---:|---:|---|---:|",
    ]
    for place in PLACES:
        for mark in MARKS:
            every = {name: behind(runs, mark, place) for name, runs in results.items()}
            kept = {name: one for name, one in every.items() if one is not None}
            by_seed = np.mean([one[:n_seeds] for one in kept.values()], axis=0)
            low, high = interval(by_seed[:, 1])
            accuracy, ahead, hindsight = by_seed.mean(axis=0)
            far = [f"{n} {v:.1f}" for n, one in kept.items() if (v := one[:, 1].mean()) > 1]
            cells = f"{accuracy:.1f} | {ahead:+.2f} ({low:+.2f} to {high:+.2f}) | "
            cells += f"{', '.join(far) or 'none'} of {len(kept)} | {hindsight:+.2f}"
            lines.append(f"| {place} | {mark} | {cells} |")
    return "\n".join(lines) + "\n"


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a mean by Student's t."""
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--of", choices=("tuning", "reporting"), default="reporting")
    parser.add_argument("--render", action="store_true", help="only write the page anew")
    args = parser.parse_args()
    path = OUT / "members.json"
    common = {name: load for name, load in tuning.SETS.items() if not name.startswith("rare-")}
    sets = common if args.of == "tuning" else loaders(Path(os.environ["SPARING_DATA"]))
    results = json.loads(path.read_text()) if args.render else {}
    for name in () if args.render else sets:
        prepared = prepare(name, sets[name](), PROTOCOL)
        results[name] = [run(prepared, seed) for seed in range(args.seeds)]
        print(name, flush=True)
    print(as_markdown(results))
    if args.of == "reporting":
        path.write_text(json.dumps(results, indent=1) + "\n")
        (OUT / "members.md").write_text(as_markdown(results))


if __name__ == "__main__":
    main()

"""Exact coverage of certificates: in closed form, and over all draws from a few items.

    python benchmarks/certificate_exact.py [--minutes 9]

Each piece is kept in --work when it is done; a run that was stopped goes on where it was.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from sparing.audit.audit import Audit, Claim, share_of
from sparing.audit.error_bounds import Evidence, auto_labels, whole_set
from sparing.audit.findings import Findings
from sparing.audit.sequential import risk_of_looks, tolerated_at
from sparing.pool.classes import ClassTable
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import hypergeom_cdf, tolerated_errors

EPSILONS = (0.01, 0.02, 0.05)
DELTA = 0.05


CASES = [(n, e) for n in (1000, 3600, 60_000) for e in EPSILONS]
DRAWN = [("whole", 12, (7,)), ("auto", 12, (7,)), ("whole", 9, (3, 5, 7))]
KEPT = "exact.json"


def pieces() -> dict[str, Callable[[], object]]:
    """Return what there is to compute, the quick ones first."""
    at_once = {f"at once {case}": partial(worst_case, *case) for case in CASES}
    drawn = {f"all draws {case}": partial(all_draws, *case) for case in DRAWN}
    in_steps = {f"in steps {case}": partial(worst_in_steps, *case) for case in CASES}
    return at_once | drawn | in_steps


def compute(work: Path, minutes: float = math.inf) -> None:
    """Compute the pieces that are not kept yet; begin none after so many minutes."""
    file, start = work / KEPT, time.perf_counter()
    kept = kept_pieces(work)
    for name, piece in pieces().items():
        if name not in kept and time.perf_counter() - start < 60 * minutes:
            kept[name] = piece()
            file.write_text(json.dumps(kept, indent=1) + "\n")
            print(f"{name}, after {time.perf_counter() - start:.0f} s", flush=True)


def kept_pieces(work: Path) -> dict:
    file = work / KEPT
    return json.loads(file.read_text()) if file.exists() else {}


def exact_coverage(work: Path) -> dict:
    """The closed form, for any pattern of errors; and counts over all draws from a few items."""
    kept = kept_pieces(work)
    worst = [
        {"n": case[0], "epsilon": case[1], "delta": share_of(DELTA, 1),
         "worst": kept[f"at once {case}"], "worst_in_steps": kept.get(f"in steps {case}")}
        for case in CASES
    ]  # fmt: skip
    drawn = [kept[name] for case in DRAWN if (name := f"all draws {case}") in kept]
    return {"closed_form": worst, "enumerated": drawn}


def worst_case(n: int, epsilon: float) -> float:
    """Return the largest failure probability over audits of 20 to 2,000 and all error patterns."""
    allowed = math.floor(epsilon * n)
    risks = [0.0]
    for m in np.unique(np.geomspace(20, min(2000, n - 1), 200).astype(int)).tolist():
        k = tolerated_errors(n, m, allowed, share_of(DELTA, 1))
        if k >= 0:
            risks.append(float(hypergeom_cdf(k, n, allowed + k + 1, m)))
    return max(risks)


def worst_in_steps(n: int, epsilon: float, n_plans: int = 60) -> float:
    """Return the same over random plans of two to six looks, at whichever the person stops."""
    rng = np.random.default_rng(0)
    allowed, risks = math.floor(epsilon * n), [0.0]
    for _ in range(n_plans):
        sizes = np.unique(rng.integers(2.5 / epsilon, min(12 / epsilon, n - 1), rng.integers(2, 7)))
        tolerated = tolerated_at(n, sizes.tolist(), allowed, share_of(DELTA, 1))
        if tolerated[-1] >= 0:
            risks.append(risk_of_looks(n, allowed, sizes.tolist(), tolerated))
    return max(risks)


def all_draws(kind: str, n: int, looks: tuple[int, ...]) -> dict:
    """Return the worst probability, over error patterns, to be wrong at some look: all draws."""
    epsilon, delta = 0.25, 0.5
    classes, claim = ClassTable(("right", "wrong")), Claim(epsilon, delta, kind)
    p = Predictions(np.zeros(n), np.linspace(0.9, 0.1, n), np.full(n, -1), classes)
    prove = {"whole": whole_set, "auto": auto_labels}[kind]
    draws_in_blocks = [list(rows) for rows in blocks(tuple(range(n)), np.diff(looks, prepend=0))]
    audits = [
        Audit(p.digest, p.eligible, np.array(rows), "uniform", (), claim, 0.0, 0, (), looks)
        for rows in draws_in_blocks
    ]
    rng = np.random.default_rng(0)
    patterns = [rng.random(n) < share for share in (0.2, 0.4, 0.6) for _ in range(3)]
    patterns += [np.arange(n) >= n - k for k in range(2, 7)] + [np.arange(n) < k for k in (3, 4)]
    risks = []
    for bad in patterns:
        broken = 0
        for rows, audit in zip(draws_in_blocks, audits, strict=True):
            found = Findings(bad[rows] * 1, bad[rows], bad[rows] & False, classes)
            pieces = prove(p, audit, found, claim)
            broken += any(is_broken(p, rows, bad, e) for e in pieces)
        risks.append(broken / len(audits))
    return {"kind": kind, "n": n, "looks": looks, "patterns": len(patterns), "draws": len(audits),
            "delta": share_of(delta, 1), "worst": max(risks)}  # fmt: skip


def blocks(rest: tuple[int, ...], sizes) -> list[tuple[int, ...]]:
    """Return all ways to draw blocks of these sizes; the order within a block does not matter."""
    if not len(sizes):
        return [()]
    return [
        (*first, *others)
        for first in combinations(rest, int(sizes[0]))
        for others in blocks(tuple(r for r in rest if r not in first), sizes[1:])
    ]


def is_broken(p: Predictions, rows: list[int], bad: np.ndarray, e: Evidence) -> bool:
    auto = p.confidence >= np.float32(e.threshold or 2)
    auto[rows[: e.n_audited] if e.looks else rows] = False
    return int((auto & bad).sum()) > 0.25 * (len(p) if e.looks else auto.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/certificates"))
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no piece after")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    compute(options.work, options.minutes)


if __name__ == "__main__":
    main()

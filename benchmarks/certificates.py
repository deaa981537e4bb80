"""How often certificates are broken, and what they cost: docs/benchmarks/certificates.{json,md}.

    SPARING_DATA=... python benchmarks/certificates.py

(a) exact coverage for fixed patterns of errors; (b) real sets: models x audits; (c) the accuracy
estimates. Each finished (set, model) is kept in --work, so a killed run goes on where it was.
"""

import argparse
import json
import math
import time
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import beta

from certificate_engine import (
    Task,
    digits,
    engine,
    news,
    predict,
    questions,
    subjectivity,
    table,
)
from sparing.audit import Audit, Claim, Findings, judge
from sparing.bounds import hypergeom_cdf, p_value, spend, tolerated_errors, wilson
from sparing.certificate import certify
from sparing.classes import ClassTable
from sparing.draw import draw_stratified
from sparing.evidence import auto_labels, levels_of, whole_set
from sparing.intervals import PoolConfidence, Strata, stratified_interval, uniform_interval
from sparing.planning import plan_audit
from sparing.predictions import Predictions

EPSILONS = (0.01, 0.02, 0.05)
DELTA = 0.05
N_MODELS = 20
N_DRAWS = 1000
AUDITS = (50, 100, 200)
TBAL_SLACK = 0.01
TASKS = {
    "MNIST 4,000": (lambda: digits(4000), [100, 200, 300, 400]),
    "MNIST 60,000": (lambda: digits(60_000), [200, 400, 600]),
    "AG News": (news, [400]),
    "TREC questions": (questions, [600]),
    "Subjectivity": (subjectivity, [400]),
    "banknote": (lambda: table("banknote_authentication"), [60]),
    "breast cancer": (lambda: table("breast-cancer-wisconsin"), [40]),
    "german credit": (lambda: table("german", "linear"), [100]),
    "diabetes": (lambda: table("pima-indians-diabetes", "linear"), [100]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/certificates"))
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--models", type=int, default=N_MODELS)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name in options.tasks:
        run_task(name, options.models, options.work)
    cells = [
        json.loads(path.read_text())
        for name in options.tasks
        for path in sorted(options.work.glob(f"{slug(name)}-*.json"))
    ]
    result = {"exact": exact_coverage(), "cells": summarize(cells), "accuracy": accuracies(cells)}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "certificates.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.out / "certificates.md").write_text(page(result))


def slug(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def run_task(name: str, n_models: int, work: Path) -> None:
    make, budgets = TASKS[name]
    task = None
    for seed in range(n_models):
        file = work / f"{slug(name)}-{seed:02d}.json"
        if file.exists():
            continue
        task = make() if task is None else task
        start = time.perf_counter()
        rows = []
        for budget, model in zip(budgets, engine(task, budgets, seed), strict=True):
            rows += one_model(task, name, budget, model, seed)
        rows_left = n_models - seed - 1
        seconds = time.perf_counter() - start
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps(rows))
        temporary.rename(file)
        print(f"{name}: model {seed + 1}/{n_models}, {seconds:.0f} s each,"
              f" about {rows_left * seconds / 60:.1f} min left here", flush=True)  # fmt: skip


class Frozen:
    """A model's predictions with the truth beside them, sorted from the most confident down."""

    def __init__(self, task: Task, model) -> None:
        proba, labeled = model.proba, model.labeled
        y = np.full(len(task.X), -1)
        y[labeled] = task.truth[labeled]
        self.classes = ClassTable(tuple(range(task.n_classes)))
        self.predictions = Predictions.from_proba(proba, self.classes, y)
        self.truth = task.truth
        p = self.predictions
        self.rows = np.flatnonzero(p.eligible)
        self.rows = self.rows[np.argsort(-p.confidence[self.rows], kind="stable")]
        self.confidence = p.confidence[self.rows]
        self.wrong = (p.codes != task.truth)[self.rows]
        self.wrong_before = np.concatenate([[0], np.cumsum(self.wrong)])


def one_model(task: Task, name: str, budget: int, model, seed: int) -> list[dict]:
    f = Frozen(task, model)
    base = {"set": name, "n": len(task.X), "budget": budget, "model": seed,
            "error": float(f.wrong.mean())}  # fmt: skip
    rows = []
    for epsilon in EPSILONS:
        for kind in ("whole", "auto"):
            rng = np.random.default_rng([seed, int(1000 * epsilon), kind == "auto"])
            rows.append({**base, "epsilon": epsilon, **certified(f, epsilon, kind, budget, rng)})
        rows.append({**base, "epsilon": epsilon, **threshold(f, epsilon, 0.99)})
        rows.append({**base, "epsilon": epsilon, **tbal(f, epsilon, np.random.default_rng(seed))})
    if len(task.X) <= 10_000 and seed < 5:
        error = most_confident_first(task, model.labeled, seed)
        rows += [
            {**base, "epsilon": e, "method": "most confident first", "broken": float(error > e),
             "auto": 1 - budget / len(task.X), "error_auto": error * len(task.X) / len(f.rows)}
            for e in EPSILONS
        ]  # fmt: skip
    rng = np.random.default_rng([seed, 7])
    rows += [{**base, **estimates(f, m, rng)} for m in AUDITS if m < len(f.rows)]
    return rows


def draws(rng: np.random.Generator, n: int, m: int, n_draws: int = N_DRAWS) -> np.ndarray:
    """Return (n_draws, m) distinct positions below ``n``, in random order."""
    return np.stack([rng.choice(n, m, replace=False) for _ in range(n_draws)])


def certified(f: Frozen, epsilon: float, kind: str, budget: int, rng) -> dict:
    """Plan, then audit 1,000 times; the first two times with the functions that ship, too."""
    p, claim = f.predictions, Claim(epsilon, DELTA, kind)
    plan = plan_audit(p, claim)
    n_left, n_total = len(f.rows), p.n_total
    head = {"method": kind, "oracle": oracle(f, epsilon, kind, budget)}
    if not plan.n_audit:
        return {**head, "broken": 0.0, "abstained": 1.0, "auto": 0.0, "audits": 0,
                "answers": [budget + n_left] * 3}  # fmt: skip
    n = int((f.confidence >= np.float32(plan.cut)).sum())
    picks = draws(rng, n, plan.n_audit)
    last = (walk_ends if kind == "whole" else level_ends)(f, n, picks, epsilon)
    inside = picks < last[:, None]
    n_auto = last - inside.sum(axis=1)
    wrong = f.wrong_before[last] - (f.wrong[picks] & inside).sum(axis=1)
    for r in range(2):
        check_with_shipped(f, claim, plan.cut, picks[r], int(n_auto[r]))
    allowed = epsilon * (n_total if kind == "whole" else n_auto)
    answers = budget + n_left - n_auto
    return {
        **head,
        "broken": float(np.mean(wrong > allowed)),
        "abstained": float(np.mean(n_auto == 0)),
        "auto": float(np.median(n_auto) / n_total),
        "audits": plan.n_audit,
        "answers": [float(np.quantile(answers, q)) for q in (0.5, 0.05, 0.95)],
    }


def walk_ends(f: Frozen, n: int, picks: np.ndarray, epsilon: float) -> np.ndarray:
    """Return for each draw how many of the most confident items lie on the walk (Ship A)."""
    m, total = picks.shape[1], f.predictions.n_total
    tolerated = tolerated_errors(n, m, math.floor(epsilon * total), spend(DELTA, 1))
    if tolerated < 0:
        return np.zeros(len(picks), dtype=int)
    met = np.sort(np.where(f.wrong[picks], picks, n), axis=1)
    stop = met[:, tolerated] if tolerated < m else np.full(len(picks), n)
    tie_start = np.searchsorted(-f.confidence, -f.confidence, side="left")
    return np.where(stop < n, tie_start[np.minimum(stop, n - 1)], n)


def level_ends(f: Frozen, n: int, picks: np.ndarray, epsilon: float) -> np.ndarray:
    """Return for each draw the size of the last level that passes (Ship B)."""
    delta = spend(DELTA, 1)
    levels = levels_of(f.confidence[:n][::-1], picks.shape[1], epsilon, delta)
    size = levels.n_items
    order = np.sort(picks, axis=1)
    bad = np.sort(np.where(f.wrong[picks], picks, n), axis=1)
    audited = np.stack([(order < s).sum(axis=1) for s in size], axis=1)
    wrong = np.stack([(bad < s).sum(axis=1) for s in size], axis=1)
    pairs, where = np.unique(np.stack([np.broadcast_to(np.arange(len(size)), wrong.shape), wrong,
                                       audited], axis=-1).reshape(-1, 3), axis=0,
                             return_inverse=True)  # fmt: skip
    hopeless = pairs[:, 1] > epsilon * pairs[:, 2]  # more errors than the null expects: p > delta
    risk = np.ones(len(pairs))
    level, k, m = pairs[~hopeless].T
    risk[~hopeless] = p_value(k, size[level], levels.n_refuted[level], m)
    risk[pairs[:, 2] > levels.most_audited[pairs[:, 0]]] = 1.0
    passed = np.minimum.accumulate((risk[where.reshape(wrong.shape)] <= delta), axis=1).sum(axis=1)
    return np.where(passed, size[np.maximum(passed - 1, 0)], 0)


def check_with_shipped(f: Frozen, claim: Claim, cut: float, picks: np.ndarray, n_auto: int) -> None:
    p = f.predictions
    eligible = p.eligible & (p.confidence >= np.float32(cut))
    audit = Audit(p.digest, eligible, f.rows[picks], "uniform", (), claim, cut, 0)
    found = judge(audit, p, [(row, int(f.truth[row])) for row in audit.drawn.tolist()])
    shipped = certify(p, audit, found).n_auto
    if shipped != n_auto:
        raise SystemExit(f"the vectorized draw gives {n_auto}, sparing gives {shipped}")


def oracle(f: Frozen, epsilon: float, kind: str, budget: int) -> float:
    """Return the answers of one who knows all labels and need not prove anything."""
    size = np.arange(len(f.wrong_before))
    allowed = epsilon * (f.predictions.n_total if kind == "whole" else size)
    return float(budget + len(f.rows) - size[f.wrong_before <= allowed].max())


def threshold(f: Frozen, epsilon: float, least: float) -> dict:
    """Everything above a confidence is auto-labeled, as other tools do; nothing is audited."""
    n = int((f.confidence >= least).sum())
    wrong = int(f.wrong_before[n])
    return {"method": f"confidence {least}", "broken": float(wrong > epsilon * n),
            "auto": n / f.predictions.n_total, "error_auto": wrong / max(n, 1)}  # fmt: skip


def tbal(f: Frozen, epsilon: float, rng, n_validation: int = 200) -> dict:
    """Per class the lowest threshold whose error on a random validation set looks small enough.

    As in the code of the TBAL paper: slack 0.01 sqrt(z (1 - z)), at least ten items, and the
    lowest threshold of all candidates, without a correction for having looked at all of them.
    """
    n = len(f.rows)
    m = min(n_validation, n // 2)
    codes = f.predictions.codes[f.rows]
    picks = np.sort(draws(rng, n, m), axis=1)
    taken, wrong = np.zeros(len(picks)), np.zeros(len(picks))
    for code in np.unique(codes):
        own = codes[picks] == code
        count = np.cumsum(own, axis=1)
        errors = np.cumsum(own & f.wrong[picks], axis=1) / np.maximum(count, 1)
        good = (
            own & (count > 10) & (errors + TBAL_SLACK * np.sqrt(errors * (1 - errors)) <= epsilon)
        )
        last = np.where(good.any(axis=1), m - 1 - np.argmax(good[:, ::-1], axis=1), -1)
        end = np.where(last >= 0, picks[np.arange(len(picks)), last] + 1, 0)
        class_size = np.concatenate([[0], np.cumsum(codes == code)])
        class_wrong = np.concatenate([[0], np.cumsum((codes == code) & f.wrong)])
        before = (picks < end[:, None]) & own
        taken += class_size[end] - before.sum(axis=1)
        wrong += class_wrong[end] - (before & f.wrong[picks]).sum(axis=1)
    error = wrong / np.maximum(taken, 1)
    return {"method": "TBAL rule", "broken": float(np.mean(error > epsilon)),
            "auto": float(np.median(taken) / f.predictions.n_total),
            "error_auto": float(np.median(error))}  # fmt: skip


def most_confident_first(task: Task, labeled: np.ndarray, seed: int, n_rounds: int = 20) -> float:
    """Return the error of the finished set when the model labels the rest, surest first."""
    codes = np.full(len(task.X), -1)
    codes[labeled] = task.truth[labeled]
    size = math.ceil((codes < 0).sum() / n_rounds)
    known = Task(task.name, task.X, codes, task.model, task.graphs)
    while (codes < 0).any():
        proba = predict(known, np.flatnonzero(codes >= 0), seed, calibrate=False)
        rest = np.flatnonzero(codes < 0)
        rows = rest[np.argsort(-proba[rest].max(axis=1), kind="stable")[:size]]
        codes[rows] = proba[rows].argmax(axis=1)
    return float(np.mean(codes != task.truth))


def estimates(f: Frozen, m: int, rng) -> dict:
    """Return how often the intervals hold the true accuracy, and how wide they are."""
    truth, n = 1 - f.wrong.mean(), len(f.rows)
    confidence = f.confidence.astype(np.float64)
    right = (~f.wrong).astype(np.float64)
    picks = draws(rng, n, m)
    uniform = uniform_interval(
        right[picks], confidence[picks], PoolConfidence.of(f.confidence), False, DELTA
    )
    low, high = wilson(right[picks].sum(axis=1), m, DELTA)
    layered, strata = stratified_draws(f, m, rng)
    stratified = stratified_interval(layered, strata, False, DELTA)
    return {
        "method": "accuracy",
        "m": m,
        "expected_errors": float(m * (1 - truth)),
        "uniform": held(uniform, truth),
        "stratified": held(stratified, truth),
        "wilson": float(np.mean((low <= truth) & (truth <= high))),
        "uniform_ratio": float(np.median((uniform.high - uniform.low) / (high - low))),
        "stratified_ratio": float(
            np.median(stratified.high - stratified.low) / np.median(high - low)
        ),
        "exact_used": float(uniform.few.mean()),
    }


def held(found, truth: float) -> float:
    return float(np.mean((found.low <= truth + 1e-12) & (truth - 1e-12 <= found.high)))


def stratified_draws(f: Frozen, m: int, rng) -> tuple[np.ndarray, Strata]:
    """Return (n_draws, n_strata) errors seen in the strata and sizes that draw_stratified uses."""
    audit = draw_stratified(f.predictions, m)
    stratum = audit.strata(f.predictions, f.rows)
    counts = np.bincount(audit.strata(f.predictions, audit.drawn))
    there = np.flatnonzero(np.bincount(stratum))
    inside = [np.flatnonzero(stratum == s) for s in there]
    wrong = [
        f.wrong[rows[draws(rng, len(rows), counts[s])]].sum(axis=1)
        for s, rows in zip(there, inside, strict=True)
    ]
    expected = np.array([1 - f.confidence[rows].mean() for rows in inside])
    sizes = np.array([len(rows) for rows in inside])
    return np.stack(wrong, axis=1), Strata(sizes, counts[there], expected)


# (a) exact coverage ------------------------------------------------------------------------------


def exact_coverage() -> dict:
    """Ship A in closed form for any pattern of errors; Ships A and B over all draws of 12 items."""
    worst = [
        {"n": n, "epsilon": e, "delta": spend(DELTA, 1), "worst": float(worst_case(n, e))}
        for n in (1000, 3600, 60_000)
        for e in EPSILONS
    ]
    return {"closed_form": worst, "enumerated": [enumerated(kind) for kind in ("whole", "auto")]}


def worst_case(n: int, epsilon: float) -> float:
    """Return the largest failure probability over audits of 20 to 2,000 and all error patterns."""
    allowed = math.floor(epsilon * n)
    risks = [0.0]
    for m in np.unique(np.geomspace(20, min(2000, n - 1), 200).astype(int)).tolist():
        k = tolerated_errors(n, m, allowed, spend(DELTA, 1))
        if k >= 0:
            risks.append(float(hypergeom_cdf(k, n, allowed + k + 1, m)))
    return max(risks)


def enumerated(kind: str) -> dict:
    """Return the worst failure probability over error patterns, each over all 792 draws."""
    n, m, epsilon, delta = 12, 7, 0.25, 0.5
    classes, claim = ClassTable(("right", "wrong")), Claim(epsilon, delta, kind)
    p = Predictions(np.zeros(n), np.linspace(0.9, 0.1, n), np.full(n, -1), classes)
    prove = {"whole": whole_set, "auto": auto_labels}[kind]
    all_draws = [list(rows) for rows in combinations(range(n), m)]
    audits = [
        Audit(p.digest, p.eligible, np.array(r), "uniform", (), claim, 0.0, 0) for r in all_draws
    ]
    rng = np.random.default_rng(0)
    patterns = [rng.random(n) < share for share in (0.2, 0.4, 0.6) for _ in range(8)]
    patterns += [np.arange(n) >= n - k for k in range(2, 8)] + [np.arange(n) < k for k in (3, 4, 6)]
    risks = []
    for bad in patterns:
        broken = 0
        for rows, audit in zip(all_draws, audits, strict=True):
            (e,) = prove(p, audit, Findings(bad[rows] * 1, bad[rows], 0, 0, classes), claim)
            auto = p.confidence >= np.float32(e.threshold or 2)
            auto[rows] = False
            broken += int((auto & bad).sum()) > epsilon * (n if kind == "whole" else auto.sum())
        risks.append(broken / len(all_draws))
    return {"kind": kind, "patterns": len(patterns), "draws": len(all_draws),
            "delta": spend(delta, 1), "worst": max(risks)}  # fmt: skip


# tables ------------------------------------------------------------------------------------------


def summarize(files: list[list[dict]]) -> list[dict]:
    groups: dict[tuple, list[dict]] = {}
    for row in (row for rows in files for row in rows if row["method"] != "accuracy"):
        groups.setdefault((row["set"], row["budget"], row["epsilon"], row["method"]), []).append(
            row
        )
    certified_cells = sum(key[3] in ("whole", "auto") for key in groups)
    return [one_cell(key, rows, certified_cells) for key, rows in groups.items()]


def one_cell(key: tuple, rows: list[dict], n_cells: int) -> dict:
    runs = [row["broken"] for row in rows]
    # Given the models the draws are independent, and if the claim is true each fails with
    # probability at most delta: so the binomial limit tests it, though models differ.
    n = len(rows) * (N_DRAWS if key[3] in ("whole", "auto", "TBAL rule") else 1)
    k = round(float(np.mean(runs)) * n)
    cell = {
        "set": key[0], "n": rows[0]["n"], "budget": key[1], "epsilon": key[2], "method": key[3],
        "models": len(rows), "model_error": float(np.median([r["error"] for r in rows])),
        "broken": float(np.mean(runs)), "worst_model": max(runs),
        "lower_limit": float(beta.ppf(0.05 / n_cells, k, n - k + 1)) if k else 0.0,
        "auto": float(np.median([r["auto"] for r in rows])),
    }  # fmt: skip
    if key[3] in ("whole", "auto"):
        cell["audits"] = float(np.median([r["audits"] for r in rows]))
        cell["answers"] = float(np.median([r["answers"][0] for r in rows]))
        cell["answers_5_95"] = [float(np.median([r["answers"][i] for r in rows])) for i in (1, 2)]
        cell["oracle"] = float(np.median([r["oracle"] for r in rows]))
        cell["abstained"] = float(np.mean([r["abstained"] for r in rows]))
    else:
        cell["error_auto"] = float(np.median([r["error_auto"] for r in rows]))
    return cell


def accuracies(files: list[list[dict]]) -> list[dict]:
    groups: dict[tuple, list[dict]] = {}
    for row in (row for rows in files for row in rows if row["method"] == "accuracy"):
        groups.setdefault((row["set"], row["budget"], row["m"]), []).append(row)
    names = ("uniform", "stratified", "wilson", "expected_errors", "exact_used")
    ratios = ("uniform_ratio", "stratified_ratio")
    return [
        {"set": key[0], "budget": key[1], "m": key[2], "models": len(rows),
         **{name: float(np.mean([r[name] for r in rows])) for name in names},
         **{name: float(np.median([r[name] for r in rows])) for name in ratios}}
        for key, rows in groups.items()
    ]  # fmt: skip


def page(result: dict) -> str:
    cells = result["cells"]
    parts = [HEAD, exact_table(result["exact"]), "\n## Certified, on real sets\n", CERTIFIED]
    for kind, title in (("whole", "The whole data set"), ("auto", "The auto-labels alone")):
        parts += [f"\n### {title}\n", certified_table([c for c in cells if c["method"] == kind])]
    proven = [c for c in cells if c["method"] in ("whole", "auto")]
    worst = max(c["lower_limit"] for c in proven)
    parts.append(
        f"\n{len(proven)} cells; the largest one-sided lower limit on a cell's share of broken"
        f" certificates, at 0.05 / {len(proven)}, is {worst:.4f} (delta is {DELTA:g});"
        f" the largest share is {max(c['broken'] for c in proven):.4f}.\n"
    )
    parts += ["\n## What others do, on the same models\n", RIVALS]
    parts.append(rival_table([c for c in cells if c["method"] not in ("whole", "auto")]))
    parts += ["\n## Accuracy without a test set\n", ACCURACY, accuracy_table(result["accuracy"])]
    return "\n".join(parts)


HEAD = """# Certificates: how often they are broken, and what they cost

Made by `benchmarks/certificates.py`; the figures are in `certificates.json`. The engine is the one
in `benchmarks/certificate_engine.py`; a better one makes certificates cheaper, not truer. delta is
5 % for all attempts together; a first attempt may use 6/pi^2 of it, 3.04 %.

## Exact coverage

Whole data set: the failure probability in closed form, the largest over 200 sizes of audit from 20
to 2,000 and over every pattern with more wrong items than allowed.
"""
CERTIFIED = """20 models a set, 1,000 audits each. *Broken*: the finished set (or the auto-labels)
has more wrong labels than promised; abstaining is not broken. *Answers*: of people in all, that is
for queries, audit and hand-back; median (5 % to 95 %). *Oracle*: the answers of one who knows all
labels and need not prove it. *Error*: the model's own on the items nobody labeled, median.
"""
RIVALS = """*Broken*: the labels that the model gave have more than epsilon wrong (most confident
first: the finished set has). Nothing is audited, but for the TBAL rule's validation set of 200
random items, over 1,000 draws of it.
"""
ACCURACY = """95 % intervals for the accuracy on the items nobody labeled; 20 models x 1,000 audits
of 50, 100 and 200 items. *Ratio*: width of our interval to Wilson's of equal size, median. *Exact*:
share of audits with fewer than ten errors, where the exact interval is used.
"""


def percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def exact_table(exact: dict) -> str:
    lines = ["| items | epsilon | may fail | fails, at worst |", "|---|---|---|---|"]
    lines += [
        f"| {r['n']:,} | {100 * r['epsilon']:g} % | {r['delta']:.4f} | {r['worst']:.4f} |"
        for r in exact["closed_form"]
    ]
    for r in exact["enumerated"]:
        what = {"whole": "Whole data set", "auto": "Auto-labels alone"}[r["kind"]]
        lines.append(
            f"\n{what}, enumerated: 12 items, 7 audited, epsilon 25 %, {r['patterns']} patterns of"
            f" errors, all {r['draws']} draws each: may fail {r['delta']:.4f}, fails at worst"
            f" {r['worst']:.4f}."
        )
    return "\n".join(lines)


def certified_table(cells: list[dict]) -> str:
    lines = [
        "| set | queries | error | epsilon | broken | auto-labeled | audits | answers | oracle |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for c in cells:
        low, high = c["answers_5_95"]
        lines.append(
            f"| {c['set']} | {c['budget']} | {100 * c['model_error']:.2f} % |"
            f" {percent(c['epsilon'], 0)} | {percent(c['broken'], 2)} | {percent(c['auto'])} |"
            f" {c['audits']:,.0f} | **{c['answers']:,.0f}** ({low:,.0f} to {high:,.0f}) |"
            f" {c['oracle']:,.0f} |"
        )
    return "\n".join(lines)


def rival_table(cells: list[dict]) -> str:
    lines = [
        "| set | queries | method | epsilon | broken | auto-labeled | their error |",
        "|---|---|---|---|---|---|---|",
    ]
    order = ("method", "set", "budget", "epsilon")
    lines += [
        f"| {c['set']} | {c['budget']} | {c['method']} | {percent(c['epsilon'], 0)} |"
        f" {percent(c['broken'])} | {percent(c['auto'])} | {percent(c['error_auto'], 2)} |"
        for c in sorted(cells, key=lambda c: [c[name] for name in order])
    ]
    return "\n".join(lines)


def accuracy_table(rows: list[dict]) -> str:
    lines = [
        (
            "| set | queries | audits | errors expected | uniform holds | ratio | exact |"
            " stratified holds | ratio | Wilson holds |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['set']} | {r['budget']} | {r['m']} | {r['expected_errors']:.1f} |"
        f" {percent(r['uniform'])} | {r['uniform_ratio']:.2f} | {percent(r['exact_used'], 0)} |"
        f" {percent(r['stratified'])} | {r['stratified_ratio']:.2f} | {percent(r['wilson'])} |"
        for r in rows
    ]
    many = [r for r in rows if r["expected_errors"] >= 10]
    lines.append(
        f"\nLeast coverage: uniform {100 * min(r['uniform'] for r in rows):.1f} %, stratified"
        f" {100 * min(r['stratified'] for r in rows):.1f} %, Wilson"
        f" {100 * min(r['wilson'] for r in rows):.1f} %. Where ten errors or more are expected"
        f" ({len(many)} rows), the median ratio to Wilson's width is"
        f" {np.median([r['uniform_ratio'] for r in many]):.3f} for the uniform audit and"
        f" {np.median([r['stratified_ratio'] for r in many]):.3f} for the stratified one.\n"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

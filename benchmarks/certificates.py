"""How often certificates are broken, and what they cost: docs/benchmarks/certificates.{json,md}.

    SPARING_DATA=... python benchmarks/certificate_models.py   # trains the models, most of the time
    SPARING_DATA=... python benchmarks/certificates.py

(a) exact coverage for fixed patterns of errors; (b) real sets: models x audits; (c) the accuracy
estimates; (d) times at a million items. Models, the cells made of each and the pieces of (a)
(``certificate_exact.py``) are kept in --work. ``--parts`` makes some parts anew, and takes the
others as certificates.json has them: the page is put together of what is there, and says what is
not.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
from scipy.stats import beta

from certificate_exact import compute as compute_exact
from certificate_exact import exact_coverage
from certificate_models import TASKS, Model, load_models, model_file, slug, task_of
from certificate_page import AUDITED, BEFORE, page
from sparing.audit.audit import Audit, Claim, share_of
from sparing.audit.autolabel import certified as certify_labels
from sparing.audit.certifying import certify
from sparing.audit.cost.labels_ahead import plan_ahead
from sparing.audit.cost.plan import AuditPlan, plan_audit
from sparing.audit.early_stop import audits_needed
from sparing.audit.error_bounds import levels_of, whole_set
from sparing.audit.evaluation import accuracy
from sparing.audit.findings import judge
from sparing.audit.sampling import draw_audit, draw_stratified
from sparing.audit.sequential import tolerated_at
from sparing.pool.classes import ClassTable
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import FIRST, p_value, spend, wilson
from sparing.stats.intervals import PoolConfidence, Strata, stratified_interval, uniform_interval

EPSILONS = (0.01, 0.02, 0.05)
DELTA = 0.05
N_MODELS = 20
N_DRAWS = 1000
AUDITS = (50, 100, 200)
TBAL_SLACK = 0.01
PARTS = ("exact", "sets", "seconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/certificates"))
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--models", type=int, default=N_MODELS)
    parser.add_argument("--minutes", type=float, default=math.inf, help="of exact coverage")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "certificates.json"
    result = json.loads(file.read_text()) if file.exists() else {}
    if "exact" in options.parts:
        options.work.mkdir(parents=True, exist_ok=True)
        compute_exact(options.work, options.minutes)
        result["exact"] = exact_coverage(options.work)
    if "sets" in options.parts:
        cells = cells_of(options.tasks, options.models, options.work)
        result |= {"cells": summarize(cells), "accuracy": accuracies(cells)}
    if "seconds" in options.parts:
        result["seconds"] = seconds()
    file.write_text(json.dumps(result, indent=1) + "\n")
    (options.out / "certificates.md").write_text(page(result))


def cells_of(tasks: list[str], n_models: int, work: Path) -> list[list[dict]]:
    """Return the cells of all models that are there, made where they are not kept."""
    cells = []
    for name in tasks:
        seeds = [s for s in range(n_models) if model_file(work, name, s).exists()]
        run_task(name, seeds, work)
        cells += [json.loads(cell_file(work, name, seed).read_text()) for seed in seeds]
    return cells


def cell_file(work: Path, name: str, seed: int) -> Path:
    return work / f"{slug(name)}-{seed:02d}.json"


def run_task(name: str, seeds: list[int], work: Path) -> None:
    for done, seed in enumerate(seeds, 1):
        file = cell_file(work, name, seed)
        if file.exists() and file.stat().st_mtime > model_file(work, name, seed).stat().st_mtime:
            continue
        start = time.perf_counter()
        rows = []
        for budget, model in load_models(work, name, seed).items():
            rows += one_model(name, budget, model, seed)
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps(rows))
        temporary.rename(file)
        took = time.perf_counter() - start
        left = (len(seeds) - done) * took / 60
        progress = f"audits of model {done}/{len(seeds)}, {took:.0f} s, about {left:.1f} min left"
        print(f"{name}: {progress} here", flush=True)


class Frozen:
    """A model's predictions with the truth beside them, sorted from the most confident down."""

    def __init__(self, truth: np.ndarray, predictions: Predictions) -> None:
        self.truth = truth
        self.predictions = p = predictions
        self.classes = p.classes
        self.rows = np.flatnonzero(p.eligible)
        self.rows = self.rows[np.argsort(-p.confidence[self.rows], kind="stable")]
        self.confidence = p.confidence[self.rows]
        self.wrong = (p.codes != self.truth)[self.rows]
        self.wrong_before = np.concatenate([[0], np.cumsum(self.wrong)])

    @classmethod
    def of(cls, truth: np.ndarray, codes: np.ndarray, sure: np.ndarray, labeled: np.ndarray):
        """Take what a model says that was taught these rows."""
        y = np.full(len(truth), -1)
        y[labeled] = truth[labeled]
        classes = ClassTable(tuple(range(int(truth.max()) + 1)))
        return cls(truth, Predictions(codes, sure, y, classes))


def one_model(name: str, budget: int, model: Model, seed: int) -> list[dict]:
    f = Frozen.of(task_of(name).truth, model.codes, model.confidence, model.labeled)
    n = len(f.truth)
    base = {"set": name, "n": n, "budget": budget, "model": seed, "error": float(f.wrong.mean())}
    rows = []
    for epsilon in EPSILONS:
        for method, claim in claims(epsilon).items():
            rng = np.random.default_rng([seed, int(1000 * epsilon), claim.kind == "auto"])
            found = certified(f, claim, budget, rng)
            rows.append({**base, "epsilon": epsilon, "method": method, **found})
        rows.append({**base, "epsilon": epsilon, **threshold(f, epsilon, 0.99)})
        rows.append({**base, "epsilon": epsilon, **tbal(f, epsilon, np.random.default_rng(seed))})
    error = model.first_error
    if not math.isnan(error):
        rows += [
            {**base, "epsilon": e, "method": "most confident first", "broken": float(error > e),
             "auto": 1 - budget / n, "error_auto": error * n / len(f.rows)}
            for e in EPSILONS
        ]  # fmt: skip
    rng = np.random.default_rng([seed, 7])
    rows += [{**base, **estimates(f, m, rng)} for m in AUDITS if m < len(f.rows)]
    return rows


def claims(epsilon: float) -> dict[str, Claim]:
    """Return what is certified of each model; one claim spends as certificates of version 1 did."""
    as_before = spend(DELTA, 1) / FIRST  # of which the first attempt takes what it took then
    return {
        "whole": Claim(epsilon, DELTA),
        "auto": Claim(epsilon, DELTA, "auto"),
        BEFORE: Claim(epsilon, as_before),
    }


def draws(rng: np.random.Generator, n: int, m: int, n_draws: int = N_DRAWS) -> np.ndarray:
    """Return (n_draws, m) distinct positions below ``n``, in random order."""
    return np.stack([rng.choice(n, m, replace=False) for _ in range(n_draws)])


def certified(f: Frozen, claim: Claim, budget: int, rng) -> dict:
    """Plan, then audit 1,000 times; the first two times with the functions that ship, too."""
    p, epsilon, kind, delta = f.predictions, claim.epsilon, claim.kind, share_of(claim.delta, 1)
    plan = plan_audit(p, claim)
    n_left, n_total = len(f.rows), p.n_total
    head = {"oracle": oracle(f, epsilon, kind, budget),
            "planned": budget + plan.expected_audits + plan.expected_remainder}  # fmt: skip
    if not plan.n_audit:
        return {**head, "broken": 0.0, "abstained": 1.0, "auto": 0.0, "audits": 0,
                "mean_answers": budget + n_left, "answers": [budget + n_left] * 3}  # fmt: skip
    n = int((f.confidence >= np.float32(plan.cut)).sum())
    picks = draws(rng, n, plan.n_audited)
    if kind == "whole":
        n_audits, n_auto, wrong = in_steps(f, n, picks, looks_of(plan), epsilon, delta)
    else:
        last = level_ends(f, n, picks, epsilon, delta)
        n_auto, wrong = taken(f, picks, last)
        n_audits = np.full(len(picks), plan.n_audited)
    for r in range(2):
        check_with_shipped(f, claim, plan, picks[r], int(n_audits[r]), int(n_auto[r]))
    allowed = epsilon * (n_total if kind == "whole" else n_auto)
    answers = budget + n_left - n_auto
    return {
        **head,
        "broken": float(np.mean(wrong > allowed)),
        "abstained": float(np.mean(n_auto == 0)),
        "auto": float(np.median(n_auto) / n_total),
        "audits": float(np.median(n_audits)),
        "mean_answers": float(np.mean(answers)),
        "answers": [float(np.quantile(answers, q)) for q in (0.5, 0.05, 0.95)],
    }


def looks_of(plan: AuditPlan) -> tuple[int, ...]:
    return plan.n_audit if isinstance(plan.n_audit, tuple) else (plan.n_audited,)


def in_steps(
    f: Frozen, n: int, picks: np.ndarray, looks: tuple[int, ...], epsilon: float, delta: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each draw audits, labels by the model and wrong ones among them, where it ends.

    It ends as ``audits_needed`` says: where no more is handed back than the next look would cost.
    """
    allowed = math.floor(epsilon * f.predictions.n_total)
    tolerated = tolerated_at(n, looks, allowed, delta)
    n_audits, n_auto, wrong = np.zeros((3, len(picks)), dtype=np.int64)
    going_on = np.ones(len(picks), dtype=bool)
    for m, k, following in zip(looks, tolerated, (*looks[1:], math.inf), strict=True):
        auto, left_wrong = taken(f, picks[:, :m], walk_ends(f, n, picks[:, :m], k))
        now = going_on & (n - m - auto <= following - m)
        n_audits[now], n_auto[now], wrong[now] = m, auto[now], left_wrong[now]
        going_on &= ~now
    return n_audits, n_auto, wrong


def taken(f: Frozen, picks: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels by the model, and wrong ones among them, if it labels down to the ends."""
    inside = picks < ends[:, None]
    return ends - inside.sum(axis=1), f.wrong_before[ends] - (f.wrong[picks] & inside).sum(axis=1)


def walk_ends(f: Frozen, n: int, picks: np.ndarray, tolerated: int) -> np.ndarray:
    """Return for each draw how many of the most confident items lie on the walk (Ship A)."""
    m = picks.shape[1]
    if tolerated < 0:
        return np.zeros(len(picks), dtype=int)
    met = np.sort(np.where(f.wrong[picks], picks, n), axis=1)
    stop = met[:, tolerated] if tolerated < m else np.full(len(picks), n)
    tie_start = np.searchsorted(-f.confidence, -f.confidence, side="left")
    return np.where(stop < n, tie_start[np.minimum(stop, n - 1)], n)


def level_ends(f: Frozen, n: int, picks: np.ndarray, epsilon: float, delta: float) -> np.ndarray:
    """Return for each draw the size of the last level that passes (Ship B)."""
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


def check_with_shipped(
    f: Frozen, claim: Claim, plan: AuditPlan, picks: np.ndarray, n_audits: int, n_auto: int
) -> None:
    p = f.predictions
    eligible = p.eligible & (p.confidence >= np.float32(plan.cut))
    looks = looks_of(plan)
    audit = Audit(p.digest, eligible, f.rows[picks], "uniform", (), claim, 0.0, "", (), looks)
    answers = [(row, int(f.truth[row])) for row in audit.drawn.tolist()]
    seen = needed = looks[0]
    while True:
        found = judge(audit, p, answers[:seen])
        needed = audits_needed(p, audit, found, seen)
        if needed == seen:
            break
        seen = needed
    shipped = certify(p, audit, found).n_auto
    if claim.kind == "whole":
        look = whole_set(p, audit, found, claim)[looks.index(seen)]
        if look.n_items - look.n_auto - seen < certify(p, audit, found).n_handback - (
            int(p.eligible.sum()) - look.n_items
        ):
            raise SystemExit("certify hands back more than the look at which the audit ended")
        shipped = look.n_auto
    if (seen, shipped) != (n_audits, n_auto):
        raise SystemExit(f"vectorized: {(n_audits, n_auto)}, sparing: {(seen, shipped)}")


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
    sizes = np.array([len(rows) for rows in inside])
    return np.stack(wrong, axis=1), Strata(sizes, counts[there])


# (d) times ---------------------------------------------------------------------------------------


def seconds(n: int = 1_000_000) -> dict[str, float]:
    """Return the best of five times of everything but model fitting, at a million items."""
    rng = np.random.default_rng(0)
    confidence = 1 - 0.05 * rng.random(n) ** 6
    p = Predictions(np.zeros(n), confidence, np.full(n, -1), ClassTable(("cat", "dog")))
    y = np.where(np.arange(n) < n // 1000, 0, -1)
    doubted = Predictions(np.zeros(n), 1 - 0.7 * rng.random(n) ** 1.5, y, p.classes)
    claim = Claim(0.02)
    plan = plan_audit(p, claim)
    audit = draw_audit(p, plan.n_audit, claim=claim, cut=plan.cut)
    answers = [(row, "cat") for row in audit.drawn.tolist()]
    found = judge(audit, p, answers)
    steps = {
        "plan_audit": lambda: plan_audit(p, claim),
        "plan_ahead, where more labels first are to pay": lambda: plan_ahead(doubted, claim),
        "plan_audit, auto-labels": lambda: plan_audit(p, Claim(0.02, kind="auto")),
        "draw_audit": lambda: draw_audit(p, plan.n_audit, claim=claim, cut=plan.cut),
        "judge": lambda: judge(audit, p, answers),
        "audits_needed": lambda: audits_needed(p, audit, found, len(answers)),
        "certified": lambda: certify_labels(p, audit, answers),
        "accuracy": lambda: accuracy(p, audit, found),
        "draw_stratified": lambda: draw_stratified(p, 200),
    }
    return {name: min(timed(step) for _ in range(5)) for name, step in steps.items()}


def timed(step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


# tables ------------------------------------------------------------------------------------------


def summarize(files: list[list[dict]]) -> list[dict]:
    groups: dict[tuple, list[dict]] = {}
    for row in (row for rows in files for row in rows if row["method"] != "accuracy"):
        groups.setdefault((row["set"], row["budget"], row["epsilon"], row["method"]), []).append(
            row
        )
    certified_cells = sum(key[3] in AUDITED for key in groups)
    return [one_cell(key, rows, certified_cells) for key, rows in groups.items()]


def one_cell(key: tuple, rows: list[dict], n_cells: int) -> dict:
    runs = [row["broken"] for row in rows]
    # Given the models the draws are independent, and if the claim is true each fails with
    # probability at most delta: so the binomial limit tests it, though models differ.
    n = len(rows) * (N_DRAWS if key[3] in (*AUDITED, "TBAL rule") else 1)
    k = round(float(np.mean(runs)) * n)
    cell = {
        "set": key[0], "n": rows[0]["n"], "budget": key[1], "epsilon": key[2], "method": key[3],
        "models": len(rows), "model_error": float(np.median([r["error"] for r in rows])),
        "broken": float(np.mean(runs)), "worst_model": max(runs),
        "lower_limit": float(beta.ppf(0.05 / n_cells, k, n - k + 1)) if k else 0.0,
        "auto": float(np.median([r["auto"] for r in rows])),
    }  # fmt: skip
    if key[3] in AUDITED:
        cell["audits"] = float(np.median([r["audits"] for r in rows]))
        cell["answers"] = float(np.median([r["answers"][0] for r in rows]))
        cell["answers_5_95"] = [float(np.median([r["answers"][i] for r in rows])) for i in (1, 2)]
        cell["planned"] = float(np.median([r["planned"] for r in rows]))
        cell["oracle"] = float(np.median([r["oracle"] for r in rows]))
        cell["mean_answers"] = [float(r["mean_answers"]) for r in rows]  # a model each
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


if __name__ == "__main__":
    main()

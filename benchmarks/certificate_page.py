"""The page of the certificates' benchmark, from its figures."""

import numpy as np

PROVEN = ("whole", "auto")
BEFORE = "whole, delta spread"
AUDITED = (*PROVEN, BEFORE)


def page(result: dict) -> str:
    cells = result["cells"]
    parts = [HEAD, exact_table(result["exact"]), "\n## Certified, on real sets\n"]
    parts.append(CERTIFIED.format(models=_models(cells)))
    parts += ["\n### How many answers in all\n", CHOSEN, chosen_table(cells)]
    parts += ["\n### What the first attempt may use\n", SPENT, spent_table(cells)]
    for kind, title in (("whole", "The whole data set"), ("auto", "The auto-labels alone")):
        parts += [f"\n### {title}\n", certified_table([c for c in cells if c["method"] == kind])]
    proven = [c for c in cells if c["method"] in AUDITED]
    worst = max(c["lower_limit"] for c in proven)
    parts.append(
        f"\n{len(proven)} cells; the largest one-sided lower limit on a cell's share of broken"
        f" certificates, at 0.05 / {len(proven)}, is {worst:.4f} (delta is 0.05);"
        f" the largest share is {max(c['broken'] for c in proven):.4f}.\n"
    )
    parts += ["\n## What others do, on the same models\n", RIVALS]
    parts.append(rival_table([c for c in cells if c["method"] not in AUDITED]))
    parts += ["\n## Accuracy without a test set\n", ACCURACY, accuracy_table(result["accuracy"])]
    parts += ["\n## Time at a million items\n", times_table(result["seconds"])]
    return "\n".join(parts)


HEAD = """# Certificates: how often they are broken, and what they cost

Made by `benchmarks/certificate_models.py`, which trains the models, and
`benchmarks/certificates.py`; the figures are in `certificates.json`. The models are `auto` as
shipped, with the encoder that the library chooses, taught in larger batches than the app's. A
better model makes certificates cheaper, not truer. delta is 5 % for all attempts together; a first
attempt may use nine tenths of it, 4.5 %.

Encoder and engine were chosen on MNIST training images 4,000 to 59,999 and on made-up sets; no
label of the pool of 4,000 and no test image was used for that. Part of the pool of 60,000 served
for choosing, so its figures may flatter a little. The planner's scenarios were fitted on models of
other digits and of some of the sets below (decision 4): that may flatter what was
planned for these, never the share of broken promises.

## Exact coverage

Whole data set: the failure probability in closed form, the largest over 200 sizes of audit from 20
to 2,000, and over 60 random plans of two to six looks at any of which the audit may end; over every
pattern with more wrong items than allowed.
"""
CERTIFIED = """Models, with 1,000 audits each: {models}.
*Broken*: the finished set (or the auto-labels) has more wrong labels than promised; abstaining is
not broken. *Audits*: answered until the audit ended, median. *Answers*: of people in all, that is
for queries, audit and hand-back; median (5 % to 95 %). *Planned*: what `plan_audit` expected them
to be, before any audit. *Oracle*: the answers of one who knows all labels and need not prove it.
*Error*: the model's own on the items nobody labeled, median.
"""
CHOSEN = """How many labels to teach before the audit is the person's choice. Two rules that look at
no answer: a number fixed beforehand, one label in twenty of 4,000 items and one in 150 of 60,000
(chosen on other digits, as above), and the number at which `plan_audit` expects the least in all.
*Before*: on the same models, with 3.04 % for the first attempt in place of 4.5 %.
For MNIST 60,000 and 2 %, with 400 queries, it is 97 % of before: the queries are the same, and the
audit is little shorter. On models of the day before it had 302 answers before and 280 now; all of
delta for the first attempt would have made them 274. Where the first of the looks may use 70 % of
the risk in place of half, 261: but the audits that go on then cost so much more that the mean grows
by a tenth.
"""
SPENT = """Certificates of version 1 spread delta over all attempts to come, and the first may use
6/pi^2 of it; now it may use nine tenths. Both on the same models, with 1,000 audits each, planned
by what they may use; the means of the answers, and of all claims of a set. Limits: models drawn
again.
"""
FIXED = {"MNIST 4,000": 200, "MNIST 60,000": 400}
GOALS = {
    ("MNIST 4,000", 0.02): 500,
    ("MNIST 4,000", 0.01): 800,
    ("MNIST 60,000", 0.02): 1000,
    ("MNIST 60,000", 0.01): 2000,
}
RIVALS = """*Broken*: the labels that the model gave have more than epsilon wrong (most confident
first: the finished set has). Nothing is audited, but for the TBAL rule's validation set of 200
random items, over 1,000 draws of it.
"""
ACCURACY = """95 % intervals for the accuracy on the items nobody labeled; the same models x 1,000
audits of 50, 100 and 200 items. *Ratio*: width of our interval to Wilson's of equal size, median.
*Exact*: share of audits with fewer than ten errors, where the exact interval is used.
"""


def _models(cells: list[dict]) -> str:
    """Return how many models of each set there are."""
    count = {c["set"]: c["models"] for c in cells if c["method"] == "whole"}
    return ", ".join(f"{n} of {name}" for name, n in count.items())


def percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def _probability(value: float | None) -> str:
    return "not run" if value is None else f"{value:.4f}"


def chosen_table(cells: list[dict]) -> str:
    lines = [
        (
            "| set | epsilon | goal | queries, fixed | answers | before | queries, as planned |"
            " answers | queries, before | answers |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    sums = np.zeros(4)
    for (name, epsilon), goal in GOALS.items():
        now, before = (
            [c for c in cells if (c["method"], c["set"], c["epsilon"]) == (method, name, epsilon)]
            for method in ("whole", BEFORE)
        )
        if not now:
            continue
        fixed, was = (next(c for c in of if c["budget"] == FIXED[name]) for of in (now, before))
        planned, then = (min(of, key=lambda c: c["planned"]) for of in (now, before))
        sums += [cell["answers"] for cell in (fixed, was, planned, then)]
        lines.append(
            f"| {name} | {percent(epsilon, 0)} | {goal:,} | {fixed['budget']} |"
            f" **{fixed['answers']:,.0f}** | {was['answers']:,.0f} | {planned['budget']} |"
            f" **{planned['answers']:,.0f}** | {then['budget']} | {then['answers']:,.0f} |"
        )
    by_fixed, by_plan = (sums[[0, 2]] / sums[[1, 3]]).tolist()
    lines.append(f"| all four | | | | **{percent(by_fixed)}** | of before | |"
                 f" **{percent(by_plan)}** | | of before |")  # fmt: skip
    return "\n".join(lines)


def spent_table(cells: list[dict]) -> str:
    """Return answers after the queries, by what they were with delta spread, on the same models."""
    before = {(c["set"], c["budget"], c["epsilon"]): c for c in cells if c["method"] == BEFORE}
    now = {(c["set"], c["budget"], c["epsilon"]): c for c in cells if c["method"] == "whole"}
    lines = ["| set | models | answers in all: now / before | 95 % | to audit and hand-back |",
             "|---|---|---|---|---|"]  # fmt: skip
    names = list(dict.fromkeys(name for name, *_ in now))
    for name in (*names, "all"):
        keys = [key for key in now if name in ("all", key[0]) and now[key]["abstained"] < 1]
        if not keys:
            lines.append(f"| {name} | | nothing is certified | | |")
            continue
        in_all = [_ratios(now[key], before[key], 0) for key in keys]
        beside = [_ratios(now[key], before[key], key[1]) for key in keys]
        n_models = max(len(r) for r in in_all)
        low, middle, high = _mean_with_limits(in_all)
        lines.append(f"| {name} | {n_models if name != 'all' else ''} | {percent(middle)} |"
                     f" {percent(low)} to {percent(high)} |"
                     f" {percent(_mean_with_limits(beside)[1])} |")  # fmt: skip
    return "\n".join(lines)


def _ratios(now: dict, before: dict, queries: int) -> np.ndarray:
    """Return for each model the mean answers beyond the queries, now by before."""
    after, was = (np.array(c["mean_answers"]) - queries for c in (now, before))
    return after / was


def _mean_with_limits(cells: list[np.ndarray]) -> tuple[float, float, float]:
    """Return the mean over cells with its 95 % limits; models of a set are drawn again."""
    rng = np.random.default_rng(0)
    again = [np.mean([rng.choice(r, len(r)).mean() for r in cells]) for _ in range(2000)]
    middle = float(np.mean([r.mean() for r in cells]))
    return float(np.quantile(again, 0.025)), middle, float(np.quantile(again, 0.975))


def times_table(seconds: dict[str, float]) -> str:
    lines = [
        "Best of five on one core, of a machine that was at work for others.\n",
        "| step | milliseconds |",
        "|---|---|",
    ]
    lines += [f"| {name} | {1000 * took:.0f} |" for name, took in seconds.items()]
    return "\n".join(lines) + "\n"


def exact_table(exact: dict) -> str:
    lines = ["| items | epsilon | may fail | fails, at worst | in steps, at worst |",
             "|---|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {r['n']:,} | {100 * r['epsilon']:g} % | {r['delta']:.4f} | {r['worst']:.4f} |"
        f" {_probability(r['worst_in_steps'])} |"
        for r in exact["closed_form"]
    ]
    for r in exact["enumerated"]:
        what = {"whole": "Whole data set", "auto": "Auto-labels alone"}[r["kind"]]
        lines.append(
            f"\n{what}, enumerated: {r['n']} items, audited {' or '.join(map(str, r['looks']))},"
            f" epsilon 25 %, {r['patterns']} patterns of errors, all {r['draws']:,} draws each: may"
            f" fail {r['delta']:.4f}, fails at worst (at any look) {r['worst']:.4f}."
        )
    return "\n".join(lines)


def certified_table(cells: list[dict]) -> str:
    lines = [
        (
            "| set | queries | error | epsilon | broken | auto-labeled | audits | answers |"
            " planned | oracle |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for c in cells:
        low, high = c["answers_5_95"]
        lines.append(
            f"| {c['set']} | {c['budget']} | {100 * c['model_error']:.2f} % |"
            f" {percent(c['epsilon'], 0)} | {percent(c['broken'], 2)} | {percent(c['auto'])} |"
            f" {c['audits']:,.0f} | **{c['answers']:,.0f}** ({low:,.0f} to {high:,.0f}) |"
            f" {c['planned']:,.0f} | {c['oracle']:,.0f} |"
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

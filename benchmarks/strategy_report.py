"""The report of strategies.py: what has to be reached and was, tables, and a plot over the size."""

from pathlib import Path

TOP_K = ("least_confidence", "margin", "entropy")
COVERAGE = ("max_herding", "u_herding", "probcover")
MAY_REFUSE = ("v_opt", "expected_error_reduction", "bald", "qbc", "epig", "batch_bald")
STAND_IN = {"u_herding": "max_herding"}  # the nearest that scikit-activeml has
MILLION = 1_000_000
PASSES = "26 passes: 25 of the sample, one of the pool"
MET = {True: "yes", False: "no"}


class Results:
    """The measured cells, found by what they are."""

    def __init__(self, report: dict) -> None:
        self.cells = report["results"]
        names = ("side", "strategy", "pool", "n", "batch", "exact")
        self._by = {tuple(r[name] for name in names): r for r in self.cells}

    def ours(self, strategy: str, n: int, batch: int, *, exact: bool = False) -> dict:
        """Return a cell of MNIST, or nothing."""
        return self._by.get(("sparing", strategy, "mnist", n, batch, exact), {})

    def theirs(self, strategy: str, n: int, batch: int) -> dict:
        """Return scikit-activeml's cell of MNIST."""
        name = STAND_IN.get(strategy, strategy)
        return self._by.get(("scikit-activeml", name, "mnist", n, batch, False), {})

    def floor(self, strategy: str, n: int, batch: int) -> dict:
        """Return the bare products of MNIST."""
        return self._by.get(("floor", strategy, "mnist", n, batch, False), {})

    def growing(self, strategy: str, n: int) -> dict:
        """Return ours on a pool of 64 features."""
        found = [
            r for r in self.cells if (r["strategy"], r["pool"], r["n"]) == (strategy, "blobs", n)
        ]
        return next((r for r in found if r["side"] == "sparing"), {})

    def compared(self) -> list[tuple[dict, dict, dict]]:
        """Return (ours, theirs, floor) of each cell of MNIST."""
        mine = [r for r in self.cells if (r["side"], r["pool"]) == ("sparing", "mnist")]
        keys = [(r["strategy"], r["n"], r["batch"]) for r in mine]
        return [
            (r, {} if r["exact"] else self.theirs(*key), {} if r["exact"] else self.floor(*key))
            for r, key in zip(mine, keys, strict=True)
        ]


def write_report(report: dict, out: Path) -> None:
    """Write strategies.md and strategies.svg."""
    results = Results(report)
    parts = [_caption(report), _goals(results), _comparison(results), _growing(results)]
    parts.append("![Seconds over the size of the pool](strategies.svg)\n")
    (out / "strategies.md").write_text("\n".join(parts))
    plot(results, out / "strategies.svg")


def _caption(report: dict) -> str:
    return (
        f"{report['cpus']} cores, OpenBLAS kernel {report['openblas_kernel']}, "
        f"NumPy {report['numpy']}, scikit-learn {report['scikit-learn']}, "
        f"scikit-activeml {report['scikit-activeml']}. MNIST, 784 features, float32, 100 labels, "
        "each query in a fresh process, predictions on the whole pool included "
        "([how](../../benchmarks/strategies.py)).\n"
    )


def _table(head: list[str], rows: list[list[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


# What has to be reached


def _goals(r: Results) -> str:
    rows = [
        *_speed_goals(r),
        _memory_goal(r),
        *_floor_goals(r),
        _anchor_goal(r),
        *_million_goals(r),
    ]
    return _table(["what has to be reached", "measured", "met"], rows)


def _speed_goals(r: Results) -> list[list[str]]:
    asked = [
        ("least confidence, margin, entropy, batch 200: 2 times as fast", TOP_K, 60_000, (200,), 2),
        ("k_center, batch 200: 4 times", ("k_center",), 60_000, (200,), 4),
        ("badge, batches 10 and 200: 10 times", ("badge",), 60_000, (10, 200), 10),
        ("typiclust, batches 10 and 200: 10 times", ("typiclust",), 60_000, (10, 200), 10),
        ("coverage, exact at 20,000: 3 times", COVERAGE, 20_000, (10, 200), 3),
    ]
    rows = []
    for what, names, n, batches, times in asked:
        ratios = [_speedup(r.ours(s, n, b), r.theirs(s, n, b)) for b in batches for s in names]
        rows.append([what, ", ".join(_times(x) for x in ratios), MET[min(ratios)[0] >= times]])
    return rows


def _speedup(ours: dict, theirs: dict) -> tuple[float, bool]:
    """How many times as fast, and whether that is only a lower bound."""
    if "seconds" not in ours:
        return 0.0, False
    if "seconds" in theirs:
        return theirs["seconds"] / ours["seconds"], False
    return _limit(theirs) / ours["seconds"], True


def _limit(cut_off: dict) -> float:
    """The seconds after which a query was broken off; 0 if it failed otherwise."""
    words = cut_off.get("failed", "").split()
    return float(words[1]) if words[:1] == ["over"] else 0.0


def _times(speedup: tuple[float, bool]) -> str:
    return f"{'over ' if speedup[1] else ''}{speedup[0]:.1f}"


def _memory_goal(r: Results) -> list[str]:
    shares = {
        f"{ours['strategy']} {ours['batch']}": ours["extra_bytes"] / theirs["extra_bytes"]
        for ours, theirs, _ in r.compared()
        if theirs.get("extra_bytes", 0) > 100e6 and "extra_bytes" in ours
    }
    worst = max(shares, key=lambda name: shares[name])
    what = "a fifth of the extra memory where scikit-activeml takes over 100 MB"
    return [what, f"at most {shares[worst]:.3f} ({worst})", MET[shares[worst] <= 0.2]]


def _floor_goals(r: Results) -> list[list[str]]:
    rows = []
    for name, n in (("k_center", 60_000), ("max_herding", 20_000)):
        times = [r.ours(name, n, b)["seconds"] / r.floor(name, n, b)["seconds"] for b in (10, 200)]
        said = f"{times[0]:.1f}, {times[1]:.1f} (batches 10, 200)"
        rows.append([f"{name} within 3 times its floor", said, MET[max(times) <= 3]])
    cells = [(r.ours("typiclust", 60_000, b), r.floor("typiclust", 60_000, b)) for b in (10, 200)]
    times = [ours["seconds"] / floor["seconds"] for ours, floor in cells]
    said = f"{times[0]:.1f}, {times[1]:.1f} times the products of {PASSES}"
    return [*rows, ["typiclust says passes x floor", said, MET[True]]]


def _anchor_goal(r: Results) -> list[str]:
    shares = []
    for batch in (10, 200):
        for name in COVERAGE:
            exact = r.ours(name, 60_000, batch, exact=True).get("objective")
            if exact:
                shares.append(r.ours(name, 60_000, batch)["objective"] / exact)
    what = "coverage on anchors at 60,000: 99 % of the exact objective"
    said = ", ".join(f"{100 * share:.2f} %" for share in shares)
    return [what, said, MET[bool(shares) and min(shares) >= 0.99]]


def _million_goals(r: Results) -> list[list[str]]:
    names = {c["strategy"] for c in r.cells if c["pool"] == "blobs" and c["side"] == "sparing"}
    bound = {name: r.growing(name, MILLION) for name in sorted(names - {*MAY_REFUSE})}
    slowest = max(bound, key=lambda name: bound[name].get("seconds", float("inf")))
    largest = max(bound, key=lambda name: bound[name].get("extra_bytes", float("inf")))
    said = f"at most {_seconds(bound[slowest])} ({slowest}), {_bytes(bound[largest])} ({largest})"
    fine = all(c.get("seconds", 61) <= 60 and c["extra_bytes"] <= 4e9 for c in bound.values())
    growth = {
        name: bound[name]["seconds"] / max(0.1, r.growing(name, MILLION // 10)["seconds"])
        for name in bound
    }
    steepest = max(growth, key=lambda name: growth[name])
    return [
        [f"{len(bound)} strategies on a million rows: 60 s and 4 GB", said, MET[fine]],
        [
            "cost linear in the pool: a million to 100,000 rows",
            f"at most {growth[steepest]:.1f} times ({steepest})",
            MET[growth[steepest] <= 12],
        ],
    ]


# Tables and plot


def _comparison(r: Results) -> str:
    head = ["strategy", "pool", "batch", "sparing", "scikit-activeml", "times as fast", "floor"]
    head += ["extra memory", "theirs", "objective", "theirs"]
    rows = []
    for ours, theirs, floor in r.compared():
        name = ours["strategy"] + (", exact" if ours["exact"] else "")
        faster = _times(_speedup(ours, theirs)) if theirs else "-"
        row = [name, f"{ours['n']:,}", ours["batch"], _seconds(ours), _seconds(theirs), faster]
        row += [_seconds(floor), _bytes(ours), _bytes(theirs), _objective(ours), _objective(theirs)]
        rows.append(row)
    notes = (
        "\nObjective: mean utility asked (first three), covering radius (k_center, less is "
        "better), mean coverage. Beside u_herding stands scikit-activeml's MaxHerding, the nearest "
        "it has.\n"
    )
    return _table(head, rows) + notes


def _growing(r: Results) -> str:
    names = list(dict.fromkeys(c["strategy"] for c in r.cells if c["pool"] == "blobs"))
    sizes = (10_000, 100_000, MILLION)
    floors = {c["strategy"]: c for c in r.cells if (c["side"], c["pool"]) == ("floor", "blobs")}
    rows = []
    for name in names:
        cells = [r.growing(name, n) for n in sizes]
        bare = _seconds(floors.get(name, {}))
        rows.append([name, cells[-1]["batch"], *map(_seconds, cells), bare, _bytes(cells[-1])])
    head = ["strategy", "batch", *(f"{n:,}" for n in sizes), "floor", "extra memory"]
    return "A growing pool of 64 features; floor and memory at a million:\n\n" + _table(head, rows)


def _seconds(r: dict) -> str:
    return f"{r['seconds']:.2f} s" if "seconds" in r else r.get("failed", "-")


def _bytes(r: dict) -> str:
    return f"{r['extra_bytes'] / 1e6:,.0f} MB" if "extra_bytes" in r else "-"


def _objective(r: dict) -> str:
    return f"{r['objective']:.4f}" if r.get("objective") is not None else "-"


def plot(results: Results, path: Path) -> None:
    """Draw seconds against the size of the pool, each line named at its end."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 6.2), layout="constrained")
    axes = figure.subplots()
    ends = []
    for name in dict.fromkeys(c["strategy"] for c in results.cells if c["pool"] == "blobs"):
        cells = [results.growing(name, n) for n in (10_000, 100_000, MILLION)]
        points = [(c["n"], c["seconds"]) for c in cells if "seconds" in c]
        if points:
            (line,) = axes.loglog(*zip(*points, strict=True), "o-", ms=3, lw=1.2)
            ends.append((points[-1], name, line.get_color()))
    axes.set(xlabel="pool size, 64 features", ylabel="seconds for one batch")
    axes.set_xlim(8_000, 4_500_000)
    axes.grid(color="#e6e8ee")
    axes.spines[["top", "right"]].set_visible(False)
    _name_lines(axes, ends)
    figure.savefig(path, metadata={"Date": None})


def _name_lines(axes, ends) -> None:
    """Write each name right of its line's end, high enough above the one below."""
    lowest = {}
    for (x, y), name, color in sorted(ends):
        height = max(y, 1.32 * lowest.get(x, 0))
        lowest[x] = height
        axes.annotate(name, (x * 1.08, height), color=color, fontsize=8, va="center")

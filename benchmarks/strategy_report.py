"""The report of strategies.py: what has to be reached and was, tables, and a plot over the size."""

from pathlib import Path

TOP_K = ("least_confidence", "margin", "entropy")
COVERAGE = ("max_herding", "u_herding", "probcover")
MAY_REFUSE = ("v_opt", "expected_error_reduction", "bald", "qbc", "epig", "batch_bald")
STAND_IN = {"u_herding": "max_herding"}  # the nearest that scikit-activeml has
MILLION = 1_000_000
BATCHES = (10, 200)
LARGEST_SHARE = 0.2
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
        "# Strategies: time and memory\n\n"
        f"Processor seconds with one thread, OpenBLAS kernel {report['openblas_kernel']}, "
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
    rows = [*_speed_goals(r), _memory_goal(r), *_floor_goals(r), _anchor_goal(r)]
    return _table(["what has to be reached", "measured", "met"], [*rows, *_million_goals(r)])


def _goal(what: str, figures: list[str], met: bool) -> list[str]:
    return [what, ", ".join(figures) or "not measured", MET[met] if figures else "-"]


def _speed_goals(r: Results) -> list[list[str]]:
    asked = [
        ("least_confidence, margin, entropy, batch 200: 2 times as fast", TOP_K, 60_000, (200,), 2),
        ("k_center, batch 200: 4 times", ("k_center",), 60_000, (200,), 4),
        ("badge, batches 10 and 200: 10 times", ("badge",), 60_000, BATCHES, 10),
        ("typiclust, batches 10 and 200: 10 times", ("typiclust",), 60_000, BATCHES, 10),
        *(
            (f"{name}, exact at 20,000, batches 10 and 200: 3 times", (name,), 20_000, BATCHES, 3)
            for name in COVERAGE
        ),
    ]
    rows = []
    for what, names, n, batches, least in asked:
        pairs = [(r.ours(s, n, b), r.theirs(s, n, b)) for b in batches for s in names]
        found = [_speedup(ours, theirs) for ours, theirs in pairs if ours and theirs]
        slowest = min((times for times, _ in found), default=0)
        rows.append(_goal(what, [_times(times) for times in found], slowest >= least))
    return rows


def _speedup(ours: dict, theirs: dict) -> tuple[float, bool]:
    """How many times as fast, and whether that is only a lower bound."""
    if "seconds" not in ours:
        return 0.0, False
    if "seconds" in theirs:
        return theirs["seconds"] / ours["seconds"], False
    words = theirs.get("failed", "").split()  # "over 120 s" if it was broken off
    return (float(words[1]) if words[:1] == ["over"] else 0.0) / ours["seconds"], True


def _times(speedup: tuple[float, bool]) -> str:
    return f"{'over ' if speedup[1] else ''}{speedup[0]:.1f}"


def _memory_goal(r: Results) -> list[str]:
    shares = {
        f"{ours['strategy']}, batch {ours['batch']}": ours["extra_bytes"] / theirs["extra_bytes"]
        for ours, theirs, _ in r.compared()
        if theirs.get("extra_bytes", 0) > 100e6 and "extra_bytes" in ours
    }
    most = sorted(shares, key=lambda name: -shares[name])[:1]
    return _goal(
        "a fifth of the extra memory where scikit-activeml takes over 100 MB",
        [f"at most {shares[name]:.3f} ({name})" for name in most],
        max(shares.values(), default=1) <= LARGEST_SHARE,
    )


def _floor_goals(r: Results) -> list[list[str]]:
    rows = []
    for name, n in (("k_center", 60_000), ("max_herding", 20_000)):
        times = _floors(r, name, n)
        said = [f"{t:.1f}" for t in times]
        what = f"{name}, batches 10 and 200: within 3 times its floor"
        rows.append(_goal(what, said, max(times, default=9) <= 3))
    said = [f"{t:.1f}" for t in _floors(r, "typiclust", 60_000)]
    what = "typiclust, batches 10 and 200: times the products of 25 passes over the sample and one"
    return [*rows, _goal(f"{what} over the pool, said", said, met=True)]


def _floors(r: Results, name: str, n: int) -> list[float]:
    pairs = [(r.ours(name, n, b), r.floor(name, n, b)) for b in BATCHES]
    return [o["seconds"] / f["seconds"] for o, f in pairs if "seconds" in o and "seconds" in f]


def _anchor_goal(r: Results) -> list[str]:
    shares = {}
    for batch in BATCHES:
        for name in COVERAGE:
            exact = r.ours(name, 60_000, batch, exact=True).get("objective")
            sampled = r.ours(name, 60_000, batch).get("objective")
            if exact and sampled:
                shares[f"{name} {batch}"] = sampled / exact
    return _goal(
        "coverage on anchors at 60,000: 99 % of the exact objective",
        [f"{100 * share:.2f} % ({name})" for name, share in shares.items()],
        min(shares.values(), default=0) >= 0.99,
    )


def _million_goals(r: Results) -> list[list[str]]:
    named = dict.fromkeys(c["strategy"] for c in r.cells if c["pool"] == "blobs")
    cells = {name: r.growing(name, MILLION) for name in named if name not in MAY_REFUSE}
    cells = {name: cell for name, cell in cells.items() if "seconds" in cell}
    if not cells:
        return [_goal("a million rows", [], met=False)]
    slowest = max(cells, key=lambda name: cells[name]["seconds"])
    largest = max(cells, key=lambda name: cells[name]["extra_bytes"])
    figures = [f"at most {_seconds(cells[slowest])} ({slowest})"]
    figures.append(f"{_bytes(cells[largest])} ({largest})")
    fine = cells[slowest]["seconds"] <= 60 and cells[largest]["extra_bytes"] <= 4e9
    before = {name: r.growing(name, MILLION // 10).get("seconds") for name in cells}
    growth = {n: cells[n]["seconds"] / max(0.1, before[n]) for n in cells if before[n]}
    steepest = sorted(growth, key=lambda name: -growth[name])[:1]
    return [
        _goal(f"{len(cells)} strategies on a million rows: 60 s and 4 GB", figures, fine),
        _goal(
            "cost linear in the pool: a million over 100,000 rows",
            [f"at most {growth[name]:.1f} times ({name})" for name in steepest],
            max(growth.values(), default=99) <= 12,
        ),
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
    if "seconds" in r:
        return f"{r['seconds']:.2f} s"
    failed = r.get("failed", "-")
    return "refused, and says why" if "CapabilityError" in failed else failed


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
    axes.set(xlabel="pool size, 64 features", ylabel="processor seconds for one batch")
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

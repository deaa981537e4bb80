"""Time and memory of every strategy against scikit-activeml's, each query in a fresh process.

Usage: python benchmarks/strategies.py [--only NAME] [--timeout SECONDS] [--out DIR] [--render]

Both sides get the same features, the same 100 labels and the same fitted logistic regression; a
query includes its predictions on the whole pool, and not its fit. MNIST comes from SPARING_DATA or
the cache. Writes strategies.json, strategies.md and strategies.svg to docs/benchmarks.

Extra memory is the peak of resident memory during the query minus what was resident before it
(Linux). The floor is what the query cannot do without: the products of the features with the
model's weights (top-k), with each new center (k_center), or of all pairs, with their exponentials
(coverage), each computed bare in the same run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
N_LABELED = 100
BATCHES = (10, 200)
OBJECTIVE_SAMPLE = 20_000

# our strategy -> (scikit-activeml 1.0.1's class, its parameters, the largest pool it can run here)
PEERS = {
    "least_confidence": ("UncertaintySampling", {"method": "least_confident"}, 60_000),
    "margin": ("UncertaintySampling", {"method": "margin_sampling"}, 60_000),
    "entropy": ("UncertaintySampling", {"method": "entropy"}, 60_000),
    "k_center": ("CoreSet", {}, 60_000),
    "badge": ("Badge", {}, 60_000),
    "typiclust": ("TypiClust", {}, 60_000),
    "drop_query": ("DropQuery", {}, 60_000),
    "max_herding": ("MaxHerding", {}, 20_000),
    "u_herding": (None, {}, 20_000),
    "probcover": ("ProbCover", {}, 20_000),
}
COVERAGE = ("max_herding", "u_herding", "probcover")
MILLION = (  # all but those that refuse or subsample aloud at this size
    *("random", "least_confidence", "margin", "entropy", "k_center", "typiclust", "badge"),
    *("cluster_margin", "cluster_then_label", "drop_query", "mix", *COVERAGE),
)


@dataclass(frozen=True)
class Cell:
    """One query to measure."""

    side: str  # "sparing", "scikit-activeml" or "floor"
    strategy: str
    pool: str  # "mnist" or "blobs"
    n: int
    batch: int
    exact: bool = False  # coverage without sampling, whatever the size

    @property
    def pool_name(self) -> str:
        """What a person calls the pool."""
        return f"{self.pool} {self.n:,}"


def cells() -> list[Cell]:
    """Return what to run: the comparison, then ours on a million rows and on growing pools."""
    found = []
    for batch in BATCHES:
        for name, (peer, _, limit) in PEERS.items():
            sizes = (60_000,) if limit == 60_000 else (20_000, 60_000)
            for n in sizes:
                found.append(Cell("sparing", name, "mnist", n, batch))
                if n <= limit and peer:
                    found.append(Cell("scikit-activeml", name, "mnist", n, batch))
                if n <= limit:
                    found.append(Cell("floor", name, "mnist", n, batch))
        found.append(Cell("sparing", "max_herding", "mnist", 60_000, batch, exact=True))
    for name in MILLION:
        found.extend(Cell("sparing", name, "blobs", n, 200) for n in (10_000, 100_000, 1_000_000))
    return found


# One cell, in its own process


def features(pool: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, n_features) float32 and class ids."""
    if pool == "mnist":
        from sparing.datasets.mnist import load_mnist

        mnist = load_mnist(offline=True)
        if len(mnist.train_images) < n:
            raise SystemExit("The whole MNIST is needed: set SPARING_DATA to a folder that has it.")
        X = (mnist.train_images[:n].reshape(n, -1) / np.float32(255)).astype(np.float32)
        return X, mnist.train_labels[:n]
    rng = np.random.default_rng(0)
    y = rng.integers(10, size=n)
    X = rng.standard_normal((n, 64), dtype=np.float32)
    X += 2 * rng.standard_normal((10, 64), dtype=np.float32)[y]
    return X, y


def prepare(cell: Cell):
    """Return the features, the labeled rows, their labels and the fitted model."""
    from sklearn.linear_model import LogisticRegression

    X, y = features(cell.pool, cell.n)
    rng = np.random.default_rng(1)
    labeled = np.sort(rng.choice(cell.n, N_LABELED, replace=False))
    return X, labeled, y[labeled], LogisticRegression(max_iter=50)


def our_query(cell: Cell, X, labeled, labels, model):
    """Return a function that runs one query of ours and returns the rows."""
    from sparing import ActiveLearner, get_strategy

    strategy = get_strategy(cell.strategy)
    if cell.exact:
        strategy.set_params(exact_up_to=cell.n)
    learner = ActiveLearner(X, classes=list(range(10)), model=model, strategy=strategy, seed=0)
    learner.teach(labeled, labels)
    _ = learner.version.fitted
    if "oof_proba" in strategy.requires:
        _ = learner.version.oof_proba  # fits of the model, like the fit itself
    return lambda: learner.query(cell.batch).indices


def peer_query(cell: Cell, X, labeled, labels, model):
    """Return a function that runs one query of scikit-activeml and returns the rows."""
    from inspect import signature

    import skactiveml.pool
    from skactiveml.classifier import SklearnClassifier

    name, parameters, _ = PEERS[cell.strategy]
    strategy = getattr(skactiveml.pool, name)(random_state=0, **parameters)
    y = np.full(cell.n, np.nan)
    y[labeled] = labels
    classifier = SklearnClassifier(model, classes=list(range(10)))
    arguments = {"X": X, "y": y, "batch_size": cell.batch}
    if "clf" in signature(strategy.query).parameters:
        classifier.fit(X, y)
        arguments["clf"] = classifier
        if "fit_clf" in signature(strategy.query).parameters:
            arguments["fit_clf"] = False
    return lambda: strategy.query(**arguments)


def floor_query(cell: Cell, X, labeled, labels, model):
    """Return a function that computes only the products that the query has to compute."""
    rng = np.random.default_rng(0)
    centers = X[rng.choice(cell.n, N_LABELED + cell.batch, replace=False)]

    def all_pairs() -> None:
        for start in range(0, cell.n, 2000):
            block = X[start : start + 2000] @ X.T
            np.exp(block, out=block)

    def one_center_at_a_time() -> None:
        _ = X @ centers[:N_LABELED].T
        for center in centers[N_LABELED:]:  # each depends on what the one before left uncovered
            _ = X @ center

    def class_scores() -> None:
        _ = X @ centers[:10].T

    if cell.strategy in COVERAGE:
        return all_pairs
    return one_center_at_a_time if cell.strategy == "k_center" else class_scores


def measure(cell: Cell) -> dict:
    """Run one cell; return its seconds, extra bytes and objective."""
    make = {"sparing": our_query, "scikit-activeml": peer_query, "floor": floor_query}[cell.side]
    small = Cell(cell.side, cell.strategy, "blobs", 2000, 10)
    make(small, *prepare(small))()  # imports and first-call work are not the query's
    X, *rest = prepare(cell)
    query = make(cell, X, *rest)
    if cell.side == "floor":
        query()  # the clock and the cores are warm when the real work starts
    before = _reset_peak()
    start = time.perf_counter()
    rows = query()
    seconds = time.perf_counter() - start
    result = {"seconds": seconds, "extra_bytes": max(0, _peak() - before)}
    if rows is not None:
        result["objective"] = objective(cell, X, rest[0], np.asarray(rows))
    return result


def objective(cell: Cell, X, labeled, rows) -> float | None:
    """Return what the strategy strives for: the covering radius, or the mean coverage."""
    asked = np.concatenate([labeled, rows])
    # The same sample on both sides; far more than the objective's last shown digit needs.
    seen = np.random.default_rng(2).permutation(cell.n)[:OBJECTIVE_SAMPLE]
    if cell.strategy == "k_center":
        distances = [_nearest(X[at : at + 5000], X[asked]) for at in range(0, cell.n, 5000)]
        return float(np.sqrt(max(d.max() for d in distances)))
    if cell.strategy == "max_herding":
        unit = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
        return float(np.exp(-_nearest(unit[seen], unit[asked])).mean())
    return None


def _nearest(A, B) -> np.ndarray:
    squared = (A**2).sum(1)[:, None] + (B**2).sum(1) - 2 * A @ B.T
    return np.maximum(squared.min(axis=1), 0)


def _reset_peak() -> int:
    """Forget the peak so far; return the bytes resident now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"{field} is not in /proc/self/status: this benchmark needs Linux.")


# All cells, and the report


def run(cell: Cell, timeout: float) -> dict:
    """Run one cell in a fresh process."""
    command = [sys.executable, __file__, "--cell", json.dumps(asdict(cell))]
    with tempfile.TemporaryFile("w+") as errors:
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                timeout=timeout,
                check=True,
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"> {timeout:.0f} s"}
        except subprocess.CalledProcessError:
            errors.seek(0)
            return {"failed": (errors.read().strip().splitlines() or ["killed"])[-1][:200]}
    return json.loads(done.stdout.splitlines()[-1])


def table(results: list[dict]) -> str:
    """Return the comparison as a table: ours, theirs, the floor, and the ratios."""
    by = {(r["side"], r["strategy"], r["pool"], r["n"], r["batch"], r["exact"]): r for r in results}
    lines = [
        _row("strategy", "pool", "batch", "sparing", "scikit-activeml", "faster by", "floor")
        + " extra memory: sparing | scikit-activeml | objective: sparing | scikit-activeml |",
        "|---" * 11 + "|",
    ]
    for (side, *key), ours in by.items():
        if side != "sparing" or ours["pool"] != "mnist":
            continue
        theirs = by.get(("scikit-activeml", *key), {})
        bare = by.get(("floor", *key), {})
        name = ours["strategy"] + (", exact" if ours["exact"] else "")
        cells_ = [name, f"{ours['n']:,}", ours["batch"], _seconds(ours), _seconds(theirs)]
        cells_ += [_ratio(theirs, ours), _seconds(bare), _bytes(ours), _bytes(theirs)]
        cells_ += [_objective(ours), _objective(theirs)]
        lines.append(_row(*cells_))
    lines += ["", "A growing pool of 64 features, batch 200, sparing alone:", ""]
    sizes = (10_000, 100_000, 1_000_000)
    lines += [_row("strategy", *(f"{n:,}" for n in sizes), "extra memory")]
    lines += ["|---" * (len(sizes) + 2) + "|"]
    for name in MILLION:
        row = [by.get(("sparing", name, "blobs", n, 200, False), {}) for n in sizes]
        lines.append(_row(name, *map(_seconds, row), _bytes(row[-1])))
    return "\n".join(lines)


def _row(*values: object) -> str:
    return "| " + " | ".join(map(str, values)) + " |"


def _seconds(r: dict) -> str:
    return f"{r['seconds']:.2f} s" if "seconds" in r else r.get("failed", "-")


def _bytes(r: dict) -> str:
    return f"{r['extra_bytes'] / 1e6:,.0f} MB" if "extra_bytes" in r else "-"


def _ratio(theirs: dict, ours: dict) -> str:
    return (
        f"{theirs['seconds'] / ours['seconds']:.1f}" if {"seconds"} <= {*theirs} & {*ours} else "-"
    )


def _objective(r: dict) -> str:
    return f"{r['objective']:.4f}" if r.get("objective") is not None else "-"


def plot(results: list[dict], path: Path) -> None:
    """Draw seconds against the size of the pool."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.subplots()
    for name in MILLION:
        points = [
            (r["n"], r["seconds"])
            for r in results
            if r["strategy"] == name and r["pool"] == "blobs" and "seconds" in r
        ]
        if points:
            axes.loglog(*zip(*points, strict=True), "o-", label=name, ms=3, lw=1)
    axes.set(xlabel="pool size, 64 features", ylabel="seconds for a batch of 200")
    axes.grid(color="#e6e8ee")
    axes.legend(fontsize=7, ncols=2, frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    parser.add_argument("--only", help="run only this strategy, and print")
    parser.add_argument("--render", action="store_true", help="table and plot of the results again")
    parser.add_argument("--timeout", type=float, default=240.0)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    if arguments.cell:
        warnings.simplefilter("ignore")  # of the peer and of the short fit
        print(json.dumps(measure(Cell(**json.loads(arguments.cell)))))
        return
    chosen = [c for c in cells() if arguments.only in (None, c.strategy)]
    if arguments.render:
        known = json.loads((arguments.out / "strategies.json").read_text())["results"]
        wanted = [asdict(cell) for cell in chosen]
        write([r for r in known if {k: r[k] for k in wanted[0]} in wanted], arguments.out)
        return
    results = []
    for i, cell in enumerate(chosen):
        results.append(asdict(cell) | run(cell, arguments.timeout))
        what = f"{cell.side} {cell.strategy} {cell.pool_name} batch {cell.batch}"
        print(f"{i + 1}/{len(chosen)} {what}: {_seconds(results[-1])} {_bytes(results[-1])}")
        sys.stdout.flush()
    print(table(results))
    if arguments.only is None:
        write(results, arguments.out)


def write(results: list[dict], out: Path) -> None:
    """Write the results as JSON, as a table and as a plot."""
    out.mkdir(parents=True, exist_ok=True)
    report = {"cpus": os.cpu_count(), "results": results}
    (out / "strategies.json").write_text(json.dumps(report, indent=1) + "\n")
    (out / "strategies.md").write_text(table(results) + "\n")
    plot(results, out / "strategies.svg")


if __name__ == "__main__":
    main()

"""Time and memory of every strategy against scikit-activeml's, each query in a fresh process.

Usage: python benchmarks/strategies.py [--only TEXT] [--out DIR] [--render]

Both sides get the same features, the same 100 labels and the same fitted logistic regression; a
query includes its predictions on the whole pool, and not its fits. MNIST comes from SPARING_DATA or
the cache. Writes strategies.json, strategies.md and strategies.svg to docs/benchmarks. A run that
was broken off goes on where it stopped; --only runs the cells whose title has that text.

Seconds are processor seconds with one thread, so that a busy machine changes little; two cores are
up to twice as fast. Extra memory is the peak of resident memory during the query minus what was
resident before it (Linux). A query of scikit-activeml's is broken off after 120 s. The floor is
what the query cannot do without: the products of the features with the model's weights (top-k),
with each new pick (k_center, badge), with all centers in each pass (typiclust), or of all pairs
with their exponentials (coverage), each computed bare in the same run.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from strategy_report import write_report

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
UNFINISHED = "strategies.unfinished.json"
N_LABELED = 100
BATCHES = (10, 200)
SIZES = (10_000, 100_000, 1_000_000)
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
LIMITS = {"sparing": 600, "scikit-activeml": 120, "floor": 120}  # seconds

TOP_K = ("least_confidence", "margin", "entropy")
COVERAGE = ("max_herding", "u_herding", "probcover")
COMMITTEE = ("bald", "qbc", "epig", "batch_bald")
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
GROWING = (
    *("random", *TOP_K, "k_center", "typiclust", "badge", "cluster_margin"),
    *("cluster_then_label", "drop_query", "mix", *COVERAGE, *COMMITTEE),
    *("v_opt", "expected_error_reduction"),
)
SMALL_BATCH = {"batch_bald": 10}  # which refuses larger ones
NO_FLOOR = ("drop_query",)


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
    def title(self) -> str:
        """What a person calls it."""
        exact = " exact" if self.exact else ""
        return f"{self.side} {self.strategy}{exact} {self.pool} {self.n:,} batch {self.batch}"


def cells() -> list[Cell]:
    """Return what to run: the comparison, then ours on growing pools up to a million rows."""
    found = []
    for batch in BATCHES:
        for name, (peer, _, limit) in PEERS.items():
            for n in sorted({limit, 60_000}):
                found.append(Cell("sparing", name, "mnist", n, batch))
                if n <= limit and peer:
                    found.append(Cell("scikit-activeml", name, "mnist", n, batch))
                if n <= limit and name not in NO_FLOOR:
                    found.append(Cell("floor", name, "mnist", n, batch))
    for n in reversed(SIZES):
        found += [Cell("sparing", s, "blobs", n, SMALL_BATCH.get(s, 200)) for s in GROWING]
    bare = (*TOP_K, "k_center", "badge", "typiclust")
    found += [Cell("floor", name, "blobs", SIZES[-1], 200) for name in bare]
    exact = [(name, batch) for batch in BATCHES for name in COVERAGE]
    return found + [Cell("sparing", name, "mnist", 60_000, b, exact=True) for name, b in exact]


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


def our_learner(cell: Cell, X, labeled, labels, model):
    """Return a learner that has been taught, and whose model is fitted."""
    from sparing import ActiveLearner, get_strategy

    strategy = get_strategy(cell.strategy)
    if cell.exact:
        strategy.set_params(exact_up_to=cell.n)
    learner = ActiveLearner(X, classes=list(range(10)), model=model, strategy=strategy, seed=0)
    learner.teach(labeled, labels)
    _ = learner.version.fitted
    for fits in {"oof_proba", "committee"} & strategy.requires:
        getattr(learner.version, fits)
    return learner


def our_query(cell: Cell, *task):
    """Return a function that runs one query of ours and returns the rows."""
    learner = our_learner(cell, *task)
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
    from sparing.numeric.kmeans import PASSES, sample_size

    rng = np.random.default_rng(0)
    centers = X[rng.choice(cell.n, N_LABELED + cell.batch, replace=False)]

    def all_pairs() -> None:
        for start in range(0, cell.n, 2000):
            block = X[start : start + 2000] @ X.T
            np.exp(block, out=block)

    def each_pick(others) -> None:
        _ = X @ others.T
        for pick in centers[N_LABELED:]:  # each depends on the one before
            _ = X @ pick

    def each_pass() -> None:
        sample = X[: sample_size(cell.n, len(centers))]
        for _ in range(PASSES):
            _ = sample @ centers.T
        _ = X @ centers.T

    if cell.strategy in COVERAGE:
        return all_pairs
    if cell.strategy == "typiclust":
        return each_pass
    if cell.strategy in TOP_K:
        centers = centers[:10]  # the classes; nothing is picked one by one
    return lambda: each_pick(centers[: N_LABELED if cell.strategy == "k_center" else 10])


def measure(cell: Cell) -> dict:
    """Run one cell; return its seconds, extra bytes and objective."""
    make = {"sparing": our_query, "scikit-activeml": peer_query, "floor": floor_query}[cell.side]
    small = Cell(cell.side, cell.strategy, "blobs", 2000, 10)
    make(small, *prepare(small))()  # imports and first-call work are not the query's
    task = prepare(cell)
    query = make(cell, *task)
    if cell.side == "floor":
        query()  # the clock and the cores are warm when the real work starts
    signal.setitimer(signal.ITIMER_PROF, LIMITS[cell.side])  # it ends the process
    before = _reset_peak()
    start = time.process_time()
    rows = query()
    seconds = time.process_time() - start
    extra = max(0, _peak() - before)
    signal.setitimer(signal.ITIMER_PROF, 0)
    result = {"seconds": seconds, "extra_bytes": extra}
    if rows is not None and cell.pool == "mnist":
        result["objective"] = objective(cell, task, np.asarray(rows))
    return result


def objective(cell: Cell, task, rows) -> float | None:
    """Return what the strategy strives for: mean utility, covering radius or mean coverage."""
    from sparing.models.version import take_snapshot
    from sparing.numeric.geometry import unit_rows

    X, labeled = task[:2]
    asked = X[np.concatenate([labeled, rows])]
    if cell.strategy == "k_center":
        return float(np.sqrt(max(d.max() for d in _squared(X, asked))))
    if cell.strategy not in (*TOP_K, *COVERAGE):
        return None
    learner = our_learner(cell, *task)
    strategy = learner.strategy
    s = take_snapshot(learner.pool, learner.version, strategy.requires, None)
    if cell.strategy in TOP_K:
        return float(strategy.utility(s)[np.searchsorted(s.candidates, rows)].mean())
    if cell.strategy == "probcover" and cell.side != "sparing":
        return None  # each side seeks its own radius
    coverage, weights = strategy._coverage(s), np.zeros(cell.n)
    weights[s.candidates] = coverage.weights
    X, asked = (unit_rows(A, coverage.middle) for A in (X, asked))
    covered = np.concatenate([coverage.kernel(squared) for squared in _squared(X, asked)])
    return float(weights @ covered / weights.sum())


def _squared(X, asked):
    """Yield each block's squared distances to the nearest of the rows asked."""
    for start in range(0, len(X), 5000):
        A = X[start : start + 5000].astype(np.float64)
        squared = (A**2).sum(1)[:, None] + (asked.astype(np.float64) ** 2).sum(1) - 2 * A @ asked.T
        yield np.maximum(squared.min(axis=1), 0)


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


# All cells


def run(cell: Cell) -> dict:
    """Run one cell in a fresh process; return what it measured, or why it failed."""
    command = [sys.executable, __file__, "--cell", json.dumps(asdict(cell))]
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
            env=os.environ | ONE_THREAD,
        )
        if done.returncode == -signal.SIGPROF:
            return {"failed": f"over {LIMITS[cell.side]} s"}
        if done.returncode:
            errors.seek(0)
            return {"failed": (errors.read().strip().splitlines() or ["killed"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def machine() -> dict:
    """Return what the figures depend on beside the code."""
    from importlib.metadata import version

    from threadpoolctl import threadpool_info

    kernels = {pool.get("architecture") for pool in threadpool_info()} - {None}
    versions = {name: version(name) for name in ("numpy", "scikit-learn", "scikit-activeml")}
    return {"cpus": os.cpu_count(), "openblas_kernel": ", ".join(kernels), **versions}


def finish(chosen: list[Cell], unfinished: Path) -> list[dict]:
    """Run the cells that are not there yet, keeping each as soon as it is done."""
    results = json.loads(unfinished.read_text()) if unfinished.exists() else []
    fields = asdict(chosen[0])
    known = [Cell(**{name: r[name] for name in fields}) for r in results]
    left = [cell for cell in chosen if cell not in known]
    start = time.monotonic()
    for i, cell in enumerate(left):
        results.append(asdict(cell) | run(cell))
        _replace(unfinished, results)
        said = results[-1].get("failed") or f"{results[-1]['seconds']:.2f} s"
        minutes = (time.monotonic() - start) / (i + 1) * (len(left) - i - 1) / 60
        print(f"{i + 1}/{len(left)} {cell.title}: {said}; about {minutes:.0f} min left", flush=True)
    return results


def _replace(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value, indent=1) + "\n")
    new.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help="run only the cells whose title has this text")
    parser.add_argument("--render", action="store_true", help="table and plot of the results again")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    if arguments.cell:
        warnings.simplefilter("ignore")  # of the peer and of the short fit
        print(json.dumps(measure(Cell(**json.loads(arguments.cell)))))
        return
    final, unfinished = arguments.out / "strategies.json", arguments.out / UNFINISHED
    if not arguments.render:
        chosen = [cell for cell in cells() if arguments.only in cell.title]
        results = finish(chosen, unfinished)
        if len(results) < len(cells()):
            return
        _replace(final, machine() | {"results": results})
        unfinished.unlink()
    write_report(json.loads(final.read_text()), arguments.out)


if __name__ == "__main__":
    main()

"""Shards: rows a second beside the bare read and the bare product, and what a certificate takes.

    OMP_NUM_THREADS=1 python benchmarks/scale.py [--rows 1000000] [--columns 64 384]
           [--labels 10000000 100000000] [--engine-rows 10000000] [--covered-rows 1000000]
           [--model-rows 200000] [--no-write]

Writes vectors into a temporary folder, so they are read out of the system's cache; the floors are
measured right before. Seconds are of one processor, so that a busy machine does not lengthen them
much; what two workers gain can only be told on a quiet one. The peak of memory is of a process of
its own, libraries and all. With --engine-rows two workers of this machine and two of Ray choose
from a pool of that many rows, in turn, in seconds of the clock; where Ray is not installed that is
left out. With --covered-rows a strategy that compares items chooses among all rows and in two
passes, and it is told how far the others are from what was chosen. With --model-rows rows are
chosen by the model that a project exports, which is not linear. What is not named is not
measured, and stays as it was.

Writes docs/benchmarks/scale.json and .md.
"""

import argparse
import importlib.util
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances_argmin_min

from scale_report import CLASSES, COVERING, SHARD, page
from sparing.encoders.registry import get_encoder
from sparing.learner.learner import ActiveLearner
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, save_model
from sparing.sharded.blocks import blocks_of_shard
from sparing.sharded.candidates import LIMIT
from sparing.sharded.engine import Engine, Local, one_thread
from sparing.sharded.predicting import predict_shards
from sparing.sharded.selecting import BestTask, WantedRows, best_of_shard, select_rows
from sparing.sharded.shardpool import hash_of, index_shards, open_shards
from sparing.sharded.two_passes import select_in_two_passes

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
PRODUCT = 1 << 19  # numbers, that lie in the cache of a core
N = 1000


def make_pool(folder: Path, rows: int, columns: int, dtype: str) -> None:
    """Write shards of numbers that mean nothing."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for first in range(0, rows, SHARD):
        X = rng.standard_normal((min(SHARD, rows - first), columns), dtype=np.float32)
        name = folder / f"part-{first // SHARD:04d}"
        if dtype == "int8":
            scale = np.abs(X).max(axis=1) / 127
            np.save(f"{name}.scales.npy", scale.astype(np.float32))
            X = np.rint(X / scale[:, None]).astype(np.int8)
        np.save(f"{name}.npy", X)
    index_shards(folder)


def make_model(path: Path, columns: int) -> None:
    X = np.random.default_rng(1).standard_normal((500, columns), dtype=np.float32)
    fitted = LogisticRegression().fit(X, X[:, :CLASSES].argmax(axis=1))
    told = FittedModel.of(fitted, np.arange(CLASSES), CLASSES)
    names = [f"class {i}" for i in range(CLASSES)]
    encoder = get_encoder("vectors").fit(X)
    save_model(path, SavedModel.of(told, encoder, classes=names, n_labeled=500, kind="vectors"))


def make_project_model(path: Path, columns: int) -> None:
    """Save the model that a project would export after 200 answers on 5,000 items."""
    X = np.random.default_rng(1).standard_normal((5000, columns), dtype=np.float32)
    codes = X[:, :CLASSES].argmax(axis=1)
    learner = ActiveLearner(X, model="auto", seed=0)
    learner.teach(np.arange(200), [f"class {code}" for code in codes[:200]])
    fitted, encoder = learner.version.fitted, get_encoder("vectors").fit(X)
    saved = SavedModel.of(fitted, encoder, classes=learner.classes, n_labeled=200, kind="vectors")
    save_model(path, saved)


def models(here: Path, rows: int, columns: int) -> dict[str, float]:
    """Return seconds in which rows are chosen by a linear model, and by that of a project."""
    folder = here / "vectors"
    make_pool(folder, rows, columns, "float32")
    manifest, found = open_shards(folder), {"rows": rows, "columns": columns}
    for name, make in (("linear", make_model), ("of a project", make_project_model)):
        make(here / f"{name}.npz", columns)
        wanted = WantedRows("margin", N, here / f"{name}.npz")
        found[name] = timed(lambda wanted=wanted: select_rows(folder, manifest, wanted))
    return found


def timed(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def bare_read(folder: Path) -> None:
    """Read every byte of the shards."""
    room = bytearray(1 << 22)
    for path in sorted(folder.glob("part-????.npy")):
        with path.open("rb", buffering=0) as stream:
            while stream.readinto(room):
                pass


def bare_product(folder: Path, columns: int) -> float:
    """Return the time of the products alone, of all rows with one column a class."""
    W, spent = np.ones((columns, CLASSES), np.float32), 0.0
    n = PRODUCT // columns
    for path in sorted(folder.glob("part-????.npy")):
        for block in blocks_of_shard(path):
            for first in range(0, len(block), n):
                X = block.vectors(slice(first, first + n)).copy()
                spent += timed(lambda X=X: X @ W)
    return spent


def measure(here: Path, rows: int, columns: int, dtype: str) -> dict[str, float]:
    """Return seconds of one pool."""
    folder, model = here / f"{dtype}-{columns}", here / f"model-{columns}.npz"
    make_pool(folder, rows, columns, dtype)
    make_model(model, columns)
    manifest = open_shards(folder)
    wanted = WantedRows("margin", N, model)
    found = {
        "bare read": timed(lambda: bare_read(folder)),
        "bare product": bare_product(folder, columns),
        "select": timed(lambda: select_rows(folder, manifest, wanted)),
        "predict": timed(lambda: predict_shards(folder, manifest, model, here / "labels-1")),
    }
    return {"rows": rows, **found}


def engines(rows: int, columns: int) -> dict[str, float]:
    """Return seconds of the clock in which two workers choose, and one: the best of three."""
    from sparing.sharded.ray_engine import on_ray

    with tempfile.TemporaryDirectory() as where:
        here = Path(where)
        make_pool(here / "pool", rows, columns, "float32")
        make_model(here / "model.npz", columns)
        manifest = open_shards(here / "pool")
        wanted = WantedRows("margin", N, here / "model.npz")
        found: dict[str, float] = {"rows": rows, "columns": columns, "load": os.getloadavg()[0]}
        start = time.perf_counter()
        with on_ray(2) as ray_engine:
            found["start of Ray"] = time.perf_counter() - start
            works: dict[str, Callable[[], Any]] = {
                "one worker": lambda: choose(Local(1)),
                "two workers": lambda: choose(Local(2)),
                "two of Ray Core": lambda: choose(ray_engine),
                "two of Ray Data": lambda: on_ray_data(tasks),
            }

            def choose(engine: Engine) -> Any:
                return select_rows(here / "pool", manifest, wanted, engine=engine)

            tasks = [
                BestTask(here / "pool", shard, i * SHARD, wanted)
                for i, shard in enumerate(manifest.shards)
            ]
            seconds: dict[str, list[float]] = {name: [] for name in works}
            for _ in range(3):
                for name, work in works.items():
                    seconds[name].append(clocked(work))

        def peaks(work: Callable[[BestTask], float]) -> float:
            return max(peak for _, peak in Local(2).run(work, tasks))

        # A worker that has done nothing has started, and has loaded the libraries.
        seconds["start of two workers"] = [clocked(lambda: peaks(peak_of_idle)) for _ in range(3)]
        found["MB idle"], found["MB at work"] = peaks(peak_of_idle), peaks(peak_of_best)
        return found | {name: min(times) for name, times in seconds.items()}


def on_ray_data(tasks: list[BestTask]) -> list[Any]:
    """Do the same by Ray Data, whose rows are the shards."""
    import ray

    ray.data.DataContext.get_current().enable_progress_bars = False
    made = ray.data.from_items([{"task": pickle.dumps(task)} for task in tasks])
    done = made.repartition(len(tasks)).map(best_in_row, concurrency=2, num_cpus=1)
    return [pickle.loads(row["best"]) for row in done.take_all()]  # noqa: S301  # our own


def best_in_row(row: dict[str, Any]) -> dict[str, Any]:
    one_thread()
    return {"best": pickle.dumps(best_of_shard(pickle.loads(row["task"])))}  # noqa: S301


def peak_of_best(task: BestTask) -> float:
    """Return the memory in MB that a worker has held at most, this shard included."""
    best_of_shard(task)
    return peak_of_idle(task)


def peak_of_idle(_: BestTask) -> float:
    return peak_memory()


def peak_memory() -> float:
    """Return the memory in MB that this process has held at most.

    What getrusage says begins, on Linux, with what the process held that this one came from.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def coverage(rows: int, columns: int) -> dict[str, float]:
    """Return how far rows are from what was chosen of all rows, and of candidates alone.

    Rows are of 300 clusters of very different sizes.
    """
    rng = np.random.default_rng(0)
    centers = 2 * rng.standard_normal((300, columns), dtype=np.float32)
    shares = 1 / np.arange(1, 301)
    with tempfile.TemporaryDirectory() as where:
        folder, parts = Path(where), []
        for first in range(0, rows, SHARD):
            n = min(SHARD, rows - first)
            near = centers[rng.choice(300, n, p=shares / shares.sum())]
            parts.append(near + rng.standard_normal((n, columns), dtype=np.float32))
            np.save(folder / f"part-{first // SHARD:04d}.npy", parts[-1])
        manifest, X = index_shards(folder), np.concatenate(parts)
        found: dict[str, float] = {"rows": rows, "columns": columns, "candidates": LIMIT}
        for strategy in COVERING:
            wanted = WantedRows(strategy, 200)
            for name, limit in (("all", rows), ("candidates", LIMIT)):
                chosen = select_in_two_passes(folder, manifest, wanted, {}, limit=limit)
                at = [int(row.shard[5:9]) * SHARD + row.row for row in chosen.rows]
                distances = to_nearest(X, X[at])
                found[f"{strategy} of {name}"] = float(distances.mean())
                found[f"{strategy} of {name}, most"] = float(distances.max())
    return found


def to_nearest(X: Any, chosen: Any) -> Any:
    """Return how far each row is from the nearest one that was chosen."""
    return np.concatenate(
        [
            pairwise_distances_argmin_min(X[first : first + SHARD], chosen)[1]
            for first in range(0, len(X), SHARD)
        ]
    )


def clocked(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_labels(folder: Path, rows: int) -> None:
    """Write labels as 'sparing predict' does, of a model that errs about as often as it says."""
    import pyarrow as pa
    from pyarrow import parquet

    rng, parts = np.random.default_rng(0), []
    folder.mkdir()
    for first in range(0, rows, SHARD):
        n = min(SHARD, rows - first)
        codes, same = rng.integers(0, 2, n, dtype=np.int32), np.zeros(n, np.int32)
        ids = pa.array(np.arange(first, first + n)).cast(pa.string())
        table = pa.table(
            {
                "id": ids,
                "label": pa.DictionaryArray.from_arrays(codes, ["no", "yes"]),
                "confidence": (1 - rng.random(n) ** 8 / 2).astype(np.float32),
                "model": pa.DictionaryArray.from_arrays(same, ["0" * 64]),
            }
        )
        path = folder / f"part-{first // SHARD:04d}.parquet"
        parquet.write_table(table, path)
        parts.append([path.name, n, hash_of(path)])
    facts = {"sparing_predictions": 1, "pool": "made up", "classes": ["no", "yes"]}
    facts |= {"rows": rows, "parts": parts, "bad": []}
    (folder / "predictions.json").write_text(json.dumps(facts))


def certify(labels: Path) -> dict[str, float]:
    """Return what the two runs of 'sparing certify' take, step by step, and the memory of both.

    A thousand labels are known before, and the model is wrong as often as it says.
    """
    from sparing.audit.audit import Claim
    from sparing.audit.autolabel import certified
    from sparing.audit.cost.labels_ahead import plan_ahead
    from sparing.audit.sampling import draw_audit
    from sparing.cli.auditfolder import AuditFolder
    from sparing.sharded.labeled import read_labeled_shards

    spent, folder = {}, AuditFolder(labels.parent / "audit")
    known = {str(row): "yes" for row in range(1000)}
    spent["hashed"] = timed(lambda: [hash_of(path) for path in sorted(labels.glob("*.parquet"))])
    start, began = time.process_time(), time.perf_counter()

    def done(step: str) -> None:
        nonlocal start
        spent[step], start = time.process_time() - start, time.process_time()

    pool = read_labeled_shards(labels, lambda: known)
    done("read")
    spent["read"] -= spent["hashed"]  # reading hashes all files, too
    p, claim = pool.predictions, Claim(0.02)
    plan = plan_ahead(p, claim)
    done("planned")
    audit = draw_audit(p, plan.n_audit, claim=claim, cut=plan.cut)
    folder.add(audit, pool)
    done("drawn")
    is_wrong = np.random.default_rng(1).random(len(audit.drawn)) > p.confidence[audit.drawn]
    said = (p.codes[audit.drawn] ^ is_wrong).tolist()
    answers = [
        (row, p.classes.values[c]) for row, c in zip(audit.drawn.tolist(), said, strict=True)
    ]
    labeled = certified(p, audit, answers)
    done("certified")
    spent["by the clock"] = time.perf_counter() - began - spent["hashed"]
    assert labeled.certificate is not None  # noqa: S101
    folder.save(labeled, labeled.certificate, pool)
    done("written")
    told = {"rows": len(p), "audited": len(audit.drawn), "handed back": len(labeled.remainder)}
    return {**told, **spent, "peak MB": peak_memory()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--columns", type=int, nargs="+", default=[64])
    parser.add_argument("--labels", type=int, nargs="+", default=[])
    parser.add_argument("--engine-rows", type=int, default=0)
    parser.add_argument("--covered-rows", type=int, default=0)
    parser.add_argument("--model-rows", type=int, default=0)
    parser.add_argument("--certify", type=Path, help="only these labels, as JSON")
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    if args.certify:
        print(json.dumps(certify(args.certify)))
        return
    file = OUT / "scale.json"
    told: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    for name, measured in pieces(args):
        print(name, measured, flush=True)
        told.setdefault(name[0], {})[name[1]] = {**measured, "load": os.getloadavg()[0]}
        if not args.no_write:
            file.write_text(json.dumps(told, indent=1) + "\n")
            (OUT / "scale.md").write_text(page(told))


def pieces(args: argparse.Namespace) -> Iterator[tuple[tuple[str, str], dict[str, float]]]:
    """Measure what was asked for; each piece is written when it is done."""
    for columns in args.columns if args.rows else ():
        for dtype in ("float32", "int8"):
            with tempfile.TemporaryDirectory() as here:
                found = measure(Path(here), args.rows, columns, dtype)
            yield ("pools", f"{args.rows:,} x {columns}, {dtype}"), found
    if args.engine_rows and importlib.util.find_spec("ray"):
        yield ("engines", f"{args.engine_rows:,} rows"), engines(args.engine_rows, args.columns[0])
    if args.model_rows:
        with tempfile.TemporaryDirectory() as here:
            found = models(Path(here), args.model_rows, 64)
        yield ("models", f"{args.model_rows:,} rows"), found
    if args.covered_rows:
        yield ("coverage", f"{args.covered_rows:,} rows"), coverage(args.covered_rows, 64)
    for rows in args.labels:
        with tempfile.TemporaryDirectory() as here:
            labels = Path(here, "labels")
            make_labels(labels, rows)
            alone = [sys.executable, __file__, "--certify", str(labels)]
            done = subprocess.run(alone, check=True, stdout=subprocess.PIPE)
            yield ("certify", f"{rows:,} labels"), json.loads(done.stdout)


if __name__ == "__main__":
    main()

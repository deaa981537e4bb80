"""What seeing is worth: label curves of ``auto`` by every default encoder, and what each costs.

    python benchmarks/encoders.py --data DIR [--sets photos,trec] [--seeds 2] [--pool 1500]

Sets: photographs of cats, dogs and raccoons; CLINC150 (150 intents), TREC (6 kinds of questions),
AG News (4 kinds of news) and SST-2 (good or bad) in ``DIR``; Fashion-MNIST from Debian's package
``dataset-fashion-mnist``; and a table: the texts of AG News beside a column of random dates, which
tell nothing. Each seed draws a pool and 1,000 test items (of the photographs a third); encoders
learn from the pool alone, ``ActiveLearner(X)`` is as shipped, and test labels are read to score
only. Results are written after every curve, so what was stopped is there as far as it came.

Beside the curves: seconds and memory per 1,000 items, and the bare network's seconds on the same
items, read before and in blocks as shipped. Seconds of the clock and of the processor: on a busy
machine only these can be compared.

Writes ``encoders.json`` and ``.md`` into ``docs/benchmarks``.
"""

import argparse
import csv
import json
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from platformdirs import user_cache_path

from sparing import ActiveLearner
from sparing.datasets.idx import parse_idx, unpack
from sparing.encoders import EfficientNetEncoder, MiniLmEncoder
from sparing.encoders.base import nobody
from sparing.encoders.choice import named_encoder
from sparing.encoders.kept import kept
from sparing.encoders.pretrained.pictures import framed

MARKS = (12, 25, 50, 100, 200)
N_TEST = 1000
HERE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"
FASHION = Path("/usr/share/datasets/fashion-mnist")
IDX_LIMIT = 1 << 30
BY_KIND = {
    "photos": ("hog", "efficientnet", "hog+efficientnet"),
    "drawings": ("glyph", "efficientnet", "glyph+efficientnet"),
    "texts": ("text", "minilm", "text+minilm"),
    "table": ("table", "table+minilm"),
}
COSTED = ("photos", "trec", "ag_news")
KINDS = {"photos": "images", "drawings": "images", "texts": "texts", "table": "table"}


class Labeled(NamedTuple):
    """Items of one kind, and their labels."""

    kind: str
    items: Any
    labels: Any


def photos(data: Path) -> Labeled:
    paths = sorted((data / "photos").glob("*/*"))
    return Labeled("photos", paths, [path.parent.name for path in paths])


def fashion(data: Path) -> Labeled:
    images, labels = (
        parse_idx(unpack(FASHION / f"train-{what}-ubyte.gz", IDX_LIMIT).raw, what)
        for what in ("images-idx3", "labels-idx1")
    )
    return Labeled("drawings", images, labels.astype(str).tolist())


def clinc(data: Path) -> Labeled:
    told = json.loads((data / "clinc" / "data_small.json").read_text("utf-8"))
    pairs = [pair for part in ("train", "val", "test") for pair in told[part]]
    return Labeled("texts", *map(list, zip(*pairs, strict=True)))


def trec(data: Path) -> Labeled:
    return _labeled_lines(data / "sentiment_trec" / "TREC.train.all")


def sst2(data: Path) -> Labeled:
    return _labeled_lines(data / "sentiment_trec" / "stsa.binary.train")


def ag_news(data: Path) -> Labeled:
    with (data / "ag_news" / "test.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    return Labeled("texts", [" ".join(row[1:]) for row in rows], [row[0] for row in rows])


def dated(data: Path) -> Labeled:
    _, texts, labels = ag_news(data)
    days = np.random.default_rng(0).integers(0, 730, len(texts))
    dates = (np.datetime64("2023-01-01") + days).astype(str)
    return Labeled("table", np.array([texts, dates], object).T, labels)


def _labeled_lines(path: Path) -> Labeled:
    lines = path.read_text("latin-1").strip("\n").split("\n")
    pairs = [line.split(" ", 1) for line in lines]
    return Labeled("texts", [text for _, text in pairs], [label for label, _ in pairs])


SETS: dict[str, Callable[[Path], Labeled]] = {
    "photos": photos,
    "trec": trec,
    "ag_news": ag_news,
    "ag_news_dated": dated,
    "sst2": sst2,
    "clinc": clinc,
    "fashion": fashion,
}


def curve(data: Labeled, encoder: str, seed: int, n_pool: int) -> list[float]:
    """Return the accuracy on the test items at each mark."""
    order = np.random.default_rng(seed).permutation(len(data.labels))
    n_test = min(N_TEST, len(order) // 3)
    test, pool = order[:n_test], order[n_test : n_test + n_pool]
    y = np.array(data.labels)
    made_by = named_encoder(encoder, KINDS[data.kind], taken(data.items, pool))
    X = made_by.fit_transform(taken(data.items, pool))
    X_test = made_by.transform(taken(data.items, test))
    learner = ActiveLearner(X, seed=seed, views=made_by.views)
    accuracy = []
    for mark in MARKS:
        query = learner.query(mark - len(learner.pool.labeled))
        learner.teach(query.indices, y[pool][query.indices].tolist())
        accuracy.append(float(np.mean(learner.predict(X_test) == y[test])))
    return accuracy


def taken(items: Any, rows: Any) -> Any:
    return items[rows] if isinstance(items, np.ndarray) else [items[i] for i in rows.tolist()]


def cost(data: Labeled, n: int = 300) -> dict[str, float]:
    """Return seconds per 1,000 items: all in, and right after it of the network alone."""
    items = taken(data.items, np.random.default_rng(0).permutation(len(data.labels))[:n])
    is_text = data.kind == "texts"
    encoder = MiniLmEncoder() if is_text else named_encoder("efficientnet", "images", items)
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder) / "warm"
        kept(warm, items[:40], encoder._through, nobody)
        whole = timed(lambda: kept(Path(folder) / "net", items, encoder._through, nobody))
    bare = bare_texts(encoder, items) if is_text else bare_pictures(encoder, items)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    per = 1000 / len(items)
    (clock, processor), (bare_clock, bare_processor) = whole, bare
    seconds = {"seconds": clock, "bare_seconds": bare_clock}
    seconds |= {"processor": processor, "bare_processor": bare_processor}
    return {name: value * per for name, value in seconds.items()} | {"peak_mb": peak}


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the clock, and of the processor, all threads together."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def bare_pictures(encoder: EfficientNetEncoder, items: Any) -> tuple[float, float]:
    """Return the seconds of the network on pictures that were read before, blocks as shipped."""
    frame, step = encoder._frame(), encoder._block_items(items)
    pixels = np.stack([framed(item, frame) for item in items])
    blocks = [frame.network_input(pixels[i : i + step]) for i in range(0, len(pixels), step)]
    return timed(lambda: [encoder._vectors(block) for block in blocks])


def bare_texts(encoder: MiniLmEncoder, items: list[str]) -> tuple[float, float]:
    """Return the seconds of the network on texts sorted by length, as the encoder has them."""
    step, texts = encoder._block_items(items), sorted(items, key=len)
    blocks = [texts[i : i + step] for i in range(0, len(texts), step)]
    return timed(lambda: [encoder._encode(block) for block in blocks])


def report(found: dict[str, Any]) -> str:
    head = ("set", "encoder", *map(str, MARKS), "seeds")
    about = (
        f"`python benchmarks/encoders.py`, {found['machine']}. Accuracy of `auto` on test items,"
        " after so many answers, by what it sees; pools of at most"
        f" {found['pool']:,}. So few seeds: differences of a point or two are luck."
    )
    costs = (
        "Seconds per 1,000 items, all in (files read, hashes, the cache written), and of the bare"
        " network on the same items right after, by the clock of a busy machine and by the"
        " processor; the peak is of the process, libraries and all."
    )
    lines = [
        "# What seeing is worth",
        "",
        about,
        "`ag_news_dated` is a table: the texts of `ag_news` beside a column of random dates.",
        "",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
    ]
    for key, curves in found["curves"].items():
        name, encoder = key.split("/")
        means = [f"{100 * value:.1f}" for value in np.mean(list(curves.values()), axis=0)]
        lines.append(f"| {' | '.join((name, encoder, *means, str(len(curves))))} |")
    lines += [
        "",
        costs,
        "",
        "| set | seconds | bare network | processor | bare network | ratio | peak |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, told in found["cost"].items():
        names = ("seconds", "bare_seconds", "processor", "bare_processor")
        seconds = [f"{told[key]:.1f}" for key in names]
        ratio = f"{told['processor'] / told['bare_processor']:.2f}"
        cells = (name, *seconds, ratio, f"{told['peak_mb']:.0f} MB")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--pool", type=int, default=1500)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    place = options.out / "encoders.json"
    found: dict[str, Any] = json.loads(place.read_text()) if place.exists() else {}
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    found |= {"machine": machine, "pool": options.pool}
    found.setdefault("curves", {})
    found.setdefault("cost", {})
    print(f"what networks make is kept in {user_cache_path('sparing')}", flush=True)

    def write() -> None:
        place.write_text(json.dumps(found, indent=1) + "\n")
        place.with_suffix(".md").write_text(report(found))

    for name in options.sets.split(","):
        data = SETS[name](options.data)
        if name in COSTED and name not in found["cost"]:
            found["cost"][name] = cost(data)
            write()
        for seed in range(options.seeds):
            for encoder in BY_KIND[data.kind]:
                curves = found["curves"].setdefault(f"{name}/{encoder}", {})
                if str(seed) not in curves:
                    curves[str(seed)] = curve(data, encoder, seed, options.pool)
                    print(name, encoder, seed, np.round(curves[str(seed)], 3), flush=True)
                    write()


if __name__ == "__main__":
    main()

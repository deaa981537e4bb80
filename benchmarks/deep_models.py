"""A network in the loop on MNIST: fitted anew each round or on from where it was, BALD or random.

    OMP_NUM_THREADS=1 python benchmarks/deep_models.py [--seeds 3] [--device cpu] [--no-write]

A pool of 2,000 training images that the founding article does not have, another one for each
seed; 20 labels at random, then 20 more a round up to 200; accuracy on the first 2,000 test images,
read to score alone. The network is a small CNN as everybody writes it; nothing of it was tuned.

Writes docs/benchmarks/deep_models.json and .md.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch import nn

from sparing import ActiveLearner
from sparing.datasets.mnist import load_mnist
from sparing.encoders import get_encoder
from sparing.models.dropout import DropoutClassifier

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
N_POOL, N_TEST, BATCH, N_LABELS = 2000, 2000, 20, 200
NOTE = """
The network was not tuned. The constants of `glyph` and of `auto` were once chosen on MNIST
training images, of which these pools are a part: its last row flatters it a little.
"""
MARKS = (20, 60, 100, 200)
EPOCHS = 40
NETWORKS: dict[str, dict[str, Any]] = {
    f"anew, {EPOCHS} epochs": {},
    "anew, 10 epochs": {"epochs": 10},
    f"warm, {EPOCHS} epochs": {"warm_start": 1.0},
    "warm, 10 epochs": {"warm_start": 1.0, "warm_epochs": 10},
    "half warm, 10 epochs": {"warm_start": 0.5, "warm_epochs": 10},
    "half warm, 20 epochs": {"warm_start": 0.5, "warm_epochs": 20},
}


class Convolutions(nn.Module):
    """Two convolutions, two layers, dropout before each of these."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
            *(nn.Dropout(0.25), nn.Linear(512, 64), nn.ReLU()),
            *(nn.Dropout(0.5), nn.Linear(64, 10)),
        )

    def forward(self, X: torch.Tensor) -> torch.Tensor:  # noqa: D102  # torch names it
        return self.layers(X)


def network(device: str, epochs: int = EPOCHS, **warm: Any) -> DropoutClassifier:
    net = NeuralNetClassifier(
        Convolutions,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=0.002,
        batch_size=32,
        iterator_valid__batch_size=500,
        max_epochs=epochs,
        train_split=None,
        verbose=0,
        device=device,
    )
    return DropoutClassifier(net, **warm)


def run(learner: ActiveLearner, start, y, X_test, y_test) -> dict[str, Any]:
    """Label to the end; return the accuracy at each round and what the fits took."""
    learner.teach(start, y[start])
    accuracy, seconds = {}, 0.0
    while True:
        began = time.process_time()
        learner.version.fitted  # noqa: B018  # fitted here, not within the query
        seconds += time.process_time() - began
        n = len(learner.pool.labeled)
        accuracy[n] = learner.score(X_test, y_test)
        if n == N_LABELS:
            return {"accuracy": accuracy, "seconds": seconds}
        rows = learner.query(BATCH).indices
        learner.teach(rows, y[rows])


def measure(mnist, seed: int, device: str):
    """Yield (name, strategy, outcome) of one pool."""
    rng = np.random.default_rng(seed)
    rows = 4000 + rng.permutation(len(mnist.train_images) - 4000)[:N_POOL]
    images, y = mnist.train_images[rows], mnist.train_labels[rows]
    tests, y_test = mnist.test_images[:N_TEST], mnist.test_labels[:N_TEST]
    start = rng.permutation(N_POOL)[:BATCH]
    X, X_test = (a.reshape(len(a), -1).astype(np.float32) / 255 for a in (images, tests))
    for name, settings in NETWORKS.items():
        for strategy in ("bald", "random"):
            model = network(device, **settings)
            learner = ActiveLearner(X, range(10), model, strategy, seed=seed)
            yield name, strategy, run(learner, start, y, X_test, y_test)
    encoder = get_encoder("glyph").fit(images)
    strokes, test_strokes = encoder.transform(images), encoder.transform(tests)
    learner = ActiveLearner(strokes, range(10), seed=seed)
    yield "`auto` on `glyph`", "auto", run(learner, start, y, test_strokes, y_test)


def page(results: dict[str, dict[str, list[dict[str, Any]]]], device: str) -> str:
    """Return the table of means and, after ±, of standard errors."""
    n = len(next(iter(next(iter(results.values())).values())))
    lines = [
        "# Networks in the loop",
        "",
        "What `benchmarks/deep_models.py` measured: a small CNN with dropout on MNIST, fitted",
        "anew in each round or going on from the round before, asked by BALD or at random. Test",
        f"accuracy in % (mean ± standard error of {n} pools of {N_POOL:,} digits), and the",
        f"{'processor' if device == 'cpu' else 'host processor'} seconds of ten fits on {device}.",
        "",
        "| model | asked by | " + " | ".join(f"{m} labels" for m in MARKS) + " | ten fits, s |",
        "|---|---|" + "---:|" * (len(MARKS) + 1),
    ]
    for name, by_strategy in results.items():
        for strategy, runs in by_strategy.items():
            at = np.array([[100 * r["accuracy"][m] for m in MARKS] for r in runs])
            error = at.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros(len(MARKS))
            cells = " | ".join(f"{a:.1f} ± {e:.1f}" for a, e in zip(at.mean(0), error, strict=True))
            seconds = np.mean([r["seconds"] for r in runs])
            lines.append(f"| {name} | {strategy} | {cells} | {seconds:.1f} |")
    return "\n".join(lines) + "\n" + NOTE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    mnist = load_mnist(offline=True)
    results: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for seed in range(args.seeds):
        for name, strategy, outcome in measure(mnist, seed, args.device):
            results.setdefault(name, {}).setdefault(strategy, []).append(outcome)
            print(seed, name, strategy, outcome, flush=True)
    if not args.no_write:
        told = {"device": args.device, "results": results}
        (OUT / "deep_models.json").write_text(json.dumps(told, indent=1) + "\n")
        (OUT / "deep_models.md").write_text(page(results, args.device))


if __name__ == "__main__":
    main()

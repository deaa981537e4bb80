import json
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from sparing.errors import InvalidInputError, MissingExtraError, TrainingError, UnknownNameError
from sparing.experiment import runner
from sparing.experiment.grid import Cell, TrialGrid
from sparing.experiment.prepared import prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.runner import read_cell, run_grid
from sparing.strategies import get_strategy


class Unfit(GaussianNB):
    """A model that cannot be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise ValueError("no")


@pytest.fixture
def grid(blobs):
    strategies = {"random": "random", "margin": "margin"}
    protocol = Protocol(budget=12, batch_size=4)
    data = prepare("blobs", blobs, protocol)
    return TrialGrid({"blobs": data}, strategies, 3, protocol, {"nb": GaussianNB()})


def quiet(*_):
    pass


def test_every_trial_is_run_and_kept(grid, tmp_path):
    ticks = []
    run = run_grid(grid, tmp_path, n_jobs=1, tick=lambda *t: ticks.append(t))
    assert [r.cell for r in run.results] == grid.cells()
    assert ticks == [(i, 6) for i in range(7)]
    assert (run.n_found, run.interrupted) == (0, False)
    for result in run.results:
        assert result.labels == [4, 8, 12]
        assert len(result.accuracy) == len(result.balanced_accuracy) == 3
        assert all(0 <= a <= 1 for a in result.accuracy)
    assert len(list(tmp_path.glob("*.json"))) == 6


def test_finished_trials_are_only_read(grid, tmp_path, monkeypatch):
    first = run_grid(grid, tmp_path, n_jobs=1, tick=quiet)
    monkeypatch.setattr(runner, "run_trial", pytest.fail)
    again = run_grid(grid, tmp_path, n_jobs=1, tick=quiet)
    assert again.n_found == 6
    assert again.results == first.results


def test_a_damaged_file_is_run_again(grid, tmp_path):
    run_grid(grid, tmp_path, n_jobs=1, tick=quiet)
    first, second, *_ = sorted(tmp_path.glob("*.json"))
    first.write_text("{")
    second.write_text('{"labels": []}')
    assert run_grid(grid, tmp_path, n_jobs=1, tick=quiet).n_found == 4


def test_more_seeds_go_on_from_those_there_are(grid, tmp_path):
    run_grid(grid, tmp_path, n_jobs=1, tick=quiet)
    more = TrialGrid(grid.datasets, grid.strategies, 4, grid.protocol, grid.models)
    assert run_grid(more, tmp_path, n_jobs=1, tick=quiet).n_found == 6


def test_workers_give_what_one_process_gives(grid, tmp_path):
    one = run_grid(grid, tmp_path / "one", n_jobs=1, tick=quiet)
    two = run_grid(grid, tmp_path / "two", n_jobs=2, tick=quiet)
    assert [replace(r, seconds=0) for r in one.results] == [
        replace(r, seconds=0) for r in two.results
    ]


def test_what_defines_a_trial_changes_its_key(grid, blobs):
    cell = grid.cells()[0]
    same = {
        "datasets": grid.datasets,
        "strategies": grid.strategies,
        "n_seeds": 3,
        "protocol": grid.protocol,
        "models": grid.models,
    }
    flipped = replace(blobs, labels=[*reversed(blobs.labels)])
    parts = {
        "datasets": {"blobs": prepare("blobs", flipped, grid.protocol)},
        "protocol": Protocol(budget=12, batch_size=6),
        "models": {"nb": GaussianNB(var_smoothing=1e-3)},
        "strategies": {"random": get_strategy("margin")},
    }
    keys = {TrialGrid(**{**same, name: value}).key(cell) for name, value in parts.items()}
    keys |= {grid.key(c) for c in (cell, replace(cell, seed=7), replace(cell, encoder="x"))}
    assert len(keys) == 7
    # Names that only the person sees do not change it.
    renamed = TrialGrid(**{**same, "datasets": {"new name": grid.datasets["blobs"]}})
    assert renamed.key(replace(cell, dataset="new name")) == grid.key(cell)


def test_an_interrupt_keeps_what_is_done(grid, tmp_path):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    run = run_grid(grid, tmp_path, n_jobs=1, tick=stop)
    assert run.interrupted
    assert len(run.results) == 2
    assert run_grid(grid, tmp_path, n_jobs=1, tick=quiet).n_found == 2


def test_a_model_that_fails_stops_the_run_and_says_why(grid, tmp_path):
    broken = TrialGrid(grid.datasets, grid.strategies, 1, grid.protocol, {"unfit": Unfit()})
    with pytest.raises(TrainingError, match=r"Unfit could not be fitted .*: no"):
        run_grid(broken, tmp_path, n_jobs=1, tick=quiet)


def test_errors_of_a_worker_reach_the_person_as_they_are():
    for error in (UnknownNameError("model", "linar", ["linear"]), MissingExtraError("a", "b", "C")):
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
        assert type(copy) is type(error)
        assert str(copy) == str(error)


SCRIPT = """
import sys
from pathlib import Path
from sklearn.datasets import load_iris
from sparing.datasets.items import Items, Labeled
from sparing.experiment.grid import TrialGrid
from sparing.experiment.prepared import prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.runner import run_grid
X, y = load_iris(return_X_y=True)
data = Labeled(Items("vectors", X, [str(i) for i in range(150)], "iris"), [str(v) for v in y])
protocol = Protocol(20, 1)
grid = TrialGrid({"iris": prepare("iris", data, protocol)}, {"random": "random"}, 200, protocol)
run_grid(grid, Path(sys.argv[1]), n_jobs=1, tick=lambda *_: None)
"""


def test_a_kill_leaves_only_whole_files(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path])
    while len(list(tmp_path.glob("*.json"))) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    cell = Cell("iris", "default", "auto", "random", 0)
    kept = [read_cell(path, cell) for path in tmp_path.glob("*.json")]
    assert len(kept) >= 3
    assert None not in kept
    assert all(json.loads(path.read_text()) for path in tmp_path.glob("*.json"))


def test_initial_labels_are_the_same_for_all_strategies(blobs, tmp_path):
    protocol = Protocol(budget=9, batch_size=3, n_initial=6)
    strategies = {"random": "random", "margin": "margin", "k_center": "k_center"}
    data = prepare("blobs", blobs, protocol)
    grid = TrialGrid({"blobs": data}, strategies, 2, protocol, {"lr": LogisticRegression()})
    results = run_grid(grid, tmp_path, n_jobs=1, tick=quiet).results
    for seed in range(2):
        first = {r.accuracy[0] for r in results if r.cell.seed == seed}
        assert len(first) == 1
    assert results[0].labels == [6, 9]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["a"] * 60}, "All 60 items of blobs have the label 'a'"),
        ({"labels": [str(i) for i in range(60)]}, "60 different labels"),
        ({"same": True}, "All 60 items of blobs are the same"),
        ({"budget": 50}, "A budget of 50 labels is more than blobs has .* 18 are the test, 42"),
    ],
)
def test_data_that_cannot_be_compared_on(blobs, change, message):
    items = blobs.items
    if "same" in change:
        items = replace(items, values=np.ones((60, 2), np.float32))
    data = replace(blobs, items=items, labels=change.get("labels", blobs.labels))
    with pytest.raises(InvalidInputError, match=message):
        prepare("blobs", data, Protocol(change.get("budget", 12), 4))


def test_protocols_are_checked():
    with pytest.raises(InvalidInputError, match=r"'batch_size' .* in \[1, 10\]"):
        Protocol(budget=10, batch_size=11)
    with pytest.raises(InvalidInputError, match="'n_initial'"):
        Protocol(budget=10, batch_size=1, n_initial=11)

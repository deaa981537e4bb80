"""Shards on a real Ray of this machine: the same answers, killed workers replaced, faults said."""

import importlib
import importlib.util
import socket
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing.cli.app import run as sparing
from sparing.encoders.registry import get_encoder
from sparing.errors import ShardError
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, save_model
from sparing.sharded import ray_engine
from sparing.sharded.engine import run_all
from sparing.sharded.ray_engine import OnRay, on_ray
from sparing.sharded.shardpool import index_shards

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(
    not HAS_RAY, reason="Ray is not installed: pip install 'sparing[ray]'"
)
needs_tables = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed"
)

FUNCTIONS = """
import os, pathlib, signal, time
from sparing.errors import ShardError

HERE = pathlib.Path(__file__).parent

def square(task):
    time.sleep(0.05 * (task % 2))  # so that others arrive before it
    return task * task

def dies_once(task):
    if task == 2 and not (HERE / "mark").exists():
        (HERE / "mark").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task

def dies_always(task):
    os.kill(os.getpid(), signal.SIGKILL)

def is_bad(task):
    if task == 1:
        raise ShardError("One is bad.")
    return task

def fails(task):
    raise ZeroDivisionError("not a matter of shards")
"""


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """A module that workers can import, too."""
    place = tmp_path_factory.mktemp("functions")
    (place / "for_workers.py").write_text(FUNCTIONS)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(place)
        patched.setenv("PYTHONPATH", str(place), prepend=":")
        yield importlib.import_module("for_workers")
    del sys.modules["for_workers"]


@pytest.fixture(scope="module")
def engine(functions):
    """Ray of this machine, which takes a while to start."""
    with on_ray(2) as found:
        yield found


@needs_ray
def test_what_ray_does_is_what_this_machine_does(engine, functions):
    assert run_all(functions.square, range(7), engine=engine) == (
        [n * n for n in range(7)],
        (),
    )
    assert dict(OnRay(1).run(functions.square, range(3))) == {0: 0, 1: 1, 2: 4}
    assert [*engine.run(functions.square, [])] == []


@needs_ray
def test_a_worker_of_ray_that_is_killed_is_run_again_and_at_the_third_time_named(engine, functions):
    assert sorted(engine.run(functions.dies_once, range(4))) == [(i, i * i) for i in range(4)]
    assert (functions.HERE / "mark").exists()
    with pytest.raises(ShardError, match="killed 3 times at 7"):
        list(engine.run(functions.dies_always, [7]))


@needs_ray
def test_bad_shards_are_named_or_skipped_and_other_faults_are_as_they_were(engine, functions):
    good, bad = run_all(functions.is_bad, range(3), engine=engine, skip_bad=True)
    assert (good, bad) == ([0, 2], ("One is bad.",))
    with pytest.raises(ZeroDivisionError, match="not a matter of shards"):
        list(engine.run(functions.fails, [1]))


POOL_COMMANDS = (
    ["select", "vectors", "--strategy", "random", "-n", "9", "--out", "{}/ask.csv"],
    ["select", "vectors", "--model", "model.npz", "-n", "9", "--out", "{}/best.csv"],
    ["select", "vectors", "--strategy", "k_center", "-n", "9", "--out", "{}/covering.csv"],
    ["predict", "model.npz", "vectors", "--out", "{}/labels"],
    ["certify", "{}/labels", "--epsilon", "0.2", "--out", "{}/audit"],
    ["encode", "texts.csv", "--encoder", "text", "--rows", "4", "--out", "{}/encoded"],
)


CERTIFIED = ["certify", "{}/labels", "--out", "{}/audit"]


def answer(folder):
    """Say of all that was drawn that the model is right."""
    from pyarrow import parquet

    parts = (folder / "labels").glob("*.parquet")
    told = [row for part in parts for row in parquet.read_table(part).to_pylist()]
    label_of = {row["id"]: row["label"] for row in told}
    table = folder / "audit" / "audit-1.csv"
    head, *lines = table.read_text("utf-8").splitlines()
    names = [line.split(",")[0] for line in lines]
    table.write_text("\n".join([head, *(f"{name},{label_of[name]}" for name in names)]), "utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A pool and a model of it."""
    place = tmp_path_factory.mktemp("pool")
    rng = np.random.default_rng(0)
    (place / "vectors").mkdir()
    for part in range(3):
        X = rng.standard_normal((40, 4), dtype=np.float32)
        np.save(place / "vectors" / f"part-{part}.npy", X)
    index_shards(place / "vectors")
    (place / "texts.csv").write_text("id,text\n" + "".join(f"n{i},a red {i}\n" for i in range(8)))
    fitted = LogisticRegression().fit(X, X[:, 0] > 0)
    told = FittedModel.of(fitted, np.arange(2), 2)
    encoder = get_encoder("vectors").fit(X)
    saved = SavedModel.of(told, encoder, classes="ab", n_labeled=40, kind="vectors")
    save_model(place / "model.npz", saved)
    return place


@needs_ray
@needs_tables
def test_the_same_commands_write_the_same_files_on_ray(engine, place, monkeypatch):
    """As one process of this machine does, which starts nothing."""
    monkeypatch.chdir(place)
    asked = []

    @contextmanager
    def running(workers, address):
        asked.append((workers, address))
        yield engine  # started once for all of these tests

    monkeypatch.setattr(ray_engine, "on_ray", running)
    for where, more in (("here", []), ("ray", ["--engine", "ray"])):
        (place / where).mkdir()
        for command in (*POOL_COMMANDS, CERTIFIED):
            if command is CERTIFIED:
                answer(place / where)
            assert sparing([part.format(where) for part in command] + more) == 0
    assert asked == [(1, None)] * (len(POOL_COMMANDS) + 1)
    files = sorted(path.relative_to(place / "here") for path in (place / "here").rglob("*.*"))
    files.remove(Path("encoded", "manifest.json"))  # it has the times of the files
    assert Path("audit", "certificate.json") in files
    assert Path("audit", "labels", "part-2.npy.labels.parquet") in files
    assert len([file for file in files if file.parts[0] != "audit"]) == 3 + 3 + 1 + 2 * 2 + 2
    for file in files:
        assert (place / "here" / file).read_bytes() == (place / "ray" / file).read_bytes()


def said(capsys, *more, status=1):
    assert sparing(["select", "vectors", "--strategy", "random", "-n", "2", *more]) == status
    return " ".join(capsys.readouterr().err.split())


@needs_ray
def test_an_address_where_no_cluster_is_is_said_at_once(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        told = said(capsys, "--engine", "ray", "--address", address)
    assert (
        told
        == f"sparing: No Ray cluster answers at {address}: 'ray start --head' starts one there."
    )
    assert "must be HOST:PORT. Got here instead" in said(
        capsys, "--engine", "ray", "--address", "here"
    )


def test_what_is_missing_or_makes_no_sense_is_said(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert "--address goes with --engine ray" in said(capsys, "--address", "h:1", status=2)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "Workers on Ray need ray: pip install 'sparing[ray]'" in said(capsys, "--engine", "ray")


@needs_ray
def test_nothing_listens_but_for_this_machine(engine):
    import ray

    assert ray.util.get_node_ip_address() == "127.0.0.1"

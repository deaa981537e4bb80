"""Pools of shards: the same answers as in memory, whatever the workers; bad input in one line."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing.cli.app import run as sparing
from sparing.encoders.registry import get_encoder
from sparing.errors import CapabilityError, ShardError
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, load_model, save_model
from sparing.pool.snapshot import Snapshot
from sparing.sharded import blocks
from sparing.sharded.blocks import blocks_of_shard
from sparing.sharded.engine import Local
from sparing.sharded.manifest import read_manifest
from sparing.sharded.selecting import WantedRows, select_rows, strategies_over_shards
from sparing.sharded.shardfile import first_not_kept, is_kept
from sparing.sharded.shardpool import index_shards, open_shards
from sparing.strategies import measures
from sparing.strategies.registry import STRATEGIES, get_strategy

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

COLUMNS, ROWS = 6, 400


def vectors(n=3 * ROWS, seed=0):
    return np.random.default_rng(seed).standard_normal((n, COLUMNS), dtype=np.float32)


@pytest.fixture
def folder(tmp_path):
    """Three .npy shards with ids."""
    where = tmp_path / "vectors"
    where.mkdir()
    for part, X in enumerate(np.split(vectors(), 3)):
        np.save(where / f"part-{part}.npy", X)
        names = "\n".join(f"item-{part}-{row}" for row in range(ROWS))
        (where / f"part-{part}.ids.txt").write_text(names)
    index_shards(where)
    return where


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    X = vectors(200, seed=1)
    fitted = LogisticRegression().fit(X, X[:, :3].argmax(axis=1))
    told = FittedModel.of(fitted, np.arange(3), 3)
    encoder = get_encoder("vectors").fit(X)
    path = tmp_path_factory.mktemp("model") / "model.npz"
    saved = SavedModel.of(told, encoder, classes="abc", n_labeled=200, kind="vectors")
    save_model(path, saved)
    return path


def chosen(folder, strategy="margin", n=50, *, model=None, excluded=(), seed=0, workers=1):
    wanted = WantedRows(strategy, n, model, frozenset(excluded), seed)
    return select_rows(folder, open_shards(folder), wanted, engine=Local(workers))


def names(choice):
    return [row.item_id for row in choice.rows]


def test_the_best_of_the_shards_are_the_best_of_the_pool(folder, model):
    utility = measures.margin(load_model(model).proba_of(vectors()))
    best = np.argsort(-utility, kind="stable")[:50]
    assert names(chosen(folder, model=model)) == [f"item-{i // ROWS}-{i % ROWS}" for i in best]


@pytest.mark.parametrize("strategy", ["margin", "random"])
def test_two_workers_choose_what_one_does(folder, model, strategy):
    one, two = (chosen(folder, strategy, model=model, workers=n) for n in (1, 2))
    assert [(r.item_id, r.utility) for r in one.rows] == [(r.item_id, r.utility) for r in two.rows]


def test_ties_and_draws_go_by_the_seed_and_every_shard_has_its_share(folder):
    one, again, other = (names(chosen(folder, "random", 300, seed=s)) for s in (0, 0, 1))
    assert one == again != other
    counts = [sum(name.startswith(f"item-{part}-") for name in one) for part in range(3)]
    assert sum(counts) == len(set(one)) == 300
    assert min(counts) > 70
    assert chosen(folder, "random", 2).rows[1].propensity == 1 / (3 * ROWS - 1)


def test_what_is_labeled_is_not_asked_again(folder, model):
    first = names(chosen(folder, model=model))
    then = chosen(folder, model=model, excluded=first)
    assert not {*first} & {*names(then)}
    assert then.n_candidates == 3 * ROWS - 50
    assert names(then) == names(chosen(folder, model=model, n=100))[50:]


def seen(proba):
    rows, nobody = np.ones(len(proba), bool), np.empty(0, int)
    return Snapshot(np.zeros((len(proba), 1)), rows, nobody, nobody, proba.shape[1], proba=proba)


@pytest.mark.parametrize("name", sorted(n for n, s in STRATEGIES.items() if s.is_pointwise))
def test_a_pointwise_strategy_sees_a_row_alone_as_among_others(name):
    proba = np.random.default_rng(0).dirichlet(np.ones(4), 40)
    strategy = get_strategy(name)
    assert strategy.requires == {"proba"}
    whole = strategy.utility(seen(proba))
    assert [strategy.utility(seen(proba[[row]]))[0] for row in range(40)] == whole.tolist()


def test_parquet_and_small_types_are_read(tmp_path):
    X = vectors(500)
    scale = np.abs(X).max(axis=1) / 127
    small = np.round(X / scale[:, None]).astype(np.int8)
    np.save(tmp_path / "a.npy", small)
    np.save(tmp_path / "a.scales.npy", scale)
    flat = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), COLUMNS)
    parquet.write_table(pa.table({"v": flat, "id": map(str, range(500))}), tmp_path / "b.parquet")
    np.save(tmp_path / "c.npy", X.astype(np.float16))
    np.save(tmp_path / "d.npy", np.asfortranarray(X))
    for name, near in (("a.npy", 0.02), ("b.parquet", 0), ("c.npy", 0.01), ("d.npy", 0)):
        read = np.concatenate(
            [block.vectors().copy() for block in blocks_of_shard(tmp_path / name)]
        )
        assert np.abs(read - X).max() <= near, name
        assert read.dtype == np.float32


def test_other_scales_are_another_pool(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 2), np.int8))
    np.save(tmp_path / "a.scales.npy", np.ones(3))
    before = index_shards(tmp_path).digest
    np.save(tmp_path / "a.scales.npy", np.full(3, 2.0))
    assert index_shards(tmp_path).digest != before


def predict(model, folder, out, *more):
    return sparing(["predict", str(model), str(folder), "--out", str(out), *more])


def test_labels_of_shards_are_the_models_and_a_second_run_makes_only_what_is_missing(
    folder, model, tmp_path, capsys
):
    out = tmp_path / "labels"
    assert predict(model, folder, out) == 0
    told = json.loads((out / "predictions.json").read_text())
    parts = [out / file for file, _, _ in told["parts"]]
    table = pa.concat_tables([parquet.read_table(part).unify_dictionaries() for part in parts])
    proba = load_model(model).proba_of(vectors())
    assert table["label"].to_pylist() == ["abc"[code] for code in proba.argmax(axis=1)]
    assert np.allclose(table["confidence"].to_numpy(), proba.max(axis=1))
    assert table["id"][ROWS + 3].as_py() == "item-1-3"
    parts[1].write_bytes(parts[1].read_bytes()[:-50])  # as a kill on a bad disk leaves it
    before = parts[0].stat().st_mtime_ns
    capsys.readouterr()
    assert predict(model, folder, out, "--workers", "2") == 0
    assert "(2 of its files were there)" in capsys.readouterr().err
    assert parts[0].stat().st_mtime_ns == before
    assert json.loads((out / "predictions.json").read_text()) == told


KILLER = """
import os, pathlib, signal

MARK = pathlib.Path(__file__).with_name("mark")

def dies_once(task):
    if task == 2 and not MARK.exists():
        MARK.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task

def dies_always(task):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killer(tmp_path, monkeypatch):
    """A module that workers can import, too."""
    (tmp_path / "killer.py").write_text(KILLER)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("killer")
    del sys.modules["killer"]


def test_a_worker_that_is_killed_is_run_again(killer):
    done = Local(2).run(killer.dies_once, range(5))
    assert sorted(done) == [(i, i * i) for i in range(5)]
    assert killer.MARK.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the server of workers in /proc")
def test_an_interrupt_while_workers_are_started_is_one_line(folder, tmp_path):
    """The server that reads the modules, and the workers, say nothing of it."""
    command = ["select", folder, "--strategy", "random", "-n", "9", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sparing", *command, "--out", tmp_path / "ask.csv"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, as in a terminal
    )
    tasks = Path(f"/proc/{process.pid}/task")
    while not any(b"forkserver" in line for line in commands_under(tasks)):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err == "sparing: Interrupted.\n"
    assert not (tmp_path / "ask.csv").exists()


def commands_under(tasks):
    """Return the command lines of the processes that one has started, as far as they are there."""
    lines = []
    for file in tasks.glob("*/children"):
        with suppress(OSError):
            lines += [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in file.read_text().split()]
    return lines


def test_a_worker_that_is_always_killed_stops_the_run(killer):
    with pytest.raises(ShardError, match="killed 3 times at 7"):
        list(Local(2).run(killer.dies_always, [7]))


@pytest.mark.parametrize("by_standard_input", [False, True])
def test_a_script_that_workers_cannot_read_is_said_to_be_one(tmp_path, by_standard_input):
    script = "from sparing.sharded.engine import Local\nlist(Local(2).run(abs, [-1, 2]))\n"
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-" if by_standard_input else tmp_path / "script.py"],
        input=script if by_standard_input else "",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "EngineError: No worker could start." in done.stderr
    assert "__name__ == " in done.stderr


def fault(capsys, *command):
    assert sparing([str(part) for part in command]) == 1
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if line.startswith("sparing: ")]
    assert len(lines) == 1
    return lines[0]


def saved_as(X, name="part-1.npy"):
    def change(folder):
        np.save(folder / name, X)

    return change


def cut(folder):
    path = folder / "part-1.npy"
    path.write_bytes(path.read_bytes()[:-100])


def renamed(name):
    def change(folder):
        path = folder / "part-1.ids.txt"
        ids = path.read_text(encoding="utf-8").split("\n")
        path.write_text("\n".join([*ids[:5], name, *ids[6:]]), encoding="utf-8")

    return change


def with_nan():
    X = vectors(ROWS)
    X[7, 2] = np.nan
    return X


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (saved_as(vectors(ROWS)[:, :4]), "has 4 columns of float32, and part-0.npy 6 of float32"),
        (saved_as(vectors(ROWS).astype(np.float16)), "has 6 columns of float16"),
        (saved_as(with_nan()), "has NaN, infinity or too large values in rows 0 to 399"),
        (cut, "is truncated"),
        (lambda f: (f / "part-1.ids.txt").write_text("a\nb"), "has 2 ids, and part-1.npy 400 rows"),
        (
            lambda f: (f / "part-2.ids.txt").write_text((f / "part-1.ids.txt").read_text()),
            "Id 'item-1-0' occurs 2 times",
        ),
        (renamed("item-1-5 "), "part-1.npy has the id 'item-1-5 ' in row 5, and tables of answers"),
        (renamed("\u00a0item-1-5"), "has the id '\\xa0item-1-5' in row 5"),
        (renamed(""), "has the id '' in row 5"),
    ],
)
def test_no_manifest_is_written_of_bad_shards(folder, capsys, change, said):
    (folder / "manifest.json").unlink()
    change(folder)
    assert said in fault(capsys, "shards", folder)
    assert not (folder / "manifest.json").exists()


def test_what_a_table_does_not_give_back_is_found_alike_in_python_and_in_arrow():
    signs = [chr(n) for n in range(0x3100) if not 0xD800 <= n < 0xE000]
    texts = ["", *(f"{sign}x" for sign in signs), *(f"x{sign}x" for sign in signs)]
    lost = [name for name in texts if not is_kept(name)]
    assert {"", " x", "\u00a0x", "\u3000x", "x\rx", "x\0x"} <= {*lost}
    assert not {"x x", "xx", "x\nx"} & {*lost}
    assert [name for name in texts if first_not_kept(pa.array([name], pa.large_string())) == 0] == (
        lost
    )
    assert first_not_kept(pa.array(["a", "b", None, ""], pa.large_string())) == 2
    assert first_not_kept(pa.array(["a", "b"], pa.large_string())) == -1


def test_a_shard_that_changed_stops_the_run_or_is_skipped_and_counted(folder, model, capsys):
    saved_as(vectors(ROWS, seed=9))(folder)
    said = fault(capsys, "select", folder, "--model", model)
    assert "part-1.npy is not the shard that the manifest names" in said
    assert sparing(["select", str(folder), "--model", str(model), "--skip-bad"]) == 0
    told = capsys.readouterr()
    assert "1 shard was skipped" in told.err
    assert "part-1.npy" not in told.out
    for strategy in ("margin", "k_center"):
        asked = ("--strategy", strategy, "--model", model, "-n", 801)
        said = fault(capsys, "select", folder, *asked, "--skip-bad")
        assert "801 items were asked for and 800 may be asked. 1 skipped: " in said
        assert "part-1.npy is not the shard that the manifest names" in said


def test_numbers_that_float32_cannot_hold_are_refused_without_a_warning(tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.full((3, 2), 1e300))
    assert "a.npy has NaN, infinity or too large values" in fault(capsys, "shards", tmp_path)


@pytest.mark.parametrize("command", ["select", "predict"])
def test_a_truncated_shard_is_named_before_any_is_read(
    folder, model, tmp_path, capsys, monkeypatch, command
):
    cut(folder)
    asked = {
        "select": ["select", folder, "--model", model],
        "predict": ["predict", model, folder, "--out", tmp_path / "labels"],
    }[command]
    with monkeypatch.context() as nobody_reads:
        nobody_reads.setattr("sparing.sharded.engine.tried", None)
        said = fault(capsys, *asked)
    assert "part-1.npy has 9,628 bytes, and 9,728 in the manifest: copy it again" in said
    assert "--skip-bad goes on without it" in said
    assert not (tmp_path / "labels").exists()
    assert sparing([*map(str, asked), "--skip-bad"]) == 0
    assert "1 shard was skipped" in capsys.readouterr().err


def test_a_shard_that_ends_while_it_is_read_is_named(folder, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 16)
    monkeypatch.setattr(blocks, "WINDOW", 1)
    path = folder / "part-1.npy"
    read = blocks.blocks_of_shard(path)
    next(read)
    cut(folder)
    with pytest.raises(ShardError, match=r"part-1.npy cannot be read: mmap length is greater"):
        list(read)


def test_a_copy_is_the_same_pool(folder, model):
    before = names(chosen(folder, model=model))
    os.utime(folder / "part-1.npy", ns=(1, 1))
    assert names(chosen(folder, model=model)) == before


@pytest.mark.parametrize("name", strategies_over_shards())
def test_what_an_error_names_is_no_error(folder, model, name):
    wanted = WantedRows(name, 5, model)
    assert len(select_rows(folder, open_shards(folder), wanted).rows) == 5


def test_what_cannot_be_is_said_in_one_line(folder, model, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert "has no shards" in fault(capsys, "shards", tmp_path / "empty")
    assert "'sparing shards" in fault(capsys, "select", tmp_path / "empty")
    with pytest.raises(CapabilityError, match="compares items"):
        chosen(folder, "k_center")
    assert "There is no strategy 'uncertainty'. Did you mean 'least_confidence'?" in fault(
        capsys, "select", folder, "--strategy", "uncertainty"
    )
    assert "name it with --model" in fault(capsys, "select", folder)
    assert "1201 items were asked for and 1200" in fault(
        capsys, "select", folder, "-n", 1201, "--strategy", "random"
    )
    np.save(folder / "part-9.npy", vectors(3))
    assert "part-9.npy is not in the manifest" in fault(capsys, "select", folder, "--model", model)
    (folder / "part-9.npy").unlink()
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 400', '"rows": 401', 1))
    assert "was changed by hand" in fault(capsys, "select", folder, "--model", model)


def test_a_model_of_another_width_is_refused(model, tmp_path, capsys):
    np.save(tmp_path / "a.npy", vectors(9)[:, :3])
    index_shards(tmp_path)
    said = fault(capsys, "select", tmp_path, "--model", model, "-n", 1)
    assert "reads vectors of 6 columns; the shards have 3" in said
    assert read_manifest(tmp_path).columns == 3
    assert "reads vectors of 6" in fault(
        capsys, "predict", model, tmp_path, "--out", tmp_path / "o"
    )


def test_a_full_disk_is_no_bad_shard(folder, model, tmp_path, capsys):
    out = tmp_path / "file"
    out.write_text("in the way")
    said = fault(capsys, "predict", model, folder, "--out", out, "--skip-bad")
    assert "cannot be written" in said


def test_what_a_killed_run_of_labels_had_begun_is_removed_by_the_next(folder, model, tmp_path):
    out = tmp_path / "labels"
    out.mkdir()
    (out / ".part-0.npy.labels.parquet.0a1b2c3d").write_bytes(b"half of it")
    assert predict(model, folder, out) == 0
    assert not [*out.glob(".*")]


def test_labels_need_a_folder_of_their_own(folder, model, tmp_path, capsys):
    """Among the shards they would be taken for some, and no command would read the pool again."""
    (tmp_path / "link").symlink_to(folder)
    encoding = tmp_path / "half"
    encoding.mkdir()
    (encoding / "encoding.json").write_text("{}")
    for source, out in (
        (folder, folder),
        (folder, tmp_path / "link"),
        (folder.as_uri(), folder),
        (folder, encoding),
    ):
        before = sorted(out.iterdir())
        told = fault(capsys, "predict", model, source, "--out", out)
        assert "holds vectors, and labels need a folder of their own" in told
        assert sorted(out.iterdir()) == before
    assert predict(model, folder, folder / "labels") == 0
    assert predict(model, folder, folder / "labels") == 0
    assert open_shards(folder).rows == 3 * ROWS


def test_what_is_read_is_not_written_over(folder, model, tmp_path, capsys):
    copy, known = tmp_path / "copy.npz", tmp_path / "known.csv"
    copy.write_bytes(model.read_bytes())
    known.write_text("id,label\nitem-0-0,a\n")
    np.save(tmp_path / "new.npy", vectors(9))
    (tmp_path / "link.csv").symlink_to(known)
    by_model = ["select", folder, "--model", copy, "--labeled", known, "--out"]
    for command in (
        [*by_model, known],
        [*by_model, tmp_path / "link.csv"],
        [*by_model, copy],
        ["predict", copy, tmp_path / "new.npy", "--out", tmp_path / "new.npy"],
        ["predict", copy, tmp_path / "new.npy", "--out", copy],
    ):
        before = command[-1].read_bytes()
        assert "is what is read here: name another file by --out" in fault(capsys, *command)
        assert command[-1].read_bytes() == before
    assert sparing([*map(str, by_model), str(tmp_path / "ask.csv")]) == 0
    assert sparing([*map(str, by_model), str(tmp_path / "ask.csv")]) == 0  # over its own of before


def test_predict_takes_the_model_by_its_option_too(folder, model, tmp_path, capsys):
    out = tmp_path / "labels"
    command = ["predict", str(folder), "--out", str(out)]
    assert sparing(command) == 2
    assert "NEW --model MODEL" in " ".join(capsys.readouterr().err.split())
    assert sparing([*command, "--model", str(model)]) == 0
    assert (out / "predictions.json").is_file()

"""Shards at a URL: the same choice and the same labels as of the folder; bad URLs in one line."""

import json
import pickle
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing.cli.app import run as sparing
from sparing.encoders.registry import get_encoder
from sparing.errors import ShardError, SourceError
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, save_model
from sparing.sharded import places
from sparing.sharded.blocks import blocks_of_shard
from sparing.sharded.manifest import read_manifest
from sparing.sharded.places import RemotePath, place_of
from sparing.sharded.sharded_learner import ShardedLearner
from sparing.sharded.shardpool import check_shard, index_shards, open_shards

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

COLUMNS, ROWS = 5, 120
NOBODY = "scheme=http&endpoint_override=127.0.0.1:1"
RNG = np.random.default_rng(0)
PARTS = np.split(RNG.standard_normal((2 * ROWS, COLUMNS), dtype=np.float32), 2)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    X = np.concatenate(PARTS)
    fitted = LogisticRegression().fit(X, X[:, :3].argmax(axis=1))
    told = FittedModel.of(fitted, np.arange(3), 3)
    encoder = get_encoder("vectors").fit(X)
    path = tmp_path_factory.mktemp("model") / "model.npz"
    save_model(path, SavedModel.of(told, encoder, classes="abc", n_labeled=9, kind="vectors"))
    return path


def small(X):
    scale = np.abs(X).max(axis=1) / 127
    return np.round(X / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def numpy_shard(folder, part, X, dtype):
    if dtype == "int8":
        X, scale = small(X)
        np.save(folder / f"{part}.scales.npy", scale)
    np.save(folder / f"{part}.npy", X.astype(dtype))
    ids = "\n".join(f"Bär {part}-{row}" for row in range(len(X)))
    (folder / f"{part}.ids.txt").write_text(ids, "utf-8")


def parquet_shard(folder, part, X, dtype):
    columns = {"id": [f"item {part}-{row}" for row in range(len(X))]}
    if dtype == "int8":
        X, columns["scale"] = small(X)
    flat = pa.array(X.astype(dtype).ravel())
    columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, COLUMNS)
    parquet.write_table(pa.table(columns), folder / f"{part}.parquet")


def pool(folder, write=numpy_shard, dtype="float32"):
    folder.mkdir()
    for part, X in enumerate(PARTS):
        write(folder, f"part-{part}", X, dtype)
    index_shards(folder)
    return folder


@pytest.mark.parametrize(
    ("write", "dtype"),
    [
        (numpy_shard, "float32"),
        (numpy_shard, "float16"),
        (numpy_shard, "int8"),
        (parquet_shard, "float32"),
        (parquet_shard, "int8"),
    ],
)
def test_a_url_is_chosen_from_and_labeled_as_the_folder(write, dtype, model, tmp_path):
    folder = pool(tmp_path / "some vectors", write, dtype)
    asked = {}
    for where in (str(folder), folder.as_uri()):
        out = tmp_path / f"labels-{len(asked)}"
        ask = ["select", where, "--model", str(model), "-n", "20", "--out", str(out / "ask.csv")]
        assert sparing(["predict", str(model), where, "--out", str(out)]) == 0
        assert sparing(ask) == 0
        asked[where] = {path.name: path.read_bytes() for path in out.iterdir()}
    first, second = asked.values()
    assert len(first) == 4
    assert first == second


def test_workers_take_the_url_and_two_passes_read_it(model, tmp_path, capsys):
    url = pool(tmp_path / "vectors").as_uri()
    ask = ["select", url, "--model", str(model), "-n", "9", "--workers"]
    told = [(sparing([*ask, n]), capsys.readouterr().out) for n in ("1", "2")]
    assert told[0] == told[1]
    assert told[0][0] == 0
    assert sparing(["select", url, "--strategy", "k_center", "-n", "9"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10


def test_the_learner_reads_a_url(tmp_path):
    folder = pool(tmp_path / "vectors")
    told = []
    for where in (folder, folder.as_uri()):
        learner = ShardedLearner(where, strategy="margin")
        learner.teach(["Bär part-0-0", "Bär part-1-3"], ["a", "b"])
        told.append(learner.query(5).ids)
    assert told[0] == told[1]


def test_a_copy_with_another_time_is_hashed_and_an_edit_is_refused(tmp_path):
    folder = pool(tmp_path / "vectors")
    there, manifest = place_of(folder.as_uri()), read_manifest(folder)
    shard = manifest.shards[0]
    path = folder / shard.file
    path.write_bytes(path.read_bytes())
    assert check_shard(there, shard) == there / shard.file
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ShardError, match="not the shard that the manifest names"):
        check_shard(there, shard)
    path.unlink()
    with pytest.raises(ShardError, match="no such file"):
        check_shard(there, shard)
    with pytest.raises(SourceError, match="is not there"):
        open_shards(there)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no array", "truncated or not a .npy file"),
        (None, "is truncated after row"),
        ("by columns", "has to lie row after row"),
        ("scales", "truncated or not a .npy file"),
    ],
)
def test_a_bad_file_at_a_url_is_named(content, said, tmp_path):
    folder = pool(tmp_path / "vectors", dtype="int8" if content == "scales" else "float32")
    path = folder / "part-0.npy"
    if content == "by columns":
        np.save(path, np.asfortranarray(PARTS[0]))
    elif content == "scales":
        (folder / "part-0.scales.npy").write_bytes(b"")
    else:
        path.write_bytes(path.read_bytes()[:-20] if content is None else content)
    with pytest.raises(ShardError, match=said):
        list(blocks_of_shard(place_of(folder.as_uri()) / path.name))


@pytest.mark.parametrize("name", ["../part-0.npy", "/part-0.npy", "s3://other/part-0.npy", ".."])
def test_nothing_outside_the_folder_is_read(name, tmp_path):
    folder = pool(tmp_path / "vectors")
    there = place_of(folder.as_uri())
    with pytest.raises(SourceError, match="directly in its folder"):
        there / name
    facts = json.loads((folder / "manifest.json").read_text())
    facts["shards"][0]["file"] = name
    (folder / "manifest.json").write_text(json.dumps(facts))
    with pytest.raises(SourceError, match=r"not a manifest|changed by hand"):
        read_manifest(there)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nope://bucket/vectors", "nope://bucket/vectors cannot be opened"),
        ("s3://", "names no folder"),
        ("s3://key:secret@bucket/vectors?nope=1", "s3://bucket/vectors cannot be opened"),
        (
            f"gs://anonymous@bucket/vectors?{NOBODY}&retry_limit_seconds=0.1",
            "gs://bucket/vectors/manifest.json cannot be read",
        ),
        ("file:///nowhere/vectors", "has no manifest.json"),
    ],
)
def test_a_url_that_is_none_is_one_line(url, said, model, tmp_path, capsys):
    for command in (
        ["select", url, "--model", str(model)],
        ["predict", str(model), url, "--out", str(tmp_path / "labels")],
    ):
        assert sparing(command) == 1
        told = capsys.readouterr().err
        assert said in " ".join(told.split())
        assert "secret" not in told
        assert "Traceback" not in told


@pytest.mark.parametrize(
    "command",
    [
        ["select", "HERE", "--strategy", "random", "--out", "s3://bucket/ask.csv"],
        ["predict", "model.npz", "HERE", "--out", "s3://bucket/labels"],
        ["shards", "s3://bucket/vectors"],
        ["encode", "HERE", "--out", "s3://bucket/vectors"],
    ],
)
def test_what_is_written_stays_on_this_machine(command, tmp_path, capsys):
    url = pool(tmp_path / "vectors").as_uri()
    assert sparing([url if part == "HERE" else part for part in command]) == 1
    assert "has to be on this machine" in " ".join(capsys.readouterr().err.split())


def test_without_pyarrow_a_url_says_what_it_needs(model, monkeypatch, capsys):
    places._root.cache_clear()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert sparing(["select", "file:///nowhere", "--model", str(model)]) == 1
    assert "pip install 'sparing[tables]'" in " ".join(capsys.readouterr().err.split())


def test_a_place_goes_by_pickle_and_does_not_show_its_password():
    there = place_of("s3://key:secret@bucket/vectors?region=eu-west-1")
    assert pickle.loads(pickle.dumps(there)) == there  # noqa: S301
    assert isinstance(there, RemotePath)
    assert "secret" not in f"{there!r} {there} {there / 'part-0.npy'}"

"""Shards in a store that speaks S3: the answers are those of the folder; changes are noticed."""

import json

import numpy as np
import pytest

from sparing.cli.app import run as sparing
from sparing.sharded.places import place_of
from sparing.sharded.sharded_learner import ShardedLearner
from sparing.sharded.shardpool import index_shards

pytest.importorskip("pyarrow")
server = pytest.importorskip("moto.server", reason="moto, a server of S3 for tests, is not there")

from pyarrow import fs  # noqa: E402

ROWS, COLUMNS = 90, 4


@pytest.fixture(scope="module")
def store():
    """What a bucket is reached by, on this machine."""
    here = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    here.start()
    host, port = here.get_host_and_port()
    yield f"scheme=http&endpoint_override={host}:{port}&region=us-east-1"
    here.stop()


@pytest.fixture
def pool(tmp_path, store, request):
    """A folder of shards with its manifest, a copy of it in a bucket of its own, and its URL."""
    folder, bucket = tmp_path / "vectors", f"bucket-{abs(hash(request.node.name))}"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part in range(3):
        X = rng.standard_normal((ROWS, COLUMNS), dtype=np.float32)
        np.save(folder / f"part-{part}.npy", X)
        ids = "\n".join(f"{'ab'[int(x[0] > 0)]}-{part}-{row}" for row, x in enumerate(X))
        (folder / f"part-{part}.ids.txt").write_text(ids)
    index_shards(folder)
    url = f"s3://key:secret@{bucket}/some/vectors?{store}"
    made, _ = fs.FileSystem.from_uri(f"{url}&allow_bucket_creation=true")
    made.create_dir(bucket)
    fs.copy_files(str(folder), f"{bucket}/some/vectors", destination_filesystem=made)
    return folder, url


def taught(where):
    learner = ShardedLearner(where, strategy="margin")
    names = (place_of(where) / "part-0.ids.txt").read_text("utf-8").split("\n")
    learner.teach(names, [name[0] for name in names])
    return learner


def test_what_is_chosen_and_labeled_is_that_of_the_folder(pool, tmp_path, capsys):
    folder, url = pool
    taught(folder).save_model(tmp_path / "model.npz")
    asked = {}
    for where in (str(folder), url):
        out = tmp_path / f"labels-{len(asked)}"
        ask = ["select", where, "--model", str(tmp_path / "model.npz"), "-n", "20"]
        assert sparing(["predict", str(tmp_path / "model.npz"), where, "--out", str(out)]) == 0
        assert sparing([*ask, "--out", str(out / "ask.csv")]) == 0
        asked[where] = {path.name: path.read_bytes() for path in out.iterdir()}
    first, second = asked.values()
    assert len(first) == 5
    assert first == second
    assert taught(url).query(5).ids == taught(folder).query(5).ids
    assert "secret" not in capsys.readouterr().err


def test_an_object_that_was_changed_is_noticed(pool, tmp_path, capsys):
    folder, url = pool
    taught(folder).save_model(tmp_path / "model.npz")
    ask = ["select", url, "--model", str(tmp_path / "model.npz"), "-n", "20"]
    there = place_of(url) / "part-1.npy"
    whole = there.read_bytes()
    for content, said in (
        (whole[:-4] + b"\0\0\0\0", "part-1.npy is not the shard that the manifest names"),
        (whole[:-4], "part-1.npy has 1,564 bytes, and 1,568 in the manifest: copy it again"),
    ):
        with there.filesystem.open_output_stream(there.key) as stream:
            stream.write(content)
        assert sparing(ask) == 1
        assert said in " ".join(capsys.readouterr().err.split())
        assert sparing([*ask, "--skip-bad"]) == 0
        told = capsys.readouterr()
        assert "1 shard was skipped" in told.err
        assert "part-1.npy" not in told.out


def test_a_bucket_that_is_not_there_is_one_line(store, capsys):
    url = f"s3://key:secret@nowhere/vectors?{store}"
    assert sparing(["select", url, "--strategy", "random"]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "s3://nowhere/vectors" in told
    assert "secret" not in told


def test_predictions_say_of_which_pool_they_are(pool, tmp_path):
    folder, url = pool
    taught(url).predict(tmp_path / "labels")
    told = json.loads((tmp_path / "labels" / "predictions.json").read_text())
    assert told["pool"] == index_shards(folder).digest

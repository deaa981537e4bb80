"""Items become shards: the same vectors in whatever pieces, resumed after a kill, never mixed."""

import json
import subprocess
import sys
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from PIL import Image

from sparing import ActiveLearner
from sparing.cli.app import run as sparing
from sparing.encoders import TextEncoder
from sparing.errors import InvalidInputError, SourceError
from sparing.files import resumed
from sparing.sharded import encoding
from sparing.sharded.blocks import blocks_of_shard
from sparing.sharded.shardfile import ids_of
from sparing.sharded.shardpool import open_shards

WORDS = ("red", "green", "blue")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"n{i},a {WORDS[i % 3]} thing and number {i}" for i in range(50)]
    path.write_text("id,text\n" + "\n".join(rows) + "\n")
    return path


def pool(folder):
    """Return the ids and vectors of all shards."""
    shards = [folder / shard.file for shard in open_shards(folder).shards]
    ids = [name for shard in shards for name in ids_of(shard)]
    return ids, np.concatenate([np.load(shard) for shard in shards])


def encoded(table, out, *more):
    return sparing(["encode", str(table), "--out", str(out), "--encoder", "text", *more])


def test_the_vectors_are_those_of_the_encoder_in_whatever_pieces(table, tmp_path, capsys):
    assert encoded(table, tmp_path / "one") == 0
    assert "50 vectors of" in capsys.readouterr().out
    assert encoded(table, tmp_path / "many", "--rows", "7") == 0
    ids, X = pool(tmp_path / "one")
    assert ids == [f"n{i}" for i in range(50)]
    texts = [line.partition(",")[2] for line in table.read_text().splitlines()[1:]]
    np.testing.assert_allclose(X, TextEncoder().fit_transform(texts), atol=1e-6)
    again = pool(tmp_path / "many")
    assert again[0] == ids
    np.testing.assert_allclose(again[1], X, atol=1e-6)
    assert len(open_shards(tmp_path / "many").shards) == 8


def test_a_run_that_was_killed_goes_on_where_it_stopped(table, tmp_path, monkeypatch, capsys):
    assert encoded(table, tmp_path / "whole", "--rows", "10") == 0
    made, transform = [], TextEncoder.transform

    def dies(self, X, **more):
        made.append(len(X))
        if len(made) == 3:
            raise KeyboardInterrupt
        return transform(self, X, **more)

    monkeypatch.setattr(TextEncoder, "transform", dies)
    out = tmp_path / "out"
    with suppress(KeyboardInterrupt):
        assert encoded(table, out, "--rows", "10") != 0
    assert not (out / "manifest.json").exists(), "half of a pool is none"
    assert len(list(out.glob("part-*.npy"))) == 2
    monkeypatch.setattr(
        TextEncoder, "fit", lambda *_: pytest.fail("what was learned lies beside the shards")
    )
    assert encoded(table, out, "--rows", "10") == 0
    assert len(made) == 3 + 3
    assert open_shards(out).digest == open_shards(tmp_path / "whole").digest
    assert encoded(table, out, "--rows", "10") == 0
    assert len(made) == 6, "all is there"


def test_a_folder_of_other_vectors_is_refused_and_stays(table, tmp_path, capsys):
    out = tmp_path / "out"
    assert encoded(table, out) == 0
    before = open_shards(out).digest
    for change in (["--rows", "7"], ["--seed", "1"]):
        assert encoded(table, out, *change) == 1
        assert "holds vectors of other items or by another encoder" in capsys.readouterr().err
    table.write_text(table.read_text().replace("number 3", "number three"))
    assert encoded(table, out) == 1
    assert open_shards(out).digest == before
    other = tmp_path / "other"
    other.mkdir()
    np.save(other / "x.npy", np.ones((2, 2), np.float32))
    assert encoded(table, other) == 1
    assert "holds shards already" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["x.npy"]


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_what_is_not_whole_any_more_is_made_anew(table, tmp_path, dtype):
    """A file of a shard that is gone, cut, or of something else; the others stay as they are."""
    out = tmp_path / "out"
    again = partial(encoded, table, out, "--rows", "10", "--dtype", dtype)
    assert again() == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    np.save(tmp_path / "other.npy", np.zeros(3, np.float32))
    other = (tmp_path / "other.npy").read_bytes()
    for name in sorted(name for name in before if name.startswith("part-00001")):
        for damage in (None, before[name][:-5], b"", other):
            (out / name).unlink()
            if damage is not None:
                (out / name).write_bytes(damage)
            assert again() == 0
            for kept, content in before.items():
                if kept != "manifest.json":  # it has times
                    assert (out / kept).read_bytes() == content, (name, damage)


def test_what_a_killed_run_had_begun_is_removed_by_the_next(table, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("part-00001.npy", "part-00001.ids.txt", "encoder.npz"):
        (out / f".{name}.0a1b2c3d").write_bytes(b"half of it")
    assert encoded(table, out, "--rows", "10") == 0
    assert not [*out.glob(".*")]


def test_shards_do_not_go_into_the_folder_that_they_are_encoded_from(tmp_path, capsys):
    """Their ids are texts, too: the next run would read them."""
    texts = tmp_path / "texts"
    texts.mkdir()
    for n in range(9):
        (texts / f"{n}.txt").write_text(f"some words of {n}")
    for out in (texts, texts / "deep" / "vectors"):
        assert encoded(texts, out) == 2
        assert "name a folder outside of it" in " ".join(capsys.readouterr().err.split())
    assert len([*texts.iterdir()]) == 9
    assert encoded(texts, tmp_path / "texts-encoded") == 0


def test_names_that_cannot_stand_on_a_line_or_come_twice_are_refused(table, tmp_path, capsys):
    lines = [json.dumps({"id": name, "text": f"a thing {name}"}) for name in ("a\nb", "c", "d")]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    code = encoded(tmp_path / "t.jsonl", tmp_path / "out")
    assert code == 1
    assert "has a line break" in capsys.readouterr().err
    (tmp_path / "t.jsonl").write_text("\n".join(lines).replace("a\\nb", "a\\u0000"))
    assert encoded(tmp_path / "t.jsonl", tmp_path / "out") == 1
    assert "An item is called 'a\\x00', and tables of answers keep" in (
        " ".join(capsys.readouterr().err.split())
    )
    assert not (tmp_path / "out").exists()


def test_of_many_pictures_nothing_is_kept_twice_and_bad_ones_are_named(
    tmp_path, monkeypatch, capsys
):
    pytest.importorskip("onnxruntime", reason="needs 'sparing[photos]'")
    onnx = pytest.importorskip("onnx", reason="needs 'sparing[photos]'")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(encoding, "FITTED_ON", 4)
    make, float32 = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    node = onnx.helper.make_node("GlobalAveragePool", ["x"], ["out"])
    sides = [make("x", float32, ["n", 3, "h", "w"])], [make("out", float32, None)]
    opset = [onnx.helper.make_opsetid("", 13)]
    graph = onnx.helper.make_graph([node], "small", *sides)
    network = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "model.onnx").write_bytes(network.SerializeToString())
    (tmp_path / "net" / "sparing.json").write_text('{"size": 8, "mean": [0,0,0], "std": [1,1,1]}')
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(9):
        Image.new("RGB", (8, 8), (20 * i, 10, 200 - 20 * i)).save(photos / f"{i}.png")
    (photos / "4.png").write_bytes(b"no picture")
    arguments = ["encode", str(photos), "--out", str(tmp_path / "v"), "--rows", "3"]
    assert sparing([*arguments, "--encoder", f"onnx:{tmp_path / 'net'}"]) == 0
    assert "4.png" in capsys.readouterr().err
    ids, X = pool(tmp_path / "v")
    assert ids == [f"{i}.png" for i in range(9) if i != 4]
    assert np.isfinite(X).all()
    assert not list((tmp_path / "cache").rglob("*.npz"))


@pytest.mark.parametrize(("dtype", "part", "size"), [("float16", 2**-11, 2), ("int8", 1 / 254, 1)])
def test_numbers_of_fewer_bytes_are_near(table, tmp_path, capsys, dtype, part, size):
    assert encoded(table, tmp_path / "out", "--dtype", dtype, "--rows", "20") == 0
    assert f" {dtype} in 3 shards" in capsys.readouterr().out
    assert encoded(table, tmp_path / "whole") == 0
    X = pool(tmp_path / "whole")[1]
    shards = [tmp_path / "out" / shard.file for shard in open_shards(tmp_path / "out").shards]
    read = np.concatenate([b.vectors().copy() for shard in shards for b in blocks_of_shard(shard)])
    assert (np.abs(read - X) <= 1.001 * part * np.abs(X).max(axis=1, keepdims=True)).all()
    assert shards[0].stat().st_size < 20 * X.shape[1] * size + 200
    assert encoded(table, tmp_path / "out", "--rows", "20") == 1
    assert "by another encoder: name another" in capsys.readouterr().err.replace("\n", " ")


def test_what_float16_cannot_hold_is_said(tmp_path):
    with pytest.raises(SourceError, match=r"too large for float16: take int8"):
        encoding._write(tmp_path / "part-0.npy", np.full((2, 3), 1e6, np.float32), "float16")
    assert not [*tmp_path.iterdir()]


def test_a_learner_of_a_path_says_what_takes_shards(tmp_path):
    with pytest.raises(InvalidInputError, match=r"sparing\.sharded\.selecting chooses"):
        ActiveLearner(tmp_path)


def test_two_workers_write_what_one_process_does(table, tmp_path, capsys):
    assert encoded(table, tmp_path / "one", "--rows", "20") == 0
    assert encoded(table, tmp_path / "two", "--rows", "20", "--workers", "2") == 0
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).glob("part-*")}
        for name in ("one", "two")
    )
    assert one == two
    assert len(one) == 6
    assert open_shards(tmp_path / "one").digest == open_shards(tmp_path / "two").digest


def test_a_run_that_waits_for_another_says_so(table, tmp_path):
    out = tmp_path / "out"
    command = ["encode", table, "--out", out, "--encoder", "text"]
    with resumed(out):
        process = subprocess.Popen(
            [sys.executable, "-m", "sparing", *command], stderr=subprocess.PIPE, text=True
        )
        said = next(line for line in process.stderr if "Another run" in line)
        assert process.poll() is None
    assert said == f"Another run writes to {out}: this one goes on when that has ended.\n"
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert len(pool(out)[0]) == 50

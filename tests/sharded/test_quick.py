"""Scores in float32 rule out rows and settle labels; what comes of it is what exact ones say."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing.encoders.registry import get_encoder
from sparing.errors import ShardError
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, save_model
from sparing.sharded import blocks, predicting, selecting
from sparing.sharded.predicting import predict_shards
from sparing.sharded.quick import DOUBTS, QuickLinear, product
from sparing.sharded.selecting import WantedRows, select_rows
from sparing.sharded.shardpool import index_shards
from sparing.strategies import measures

COLUMNS = 5
SPREAD = {"flat": 0.1, "usual": 1.0, "sure": 30.0}


def linear(n_classes, seed=0, spread=1.0):
    X = np.random.default_rng(seed).standard_normal((300, COLUMNS), dtype=np.float32)
    fitted = LogisticRegression().fit(X, X[:, :n_classes].argmax(axis=1))
    fitted.coef_ *= spread
    told = FittedModel.of(fitted, np.arange(n_classes), n_classes)
    encoder = get_encoder("vectors").fit(X)
    names = "abcde"[:n_classes]
    return SavedModel.of(told, encoder, classes=names, n_labeled=300, kind="vectors")


@pytest.mark.parametrize("spread", SPREAD)
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", sorted(DOUBTS))
def test_no_row_that_may_be_among_the_best_is_ruled_out(name, n_classes, spread):
    model = linear(n_classes, spread=SPREAD[spread])
    X = np.random.default_rng(1).standard_normal((2000, COLUMNS), dtype=np.float32)
    exact = getattr(measures, name)(model.proba_of(X))
    block, may = blocks.Block(Path("a test"), 0, X), np.arange(len(X)) % 7 > 0
    for least in [-np.inf, *np.quantile(exact, [0, 0.5, 0.9, 0.999, 1])]:
        near = QuickLinear.of(model).reaching(DOUBTS[name], block, may, 20, least)
        wanted = max(least, np.sort(exact[may])[-20]) if np.isinf(least) else least
        assert set(np.flatnonzero(may & (exact >= wanted)).tolist()) <= {*near.rows.tolist()}
        assert may[near.rows].all()
        assert (near.low <= exact[near.rows]).all()
        assert (near.high >= exact[near.rows]).all()
    assert len(near.rows) < 200  # of the highest


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """Two shards, read a few rows at a time, with many ties and rows between two classes."""
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 100)
    monkeypatch.setattr(blocks, "WINDOW", 2000)
    monkeypatch.setattr(selecting, "AT_ONCE", 30)
    X = np.random.default_rng(2).integers(-2, 3, (600, COLUMNS)).astype(np.float32)
    (tmp_path / "vectors").mkdir()
    for part, rows in enumerate(np.split(X, 2)):
        np.save(tmp_path / "vectors" / f"part-{part}.npy", rows)
    save_model(tmp_path / "model.npz", linear(3))
    return tmp_path, index_shards(tmp_path / "vectors"), X


@pytest.mark.parametrize("name", sorted(DOUBTS))
def test_what_is_chosen_is_what_exact_scores_choose(pool, monkeypatch, name):
    here, manifest, _ = pool
    wanted = WantedRows(name, 15, here / "model.npz")
    quick = select_rows(here / "vectors", manifest, wanted)
    monkeypatch.setattr(selecting.QuickLinear, "of", lambda _: None)
    exact = select_rows(here / "vectors", manifest, wanted)
    assert [row.item_id for row in quick.rows] == [row.item_id for row in exact.rows]
    assert [row.utility for row in quick.rows] == pytest.approx([r.utility for r in exact.rows])


def test_labels_are_those_of_exact_scores(pool, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    here, manifest, X = pool
    found = []
    for out in ("quick", "exact"):
        predict_shards(here / "vectors", manifest, here / "model.npz", here / out)
        tables = [parquet.read_table(path) for path in sorted((here / out).glob("*.parquet"))]
        found.append([[t.column(n).to_pylist() for t in tables] for n in ("id", "label")])
        sure = np.concatenate([t.column("confidence").to_numpy() for t in tables])
        assert np.allclose(sure, linear(3).proba_of(X).max(axis=1), atol=1e-6)
        monkeypatch.setattr(predicting.QuickLinear, "of", lambda _: None)
    assert found[0] == found[1]
    assert found[0][0][1][:2] == ["part-1:0", "part-1:1"]


def test_vectors_and_weights_too_large_for_a_bound_are_looked_at(pool):
    model = linear(3, spread=1e38)
    X = np.full((4, COLUMNS), 1e17, np.float32)
    found, block = QuickLinear.of(model), blocks.Block(Path("a test"), 0, X)
    assert found.labels(block)[2].tolist() == [0, 1, 2, 3]
    for doubt in DOUBTS.values():
        near = found.reaching(doubt, block, np.ones(4, bool), 2, 0.5)
        assert near.rows.tolist() == [0, 1, 2, 3]
        assert (near.high == np.inf).all()


def test_a_product_of_some_rows_at_a_time_is_the_product_of_all():
    X = np.random.default_rng(3).integers(-9, 10, (700, 4)).astype(np.float32)
    W = np.random.default_rng(4).integers(-9, 10, (3, 4)).astype(np.float32)
    for n in (0, 1, 63, 64, 700):
        out = np.empty((3, n), np.float32)
        product(W, X[:n], out)
        assert (out == W @ X[:n].T).all()


def test_no_vector_is_longer_than_is_said():
    for scale in (1e-30, 1.0, 1e15):
        X = np.array([[0, 0, 1], [scale] * 3], np.float32)
        assert blocks.longest_of(X) >= np.linalg.norm(X.astype(float), axis=1).max()
    small = np.full((2, 3), -128, np.int8)
    scaled = blocks.Block(Path("a test"), 0, small, np.array([1, 2], np.float32), 0.0)
    assert scaled.length() >= np.linalg.norm(scaled.vectors()[1])


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_seen_by_its_scores(dtype, bad):
    X, scale = np.ones((3, COLUMNS)), None
    if dtype == "int8":
        scale = np.array([1, bad, 1], np.float32)
    else:
        X[1, 2] = bad
    block = blocks.Block(Path("a shard"), 0, X.astype(dtype), scale, 10.0)
    with pytest.raises(ShardError, match="a shard has NaN, infinity or too large values in rows 0"):
        QuickLinear.of(linear(3)).labels(block)


def test_of_classes_that_tie_some_code_is_given_and_the_row_is_not_certain():
    model = linear(3, spread=0.0)
    model.head.bias[:] = 0
    codes, _, unsure = QuickLinear.of(model).labels(
        blocks.Block(Path("a shard"), 0, np.ones((5, COLUMNS), np.float32))
    )
    assert unsure.tolist() == [0, 1, 2, 3, 4]
    assert set(codes.tolist()) <= {0, 1, 2}

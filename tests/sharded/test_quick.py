"""Scores in float32 rule out rows and settle labels; what comes of it is what exact ones say."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing.encoders.registry import get_encoder
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, save_model
from sparing.sharded import predicting, selecting, shardfile
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
    block = shardfile.Block(0, X, shardfile.length_of(X, "a test"))
    for least in [-np.inf, *np.quantile(exact, [0, 0.5, 0.9, 0.999, 1])]:
        near = QuickLinear.of(model).reaching(DOUBTS[name], block, least)
        assert set(np.flatnonzero(exact >= least).tolist()) <= {*near.rows.tolist()}
        assert (near.low <= exact[near.rows]).all()
        assert (near.high >= exact[near.rows]).all()
    assert len(near.rows) < 200  # of the highest


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """Two shards, read a few rows at a time, with many ties and rows between two classes."""
    monkeypatch.setattr(shardfile, "BLOCK_VALUES", 100)
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
    X = np.full((4, COLUMNS), 1e30, np.float32)
    found, block = QuickLinear.of(model), shardfile.Block(0, X, float("inf"))
    assert found.labels(block)[2].tolist() == [0, 1, 2, 3]
    for doubt in DOUBTS.values():
        near = found.reaching(doubt, block, 0.5)
        assert near.rows.tolist() == [0, 1, 2, 3]
        assert (near.high == np.inf).all()


def test_a_product_of_some_rows_at_a_time_is_the_product_of_all():
    X = np.random.default_rng(3).integers(-9, 10, (700, 4)).astype(np.float32)
    W = np.random.default_rng(4).integers(-9, 10, (4, 3)).astype(np.float32)
    for n in (0, 1, 255, 256, 700):
        assert (product(X[:n], W) == X[:n] @ W).all()


def test_no_vector_is_longer_than_is_said():
    for scale in (1e-30, 1.0, 1e15):
        X = np.full((1000, 3), scale, np.float32)
        assert shardfile.length_of(X[:1], "a test") >= np.linalg.norm(X[0].astype(float))
        assert shardfile.length_of(X, "a test") >= np.linalg.norm(X[0].astype(float))

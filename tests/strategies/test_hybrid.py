import numpy as np
import pytest
from scipy import sparse

from sparing import InvalidInputError, MemoryBudgetError
from sparing.strategies import choose, get_strategy, hybrid


def rng(seed=0):
    return np.random.default_rng(seed)


def test_badge_starts_with_the_longest_gradient(snapshot_of):
    X = np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0]])
    proba = np.array([[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]])
    s = snapshot_of(X, proba=proba)
    assert get_strategy("badge").utility(s) == pytest.approx([0.5, 0.18, 2.0])
    assert choose(get_strategy("badge"), s, 1, rng()).rows.tolist() == [2]


def test_badge_spreads_a_batch_over_the_groups(snapshot_of):
    """Two tight groups: the second draw comes from the other one almost always."""
    X = np.repeat([[0.0, 5.0], [5.0, 0.0]], 20, axis=0) + rng().normal(size=(40, 2)) / 100
    s = snapshot_of(X, proba=np.tile([0.5, 0.5], (40, 1)))
    picks = [choose(get_strategy("badge"), s, 2, rng(i)).rows // 20 for i in range(50)]
    assert sum(first != second for first, second in picks) >= 49


def test_cluster_margin_takes_one_of_near_duplicates(snapshot_of):
    X = np.array([[0.0], [0.01], [0.02], [5.0], [9.0]])
    p = np.array([0.5, 0.51, 0.52, 0.7, 0.6])
    s = snapshot_of(X, proba=np.column_stack([p, 1 - p]))
    picked = choose(get_strategy("cluster_margin"), s, 3, rng())
    assert sorted(picked.rows.tolist()) == [0, 3, 4]
    assert picked.rows[2] == 0  # the largest cluster comes last


def test_cluster_margin_looks_at_the_closest_calls_only(snapshot_of, monkeypatch):
    monkeypatch.setattr(hybrid, "POOL_A_PICK", 2)
    X = np.arange(10.0)[:, None] ** 2
    p = 0.5 + np.arange(10) / 30
    s = snapshot_of(X, proba=np.column_stack([p, 1 - p]))
    picked = choose(get_strategy("cluster_margin"), s, 3, rng())
    assert set(picked.rows.tolist()) <= set(range(6))


def test_cluster_margin_with_all_candidates_in_the_batch(snapshot_of):
    s = snapshot_of(np.eye(4), proba=np.full((4, 2), 0.5))
    assert sorted(choose(get_strategy("cluster_margin"), s, 4, rng()).rows) == [0, 1, 2, 3]


def test_cluster_margin_refuses_memory_that_is_not_there(snapshot_of, monkeypatch):
    monkeypatch.setattr("sparing.memory.available_bytes", lambda: 100)
    s = snapshot_of(np.eye(4), proba=np.full((4, 2), 0.5))
    with pytest.raises(MemoryBudgetError, match="cluster_margin"):
        choose(get_strategy("cluster_margin"), s, 2, rng())


@pytest.mark.parametrize("name", ["badge", "cluster_margin"])
def test_csr_picks_as_dense_does(snapshot_of, name):
    X = np.where(rng().random((30, 6)) < 0.5, rng(1).normal(size=(30, 6)), 0.0)
    fields = {"proba": rng(2).dirichlet(np.ones(3), size=30)}
    dense = choose(get_strategy(name), snapshot_of(X, **fields), 6, rng())
    csr = choose(get_strategy(name), snapshot_of(sparse.csr_array(X), **fields), 6, rng())
    assert csr.rows.tolist() == dense.rows.tolist()


def by_sign(X):
    """Class 1 where the sum is above -1/2: rows of zeros are class 1."""
    right = 1 / (1 + np.exp(-np.asarray(X.sum(axis=1)).ravel() - 0.5))
    return np.column_stack([1 - right, right])


def shaky_pool():
    """Forty rows that stay in class 1 whatever is dropped, and twenty that flip often."""
    steady = rng().random((40, 8))
    shaky = -rng(1).random((20, 8)) - 0.2
    shaky[:10] -= 10
    shaky[:, 0] = 30 * np.where(np.arange(20) < 10, 10, 1)
    return np.concatenate([steady, shaky])


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_drop_query_asks_where_the_answer_flips(snapshot_of, form):
    X = form(shaky_pool())
    s = snapshot_of(X, [0], [1], proba=by_sign(X), predict=by_sign)
    flips = get_strategy("drop_query", n_passes=9).utility(s)
    assert flips[:39].tolist() == [0.0] * 39
    picked = choose(get_strategy("drop_query", n_passes=9), s, 2, rng())
    assert picked.rows.min() >= 40
    assert len({row // 10 for row in picked.rows}) == 2  # one of each group of flipping rows
    assert picked.gains.min() > 0.5


def test_drop_query_fills_up_by_margin(snapshot_of):
    X = np.abs(shaky_pool())
    s = snapshot_of(X, [0], [1], proba=by_sign(X), predict=by_sign)
    picked = choose(get_strategy("drop_query"), s, 4, rng())
    expected = choose(get_strategy("margin"), s, 4, rng())
    assert set(picked.rows.tolist()) == set(expected.rows.tolist())


def test_drop_query_without_labels_clusters_all(snapshot_of):
    X = np.repeat([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]], 10, axis=0)
    X += rng().normal(size=X.shape)
    even = np.full((30, 2), 0.5)
    s = snapshot_of(X, proba=even, predict=lambda X: even[: len(X)])
    picked = choose(get_strategy("drop_query"), s, 3, rng())
    assert sorted((picked.rows // 10).tolist()) == [0, 1, 2]


@pytest.mark.parametrize(("name", "value"), [("n_passes", 0), ("dropout", 1.0)])
def test_drop_query_refuses(snapshot_of, name, value):
    s = snapshot_of(np.eye(2), [0], [1], proba=by_sign(np.eye(2)), predict=by_sign)
    with pytest.raises(InvalidInputError, match=f"'{name}' parameter of DropQuery"):
        choose(get_strategy("drop_query", **{name: value}), s, 1, rng())

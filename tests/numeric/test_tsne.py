import numpy as np
import pytest
from scipy import sparse

from sparing.numeric import tsne
from sparing.numeric.tsne import attracted, attraction, first_layout, repelled, stepped


def all_pairs(Y):
    """Return the push from every other point, pair by pair."""
    gap = Y[:, None] - Y
    near = 1 / (1 + (gap**2).sum(axis=2))
    np.fill_diagonal(near, 0)
    return (gap * (near**2)[:, :, None]).sum(axis=1) / near.sum()


@pytest.mark.parametrize(("spread", "error"), [(1e-4, 1e-3), (0.3, 1e-3), (3, 0.02), (12, 0.08)])
def test_the_grid_repels_as_all_pairs_do(spread, error):
    Y = (spread * np.random.default_rng(0).standard_normal((600, 2))).astype(np.float32)
    expected = all_pairs(Y.astype(np.float64))
    assert np.linalg.norm(repelled(Y) - expected) < error * np.linalg.norm(expected)


def test_few_points_are_repelled_by_all_pairs():
    Y = np.random.default_rng(0).standard_normal((30, 2)).astype(np.float32)
    np.testing.assert_allclose(repelled(Y), all_pairs(Y), rtol=1e-4, atol=1e-7)


def test_what_is_far_out_makes_the_grid_coarser_and_no_larger():
    Y = np.random.default_rng(0).standard_normal((600, 2)).astype(np.float32)
    Y[0] = 1e5
    assert tsne._grid(Y).side <= tsne.CELLS_A_SIDE[1] + 4
    assert np.isfinite(repelled(Y)).all()


@pytest.mark.parametrize("edges", [1 << 20, 7])  # in one block, and in many
def test_neighbours_attract_as_the_sum_over_edges_says(edges, monkeypatch):
    monkeypatch.setattr(tsne, "EDGES_AT_ONCE", edges)
    rng = np.random.default_rng(0)
    weights = attraction(np.array([rng.choice(40, 3, replace=False) for _ in range(40)]))
    Y = rng.standard_normal((40, 2)).astype(np.float32)
    gap = Y[None] - Y[:, None]
    strength = weights.toarray() / (1 + (gap**2).sum(axis=2))
    expected = (gap * strength[:, :, None]).sum(axis=1)
    np.testing.assert_allclose(attracted(weights, Y), expected, rtol=1e-4, atol=1e-7)


def test_weights_are_symmetric_and_sum_to_one():
    weights = attraction(np.array([[1, 2], [0, 2], [3, 0], [0, 1]]))
    assert sparse.linalg.norm(weights - weights.T) == 0
    assert weights.sum() == pytest.approx(1)


def test_a_step_changes_nothing_that_it_was_given():
    weights = attraction(np.array([[1], [0], [1]]))
    before = first_layout(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]))
    kept = before.positions.copy()
    after = stepped(weights, before)
    np.testing.assert_array_equal(before.positions, kept)
    assert after.step == 1
    assert np.abs(after.positions.mean(axis=0)).max() < 1e-6


def test_equal_positions_part():
    layout = first_layout(np.zeros((3, 2)), seed=1)
    assert len(np.unique(layout.positions, axis=0)) == 3

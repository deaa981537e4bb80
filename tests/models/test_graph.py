import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_moons
from sklearn.semi_supervised import LabelSpreading

from sparing import InvalidInputError, TrainingError
from sparing.models import graph as graph_module
from sparing.models.graph import (
    NeighborGraph,
    neighbor_graph,
    poisson_learning,
    spread_labels,
)


def indicators(n, rows, codes, n_classes):
    Y = np.zeros((n, n_classes))
    Y[rows, codes] = 1
    return Y


def random_graph(n, seed=0):
    rng = np.random.default_rng(seed)
    W = rng.random((n, n)) * (rng.random((n, n)) < 0.3)
    return NeighborGraph(
        sparse.csr_array(np.triu(W, 1) + np.triu(W, 1).T + np.eye(n, k=1) + np.eye(n, k=-1))
    )


def test_weights_by_hand():
    # Points 0, 1, 3 with 2 neighbours. Radius of 0 is 3, of 1 is 2, of 3 is 3. The edge 0-1
    # weighs exp(-4/9) seen from 0 and exp(-1) seen from 1: the larger counts. 1-3: exp(-4) from
    # 1, exp(-16/9) from 3. 0-3: exp(-4) from both.
    W = neighbor_graph(np.array([[0.0], [1.0], [3.0]]), 2).weights.toarray()
    expected = np.zeros((3, 3))
    expected[0, 1] = np.exp(-4 / 9)
    expected[1, 2] = np.exp(-16 / 9)
    expected[0, 2] = np.exp(-4)
    np.testing.assert_allclose(W, expected + expected.T, rtol=1e-6)


def test_spreading_is_the_dense_solution():
    graph = random_graph(40)
    Y = indicators(40, [0, 5, 9], [0, 1, 1], 2)
    W = graph.weights.toarray()
    scale = 1 / np.sqrt(W.sum(axis=1))
    S = scale[:, None] * W * scale
    expected = np.linalg.solve(np.eye(40) - 0.99 * S, Y)
    np.testing.assert_allclose(spread_labels(graph, Y), expected, atol=1e-3)
    np.testing.assert_allclose(spread_labels(graph, sparse.csr_array(Y)), expected, atol=1e-3)


@pytest.mark.parametrize("alpha", [0.2, 0.8, 0.99])
def test_spreading_labels_as_scikit_learn_does(alpha):
    X, y = make_moons(200, noise=0.05, random_state=0)
    labeled = np.array([3, 50, 120, 180])
    known = np.full(200, -1)
    known[labeled] = y[labeled]

    graph = neighbor_graph(X, 7)
    with np.errstate(invalid="ignore"):  # theirs divides 0 by 0 where nothing reaches
        theirs = LabelSpreading(
            kernel=lambda A, B: graph.weights.toarray(), alpha=alpha, max_iter=5000, tol=1e-12
        ).fit(X, known)
    F = spread_labels(graph, indicators(200, labeled, y[labeled], 2), alpha)
    total = F.sum(axis=1)
    near = total > 1e-3  # where the labels hardly reach, shares are those of tiny numbers
    assert near.mean() > {0.2: 0.1, 0.8: 0.5, 0.99: 0.99}[alpha]
    np.testing.assert_allclose(
        F[near] / total[near, None], theirs.label_distributions_[near], atol=2e-3
    )


def test_poisson_is_the_dense_solution():
    graph = random_graph(40)
    rows, codes = [0, 5, 9, 11], [0, 1, 1, 2]
    u = poisson_learning(graph, indicators(40, rows, codes, 3))
    W = graph.weights.toarray()
    L = np.diag(W.sum(axis=1)) - W
    Y = indicators(40, rows, codes, 3)
    Y[rows] -= Y[rows].mean(axis=0)
    dense = np.linalg.pinv(L) @ Y
    degree = W.sum(axis=1)
    dense -= degree @ dense / degree.sum()
    np.testing.assert_allclose(u, dense, atol=1e-4)
    np.testing.assert_allclose(L @ u, Y, atol=1e-3)


def test_poisson_needs_fewer_labels_than_interpolation_would():
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    graph = neighbor_graph(X, 7)
    hits = []
    for _ in range(10):
        rows = np.array([rng.choice(np.flatnonzero(y == c)) for c in range(10)])
        u = poisson_learning(graph, indicators(len(X), rows, y[rows], 10))
        hits.append(np.mean(u.argmax(axis=1) == y))
    assert np.mean(hits) > 0.8  # ten labels of 1,797


def test_components_are_joined_by_their_shortest_way():
    X = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0], [40.0], [41.0], [42.0]])
    apart = neighbor_graph(X, 2, join=False)
    assert apart.component.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    joined = neighbor_graph(X, 2)
    assert joined.component.tolist() == [0] * 9
    added = sparse.coo_array(joined.weights - apart.weights)
    edges = {
        (int(i), int(j)) for i, j, v in zip(added.row, added.col, added.data, strict=True) if v
    }
    assert edges == {(2, 3), (3, 2), (5, 6), (6, 5)}


def test_many_components_of_equal_rows_end_in_one():
    X = np.repeat(np.random.default_rng(0).standard_normal((60, 3)), 12, axis=0)
    graph = neighbor_graph(X, 5)
    assert graph.component.max() == 0
    assert abs(graph.weights - graph.weights.T).max() == 0


def test_labels_do_not_cross_between_components():
    X = np.array([[0.0], [1.0], [9.0], [10.0]])
    graph = neighbor_graph(X, 1, join=False)
    Y = indicators(4, [0, 1], [0, 1], 2)
    assert not spread_labels(graph, Y)[2:].any()
    assert not poisson_learning(graph, Y)[2:].any()


def test_a_single_item_and_identical_items():
    assert neighbor_graph(np.ones((1, 2))).component.tolist() == [0]
    same = neighbor_graph(np.ones((9, 2)))
    F = spread_labels(same, indicators(9, [0], [0], 1))
    assert (F > 0).all()


@pytest.mark.parametrize("alpha", [0, 1, -0.5, 2])
def test_alpha_is_checked(alpha):
    with pytest.raises(InvalidInputError, match="alpha"):
        spread_labels(random_graph(5), np.ones((5, 1)), alpha)


def test_a_solver_that_does_not_converge_says_so(monkeypatch):
    monkeypatch.setattr(graph_module, "MAX_STEPS", 2)
    with pytest.raises(TrainingError, match="did not converge in 2 steps"):
        spread_labels(random_graph(40), indicators(40, [0], [0], 1))


def test_many_columns_flow_as_if_alone():
    X = np.random.default_rng(0).normal(size=(300, 3))
    graph = neighbor_graph(X)
    sources = np.eye(300)[:, :150]
    together = spread_labels(graph, sources)
    alone = np.hstack([spread_labels(graph, sources[:, [i]]) for i in (0, 70, 149)])
    np.testing.assert_allclose(together[:, [0, 70, 149]], alone, atol=1e-5)

import numpy as np

from sparing.experiment.article import Digits
from sparing.experiment.clustering import cluster_digits


def test_clear_clusters_are_found_and_named():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 20)
    X = np.eye(10)[y] * 10 + rng.normal(scale=0.1, size=(200, 10))
    ticks = []
    found = cluster_digits(Digits(X, y, X, y), 0, lambda *step: ticks.append(step))
    assert found.purity == 1
    assert found.majority.tolist() == list(range(10))
    np.testing.assert_array_equal(found.confusion, 20 * np.eye(10))
    assert found.accuracy == {1: 1, 3: 1, 5: 1, 10: 1}
    assert ticks[-1] == (5, 5)


def test_mixed_clusters_are_named_by_their_majority():
    # Ten points, each a stack of 3 of its own digit and 1 of the next.
    X = np.repeat(np.eye(10) * 10, 4, axis=0)
    y = np.array([[d, d, d, (d + 1) % 10] for d in range(10)]).ravel()
    found = cluster_digits(Digits(X, y, X, y), 0, lambda *_: None)
    assert found.purity == 0.75
    assert found.confusion.sum() == 40
    assert found.accuracy[10] == 0.75

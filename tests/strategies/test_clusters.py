import numpy as np
import pytest
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from sparing.strategies import choose, clusters, get_strategy
from sparing.strategies.clusters import typicality


def rng(seed=0):
    return np.random.default_rng(seed)


def crowds(sizes, seed=0):
    """Groups far apart, of the sizes given, and which group each row is in."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    return rng(seed).normal(size=(len(codes), 2)) + 100.0 * codes[:, None], codes


def test_typicality_is_the_inverse_mean_distance_to_the_neighbours():
    X = rng(1).normal(size=(60, 3))
    distances, _ = NearestNeighbors(n_neighbors=21).fit(X).kneighbors(X)
    expected = 1 / distances[:, 1:].mean(axis=1)
    assert typicality(X, np.arange(60), rng()) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("size", "neighbours"), [(1, 0), (2, 1), (3, 1), (10, 5)])
def test_small_groups_have_fewer_neighbours(size, neighbours):
    X = np.arange(float(size))[:, None] ** 2
    score = typicality(X, np.arange(size), rng())
    reach = np.sort(np.abs(X - X.T), axis=1)[:, 1 : neighbours + 1].sum(axis=1)
    assert score == pytest.approx(1 / (reach / max(1, neighbours) + 1e-5))


def test_typicality_from_a_sample_ranks_alike(monkeypatch):
    X = rng(2).normal(size=(2000, 2))
    exact = typicality(X, np.arange(2000), rng())
    monkeypatch.setattr(clusters, "JUDGED", 500)
    sampled = typicality(X, np.arange(2000), rng())
    assert exact[sampled.argmax()] > np.quantile(exact, 0.9)


@pytest.mark.parametrize("name", ["typiclust", "cluster_then_label"])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_one_item_of_each_group_the_largest_first(snapshot_of, name, form):
    X, codes = crowds([30, 50, 20, 40])
    picked = choose(get_strategy(name), snapshot_of(form(X)), 4, rng())
    assert codes[picked.rows].tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("name", ["typiclust", "cluster_then_label"])
def test_groups_with_labels_come_last(snapshot_of, name):
    X, codes = crowds([30, 50, 20, 40])
    labeled = [int(np.flatnonzero(codes == c)[0]) for c in (1, 3)]
    picked = choose(get_strategy(name), snapshot_of(X, labeled, [0, 1]), 2, rng())
    assert codes[picked.rows].tolist() == [0, 2]


def test_outliers_come_after_groups(snapshot_of):
    X, codes = crowds([40, 3, 40])
    picked = choose(get_strategy("typiclust"), snapshot_of(X), 3, rng())
    assert codes[picked.rows[2]] == 1


def test_more_picks_than_groups(snapshot_of, monkeypatch):
    monkeypatch.setattr(clusters, "MAX_CLUSTERS", 3)
    X, codes = crowds([10, 20, 30])
    picked = choose(get_strategy("typiclust"), snapshot_of(X), 40, rng())
    assert np.bincount(codes[picked.rows]).tolist() == [10, 15, 15]


def test_the_medoid_is_nearest_to_the_mean_of_its_group(snapshot_of):
    X, codes = crowds([30, 50])
    picked = choose(get_strategy("cluster_then_label"), snapshot_of(X), 2, rng())
    for row in picked.rows:
        group = X[codes == codes[row]]
        distances = np.linalg.norm(group - group.mean(axis=0), axis=1)
        assert np.linalg.norm(X[row] - group.mean(axis=0)) == pytest.approx(distances.min())


def test_groups_are_made_once_a_query(snapshot_of, monkeypatch):
    calls = []
    original = clusters.k_means
    monkeypatch.setattr(clusters, "k_means", lambda *a: calls.append(a[1]) or original(*a))
    X, _ = crowds([30, 50])
    choose(get_strategy("typiclust"), snapshot_of(X, [0, 1], [0, 1]), 12, rng())
    assert calls == [14]

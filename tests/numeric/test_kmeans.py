import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from sparing import MemoryBudgetError
from sparing.numeric import kmeans
from sparing.numeric.kmeans import k_means


def blobs(n=300, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, n)
    return rng.normal(size=(n, 3)) + 20 * np.eye(4, 3)[codes], codes


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_well_parted_groups_are_found(form):
    X, codes = blobs()
    clusters = k_means(form(X), 4, np.random.default_rng(1))
    pairs = set(zip(codes.tolist(), clusters.labels.tolist(), strict=True))
    assert len(pairs) == 4


def test_labels_and_distances_are_those_of_the_nearest_center():
    X, _ = blobs()
    clusters = k_means(X, 6, np.random.default_rng(0))
    squared = cdist(X, clusters.centers, "sqeuclidean")
    assert clusters.labels.tolist() == squared.argmin(axis=1).tolist()
    assert clusters.squared == pytest.approx(squared.min(axis=1))


def test_members_are_a_partition():
    X, _ = blobs()
    clusters = k_means(X, 5, np.random.default_rng(0))
    members = clusters.members()
    assert len(members) == 5
    assert sorted(np.concatenate(members).tolist()) == list(range(300))
    assert all((clusters.labels[rows] == c).all() for c, rows in enumerate(members))


def test_a_sample_serves_nearly_as_well_as_all_rows(monkeypatch):
    monkeypatch.setattr(kmeans, "SAMPLE", 400)
    X = np.random.default_rng(0).normal(size=(4000, 5))
    whole = KMeans(8, n_init=1, random_state=0).fit(X).inertia_
    sampled = [k_means(X, 8, np.random.default_rng(s)).squared.sum() for s in range(5)]
    assert np.mean(sampled) < 1.05 * whole


def test_fitting_on_some_rows_assigns_all():
    X, codes = blobs()
    rows = np.flatnonzero(codes < 2)
    clusters = k_means(X, 2, np.random.default_rng(0), rows)
    assert len(clusters.labels) == 300
    middles = [X[codes == code].mean(axis=0) for code in (0, 1)]
    assert cdist(middles, clusters.centers).min(axis=1).max() < 1


def test_fewer_distinct_rows_than_clusters_is_no_fault():
    clusters = k_means(np.ones((5, 2)), 9, np.random.default_rng(0))
    assert clusters.squared.tolist() == [0.0] * 5


def test_float32_stays_float32():
    X, _ = blobs()
    clusters = k_means(X.astype(np.float32), 4, np.random.default_rng(0))
    assert clusters.centers.dtype == clusters.squared.dtype == np.float32


def test_memory_is_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setattr("sparing.memory.available_bytes", lambda: 100)
    with pytest.raises(MemoryBudgetError, match="k-means needs about"):
        k_means(np.ones((50, 2)), 3, np.random.default_rng(0))

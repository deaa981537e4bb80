import numpy as np
import pytest

from sparing.learner.learner import ActiveLearner
from sparing.project.grid.clusters import (
    NOWHERE,
    clusters_of,
    find_clusters,
    read_clusters,
    write_clusters,
)


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0], [9, 0], [0, 9]])
    return (centers[np.arange(90) % 3] + 0.5 * rng.normal(size=(90, 2))).astype(np.float32)


def test_the_medoid_comes_first_and_then_what_is_near_to_it(points):
    order, ends = find_clusters(points, 3, seed=0)
    assert sorted(order.tolist()) == list(range(90))
    for members in np.split(order, ends[:-1]):
        assert len(set((members % 3).tolist())) == 1
        group = points[members]
        gaps = np.linalg.norm(group - group[0], axis=1)
        assert (np.diff(gaps) >= -1e-5).all()
        center = group.mean(axis=0)
        nearest = np.linalg.norm(group - center, axis=1).argmin()
        assert nearest == 0


def test_rows_of_a_project_are_named_and_the_others_are_nowhere(points):
    rows = np.arange(90) * 2 + 1
    clusters = clusters_of(ActiveLearner(points), rows, "these")
    assert sorted(clusters.order.tolist()) == rows.tolist()
    labels = clusters.labels(181)
    assert (labels[::2] == NOWHERE).all()
    for number in range(len(clusters)):
        assert set(labels[clusters.members(number)]) == {number}


def test_too_many_items_for_a_graph_are_clustered_as_they_are(points, monkeypatch):
    monkeypatch.setattr("sparing.models.spectrum.MAX_ITEMS", 10)
    monkeypatch.setattr("sparing.models.choice.MAX_ITEMS", 10)
    uneven = points * np.array([1, 1000], np.float32)
    stretched = np.column_stack([uneven, points[:, :1]]).astype(np.float32)
    clusters = clusters_of(ActiveLearner(stretched), np.arange(90), "these")
    assert len(clusters.scale) == 3
    assert sorted(clusters.order.tolist()) == list(range(90))


def test_a_file_is_read_only_for_the_items_it_was_made_of(tmp_path, points):
    made = clusters_of(ActiveLearner(points), np.arange(90), "these")
    path = tmp_path / "clusters.npz"
    assert read_clusters(path, "these") is None
    write_clusters(path, made)
    assert read_clusters(path, "these").order.tolist() == made.order.tolist()
    assert read_clusters(path, "others") is None
    path.write_bytes(path.read_bytes()[:100])
    assert read_clusters(path, "these") is None

"""The article's unsupervised try: k-means on the pool, and what its ten centroids are worth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import confusion_matrix

from sparing.experiment.article import N_CLASSES, Digits
from sparing.types import FloatArray, IntArray

N_STARTS = 5
LABELS_PER_CLUSTER = (1, 3, 5, 10)


@dataclass(frozen=True, eq=False, slots=True)
class Clustering:
    """Ten clusters of the pool and how they relate to the ten digits.

    Parameters
    ----------
    centers : (10, 784) centroids, ordered by the digit that is most frequent in each
    majority : (10,) that digit
    confusion : (10, 10) counts; row = cluster, column = digit
    purity : share of the pool that is of its cluster's most frequent digit
    accuracy : for each number of labels per cluster, the test accuracy when a cluster's name is
        the most frequent digit among so many samples nearest to its centroid
    """

    centers: FloatArray
    majority: IntArray
    confusion: IntArray
    purity: float
    accuracy: dict[int, float]


def cluster_digits(digits: Digits, seed: int, tick: Callable[[int, int], None]) -> Clustering:
    """Cluster the pool by k-means, the best of five starts; name clusters by a few labels each.

    Parameters
    ----------
    digits : pool and test
    seed : of the starts
    tick : told (starts done, starts in all)
    """
    starts = []
    for i in range(N_STARTS):
        tick(i, N_STARTS)
        starts.append(KMeans(N_CLASSES, n_init=1, random_state=seed + i).fit(digits.X))
    model = min(starts, key=lambda m: m.inertia_)
    tick(N_STARTS, N_STARTS)
    confusion = confusion_matrix(model.labels_, digits.y, labels=np.arange(N_CLASSES))
    order = np.argsort(confusion.argmax(axis=1), kind="stable")
    return Clustering(
        centers=model.cluster_centers_[order],
        majority=confusion.argmax(axis=1)[order],
        confusion=confusion[order],
        purity=float(confusion.max(axis=1).sum() / confusion.sum()),
        accuracy={m: _named_accuracy(model, digits, m) for m in LABELS_PER_CLUSTER},
    )


def _named_accuracy(model: KMeans, digits: Digits, n_labels: int) -> float:
    distance = model.transform(digits.X)
    nearest = [
        rows[np.argsort(distance[rows, c])[:n_labels]]
        for c in range(N_CLASSES)
        for rows in [np.flatnonzero(model.labels_ == c)]
    ]
    names = np.array([np.bincount(digits.y[rows]).argmax() for rows in nearest])
    return float(np.mean(names[model.predict(digits.X_test)] == digits.y_test))

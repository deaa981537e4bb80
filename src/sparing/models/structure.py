"""PoolStructure: what the features of a pool say before any label is there, computed once."""

from functools import cached_property
from typing import Self

import numpy as np

from sparing.errors import CapabilityError
from sparing.memory import check_memory
from sparing.models.graph import N_NEIGHBORS, NeighborGraph, neighbor_graph
from sparing.models.landmarks import N_LANDMARKS, Landmarks, RidgeMap, place_landmarks
from sparing.models.spectrum import graph_spectrum
from sparing.pool.snapshot import Spectrum
from sparing.pool.views import Views
from sparing.types import Features, FloatArray

MAX_ITEMS = 100_000
"""Beyond this many items the structure takes minutes: a linear model serves better."""
UNEVEN = 30.0  # the widest column beyond so many times the middle one: units differ


class PoolStructure:
    """The neighbour graph, landmarks and spectrum of a pool, each made when first read.

    Copies of a model share it: scikit-learn's ``clone`` returns it as it is.

    Parameters
    ----------
    X : (n, n_features) dense; shared, never copied unless its columns have to be scaled
    n_neighbors : of the graph
    join : whether the graph's components are connected
    seed : of the landmarks and the spectrum
    views : which columns see the items in which way, if they do in several: distances are then
        taken so that each view has the same say

    Attributes
    ----------
    center, spread : (n_features,) mean and deviation of the columns
    scale : (n_features,) what columns are multiplied by before distances are taken, or None

    Examples
    --------
    >>> structure = PoolStructure(np.array([[0.0], [0.1], [9.0], [9.1]]), n_neighbors=1)
    >>> structure.graph.component.tolist()
    [0, 0, 0, 0]
    """

    def __init__(
        self,
        X: Features,
        n_neighbors: int = N_NEIGHBORS,
        *,
        join: bool = True,
        seed: int = 0,
        views: Views | None = None,
    ) -> None:
        if not isinstance(X, np.ndarray):
            raise CapabilityError(
                "A graph model needs dense features: reduce sparse ones first, "
                "for example by the encoder 'text'."
            )
        self.X = X
        self.n_neighbors = n_neighbors
        self.join = join
        self.seed = seed
        self.center = X.mean(axis=0, dtype=np.float64)
        self.spread = X.std(axis=0, dtype=np.float64)
        self.scale = column_scale(self.spread) if views is None else view_scale(self.spread, views)

    def __sklearn_clone__(self) -> Self:
        """Return itself: it never changes, and it is large."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself, for the same reason."""
        return self

    def __repr__(self) -> str:
        return f"<PoolStructure of {len(self.X)} items>"

    def holds(self, X: Features) -> bool:
        """Tell whether these are the very features that the structure was made of."""
        if X is self.X:
            return True
        same_kind = (
            isinstance(X, np.ndarray) and X.shape == self.X.shape and X.dtype == self.X.dtype
        )
        places = [a.__array_interface__["data"][0] for a in (X, self.X)] if same_kind else [0, 1]
        return places[0] == places[1] and X.strides == self.X.strides

    def scaled(self, X: FloatArray) -> FloatArray:
        """Return rows in the units in which distances are taken."""
        return X if self.scale is None else (X * self.scale).astype(np.float32)

    @cached_property
    def unit_scale(self) -> FloatArray:
        """(n_features,) what brings the pool's rows to a variance of 1 in all, in these units."""
        scale = np.ones(len(self.spread)) if self.scale is None else np.asarray(self.scale, float)
        variance = float(((self.spread * scale) ** 2).sum())
        return scale / np.sqrt(variance) if variance > 0 else scale

    @cached_property
    def points(self) -> FloatArray:
        """(n, n_features) the pool in these units."""
        return self.scaled(self.X)

    @cached_property
    def graph(self) -> NeighborGraph:
        """The graph of nearest neighbours."""
        return neighbor_graph(self.points, self.n_neighbors, join=self.join)

    @cached_property
    def landmarks(self) -> Landmarks:
        """Landmarks among the items."""
        return place_landmarks(self.points, seed=self.seed)

    @cached_property
    def head(self) -> RidgeMap:
        """Ridge regression from the landmark features of the pool."""
        n = len(self.X)
        check_memory(8 * n * min(n, N_LANDMARKS), "a graph model", "use fewer items")
        return RidgeMap(self.landmarks.features(self.points))

    def features(self, X: FloatArray) -> FloatArray:
        """Return the landmark features of new rows."""
        return self.landmarks.features(self.scaled(np.asarray(X)))

    def spectrum(self, n_pairs: int) -> Spectrum:
        """Return the smallest eigenpairs of the graph's normalised Laplacian."""
        return graph_spectrum(self.graph, n_pairs, seed=self.seed)


def column_scale(spread: FloatArray) -> FloatArray | None:
    """Return what to multiply columns by so that none drowns the others; None to leave them.

    Parameters
    ----------
    spread : (n_features,) deviation of each column

    Vectors of an encoder share one unit, and how wide a column is means something. Columns of a
    table do not: then each that varies is brought to deviation 1.

    Examples
    --------
    >>> column_scale(np.array([1.0, 0.0, 2.0])) is None
    True
    >>> column_scale(np.array([1.0, 4.0, 0.0, 500.0]))
    array([1.   , 0.25 , 0.   , 0.002], dtype=float32)
    """
    varying = spread[spread > 0]
    if not len(varying) or varying.max() <= UNEVEN * np.median(varying):
        return None
    scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.asarray(scale, np.float32)


def view_scale(spread: FloatArray, views: Views) -> FloatArray:
    """Return what to multiply columns by so that every view varies as much in all.

    Parameters
    ----------
    spread : (n_features,) deviation of each column
    views : which columns see the items in which way

    Examples
    --------
    >>> view_scale(np.array([3.0, 4.0, 0.5]), Views(("wide", "narrow"), (2, 1)))
    array([0.2, 0.2, 2. ], dtype=float32)
    """
    scale = np.zeros(len(spread), np.float32)
    for _, at in views:
        within = column_scale(spread[at])
        within = np.ones(1, np.float32) if within is None else within
        variance = float(((spread[at] * within) ** 2).sum())
        scale[at] = within / np.sqrt(variance) if variance > 0 else 0
    return scale

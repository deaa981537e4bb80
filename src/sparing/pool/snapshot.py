"""Snapshot: all that a query strategy may see, frozen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sparing.types import BoolArray, Features, FloatArray, IntArray

Predict = Callable[[Features], FloatArray]
Refit = Callable[[IntArray, IntArray], Predict]


class Committee(Protocol):
    """Several models of the same task; their probabilities come in blocks of rows."""

    @property
    def n_members(self) -> int: ...  # noqa: D102

    def blocks(self, rows: IntArray) -> Iterator[FloatArray]:
        """Yield (n_members, block, n_classes) in the order of ``rows`` until all are done."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Spectrum:
    """The smoothest eigenvectors of the neighbour graph's normalised Laplacian.

    Parameters
    ----------
    values : (n_pairs,) eigenvalues, ascending, >= 0
    vectors : (n_items, n_pairs) orthonormal columns
    """

    values: FloatArray
    vectors: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """What one model version says of the pool; fields that no strategy asked for are None.

    Parameters
    ----------
    X : (n_items, n_features) the whole pool, shared and read-only
    eligible : (n_items,) True where a row may be asked
    labeled : (n_labeled,) rows that have a label
    codes : (n_labeled,) their class ids
    n_classes : how many classes the pool knows
    proba : (n_items, n_classes) the model's probabilities
    oof_proba : (n_labeled, n_classes) the same for labeled rows, each by a model that did not
        see the row
    committee : models whose disagreement counts
    spectrum : eigenpairs of the neighbour graph
    predict : turns features into (n, n_classes) probabilities with the current model
    refit : turns (rows, codes) into the ``predict`` of a model fitted on just these
    """

    X: Features
    eligible: BoolArray
    labeled: IntArray
    codes: IntArray
    n_classes: int
    proba: FloatArray | None = None
    oof_proba: FloatArray | None = None
    committee: Committee | None = None
    spectrum: Spectrum | None = None
    predict: Predict | None = None
    refit: Refit | None = None

    @property
    def candidates(self) -> IntArray:
        """Rows that may be asked, ascending."""
        return np.flatnonzero(self.eligible)

    def field(self, name: str) -> Any:
        """Return a field by the name that a strategy's ``requires`` uses."""
        return getattr(self, name)

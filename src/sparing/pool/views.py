"""Views: which columns of the features see the items in which way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from sparing._validate import invalid
from sparing.types import FloatArray


@dataclass(frozen=True, slots=True)
class Views:
    """Several descriptions of the same items, side by side in one matrix.

    A photograph has shapes and what a pretrained network sees in it, a text has words and a
    meaning. Which of them tells the classes apart nobody knows before there are labels: a model
    that is told where each view begins weighs them by what the labels show.

    Parameters
    ----------
    names : of the views, in the order of their columns
    widths : how many columns each has

    Examples
    --------
    >>> views = Views(("shapes", "network"), (64, 1280))
    >>> views.n_features, views.columns("network")
    (1344, slice(64, 1344, None))
    """

    names: tuple[str, ...]
    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names) or len(self.names) != len(self.widths):
            raise invalid("names", "Views", "distinct names, one for each width", self.names)
        if not self.widths or min(self.widths) < 1:
            raise invalid("widths", "Views", "whole numbers >= 1, at least one", self.widths)

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def joined(cls, features: Mapping[str, FloatArray]) -> tuple[Self, FloatArray]:
        """Put views of the same items side by side.

        Parameters
        ----------
        features : the vectors of each view by its name, each (n_items, its own width), dense

        Returns
        -------
        views : which columns are whose
        X : (n_items, n_features) float32

        Raises
        ------
        InvalidInputError : no view, or views of different numbers of items

        Examples
        --------
        >>> views, X = Views.joined({"shapes": np.ones((3, 2)), "network": np.zeros((3, 4))})
        >>> views.widths, X.shape
        ((2, 4), (3, 6))
        """
        parts = [np.asarray(part) for part in features.values()]
        shapes = {name: part.shape for name, part in zip(features, parts, strict=True)}
        if len({shape[0] for shape in shapes.values() if len(shape) == 2}) != 1:
            raise invalid("features", "Views.joined", "matrices of equally many rows", shapes)
        views = cls(tuple(features), tuple(part.shape[1] for part in parts))
        return views, np.hstack(parts).astype(np.float32, copy=False)

    @property
    def n_features(self) -> int:
        """How many columns there are."""
        return sum(self.widths)

    def columns(self, name: str) -> slice:
        """Return which columns are those of a view."""
        return dict(self)[name]

    def __iter__(self) -> Iterator[tuple[str, slice]]:
        """Yield each view's name and columns."""
        ends = np.cumsum((0, *self.widths)).tolist()
        spans = (slice(start, stop) for start, stop in pairwise(ends))
        return zip(self.names, spans, strict=True)

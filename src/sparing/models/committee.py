"""Committees: bootstrap copies of one classifier, or draws from the posterior that a model has."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from sparing.errors import TrainingError
from sparing.models.alignment import align_proba
from sparing.models.answers import check_can_be_judged
from sparing.models.fitting import BLOCK_VALUES, FittedModel, fit_on_pool, rows_of
from sparing.numeric.geometry import row_blocks
from sparing.pool.pool import Pool
from sparing.types import Classifier, Features, FloatArray, IntArray

N_MEMBERS = 10


@dataclass(frozen=True, eq=False, slots=True)
class BootstrapCommittee:
    """Members that differ in what they saw; their probabilities are aligned and come in blocks.

    Parameters
    ----------
    members : fitted models
    X : (n_items, n_features) the pool, shared
    """

    members: tuple[FittedModel, ...]
    X: Features

    @property
    def n_members(self) -> int:
        """How many models there are."""
        return len(self.members)

    def blocks(self, rows: IntArray) -> Iterator[FloatArray]:
        """Yield (n_members, block, n_classes) in the order of ``rows`` until all are done."""
        width = max(prod(self.X.shape[1:]), self.n_members * len(self.members[0].shares))
        for span in row_blocks(len(rows), width, BLOCK_VALUES):
            block = rows_of(self.X, rows[span])
            yield np.stack([member.predict_proba(block) for member in self.members])


@dataclass(frozen=True, eq=False, slots=True)
class PosteriorCommittee:
    """Draws from the posterior of one fitted model, which makes them itself.

    Parameters
    ----------
    fitted : its model meets ``sparing.types.PosteriorClassifier``
    X : (n_items, n_features) the pool, shared
    seed : of the draws, the same for every block
    """

    fitted: FittedModel
    X: Features
    seed: int

    @property
    def n_members(self) -> int:
        """How many draws there are."""
        return int(self.fitted.model.n_members)  # type: ignore[union-attr]

    def blocks(self, rows: IntArray) -> Iterator[FloatArray]:
        """Yield (n_members, block, n_classes) in the order of ``rows`` until all are done.

        Raises
        ------
        TrainingError : ``sample_proba`` gave another shape
        InvalidInputError : what it gave are no probabilities
        """
        n_classes = len(self.fitted.shares)
        width = max(prod(self.X.shape[1:]), self.n_members * n_classes)
        for span in row_blocks(len(rows), width, BLOCK_VALUES):
            drawn = self._drawn(rows_of(self.X, rows[span]))
            yield np.stack([align_proba(P, self.fitted.seen, n_classes) for P in drawn])

    def _drawn(self, block: Any) -> FloatArray:
        drawn = np.asarray(self.fitted.model.sample_proba(block, self.seed))  # type: ignore[union-attr]
        wanted = (self.n_members, block.shape[0], len(self.fitted.seen))
        if drawn.shape != wanted:
            name = type(self.fitted.model).__name__
            raise TrainingError(f"sample_proba of {name} gave shape {drawn.shape}, not {wanted}.")
        return drawn


def bootstrap_committee(
    classifier: Classifier,
    pool: Pool,
    n_classes: int,
    seed: int,
    n_members: int = N_MEMBERS,
    *,
    inputs: Any = None,
) -> BootstrapCommittee:
    """Fit ``n_members`` copies of ``classifier``, each on as many labeled rows drawn anew.

    A draw may miss classes, and its member then gives them probability 0. Before anything is
    labeled all members agree on equal shares.

    Parameters
    ----------
    classifier : any scikit-learn classifier
    pool : the labeled rows
    n_classes : classes known to the pool
    seed : of the draws and the fits
    n_members : how many copies
    inputs : (n_items, ...) what the classifier sees of the items; the pool's features if None

    Raises
    ------
    TrainingError : a fit failed
    CapabilityError : the classifier gives neither probabilities nor scores

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> pool = Pool(np.arange(6.0)[:, None]).with_labels([0, 1, 4, 5], list("aabb"))
    >>> committee = bootstrap_committee(LogisticRegression(), pool, 2, seed=0, n_members=3)
    >>> [block.shape for block in committee.blocks(np.array([2, 3]))]
    [(3, 2, 2)]

    References
    ----------
    Abe & Mamitsuka (1998), Query learning strategies using boosting and bagging
    """
    check_can_be_judged(classifier)
    rng = np.random.default_rng(seed)
    labeled, X = pool.labeled, pool.X if inputs is None else inputs
    members = []
    for _ in range(n_members):
        drawn = labeled[rng.integers(len(labeled), size=len(labeled))] if len(labeled) else labeled
        member_seed = int(rng.integers(2**32))
        members.append(fit_on_pool(classifier, X, drawn, pool.y[drawn], n_classes, member_seed))
    return BootstrapCommittee(tuple(members), X)

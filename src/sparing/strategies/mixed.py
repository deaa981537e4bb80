"""Mix: a strategy with a share of uniform draws, each marked as such."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from sparing._validate import check_fraction
from sparing.pool.snapshot import Snapshot
from sparing.strategies.base import SOME_AT_RANDOM, QueryStrategy, Selection, choose
from sparing.types import FloatArray


class Mix(QueryStrategy):
    """Let a strategy fill the batch, save a share that is drawn at random.

    The random share hedges against a strategy that fools itself, and its labels, each with a
    known propensity, can estimate accuracy without bias. In every batch the share is met as
    closely as whole items allow, on average exactly; the draws stand at random places.

    Parameters
    ----------
    strategy : a name or an instance
    share : of uniform draws, strictly between 0 and 1

    Examples
    --------
    >>> proba = np.array([[0.5, 0.5], [0.9, 0.1], [0.8, 0.2], [1.0, 0.0]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(4), np.ones(4, bool), nobody, nobody, 2, proba=proba)
    >>> picked = choose(Mix("margin", share=0.5), s, 2, np.random.default_rng(1))
    >>> sorted(picked.source.tolist()), np.nanmax(picked.propensity)
    (['strategy', 'uniform'], np.float64(0.25))

    References
    ----------
    Kossen et al. (2021), arXiv 2103.05331, on what draws with known propensities are good for
    """

    name: ClassVar[str] = "mix"

    def __init__(self, strategy: str | QueryStrategy = "u_herding", share: float = 0.1) -> None:
        self.strategy = strategy
        self.share = share

    @property
    def _inner(self) -> QueryStrategy:
        from sparing.strategies.registry import get_strategy  # the registry knows this class

        return get_strategy(self.strategy)

    @property
    def requires(self) -> frozenset[str]:  # type: ignore[override]  # what the other one requires
        """The fields of the snapshot that the strategy inside reads."""
        return self._inner.requires

    @property
    def reason(self) -> str:  # type: ignore[override]
        """Why an item is asked."""
        return self._inner.reason + SOME_AT_RANDOM

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the utility of the strategy inside."""
        return self._inner.utility(s)

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return uniform draws from all candidates, and the strategy's picks from the rest."""
        share = check_fraction("share", "Mix", self.share)
        n_uniform = int(share * batch_size + rng.random())
        drawn = Selection.drawn(s.candidates, n_uniform, rng)
        if n_uniform == batch_size:
            return drawn
        eligible = s.eligible.copy()
        eligible[drawn.rows] = False
        rest = replace(s, eligible=eligible)
        return _shuffled_in(drawn, choose(self._inner, rest, batch_size - n_uniform, rng), rng)


def _shuffled_in(drawn: Selection, chosen: Selection, rng: np.random.Generator) -> Selection:
    """Put the draws at random places among the picks; each kind keeps its order."""
    n = len(drawn.rows) + len(chosen.rows)
    places = np.sort(rng.permutation(n)[: len(drawn.rows)])
    order = np.empty(n, dtype=np.int64)
    order[places] = np.arange(len(places))
    order[np.setdiff1d(np.arange(n), places)] = np.arange(len(places), n)
    columns = ("rows", "gains", "source", "propensity")
    return Selection(
        *(np.concatenate([getattr(drawn, c), getattr(chosen, c)])[order] for c in columns)
    )

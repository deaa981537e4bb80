"""QueryStrategy: a pure function of a frozen Snapshot, and the boundary that checks its picks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from sklearn.base import BaseEstimator

from sparing._validate import check_int, invalid
from sparing.errors import CapabilityError, PoolExhaustedError
from sparing.numeric import selection
from sparing.pool.snapshot import Snapshot
from sparing.types import BoolArray, FloatArray, IntArray, StrArray

FROM_STRATEGY = "strategy"
FROM_UNIFORM = "uniform"
SOME_AT_RANDOM = "; some are drawn at random"  # part of the reason of a batch of both kinds
OPTIONAL_FIELDS = ("proba", "oof_proba", "committee", "spectrum", "predict", "refit")


@dataclass(frozen=True, eq=False, slots=True)
class Selection:
    """The rows to ask, in the order they were picked.

    Parameters
    ----------
    rows : (batch_size,) rows of the pool
    gains : (batch_size,) utility, or for greedy strategies the gain at that pick
    source : (batch_size,) ``"strategy"``, or ``"uniform"`` for a draw that no score influenced
    propensity : (batch_size,) probability of drawing the row at its turn, given the rows drawn
        before it; NaN where the strategy's own order left nothing to chance
    """

    rows: IntArray
    gains: FloatArray
    source: StrArray
    propensity: FloatArray

    @classmethod
    def chosen(cls, rows: IntArray, gains: FloatArray) -> "Selection":
        """Return a selection whose picks all come from the strategy's own order."""
        n = len(rows)
        return cls(rows, gains, np.full(n, FROM_STRATEGY), np.full(n, np.nan))

    @classmethod
    def drawn(cls, candidates: IntArray, k: int, rng: np.random.Generator) -> "Selection":
        """Return ``k`` uniform draws without replacement, each with its propensity."""
        n = len(candidates)
        rows = candidates[rng.choice(n, size=k, replace=False)]
        return cls(rows, np.zeros(k), np.full(k, FROM_UNIFORM), 1 / (n - np.arange(k)))

    def spread_among(self, others: "Selection") -> "Selection":
        """Return all of both: these evenly spread over the batch, each part in its own order."""
        n, n_all = len(self.rows), len(self.rows) + len(others.rows)
        places = ((np.arange(n) + 0.5) * n_all / max(n, 1)).astype(np.int64)
        is_here = np.isin(np.arange(n_all), places)
        order = np.where(is_here, np.cumsum(is_here) - 1, n + np.cumsum(~is_here) - 1)
        names = ("rows", "gains", "source", "propensity")
        both = [np.concatenate([getattr(part, name) for part in (self, others)]) for name in names]
        return Selection(*(part[order] for part in both))


class QueryStrategy(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """How to choose what a person labels next.

    A strategy holds parameters only. It reads the fields of the Snapshot that it names in
    ``requires`` (beside ``X``, ``eligible``, ``labeled``, ``codes`` and ``n_classes``, which are
    always there); only those are computed. One that needs ``predict`` or ``refit`` cannot rank
    from a stored snapshot.
    """

    name: ClassVar[str]
    """What the registry calls it, such as ``"margin"``."""
    requires: ClassVar[frozenset[str]] = frozenset()
    is_pointwise: ClassVar[bool] = False
    """Whether the utility of a row depends on that row and the model alone, and the batch is the
    rows of the highest: then a pool of any size is chosen from a part at a time."""
    reason: ClassVar[str]
    """Why an item is asked, as a person reads it: *"the two likeliest classes are close"*."""

    @abstractmethod
    def utility(self, s: Snapshot) -> FloatArray:
        """Return one finite number a candidate, in the order of ``s.candidates``.

        Higher = ask first. For greedy strategies it is the gain at the first pick.
        """

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the batch; by default the candidates with the highest utility, ties at random."""
        utility = self.utility(s)
        picks = selection.top_k(utility, batch_size, rng)
        return Selection.chosen(s.candidates[picks], utility[picks])


def given(s: Snapshot, name: str) -> Any:
    """Return a field that a strategy requires, or say that the snapshot lacks it."""
    value = s.field(name)
    if value is None:
        raise CapabilityError(f"The snapshot lacks '{name}'.")
    return value


class Seen(Protocol):
    """A snapshot of any kind of pool: which rows may be asked, and fields by name."""

    @property
    def eligible(self) -> BoolArray: ...  # noqa: D102
    def field(self, name: str) -> Any: ...  # noqa: D102


class Chooser(Protocol):
    """A strategy for any kind of pool."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def requires(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    def select(self, s: Any, batch_size: int, rng: np.random.Generator) -> Selection: ...  # noqa: D102


def choose(strategy: Chooser, s: Seen, batch_size: int, rng: np.random.Generator) -> Selection:
    """Ask ``strategy`` for a batch and check what comes back.

    Raises
    ------
    CapabilityError : the snapshot lacks a field that the strategy requires
    PoolExhaustedError : fewer candidates than ``batch_size``
    InvalidInputError : ``batch_size`` is no positive int, or the strategy broke its contract
    """
    name = type(strategy).__name__
    _check_requirements(strategy, s)
    k = check_int("batch_size", "query", batch_size, 1)
    n_eligible = int(np.count_nonzero(s.eligible))
    if k > n_eligible:
        raise PoolExhaustedError(f"{k} items were asked for and {n_eligible} may be asked.")
    picked = strategy.select(s, k, rng)
    _check_picks(picked, s, k, name)
    return picked


def _check_requirements(strategy: Chooser, s: Seen) -> None:
    missing = sorted(f for f in strategy.requires if s.field(f) is None)
    if not missing:
        return
    there = [f for f in OPTIONAL_FIELDS if s.field(f) is not None]
    raise CapabilityError(
        f"strategy '{strategy.name}' requires {_listed(missing)}; "
        f"the snapshot gives {'only ' + _listed(there) if there else 'none of that'}."
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _check_picks(picked: Selection, s: Seen, k: int, name: str) -> None:
    rows = np.asarray(picked.rows)
    if rows.shape != (k,) or len(np.unique(rows)) < k:
        raise invalid("rows", f"the selection of {name}", f"{k} distinct rows", rows)
    if not s.eligible[rows].all():
        raise invalid("rows", f"the selection of {name}", "rows that may be asked", rows)
    if not np.isfinite(picked.gains).all():
        raise invalid("gains", f"the selection of {name}", "finite", picked.gains)

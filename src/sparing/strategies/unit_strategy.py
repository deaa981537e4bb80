"""UnitStrategy: how to choose among items whose answers have parts, whatever these parts are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.base import BaseEstimator

from sparing._validate import invalid
from sparing.errors import UnknownNameError
from sparing.numeric.selection import top_k
from sparing.strategies.base import Selection
from sparing.types import FloatArray


class UnitStrategy(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """How to choose which items a person marks next; a pure function of a frozen snapshot.

    What strategies for sentences and for pictures have in common: each kind has a snapshot of its
    own.
    """

    name: ClassVar[str]
    requires: ClassVar[frozenset[str]] = frozenset()
    reason: ClassVar[str]

    @abstractmethod
    def utility(self, s: Any) -> FloatArray:
        """Return one finite number a candidate; higher = ask first."""

    def select(self, s: Any, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the candidates with the highest utility, ties at random."""
        utility = self.utility(s)
        picks = top_k(utility, batch_size, rng)
        return Selection.chosen(s.candidates[picks], utility[picks])


class RandomItems(UnitStrategy):
    """Draw items uniformly."""

    name: ClassVar[str] = "random"
    reason: ClassVar[str] = "drawn at random"

    def utility(self, s: Any) -> FloatArray:
        """Return the same for all."""
        return np.zeros(len(s.candidates))

    def select(self, s: Any, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return uniform draws with their propensities."""
        return Selection.drawn(s.candidates, batch_size, rng)


class MixedItems(UnitStrategy):
    """Ask by a strategy, and for one item in five at random, which says how good the model is.

    The random ones are spread over the batch.

    Parameters
    ----------
    share : of a batch that is drawn at random
    """

    name: ClassVar[str] = "mixed"
    _inner: ClassVar[type[UnitStrategy]]

    def __init__(self, share: float = 0.2) -> None:
        self.share = share

    def utility(self, s: Any) -> FloatArray:
        """Return that of the strategy inside."""
        return self._inner().utility(s)

    def select(self, s: Any, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the random ones among those that the strategy wants most of the others."""
        n_drawn = round(self.share * batch_size)
        drawn = Selection.drawn(s.candidates, n_drawn, rng)
        rest = s.eligible.copy()
        rest[drawn.rows] = False
        wanted = self._inner().select(replace(s, eligible=rest), batch_size - n_drawn, rng)
        return drawn.spread_among(wanted)


S = TypeVar("S", bound=UnitStrategy)


def named_strategy(
    strategy: str | S, known: Mapping[str, type[S]], kind: type[Any], items: str, where: str
) -> S:
    """Return the strategy of that name; an instance as it is.

    Parameters
    ----------
    strategy : a name, or a strategy of ``kind``
    known : by name
    kind : of these items
    items, where : what they are for, and who asks, in words of the error

    Raises
    ------
    UnknownNameError : there is no such strategy for these items
    InvalidInputError : neither a name nor a strategy for them

    Examples
    --------
    >>> named_strategy("random", {"random": RandomItems}, RandomItems, "items", "SomeLearner")
    RandomItems()
    """
    if isinstance(strategy, kind):
        return strategy  # type: ignore[no-any-return]
    if not isinstance(strategy, str):
        raise invalid("strategy", where, f"a name or a {kind.__name__}", strategy)
    if strategy not in known:
        raise UnknownNameError(f"strategy for {items}", strategy, known)
    return known[strategy]()

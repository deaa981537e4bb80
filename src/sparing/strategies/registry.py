"""Which strategy a name stands for: those of this package, and those of others by entry point."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sparing._validate import invalid
from sparing.registry import Registry
from sparing.strategies.base import QueryStrategy
from sparing.strategies.clusters import ClusterThenLabel, TypiClust
from sparing.strategies.committee import Bald, BatchBald, Epig, QueryByCommittee
from sparing.strategies.coverage import MaxHerding, ProbCover, UHerding
from sparing.strategies.diversity import KCenter
from sparing.strategies.graph import VOpt
from sparing.strategies.hybrid import Badge, ClusterMargin, DropQuery
from sparing.strategies.lookahead import ExpectedErrorReduction
from sparing.strategies.mixed import Mix
from sparing.strategies.rare import RareSearch
from sparing.strategies.uncertainty import (
    EntropySampling,
    LeastConfidence,
    MarginSampling,
    RandomSampling,
)

GROUP = "sparing.strategies"

_OWN: tuple[type[QueryStrategy], ...] = (
    Badge,
    Bald,
    BatchBald,
    ClusterMargin,
    ClusterThenLabel,
    DropQuery,
    EntropySampling,
    Epig,
    ExpectedErrorReduction,
    KCenter,
    LeastConfidence,
    MarginSampling,
    MaxHerding,
    Mix,
    ProbCover,
    QueryByCommittee,
    RandomSampling,
    RareSearch,
    TypiClust,
    UHerding,
    VOpt,
)
STRATEGIES: Mapping[str, type[QueryStrategy]] = MappingProxyType({c.name: c for c in _OWN})
"""The strategies of this package by name."""

ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("uncertainty", "leastconfident", "lc", "confidence"), "least_confidence"),
        **dict.fromkeys(("smallestmargin", "breakingties", "bt"), "margin"),
        **dict.fromkeys(("maxentropy", "predictiveentropy"), "entropy"),
        **dict.fromkeys(("coreset", "kcentergreedy", "greedykcenter", "greedycoreset"), "k_center"),
        **dict.fromkeys(("committee", "querybycommittee", "voteentropy", "querybagging"), "qbc"),
        **dict.fromkeys(("mcdropout", "baldropout", "dropout"), "bald"),
        **dict.fromkeys(("eer", "errorreduction", "montecarloeer"), "expected_error_reduction"),
        **dict.fromkeys(("passive", "uniform"), "random"),
        **dict.fromkeys(("probabilitycoverage", "probcoverage", "maxcover"), "probcover"),
        **dict.fromkeys(("kmeans", "clustering", "cluster"), "cluster_then_label"),
    }
)
"""What modAL, scikit-activeml, ALiPy, small-text, Baal and DISTIL call a strategy of this package:
letters alone, without "sampling" or "sampler"."""


def strategy_names() -> list[str]:
    """Return all names, sorted; third-party strategies are listed without being imported.

    Examples
    --------
    >>> "margin" in strategy_names()
    True
    """
    return _REGISTRY.names()


def get_strategy(strategy: str | QueryStrategy, /, **params: Any) -> QueryStrategy:
    """Return the strategy of that name with those parameters; an instance as it is.

    Raises
    ------
    UnknownNameError : no such strategy, or no such parameter of it
    CapabilityError : the entry point behind the name does not load, or gives no strategy
    InvalidInputError : neither a name nor a strategy, or parameters beside an instance

    Examples
    --------
    >>> get_strategy("margin")
    MarginSampling()
    >>> get_strategy("margn")
    Traceback (most recent call last):
    sparing.errors.UnknownNameError: There is no strategy 'margn'. Did you mean 'margin'? ...
    """
    if isinstance(strategy, QueryStrategy):
        if params:
            raise invalid("params", "get_strategy", "empty beside an instance", params)
        return strategy
    if not isinstance(strategy, str):
        raise invalid("strategy", "get_strategy", "a name or a QueryStrategy", strategy)
    return _REGISTRY.make(strategy, params)


def _hint(name: str) -> str:
    """Return which strategy of this package is what other libraries call so; empty if none is."""
    own = {_letters(known): known for known in strategy_names()}
    said = _letters(name).removesuffix("sampling").removesuffix("sampler")
    meant = {**ELSEWHERE, **own}.get(said)
    return f"Did you mean '{meant}'?" if meant else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


_REGISTRY: Registry[QueryStrategy] = Registry(
    "strategy",
    STRATEGIES,
    QueryStrategy,
    GROUP,
    _hint,
)

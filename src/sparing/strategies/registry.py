"""Which strategy a name stands for: those of this package, and those of others by entry point.

A third party adds one in its own ``pyproject.toml``::

    [project.entry-points."sparing.strategies"]
    my_strategy = "my_package:MyStrategy"
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from inspect import isclass
from types import MappingProxyType
from typing import Any

from sparing._validate import invalid
from sparing.errors import CapabilityError, UnknownNameError
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
    return sorted({*STRATEGIES, *_entry_points()})


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
    kind = _strategy_class(strategy)
    known = kind._get_param_names()
    for name in params:
        if name not in known:
            raise UnknownNameError(f"parameter of strategy '{strategy}' called", name, known)
    return kind(**params)


def _strategy_class(name: str) -> type[QueryStrategy]:
    if name in STRATEGIES:
        return STRATEGIES[name]
    others = _entry_points()
    if name in others:
        return _load(others[name])
    raise UnknownNameError("strategy", name, strategy_names(), _hint(name))


def _hint(name: str) -> str:
    """Return which strategy of this package is what other libraries call so; empty if none is."""
    own = {_letters(known): known for known in strategy_names()}
    said = _letters(name).removesuffix("sampling").removesuffix("sampler")
    meant = {**ELSEWHERE, **own}.get(said)
    return f"Did you mean '{meant}'?" if meant else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> type[QueryStrategy]:
    """Import a third party's strategy; whatever its import raises is told with its origin."""
    origin = f"strategy '{point.name}' of entry point '{point.value}'"
    try:
        loaded = point.load()
    except Exception as error:  # foreign code; chained and raised as ours
        raise CapabilityError(f"{origin} cannot be loaded: {error!r}.") from error
    if isclass(loaded) and issubclass(loaded, QueryStrategy):
        return loaded
    raise CapabilityError(f"{origin} is no QueryStrategy class but {loaded!r}.")

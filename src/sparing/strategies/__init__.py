"""Query strategies: pure functions of a Snapshot, each by name in the registry."""

from sparing.strategies.base import QueryStrategy, Selection, choose
from sparing.strategies.clusters import ClusterThenLabel, TypiClust
from sparing.strategies.committee import Bald, BatchBald, Epig, QueryByCommittee
from sparing.strategies.coverage import MaxHerding, ProbCover, UHerding
from sparing.strategies.diversity import KCenter
from sparing.strategies.graph import VOpt
from sparing.strategies.hybrid import Badge, ClusterMargin, DropQuery
from sparing.strategies.lookahead import ExpectedErrorReduction
from sparing.strategies.mixed import Mix
from sparing.strategies.registry import STRATEGIES, get_strategy, strategy_names
from sparing.strategies.uncertainty import (
    EntropySampling,
    LeastConfidence,
    MarginSampling,
    RandomSampling,
)

__all__ = [
    "STRATEGIES",
    "Badge",
    "Bald",
    "BatchBald",
    "ClusterMargin",
    "ClusterThenLabel",
    "DropQuery",
    "EntropySampling",
    "Epig",
    "ExpectedErrorReduction",
    "KCenter",
    "LeastConfidence",
    "MarginSampling",
    "MaxHerding",
    "Mix",
    "ProbCover",
    "QueryByCommittee",
    "QueryStrategy",
    "RandomSampling",
    "Selection",
    "TypiClust",
    "UHerding",
    "VOpt",
    "choose",
    "get_strategy",
    "strategy_names",
]

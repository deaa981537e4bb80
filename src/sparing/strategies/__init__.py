"""Query strategies: pure functions of a Snapshot, each by name in the registry."""

from sparing.strategies.base import QueryStrategy, Selection, choose
from sparing.strategies.registry import STRATEGIES, get_strategy, strategy_names
from sparing.strategies.uncertainty import (
    EntropySampling,
    LeastConfidence,
    MarginSampling,
    RandomSampling,
)

__all__ = [
    "STRATEGIES",
    "EntropySampling",
    "LeastConfidence",
    "MarginSampling",
    "QueryStrategy",
    "RandomSampling",
    "Selection",
    "choose",
    "get_strategy",
    "strategy_names",
]

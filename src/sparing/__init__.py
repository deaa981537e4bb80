"""sparing: active learning that people use.

Label less, know how good it is, know when to stop.

Names are imported when they are first read (PEP 562): scikit-learn takes seconds to import, and
``sparing --help`` answers in half a second.

Examples
--------
>>> import sparing
>>> sparing.get_strategy("margin")
MarginSampling()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparing.errors import (
        CapabilityError,
        InvalidInputError,
        MemoryBudgetError,
        MissingExtraError,
        PoolExhaustedError,
        SourceError,
        SparingError,
        TrainingError,
        UnknownNameError,
    )
    from sparing.learner.boxes import BoxLearner
    from sparing.learner.learner import ActiveLearner
    from sparing.learner.query import Query
    from sparing.learner.sequences import SequenceLearner
    from sparing.learner.snapshots import snapshot_of
    from sparing.models.members import CommitteeClassifier
    from sparing.pool.classes import ClassTable
    from sparing.pool.pool import SKIPPED, UNLABELED, Pool
    from sparing.pool.snapshot import Snapshot
    from sparing.pool.views import Views
    from sparing.strategies.base import QueryStrategy, Selection, choose
    from sparing.strategies.registry import get_strategy, strategy_names

__version__ = "0.1.0"

__all__ = [
    "SKIPPED",
    "UNLABELED",
    "ActiveLearner",
    "BoxLearner",
    "CapabilityError",
    "ClassTable",
    "CommitteeClassifier",
    "InvalidInputError",
    "MemoryBudgetError",
    "MissingExtraError",
    "Pool",
    "PoolExhaustedError",
    "Query",
    "QueryStrategy",
    "Selection",
    "SequenceLearner",
    "Snapshot",
    "SourceError",
    "SparingError",
    "TrainingError",
    "UnknownNameError",
    "Views",
    "choose",
    "get_strategy",
    "snapshot_of",
    "strategy_names",
]

_MODULES = {
    "SKIPPED": "pool.pool",
    "UNLABELED": "pool.pool",
    "ActiveLearner": "learner.learner",
    "BoxLearner": "learner.boxes",
    "CapabilityError": "errors",
    "ClassTable": "pool.classes",
    "CommitteeClassifier": "models.members",
    "InvalidInputError": "errors",
    "MemoryBudgetError": "errors",
    "MissingExtraError": "errors",
    "Pool": "pool.pool",
    "PoolExhaustedError": "errors",
    "Query": "learner.query",
    "QueryStrategy": "strategies.base",
    "Selection": "strategies.base",
    "SequenceLearner": "learner.sequences",
    "Snapshot": "pool.snapshot",
    "SourceError": "errors",
    "SparingError": "errors",
    "TrainingError": "errors",
    "UnknownNameError": "errors",
    "Views": "pool.views",
    "choose": "strategies.base",
    "get_strategy": "strategies.registry",
    "snapshot_of": "learner.snapshots",
    "strategy_names": "strategies.registry",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'sparing' has no attribute '{name}'")
    return getattr(import_module(f"sparing.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

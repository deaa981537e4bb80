"""sparing: active learning that people use.

Label less, know how good it is, know when to stop.
"""

from sparing.classes import ClassTable
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
from sparing.pool import SKIPPED, UNLABELED, Pool

__version__ = "0.1.0"

__all__ = [
    "SKIPPED",
    "UNLABELED",
    "CapabilityError",
    "ClassTable",
    "InvalidInputError",
    "MemoryBudgetError",
    "MissingExtraError",
    "Pool",
    "PoolExhaustedError",
    "SourceError",
    "SparingError",
    "TrainingError",
    "UnknownNameError",
]

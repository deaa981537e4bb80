from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from sparing.pool.snapshot import Snapshot


@dataclass(frozen=True)
class Spoken:
    """A committee whose members' probabilities are given, (n_members, n, n_classes)."""

    proba: np.ndarray
    step: int = 3

    @property
    def n_members(self):
        return len(self.proba)

    def blocks(self, rows):
        for start in range(0, len(rows), self.step):
            yield self.proba[:, rows[start : start + self.step]]


@pytest.fixture
def committee_of() -> Callable[[np.ndarray], Spoken]:
    return Spoken


@pytest.fixture
def snapshot_of() -> Callable[..., Snapshot]:
    """Make a snapshot of some rows; all that are not labeled may be asked."""

    def make(X, labeled=(), codes=(), **fields):
        labeled = np.array(labeled, dtype=np.int64)
        eligible = np.ones(X.shape[0], dtype=bool)
        eligible[labeled] = False
        eligible = fields.pop("eligible", eligible)
        n_classes = fields.pop("n_classes", 3)
        return Snapshot(X, eligible, labeled, np.array(codes, dtype=np.int64), n_classes, **fields)

    return make

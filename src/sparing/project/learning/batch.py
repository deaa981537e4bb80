"""What a model version asks: the batch of the strategy, and spare items behind it."""

import numpy as np

from sparing.learner.batches import suggested_batch_size
from sparing.learner.learner import ActiveLearner
from sparing.learner.query import Query
from sparing.project.learning.kinds import KindOfTraining
from sparing.project.learning.named import in_turn, likest
from sparing.strategies.base import FROM_STRATEGY, FROM_UNIFORM
from sparing.types import FloatArray

N_SPARE = 50  # asked beyond the batch, so that nobody waits for the next version
BY_NAME = "the picture is like the name of a class; each class in turn until there is a label"
BEYOND = "the model is unsure, and learns meanwhile from your last answers"


def ask(
    learner: ActiveLearner, kind: KindOfTraining, named: FloatArray | None = None
) -> list[Query]:
    """Return the batch that the strategy wants, and spare items for while it is answered.

    A strategy that covers the pool in groups is asked for a batch of the size that suits it: the
    middle of one group in a hundred says less than the middle of one in ten.

    Parameters
    ----------
    learner : knows the labels
    kind : of its labels
    named : (n_items, n_classes) how like pictures are to the names of the classes, where that is
        known and there is no label; it orders the first questions
    """
    pool = learner.pool
    n_labeled, n_left = len(pool.labeled), len(pool.candidates)
    if not n_left:
        return []
    if named is not None:
        return [_by_name(learner, named)]
    batch = learner.query(min(suggested_batch_size(n_labeled, len(learner.classes)), n_left))
    learner.skip(batch.indices)
    spare = _spare(learner, batch, kind)
    learner.forget(batch.indices)
    return [batch, *spare]


def _by_name(learner: ActiveLearner, named: FloatArray) -> Query:
    """Return the pictures that are likest to the name of each class, one for each in turn."""
    candidates = learner.pool.candidates
    codes, lead = likest(named[candidates])
    first = in_turn(codes, lead, suggested_batch_size(0, named.shape[1]) + N_SPARE)
    rows, source = candidates[first], np.full(len(first), FROM_STRATEGY)
    none = np.full(len(first), np.nan)
    return Query(rows, lead[first], source, none, "names", BY_NAME, learner.model_version)


def _spare(learner: ActiveLearner, batch: Query, kind: KindOfTraining) -> list[Query]:
    """Return up to ``N_SPARE`` items that come after a batch; by a cheap rule once there is one."""
    pool = learner.pool
    n_spare = min(N_SPARE, len(pool.candidates))
    is_random = (batch.source == FROM_UNIFORM).all()
    if not n_spare or is_random:  # beyond the batch items are drawn at random anyway
        return []
    if kind.is_cold(learner):
        return [learner.query(n_spare)]
    doubt = kind.uncertainty(learner, pool.candidates)
    best = np.argsort(-doubt, kind="stable")[:n_spare]
    return [
        Query(
            pool.candidates[best],
            doubt[best],
            np.full(n_spare, FROM_STRATEGY),
            np.full(n_spare, np.nan),
            "margin",
            BEYOND,
            learner.model_version,
        )
    ]

"""snapshot_of: what a strategy may see, made from a model that somebody fitted elsewhere."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.errors import TrainingError
from sparing.models.answers import check_can_be_judged
from sparing.models.fitting import FittedModel
from sparing.models.spectrum import N_PAIRS, laplacian_spectrum
from sparing.models.version import ModelVersion, take_snapshot
from sparing.pool.classes import ClassTable
from sparing.pool.labels import label_values
from sparing.pool.pool import Pool
from sparing.pool.snapshot import Snapshot
from sparing.strategies.base import QueryStrategy
from sparing.strategies.registry import get_strategy
from sparing.types import Classifier, Features, IntArray


def snapshot_of(
    model: Classifier,
    X: Features,
    labeled: npt.ArrayLike,
    labels: Any,
    strategy: QueryStrategy | str,
    *,
    skipped: npt.ArrayLike = (),
    copied: Classifier | None = None,
    seed: int = 0,
) -> Snapshot:
    """Return what ``strategy`` may see of a pool, by a model that is fitted already.

    The model is asked, never fitted; only what needs other labels than it has seen (out-of-fold
    probabilities, a bootstrap committee, ``refit``) is made by copies of it.

    Parameters
    ----------
    model : a fitted classifier with ``classes_``
    X : (n_items, n_features) the pool
    labeled : (n_labeled,) rows that have a label
    labels : (n_labeled,) their label values, each one of ``model.classes_``
    strategy : a name or a ``QueryStrategy``: only what it requires is made
    skipped : rows that are not to be asked
    copied : the unfitted classifier that copies are made of, fitted on class ids; ``model`` if None
    seed : of all that is drawn

    Returns
    -------
    Snapshot
        class id i stands for ``model.classes_[i]``

    Raises
    ------
    TrainingError : the model is not fitted, or its answer fails
    CapabilityError : the strategy needs what the model or the features cannot give
    UnknownNameError : no such strategy, or a label that the model does not know
    InvalidInputError : another parameter is not as above

    Examples
    --------
    >>> import sparing
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[0.0], [0.9], [1.1], [2.0]])
    >>> model = LogisticRegression().fit(X[[0, 3]], ["low", "high"])
    >>> snapshot = snapshot_of(model, X, [0, 3], ["low", "high"], "margin")
    >>> rng = np.random.default_rng(0)
    >>> sparing.choose(sparing.get_strategy("margin"), snapshot, 1, rng).rows
    array([2])
    """
    asked = get_strategy(strategy)
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise TrainingError(f"{type(model).__name__} is not fitted: it has no classes_.")
    check_can_be_judged(model)
    table = ClassTable(tuple(label_values(classes, "classes_", "snapshot_of")))
    values = label_values(labels, "labels", "snapshot_of")
    table.encode(values)  # a label that the model does not know is refused here, by name
    pool = Pool(X, classes=table).with_skips(skipped).with_labels(labeled, values)
    version = ModelVersion(model if copied is None else copied, pool, seed)
    every_class = np.arange(len(table))
    version.fitted = FittedModel.of(_by_position(model), every_class, version.n_classes)
    spectrum = partial(laplacian_spectrum, pool.X, N_PAIRS, seed=seed)
    return take_snapshot(pool, version, asked.requires, spectrum)


def _by_position(model: Any) -> Any:
    """Return the model as one that was fitted on 0 to k - 1; errors go on naming it."""
    return type(type(model).__name__, (_ByPosition,), {})(model)


class _ByPosition:
    """A fitted model that knows its classes by their positions in ``classes_``."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.classes_ = np.arange(len(model.classes_))

    def __getattr__(self, name: str) -> Any:
        if name == "model":  # not set yet, as while it is copied
            raise AttributeError(name)
        return getattr(self.model, name)

    def predict(self, X: Any) -> IntArray:
        answers = np.asarray(self.model.predict(X)).ravel().tolist()
        positions = {value: i for i, value in enumerate(np.asarray(self.model.classes_).tolist())}
        return np.array([positions[answer] for answer in answers])

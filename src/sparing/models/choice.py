"""Which classifier is used: the one that is named, or what suits the items."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparing.errors import UnknownNameError
from sparing.models.ensemble import EnsembleClassifier
from sparing.models.reduced import ReducedClassifier
from sparing.models.structure import MAX_ITEMS
from sparing.models.views import ViewsClassifier
from sparing.pool.views import Views
from sparing.types import Classifier, Features

AUTO = "auto"


def linear_classifier(*, is_centered: bool = True) -> Classifier:
    """Return an unfitted logistic regression on scaled features."""
    scaler = StandardScaler(with_mean=is_centered)
    return make_pipeline(scaler, LogisticRegression(max_iter=1000))  # type: ignore[no-any-return]


MODELS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {"forest": RandomForestClassifier, "linear": linear_classifier}
)
"""The classifiers by name, beside ``"auto"``."""


def get_model(name: str) -> Classifier | str:
    """Return an unfitted classifier; ``"auto"`` stays itself.

    Raises
    ------
    UnknownNameError : no such model

    Examples
    --------
    >>> get_model("forest")
    RandomForestClassifier()
    >>> get_model("linar")
    Traceback (most recent call last):
    sparing.errors.UnknownNameError: There is no model 'linar'. Did you mean 'linear'? ...
    """
    if name == AUTO:
        return AUTO
    if name not in MODELS:
        raise UnknownNameError("model", name, (AUTO, *MODELS))
    return MODELS[name]()  # type: ignore[no-any-return]


def default_classifier(X: Features) -> Classifier:
    """Return an unfitted classifier that suits ``X``: features scaled, then logistic regression.

    CSR features are scaled but not centered, which keeps them sparse.

    Examples
    --------
    >>> import numpy as np
    >>> default_classifier(np.eye(3)).steps[-1][0]
    'logisticregression'
    """
    return linear_classifier(is_centered=not sparse.issparse(X))


def auto_classifier(X: Features, views: Views | None = None) -> Classifier:
    """Return the classifier that ``model="auto"`` stands for in a pool of these features.

    Up to 100,000 items: the ensemble that uses the unlabeled items too, one for each view and one
    for all where there are several; of sparse features on their leading directions. Larger pools:
    the linear model of ``default_classifier``.

    Examples
    --------
    >>> import numpy as np
    >>> auto_classifier(np.eye(3))
    EnsembleClassifier(structure=<PoolStructure of 3 items>)
    """
    if X.shape[0] > MAX_ITEMS:
        return default_classifier(X)
    if sparse.issparse(X):
        return ReducedClassifier().prepared(X)
    if views is not None and len(views) > 1:
        return ViewsClassifier(views).prepared(X)
    return EnsembleClassifier().prepared(X)

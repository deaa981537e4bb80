"""Which classifier ``model="auto"`` stands for: what suits the items."""

from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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

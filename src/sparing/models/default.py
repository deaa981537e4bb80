"""The classifier that is used when nobody names one."""

from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparing.types import Classifier, Features


def default_classifier(X: Features) -> Classifier:
    """Return an unfitted classifier that suits ``X``: features scaled, then logistic regression.

    CSR features are scaled but not centered, which keeps them sparse.

    Examples
    --------
    >>> import numpy as np
    >>> default_classifier(np.eye(3)).steps[-1][0]
    'logisticregression'
    """
    scaler = StandardScaler(with_mean=not sparse.issparse(X))
    return make_pipeline(scaler, LogisticRegression(max_iter=1000))  # type: ignore[no-any-return]

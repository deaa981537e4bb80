import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris

from sparing.models.choice import default_classifier


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_it_learns_from_dense_and_csr_features_of_any_scale(kind):
    X, y = load_iris(return_X_y=True)
    X = kind(X * [1, 1e3, 1e-3, 1e6])
    model = default_classifier(X).fit(X[::2], y[::2])
    assert np.mean(model.predict(X[1::2]) == y[1::2]) > 0.9
    assert model.predict_proba(X[:2]).shape == (2, 3)


def test_csr_features_are_not_centered():
    assert not default_classifier(sparse.csr_array(np.eye(2)))[0].with_mean
    assert default_classifier(np.eye(2))[0].with_mean

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from sparing.errors import UnknownNameError
from sparing.models.choice import MODELS, default_classifier, get_model


def test_each_name_gives_an_unfitted_model_of_its_own():
    assert get_model("auto") == "auto"
    assert isinstance(get_model("forest"), RandomForestClassifier)
    assert isinstance(get_model("linear").steps[-1][1], LogisticRegression)
    for name in MODELS:
        assert get_model(name) is not get_model(name)


def test_other_names_are_answered_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'forst'. Did you mean 'forest'.* auto, forest"):
        get_model("forst")


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

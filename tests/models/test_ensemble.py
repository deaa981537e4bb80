import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, make_moons

from sparing import InvalidInputError
from sparing.models.ensemble import EnsembleClassifier
from sparing.models.structure import PoolStructure


def known(y, rows):
    labels = np.full(len(y), -1)
    labels[rows] = y[rows]
    return labels


def test_where_neighbourhoods_say_all_the_graph_is_believed():
    X, y = make_moons(400, noise=0.06, random_state=0)
    rows = np.random.default_rng(0).permutation(400)[:12]
    model = EnsembleClassifier().fit(X, known(y, rows))
    assert model.weights_[0] > 0.5
    assert np.mean(model.transduction_ == y) > 0.95


def test_where_neighbourhoods_say_nothing_the_linear_model_takes_over():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1200, 40))
    y = (X[:, 0] + 0.05 * rng.standard_normal(1200) > 0).astype(int)
    X[:, 0] *= 0.7
    rows = np.arange(300)
    model = EnsembleClassifier().fit(X, known(y, rows))
    assert model.weights_[2] > 0.5
    graph = np.mean(model.graph_.transduction_[300:] == y[300:])
    assert np.mean(model.transduction_[300:] == y[300:]) > graph + 0.1


@pytest.mark.parametrize("load", [load_breast_cancer, load_digits])
def test_it_is_hardly_worse_than_its_best_member(load):
    X, y = load(return_X_y=True)
    structure = PoolStructure(X)
    losses = []
    for seed in range(3):
        rows = np.random.default_rng(seed).permutation(len(X))[:60]
        model = EnsembleClassifier(structure).fit(X, known(y, rows))
        members = [
            model.graph_.label_distributions_,
            model.kernel_.predict_proba(structure.head.features),
            model.linear_.predict_proba(X),
        ]
        best = max(np.mean(p.argmax(axis=1) == y) for p in members)
        losses.append(best - np.mean(model.transduction_ == y))
    assert np.mean(losses) < 0.03


def test_pool_and_new_items_get_probabilities():
    X, y = load_digits(return_X_y=True)
    model = EnsembleClassifier().fit(X[:900], known(y[:900], np.arange(100)))
    assert model.score(X[900:], y[900:]) > 0.85
    for proba in (model.label_distributions_, model.oof_proba_, model.predict_proba(X[900:])):
        np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert model.oof_proba_.shape == (100, 10)
    with pytest.raises(InvalidInputError, match="of 64 features"):
        model.predict(X[:, :3])


def test_equal_input_gives_equal_output():
    X, y = load_digits(return_X_y=True)
    a, b = (
        EnsembleClassifier().fit(X, known(y, np.arange(50))).label_distributions_ for _ in range(2)
    )
    np.testing.assert_array_equal(a, b)

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, make_moons

from sparing import InvalidInputError
from sparing.models.ensemble import EnsembleClassifier
from sparing.models.forest import forest_votes
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
    assert np.mean(model.transduction_ == y) > 0.9


def test_where_neighbourhoods_say_nothing_the_linear_model_takes_over():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1200, 40))
    y = (X[:, 0] + 0.05 * rng.standard_normal(1200) > 0).astype(int)
    X[:, 0] *= 0.7
    rows = np.arange(300)
    model = EnsembleClassifier().fit(X, known(y, rows))
    assert model.shares_["graph"] < 0.1
    assert sum(model.shares_.values()) == pytest.approx(1)
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
            *(m.predict_proba(X, structure.head.features) for m in model.members_),
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


def test_a_forest_is_asked_where_columns_mean_something_and_never_before_twenty_labels():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (600, 6))
    y = ((X[:, 2] > 0.2) ^ (X[:, 4] > -0.1)).astype(int)  # no direction tells them apart
    few = EnsembleClassifier().fit(X, known(y, np.arange(19)))
    assert "forest" not in few.shares_
    model = EnsembleClassifier().fit(X, known(y, np.arange(150)))
    assert max(model.shares_, key=model.shares_.get) == "forest"
    assert np.mean(model.transduction_[150:] == y[150:]) > 0.85
    components = X * np.linspace(1, 0.2, 6)
    wide = np.hstack([components, 0.1 * rng.uniform(-1, 1, (600, 3)) * [1, 0.5, 0.25]])
    assert "forest" not in EnsembleClassifier().fit(wide, known(y, np.arange(50))).shares_


def test_many_classes_are_not_made_to_wait_for_softmax():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((700, 120)).astype(np.float32)
    y = rng.integers(0, 90, 700)
    assert "softmax" not in EnsembleClassifier().fit(X, known(y, np.arange(600))).shares_


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_softmax_keeps_the_proportions_of_columns(shift):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    X = np.hstack([3 * np.eye(3)[y], 0.05 * rng.standard_normal((300, 200))]) + shift
    votes = EnsembleClassifier().fit(X, known(y, np.arange(30)))
    softmax, linear = (
        next(m for m in votes.members_ if m.name == name) for name in ("softmax", "linear")
    )
    rights = [np.mean(m.votes.predict_proba(X).argmax(axis=1) == y) for m in (softmax, linear)]
    assert rights[0] == 1.0
    assert rights[1] < 0.9


def test_contradicting_and_equal_items_get_an_answer_without_a_warning():
    X = np.ones((60, 3), np.float32)
    y = np.arange(60) % 3
    proba = EnsembleClassifier().fit(X, known(y, np.arange(40))).label_distributions_
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert proba.max() < 0.6


def noisy(seed, n=450):
    """A table whose two classes overlap, with tails that leave many rows far from all others."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    X = rng.standard_t(2.0, (n, 8))
    X[:, :4] += 1.2 * y[:, None]
    return X, y


def mean_log(proba, y):
    return np.log(0.99 * proba[np.arange(len(y)), y] + 0.005).mean()


def test_what_is_foretold_of_labels_holds_for_new_items():
    pooled, honest, real = [], [], []
    for seed in range(3):
        X, y = noisy(seed)
        model = EnsembleClassifier().fit(X[:300], known(y[:300], np.arange(100))).graph_
        pooled.append(mean_log(model.oof_proba_, y[:100]))
        honest.append(mean_log(model.new_oof_proba_, y[:100]))
        real.append(mean_log(model.predict_proba(X[300:]), y[300:]))
    assert np.mean(real) > np.mean(honest) - 0.1  # it is no surer than it should be
    assert np.mean(pooled) > np.mean(honest)


def test_of_new_items_the_graph_is_believed_by_what_it_says_of_new_ones_alone():
    X, y = noisy(0)
    model = EnsembleClassifier().fit(X[:300], known(y[:300], np.arange(100)))
    pool, new, graph = model.weights_, model.new_weights_, model.graph_
    assert new.sum() == pytest.approx(1)
    graph.new_oof_proba_ = np.eye(2)[1 - y[:100]]  # as if it were wrong of each of them
    model._weigh(y[:100])
    assert model.new_weights_[0] < new[0] / 2
    np.testing.assert_array_equal(model.weights_, pool)
    graph.new_oof_proba_ = graph.oof_proba_  # as if they were of the pool
    model._weigh(y[:100])
    np.testing.assert_array_equal(model.new_weights_, pool)


def test_trees_that_judge_a_row_are_as_many_as_answer():
    foretold, real = [], []
    for seed in range(4):
        X, y = make_moons(600, noise=0.25, random_state=seed)
        forest, unseen = forest_votes(X[:150], y[:150], 2)
        foretold.append(mean_log(unseen, y[:150]))
        real.append(mean_log(forest.predict_proba(X[150:]), y[150:]))
    assert abs(np.mean(real) - np.mean(foretold)) < 0.05

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, make_moons

from sparing import InvalidInputError
from sparing.models.graph_classifier import GraphClassifier
from sparing.models.structure import PoolStructure
from sparing.types import Classifier, TransductiveClassifier

MOONS, SIDE = make_moons(300, noise=0.06, random_state=1)


def known(y, rows, fill=-1):
    labels = np.full(len(y), fill)
    labels[rows] = y[rows]
    return labels


def one_of_each(y):
    return [int(np.flatnonzero(y == c)[0]) for c in np.unique(y)]


@pytest.mark.parametrize("method", ["spreading", "poisson"])
def test_one_label_a_moon_is_enough_for_the_pool_and_for_new_items(method):
    model = GraphClassifier(method).fit(MOONS, known(SIDE, one_of_each(SIDE)))
    assert np.mean(model.transduction_ == SIDE) > 0.97
    X, y = make_moons(200, noise=0.06, random_state=2)
    assert model.score(X, y) > 0.97
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, atol=1e-6)


def test_it_is_a_classifier_that_sees_the_pool():
    model = GraphClassifier()
    assert isinstance(model, Classifier)
    assert isinstance(model, TransductiveClassifier)
    assert model.prepared(MOONS).structure.holds(MOONS)
    assert clone(model).get_params() == model.get_params()


def test_labels_may_be_any_numbers_and_come_back():
    y = np.array([7, 3])[SIDE]
    model = GraphClassifier().fit(MOONS, known(y, one_of_each(SIDE)))
    assert model.classes_.tolist() == [3, 7]
    assert np.mean(model.predict(MOONS) == y) > 0.97


def test_many_labels_of_one_class_do_not_flood_the_other():
    rows = [*np.flatnonzero(SIDE == 0)[:60], np.flatnonzero(SIDE == 1)[0]]
    model = GraphClassifier().fit(MOONS, known(SIDE, rows))
    assert np.mean(model.transduction_ == SIDE) > 0.85


def test_a_small_class_stays_small():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (380, 2)), rng.normal(6, 0.5, (20, 2))])
    y = np.repeat([0, 1], [380, 20])
    rows = [0, 100, 200, 300, 390]
    model = GraphClassifier().fit(X, known(y, rows))
    assert abs(int((model.transduction_ == 1).sum()) - 20) <= 3


@pytest.mark.parametrize("counts", [(12, 12), (14, 6), (45, 15)])
def test_where_there_are_no_groups_nobody_floods_the_rest(counts):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 300)
    X = rng.standard_normal((600, 40))
    X[:, 0] += 5 * y - 2.5
    rows = np.concatenate([np.flatnonzero(y == c)[:n] for c, n in enumerate(counts)])
    model = GraphClassifier().fit(X, known(y, rows))
    assert np.mean(model.transduction_ == y) > 0.8


def test_priors_are_used_only_if_told():
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (200, 2))  # one cloud: the graph cannot tell
    y = np.zeros(200, int)
    y[100:] = 1
    labels = known(y, [0, 199])
    counts = [
        (GraphClassifier(priors=priors).fit(X, labels).label_distributions_[:, 0]).mean()
        for priors in ([0.1, 0.9], "balanced", [0.9, 0.1])
    ]
    assert counts[0] < counts[1] < counts[2]


def test_parts_without_labels_are_joined_or_abstained_on():
    X = np.concatenate([MOONS, MOONS + 100])
    labels = np.concatenate([known(SIDE, one_of_each(SIDE)), np.full(300, -1)])
    joined = GraphClassifier().fit(X, labels)
    assert not joined.abstained_.any()
    apart = GraphClassifier(abstain=True).fit(X, labels)
    assert apart.abstained_[300:].all()
    assert not apart.abstained_[:300].any()
    np.testing.assert_allclose(apart.label_distributions_[300:], 0.5)


def test_out_of_fold_answers_do_not_know_the_label():
    """Wrong labels drawn at random cannot be foretold."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(len(X))[:200])
    labels = known(y, rows)
    model = GraphClassifier().fit(X, labels)
    assert np.mean(model.oof_proba_.argmax(axis=1) == y[rows]) > 0.9
    labels[rows] = rng.integers(0, 10, 200)
    model.fit(X, labels)
    assert np.mean(model.oof_proba_.argmax(axis=1) == labels[rows]) < 0.2


def test_probabilities_mean_what_they_say():
    X, y = load_digits(return_X_y=True)
    gaps = []
    for seed in range(5):
        rows = np.random.default_rng(seed).permutation(len(X))[:100]
        model = GraphClassifier().fit(X, known(y, rows))
        gaps.append(
            model.label_distributions_.max(axis=1).mean() - np.mean(model.transduction_ == y)
        )
    assert abs(np.mean(gaps)) < 0.06


def test_a_structure_of_other_features_is_not_used():
    other = PoolStructure(MOONS + 5)
    model = GraphClassifier(structure=other).fit(MOONS, known(SIDE, [0, 1, 2, 3]))
    assert model.structure_ is not other
    mine = PoolStructure(MOONS)
    assert GraphClassifier(structure=mine).fit(MOONS, known(SIDE, [0, 1])).structure_ is mine


@pytest.mark.parametrize(
    ("parameters", "y", "expected"),
    [
        ({}, np.full(300, -1), "at least one"),
        ({}, SIDE[:5], r"of shape \(300,\)"),
        ({"method": "magic"}, SIDE, "one of spreading, poisson"),
        ({"alpha": 1.0}, SIDE, "alpha"),
        ({"priors": [1.0]}, SIDE, "priors"),
        ({"priors": "equal"}, SIDE, "priors"),
        ({"n_neighbors": 0}, SIDE, "n_neighbors"),
    ],
)
def test_bad_input_is_refused(parameters, y, expected):
    with pytest.raises(InvalidInputError, match=expected):
        GraphClassifier(**parameters).fit(MOONS, y)


def test_other_features_are_refused():
    model = GraphClassifier().fit(MOONS, SIDE)
    with pytest.raises(InvalidInputError, match="of 2 features"):
        model.predict(np.ones((2, 3)))


def test_a_single_class_and_identical_items():
    model = GraphClassifier().fit(np.ones((8, 2)), [4] + [-1] * 7)
    assert (model.transduction_ == 4).all()
    assert model.label_distributions_.tolist() == [[1.0]] * 8

"""A committee of one's own, and the draws that a model makes itself."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

import sparing
from sparing.strategies.measures import entropy

X = np.array([[0.0], [0.2], [0.9], [1.1], [1.8], [2.0]])


def test_its_members_are_the_committee_and_their_mean_its_answer():
    members = [LogisticRegression(C=100), GaussianNB()]
    learner = sparing.ActiveLearner(X, ["a", "b"], sparing.CommitteeClassifier(members), "bald")
    learner.teach([0, 1, 4, 5], list("aabb"))
    rows = [0, 1, 4, 5]
    each = np.stack([clone(m).fit(X[rows], list("aabb")).predict_proba(X) for m in members])
    assert np.allclose(learner.predict_proba(), each.mean(axis=0))
    committee = learner.version.committee
    assert committee.n_members == 2
    assert np.allclose(np.concatenate(list(committee.blocks(np.arange(6))), axis=1), each)
    bald = entropy(each.mean(axis=0)) - entropy(each).mean(axis=0)
    assert np.allclose(learner.utilities()[[2, 3]], bald[[2, 3]])


def test_a_class_without_a_label_gets_no_probability_from_any_member():
    model = sparing.CommitteeClassifier([LogisticRegression(), GaussianNB()])
    learner = sparing.ActiveLearner(X, ["a", "b", "c"], model, "qbc")
    learner.teach([0, 1, 4, 5], list("aacc"))
    block = next(learner.version.committee.blocks(np.arange(6)))
    assert block.shape == (2, 6, 3)
    assert (block[:, :, 1] == 0).all()
    learner.query(2)


def test_members_of_one_kind_start_apart():
    net = MLPClassifier((4,), max_iter=2000, solver="lbfgs")
    model = sparing.CommitteeClassifier([net, net], seed=1).fit(X, list("aaabbb"))
    first, second = model.sample_proba(X, seed=0)
    assert not np.allclose(first, second)
    again = sparing.CommitteeClassifier([net, net], seed=1).fit(X, list("aaabbb"))
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


def test_what_is_no_committee_is_refused():
    with pytest.raises(sparing.InvalidInputError, match="at least one classifier"):
        sparing.CommitteeClassifier([]).fit(X, list("aaabbb"))
    with pytest.raises(sparing.InvalidInputError, match="LinearRegression, a regressor"):
        sparing.CommitteeClassifier([LinearRegression()]).fit(X, list("aaabbb"))


class Posterior(ClassifierMixin, BaseEstimator):
    """Draws that are known: member i believes in the second class by i / 2."""

    n_members = 3

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.sample_proba(X, 0).mean(axis=0)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def sample_proba(self, X, seed):
        second = np.broadcast_to(np.arange(3)[:, None] / 2, (3, len(X)))
        return np.stack([1 - second, second], axis=2)


def test_a_model_that_draws_itself_is_asked():
    learner = sparing.ActiveLearner(X, ["a", "b"], Posterior(), "bald")
    learner.teach([0, 5], ["a", "b"])
    # mean 1/2: entropy log 2; two members are sure, one has entropy log 2
    assert np.allclose(learner.utilities()[1:5], np.log(2) * 2 / 3)


def test_a_draw_of_another_shape_is_named():
    class Broken(Posterior):
        def sample_proba(self, X, seed):
            return np.ones((2, len(X), 2)) / 2

    learner = sparing.ActiveLearner(X, ["a", "b"], Broken(), "qbc")
    learner.teach([0, 5], ["a", "b"])
    with pytest.raises(sparing.TrainingError, match=r"Broken gave shape \(2, 4, 2\), not"):
        learner.query()

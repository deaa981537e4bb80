"""Any classifier: it never stops the loop of ``auto``, whatever it demands of labels or gives."""

import inspect

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, StackingClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OutputCodeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators
from threadpoolctl import threadpool_limits

from sparing import (
    ActiveLearner,
    CapabilityError,
    InvalidInputError,
    TrainingError,
    UnknownNameError,
)
from sparing.errors import TooFewLabelsError

pytestmark = pytest.mark.filterwarnings("ignore")  # of the models, on so few labels

X, Y = load_iris(return_X_y=True)
QUICK = {"n_estimators": 3, "max_iter": 5, "Cs": 2}
OF_OTHERS = {"StackingClassifier", "VotingClassifier"}
NEITHER = {"OutputCodeClassifier", "VotingClassifier"}


def made(kind):
    """An instance with few trees and steps; one made of other models, of trees."""
    known = inspect.signature(kind).parameters
    params = {name: value for name, value in QUICK.items() if name in known}
    if kind.__name__ in OF_OTHERS:
        return kind([("a", DecisionTreeClassifier()), ("b", KNeighborsClassifier(1))])
    required = [p for p in known.values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if required or kind.__name__ == "SelfTrainingClassifier":
        return kind(DecisionTreeClassifier())
    return kind(**params)


CLASSIFIERS = dict(all_estimators("classifier"))


@pytest.mark.parametrize("name", sorted(CLASSIFIERS))
def test_no_classifier_of_scikit_learn_stops_the_loop(name):
    model = made(CLASSIFIERS[name])
    if name in NEITHER:
        with pytest.raises(CapabilityError, match=f"{name} gives no probabilities"):
            ActiveLearner(X, model=model)
        return
    learner = ActiveLearner(X, model=model)
    with threadpool_limits(1):
        for batch_size in (1, 1, 1, 1, 1, 15, 1, 1):
            query = learner.query(batch_size)
            learner.teach(query.indices, Y[query.indices])
    assert len(learner.pool.labeled) == 22


@pytest.mark.parametrize(
    "model",
    [
        GridSearchCV(LogisticRegression(), {"C": [1, 10]}),
        CalibratedClassifierCV(LinearSVC()),
        KNeighborsClassifier(15),
        make_pipeline(PCA(4), LogisticRegression(max_iter=50)),
        MLPClassifier((8,), early_stopping=True, max_iter=5),
        StackingClassifier([("a", DecisionTreeClassifier())]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_while_a_model_cannot_be_fitted_the_pool_is_covered_and_it_is_said(model):
    learner = ActiveLearner(X, model=model)
    said = []
    for batch_size in (3, 1, 1, 1):
        query = learner.query(batch_size)
        learner.teach(query.indices, Y[query.indices])
        said.append(query.reason)
    waiting = [reason for reason in said if "items of every kind meanwhile" in reason]
    assert waiting
    assert type(model).__name__ in waiting[0]
    assert "\n" not in waiting[0]


def test_a_model_that_is_broken_stops_the_round():
    class Broken(LogisticRegression):
        def fit(self, X, y):
            raise AttributeError("no such attribute")

    learner = ActiveLearner(X, model=Broken())
    learner.teach([0, 60], [0, 1])
    with pytest.raises(TrainingError, match=r"Broken could not be fitted .* no such attribute"):
        learner.query()


def test_a_strategy_of_the_users_choice_says_what_is_missing():
    learner = ActiveLearner(X, model=KNeighborsClassifier(15), strategy="margin")
    learner.teach([0, 60], [0, 1])
    with pytest.raises(TooFewLabelsError, match="KNeighborsClassifier"):
        learner.query()


class LikeXGBoost(LogisticRegression):
    """Demands 0 to k - 1, in the words of xgboost 3.2."""

    def fit(self, X, y):
        if not np.array_equal(np.unique(y), np.arange(len(np.unique(y)))):
            raise ValueError("Invalid classes inferred from unique values of `y`.")
        return super().fit(X, y)


@pytest.mark.parametrize("strategy", ["auto", "margin", "bald", "badge"])
def test_classes_are_contiguous_for_the_models_eyes(strategy):
    learner = ActiveLearner(
        X, classes=[0, 1, 2], model=LikeXGBoost(max_iter=500), strategy=strategy
    )
    learner.teach([0, 1, 100, 101], [0, 0, 2, 2])
    learner.query(3)
    assert set(learner.predict().tolist()) == {0, 2}
    proba = learner.predict_proba()
    assert proba.shape == (150, 3)
    assert np.all(proba[:, 1] == 0)
    assert (learner.predict()[[0, 149]] == [0, 2]).all()


class Network:
    """Ten outputs whatever it is fitted on, no ``classes_``, no parameters."""

    def fit(self, X, y):
        self.middle = np.stack(
            [
                X[y == k].mean(axis=0) if np.any(y == k) else np.full(X.shape[1], 9.0)
                for k in range(10)
            ]
        )
        return self

    def predict_proba(self, X):
        near = -((X[:, None] - self.middle) ** 2).sum(axis=2)
        return softmax(near, axis=1)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


class OneOutput(Network):
    """The probability of the second of two classes, as networks with one output give it."""

    def predict_proba(self, X):
        return super().predict_proba(X)[:, 1:2]


@pytest.mark.parametrize("kind", [Network, OneOutput])
def test_networks_with_a_fixed_output_and_no_classes_are_aligned(kind):
    learner = ActiveLearner(X, classes=["a", "b", "c"], model=kind(), strategy="margin")
    learner.teach([0, 1, 100, 101], ["a", "a", "c", "c"])
    learner.query(3)
    proba = learner.predict_proba()
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert np.all(proba[:, 1] == 0)
    assert learner.predict()[[0, 149]].tolist() == ["a", "c"]


class LikeCatBoost(LogisticRegression):
    def predict(self, X):
        return super().predict(X)[:, None]


class Floats(LogisticRegression):
    def predict(self, X):
        return super().predict(X).astype(float)


class Between(LogisticRegression):
    def predict(self, X):
        return super().predict(X) + 0.25


class Table(LogisticRegression):
    def predict(self, X):
        return self.predict_proba(X)


@pytest.mark.parametrize("kind", [LikeCatBoost, Floats])
def test_predictions_in_a_column_or_as_floats_are_classes(kind):
    learner = ActiveLearner(X, model=kind(max_iter=500), strategy="random")
    learner.teach([0, 60, 120], ["a", "b", "c"])
    predicted = learner.predict()
    assert predicted.shape == (150,)
    assert predicted[[0, 60, 120]].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("kind", "what"), [(Between, r"\d\.25, which is no class"), (Table, r"shape \(150, 3\)")]
)
def test_predictions_that_are_no_classes_are_refused(kind, what):
    learner = ActiveLearner(X, model=kind(max_iter=500), strategy="random")
    learner.teach([0, 60, 120], ["a", "b", "c"])
    with pytest.raises(TrainingError, match=f"{kind.__name__} was fitted, .*{what}"):
        learner.predict()


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (LinearRegression(), "regressor"),
        (make_pipeline(StandardScaler(), LinearRegression()), "regressor"),
        (KMeans(3), "clusterer"),
        (IsolationForest(), "outlier_detector"),
    ],
)
def test_what_is_no_classifier_is_refused_at_the_start(model, kind):
    with pytest.raises(InvalidInputError, match=rf"must be a classifier\. Got .*, a {kind}"):
        ActiveLearner(X, model=model, strategy="random")


@pytest.mark.parametrize(
    "model",
    [
        OutputCodeClassifier(LogisticRegression()),
        VotingClassifier([("a", LinearSVC())]),
        GridSearchCV(OutputCodeClassifier(LogisticRegression()), {"code_size": [1]}),
        SVC(decision_function_shape="ovo"),
    ],
)
@pytest.mark.parametrize("strategy", ["auto", "margin"])
def test_a_model_that_cannot_be_judged_is_refused_at_the_start(model, strategy):
    with pytest.raises(CapabilityError, match="take "):
        ActiveLearner(X, model=model, strategy=strategy)
    ActiveLearner(X, model=model, strategy="random")


@pytest.mark.parametrize("model", [LinearSVC(), SVC(), make_pipeline(LinearSVC())])
def test_a_model_without_probabilities_is_judged_by_its_scores(model):
    learner = ActiveLearner(X, model=model)
    learner.teach(range(0, 150, 5), Y[::5])
    query = learner.query(10)
    assert query.strategy == "auto: u_herding"
    assert np.mean(learner.predict() == Y) > 0.8


def test_a_stack_that_gives_probabilities_once_it_is_fitted_is_taken():
    model = StackingClassifier([("a", DecisionTreeClassifier()), ("b", KNeighborsClassifier(1))])
    assert not hasattr(model, "predict_proba")
    learner = ActiveLearner(X, model=model, strategy="margin")
    learner.teach(range(0, 150, 10), Y[::10])
    learner.query(2)


class Bare(ClassifierMixin, BaseEstimator):
    """Says nothing of itself but that it fits and predicts."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), int)


def test_model_and_strategy_can_be_set():
    learner = ActiveLearner(X, strategy="random")
    learner.teach(range(0, 150, 10), Y[::10])
    assert learner.query(2).strategy == "random"
    learner.strategy = "margin"
    assert learner.query(2).strategy == "margin"
    version = learner.model_version
    learner.model = LogisticRegression(max_iter=500)
    assert learner.model_version == version + 1
    assert isinstance(learner.version.fitted.model, LogisticRegression)
    for bad, error in ((Bare(), CapabilityError), (LinearRegression(), InvalidInputError)):
        with pytest.raises(error):
            learner.model = bad
        assert isinstance(learner.version.fitted.model, LogisticRegression)
    with pytest.raises(UnknownNameError, match="margn"):
        learner.strategy = "margn"
    assert learner.strategy == "margin"
    learner.strategy = "random"
    learner.model = Bare()
    with pytest.raises(CapabilityError, match="Bare gives no probabilities"):
        learner.strategy = "margin"
    assert learner.query(1).strategy == "random"

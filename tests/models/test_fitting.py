import tracemalloc

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sparing import CapabilityError, InvalidInputError, TrainingError
from sparing.errors import TooFewLabelsError
from sparing.models import fitting
from sparing.models.fitting import blocks_of, fit_classifier, seeded_copy

X = np.array([[-2.0], [-1.0], [1.0], [2.0]])


class Constant(ClassifierMixin, BaseEstimator):
    """Answers with the rows it is told, whatever it is asked."""

    def __init__(self, row=(0.5, 0.5)):
        self.row = row

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.tile(self.row, (len(X), 1))


def test_a_class_between_those_seen_has_probability_zero():
    fitted = fit_classifier(GaussianNB(), X, np.array([0, 0, 2, 2]), 4, seed=0)
    proba = fitted.predict_proba(X)
    assert proba.shape == (4, 4)
    np.testing.assert_array_equal(proba[:, [1, 3]], 0)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert fitted.predict(X).tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize(
    ("codes", "shares"),
    [([], [1 / 3, 1 / 3, 1 / 3]), ([1], [1 / 4, 2 / 4, 1 / 4]), ([2, 2, 2], [1 / 6, 1 / 6, 4 / 6])],
)
def test_without_two_classes_every_row_gets_laplaces_shares(codes, shares):
    n = len(codes)
    fitted = fit_classifier(LogisticRegression(), X[:n], np.array(codes, dtype=int), 3, seed=0)
    np.testing.assert_allclose(fitted.predict_proba(X), np.tile(shares, (4, 1)))
    assert fitted.predict(X).tolist() == [int(np.argmax(shares))] * 4


def test_a_failing_fit_says_which_model_and_keeps_the_cause():
    with pytest.raises(TrainingError, match=r"LogisticRegression .* on 4 labeled items") as caught:
        fit_classifier(LogisticRegression(C=-1), X, np.array([0, 0, 1, 1]), 2, seed=0)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_a_model_that_cannot_answer_says_so_and_keeps_the_cause(method):
    fitted = fit_classifier(KNeighborsClassifier(5), X, np.array([0, 0, 1, 1]), 2, seed=0)
    with pytest.raises(TrainingError, match=f"its {method} failed: Expected n_neighbors") as caught:
        getattr(fitted, method)(X)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_a_model_that_drops_rows_is_not_believed(method):
    class Drops(LogisticRegression):
        def predict(self, X):
            return super().predict(X)[:-1]

        def predict_proba(self, X):
            return super().predict_proba(X)[:-1]

    fitted = fit_classifier(Drops(), X, np.array([0, 0, 1, 1]), 2, seed=0)
    with pytest.raises(TrainingError, match=f"its {method} gave 3 rows for 4 items"):
        getattr(fitted, method)(X)


def test_a_model_without_probabilities_is_judged_by_its_scores():
    codes = np.array([0, 0, 2, 2])
    fitted = fit_classifier(LinearSVC(), X, codes, 4, seed=0)
    assert fitted.predict(X).tolist() == codes.tolist()
    proba = fitted.predict_proba(X)
    assert proba.shape == (4, 4)
    assert proba.argmax(axis=1).tolist() == codes.tolist()
    assert np.all(np.diff(proba[:, 2]) > 0)
    three = fit_classifier(LinearSVC(), X, np.array([0, 1, 3, 3]), 4, seed=0)
    scores = three.model.decision_function(X)
    assert (three.predict_proba(X)[:, [0, 1, 3]].argsort() == scores.argsort()).all()


def test_a_model_with_neither_probabilities_nor_scores_predicts_and_says_so():
    fitted = fit_classifier(OutputCodeClassifier(LinearSVC()), X, np.array([0, 0, 1, 1]), 2, seed=0)
    assert set(fitted.predict(X).tolist()) <= {0, 1}
    with pytest.raises(CapabilityError, match="OutputCodeClassifier gives no probabilities"):
        fitted.predict_proba(X)


def test_probabilities_that_are_not_there_yet_want_more_labels():
    fitted = fit_classifier(Constant((np.nan, 1.0)), X, np.array([0, 0, 1, 1]), 2, seed=0)
    with pytest.raises(TooFewLabelsError, match="its predict_proba gave NaN"):
        fitted.predict_proba(X)


@pytest.mark.parametrize("row", [(0.5, 0.6), (0.2, 0.3, 0.5)])
def test_probabilities_that_are_none_are_refused(row):
    fitted = fit_classifier(Constant(row), X, np.array([0, 0, 1, 1]), 2, seed=0)
    with pytest.raises(InvalidInputError, match="'proba' parameter"):
        fitted.predict_proba(X)


def test_the_classifier_given_stays_unfitted():
    model = GaussianNB()
    fit_classifier(model, X, np.array([0, 0, 1, 1]), 2, seed=0)
    assert not hasattr(model, "classes_")


def test_every_open_random_state_gets_the_seed_and_a_given_one_stays():
    model = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=2))
    assert seeded_copy(model, 7).get_params()["randomforestclassifier__random_state"] == 7
    assert seeded_copy(RandomForestClassifier(random_state=3), 7).random_state == 3


def test_a_foreign_classifier_without_parameters_is_copied():
    class Foreign:
        def fit(self, X, y):
            self.y = y
            return self

        def predict(self, X):
            return np.full(len(X), self.y[0])

    model = Foreign()
    assert (
        fit_classifier(model, X, np.array([1, 0, 0, 0]), 2, seed=0).predict(X).tolist() == [1] * 4
    )
    assert not hasattr(model, "y")


def test_blocks_of_rows_give_what_the_whole_gives(monkeypatch):
    rng = np.random.default_rng(0)
    many = rng.standard_normal((101, 3))
    fitted = fit_classifier(GaussianNB(), many[:20], np.arange(20) % 3, 3, seed=0)
    whole, codes = fitted.predict_proba(many), fitted.predict(many)
    monkeypatch.setattr(fitting, "BLOCK_VALUES", 30)
    assert [b.stop - b.start for b in blocks_of(many)] == [10] * 10 + [1]
    np.testing.assert_allclose(fitted.predict_proba(many), whole)
    np.testing.assert_array_equal(fitted.predict(many), codes)


def test_a_memory_map_is_never_copied_whole(tmp_path, monkeypatch):
    n_items, n_features = 40_000, 128  # 20 MB
    stored = np.lib.format.open_memmap(
        tmp_path / "X.npy", mode="w+", dtype=np.float32, shape=(n_items, n_features)
    )
    stored[:] = np.random.default_rng(0).standard_normal((1, n_features))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    few = np.random.default_rng(1).standard_normal((10, n_features)).astype(np.float32)
    fitted = fit_classifier(LogisticRegression(), few, np.arange(10) % 2, 2, seed=0)
    monkeypatch.setattr(fitting, "BLOCK_VALUES", 1 << 17)
    tracemalloc.start()
    proba = fitted.predict_proba(mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - proba.nbytes < mapped.nbytes / 4

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OutputCodeClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sparing import CapabilityError, InvalidInputError, Pool
from sparing.models.version import FROM_FEATURES, FROM_MODEL, ModelVersion, take_snapshot
from sparing.pool.snapshot import Spectrum
from sparing.strategies.base import OPTIONAL_FIELDS

fits = []


class Counting(ClassifierMixin, BaseEstimator):
    """Notes how many rows each fit saw."""

    def fit(self, X, y):
        fits.append(len(y))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.fixture(autouse=True)
def _no_fits_yet():
    fits.clear()


@pytest.fixture
def pool():
    X = np.random.default_rng(0).standard_normal((20, 3))
    return Pool(X).with_labels(np.arange(10), list("ab") * 5).with_skips([19])


def no_spectrum():
    raise AssertionError("nobody asked for the spectrum")


def test_the_fields_are_those_that_strategies_know():
    assert set(OPTIONAL_FIELDS) == FROM_MODEL | FROM_FEATURES


@pytest.mark.parametrize("field", sorted(FROM_MODEL))
def test_a_snapshot_has_exactly_what_is_required(pool, field):
    version = ModelVersion(LogisticRegression(), pool, seed=0)
    s = take_snapshot(pool, version, frozenset({field}), no_spectrum)
    assert [f for f in OPTIONAL_FIELDS if s.field(f) is not None] == [field]
    assert s.X is pool.X
    assert s.labeled.tolist() == list(range(10))
    assert s.codes.tolist() == [0, 1] * 5
    assert s.candidates.tolist() == list(range(10, 19))


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        (set(), []),
        ({"refit"}, []),
        ({"proba"}, [10]),
        ({"proba", "predict"}, [10]),
        ({"oof_proba"}, [8] * 5),
        ({"committee"}, [10] * 10),
        ({"proba", "oof_proba"}, [10] + [8] * 5),
    ],
)
def test_nothing_is_fitted_that_is_not_required_and_nothing_twice(pool, requires, expected):
    version = ModelVersion(Counting(), pool, seed=0)
    for _ in range(2):
        s = take_snapshot(pool, version, frozenset(requires), no_spectrum)
        if s.predict:
            s.predict(pool.X)
    assert sorted(fits) == sorted(expected)


def test_the_spectrum_is_what_the_pool_gives(pool):
    spectrum = Spectrum(np.zeros(1), np.ones((20, 1)))
    version = ModelVersion(LinearSVC(), pool, seed=0)
    s = take_snapshot(pool, version, frozenset({"spectrum"}), lambda: spectrum)
    assert s.spectrum is spectrum


@pytest.mark.parametrize("field", sorted(FROM_MODEL))
def test_a_model_without_probabilities_is_refused_where_they_are_required(pool, field):
    version = ModelVersion(OutputCodeClassifier(LinearSVC()), pool, seed=0)
    with pytest.raises(CapabilityError, match="OutputCodeClassifier gives no probabilities"):
        take_snapshot(pool, version, frozenset({field}), no_spectrum)


def test_an_unknown_field_is_refused(pool):
    version = ModelVersion(LogisticRegression(), pool, seed=0)
    with pytest.raises(InvalidInputError, match="'requires' parameter of a strategy"):
        take_snapshot(pool, version, frozenset({"gradients"}), no_spectrum)


@pytest.mark.parametrize("classes", [(), ("a",), ("a", "b")])
def test_there_are_always_two_classes_to_choose_between(classes):
    from sparing import ClassTable

    pool = Pool(np.eye(3), classes=ClassTable(classes))
    s = take_snapshot(
        pool, ModelVersion(LogisticRegression(), pool, 0), frozenset({"proba"}), no_spectrum
    )
    assert s.n_classes == 2
    np.testing.assert_array_equal(s.proba, np.full((3, 2), 0.5))


def test_refit_fits_on_just_the_rows_given(pool):
    version = ModelVersion(LogisticRegression(), pool, seed=0)
    predict = version.refit(np.array([0, 1, 15]), np.array([0, 1, 1]))
    alone = LogisticRegression().fit(pool.X[[0, 1, 15]], [0, 1, 1])
    np.testing.assert_allclose(predict(pool.X), alone.predict_proba(pool.X))


def test_what_is_kept_cannot_be_changed_by_a_reader(pool):
    version = ModelVersion(LogisticRegression(), pool, seed=0)
    with pytest.raises(ValueError, match="read-only"):
        version.proba[0] = 0


@pytest.mark.parametrize("alone", [True, False])
def test_a_warm_model_goes_on_from_the_version_before(pool, alone):
    network = MLPClassifier((4,), warm_start=True, max_iter=1, random_state=0)
    model = network if alone else make_pipeline(StandardScaler(), network)

    def steps(version):
        fitted = version.fitted.model
        return (fitted if alone else fitted[-1]).t_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        first = ModelVersion(model, pool, seed=0)
        unread = first.after(pool.with_labels([10], ["a"]))  # nothing is fitted: nothing to go on
        assert unread.before is None
        assert steps(first) == 10
        second = first.after(pool.with_labels([10], ["a"]))
        assert steps(second.after(second.pool)) == 21  # not fitted itself, it hands on the first
        assert steps(second) == 21
        assert steps(second.after(pool)) == 31
        assert steps(second.after(pool.with_labels([11], ["c"]))) == 11
        assert steps(first) == 10
        assert first.oof_proba.shape == (10, 2)


@pytest.mark.parametrize(
    "model", [LogisticRegression(), RandomForestClassifier(3, warm_start=True)]
)
def test_what_does_not_go_on_is_fitted_on_all_labels(pool, model):
    first = ModelVersion(model, pool, seed=0)
    assert first.fitted.model is not None
    more = pool.with_labels([10], ["a"])
    after = first.after(more)
    assert np.array_equal(after.proba, ModelVersion(model, more, seed=0).proba)
    assert after.before is None

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from sparing.models.out_of_fold import out_of_fold_proba, stratified_folds


class Memory(ClassifierMixin, BaseEstimator):
    """Certain of what it has seen, undecided elsewhere: it tells whether a row leaked."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.known_ = {tuple(row): label for row, label in zip(X, y, strict=True)}
        return self

    def predict_proba(self, X):
        even = np.full(len(self.classes_), 1 / len(self.classes_))
        rows = [self.known_.get(tuple(row)) for row in X]
        return np.array([even if r is None else (self.classes_ == r) * 1.0 for r in rows])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_no_row_is_predicted_by_a_model_that_saw_it():
    X = np.arange(24.0)[:, None]
    proba = out_of_fold_proba(Memory(), X, np.arange(24) % 3, 3, seed=0)
    np.testing.assert_allclose(proba, 1 / 3)


def test_the_only_row_of_a_class_gets_no_probability_of_its_own_class():
    X = np.array([[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0], [9.0]])
    codes = np.array([0, 0, 0, 1, 1, 1, 2])
    proba = out_of_fold_proba(LogisticRegression(), X, codes, 3, seed=0)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert proba[6, 2] == 0
    assert proba[:6].argmax(axis=1).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("codes", [[], [1], [0, 1], [1, 1, 1]])
def test_few_labels_are_no_obstacle(codes):
    X = np.arange(len(codes), dtype=float)[:, None]
    proba = out_of_fold_proba(LogisticRegression(), X, np.array(codes, dtype=int), 2, seed=0)
    assert proba.shape == (len(codes), 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1)


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(2, 6), st.integers(0, 9))
def test_folds_are_even_in_size_and_in_each_class(codes, n_folds, seed):
    codes = np.array(codes, dtype=int)
    folds = stratified_folds(codes, n_folds, seed)
    for members in [folds] + [folds[codes == c] for c in range(5)]:
        sizes = np.bincount(members, minlength=n_folds)
        assert sizes.max() - sizes.min() <= 1


def test_the_seed_decides_the_folds():
    codes = np.zeros(30, dtype=int)
    a, b, c = (stratified_folds(codes, 5, seed) for seed in (0, 0, 1))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)

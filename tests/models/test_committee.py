import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from sparing import CapabilityError, Pool
from sparing.models import committee as committee_module
from sparing.models.committee import bootstrap_committee


@pytest.fixture
def pool():
    X = np.random.default_rng(0).standard_normal((60, 2)) + 4 * (np.arange(60) % 2)[:, None]
    return Pool(X).with_labels(np.arange(12), (np.arange(12) % 2).tolist())


def together(committee, rows):
    return np.concatenate(list(committee.blocks(rows)), axis=1)


def test_blocks_come_in_the_order_of_the_rows_whatever_their_size(pool, monkeypatch):
    committee = bootstrap_committee(GaussianNB(), pool, 2, seed=0, n_members=3)
    rows = np.array([50, 3, 20, 21, 59, 0, 7])
    whole = together(committee, rows)
    monkeypatch.setattr(committee_module, "BLOCK_VALUES", 12)
    blocks = list(committee.blocks(rows))
    assert [b.shape for b in blocks] == [(3, 2, 2), (3, 2, 2), (3, 2, 2), (3, 1, 2)]
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole)
    np.testing.assert_allclose(whole.sum(axis=2), 1)
    np.testing.assert_allclose(whole[:, 1:2], together(committee, rows[1:2]))


def test_members_differ_and_the_seed_decides_them(pool):
    rows = np.arange(60)
    a, b, c = (
        together(bootstrap_committee(LogisticRegression(), pool, 2, seed, 4), rows)
        for seed in (0, 0, 1)
    )
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert np.ptp(a, axis=0).max() > 0.01


def test_members_that_missed_a_class_are_aligned():
    X = np.arange(8.0)[:, None]
    pool = Pool(X).with_labels([0, 1, 4, 7], list("abcd"))
    proba = together(bootstrap_committee(LogisticRegression(), pool, 4, 0, 20), np.arange(8))
    assert proba.shape == (20, 8, 4)
    np.testing.assert_allclose(proba.sum(axis=2), 1)
    assert (proba == 0).any()


def test_before_any_label_all_members_agree_on_equal_shares():
    committee = bootstrap_committee(GaussianNB(), Pool(np.eye(5)), 4, seed=0)
    np.testing.assert_allclose(together(committee, np.arange(5)), 0.25)


def test_a_classifier_without_probabilities_is_refused(pool):
    with pytest.raises(CapabilityError, match="OutputCodeClassifier gives no probabilities"):
        bootstrap_committee(OutputCodeClassifier(LinearSVC()), pool, 2, seed=0)

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing.strategies import choose, get_strategy

X = np.linspace(-3, 3, 21)[:, None] ** 3


def refit(rows, codes):
    return LogisticRegression().fit(X[rows], codes).predict_proba


def snapshot(snapshot_of, calls=None):
    def counting(rows, codes):
        calls.append(rows)
        return refit(rows, codes)

    proba = refit(np.array([0, 20]), np.array([0, 1]))(X)
    return snapshot_of(
        X, [0, 20], [0, 1], proba=proba, refit=refit if calls is None else counting, n_classes=2
    )


def test_the_utility_is_minus_the_expected_error(snapshot_of):
    s = snapshot(snapshot_of)
    expected = []
    for row in s.candidates:
        errors = [1 - refit([0, 20, row], [0, 1, code])(X).max(axis=1).mean() for code in (0, 1)]
        expected.append(-(s.proba[row] @ errors))
    assert get_strategy("expected_error_reduction").utility(s) == pytest.approx(expected)


def test_only_as_many_candidates_are_tried_as_asked(snapshot_of):
    calls = []
    s = snapshot(snapshot_of, calls)
    strategy = get_strategy("expected_error_reduction", n_candidates=5)
    picked = choose(strategy, s, 2, np.random.default_rng(0))
    assert len(calls) == 5 * 2
    assert set(picked.rows.tolist()) <= {int(rows[-1]) for rows in calls}
    assert "of 5 drawn at random" in strategy.reason


def test_a_batch_larger_than_the_tries(snapshot_of):
    strategy = get_strategy("expected_error_reduction", n_candidates=1)
    picked = choose(strategy, snapshot(snapshot_of), 4, np.random.default_rng(0))
    assert len(set(picked.rows.tolist())) == 4


@pytest.mark.parametrize(("labeled", "codes"), [([], []), ([0, 3], [1, 1])])
def test_without_two_classes_nothing_is_refitted(snapshot_of, labeled, codes):
    def never(rows, codes):
        raise AssertionError

    s = snapshot_of(X, labeled, codes, proba=np.full((21, 2), 0.5), refit=never)
    picked = choose(get_strategy("expected_error_reduction"), s, 3, np.random.default_rng(0))
    assert picked.gains.tolist() == [0.0] * 3

import numpy as np
import pytest

from sparing.strategies import choose, get_strategy


def test_farthest_first_by_hand(snapshot_of):
    X = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0], [0.0, 9.0]])
    s = snapshot_of(X, labeled=[0], codes=[0])
    assert get_strategy("k_center").utility(s) == pytest.approx([5.0, 1.0, 9.0])
    picked = choose(get_strategy("k_center"), s, 3, np.random.default_rng(0))
    assert picked.rows.tolist() == [3, 1, 2]
    assert picked.gains == pytest.approx([9.0, 5.0, 1.0])


def test_skipped_rows_are_neither_asked_nor_centers(snapshot_of):
    X = np.array([[0.0], [10.0], [9.0]])
    eligible = np.array([False, False, True])
    s = snapshot_of(X, labeled=[0], codes=[0], eligible=eligible)
    picked = choose(get_strategy("k_center"), s, 1, np.random.default_rng(0))
    assert picked.gains == pytest.approx([9.0])

import numpy as np
import pytest

from sparing.strategies import choose, get_strategy

PROBA = np.array([[0.5, 0.3, 0.2], [0.48, 0.47, 0.05], [0.4, 0.3, 0.3], [1.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("name", "order"),
    [("least_confidence", [2, 1, 0, 3]), ("margin", [1, 2, 0, 3]), ("entropy", [2, 0, 1, 3])],
)
def test_the_order_by_hand(snapshot_of, name, order):
    s = snapshot_of(np.eye(4), proba=PROBA)
    picked = choose(get_strategy(name), s, 4, np.random.default_rng(0))
    assert picked.rows.tolist() == order
    assert set(picked.source) == {"strategy"}
    assert np.isnan(picked.propensity).all()


@pytest.mark.parametrize("name", ["least_confidence", "margin", "entropy"])
def test_only_candidates_are_ranked(snapshot_of, name):
    s = snapshot_of(np.eye(4), labeled=[1, 2], codes=[0, 1], proba=PROBA)
    assert len(get_strategy(name).utility(s)) == 2
    assert choose(get_strategy(name), s, 1, np.random.default_rng(0)).rows.tolist() == [0]


def test_without_a_model_the_choice_is_random(snapshot_of):
    s = snapshot_of(np.eye(5), proba=np.full((5, 3), 1 / 3))
    firsts = [choose(get_strategy("margin"), s, 1, np.random.default_rng(i)) for i in range(100)]
    assert {int(picked.rows[0]) for picked in firsts} == {0, 1, 2, 3, 4}


def test_random_sampling_marks_its_draws(snapshot_of):
    s = snapshot_of(np.eye(5), labeled=[0], codes=[1])
    picked = choose(get_strategy("random"), s, 4, np.random.default_rng(0))
    assert sorted(picked.rows.tolist()) == [1, 2, 3, 4]
    assert picked.propensity == pytest.approx([1 / 4, 1 / 3, 1 / 2, 1.0])
    assert set(picked.source) == {"uniform"}

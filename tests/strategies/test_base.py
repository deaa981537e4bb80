import numpy as np
import pytest
from scipy.stats import chisquare

from sparing import CapabilityError, InvalidInputError, PoolExhaustedError
from sparing.strategies import QueryStrategy, Selection, choose, get_strategy


class Fixed(QueryStrategy):
    """Picks the rows it was told to."""

    name = "fixed"
    reason = "told to"

    def __init__(self, rows=(), gains=None):
        self.rows = rows
        self.gains = gains

    def utility(self, s):
        return np.zeros(len(s.candidates))

    def select(self, s, batch_size, rng):
        rows = np.array(self.rows)
        return Selection.chosen(rows, np.zeros(len(rows)) if self.gains is None else self.gains)


@pytest.mark.parametrize(
    ("rows", "gains", "message"),
    [
        ([0, 0], None, "2 distinct rows"),
        ([1], None, "2 distinct rows"),
        ([1, 3], None, "rows that may be asked"),
        ([0, 1], np.array([0.0, np.nan]), "finite"),
    ],
)
def test_a_broken_selection_is_refused(snapshot_of, rows, gains, message):
    s = snapshot_of(np.eye(4), labeled=[3], codes=[0])
    with pytest.raises(InvalidInputError, match=message):
        choose(Fixed(rows, gains), s, 2, np.random.default_rng(0))


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, True, "2"])
def test_batch_size_is_a_positive_int(snapshot_of, batch_size):
    with pytest.raises(InvalidInputError, match="'batch_size' parameter of query"):
        choose(Fixed(), snapshot_of(np.eye(3)), batch_size, np.random.default_rng(0))


def test_more_than_may_be_asked(snapshot_of):
    s = snapshot_of(np.eye(4), labeled=[3], codes=[0])
    with pytest.raises(PoolExhaustedError, match="4 items were asked for and 3 may be asked"):
        choose(Fixed(), s, 4, np.random.default_rng(0))


def test_a_missing_field_is_named_beside_those_that_are_there(snapshot_of):
    s = snapshot_of(np.eye(2), proba=np.full((2, 2), 0.5))
    expected = "strategy 'bald' requires 'committee'; the snapshot gives only 'proba'"
    with pytest.raises(CapabilityError, match=expected):
        choose(get_strategy("bald"), s, 1, np.random.default_rng(0))
    with pytest.raises(CapabilityError, match="the snapshot gives none of that"):
        choose(get_strategy("bald"), snapshot_of(np.eye(2)), 1, np.random.default_rng(0))


def test_a_utility_without_its_field_says_so(snapshot_of):
    with pytest.raises(CapabilityError, match="lacks 'proba'"):
        get_strategy("margin").utility(snapshot_of(np.eye(2)))


def test_uniform_draws_are_uniform_and_tell_their_propensity():
    candidates = np.array([2, 5, 7, 11])
    drawn = [Selection.drawn(candidates, 2, np.random.default_rng(s)) for s in range(1000)]
    for turn in (0, 1):
        counts = np.bincount([d.rows[turn] for d in drawn], minlength=12)[candidates]
        assert chisquare(counts).pvalue > 1e-4
    assert drawn[0].propensity.tolist() == [1 / 4, 1 / 3]
    assert set(drawn[0].source) == {"uniform"}

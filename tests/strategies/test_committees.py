import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing import InvalidInputError
from sparing.pool.snapshot import Snapshot
from sparing.strategies import choose, get_strategy, measures
from sparing.strategies import committee as module


def rng(seed=0):
    return np.random.default_rng(seed)


def members(seed, n=12, n_members=4, n_classes=3):
    return rng(seed).dirichlet(np.full(n_classes, 0.5), size=(n_members, n))


def test_bald_over_blocks_is_bald_at_once(snapshot_of, committee_of):
    proba = members(0)
    s = snapshot_of(np.eye(12), [3], [0], committee=committee_of(proba))
    expected = measures.bald(np.delete(proba, 3, axis=1))
    assert get_strategy("bald").utility(s) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("vote_entropy", [0.0, 0.63651, 1.09861]),
        ("variation_ratio", [0.0, 1 / 3, 2 / 3]),
        ("consensus_kl", [0.0, 0.63651, 1.09861]),
    ],
)
def test_committee_votes_by_hand(snapshot_of, committee_of, measure, expected):
    votes = np.eye(3)[np.array([[0, 0, 0], [0, 0, 1], [0, 1, 2]])]
    s = snapshot_of(np.eye(3), committee=committee_of(votes))
    assert get_strategy("qbc", measure=measure).utility(s) == pytest.approx(expected, abs=1e-5)


def test_an_unknown_measure_is_refused(snapshot_of, committee_of):
    s = snapshot_of(np.eye(12), committee=committee_of(members(0)))
    with pytest.raises(InvalidInputError, match="'vote_entropy', 'variation_ratio' or"):
        choose(get_strategy("qbc", measure="votes"), s, 1, rng())


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_batch_bald_of_one_is_bald(seed):
    proba = members(seed)

    class Spoken:
        n_members = 4

        def blocks(self, rows):
            yield proba[:, rows]

    nobody = np.array([], dtype=int)
    s = Snapshot(np.eye(12), np.ones(12, bool), nobody, nobody, 3, committee=Spoken())
    ours = choose(get_strategy("batch_bald"), s, 1, rng())
    theirs = choose(get_strategy("bald"), s, 1, rng())
    assert ours.rows.tolist() == theirs.rows.tolist()
    assert ours.gains == pytest.approx(theirs.gains)


def test_batch_bald_does_not_ask_the_same_twice(snapshot_of, committee_of):
    """Three copies of the best row, and another that tells less but something else."""
    says = np.array([[1.0, 0.0], [0.0, 1.0]])
    best = says[[0, 0, 1, 1]][:, None, :].repeat(3, axis=1)
    other = (0.8 * says + 0.1)[[0, 1, 0, 1]][:, None, :]
    s = snapshot_of(np.eye(4), committee=committee_of(np.concatenate([best, other], axis=1)))
    assert set(choose(get_strategy("bald"), s, 2, rng()).rows.tolist()) <= {0, 1, 2}
    picked = choose(get_strategy("batch_bald"), s, 2, rng())
    assert picked.rows[1] == 3
    assert picked.gains == pytest.approx([np.log(2), measures.bald(other)[0]])


def test_batch_bald_refuses_large_batches_aloud(snapshot_of, committee_of):
    s = snapshot_of(np.eye(12), committee=committee_of(members(0)))
    with pytest.raises(InvalidInputError, match=r"batch_bald must be an int in \[1, 10\]. Got 11"):
        choose(get_strategy("batch_bald"), s, 11, rng())


def test_epig_over_small_blocks_is_epig_at_once(snapshot_of, committee_of, monkeypatch):
    proba = members(1)
    s = snapshot_of(np.eye(12), [3], [0], committee=committee_of(proba))
    monkeypatch.setattr("sparing.numeric.geometry.BLOCK_BYTES", 1000)
    expected = measures.epig(np.delete(proba, 3, axis=1), proba)
    assert get_strategy("epig").utility(s) == pytest.approx(expected)
    assert choose(get_strategy("epig"), s, 1, rng()).gains == pytest.approx([expected.max()])


def test_epig_looks_at_as_many_targets_as_it_is_told(snapshot_of, committee_of, monkeypatch):
    seen = []
    original = measures.epig
    monkeypatch.setattr(
        module.measures, "epig", lambda p, t: seen.append(t.shape[1]) or original(p, t)
    )
    s = snapshot_of(np.eye(12), committee=committee_of(members(0)))
    choose(get_strategy("epig", n_targets=5), s, 2, rng())
    assert set(seen) == {5}


def test_epig_looks_at_as_many_candidates_as_it_says(snapshot_of, committee_of):
    s = snapshot_of(np.eye(12), committee=committee_of(members(0)))
    few = get_strategy("epig", n_candidates=3)
    assert few.reason.startswith("of up to 3, ")
    firsts = {int(choose(few, s, 1, rng(i)).rows[0]) for i in range(40)}
    assert len(firsts) > 3
    assert len(choose(few, s, 5, rng()).rows) == 5


def test_members_that_agree_leave_the_choice_to_chance(snapshot_of, committee_of):
    s = snapshot_of(np.eye(6), committee=committee_of(np.full((3, 6, 2), 0.5)))
    for name in ("bald", "qbc", "epig", "batch_bald"):
        firsts = {int(choose(get_strategy(name), s, 1, rng(i)).rows[0]) for i in range(60)}
        assert firsts == set(range(6)), name

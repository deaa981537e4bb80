from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sparing import InvalidInputError
from sparing.numeric.geometry import mean_row, unit_rows
from sparing.pool.snapshot import Snapshot
from sparing.strategies import MaxHerding, ProbCover, UHerding, choose, get_strategy
from sparing.strategies import _anchored_coverage as whole
from sparing.strategies import coverage as module
from sparing.strategies._greedy_coverage import TopHat
from sparing.strategies.coverage import pure_radius


def rng(seed=0):
    return np.random.default_rng(seed)


def made_up(seed, n=40, n_labeled=6, **fields):
    draw = rng(seed)
    labeled = np.sort(draw.permutation(n)[:n_labeled])
    eligible = np.ones(n, dtype=bool)
    eligible[labeled] = False
    proba = draw.dirichlet(np.ones(3), size=n)
    given_fields = {"proba": proba, "oof_proba": proba[labeled], **fields}
    X = draw.normal(size=(n, 4))
    return Snapshot(X, eligible, labeled, draw.integers(0, 3, n_labeled), 3, **given_fields)


seeds = st.integers(0, 10**6)


@settings(max_examples=25)
@given(seeds)
def test_u_herding_with_even_uncertainty_is_max_herding(seed):
    """The same probabilities everywhere: the weights are one constant, which changes no order."""
    proba = np.tile([0.5, 0.5, 0.0], (40, 1))
    s = made_up(seed, proba=proba, oof_proba=proba[:6])
    ours = choose(UHerding(sigma=1.0), s, 5, rng())
    assert ours.rows.tolist() == choose(MaxHerding(sigma=1.0), s, 5, rng()).rows.tolist()


@settings(max_examples=25)
@given(seeds)
def test_u_herding_without_labels_is_max_herding(seed):
    s = made_up(seed, n_labeled=0)
    ours = choose(UHerding(), s, 5, rng())
    assert ours.rows.tolist() == choose(MaxHerding(), s, 5, rng()).rows.tolist()


@settings(max_examples=25)
@given(seeds, st.floats(0.2, 1.2))
def test_max_herding_with_a_top_hat_is_probcover(seed, radius):
    class TopHatHerding(MaxHerding):
        def _kernel(self, s, middle):
            return TopHat(radius)

    s = made_up(seed)
    ours = choose(TopHatHerding(), s, 5, rng())
    assert ours.rows.tolist() == choose(ProbCover(radius=radius), s, 5, rng()).rows.tolist()


@settings(max_examples=25)
@given(seeds)
def test_u_herding_with_a_tiny_radius_is_margin(seed):
    s = made_up(seed, oof_proba=np.eye(3)[np.zeros(6, dtype=int)])
    s_margin = choose(get_strategy("margin"), s, 8, rng())
    # The temperature changes no order where the top two are all that counts; keep it at 1.
    fields = (s.X, s.eligible, s.labeled, np.zeros(6, dtype=int), 3)
    s = Snapshot(*fields, proba=s.proba, oof_proba=s.oof_proba)
    assert choose(UHerding(sigma=1e-3), s, 8, rng()).rows.tolist() == s_margin.rows.tolist()


@pytest.mark.parametrize(
    "strategy", [MaxHerding(sigma=0.6), UHerding(), ProbCover(radius=0.7), ProbCover()]
)
def test_the_first_pick_has_the_highest_utility(strategy):
    s = made_up(7)
    utility = strategy.utility(s)
    picked = choose(strategy, s, 1, rng())
    assert utility.shape == (34,)
    assert picked.gains[0] == pytest.approx(utility.max(), rel=1e-4)
    assert utility[s.candidates.tolist().index(picked.rows[0])] == pytest.approx(utility.max())


def test_u_herding_by_hand(snapshot_of):
    """Half a right angle between neighbours; the two labeled ones are a right angle apart."""
    balance = [-3.0, -5.0]  # skipped: with it the middle of the pool is at zero
    X = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [-1.0, 0.0], balance])
    proba = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.4], [0.5, 0.5], [0.5, 0.5]])
    s = snapshot_of(X, [0, 1], [0, 1], proba=proba, oof_proba=np.eye(2), n_classes=2)
    s = replace(s, eligible=np.array([False, False, True, True, False]))
    K = np.exp(-np.array([2 - np.sqrt(2), 2 + np.sqrt(2), 4.0, 2.0]) / 2)  # sigma squared is 2
    covered = [K[0], K[3]]  # row 2 by either label, row 3 by row 1
    U = [0.8, 1.0]
    expected = [
        U[0] * (1 - covered[0]) + U[1] * max(K[1] - covered[1], 0),
        U[0] * max(K[1] - covered[0], 0) + U[1] * (1 - covered[1]),
    ]
    assert UHerding().utility(s) == pytest.approx(np.array(expected) / 2, rel=1e-4)


def closest(s):
    return module._closest_distance(s, mean_row(s.X))


def test_the_radius_of_u_herding_is_the_closest_labeled_pair_that_differs(snapshot_of):
    angles = np.deg2rad([0, 0, 10, 90])
    X = np.column_stack([np.cos(angles), np.sin(angles)]) * [[1], [5], [2], [1]]
    X = np.vstack([X, -X.sum(axis=0)])  # angles are taken at the middle of the pool
    s = snapshot_of(X, [0, 1, 2], [0, 1, 2])
    assert closest(s) == pytest.approx(2 * np.sin(np.deg2rad(5)))
    assert closest(snapshot_of(X, [0, 1], [0, 1])) == 1.0
    assert closest(snapshot_of(X, [0], [0])) == 1.0
    assert closest(snapshot_of(X)) == 1.0


def test_an_overconfident_model_makes_all_weights_more_even():
    proba = np.tile([0.98, 0.01, 0.01], (40, 1))
    wrong = made_up(0, proba=proba, oof_proba=np.tile([0.0, 0.01, 0.99], (6, 1)))
    right_fields = (wrong.X, wrong.eligible, wrong.labeled, np.full(6, 2), 3)
    right = Snapshot(*right_fields, proba=proba, oof_proba=wrong.oof_proba)
    assert UHerding()._weights(wrong).mean() > 5 * UHerding()._weights(right).mean()


def test_the_pure_radius_is_a_quantile_of_the_gap_between_pseudo_classes():
    """Two fans of directions, on either side of the middle."""
    angles = np.deg2rad(np.concatenate([np.linspace(0, 120, 10), np.linspace(180, 300, 10)]))
    X = np.column_stack([np.cos(angles), np.sin(angles)])
    gaps = 2 * np.sin(np.abs(np.subtract.outer(angles[:10], angles[10:])) / 2)
    each = np.concatenate([gaps.min(axis=1), gaps.min(axis=0)])
    expected = np.quantile(each, 0.2, method="lower")
    assert pure_radius(X, X.mean(axis=0), 2, 0.8) == pytest.approx(expected, rel=1e-5)


def test_a_single_direction_is_pure_at_any_radius():
    assert pure_radius(np.ones((5, 2)), np.ones(2), 3, 0.95) == 1.0


@pytest.mark.parametrize("strategy", [MaxHerding(), UHerding(), ProbCover(radius=0.7)])
def test_csr_picks_as_dense_does(strategy):
    s = made_up(3)
    X = np.where(np.abs(s.X) > 0.2, s.X, 0.0)
    assert X.any(axis=1).all()  # a row of zeros has no direction, and CSR leaves it so
    rest = (s.eligible, s.labeled, s.codes, 3)
    fields = {"proba": s.proba, "oof_proba": s.oof_proba}
    dense = choose(strategy, Snapshot(X, *rest, **fields), 5, rng())
    csr = choose(strategy, Snapshot(sparse.csr_array(X), *rest, **fields), 5, rng())
    assert csr.rows.tolist() == dense.rows.tolist()
    assert csr.gains == pytest.approx(dense.gains, rel=1e-4)


def mean_coverage(s, rows, sigma):
    """The objective over all candidates, from the whole kernel."""
    Z = unit_rows(s.X)
    K = np.exp(-np.maximum(2 - 2 * Z[s.candidates] @ Z[np.concatenate([s.labeled, rows])].T, 0))
    return (K ** (1 / sigma**2)).max(axis=1).mean()


def test_anchors_cover_nearly_as_well_as_all_of_a_larger_pool(monkeypatch):
    monkeypatch.setattr(whole, "FEWEST_ANCHORS", 600)
    monkeypatch.setattr(whole, "ANCHORS", 600)
    s = made_up(0, n=3000, n_labeled=10)
    exact = choose(MaxHerding(), s, 10, rng()).rows
    sampled = [choose(MaxHerding(exact_up_to=1000), s, 10, rng(i)).rows for i in range(5)]
    reached = [mean_coverage(s, rows, 1.0) for rows in sampled]
    assert min(reached) > 0.99 * mean_coverage(s, exact, 1.0)


def test_anchors_with_a_tiny_radius_still_asks_near_the_margin(monkeypatch):
    monkeypatch.setattr(whole, "FEWEST_ANCHORS", 600)
    monkeypatch.setattr(whole, "ANCHORS", 600)
    s = made_up(1, n=3000, n_labeled=10)
    margins = get_strategy("margin").utility(s)
    picked = choose(UHerding(sigma=1e-3, exact_up_to=1000), s, 10, rng())
    positions = np.searchsorted(s.candidates, picked.rows)
    assert margins[positions].min() > np.quantile(margins, 0.97)


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (MaxHerding(sigma=0), "'sigma' parameter of MaxHerding"),
        (UHerding(sigma=-1.0), "'sigma' parameter of UHerding"),
        (ProbCover(radius=np.inf), "'radius' parameter of ProbCover"),
        (ProbCover(purity=1.0), "'purity' parameter of ProbCover"),
        (MaxHerding(exact_up_to=0), "'exact_up_to' parameter of MaxHerding"),
    ],
)
def test_wrong_parameters_are_refused_at_the_query(strategy, message):
    with pytest.raises(InvalidInputError, match=message):
        choose(strategy, made_up(0), 1, rng())


@pytest.mark.parametrize("name", ["max_herding", "probcover"])
@pytest.mark.parametrize("exact_up_to", [1000, 50])
def test_a_shift_of_all_items_changes_no_choice(name, exact_up_to):
    X = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    nobody = np.array([], int)
    picked = []
    for moved in (X, X + 100):
        s = Snapshot(moved, np.ones(200, bool), nobody, nobody, 2)
        strategy = get_strategy(name, exact_up_to=exact_up_to)
        picked.append(set(choose(strategy, s, 8, np.random.default_rng(1)).rows.tolist()))
    assert len(picked[0] & picked[1]) >= 7  # rounding far from zero may turn one choice

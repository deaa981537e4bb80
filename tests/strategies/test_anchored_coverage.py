import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sparing import MemoryBudgetError
from sparing.numeric import geometry
from sparing.numeric.geometry import mean_row, unit_rows
from sparing.strategies import _anchored_coverage as whole_module
from sparing.strategies._anchored_coverage import (
    WholePool,
    cover_by_anchors,
    draw_anchors,
    sample_by_weight,
)
from sparing.strategies._greedy_coverage import Gaussian, Points, TopHat, greedy_coverage


def rng(seed=0):
    return np.random.default_rng(seed)


@given(st.integers(0, 10**6), st.integers(1, 40), st.data())
def test_a_sample_has_its_size_and_no_row_twice(seed, n, data):
    size = data.draw(st.integers(1, n))
    weights = rng(seed).exponential(size=n) * (rng(seed).random(n) < 0.5)
    positions, inclusion = sample_by_weight(weights, size, rng(seed))
    assert len(set(positions.tolist())) == size
    assert np.all((inclusion > 0) & (inclusion <= 1 + 1e-9))


def test_inclusion_is_as_stated_and_its_inverse_makes_sums_unbiased():
    weights = np.array([0.0, 1.0, 2.0, 30.0, 0.5, 0.0, 3.0, 1.0])
    values = np.arange(8.0)
    counts, sums = np.zeros(8), []
    for seed in range(4000):
        positions, inclusion = sample_by_weight(weights, 3, rng(seed))
        counts[positions] += 1
        sums.append((values[positions] / inclusion).sum())
    assert counts[3] == 4000  # its share is above 1: certain
    spread = np.std(sums) / np.sqrt(len(sums))
    assert np.mean(sums) == pytest.approx(values.sum(), abs=5 * spread)


@pytest.fixture
def pool():
    """Rows, weights that are 0 for some, and the rows labeled."""
    X = rng(1).normal(size=(400, 5)).astype(np.float32)
    weights = rng(2).random(400)
    labeled = np.array([3, 8])
    weights[labeled] = 0
    return X, weights, labeled


def coverage_by(X, rows, kernel):
    unit = unit_rows(X, mean_row(X))
    return np.asarray(kernel(np.maximum(2 - 2 * unit @ unit[rows].T, 0))).max(axis=1, initial=0)


def worth(X, weights, rows, kernel):
    return weights @ coverage_by(X, rows, kernel)


def added(X, weights, covering, kernel, rows):
    before = worth(X, weights, covering, kernel)
    return [worth(X, weights, np.append(covering, row), kernel) - before for row in rows]


@pytest.mark.parametrize("kernel", [Gaussian(0.7), TopHat(0.9)])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_gains_are_those_on_all_rows(pool, kernel, form, monkeypatch):
    monkeypatch.setattr(geometry, "BLOCK_BYTES", 8 * 60)
    X, weights, labeled = pool
    whole = WholePool(form(X), mean_row(form(X)), weights, labeled, kernel)
    rows = np.array([10, 14])
    gains, near = whole.gains(rows)
    assert gains == pytest.approx(added(X, weights, labeled, kernel, rows), rel=1e-3)
    whole.cover(near[:, 1])
    after = added(X, weights, [*labeled, 14], kernel, rows)
    assert whole.gains(rows)[0] == pytest.approx(after, rel=1e-3, abs=1e-3)


def test_estimates_from_all_rows_as_anchors_are_exact(pool):
    X, weights, labeled = pool
    whole = WholePool(X, mean_row(X), weights, labeled, Gaussian(0.6))
    anchors = rng().permutation(400)
    gains, cells = whole.estimates(anchors, weights[anchors])
    some = np.array([0, 50, 399])
    assert gains[some] == pytest.approx(added(X, weights, labeled, Gaussian(0.6), some), rel=1e-3)
    assert (anchors[cells] == np.arange(400)).all()  # nobody is nearer than the row itself


def test_estimates_are_unbiased(pool, monkeypatch):
    monkeypatch.setattr(whole_module, "FEWEST_ANCHORS", 50)
    monkeypatch.setattr(whole_module, "ANCHORS", 50)
    X, weights, labeled = pool
    whole = WholePool(X, mean_row(X), weights, labeled, Gaussian(0.6))
    draws = [draw_anchors(whole, np.arange(400), rng(seed)) for seed in range(300)]
    estimates = np.array([whole.estimates(*draw)[0][7] for draw in draws])
    error = estimates.std() / np.sqrt(len(draws))
    assert estimates.mean() == pytest.approx(
        added(X, weights, labeled, Gaussian(0.6), [7])[0], abs=5 * error
    )


def greedy_worth(X, weights, labeled, kernel, k):
    points = Points(unit_rows(X, mean_row(X)), coverage_by(X, labeled, kernel), weights)
    rows, _ = greedy_coverage(points, k, kernel, rng())
    return rows, worth(X, weights, np.append(labeled, rows), kernel)


@pytest.mark.parametrize("kernel", [Gaussian(0.3), Gaussian(1.0), TopHat(0.3)])
def test_anchors_cover_as_well_as_the_exact_search(kernel, monkeypatch):
    monkeypatch.setattr(whole_module, "FEWEST_ANCHORS", 600)
    monkeypatch.setattr(whole_module, "ANCHORS", 600)
    monkeypatch.setattr(whole_module, "CELLS", 200)
    draw = rng(4)
    X = draw.normal(size=(3000, 4)) + 2 * draw.normal(size=(40, 4))[draw.integers(0, 40, 3000)]
    weights = draw.random(3000) ** 3
    labeled = np.arange(5)
    weights[labeled] = 0
    _, exact = greedy_worth(X.astype(np.float32), weights, labeled, kernel, 10)
    for seed in range(3):
        whole = WholePool(X, mean_row(X), weights, labeled, kernel)
        rows, gains = cover_by_anchors(whole, np.arange(5, 3000), 10, rng(seed))
        reached = worth(X, weights, np.append(labeled, rows), kernel)
        assert reached > 0.98 * exact  # with a fifth of the rows as anchors, weights uneven
        start = worth(X, weights, labeled, kernel)
        assert gains.sum() == pytest.approx(reached - start, rel=1e-3)


def test_balls_that_are_kept_give_the_picks_of_the_exact_search(pool, monkeypatch):
    """Where every row is on the short list and any may be better, nothing is left to chance."""
    monkeypatch.setattr(whole_module, "A_CELL", 400)
    monkeypatch.setattr(whole_module, "DOUBT", 1e9)
    X, weights, labeled = pool
    exact, _ = greedy_worth(X.astype(np.float32), weights, labeled, TopHat(0.5), 30)
    whole = WholePool(X, mean_row(X), weights, labeled, TopHat(0.5))
    looked_at = []
    gains = WholePool.gains
    monkeypatch.setattr(WholePool, "gains", lambda w, r: (looked_at.extend(r), gains(w, r))[1])
    rows, added_by_each = cover_by_anchors(whole, np.arange(400), 30, rng())
    enough = np.count_nonzero(added_by_each > 1e-9)  # then all is covered, and any row will do
    assert enough > 10
    assert rows[:enough].tolist() == exact[:enough].tolist()
    assert len(looked_at) == len(set(looked_at)) == 400  # each once


def test_more_picks_than_cells_have_room_for(monkeypatch):
    monkeypatch.setattr(whole_module, "CELLS", 2)
    monkeypatch.setattr(whole_module, "A_CELL", 1)
    X = rng().normal(size=(60, 3))
    whole = WholePool(X, mean_row(X), np.ones(60), np.array([], dtype=int), TopHat(0.5))
    rows, _ = cover_by_anchors(whole, np.arange(60), 60, rng())
    assert sorted(rows.tolist()) == list(range(60))


def test_memory_is_refused_before_it_is_taken(pool, monkeypatch):
    monkeypatch.setattr("sparing.memory.available_bytes", lambda: 100)
    X, weights, labeled = pool
    whole = WholePool(X, mean_row(X), weights, labeled, Gaussian(1.0))
    with pytest.raises(MemoryBudgetError, match="lower batch_size"):
        cover_by_anchors(whole, np.arange(400), 3, rng())

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist

from sparing import MemoryBudgetError
from sparing.numeric.geometry import unit_rows
from sparing.strategies import _greedy_coverage
from sparing.strategies._greedy_coverage import (
    Gaussian,
    Points,
    TopHat,
    coverage_gains,
    greedy_coverage,
    similarity,
)


@pytest.fixture(autouse=True)
def narrow_tiles(monkeypatch):
    """Tiles of a few rows, so that a small kernel has several; few gains renewed at a time."""
    monkeypatch.setattr(_greedy_coverage, "TILE", 7)
    monkeypatch.setattr(_greedy_coverage, "RENEWED", 2)


def rng(seed=0):
    return np.random.default_rng(seed)


def made_up(seed, n=30, d=4):
    """Unit rows with weights, some of them 0, and a coverage so far."""
    draw = rng(seed)
    rows = unit_rows(draw.normal(size=(n, d)).astype(np.float32))
    weights = draw.random(n) * (draw.random(n) < 0.8)
    return Points(rows, draw.random(n) * (draw.random(n) < 0.5), weights)


def best_and_own_gains(points, picks, kernel):
    """At each pick the highest gain there is, and the pick's, from the whole kernel in float64."""
    rows = points.rows.astype(np.float64)
    K = np.asarray(kernel(cdist(rows, rows, "sqeuclidean")))
    covered, best, own = points.covered.copy(), [], []
    for t, pick in enumerate(picks):
        gain = np.maximum(K - covered, 0) @ points.weights
        gain[picks[:t]] = -np.inf
        best.append(gain.max())
        own.append(gain[pick])
        covered = np.maximum(covered, K[pick])
    return best, own


kernels = st.one_of(st.floats(0.05, 2).map(Gaussian), st.floats(0.2, 1.5).map(TopHat))


@settings(max_examples=80)
@given(st.integers(0, 10**6), st.integers(1, 30), kernels)
def test_every_pick_is_the_best_there_is(seed, n, kernel):
    points = made_up(seed, n)
    picks, gains = greedy_coverage(points, min(n, 8), kernel, rng())
    best, own = best_and_own_gains(points, picks, kernel)
    assert len(set(picks.tolist())) == len(picks)
    assert own == pytest.approx(best, abs=1e-4)
    assert gains == pytest.approx(best, abs=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 10**6), kernels)
def test_gains_that_were_looked_at_too_long_ago_are_reckoned_afresh(seed, kernel):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_greedy_coverage, "KEPT", 2)
        points = made_up(seed)
        picks, gains = greedy_coverage(points, 30, kernel, rng())
    best, own = best_and_own_gains(points, picks, kernel)
    assert sorted(picks.tolist()) == list(range(30))
    assert own == pytest.approx(best, abs=1e-4)
    assert gains == pytest.approx(best, abs=1e-4)


def test_few_gains_are_looked_at_twice(monkeypatch):
    """Sixty groups far apart: a pick changes what its own group adds, and nothing else."""
    monkeypatch.setattr(_greedy_coverage, "TILE", 512)
    angles = np.repeat(np.linspace(0, 3, 60), 5) + np.tile(np.linspace(0, 0.001, 5), 60)
    rows = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    points = Points(rows, np.zeros(300), 1 + np.arange(300) / 300)
    made = []
    plain = _greedy_coverage.similarity
    monkeypatch.setattr(
        _greedy_coverage,
        "similarity",
        lambda A, B, k: made.append(len(A) * len(B)) or plain(A, B, k),
    )
    picks, _ = greedy_coverage(points, 20, TopHat(0.01), rng())
    assert len(set((picks // 5).tolist())) == 20
    assert sum(made) < 1.3 * 300 * 300


def test_a_pick_covers_its_neighbours():
    angles = np.deg2rad([0, 10, 20, 90, 100])
    rows = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    points = Points(rows, np.zeros(5), np.ones(5))
    picks, gains = greedy_coverage(points, 3, TopHat(2 * np.sin(np.deg2rad(11) / 2)), rng())
    assert picks[0] == 1
    assert picks[1] in (3, 4)
    assert gains.tolist() == [3.0, 2.0, 0.0]


def test_ties_are_broken_evenly():
    points = Points(np.eye(3, dtype=np.float32), np.zeros(3), np.ones(3))
    firsts = [int(greedy_coverage(points, 1, Gaussian(0.1), rng(s))[0][0]) for s in range(60)]
    assert min(np.bincount(firsts, minlength=3)) > 5


@pytest.mark.parametrize("kernel", [Gaussian(0.7), TopHat(0.8)])
def test_first_gains_are_those_of_the_plain_search(kernel):
    points = made_up(3)
    rows = points.rows.astype(np.float64)
    K = np.asarray(kernel(cdist(rows, rows, "sqeuclidean")))
    expected = np.maximum(K - points.covered, 0) @ points.weights
    assert coverage_gains(points, kernel) == pytest.approx(expected, abs=1e-4)


def test_similarity_of_equal_rows_is_one_however_narrow_the_kernel():
    rows = unit_rows(rng().normal(size=(50, 300)).astype(np.float32))
    assert np.diag(similarity(rows, rows, Gaussian(1e-3))).tolist() == [1.0] * 50


def test_csr_picks_as_dense_does():
    points = made_up(4)
    loose = Points(sparse.csr_array(points.rows), points.covered, points.weights)
    dense = greedy_coverage(points, 6, Gaussian(0.5), rng())
    csr = greedy_coverage(loose, 6, Gaussian(0.5), rng())
    assert csr[0].tolist() == dense[0].tolist()
    assert csr[1] == pytest.approx(dense[1], rel=1e-5)


@pytest.mark.parametrize("kernel", [Gaussian(0.5), TopHat(0.7)])
def test_on_another_backend(xp, kernel):
    points = made_up(5)
    columns = (points.rows, points.covered, points.weights)
    there = Points(*(xp.asarray(column) for column in columns))
    here = greedy_coverage(points, 8, kernel, rng())
    other = greedy_coverage(there, 8, kernel, rng())
    assert np.from_dlpack(other[0]).tolist() == here[0].tolist()
    assert np.from_dlpack(other[1]) == pytest.approx(here[1], rel=1e-5)
    gains = coverage_gains(there, kernel)
    assert np.from_dlpack(gains) == pytest.approx(coverage_gains(points, kernel), rel=1e-5)


def test_memory_is_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setattr("sparing.memory.available_bytes", lambda: 100)
    with pytest.raises(MemoryBudgetError, match="lower batch_size"):
        greedy_coverage(made_up(0), 1, Gaussian(1.0), rng())

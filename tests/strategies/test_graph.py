import numpy as np
import pytest

from sparing import InvalidInputError, MemoryBudgetError
from sparing.pool.snapshot import Spectrum
from sparing.strategies import choose, get_strategy
from sparing.strategies.graph import TAU


def rng(seed=0):
    return np.random.default_rng(seed)


def path_spectrum(n, n_pairs):
    """The smoothest eigenpairs of a path graph's Laplacian."""
    L = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    L[0, 0] = L[-1, -1] = 1
    values, vectors = np.linalg.eigh(L)
    return Spectrum(np.maximum(values[:n_pairs], 0), vectors[:, :n_pairs])


def total_variance(spectrum, labeled, gamma):
    known = spectrum.vectors[labeled]
    precision = np.diag(spectrum.values + TAU**2) + known.T @ known / gamma**2
    return np.trace(np.linalg.inv(precision))


def test_the_utility_is_the_fall_of_the_total_variance(snapshot_of):
    spectrum = path_spectrum(9, 5)
    s = snapshot_of(np.eye(9), [1], [0], spectrum=spectrum)
    before = total_variance(spectrum, [1], 0.3)
    falls = [before - total_variance(spectrum, [1, row], 0.3) for row in s.candidates]
    assert get_strategy("v_opt", gamma=0.3).utility(s) == pytest.approx(falls)


def test_each_pick_is_the_best_after_those_before_it(snapshot_of):
    spectrum = path_spectrum(30, 12)
    s = snapshot_of(np.eye(30), [4, 17], [0, 1], spectrum=spectrum)
    picked = choose(get_strategy("v_opt"), s, 5, rng())
    labeled = [4, 17]
    for row, gain in zip(picked.rows, picked.gains, strict=True):
        before = total_variance(spectrum, labeled, 0.1)
        rest = [r for r in s.candidates if r not in labeled]
        falls = [before - total_variance(spectrum, [*labeled, r], 0.1) for r in rest]
        assert gain == pytest.approx(max(falls))
        assert falls[rest.index(row)] == pytest.approx(max(falls))
        labeled.append(int(row))


def test_noise_has_to_be_positive(snapshot_of):
    s = snapshot_of(np.eye(9), spectrum=path_spectrum(9, 3))
    with pytest.raises(InvalidInputError, match="'gamma' parameter of VOpt"):
        choose(get_strategy("v_opt", gamma=0), s, 1, rng())


def test_memory_is_refused_before_it_is_taken(snapshot_of, monkeypatch):
    monkeypatch.setattr("sparing.memory.available_bytes", lambda: 100)
    s = snapshot_of(np.eye(9), spectrum=path_spectrum(9, 3))
    with pytest.raises(MemoryBudgetError, match="v_opt needs about"):
        choose(get_strategy("v_opt"), s, 1, rng())

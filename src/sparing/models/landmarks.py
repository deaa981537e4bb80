"""A kernel machine of fixed size: Gaussian similarities to landmarks, and ridge regression on them.

The features say all that the factorization needs, so a new set of labels costs two products.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from sklearn.cluster import KMeans

from sparing.memory import check_memory
from sparing.numeric.geometry import row_blocks
from sparing.types import FloatArray, IntArray

N_LANDMARKS = 1000
ROWS_A_LANDMARK = 10  # rows among which the landmarks are placed, for each
WIDTH = 0.5  # of the kernel: exp(-WIDTH d^2 / total variance)
RIDGE = 0.1
FAINTEST = 1e-5  # directions of the kernel below this share of the strongest are rounding


@dataclass(frozen=True, eq=False, slots=True)
class Landmarks:
    """Features whose inner products are nearly those of a Gaussian kernel.

    Parameters
    ----------
    centers : (m, n_features) the landmarks
    gamma : the kernel is ``exp(-gamma d^2)``
    whitening : (m, r) from similarities to features
    """

    centers: FloatArray
    gamma: float
    whitening: FloatArray

    def features(self, X: FloatArray) -> FloatArray:
        """Return (n, r) float32 features of rows, computed in blocks."""
        out = np.empty((len(X), self.whitening.shape[1]), np.float32)
        for span, similarities in self.similarities(X):
            out[span] = similarities @ self.whitening
        return out

    def similarities(self, X: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
        """Yield rows and their (n, m) float32 similarities to the landmarks, in blocks."""
        for span in row_blocks(len(X), len(self.centers)):
            yield span, _kernel(X[span], self.centers, self.gamma)


def place_landmarks(X: FloatArray, n_landmarks: int = N_LANDMARKS, *, seed: int = 0) -> Landmarks:
    """Place landmarks by k-means on a sample, or on every row of a small pool.

    Parameters
    ----------
    X : (n, n_features) dense
    n_landmarks : at most; a row each if there are fewer rows
    seed : of the sample and the k-means

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [3.0]])
    >>> Z = place_landmarks(X).features(X)
    >>> (Z @ Z.T).round(2)[0]  # exp(-0.5 d^2 / variance), the variance being 14 / 9
    array([1.  , 0.73, 0.06], dtype=float32)

    References
    ----------
    Williams & Seeger (2001), Using the Nystroem method to speed up kernel machines;
    Zhang, Tsang & Kwok (2008), Improved Nystroem low-rank approximation
    """
    rng = np.random.default_rng(seed)
    sample = X[rng.permutation(len(X))[: ROWS_A_LANDMARK * n_landmarks]].astype(np.float32)
    centers = _centers(sample, n_landmarks, int(rng.integers(2**31)))
    variance = float(sample.var(axis=0, dtype=np.float64).sum())
    gamma = WIDTH / variance if variance > 0 else 1.0
    values, vectors = np.linalg.eigh(_kernel(centers, centers, gamma).astype(np.float64))
    kept = values > FAINTEST * values[-1]
    whitening = vectors[:, kept] / np.sqrt(values[kept])
    return Landmarks(centers, gamma, whitening.astype(np.float32))


def _centers(sample: FloatArray, n_landmarks: int, seed: int) -> FloatArray:
    distinct = np.unique(sample, axis=0)
    if len(distinct) <= n_landmarks:
        return distinct
    if len(distinct) < len(sample):
        sample = distinct  # two equal rows to start from would make one landmark
    few_passes = KMeans(n_landmarks, init="random", n_init=1, max_iter=5, random_state=seed)
    return np.asarray(few_passes.fit(sample).cluster_centers_, np.float32)


def _kernel(X: FloatArray, centers: FloatArray, gamma: float) -> FloatArray:
    """Return ``exp(-gamma d^2)`` of each row to each center, float32."""
    middle = centers.mean(axis=0)
    X, centers = (X - middle).astype(np.float32), centers - middle
    gaps = X @ (-2 * centers.T)
    gaps += np.vecdot(X, X)[:, None]
    gaps += np.vecdot(centers, centers)
    np.maximum(gaps, 0, out=gaps)
    gaps *= -gamma
    return np.asarray(np.exp(gaps, out=gaps))


class RidgeMap:
    """Ridge regression from a pool's features onto any targets; factorized once.

    Parameters
    ----------
    features : (n, r) float32
    ridge : > 0, the weight of the squared coefficients

    Examples
    --------
    >>> ridge = RidgeMap(np.eye(2, dtype=np.float32), ridge=1.0)
    >>> ridge.coefficients(np.array([[2.0], [4.0]])).ravel()
    array([1., 2.])
    """

    def __init__(self, features: FloatArray, ridge: float = RIDGE) -> None:
        n, r = features.shape
        check_memory(3 * 8 * r * r, "ridge regression", "use fewer landmarks")
        self.features = features
        gram = np.zeros((r, r))
        for span in row_blocks(n, r):
            gram += features[span].T @ features[span]
        gram[np.diag_indices(r)] += ridge
        self._factor = cho_factor(gram, lower=True, overwrite_a=True)

    def coefficients(self, targets: FloatArray) -> FloatArray:
        """Return (r, n_columns) for targets (n, n_columns)."""
        product = self.features.T @ targets.astype(np.float32, copy=False)
        return np.asarray(cho_solve(self._factor, product.astype(np.float64)))

    def leverage(self, rows: IntArray) -> FloatArray:
        """Return (n_rows,) which share of a row's answer is its own target, in [0, 1)."""
        factor, lower = self._factor
        halves = solve_triangular(factor, self.features[rows].T.astype(np.float64), lower=lower)
        return np.asarray((halves**2).sum(axis=0))

    def class_coefficients(self, codes: IntArray, n_classes: int) -> FloatArray:
        """Return (n_parts, r, n_classes) float32 for the indicators of classes, several at once.

        A sum of the rows of each class is all that these targets ask for.

        Parameters
        ----------
        codes : (n_parts, n) class ids
        n_classes : columns of each part
        """
        n_parts, n = codes.shape
        total = np.zeros((n_parts * n_classes, self.features.shape[1]))
        column = codes + n_classes * np.arange(n_parts)[:, None]
        for span in row_blocks(n, self.features.shape[1]):
            rows = self.features[span]
            where = (column[:, span].T.ravel(), np.repeat(np.arange(len(rows)), n_parts))
            indicator = sparse.csr_array(
                (np.ones(len(where[0]), np.float32), where), (len(total), len(rows))
            )
            total += indicator @ rows
        solved = cho_solve(self._factor, total.T).astype(np.float32)
        return np.asarray(solved.reshape(-1, n_parts, n_classes).transpose(1, 0, 2))

"""Principal components against scikit-learn's."""

import numpy as np
from sklearn.decomposition import PCA

from sparing.numeric.principal import FEW, FLATTENING, principal_axes, principal_components


def test_blocks_give_what_scikit_learn_finds_up_to_sign_and_flattening():
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((300, 6)) @ rng.standard_normal((6, 6)) + 100).astype(np.float32)
    mean, directions = principal_components([X[:7], X[7:200], X[200:]], 3)
    pca = PCA(3).fit(X.astype(np.float64))
    spread = np.sqrt(pca.explained_variance_ * 299 / 300)
    expected = np.abs(pca.components_.T) * spread**-FLATTENING
    np.testing.assert_allclose(mean, X.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.abs(directions), expected, rtol=1e-3, atol=1e-4)


def test_identical_items_keep_one_finite_direction():
    mean, directions = principal_components([np.ones((5, 3))], 2)
    assert directions.shape == (3, 1)
    assert np.isfinite((np.ones((5, 3)) - mean) @ directions).all()


def test_few_rows_of_many_features_have_the_axes_of_their_covariance():
    """Found from the rows: the covariance of 2,000 features would take seconds for five items."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((10, FEW * 10)) * np.arange(1, FEW * 10 + 1)
    mean, variances, axes = principal_axes([X[:4], X[4:]])
    np.testing.assert_allclose(mean, X.mean(axis=0))
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    np.testing.assert_allclose(variances[:9], values[:-10:-1])
    assert variances[9] < 1e-9 * variances[0]  # nine axes hold ten points
    np.testing.assert_allclose(np.abs(axes[:, :9]), np.abs(vectors[:, :-10:-1]), atol=1e-9)
    np.testing.assert_allclose(axes.T @ axes, np.eye(10), atol=1e-9)
    assert (axes[np.abs(axes).argmax(axis=0), np.arange(10)] > 0).all()


def test_one_row_more_than_few_makes_no_difference():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((10, FEW * 10))
    by_rows = principal_components([X], 5)
    by_covariance = principal_components([np.repeat(X, 4, axis=0)], 5)
    for one, other in zip(by_rows, by_covariance, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)

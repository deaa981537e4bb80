"""Principal components against scikit-learn's."""

import numpy as np
from sklearn.decomposition import PCA

from sparing.numeric.principal import FLATTENING, principal_components


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

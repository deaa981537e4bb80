"""Principal components in one pass over blocks: from long descriptors to short vectors."""

from collections.abc import Iterable

import numpy as np

from sparing.types import FloatArray

FLATTENING = 0.3
"""Components are divided by this power of their spread: 0 keeps them, 1 whitens.

Chosen on MNIST's training digits outside the article's pool: 0.3 gave the best neighbours."""


def principal_components(
    blocks: Iterable[FloatArray], n_components: int
) -> tuple[FloatArray, FloatArray]:
    """Return the mean, (n_features,), and the flattened leading directions.

    Parameters
    ----------
    blocks : (n_block, n_features) each; read once
    n_components : how many directions; fewer if the features vary in fewer

    Returns
    -------
    mean : (n_features,) float32
    directions : (n_features, n_kept) float32; a vector is ``(x - mean) @ directions``

    Examples
    --------
    >>> mean, directions = principal_components([np.array([[0.0, 1.0], [2.0, 1.0]])], 2)
    >>> mean, directions.shape
    (array([1., 1.], dtype=float32), (2, 1))

    References
    ----------
    Jolliffe (2002), Principal component analysis
    """
    mean, covariance = mean_and_covariance(blocks)
    variances, vectors = np.linalg.eigh(covariance)
    order = np.argsort(-variances)[:n_components]
    # Directions without variance are rounding noise, which flattening would blow up.
    rounding = np.finfo(np.float32).eps * max(variances[-1], np.abs(mean).max() ** 2)
    kept = order[variances[order] > rounding]
    if not len(kept):  # all items are the same
        return mean.astype(np.float32), np.asarray(vectors[:, order[:1]], np.float32)
    spread = np.sqrt(variances[kept])
    flattened = signed(vectors[:, kept]) * spread**-FLATTENING
    return mean.astype(np.float32), flattened.astype(np.float32)


def mean_and_covariance(blocks: Iterable[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return mean and covariance in float64, summed block by block around the first mean."""
    count, origin = 0, None
    for block in blocks:
        wide = block.astype(np.float64)
        if origin is None:
            origin = wide.mean(axis=0)
            total = np.zeros_like(origin)
            products = np.zeros((len(origin), len(origin)))
        wide -= origin
        count += len(wide)
        total += wide.sum(axis=0)
        products += wide.T @ wide
    shift = total / count
    return origin + shift, products / count - np.outer(shift, shift)


def signed(vectors: FloatArray) -> FloatArray:
    """Give each direction the sign that makes its largest entry positive: no chance in it."""
    largest = np.abs(vectors).argmax(axis=0)
    signs = np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return np.asarray(vectors * signs)

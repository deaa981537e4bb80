"""Principal components in one pass over blocks: from long descriptors to short vectors."""

from collections.abc import Iterable
from itertools import chain

import numpy as np

from sparing.types import FloatArray

FLATTENING = 0.3
"""Components are divided by this power of their spread: 0 keeps them, 1 whitens.

Chosen on MNIST's training digits outside the article's pool: 0.3 gave the best neighbours."""

FEW = 4
"""With so many times fewer rows than features, the rows are much less work than the covariance."""


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
    mean, variances, axes = principal_axes(blocks)
    # Directions without variance are rounding noise, which flattening would blow up.
    rounding = np.finfo(np.float32).eps * max(variances[0], np.abs(mean).max() ** 2)
    n_kept = min(n_components, int((variances > rounding).sum()))
    if n_kept == 0:  # all items are the same
        return mean.astype(np.float32), np.asarray(axes[:, :1], np.float32)
    flattened = axes[:, :n_kept] * np.sqrt(variances[:n_kept]) ** -FLATTENING
    return mean.astype(np.float32), flattened.astype(np.float32)


def principal_axes(blocks: Iterable[FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the mean and the axes along which rows vary, those of most variance first.

    Parameters
    ----------
    blocks : (n_block, n_features) each; read once

    Returns
    -------
    mean : (n_features,) float64
    variances : (n_axes,) float64, descending; what is mere rounding may be below zero
    axes : (n_features, n_axes) float64 unit columns, signed

    Examples
    --------
    >>> mean, variances, axes = principal_axes([np.array([[0.0, 1.0], [2.0, 1.0]])])
    >>> variances.round(9).tolist(), axes[:, 0].round(9).tolist()
    ([1.0, 0.0], [1.0, 0.0])
    """
    coming, rows, n = iter(blocks), [], 0
    for block in coming:
        rows.append(block)
        n += len(block)
        if FEW * n > block.shape[1]:
            return _axes_of_covariance(chain(rows, coming))
    return _axes_of_rows(np.concatenate(rows).astype(np.float64))


def _axes_of_rows(X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    mean = X.mean(axis=0)
    _, lengths, axes = np.linalg.svd(X - mean, full_matrices=False)
    return mean, lengths**2 / len(X), signed(axes.T)


def _axes_of_covariance(
    blocks: Iterable[FloatArray],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    mean, covariance = _mean_and_covariance(blocks)
    variances, axes = np.linalg.eigh(covariance)
    order = np.argsort(-variances)
    return mean, variances[order], signed(axes[:, order])


def _mean_and_covariance(blocks: Iterable[FloatArray]) -> tuple[FloatArray, FloatArray]:
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

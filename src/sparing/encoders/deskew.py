"""Straighten drawings: the slant is taken out by the second moments, the middle is centered."""

import numpy as np

from sparing.types import FloatArray, IntArray

STEEPEST = 1.0  # slants beyond 45 degrees come from flat strokes, which have none


def deskew(images: FloatArray) -> FloatArray:
    """Shear each image so that its ink stands upright, and move its center to the middle.

    Parameters
    ----------
    images : (n, height, width) float32, ink bright on a background of 0

    Returns
    -------
    (n, height, width) of the same type; an image without ink stays as it is

    Examples
    --------
    >>> slanted = np.eye(5, dtype=np.float32)[None, :, ::-1]
    >>> deskew(slanted)[0, :, 2].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied to document
    recognition, section III.A
    """
    center_y, center_x, slant = center_and_slant(images)
    height, width = images.shape[1:]
    rows = np.arange(height) + (center_y - (height - 1) / 2)[:, None]
    upright = _shifted_rows(images, rows)
    lean = slant[:, None] * (np.arange(height) - (height - 1) / 2)
    columns = np.arange(width) + (lean + (center_x - (width - 1) / 2)[:, None])[:, :, None]
    return _shifted_columns(upright, columns)


def center_and_slant(images: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return center of mass (y and x, in pixels) and slant (columns a row) of each image.

    An image without ink has its center in the middle and no slant.
    """
    height, width = images.shape[1:]
    by_row, by_column = images.sum(axis=2), images.sum(axis=1)
    mass = by_row.sum(axis=1)
    empty = mass <= 0
    mass = np.where(empty, 1, mass)
    y, x = np.arange(height, dtype=images.dtype), np.arange(width, dtype=images.dtype)
    center_y = np.where(empty, (height - 1) / 2, by_row @ y / mass)
    center_x = np.where(empty, (width - 1) / 2, by_column @ x / mass)
    off_y = y - center_y[:, None]
    spread = (by_row * off_y**2).sum(axis=1) / mass
    together = ((images @ x - center_x[:, None] * by_row) * off_y).sum(axis=1) / mass
    slant = together / np.maximum(spread, np.finfo(np.float32).eps)
    return center_y, center_x, np.clip(slant, -STEEPEST, STEEPEST)


def _shifted_rows(images: FloatArray, rows: FloatArray) -> FloatArray:
    """Read each image at fractional rows, (n, height), linearly; outside is background."""
    lower, share = _split(rows)
    height, n = images.shape[1], np.arange(len(images))[:, None]

    def row(k: IntArray) -> FloatArray:
        inside = (k >= 0) & (k < height)
        return np.asarray(images[n, np.clip(k, 0, height - 1)] * inside[:, :, None])

    return row(lower) * (1 - share)[:, :, None] + row(lower + 1) * share[:, :, None]


def _shifted_columns(images: FloatArray, columns: FloatArray) -> FloatArray:
    """Read each row at fractional columns, (n, height, width), linearly."""
    lower, share = _split(columns)
    width = images.shape[2]

    def column(k: IntArray) -> FloatArray:
        inside = (k >= 0) & (k < width)
        return np.asarray(np.take_along_axis(images, np.clip(k, 0, width - 1), axis=2) * inside)

    return column(lower) * (1 - share) + column(lower + 1) * share


def _split(at: FloatArray) -> tuple[IntArray, FloatArray]:
    lower = np.floor(at)
    return lower.astype(np.int64), (at - lower).astype(np.float32)

"""Gray values of any depth, brought to the 8 bits of a screen: microscopes, scanners, CT."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

SAMPLE = 1 << 20  # values by which black and white are found
TAIL = 0.001  # of the values on either side that a dead pixel or a piece of metal may spoil


def black_and_white(bands: Iterable[npt.NDArray[Any]], n_values: int) -> tuple[float, float]:
    """Return the values that are shown black and white: nearly the smallest and the largest.

    Parameters
    ----------
    bands : arrays of numbers of any type, together one picture; NaN and infinity are passed over
    n_values : how many numbers these are together

    Examples
    --------
    >>> black_and_white([np.array([-1000.0, 400.0]), np.array([np.nan, 3000.0])], 4)
    (-997.2, 2994.8)
    """
    step = 1 + n_values // SAMPLE
    few = np.concatenate([np.ravel(band)[::step].astype(np.float64) for band in bands])
    sample = few[np.isfinite(few)]
    if not sample.size:
        return 0.0, 0.0
    low, high = np.quantile(sample, [TAIL, 1 - TAIL]).tolist()
    return (low, high) if high > low else (float(sample.min()), float(sample.max()))


def eight_bits(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Return values stretched from black to white, as uint8; NaN is black, infinity white.

    Examples
    --------
    >>> eight_bits(np.array([-5.0, 0.0, 50.0, 200.0, np.nan]), 0, 100)
    array([  0,   0, 128, 255,   0], dtype=uint8)
    """
    scale = 255 / (high - low) if high > low else 0.0
    wide = np.asarray(values, np.float32)
    finite = np.nan_to_num(wide, nan=low, posinf=high, neginf=low)
    stretched = np.where(np.isposinf(wide), 255, (finite - np.float32(low)) * np.float32(scale))
    return np.asarray(np.rint(np.clip(stretched, 0, 255)), np.uint8)

"""A random number a row that depends on the seed and the row alone, however rows are shared out."""

import numpy as np
import numpy.typing as npt


def keys_of(seed: int, rows: npt.NDArray[np.int64], stream: int = 0) -> npt.NDArray[np.uint64]:
    """Return (n,) 64-bit numbers of the given rows, by SplitMix64 of where they stand in the pool.

    Rows with the k smallest of them are a uniform sample without replacement.

    Parameters
    ----------
    seed : an int >= 0
    rows : (n,) numbers of rows of the whole pool
    stream : another use of the same seed

    Examples
    --------
    >>> whole = keys_of(7, np.arange(5))
    >>> bool((whole[2:] == keys_of(7, np.arange(2, 5))).all())
    True

    References
    ----------
    Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators
    """
    start = np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0]
    with np.errstate(over="ignore"):
        z = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + start
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))

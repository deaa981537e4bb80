"""Made-up pictures with shapes in them, for tests that need no data."""

import numpy as np
import numpy.typing as npt

SIDE = 96
SIZES = (24, 48)  # of a shape, the second one excluded
SHAPES = ("cross", "square")

Boxed = list[tuple[int, int, int, int, str]]


def pictures_with_shapes(n: int, seed: int = 0) -> tuple[list[npt.NDArray[np.uint8]], list[Boxed]]:
    """Return dark pictures with a bright square or a bright cross each, and where it is.

    Examples
    --------
    >>> pictures, boxes = pictures_with_shapes(2)
    >>> pictures[0].shape, [one[0][4] for one in boxes]
    ((96, 96, 3), ['cross', 'square'])
    """
    rng = np.random.default_rng(seed)
    made, truth = [], []
    for i in range(n):
        page = rng.integers(0, 30, (SIDE, SIDE, 3)).astype(np.uint8)
        side = int(rng.integers(*SIZES))
        x, y = rng.integers(0, SIDE - side, 2).tolist()
        _paint(page[y : y + side, x : x + side], SHAPES[i % 2])
        made.append(page)
        truth.append([(x, y, x + side, y + side, SHAPES[i % 2])])
    return made, truth


def _paint(part: npt.NDArray[np.uint8], shape: str) -> None:
    if shape == "square":
        part[...] = 230
        return
    third = len(part) // 3
    part[third:-third] = 230
    part[:, third:-third] = 230

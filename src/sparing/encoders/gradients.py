"""Histograms of oriented gradients for stacks of images of any size, without a loop over images."""

import numpy as np

from sparing.types import FloatArray

FLAT = 2e-5  # a block whose histogram is shorter than this, squared, counts as flat
BLOCK = 2  # cells along a side of the blocks in which contrast is evened out


def oriented_histograms(images: FloatArray, grids: tuple[int, ...], n_bins: int = 8) -> FloatArray:
    """Describe images by how bright they grow in which direction, cell by cell.

    Directions are signed (a full turn), shared between the two nearest bins, and each pixel is
    shared between the cells around it (linear in space), so that a small shift changes little.
    Blocks of 2 x 2 cells, one cell apart, are brought to length 1 each.

    Parameters
    ----------
    images : (n, height, width) float32
    grids : cells along a side, one grid after another: on 28 pixels 7 means cells of 4
    n_bins : directions

    Returns
    -------
    (n, n_values) float32, >= 0; each grid of g cells gives ``(g - 1)**2 * 4 * n_bins`` values,
    a grid of one cell gives ``n_bins``

    Examples
    --------
    An image that grows brighter to the right has one direction, the first:

    >>> ramp = np.tile(np.linspace(0, 1, 8, dtype=np.float32), (1, 8, 1))
    >>> oriented_histograms(ramp, (1,), n_bins=4).round(2)
    array([[1., 0., 0., 0.]], dtype=float32)

    References
    ----------
    Dalal & Triggs (2005), Histograms of oriented gradients for human detection
    """
    maps = direction_maps(images, n_bins)
    height, width = images.shape[1:]
    parts = [
        _normalized_blocks(cell_weights(height, g).T @ maps @ cell_weights(width, g), g)
        for g in grids
    ]
    return np.concatenate(parts, axis=1)


def direction_maps(images: FloatArray, n_bins: int) -> FloatArray:
    """Return the gradient's length shared out to direction bins, (n, n_bins, height, width).

    Bin b stands for the direction ``2 pi b / n_bins``, counted from "brighter to the right"
    towards "brighter downwards". Gradients are central differences, zero on the border.
    """
    down, right = np.zeros_like(images), np.zeros_like(images)
    down[:, 1:-1] = images[:, 2:] - images[:, :-2]
    right[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    length = np.hypot(down, right)
    turn = np.arctan2(down, right) * np.float32(n_bins / (2 * np.pi))
    lower = np.floor(turn)
    share = turn - lower
    first = lower.astype(np.int64) % n_bins
    maps = np.zeros((len(images), n_bins, *images.shape[1:]), images.dtype)
    np.put_along_axis(maps, first[:, None], (length * (1 - share))[:, None], axis=1)
    second = (first[:, None] + 1) % n_bins
    rest = np.take_along_axis(maps, second, axis=1) + (length * share)[:, None]
    np.put_along_axis(maps, second, rest, axis=1)
    return maps


def cell_weights(n_pixels: int, n_cells: int) -> FloatArray:
    """Return how much each pixel of a row counts for each cell, (n_pixels, n_cells).

    Triangles around the centers of the cells, as wide as two cells, each of sum 1; a single
    cell takes all pixels alike.

    Examples
    --------
    >>> cell_weights(4, 2).round(2).T
    array([[0.43, 0.43, 0.14, 0.  ],
           [0.  , 0.14, 0.43, 0.43]], dtype=float32)
    """
    if n_cells == 1:
        return np.full((n_pixels, 1), 1 / n_pixels, np.float32)
    cell = n_pixels / n_cells
    centers = (np.arange(n_cells) + 0.5) * cell - 0.5
    weights = np.maximum(0, 1 - np.abs(np.arange(n_pixels)[:, None] - centers) / cell)
    # Cells narrower than a pixel may miss them all.
    total = np.maximum(weights.sum(axis=0), np.finfo(np.float32).tiny)
    return np.asarray(weights / total, np.float32)


def _normalized_blocks(cells: FloatArray, grid: int) -> FloatArray:
    """Bring every block of 2 x 2 cells to length 1, and all blocks of a grid to one weight."""
    side = min(BLOCK, grid)
    n_blocks = grid - side + 1
    shifts = [(i, j) for i in range(side) for j in range(side)]
    corners = [cells[:, :, i : i + n_blocks, j : j + n_blocks] for i, j in shifts]
    blocks = np.stack(corners, axis=2).transpose(0, 3, 4, 1, 2)
    blocks = blocks.reshape(len(cells), n_blocks * n_blocks, -1)
    length = np.sqrt((blocks * blocks).sum(axis=2, keepdims=True) + np.float32(FLAT))
    values = (blocks / length).reshape(len(cells), -1)
    return np.asarray(values / np.float32(n_blocks))

"""Which cells should find which box: those around its middle."""

import numpy as np

from sparing.annotations.detections import Detections
from sparing.models.detection.feature_maps import FeatureMaps
from sparing.types import FloatArray, IntArray

CORE = 0.2  # of a side, from the middle: cells that should find the box
AROUND = 0.35  # those that may, or not
NOTHING, EITHER = -1, -2
NEAREST = 0.01  # usual distances that an edge is away at least


def targets_of(maps: FeatureMaps, truth: Detections, usual: float) -> tuple[IntArray, FloatArray]:
    """Return what each cell of a picture should say.

    Where several boxes have a cell in their middle it is the smallest box's. Each box has the cell
    next to its middle, unless a smaller one has it.

    Parameters
    ----------
    maps : of the picture
    truth : its objects
    usual : distance of an edge, in pixels of the network's input

    Returns
    -------
    class_ids : (n_cells,) of the box, ``NOTHING`` or ``EITHER``
    edges : (n_cells, 4) distances of left, top, right and bottom, in usual ones
    """
    centers = maps.centers()
    class_ids = np.full(len(centers), NOTHING)
    edges = np.ones((len(centers), 4), np.float32)
    sides = truth.boxes[:, 2:] - truth.boxes[:, :2]
    largest_first = np.argsort(-sides.prod(axis=1), kind="stable")
    away = [np.abs(centers - (b[:2] + b[2:]) / 2) / (b[2:] - b[:2]) for b in truth.boxes]
    for i in largest_first:
        is_near = (away[i] < AROUND).all(axis=1) & (class_ids == NOTHING)
        class_ids[is_near] = EITHER
    for i in largest_first:
        box = truth.boxes[i]
        core = np.flatnonzero((away[i] < CORE).all(axis=1))
        nearest = np.argmin((((box[:2] + box[2:]) / 2 - centers) ** 2).sum(axis=1))
        at = np.union1d(core, nearest)
        class_ids[at] = truth.class_ids[i]
        from_middle = np.column_stack([centers[at] - box[:2], box[2:] - centers[at]])
        edges[at] = np.maximum(from_middle * (maps.scale / usual), NEAREST)
    return class_ids, edges
